"""`python -m bench.restart`: kill -9 under load, on a folder with many conversations, until messages are acknowledged;
and how long a backup of that folder takes while people talk, and its restore.

The server is started again at once, as systemd would. Visitors try to connect all the time, resume, and send the bytes
again that were not acknowledged; what was acknowledged twice or out of turn would be refused and counted.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench import proc
from bench.__main__ import PYTHON, ROOT, Progress, free_port, machine
from bench.load import VISITOR, Append, Chain, encode
from bench.seed import seed, seed_past

AIM = 5.0
"""Seconds from kill -9 to the first acknowledgement."""

RETRY = (0.2, 1.0)
"""Seconds between a visitor's tries to connect, drawn anew each time: together they try some hundred times a second,
and take little of the processors that the server needs to start."""

PACE = 1.0
"""Seconds between a visitor's messages."""

clock = time.perf_counter


class Ear(WSListener):
    """Frames of one line in order; None: it is over."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """One frame."""
        if frame.msg_type is WSMsgType.BINARY:
            self.heard.put_nowait(msgspec.msgpack.decode(frame.get_payload_as_bytes()))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The line broke."""
        self.heard.put_nowait(None)

    async def hear(self, *kinds: str) -> dict[str, Any]:
        """The next frame of one of these kinds."""
        while (frame := await self.heard.get()) is not None:
            if frame["t"] in kinds:
                return frame
        raise ConnectionError


