"""Time, as a value that is handed in."""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Unix seconds now."""

system: Clock = time.time


def minute(now: float) -> int:
    """Unix time in whole minutes: the finest time that is stored about a visitor."""
    return int(now // 60)
