"""Handing on: offered, accepted, declined, withdrawn, given back, muted; nobody is ever in two hands, or in none."""

import asyncio
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from actors import Counsellor, House, Line, Visitor, play
from attack.attackers import (
    Wound,
    a_taken_conversation,
    a_team_next_door,
    answers,
    records,
    refused,
    until_pong,
    wait_until,
)
from luwte.conversation import actions as conversations
from luwte.conversation.follow import Follower
from luwte.desk import hand_over
from luwte.desk.offer import LASTS, Offer
from luwte.plumbing import looking
from luwte.plumbing.db import ReadTx
from luwte.plumbing.looking import Looking


async def a_shift(house: House) -> tuple[Counsellor, Counsellor, Visitor]:
    """Noor who talks with a visitor, and Sam at another desk."""
    noor, sam = house.counsellor(0), house.counsellor(1)
    await noor.opens_desk()
    await sam.opens_desk()
    visitor = await a_taken_conversation(house, noor)
    return noor, sam, visitor


async def offers(noor: Counsellor, sam: Counsellor, visitor: Visitor) -> None:
    """Noor offers the conversation to Sam, and both desks know it."""
    noor.line.send("hand_over", conv=visitor.conv, to=sam.person.id)
    assert await noor.line.hear("asked", "refused") == {
        "t": "asked",
        "conv": visitor.conv,
        "to": sam.person.id,
        "name": sam.person.name,
    }
    offered = await sam.line.hear("offered")
    assert (offered["conv"], offered["by"], offered["name"]) == (visitor.conv, noor.person.id, noor.person.name)
    assert offered["number"] >= 1


async def holder(house: House, visitor: Visitor) -> str | None:
    """Who has it, on the disk."""
    return (await house.luwte.db.read(conversations.find, visitor.conv)).holder


def test_a_colleague_accepts_and_the_visitor_is_told_that_somebody_goes_on(tmp_path: Path) -> None:
    """All that was said, and the whisper, is there for the colleague; the first desk loses it; nobody waited."""

    async def story(house: House) -> None:
        noor, sam, visitor = await a_shift(house)
        assert (await noor.notes(visitor.conv, "speaks softly, ask about tonight"))["t"] == "ack"
        await offers(noor, sam, visitor)
        assert (await visitor.says("still with you"))["t"] == "ack"
        assert (await noor.says(visitor.conv, "I am still here"))["t"] == "ack"
        sam.line.send("answer", conv=visitor.conv, accept=True)
        taken = await sam.line.hear("taken", "refused")
        assert (taken["t"], taken["times"]) == ("taken", 2)
        sam.gets(taken)
        heard = [await sam.reads(visitor.conv) for _ in range(6)]
        assert "speaks softly, ask about tonight" in heard
        assert {"an opening", "still with you", "I am still here"} < set(heard)
        assert (await visitor.line.hear("claimed", "waiting")) == {"t": "claimed", "times": 2}
        assert {(await noor.line.hear("lost", "offer_over"))["t"] for _ in range(2)} == {"lost", "offer_over"}
        assert (await sam.says(visitor.conv, "Sam here, I read back"))["t"] == "ack"
        assert (await refused(noor.line, "end", conv=visitor.conv, reason="abuse"))["code"] == "no_such_conversation"

    play(story, tmp_path / "house")


