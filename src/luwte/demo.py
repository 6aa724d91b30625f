"""The demonstration organisation. The only code that makes private keys on the server's machine.

They and the passphrases lie in `D/demo/`, for this machine's owner only; no real visitor may ever meet them.
"""

import json
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mnemonic import Mnemonic

from luwte import settings as settings_module
from luwte.crypto import keys as key_labels
from luwte.crypto import primitives
from luwte.crypto.certificate import (
    ADMIN_FOR_RECOVERY,
    ADMIN_SUBJECT,
    RECOVERY_SUBJECT,
    Certificate,
    Type,
    cert_id,
    issue,
    parse,
)
from luwte.crypto.wrap import Purpose, WrapContext, wrap
from luwte.errors import CannotStart
from luwte.plumbing import keystore
from luwte.plumbing.db import Db, WriteTx
from luwte.plumbing.files import write_whole
from luwte.plumbing.keystore import KeyStore
from luwte.settings import DEMONSTRATION, Settings
from luwte.staff import actions as staff
from luwte.staff import joining_store
from luwte.staff.model import Account, Team, TeamKey
from luwte.staff.roles import ADMIN, COUNSELLOR, LEAD, REVIEWER, has_admin_key, has_team_key

DAY = 86_400
TEAM_DAYS, STAFF_DAYS, ADMIN_DAYS, RECOVERY_DAYS = 14, 90, 365, 3650
ORGANISATION, LINE = "demo", "chat"
WORDS = 7
"""Words of a passphrase: seven of 2,048 are 77 bits."""

PEOPLE = (("Noor", COUNSELLOR), ("Sam", COUNSELLOR), ("Robin", LEAD), ("Charlie", REVIEWER), ("Jules", ADMIN))


@dataclass(frozen=True, slots=True)
class Person:
    """A demonstration account with its passphrase and its private keys."""

    id: str
    name: str
    role: str
    passphrase: str
    x25519: bytes
    ed25519: bytes
    amk: bytes


@dataclass(frozen=True, slots=True)
class Organisation:
    """All private keys of the demonstration."""

    root: bytes
    admin: bytes
    team: bytes
    people: tuple[Person, ...]


def prepare(folder: Path, port: int) -> Settings:
    """Make the folder, the organisation's keys and the settings, or find them as they were."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "demo").mkdir(mode=0o700, exist_ok=True)
    (folder / "demo").chmod(0o700)
    _keep(folder / "secret", os.urandom(32))
    organisation = load(folder)
    _keep(folder / "root.pub", (DEMONSTRATION + primitives.signing_public_of(organisation.root).hex() + "\n").encode())
    settings = Settings(
        folder=folder,
        organisation=ORGANISATION,
        name="Luwte demo",
        line=LINE,
        line_name="Chat",
        origins=(f"http://127.0.0.1:{port}", f"http://localhost:{port}"),
        listen=f"127.0.0.1:{port}",
        exit_url="https://www.wikipedia.org/",
        retention_days=30,
    )
    if (folder / settings_module.FILE).exists():  # whoever tries other limits finds them at the next start
        settings = replace(settings, desk_limit=settings_module.read(folder).desk_limit)
    settings_module.write(settings)
    return settings


def load(folder: Path) -> Organisation:
    """The demonstration's private keys, made at the first call."""
    path = folder / "demo" / "keys.json"
    if not path.exists():
        _keep(path, json.dumps(_make(), indent=1).encode())
    try:
        values = json.loads(path.read_text())
        people = tuple(Person(**{**one, **_bytes(one, "x25519", "ed25519", "amk")}) for one in values["people"])
        return Organisation(**_bytes(values, "root", "admin", "team"), people=people)
    except (ValueError, KeyError, TypeError):
        raise CannotStart("The demonstration's keys are damaged. Choose another folder, or remove this one.") from None


async def admit_all(db: Db, keys: KeyStore, organisation: Organisation, now: int) -> None:
    """Renew every certificate, and give accounts to those who have none yet."""
    await db.write(_admit_all, keys, organisation, now)


def accounts(organisation: Organisation) -> list[dict[str, str]]:
    """Roles, names and passphrases, to be shown to whoever runs the demonstration."""
    return [{"role": one.role, "name": one.name, "passphrase": one.passphrase} for one in organisation.people]


def _make() -> dict[str, Any]:
    words = Mnemonic("english").wordlist
    people = [
        {
            "id": secrets.token_hex(16),
            "name": name,
            "role": role,
            "passphrase": " ".join(secrets.choice(words) for _ in range(WORDS)),
            "x25519": secrets.token_hex(32),
            "ed25519": secrets.token_hex(32),
            "amk": secrets.token_hex(32),
        }
        for name, role in PEOPLE
    ]
    return {
        "note": "A demonstration. These private keys were made on the server; no real visitor may rely on them.",
        "root": secrets.token_hex(32),
        "admin": secrets.token_hex(32),
        "team": secrets.token_hex(32),
        "people": people,
    }


