"""D-2, G-3, G-9: who may do what, by role; and that a reviewer and an admin hold no key that anything is wrapped to."""

import asyncio
import base64
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import Counsellor, House, Line, play
from attack.attackers import a_taken_conversation, a_team_next_door, records, refused, what_is_stored
from attack.test_catalogue import NO_AUDIT
from desk.test_removal import asks, next_epoch
from joiners import invites, joiner, of_the_demonstration, people
from luwte import demo
from luwte.crypto import primitives
from luwte.crypto.certificate import Certificate, Type, issue
from luwte.crypto.primitives import CannotOpen
from luwte.crypto.wrap import Purpose, WrapContext, unwrap, wrap
from luwte.plumbing.db import ReadTx
from luwte.staff import roles, store
from luwte.staff.invitation import code_hash, new_code
from luwte.staff.roles import Deed

ROLES = ("counsellor", "lead", "reviewer", "admin")
PLACE = {"counsellor": 0, "lead": 2, "reviewer": 3, "admin": 4}
"""Where the demonstration has somebody in each."""

NO = "not_accepted"
ABSENT = "0" * 32


def b64(data: bytes) -> str:
    """As JSON carries bytes."""
    return base64.b64encode(data).decode()


async def in_each_role(house: House) -> dict[str, Counsellor]:
    """One of each, signed in, with no desk open."""
    found = {role: house.counsellor(at) for role, at in PLACE.items()}
    for role, one in found.items():
        assert one.person.role == role
        await one.skips_sign_in()
    return found


async def reads(desk: Counsellor, path: str) -> httpx.Response:
    """A page."""
    async with desk.http() as http:
        return await http.get(path, headers={"Authorization": f"Bearer {b64(desk.token)}"})


# What each role is told, of a body that is well formed and names nobody. `ok` is 200.
DEEDS: dict[str, tuple[dict[str, Any], tuple[str, str, str, str]]] = {
    #                                                              counsellor, lead, reviewer, admin
    "/desk/audit": ({}, (NO, "ok", "ok", NO)),
    "/desk/checkpoint": ({}, (NO, "ok", "ok", NO)),
    "/desk/withdraw": ({"id": ABSENT}, (NO, "no_such_invitation", NO, "no_such_invitation")),
    "/desk/remove": ({"id": ABSENT}, (NO, "no_such_member", NO, "no_such_member")),
    "/desk/house/sign-out": ({"id": ABSENT}, (NO, NO, NO, "no_such_member")),
    "/desk/decline": ({"id": ABSENT}, (NO, "no_such_applicant", NO, NO)),
    "/desk/admit": ({"id": ABSENT, "certificate": "AAAA", "team_keys": []}, (NO, "no_such_applicant", NO, NO)),
    "/desk/renew": ({"members": [], "team_certificate": "AAAA"}, (NO, "certificate_refused", NO, NO)),
    "/desk/epoch": (
        {"certificate": "AAAA", "wraps": [{"account": ABSENT, "wrap": "AAAA"}], "recovery_wrap": ""},
        (NO, "epoch_not_due", NO, NO),
    ),
    "/desk/rewrap/next": ({}, (NO, "ok", NO, NO)),
    "/desk/rewrap": ({"epoch": 9, "conversations": []}, (NO, NO, NO, NO)),
    "/desk/replies": (
        {"scope": "team", "id": b64(bytes(16)), "version": 7, "sealed": b64(bytes(284))},
        ("reply_changed", "reply_changed", NO, NO),
    ),
    "/desk/account/end": ({"id": b64(bytes(32))}, ("no_such_session",) * 4),
}
READS = {
    "/desk/people": (NO, "ok", NO, "ok"),
    "/desk/house": (NO, NO, NO, "ok"),
    "/desk/replies": ("ok", "ok", NO, NO),
    "/desk/account": ("ok",) * 4,
}
INVITES = {
    "counsellor": (NO,) * 4,
    "lead": ("ok",) * 4,
    "reviewer": (NO,) * 4,
    "admin": ("ok", NO, "ok", "ok"),
}
"""Who invites, and into which role."""


def said(answer: httpx.Response) -> str:
    """The code of a refusal, or `ok`."""
    assert (answer.status_code == 403) == (answer.status_code != 200 and answer.json()["code"] == NO)
    return "ok" if answer.status_code == 200 else str(answer.json()["code"])


