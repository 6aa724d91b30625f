"""Signing in, unlocking, signing out: who is let in, what a stranger learns, and who can be kept out."""

import asyncio
import base64
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors import Counsellor, House, Line, play
from luwte import demo
from luwte.audit import store as audit_store
from luwte.crypto import keys, primitives
from luwte.crypto.wrap import Purpose, WrapContext, unwrap
from luwte.staff.model import SESSION_MINUTES
from luwte.staff.web import TRIES


class Wound:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """Now."""
        return time.time() + self.ahead


def b64(data: bytes) -> str:
    """Bytes in JSON."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """Bytes from JSON."""
    return base64.b64decode(text, validate=True)


def at(house: House, source: str = "127.0.0.1") -> httpx.AsyncClient:
    """A client that comes from this address of the machine."""
    return httpx.AsyncClient(
        base_url=house.origin, transport=httpx.AsyncHTTPTransport(local_address=source), timeout=30
    )


def bearer(token: bytes) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {b64(token)}"}


WRONG = b64(bytes(32))


async def try_in(client: httpx.AsyncClient, name: str, proof: str = WRONG) -> httpx.Response:
    """One try."""
    return await client.post("/desk/sign-in", json={"name": name, "proof": proof})


async def proof_of(house: House, desk: Counsellor) -> str:
    """The right proof, stretched once."""
    async with at(house) as client:
        salt = (await client.post("/desk/salt", json={"name": desk.person.name})).json()["salt"]
    stretched = await asyncio.to_thread(primitives.stretch, desk.person.passphrase, unb64(salt))
    return b64(keys.login_proof(stretched))


async def signed_in(house: House, desk: Counsellor) -> httpx.Response:
    """Sign in with the right passphrase."""
    answer = await desk.signs_in()
    assert answer.status_code == 200
    return answer


def test_the_passphrase_opens_everything_and_the_server_nothing(tmp_path: Path) -> None:
    """What comes back opens the keys with the passphrase; without it, or without the server's half, it does not."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        async with at(house) as client:
            salt = unb64((await client.post("/desk/salt", json={"name": "Noor"})).json()["salt"])
        answer = (await signed_in(house, noor)).json()
        assert set(answer) == {
            "token",
            "account",
            "role",
            "server_half",
            "sealed_amk",
            "sealed_x25519",
            "sealed_ed25519",
            "team_keys",
            "demo",
        }
        assert len(unb64(answer["token"])) == 32
        stretched = await asyncio.to_thread(primitives.stretch, noor.person.passphrase, salt)
        kek = keys.kek(stretched, unb64(answer["server_half"]))
        amk = keys.open_amk(kek, answer["account"], unb64(answer["sealed_amk"]))
        private = keys.open_staff_key(amk, answer["account"], "x25519", unb64(answer["sealed_x25519"]))
        assert private == noor.person.x25519
        (team_key,) = answer["team_keys"]
        context = WrapContext(demo.ORGANISATION, team_key["team"], team_key["epoch"], bytes(16), 0, Purpose.MEMBER)
        assert unwrap(unb64(team_key["wrap"]), private, context) == house.organisation.team
        for wrong in (keys.kek(stretched, bytes(32)), keys.kek(bytes(32), unb64(answer["server_half"]))):
            with pytest.raises(primitives.CannotOpen):
                keys.open_amk(wrong, answer["account"], unb64(answer["sealed_amk"]))

    play(story, tmp_path / "house")


