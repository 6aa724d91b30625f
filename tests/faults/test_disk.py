"""A disk that is full, or fails: nobody is told that something was kept which was not, and all goes on afterwards."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import httpx
import pytest

from actors import Line
from faults.disk import Lever, Trouble
from faults.failing import Stage, a_lever, a_limit, a_small_disk, can_mount
from faults.house import Crowd, doorstep, read_as_visitor, run, seeded
from faults.killing import integrity
from faults.people import Manners
from faults.server import Launcher, Server, a_launcher, a_server, until
from figures import Tell

TOLD = {"failed", "busy", "out_of_order"}
"""What may be said of a message that could not be stored: the same bytes again, later."""

FAILURES = 1_000

Makes = Callable[[Path, Launcher], AbstractAsyncContextManager[Stage]]


@pytest.mark.parametrize("trouble", [Trouble.FULL, Trouble.WRITE_FAILS, Trouble.SYNC_FAILS], ids=lambda one: one.name)
def test_a_failing_disk(tmp_path: Path, trouble: Trouble) -> None:
    """SQLite's and the key store's writes, or their syncs, fail for a while."""
    story(tmp_path, partial(a_lever, trouble=trouble))


def test_files_that_may_not_grow(tmp_path: Path) -> None:
    """The operating system itself says no."""
    story(tmp_path, a_limit)


def test_a_full_disk(tmp_path: Path) -> None:
    """A disk of 24 megabytes is filled to the last byte, and somebody makes room again."""
    if not can_mount(tmp_path):
        pytest.skip("a really full disk: only root may mount a small one; limited files stood for it")
    story(tmp_path, a_small_disk)


def story(folder: Path, makes: Makes) -> None:
    """The disk breaks while everybody talks; they are told, keep their texts, read on; it is mended; all arrives."""

    async def play() -> None:
        async with a_launcher() as launcher, makes(folder / "house", launcher) as stage:
            server = stage.server
            crowd = Crowd(stage.people, doorstep(server), Manners(pause=0.2))
            crowd.comes()
            await until(lambda: len(crowd.history.acks) > 400)
            connections = len(crowd.history.lines)
            stage.breaks()
            await until(lambda: refusals(crowd)["failed"] > 20)
            kept = {box.log: box.last for person in crowd.everybody for box in person.boxes.values()}
            # Reading, listening and every connection go on.
            visitor = crowd.visitors[0]
            (found,) = (await read_as_visitor(server.origin, visitor)).values()
            assert len(found) >= kept[visitor.box.log]
            await _is_answered(server, visitor.box.log[0], visitor.credential)
            assert len(crowd.history.lines) == connections
            # Who comes now cannot begin, is told to try again, and is there at once when it works.
            newcomer = crowd.newcomer()
            await asyncio.sleep(0.5)
            mine = crowd.waits
            stage.mends()
            assert await crowd.falls_silent()
            assert newcomer.is_started
            assert mine > 0
            known = [person for person in crowd.everybody if person is not newcomer]
            assert len({person.line and person.line.number for person in known}) == len(known) == connections
            assert set(refusals(crowd)) <= TOLD | {"generation"}
            await crowd.leaves()
            await server.kill()
            server.start()
            await server.answers()
            findings = await crowd.judged(server)
            assert not findings, str(findings)
            await server.kill()
            assert not integrity(server.folder)
            _check_complaints(server)

    run(play())


def test_a_thousand_single_failures(tmp_path: Path, tell: Tell) -> None:
    """A write or a sync fails now and then, of messages, notes, starts and Takes: nothing is acknowledged in vain."""

    async def play() -> None:
        folder, lever, dice = tmp_path / "house", Lever(tmp_path / "disk"), random.Random(1)
        people = seeded(folder, 12)
        async with a_launcher() as launcher, a_server(folder, launcher, lever.folder) as server:
            crowd = Crowd(people, doorstep(server), Manners(pause=0.05))
            crowd.comes()
            while lever.struck < FAILURES:
                lever.pull(dice.choice((Trouble.WRITE_FAILS, Trouble.SYNC_FAILS, Trouble.FULL)), once=True)
                if dice.random() < 0.02:
                    crowd.newcomer()
                await asyncio.sleep(dice.uniform(0, 0.015))
            lever.pull(Trouble.NONE)
            assert await crowd.falls_silent()
            assert set(refusals(crowd)) <= TOLD | {"generation"}
            await crowd.leaves()
            await server.kill()
            server.start()
            await server.answers()
            findings = await crowd.judged(server)
            assert not findings, str(findings)
            _check_complaints(server)
            tell(
                f"single failures of the disk: {lever.struck}, {crowd.history.acknowledged} messages acknowledged, "
                f"{len(crowd.history.started)} started; told {dict(refusals(crowd))}; not as promised: {findings}"
            )

    run(play())


def refusals(crowd: Crowd) -> Counter[str]:
    """How often these people were told what."""
    told: Counter[str] = Counter()
    for person in crowd.everybody:
        for box in person.boxes.values():
            told.update(box.refusals)
    return told


async def _is_answered(server: Server, conv: bytes, credential: bytes) -> None:
    assert httpx.get(server.origin + "/healthz").status_code == 200
    line = await Line.open(server.origin.replace("http", "ws", 1) + "/socket", server.origin)
    line.send("resume", conv=conv, credential=credential, after=0)
    line.send("ping")
    await line.hear("pong")
    line.close()


def _check_complaints(server: Server) -> None:
    """The administrator reads that something broke, and nothing of what anybody wrote."""
    lines = server.said.splitlines()
    assert lines
    for line in lines:
        assert re.match(r"ERROR luwte: unexpected error in [a-z ]+: (OperationalError|OSError) at ", line), line
