"""From a code to a colleague: who may join, what is stored of them, and who lets them in."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from actors import STUCK, Counsellor, House, play
from attack.attackers import Wound, a_team_next_door, records
from joiners import DAY, Joiner, b64, certificate_in, invites, joiner, of_the_demonstration, people, post, unb64
from luwte.crypto import primitives
from luwte.crypto.certificate import Type, issue, parse
from luwte.plumbing import keystore
from luwte.plumbing.db import ReadTx
from luwte.staff.invitation import code_hash, new_code


async def a_lead(house: House) -> Counsellor:
    """Robin, who leads the demonstration."""
    robin = house.counsellor(2)
    await robin.skips_sign_in()
    return robin


async def an_applicant(house: House, robin: Counsellor, name: str = "Kim", role: str = "counsellor") -> Joiner:
    """Somebody who was invited and joined."""
    kim = joiner(house, await invites(robin, role), name)
    answer = await kim.joins()
    assert (answer.status_code, answer.json()) == (200, {})
    return kim


@pytest.mark.parametrize("role", ["counsellor", "lead"])
def test_somebody_is_invited_joins_is_admitted_and_opens_the_teams_key(tmp_path: Path, role: str) -> None:
    """Before a colleague admits them the account opens nothing; after, it opens what the role has."""

    async def story(house: House) -> None:
        robin = await a_lead(house)
        kim = await an_applicant(house, robin, role=role)
        assert (kim.team, kim.role) == ("chat", role)
        early = await kim.signs_in()
        assert (early.status_code, early.json()["code"]) == (403, "not_admitted")
        shown = (await people(robin)).json()
        (row,) = shown["waiting"]
        assert (row["name"], row["role"], unb64(row["ed25519"]), unb64(row["x25519"])) == ("Kim", role, *kim.public)
        assert shown["invitations"] == []
        organisation = of_the_demonstration(house)
        assert (await post(robin, "/desk/admit", **organisation.admission(kim))).status_code == 200
        answer = (await kim.signs_in()).json()
        assert answer["role"] == role
        assert kim.keys_in(answer) == {"x25519": kim.x25519, "ed25519": kim.ed25519, "team": organisation.team}
        before = {one.name for one in house.organisation.people}
        assert {one["name"] for one in (await people(robin)).json()["members"]} == {*before, "Kim"}
        assert (await people(robin)).json()["waiting"] == []

    play(story, tmp_path / "house")


def test_a_new_colleague_works_at_a_desk_at_once(tmp_path: Path) -> None:
    """No restart: the certificate that was signed a moment ago is known to whoever hears from them."""

    async def story(house: House) -> None:
        robin = await a_lead(house)
        kim = await an_applicant(house, robin)
        await post(robin, "/desk/admit", **of_the_demonstration(house).admission(kim))
        desk, visitor = house.counsellor(0), house.visitor()
        desk.person = desk.person.__class__(kim.account, "Kim", "counsellor", "", kim.x25519, kim.ed25519, kim.amk)
        await desk.opens_desk()
        await visitor.starts()
        await visitor.says("hello")
        assert (await desk.takes(visitor.conv))["t"] == "taken"
        assert (await desk.says(visitor.conv, "I am new here"))["t"] == "ack"
        heard = await visitor.line.hear("cert")
        assert parse(heard["certificate"]).certificate.subject == kim.account

    play(story, tmp_path / "house")


def test_a_code_works_once(tmp_path: Path) -> None:
    """F-12: used, withdrawn, too old or never made: the same bytes, whichever it is; 24 hours to the minute."""
    clock = Wound()

    async def story(house: House) -> None:
        robin = await a_lead(house)
        used = (await an_applicant(house, robin)).code
        withdrawn, old = await invites(robin), await invites(robin)
        (first, _) = (await people(robin)).json()["invitations"]
        rows = {one["id"] for one in (await people(robin)).json()["invitations"]}
        assert (await post(robin, "/desk/withdraw", id=first["id"])).status_code == 200
        left = [one["id"] for one in (await people(robin)).json()["invitations"]]
        assert {first["id"], *left} == rows
        # Which of the two went is by age and id, so ask which code still works.
        works = [(await joiner(house, code).looks()).status_code for code in (withdrawn, old)]
        assert sorted(works) == [200, 404]
        if works[0] == 200:
            withdrawn, old = old, withdrawn
        clock.ahead += DAY - 120
        assert (await joiner(house, old).looks()).status_code == 200
        clock.ahead += 120
        answers = []
        for code in (used, withdrawn, old, new_code(), "x"):
            someone = joiner(house, code, "Alex")
            answers += [await someone.looks(), await someone.asks("/desk/join", **someone.body())]
        assert {(one.status_code, one.content) for one in answers} == {(404, answers[0].content)}
        assert answers[0].json()["code"] == "no_such_invitation"

    play(story, tmp_path / "house", clock)


def test_what_is_over_is_tidied_away(tmp_path: Path) -> None:
    """F-12: a day after its end an invitation is no row any more; who waited a week is sent away with all they left."""
    clock = Wound()

    async def story(house: House) -> None:
        robin, luwte = await a_lead(house), house.luwte
        kim = await an_applicant(house, robin)
        await invites(robin)
        clock.ahead += DAY - 120
        await luwte.housekeeping.look()
        assert await luwte.db.read(_left_of, kim.account) == (2, 1, 1, 10)
        clock.ahead += 300
        await robin.skips_sign_in()
        await invites(robin)
        await luwte.housekeeping.look()
        assert await luwte.db.read(_left_of, kim.account) == (1, 1, 1, 10)
        clock.ahead += 6 * DAY - 300
        await luwte.housekeeping.look()
        assert (await kim.signs_in()).json()["code"] == "not_admitted"
        before = len(await records(house))
        clock.ahead += 240
        await robin.skips_sign_in()
        await luwte.housekeeping.look()
        assert await luwte.db.read(_left_of, kim.account) == (0, 0, 0, 0)
        assert luwte.keys.get(keystore.STAFF, bytes.fromhex(kim.account)) is None
        assert (await kim.signs_in()).json()["code"] == "sign_in_refused"
        found = [(one.actor, one.action, one.reason) for one in (await records(house))[before:]]
        assert found[0] == ("nobody", "staff.decline", kim.account)
        assert (await joiner(house, await invites(robin), "Kim").joins()).status_code == 200  # the name is free

    play(story, tmp_path / "house", clock)


def _left_of(tx: ReadTx, id: str) -> tuple[int, ...]:
    """Invitations, applicants, and of one account its second factor and its recovery codes."""
    return (
        len(tx.all("SELECT id FROM invitation")),
        len(tx.all("SELECT id FROM applicant")),
        len(tx.all("SELECT account FROM second_factor WHERE account = ?", id)),
        len(tx.all("SELECT hash FROM recovery_code WHERE account = ?", id)),
    )


def test_the_salt_of_a_name_never_changes(tmp_path: Path) -> None:
    """F-1: not when somebody joins under it, is admitted, has another passphrase, or is removed: a name whose salt
    changes over the months would be one that exists."""

    async def story(house: House) -> None:
        robin = await a_lead(house)
        kim = joiner(house, await invites(robin), "Kim")
        seen = [await kim.asks_salt()]
        await kim.joins()
        seen.append(await kim.asks_salt())
        await post(robin, "/desk/admit", **of_the_demonstration(house).admission(kim))
        seen.append(await kim.asks_salt())
        assert (await kim.signs_in()).status_code == 200
        seal = {"proof_hash": b64(os.urandom(32)), "sealed_amk": b64(os.urandom(60))}
        answer = await post(kim, "/desk/account/passphrase", proof=kim.body()["proof"], **seal)
        assert answer.status_code == 200
        seen.append(await kim.asks_salt())
        assert (await post(robin, "/desk/remove", id=kim.account)).status_code == 200
        seen.append(await kim.asks_salt())
        noor = house.counsellor()
        async with noor.http() as client:
            before = (await client.post("/desk/salt", json={"name": "Noor"})).content
            await post(robin, "/desk/remove", id=noor.person.id)
            assert (await client.post("/desk/salt", json={"name": "Noor"})).content == before
        alex = joiner(house, await invites(robin), "Alex")
        seen_of_alex = [await alex.asks_salt()]
        await alex.joins()
        await post(robin, "/desk/decline", id=alex.account)
        seen_of_alex.append(await alex.asks_salt())
        assert (len(set(seen)), len(set(seen_of_alex))) == (1, 1)

    play(story, tmp_path / "house")


def test_of_a_code_only_its_hash_is_stored(tmp_path: Path) -> None:
    """The server hears it when it is used, and writes it down nowhere; nor the passphrase's proof."""

    async def story(house: House) -> None:
        kim = await an_applicant(house, await a_lead(house))
        needles = [kim.code.encode(), unb64(kim.body()["proof"]), kim.stretched, kim.amk, kim.x25519, kim.ed25519]
        hashed = False
        for file in house.folder.rglob("*"):
            if file.is_file() and "demo" not in file.parts:
                data = file.read_bytes()
                assert not any(needle in data for needle in needles), file.name
                hashed |= code_hash(kim.code) in data
        assert hashed

    play(story, tmp_path / "house")


