"""What somebody may do with their own account, over HTTP, and what that does to everybody else."""

import asyncio
import base64
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors import App, Counsellor, House, Line, play
from luwte.audit import store as audit_store
from luwte.crypto import keys, primitives
from luwte.plumbing import keystore
from luwte.plumbing.db import look
from luwte.staff import actions
from luwte.staff.model import RENEWAL_MINUTES, SESSION_MINUTES, token_hash
from luwte.staff.own import running as running_sessions
from luwte.staff.web import TRIES


def b64(data: bytes) -> str:
    """Bytes in JSON."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """Bytes from JSON."""
    return base64.b64decode(text, validate=True)


async def post(desk: Counsellor, path: str, **body: Any) -> httpx.Response:
    """With the token of a desk."""
    async with desk.http() as client:
        return await client.post(path, json=body, headers={"Authorization": f"Bearer {b64(desk.token)}"})


async def own(desk: Counsellor) -> dict[str, Any]:
    """One's own account."""
    async with desk.http() as client:
        answer = await client.get("/desk/account", headers={"Authorization": f"Bearer {b64(desk.token)}"})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def proof_of(desk: Counsellor) -> str:
    """The right proof, stretched once."""
    async with desk.http() as client:
        salt = (await client.post("/desk/salt", json={"name": desk.person.name})).json()["salt"]
    stretched = await asyncio.to_thread(primitives.stretch, desk.person.passphrase, unb64(salt))
    return b64(keys.login_proof(stretched))


def salt_for(house: House, desk: Counsellor) -> bytes:
    """The one that a name has for ever."""
    return look(house.folder / "main.db", lambda tx: actions.salt(tx, desk.person.name, house.luwte.server_secret))


def sealed_under(house: House, desk: Counsellor, passphrase: str) -> dict[str, str]:
    """What a browser sends of a new passphrase."""
    id = desk.person.id
    salt = salt_for(house, desk)
    half = house.luwte.keys.get(keystore.STAFF, bytes.fromhex(id))
    assert half is not None
    stretched = primitives.stretch(passphrase, salt)
    return {
        "proof_hash": b64(primitives.sha256(keys.login_proof(stretched))),
        "sealed_amk": b64(keys.seal_amk(keys.kek(stretched, half), id, desk.person.amk)),
    }


async def on_record(house: House) -> Counter[tuple[str, str, str]]:
    """What was done, why, and what came of it."""
    found = await house.luwte.db.read(lambda tx: [one for one, _ in audit_store.everything(tx)])
    return Counter((one.action, one.reason, one.result) for one in found)


def test_one_is_shown_ones_own_account_and_nothing_more(tmp_path: Path) -> None:
    """Sessions by when they began; no address, no browser; what ended or is too old is not there."""
    clock = [time.time()]

    async def story(house: House) -> None:
        noor, sam = house.counsellor(0), house.counsellor(1)
        await noor.skips_sign_in()
        clock[0] += SESSION_MINUTES * 60 - 60
        await noor.skips_sign_in()
        await sam.skips_sign_in()
        first = await own(noor)
        assert first == {
            "second_factor": False,
            "recovery_codes": 0,
            "sheet": False,
            "sessions": [
                {"id": b64(token_hash(noor.token)), "began": house.luwte.minute(), "here": True},
                {"id": first["sessions"][1]["id"], "began": house.luwte.minute() - SESSION_MINUTES + 1, "here": False},
            ],
        }
        clock[0] += 60
        assert len((await own(noor))["sessions"]) == 1
        assert (await sam.signs_out()).status_code == 200
        await sam.skips_sign_in()
        assert len((await own(sam))["sessions"]) == 1

    play(story, tmp_path / "house", lambda: clock[0])


