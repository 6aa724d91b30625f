"""A conversation goes on under another secret: one at a time, stored whole, and never back."""

import base64
import os
import time
from pathlib import Path
from typing import Any

import pytest

from actors import Counsellor, House, Visitor, play, three_at_desks
from attack.attackers import a_taken_conversation, how_many, records, return_to_list, until_pong
from desk.test_removal import asks, b64, next_epoch
from luwte import demo
from luwte.conversation.model import MOST_GENERATIONS
from luwte.crypto import envelope, primitives, rotation
from luwte.crypto.envelope import NOTE, ROTATION, SHARED_LOG, TEAM, TEAM_LOG
from luwte.crypto.primitives import CannotOpen
from luwte.crypto.wrap import Purpose, WrapContext, unwrap, wrap
from luwte.plumbing import keystore
from luwte.plumbing.db import ReadTx
from luwte.plumbing.lock import unlock


async def _sits_too(house: House, conv: bytes, who: int = 0) -> Counsellor:
    """Another desk of somebody who has the conversation."""
    desk = house.counsellor(who)
    await desk.opens_desk()
    desk.gets(await desk.line.hear("taken"))
    await until_pong(desk.line)
    return desk


async def _begins_epoch(
    house: House, lead: Counsellor, seed: bytes, members: list[demo.Person], epoch: int = 2
) -> None:
    answer = await asks(lead, "/desk/epoch", **next_epoch(house, members, seed, epoch))
    assert answer.status_code == 200, answer.text


async def _is_back(desk: Counsellor, seed: bytes, *, holds: bool = True) -> None:
    """Welcomed to the next epoch; what the desk holds it opens with what it had before."""
    await desk.opens_desk()
    if holds:
        desk.gets(await desk.line.hear("taken"))
    desk.team, desk.epoch = seed, 2


def _everything_for(tx: ReadTx, conv: bytes) -> tuple[list[Any], list[Any]]:
    (key,) = tx.one("SELECT key FROM conversation WHERE id = ?", conv) or (0,)
    return (
        tx.all("SELECT log, generation, purpose, epoch, locked FROM wrap WHERE conversation = ? ORDER BY 1, 2, 3", key),
        tx.all("SELECT log, n, msg_id, locked FROM envelope WHERE conversation = ? ORDER BY 1, 2", key),
    )


async def disk(house: House, conv: bytes) -> tuple[dict[tuple[int, int, int], tuple[int, bytes]], dict[Any, bytes]]:
    """Whoever has the disk and the key store: wraps by log, generation and purpose; envelopes by log and number."""
    wraps, envelopes = await house.luwte.db.read(_everything_for, conv)
    key = house.luwte.keys.get(keystore.CONVERSATION, conv)
    assert key is not None
    return (
        {
            (log, g, to): (epoch, unlock(key, b"wrap", conv, b"%d/%d/%d" % (log, g, to), locked))
            for log, g, to, epoch, locked in wraps
        },
        {
            (log, n): unlock(key, b"envelope", conv, b"%d/%b" % (log, msg_id), locked)
            for log, n, msg_id, locked in envelopes
        },
    )


def opens_with(key: bytes, conv: bytes, wraps: dict[tuple[int, int, int], tuple[int, bytes]]) -> dict[Any, bytes]:
    """The secrets that a team's private key opens, whatever epoch it is said to be of."""
    found = {}
    for (log, g, to), (epoch, wrapped) in wraps.items():
        for said in {epoch, 1, 2}:
            try:
                place = WrapContext(demo.ORGANISATION, demo.LINE, said, conv, g, Purpose(to))
                found[log, g] = unwrap(wrapped, key, place)
            except CannotOpen:
                pass
    return found


