"""The last day of a colleague: sessions, sockets and keys go at once, and the next epoch is not theirs."""

import asyncio
import base64
import itertools
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from actors import Counsellor, House, play, three_at_desks
from attack.attackers import a_taken_conversation, a_team_next_door, records, until_pong
from attack.test_catalogue import NO_AUDIT, _stored
from joiners import invites, joiner
from luwte import demo
from luwte.conversation import store as conversation_store
from luwte.conversation.model import MOST_WRAPS, LockedWrap, StartProof, wrap_row
from luwte.crypto import primitives
from luwte.crypto.certificate import Certificate, Type, issue
from luwte.crypto.primitives import CannotOpen
from luwte.crypto.wrap import Purpose, WrapContext, unwrap, wrap
from luwte.plumbing import keystore
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.plumbing.lock import lock
from luwte.staff import actions as staff


async def asks(desk: Counsellor, path: str, **body: Any) -> httpx.Response:
    """A deed over HTTP with the desk's token."""
    async with desk.http() as http:
        headers = {"Authorization": f"Bearer {base64.b64encode(desk.token).decode()}"}
        return await http.post(path, json=body, headers=headers)


def next_epoch(house: House, members: list[demo.Person], seed: bytes, epoch: int = 2, **changes: Any) -> dict[str, Any]:
    """What a lead's browser makes for the team's next epoch."""
    now = int(time.time())
    public = primitives.public_of(seed)
    certificate = Certificate(Type.TEAM, demo.ORGANISATION, demo.LINE, (public,), (), epoch, now, now + 14 * 86_400)
    context = WrapContext(demo.ORGANISATION, demo.LINE, epoch, bytes(16), 0, Purpose.MEMBER)
    wraps = [{"account": one.id, "wrap": b64(wrap(seed, primitives.public_of(one.x25519), context))} for one in members]
    signer = changes.get("signer", house.organisation.admin)
    signed = issue(replace(certificate, **changes.get("certificate", {})), signer)
    return {"certificate": b64(signed), "wraps": wraps, "recovery_wrap": b64(os.urandom(80))}


def b64(data: bytes) -> str:
    """As JSON carries bytes."""
    return base64.b64encode(data).decode()


async def due(desk: Counsellor) -> tuple[bool, bool]:
    """Whether a lead is told that the next key should begin, and that somebody who left had this one."""
    async with desk.http() as http:
        told = (await http.get("/desk/people", headers={"Authorization": f"Bearer {b64(desk.token)}"})).json()
    return told["epoch_due"], told["known_outside"]