def test_a_second_factor_is_set_up_with_the_passphrase_again(tmp_path: Path) -> None:
    """F-6: a session alone sets up none; the passphrase and a code of the app do; new codes replace the old."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.skips_sign_in()
        app, proof = App(), await proof_of(noor)
        factor = {"secret": b64(app.secret), "code": app.code(time.time()), "recovery": [b64(c) for c in app.recovery]}
        path = "/desk/account/second-factor"
        assert (await post(noor, path, proof=b64(bytes(32)), factor=factor)).json()["code"] == "sign_in_refused"
        answer = await post(noor, path, proof=proof, factor=factor | {"code": "000000"})
        assert (answer.status_code, answer.json()["code"]) == (422, "code_refused")
        assert (await post(noor, path, proof=proof, factor=factor | {"secret": b64(bytes(19))})).status_code == 400
        assert (await noor.signs_in()).status_code == 200
        assert (await post(noor, path, proof=proof, factor=factor)).json() == {}
        assert (await noor.signs_in()).status_code == 401
        assert (await own(noor))["recovery_codes"] == 10
        assert (await noor.signs_in(code=app.paper())).status_code == 200
        assert (await own(noor)) | {"sessions": []} == {
            "second_factor": True,
            "recovery_codes": 9,
            "sheet": False,
            "sessions": [],
        }
        fresh = App()
        answer = await post(
            noor, "/desk/account/recovery-codes", proof=proof, recovery=[b64(code) for code in fresh.recovery]
        )
        assert answer.status_code == 200
        assert (await noor.signs_in(code=app.paper(1))).status_code == 401
        assert (await noor.signs_in(code=fresh.paper(1))).status_code == 200

    play(story, tmp_path / "house")


def test_a_new_passphrase_ends_every_other_session(tmp_path: Path) -> None:
    """F-9: their sockets close at once, their tokens are dead, this one goes on; the old passphrase is nothing."""

    async def story(house: House) -> None:
        noor, elsewhere, sam = house.counsellor(0), house.counsellor(0), house.counsellor(1)
        for desk in (noor, elsewhere, sam):
            await desk.opens_desk()
        visitor = house.visitor()
        await visitor.starts()
        await noor.takes(visitor.conv)
        old, fresh = await proof_of(noor), "seven words that nobody has written down"
        seal = await asyncio.to_thread(sealed_under, house, noor, fresh)
        path = "/desk/account/passphrase"
        assert (await post(noor, path, proof=b64(bytes(32)), **seal)).status_code == 401
        assert (await post(noor, path, proof=old, **seal)).json() == {}
        assert await elsewhere.line.closing_code() == 4401
        assert (await post(elsewhere, "/desk/unlock", proof=old)).json()["code"] == "signed_out"
        assert (await post(noor, path, proof=old, **seal)).json()["code"] == "sign_in_refused"
        for desk in (noor, sam):
            desk.line.send("ping")
            await desk.line.hear("pong")
        assert (await noor.says(visitor.conv, "still here"))["t"] == "ack"
        assert (await elsewhere.signs_in()).status_code == 401
        answer = await noor.signs_in(fresh)
        assert answer.status_code == 200
        stretched = await asyncio.to_thread(primitives.stretch, fresh, salt_for(house, noor))
        kek = keys.kek(stretched, unb64(answer.json()["server_half"]))
        assert keys.open_amk(kek, noor.person.id, unb64(answer.json()["sealed_amk"])) == noor.person.amk
        assert (await on_record(house))["staff.passphrase", "", "done"] == 1

    play(story, tmp_path / "house")


def test_a_new_passphrase_has_whole_parts(tmp_path: Path) -> None:
    """Parts of other lengths, and another salt, are refused and change nothing."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.skips_sign_in()
        good = {"proof_hash": b64(bytes(32)), "sealed_amk": b64(bytes(60))}
        proof = await proof_of(noor)
        for name, value in (
            ("salt", b64(bytes(16))),
            ("proof_hash", b64(bytes(31))),
            ("sealed_amk", b64(bytes(61))),
            ("sealed_amk", ""),
        ):
            answer = await post(noor, "/desk/account/passphrase", proof=proof, **(good | {name: value}))
            assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
        for name in ("proof_hash", "sealed_amk"):
            parts = {part: good[part] for part in ("proof_hash", "sealed_amk")} | {name: ""}
            assert (await post(noor, "/desk/account/sheet", proof=proof, **parts)).status_code == 400
        assert (await noor.signs_in()).status_code == 200

    play(story, tmp_path / "house")


