"""`python -m soak`: two thousand kills, then ten minutes of load in which nothing may grow. 1: a promise failed.

A server that runs for two hours at the pace of a busy evening handles fewer messages than these ten minutes do.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from bench import proc
from bench.__main__ import ROOT, driven, free_port, ours
from bench.seed import seed

sys.path.insert(0, str(ROOT / "tests"))

from faults.house import run
from faults.killing import Outcome, killed
from faults.server import a_launcher

CONVERSATIONS = 200
RATE, WINDOW = 400.0, 20.0
"""Messages a second, and the seconds between two looks at the server."""

GROWTH = 200.0
"""Bytes a message that memory may grow between the middle third of the looks and the last, when caches are full: the
writer remembers the message ids of logs that grow, and forgets a log with the others when there are many."""


async def kills(folder: Path, times: int, messages: int) -> Outcome:
    """Kill the server *times* while people talk, and judge the whole history."""
    async with a_launcher() as launcher:
        return await killed(folder, launcher, conversations=CONVERSATIONS, kills=times, messages=messages, seed=2)


async def load(folder: Path, minutes: float) -> list[tuple[int, int]]:
    """Memory in bytes and open files, at each look while people talk."""
    people = await seed(folder / "house", CONVERSATIONS)
    looks: list[tuple[int, int]] = []
    port = free_port()
    async with driven(folder, ours(folder / "house", port), people, port) as server:
        await server.do("connect")
        for _ in range(max(6, round(minutes * 60 / WINDOW))):
            await server.do("offer", rate=RATE, seconds=WINDOW - 2)
            looks.append((proc.memory(server.pid), len(os.listdir(f"/proc/{server.pid}/fd"))))
    return looks


def growth(looks: list[tuple[int, int]]) -> tuple[float, int]:
    """Bytes a message, and open files, by which the last third of the looks is above the middle one."""
    third = len(looks) // 3
    middle, last = looks[third : 2 * third], looks[-third:]
    before, after = (statistics.median(memory for memory, _ in part) for part in (middle, last))
    messages = RATE * WINDOW * third
    return (after - before) / messages, max(files for _, files in last) - max(files for _, files in middle)


def main() -> int:
    """Do both, tell, and say by the exit code whether all promises held."""
    parser = argparse.ArgumentParser(
        prog="python -m soak",
        description="The long tests of the delivery contract.",
        epilog="Example: python -m soak --kills 100 --messages 5000 --minutes 3",
    )
    parser.add_argument("--kills", type=int, default=2_000, help="how often the server is killed (default: 2000)")
    parser.add_argument("--messages", type=int, default=100_000, help="messages acknowledged meanwhile, at least")
    parser.add_argument("--minutes", type=float, default=10, help="of load afterwards (default: 10)")
    options = parser.parse_args()
    (ROOT / "build").mkdir(exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="soak-", dir=ROOT / "build"))
    try:
        outcome: Outcome = run(kills(work / "killed", options.kills, options.messages))
        print(f"kill -9: {outcome}", flush=True)
        looks = asyncio.run(load(work, options.minutes))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    bytes_each, more_files = growth(looks)
    flat = bytes_each <= GROWTH and more_files <= 0
    memory, files = [look[0] / 1e6 for look in looks], [look[1] for look in looks]
    print(
        f"load: {options.minutes:g} minutes at {RATE:g} messages a second; memory {memory[0]:.1f} MB at the first look,"
        f" {statistics.median(memory):.1f} in the middle, {memory[-1]:.1f} at the last, {bytes_each:.0f} bytes a"
        f" message once warm; open files {files[0]} to {files[-1]}; {'as it should be' if flat else 'it GROWS'}"
    )
    return 0 if flat and not outcome.findings and not outcome.integrity else 1


if __name__ == "__main__":
    sys.exit(main())