def test_a_colleague_declines_or_says_nothing_and_the_first_goes_on(tmp_path: Path) -> None:
    """Declined, withdrawn and unanswered for two minutes: the asker hears which, and has the conversation still."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, sam, visitor = await a_shift(house)
        await offers(noor, sam, visitor)
        sam.line.send("answer", conv=visitor.conv, accept=False)
        for desk in (noor, sam):
            assert await desk.line.hear("offer_over") == {"t": "offer_over", "conv": visitor.conv, "why": "declined"}
        await offers(noor, sam, visitor)
        noor.line.send("withdraw", conv=visitor.conv)
        for desk in (noor, sam):
            assert (await desk.line.hear("offer_over"))["why"] == "withdrawn"
        await offers(noor, sam, visitor)
        clock.ahead += LASTS - 2
        await house.luwte.watch.look()
        clock.ahead += 3
        assert (await refused(sam.line, "answer", conv=visitor.conv, accept=True))["code"] == "no_such_offer"
        await house.luwte.watch.look()
        for desk in (noor, sam):
            assert (await desk.line.hear("offer_over"))["why"] == "late"
        assert (await noor.says(visitor.conv, "I am still here"))["t"] == "ack"
        assert await holder(house, visitor) == noor.person.id

    play(story, tmp_path / "house", clock)


def test_an_offer_that_could_not_be_read_at_first_is_told_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else happens meanwhile that would make the desks look."""
    monkeypatch.setattr(looking, "AFTER_TROUBLE", 0.01)
    real, failed = hand_over.offers, []

    def failing(tx: ReadTx, account: str, now: int) -> list[tuple[Offer, int, str, str]]:
        found = real(tx, account, now)
        if found and failed.count(account) < 2:
            failed.append(account)
            raise OSError("the disk")
        return found

    async def story(house: House) -> None:
        noor, sam, visitor = await a_shift(house)
        monkeypatch.setattr(hand_over, "offers", failing)
        await offers(noor, sam, visitor)
        assert sorted(failed) == sorted([noor.person.id, sam.person.id] * 2)

    play(story, tmp_path / "house")


def test_whatever_ends_or_moves_a_conversation_ends_its_offer(tmp_path: Path) -> None:
    """The visitor ends, the asker ends, gives back, signs out, is gone for 90 s; the colleague signs out."""
    clock = Wound()

    async def story(house: House) -> None:
        for how in ("visitor ends", "asker ends", "gives back", "signs out", "gone", "colleague signs out"):
            noor, sam, visitor = await a_shift(house)
            noor.token = b""
            await offers(noor, sam, visitor)
            match how:
                case "visitor ends":
                    visitor.line.send("end")
                case "asker ends":
                    noor.line.send("end", conv=visitor.conv, reason="test_call")
                case "gives back":
                    noor.line.send("give_back", conv=visitor.conv)
                case "signs out":
                    await house.luwte.sign_out(session_token(noor))
                case "gone":
                    noor.line.cut()
                    await wait_until(lambda desk=noor: house.luwte.desks.away(desk.person.id) > 0)
                    clock.ahead += 91
                    await house.luwte.watch.look()
                case "colleague signs out":
                    await sam.signs_out()
                    assert (await noor.line.hear("offer_over"))["why"] == "gone"
            if how != "colleague signs out":
                assert (await sam.line.hear("offer_over"))["why"] == "over"
                refusal = await refused(sam.line, "answer", conv=visitor.conv, accept=True)
                assert refusal["code"] == "no_such_offer", how
            if how == "gives back":
                await noor.takes(visitor.conv)  # the same hands again, and another seat: it was not offered from there
                refusal = await refused(sam.line, "answer", conv=visitor.conv, accept=True)
                assert refusal["code"] == "no_such_offer"
            assert await holder(house, visitor) != sam.person.id
            noor.line.close()
            sam.line.close()

    play(story, tmp_path / "house", clock)


def session_token(desk: Counsellor) -> bytes:
    """The token that its open socket signed on with."""
    import msgspec

    token: bytes = msgspec.msgpack.decode(desk.line.sent[0])["token"]
    return token


def test_an_offer_outlives_a_restart(tmp_path: Path) -> None:
    """Both desks hear of it again when they come back, and it can be accepted."""
    kept: list[Any] = []

    async def before(house: House) -> None:
        noor, sam, visitor = await a_shift(house)
        await offers(noor, sam, visitor)
        kept.extend([noor.token, sam.token, visitor.conv])

    async def after(house: House) -> None:
        noor, sam, conv = house.counsellor(0), house.counsellor(1), kept[2]
        noor.token, sam.token = kept[:2]
        await noor.opens_desk()
        assert (await noor.line.hear("asked"))["conv"] == conv
        await sam.opens_desk()
        assert (await sam.line.hear("offered"))["conv"] == conv
        sam.line.send("answer", conv=conv, accept=True)
        assert (await sam.line.hear("taken", "refused"))["t"] == "taken"

    play(before, tmp_path / "house")
    play(after, tmp_path / "house")