def test_a_token_is_nowhere_on_the_disk_and_never_the_same(tmp_path: Path) -> None:
    """Only its hash is stored; each sign-in gives a new one, and both are good until they are signed out."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        tokens = []
        for _ in range(2):
            await signed_in(house, noor)
            tokens.append(noor.token)
        assert tokens[0] != tokens[1]
        assert {len(token) for token in tokens} == {32}
        for token in tokens:
            noor.token = token
            await noor.opens_desk()
        for file in house.folder.rglob("*"):
            if file.is_file() and "demo" not in file.parts:
                data = file.read_bytes()
                for token in tokens:
                    assert token not in data
                    assert b64(token).encode() not in data

    play(story, tmp_path / "house")


def test_a_wrong_name_and_a_wrong_passphrase_look_alike(tmp_path: Path) -> None:
    """Same status, same bytes, same headers: at signing in, and at asking for the salt."""

    async def story(house: House) -> None:
        async with at(house) as client:
            answers = [await try_in(client, name) for name in ("Noor", "Nobody", "noor", " Noor", "Noor ", "x" * 100)]
            assert {(one.status_code, one.content) for one in answers} == {(401, answers[0].content)}
            assert answers[0].json()["code"] == "sign_in_refused"
            assert len({tuple(sorted(name for name in one.headers)) for one in answers}) == 1
            for proof in ("", b64(b"x"), b64(bytes(31)), b64(bytes(33)), b64(bytes(1000))):
                assert (await try_in(client, "Sam", proof)).content == answers[0].content
                assert (await try_in(client, "Samuel", proof)).content == answers[0].content

    play(story, tmp_path / "house")


def test_every_name_has_a_salt(tmp_path: Path) -> None:
    """Sixteen bytes, the same each time, another one for each name: a name that nobody has cannot be told from one."""

    async def story(house: House) -> None:
        names = ["Noor", "Sam", "Robin", "Nobody", "nobody", "Noor ", "\0", "Ünïcödé", "x" * 100]
        seen: dict[str, set[bytes]] = {name: set() for name in names}
        shapes = set()
        async with at(house) as client:
            for _ in range(3):
                for name in names:
                    answer = await client.post("/desk/salt", json={"name": name})
                    seen[name].add(unb64(answer.json()["salt"]))
                    shapes.add((answer.status_code, len(answer.content), tuple(answer.headers)))
        assert {len(salt) for salts in seen.values() for salt in salts} == {16}
        assert {len(salts) for salts in seen.values()} == {1}
        assert len(set.union(*seen.values())) == len(names)
        assert len(shapes) == 1

    play(story, tmp_path / "house")


def test_the_salt_of_nobody_outlives_a_restart(tmp_path: Path) -> None:
    """It comes from the server's secret, not from the process: asking again tomorrow tells nothing either."""
    seen = []

    async def story(house: House) -> None:
        async with at(house) as client:
            seen.append((await client.post("/desk/salt", json={"name": "Nobody"})).content)

    play(story, tmp_path / "house")
    secret = (tmp_path / "house" / "secret").read_bytes()
    play(story, tmp_path / "house")
    assert (tmp_path / "house" / "secret").read_bytes() == secret
    assert seen[0] == seen[1]


def test_guessing_is_slowed_for_one_name_from_one_place(tmp_path: Path) -> None:
    """Ten wrong tries, then 429; a minute gives one. The right passphrase passes all the while: nobody is kept out."""
    clock = Wound()

    async def story(house: House) -> None:
        noor = house.counsellor()
        right = await proof_of(house, noor)
        async with at(house) as here, at(house, "127.0.7.1") as there:
            tries = [(await try_in(here, "Noor")).status_code for _ in range(TRIES + 5)]
            assert tries == [401] * TRIES + [429] * 5
            refused = await try_in(here, "Noor")
            assert (refused.status_code, refused.json()["code"]) == (429, "slow_down")
            assert (await try_in(here, "Noor", right)).status_code == 200
            assert (await try_in(here, "Sam")).status_code == 401
            assert (await try_in(there, "Noor", right)).status_code == 200
            clock.ahead += 61
            assert (await try_in(here, "Noor")).status_code == 401
            assert (await try_in(here, "Noor")).status_code == 429
            clock.ahead += 61
            assert (await try_in(here, "Noor", right)).status_code == 200

    play(story, tmp_path / "house", clock)


def test_neighbours_share_their_tries(tmp_path: Path) -> None:
    """A network counts as one place: another address beside it is no new chance."""

    async def story(house: House) -> None:
        statuses = []
        for n in range(TRIES + 2):
            async with at(house, f"127.0.7.{n + 1}") as client:
                statuses.append((await try_in(client, "Noor")).status_code)
        assert statuses == [401] * TRIES + [429] * 2

    play(story, tmp_path / "house")


