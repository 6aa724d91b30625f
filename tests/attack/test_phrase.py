"""Attacks on the return phrase: guessing it, planting one, using one that is over, reading it off the disk (B-25)."""

import base64
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from attackers import a_taken_conversation, refused, until_pong, what_is_stored

from actors import House, look_up, play
from luwte import demo
from luwte.conversation import phrase_web, phrases
from luwte.crypto import phrase
from luwte.crypto.primitives import CannotOpen, sha256
from luwte.plumbing.db import ReadTx
from luwte.plumbing.keystore import CONVERSATION, KeyStore


def box_of(answer: httpx.Response) -> bytes:
    """What an answer holds."""
    assert answer.status_code == 200
    return base64.b64decode(answer.json()["box"])


def shape(answer: httpx.Response) -> tuple[Any, ...]:
    """All of an answer that is not the box itself, with every length."""
    headers = [(name, value) for name, value in answer.headers.items() if name != "date"]
    return answer.status_code, headers, len(answer.content), list(answer.json())


def test_enumerating_shows_nothing(tmp_path: Path) -> None:
    """An unknown locator gets an answer of the same form and length, the same each time, over a restart too."""
    locators = [os.urandom(32) for _ in range(20)]
    first: list[bytes] = []

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        real = await look_up(house, phrase.locator(await visitor.keeps_a_phrase()))
        answers = [await look_up(house, locator) for locator in locators]
        assert {repr(shape(answer)) for answer in answers} == {repr(shape(real))}
        first.extend(map(box_of, answers))
        assert len({*first, box_of(real)}) == 21
        assert all(len(box) == phrase.BOX_BYTES for box in [*first, box_of(real)])
        assert box_of(await look_up(house, locators[0])) == first[0]

    async def again(house: House) -> None:
        assert [box_of(await look_up(house, locator)) for locator in locators] == first

    play(story, tmp_path / "house")
    play(again, tmp_path / "house")


def test_looking_up_what_is_not_there_is_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer takes one lock off and makes one decoy, whether or not anything was found."""
    id, shred_key, secret = os.urandom(16), os.urandom(32), os.urandom(32)
    box = os.urandom(phrase.BOX_BYTES)
    locked = phrases.lock_box(id, box, shred_key)
    deeds: list[tuple[str, int]] = []
    unlock, hkdf = phrases.unlock, phrases.hkdf_salted
    monkeypatch.setattr(phrases, "unlock", lambda *a: deeds.append(("unlock", len(a[-1]))) or unlock(*a))
    monkeypatch.setattr(phrases, "hkdf_salted", lambda *a: deeds.append(("decoy", a[-1])) or hkdf(*a))
    answers = []
    for found, key in (((id, locked), shred_key), ((id, locked), None), (None, None)):
        deeds.clear()
        answers.append((phrases.answer(found, b"l" * 32, lambda _, key=key: key, secret), tuple(deeds)))
    assert [answer == box for answer, _ in answers] == [True, False, False]
    assert answers[1][0] == answers[2][0]
    assert len({work for _, work in answers}) == 1


def test_a_flood_of_guesses_is_slowed_and_keeps_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never a refusal: whoever has the phrase is answered from the flooder's own network, a little later."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(phrase_web, "sleep", sleep)

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        entropy = await visitor.keeps_a_phrase()
        async with httpx.AsyncClient(base_url=house.origin, timeout=30) as client:
            for _ in range(phrase_web.AT_ONCE + 20):
                body = {"locator": base64.b64encode(os.urandom(32)).decode()}
                assert (await client.post(f"/l/{demo.LINE}/phrase", json=body)).status_code == 200
        slowed = waits.count(phrase_web.SLOWER)
        assert slowed >= 15
        assert (await house.visitor().comes_back(entropy))["t"] == "resumed"
        assert waits.count(phrase_web.SLOWER) == slowed + 1

    play(story, tmp_path / "house")


@pytest.mark.parametrize(
    "body",
    [{}, {"locator": ""}, {"locator": "AA=="}, {"locator": 7}, {"locator": None}, {"locator": "A" * 44, "more": 1}, []],
    ids=str,
)
def test_what_is_no_locator_is_malformed(tmp_path: Path, body: object) -> None:
    """One answer, that repeats nothing of it."""

    async def story(house: House) -> None:
        async with httpx.AsyncClient(base_url=house.origin) as client:
            answer = await client.post(f"/l/{demo.LINE}/phrase", json=body)
            assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
            assert (await client.get(f"/l/{demo.LINE}/phrase")).status_code == 405

    play(story, tmp_path / "house")


def test_nobody_but_the_visitor_sets_or_ends_a_phrase(tmp_path: Path) -> None:
    """Not the counsellor who has the conversation, not a lead, not another visitor, not before one is known."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        entropy = await visitor.keeps_a_phrase()
        before = await what_is_stored(house)
        mine = {"locator_hash": os.urandom(32), "box": os.urandom(phrase.BOX_BYTES)}
        for frame, values in (("keep_phrase", mine), ("end_phrase", {})):
            for conv in ({}, {"conv": visitor.conv}):
                assert (await refused(noor.line, frame, **values, **conv))["code"] == "malformed"
            stranger = house.visitor()
            await stranger.connects()
            stranger.line.send(frame, **values)
            assert await stranger.line.closing_code() == 4400
        other = house.visitor()
        await other.starts()
        for more in ({"conv": visitor.conv}, {"box": b"short"}, {"locator_hash": b""}):
            assert (await refused(other.line, "keep_phrase", **(mine | more)))["code"] == "malformed"
        other.line.send("end")
        await other.line.hear("ended")
        other.line.send("end_phrase")
        await other.line.hear("phrase")
        await house.luwte.db.write(_without, other.conv)
        assert await what_is_stored(house) == before
        assert (await house.visitor().comes_back(entropy))["t"] == "resumed"

    play(story, tmp_path / "house")


