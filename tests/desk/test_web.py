"""A visitor and a counsellor over real sockets."""

import asyncio
import time
from pathlib import Path

import pytest

from actors import House, play
from luwte.conversation import actions as conversations
from luwte.plumbing import db
from luwte.plumbing.sockets import TRY_LATER


@pytest.mark.usefixtures("both_ways")
def test_they_talk(tmp_path: Path) -> None:
    """What one says the other reads, and the acknowledgement tells the place in the log."""

    async def story(house: House) -> None:
        visitor, noor = house.visitor(), house.counsellor()
        await noor.opens_desk()
        assert (await visitor.starts())["t"] == "started"
        assert (await visitor.says("hello"))["n"] == 1
        taken = await noor.takes(visitor.conv)
        assert taken["t"] == "taken"
        assert (await visitor.line.hear("claimed"))["times"] == 1
        visitor.generation = 1
        assert await noor.reads(visitor.conv) == "hello"
        assert (await noor.says(visitor.conv, "hi, good that you are here"))["n"] == 2
        assert await visitor.reads() == "hi, good that you are here"
        assert (await visitor.says("thanks"))["n"] == 3
        assert await noor.reads(visitor.conv) == "thanks"

    play(story, tmp_path / "house")


def test_of_an_opening_a_desk_gets_what_it_asks_for(tmp_path: Path) -> None:
    """All of it, or what comes after a number, a hundred at a time; a long wait is not sent over and over."""

    async def story(house: House) -> None:
        visitor, noor = house.visitor(), house.counsellor()
        await visitor.starts()
        await noor.opens_desk()
        for n in range(103):
            assert (await visitor.says(f"{n}"))["t"] == "ack"

        async def numbers(**after: list[int]) -> list[int]:
            noor.line.send("openings", convs=[visitor.conv], **after)
            return [one["n"] for one in (await noor.line.hear("opening"))["envelopes"]]

        assert await numbers() == await numbers(after=[0]) == list(range(1, 101))
        assert await numbers(after=[100]) == [101, 102, 103]
        assert await numbers(after=[103]) == await numbers(after=[9_000]) == []
        noor.line.send("openings", convs=[visitor.conv, visitor.conv], after=[0, 102])
        assert [one["n"] for one in (await noor.line.hear("opening"))["envelopes"]] == [103]

    play(story, tmp_path / "house")


def test_a_conversation_whose_desk_is_gone_waits_again(tmp_path: Path) -> None:
    """After ninety seconds without a desk it returns to the list; a colleague who comes back in time keeps it."""
    ahead = [0.0]

    async def story(house: House) -> None:
        visitor, noor, sam = house.visitor(), house.counsellor(0), house.counsellor(1)
        await noor.opens_desk()
        await visitor.starts()
        await noor.takes(visitor.conv)
        await visitor.line.hear("claimed")
        noor.line.cut()
        while house.luwte.desks.away(noor.person.id) == 0:
            await asyncio.sleep(0.01)
        ahead[0] += 80
        await house.luwte.watch.look()
        assert len(await house.luwte.db.read(conversations.held_by, noor.person.id)) == 1
        ahead[0] += 11
        await house.luwte.watch.look()
        assert (await visitor.line.hear("waiting"))["place"] == 1
        await sam.opens_desk()
        assert (await sam.takes(visitor.conv))["times"] == 2
        ahead[0] += 200
        await house.luwte.watch.look()
        assert len(await house.luwte.db.read(conversations.held_by, sam.person.id)) == 1

    play(story, tmp_path / "house", lambda: time.time() + ahead[0])


def test_a_take_that_comes_after_the_sign_out_is_refused(tmp_path: Path) -> None:
    """In one transaction each, one of the two is first; nobody is given to a desk that has left."""

    async def story(house: House) -> None:
        for _ in range(30):
            visitor, noor = house.visitor(), house.counsellor(0)
            noor.token = b""
            await noor.opens_desk()
            await visitor.starts()
            noor.line.send("take", conv=visitor.conv)
            await noor.signs_out()
            await noor.line.closing_code()
            assert await house.luwte.db.read(conversations.held_by, noor.person.id) == []

    play(story, tmp_path / "house")


def test_a_desk_that_finds_no_room_is_asked_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What it holds is shown only with a record; when nothing more can be written now, that is no failure of ours."""

    async def story(house: House) -> None:
        visitor, noor = house.visitor(), house.counsellor()
        await noor.opens_desk()
        await visitor.starts()
        assert (await noor.takes(visitor.conv))["t"] == "taken"
        await noor.skips_sign_in()
        with monkeypatch.context() as full:
            full.setattr(db, "WAITING", 0)
            await noor.opens_desk()
            assert await noor.line.closing_code() == TRY_LATER
        assert not caplog.records
        await noor.opens_desk()
        assert (await noor.line.hear("taken"))["conv"] == visitor.conv

    play(story, tmp_path / "house")
