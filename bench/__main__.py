"""`python -m bench`: the server, a bare relay and the raw disk, by turns and in one run; then a table with ratios."""

import argparse
import asyncio
import json
import os
import platform
import resource
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import disk, nuisance, proc, report
from bench.load import Target
from bench.seed import People, seed, seed_long

PYTHON = sys.executable
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    conversations: int
    rates: tuple[int, ...]
    rounds: int
    seconds: float
    idle: int
    profile: bool
    disk_seconds: float
    nuisances: bool


FULL = Plan(2_000, (200, 2_000, 6_000, 12_000), 3, 5, 10_000, True, 2, True)
QUICK = Plan(2_000, (200, 2_000, 6_000), 1, 3, 2_000, False, 0.5, False)

CALM = 200
"""Conversations that go on, and messages a second in all, while others are a nuisance."""

LONG_LOG = 900
"""Messages of 16 KiB in the log that slow readers ask for: fifteen megabytes for each of them."""


class Progress:
    """What is going on, on a terminal; in a pipe nothing."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        """Say what begins now."""
        if sys.stderr.isatty():
            print(f"\r\033[K{time.monotonic() - self._began:5.0f} s  {text} ", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave an empty line."""
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


class Driver:
    """A generator process and the server that it drives."""

    def __init__(self, process: asyncio.subprocess.Process, origin: str, pid: int) -> None:
        self._process = process
        self.origin, self.pid = origin, pid

    async def do(self, deed: str, **values: Any) -> dict[str, Any]:
        """One command and its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": deed, **values}).encode() + b"\n")
        async with asyncio.timeout(180):
            line = await self._process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: the generator ended while it did {deed!r}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def server(command: list[str]) -> AsyncIterator[tuple[str, int]]:
    """Run a server; its origin and process id."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            line = await process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: the server did not start: {' '.join(command)}")
        yield json.loads(line)["visitor"].rstrip("/"), process.pid
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            try:
                async with asyncio.timeout(20):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


@asynccontextmanager
async def driven(folder: Path, command: list[str], people: People, metrics_port: int | None) -> AsyncIterator[Driver]:
    """A server and a generator that knows its people."""
    async with server(command) as (origin, pid):
        target = Target(origin, pid, metrics_port, metrics_port is not None, people.visitors, people.desks)
        description = folder / "target.json"
        description.write_text(json.dumps(asdict(target)))
        process = await asyncio.create_subprocess_exec(
            PYTHON,
            "-m",
            "bench.load",
            str(description),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 22,
            cwd=ROOT,
        )
        try:
            yield Driver(process, origin, pid)
        finally:
            process.kill()
            await process.wait()


def ours(folder: Path, port: int, launcher: tuple[str, ...] = ("luwte.cli",)) -> list[str]:
    """The command that runs the real server."""
    start = ["-c", "from luwte.cli import main; main()"] if launcher == ("luwte.cli",) else ["-m", *launcher]
    return [PYTHON, *start, "demo", "--json", "--port", "0", "--dir", str(folder), "--metrics-port", str(port)]


def bare(folder: Path) -> list[str]:
    """The command that runs the bare relay."""
    return [PYTHON, "-m", "bench.bare", str(folder)]


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def measure(plan: Plan, work: Path, say: Progress) -> dict[str, Any]:
    """The whole run."""
    result: dict[str, Any] = {
        "machine": machine(),
        "plan": asdict(plan),
        "disk": [],
        "ours": {},
        "bare": {},
        "rounds": {},
    }
    say(f"preparing {plan.conversations} conversations")
    talking = work / "talking"
    people = await seed(talking, plan.conversations)
    result["disk"].append(await asyncio.to_thread(disk.syncs_per_second, work, plan.disk_seconds))
    await talk(plan, work, talking, people, result, say)
    if plan.profile:
        result["profile"] = await profile(talking, people, work, say)
    result["disk"].append(await asyncio.to_thread(disk.syncs_per_second, work, plan.disk_seconds))
    await idle(plan, work, result, say)
    if plan.nuisances:
        result["nuisances"] = await nuisances(plan, work, say)
    return result


