"""What an invitation, an applicant and a founding are, and when a code and a set of keys count."""

import hashlib
import os
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Final

from luwte.crypto.certificate import (
    TOLERANCE,
    Certificate,
    Signed,
    Type,
    Untrusted,
    check_chain,
    check_recovery,
    parse,
)
from luwte.crypto.primitives import Malformed, check_ed25519, check_x25519
from luwte.crypto.wrap import WRAP_BYTES
from luwte.errors import CertificateRefused, MalformedFrame
from luwte.staff.model import Team
from luwte.staff.roles import has_admin_key, has_team_key
from luwte.staff.second_factor import ALPHABET, Enrolment

HOURS: Final = 24
"""For which a code may be used: long enough for paper and a voice, too short to be found in a drawer."""

APPLIES_MINUTES: Final = 7 * 24 * 60
"""For which somebody who joined waits to be admitted; then they are sent away, and may be invited anew."""

CODE_LETTERS: Final = 24
"""Of 32 each: 120 bits, so that their hash needs no salt and no stretching (ASVS 6.5.2)."""

ALIKE: Final = frozenset({"LATIN", "CYRILLIC", "GREEK"})
"""Alphabets in which different letters look the same: a Cyrillic "o" in a Latin name."""

LONGEST: Final = {Type.TEAM: 14 * 86_400, Type.STAFF: 90 * 86_400}
"""Seconds for which a desk certifies. The server stores nothing that lasts longer, whatever a desk signed."""

KEY_BYTES: Final = 32
SEALED_BYTES: Final = 12 + 32 + 16


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody may join a team in a role."""

    id: str
    account: str
    """The id that whoever comes will have."""
    team: str
    role: str
    made: int
    made_by: str
    over: int | None
    instead_of: str | None = None
    """The account of a colleague who lost everything."""

    @property
    def until(self) -> int:
        """The minute from which it counts no more."""
        return self.made + HOURS * 60

    def counts(self, minute: int) -> bool:
        """Whether its code still opens the door."""
        return self.over is None and self.made <= minute < self.until


@dataclass(frozen=True, slots=True)
class Application:
    """What a browser made for its owner: public halves, sealed keys, and nothing that opens them."""

    name: str
    salt: bytes
    proof: bytes
    server_half: bytes
    sealed_amk: bytes
    sealed_x25519: bytes
    sealed_ed25519: bytes
    ed25519: bytes
    x25519: bytes
    factor: Enrolment | None
    """None only in a demonstration."""

    def check(self, *, is_demo: bool) -> None:
        """Raise `MalformedFrame` for a name that is none, or a part that is missing or of another length or shape."""
        if self.factor is not None:
            self.factor.check()
        elif not is_demo:
            raise MalformedFrame
        lengths = {self.salt: 16, self.proof: KEY_BYTES, self.server_half: KEY_BYTES}
        boxes = (self.sealed_amk, self.sealed_x25519, self.sealed_ed25519)
        if any(len(part) != length for part, length in lengths.items()):
            raise MalformedFrame
        if any(len(box) != SEALED_BYTES for box in boxes):
            raise MalformedFrame
        if not self.name or self.name != self.name.strip() or not self.name.isprintable():
            raise MalformedFrame
        if not unicodedata.is_normalized("NFC", self.name) or _mixes_scripts(self.name):
            raise MalformedFrame
        try:
            check_ed25519(self.ed25519)
            check_x25519(self.x25519)
        except Malformed:
            raise MalformedFrame from None


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody who joined and waits until a colleague admits them."""

    id: str
    name: str
    team: str
    role: str
    salt: bytes
    proof_hash: bytes
    sealed_amk: bytes
    sealed_x25519: bytes
    sealed_ed25519: bytes
    ed25519: bytes
    x25519: bytes
    joined: int
    instead_of: str | None = None


@dataclass(frozen=True, slots=True)
class Founding:
    """What the first lead's browser made besides: certificates, and the team's and the admin key wrapped."""

    root: bytes
    admin_certificate: bytes
    recovery_certificate: bytes
    team_certificate: bytes
    certificate: bytes
    team_key: bytes
    recovery_wrap: bytes
    admin_key: bytes
    admin_recovery_wrap: bytes = b""
    """Empty from a page that was opened before it was known: a lead's desk brings it later."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What a lead's browser made for an applicant."""

    certificate: bytes
    team_keys: dict[int, bytes]
    """The team's private keys, wrapped to them, by epoch; none for who does not talk."""
    admin_key: bytes
    """The team-admin key, wrapped to a lead; empty for others."""