def test_a_name_is_one_persons(tmp_path: Path) -> None:
    """A colleague's or an applicant's name is refused to whoever was invited, and the code goes on to work."""

    async def story(house: House) -> None:
        robin = await a_lead(house)
        await an_applicant(house, robin, "Kim")
        alex = joiner(house, await invites(robin))
        for name in ("Noor", "Kim", "noor", "KIM", "\uff2eoor", "\uff2bim"):  # full-width N, K
            answer = await alex.joins(name=name)
            assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
        for name in ("", " Alex", "Alex ", "A\nlex", "x" * 101, "N\u043e\u043er", "\u039door", "Zoe\u0308"):
            assert (await alex.joins(name=name)).status_code == 400
        assert (await alex.joins(name="Zo\u00eb \u05d0")).status_code == 200
        cyrillic = joiner(house, await invites(robin), "\u041d\u0443\u0440")
        assert (await cyrillic.joins()).status_code == 200

    play(story, tmp_path / "house")


def test_what_no_browser_makes_is_not_stored(tmp_path: Path) -> None:
    """Keys of low order, boxes of another length, surplus fields: refused, and the code goes on to work."""

    async def story(house: House) -> None:
        alex = joiner(house, await invites(await a_lead(house)), "Alex")
        for field, value in (
            ("x25519", bytes(32)),
            ("ed25519", bytes(32)),
            ("salt", bytes(15)),
            ("proof", bytes(31)),
            ("server_half", b""),
            ("sealed_amk", bytes(59)),
            ("sealed_x25519", bytes(61)),
            ("sealed_ed25519", b""),
        ):
            assert (await alex.joins(**{field: b64(value)})).status_code == 400, field
        assert (await alex.joins(role="lead")).status_code == 400
        assert (await alex.joins()).status_code == 200

    play(story, tmp_path / "house")


