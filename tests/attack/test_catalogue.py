"""I-3, I-6: the whole catalogue of deeds on a real server. Each leaves exactly one record, done, refused or failed; and
none has an effect while the log cannot be written."""

import asyncio
import base64
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from actors import App, Counsellor, House, Visitor, play
from attack.attackers import a_team_next_door, answers, records, until_pong
from joiners import (
    Empty,
    Joiner,
    Organisation,
    certificate_in,
    invites,
    joiner,
    of_the_demonstration,
    people,
    play_empty,
    post,
)
from luwte.audit import store as audit_store
from luwte.audit import witness
from luwte.audit.model import ACTIONS, Record
from luwte.backup import actions as backups
from luwte.conversation import actions as conversations
from luwte.crypto import keys, primitives
from luwte.crypto.certificate import issue
from luwte.plumbing.db import ReadTx, look

WHY = {"basis": "absent", "reason": "nobody answers the phone"}
WRONG = base64.b64encode(bytes(32)).decode()
NO_AUDIT = "CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"


@dataclass
class Cast:
    """A house, its three people at their desks, and whoever visits."""

    house: House
    noor: Counsellor
    sam: Counsellor
    robin: Counsellor
    visitors: list[Visitor] = field(default_factory=list)
    guest: Joiner | None = None
    """Whoever was invited last."""
    renewals: int = 0

    async def nobody(self) -> bytes:
        """No conversation at all."""
        return bytes(16)

    async def waiting(self) -> bytes:
        """A conversation that waits."""
        visitor = self.house.visitor()
        self.visitors.append(visitor)
        await visitor.starts()
        await visitor.says("hello")
        return visitor.conv

    async def taken(self) -> bytes:
        """One that Noor has."""
        conv = await self.waiting()
        await self.noor.takes(conv)
        return conv

    async def offered(self) -> bytes:
        """One that Noor has offered to Sam."""
        conv = await self.taken()
        self.noor.line.send("hand_over", conv=conv, to=self.sam.person.id)
        await self.sam.line.hear("offered")
        return conv

    async def muted(self) -> bytes:
        """One whose visitor Noor does not hear."""
        conv = await self.taken()
        self.noor.line.send("mute", conv=conv, on=True)
        await self.noor.line.hear("muted")
        return conv

    async def joined(self) -> bytes:
        """One of Noor's with which Robin reads along."""
        conv = await self.taken()
        self.robin.line.send("step_in", conv=conv, reason="asked")
        await self.robin.line.hear("stepped_in")
        return conv

    async def called(self) -> bytes:
        """One in which Noor needs a colleague."""
        conv = await self.taken()
        await answers(self.noor.line, "need_colleague", conv=conv)
        return conv

    async def opened(self) -> bytes:
        """One of Noor's that Sam opened through glass."""
        conv = await self.taken()
        self.sam.line.send("break_glass", **await self.number(conv), **WHY)
        await self.sam.line.hear("opened")
        return conv

    async def invited(self) -> None:
        """Somebody whom Robin invited."""
        self.guest = joiner(self.house, await invites(self.robin), f"Kim {os.urandom(4).hex()}")
        await self.guest.looks()

    async def applied(self) -> None:
        """Somebody who waits to be admitted."""
        await self.invited()
        assert self.guest is not None
        await self.guest.joins()

    async def admitted(self) -> None:
        """Somebody who belongs, and may lose everything."""
        await self.applied()
        assert await admits(self) == 200

    async def applied_again(self) -> None:
        """Somebody who lost everything, and waits to be admitted."""
        await self.admitted()
        assert self.guest is not None
        code = await invites(self.robin, "counsellor", self.guest.account)
        self.guest = joiner(self.house, code, f"Kim {os.urandom(4).hex()}")
        await self.guest.joins()

    async def number(self, conv: bytes) -> dict[str, int]:
        """By what a conversation is called."""
        found = await self.house.luwte.db.read(conversations.find, conv)
        return {"number": found.number, "day": found.started // 1440}

    async def key(self) -> int:
        """The newest broken glass."""
        ((key,),) = await self.house.luwte.db.read(lambda tx: tx.all("SELECT max(key) FROM glass"))
        return int(key)

    async def clear(self) -> None:
        """Everybody goes."""
        for visitor in self.visitors:
            visitor.line.send("end")
            await visitor.line.hear("ended")
        self.visitors.clear()
        await self.house.luwte.db.write(lambda tx: tx.execute("UPDATE glass SET closed = 0, seen = 0"))
        for desk in (self.noor, self.sam, self.robin):
            await until_pong(desk.line)

    async def post(self, desk: Counsellor, path: str, **body: Any) -> httpx.Response:
        """A request with the token of a desk."""
        headers = {"Authorization": f"Bearer {base64.b64encode(desk.token).decode()}"}
        async with desk.http() as client:
            return await client.post(path, json=body, headers=headers)


Say = Callable[[Cast, bytes], Awaitable[dict[str, Any]]]


async def just(cast: Cast, conv: bytes) -> dict[str, Any]:
    """The conversation, and nothing more to say."""
    return {"conv": conv}


def also(**values: Any) -> Say:
    """The conversation and these."""

    async def say(cast: Cast, conv: bytes) -> dict[str, Any]:
        return {"conv": conv, **values}

    return say


async def nothing(cast: Cast, conv: bytes) -> dict[str, Any]:
    """Not even a conversation."""
    return {}


async def a_list(cast: Cast, conv: bytes) -> dict[str, Any]:
    """A list of one."""
    return {"convs": [conv]}


async def by_number(cast: Cast, conv: bytes) -> dict[str, Any]:
    """What breaks glass."""
    return {**await cast.number(conv), **WHY}


async def a_key(cast: Cast, conv: bytes) -> dict[str, Any]:
    """The newest broken glass."""
    return {"key": await cast.key()}


async def to_sam(cast: Cast, conv: bytes) -> dict[str, Any]:
    """To a colleague."""
    return {"conv": conv, "to": cast.sam.person.id}


async def an_envelope(cast: Cast, conv: bytes) -> dict[str, Any]:
    """Words that are not for Sam to say."""
    return {"envelope": cast.sam.seals(conv, "x")}


# What a desk says: action -> the scene, who does it, the frame, and what stands in it.
FRAMES: dict[str, tuple[Callable[[Cast], Awaitable[bytes]], str, str, Say]] = {
    "opening.read": (Cast.waiting, "noor", "openings", a_list),
    "conversation.take": (Cast.waiting, "noor", "take", just),
    "conversation.triage": (Cast.waiting, "noor", "triage", also(priority="urgent")),
    "conversation.write": (Cast.taken, "sam", "append", an_envelope),
    "conversation.return": (Cast.taken, "noor", "give_back", just),
    "conversation.end": (Cast.taken, "noor", "end", also(reason="completed")),
    "conversation.offer": (Cast.taken, "noor", "hand_over", to_sam),
    "conversation.withdraw": (Cast.offered, "noor", "withdraw", just),
    "conversation.accept": (Cast.offered, "sam", "answer", also(accept=True)),
    "conversation.hand_over": (Cast.offered, "sam", "answer", also(accept=True)),
    "conversation.decline": (Cast.offered, "sam", "answer", also(accept=False)),
    "conversation.mute": (Cast.taken, "noor", "mute", also(on=True)),
    "conversation.unmute": (Cast.muted, "noor", "mute", also(on=False)),
    "conversation.step_in": (Cast.taken, "robin", "step_in", also(reason="danger")),
    "conversation.step_out": (Cast.joined, "robin", "step_out", just),
    "conversation.take_over": (Cast.joined, "robin", "take_over", just),
    "alarm.raise": (Cast.taken, "noor", "need_colleague", just),
    "alarm.answer": (Cast.called, "robin", "coming", just),
    "alarm.close": (Cast.called, "robin", "solved", just),
    "line.close": (Cast.nobody, "robin", "close_line", nothing),
    "line.open": (Cast.nobody, "robin", "open_line", nothing),
    "glass.break": (Cast.taken, "sam", "break_glass", by_number),
    "glass.close": (Cast.opened, "sam", "close_glass", just),
    "glass.see": (Cast.opened, "robin", "see_glass", a_key),
}


async def says(cast: Cast, action: str, conv: bytes) -> str:
    """Say it; the code of the refusal, or what a deed's record says."""
    _, who, frame, values = FRAMES[action]
    heard = await answers(getattr(cast, who).line, frame, **await values(cast, conv))
    return next((one["code"] for one in heard if one["t"] == "refused"), "done")


async def proof(desk: Counsellor) -> str:
    """That one knows the passphrase."""
    async with desk.http() as client:
        salt = (await client.post("/desk/salt", json={"name": desk.person.name})).json()["salt"]
    stretched = await asyncio.to_thread(primitives.stretch, desk.person.passphrase, base64.b64decode(salt))
    return base64.b64encode(keys.login_proof(stretched)).decode()


async def signs_in(cast: Cast) -> int:
    """Name and passphrase."""
    return (await cast.house.counsellor(1).signs_in()).status_code


async def unlocks(cast: Cast) -> int:
    """The passphrase again."""
    return (await cast.post(cast.noor, "/desk/unlock", proof=await proof(cast.noor))).status_code


async def signs_out(cast: Cast) -> int:
    """Somebody with nothing open."""
    sam = cast.house.counsellor(1)
    await sam.skips_sign_in()
    return (await sam.signs_out()).status_code


def b64(*parts: bytes) -> str:
    """Bytes in JSON."""
    return base64.b64encode(b"".join(parts)).decode()


async def sets_a_second_factor(cast: Cast) -> int:
    """Robin gets an app."""
    app, now = App(), cast.house.luwte.now()
    factor = {"secret": b64(app.secret), "code": app.code(now), "recovery": [b64(one) for one in app.recovery]}
    return (
        await cast.post(cast.robin, "/desk/account/second-factor", proof=await proof(cast.robin), factor=factor)
    ).status_code


async def prints_codes(cast: Cast) -> int:
    """Ten new ones."""
    codes = [b64(one) for one in App().recovery]
    return (
        await cast.post(cast.robin, "/desk/account/recovery-codes", proof=await proof(cast.robin), recovery=codes)
    ).status_code


def a_seal() -> dict[str, str]:
    """What a browser would send of another key; these ones open nothing."""
    return {"proof_hash": b64(os.urandom(32)), "sealed_amk": b64(os.urandom(60))}


async def prints_a_sheet(cast: Cast) -> int:
    """A paper that stands in for the passphrase."""
    proven = await proof(cast.noor)
    return (await cast.post(cast.noor, "/desk/account/sheet", proof=proven, **a_seal())).status_code


async def changes_the_passphrase(cast: Cast) -> int:
    """Sam has another one, and nobody knows it."""
    return (await cast.post(cast.sam, "/desk/account/passphrase", proof=await proof(cast.sam), **a_seal())).status_code


async def ends_the_others(cast: Cast) -> int:
    """Whatever other sessions Noor has."""
    return (await cast.post(cast.noor, "/desk/account/end")).status_code


async def changes_a_reply(cast: Cast) -> int:
    """A new one."""
    body = {"scope": "own", "id": base64.b64encode(bytes(16)).decode(), "version": 0}
    sealed = base64.b64encode(bytes(284)).decode()
    return (await cast.post(cast.noor, "/desk/replies", **body, sealed=sealed)).status_code


async def looks(cast: Cast) -> int:
    """A page of the log."""
    return (await cast.post(cast.robin, "/desk/audit")).status_code


async def reads_again(cast: Cast) -> int:
    """A new session of who has a conversation."""
    noor = cast.house.counsellor()
    await noor.opens_desk()
    try:
        await noor.line.hear("taken")
    except ConnectionError:
        return 500
    noor.line.close()
    return 200


async def exports(cast: Cast) -> int:
    """For a witness, beside the server."""
    out = cast.house.folder.parent / "witness"
    try:
        await asyncio.to_thread(witness.export, cast.house.folder, "demo", out, 1, int)
    except Exception:
        return 500
    out.unlink()
    return 200


async def invites_somebody(cast: Cast) -> int:
    """A code for a colleague."""
    body = {"role": "counsellor", "code_hash": b64(os.urandom(32))}
    return (await post(cast.robin, "/desk/invite", **body)).status_code


async def invites_again(cast: Cast) -> int:
    """A code for a colleague who lost everything."""
    assert cast.guest is not None
    body = {"role": "counsellor", "code_hash": b64(os.urandom(32)), "instead_of": cast.guest.account}
    return (await post(cast.robin, "/desk/invite", **body)).status_code


async def withdraws(cast: Cast) -> int:
    """The newest invitation."""
    shown = (await people(cast.robin)).json()["invitations"]
    return (await post(cast.robin, "/desk/withdraw", id=shown[-1]["id"])).status_code


async def joins(cast: Cast) -> int:
    """Whoever was invited."""
    assert cast.guest is not None
    return (await cast.guest.asks("/desk/join", **cast.guest.body())).status_code


async def admits(cast: Cast) -> int:
    """Whoever waits."""
    assert cast.guest is not None
    admission = of_the_demonstration(cast.house).admission(cast.guest)
    return (await post(cast.robin, "/desk/admit", **admission)).status_code


async def declines(cast: Cast) -> int:
    """Whoever waits."""
    assert cast.guest is not None
    return (await post(cast.robin, "/desk/decline", id=cast.guest.account)).status_code


async def renews(cast: Cast) -> int:
    """The team's certificate, for an hour more."""
    cast.renewals += 1
    told = certificate_in((await people(cast.robin)).json()["team_certificate"])
    longer = replace(told, not_after=told.not_after + 3600)
    raw = b64(issue(longer, of_the_demonstration(cast.house).admin))
    return (await post(cast.robin, "/desk/renew", members=[], team_certificate=raw)).status_code


async def refused_try(cast: Cast) -> dict[str, Any]:
    """What somebody sends whose code works no more."""
    await cast.applied()
    assert cast.guest is not None
    return cast.guest.body()


REQUESTS: dict[str, Callable[[Cast], Awaitable[int]]] = {
    "staff.sign_in": signs_in,
    "staff.unlock": unlocks,
    "staff.sign_out": signs_out,
    "staff.second_factor": sets_a_second_factor,
    "staff.recovery_codes": prints_codes,
    "staff.sheet": prints_a_sheet,
    "staff.end_session": ends_the_others,
    "replies.change": changes_a_reply,
    "audit.read": looks,
    "conversation.read": reads_again,
    "audit.export": exports,
    "staff.invite": invites_somebody,
    "staff.reinvite": invites_again,
    "staff.withdraw": withdraws,
    "staff.join": joins,
    "staff.admit": admits,
    "staff.readmit": admits,
    "staff.decline": declines,
    "staff.renew": renews,
    "staff.passphrase": changes_the_passphrase,
}
BEFORE: dict[str, Callable[[Cast], Awaitable[Any]]] = {
    "conversation.read": Cast.taken,
    "staff.withdraw": Cast.invited,
    "staff.join": Cast.invited,
    "staff.admit": Cast.applied,
    "staff.reinvite": Cast.admitted,
    "staff.readmit": Cast.applied_again,
    "staff.decline": Cast.applied,
}
"""What must have happened first."""

ELSEWHERE = {"backup.restore", "conversation.erase", "staff.found", "desk.open"}
ELSEWHERE |= {"staff.remove", "staff.epoch", "staff.forget", "conversation.rewrap", "conversation.rewrapped"}
ELSEWHERE |= {"staff.recovery_wrap", "recovery.admit", "recovery.renew", "recovery.prepare", "recovery.succeed"}
"""Not at a desk: below, by themselves. Of recovery from paper: tests/staff/test_recovery.py; of removing and what
follows from it: tests/desk/test_removal.py; of opening a desk, of which only a refused try is on record:
tests/attack/test_roles.py."""

NEVER_DONE = {"conversation.write": "no_such_conversation"}
"""Of writing only a refused try is on record."""

TOGETHER = {"conversation.accept": {"conversation.hand_over"}, "conversation.hand_over": {"conversation.accept"}}
TOGETHER |= {"staff.readmit": {"staff.remove"}}
"""Two deeds in one: of two people, or of a new account and the one that goes for it."""


async def _cast(house: House) -> Cast:
    cast = Cast(house, *(house.counsellor(n) for n in range(3)))
    for desk in (cast.noor, cast.sam, cast.robin):
        await desk.opens_desk()
    return cast


def _results(found: list[Record], action: str) -> list[str]:
    assert {one.action for one in found} <= {action, *TOGETHER.get(action, ())}, (action, found)
    return [one.result for one in found if one.action == action]


def _stored(tx: ReadTx) -> dict[str, Any]:
    tables = ["conversation", "envelope", "wrap", "companion", "alarm", "line", "offer", "reply", "glass", "session"]
    tables += ["account", "second_factor", "recovery_code", "recovery_sheet"]
    tables += ["team", "certificate", "team_key", "admin_key", "invitation", "applicant"]
    return {table: tx.all(f"SELECT * FROM {table} ORDER BY 1, 2") for table in [*tables, "audit"]}


def test_the_walk_knows_every_deed() -> None:
    """Whoever adds a deed to the catalogue adds it here."""
    assert {*FRAMES, *REQUESTS, *ELSEWHERE} == ACTIONS


def test_each_deed_leaves_exactly_one_record(tmp_path: Path) -> None:
    """Every deed of the catalogue, done once."""

    async def story(house: House) -> None:
        cast = await _cast(house)
        wrong = {}
        for action, (scene, *_) in FRAMES.items():
            conv = await scene(cast)
            before = len(await records(house))
            came_of_it = await says(cast, action, conv)
            found = _results((await records(house))[before:], action)
            if found != [NEVER_DONE.get(action, "done")] or came_of_it != found[0]:
                wrong[action] = (found, came_of_it)
            await cast.clear()
        for action, deed in REQUESTS.items():
            if action in BEFORE:
                await BEFORE[action](cast)
            before = len(await records(house))
            assert await deed(cast) == 200, action
            if (found := _results((await records(house))[before:], action)) != ["done"]:
                wrong[action] = (found, "")
            await cast.clear()
        assert wrong == {}

    play(story, tmp_path / "house")


def test_nothing_is_done_while_the_log_cannot_be_written(tmp_path: Path) -> None:
    """The same deeds with a log that takes no record: each is refused, and nothing on the disk has changed."""

    async def story(house: House) -> None:
        cast, db = await _cast(house), house.luwte.db
        wrong: dict[str, tuple[str, list[str]]] = {}

        async def changed(before: dict[str, Any]) -> list[str]:
            after = await db.read(_stored)
            return [table for table in before if before[table] != after[table]]

        for action, (scene, *_) in FRAMES.items():
            conv = await scene(cast)
            await records(house)
            before = await db.read(_stored)
            await db.write(lambda tx: tx.execute(NO_AUDIT))
            came_of_it = await says(cast, action, conv)
            await db.write(lambda tx: tx.execute("DROP TRIGGER no_audit"))
            if came_of_it != NEVER_DONE.get(action, "failed") or await changed(before):
                wrong[action] = came_of_it, await changed(before)
            await cast.clear()
        for action, deed in REQUESTS.items():
            if action in BEFORE:
                await BEFORE[action](cast)
            await records(house)
            before = await db.read(_stored)
            await db.write(lambda tx: tx.execute(NO_AUDIT))
            status = await deed(cast)
            await db.write(lambda tx: tx.execute("DROP TRIGGER no_audit"))
            begun = action in ("conversation.read", "staff.sign_out")  # the test itself put a session there
            if status != 500 or (not begun and await changed(before)):
                wrong[action] = str(status), await changed(before)
            await cast.clear()
        assert wrong == {}

    play(story, tmp_path / "house")


NEXT_DOOR = {
    "conversation.return": "no_such_conversation",
    "line.open": "not_accepted",
    "line.close": "not_accepted",
    "opening.read": "no_such_conversation",
    "conversation.offer": "no_such_conversation",
    "conversation.withdraw": "no_such_offer",
    "conversation.accept": "no_such_offer",
    "conversation.step_in": "not_accepted",
    "conversation.step_out": "not_accepted",
    "conversation.take_over": "not_accepted",
}
"""What somebody of another team is refused, where it is not `no_such_conversation`."""

AS = {"conversation.hand_over": "conversation.accept", "conversation.decline": "conversation.accept"}
AS |= {"conversation.unmute": "conversation.mute"}
"""Refused tries that look the same in the log: which it would have been only a yes could tell."""


def test_each_refusal_leaves_exactly_one_record(tmp_path: Path) -> None:
    """Every frame of the catalogue, tried by somebody of another team: refused, and on record once for a session."""

    async def story(house: House) -> None:
        cast, kim = await _cast(house), await a_team_next_door(house)
        conv = await cast.opened()
        wrong = {}
        for action, (_, _, frame, values) in FRAMES.items():
            said = {"envelope": kim.seals(conv, "x")} if frame == "append" else await values(cast, conv)
            kim.token = b""  # a new session: what was refused before counts anew
            await kim.opens_desk()
            before = len(await records(house))
            for _ in range(1 if frame in ("open_line", "close_line") else 2):
                await answers(kim.line, frame, **said)
            kim.line.close()
            found = [(one.actor, one.action, one.result) for one in (await records(house))[before:]]
            tried = AS.get(action, action)
            if found != [(kim.person.id, tried, NEXT_DOOR.get(tried, "no_such_conversation"))]:
                wrong[action] = found
        assert wrong == {}
        factor = {"secret": b64(bytes(20)), "code": "no", "recovery": [b64(one) for one in App().recovery]}
        for desk, path, body, status in (
            (cast.noor, "/desk/audit", {}, 403),
            (cast.robin, "/desk/audit", {"number": 77, "day": 1}, 404),
            (cast.noor, "/desk/invite", {"role": "lead", "code_hash": b64(bytes(32))}, 403),
            (cast.robin, "/desk/invite", {"role": "lead", "code_hash": b64(bytes(32)), "instead_of": "0" * 32}, 404),
            (cast.robin, "/desk/withdraw", {"id": "0" * 32}, 404),
            (cast.robin, "/desk/decline", {"id": "0" * 32}, 404),
            (cast.robin, "/desk/join", {**await refused_try(cast)}, 404),
            (cast.noor, "/desk/unlock", {"proof": WRONG}, 401),
            (cast.noor, "/desk/account/second-factor", {"proof": WRONG, "factor": factor}, 401),
            (cast.noor, "/desk/account/second-factor", {"proof": await proof(cast.noor), "factor": factor}, 422),
            (cast.noor, "/desk/account/recovery-codes", {"proof": WRONG, "recovery": factor["recovery"]}, 401),
            (cast.noor, "/desk/account/passphrase", {"proof": WRONG, **a_seal()}, 401),
            (
                cast.noor,
                "/desk/account/passphrase",
                {"proof": WRONG, "sheet": True, **a_seal()},
                401,
            ),
            (cast.noor, "/desk/account/sheet", {"proof": WRONG, **a_seal()}, 401),
            (cast.noor, "/desk/account/end", {"id": WRONG}, 404),
        ):
            before = len(await records(house))
            assert (await cast.post(desk, path, **body)).status_code == status
            assert len(await records(house)) == before + 1

    play(story, tmp_path / "house")


def test_a_deed_that_fails_leaves_exactly_one_record(tmp_path: Path) -> None:
    """The disk takes the record and not the deed: `failed` is on record, and nothing else happened."""

    async def story(house: House) -> None:
        cast, db = await _cast(house), house.luwte.db
        for action, table in (
            ("conversation.take", "UPDATE ON conversation"),
            ("conversation.step_in", "INSERT ON companion"),
            ("conversation.offer", "INSERT ON offer"),
            ("alarm.raise", "INSERT ON alarm"),
            ("glass.break", "INSERT ON glass"),
        ):
            conv = await FRAMES[action][0](cast)
            trigger = f"CREATE TRIGGER broken BEFORE {table} BEGIN SELECT RAISE(ABORT, 'broken'); END"
            await db.write(lambda tx, trigger=trigger: tx.execute(trigger))
            before = await records(house)
            assert await says(cast, action, conv) == "failed"
            found = (await records(house))[len(before) :]
            await db.write(lambda tx: tx.execute("DROP TRIGGER broken"))
            assert Counter((one.action, one.result) for one in found) == {(action, "failed"): 1}
            await cast.clear()

    play(story, tmp_path / "house")


def test_a_restore_is_on_record_in_what_it_made(tmp_path: Path) -> None:
    """Once, in the restored folder's own log."""

    async def story(house: House) -> None:
        await asyncio.to_thread(backups.make, house.folder, tmp_path / "backup", 1)

    play(story, tmp_path / "house")
    backups.restore(tmp_path / "backup", tmp_path / "restored", 2, keys=tmp_path / "house")
    found = look(tmp_path / "restored" / "main.db", lambda tx: [one for one, _ in audit_store.everything(tx)])
    assert [(one.actor, one.action, one.result) for one in found] == [("operator", "backup.restore", "done")]


def test_an_erasure_is_on_record_once(tmp_path: Path) -> None:
    """However often it is asked for; under the pseudonym that the conversation had, which is nobody's any more."""

    async def story(house: House) -> None:
        cast = await _cast(house)
        conv = await cast.taken()
        before = await records(house)
        for _ in range(2):
            assert (await cast.visitors[0].erases())["t"] == "erased"
        found = (await records(house))[len(before) :]
        assert [(one.actor, one.action, one.object, one.result) for one in found] == [
            ("visitor", "conversation.erase", before[-1].object, "done")
        ]
        assert house.luwte.around.shred_key(conv) is None

    play(story, tmp_path / "house")


def test_a_founding_is_on_record_once(tmp_path: Path) -> None:
    """By the first lead; and not done at all while the log takes no record."""

    async def story(house: Empty) -> None:
        robin = house.founder()
        await robin.looks()
        body = robin.body() | Organisation(house.settings.organisation, int(house.luwte.now())).founding(robin)
        db = house.luwte.db
        await db.write(lambda tx: tx.execute(NO_AUDIT))
        before = await db.read(_stored)
        assert (await robin.asks("/desk/found", **body)).status_code == 500
        assert await db.read(_stored) == before
        await db.write(lambda tx: tx.execute("DROP TRIGGER no_audit"))
        assert (await robin.asks("/desk/found", **body)).status_code == 200
        found = [one for one, _ in await db.read(lambda tx: list(audit_store.everything(tx)))]
        assert [(one.actor, one.action, one.reason, one.result) for one in found] == [
            ("operator", "staff.invite", "lead", "done"),
            (robin.account, "staff.found", "", "done"),
        ]

    play_empty(story, tmp_path / "house")
