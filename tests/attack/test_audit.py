"""Who did what is on record: each deed once, before it has an effect, with no content, and not to be edited unseen."""

import asyncio
import base64
import json
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors import Counsellor, House, Line, play
from attack.attackers import (
    a_taken_conversation,
    a_team_next_door,
    answers,
    records,
    refused,
    until_pong,
    what_is_stored,
)
from luwte.audit import actions as audit
from luwte.audit.model import ACTIONS, Record, pseudonym
from luwte.crypto.envelope import NOTE, TEAM_LOG
from luwte.plumbing import keystore

CANARY = "a small yellow bird 4711"


def _of(found: list[Record], action: str) -> list[tuple[str, str]]:
    return [(one.actor, one.result) for one in found if one.action == action]


def test_each_deed_leaves_one_record(tmp_path: Path) -> None:
    """Sign-in and -out, reading an opening, taking, reading again after sign-in, ending, giving back; refusals too."""

    async def story(house: House) -> None:
        visitor, noor, sam = house.visitor(), house.counsellor(0), house.counsellor(1)
        me, colleague = noor.person.id, sam.person.id
        await visitor.starts()
        await visitor.says(CANARY)
        assert (await noor.signs_in("wrong words")).status_code == 401
        assert (await noor.signs_in()).status_code == 200
        await noor.opens_desk()
        await sam.opens_desk()
        for _ in range(3):
            (opening,) = await answers(noor.line, "openings", convs=[visitor.conv, visitor.conv])
            assert opening["wrap"]
        await noor.takes(visitor.conv)
        assert (await sam.takes(visitor.conv))["code"] == "already_taken"
        await visitor.line.hear("claimed")
        await noor.says(visitor.conv, CANARY)
        await noor.notes(visitor.conv, CANARY)
        assert await records_of_reading(house) == []
        await noor.opens_desk()
        await noor.line.hear("taken")
        assert await records_of_reading(house) == []
        noor.token = b""
        await noor.opens_desk()
        await noor.line.hear("taken")
        assert await records_of_reading(house) == [(me, "done")]
        assert (await refused(sam.line, "end", conv=visitor.conv, reason="abuse"))["code"] == "no_such_conversation"
        noor.line.send("end", conv=visitor.conv, reason="completed")
        await noor.line.hear("ended")
        other = house.visitor()
        await other.starts()
        await sam.takes(other.conv)
        await other.line.hear("claimed")
        await sam.signs_out()
        await other.line.hear("waiting")

        found = await records(house)
        assert _of(found, "staff.sign_in") == [(me, "sign_in_refused"), (me, "done")]
        assert _of(found, "opening.read") == [(me, "done")]
        assert _of(found, "conversation.take") == [(me, "done"), (colleague, "already_taken"), (colleague, "done")]
        assert _of(found, "conversation.read") == [(me, "done")]
        assert _of(found, "conversation.end") == [(colleague, "no_such_conversation"), (me, "done")]
        assert _of(found, "conversation.return") == [(colleague, "done")]
        assert _of(found, "staff.sign_out") == [(colleague, "done")]
        assert len(found) == 11
        assert {one.action for one in found} <= ACTIONS
        _, end = [one for one in found if one.action == "conversation.end"]
        assert end.reason == "completed"
        key = house.luwte.keys.get(keystore.CONVERSATION, visitor.conv)
        assert key is not None
        named = {one.object for one in found if one.object}
        assert named == {pseudonym(key, visitor.conv), _pseudonym(house, other.conv)}
        assert await house.luwte.db.read(audit.verify) is None

    play(story, tmp_path / "house")


def _pseudonym(house: House, conv: bytes) -> bytes:
    key = house.luwte.keys.get(keystore.CONVERSATION, conv)
    assert key is not None
    return pseudonym(key, conv)


async def records_of_reading(house: House) -> list[tuple[str, str]]:
    """The reads of a conversation after a new sign-in."""
    return _of(await records(house), "conversation.read")


REFUSED = {
    ("conversation.read", "no_such_conversation"),
    ("conversation.write", "no_such_conversation"),
    ("conversation.end", "no_such_conversation"),
}


