"""Nobody writes as somebody else, and nobody writes where they are not, or not any more."""

import asyncio
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from actors import Counsellor, House, play
from attack.attackers import (
    a_taken_conversation,
    a_team_next_door,
    answers,
    bent,
    how_many,
    records,
    refused,
    return_to_list,
    until_pong,
    what_is_stored,
)
from luwte.crypto import envelope
from luwte.crypto.certificate import cert_id
from luwte.crypto.envelope import MESSAGE, NOTE, SHARED_LOG, TEAM, TEAM_LOG, VISITOR
from luwte.staff import store as staff_store
from luwte.staff.model import token_hash


async def _talk(house: House) -> tuple[Any, Counsellor]:
    noor = house.counsellor()
    await noor.opens_desk()
    visitor = await a_taken_conversation(house, noor)
    await until_pong(noor.line)
    return visitor, noor


def test_a_counsellor_cannot_write_as_the_visitor(tmp_path: Path) -> None:
    """Not in the visitor's direction, not with the visitor's key and place in the chain, not under their sender id."""

    async def story(house: House) -> None:
        visitor, noor = await _talk(house)
        before = await what_is_stored(house)
        perfect = visitor.seals("I do not want help any more")
        assert (await refused(noor.line, "append", envelope=perfect))["code"] == "not_accepted"
        fresh = visitor.seals("x", sender=os.urandom(8), seq=1, prev=bytes(32))
        assert (await refused(noor.line, "append", envelope=fresh))["code"] == "not_accepted"
        theirs = visitor.chain
        mine = noor.seals(visitor.conv, "x", sender=theirs.sender, seq=theirs.seq + 1, prev=theirs.prev)
        assert (await refused(noor.line, "append", envelope=mine))["code"] == "not_accepted"
        for g in (0, 1, 2):
            sealed = envelope.seal(noor.secrets[visitor.conv, 1, 1], envelope.parse(fresh)._replace(generation=g), b"x")
            assert (await refused(noor.line, "append", envelope=sealed))["code"] == "not_accepted"
        assert await what_is_stored(house) == before

    play(story, tmp_path / "house")


def test_a_counsellor_cannot_end_or_speak_with_the_frames_of_a_visitor(tmp_path: Path) -> None:
    """`end {}` without a conversation is no frame of a desk; the end of a counsellor is told as the team's."""

    async def story(house: House) -> None:
        visitor, noor = await _talk(house)
        assert (await refused(noor.line, "end"))["code"] == "malformed"
        assert (await refused(noor.line, "start", **visitor.start_frame))["code"] == "malformed"
        resume = {"conv": visitor.conv, "credential": bytes(32), "after": 0}
        assert (await refused(noor.line, "resume", **resume))["code"] == "malformed"
        noor.line.send("end", conv=visitor.conv, reason="visitor_left")
        assert (await visitor.line.hear("ended"))["by"] == "team"
        assert (await noor.line.hear("ended"))["by"] == "team"

    play(story, tmp_path / "house")


def test_a_visitor_cannot_write_as_the_team(tmp_path: Path) -> None:
    """Not in direction 2, not in the team's log, not under a counsellor's sender id; nor give a secret for notes."""

    async def story(house: House) -> None:
        visitor, noor = await _talk(house)
        await noor.notes(visitor.conv, "a note")
        before = await what_is_stored(house)
        good = visitor.seals("x")
        for direction in (TEAM, NOTE):
            for g in (0, 1):
                forged = bent(bent(good, 5, bytes([direction])), 22, g.to_bytes(4, "big"))
                assert (await refused(visitor.line, "append", envelope=forged))["code"] == "not_accepted"
                chain = noor.chains[visitor.conv, SHARED_LOG if direction == TEAM else TEAM_LOG]
                header = chain.next(MESSAGE, direction, g)
                sealed = envelope.seal(visitor.secrets[1], header, envelope.content("I am a counsellor"))
                assert (await refused(visitor.line, "append", envelope=sealed))["code"] == "not_accepted"
        shared = noor.chains[visitor.conv, SHARED_LOG]
        stolen = visitor.seals("x", sender=shared.sender, seq=shared.seq + 1, prev=shared.prev)
        assert (await refused(visitor.line, "append", envelope=stolen))["code"] == "not_accepted"
        assert (await refused(visitor.line, "append", envelope=good, wrap=bytes(80)))["code"] == "malformed"
        assert await what_is_stored(house) == before

    play(story, tmp_path / "house")


