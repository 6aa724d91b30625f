"""What changed is told, also when it could not be read at first; after the end nobody looks any more."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from actors import House, play
from attack.attackers import wait_until
from luwte.conversation.frames import Frame
from luwte.desk import board, frames, teller
from luwte.desk.teller import Teller
from luwte.plumbing.db import Db


class Failing:
    """Readings of the database that fail for a while."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fails, self.failed = False, 0
        real = Db.read

        async def read(db: Db, work: Callable[..., object], *args: object) -> object:
            if self.fails:
                self.failed += 1
                raise OSError("the disk does not answer")
            return await real(db, work, *args)

        monkeypatch.setattr(Db, "read", read)


def test_what_could_not_be_read_is_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without another sign: the call for a colleague that was the news may be the last sign there is."""
    monkeypatch.setattr(teller, "AFTER_TROUBLE", 0.0)
    said: list[Frame] = []
    readings = iter([OSError("the disk does not answer"), OSError("still not"), frames.Company([])])

    async def read() -> Frame:
        one = next(readings)
        if isinstance(one, Exception):
            raise one
        return one

    async def story() -> None:
        telling = Teller(0.0, read, said.append, lambda: True)
        telling.stir()
        await wait_until(lambda: bool(said))
        telling.stop()

    asyncio.run(story())
    assert said == [frames.Company([])]


def test_a_list_that_could_not_be_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever came meanwhile is on it, although nothing more happens."""
    monkeypatch.setattr(board, "AFTER_TROUBLE", 0.01)

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await visitor.starts()
        waiting = house.luwte.boards.of("chat")
        await wait_until(lambda: len(waiting.rows) == 1)
        broken = Failing(monkeypatch)
        broken.fails = True
        waiting.rows = []
        waiting.refresh()
        await wait_until(lambda: broken.failed > 1)
        broken.fails = False
        await wait_until(lambda: len(waiting.rows) == 1)

    play(story, tmp_path / "house")


def test_a_board_that_is_closed_looks_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it was reading, and had heard that it should read again: the database may be closed by then."""
    monkeypatch.setattr(board, "PAUSE", 0.0)

    async def story(house: House) -> None:
        waiting = house.luwte.boards.of("chat")
        await wait_until(lambda: waiting._timer is None and waiting._task is None)
        looks: list[None] = []

        async def look() -> None:
            looks.append(None)
            await asyncio.Event().wait()

        monkeypatch.setattr(waiting, "look", look)
        waiting._cost = 0.0
        waiting.refresh()
        await wait_until(lambda: bool(looks))
        waiting.refresh()
        waiting.close()
        await wait_until(lambda: waiting._task is None)
        waiting.refresh()
        for _ in range(5):
            await asyncio.sleep(0.001)
        assert len(looks) == 1

    play(story, tmp_path / "house")
