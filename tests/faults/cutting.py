"""Record what a busy server does to its disk, let the power fail at many moments, and start again from what is left."""

import asyncio
import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from faults.disk import SYNC, Lever, Trouble
from faults.history import Findings, History
from faults.house import Crowd, doorstep, judge, seeded
from faults.killing import integrity
from faults.people import Manners
from faults.power import WAYS, Deed, Platter, deeds, lay_out
from faults.server import Launcher, a_server

CONVERSATIONS = 16
AT_ONCE = 3
ENOUGH = 5
"""Broken promises after which there is no need to look further."""


@dataclass
class Recording:
    """A run whose every write and sync is on record."""

    crowd: Crowd
    base: Path
    """The folder as it was before."""
    folder: Path
    """And after, when the server was killed."""
    deeds: list[Deed]


@dataclass
class Outcome:
    """What was found on all the disks."""

    broken: list[str] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    """How many disks of each kind, and how many of them had something that was written and not synced."""
    checkpoints: int = 0
    acknowledged: int = 0

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.tally.items()))
        return (
            f"{self.acknowledged} messages, {self.checkpoints} checkpoints of the write-ahead log; disks: {kinds}; "
            f"not as promised: {len(self.broken)}"
        )


async def recorded(
    folder: Path, launcher: Launcher, messages: int, *, folds: int = 0, lies: bool = False, failing: bool = False
) -> Recording:
    """Let people talk until *messages* are acknowledged and the log was folded into the database *folds* times.

    The disk *lies* about its syncs, or some are *failing*.
    """
    base, lever = folder.parent / "base", Lever(folder.parent / "disk")
    people = seeded(folder, CONVERSATIONS)
    shutil.copytree(folder, base)
    lever.records()
    async with a_server(folder, launcher, lever.folder) as server:
        crowd = Crowd(people, doorstep(server), Manners(pause=0.08))
        crowd.comes()
        if lies:
            lever.pull(Trouble.SYNC_LIES)
        # How many pages a message costs depends on how many share a commit, and that on how fast the disk is today.
        while len(crowd.history.acks) < messages or _folds(folder) < folds:
            await asyncio.sleep(0.05)
            if failing:
                lever.pull(Trouble.SYNC_FAILS, once=True)
            if len(crowd.history.started) < len(crowd.history.acks) / 100:
                crowd.newcomer()
        if failing:
            lever.pull(Trouble.NONE)
        # A kill between a write and its record would leave one that nobody knows of: let there be none under way.
        assert await crowd.falls_silent()
        await crowd.leaves()
    return Recording(crowd, base, folder, deeds(lever.folder / "record"))


async def cut(recording: Recording, launcher: Launcher, folder: Path, moments: int, seed: int) -> Outcome:
    """Let the power fail at so many *moments*; *folder* is for what is left each time."""
    dice, history = random.Random(seed), recording.crowd.history
    platter, turns, tasks = Platter(recording.base, recording.deeds), asyncio.Semaphore(AT_ONCE), set()
    outcome = Outcome(
        checkpoints=sum(deed.kind == SYNC and deed.file == "main.db" for deed in recording.deeds),
        acknowledged=history.acknowledged,
    )
    folder.mkdir()
    for n, moment in enumerate(sorted(_moments(recording, moments, dice))):
        await turns.acquire()
        if len(outcome.broken) >= ENOUGH:
            break
        platter.moves_to(moment)
        way = list(WAYS)[n % len(WAYS)]
        outcome.tally[way] += 1
        outcome.tally["with something not synced"] += bool(platter.pending)
        state = lay_out(recording.base, platter.remains(way, dice), folder / str(n))
        known = history.until(moment / 1e9)
        task = asyncio.create_task(_looks(recording.crowd, launcher, state, known, way, outcome, thorough=n % 5 == 0))
        tasks.add(task)
        task.add_done_callback(lambda _: turns.release())
    await asyncio.gather(*tasks)
    return outcome


def _moments(recording: Recording, count: int, dice: random.Random) -> list[int]:
    """Half of them at any moment, half around a sync: there most is at stake."""
    acks = recording.crowd.history.acks
    first, last = int(acks[0].at * 1e9), int(acks[-1].at * 1e9)
    syncs = [deed for deed in recording.deeds if deed.kind == SYNC and first < deed.began < last]
    at_any = [dice.randint(first, last) for _ in range(count // 2 if syncs else count)]
    around = [dice.choice(syncs) for _ in range(count - len(at_any))]
    return at_any + [dice.randint(sync.began - 200_000, sync.ended + 50_000) for sync in around]


async def _looks(
    crowd: Crowd, launcher: Launcher, state: Path, known: History, way: str, outcome: Outcome, *, thorough: bool
) -> None:
    """Start the server on what is left and read everything; on a *thorough* look from both sides."""
    try:
        async with a_server(state, launcher) as server:
            visitors = crowd.visitors if thorough else [one for one in crowd.visitors if one.browser is not None]
            findings = await judge(server.origin, visitors, crowd.desks, known, drained=False)
            said = server.said
        damage = integrity(state)
    except ChildProcessError as error:
        findings, said, damage = Findings(), f"it does not start: {error}", []
    if findings or said or damage:
        outcome.broken.append(f"{way}: {findings} {said} {damage}")
    shutil.rmtree(state)


def _folds(folder: Path) -> int:
    """How often the write-ahead log was begun anew: SQLite counts that in its head (sqlite.org/fileformat2.html)."""
    with (folder / "main.db-wal").open("rb") as wal:
        return int.from_bytes(wal.read(16)[12:])


def is_whole(recording: Recording) -> bool:
    """Whether the record, played from the beginning, gives the files as they are: nothing was missed."""
    platter = Platter(recording.base, recording.deeds)
    platter.moves_to(2**63 - 1)
    files = platter.remains("all", random.Random(0))
    return all(data == _read(recording.folder / name) for name, data in files.items())


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