def test_a_visitor_learns_nothing_of_the_notes(tmp_path: Path) -> None:
    """Not that there are any, not how many: not live, not on coming back, not by a message id used there."""

    async def story(house: House) -> None:
        visitor, noor = await _talk(house)
        await until_pong(visitor.line)
        assert (await noor.notes(visitor.conv, "one"))["log"] == TEAM_LOG
        assert (await noor.notes(visitor.conv, "two"))["n"] == 2
        assert await until_pong(visitor.line) == []
        resumed = await visitor.resumes(0)
        assert set(resumed) == {"t", "conv", "last", "wraps"}
        assert resumed["last"] == 3
        assert [one["g"] for one in resumed["wraps"]] == [0, 1]
        heard = [await visitor.line.hear("envelope") for _ in range(3)]
        assert [(one["log"], envelope.parse(one["envelope"]).direction) for one in heard] == [
            (1, VISITOR),
            (1, VISITOR),
            (1, TEAM),
        ]
        assert await until_pong(visitor.line) == []

    play(story, tmp_path / "house")


def test_who_lost_a_conversation_writes_nothing_more(tmp_path: Path) -> None:
    """On the open socket, on a new one, with the chain in perfect order: as if it had never been theirs."""

    async def story(house: House) -> None:
        visitor, noor = await _talk(house)
        await noor.notes(visitor.conv, "a note")
        await return_to_list(house, visitor.conv)
        await noor.line.hear("lost")
        sam = house.counsellor(1)
        await sam.opens_desk()
        assert (await sam.takes(visitor.conv))["times"] == 2
        await until_pong(sam.line)
        before = await what_is_stored(house)
        first, used = noor.line, noor.seals(visitor.conv, "x")
        await noor.opens_desk()
        for line in (first, noor.line):
            for name, values in (
                ("append", {"envelope": used}),
                ("append", {"envelope": noor._seal(visitor.conv, TEAM_LOG, NOTE, 0, "x", {})}),
                ("follow", {"conv": visitor.conv, "shared": 0, "notes": 0}),
                ("end", {"conv": visitor.conv, "reason": "abuse"}),
                ("typing", {"conv": visitor.conv}),
                ("read", {"conv": visitor.conv, "n": 1}),
            ):
                assert (await refused(line, name, **values))["code"] == "no_such_conversation", name
        assert await what_is_stored(house) == before
        assert (await visitor.says("who is there?"))["t"] == "ack"
        while await sam.reads(visitor.conv) != "who is there?":
            pass
        assert await until_pong(first) == await until_pong(noor.line) == []

    play(story, tmp_path / "house")


def test_a_counsellor_cannot_write_under_a_colleagues_name(tmp_path: Path) -> None:
    """Whoever goes on cannot continue the chain of the one before, and the server keeps which of them wrote."""

    async def story(house: House) -> None:
        visitor, noor = await _talk(house)
        await return_to_list(house, visitor.conv)
        sam = house.counsellor(1)
        await sam.opens_desk()
        await sam.takes(visitor.conv)
        await until_pong(sam.line)
        before = await what_is_stored(house)
        hers = noor.chains[visitor.conv, SHARED_LOG]
        forged = sam.seals(visitor.conv, "x", sender=hers.sender, seq=hers.seq + 1, prev=hers.prev)
        assert (await refused(sam.line, "append", envelope=forged))["code"] == "not_accepted"
        assert (await refused(sam.line, "append", envelope=noor.seals(visitor.conv, "x")))["code"] == "not_accepted"
        assert await what_is_stored(house) == before
        assert (await sam.says(visitor.conv, "Sam here"))["t"] == "ack"
        certs = await house.luwte.db.read(lambda tx: tx.all("SELECT cert FROM envelope WHERE cert IS NOT NULL"))
        assert [one[0] for one in certs] == [account_cert(noor), account_cert(sam)]

    play(story, tmp_path / "house")