def test_who_may_be_asked(tmp_path: Path) -> None:
    """Not oneself, nobody who is away, nobody of another team, nobody twice; and only about what one has."""

    async def story(house: House) -> None:
        noor, sam, visitor = await a_shift(house)
        kim = await a_team_next_door(house)
        await kim.opens_desk()
        for nobody in (noor.person.id, kim.person.id, house.counsellor(2).person.id, "nobody", ""):
            refusal = await refused(noor.line, "hand_over", conv=visitor.conv, to=nobody)
            assert refusal["code"] == "not_on_shift"
        for desk in (sam, kim):
            refusal = await refused(desk.line, "hand_over", conv=visitor.conv, to=noor.person.id)
            assert refusal["code"] == "no_such_conversation"
        await offers(noor, sam, visitor)
        refusal = await refused(noor.line, "hand_over", conv=visitor.conv, to=sam.person.id)
        assert refusal["code"] == "already_offered"
        lead = house.counsellor(2)
        await lead.opens_desk()
        for desk in (noor, lead, kim):
            for accept in (True, False):
                refusal = await refused(desk.line, "answer", conv=visitor.conv, accept=accept)
                assert refusal["code"] == "no_such_offer"
        for desk in (sam, lead, kim):
            assert (await refused(desk.line, "withdraw", conv=visitor.conv))["code"] == "no_such_offer"

    play(story, tmp_path / "house")


def test_the_desk_knows_its_colleagues_and_how_many_conversations_they_have(tmp_path: Path) -> None:
    """They come, take, and leave; a team next door is not among them."""

    async def story(house: House) -> None:
        noor, sam, visitor = house.counsellor(0), house.counsellor(1), house.visitor()
        kim = await a_team_next_door(house)
        await kim.opens_desk()
        await noor.opens_desk()
        assert await noor.line.hear("shift") == {"t": "shift", "limit": 1_000, "colleagues": []}
        await sam.opens_desk()
        row = {"account": sam.person.id, "name": sam.person.name, "held": 0}
        assert (await noor.line.hear("shift"))["colleagues"] == [row]
        await visitor.starts()
        await sam.takes(visitor.conv)
        assert (await noor.line.hear("shift"))["colleagues"] == [row | {"held": 1}]
        await sam.signs_out()
        assert (await noor.line.hear("shift"))["colleagues"] == []
        assert (await kim.line.hear("shift"))["colleagues"] == []

    play(story, tmp_path / "house")


def test_given_back_goes_to_the_top_with_its_whisper(tmp_path: Path) -> None:
    """Before those who wait for the first time; the next counsellor reads the note; the visitor is told."""

    async def story(house: House) -> None:
        noor, sam, visitor = await a_shift(house)
        other = house.visitor()
        await other.starts()
        await other.line.hear("waiting")
        await noor.notes(visitor.conv, "I must go; her bus is at nine")
        noor.line.send("give_back", conv=visitor.conv)
        assert (await noor.line.hear("lost"))["conv"] == visitor.conv
        assert (await visitor.line.hear("waiting"))["place"] == 1
        assert (await other.line.hear("waiting"))["place"] == 2
        taken = await sam.takes(visitor.conv)
        assert taken["note_last"] == 1
        heard = [await sam.reads(visitor.conv) for _ in range(4)]
        assert "I must go; her bus is at nine" in heard

    play(story, tmp_path / "house")


def test_nobody_has_more_conversations_than_one_can_hold(tmp_path: Path) -> None:
    """Take and accept beyond the limit are refused with a sentence, also for twenty at once; ending makes room."""

    async def story(house: House) -> None:
        noor, sam = house.counsellor(0), house.counsellor(1)
        await noor.opens_desk()
        await sam.opens_desk()
        visitors = [house.visitor() for _ in range(6)]
        for visitor in visitors:
            await visitor.starts()
            noor.line.send("take", conv=visitor.conv)
        got = [await noor.line.hear("taken", "refused") for _ in range(6)]
        assert Counter(frame.get("code", "taken") for frame in got) == {"taken": 4, "limit_reached": 2}
        mine = [frame["conv"] for frame in got if frame["t"] == "taken"]
        late = next(frame["conv"] for frame in got if frame["t"] == "refused")
        (full,) = [one for one in visitors if one.conv == late]
        await sam.takes(full.conv)
        sam.line.send("hand_over", conv=full.conv, to=noor.person.id)
        await noor.line.hear("offered")
        assert (await refused(noor.line, "answer", conv=full.conv, accept=True))["code"] == "limit_reached"
        noor.line.send("end", conv=mine[0], reason="prank")
        await noor.line.hear("ended")
        noor.line.send("answer", conv=full.conv, accept=True)
        assert (await noor.line.hear("taken", "refused"))["conv"] == full.conv

    play(story, tmp_path / "house", desk_limit=4)