def test_one_ends_ones_own_sessions_and_nobody_elses(tmp_path: Path) -> None:
    """F-10: one of them, or all others; a colleague's, an ended one and none at all are refused with the same bytes."""

    async def story(house: House) -> None:
        noor, second, third, sam = (house.counsellor(n) for n in (0, 0, 0, 1))
        for desk in (noor, second, third, sam):
            await desk.opens_desk()
        path = "/desk/account/end"
        assert (await post(noor, path, id=b64(token_hash(second.token)))).json() == {}
        assert await second.line.closing_code() == 4401
        assert (await post(second, path)).status_code == 401
        foreign = [
            await post(noor, path, id=b64(hash))
            for hash in (token_hash(sam.token), token_hash(second.token), os.urandom(32), b"", b"x" * 100)
        ]
        assert {(one.status_code, one.content) for one in foreign} == {(404, foreign[0].content)}
        assert foreign[0].json()["code"] == "no_such_session"
        assert (await post(noor, path)).json() == {}
        assert await third.line.closing_code() == 4401
        assert [one["here"] for one in (await own(noor))["sessions"]] == [True]
        for desk in (noor, sam):
            desk.line.send("ping")
            await desk.line.hear("pong")
        assert (await post(noor, path, id=b64(token_hash(noor.token)))).json() == {}  # this one may go, too
        assert await noor.line.closing_code() == 4401

    play(story, tmp_path / "house")


def test_guessing_the_passphrase_inside_a_session_is_slowed(tmp_path: Path) -> None:
    """F-2: over all these doors together ten wrong ones count; the right one passes all the while."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.skips_sign_in()
        wrong, parts = b64(bytes(32)), {"proof_hash": b64(bytes(32)), "sealed_amk": b64(bytes(60))}
        statuses: Counter[int] = Counter()
        for _ in range(TRIES):
            statuses[(await post(noor, "/desk/account/sheet", proof=wrong, **parts)).status_code] += 1
            statuses[(await post(noor, "/desk/unlock", proof=wrong)).status_code] += 1
        assert statuses == {401: TRIES, 429: TRIES}
        answer = await post(noor, "/desk/account/sheet", proof=await proof_of(noor), **parts)
        assert answer.status_code == 200
        assert sum((await on_record(house)).values()) == TRIES + 1

    play(story, tmp_path / "house")


async def by_sheet(desk: Counsellor, sheet: bytes, code: str = "") -> httpx.Response:
    """Come in with the paper."""
    async with desk.http() as client:
        shown = {"name": desk.person.name, "proof": b64(keys.sheet_proof(sheet)), "code": code, "sheet": True}
        return await client.post("/desk/sign-in", json=shown)


def sheet_seal(desk: Counsellor, sheet: bytes) -> dict[str, str]:
    """What a browser sends of a sheet."""
    person = desk.person
    return {
        "proof_hash": b64(primitives.sha256(keys.sheet_proof(sheet))),
        "sealed_amk": b64(keys.seal_amk_for_sheet(sheet, person.id, person.amk)),
    }


async def prints_a_sheet(desk: Counsellor) -> bytes:
    """Sixteen bytes on paper."""
    sheet = os.urandom(16)
    seal = sheet_seal(desk, sheet)
    assert (await post(desk, "/desk/account/sheet", proof=await proof_of(desk), **seal)).status_code == 200
    return sheet


def test_a_sheet_opens_once(tmp_path: Path) -> None:
    """F-5: it stands in for the passphrase, never for the code, until it has brought another passphrase."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.skips_sign_in()
        older, sheet = await prints_a_sheet(noor), await prints_a_sheet(noor)
        app = await noor.gets_a_second_factor(time.time())
        wrong = [await by_sheet(noor, one, app.paper()) for one in (older, bytes(16))]
        wrong += [await by_sheet(noor, sheet), await by_sheet(noor, sheet, "000000")]
        wrong += [await by_sheet(house.counsellor(1), sheet, app.paper())]
        async with noor.http() as client:  # a proof is of one kind
            for kind in (False, True):
                proof = await proof_of(noor) if kind else b64(keys.sheet_proof(sheet))
                shown = {"name": "Noor", "proof": proof, "code": app.paper(), "sheet": kind}
                wrong.append(await client.post("/desk/sign-in", json=shown))
        assert {(one.status_code, one.content) for one in wrong} == {(401, wrong[0].content)}
        answer = await by_sheet(noor, sheet, app.paper())
        assert answer.status_code == 200
        amk = keys.open_amk_by_sheet(sheet, noor.person.id, unb64(answer.json()["sealed_amk"]))
        assert amk == noor.person.amk
        with pytest.raises(primitives.CannotOpen):
            keys.open_amk_by_sheet(older, noor.person.id, unb64(answer.json()["sealed_amk"]))
        noor.token = unb64(answer.json()["token"])
        fresh = "another seven words that nobody wrote down"
        seal = await asyncio.to_thread(sealed_under, house, noor, fresh)
        proof = b64(keys.sheet_proof(sheet))
        path, following = "/desk/account/passphrase", os.urandom(16)
        whole = seal | {"sheet": True, "next_sheet": sheet_seal(noor, following)}
        assert (await post(noor, path, proof=proof, **seal)).status_code == 401
        assert (await post(noor, path, proof=proof, sheet=True, **seal)).status_code == 400
        # Whoever is cut off here has lost nothing: the paper opens the same door once more.
        noor.token = unb64((await by_sheet(noor, sheet, app.paper(1))).json()["token"])
        assert (await post(noor, path, proof=proof, **whole)).status_code == 200
        assert (await own(noor))["sheet"] is True
        assert (await by_sheet(noor, sheet, app.paper(2))).content == wrong[0].content
        again = await asyncio.to_thread(sealed_under, house, noor, "x")
        assert (await post(noor, path, proof=proof, **(whole | again))).status_code == 401
        assert (await noor.signs_in(fresh, code=app.paper(2))).status_code == 200
        assert (await noor.signs_in(code=app.paper(3))).status_code == 401
        opened = unb64((await by_sheet(noor, following, app.paper(3))).json()["sealed_amk"])
        assert keys.open_amk_by_sheet(following, noor.person.id, opened) == noor.person.amk
        assert {
            key: count for key, count in (await on_record(house)).items() if key[2] == "done" and key[1] == "sheet"
        } == {
            ("staff.sign_in", "sheet", "done"): 3,
            ("staff.passphrase", "sheet", "done"): 1,
        }

    play(story, tmp_path / "house")


