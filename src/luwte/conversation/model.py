"""Who may add what to which log, and how a log goes on. No clock, no disk."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from luwte.crypto import keys
from luwte.crypto.envelope import MESSAGE, NOTE, SHARED_LOG, TEAM, TEAM_LOG, VISITOR, Header, head_next, head_zero
from luwte.crypto.primitives import Malformed, check_x25519, verify
from luwte.errors import (
    ConversationEnded,
    MalformedFrame,
    NoSuchConversation,
    NotAccepted,
    OutOfOrder,
    WrongGeneration,
)

BY_VISITOR = "visitor"
BY_TEAM = "team"
REASONS = ("completed", "visitor_left", "abuse")
"""Why a counsellor ends a conversation."""

LOGS = (SHARED_LOG, TEAM_LOG)
WRAP_BYTES = 80
NO_HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the server knows of a thread: nothing of what is said in it."""

    key: int
    id: bytes
    team: str
    number: int
    epoch: int
    started: int
    waiting_since: int
    times: int
    holder: str | None
    ended_by: str | None

    @property
    def waits(self) -> bool:
        """Whether nobody has it and it goes on."""
        return self.holder is None and self.ended_by is None


@dataclass(frozen=True, slots=True)
class Writer:
    """Who is at the other end of a connection: the visitor, or a member of staff with a certificate."""

    account: str | None
    cert: bytes | None = None

    @property
    def name(self) -> str:
        """As the owner of a sender id; account ids are never this word."""
        return self.account or BY_VISITOR


THE_VISITOR = Writer(None)


class Place(NamedTuple):
    """Where a log and one sender in it stand, before the next envelope. A tuple, as one is made for each message."""

    key: int
    team: str
    times: int
    holder: str | None
    ended_by: str | None
    n: int
    head: bytes
    owner: str | None
    seq: int
    prev: bytes

    def after(self, header: Header, envelope_hash: bytes, writer: Writer) -> "Place":
        """Where they stand once the envelope is in its place."""
        n = self.n + 1
        head = head_next(self.head, n, envelope_hash)
        return self._replace(n=n, head=head, owner=writer.name, seq=header.seq, prev=envelope_hash)


class Stored(NamedTuple):
    """An envelope in its place in the log, unlocked, on its way to a reader."""

    n: int
    minute: int
    cert: bytes | None
    envelope: bytes
    writer: int = 0


class LockedEnvelope(NamedTuple):
    """An envelope as it lies on the disk."""

    n: int
    minute: int
    cert: bytes | None
    msg_id: bytes
    locked: bytes


class LockedWrap(NamedTuple):
    """A wrap as it lies on the disk."""

    log: int
    generation: int
    purpose: int
    locked: bytes


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What a visitor's browser sends to begin: public keys, a credential, four wraps, a signature over all of it."""

    line: str
    ve: bytes
    vg: bytes
    credential: bytes
    team_cert: bytes
    wraps: tuple[bytes, ...]
    sig: bytes

    @property
    def conversation_id(self) -> bytes:
        """The id that these two keys own."""
        return hashlib.sha256(self.ve + self.vg).digest()[:16]

    @property
    def hash(self) -> bytes:
        """What tells a repeated start from another one with the same keys."""
        return hashlib.sha256(self.signed + self.sig).digest()

    @property
    def credential_hash(self) -> bytes:
        """What is kept of the credential."""
        return hashlib.sha256(self.credential).digest()

    @property
    def signed(self) -> bytes:
        """The bytes that the signature covers."""
        return keys.start_signature_bytes(self.line, self.ve, self.vg, self.credential_hash, self.team_cert, self.wraps)


@dataclass(frozen=True, slots=True)
class StartProof:
    """What a start was signed over, for the desk: no server can put another secret in a conversation's place."""

    ve: bytes
    vg: bytes
    credential_hash: bytes
    team_cert: bytes
    sig: bytes


def check_start(request: StartRequest, line: str) -> None:
    """Refuse a start that is not whole, not for this line, with a key anybody could use, or not signed by its key."""
    sizes = [len(request.ve), len(request.vg), len(request.credential), len(request.sig)]
    if sizes != [32, 32, 32, 64] or [len(wrap) for wrap in request.wraps] != [WRAP_BYTES] * 4:
        raise MalformedFrame
    try:
        check_x25519(request.ve)
    except Malformed:
        raise NotAccepted from None
    if len(request.team_cert) != 16:
        raise MalformedFrame
    if request.line != line or not verify(request.vg, request.sig, request.signed):
        raise NotAccepted


def log_of(direction: int) -> int:
    """The log that a direction belongs to."""
    return TEAM_LOG if direction == NOTE else SHARED_LOG


def check_writer(place: Place, writer: Writer) -> None:
    """Only the visitor and the counsellor who holds the conversation know that it exists."""
    if writer.account is not None and place.holder != writer.account:
        raise NoSuchConversation


def check_direction(header: Header, writer: Writer) -> None:
    """Nobody writes as somebody else: a counsellor cannot be the visitor, the visitor cannot be the team."""
    allowed = (TEAM, NOTE) if writer.account is not None else (VISITOR,)
    if header.klass != MESSAGE or header.direction not in allowed:
        raise NotAccepted


def current_generation(place: Place, header: Header) -> int:
    """The generation in which the next envelope must be sealed: the opening is 0 until the first Take."""
    if header.direction == NOTE:
        return 0
    return 1 if place.times else 0


def admit(place: Place, header: Header, writer: Writer) -> None:
    """Let the envelope take the next place of its log, or say why not and where its chain stands."""
    if place.ended_by is not None:
        raise ConversationEnded
    generation = current_generation(place, header)
    if place.owner is not None and place.owner != writer.name:
        raise NotAccepted
    expected: dict[str, int | bytes] = {"seq": place.seq + 1, "prev": place.prev, "g": generation}
    if header.generation != generation:
        raise WrongGeneration(**expected)
    if header.seq != place.seq + 1 or header.prev != place.prev:
        raise OutOfOrder(**expected)


def first_head(conversation: bytes, log: int) -> bytes:
    """The head of an empty log."""
    return head_zero(conversation, log)


def wrap_row(log: int, generation: int, purpose: int) -> bytes:
    """The row id under which a wrap is locked."""
    return b"%d/%d/%d" % (log, generation, purpose)


def message_row(log: int, msg_id: bytes) -> bytes:
    """The row id under which an envelope is locked."""
    return b"%d/%b" % (log, msg_id)