def account_cert(desk: Counsellor) -> bytes:
    """The id of a desk's certificate."""
    return cert_id(desk.cert)


def test_the_team_next_door_writes_nothing_here(tmp_path: Path) -> None:
    """With a valid certificate of the same organisation, and the secret of the conversation, from a real desk."""

    async def story(house: House) -> None:
        visitor, noor = await _talk(house)
        kim = await a_team_next_door(house)
        await kim.opens_desk()
        kim.secrets = dict(noor.secrets)
        before = await what_is_stored(house)
        assert (await refused(kim.line, "append", envelope=kim.seals(visitor.conv, "x")))["code"] == (
            "no_such_conversation"
        )
        await return_to_list(house, visitor.conv)
        await noor.line.hear("lost")
        returned = await what_is_stored(house)
        assert returned != before
        assert (await refused(kim.line, "take", conv=visitor.conv))["code"] == "no_such_conversation"
        (opening,) = await answers(kim.line, "openings", convs=[visitor.conv])
        assert (opening["wrap"], opening["envelopes"]) == (b"", [])
        assert await what_is_stored(house) == returned
        queue = await _queue(kim)
        assert visitor.conv not in queue

    play(story, tmp_path / "house")


async def _queue(desk: Counsellor) -> list[bytes]:
    await desk.opens_desk()
    return [row["conv"] for row in (await desk.line.hear("queue"))["waiting"]]


def test_of_two_first_notes_one_secret_stays(tmp_path: Path) -> None:
    """A second secret for the notes of a conversation is refused, and the first is handed to the one who lost."""

    async def story(house: House) -> None:
        visitor, noor = await _talk(house)
        await noor.notes(visitor.conv, "first")
        kept = noor.secrets.pop((visitor.conv, TEAM_LOG, 0))
        before = await what_is_stored(house)
        heard = await noor.notes(visitor.conv, "with a secret of my own")
        assert heard["code"] == "team_secret_exists"
        assert await what_is_stored(house) == before
        again = house.counsellor()
        again.token = noor.token
        await again.opens_desk()
        taken = await again.line.hear("taken")
        again.gets(taken)
        assert again.secrets[visitor.conv, TEAM_LOG, 0] == kept

    play(story, tmp_path / "house")


def test_a_note_needs_a_secret_of_the_team(tmp_path: Path) -> None:
    """Without a wrap, and none there yet, a note is refused: nobody could ever read it."""

    async def story(house: House) -> None:
        visitor, noor = await _talk(house)
        note = noor._seal(visitor.conv, TEAM_LOG, NOTE, 0, "x", {})
        assert (await refused(noor.line, "append", envelope=note))["code"] == "wrong_order"
        assert (await how_many(house, visitor.conv))[TEAM_LOG] == 0

    play(story, tmp_path / "house")