def test_what_is_said_after_a_removal_opens_with_nothing_that_the_colleague_kept(tmp_path: Path) -> None:
    """The disk, the team's key of before and every secret of before: the talk goes on, and they read none of it."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        await noor.notes(visitor.conv, "a note of before")
        kept, old = dict(noor.secrets), noor.team
        assert (await asks(robin, "/desk/remove", id=noor.person.id)).status_code == 200
        seed = os.urandom(32)
        await _begins_epoch(house, robin, seed, [sam.person, robin.person])
        await sam.line.closing_code()
        await _is_back(sam, seed, holds=False)
        # Of before, everything is read on; the wraps of before are still those that the visitor signed.
        sam.team = house.organisation.team
        assert (await sam.takes(visitor.conv))["t"] == "taken"
        sam.team = seed
        assert {await sam.reads(visitor.conv) for _ in range(4)} >= {"an opening", "a note of before"}
        assert (await sam.rotates(visitor.conv))["t"] == "ack"
        assert (await sam.rotates(visitor.conv, TEAM_LOG))["t"] == "ack"
        for text in ("canary one", "canary two"):
            assert (await sam.says(visitor.conv, text))["t"] == "ack"
            assert (await sam.notes(visitor.conv, f"{text} of the team"))["t"] == "ack"
        assert await visitor.reads() == "from the desk"
        assert [await visitor.reads(), await visitor.reads()] == ["canary one", "canary two"]
        assert (await visitor.says("canary three"))["t"] == "ack"
        assert await sam.reads(visitor.conv) == "canary three"

        wraps, envelopes = await disk(house, visitor.conv)
        opened = opens_with(old, visitor.conv, wraps)
        assert set(opened) == {(1, 0), (1, 1), (2, 0)}
        stolen = {*opened.values(), *kept.values(), old}
        read = []
        for place, data in envelopes.items():
            header = envelope.parse(data)
            for secret in stolen:
                try:
                    body = envelope.open_envelope(secret, data)
                except CannotOpen:
                    continue
                read.append((place, header.klass, header.generation))
                # The records themselves are under the secret of before. What they carry opens for the visitor alone.
                if (header.klass, header.direction) == (ROTATION, TEAM):
                    record = rotation.read(body[80:], SHARED_LOG)
                    for purpose in Purpose:
                        spot = (visitor.conv, record.generation, purpose)
                        place = WrapContext(demo.ORGANISATION, demo.LINE, record.epoch, *spot)
                        with pytest.raises(CannotOpen):
                            unwrap(record.wrap, old, place)
        newest = {log: max(g for (at, _), _, g in read if at == log) for log in (SHARED_LOG, TEAM_LOG)}
        assert newest == {SHARED_LOG: 1, TEAM_LOG: 0}
        assert len([place for place in envelopes if place not in {at for at, *_ in read}]) == 5
        assert set(opens_with(seed, visitor.conv, wraps)) == {(1, 2), (2, 1)}

    play(story, tmp_path / "house")


def test_of_two_desks_that_turn_at_once_one_wins_and_the_other_goes_on_with_its_secret(tmp_path: Path) -> None:
    """Twenty times: one acknowledgement, one refusal that names the generation, one secret on the disk."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        desks = [noor, await _sits_too(house, visitor.conv)]
        for n in range(20):
            g = n + 1
            made = [desk.makes_rotation(visitor.conv) for desk in desks]
            for desk, (_, frame) in zip(desks, made, strict=True):
                desk.line.send("append", **frame)
            visitor.line.send("append", envelope=visitor.chain.sealed(visitor.seals(f"meanwhile {n}")))
            answers = [await desk.line.hear("ack", "refused") for desk in desks]
            assert sorted(one["t"] for one in answers) == ["ack", "refused"]
            winner = [one["t"] for one in answers].index("ack")
            lost = answers[1 - winner]
            assert (lost["code"], lost["g"]) == ("generation", g + 1)
            loser = desks[1 - winner]
            (told,) = [one for one in loser.line.everything if one["t"] == "wrap" and one["g"] == g + 1]
            desks[winner].secrets[visitor.conv, SHARED_LOG, g + 1] = made[winner][0]
            assert loser.unwraps(visitor.conv, told) == made[winner][0]
            loser.secrets[visitor.conv, SHARED_LOG, g + 1] = made[winner][0]
            answer = await visitor.line.hear("ack", "refused")
            if answer["t"] == "refused":  # it came after the turn: nothing of it is stored
                assert (answer["code"], answer["g"]) == ("generation", g + 1)
                visitor.chain.seq, visitor.chain.prev = answer["seq"] - 1, answer["prev"]
            while visitor.generation == g:
                data = (await visitor.line.hear("envelope"))["envelope"]
                if envelope.parse(data).klass == ROTATION:
                    visitor.turns(data)
            assert visitor.secrets[g + 1] == made[winner][0]
            assert (await desks[n % 2].says(visitor.conv, f"after {n}"))["t"] == "ack"
            assert (await visitor.says(f"after {n}"))["t"] == "ack"
        wraps, envelopes = await disk(house, visitor.conv)
        assert sorted(place for place in wraps if place[2] == Purpose.TEAM) == [(1, g, 1) for g in range(22)]
        order = [envelope.parse(data).generation for (log, _), data in sorted(envelopes.items()) if log == SHARED_LOG]
        assert order == sorted(order)
        turns = [one for one in envelopes.values() if envelope.parse(one).klass == ROTATION]
        assert len(turns) == 20

    play(story, tmp_path / "house")