def test_a_muted_visitor_is_refused_kindly_and_heard_again(tmp_path: Path) -> None:
    """What was stored keeps its acknowledgement; it is undone by hand, by giving back, and by handing over."""

    async def story(house: House) -> None:
        noor, sam, visitor = await a_shift(house)
        before = visitor.chain.sealed(visitor.seals("before"))
        visitor.line.send("append", envelope=before)
        first = await visitor.line.hear("ack")

        async def muted() -> None:
            noor.line.send("mute", conv=visitor.conv, on=True)
            assert await noor.line.hear("muted", "refused") == {"t": "muted", "conv": visitor.conv, "on": True}
            assert await visitor.line.hear("muted") == {"t": "muted", "on": True}
            (refusal,) = await answers(visitor.line, "append", envelope=visitor.seals("not now"))
            assert (refusal["code"], refusal["says"]) == ("muted", "Your messages are not passed on now.")

        await muted()
        visitor.line.send("append", envelope=before)
        assert await visitor.line.hear("ack", "refused") == first
        assert (await noor.says(visitor.conv, "please stop this"))["t"] == "ack"
        noor.line.send("mute", conv=visitor.conv, on=False)
        assert (await noor.line.hear("muted"))["on"] is False
        assert (await visitor.line.hear("muted"))["on"] is False
        assert (await visitor.says("sorry"))["t"] == "ack"
        await muted()
        await visitor.resumes()
        assert (await visitor.line.hear("muted"))["on"] is True
        await offers(noor, sam, visitor)
        sam.line.send("answer", conv=visitor.conv, accept=True)
        sam.gets(await sam.line.hear("taken"))
        assert (await visitor.line.hear("muted"))["on"] is False
        sam.line.send("mute", conv=visitor.conv, on=True)
        assert (await sam.line.hear("muted"))["on"] is True
        sam.line.send("give_back", conv=visitor.conv)
        assert (await visitor.line.hear("muted"))["on"] is True
        assert (await visitor.line.hear("muted"))["on"] is False
        assert (await visitor.says("is anybody there"))["t"] == "ack"

    play(story, tmp_path / "house")


def test_every_deed_and_refusal_is_on_record(tmp_path: Path) -> None:
    """Offer, decline, withdraw, accept with both, give back, mute and undo; refused ones with their code."""

    async def story(house: House) -> None:
        noor, sam, visitor = await a_shift(house)
        me, colleague = noor.person.id, sam.person.id
        for answer in ("decline", "withdraw", "accept"):
            await offers(noor, sam, visitor)
            if answer == "withdraw":
                noor.line.send("withdraw", conv=visitor.conv)
            else:
                sam.line.send("answer", conv=visitor.conv, accept=answer == "accept")
            await sam.line.hear("offer_over")
        for on in (True, False):
            sam.line.send("mute", conv=visitor.conv, on=on)
            assert (await sam.line.hear("muted"))["on"] is on
        await refused(noor.line, "mute", conv=visitor.conv, on=True)
        await refused(noor.line, "mute", conv=visitor.conv, on=False)
        await refused(noor.line, "give_back", conv=visitor.conv)
        await refused(noor.line, "hand_over", conv=visitor.conv, to=colleague)
        await refused(noor.line, "withdraw", conv=visitor.conv)
        for accept in (True, False):
            await refused(noor.line, "answer", conv=visitor.conv, accept=accept)
        sam.line.send("give_back", conv=visitor.conv)
        await sam.line.hear("lost")
        gone = "no_such_conversation"
        found = [(one.actor, one.action, one.result, one.reason) for one in await records(house)]
        after = found[found.index((me, "conversation.offer", "done", colleague)) :]
        assert after == [
            (me, "conversation.offer", "done", colleague),
            (colleague, "conversation.decline", "done", me),
            (me, "conversation.offer", "done", colleague),
            (me, "conversation.withdraw", "done", colleague),
            (me, "conversation.offer", "done", colleague),
            (me, "conversation.hand_over", "done", colleague),
            (colleague, "conversation.accept", "done", me),
            (colleague, "conversation.mute", "done", ""),
            (colleague, "conversation.unmute", "done", ""),
            (me, "conversation.mute", gone, ""),  # one attempt, however often
            (me, "conversation.return", gone, ""),
            (me, "conversation.offer", gone, ""),
            (me, "conversation.withdraw", "no_such_offer", ""),
            (me, "conversation.accept", "no_such_offer", ""),
            (colleague, "conversation.return", "done", "given_back"),
        ]

    play(story, tmp_path / "house")


