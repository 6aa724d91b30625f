"""Certificates: who an organisation says somebody is, with which keys, and for how long."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

from luwte.crypto.primitives import (
    SIGNATURE_BYTES,
    Malformed,
    check_ed25519,
    check_x25519,
    sha256,
    sign,
    verify,
)
from luwte.crypto.wrap import lp

VERSION: Final = 1
SUITE: Final = 1
TOLERANCE: Final = 48 * 3600
ADMIN_SUBJECT: Final = "team-admin"
ADMIN_FOR_RECOVERY: Final = f"/{ADMIN_SUBJECT}"
"""In the place of a team where the team-admin key is wrapped to the recovery key: no team's name has a slash."""
RECOVERY_SUBJECT: Final = "recovery"
MAX_TIME: Final = 2**53 - 1
_LABEL: Final = b"luwte/v1/cert\0"
_TIMES: Final = struct.Struct(">IQQ")

Reason = Literal["malformed", "signature", "type", "organisation", "subject", "team", "role", "not_yet", "expired"]


class Type(IntEnum):
    """Whom a certificate is about; it decides which keys are in it and who signs it."""

    TEAM_ADMIN = 1
    TEAM = 2
    STAFF = 3
    PARTNER = 4
    RECOVERY = 5


_KEY_CHECKS: Final = {
    Type.TEAM_ADMIN: (check_ed25519,),
    Type.TEAM: (check_x25519,),
    Type.STAFF: (check_ed25519, check_x25519),
    Type.PARTNER: (check_ed25519, check_x25519),
    Type.RECOVERY: (check_x25519,),
}
_SUBJECTS: Final = {Type.TEAM_ADMIN: ADMIN_SUBJECT, Type.RECOVERY: RECOVERY_SUBJECT}
"""Those of which an organisation has one."""