async def _tries_everything(desk: Counsellor, conv: bytes) -> None:
    sealed = desk._seal(conv, TEAM_LOG, NOTE, 0, "x", {})
    for name, values in (
        ("openings", {"convs": [conv]}),
        ("take", {"conv": conv}),
        ("follow", {"conv": conv, "shared": 0, "notes": 0}),
        ("append", {"envelope": desk.seals(conv, "x")}),
        ("append", {"envelope": sealed, "wrap": bytes(80)}),
        ("delivered", {"conv": conv, "n": 1}),
        ("read", {"conv": conv, "n": 1}),
        ("typing", {"conv": conv}),
        ("end", {"conv": conv, "reason": "completed"}),
    ):
        (frame,) = await answers(desk.line, name, **values)
        assert frame["t"] == ("opening" if name == "openings" else "refused"), frame


def test_whatever_a_desk_is_refused_is_on_record_once(tmp_path: Path) -> None:
    """Who reads, writes or ends where they are not: one record a session, deed and conversation, however often."""

    async def story(house: House) -> None:
        noor, sam, kim = house.counsellor(0), house.counsellor(1), await a_team_next_door(house)
        for desk in (noor, sam, kim):
            await desk.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        before = await records(house)

        def news(found: list[Record]) -> list[tuple[str, str, str]]:
            assert {one.object for one in found[len(before) :]} == {_pseudonym(house, visitor.conv)}
            return [(one.actor, one.action, one.result) for one in found[len(before) :]]

        colleague = {*REFUSED, ("conversation.take", "already_taken")}
        stranger = {*REFUSED, ("conversation.take", "no_such_conversation"), ("opening.read", "no_such_conversation")}
        expected = Counter((sam.person.id, *one) for one in colleague)
        expected += Counter((kim.person.id, *one) for one in stranger)
        for _ in range(3):
            await _tries_everything(sam, visitor.conv)
            await _tries_everything(kim, visitor.conv)
            assert Counter(news(await records(house))) == expected
        await sam.opens_desk()
        await _tries_everything(sam, visitor.conv)
        assert Counter(news(await records(house))) == expected, "the same session at another socket"
        sam.token = b""
        await sam.opens_desk()
        await _tries_everything(sam, visitor.conv)
        expected += Counter((sam.person.id, *one) for one in colleague)
        assert Counter(news(await records(house))) == expected

        forged = visitor.seals("as the visitor", sender=os.urandom(8), seq=1, prev=bytes(32))
        assert (await refused(noor.line, "append", envelope=forged))["code"] == "not_accepted"
        expected[noor.person.id, "conversation.write", "not_accepted"] = 1
        assert Counter(news(await records(house))) == expected
        assert await house.luwte.db.read(audit.verify) is None

    play(story, tmp_path / "house")