def _without(tx: Any, conv: bytes) -> None:
    """What the other visitor began, taken away: the rest can be compared."""
    (key,) = tx.one("SELECT key FROM conversation WHERE id = ?", conv)
    tx.execute("DELETE FROM wrap WHERE conversation = ?", key)
    tx.execute("DELETE FROM conversation WHERE key = ?", key)


def test_the_locator_of_another_conversation_is_not_taken_over(tmp_path: Path) -> None:
    """Who knows one, from a stolen disk say, can put nothing in its place; what it opens stays what it was."""

    async def story(house: House) -> None:
        visitor, thief = house.visitor(), house.visitor()
        await visitor.starts()
        entropy = await visitor.keeps_a_phrase()
        await thief.starts()
        own = await thief.keeps_a_phrase()
        hashed = sha256(phrase.locator(entropy))
        planted = {"locator_hash": hashed, "box": os.urandom(phrase.BOX_BYTES)}
        assert (await refused(thief.line, "keep_phrase", **planted))["code"] == "not_accepted"
        assert (await house.visitor().comes_back(own))["t"] == "resumed"
        back = house.visitor()
        assert (await back.comes_back(entropy))["t"] == "resumed"
        assert back.conv == visitor.conv

    play(story, tmp_path / "house")


def test_coming_back_takes_the_credential_and_the_phrase_of_that_conversation(tmp_path: Path) -> None:
    """Another's phrase, one that was made invalid, a made-up one: the page that goes on goes on."""

    async def story(house: House) -> None:
        visitor, other = house.visitor(), house.visitor()
        await visitor.starts()
        await other.starts()
        old, theirs = await visitor.keeps_a_phrase(), await other.keeps_a_phrase()
        await visitor.keeps_a_phrase()
        thief = house.visitor()
        for credential, entropy in (
            (visitor.keys.credential, old),
            (visitor.keys.credential, theirs),
            (visitor.keys.credential, os.urandom(16)),
            (os.urandom(32), old),
            (other.keys.credential, theirs),
        ):
            await thief.connects()
            values = {"conv": visitor.conv, "credential": credential, "after": 0}
            thief.line.send("resume", **values, page=os.urandom(16), locator=phrase.locator(entropy))
            assert (await thief.line.hear("resumed", "refused"))["code"] == "no_such_conversation"
        assert (await visitor.says("still here"))["t"] == "ack"
        assert await until_pong(visitor.line) == []

    play(story, tmp_path / "house")