def test_a_sheet_reads_nothing_before_it_is_used_up(tmp_path: Path) -> None:
    """F-5: no key of a team, no socket, no other door, and half an hour: whoever found a paper has to leave a trace."""
    clock = [time.time()]

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.skips_sign_in()
        sheet = await prints_a_sheet(noor)
        app = await noor.gets_a_second_factor(clock[0])
        answer = (await by_sheet(noor, sheet, app.paper())).json()
        assert answer.keys() == {"token", "account", "server_half", "sealed_amk"}
        noor.token = unb64(answer["token"])
        line = await Line.open(house.desk_origin.replace("http", "ws") + noor.path, house.desk_origin)
        line.send("sign_on", token=noor.token)
        assert await line.closing_code() == 4401
        wrong = b64(bytes(32))
        for path, body in (
            ("/desk/unlock", {"proof": await proof_of(noor)}),
            ("/desk/account/sheet", {"proof": wrong, "proof_hash": wrong, "sealed_amk": wrong}),
            ("/desk/account/end", {}),
            ("/desk/account/passphrase", {"proof": wrong, "proof_hash": wrong, "sealed_amk": wrong}),
        ):
            assert (await post(noor, path, **body)).json()["code"] == "signed_out", path
        first = noor.token
        noor.token = unb64((await by_sheet(noor, sheet, app.paper(1))).json()["token"])
        seal = await asyncio.to_thread(sealed_under, house, noor, "fresh")
        whole = seal | {"sheet": True, "next_sheet": sheet_seal(noor, os.urandom(16))}
        second, noor.token = noor.token, first
        proof = b64(keys.sheet_proof(sheet))
        assert (await post(noor, "/desk/account/passphrase", proof=proof, **whole)).json()["code"] == "signed_out"
        noor.token = second
        running = await house.luwte.db.read(running_sessions, noor.person.id, house.luwte.minute())
        assert token_hash(second) in [hash for hash, _ in running]
        clock[0] += RENEWAL_MINUTES * 60
        running = await house.luwte.db.read(running_sessions, noor.person.id, house.luwte.minute())
        assert token_hash(second) not in [hash for hash, _ in running]
        assert (await post(noor, "/desk/account/passphrase", proof=proof, **whole)).json()["code"] == "signed_out"
        noor.token = unb64((await by_sheet(noor, sheet, app.paper(2))).json()["token"])
        assert (await noor.signs_out()).status_code == 200

    play(story, tmp_path / "house", lambda: clock[0])