def test_guessing_at_ids_cannot_bury_the_log(tmp_path: Path) -> None:
    """Hundreds of ids that nobody ever had leave one record for each deed, without an object."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        for _ in range(60):
            conv = os.urandom(16)
            noor.line.send("take", conv=conv)
            noor.line.send("follow", conv=conv, shared=0, notes=0)
            noor.line.send("append", envelope=noor.seals(conv, "x"))
            noor.line.send("typing", conv=conv)
            noor.line.send("openings", convs=[os.urandom(16) for _ in range(30)])
        assert len([one for one in await until_pong(noor.line) if one["t"] == "refused"]) == 240
        found = Counter((one.action, one.object, one.result) for one in await records(house))
        names = ("opening.read", "conversation.take", "conversation.read", "conversation.write")
        assert found == Counter((name, b"", "no_such_conversation") for name in names)

    play(story, tmp_path / "house")


def test_what_a_visitor_is_refused_is_not_on_record(tmp_path: Path) -> None:
    """The log is about staff."""

    async def story(house: House) -> None:
        visitor, other = house.visitor(), house.visitor()
        await visitor.starts()
        await other.starts()
        for envelope in (visitor.seals("x", conv=other.conv), visitor.seals("x", seq=7), bytes(400)):
            await refused(visitor.line, "append", envelope=envelope)
        assert await records(house) == []

    play(story, tmp_path / "house")


def test_records_hold_no_content_and_no_visitor(tmp_path: Path) -> None:
    """Not what was said, no id or key of the visitor, no address, not the name that somebody tried to sign in with."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        await visitor.says(CANARY)
        await noor.notes(visitor.conv, CANARY)
        async with noor.http() as client:
            for name in (CANARY, "Noor\n2026 ERROR", "\x1b[31m", '","actor":"Sam'):
                body = {"name": name, "proof": base64.b64encode(CANARY.encode()).decode()}
                headers = {"User-Agent": CANARY, "Referer": f"http://{CANARY}/"}
                assert (await client.post("/desk/sign-in", json=body, headers=headers)).status_code == 401
        await answers(noor.line, "end", conv=visitor.conv, reason=CANARY)
        rows = await house.luwte.db.read(lambda tx: tx.all("SELECT * FROM audit"))
        text = " ".join(str(value) for row in rows for value in row if not isinstance(value, bytes))
        for secret in (CANARY, "127.0.0.1", "ERROR", "\x1b", "Sam", visitor.conv.hex()):
            assert secret not in text, secret
        secrets = [visitor.conv, visitor.keys.ve_public, visitor.keys.vg_public, visitor.keys.credential, noor.token]
        values = [value for row in rows for value in row if isinstance(value, bytes)]
        assert not [1 for value in values for secret in secrets if secret in value]
        assert _of(await records(house), "staff.sign_in") == [("nobody", "sign_in_refused")] * 4

    play(story, tmp_path / "house")


def _copied(db: sqlite3.Connection, row: int, to: int) -> None:
    columns = "minute, actor, action, object, reason, result, hash"
    db.execute(f"INSERT INTO audit SELECT ?, {columns} FROM audit WHERE n = ?", (to, row))


Tampering = Callable[[sqlite3.Connection], Any]
TAMPERINGS: dict[str, tuple[int, Tampering]] = {
    "the actor": (3, lambda db: db.execute("UPDATE audit SET actor = 'nobody' WHERE n = 3")),
    "the action": (3, lambda db: db.execute("UPDATE audit SET action = 'opening.read' WHERE n = 3")),
    "the minute": (3, lambda db: db.execute("UPDATE audit SET minute = minute + 1 WHERE n = 3")),
    "a minute before time": (3, lambda db: db.execute("UPDATE audit SET minute = -1 WHERE n = 3")),
    "the object": (3, lambda db: db.execute("UPDATE audit SET object = x'' WHERE n = 3")),
    "the reason": (3, lambda db: db.execute("UPDATE audit SET reason = 'abuse' WHERE n = 3")),
    "the result": (3, lambda db: db.execute("UPDATE audit SET result = 'done' WHERE n = 3")),
    "the hash": (3, lambda db: db.execute("UPDATE audit SET hash = zeroblob(32) WHERE n = 3")),
    "the first": (1, lambda db: db.execute("UPDATE audit SET minute = 0 WHERE n = 1")),
    "the last": (6, lambda db: db.execute("UPDATE audit SET minute = 0 WHERE n = 6")),
    "the type of the actor": (3, lambda db: db.execute("UPDATE audit SET actor = x'ff' WHERE n = 3")),
    "the type of the object": (3, lambda db: db.execute("UPDATE audit SET object = 'text' WHERE n = 3")),
    "the type of the minute": (3, lambda db: db.execute("UPDATE audit SET minute = 'soon' WHERE n = 3")),
    "the type of the hash": (3, lambda db: db.execute("UPDATE audit SET hash = 'text' WHERE n = 3")),
    "one deleted": (3, lambda db: db.execute("DELETE FROM audit WHERE n = 3")),
    "the first deleted": (1, lambda db: db.execute("DELETE FROM audit WHERE n = 1")),
    "one deleted and the rest moved up": (
        3,
        lambda db: [
            db.execute("DELETE FROM audit WHERE n = 3"),
            *(db.execute("UPDATE audit SET n = n - 1 WHERE n = ?", (n,)) for n in (4, 5, 6)),
        ],
    ),
    "two swapped": (
        3,
        lambda db: [db.execute("UPDATE audit SET n = ? WHERE n = ?", move) for move in ((99, 3), (3, 4), (4, 99))],
    ),
    "one put in before the first": (
        1,
        lambda db: _copied(db, 1, 0),
    ),
    "one put in between": (
        3,
        lambda db: [
            *(db.execute("UPDATE audit SET n = n + 1 WHERE n = ?", (n,)) for n in (6, 5, 4, 3)),
            _copied(db, 2, 3),
        ],
    ),
    "one put behind the last": (
        7,
        lambda db: _copied(db, 6, 7),
    ),
}