def test_a_visitor_who_was_away_has_every_secret_when_they_are_back(tmp_path: Path) -> None:
    """Rotations with nobody there; on the line again, on another device with the phrase, and after a restart."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        phrase = await visitor.keeps_a_phrase()
        visitor.line.cut()
        for n in range(3):
            assert (await noor.rotates(visitor.conv))["t"] == "ack"
            assert (await noor.says(visitor.conv, f"said under {n + 2}"))["t"] == "ack"
        said = ["said under 2", "said under 3", "said under 4"]
        resumed = await visitor.resumes(after=3)
        assert [one["g"] for one in resumed["wraps"]] == [0, 1]
        assert [await visitor.reads() for _ in range(3)] == said
        assert (await visitor.says("under the newest"))["t"] == "ack"

        other = house.visitor()
        other.start_frame = visitor.start_frame
        await other.comes_back(phrase)
        heard = []
        while "under the newest" not in heard:
            data = (await other.line.hear("envelope"))["envelope"]
            if envelope.parse(data).klass == ROTATION:
                other.turns(data)
            else:
                heard.append(other.opens(data))
        assert [one for one in heard if one in said] == said
        assert (await other.says("from another device"))["t"] == "ack"
        # A colleague who takes it later opens all of it.
        await return_to_list(house, visitor.conv)
        sam = house.counsellor(1)
        await sam.opens_desk()
        taken = await sam.takes(visitor.conv)
        assert [(one["log"], one["g"]) for one in taken["wraps"]] == [(1, g) for g in range(5)]
        assert [await sam.reads(visitor.conv) for _ in range(8)][3:] == [
            *said,
            "under the newest",
            "from another device",
        ]

    play(story, tmp_path / "house")


def test_who_may_not_turn_and_when(tmp_path: Path) -> None:
    """A stranger, a lead beside it, somebody who lost it, a key that is not there, an old page; nothing is stored."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        robin.line.send("step_in", conv=visitor.conv, reason="supervision")
        robin.gets(await robin.line.hear("stepped_in"))
        sam.secrets, sam.ve = dict(noor.secrets), noor.ve
        await until_pong(robin.line)
        before = await how_many(house, visitor.conv)
        tries: list[tuple[Counsellor, dict[str, Any], str]] = [
            (sam, {}, "no_such_conversation"),
            (robin, {}, "no_such_conversation"),
            (noor, {"header": {"generation": 0}}, "generation"),
            (noor, {"header": {"generation": 2}}, "generation"),
            (noor, {"header": {"seq": 2}}, "out_of_order"),
            (noor, {"header": {"direction": NOTE}}, "generation"),
            (noor, {"header": {"direction": NOTE, "generation": 0}}, "wrong_order"),
            (noor, {"record": {"epoch": 2}}, "not_accepted"),
            (noor, {"wrap": bytes(79)}, "malformed"),
            (noor, {"wrap": None}, "not_accepted"),
        ]
        for desk, changes, code in tries:
            _, frame = desk.makes_rotation(visitor.conv, **changes)
            desk.line.send("append", **frame)
            assert (await desk.line.hear("ack", "refused"))["code"] == code, changes
        noor.line.send("append", envelope=noor.seals(visitor.conv, "x"), wrap=bytes(80))
        assert (await noor.line.hear("refused"))["code"] == "wrong_order"
        assert await how_many(house, visitor.conv) == before
        assert len((await disk(house, visitor.conv))[0]) == 4
        # In the team's own log whoever sits beside may turn, as they may write.
        await noor.notes(visitor.conv, "a note")
        while await robin.reads(visitor.conv) != "a note":
            pass
        assert (await robin.rotates(visitor.conv, TEAM_LOG))["t"] == "ack"
        assert (await robin.notes(visitor.conv, "under the next one"))["t"] == "ack"
        noor.line.send("end", conv=visitor.conv, reason="completed")
        await noor.line.hear("ended")
        _, frame = noor.makes_rotation(visitor.conv)
        noor.line.send("append", **frame)
        assert (await noor.line.hear("ack", "refused"))["code"] == "conversation_ended"

    play(story, tmp_path / "house")