class Visitor:
    """Talks for ever, through every break of the line."""

    def __init__(self, origin: str, conv: str, credential: str) -> None:
        self._origin, self._credential = origin, bytes.fromhex(credential)
        self._chain = Chain(bytes.fromhex(conv), VISITOR)
        self._unanswered = b""
        self.line_began = self.line_acked = 0.0
        """When this line was opened, and when the first message was acknowledged on it."""
        self.acked = self.refused = 0
        self.slowest = 0.0

    def is_back(self, since: float) -> bool:
        """Whether a message was acknowledged on a line that was opened after *since*."""
        return self.line_acked > self.line_began > since

    async def talk(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._talk_on_one_line()
            except (OSError, WSError, TimeoutError):
                await asyncio.sleep(random.uniform(*RETRY))

    async def _talk_on_one_line(self) -> None:
        began, ear = clock(), Ear()
        url = self._origin.replace("http", "ws", 1) + "/socket/2"
        transport, _ = await ws_connect(lambda: ear, url, extra_headers={"Origin": self._origin})
        try:
            await ear.hear("hello")
            resume = {"t": "resume", "conv": self._chain.conv, "credential": self._credential, "after": self.acked}
            transport.send(WSMsgType.BINARY, encode(resume))
            await ear.hear("resumed")
            await self._say(transport, ear)
            self.line_began, self.line_acked = began, clock()
            while True:
                await asyncio.sleep(PACE)
                await self._say(transport, ear)
        finally:
            transport.disconnect(graceful=False)

    async def _say(self, transport: WSTransport, ear: Ear) -> None:
        self._unanswered = self._unanswered or self._chain.envelope(os.urandom(16))
        began = clock()
        transport.send(WSMsgType.BINARY, encode(Append(self._unanswered)))
        answer = await ear.hear("ack", "refused")
        self.slowest = max(self.slowest, clock() - began)
        if answer["t"] == "refused":
            self.refused += 1
            raise ConnectionError
        self.acked += 1
        self._chain.moves_on(self._unanswered)
        self._unanswered = b""


class Server:
    """The real server, to be killed."""

    def __init__(self, folder: Path, port: int) -> None:
        start = "from luwte.cli import main; main()"
        self._command = [PYTHON, "-c", start, "demo", "--json", "--port", str(port), "--dir", str(folder)]
        self.origin = f"http://127.0.0.1:{port}"

    async def start(self) -> None:
        """Return once it says that it answers."""
        self._process = await asyncio.create_subprocess_exec(*self._command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
        assert self._process.stdout is not None
        async with asyncio.timeout(120):
            if not await self._process.stdout.readline():
                raise SystemExit("bench: the server did not start")

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    async def kill(self) -> None:
        """As the kernel would, without a word."""
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


async def measure(options: argparse.Namespace, folder: Path, say: Progress) -> dict[str, Any]:
    """All rounds."""
    began = clock()
    say("preparing who talks")
    people = await seed(folder, options.talking)
    await seed_past(folder, options.stored, options.messages, say)
    seeded = clock() - began
    server = Server(folder, free_port())
    visitors = [Visitor(server.origin, *one) for one in people.visitors]
    rounds = []
    backup, restored = folder.with_name("backup"), folder.with_name("restored")
    say("starting")
    await server.start()
    talking = [asyncio.create_task(visitor.talk()) for visitor in visitors]
    try:
        for number in range(options.rounds):
            say(f"round {number + 1} of {options.rounds}")
            await asyncio.sleep(3)
            rounds.append(await kill_and_wait(server, visitors))
        say("backup")
        await asyncio.sleep(3)
        for visitor in visitors:
            visitor.slowest = 0.0
        backup_s = await timed("backup", "--dir", folder, "--out", backup)
        slowest = max(visitor.slowest for visitor in visitors)
    finally:
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
        await server.kill()
    say("restore")
    restore_s = await timed("restore", "--from", backup, "--dir", restored, "--keys", folder)
    say("stage by stage")
    return {
        "machine": machine(),
        "load": os.getloadavg()[0],
        "stored": options.stored,
        "talking": options.talking,
        "messages": options.messages,
        "database_bytes": (folder / "main.db").stat().st_size,
        "seeded_s": seeded,
        "rounds": rounds,
        "backup_s": backup_s,
        "slowest_ack_during_backup_s": slowest,
        "restore_s": restore_s,
        "refused": sum(visitor.refused for visitor in visitors),
        "stages": json.loads(subprocess.check_output([PYTHON, "-m", "bench.restart", "--stages", folder], cwd=ROOT)),
    }


async def kill_and_wait(server: Server, visitors: list[Visitor]) -> dict[str, float]:
    """One kill -9; seconds until the server says that it answers, and until the first and the last are heard again.

    `cpu` are the seconds on a processor that it took to answer: on a busy machine the others are mostly waiting.
    """
    killed = clock()
    await server.kill()
    await server.start()
    answers, used = clock(), proc.usage(server.pid)
    async with asyncio.timeout(120):
        while not all(visitor.is_back(killed) for visitor in visitors):
            await asyncio.sleep(0.01)
    acks = [visitor.line_acked for visitor in visitors]
    return {"answers": answers - killed, "first": min(acks) - killed, "last": max(acks) - killed, "cpu": used.total}


async def timed(*arguments: str | Path) -> float:
    """Seconds that a command takes."""
    began, start = clock(), "from luwte.cli import main; main()"
    command = [PYTHON, "-c", start, *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL, cwd=ROOT)
    if await process.wait() != 0:
        raise SystemExit(f"bench: luwte {arguments[0]} failed")
    return clock() - began


def stages(folder: Path) -> dict[str, float]:
    """Seconds of each part of a start, measured alone, in a process of its own."""
    took, began = {}, clock()

    def passed(name: str) -> None:
        nonlocal began
        took[name] = clock() - began
        began = clock()

    subprocess.run([PYTHON, "-c", "import luwte.cli"], check=True)
    passed("Python and imports")
    from luwte import app, demo
    from luwte.conversation import actions as conversations
    from luwte.plumbing import garbage, keystore, migrate
    from luwte.plumbing.db import look

    began = clock()
    settings = demo.prepare(folder, 1)
    passed("settings")
    migrate.migrate(folder / "main.db")
    passed("database opened, schema looked at")
    keystore.KeyStore(folder / "keys").close()
    passed("key store read")
    look(folder / "main.db", lambda tx: conversations.waiting(tx, demo.LINE))
    passed("who waits")

    async def start() -> None:
        async with app.running(settings, is_demo=True) as luwte:
            await demo.admit_all(luwte.db, luwte.keys, demo.load(folder), int(time.time()))
            await luwte.reload_teams()
            app.http(luwte)
            passed("all of it once more, and the pages")
            garbage.look_less_often()
            passed("garbage looked for")

    asyncio.run(start())
    return took


def text(result: dict[str, Any]) -> str:
    """The figures as a table."""
    at, rounds = result["machine"], result["rounds"]
    lines = [
        f"{at['at']}, {at['cores']} cores ({at['processor']}), Python {at['python']};"
        f" load {result['load']:.1f}, this included",
        f"{result['stored']:,} conversations that ended, {result['messages']} messages in each, and"
        f" {result['talking']} that talk; main.db {result['database_bytes'] / 1e6:,.0f} MB"
        f" (made in {result['seeded_s']:.0f} s)",
        "",
        "seconds from kill -9    middle  slowest",
    ]
    for name, title in (("answers", "server answers"), ("first", "first acknowledged"), ("last", "all acknowledged")):
        values = sorted(one[name] for one in rounds)
        lines.append(f"{title:<22} {values[len(values) // 2]:>7.2f} {values[-1]:>8.2f}")
    cpu = sorted(one["cpu"] for one in rounds)
    lines.append(f"processor time to answer {cpu[len(cpu) // 2]:>5.2f} {cpu[-1]:>8.2f}")
    lines += [f"refused or out of turn {result['refused']:>7}", "", "parts of a start, alone: seconds"]
    lines += [f"{name:<38} {took:.2f}" for name, took in result["stages"].items()]
    lines += [
        "",
        f"backup while they talk {result['backup_s']:>6.1f} s; the slowest acknowledgement meanwhile"
        f" {result['slowest_ack_during_backup_s'] * 1000:.0f} ms",
        f"restore                {result['restore_s']:>6.1f} s",
    ]
    slowest = max(one["first"] for one in rounds)
    lines += [
        "",
        f"first acknowledgement within {AIM:.0f} s: {'holds' if slowest <= AIM else 'FAILS'} ({slowest:.1f} s)",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.restart", description="kill -9 to first acknowledgement.")
    parser.add_argument("--stored", type=int, default=100_000, help="conversations that ended (default: 100000)")
    parser.add_argument("--messages", type=int, default=3, help="in each of those (default: 3)")
    parser.add_argument("--talking", type=int, default=200, help="conversations under way (default: 200)")
    parser.add_argument("--rounds", type=int, default=5, help="kills (default: 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    parser.add_argument("--dir", type=Path, help="where to write and throw away (default: build)")
    parser.add_argument("--stages", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stages:
        print(json.dumps(stages(options.stages)))
        return 0
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    folder = options.dir or ROOT / "build"
    folder.mkdir(parents=True, exist_ok=True)
    work, say = Path(tempfile.mkdtemp(prefix="restart-", dir=folder)), Progress()
    try:
        result = asyncio.run(measure(options, work / "data", say))
    except KeyboardInterrupt:
        return 130
    finally:
        say.end()
        shutil.rmtree(work, ignore_errors=True)
    print(text(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
