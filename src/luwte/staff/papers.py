"""What goes to the page without a network, what comes back from it, and what of that is believed.

Both are files of JSON, bytes in them base64. Neither holds anything that opens by itself: public keys, certificates,
and secrets that are wrapped to somebody.
"""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

from luwte.crypto.certificate import Certificate, Untrusted, check_admin, check_recovery, parse
from luwte.crypto.primitives import Malformed, check_ed25519, verify
from luwte.crypto.wrap import lp
from luwte.errors import CertificateRefused, MalformedFrame

FORMAT: Final = 1
LARGEST: Final = 262_144
"""Bytes of a file that is read. An epoch takes 150, and there is one a removal."""

_LABEL: Final = b"luwte/v1/succession\0"

Epoch = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]


class Wrapped(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A private key of one epoch, wrapped to somebody."""

    epoch: Epoch
    wrap: bytes


class TeamPart(msgspec.Struct, frozen=True):
    """One team: its certificate of today, and its keys of all epochs, wrapped to the recovery key."""

    team: str
    name: str
    certificate: bytes
    wraps: list[Wrapped]


class ApplicantPart(msgspec.Struct, frozen=True):
    """Somebody who joined as a lead and waits."""

    account: str
    name: str
    team: str
    role: str
    ed25519: bytes
    x25519: bytes


class Export(msgspec.Struct, frozen=True):
    """All that the page without a network needs besides the papers."""

    luwte_recovery: int
    organisation: str
    name: str
    root: bytes
    admin_certificate: bytes
    recovery_certificate: bytes
    admin_wrap: Wrapped | None
    teams: list[TeamPart]
    applicants: list[ApplicantPart]


class Admit(msgspec.Struct, tag="admit", tag_field="deed", forbid_unknown_fields=True, frozen=True):
    """A new lead: a certificate that the team-admin key signed, and the keys wrapped to them."""

    luwte_recovery: Literal[1]
    organisation: str
    account: str
    team: str
    certificate: bytes
    team_keys: Annotated[list[Wrapped], msgspec.Meta(min_length=1, max_length=1_000)]
    admin_key: bytes


class Renew(msgspec.Struct, tag="renew", tag_field="deed", forbid_unknown_fields=True, frozen=True):
    """New days for the team-admin key."""

    luwte_recovery: Literal[1]
    organisation: str
    admin_certificate: bytes


class Succeed(msgspec.Struct, tag="succeed", tag_field="deed", forbid_unknown_fields=True, frozen=True):
    """Another main key, the same keys below it, and the signature of the one before (empty: it was lost)."""

    luwte_recovery: Literal[1]
    organisation: str
    root: bytes
    statement: bytes
    admin_certificate: bytes
    recovery_certificate: bytes


Answer = Admit | Renew | Succeed


@dataclass(frozen=True, slots=True)
class Succession:
    """A main key that takes over from another once it is pinned."""

    successor: bytes
    predecessor: bytes
    statement: bytes
    admin_certificate: bytes
    recovery_certificate: bytes


def read(text: bytes) -> Answer:
    """What the page without a network made. Raises `MalformedFrame`."""
    try:
        if len(text) > LARGEST:
            raise MalformedFrame
        answer: Answer = msgspec.json.decode(text, type=Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise MalformedFrame from None
    return answer


def statement_bytes(organisation: str, predecessor: bytes, successor: bytes) -> bytes:
    """What a main key signs that gives way to another."""
    return _LABEL + lp(organisation.encode()) + predecessor + successor


def is_stated(succession: Succession, organisation: str) -> bool:
    """Whether the predecessor itself said so."""
    said = statement_bytes(organisation, succession.predecessor, succession.successor)
    return len(succession.statement) == 64 and verify(succession.predecessor, succession.statement, said)


def check_renewal(known: bytes, renewed: bytes, root: bytes, organisation: str, now: int) -> None:
    """Raise `CertificateRefused` unless it says the same of the team-admin key, for longer."""
    before = parse(known).certificate
    try:
        after = check_admin(root, renewed, organisation=organisation, now=now).certificate
    except Untrusted:
        raise CertificateRefused from None
    if not _says_same(before, after) or after.not_after <= before.not_after:
        raise CertificateRefused


def check_succession(succession: Succession, admin: bytes, recovery: bytes, organisation: str, now: int) -> None:
    """Raise `CertificateRefused` unless another main key signed exactly the keys that are in use."""
    root = succession.successor
    try:
        check_ed25519(root)
        after = (
            check_admin(root, succession.admin_certificate, organisation=organisation, now=now).certificate,
            check_recovery(root, succession.recovery_certificate, organisation=organisation, now=now).certificate,
        )
        before = (parse(admin).certificate, parse(recovery).certificate)
    except (Untrusted, Malformed):
        raise CertificateRefused from None
    same = all(_says_same(*pair) for pair in zip(before, after, strict=True))
    if root == succession.predecessor or not same:
        raise CertificateRefused
    if succession.statement and not is_stated(succession, organisation):
        raise CertificateRefused


def _says_same(one: Certificate, other: Certificate) -> bool:
    return (one.type, one.subject, one.keys, one.epoch) == (other.type, other.subject, other.keys, other.epoch)
