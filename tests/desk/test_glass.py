"""Breaking glass: on record first, with a reason, seen by somebody else until they say so, never more than reading."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import Counsellor, House, play, three_at_desks
from attack.attackers import (
    Wound,
    a_taken_conversation,
    a_team_next_door,
    answers,
    records,
    refused,
    until_pong,
    wait_until,
    what_is_stored,
)
from desk.test_danger import deeds, hears
from luwte.audit.model import pseudonym
from luwte.crypto.envelope import NOTE, TEAM_LOG
from luwte.desk import beside
from luwte.desk.glass import A_DAY, DAY, GROUNDS, LASTS, LONGEST, SHORTEST, check_reason
from luwte.errors import ReasonNeeded
from luwte.plumbing import keystore, looking
from luwte.plumbing.db import ReadTx

WHY = "She does not answer the phone either"
GLASS = ("glass.break", "glass.close", "glass.see", "conversation.read")


def today(house: House) -> int:
    """The day on which conversations count now."""
    return house.luwte.minute() // 1440


async def breaks(desk: Counsellor, number: int = 1, basis: str = "absent", reason: str = WHY, **more: Any) -> Any:
    """Ask to open a conversation; what comes of it."""
    day = more.get("day", today(desk.house))
    desk.line.send("break_glass", number=number, day=day, basis=basis, reason=reason)
    frame = await desk.line.hear("opened", "refused")
    if frame["t"] == "opened":
        desk.gets(frame)
    return frame


async def notices(desk: Counsellor, count: int) -> list[dict[str, Any]]:
    """The list of broken glass once it has so many rows."""
    found: list[dict[str, Any]] = (await hears(desk, "broken", lambda one: len(one["glass"]) == count))["glass"]
    return found


@pytest.mark.usefixtures("both_ways")
def test_a_colleagues_conversation_is_read_and_everybody_concerned_sees_it(tmp_path: Path) -> None:
    """G-10: the lead at once, by name and reason, until they say so; who has it, as long as it is read."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        await noor.notes(visitor.conv, "a note")
        opened = await breaks(sam)
        assert (opened["holder"], opened["basis"], opened["number"]) == ("Noor", "absent", 1)
        heard = {await sam.reads(visitor.conv) for _ in range(4)}
        assert heard == {"an opening", "from the visitor", "from the desk", "a note"}
        (row,) = await notices(robin, 1)
        assert row == {
            "key": 1,
            "number": 1,
            "by": "Sam",
            "basis": "absent",
            "reason": WHY,
            "minute": house.luwte.minute(),
            "mine": False,
        }
        company = await hears(noor, "company", lambda one: one["talks"])
        assert company["talks"] == [{"conv": visitor.conv, "names": ["Sam"]}]

        # Live, and read only: not to the visitor, not to the team, no deed of any kind.
        await visitor.says("and then")
        assert await sam.reads(visitor.conv) == "and then"
        before = await what_is_stored(house)
        note = sam._seal(visitor.conv, TEAM_LOG, NOTE, 0, "x", {"sender": os.urandom(8)})
        for name, values in (
            ("append", {"envelope": sam.seals(visitor.conv, "x")}),
            ("append", {"envelope": note}),
            ("typing", {"conv": visitor.conv}),
            ("end", {"conv": visitor.conv, "reason": "abuse"}),
            ("give_back", {"conv": visitor.conv}),
            ("need_colleague", {"conv": visitor.conv}),
            ("mute", {"conv": visitor.conv, "on": True}),
        ):
            assert (await refused(sam.line, name, **values))["code"] == "no_such_conversation", name
        assert await what_is_stored(house) == before

        assert (await refused(sam.line, "see_glass", key=1))["code"] == "not_accepted"
        robin.line.send("see_glass", key=1)
        assert await notices(robin, 0) == []
        sam.line.send("close_glass", conv=visitor.conv)
        assert (await sam.line.hear("stepped_out"))["conv"] == visitor.conv
        assert (await hears(noor, "company", lambda one: not one["talks"]))["talks"] == []
        assert (await refused(sam.line, "follow", conv=visitor.conv, shared=0, notes=0))[
            "code"
        ] == "no_such_conversation"
        assert await deeds(house, *GLASS) == [
            (sam.person.id, "glass.break", "absent", "done"),
            (sam.person.id, "glass.see", "", "not_accepted"),
            (robin.person.id, "glass.see", sam.person.id, "done"),
            (sam.person.id, "glass.close", "", "done"),
            (sam.person.id, "conversation.read", "", "no_such_conversation"),
        ]
        key = house.luwte.keys.get(keystore.CONVERSATION, visitor.conv)
        objects = {one.object for one in await records(house) if one.action.startswith("glass.") and one.object}
        assert objects == {pseudonym(key or b"", visitor.conv)}

    play(story, tmp_path / "house")


