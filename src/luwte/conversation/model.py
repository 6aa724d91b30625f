"""Who may add what to which log, and how a log goes on. No clock, no disk."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from luwte.crypto import keys
from luwte.crypto.envelope import (
    MESSAGE,
    NO_PREVIOUS,
    NOTE,
    ROTATION,
    SHARED_LOG,
    TEAM,
    TEAM_LOG,
    VISITOR,
    Header,
)
from luwte.crypto.primitives import Malformed, check_x25519, verify
from luwte.errors import (
    ConversationEnded,
    MalformedFrame,
    Muted,
    NoSuchConversation,
    NotAccepted,
    OutOfOrder,
    WrongGeneration,
)

BY_VISITOR = "visitor"
BY_TEAM = "team"
REASONS = ("completed", "visitor_left", "abuse", "test_call", "prank")
"""Why a counsellor ends a conversation."""

PRIORITIES = ("urgent", "soon", "normal")
"""What staff may say of a waiting conversation: danger now, short on time, neither."""

LOGS = (SHARED_LOG, TEAM_LOG)
STAFF_WRITES = (TEAM, NOTE)
STAFF_SEALS = (MESSAGE, ROTATION)
ShredKey = Callable[[bytes], bytes | None]
"""Looks up the shred key of a conversation; None: there is none, or it is erased."""

WRAP_BYTES = 80
NO_HASH = bytes(32)

MOST_GENERATIONS = 30
"""Beyond these a log goes on under its last secret: what a desk is given and wraps anew has a size."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the server knows of a thread: nothing of what is said in it."""

    key: int
    id: bytes
    team: str
    number: int
    epoch: int
    """The oldest that any of its secrets is wrapped under."""
    started: int
    waiting_since: int
    times: int
    holder: str | None
    ended_by: str | None
    left: int | None = None
    priority: str = "normal"
    muted: int = 0
    for_later: int = 0
    page: bytes | None = None
    rewrapped: int = 0
    """Whether its wraps to the team are other ones than the visitor signed: only of one that ended."""
    rotates: int = 0
    """Whether the visitor's page can follow to a next secret."""
    generation: int = 1
    """Of the talk, once somebody took it; before that it is 0."""
    note_generation: int = 0

    @property
    def waits(self) -> bool:
        """Whether nobody has it and it goes on."""
        return self.holder is None and self.ended_by is None


class Writer(msgspec.Struct, frozen=True, gc=False):
    """Who is at the other end of a connection: the visitor, or a member of staff with a certificate."""

    account: str | None
    cert: bytes | None = None

    @property
    def name(self) -> str:
        """As the owner of a sender id; account ids are never this word."""
        return self.account or BY_VISITOR


THE_VISITOR = Writer(None)


class Chain(msgspec.Struct, frozen=True, gc=False):
    """Where one sender stands in one log: who owns the sender id, and the last envelope."""

    owner: str | None
    seq: int
    prev: bytes


NEW_CHAIN = Chain(None, 0, NO_PREVIOUS)
"""A sender id that was never used."""


@dataclass(slots=True)
class End:
    """The end of a log: the last number, where each sender stands, and the message ids that were used.

    All of it follows from the envelopes 1 to n. As (conversation, log, n) is unique on the disk, whoever adds number
    n + 1 has seen all of them: one constraint guards numbers, chains and message ids.
    """

    n: int
    chains: dict[bytes, Chain]
    msg_ids: set[bytes]

    def chain(self, sender: bytes) -> Chain:
        """Where *sender* stands."""
        return self.chains.get(sender, NEW_CHAIN)

    def add(self, sender: bytes, chain: Chain, msg_id: bytes) -> None:
        """The next envelope is in its place."""
        self.n += 1
        self.chains[sender] = chain
        self.msg_ids.add(msg_id)


class Stored(msgspec.Struct, frozen=True, gc=False):
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
    epoch: int
    """Of the team's key."""


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


def check_erase(ve: bytes, vg: bytes, sig: bytes) -> bytes:
    """The conversation that whoever holds these keys wants erased. Needs nothing that is stored: it may be gone."""
    if [len(ve), len(vg), len(sig)] != [32, 32, 64]:
        raise MalformedFrame
    id = keys.conversation_id(ve, vg)
    if not verify(vg, sig, keys.erase_signature_bytes(id)):
        raise NotAccepted
    return id


def log_of(direction: int) -> int:
    """The log that a direction belongs to."""
    return TEAM_LOG if direction == NOTE else SHARED_LOG


def admit(
    conversation: Conversation, chain: Chain, header: Header, writer: Writer, *, accompanies: bool = False
) -> None:
    """Let the envelope take the next place of its log, or say why not and where its sender's chain stands."""
    # Only the visitor and the counsellor who holds the conversation learn that it exists; who reads along adds notes.
    may_note = accompanies and header.direction == NOTE
    if writer.account is not None and conversation.holder != writer.account and not may_note:
        raise NoSuchConversation
    # Nobody writes as somebody else: a counsellor cannot be the visitor, the visitor cannot be the team.
    if writer.account is None:
        may_write = header.klass == MESSAGE and header.direction == VISITOR
    else:
        may_write = header.klass in STAFF_SEALS and header.direction in STAFF_WRITES
    if not may_write:
        raise NotAccepted
    if conversation.ended_by is not None:
        raise ConversationEnded
    if chain.owner is not None and chain.owner != writer.name:
        raise NotAccepted
    if conversation.muted and writer.account is None:
        raise Muted
    # The opening is generation 0 until the first Take; from then on rotations move the talk, and the notes, on.
    if header.direction == NOTE:
        generation = conversation.note_generation
    else:
        generation = conversation.generation if conversation.times else 0
    if header.generation != generation:
        raise WrongGeneration(seq=chain.seq + 1, prev=chain.prev, g=generation)
    if header.seq != chain.seq + 1 or header.prev != chain.prev:
        raise OutOfOrder(seq=chain.seq + 1, prev=chain.prev, g=generation)


def wrap_row(log: int, generation: int, purpose: int) -> bytes:
    """The row id under which a wrap is locked."""
    return b"%d/%d/%d" % (log, generation, purpose)


def message_row(log: int, msg_id: bytes) -> bytes:
    """The row id under which an envelope is locked."""
    return b"%d/%b" % (log, msg_id)