@pytest.mark.parametrize("round", range(2))
def test_of_twenty_who_take_at_once_one_wins(tmp_path: Path, round: int) -> None:
    """The others are told that a colleague was first, hear no secret, and each refusal is on record."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        await visitor.says("an opening")
        desks = [await _one_of_many(house, n) for n in range(20)]
        for desk in desks:
            desk.line.send("take", conv=visitor.conv)
        heard = await asyncio.gather(*(desk.line.hear("taken", "refused") for desk in desks))
        assert Counter(frame["t"] for frame in heard) == {"taken": 1, "refused": 19}
        assert {frame["code"] for frame in heard if frame["t"] == "refused"} == {"already_taken"}
        for desk, frame in zip(desks, heard, strict=True):
            if frame["t"] == "refused":
                assert await until_pong(desk.line) == []
        (winner,) = [desk.person.id for desk, frame in zip(desks, heard, strict=True) if frame["t"] == "taken"]
        takes = [one for one in await records(house) if one.action == "conversation.take"]
        assert Counter(one.result for one in takes) == {"done": 1, "already_taken": 19}
        assert [one.actor for one in takes if one.result == "done"] == [winner]
        assert Counter(one.actor for one in takes) == {desk.person.id: 1 for desk in desks}
        assert len({one.object for one in takes}) == 1

    play(story, tmp_path / "house")


async def _one_of_many(house: House, n: int) -> Counsellor:
    """A counsellor of the team with an account of their own, copied from Noor's but for its id and name."""
    noor = house.organisation.people[0]
    id = os.urandom(16).hex()

    def admit(tx: Any) -> None:
        tx.execute(
            "INSERT INTO account (id, name, team, role, salt, proof_hash, sealed_amk, sealed_x25519, sealed_ed25519,"
            " certificate, second_factor) SELECT ?, ?, team, role, salt, proof_hash, sealed_amk, sealed_x25519,"
            " sealed_ed25519, certificate, second_factor FROM account WHERE id = ?",
            id,
            f"Counsellor {n}",
            noor.id,
        )

    await house.luwte.db.write(admit)
    desk = Counsellor(house, noor.__class__(id, f"Counsellor {n}", *(getattr(noor, f) for f in _REST)))
    desk.token = os.urandom(32)
    await house.luwte.db.write(staff_store.begin_session, token_hash(desk.token), id, house.luwte.minute())
    await desk.opens_desk()
    return desk


_REST = ("role", "passphrase", "x25519", "ed25519", "amk")


def test_nobody_turns_a_conversation_that_is_not_theirs(tmp_path: Path) -> None:
    """M-17: a record from the visitor, the team next door, who lost it and who was removed: none is stored."""

    async def story(house: House) -> None:
        visitor, noor = await _talk(house)
        kim, sam, robin = await a_team_next_door(house), house.counsellor(1), house.counsellor(2)
        for desk in (kim, sam, robin):
            await desk.opens_desk()
            desk.secrets, desk.ve = dict(noor.secrets), dict(noor.ve)
        await until_pong(noor.line)
        before = await how_many(house, visitor.conv)
        _, frame = noor.makes_rotation(visitor.conv)
        for direction in (VISITOR, TEAM, NOTE):
            as_theirs = bent(frame["envelope"], 5, bytes([direction]))
            assert (await refused(visitor.line, "append", envelope=as_theirs))["code"] == "not_accepted"
            assert (await refused(visitor.line, "append", envelope=as_theirs, wrap=bytes(80)))["code"] == "malformed"
        as_visitor = {**frame, "envelope": bent(frame["envelope"], 5, b"\x01")}
        assert (await refused(noor.line, "append", **as_visitor))["code"] == "not_accepted"
        for desk in (kim, sam, robin):
            for log in (SHARED_LOG, TEAM_LOG):
                desk.secrets[visitor.conv, log, 0] = os.urandom(32)
                _, foreign = desk.makes_rotation(visitor.conv, log)
                assert (await refused(desk.line, "append", **foreign))["code"] == "no_such_conversation"
        await return_to_list(house, visitor.conv)
        assert (await sam.takes(visitor.conv))["t"] == "taken"
        _, late = noor.makes_rotation(visitor.conv)
        assert (await refused(noor.line, "append", **late))["code"] == "no_such_conversation"
        assert await how_many(house, visitor.conv) == before
        assert (await visitor.says("nobody moved"))["t"] == "ack"

    play(story, tmp_path / "house")