def test_many_tries_at_once_are_not_more_tries(tmp_path: Path) -> None:
    """Forty in one moment: ten are judged, thirty are told to slow down; the same inside a session, for unlocking."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.skips_sign_in()
        async with at(house) as client:
            answers = await asyncio.gather(*(try_in(client, "Noor") for _ in range(40)))
            assert Counter(one.status_code for one in answers) == {401: TRIES, 429: 40 - TRIES}
            unlocks = await asyncio.gather(
                *(client.post("/desk/unlock", json={"proof": WRONG}, headers=bearer(noor.token)) for _ in range(40))
            )
            assert Counter(one.status_code for one in unlocks) == {401: TRIES, 429: 40 - TRIES}

    play(story, tmp_path / "house")


def test_one_place_cannot_fill_the_log_with_names(tmp_path: Path) -> None:
    """Refused sign-ins are on record one by one, and a single source gets sixty of them, whatever names it makes up."""
    began = time.time()

    async def story(house: House) -> None:
        async with at(house) as client:
            answers = [await try_in(client, f"name {n}") for n in range(80)]
        statuses = Counter(one.status_code for one in answers)
        assert statuses == {401: 60, 429: 20}
        found = await house.luwte.db.read(lambda tx: list(audit_store.everything(tx)))
        assert [record.result for record, _ in found] == ["sign_in_refused"] * statuses[401]

    play(story, tmp_path / "house", lambda: began)  # a second would give one more


def test_guessing_does_not_disturb_who_is_at_work(tmp_path: Path) -> None:
    """While somebody guesses her name from her own network, her desk, her unlocking and her colleague go on."""

    async def story(house: House) -> None:
        noor, sam, visitor = house.counsellor(0), house.counsellor(1), house.visitor()
        right, sams = await proof_of(house, noor), await proof_of(house, sam)
        await noor.opens_desk()
        await visitor.starts()
        async with at(house) as client:
            for _ in range(TRIES + 3):
                await try_in(client, "Noor")
            assert (await try_in(client, "Noor")).status_code == 429
            assert (await try_in(client, "Noor", right)).status_code == 200
            answer = await client.post("/desk/unlock", json={"proof": right}, headers=bearer(noor.token))
            assert answer.status_code == 200
            assert "token" not in answer.json()
            assert (await try_in(client, "Sam", sams)).status_code == 200
        assert (await noor.takes(visitor.conv))["t"] == "taken"
        await noor.opens_desk()

    play(story, tmp_path / "house")


def test_right_ones_are_not_counted(tmp_path: Path) -> None:
    """A counsellor who signs in and unlocks all day long is never told to slow down for it."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        right = await proof_of(house, noor)
        async with at(house) as client:
            for _ in range(TRIES + 5):
                answer = await try_in(client, "Noor", right)
                assert answer.status_code == 200
            token = unb64(answer.json()["token"])
            for _ in range(TRIES + 5):
                answer = await client.post("/desk/unlock", json={"proof": right}, headers=bearer(token))
                assert answer.status_code == 200

    play(story, tmp_path / "house")


def test_unlocking_needs_the_passphrase_of_this_session(tmp_path: Path) -> None:
    """A wrong one, a colleague's, a missing or foreign token: refused; ten wrong ones, then slower; all on record."""

    async def story(house: House) -> None:
        noor, sam = house.counsellor(0), house.counsellor(1)
        right, sams = await proof_of(house, noor), await proof_of(house, sam)
        await noor.skips_sign_in()
        async with at(house) as client:

            async def unlock(proof: str, headers: dict[str, str]) -> tuple[int, str]:
                answer = await client.post("/desk/unlock", json={"proof": proof}, headers=headers)
                return answer.status_code, answer.json().get("code", answer.json().get("account"))

            mine = bearer(noor.token)
            assert await unlock(right, mine) == (200, noor.person.id)
            assert await unlock(sams, mine) == (401, "sign_in_refused")
            for headers in ({}, bearer(os.urandom(32)), {"Authorization": f"Basic {b64(noor.token)}"}, bearer(b"x")):
                assert await unlock(right, headers) == (401, "signed_out")
            for _ in range(TRIES - 1):
                assert (await unlock(WRONG, mine))[0] == 401
            assert await unlock(WRONG, mine) == (429, "slow_down")
            assert await unlock(right, mine) == (200, noor.person.id)
        found = [record for record, _ in await house.luwte.db.read(lambda tx: list(audit_store.everything(tx)))]
        assert Counter((record.action, record.result) for record in found) == {
            ("staff.unlock", "done"): 2,
            ("staff.unlock", "sign_in_refused"): TRIES,
        }
        assert {record.actor for record in found} == {noor.person.id}

    play(story, tmp_path / "house")