def test_an_ended_conversation_opens_and_an_erased_one_does_not(tmp_path: Path) -> None:
    """Also to who had it; once it is erased the words of the reason are gone, and the notice and the records stay."""

    async def story(house: House) -> None:
        noor, _, robin = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        await answers(noor.line, "end", conv=visitor.conv, reason="completed")
        opened = await breaks(noor, basis="complaint")
        assert (await noor.line.hear("ended"))["by"] == "team"
        assert {await noor.reads(visitor.conv) for _ in range(3)} == {"an opening", "from the visitor", "from the desk"}
        assert opened["last"] == 3
        assert [row["reason"] for row in await notices(robin, 1)] == [WHY]
        assert (await visitor.erases())["t"] == "erased"
        assert (await noor.line.hear("erased"))["conv"] == visitor.conv
        (row,) = (await hears(robin, "broken", lambda one: one["glass"][0]["reason"] == ""))["glass"]
        assert (row["by"], row["number"], row["basis"]) == ("Noor", 1, "complaint")
        kept = await house.luwte.db.read(lambda tx: tx.all("SELECT conversation, reason FROM glass"))
        assert [conversation for conversation, _ in kept] == [None]
        robin.line.send("see_glass", key=row["key"])
        assert await notices(robin, 0) == []
        assert (await breaks(noor))["code"] == "no_such_conversation"
        assert (await breaks(robin))["code"] == "no_such_conversation"

    play(story, tmp_path / "house")


def test_refused_without_a_reason_and_outside_the_team(tmp_path: Path) -> None:
    """No reason, no conversation, one's own, another team's, too many: refused, on record once, and nothing leaves."""

    async def story(house: House) -> None:
        noor, sam, _ = await three_at_desks(house)
        kim = await a_team_next_door(house)
        await kim.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        for reason in ("", "  ", "why", "x" * 301, "one\ntwo lines", "\x1b[31mred", "a\u202ereversed"):
            assert (await breaks(sam, reason=reason))["code"] == "reason_needed", reason
        assert (await breaks(sam, basis="curious"))["code"] == "reason_needed"
        assert (await breaks(sam, number=7))["code"] == "no_such_conversation"
        assert (await breaks(sam, day=today(house) - 1))["code"] == "no_such_conversation"
        assert (await breaks(kim))["code"] == "no_such_conversation"
        assert (await breaks(noor))["code"] == "wrong_order"
        assert (await refused(sam.line, "close_glass", conv=visitor.conv))["code"] == "no_such_conversation"
        assert (await refused(sam.line, "see_glass", key=1))["code"] == "no_such_conversation"
        more = []
        for _ in range(3):
            more.append(house.visitor())
            await more[-1].starts()
        for number in (1, 2, 3):
            assert (await breaks(sam, number=number))["t"] == "opened"
        assert (await breaks(sam, number=3))["code"] == "wrong_order"
        assert (await breaks(sam, number=4))["code"] == "limit_reached"
        found = Counter((one.action, one.actor, one.result) for one in await records(house) if "glass" in one.action)
        s = sam.person.id
        assert found == {
            ("glass.break", s, "reason_needed"): 1,
            ("glass.break", s, "no_such_conversation"): 1,
            ("glass.break", kim.person.id, "no_such_conversation"): 1,
            ("glass.close", s, "no_such_conversation"): 1,
            ("glass.see", s, "no_such_conversation"): 1,
            ("glass.break", s, "done"): 3,
            ("glass.break", s, "limit_reached"): 1,
        }

    play(story, tmp_path / "house")


def test_without_a_record_no_glass_breaks(tmp_path: Path) -> None:
    """I-6: the log cannot be written; nothing is opened, nothing is noticed, and later nothing is open."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        await a_taken_conversation(house, noor)
        no = "CREATE TRIGGER no BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"
        await house.luwte.db.write(lambda tx: tx.execute(no))
        assert (await breaks(sam))["code"] == "failed"
        assert await until_pong(robin.line) == []
        await house.luwte.db.write(lambda tx: tx.execute("DROP TRIGGER no"))
        assert await house.luwte.db.read(lambda tx: tx.all("SELECT * FROM glass")) == []
        again = house.counsellor(1)
        again.token = sam.token
        await again.opens_desk()
        assert [one["t"] for one in await until_pong(again.line)] == []
        assert not [row for frame in robin.line.everything if frame["t"] == "broken" for row in frame["glass"]]

    play(story, tmp_path / "house")


def test_a_desk_is_told_that_it_closed_also_when_the_disk_fails_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then a colleague's conversation would stand there for good: nothing else makes the desk look again."""
    monkeypatch.setattr(looking, "AFTER_TROUBLE", 0.01)
    real, failed = beside._found, []

    def failing(tx: ReadTx, id: bytes) -> Any:
        if len(failed) < 2:
            failed.append(id)
            raise OSError("the disk")
        return real(tx, id)

    async def story(house: House) -> None:
        noor, sam, _ = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        await breaks(sam)
        monkeypatch.setattr(beside, "_found", failing)
        sam.line.send("close_glass", conv=visitor.conv)
        assert (await sam.line.hear("stepped_out"))["conv"] == visitor.conv
        assert failed == [visitor.conv] * 2

    play(story, tmp_path / "house")