def _old_key(tx: WriteTx) -> None:
    """The team's key is 90 days old, to the minute."""
    tx.execute("UPDATE team SET epoch_began = ?", int(time.time()) // 60 - 90 * 24 * 60)


def _keys_of_the_team(tx: ReadTx) -> list[Any]:
    return [tx.all("SELECT * FROM team"), tx.all("SELECT * FROM team_key"), tx.all("SELECT * FROM recovery_wrap")]


def _wraps_of(tx: ReadTx, id: str) -> list[Any]:
    return tx.all(
        "SELECT account FROM team_key WHERE account = ? UNION ALL SELECT account FROM admin_key WHERE account = ?",
        id,
        id,
    )


@pytest.mark.usefixtures("both_ways")
def test_whoever_is_removed_has_nothing_from_that_moment(tmp_path: Path) -> None:
    """G-8: session, socket, wraps and half are gone, what they had waits again, and the name opens no door."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        visitor = await a_taken_conversation(house, noor)
        await noor.notes(visitor.conv, "a note")
        answer = await asks(robin, "/desk/remove", id=noor.person.id)
        assert answer.status_code == 200, answer.text
        assert await noor.line.closing_code() == 4401
        for path in ("/desk/unlock", "/desk/sign-out"):
            assert (await asks(noor, path, proof=b64(bytes(32)))).status_code == 401, path
        assert (await noor.signs_in()).json()["code"] == "sign_in_refused"
        assert await house.luwte.db.read(_wraps_of, noor.person.id) == []
        assert house.luwte.keys.get(keystore.STAFF, bytes.fromhex(noor.person.id)) is None
        # Nobody sits at an empty desk: the visitor waits again, and a colleague goes on with all that was said.
        await visitor.line.hear("waiting")
        assert (await sam.takes(visitor.conv))["t"] == "taken"
        assert {await sam.reads(visitor.conv) for _ in range(4)} >= {"an opening", "a note"}
        found = [(one.actor, one.action, one.reason) for one in await records(house) if one.actor == robin.person.id]
        assert found.count((robin.person.id, "staff.remove", noor.person.id)) == 1
        assert noor.person.id not in {one.id for one in await house.luwte.db.read(staff.members, demo.LINE)}

    play(story, tmp_path / "house")


def test_nothing_of_it_is_done_while_the_log_cannot_be_written(tmp_path: Path) -> None:
    """I-6: removing, the next epoch and wrapping anew leave everything as it was, sockets too."""

    async def story(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        for desk in (noor, robin):
            await desk.opens_desk()
        await a_taken_conversation(house, noor)
        await house.luwte.db.write(_many_that_ended, house, 1)
        await house.luwte.db.write(_old_key)
        made = next_epoch(house, [noor.person, sam.person, robin.person], os.urandom(32))
        await house.luwte.db.write(lambda tx: tx.execute("UPDATE conversation SET epoch = 0 WHERE ended IS NOT NULL"))
        before = await house.luwte.db.read(_stored)
        await house.luwte.db.write(lambda tx: tx.execute(NO_AUDIT))
        for path, body in (
            ("/desk/remove", {"id": noor.person.id}),
            ("/desk/epoch", made),
            ("/desk/rewrap/next", {"after": 0}),
        ):
            assert (await asks(robin, path, **body)).status_code == 500, path
        await house.luwte.db.write(lambda tx: tx.execute("DROP TRIGGER no_audit"))
        assert await house.luwte.db.read(_stored) == before
        assert house.luwte.keys.get(keystore.STAFF, bytes.fromhex(noor.person.id)) is not None
        assert await until_pong(noor.line) is not None
        batch, anew = await rewraps(robin, house.organisation.team, os.urandom(32), old_epoch=1)
        assert batch["left"] == 1
        before = await house.luwte.db.read(_wraps)
        await house.luwte.db.write(lambda tx: tx.execute(NO_AUDIT))
        assert (await asks(robin, "/desk/rewrap", **anew)).status_code == 500
        await house.luwte.db.write(lambda tx: tx.execute("DROP TRIGGER no_audit"))
        assert await house.luwte.db.read(_wraps) == before
        assert (await asks(robin, "/desk/rewrap", **anew)).json() == {"stored": 1}

    play(story, tmp_path / "house")


def test_what_they_invited_is_withdrawn(tmp_path: Path) -> None:
    """A code that a former lead kept opens no door; each is on record, and a colleague's own invitation goes on."""

    async def story(house: House) -> None:
        robin, sam = house.counsellor(2), house.counsellor(1)
        for desk in (robin, sam):
            await desk.opens_desk()
        await house.luwte.db.write(
            lambda tx: tx.execute("UPDATE account SET role = 'lead' WHERE id = ?", sam.person.id)
        )
        kept, other, own = await invites(sam), await invites(sam, "lead"), await invites(robin)
        accounts = {(await joiner(house, code).looks()).json()["account"] for code in (kept, other)}
        before = len(await records(house))
        assert (await asks(robin, "/desk/remove", id=sam.person.id)).status_code == 200
        assert [(await joiner(house, code).looks()).status_code for code in (kept, other, own)] == [404, 404, 200]
        found = [one for one in (await records(house))[before:] if one.action == "staff.withdraw"]
        assert {(one.actor, one.reason, one.result) for one in found} == {
            (robin.person.id, account, "done") for account in accounts
        }
        assert len(found) == 2

    play(story, tmp_path / "house")


def test_who_may_not_remove_whom(tmp_path: Path) -> None:
    """A counsellor nobody, a lead not themselves, nobody another team's; absent and removed look the same."""

    async def story(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        kim = await a_team_next_door(house)
        for desk in (noor, robin):
            await desk.opens_desk()
        tries = [
            (noor, sam.person.id, "not_accepted"),
            (noor, noor.person.id, "not_accepted"),
            (robin, robin.person.id, "not_accepted"),
            (robin, kim.person.id, "no_such_member"),
            (robin, "0" * 32, "no_such_member"),
        ]
        for desk, id, code in tries:
            assert (await asks(desk, "/desk/remove", id=id)).json()["code"] == code
        assert (await asks(robin, "/desk/remove", id=sam.person.id)).status_code == 200
        assert (await asks(robin, "/desk/remove", id=sam.person.id)).json()["code"] == "no_such_member"
        found = [(one.actor, one.result) for one in await records(house) if one.action == "staff.remove"]
        assert found == [
            *((desk.person.id, code) for desk, _, code in tries),
            (robin.person.id, "done"),
            (robin.person.id, "no_such_member"),
        ]

    play(story, tmp_path / "house")


def test_the_next_epoch_is_not_theirs(tmp_path: Path) -> None:
    """New conversations are wrapped to a key that only today's members have; desks that are open get it."""

    async def story(house: House) -> None:
        noor, sam, robin = await three_at_desks(house)
        assert (await asks(robin, "/desk/remove", id=noor.person.id)).status_code == 200
        async with robin.http() as http:
            headers = {"Authorization": f"Bearer {b64(robin.token)}"}
            assert (await http.get("/desk/people", headers=headers)).json()["epoch_due"] is True
        seed = os.urandom(32)
        answer = await asks(robin, "/desk/epoch", **next_epoch(house, [sam.person, robin.person], seed))
        assert answer.status_code == 200, answer.text
        for desk in (sam, robin):
            assert await desk.line.closing_code() == 1013
        welcome = await sam.opens_desk()
        (_, second) = welcome["team_keys"]
        context = WrapContext(demo.ORGANISATION, demo.LINE, 2, bytes(16), 0, Purpose.MEMBER)
        assert second["epoch"] == 2
        assert unwrap(second["wrap"], sam.person.x25519, context) == seed
        visitor = house.visitor()
        await visitor.starts()
        taken = await sam.line.hear("queue")
        assert taken
        sam.line.send("take", conv=visitor.conv)
        released = await sam.line.hear("taken")
        assert {one["epoch"] for one in released["wraps"]} == {2}
        place = WrapContext(demo.ORGANISATION, demo.LINE, 2, visitor.conv, 0, Purpose.TEAM)
        first = next(one["wrap"] for one in released["wraps"] if one["g"] == 0)
        assert len(unwrap(first, seed, place)) == 32
        with pytest.raises(CannotOpen):  # with what Noor may have kept
            unwrap(first, house.organisation.team, place)
        async with robin.http() as http:
            headers = {"Authorization": f"Bearer {b64(robin.token)}"}
            assert (await http.get("/desk/people", headers=headers)).json()["epoch_due"] is False

    play(story, tmp_path / "house")


def test_a_desk_that_comes_while_an_epoch_begins_is_welcomed_with_the_one_before(tmp_path: Path) -> None:
    """Its key is stored, its certificate not read yet: a key without a certificate would throw the desk out."""

    async def story(house: House) -> None:
        noor, db = house.counsellor(), house.luwte.db
        await db.write(
            lambda tx: tx.execute("INSERT INTO team_key VALUES (?, ?, 2, ?)", noor.person.id, demo.LINE, bytes(80))
        )
        welcome = await noor.opens_desk()
        assert [key["epoch"] for key in welcome["team_keys"]] == [1]
        await db.write(lambda tx: tx.execute("UPDATE team SET epoch = 2"))
        await house.luwte.reload_teams()
        assert await noor.line.closing_code() == 1013
        welcome = await noor.opens_desk()
        assert [key["epoch"] for key in welcome["team_keys"]] == [1, 2]

    play(story, tmp_path / "house")


def test_what_was_read_last_stays(tmp_path: Path) -> None:
    """Two who read the teams again at once: the slower one does not put back what the other found."""

    async def story(house: House) -> None:
        luwte = house.luwte
        read, later = luwte.db.read, []

        async def slow(work: Callable[..., Any], *values: Any) -> Any:
            found = await read(work, *values)
            if work is staff.teams and not later:
                await luwte.db.write(lambda tx: tx.execute("UPDATE team SET name = 'Anew'"))
                later.append(asyncio.create_task(luwte.reload_teams()))
                await asyncio.wait(later, timeout=0.5)
            return found

        with patch.object(luwte.db, "read", slow):
            await luwte.reload_teams()
            await asyncio.gather(*later)
        assert luwte.teams[demo.LINE].name == "Anew"

    play(story, tmp_path / "house")


def test_an_epoch_that_is_not_right_does_not_begin(tmp_path: Path) -> None:
    """Everybody who belongs gets the key, nobody else; it follows the last one; the team-admin key signed it."""

    async def story(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        await robin.opens_desk()
        await noor.opens_desk()
        everybody = [noor.person, sam.person, robin.person]
        made = next_epoch(house, everybody, os.urandom(32))
        wrong = [
            next_epoch(house, everybody[:2], os.urandom(32)),
            next_epoch(house, everybody, os.urandom(32), epoch=3),
            next_epoch(house, everybody, os.urandom(32), epoch=1),
            next_epoch(house, everybody, house.organisation.team),
            next_epoch(house, everybody, os.urandom(32), signer=os.urandom(32)),
            next_epoch(house, everybody, os.urandom(32), certificate={"subject": "another"}),
            next_epoch(house, everybody, os.urandom(32), certificate={"organisation": "another"}),
            next_epoch(house, everybody, os.urandom(32), certificate={"not_after": int(time.time()) + 17 * 86_400}),
            {**made, "recovery_wrap": b64(bytes(79))},
            {**made, "wraps": [{**made["wraps"][0], "wrap": b64(bytes(81))}, *made["wraps"][1:]]},
            {**made, "wraps": [*made["wraps"], {"account": "0" * 32, "wrap": b64(bytes(80))}]},
        ]
        await house.luwte.db.write(_old_key)
        before = await house.luwte.db.read(_keys_of_the_team)
        for body in wrong:
            assert (await asks(robin, "/desk/epoch", **body)).json()["code"] == "certificate_refused"
        assert (await asks(noor, "/desk/epoch", **made)).json()["code"] == "not_accepted"
        assert await house.luwte.db.read(_keys_of_the_team) == before
        assert (await asks(robin, "/desk/epoch", **made)).status_code == 200
        assert (await asks(robin, "/desk/epoch", **made)).json()["code"] == "epoch_not_due"

    play(story, tmp_path / "house")


def test_an_epoch_begins_only_when_it_is_due(tmp_path: Path) -> None:
    """Once somebody left who had the key, or it is 90 days old; else it would only cut everybody off."""

    async def story(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        await robin.opens_desk()
        made = next_epoch(house, [noor.person, sam.person, robin.person], os.urandom(32))
        minute = int(time.time()) // 60
        before = await house.luwte.db.read(_keys_of_the_team)
        refused = await asks(robin, "/desk/epoch", **made)  # nobody knows when this one began
        assert (refused.status_code, refused.json()["code"]) == (409, "epoch_not_due")
        young = minute - 90 * 24 * 60 + 10
        await house.luwte.db.write(lambda tx: tx.execute("UPDATE team SET epoch_began = ?", young))
        assert (await asks(robin, "/desk/epoch", **made)).json()["code"] == "epoch_not_due"
        await house.luwte.db.write(lambda tx: tx.execute("UPDATE team SET epoch_began = NULL"))
        assert await house.luwte.db.read(_keys_of_the_team) == before
        assert await due(robin) == (False, False)
        await house.luwte.db.write(_old_key)
        assert await due(robin) == (True, False)
        assert (await asks(robin, "/desk/epoch", **made)).status_code == 200
        assert await due(robin) == (False, False)
        again = next_epoch(house, [sam.person, robin.person], os.urandom(32), epoch=3)
        assert (await asks(robin, "/desk/epoch", **again)).json()["code"] == "epoch_not_due"
        assert (await asks(robin, "/desk/remove", id=noor.person.id)).status_code == 200
        assert await due(robin) == (True, True)
        assert (await asks(robin, "/desk/epoch", **again)).status_code == 200
        found = [one.result for one in await records(house) if one.action == "staff.epoch"]
        assert found == ["epoch_not_due", "epoch_not_due", "done", "epoch_not_due", "done"]

    play(story, tmp_path / "house")


def test_a_large_team_can_begin_an_epoch(tmp_path: Path) -> None:
    """The wraps of 500 members are read; any other deed with as many bytes is not."""

    async def story(house: House) -> None:
        robin = house.counsellor(2)
        await robin.opens_desk()
        await house.luwte.db.write(_old_key)
        made = next_epoch(house, [robin.person], os.urandom(32))
        everybody = [{"account": os.urandom(16).hex(), "wrap": b64(os.urandom(80))} for _ in range(499)]
        large = {**made, "wraps": [*made["wraps"], *everybody]}
        assert (await asks(robin, "/desk/epoch", **large)).json()["code"] == "certificate_refused"
        assert (await asks(robin, "/desk/epoch", **large, more="x" * 131_072)).json()["code"] == "too_large"
        assert (await asks(robin, "/desk/remove", id=robin.person.id, **large)).json()["code"] == "too_large"

    play(story, tmp_path / "house")


def _wraps(tx: ReadTx) -> list[Any]:
    return [tx.all("SELECT * FROM wrap ORDER BY 1, 2, 3"), tx.all("SELECT * FROM conversation")]


async def rewraps(
    desk: Counsellor, old: bytes, new: bytes, after: int = 0, old_epoch: int | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """One batch, as a lead's desk does it: what was given, and what is to be kept."""
    batch = (await asks(desk, "/desk/rewrap/next", after=after)).json()
    conversations = []
    for one in batch["conversations"]:
        conv, wraps = base64.b64decode(one["conv"]), []
        for kept in one["wraps"]:
            purpose = Purpose.TEAM if kept["log"] == 1 else Purpose.TEAM_LOG
            place = WrapContext(demo.ORGANISATION, demo.LINE, old_epoch or kept["epoch"], conv, kept["g"], purpose)
            secret = unwrap(base64.b64decode(kept["wrap"]), old, place)
            anew = wrap(secret, primitives.public_of(new), replace(place, epoch=batch["epoch"]))
            wraps.append({"log": kept["log"], "g": kept["g"], "wrap": b64(anew)})
        conversations.append({"conv": one["conv"], "wraps": wraps})
    return batch, {"epoch": batch["epoch"], "conversations": conversations}


def test_what_ended_is_wrapped_anew_and_read_under_the_new_key(tmp_path: Path) -> None:
    """A conversation of before opens with today's key and no more with the old one; what goes on is left alone."""

    async def story(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        await noor.opens_desk()
        over = await a_taken_conversation(house, noor)
        await noor.notes(over.conv, "a note")
        noor.line.send("end", conv=over.conv, reason="completed")
        await noor.line.hear("ended")
        going = await a_taken_conversation(house, noor)
        assert (await asks(noor, "/desk/rewrap/next", after=0)).json()["code"] == "not_accepted"
        await robin.opens_desk()
        assert (await asks(robin, "/desk/rewrap/next", after=0)).json()["left"] == 0
        seed = os.urandom(32)
        everybody = [noor.person, sam.person, robin.person]
        await house.luwte.db.write(_old_key)
        assert (await asks(robin, "/desk/epoch", **next_epoch(house, everybody, seed))).status_code == 200
        batch, made = await rewraps(robin, house.organisation.team, seed)
        assert (batch["left"], [base64.b64decode(one["conv"]) for one in batch["conversations"]]) == (1, [over.conv])
        assert going.conv != over.conv
        half = {**made, "conversations": [{**made["conversations"][0], "wraps": made["conversations"][0]["wraps"][:1]}]}
        assert (await asks(robin, "/desk/rewrap", **half)).json()["code"] == "malformed"
        assert (await asks(robin, "/desk/rewrap", **{**made, "epoch": 1})).json()["code"] == "not_accepted"
        assert (await asks(robin, "/desk/rewrap", **made)).json() == {"stored": 1}
        assert (await asks(robin, "/desk/rewrap", **made)).json() == {"stored": 0}
        assert (await asks(robin, "/desk/rewrap/next", after=0)).json()["left"] == 0

        # Through glass it is read with today's key. What the visitor signed is gone with the old wraps.
        await robin.opens_desk()
        number = batch and 1
        day = house.luwte.minute() // 1440
        robin.line.send("break_glass", number=number, day=day, basis="complaint", reason="somebody complained")
        opened = await robin.line.hear("opened")
        assert opened["start"]["wraps"] == []
        assert {one["epoch"] for one in opened["wraps"]} == {2}
        robin.team = seed
        robin.gets(opened)
        assert {await robin.reads(over.conv) for _ in range(4)} >= {"an opening", "a note"}
        robin.team = house.organisation.team
        with pytest.raises(CannotOpen):
            robin.unwraps(over.conv, opened["wraps"][0])
        found = [one for one in await records(house) if one.action.startswith("conversation.rewrap")]
        assert [(one.actor, one.action, one.result) for one in found] == [
            (noor.person.id, "conversation.rewrap", "not_accepted"),
            (robin.person.id, "conversation.rewrap", "done"),
            (robin.person.id, "conversation.rewrapped", "malformed"),
            (robin.person.id, "conversation.rewrapped", "not_accepted"),
            (robin.person.id, "conversation.rewrapped", "done"),
        ]
        given, kept = (one for one in found if one.result == "done")
        assert given.object == kept.object != b""

    play(story, tmp_path / "house")


def test_a_thousand_are_wrapped_anew_while_the_desk_works_on(tmp_path: Path) -> None:
    """Twenty at a time; between them everybody talks, and at the end none is left under the key of before."""

    async def story(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        for desk in (noor, robin):
            await desk.opens_desk()
        ended = 1_000
        await house.luwte.db.write(_many_that_ended, house, ended)
        seed = os.urandom(32)
        everybody = [noor.person, sam.person, robin.person]
        await house.luwte.db.write(_old_key)
        assert (await asks(robin, "/desk/epoch", **next_epoch(house, everybody, seed))).status_code == 200
        await noor.opens_desk()
        noor.team = seed
        visitor = await a_taken_conversation(house, noor)
        after, lefts = 0, []
        while True:
            batch, made = await rewraps(robin, house.organisation.team, seed, after)
            if not batch["conversations"]:
                break
            lefts.append(batch["left"])
            assert (await asks(robin, "/desk/rewrap", **made)).json() == {"stored": len(batch["conversations"])}
            after = batch["last"]
            assert (await visitor.says(f"while it is {batch['left']}"))["t"] == "ack"
            assert await noor.reads(visitor.conv) != ""
        assert lefts == list(range(ended, 0, -20))
        assert batch["left"] == 0
        found = [one.action for one in await records(house)]
        assert (found.count("conversation.rewrap"), found.count("conversation.rewrapped")) == (ended, ended)

    play(story, tmp_path / "house")


def test_one_that_never_opens_does_not_flood_the_log(tmp_path: Path) -> None:
    """It is asked for at each sign-on and each look: of a session there is one record, of the next one another."""

    async def story(house: House) -> None:
        robin = house.counsellor(2)
        await robin.opens_desk()
        await house.luwte.db.write(_many_that_ended, house, 2)
        await house.luwte.db.write(lambda tx: tx.execute("UPDATE conversation SET epoch = 0"))
        for _ in range(5):
            batch = (await asks(robin, "/desk/rewrap/next", after=0)).json()
            assert len(batch["conversations"]) == 2
        found = [one.action for one in await records(house)]
        assert found.count("conversation.rewrap") == 2
        again = house.counsellor(2)
        await again.opens_desk()
        assert again.token != robin.token
        await asks(again, "/desk/rewrap/next", after=0)
        found = [one.action for one in await records(house)]
        assert found.count("conversation.rewrap") == 4

    play(story, tmp_path / "house")


def test_conversations_with_many_secrets_fit_into_what_may_be_asked(tmp_path: Path) -> None:
    """As many as there may be, at mixed epochs: none is left out, and each answer comes back within the limit."""

    async def story(house: House) -> None:
        robin = house.counsellor(2)
        await robin.opens_desk()
        await house.luwte.db.write(_many_that_ended, house, 23, MOST_WRAPS // 2)
        await house.luwte.db.write(
            lambda tx: tx.execute("DELETE FROM wrap WHERE conversation > 3 AND (generation > 1 OR log = 2)")
        )
        seed, everybody = os.urandom(32), [house.counsellor(n).person for n in range(3)]
        await house.luwte.db.write(_old_key)
        assert (await asks(robin, "/desk/epoch", **next_epoch(house, everybody, seed))).status_code == 200
        after, sizes = 0, []
        while True:
            batch, made = await rewraps(robin, house.organisation.team, seed, after)
            if not batch["conversations"]:
                break
            sizes.append(len(made["conversations"]))
            assert (await asks(robin, "/desk/rewrap", **made)).json() == {"stored": sizes[-1]}
            after = batch["last"]
        assert sizes == [1, 1, 1, 20]
        assert batch["left"] == 0

    play(story, tmp_path / "house")


def _many_that_ended(tx: WriteTx, house: House, count: int, generations: int = 2) -> None:
    """Conversations as they are on the disk once they ended, each with a key of its own."""
    public = primitives.public_of(house.organisation.team)
    for at in range(count):
        id = at.to_bytes(16, "big")
        key = house.luwte.keys.put(keystore.CONVERSATION, id, os.urandom(32))
        proof = StartProof(bytes(32), bytes(32), bytes(32), bytes(16), bytes(64))
        row = conversation_store.create(
            tx, id=id, team=demo.LINE, number=at, epoch=1, start_hash=bytes(32), proof=proof, minute=1, for_later=False
        )
        tx.execute("UPDATE conversation SET ended = 2, ended_by = 'team' WHERE key = ?", row)
        logs = ((1, Purpose.TEAM), (2, Purpose.TEAM_LOG)) if generations > 2 else ((1, Purpose.TEAM),)
        for (log, purpose), g in itertools.product(logs, range(generations)):
            place = WrapContext(demo.ORGANISATION, demo.LINE, 1, id, g, purpose)
            locked = lock(key, b"wrap", id, wrap_row(log, g, purpose), wrap(os.urandom(32), public, place))
            conversation_store.put_wrap(tx, row, LockedWrap(log, g, purpose, locked, 1))