async def talk(plan: Plan, work: Path, folder: Path, people: People, result: dict[str, Any], say: Progress) -> None:
    """Both servers at each rate by turns, as the machine changes; the round with the middle ratio counts."""
    (work / "bare").mkdir()
    port = free_port()
    say("connecting")
    async with (
        driven(work / "bare", bare(work / "bare"), people, None) as relay,
        driven(folder, ours(folder, port), people, port) as luwte,
    ):
        for driver in (relay, luwte):
            result["connected"] = await driver.do("connect")
        await asyncio.sleep(1)
        for rate in plan.rates:
            rounds: list[dict[str, Any]] = []
            for number in range(plan.rounds):
                one = {}
                for name, driver in (("bare", relay), ("ours", luwte)):
                    say(f"{name} at {rate} messages a second, {number + 1} of {plan.rounds}")
                    one[name] = await driver.do("offer", rate=rate, seconds=plan.seconds)
                rounds.append(one)
            middle = sorted(rounds, key=report.ratio)[len(rounds) // 2]
            result["rounds"][str(rate)] = rounds
            result["ours"][str(rate)], result["bare"][str(rate)] = middle["ours"], middle["bare"]


async def profile(folder: Path, people: People, work: Path, say: Progress) -> dict[str, Any]:
    """Where the two busy threads are, at the middle rate."""
    say("sampling")
    port = free_port()
    samples = work / "samples.json"
    async with driven(folder, ours(folder, port, ("bench.profiled", str(samples))), people, port) as luwte:
        await luwte.do("connect")
        os.kill(luwte.pid, signal.SIGUSR1)
        await luwte.do("offer", rate=2_000, seconds=8)
    found: dict[str, Any] = json.loads(samples.read_text())
    return found


async def idle(plan: Plan, work: Path, result: dict[str, Any], say: Progress) -> None:
    """Memory of connections that say nothing."""
    say(f"preparing {plan.idle} conversations")
    folder = work / "idle"
    people = await seed(folder, plan.idle)
    (work / "bare-idle").mkdir()
    port = free_port()
    for name, command, metrics_port in (
        ("bare", bare(work / "bare-idle"), None),
        ("ours", ours(folder, port), port),
    ):
        say(f"{name} with {plan.idle} idle connections")
        async with driven(folder, command, people, metrics_port) as driver:
            result[name]["idle"] = await driver.do("idle", connections=plan.idle)


async def nuisances(plan: Plan, work: Path, say: Progress) -> dict[str, Any]:
    """Memory, and how long everybody else waits, before, while and after others are a nuisance."""
    say("preparing a long log")
    folder, port, found = work / "nuisances", free_port(), {}
    people = await seed(folder, CALM + 2)
    (flooding, reading), people = people.visitors[CALM:], People(people.visitors[:CALM], people.desks[: CALM // 4])
    await seed_long(folder, bytes.fromhex(reading[0]), LONG_LOG)
    async with driven(folder, ours(folder, port), people, port) as luwte:
        await luwte.do("connect")

        async def look(what: str) -> dict[str, Any]:
            say(what)
            offered = await luwte.do("offer", rate=CALM, seconds=plan.seconds)
            return {"to_delivery_ms": offered["to_delivery_ms"], "memory": proc.memory(luwte.pid)}

        await look("warming up")
        for kind in nuisance.KINDS:
            before = await look(f"before {kind}")
            async with a_nuisance(kind, luwte.origin, flooding if kind == nuisance.FLOOD else reading):
                during = await look(kind)
            found[kind] = {"before": before, "during": during, "after": await look(f"after {kind}")}
    return found


@asynccontextmanager
async def a_nuisance(kind: str, origin: str, visitor: tuple[str, str]) -> AsyncIterator[None]:
    """They are at it, in a process of their own."""
    command = [PYTHON, "-m", "bench.nuisance", kind, origin, *visitor]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            if not await process.stdout.readline():
                raise SystemExit(f"bench: {kind} did not begin")
        yield
    finally:
        process.kill()
        await process.wait()


def machine() -> dict[str, Any]:
    """What it ran on."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return {
        "at": time.strftime("%Y-%m-%d %H:%M"),
        "cores": len(Path("/proc/cpuinfo").read_text().split("processor\t")) - 1,
        "processor": model,
        "python": platform.python_version(),
    }


def main() -> int:
    """Measure, tell, and keep."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the server as ratios in one run.")
    parser.add_argument("--quick", action="store_true", help="under a minute instead of four")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    parser.add_argument(
        "--dir", type=Path, help="the disk to measure: a folder for what is written and thrown away (default: build)"
    )
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    folder = options.dir or ROOT / "build"
    folder.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=folder))
    say = Progress()
    try:
        result = asyncio.run(measure(QUICK if options.quick else FULL, work, say))
    except KeyboardInterrupt:
        return 130
    finally:
        say.end()
        shutil.rmtree(work, ignore_errors=True)
    print(report.text(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