def folded(name: str) -> str:
    """What names have in common that people take for the same: "Noor", "noor" and the full-width one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _mixes_scripts(name: str) -> bool:
    """Whether a name has letters of more than one of the alphabets that share their shapes."""
    letters = (unicodedata.name(one, "").partition(" ")[0] for one in name if one.isalpha())
    return len(ALIKE.intersection(letters)) > 1


def check_lasts(certificate: Certificate, now: int) -> None:
    """Raise `CertificateRefused` for one that lasts longer from now on than its kind may, clocks that differ aside."""
    if certificate.not_after > now + LONGEST[certificate.type] + TOLERANCE:
        raise CertificateRefused


def new_code() -> str:
    """A fresh invitation code: letters only, as it is hashed."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))


def shown(code: str) -> str:
    """In groups of four, as people read and say it."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def code_hash(code: str) -> bytes:
    """What is stored of a code."""
    return hashlib.sha256(code.encode()).digest()


def new_invitation(team: str, role: str, made_by: str, minute: int, instead_of: str | None = None) -> Invitation:
    """An invitation that begins now."""
    return Invitation(os.urandom(16).hex(), os.urandom(16).hex(), team, role, minute, made_by, None, instead_of)


def check_founding(
    founding: Founding, application: Application, invitation: Invitation, organisation: str, now: int
) -> None:
    """Raise `CertificateRefused` unless all hangs together: root, admin, recovery, team, the first lead, the wraps."""
    root, admin = founding.root, founding.admin_certificate
    later = [founding.admin_recovery_wrap] if founding.admin_recovery_wrap else []
    check_wraps(founding.team_key, founding.recovery_wrap, founding.admin_key, *later)
    try:
        check_recovery(root, founding.recovery_certificate, organisation=organisation, now=now)
        team = check_chain(
            root,
            admin,
            founding.team_certificate,
            organisation=organisation,
            type=Type.TEAM,
            now=now,
            subject=invitation.team,
        )
    except Untrusted:
        raise CertificateRefused from None
    check_lasts(team.certificate, now)
    keys = (application.ed25519, application.x25519)
    check_staff(root, admin, founding.certificate, keys, invitation, organisation, now)


def check_admission(
    admission: Admission, applicant: Applicant, root: bytes, admin: bytes, organisation: str, now: int
) -> None:
    """Raise `CertificateRefused` unless the certificate is this applicant's, and the wraps are what the role needs."""
    gets = bool(admission.team_keys), bool(admission.admin_key)
    if gets != (has_team_key(applicant.role), has_admin_key(applicant.role)):
        raise CertificateRefused
    check_wraps(*admission.team_keys.values(), *([admission.admin_key] if admission.admin_key else []))
    check_staff(root, admin, admission.certificate, (applicant.ed25519, applicant.x25519), applicant, organisation, now)


def check_staff(
    root: bytes,
    admin: bytes,
    certificate: bytes,
    keys: tuple[bytes, bytes],
    who: Invitation | Applicant,
    organisation: str,
    now: int,
) -> Signed:
    """Raise `CertificateRefused` unless *certificate* says of exactly these keys who they are, and nothing more."""
    subject = who.account if isinstance(who, Invitation) else who.id
    try:
        signed = check_chain(
            root,
            admin,
            certificate,
            organisation=organisation,
            type=Type.STAFF,
            now=now,
            subject=subject,
            team=who.team,
            role=who.role,
        )
    except Untrusted:
        raise CertificateRefused from None
    if signed.certificate.keys != keys or signed.certificate.roles != (f"{who.team}/{who.role}",):
        raise CertificateRefused
    check_lasts(signed.certificate, now)
    return signed


@dataclass(frozen=True, slots=True)
class NextEpoch:
    """A team's next key, as a lead's browser made it: certified, wrapped to who talks and to the recovery key."""

    certificate: bytes
    wraps: dict[str, bytes]
    """By account."""
    recovery_wrap: bytes


def check_next_epoch(epoch: NextEpoch, team: Team, members: set[str], root: bytes, organisation: str, now: int) -> None:
    """Raise `CertificateRefused` unless it follows this epoch with another key, and exactly *members* get it."""
    before = parse(team.certificate).certificate
    try:
        after = check_chain(
            root,
            team.admin_certificate,
            epoch.certificate,
            organisation=organisation,
            type=Type.TEAM,
            now=now,
            subject=team.slug,
        ).certificate
    except Untrusted:
        raise CertificateRefused from None
    if after.epoch != team.epoch + 1 or after.keys == before.keys or epoch.wraps.keys() != members:
        raise CertificateRefused
    check_lasts(after, now)
    check_wraps(*epoch.wraps.values(), epoch.recovery_wrap)


def check_wraps(*wraps: bytes) -> None:
    """Raise `CertificateRefused` for one of another length. What is in them, only who has the key can tell."""
    if any(len(wrap) != WRAP_BYTES for wrap in wraps):
        raise CertificateRefused