def _admit_all(tx: WriteTx, keys: KeyStore, organisation: Organisation, now: int) -> None:
    known_team = next((team for team in staff.teams(tx) if team.slug == LINE), None)
    # A page that is open keeps what it was told: a certificate that lasts is not made anew at each start.
    if known_team is None or not _lasts(known_team.certificate, now, TEAM_DAYS):
        staff.put_team(tx, _team(organisation, now))
    for person in organisation.people:
        known = staff.find_account(tx, person.name)
        if known is None or not _lasts(known.certificate, now, STAFF_DAYS):
            half = keys.put(keystore.STAFF, bytes.fromhex(person.id), os.urandom(32))
            staff.admit(tx, _account(person, organisation, half, now, known), _team_keys(person, organisation))
        if has_admin_key(person.role) and joining_store.admin_key(tx, person.id) is None:
            joining_store.put_admin_key(tx, person.id, 1, _admin_key(person, organisation))
    if not joining_store.recovery(tx):
        _keep_recovery(tx, organisation, now)


def _team(organisation: Organisation, now: int) -> Team:
    admin = _certificate(
        Type.TEAM_ADMIN, "team-admin", (primitives.signing_public_of(organisation.admin),), (), now, ADMIN_DAYS
    )
    team = _certificate(Type.TEAM, LINE, (primitives.public_of(organisation.team),), (), now, TEAM_DAYS)
    signed = issue(team, organisation.admin)
    return Team(LINE, "Chat", 1, issue(admin, organisation.root), signed)


def _account(person: Person, organisation: Organisation, half: bytes, now: int, known: Account | None) -> Account:
    public = (primitives.signing_public_of(person.ed25519), primitives.public_of(person.x25519))
    signed = issue(
        _certificate(Type.STAFF, person.id, public, (f"{LINE}/{person.role}",), now, STAFF_DAYS), organisation.admin
    )
    if known is not None:
        return replace(known, certificate=signed, certificate_id=cert_id(signed))
    salt = os.urandom(16)
    stretched = primitives.stretch(person.passphrase, salt)
    return Account(
        id=person.id,
        name=person.name,
        team=LINE,
        role=person.role,
        salt=salt,
        proof_hash=primitives.sha256(key_labels.login_proof(stretched)),
        sealed_amk=key_labels.seal_amk(key_labels.kek(stretched, half), person.id, person.amk),
        sealed_x25519=key_labels.seal_staff_key(person.amk, person.id, "x25519", person.x25519),
        sealed_ed25519=key_labels.seal_staff_key(person.amk, person.id, "ed25519", person.ed25519),
        certificate=signed,
        certificate_id=cert_id(signed),
        second_factor=False,
    )


def _team_keys(person: Person, organisation: Organisation) -> list[TeamKey]:
    if not has_team_key(person.role):
        return []
    context = WrapContext(ORGANISATION, LINE, 1, bytes(16), 0, Purpose.MEMBER)
    return [TeamKey(LINE, 1, wrap(organisation.team, primitives.public_of(person.x25519), context))]


def _admin_key(person: Person, organisation: Organisation) -> bytes:
    context = WrapContext(ORGANISATION, ADMIN_SUBJECT, 1, bytes(16), 0, Purpose.TEAM_ADMIN)
    return wrap(organisation.admin, primitives.public_of(person.x25519), context)


def _keep_recovery(tx: WriteTx, organisation: Organisation, now: int) -> None:
    """The recovery key of a demonstration grows from its root: older folders have none of their own."""
    public = primitives.public_of(primitives.hkdf(organisation.root, "luwte/demo/recovery"))
    said = _certificate(Type.RECOVERY, RECOVERY_SUBJECT, (public,), (), now, RECOVERY_DAYS)
    joining_store.put_recovery(tx, issue(said, organisation.root))
    context = WrapContext(ORGANISATION, LINE, 1, bytes(16), 0, Purpose.RECOVERY)
    joining_store.put_recovery_wrap(tx, LINE, 1, wrap(organisation.team, public, context))
    wrapped = wrap(organisation.admin, public, replace(context, team=ADMIN_FOR_RECOVERY))
    lead = next(one.id for one in organisation.people if has_admin_key(one.role))
    joining_store.put_recovery_admin_wrap(tx, 1, wrapped, lead, now // 60)


def _lasts(certificate: bytes, now: int, days: int) -> bool:
    """Whether more than half of its days are left."""
    return parse(certificate).certificate.not_after - now > days * DAY // 2


def _certificate(
    type: Type, subject: str, keys: tuple[bytes, ...], roles: tuple[str, ...], now: int, days: int
) -> Certificate:
    return Certificate(type, ORGANISATION, subject, keys, roles, 1, now, now + days * DAY)


def _bytes(values: dict[str, Any], *names: str) -> dict[str, bytes]:
    return {name: bytes.fromhex(values[name]) for name in names}


def _keep(path: Path, data: bytes) -> None:
    """Write a file once, for its owner only, whole or not at all."""
    if not path.exists():
        write_whole(path, data)
