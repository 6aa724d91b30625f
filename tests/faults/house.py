"""A folder with conversations in it, everybody who takes part in them, and readers who come when all is over."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiofastnet
import uvloop
from bench.seed import People, seed

from actors import Line as Wire
from faults.history import Findings, Found, History, Log, check, clock
from faults.people import Desk, Doorstep, Manners, Person, Visitor
from faults.server import Patience, Server
from luwte import demo
from luwte.crypto.envelope import SHARED_LOG, TEAM_LOG
from luwte.crypto.primitives import sha256

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds for which a reader waits for the next thing that was promised."""


@dataclass
class Crowd:
    """Everybody in one run."""

    people: People
    door: Doorstep
    manners: Manners
    history: History = field(default_factory=History)
    visitors: list[Visitor] = field(default_factory=list)
    desks: list[Desk] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def everybody(self) -> list[Person]:
        """Visitors and desks."""
        return [*self.visitors, *self.desks]

    @property
    def waits(self) -> int:
        """How many texts are not acknowledged."""
        return sum(person.waits for person in self.everybody)

    def comes(self) -> None:
        """The known ones connect and begin to talk; the first desk takes whoever else waits."""
        door, history, manners = self.door, self.history, self.manners
        for conv, credential in self.people.visitors:
            known = (bytes.fromhex(conv), bytes.fromhex(credential))
            self._comes(self.visitors, Visitor(door, history, manners, known))
        for at, (token, convs) in enumerate(self.people.desks):
            has = {bytes.fromhex(conv) for conv in convs}
            self._comes(self.desks, Desk(door, history, manners, bytes.fromhex(token), has, takes=at == 0))

    def newcomer(self) -> Visitor:
        """One more visitor, who starts a conversation."""
        visitor = Visitor(self.door, self.history, self.manners)
        self._comes(self.visitors, visitor)
        return visitor

    def _comes(self, among: list[Any], person: Person) -> None:
        among.append(person)
        self.tasks.append(asyncio.create_task(person.stays()))

    async def judged(self, server: Server) -> Findings:
        """What fresh readers of everybody's logs find."""
        return await judge(server.origin, self.visitors, self.desks, self.history)

    def talks(self) -> None:
        """Everybody types."""
        for person in self.everybody:
            person.is_quiet = False

    def hushes(self) -> None:
        """Nobody types any more, or takes anybody more."""
        for person in self.everybody:
            person.is_quiet = True
        for desk in self.desks:
            desk.takes = False

    async def falls_silent(self, within: float = 120) -> bool:
        """Nobody types any more: whether everything is acknowledged and brought to the other side in time."""
        self.hushes()
        with suppress(TimeoutError):
            await self.settles(within)
            return True
        return False

    async def settles(self, within: float) -> float:
        """Wait until nothing is under way; how many seconds it took."""
        began, patience = clock(), Patience(within)
        while not self.is_settled:
            if patience.ends():
                raise TimeoutError
            await asyncio.sleep(0.01)
        return clock() - began

    @property
    def is_settled(self) -> bool:
        """Everything is acknowledged, and both sides of every conversation have read as far as the other."""
        if self.waits or not all(visitor.is_started for visitor in self.visitors):
            return False
        reached: dict[Log, int] = {}
        boxes = [box for person in self.everybody for box in person.boxes.values()]
        return all(box.line is not None and reached.setdefault(box.log, box.last) == box.last for box in boxes)

    async def leaves(self) -> None:
        """Everybody hangs up."""
        for person in self.everybody:
            await person.leaves()
        for task in self.tasks:
            task.cancel()
        done = await asyncio.gather(*self.tasks, return_exceptions=True)
        for error in done:
            if isinstance(error, Exception):
                raise error


async def judge(
    origin: str, visitors: list[Visitor], desks: list[Desk], history: History, *, drained: bool = True
) -> Findings:
    """Read the logs of *visitors* and *desks* from their beginning on fresh connections, and compare with *history*."""
    readers = await gather([read_as_visitor(origin, one) for one in visitors if one.is_started])
    readers += await gather([read_as_desk(origin, desk, history) for desk in desks])
    return check(history, readers, drained=drained)


async def read_as_visitor(origin: str, visitor: Visitor) -> dict[Log, Found]:
    log = visitor.box.log
    wire = await Wire.open(origin.replace("http", "ws", 1) + "/socket", origin)
    wire.send("resume", conv=log[0], credential=visitor.credential, after=0)
    resumed = await wire.hear("resumed", "refused", within=PATIENCE)
    found = await _read(wire, {log: resumed["last"]}) if resumed["t"] == "resumed" else {}
    wire.close()
    return found


async def read_as_desk(origin: str, desk: Desk, history: History) -> dict[Log, Found]:
    wire = await Wire.open(origin.replace("http", "ws", 1) + "/desk/socket", origin)
    wire.send("sign_on", token=desk.token)
    wanted: dict[Log, int] = {}
    expected = {(conv, SHARED_LOG) for conv in desk.has | {conv for conv, _ in desk.boxes if conv in history.taken}}
    with suppress(TimeoutError):
        while not expected <= wanted.keys():
            taken = await wire.hear("taken", within=PATIENCE)
            wanted |= {(taken["conv"], SHARED_LOG): taken["last"], (taken["conv"], TEAM_LOG): taken["note_last"]}
    for conv in {conv for conv, _ in wanted}:
        wire.send("follow", conv=conv, shared=0, notes=0)
    found = await _read(wire, wanted)
    wire.close()
    return found


async def _read(wire: Wire, wanted: dict[Log, int]) -> dict[Log, Found]:
    """The logs up to the numbers that were promised, or as far as they come."""
    found: dict[Log, Found] = {log: [] for log in wanted}
    left = sum(wanted.values())
    with suppress(TimeoutError):
        while left > 0:
            frame = await wire.hear("envelope", within=PATIENCE)
            log = (frame.get("conv") or frame["envelope"][6:22], frame["log"])
            found[log].append((frame["n"], sha256(frame["envelope"])))
            left -= 1
    return found


async def gather(work: list[Coroutine[Any, Any, T]]) -> list[T]:
    """Run all of *work*, some at a time."""
    turns = asyncio.Semaphore(32)

    async def take_turns(one: Coroutine[Any, Any, T]) -> T:
        async with turns:
            return await one

    return list(await asyncio.gather(*map(take_turns, work)))


class Loop(uvloop.Loop):
    """The loop that the server uses, too, so that people are no slower than it; but it survives broken connections.

    aiofastnet, on which picows connects, begins to read a moment after a connection was made, also when it broke
    within that moment, as many do when a server is killed. The reader then outlives its descriptor, and whoever is
    given the same number by uvloop itself may wait for ever: what happens to them is told to that reader.
    """

    def add_reader(self, fd: Any, callback: Callable[..., Any], *args: Any) -> None:
        """Have *callback* called when there is something to read, unless it belongs to what is closed already."""
        owner = getattr(callback, "__self__", None)
        if not (isinstance(owner, aiofastnet.Transport) and owner.is_closing()):
            super().add_reader(fd, callback, *args)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run *work* on a loop for people who meet servers that die."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(work)


def seeded(folder: Path, conversations: int) -> People:
    """Make *folder* with conversations that are at desks already."""
    return _in_a_thread(lambda: asyncio.run(seed(folder, conversations)))


def _in_a_thread(work: Callable[[], T]) -> T:
    # A loop of its own, so that a test may ask from inside its own loop.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def doorstep(server: Server, origin: str | None = None) -> Doorstep:
    """How people reach *server*, or *origin* before it."""
    return Doorstep(origin or server.origin, demo.load(server.folder))
