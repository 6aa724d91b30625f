"""Making an installation's folder, and pinning the root that its first lead made. No private key is ever made here."""

import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import Path

from luwte import settings as settings_module
from luwte.app import root_of
from luwte.audit import notary
from luwte.crypto import fingerprint
from luwte.crypto.certificate import Untrusted, check_admin
from luwte.crypto.primitives import Malformed, check_ed25519
from luwte.errors import CannotStart
from luwte.plumbing.db import Db, look
from luwte.plumbing.files import new_folder, write_whole, writing_whole
from luwte.plumbing.keystore import KeyStore
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.migrate import check_current, migrate
from luwte.plumbing.relay import Relay
from luwte.settings import DEMONSTRATION, Settings
from luwte.staff import actions as staff
from luwte.staff import joining, recovery
from luwte.staff.invitation import code_hash, new_code
from luwte.staff.papers import is_stated
from luwte.staff.people import Pinned

ROOT = "root.pub"


def make(settings: Settings, minute: int) -> str:
    """Fill the folder of *settings*: secrets, settings, an empty database, one invitation. Its code, which is nowhere.

    All of it or nothing. Raises `CannotStart` when there is something in the folder.
    """
    if (settings.folder / settings_module.FILE).exists():
        raise CannotStart("This folder is initialised already. Nothing was changed.")
    with new_folder(settings.folder) as filling:
        settings_module.write(replace(settings, folder=filling))
        settings_module.read(filling)
        write_whole(filling / "secret", os.urandom(32))
        notary.keep_key(filling)
        KeyStore(filling / "keys").close()
        migrate(filling / "main.db")
        return asyncio.run(_invite(filling / "main.db", settings.line, minute))


async def _invite(database: Path, line: str, minute: int) -> str:
    db = Db(database, Relay(), Metrics())
    try:
        code = new_code()
        await db.write(joining.invite_founder, line, code_hash(code), minute)
        return code
    finally:
        await db.close()


def read_root(path: Path) -> bytes:
    """The root in a file that a lead's browser saved. Raises `CannotStart`."""
    text = path.read_text(errors="replace").strip()
    if text.startswith(DEMONSTRATION):
        raise CannotStart("This is a demonstration's root: its keys were made on a server.")
    try:
        return check_ed25519(bytes.fromhex(text))
    except (ValueError, Malformed):
        raise CannotStart("This is no root.pub: it holds one line of 64 hexadecimal digits.") from None


def fingerprint_of(settings: Settings, root: bytes) -> str:
    """What both sides read to each other."""
    return fingerprint.of_root(settings.organisation, root)


@dataclass(frozen=True, slots=True)
class Takeover:
    """The root that is pinned gives way to another."""

    is_stated: bool
    """The one before signed that."""


def check_may_pin(settings: Settings, root: bytes, now: int) -> Takeover | None:
    """Raise `CannotStart` unless this root signed what is stored, or takes over from the pinned one as was imported."""
    pinned = Pinned(root_of(settings.folder, is_demo=False), settings.organisation)
    database = settings.folder / "main.db"
    teams = look(database, staff.teams)
    if not teams:
        raise CannotStart("The first lead has not made the keys yet. Nothing was changed.")
    if pinned.root == root:  # again, perhaps of a try that was cut off
        return None
    if pinned.root:
        check_current(database)
        found = look(database, lambda tx: recovery.succession(tx, pinned, root, now))
        if found is None:
            raise CannotStart(
                "Another root is pinned in this folder, and no file of the recovery page that this one takes over was"
                " imported. See luwte recovery import. Nothing was changed."
            )
        return Takeover(is_stated(found, settings.organisation))
    try:
        for team in teams:
            check_admin(root, team.admin_certificate, organisation=settings.organisation, now=now)
    except Untrusted:
        raise CannotStart("This is not the root that signed this organisation's keys. Nothing was changed.") from None
    return None


def pin(settings: Settings, root: bytes) -> None:
    """Put the root in its place, whole or not at all; it is the server's to read, also when root runs this."""
    with writing_whole(settings.folder / ROOT) as file:
        file.write(f"{root.hex()}\n".encode())
        if os.geteuid() == 0:
            owner = settings.folder.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
