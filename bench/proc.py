"""What the kernel knows of a process: time on a processor by thread, memory, and how busy the machine was."""

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """Seconds on a processor until now, of one process and of the whole machine."""

    at: float
    loop: float
    writer: float
    others: float
    system: float
    machine: float

    @property
    def total(self) -> float:
        """All threads together."""
        return self.loop + self.writer + self.others

    def since(self, before: "Usage") -> dict[str, float]:
        """What was used between *before* and this."""
        names = ("at", "loop", "writer", "others", "system", "machine", "total")
        return {name: getattr(self, name) - getattr(before, name) for name in names}


def usage(pid: int) -> Usage:
    """The usage of *pid*; its first thread runs the event loop, its second one is the database's writer."""
    threads = [_on_processor(pid, tid) for tid in sorted(int(name) for name in os.listdir(f"/proc/{pid}/task"))]
    loop, writer, *others = [*threads, 0.0][: max(2, len(threads))]
    system = int(_fields(Path(f"/proc/{pid}/stat"))[12]) / TICK
    return Usage(time.monotonic(), loop, writer, sum(others), system, _machine())


def memory(pid: int) -> int:
    """Bytes in memory that are this process's own share (Pss)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError("no Pss")


def _on_processor(pid: int, tid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/task/{tid}/schedstat").read_text().split()[0]) / 1e9
    except FileNotFoundError:  # the thread ended between the listing and now
        return 0.0


def _fields(path: Path) -> list[str]:
    """The fields after the program's name, which may hold anything."""
    return path.read_text().rpartition(")")[2].split()


def _machine() -> float:
    user, nice, system, _, _, irq, softirq = (int(part) for part in Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / TICK


def peak() -> int:
    """Bytes of memory that this process had at most, until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