@pytest.mark.parametrize("why", ["a page of before", "as many as there may be"])
def test_what_does_not_turn_goes_on_as_it_is(tmp_path: Path, why: str) -> None:
    """A page from before this could not follow; and no conversation grows secrets without end."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = house.visitor()
        await visitor.starts(**({"rotates": False} if why == "a page of before" else {}))
        await visitor.says("hello")
        await noor.takes(visitor.conv)
        await visitor.line.hear("claimed")
        turns = 0 if why == "a page of before" else MOST_GENERATIONS - 1
        for _ in range(turns):
            assert (await noor.rotates(visitor.conv))["t"] == "ack"
        assert (await noor.rotates(visitor.conv))["code"] == "not_rotating"
        assert (await noor.says(visitor.conv, "we go on"))["t"] == "ack"
        visitor.generation = 1
        assert await visitor.reads() == "we go on"
        assert (await visitor.says("yes"))["t"] == "ack"

    play(story, tmp_path / "house")


def test_generations_that_a_colleague_used_up_do_not_keep_the_talk_under_what_they_kept(tmp_path: Path) -> None:
    """As many turns as there may be, in both logs, before their removal: the next key of the team has its turn."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        await noor.notes(visitor.conv, "a note")
        for log, turns in ((SHARED_LOG, MOST_GENERATIONS - 1), (TEAM_LOG, MOST_GENERATIONS)):
            for _ in range(turns):
                assert (await noor.rotates(visitor.conv, log))["t"] == "ack"
            assert (await noor.rotates(visitor.conv, log))["code"] == "not_rotating"
        kept = set(noor.secrets.values())
        assert (await asks(robin, "/desk/remove", id=noor.person.id)).status_code == 200
        seed = os.urandom(32)
        await _begins_epoch(house, robin, seed, [sam.person, robin.person])
        await sam.line.closing_code()
        await _is_back(sam, seed, holds=False)
        sam.team = house.organisation.team
        assert (await sam.takes(visitor.conv))["t"] == "taken"
        sam.team = seed
        for log in (SHARED_LOG, TEAM_LOG):
            assert (await sam.rotates(visitor.conv, log))["t"] == "ack"
            # And only that one: beyond it the limit is what it was.
            assert (await sam.rotates(visitor.conv, log))["code"] == "not_rotating"
        assert (await sam.says(visitor.conv, "canary"))["t"] == "ack"
        assert (await sam.notes(visitor.conv, "canary of the team"))["t"] == "ack"
        _, envelopes = await disk(house, visitor.conv)
        for log in (SHARED_LOG, TEAM_LOG):
            last = envelopes[log, max(n for at, n in envelopes if at == log)]
            for secret in kept:
                with pytest.raises(CannotOpen):
                    envelope.open_envelope(secret, last)

    play(story, tmp_path / "house")