def test_it_closes_after_an_hour_and_with_the_shift(tmp_path: Path) -> None:
    """By the clock for a desk that stays, at sign-out for one that goes; a new session in between is on record."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, sam, _ = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        await breaks(sam)
        sam.line.close()
        await wait_until(lambda: sam.person.id not in house.luwte.desks.here())
        sam.token = b""
        await sam.opens_desk()
        assert (await sam.line.hear("opened"))["conv"] == visitor.conv
        clock.ahead += LASTS * 60
        await house.luwte.watch.look()
        assert (await sam.line.hear("stepped_out"))["conv"] == visitor.conv
        await breaks(sam, day=house.luwte.minute() // 1440 - (1 if _is_past_midnight(house) else 0))
        await sam.signs_out()
        sam.token = b""
        await sam.opens_desk()
        assert await until_pong(sam.line) == []
        assert await deeds(house, *GLASS) == [
            (sam.person.id, "glass.break", "absent", "done"),
            (sam.person.id, "conversation.read", "absent", "done"),
            (sam.person.id, "glass.close", "late", "done"),
            (sam.person.id, "glass.break", "absent", "done"),
            (sam.person.id, "glass.close", "signed_out", "done"),
        ]

    play(story, tmp_path / "house", clock)


def _is_past_midnight(house: House) -> bool:
    """Whether the hour that the clock was wound took it into another day."""
    return house.luwte.minute() // 1440 != (house.luwte.minute() - LASTS) // 1440


def test_however_quick_the_hand_not_more_than_so_often_a_day(tmp_path: Path) -> None:
    """Opening and closing again and again ends for the day: it is one account's limit, and a colleague can go on."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        day = today(house)
        for _ in range(A_DAY):
            assert (await breaks(sam, day=day))["t"] == "opened"
            sam.line.send("close_glass", conv=visitor.conv)
            await sam.line.hear("stepped_out")
        for _ in range(2):
            assert (await breaks(sam, day=day))["code"] == "opened_often"
        assert (await breaks(robin, day=day))["t"] == "opened"
        found = await deeds(house, "glass.break")
        assert found.count((sam.person.id, "glass.break", "absent", "done")) == A_DAY
        assert found.count((sam.person.id, "glass.break", "", "opened_often")) == 1
        clock.ahead += DAY * 60
        sam.token = b""
        await sam.opens_desk()
        assert (await breaks(sam, day=day))["t"] == "opened"

    play(story, tmp_path / "house", clock)


def test_nobody_watches_only_over_themselves(tmp_path: Path) -> None:
    """The only lead's own glass is shown to the others, and one of them says that they saw it; the lead cannot."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        await a_taken_conversation(house, noor)
        await breaks(robin, basis="danger")
        other = house.counsellor(2)  # another desk: at the first the notice may have come before the answer
        await other.opens_desk()
        assert [row["mine"] for row in await notices(other, 1)] == [True]
        assert [row["by"] for row in await notices(sam, 1)] == ["Robin"]
        assert (await refused(robin.line, "see_glass", key=1))["code"] == "not_accepted"
        sam.line.send("see_glass", key=1)
        assert await notices(other, 0) == []

    play(story, tmp_path / "house")


def test_taking_it_makes_it_ones_own(tmp_path: Path) -> None:
    """Who reads through glass may take it when it waits: then it is theirs, with all that belongs to it."""

    async def story(house: House) -> None:
        noor, sam, _ = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        await breaks(sam)
        await answers(noor.line, "give_back", conv=visitor.conv)
        assert (await sam.line.hear("opened"))["holder"] == ""
        assert (await sam.takes(visitor.conv))["t"] == "taken"
        assert (await sam.says(visitor.conv, "I go on"))["t"] == "ack"

    play(story, tmp_path / "house")


@given(reason=st.text(max_size=LONGEST + 20))
def test_a_reason_is_one_plain_line(reason: str) -> None:
    """What is kept can be shown anywhere: no line breaks, no control characters, of some length."""
    try:
        kept = check_reason(GROUNDS[0], reason)
    except ReasonNeeded:
        return
    assert SHORTEST <= len(kept) <= LONGEST
    assert len(kept.splitlines()) == 1
    assert kept.isprintable() or not any(ord(one) < 32 or one == "\x7f" for one in kept)
