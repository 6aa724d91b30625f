"""The real server as a process that can be killed, stopped in mid-air and started again on the same folder and port."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from ports import free_port

LAUNCHER = Path(__file__).with_name("launcher.py")
LUWTE = Path(sys.executable).with_name("luwte")


LONG = 240.0
"""Seconds for what takes one: on a machine that does much else at once a start was seen to take eighty times as long as
on an idle one. Whoever is really stuck is found out all the same."""


class Patience:
    """So many seconds in which we could look. A machine that stood still for a while takes nothing from them."""

    def __init__(self, seconds: float) -> None:
        self._left, self._last = seconds, time.monotonic()

    def ends(self) -> bool:
        """Whether they are over; to be asked again and again."""
        now = time.monotonic()
        self._left -= min(now - self._last, 0.25)
        self._last = now
        return self._left <= 0


async def until(true: Callable[[], bool]) -> None:
    """Wait for what must come."""
    patience = Patience(120)
    while not true():
        assert not patience.ends()
        await asyncio.sleep(0.005)


class Launcher:
    """A process with everything imported that forks servers (launcher.py)."""

    def __init__(self) -> None:
        command = [sys.executable, str(LAUNCHER)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def launch(self, arguments: list[str], errors: Path, disk: Path | None = None) -> int:
        """Start `luwte` with *arguments*; its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        wanted = {"arguments": arguments, "errors": str(errors), "disk": disk and str(disk)}
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        pid: int = json.loads(self._process.stdout.readline())["pid"]
        return pid

    def close(self) -> None:
        """Let it go; what it launched stays."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(LONG)


class Server:
    """One server on one folder and one port, over as many lives as a test needs."""

    def __init__(self, folder: Path, launcher: Launcher, port: int = 0) -> None:
        self.folder, self.port = folder, port or free_port()
        self.errors = folder.parent / f"{folder.name}.errors"
        self._launcher = launcher
        self.pid = 0

    @property
    def origin(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        """What all its lives wrote to standard error."""
        return self.errors.read_text() if self.errors.exists() else ""

    @property
    def listens(self) -> bool:
        """Whether a connection is taken, asked without any loop: on this machine that is known at once."""
        with socket.socket() as knocking:
            knocking.settimeout(1)
            return knocking.connect_ex(("127.0.0.1", self.port)) == 0

    def start(self, disk: Path | None = None) -> None:
        """Begin a life; `answers` tells when it is there."""
        arguments = ["demo", "--json", "--port", str(self.port), "--dir", str(self.folder)]
        self.pid = self._launcher.launch(arguments, self.errors, disk)

    def start_by_command(self) -> None:
        """Begin a life as an administrator would, imports included."""
        command = [str(LUWTE), "demo", "--json", "--port", str(self.port), "--dir", str(self.folder)]
        environment = {**os.environ, "PYTHONFAULTHANDLER": "1"}
        with self.errors.open("a") as errors:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=environment)
        self.pid = process.pid
        _commands.append(process)

    async def answers(self, within: float = LONG) -> None:
        """Wait until it takes connections. Raises `ChildProcessError` when it ends instead."""
        patience = Patience(within)
        while not self.listens:
            if not is_alive(self.pid):
                raise ChildProcessError(self.said or "it ended without a word")
            if patience.ends():
                raise TimeoutError(f"it does not answer; {await self.confesses()}")
            await asyncio.sleep(0.005)

    async def confesses(self) -> str:
        """End this life, and tell where each of its threads was, with all that it said."""
        await self.kill(signal.SIGABRT)
        return f"what it said, and where it was: {self.said}"

    async def kill(self, number: int = signal.SIGKILL) -> None:
        """End this life, at once or politely, and wait until nothing of it is left."""
        if not self.pid:
            return
        pid, self.pid = self.pid, 0
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        patience = Patience(LONG)
        # Until the last thread has ended its files are open, the port and the lock of the folder among them.
        while Path(f"/proc/{pid}").exists():
            for process in _commands:
                process.poll()
            if patience.ends():
                raise TimeoutError("it does not end")
            await asyncio.sleep(0.002)


_commands: list[subprocess.Popen[bytes]] = []


@asynccontextmanager
async def a_launcher() -> AsyncIterator[Launcher]:
    """A launcher for one test."""
    launcher = Launcher()
    try:
        yield launcher
    finally:
        launcher.close()


@asynccontextmanager
async def a_server(folder: Path, launcher: Launcher, disk: Path | None = None) -> AsyncIterator[Server]:
    """A server that answers; whatever life it has at the end is ended."""
    server = Server(folder, launcher)
    try:
        server.start(disk)
        await server.answers()
        yield server
    finally:
        await server.kill()


def is_alive(pid: int) -> bool:
    """Whether the process is there and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