def test_nobody_turns_back_to_a_key_of_the_team_that_is_over(tmp_path: Path) -> None:
    """The one who stays has the key of before, too: a log that went on under the next one does not go back."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        assert (await noor.notes(visitor.conv, "a note"))["t"] == "ack"
        assert (await asks(robin, "/desk/remove", id=sam.person.id)).status_code == 200
        seed, old = os.urandom(32), noor.team
        await _begins_epoch(house, robin, seed, [noor.person, robin.person])
        await noor.line.closing_code()
        await _is_back(noor, seed)
        for log in (SHARED_LOG, TEAM_LOG):
            noor.team, noor.epoch = seed, 2
            assert (await noor.rotates(visitor.conv, log))["t"] == "ack"
            before = await how_many(house, visitor.conv)
            noor.team, noor.epoch = old, 1
            assert (await noor.rotates(visitor.conv, log))["code"] == "not_accepted"
            _, frame = noor.makes_rotation(visitor.conv, log)
            del frame["epoch"]  # left out it is that of the start
            noor.line.send("append", **frame)
            assert (await noor.line.hear("ack", "refused"))["code"] == "not_accepted"
            assert await how_many(house, visitor.conv) == before

    play(story, tmp_path / "house")


def test_the_same_record_again_gets_the_same_answer(tmp_path: Path) -> None:
    """The acknowledgement is lost: the same bytes, also from another socket and after a later turn; others are not."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        secret, frame = noor.makes_rotation(visitor.conv)
        noor.line.send("append", **frame)
        first = await noor.line.hear("ack", "refused")
        noor.secrets[visitor.conv, SHARED_LOG, 2] = secret
        again = await _sits_too(house, visitor.conv)
        assert again.secrets[visitor.conv, SHARED_LOG, 2] == secret
        assert (await noor.rotates(visitor.conv))["t"] == "ack"
        for desk in (noor, again):
            desk.line.send("append", **frame)
            assert await desk.line.hear("ack", "refused") == first
        # Its wrap is not looked at again: the first one stays.
        noor.line.send("append", **{**frame, "wrap": os.urandom(80)})
        assert await noor.line.hear("ack", "refused") == first
        wraps, _ = await disk(house, visitor.conv)
        assert wraps[1, 2, 1][1] == frame["wrap"]

    play(story, tmp_path / "house")


