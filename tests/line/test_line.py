"""A line that opens and closes, over real sockets: it keeps newcomers out and cuts nobody off."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from actors import House, play
from attack.attackers import records, refused
from luwte.line import hours

DAYTIME = 'zone = "UTC"\n[lines.chat]\ndaily = ["09:00-17:00"]\n'


async def prospect(house: House) -> dict[str, object]:
    """What a page is told before somebody starts."""
    async with httpx.AsyncClient(base_url=house.origin) as client:
        answer: dict[str, object] = (await client.get("/l/chat/status/2")).json()
        old = (await client.get("/l/chat/status")).json()
    assert old.keys() == {"open", "place", "low", "high"}
    assert old.keys() < answer.keys()
    assert old["open"] == answer["open"]
    return answer


def test_closing_refuses_who_is_new_and_nobody_else(tmp_path: Path) -> None:
    """Who talks goes on; who waits keeps the place and is told; who was told "started" may ask again; then it opens."""

    async def story(house: House) -> None:
        noor, robin = house.counsellor(0), house.counsellor(2)
        talker, waiter, late = house.visitor(), house.visitor(), house.visitor()
        await noor.opens_desk()
        await robin.opens_desk()
        await talker.starts()
        await noor.takes(talker.conv)
        await talker.line.hear("claimed")
        talker.generation = 1
        await waiter.starts()
        robin.line.send("close_line")
        while (told := await noor.line.hear("line"))["open"]:
            pass
        assert (told["until"], told["by"]) == (None, "Robin")
        assert (await waiter.line.hear("line"))["open"] is False
        assert (await late.starts())["code"] == "closed"
        assert (await talker.says("still here?"))["t"] == "ack"
        assert (await noor.says(talker.conv, "yes"))["t"] == "ack"
        waiter.line.cut()
        await waiter.connects()
        waiter.line.send("start", **waiter.start_frame)
        await waiter.line.hear("started")
        assert (await waiter.line.hear("waiting"))["place"] == 1
        assert (await waiter.line.hear("line"))["open"] is False
        waiter.line.cut()
        assert (await waiter.resumes())["t"] == "resumed"
        assert (await noor.takes(waiter.conv))["t"] == "taken"
        assert (await prospect(house))["open"] is False
        robin.line.send("open_line")
        while not (await noor.line.hear("line"))["open"]:
            pass
        assert (await house.visitor().starts())["t"] == "started"
        deeds = [(one.actor, one.action) for one in await records(house) if one.action.startswith("line.")]
        assert deeds == [(robin.person.id, "line.close"), (robin.person.id, "line.open")]

    play(story, tmp_path / "house")


def test_a_closed_line_stays_closed_over_a_restart(tmp_path: Path) -> None:
    """What a lead did is on the disk."""

    async def close(house: House) -> None:
        robin = house.counsellor(2)
        await robin.opens_desk()
        robin.line.send("close_line")
        while (await robin.line.hear("line"))["open"]:
            pass

    async def after(house: House) -> None:
        assert (await house.visitor().starts())["code"] == "closed"

    play(close, tmp_path / "house")
    play(after, tmp_path / "house")


def test_a_counsellor_moves_no_line(tmp_path: Path) -> None:
    """It is refused and on record, and the line is as it was."""

    async def story(house: House) -> None:
        noor = house.counsellor(0)
        await noor.opens_desk()
        assert (await refused(noor.line, "close_line"))["code"] == "not_accepted"
        assert (await house.visitor().starts())["t"] == "started"
        (record,) = [one for one in await records(house) if one.action == "line.close"]
        assert (record.actor, record.result) == (noor.person.id, "not_accepted")

    play(story, tmp_path / "house")


def test_the_clock_opens_and_closes_by_the_file(tmp_path: Path) -> None:
    """By the timetable, with the moment that is told; a lead who opens at night is told till when."""
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / hours.FILE).write_text(DAYTIME)
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0).timestamp()
    ahead = [noon - time.time()]  # whatever the hour, it is noon today

    async def told(house: House) -> tuple[bool, int, str | None]:
        """What a lead's desk says who opens it now."""
        robin = house.counsellor(2)
        await robin.opens_desk()
        line = await robin.line.hear("line")
        return line["open"], line["until"] - int(noon) // 60, line["by"]

    async def story(house: House) -> None:
        assert await told(house) == (True, 5 * 60, None)
        ahead[0] += 5 * 3600 + 60
        assert await told(house) == (False, 21 * 60, None)
        assert (await house.visitor().starts())["code"] == "closed"
        robin = house.counsellor(2)
        await robin.opens_desk()
        robin.line.send("open_line")
        while not (await robin.line.hear("line"))["open"]:
            pass
        assert await told(house) == (True, 29 * 60, "Robin")
        ahead[0] += 17 * 3600
        assert await told(house) == (True, 29 * 60, None)
        assert (await house.visitor().starts())["t"] == "started"

    play(story, folder, lambda: time.time() + ahead[0])


def test_a_changed_file_counts_and_a_bad_one_does_not(tmp_path: Path) -> None:
    """A slip of the pen closes nobody's door: what counted goes on."""

    async def story(house: House) -> None:
        lines = house.luwte.lines
        (house.folder / hours.FILE).write_text("[lines.chat]\n")
        lines.look()
        assert not lines.status("chat").open
        (house.folder / hours.FILE).write_text("[lines.chat]\ndaily = 3")
        lines.look()
        assert not lines.status("chat").open
        (house.folder / hours.FILE).unlink()
        lines.look()
        assert lines.status("chat").open

    play(story, tmp_path / "house")


def test_the_page_is_told_where_else(tmp_path: Path) -> None:
    """Places that are open now, with number, source and date; a line without hours is never too late."""

    async def story(house: House) -> None:
        found = await prospect(house)
        assert (found["open"], found["until"], found["late"]) == (True, None, "no")
        (place,) = found["places"]  # type: ignore[misc]
        assert (place["phone"], place["source"], place["checked"]) == ("113", "www.113.nl", "2026-11-25")

    play(story, tmp_path / "house")


def test_before_somebody_starts_the_page_is_told_that_it_may_be_too_late(tmp_path: Path) -> None:
    """Five were helped in an hour and two wait: the next one waits 18 to 54 minutes, and it closes before that."""
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / hours.FILE).write_text(DAYTIME)
    afternoon = datetime.now(UTC).replace(hour=16, minute=0, second=0, microsecond=0).timestamp()
    ahead = [afternoon - time.time()]

    async def story(house: House) -> None:
        noor = house.counsellor(0)
        await noor.opens_desk()
        for n in range(7):
            visitor = house.visitor()
            await visitor.starts()
            if n < 5:
                await noor.takes(visitor.conv)
        while (found := await prospect(house))["place"] != 3:
            await asyncio.sleep(0.01)
        assert (found["low"], found["high"], found["late"]) == (18, 54, "no")
        assert house.luwte.sockets._sweeper is not None
        house.luwte.sockets._sweeper.cancel()  # or whoever waits falls silent with the clock that is turned
        ahead[0] += 20 * 60
        assert (await prospect(house))["late"] == "maybe"
        ahead[0] += 25 * 60
        found = await prospect(house)
        assert (found["open"], found["late"]) == (True, "yes")
        # Nobody is kept out: a page that was told so may start all the same.
        assert (await house.visitor().starts())["t"] == "started"
        ahead[0] += 16 * 60
        assert (await prospect(house))["open"] is False

    play(story, folder, lambda: time.time() + ahead[0])