async def _six_records(house: House) -> None:
    noor = house.counsellor()
    await noor.opens_desk()
    visitors = [house.visitor() for _ in range(3)]
    for visitor in visitors:
        await visitor.starts()
    for visitor in visitors[:2]:
        await noor.takes(visitor.conv)
    for visitor in visitors[:2]:
        await refused(noor.line, "take", conv=visitor.conv)
    await noor.takes(visitors[2].conv)
    await refused(noor.line, "end", conv=os.urandom(16), reason="abuse")
    assert len(await records(house)) == 6


def test_whoever_edits_the_log_is_found_out(tmp_path: Path) -> None:
    """Each change on the disk is named by the first row that does not follow from the ones before it."""

    async def story(house: House) -> None:
        await _six_records(house)
        assert await house.luwte.db.read(audit.verify) is None
        for name, (row, tamper) in TAMPERINGS.items():
            copy = sqlite3.connect(":memory:")
            source = sqlite3.connect(house.folder / "main.db")
            source.backup(copy)
            source.close()
            tamper(copy)
            found = audit.verify(_Reading(copy))  # type: ignore[arg-type]
            assert found == row, name
            copy.close()

    play(story, tmp_path / "house")


class _Reading:
    """A transaction on a copy."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def all(self, sql: str, *values: Any) -> list[Any]:
        return self._db.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> Any:
        return self._db.execute(sql, values).fetchone()


def test_a_tail_cut_off_is_seen_from_outside_only(tmp_path: Path) -> None:
    """The limit of a chain: without its last rows it is whole. Only who remembers the newest row can tell."""

    async def story(house: House) -> None:
        await _six_records(house)
        remembered = await house.luwte.db.read(lambda tx: tx.one("SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1"))
        await house.luwte.db.write(lambda tx: tx.execute("DELETE FROM audit WHERE n > 4"))
        assert await house.luwte.db.read(audit.verify) is None
        kept = await house.luwte.db.read(lambda tx: tx.one("SELECT n, hash FROM audit WHERE n = ?", remembered[0]))
        assert kept is None

    play(story, tmp_path / "house")


NO_AUDIT = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"


def test_without_a_record_nothing_is_opened(tmp_path: Path) -> None:
    """When the log cannot be written no opening, no conversation and no key leaves, and nothing changes hands."""

    async def story(house: House) -> None:
        visitor, noor, sam = house.visitor(), house.counsellor(0), house.counsellor(1)
        await noor.opens_desk()
        held = await a_taken_conversation(house, noor)
        await visitor.starts()
        await visitor.says(CANARY)
        await sam.opens_desk()
        proof = await _proof(house)
        await house.luwte.db.write(lambda tx: tx.execute(NO_AUDIT))
        before, sessions = await what_is_stored(house), await _sessions(house)

        sam.line.send("openings", convs=[visitor.conv])
        assert (await sam.line.hear("opening", "refused"))["code"] == "failed"
        sam.line.send("take", conv=visitor.conv)
        assert (await sam.line.hear("taken", "refused"))["code"] == "failed"
        noor.line.send("end", conv=held.conv, reason="completed")
        assert (await noor.line.hear("ended", "refused"))["code"] == "failed"
        line = await _signed_on(house, house.counsellor(0))
        with pytest.raises(ConnectionError, match="1011"):
            await line.hear("taken")
        async with noor.http() as client:
            answer = await client.post("/desk/sign-in", json=proof)
            assert (answer.status_code, answer.json()["code"]) == (500, "failed")
        assert await what_is_stored(house) == before
        assert await _sessions(house) == sessions + 1  # the one that this test put there itself

        # A talk that goes on does not need the log: nobody is cut off by it.
        assert (await held.says("still here"))["t"] == "ack"
        assert (await noor.says(held.conv, "so am I"))["t"] == "ack"
        assert (await until_pong(visitor.line)) == []

        # What is refused anyway stays refused, and is on record as soon as that can be.
        for _ in range(2):
            assert (await refused(sam.line, "typing", conv=held.conv))["code"] == "no_such_conversation"
        await house.luwte.db.write(lambda tx: tx.execute("DROP TRIGGER full"))
        assert _of(await records(house), "conversation.write") == []
        await refused(sam.line, "typing", conv=held.conv)
        assert _of(await records(house), "conversation.write") == [(sam.person.id, "no_such_conversation")]
        (opening,) = await answers(sam.line, "openings", convs=[visitor.conv])
        assert opening["wrap"]
        assert _of(await records(house), "opening.read") == [(sam.person.id, "done")]
        assert (await sam.takes(visitor.conv))["t"] == "taken"

    play(story, tmp_path / "house")


async def _sessions(house: House) -> int:
    (count,) = await house.luwte.db.read(lambda tx: tx.one("SELECT count(*) FROM session"))
    return count


async def _signed_on(house: House, desk: Any) -> Line:
    await desk.skips_sign_in()
    line = await Line.open(house.origin.replace("http", "ws") + "/desk/socket/2", house.origin)
    line.send("sign_on", token=desk.token)
    await line.hear("welcome")
    return line


async def _proof(house: House) -> dict[str, str]:
    noor = house.counsellor()
    seen: dict[str, str] = {}

    async def keep(request: Any) -> None:
        if request.url.path == "/desk/sign-in":
            seen.update(json.loads(request.content))

    plain = noor.http
    noor.http = lambda: _with_hook(plain(), keep)  # type: ignore[method-assign]
    assert (await noor.signs_in()).status_code == 200
    return seen


def _with_hook(client: Any, hook: Any) -> Any:
    client.event_hooks = {"request": [hook]}
    return client


def test_an_opening_leaves_after_its_record(tmp_path: Path) -> None:
    """While the record waits for the disk the wrap waits too: nothing is shown that could be left out of the log."""

    async def story(house: House) -> None:
        visitor, noor = house.visitor(), house.counsellor()
        await visitor.starts()
        await noor.opens_desk()
        for name, values in (("openings", {"convs": [visitor.conv]}), ("take", {"conv": visitor.conv})):
            free, inside = threading.Event(), threading.Event()

            def block(_: Any, inside: threading.Event = inside, free: threading.Event = free) -> None:
                inside.set()
                free.wait(10)

            blocked = asyncio.ensure_future(house.luwte.db.write(block))
            await asyncio.to_thread(inside.wait, 10)
            noor.line.send(name, **values)
            with pytest.raises(TimeoutError):
                await noor.line.hear("opening", "taken", "refused", within=0.15)
            free.set()
            await blocked
            heard = await noor.line.hear("opening", "taken")
            assert heard["t"] == {"openings": "opening", "take": "taken"}[name]

    play(story, tmp_path / "house")


def test_many_openings_are_one_record_each(tmp_path: Path) -> None:
    """Thirty at once leave thirty records; another session of the same person leaves its own."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        convs = []
        for _ in range(30):
            visitor = house.visitor()
            await visitor.starts()
            convs.append(visitor.conv)
        for _ in range(2):
            heard = await answers(noor.line, "openings", convs=convs)
            assert len(heard) == 30
        noor.token = b""
        await noor.opens_desk()
        await answers(noor.line, "openings", convs=convs)
        found = [one for one in await records(house) if one.action == "opening.read"]
        assert Counter(one.object for one in found) == {_pseudonym(house, conv): 2 for conv in convs}

    play(story, tmp_path / "house")
