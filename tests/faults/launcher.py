"""Makes servers quickly: a process that has everything imported already and forks for each start.

The child runs `luwte demo` as the command line would, in a process of its own; half a second of imports is saved.

-> {"arguments": ["demo", ...], "errors": path, "disk": path or null}    a line on the input
<- {"pid": 123}                                                          a line on the output
"""

import faulthandler
import json
import os
import signal
import sys
from pathlib import Path

from luwte.cli import main

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faults import disk


def launch(arguments: list[str], errors: str, disk_folder: str | None) -> int:
    """Start a server; its process id."""
    pid = os.fork()
    if pid:
        return pid
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    faulthandler.enable()  # whoever is stuck tells where, when asked with SIGABRT
    code = 1
    try:
        if disk_folder is not None:
            disk.attach(Path(disk_folder))
        main(arguments)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        os._exit(code)


def serve() -> None:
    """Start what the input asks for, to its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended; no zombie may stay
    for line in sys.stdin:
        wanted = json.loads(line)
        print(json.dumps({"pid": launch(wanted["arguments"], wanted["errors"], wanted["disk"])}), flush=True)


if __name__ == "__main__":
    serve()