def test_what_is_malformed_costs_no_job(tmp_path: Path) -> None:
    """Whoever sends rubbish makes no visitor wait: the writer hears nothing of it."""

    async def story(house: House) -> None:
        alex, db = joiner(house, await invites(await a_lead(house)), "Alex"), house.luwte.db
        await alex.looks()
        body, write, jobs = alex.body(), db.write, []

        def counted(work: Callable[..., Any], *values: Any, **others: Any) -> Any:
            jobs.append(work)
            return write(work, *values, **others)

        with patch.object(db, "write", counted):
            for changes in (
                {"salt": b64(bytes(15))},
                {"name": " Alex"},
                {"factor": {**body["factor"], "secret": b64(bytes(3))}},
                {"factor": {**body["factor"], "recovery": body["factor"]["recovery"][:1]}},
            ):
                assert (await alex.asks("/desk/join", **{**body, **changes})).status_code == 400
            assert jobs == []
            assert (await alex.joins()).status_code == 200
            assert len(jobs) == 1

    play(story, tmp_path / "house")


def test_an_applicant_does_not_bury_the_log(tmp_path: Path) -> None:
    """Their passphrase is right and nobody admitted them: each try is on record, until they have to slow down."""

    async def story(house: House) -> None:
        kim = await an_applicant(house, await a_lead(house))
        before = len(await records(house))
        codes = [(await kim.signs_in()).json()["code"] for _ in range(15)]
        assert codes == ["not_admitted"] * 10 + ["slow_down"] * 5
        assert len(await records(house)) == before + 10

    play(story, tmp_path / "house", Still())


