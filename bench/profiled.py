"""The `luwte` command, watched: `python -m bench.profiled REPORT demo --dir ...`.

From SIGUSR1 on the event loop's thread is profiled call by call, and another thread looks every few milliseconds at
what the writer is doing; the sums are in REPORT at the end. Watching takes time, so this run's rates are never told.
"""

import atexit
import cProfile
import json
import pstats
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

PAUSE = 0.004
PACKAGE = "luwte"
MOST = 16


def main() -> None:
    """Get ready to watch, then run the command with the other arguments."""
    report, profile = Path(sys.argv[1]), cProfile.Profile()
    begin, seen = threading.Event(), Counter[str]()

    def watch(*_: object) -> None:
        begin.set()
        profile.enable()

    signal.signal(signal.SIGUSR1, watch)
    threading.Thread(target=_look, args=(begin, seen), daemon=True).start()
    atexit.register(_write, report, profile, seen)
    sys.argv = ["luwte", *sys.argv[2:]]
    from luwte.cli import main as luwte

    luwte()


def _look(begin: threading.Event, seen: Counter[str]) -> None:
    begin.wait()
    while True:
        time.sleep(PAUSE)
        writer = next((thread.ident for thread in threading.enumerate() if thread.name == "writer"), None)
        if writer is not None:
            seen[_place(sys._current_frames().get(writer))] += 1


def _place(frame: FrameType | None) -> str:
    """The innermost line of ours."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(PACKAGE):
            return f"{module.removeprefix(PACKAGE + '.')}:{frame.f_lineno} {frame.f_code.co_name}"
        frame = frame.f_back
    return "elsewhere"


def _write(report: Path, profile: cProfile.Profile, seen: Counter[str]) -> None:
    profile.disable()
    report.write_text(json.dumps({"loop": _by_function(profile), "writer": _shares(seen)}))


def _by_function(profile: cProfile.Profile) -> list[tuple[str, float]]:
    """Time in each function itself; the loop's own run(), in which it also waits, left out."""
    own: Counter[str] = Counter()
    stats: Any = pstats.Stats(profile)
    for (file, line, name), (_, _, seconds, _, _) in stats.stats.items():
        if not file.endswith("runners.py"):
            where = f"{Path(file).parent.name}/{Path(file).name}:{line} " if line else ""
            own[where + name] += seconds
    return _shares(own)


def _shares(sums: Counter[str]) -> list[tuple[str, float]]:
    total = sum(sums.values()) or 1
    return [(place, amount / total) for place, amount in sums.most_common(MOST)]


if __name__ == "__main__":
    main()