DEEDS = (
    "offer",
    "offer",
    "accept",
    "accept",
    "accept elsewhere",
    "decline",
    "withdraw",
    "give back",
    "take",
    "end",
    "visitor ends",
    "asker gone",
)


class Game:
    """One conversation between two counsellors, one with two desks, and everything that can happen to it at once."""

    def __init__(self, house: House, desks: list[Counsellor], lines: list[Line], visitor: Visitor) -> None:
        self.house, self.desks, self.lines, self.visitor = house, desks, lines, visitor

    def does(self, deed: str, who: int) -> None:
        """Begin a deed, and wait for nothing."""
        conv, line = self.visitor.conv, self.lines[who]
        me, other = self.desks[min(who, 1)], self.desks[1 - min(who, 1)]
        match deed:
            case "offer":
                line.send("hand_over", conv=conv, to=other.person.id)
            case "accept" | "decline":
                line.send("answer", conv=conv, accept=deed == "accept")
            case "accept elsewhere":
                for one in self.lines[1:]:
                    one.send("answer", conv=conv, accept=True)
            case "withdraw":
                line.send("withdraw", conv=conv)
            case "give back":
                line.send("give_back", conv=conv)
            case "take":
                line.send("take", conv=conv)
            case "end":
                line.send("end", conv=conv, reason="completed")
            case "visitor ends":
                self.visitor.line.send("end")
            case "asker gone":
                from luwte.desk import actions

                luwte = self.house.luwte
                self.gone = asyncio.ensure_future(
                    luwte.db.write(actions.return_all, me.person.id, luwte.minute(), luwte.around.shred_key)
                )

    async def settles(self) -> list[list[dict[str, Any]]]:
        """Everything each desk heard until nothing more is under way."""
        if hasattr(self, "gone"):
            await self.gone
        heard: list[list[dict[str, Any]]] = [[] for _ in self.lines]
        for _ in range(3):
            for line, frames in zip(self.lines, heard, strict=True):
                line.send("ping")
                while (frame := await line.hear())["t"] != "pong":
                    frames.append(frame)
            # A deed is done once its desk hears the pong; what follows from it may still be read, in another thread.
            await wait_until(lambda: not self._is_being_read())
        return heard

    def _is_being_read(self) -> bool:
        readings = {Looking._work, Follower._catch_up}
        codes = {reading.__code__ for reading in readings}
        return any(getattr(task.get_coro(), "cr_code", None) in codes for task in asyncio.all_tasks())


def replayed(found: list[Any]) -> tuple[str | None, int, bool]:
    """Who has it, how often it was taken and whether it ended, by the record alone."""
    has: str | None = None
    times, ended = 0, False
    for one in found:
        if one.result != "done":
            continue
        match one.action:
            case "conversation.take":
                assert has is None
                assert not ended
                has, times = one.actor, times + 1
            case "conversation.hand_over":
                assert has == one.actor
                assert not ended
                has = None
            case "conversation.accept":
                assert has is None
                has, times = one.actor, times + 1
            case "conversation.return":
                assert has == one.actor
                has = None
            case "conversation.end":
                assert has == one.actor
                ended = True
    return has, times, ended