def test_each_role_is_told_what_the_table_says(tmp_path: Path) -> None:
    """Every endpoint by every role; what is refused changes nothing, and each refused deed is on record."""

    async def story(house: House) -> None:
        wrong = []
        for role, desk in (await in_each_role(house)).items():
            at = ROLES.index(role)
            before = await house.luwte.db.read(_accounts)
            for path, (body, told) in DEEDS.items():
                noted = len(await records(house))
                if (got := said(await asks(desk, path, **body))) != told[at]:
                    wrong.append((role, path, got))
                found = [(one.actor, one.result) for one in (await records(house))[noted:]]
                if got == NO and path != "/desk/checkpoint" and found != [(desk.person.id, NO)]:
                    wrong.append((role, path, str(found)))
            wrong += [
                (role, path, got) for path, told in READS.items() if (got := said(await reads(desk, path))) != told[at]
            ]
            if await house.luwte.db.read(_accounts) != before:
                wrong.append((role, "changed something", ""))
            for invited, told in zip(ROLES, INVITES[role], strict=True):
                body = {"role": invited, "code_hash": b64(code_hash(new_code()))}
                if (got := said(await asks(desk, "/desk/invite", **body))) != told:
                    wrong.append((role, f"invites {invited}", got))
        assert wrong == []

    play(story, tmp_path / "house")


