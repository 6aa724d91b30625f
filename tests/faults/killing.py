"""Kill the server at random moments while people talk, let them finish, and read everything again from the disk."""

import asyncio
import random
import signal
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from faults.history import Findings, History, clock
from faults.house import Crowd, doorstep, seeded
from faults.people import Manners
from faults.server import LONG, Launcher, Patience, Server
from figures import spread

SOON = (0.02, 0.1, 0.3, 0.6)
"""Seconds after the first acknowledgement of a life within which it ends, drawn anew for each."""


@dataclass
class Outcome:
    """What came of it."""

    findings: Findings
    history: History
    kills: int = 0
    seconds: float = 0.0
    to_first_ack: list[float] = field(default_factory=list)
    """Seconds from a kill to the first acknowledgement after it, with a server that needs no imports."""
    by_command: list[float] = field(default_factory=list)
    """The same with `luwte demo` as anybody starts it."""
    complaints: str = ""
    """What all servers together wrote to standard error."""
    integrity: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        history = self.history
        return (
            f"{self.kills} kills in {self.seconds:.0f} s, {history.acknowledged} messages acknowledged, "
            f"{len(history.started)} conversations started and {len(history.taken)} held, {len(history.lines)} "
            f"connections; not as promised: {self.findings}\n"
            f"  kill to first acknowledgement: luwte demo {spread(self.by_command)}; "
            f"without imports {spread(self.to_first_ack)}"
        )


async def killed(
    folder: Path, launcher: Launcher, *, conversations: int, kills: int, messages: int, seed: int
) -> Outcome:
    """At least so many *kills* and acknowledged *messages* with so many *conversations*."""
    server = Server(folder, launcher)
    crowd = Crowd(seeded(folder, conversations), doorstep(server), Manners(pause=2.5))
    outcome, dice, began = Outcome(Findings(), crowd.history), random.Random(seed), clock()
    crowd.door.is_open = asyncio.Event()
    _begins(server, crowd)
    crowd.comes()
    try:
        while outcome.kills < kills or len(crowd.history.acks) < messages:
            await _a_life(server, crowd, outcome, dice, newcomers=conversations)
        arrived = await crowd.falls_silent()
        await crowd.leaves()
        # What is read now comes from the disk: this process has never seen any of it.
        await server.kill()
        server.start()
        await server.answers()
        outcome.findings = await crowd.judged(server)
        if not arrived:
            outcome.findings.surprises.append("not everything arrived in time")
    finally:
        await crowd.leaves()
        await server.kill()
    outcome.seconds, outcome.complaints, outcome.integrity = clock() - began, server.said, integrity(folder)
    return outcome


async def _a_life(server: Server, crowd: Crowd, outcome: Outcome, dice: random.Random, newcomers: int) -> None:
    """Some moments of one life of the server, its sudden end, and the beginning of the next."""
    if dice.random() < 0.1:
        await asyncio.sleep(dice.uniform(0, 0.15))  # in the middle of starting
    else:
        await _first_ack(server, crowd)
        if outcome.kills % 2 and outcome.kills < 2 * newcomers:
            crowd.newcomer()
        await asyncio.sleep(dice.choice(SOON) * dice.random())
    # One in twenty is asked politely, and has the time to make a mess of that, too.
    await server.kill(signal.SIGTERM if dice.random() < 0.05 else signal.SIGKILL)
    died, outcome.kills = clock(), outcome.kills + 1
    by_command = outcome.kills % 20 == 0
    _begins(server, crowd, by_command=by_command)
    measured = outcome.by_command if by_command else outcome.to_first_ack
    if by_command or outcome.kills % 5 == 0:
        measured.append(await _first_ack(server, crowd) - died)


def _begins(server: Server, crowd: Crowd, *, by_command: bool = False) -> None:
    """Begin a life, and tell everybody once it answers; a life may end before."""
    door = crowd.door.is_open
    assert door is not None
    door.clear()
    (server.start_by_command if by_command else server.start)()
    pid = server.pid

    async def opens() -> None:
        try:
            await server.answers()
        except ChildProcessError:
            if server.pid == pid:
                raise
        if server.pid == pid:
            door.set()

    crowd.tasks.append(asyncio.create_task(opens()))


async def _first_ack(server: Server, crowd: Crowd) -> float:
    """Wait for one acknowledgement; when it came."""
    acks, patience = crowd.history.acks, Patience(LONG)
    before = len(acks)
    while len(acks) == before:
        if patience.ends():
            is_open = crowd.door.is_open is not None and crowd.door.is_open.is_set()
            here = sum(person.ear is not None and person.ear.transport is not None for person in crowd.everybody)
            raise TimeoutError(
                f"nothing is acknowledged; door {is_open}, the server listens {server.listens}, {here} connected, "
                f"{crowd.waits} texts wait; surprises {crowd.history.surprises[:3]}; {await server.confesses()}"
            )
        await asyncio.sleep(0.002)
    return acks[before].at


def integrity(folder: Path) -> list[str]:
    """What SQLite finds wrong with the database, and `luwte` with its audit log; no server may run on it."""
    connection = sqlite3.connect(folder / "main.db")
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    finally:
        connection.close()
    return [] if found == ["ok"] else found