class Still:
    """A clock that stands."""

    def __init__(self) -> None:
        self._at = time.time()

    def __call__(self) -> float:
        """Now."""
        return self._at


def test_whoever_is_declined_opens_nothing_any_more(tmp_path: Path) -> None:
    """The server's half of the key is erased, the name is free, and the same proof looks like a wrong one."""

    async def story(house: House) -> None:
        robin = await a_lead(house)
        kim = await an_applicant(house, robin)
        assert house.luwte.keys.get(keystore.STAFF, bytes.fromhex(kim.account)) == kim.half
        assert (await post(robin, "/desk/decline", id=kim.account)).status_code == 200
        assert house.luwte.keys.get(keystore.STAFF, bytes.fromhex(kim.account)) is None
        assert kim.half not in (house.folder / "keys").read_bytes()
        assert (await kim.signs_in()).json()["code"] == "sign_in_refused"
        gone = await post(robin, "/desk/admit", **of_the_demonstration(house).admission(kim))
        assert (gone.status_code, gone.json()["code"]) == (404, "no_such_applicant")
        await an_applicant(house, robin, "Kim")

    play(story, tmp_path / "house")


def test_the_writer_does_not_wait_for_the_key_store(tmp_path: Path) -> None:
    """Joining and declining: others write while a half is put or erased, and it is erased after the commit."""

    async def story(house: House) -> None:
        robin, keys, loop = await a_lead(house), house.luwte.keys, asyncio.get_running_loop()
        waiting: list[int] = []

        def meanwhile(work: Callable[..., Any]) -> Callable[..., Any]:
            def watched(*values: Any) -> Any:
                others = house.luwte.db.write(lambda tx: len(tx.all("SELECT id FROM applicant")))
                waiting.append(asyncio.run_coroutine_threadsafe(others, loop).result(STUCK))
                return work(*values)

            return watched

        with patch.object(keys, "put", meanwhile(keys.put)), patch.object(keys, "erase", meanwhile(keys.erase)):
            kim = await an_applicant(house, robin)
            assert set(waiting) == {0}
            waiting.clear()
            assert (await post(robin, "/desk/decline", id=kim.account)).status_code == 200
            assert waiting == [0]
            assert keys.get(keystore.STAFF, bytes.fromhex(kim.account)) is None

    play(story, tmp_path / "house")


def test_a_refused_try_leaves_no_half(tmp_path: Path) -> None:
    """Nor one that came too late: the half of who joined stays."""

    async def story(house: House) -> None:
        robin, keys = await a_lead(house), house.luwte.keys
        kim = joiner(house, await invites(robin))
        assert (await kim.joins(name="Noor")).json()["code"] == "name_taken"
        assert keys.get(keystore.STAFF, bytes.fromhex(kim.account)) is None
        assert (await kim.joins()).status_code == 200
        late = joiner(house, kim.code, "Alex")
        late.account = kim.account
        assert (await late.asks("/desk/join", **late.body())).json()["code"] == "no_such_invitation"
        assert keys.get(keystore.STAFF, bytes.fromhex(kim.account)) == kim.half

    play(story, tmp_path / "house")


