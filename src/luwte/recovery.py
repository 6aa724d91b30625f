"""The operator's part of recovery from paper: a file out, a page out, an invitation, and a file in again.

All of it beside a server that may be running. Nothing here opens anything: that takes two papers, elsewhere.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import msgspec

from luwte import install
from luwte.app import root_of
from luwte.errors import CannotStart, CertificateRefused, MalformedFrame, NoSuchApplicant, NoTeamYet, Refusal
from luwte.plumbing import keystore
from luwte.plumbing.db import Db, look
from luwte.plumbing.files import write_whole
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.migrate import check_current
from luwte.plumbing.relay import Relay
from luwte.settings import Settings
from luwte.staff import joining, papers, recovery
from luwte.staff.invitation import code_hash, new_code
from luwte.staff.papers import Answer, Export
from luwte.staff.people import Pinned

PAGE = "recovery.html"

T = TypeVar("T")

REFUSED = {
    CertificateRefused.code: "These keys do not fit what is pinned and stored here. Nothing was changed.",
    NoSuchApplicant.code: "Nobody waits here with these keys. Export again, and begin anew. Nothing was changed.",
    MalformedFrame.code: "This is no file that the recovery page made, or not all of it. Nothing was changed.",
    NoTeamYet.code: "The first lead has not made the keys yet. Nothing was changed.",
}


def export(settings: Settings, out: Path) -> Export:
    """Write what the page needs besides the papers; nothing of it is secret. Raises `CannotStart`."""
    pinned = _pinned(settings)
    try:
        made = look(settings.folder / "main.db", lambda tx: recovery.export(tx, pinned, settings.name))
    except NoTeamYet as refusal:
        raise _told(refusal) from None
    if not made.recovery_certificate:
        raise CannotStart("This organisation has no recovery key. Nothing was written.")
    write_whole(out, msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    return made


def page(out: Path) -> str:
    """Write the page; its SHA-256, to compare with the one of another machine. Raises `CannotStart`."""
    built = files("luwte") / "client" / PAGE
    if not built.is_file():
        raise CannotStart("The browser's files are not built. Run: make setup")
    body = built.read_bytes()
    write_whole(out, body)
    return hashlib.sha256(body).hexdigest()


def invite(settings: Settings, minute: int) -> str:
    """One invitation for a lead, the only one of the operator's that counts; its code. Raises `CannotStart`."""
    _pinned(settings)
    try:
        code = new_code()
        asyncio.run(_with(settings, lambda db: db.write(joining.invite_anew, code_hash(code), minute)))
        return code
    except NoTeamYet as refusal:
        raise _told(refusal) from None


def take_in(settings: Settings, file: Path, now: int) -> tuple[Answer, bool]:
    """Believe a file of the page as far as the pinned root bears it out; whether it was new. Raises `CannotStart`.

    What was refused is on record, and nothing else of it.
    """
    pinned = _pinned(settings)
    try:
        with file.open("rb") as source:
            answer = papers.read(source.read(papers.LARGEST + 1))
        return answer, asyncio.run(_take_in(settings, answer, pinned, now))
    except Refusal as refusal:
        raise _told(refusal) from None


async def _take_in(settings: Settings, answer: Answer, pinned: Pinned, now: int) -> bool:
    halves = {id.hex() for id in keystore.ids(keystore.copy(settings.folder / "keys"), keystore.STAFF)}

    def has_half(account: str) -> bool:
        return account in halves

    async def work(db: Db) -> bool:
        try:
            is_new: bool = await db.write(recovery.take_in, answer, pinned, now, has_half)
        except Refusal as refusal:
            await db.write(recovery.refused, answer, refusal, now // 60)
            raise
        return is_new

    is_new = await _with(settings, work)
    # A running server looks at everything again when this file was written; also when the last try stopped before.
    install.pin(settings, pinned.root)
    return is_new


def succeed(settings: Settings, root: bytes, minute: int) -> None:
    """Pin a root that takes over, and put in force what it signed. Raises `CannotStart`."""
    install.pin(settings, root)  # from here on the rest follows, here or at the server's next look
    pinned = Pinned(root, settings.organisation)
    asyncio.run(_with(settings, lambda db: db.write(recovery.follow, pinned, minute)))


async def _with(settings: Settings, work: Callable[[Db], Awaitable[T]]) -> T:
    check_current(settings.folder / "main.db")
    db = Db(settings.folder / "main.db", Relay(), Metrics())
    try:
        return await work(db)
    finally:
        await db.close()


def _pinned(settings: Settings) -> Pinned:
    root = root_of(settings.folder, is_demo=False)
    if not root:
        raise CannotStart("No root is pinned here. See luwte pin.")
    return Pinned(root, settings.organisation)


def _told(refusal: Refusal) -> CannotStart:
    return CannotStart(REFUSED.get(refusal.code, refusal.says))