def test_a_phrase_that_was_made_invalid_is_answered_as_one_that_never_was(tmp_path: Path) -> None:
    """Ended by the visitor, replaced, or erased with the conversation: the same decoy as before it was kept."""

    async def story(house: House) -> None:
        for way in ("ended", "replaced", "erased"):
            visitor, entropy = house.visitor(), os.urandom(16)
            never = box_of(await look_up(house, phrase.locator(entropy)))
            await visitor.starts()
            await visitor.keeps_a_phrase(entropy)
            assert box_of(await look_up(house, phrase.locator(entropy))) != never
            if way == "ended":
                visitor.line.send("end_phrase")
                await visitor.line.hear("phrase")
            elif way == "replaced":
                await visitor.keeps_a_phrase()
            else:
                house.luwte.keys.erase(CONVERSATION, visitor.conv)
            assert box_of(await look_up(house, phrase.locator(entropy))) == never
            with pytest.raises(CannotOpen):
                await house.visitor().comes_back(entropy)
            if way == "erased":
                assert (await refused(visitor.line, "keep_phrase", locator_hash=os.urandom(32), box=bytes(124)))[
                    "code"
                ] == "no_such_conversation"

    play(story, tmp_path / "house")


def test_a_stolen_disk_opens_no_phrase(tmp_path: Path) -> None:
    """Neither phrase nor locator nor anything sealed lies there; with the key store too it is a box without a key."""
    kept: dict[str, Any] = {}

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        kept["entropy"] = await visitor.keeps_a_phrase()
        kept["visitor"] = visitor
        kept["box"] = box_of(await look_up(house, phrase.locator(kept["entropy"])))

    play(story, tmp_path / "house")
    visitor, entropy, folder = kept["visitor"], kept["entropy"], tmp_path / "house"
    everything = b"".join(path.read_bytes() for path in folder.glob("*") if path.is_file())
    canaries = [entropy, phrase.locator(entropy), kept["box"], visitor.vs, *visitor.secrets]
    canaries += [word.encode() for word in (" ".join(phrase.words(entropy)), json.dumps(phrase.words(entropy)))]
    assert not [canary for canary in canaries if canary in everything]
    with closing(sqlite3.connect(folder / "main.db")) as db, closing(KeyStore(folder / "keys")) as keys:
        (hashed, locked) = db.execute("SELECT locator_hash, locked FROM phrase").fetchone()
        found = phrases.answer((visitor.conv, locked), hashed, keys.of(CONVERSATION), b"s" * 32)
    assert found == kept["box"]
    # What somebody who has all of the server may try: the hash of the locator, every key of the key store, nothing.
    for guess in (hashed[:16], hashed[16:], *(key[:16] for key in all_keys(folder)), bytes(16)):
        with pytest.raises(CannotOpen):
            phrase.open_box(guess, demo.ORGANISATION, found)


def all_keys(folder: Path) -> list[bytes]:
    """Every key of the key store."""
    with closing(KeyStore(folder / "keys")) as keys:
        return [key for kind in keys._keys.values() for key in kind.values()]


def test_the_phrase_goes_with_its_conversation(tmp_path: Path) -> None:
    """When the row of a conversation goes, so does its phrase, whoever deletes it."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        await visitor.keeps_a_phrase()

        def count(tx: ReadTx) -> int:
            row = tx.one("SELECT count(*) FROM phrase")
            assert row is not None
            return int(row[0])

        assert await house.luwte.db.read(count) == 1
        await house.luwte.db.write(_without, visitor.conv)
        assert await house.luwte.db.read(count) == 0

    play(story, tmp_path / "house")