def test_a_start_keeps_the_halves_of_who_is_here_or_waits(tmp_path: Path) -> None:
    """And erases what a crash left between a commit and the key store; who has no half is not admitted."""
    left = os.urandom(16)

    async def story(house: House) -> None:
        robin = await a_lead(house)
        kim = await an_applicant(house, robin)
        house.luwte.keys.put(keystore.STAFF, left, os.urandom(32))
        waits.append(kim)

    async def next_day(house: House) -> None:
        (kim,), keys, robin = waits, house.luwte.keys, await a_lead(house)
        assert keys.get(keystore.STAFF, left) is None
        assert keys.get(keystore.STAFF, bytes.fromhex(kim.account)) == kim.half
        assert len(keys.ids(keystore.STAFF)) == len(house.organisation.people) + 1
        keys.erase(keystore.STAFF, bytes.fromhex(kim.account))
        answer = await post(robin, "/desk/admit", **of_the_demonstration(house).admission(kim))
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_applicant")

    waits: list[Joiner] = []
    play(story, tmp_path / "house")
    play(next_day, tmp_path / "house")


def test_who_waits_is_known_to_nobody_without_the_passphrase(tmp_path: Path) -> None:
    """F-1: with a wrong proof an applicant's name looks like nobody's, at signing in and at asking for the salt."""

    async def story(house: House) -> None:
        kim = await an_applicant(house, await a_lead(house))
        answers = [
            await kim.asks("/desk/sign-in", name=name, proof=b64(bytes(32))) for name in ("Kim", "Noor", "Nobody")
        ]
        assert {(one.status_code, one.content) for one in answers} == {(401, answers[0].content)}
        assert unb64((await kim.asks("/desk/salt", name="Kim")).json()["salt"]) == kim.salt

    play(story, tmp_path / "house")


def test_a_try_that_was_cut_off_leaves_nothing(tmp_path: Path) -> None:
    """The key store is written first: a second try with another half replaces it, and what was sealed opens."""

    async def story(house: House) -> None:
        robin, db = await a_lead(house), house.luwte.db
        kim = joiner(house, await invites(robin))
        broken = "CREATE TRIGGER broken BEFORE INSERT ON applicant BEGIN SELECT RAISE(ABORT, 'broken'); END"
        await db.write(lambda tx: tx.execute(broken))
        assert (await kim.joins()).status_code == 500
        await db.write(lambda tx: tx.execute("DROP TRIGGER broken"))
        kim.half = os.urandom(32)
        assert (await kim.joins()).status_code == 200
        await post(robin, "/desk/admit", **of_the_demonstration(house).admission(kim))
        assert kim.keys_in((await kim.signs_in()).json())["x25519"] == kim.x25519

    play(story, tmp_path / "house")


def test_two_tries_at_once_are_one(tmp_path: Path) -> None:
    """Ten people with the same code at the same moment: one joins, and what that one sealed opens."""

    async def story(house: House) -> None:
        robin = await a_lead(house)
        code = await invites(robin)
        tries = [joiner(house, code, f"Kim {n}") for n in range(10)]
        for one in tries:
            await one.looks()
        answers = await asyncio.gather(*(one.asks("/desk/join", **one.body()) for one in tries))
        (winner,) = [one for one, answer in zip(tries, answers, strict=True) if answer.status_code == 200]
        await post(robin, "/desk/admit", **of_the_demonstration(house).admission(winner))
        assert winner.keys_in((await winner.signs_in()).json())["ed25519"] == winner.ed25519

    play(story, tmp_path / "house")


