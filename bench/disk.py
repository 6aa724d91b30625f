"""How often a second this disk makes 4 KiB durable: the floor under everything that acknowledges after COMMIT."""

import os
import time
from pathlib import Path


def syncs_per_second(folder: Path, seconds: float) -> float:
    """Append and fdatasync, one after the other, in *folder*."""
    path = folder / "fdatasync"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    block, count = os.urandom(4096), 0
    began = time.perf_counter()
    try:
        while (passed := time.perf_counter() - began) < seconds:
            os.write(fd, block)
            os.fdatasync(fd)
            count += 1
    finally:
        os.close(fd)
        path.unlink()
    return count / passed