class Untrusted(Exception):
    """A certificate that does not hold here; `reason` is one of a few stable words."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Final = reason


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is signed. Times are Unix seconds, and *not_after* is the first second outside."""

    type: Type
    organisation: str
    subject: str
    keys: tuple[bytes, ...]
    roles: tuple[str, ...]
    epoch: int
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate that could be read. Reading is not trusting: see `check_chain`."""

    certificate: Certificate
    signature: bytes
    raw: bytes


def issue(certificate: Certificate, issuer_seed: bytes) -> bytes:
    """Sign *certificate*; raise Malformed for one that nobody would accept."""
    _check(certificate)
    body = _body(certificate)
    return body + sign(issuer_seed, _LABEL + body)


def cert_id(raw: bytes) -> bytes:
    """The name of a certificate: with its signature, so that a new one has a new name."""
    return sha256(raw)[:16]


def parse(raw: bytes) -> Signed:
    """Read a certificate to its last byte, or raise Malformed. The signature is not looked at."""
    body, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    reader = _Reader(body)
    if reader.u8() != VERSION or reader.u8() != SUITE:
        raise Malformed("another version or suite")
    try:
        certificate = Certificate(
            type=Type(reader.u8()),
            organisation=reader.lp().decode(),
            subject=reader.lp().decode(),
            keys=tuple(reader.lp() for _ in range(reader.u8())),
            roles=tuple(reader.lp().decode() for _ in range(reader.u8())),
            epoch=reader.number(4),
            not_before=reader.number(8),
            not_after=reader.number(8),
        )
    except ValueError:  # an unknown type, or text that is none
        raise Malformed("a field that cannot be read") from None
    if reader.left() != 0:
        raise Malformed("bytes after the end")
    _check(certificate)
    return Signed(certificate, signature, raw)


def check_admin(root_public: bytes, admin: bytes, *, organisation: str, now: int) -> Signed:
    """Give the team-admin certificate when the pinned root vouches for it now; otherwise raise Untrusted."""
    signed = _read(admin)
    _check_place(signed, root_public, Type.TEAM_ADMIN, organisation, now)
    return signed


def check_recovery(root_public: bytes, recovery: bytes, *, organisation: str, now: int) -> Signed:
    """Give the recovery certificate when the root vouches for it now; otherwise raise Untrusted."""
    signed = _read(recovery)
    _check_place(signed, root_public, Type.RECOVERY, organisation, now)
    return signed


def check_chain(
    root_public: bytes,
    admin: bytes,
    leaf: bytes,
    *,
    organisation: str,
    type: Type,
    now: int,
    subject: str | None = None,
    team: str | None = None,
    role: str | None = None,
) -> Signed:
    """Give the *leaf* when root, team admin and leaf hang together now; otherwise raise Untrusted.

    *subject* asks for exactly this one. *team* asks a team certificate to be
    this team's, and a staff certificate to have some role in it; with *role*,
    that very role.
    """
    if role is not None and team is None:
        raise ValueError("a role is held in a team")
    issuer = check_admin(root_public, admin, organisation=organisation, now=now).certificate.keys[0]
    signed = _read(leaf)
    _check_place(signed, issuer, type, organisation, now)
    certificate = signed.certificate
    if subject is not None and certificate.subject != subject:
        raise Untrusted("subject")
    if team is not None and not _belongs(certificate, team):
        raise Untrusted("team")
    if role is not None and f"{team}/{role}" not in certificate.roles:
        raise Untrusted("role")
    return signed


def _belongs(certificate: Certificate, team: str) -> bool:
    if certificate.type is Type.TEAM:
        return certificate.subject == team
    return any(role.startswith(f"{team}/") for role in certificate.roles)


def _read(raw: bytes) -> Signed:
    try:
        return parse(raw)
    except Malformed:
        raise Untrusted("malformed") from None


def _check_place(signed: Signed, issuer: bytes, type: Type, organisation: str, now: int) -> None:
    # The signature first: of bytes that nobody signed, no other fault is worth telling.
    if not verify(issuer, signed.signature, _LABEL + signed.raw[:-SIGNATURE_BYTES]):
        raise Untrusted("signature")
    certificate = signed.certificate
    if certificate.type is not type:
        raise Untrusted("type")
    if certificate.organisation != organisation:
        raise Untrusted("organisation")
    if now < certificate.not_before - TOLERANCE:
        raise Untrusted("not_yet")
    if now >= certificate.not_after + TOLERANCE:
        raise Untrusted("expired")


def _check(certificate: Certificate) -> None:
    checks = _KEY_CHECKS[certificate.type]
    if len(certificate.keys) != len(checks):
        raise Malformed("another number of keys than its type has")
    for check, key in zip(checks, certificate.keys, strict=True):
        check(key)
    if certificate.roles and certificate.type is not Type.STAFF:
        raise Malformed("only staff have roles")
    if certificate.subject != _SUBJECTS.get(certificate.type, certificate.subject):
        raise Malformed("what an organisation has one of has one name")
    if not 0 <= certificate.epoch < 2**32:
        raise Malformed("an epoch that does not fit")
    if not 0 <= certificate.not_before < certificate.not_after <= MAX_TIME:
        raise Malformed("times that make no span")


def _body(certificate: Certificate) -> bytes:
    return (
        bytes([VERSION, SUITE, certificate.type])
        + lp(certificate.organisation.encode())
        + lp(certificate.subject.encode())
        + _counted(certificate.keys)
        + _counted(role.encode() for role in certificate.roles)
        + _TIMES.pack(certificate.epoch, certificate.not_before, certificate.not_after)
    )


def _counted(items: Iterable[bytes]) -> bytes:
    parts = [lp(item) for item in items]
    if len(parts) > 255:
        raise Malformed("more than can be counted")
    return bytes([len(parts)]) + b"".join(parts)


class _Reader:
    """Walks over bytes and never past their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        piece = self._data[self._at : self._at + length]
        if len(piece) != length:
            raise Malformed("ends too early")
        self._at += length
        return piece

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def u8(self) -> int:
        return self.number(1)

    def lp(self) -> bytes:
        return self.take(self.number(2))

    def left(self) -> int:
        return len(self._data) - self._at
