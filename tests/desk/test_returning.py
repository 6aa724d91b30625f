"""Back after everything was lost: a new account at once, and nothing given to it for 24 hours, whatever it tries."""

import os
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors import Counsellor, House, Line, play
from attack.attackers import a_taken_conversation, records
from attack.test_roles import in_each_role
from desk.test_removal import next_epoch
from joiners import DAY, Joiner, b64, invites, joiner, of_the_demonstration, people, post, unb64
from luwte import demo
from luwte.crypto.wrap import Purpose, WrapContext, unwrap
from luwte.plumbing import keystore
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff import joining_store, store
from luwte.staff.model import WAIT_MINUTES, token_hash

MINUTE = 60


class Still:
    """A clock that stands still until a test turns it."""

    def __init__(self) -> None:
        self.time = float(int(time.time()) // MINUTE * MINUTE + 30)  # 30 seconds into a minute

    def __call__(self) -> float:
        """Now."""
        return self.time


async def comes_back(house: House, lead: Counsellor, lost: Counsellor, name: str = "Noor again") -> Joiner:
    """Invited in the place of *lost*, joined, and admitted."""
    back = joiner(house, await invites(lead, lost.person.role, lost.person.id), name)
    assert (await back.joins()).status_code == 200
    answer = await post(lead, "/desk/admit", **of_the_demonstration(house).admission(back))
    assert answer.status_code == 200, answer.text
    return back


def _given(tx: ReadTx, id: str) -> list[Any]:
    return tx.all("SELECT epoch FROM team_key WHERE account = ? ORDER BY epoch", id)


def as_colleague(house: House, back: Joiner) -> Counsellor:
    """The same person at a desk."""
    desk = house.counsellor(0)
    desk.person = demo.Person(back.account, back.name, back.role, "", back.x25519, back.ed25519, back.amk)
    desk.token = back.token
    return desk


def leads(tx: WriteTx, id: str) -> None:
    """Make somebody a second lead who can admit."""
    tx.execute("UPDATE account SET role = 'lead' WHERE id = ?", id)
    joining_store.put_admin_key(tx, id, 1, bytes(80))


async def a_session_by_force(house: House, id: str) -> bytes:
    """As if one had begun: a row that no door makes."""
    token = os.urandom(32)
    await house.luwte.db.write(store.begin_session, token_hash(token), id, house.luwte.minute())
    return token


def test_to_the_minute_nothing_is_read_before_a_day_is_over(tmp_path: Path) -> None:
    """Signing in works and says from when; a second before it gives nothing, and then it gives all."""
    clock = Still()

    async def story(house: House) -> None:
        noor, robin = house.counsellor(0), house.counsellor(2)
        await robin.opens_desk()
        admitted = clock.time
        back = await comes_back(house, robin, noor)
        from_then = int(admitted) // MINUTE + WAIT_MINUTES + 1
        assert from_then * MINUTE - admitted == DAY + 30  # never less than 24 hours, at most a minute more
        for later in (0, MINUTE, DAY - 1, DAY, DAY + 29):
            clock.time = admitted + later
            answer = await back.signs_in_early()
            assert (answer.status_code, answer.json()) == (200, {"reads_from": from_then}), later
        clock.time = admitted + DAY + 30
        answer = (await back.signs_in()).json()
        assert back.keys_in(answer)["team"] == house.organisation.team
        welcome = await as_colleague(house, back).opens_desk()
        assert welcome["account"] == back.account

    play(story, tmp_path / "house", clock)


def test_the_account_of_before_goes_when_the_new_one_is_admitted(tmp_path: Path) -> None:
    """Not with the invitation, which may be a lie; all at once, and what it had waits again."""

    async def story(house: House) -> None:
        noor, robin = house.counsellor(0), house.counsellor(2)
        for desk in (noor, robin):
            await desk.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        back = joiner(house, await invites(robin, "counsellor", noor.person.id), "Noor again")
        assert (await back.joins()).status_code == 200
        shown = (await people(robin)).json()
        assert [one["instead_of"] for one in shown["waiting"]] == [noor.person.id]
        assert (await noor.says(visitor.conv, "still here"))["t"] == "ack"
        await post(robin, "/desk/admit", **of_the_demonstration(house).admission(back))
        assert await noor.line.closing_code() == 4401
        await visitor.line.hear("waiting")
        assert (await noor.signs_in()).json()["code"] == "sign_in_refused"
        assert house.luwte.keys.get(keystore.STAFF, bytes.fromhex(noor.person.id)) is None
        shown = (await people(robin)).json()
        assert shown["epoch_due"] is True
        assert [one["name"] for one in shown["members"] if one["reads_from"] is not None] == ["Noor again"]
        assert noor.person.id not in {one["account"] for one in shown["members"]}
        found = [(one.actor, one.action, one.reason) for one in await records(house) if one.actor == robin.person.id]
        assert found == [
            (robin.person.id, "staff.reinvite", noor.person.id),
            (robin.person.id, "staff.readmit", back.account),
            (robin.person.id, "staff.remove", noor.person.id),
        ]

    play(story, tmp_path / "house")


def test_the_next_epoch_is_theirs_too_and_held_back_with_the_rest(tmp_path: Path) -> None:
    """The key that the removal brings is wrapped to who waits; after a restart they wait on; then both."""
    clock, kept = Still(), []

    async def first(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        await robin.opens_desk()
        back = await comes_back(house, robin, noor)
        members = [sam.person, robin.person, as_colleague(house, back).person]
        seed = os.urandom(32)
        answer = await post(robin, "/desk/epoch", **next_epoch(house, members, seed))
        assert answer.status_code == 200, answer.text
        assert await house.luwte.db.read(_given, back.account) == [(1,), (2,)]
        assert (await back.signs_in_early()).json().keys() == {"reads_from"}
        kept.append((back, seed))

    async def second(house: House) -> None:
        (back, seed) = kept[0]
        back.origin = house.origin
        house.luwte.housekeeping.stop()  # it would delete the first key, which opens nothing here
        clock.time += DAY / 2
        assert (await back.signs_in_early()).json().keys() == {"reads_from"}
        clock.time += DAY / 2 + MINUTE
        answer = (await back.signs_in()).json()
        assert [one["epoch"] for one in answer["team_keys"]] == [1, 2]
        context = WrapContext(demo.ORGANISATION, demo.LINE, 2, bytes(16), 0, Purpose.MEMBER)
        assert unwrap(unb64(answer["team_keys"][1]["wrap"]), back.x25519, context) == seed

    play(first, tmp_path / "house", clock)
    play(second, tmp_path / "house", clock)


DOORS = [
    ("POST", "/desk/unlock", {"proof": b64(bytes(32))}),
    ("GET", "/desk/account", None),
    ("POST", "/desk/account/second-factor", {"proof": b64(bytes(32)), "factor": {}}),
    ("POST", "/desk/account/end", {}),
    ("POST", "/desk/sign-out", {}),
    ("GET", "/desk/people", None),
    ("POST", "/desk/invite", {"role": "counsellor", "code_hash": b64(bytes(32))}),
    ("POST", "/desk/withdraw", {"id": "0" * 32}),
    ("POST", "/desk/decline", {"id": "0" * 32}),
    ("POST", "/desk/remove", {"id": "0" * 32}),
    ("POST", "/desk/rewrap/next", {"after": 0}),
    ("POST", "/desk/rewrap", {"epoch": 1, "conversations": []}),
    ("GET", "/desk/replies", None),
    ("POST", "/desk/audit", {}),
]
"""Every address of a desk that takes a token."""


@pytest.mark.usefixtures("both_ways")
def test_whoever_waits_gets_nothing_at_any_door(tmp_path: Path) -> None:
    """Neither with a session of before, nor with one that no door made: no socket, no wrap, no list, no deed."""

    async def story(house: House) -> None:
        noor, robin = house.counsellor(0), house.counsellor(2)
        await noor.skips_sign_in()
        await robin.opens_desk()
        await robin.house.luwte.db.write(
            lambda tx: tx.execute("UPDATE account SET role = 'lead' WHERE id = ?", noor.person.id)
        )
        noor.person = demo.Person(noor.person.id, "Noor", "lead", "", b"", b"", b"")
        back = await comes_back(house, robin, noor)
        forced = await a_session_by_force(house, back.account)
        for token in (noor.token, forced):
            line = await Line.open(house.desk_origin.replace("http", "ws") + Counsellor.path, house.desk_origin)
            line.send("sign_on", token=token)
            assert await line.closing_code() == 4401
            assert line.everything == []
            for method, path, body in DOORS:
                headers = {"Authorization": f"Bearer {b64(token)}"}
                async with httpx.AsyncClient(base_url=house.origin, timeout=30) as client:
                    answer = await client.request(method, path, json=body, headers=headers)
                # A body that is none is told first; nothing else is told before whose session it is.
                assert answer.json()["code"] in ("signed_out", "malformed"), path
                assert answer.status_code in (401, 400), path
                assert path == "/desk/account/second-factor" or answer.status_code == 401, path
        for shown in ({"code": "000000"}, {"code": ""}, {"proof": b64(bytes(32))}, {"sheet": True}):
            body = {"name": back.name, "proof": back.body()["proof"], "code": back.app.paper(9), **shown}
            answer = await back.asks("/desk/sign-in", **body)
            assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")

    play(story, tmp_path / "house")


def test_each_desk_of_the_team_is_told_until_it_has_passed(tmp_path: Path) -> None:
    """With both names and the time; also who comes to a desk later; a removal takes it away at once."""
    clock = Still()

    async def story(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        for desk in (sam, robin):
            await desk.opens_desk()
            assert (await desk.line.hear("returning"))["people"] == []
        back = await comes_back(house, robin, noor)
        row = {
            "account": back.account,
            "name": "Noor again",
            "before": "Noor",
            "reads_from": int(clock.time) // MINUTE + WAIT_MINUTES + 1,
        }
        for desk in (sam, robin):
            assert (await desk.line.hear("returning"))["people"] == [row]
        late = house.counsellor(1)
        await late.opens_desk()
        assert (await late.line.hear("returning"))["people"] == [row]
        assert (await post(robin, "/desk/remove", id=back.account)).status_code == 200
        for desk in (sam, robin, late):
            assert (await desk.line.hear("returning"))["people"] == []
        clock.time += DAY + MINUTE
        assert (await back.signs_in_early()).json()["code"] == "sign_in_refused"

    play(story, tmp_path / "house", clock)


def test_in_whose_place_one_may_be_invited(tmp_path: Path) -> None:
    """Of one's own team, who still belongs, in their role; nobody in the place of the lead who asks or admits."""

    async def story(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        for desk in (noor, robin):
            await desk.opens_desk()
        code = b64(os.urandom(32))
        for desk, role, id, refusal in (
            (noor, "counsellor", sam.person.id, "not_accepted"),
            (robin, "lead", noor.person.id, "not_accepted"),
            (robin, "lead", robin.person.id, "not_accepted"),
            (robin, "counsellor", "0" * 32, "no_such_member"),
        ):
            answer = await post(desk, "/desk/invite", role=role, code_hash=code, instead_of=id)
            assert answer.json()["code"] == refusal
        found = [(one.action, one.result) for one in await records(house) if one.action.startswith("staff.")]
        assert found == [("staff.reinvite", one) for one in ("not_accepted",) * 3 + ("no_such_member",)]
        # Robin is invited anew by a second lead, and does not admit the one in their own place.
        await house.luwte.db.write(leads, sam.person.id)
        await sam.skips_sign_in()
        back = joiner(house, await invites(sam, "lead", robin.person.id), "Robin again")
        await back.joins()
        admission = of_the_demonstration(house).admission(back)
        assert (await post(robin, "/desk/admit", **admission)).json()["code"] == "not_accepted"
        assert [one["name"] for one in (await people(robin)).json()["waiting"]] == ["Robin again"]
        assert (await post(sam, "/desk/admit", **admission)).status_code == 200

    play(story, tmp_path / "house")


def test_a_lead_in_haste_may_have_removed_the_account_of_before(tmp_path: Path) -> None:
    """Where it was stolen. The new one is admitted, and waits all the same."""

    async def story(house: House) -> None:
        noor, robin = house.counsellor(0), house.counsellor(2)
        await robin.opens_desk()
        code = await invites(robin, "counsellor", noor.person.id)
        assert (await post(robin, "/desk/remove", id=noor.person.id)).status_code == 200
        back = joiner(house, code, "Noor again")
        await back.joins()
        answer = await post(robin, "/desk/admit", **of_the_demonstration(house).admission(back))
        assert answer.status_code == 200, answer.text
        assert (await back.signs_in_early()).json().keys() == {"reads_from"}

    play(story, tmp_path / "house")


@pytest.mark.parametrize("in_haste", [False, True])
def test_one_comes_back_in_the_place_of_one(tmp_path: Path, in_haste: bool) -> None:
    """With the admission every other invitation and applicant in the same place goes, on record; others stay."""

    async def story(house: House) -> None:
        noor, sam, robin = (house.counsellor(n) for n in range(3))
        await robin.opens_desk()
        codes = [await invites(robin, "counsellor", noor.person.id) for _ in range(3)]
        other = joiner(house, await invites(robin, "counsellor", sam.person.id), "Sam again")
        if in_haste:
            assert (await post(robin, "/desk/remove", id=noor.person.id)).status_code == 200
        back, twin, late = (joiner(house, code, f"Noor {n}") for n, code in enumerate(codes))
        for one in (back, twin, other):
            assert (await one.joins()).status_code == 200
        answer = await post(robin, "/desk/admit", **of_the_demonstration(house).admission(back))
        assert answer.status_code == 200, answer.text
        answer = await post(robin, "/desk/admit", **of_the_demonstration(house).admission(twin))
        assert answer.json()["code"] == "no_such_applicant"
        assert house.luwte.keys.get(keystore.STAFF, bytes.fromhex(twin.account)) is None
        assert (await late.looks()).json()["code"] == "no_such_invitation"
        assert [one["name"] for one in (await people(robin)).json()["waiting"]] == ["Sam again"]
        found = [(one.action, one.reason) for one in await records(house) if one.actor == robin.person.id]
        assert found.count(("staff.decline", twin.account)) == 1
        assert [action for action, _ in found].count("staff.withdraw") == 1

    play(story, tmp_path / "house")


def test_a_lead_who_waits_is_not_the_last_one_who_can_admit(tmp_path: Path) -> None:
    """They stand in for nobody, and anybody who looks after the team may stop them at any time."""
    clock = Still()

    async def story(house: House) -> None:
        everybody = await in_each_role(house)
        admin, robin, sam = everybody["admin"], everybody["lead"], house.counsellor(1)
        await house.luwte.db.write(leads, sam.person.id)
        backs = []
        for lost in (sam.person.id, None):
            again = lost or backs[0].account
            back = joiner(house, await invites(robin, "lead", again), f"Sam {len(backs)}")
            assert (await back.joins()).status_code == 200
            answer = await post(robin, "/desk/admit", **of_the_demonstration(house).admission(back))
            assert answer.status_code == 200, answer.text
            backs.append(back)
        first = await post(admin, "/desk/remove", id=robin.person.id)
        assert first.json()["code"] == "last_lead"
        assert (await post(admin, "/desk/remove", id=backs[1].account)).status_code == 200
        back = joiner(house, await invites(robin, "lead", None), "Kim")
        assert (await back.joins()).status_code == 200
        answer = await post(robin, "/desk/admit", **of_the_demonstration(house).admission(back))
        assert answer.status_code == 200, answer.text
        assert (await post(admin, "/desk/remove", id=robin.person.id)).status_code == 200
        assert (await post(admin, "/desk/remove", id=back.account)).json()["code"] == "last_lead"

    play(story, tmp_path / "house", clock)