def test_a_token_in_the_address_or_the_body_is_none(tmp_path: Path) -> None:
    """Only the Authorization header, and the first frame of a socket, show a token."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.skips_sign_in()
        async with at(house) as client:
            for request in (
                {"url": "/desk/sign-out", "params": {"token": b64(noor.token)}},
                {"url": "/desk/sign-out", "headers": {"Cookie": f"token={b64(noor.token)}"}},
                {"url": "/desk/sign-out", "headers": {"X-Token": b64(noor.token)}},
            ):
                assert (await client.post(**request)).status_code == 401  # type: ignore[arg-type]
        await noor.opens_desk()

    play(story, tmp_path / "house")


def test_a_session_is_begun_with_nobodys_token_but_the_servers(tmp_path: Path) -> None:
    """F-6: a token that came with the sign-in, in whatever place, is not the one of the session, nor one that ended."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        assert (await noor.signs_in()).status_code == 200
        ended, planted = noor.token, os.urandom(32)
        await noor.signs_out()
        async with at(house) as client:
            salt = unb64((await client.post("/desk/salt", json={"name": "Noor"})).json()["salt"])
            stretched = await asyncio.to_thread(primitives.stretch, noor.person.passphrase, salt)
            shown = {"name": "Noor", "proof": b64(keys.login_proof(stretched))}
            for token in (planted, ended):
                bearer = {"Authorization": f"Bearer {b64(token)}"}
                assert (await client.post("/desk/sign-in", json={**shown, "token": b64(token)})).status_code == 400
                answer = await client.post("/desk/sign-in", json=shown, headers={**bearer, "Cookie": b64(token)})
                assert answer.status_code == 200
                assert unb64(answer.json()["token"]) not in (planted, ended)
                assert (await client.get("/desk/account", headers=bearer)).json()["code"] == "signed_out"

    play(story, tmp_path / "house")


def test_signing_out_is_the_end_of_that_session_only(tmp_path: Path) -> None:
    """Its sockets close with 4401 and its token is dead; another session of the same person keeps what they have."""

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await visitor.starts()
        await noor.opens_desk()
        first, first_token = noor.line, noor.token
        noor.token = b""
        await noor.opens_desk()
        assert (await noor.takes(visitor.conv))["t"] == "taken"
        await visitor.line.hear("claimed")
        visitor.generation = 1
        second_token = noor.token
        noor.token = first_token
        assert (await noor.signs_out()).json() == {}
        assert await first.closing_code() == 4401
        assert (await noor.signs_out()).status_code == 401
        assert (await visitor.says("still there?"))["t"] == "ack"
        assert await noor.reads(visitor.conv) == "still there?"
        noor.token = second_token
        assert (await noor.signs_out()).status_code == 200
        assert await noor.line.closing_code() == 4401
        assert (await visitor.line.hear("waiting"))["place"] == 1

    play(story, tmp_path / "house")


def test_a_session_ends_after_the_longest_shift(tmp_path: Path) -> None:
    """One minute before it counts, then it does not: not for a socket, for unlocking or for signing out."""
    clock = Wound()

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        clock.ahead = (SESSION_MINUTES - 1) * 60
        await noor.opens_desk()
        clock.ahead = SESSION_MINUTES * 60
        line = await Line.open(house.origin.replace("http", "ws") + "/desk/socket/2", house.origin)
        line.send("sign_on", token=noor.token)
        assert await line.closing_code() == 4401
        noor.line.send("ping")
        assert await noor.line.closing_code() == 4401
        assert (await noor.signs_out()).status_code == 401

    play(story, tmp_path / "house", clock)


def test_a_disabled_account_is_nobody(tmp_path: Path) -> None:
    """Its name is refused like one that does not exist, and its token opens nothing new."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        right = await proof_of(house, noor)
        await noor.skips_sign_in()

        def disable(tx: Any) -> None:
            tx.execute("UPDATE account SET disabled = 1 WHERE id = ?", noor.person.id)

        await house.luwte.db.write(disable)
        async with at(house) as client:
            refused = await try_in(client, "Noor", right)
            assert refused.content == (await try_in(client, "Nobody", right)).content
            answer = await client.post("/desk/unlock", json={"proof": right}, headers=bearer(noor.token))
            assert answer.json()["code"] == "signed_out"
        line = await Line.open(house.origin.replace("http", "ws") + "/desk/socket/2", house.origin)
        line.send("sign_on", token=noor.token)
        assert await line.closing_code() == 4401

    play(story, tmp_path / "house")