def test_keys_that_open_nothing_any_more_are_deleted_and_no_others(tmp_path: Path) -> None:
    """While a conversation or a reply is under it the key stays; then it goes, for the paper too, on record."""
    now = [time.time()]

    async def story(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        everybody = [noor.person, sam.person, robin.person]
        housekeeping, db = house.luwte.housekeeping, house.luwte.db
        for desk in (noor, robin):
            await desk.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        reply = {"scope": "team", "id": b64(os.urandom(16)), "version": 0, "sealed": b64(os.urandom(284))}
        assert (await asks(robin, "/desk/replies", **reply, epoch=2)).json()["code"] == "malformed"
        assert (await asks(robin, "/desk/replies", **reply, epoch=1)).status_code == 200
        await db.write(lambda tx: tx.execute("UPDATE team SET epoch_began = 0"))
        seed = os.urandom(32)
        await _begins_epoch(house, robin, seed, everybody)
        await noor.line.closing_code()
        await _is_back(noor, seed)
        assert (await noor.rotates(visitor.conv))["t"] == "ack"

        async def epochs() -> set[int]:
            await housekeeping.look()
            rows = await db.read(lambda tx: tx.all("SELECT epoch FROM team_key UNION SELECT epoch FROM recovery_wrap"))
            return {row[0] for row in rows}

        now[0] += 3600
        assert await epochs() == {1, 2}  # it goes on, and its opening is under the first key
        noor.line.send("end", conv=visitor.conv, reason="completed")
        await noor.line.hear("ended")
        batch = (await asks(robin, "/desk/rewrap/next", after=0)).json()
        ((one,), keys) = batch["conversations"], {1: house.organisation.team, 2: seed}
        assert [(wrap["log"], wrap["g"], wrap["epoch"]) for wrap in one["wraps"]] == [(1, 0, 1), (1, 1, 1), (1, 2, 2)]
        anew = [_anew(visitor.conv, wrap, keys, seed) for wrap in one["wraps"]]
        stored = await asks(robin, "/desk/rewrap", epoch=2, conversations=[{"conv": one["conv"], "wraps": anew}])
        assert stored.json() == {"stored": 1}
        assert await epochs() == {1, 2}  # a reply is under the first key
        (told,) = (await _replies(robin))["team"]
        assert (told["epoch"], told["version"]) == (1, 1)
        assert (await asks(robin, "/desk/replies", **{**reply, "version": 1}, epoch=2)).status_code == 200
        assert await epochs() == {2}
        assert [(one.actor, one.reason) for one in await records(house) if one.action == "staff.forget"] == [
            ("retention", "2")
        ]
        wraps, _ = await disk(house, visitor.conv)
        assert set(opens_with(seed, visitor.conv, wraps)) == {(1, 0), (1, 1), (1, 2)}
        # In the first minutes of an epoch what was sent under the one before may still be on its way.
        await db.write(lambda tx: tx.execute("UPDATE team SET epoch_began = 0"))
        third = os.urandom(32)
        await _begins_epoch(house, robin, third, everybody, 3)
        await db.write(lambda tx: tx.execute("UPDATE conversation SET epoch = 3"))
        await db.write(lambda tx: tx.execute("UPDATE reply SET epoch = 3"))
        now[0] += 9 * 60
        assert await epochs() == {2, 3}
        now[0] += 120
        assert await epochs() == {3}

    play(story, tmp_path / "house", clock=lambda: now[0])


def _anew(conv: bytes, kept: dict[str, Any], keys: dict[int, bytes], seed: bytes) -> dict[str, Any]:
    def place(epoch: int) -> WrapContext:
        return WrapContext(demo.ORGANISATION, demo.LINE, epoch, conv, kept["g"], Purpose.TEAM)

    secret = unwrap(base64.b64decode(kept["wrap"]), keys[kept["epoch"]], place(kept["epoch"]))
    return {"log": 1, "g": kept["g"], "wrap": b64(wrap(secret, primitives.public_of(seed), place(2)))}


async def _replies(desk: Counsellor) -> dict[str, Any]:
    async with desk.http() as http:
        found: dict[str, Any] = (
            await http.get("/desk/replies", headers={"Authorization": f"Bearer {b64(desk.token)}"})
        ).json()
        return found


def test_a_team_secret_begins_under_the_key_of_today(tmp_path: Path) -> None:
    """The first note in a conversation of before, after a removal: nothing of it is under the key of before."""

    async def story(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        for desk in (noor, robin):
            await desk.opens_desk()
        visitor: Visitor = await a_taken_conversation(house, noor)
        await house.luwte.db.write(lambda tx: tx.execute("UPDATE team SET epoch_began = 0"))
        seed = os.urandom(32)
        await _begins_epoch(house, robin, seed, [noor.person, sam.person, robin.person])
        await noor.line.closing_code()
        await _is_back(noor, seed)
        assert (await noor.notes(visitor.conv, "a first note"))["t"] == "ack"
        wraps, _ = await disk(house, visitor.conv)
        assert wraps[2, 0, Purpose.TEAM_LOG][0] == 2
        assert (2, 0) not in opens_with(house.organisation.team, visitor.conv, wraps)
        again = await _welcomed(house)
        assert [(one["log"], one["g"], one["epoch"]) for one in again["wraps"]] == [(1, 0, 1), (1, 1, 1), (2, 0, 2)]

    play(story, tmp_path / "house")


async def _welcomed(house: House) -> dict[str, Any]:
    desk = house.counsellor()
    await desk.opens_desk()
    return await desk.line.hear("taken")
