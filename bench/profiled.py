"""The `luwte` command with a sampler beside it: `python -m bench.profiled REPORT demo --dir ...`.

From SIGUSR1 on a thread looks every few milliseconds at what the event loop and the writer are doing; the sums are
in REPORT at the end. It takes time from both, so its run is never the one whose rates are told.
"""

import atexit
import json
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

PAUSE = 0.004
PACKAGE = "luwte"


def main() -> None:
    """Start the sampler, then the command with the other arguments."""
    report = Path(sys.argv[1])
    seen: Counter[tuple[str, str]] = Counter()
    begin = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: begin.set())
    threading.Thread(target=_watch, args=(seen, begin), name="sampler", daemon=True).start()
    atexit.register(_write, report, seen)
    sys.argv = ["luwte", *sys.argv[2:]]
    from luwte.cli import main as luwte

    luwte()


def _watch(seen: Counter[tuple[str, str]], begin: threading.Event) -> None:
    begin.wait()
    while True:
        time.sleep(PAUSE)
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        for ident, frame in sys._current_frames().items():
            thread = names.get(ident, "")
            if thread in ("MainThread", "writer"):
                seen["loop" if thread == "MainThread" else thread, _place(frame)] += 1


def _place(frame: FrameType) -> str:
    """The innermost line of ours that leads here, and the library function under it."""
    inner = frame.f_code.co_name
    at: FrameType | None = frame
    while at is not None:
        module = at.f_globals.get("__name__", "")
        if module.startswith(PACKAGE):
            below = "" if at is frame else f" > {inner}"
            return f"{module.removeprefix(PACKAGE + '.')}:{at.f_lineno} {at.f_code.co_name}{below}"
        at = at.f_back
    return inner


def _write(report: Path, seen: Counter[tuple[str, str]]) -> None:
    rows = [{"thread": thread, "place": place, "samples": count} for (thread, place), count in seen.most_common(60)]
    report.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
