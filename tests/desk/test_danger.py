"""Danger: a call for a colleague, a lead who reads along with a reason and goes on, and the lead's live picture."""

from pathlib import Path
from typing import Any

from actors import Counsellor, House, play, three_at_desks
from attack.attackers import a_taken_conversation, answers, records, refused, return_to_list, until_pong
from luwte.desk import alarm


async def hears(desk: Counsellor, kind: str, wanted: Any) -> dict[str, Any]:
    """The first frame of this kind of which *wanted* is true."""
    while not wanted(frame := await desk.line.hear(kind)):
        pass
    return frame


async def deeds(house: House, *actions: str) -> list[tuple[str, str, str, str]]:
    """Of these kinds, what is on record."""
    return [(one.actor, one.action, one.reason, one.result) for one in await records(house) if one.action in actions]


async def steps_in(desk: Counsellor, conv: bytes, reason: str = "asked") -> dict[str, Any]:
    """A lead reads along."""
    desk.line.send("step_in", conv=conv, reason=reason)
    frame = await desk.line.hear("stepped_in", "refused")
    if frame["t"] == "stepped_in":
        desk.gets(frame)
    return frame


def test_a_call_reaches_the_lead_and_who_called_hears_who_comes(tmp_path: Path) -> None:
    """One press; the lead's desk shows it, with who asks; the first to come is named; a colleague hears nothing."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        noor.line.send("need_colleague", conv=visitor.conv)
        (alarm,) = (await hears(robin, "alarms", lambda one: one["alarms"]))["alarms"]
        assert (alarm["conv"], alarm["number"], alarm["by"], alarm["coming"]) == (visitor.conv, 1, "Noor", None)
        (mine,) = (await hears(noor, "alarms", lambda one: one["alarms"]))["alarms"]
        assert mine["mine"]
        sam.line.send("coming", conv=visitor.conv)
        told = [await sam.line.hear()]
        while told[-1]["t"] != "refused":
            told.append(await sam.line.hear())
        assert told[-1]["code"] == "not_accepted"
        robin.line.send("coming", conv=visitor.conv)
        (mine,) = (await hears(noor, "alarms", lambda one: one["alarms"][0]["coming"]))["alarms"]
        assert mine["coming"] == "Robin"
        noor.line.send("solved", conv=visitor.conv)
        assert (await hears(robin, "alarms", lambda one: not one["alarms"]))["alarms"] == []
        told += await heard_so_far(sam)
        assert [frame["alarms"] for frame in told if frame["t"] == "alarms"] == [[]]
        assert await deeds(house, "alarm.raise", "alarm.answer", "alarm.close") == [
            (noor.person.id, "alarm.raise", "", "done"),
            (sam.person.id, "alarm.answer", "", "not_accepted"),
            (robin.person.id, "alarm.answer", "", "done"),
            (noor.person.id, "alarm.close", "", "done"),
        ]

    play(story, tmp_path / "house")


async def heard_so_far(desk: Counsellor) -> list[dict[str, Any]]:
    """Everything up to the pong of a ping."""
    desk.line.send("ping")
    heard = []
    while (frame := await desk.line.hear())["t"] != "pong":
        heard.append(frame)
    return heard


def test_without_a_lead_every_colleague_is_called_and_one_may_come(tmp_path: Path) -> None:
    """Who comes later sees it, too; a lead who signs in takes the call from the colleagues' desks."""

    async def story(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        noor.line.send("need_colleague", conv=visitor.conv)
        await hears(noor, "alarms", lambda one: one["alarms"])
        await sam.opens_desk()
        (alarm,) = (await hears(sam, "alarms", lambda one: one["alarms"]))["alarms"]
        assert (alarm["by"], alarm["mine"]) == ("Noor", False)
        await robin.opens_desk()
        assert (await hears(sam, "alarms", lambda one: not one["alarms"]))["alarms"] == []
        await hears(robin, "alarms", lambda one: one["alarms"])
        robin.line.close()
        await hears(sam, "alarms", lambda one: one["alarms"])
        sam.line.send("coming", conv=visitor.conv)
        (mine,) = (await hears(noor, "alarms", lambda one: one["alarms"][0]["coming"]))["alarms"]
        assert mine["coming"] == "Sam"
        await robin.opens_desk()
        await hears(robin, "alarms", lambda one: one["alarms"])
        assert (await refused(robin.line, "coming", conv=visitor.conv))["code"] == "already_taken"

    play(story, tmp_path / "house")


def test_a_call_outlives_the_desk_and_the_server(tmp_path: Path) -> None:
    """Who called is cut off and the server starts again: the lead sees it at sign-on, until the conversation ends."""
    kept: dict[str, Any] = {}

    async def before(house: House) -> None:
        noor = house.counsellor(0)
        await noor.opens_desk()
        kept["visitor"] = await a_taken_conversation(house, noor)
        noor.line.send("need_colleague", conv=kept["visitor"].conv)
        noor.line.send("need_colleague", conv=kept["visitor"].conv)
        (alarm,) = (await hears(noor, "alarms", lambda one: one["alarms"]))["alarms"]
        assert alarm["coming"] is None

    async def after(house: House) -> None:
        robin, visitor = house.counsellor(2), kept["visitor"]
        await robin.opens_desk()
        (alarm,) = (await hears(robin, "alarms", lambda one: one["alarms"]))["alarms"]
        assert alarm["conv"] == visitor.conv
        await return_to_list(house, visitor.conv)
        visitor.house = house
        await visitor.resumes()
        visitor.line.send("end")
        assert (await hears(robin, "alarms", lambda one: not one["alarms"]))["alarms"] == []

    play(before, tmp_path / "house")
    play(after, tmp_path / "house")


def test_a_lead_reads_along_with_a_reason_and_whispers(tmp_path: Path) -> None:
    """Both logs, live; a note reaches the counsellor, who sees who reads along; to the visitor nothing goes."""

    async def story(house: House) -> None:
        noor, robin = house.counsellor(0), house.counsellor(2)
        await noor.opens_desk()
        await robin.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        await noor.notes(visitor.conv, "sounds young")
        joined = await steps_in(robin, visitor.conv, "danger")
        assert (joined["holder"], joined["last"], joined["note_last"]) == ("Noor", 3, 1)
        assert {await robin.reads(visitor.conv) for _ in range(4)} == {
            "an opening",
            "from the visitor",
            "from the desk",
            "sounds young",
        }
        (talk,) = (await hears(noor, "company", lambda one: one["talks"]))["talks"]
        assert talk == {"conv": visitor.conv, "names": ["Robin"]}
        assert (await robin.notes(visitor.conv, "ask who is at home"))["t"] == "ack"
        assert (await robin.says(visitor.conv, "hello"))["code"] == "no_such_conversation"
        for sign, values in (("typing", {}), ("read", {"n": 1}), ("delivered", {"n": 1})):
            (answer,) = await answers(robin.line, sign, conv=visitor.conv, **values)
            assert answer["code"] == "no_such_conversation"
        ending = await refused(robin.line, "end", conv=visitor.conv, reason="completed")
        assert ending["code"] == "no_such_conversation"
        assert [one["t"] for one in await until_pong(visitor.line)] == []
        await visitor.says("live")
        assert await robin.reads(visitor.conv) == "live"
        robin.line.send("step_out", conv=visitor.conv)
        await robin.line.hear("stepped_out")
        await hears(noor, "company", lambda one: not one["talks"])
        assert (await robin.notes(visitor.conv, "one more"))["code"] == "no_such_conversation"
        assert (await refused(robin.line, "follow", conv=visitor.conv, shared=0, notes=0))["t"] == "refused"
        lead = robin.person.id
        assert await deeds(house, "conversation.step_in", "conversation.step_out", "conversation.read") == [
            (lead, "conversation.step_in", "danger", "done"),
            (lead, "conversation.step_out", "", "done"),
            (lead, "conversation.read", "", "no_such_conversation"),
        ]

    play(story, tmp_path / "house")


def test_a_lead_who_writes_the_first_note_is_read(tmp_path: Path) -> None:
    """Its secret reaches the counsellor's open desk before the note does; one who follows later gets both."""

    async def story(house: House) -> None:
        noor, robin = house.counsellor(0), house.counsellor(2)
        await noor.opens_desk()
        await robin.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        await steps_in(robin, visitor.conv)
        assert (await robin.notes(visitor.conv, "ask who is at home"))["t"] == "ack"
        wrap = await noor.line.hear("wrap")
        noor.secrets[visitor.conv, 2, 0] = noor.unwraps(visitor.conv, wrap)
        while (frame := await noor.line.hear("envelope", "wrap"))["t"] == "envelope" and frame["log"] == 1:
            pass
        assert (frame["t"], noor.opens(frame)) == ("envelope", "ask who is at home")
        assert (await noor.notes(visitor.conv, "two sisters"))["t"] == "ack"
        assert "wrap" not in [one["t"] for one in await heard_so_far(noor)]
        assert "wrap" not in [one["t"] for one in await heard_so_far(robin)]

    play(story, tmp_path / "house")


def test_nothing_is_shown_before_it_is_on_record(tmp_path: Path) -> None:
    """When the record cannot be written, nobody steps in."""

    async def story(house: House) -> None:
        noor, robin = house.counsellor(0), house.counsellor(2)
        await noor.opens_desk()
        await robin.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        await house.luwte.db.write(lambda tx: tx.execute("ALTER TABLE audit RENAME TO elsewhere"))
        (answer,) = await answers(robin.line, "step_in", conv=visitor.conv, reason="asked")
        assert answer["code"] == "failed"
        assert await until_pong(robin.line) == []

    play(story, tmp_path / "house")


def test_each_new_session_that_reads_along_is_on_record_with_the_reason(tmp_path: Path) -> None:
    """A second socket of one session is not; a new sign-in is; and what is left is not shown any more."""

    async def story(house: House) -> None:
        noor, robin = house.counsellor(0), house.counsellor(2)
        await noor.opens_desk()
        await robin.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        await steps_in(robin, visitor.conv, "complaint")
        await robin.opens_desk()
        await robin.line.hear("stepped_in")
        assert await deeds(house, "conversation.read") == []
        robin.token = b""
        await robin.opens_desk()
        await robin.line.hear("stepped_in")
        assert await deeds(house, "conversation.read") == [(robin.person.id, "conversation.read", "complaint", "done")]
        visitor.line.send("end")
        assert (await robin.line.hear("ended"))["by"] == "visitor"
        await robin.opens_desk()
        assert "stepped_in" not in [one["t"] for one in await heard_so_far(robin)]

    play(story, tmp_path / "house")


def test_a_lead_takes_over_and_the_visitor_is_told(tmp_path: Path) -> None:
    """Only after stepping in; the counsellor loses it, the visitor hears that a colleague goes on, the call is over."""

    async def story(house: House) -> None:
        noor, robin = house.counsellor(0), house.counsellor(2)
        await noor.opens_desk()
        await robin.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        assert (await refused(robin.line, "take_over", conv=visitor.conv))["code"] == "wrong_order"
        noor.line.send("need_colleague", conv=visitor.conv)
        await steps_in(robin, visitor.conv, "danger")
        robin.line.send("take_over", conv=visitor.conv)
        taken = await robin.line.hear("taken")
        assert taken["times"] == 2
        robin.gets(taken)
        assert (await noor.line.hear("lost"))["conv"] == visitor.conv
        assert (await visitor.line.hear("claimed"))["times"] == 2
        assert await house.luwte.db.read(alarm.calls, "chat") == []
        assert (await noor.says(visitor.conv, "x"))["code"] == "no_such_conversation"
        assert (await robin.says(visitor.conv, "I go on"))["t"] == "ack"
        assert await deeds(house, "conversation.take_over", "conversation.read") == [
            (robin.person.id, "conversation.take_over", "danger", "done"),
        ]

    play(story, tmp_path / "house")


def test_who_reads_along_stays_when_the_counsellor_vanishes(tmp_path: Path) -> None:
    """The conversation waits again; the lead still reads, and may go on at once."""

    async def story(house: House) -> None:
        noor, robin = house.counsellor(0), house.counsellor(2)
        await noor.opens_desk()
        await robin.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        await steps_in(robin, visitor.conv)
        await return_to_list(house, visitor.conv)
        assert (await robin.line.hear("stepped_in"))["holder"] == ""
        robin.line.send("take_over", conv=visitor.conv)
        assert (await robin.line.hear("taken"))["times"] == 2

    play(story, tmp_path / "house")


def test_only_a_lead_steps_in(tmp_path: Path) -> None:
    """A counsellor's attempt is refused and on record; a reason that is none is refused, too."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        assert (await steps_in(sam, visitor.conv))["code"] == "not_accepted"
        assert (await steps_in(robin, visitor.conv, "curious"))["code"] == "malformed"
        assert await deeds(house, "conversation.step_in") == [
            (sam.person.id, "conversation.step_in", "", "not_accepted")
        ]

    play(story, tmp_path / "house")


def test_the_lead_sees_the_shift_and_nothing_that_was_said(tmp_path: Path) -> None:
    """Who waits and since when, who talks with whom, answered and missed; a counsellor gets no picture."""

    async def story(house: House) -> None:
        noor, robin = house.counsellor(0), house.counsellor(2)
        await noor.opens_desk()
        await robin.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        waiter, leaver = house.visitor(), house.visitor()
        await waiter.starts()
        await leaver.starts()
        leaver.line.send("end")
        found = await hears(robin, "picture", lambda one: one["waiting"] == 1 and one["missed"] == 1)
        assert found["answered"] == 1
        assert found["longest"] is not None
        assert (found["away"], found["limit"]) == (0, house.settings.desk_limit)
        waiter.line.cut()
        found = await hears(robin, "picture", lambda one: one["waiting"] == 0 and one["away"] == 1)
        (talk,) = found["running"]
        assert (talk["conv"], talk["number"], talk["holder"], talk["companions"]) == (visitor.conv, 1, "Noor", [])
        assert found["desks"] == [
            {"name": "Noor", "role": "counsellor", "held": 1, "here": True},
            {"name": "Robin", "role": "lead", "held": 0, "here": True},
        ]
        await steps_in(robin, visitor.conv)
        found = await hears(robin, "picture", lambda one: one["running"][0]["companions"])
        assert found["running"][0]["companions"] == ["Robin"]
        assert "picture" not in [one["t"] for one in await heard_so_far(noor)]

    play(story, tmp_path / "house")