def test_only_what_fits_an_applicant_admits_them(tmp_path: Path) -> None:
    """Another's keys, another role, two roles, another key's signature, no team key, wraps that are none: refused."""

    async def story(house: House) -> None:
        robin = await a_lead(house)
        kim = await an_applicant(house, robin)
        own = of_the_demonstration(house)
        stranger = (primitives.signing_public_of(os.urandom(32)), primitives.public_of(os.urandom(32)))
        forged = own.says(Type.STAFF, kim.account, *kim.public, days=90, roles=("chat/counsellor",))
        good = own.admission(kim)
        (wrapped,) = good["team_keys"]
        wrong: list[dict[str, Any]] = [
            {"certificate": b64(own.certificate(kim, keys=stranger))},
            {"certificate": b64(own.certificate(kim, roles=("chat/lead",)))},
            {"certificate": b64(own.certificate(kim, roles=("chat/counsellor", "chat/lead")))},
            {"certificate": b64(own.certificate(kim, subject="0" * 32))},
            {"certificate": b64(own.certificate(kim, organisation="elsewhere"))},
            {"certificate": b64(own.certificate(kim, not_before=own.now - 9 * DAY, not_after=own.now - 8 * DAY))},
            {"certificate": b64(own.certificate(kim, not_after=own.now + 93 * DAY))},
            {"certificate": b64(issue(forged, os.urandom(32)))},
            {"certificate": b64(b"none")},
            {"team_keys": [{"epoch": 2, "wrap": wrapped["wrap"]}]},
            {"team_keys": [{"epoch": 1, "wrap": b64(bytes(79))}]},
            {"admin_key": b64(bytes(80))},
        ]
        for changes in wrong:
            answer = await post(robin, "/desk/admit", **{**good, **changes})
            assert (answer.status_code, answer.json()["code"]) == (422, "certificate_refused"), changes
        assert (await kim.signs_in()).json()["code"] == "not_admitted"
        assert (await post(robin, "/desk/admit", **good)).status_code == 200

    play(story, tmp_path / "house")


def test_a_lead_is_not_admitted_without_the_key_that_admits(tmp_path: Path) -> None:
    """Or there would be leads on paper who cannot do what they are there for."""

    async def story(house: House) -> None:
        robin = await a_lead(house)
        kim = await an_applicant(house, robin, role="lead")
        good = of_the_demonstration(house).admission(kim)
        key = good.pop("admin_key")
        assert (await post(robin, "/desk/admit", **good)).status_code == 422
        assert (await post(robin, "/desk/admit", **good, admin_key=key)).status_code == 200

    play(story, tmp_path / "house")


DEEDS: dict[str, dict[str, Any]] = {
    "/desk/invite": {"role": "lead", "code_hash": b64(bytes(32))},
    "/desk/withdraw": {"id": "0" * 32},
    "/desk/admit": {"id": "0" * 32, "certificate": b64(b"x"), "team_keys": [{"epoch": 1, "wrap": b64(b"x")}]},
    "/desk/decline": {"id": "0" * 32},
    "/desk/renew": {"members": []},
    "/desk/recovery": {"wrap": b64(bytes(80))},
}


