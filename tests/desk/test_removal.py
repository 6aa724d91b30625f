"""The last day of a colleague: sessions, sockets and keys go at once, and the next epoch is not theirs."""

import base64
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors import Counsellor, House, play
from attack.attackers import a_taken_conversation, a_team_next_door, records
from luwte import demo
from luwte.crypto import primitives
from luwte.crypto.certificate import Certificate, Type, issue
from luwte.crypto.primitives import CannotOpen
from luwte.crypto.wrap import Purpose, WrapContext, unwrap, wrap
from luwte.plumbing import keystore
from luwte.plumbing.db import ReadTx
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
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        for desk in (noor, sam, robin):
            await desk.opens_desk()
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
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        for desk in (noor, sam, robin):
            await desk.opens_desk()
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
            {**made, "recovery_wrap": b64(bytes(79))},
            {**made, "wraps": [{**made["wraps"][0], "wrap": b64(bytes(81))}, *made["wraps"][1:]]},
            {**made, "wraps": [*made["wraps"], {"account": "0" * 32, "wrap": b64(bytes(80))}]},
        ]
        before = await house.luwte.db.read(_keys_of_the_team)
        for body in wrong:
            assert (await asks(robin, "/desk/epoch", **body)).json()["code"] == "certificate_refused"
        assert (await asks(noor, "/desk/epoch", **made)).json()["code"] == "not_accepted"
        assert await house.luwte.db.read(_keys_of_the_team) == before
        assert (await asks(robin, "/desk/epoch", **made)).status_code == 200
        assert (await asks(robin, "/desk/epoch", **made)).json()["code"] == "certificate_refused"

    play(story, tmp_path / "house")