def test_of_everything_that_happens_at_once_there_is_one_outcome(tmp_path: Path) -> None:
    """Accept against end, withdraw, give back, two accepts, a gone desk: disk, record and desks agree."""
    dice = random.Random(time.time_ns())
    plays = 60

    async def story(house: House) -> None:
        noor, sam = house.counsellor(0), house.counsellor(1)
        await noor.opens_desk()
        await sam.opens_desk()
        first = sam.line
        await sam.opens_desk()
        accepted = 0
        for _ in range(plays):
            visitor = house.visitor()
            await visitor.starts()
            await noor.takes(visitor.conv)
            at = len(await records(house)) - 1
            game = Game(house, [noor, sam], [noor.line, sam.line, first], visitor)
            steps = [("offer", 0), *((dice.choice(DEEDS), dice.randrange(3)) for _ in range(dice.randrange(1, 9)))]
            for deed, who in steps:
                game.does(deed, who)
                if dice.random() < 0.4:
                    await asyncio.sleep(dice.random() * 0.005)
            heard = await game.settles()
            conversation = await house.luwte.db.read(conversations.find, visitor.conv)
            has, times, ended = replayed((await records(house))[at:])
            assert (conversation.holder, conversation.times) == (has, times), steps
            assert ended <= (conversation.ended_by is not None), steps
            accepted += sum(frame["t"] == "offer_over" and frame["why"] == "accepted" for frame in heard[0])
            for desk, frames in zip((noor, sam, sam), heard, strict=True):
                last = [f["t"] for f in frames if f["t"] in ("taken", "lost", "ended") and f["conv"] == visitor.conv]
                sits = (bool(last) and last[-1] == "taken") or (not last and desk is noor)
                assert sits == (conversation.holder == desk.person.id and conversation.ended_by is None), steps
                open_offers = 0
                for frame in frames:
                    if frame.get("conv") == visitor.conv:
                        open_offers += (frame["t"] in ("asked", "offered")) - (frame["t"] == "offer_over")
                        assert open_offers in (0, 1), steps
            visitor.line.send("end")
            visitor.line.close()
        assert accepted > 3

    play(story, tmp_path / "house")


def test_a_visitor_hears_nothing_of_notes_not_even_how_many(tmp_path: Path) -> None:
    """Live and after coming back: the very frames of a conversation without notes, whatever number is asked for."""

    async def story(house: House) -> None:
        noor, sam, visitor = await a_shift(house)
        await until_pong(visitor.line)
        for n in range(5):
            assert (await noor.notes(visitor.conv, f"whisper {n}"))["n"] == n + 1
        await offers(noor, sam, visitor)
        assert await everything_until_pong(visitor.line) == []
        for after in (0, 1, 3, 5, 2**40):
            resumed = await visitor.resumes(after)
            assert resumed["last"] == 3
            assert [wrap["g"] for wrap in resumed["wraps"]] == [0, 1]
            for frame in await everything_until_pong(visitor.line):
                assert frame["t"] in ("claimed", "cert", "envelope")
                assert frame.get("log", 1) == 1
                assert frame.get("n", 1) <= 3

    play(story, tmp_path / "house")


async def everything_until_pong(line: Line) -> list[dict[str, Any]]:
    """All that a line hears, signs too."""
    heard = []
    for _ in range(3):
        line.send("ping")
        while (frame := await line.hear())["t"] != "pong":
            heard.append(frame)
        await asyncio.sleep(0.02)
    return heard


def test_a_page_from_before_mutes_waits_and_is_heard_again(tmp_path: Path) -> None:
    """Protocol 1 knows no such refusal and would give up for good: it is told to say the same bytes again, later."""

    async def story(house: House) -> None:
        noor, _, visitor = await a_shift(house)
        await visitor.connects("/socket")
        visitor.line.send("resume", conv=visitor.conv, credential=visitor.keys.credential, after=3)
        await visitor.line.hear("resumed")
        noor.line.send("mute", conv=visitor.conv, on=True)
        await noor.line.hear("muted")
        data = visitor.chain.sealed(visitor.seals("the same bytes"))
        heard = await answers(visitor.line, "append", envelope=data)
        assert [frame.get("code", frame["t"]) for frame in heard] == ["slow_down"]
        noor.line.send("mute", conv=visitor.conv, on=False)
        await noor.line.hear("muted")
        visitor.line.send("append", envelope=data)
        assert (await visitor.line.hear("ack", "refused"))["t"] == "ack"
        assert "muted" not in [frame["t"] for frame in await everything_until_pong(visitor.line)]

    play(story, tmp_path / "house")
