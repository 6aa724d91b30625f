"""What a team, an account and a session are, and when a session still counts."""

import hashlib
import hmac
from dataclasses import dataclass, field

from luwte.crypto.certificate import cert_id

SESSION_MINUTES = 12 * 60
"""A session ends after the longest shift, whatever happens."""

RENEWAL_MINUTES = 30
"""In which whoever came by a recovery sheet has written down another passphrase and another sheet."""

WAIT_MINUTES = 24 * 60
"""For which whoever lost everything is given nothing: colleagues have time to object."""


@dataclass(frozen=True, slots=True)
class Team:
    """A chat line and the people behind it, with the certificates that browsers check."""

    slug: str
    name: str
    epoch: int
    admin_certificate: bytes
    certificate: bytes

    @property
    def certificate_id(self) -> bytes:
        """The id by which a start names the certificate that it relied on."""
        return cert_id(self.certificate)


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff as the server knows one: nothing in it opens anything."""

    id: str
    name: str
    team: str
    role: str
    salt: bytes
    proof_hash: bytes
    sealed_amk: bytes
    sealed_x25519: bytes
    sealed_ed25519: bytes
    certificate: bytes
    certificate_id: bytes
    second_factor: bool
    instead_of: str | None = None
    """The account of before, of somebody who lost everything."""
    reads_from: int | None = None
    """The minute before which nothing is given to it."""

    def waits(self, minute: int) -> bool:
        """Whether nothing is given to it yet."""
        return self.reads_from is not None and minute < self.reads_from


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff as colleagues know one."""

    id: str
    name: str
    role: str
    reads_from: int | None = None


@dataclass(frozen=True, slots=True)
class Returning:
    """Somebody who lost everything, and is given nothing before a minute."""

    id: str
    name: str
    before: str
    """The name of the account that theirs is in the place of."""
    reads_from: int


@dataclass(frozen=True, slots=True)
class TeamKey:
    """A team's private key, wrapped to one member."""

    team: str
    epoch: int
    wrap: bytes


@dataclass(frozen=True, slots=True)
class Try:
    """What somebody shows who wants to come in: the proof of a passphrase, and a one-time code or a recovery code."""

    name: str
    proof: bytes = field(repr=False)
    code: str = field(repr=False)
    by_sheet: bool = False
    """The proof is that of the recovery sheet, which stands in for the passphrase."""


@dataclass(frozen=True, slots=True)
class Door:
    """What a try is judged by besides what is stored."""

    server_secret: bytes = field(repr=False)
    now: float
    is_demo: bool
    may_guess: bool = True
    """Whether six digits may be right; too many were wrong lately if not."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in."""

    token_hash: bytes
    account: Account
    began: int
    renews: bool = False
    """It began with a recovery sheet: it may set a passphrase, and nothing else before."""


def session_topic(token_hash: bytes) -> tuple[str, bytes]:
    """Woken when a session ended."""
    return ("session", token_hash)


def token_hash(token: bytes) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token).digest()


def proof_matches(expected: bytes | None, proof: bytes) -> bool:
    """Whether *expected* is the SHA-256 of *proof*; as slow for an account or a sheet that is not there."""
    same = hmac.compare_digest(hashlib.sha256(proof).digest(), expected or bytes(32))
    return same and expected is not None


def salt_for_nobody(server_secret: bytes, name: str) -> bytes:
    """A name's lasting salt, whether or not anybody has it, so that names cannot be guessed by asking."""
    return hmac.digest(server_secret, b"luwte/v1/no-such-name\0" + name.encode(), hashlib.sha256)[:16]


def returning_topic(team: str) -> tuple[str, str]:
    """Woken when somebody of the team who lost everything was admitted, or stopped."""
    return ("returning", team)


def reads_from(minute: int) -> int:
    """The first whole minute that is 24 hours after any second of *minute*."""
    return minute + WAIT_MINUTES + 1


def is_over(began: int, ended: int | None, minute: int, *, renews: bool = False) -> bool:
    """Whether a session counts no more."""
    return ended is not None or minute - began >= (RENEWAL_MINUTES if renews else SESSION_MINUTES)