def test_only_a_lead_looks_after_people(tmp_path: Path) -> None:
    """A counsellor is refused each of these deeds, once on record; whoever has no session is asked to sign in."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.skips_sign_in()
        assert (await people(noor)).status_code == 403
        before = len(await records(house))
        for path, body in DEEDS.items():
            answer = await post(noor, path, **body)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_accepted"), path
        found = [(one.actor, one.action, one.result) for one in (await records(house))[before:]]
        expected = ("staff.invite", "staff.withdraw", "staff.admit", "staff.decline", "staff.renew")
        expected += ("staff.recovery_wrap",)
        assert found == [(noor.person.id, action, "not_accepted") for action in expected]
        noor.token = os.urandom(32)
        assert (await people(noor)).status_code == 401
        for path, body in DEEDS.items():
            assert (await post(noor, path, **body)).status_code == 401

    play(story, tmp_path / "house")


def test_people_of_another_team_are_not_there(tmp_path: Path) -> None:
    """G-1: a lead next door sees none of ours, and admits, declines or withdraws none."""

    async def story(house: House) -> None:
        robin, lee = await a_lead(house), await a_team_next_door(house)
        await lee.skips_sign_in()
        await house.luwte.db.write(
            lambda tx: tx.execute("UPDATE account SET role = 'lead' WHERE id = ?", lee.person.id)
        )
        alex = await an_applicant(house, robin, "Alex")
        await invites(robin)
        (row,) = (await people(robin)).json()["invitations"]
        shown = (await people(lee)).json()
        assert (shown["waiting"], shown["invitations"]) == ([], [])
        assert [one["name"] for one in shown["members"]] == ["Kim"]
        own = of_the_demonstration(house)
        for path, body, code in (
            ("/desk/admit", own.admission(alex), "no_such_applicant"),
            ("/desk/decline", {"id": alex.account}, "no_such_applicant"),
            ("/desk/withdraw", {"id": row["id"]}, "no_such_invitation"),
        ):
            assert (await post(lee, path, **body)).json()["code"] == code
        assert len((await people(robin)).json()["invitations"]) == 1

    play(story, tmp_path / "house")


def test_certificates_are_renewed_with_the_same_words(tmp_path: Path) -> None:
    """One that lasts longer takes its place at once; one that says anything else, or lasts no longer, does not."""

    async def story(house: House) -> None:
        robin = await a_lead(house)
        own = of_the_demonstration(house)
        own.now += 3600
        shown = (await people(robin)).json()
        team = certificate_in(shown["team_certificate"])
        noor = next(one for one in shown["members"] if one["name"] == "Noor")
        told = certificate_in(noor["certificate"])

        def renewed(certificate: Any, **changes: Any) -> str:
            names = certificate.__slots__
            values = {"not_before": own.now, "not_after": certificate.not_after + 3600} | changes
            return b64(
                issue(certificate.__class__(**{n: values.get(n, getattr(certificate, n)) for n in names}), own.admin)
            )

        async def renews(team_certificate: str | None = None, **members: str) -> int:
            body: dict[str, Any] = {"members": [{"account": id, "certificate": c} for id, c in members.items()]}
            if team_certificate is not None:
                body["team_certificate"] = team_certificate
            return (await post(robin, "/desk/renew", **body)).status_code

        other = primitives.public_of(os.urandom(32))
        for bad in (
            renewed(team, keys=(other,)),
            renewed(team, subject="elsewhere"),
            renewed(team, epoch=2),
            renewed(team, not_after=team.not_after),
            renewed(team, not_after=own.now + 17 * DAY),
            shown["team_certificate"],
        ):
            assert await renews(bad) == 422
        for bad in (
            renewed(told, roles=("chat/lead",)),
            renewed(told, keys=(told.keys[0], other)),
            renewed(told, not_after=own.now + 93 * DAY),
            noor["certificate"],
        ):
            assert await renews(**{noor["account"]: bad}) == 422
        assert await renews(**{"0" * 32: renewed(told)}) == 422
        assert await renews(renewed(team), **{noor["account"]: renewed(told)}) == 200
        desk = house.counsellor()
        welcome = await desk.opens_desk()
        assert [certificate_in(b64(one)).not_after for one in welcome["certificates"][1:]] == [
            team.not_after + 3600,
            told.not_after + 3600,
        ]

    play(story, tmp_path / "house")


def test_guessing_codes_is_slowed_and_keeps_nobody_out(tmp_path: Path) -> None:
    """Twenty wrong ones from one network, then 429, each on record once; a right one passes all the while."""
    began = time.time()

    async def story(house: House) -> None:
        robin = await a_lead(house)
        code = await invites(robin)
        before = len(await records(house))
        tries = [await joiner(house, new_code()).looks() for _ in range(25)]
        assert [one.status_code for one in tries] == [404] * 20 + [429] * 5
        found = [(one.actor, one.action, one.result) for one in (await records(house))[before:]]
        assert found == [("nobody", "staff.join", "no_such_invitation")] * 20
        assert (await joiner(house, new_code(), source="127.0.9.1").looks()).status_code == 404
        assert (await joiner(house, code).joins()).status_code == 200

    play(story, tmp_path / "house", lambda: began)