def _accounts(tx: ReadTx) -> list[Any]:
    tables = ("account", "team", "team_key", "admin_key", "invitation", "applicant", "session", "reply")
    return [tx.all(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


def test_the_table_of_deeds_is_what_it_says() -> None:
    """Nobody but a lead admits; who reads the record or keeps the house gets no key; a role that is none, nothing."""
    for role in ROLES:
        assert roles.has_admin_key(role) == (role == "lead")
        assert roles.has_team_key(role) == (role in ("counsellor", "lead"))
        assert not (roles.may(role, Deed.KEEP_HOUSE) and (roles.has_team_key(role) or roles.may(role, Deed.REVIEW)))
        assert roles.may_invite(role, "lead") == roles.has_admin_key(role)
    for nobody in ("", "operator", "Lead", "lead ", "counsellor/lead"):
        assert not any(roles.may(nobody, deed) for deed in Deed)
        assert not any(roles.may_invite(nobody, role) for role in ROLES)
        assert not any(roles.may_invite(role, nobody) for role in ROLES)


@pytest.mark.usefixtures("both_ways")
def test_who_does_not_talk_has_no_desk(tmp_path: Path) -> None:
    """One refusal and 1008: not one frame of a desk, whatever is sent; the try is on record once for a session."""

    async def story(house: House) -> None:
        everybody = await in_each_role(house)
        visitor = house.visitor()
        await visitor.starts()
        await visitor.says("an opening")
        before = await what_is_stored(house)
        for role in ("reviewer", "admin"):
            desk = everybody[role]
            for _ in range(2):
                line = await Line.open(house.origin.replace("http", "ws") + desk.path, house.origin)
                line.send("sign_on", token=desk.token)
                line.send("take", conv=visitor.conv)
                line.send("openings", convs=[visitor.conv])
                line.send("next")
                assert (await line.hear("refused"))["code"] == NO
                assert await line.closing_code() == 1008
                assert [frame["t"] for frame in line.everything] == ["refused"]
            found = [(one.action, one.result) for one in await records(house) if one.actor == desk.person.id]
            assert found == [("desk.open", NO)]
        assert await what_is_stored(house) == before

    play(story, tmp_path / "house")


def test_absent_foreign_and_removed_look_the_same_to_an_admin(tmp_path: Path) -> None:
    """Of colleagues and invitations: the same bytes, whether it never was, is next door's, or is over."""

    async def story(house: House) -> None:
        kim, everybody = await a_team_next_door(house), await in_each_role(house)
        admin, sam = everybody["admin"], house.counsellor(1)
        assert (await asks(admin, "/desk/remove", id=sam.person.id)).status_code == 200
        for path in ("/desk/remove", "/desk/house/sign-out"):
            heard = [await asks(admin, path, id=id) for id in (ABSENT, kim.person.id, sam.person.id)]
            assert len({(one.status_code, one.content) for one in heard}) == 1
            assert heard[0].json()["code"] == "no_such_member"
            assert said(await asks(admin, path, id=admin.person.id)) == NO

        async def invited(by: Counsellor) -> str:
            body = {"role": "counsellor", "code_hash": b64(code_hash(new_code()))}
            return str((await asks(by, "/desk/invite", **body)).json()["id"])

        own, of_a_lead, over = await invited(admin), await invited(everybody["lead"]), await invited(admin)
        theirs = await invited(everybody["lead"])
        move = "UPDATE invitation SET team = 'next' WHERE id = ?"
        await house.luwte.db.write(lambda tx: tx.execute(move, theirs))
        for id in (own, of_a_lead, over):
            assert said(await asks(admin, "/desk/withdraw", id=id)) == "ok"
        heard = [await asks(admin, "/desk/withdraw", id=id) for id in (over, theirs, ABSENT)]
        assert len({(one.status_code, one.content) for one in heard}) == 1
        assert heard[0].json()["code"] == "no_such_invitation"

    play(story, tmp_path / "house")


def test_nobody_removes_the_last_one_who_can_admit(tmp_path: Path) -> None:
    """Not an admin, not a lead without the key; of two at once one is left. Whoever is asked for can be signed out."""

    async def story(house: House) -> None:
        everybody = await in_each_role(house)
        admin, robin, sam = everybody["admin"], everybody["lead"], house.counsellor(1)
        assert said(await asks(admin, "/desk/remove", id=robin.person.id)) == "last_lead"
        await sam.skips_sign_in()
        promote = "UPDATE account SET role = 'lead' WHERE id = ?"
        await house.luwte.db.write(lambda tx: tx.execute(promote, sam.person.id))
        assert said(await asks(sam, "/desk/remove", id=robin.person.id)) == "last_lead"
        assert said(await asks(admin, "/desk/house/sign-out", id=robin.person.id)) == "ok"
        assert (await reads(robin, "/desk/account")).status_code == 401
        give = "INSERT INTO admin_key (account, epoch, wrap) VALUES (?, 1, ?)"
        await house.luwte.db.write(lambda tx: tx.execute(give, sam.person.id, bytes(80)))
        both = [asks(admin, "/desk/remove", id=one.person.id) for one in (robin, sam)]
        assert sorted(said(one) for one in await asyncio.gather(*both)) == ["last_lead", "ok"]

    play(story, tmp_path / "house")


def test_an_admin_removes_somebody_who_talks_and_the_next_key_is_due(tmp_path: Path) -> None:
    """While every lead sleeps: out at once, the visitor waits again, and a lead's next look says that a key is due."""

    async def story(house: House) -> None:
        everybody = await in_each_role(house)
        noor, sam, robin, admin = everybody["counsellor"], house.counsellor(1), everybody["lead"], everybody["admin"]
        for desk in (noor, sam):
            await desk.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        body = {"role": "reviewer", "code_hash": b64(code_hash(new_code()))}
        assert said(await asks(everybody["lead"], "/desk/invite", **body)) == "ok"
        assert said(await asks(admin, "/desk/remove", id=noor.person.id)) == "ok"
        assert await noor.line.closing_code() == 4401
        await visitor.line.hear("waiting")
        assert (await sam.takes(visitor.conv))["t"] == "taken"
        for desk in (robin, admin):
            told = (await people(desk)).json()
            assert told["epoch_due"] is True
        seed = os.urandom(32)
        assert said(await asks(admin, "/desk/epoch", **next_epoch(house, [sam.person, robin.person], seed))) == NO
        assert said(await asks(robin, "/desk/epoch", **next_epoch(house, [sam.person, robin.person], seed))) == "ok"
        assert (await people(admin)).json()["epoch_due"] is False
        # Somebody who had no key leaves nothing to replace.
        assert said(await asks(admin, "/desk/remove", id=everybody["reviewer"].person.id)) == "ok"
        assert (await people(robin)).json()["epoch_due"] is False

    play(story, tmp_path / "house")


def test_a_colleague_is_signed_out_everywhere(tmp_path: Path) -> None:
    """Every session and socket ends, what they had waits again, and they come in again: the account is theirs."""

    async def story(house: House) -> None:
        everybody = await in_each_role(house)
        admin, noor, other = everybody["admin"], everybody["counsellor"], house.counsellor(0)
        await noor.opens_desk()
        await other.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        told = (await reads(admin, "/desk/house")).json()
        mine = [one for one in told["sessions"] if one["account"] == noor.person.id]
        assert [set(one) for one in mine] == [{"account", "began"}] * 2
        assert (told["open"], told["desks"]) == (True, 1)
        # I-6: without a record nobody is signed out.
        await house.luwte.db.write(lambda tx: tx.execute(NO_AUDIT))
        assert (await asks(admin, "/desk/house/sign-out", id=noor.person.id)).status_code == 500
        await house.luwte.db.write(lambda tx: tx.execute("DROP TRIGGER no_audit"))
        assert (await reads(noor, "/desk/account")).status_code == 200
        assert said(await asks(admin, "/desk/house/sign-out", id=noor.person.id)) == "ok"
        for desk in (noor, other):
            assert await desk.line.closing_code() == 4401
            assert (await reads(desk, "/desk/account")).status_code == 401
        await visitor.line.hear("waiting")
        told = (await reads(admin, "/desk/house")).json()
        assert noor.person.id not in {one["account"] for one in told["sessions"]}
        assert (await noor.signs_in()).status_code == 200
        found = [(one.actor, one.reason) for one in await records(house) if one.action == "staff.end_session"]
        assert found == [(admin.person.id, noor.person.id)]

    play(story, tmp_path / "house")


def test_another_role_counts_from_the_next_frame_on(tmp_path: Path) -> None:
    """G-9, C-4: whoever is something else by now does nothing more on a socket that was opened as what they were."""

    async def story(house: House) -> None:
        everybody = await in_each_role(house)
        noor, robin = everybody["counsellor"], everybody["lead"]
        for desk in (noor, robin):
            await desk.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        waits = house.visitor()
        await waits.starts()
        change = "UPDATE account SET role = CASE role WHEN 'lead' THEN 'counsellor' ELSE 'admin' END WHERE id IN (?, ?)"
        await house.luwte.db.write(lambda tx: tx.execute(change, noor.person.id, robin.person.id))
        before = await what_is_stored(house)
        assert (await refused(noor.line, "take", conv=waits.conv))["code"] == "signed_out"
        assert (await refused(robin.line, "step_in", conv=visitor.conv, reason="asked"))["code"] == "signed_out"
        assert await what_is_stored(house) == before
        assert said(await asks(robin, "/desk/audit")) == NO
        assert said(await reads(noor, "/desk/replies")) == NO

    play(story, tmp_path / "house")


@pytest.mark.parametrize("role", ["reviewer", "admin"])
def test_nothing_is_ever_wrapped_to_who_does_not_talk(tmp_path: Path, role: str) -> None:
    """G-3: of all that the server keeps and tells them, no wrap opens with their key; and none is taken for them."""

    async def story(house: House) -> None:
        everybody = await in_each_role(house)
        robin, organisation = everybody["lead"], of_the_demonstration(house)
        kim = joiner(house, await invites(robin, role))
        await kim.joins()
        counsellor = replace_role(kim.role)
        place = WrapContext(demo.ORGANISATION, demo.LINE, 1, bytes(16), 0, Purpose.MEMBER)
        team = {"epoch": 1, "wrap": b64(wrap(organisation.team, kim.public[1], place))}
        admin = b64(wrap(organisation.admin, kim.public[1], replace(place, purpose=Purpose.TEAM_ADMIN)))
        named = b64(organisation.certificate(kim, roles=(f"{kim.team}/{counsellor}",)))
        both = b64(organisation.certificate(kim, roles=(f"{kim.team}/{role}", f"{kim.team}/{counsellor}")))
        for cheat in (
            {"team_keys": [team]},
            {"admin_key": admin},
            {"team_keys": [team], "admin_key": admin},
            {"certificate": named},
            {"certificate": named, "team_keys": [team]},
            {"certificate": both},
        ):
            body = organisation.admission(kim, **cheat)
            assert said(await asks(robin, "/desk/admit", **body)) == "certificate_refused", cheat
        # The admin tries to be admitted by themselves, as anything.
        assert said(await asks(everybody["admin"], "/desk/admit", **organisation.admission(kim))) == NO
        assert said(await asks(robin, "/desk/admit", **organisation.admission(kim))) == "ok"

        # The next epoch is not for them: with them it does not begin, without them it does.
        person = demo.Person(kim.account, "Kim", role, "", kim.x25519, kim.ed25519, kim.amk)
        talking = [one for one in house.organisation.people if roles.has_team_key(one.role)]
        await house.luwte.db.write(lambda tx: tx.execute("UPDATE team SET epoch_began = 0"))
        for members in ([*talking, person], [*talking, everybody[role].person], talking[:-1]):
            made = next_epoch(house, members, os.urandom(32))
            assert said(await asks(robin, "/desk/epoch", **made)) == "certificate_refused"
        assert said(await asks(robin, "/desk/epoch", **next_epoch(house, talking, os.urandom(32)))) == "ok"

        # A longer certificate says the same as before: nobody grows by being renewed.
        now = int(time.time())
        keys = (primitives.signing_public_of(kim.ed25519), primitives.public_of(kim.x25519))
        more = Certificate(
            Type.STAFF, demo.ORGANISATION, kim.account, keys, (f"{kim.team}/lead",), 1, now, now + 91 * 86_400
        )
        body = {"members": [{"account": kim.account, "certificate": b64(issue(more, organisation.admin))}]}
        assert said(await asks(robin, "/desk/renew", **body)) == "certificate_refused"
        assert said(await asks(everybody["admin"], "/desk/renew", **body)) == NO

        await noor_talks(house, everybody["counsellor"])
        answer = (await kim.signs_in()).json()
        assert (answer["role"], answer["team_keys"]) == (role, [])
        if role == "admin":
            told = (await people(kim)).json()
            assert (told["team_keys"], told["admin_key"]) == ([], None)
        wraps = await house.luwte.db.read(_every_wrap)
        assert len(wraps) > 6
        for purpose in Purpose:
            for epoch in (1, 2):
                for of in (demo.LINE, "team-admin"):
                    for wrapped in wraps:
                        context = WrapContext(demo.ORGANISATION, of, epoch, bytes(16), 0, purpose)
                        with pytest.raises(CannotOpen):
                            unwrap(wrapped, kim.x25519, context)

    play(story, tmp_path / "house")


def replace_role(role: str) -> str:
    """One that is more."""
    return {"reviewer": "counsellor", "admin": "lead"}[role]


async def noor_talks(house: House, noor: Counsellor) -> None:
    """So that there are wraps of a conversation, too."""
    await noor.opens_desk()
    await house.visitor().starts()


def _every_wrap(tx: ReadTx) -> list[bytes]:
    tables = ("team_key", "admin_key", "recovery_wrap")
    return [bytes(row[0]) for table in tables for row in tx.all(f"SELECT wrap FROM {table}")]


STEP = st.tuples(
    st.sampled_from(("remove", "sign_out", "invite")),
    st.integers(0, 5),
    st.integers(0, 5),
    st.sampled_from(ROLES),
)


@settings(max_examples=12, deadline=None)
@given(steps=st.lists(STEP, min_size=4, max_size=14))
def test_whatever_is_tried_somebody_can_admit_and_keys_are_where_they_belong(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int, str]]
) -> None:
    """Whoever tries whatever on whom, in any order: who is left can admit, and no key lies with who may not have it."""

    async def story(house: House) -> None:
        organisation = of_the_demonstration(house)
        robin = house.counsellor(2)
        await robin.skips_sign_in()
        kim = joiner(house, await invites(robin, "lead"))
        await kim.joins()
        assert said(await asks(robin, "/desk/admit", **organisation.admission(kim))) == "ok"
        lead = house.counsellor(0)
        lead.person = demo.Person(kim.account, "Kim", "lead", "", kim.x25519, kim.ed25519, kim.amk)
        people_here = [*(house.counsellor(at) for at in range(5)), lead]
        for one in people_here:
            await one.skips_sign_in()
        gone: set[str] = set()
        for what, who, whom, role in steps:
            actor, target = people_here[who], people_here[whom].person.id
            mine, signed_out = actor.person.role, (await reads(actor, "/desk/account")).status_code == 401
            if what == "invite":
                body = {"role": role, "code_hash": b64(code_hash(new_code()))}
                got, may = said(await asks(actor, "/desk/invite", **body)), roles.may_invite(mine, role)
            else:
                path = "/desk/remove" if what == "remove" else "/desk/house/sign-out"
                deed = Deed.LOOK_AFTER if what == "remove" else Deed.KEEP_HOUSE
                got, may = said(await asks(actor, path, id=target)), roles.may(mine, deed)
            if signed_out:
                assert got == "signed_out"
            elif not may:
                assert got == NO
            if got == "ok" and what == "remove":
                gone.add(target)
            left, holders, admitting = await house.luwte.db.read(_who_has_what)
            assert not gone & set(left)
            assert admitting
            assert {left[id] for id in holders} <= {"counsellor", "lead"}
            assert {left[id] for id in admitting} == {"lead"}

    play(story, tmp_path_factory.mktemp("roles") / "house")


def _who_has_what(tx: ReadTx) -> tuple[dict[str, str], set[str], set[str]]:
    members = {one.id: one.role for one in store.members(tx, demo.LINE)}
    holders, admitting = (
        {row[0] for row in tx.all(f"SELECT account FROM {table}")} for table in ("team_key", "admin_key")
    )
    return members, holders, admitting
