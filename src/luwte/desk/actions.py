"""One deed each: read openings, take, read what one has, end, give back. Each leaves its record in the audit log."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from luwte.audit import actions as audit
from luwte.audit.model import pseudonym
from luwte.conversation import actions as conversations
from luwte.conversation.model import REASONS, Conversation, LockedEnvelope, LockedWrap, ShredKey, StartProof, Writer
from luwte.crypto.envelope import SHARED_LOG, TEAM_LOG
from luwte.errors import (
    AlreadyTaken,
    ConversationEnded,
    LimitReached,
    MalformedFrame,
    NoSuchConversation,
    NotAccepted,
    Refusal,
    VisitorAway,
)
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff import actions as staff
from luwte.staff.model import Account, Session


@dataclass(frozen=True, slots=True)
class LockedOpening:
    """What a shift may see of one that waits."""

    conversation: Conversation
    wraps: list[LockedWrap]
    envelopes: list[LockedEnvelope]


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation that an account has, with what opens it, still under the server's lock."""

    conversation: Conversation
    wraps: list[LockedWrap]
    proof: StartProof
    start_wraps: list[LockedWrap]
    last: int
    note_last: int


def openings(tx: ReadTx, account: Account, wanted: Mapping[bytes, int]) -> list[LockedOpening]:
    """The openings, each after a number, of those that still wait in this account's team; the others are left out."""
    found = [(_waiting(tx, account, id), after) for id, after in wanted.items()]
    return [
        LockedOpening(conversation, *conversations.opening(tx, conversation, after))
        for conversation, after in found
        if conversation is not None
    ]


def foreign(tx: ReadTx, account: Account, ids: Sequence[bytes]) -> list[bytes]:
    """Those that are not, and never were, for this account's team."""
    return [id for id in ids if not _is_ours(tx, account, id)]


def record_openings(tx: WriteTx, account: Account, ids: Sequence[bytes], minute: int, key: ShredKey) -> None:
    """Put on record that a session sees these openings, before it does."""
    for id in ids:
        record(tx, account.id, id, "opening.read", minute, key)


def take(
    tx: WriteTx,
    session: Session,
    id: bytes,
    limit: int,
    is_here: Callable[[bytes], bool],
    minute: int,
    key: ShredKey,
) -> Conversation:
    """Take a waiting conversation; it, as it was.

    Raises `AlreadyTaken` for who was second, `ConversationEnded` for who is late, `VisitorAway` for an empty chair,
    `LimitReached` for who has *limit* already.
    """
    account = session.account
    # In the same transaction: of a sign-out and a Take at the same moment one comes first, for everybody.
    staff.check_session(tx, session, minute)
    conversation = conversations.find(tx, id)
    if conversation.team != account.team:
        raise NoSuchConversation
    if conversation.ended_by is not None:
        raise ConversationEnded
    if conversation.holder is None and not conversation.for_later and not is_here(id):
        raise VisitorAway
    if conversation.waits:
        check_room(tx, account, limit)
    if not conversations.seat(tx, conversation, account.id):
        raise AlreadyTaken
    record(tx, account.id, id, "conversation.take", minute, key)
    return conversation


def check_room(tx: ReadTx, account: Account, limit: int) -> None:
    """Refuse one more to who has *limit* already."""
    if len(conversations.held_by(tx, account.id)) >= limit:
        raise LimitReached


def held(tx: ReadTx, account: Account) -> list[Held]:
    """What this account has, with all its wraps. The caller has the release on record."""
    return [whole(tx, conversation) for conversation in conversations.held_by(tx, account.id)]


def whole(tx: ReadTx, conversation: Conversation) -> Held:
    """A conversation with all that opens it. The caller has the release on record."""
    return Held(
        conversation,
        conversations.team_wraps(tx, conversation),
        *conversations.start_proof(tx, conversation),
        conversations.last(tx, conversation, SHARED_LOG),
        conversations.last(tx, conversation, TEAM_LOG),
    )


def team_secret(tx: ReadTx, id: bytes) -> list[LockedWrap]:
    """The wraps of the team's own secrets of a conversation that one sits at; none: nobody made one yet."""
    conversation = conversations.find(tx, id)
    return [wrap for wrap in conversations.team_wraps(tx, conversation) if wrap.log == TEAM_LOG]


def append(
    tx: WriteTx, session: Session, sealed: conversations.Sealed, writer: Writer, minute: int, connection: int
) -> conversations.Ack:
    """A note, or an envelope with which a secret comes. Raises `NotAccepted` for a key that the writer has not."""
    epoch = sealed.wrap.epoch if sealed.wrap else 0
    if epoch and epoch not in staff.epochs(tx, session.account):
        raise NotAccepted
    return conversations.append(tx, sealed, writer, minute, connection)


def record_reading(tx: WriteTx, account: Account, id: bytes, minute: int, key: ShredKey) -> None:
    """Put on record that a new session reads a conversation that its account took before."""
    record(tx, account.id, id, "conversation.read", minute, key)


def end(tx: WriteTx, session: Session, id: bytes, reason: str, minute: int, key: ShredKey) -> None:
    """End a conversation that one has."""
    if reason not in REASONS:
        raise MalformedFrame
    account = session.account
    staff.check_session(tx, session, minute)
    conversations.end_by_team(tx, own(tx, account, id), minute, reason)
    record(tx, account.id, id, "conversation.end", minute, key, reason=reason)


def sign_out(
    tx: WriteTx, token: bytes, minute: int, key: ShredKey, is_elsewhere: Callable[[str, bytes], bool]
) -> Session:
    """End a session; what its account has waits again in the same transaction, unless it is at another desk, too."""
    session = staff.sign_out(tx, token, minute)
    if not is_elsewhere(session.account.id, session.token_hash):
        return_all(tx, session.account.id, minute, key)
    return session


def return_all(tx: WriteTx, account: str, minute: int, key: ShredKey, *, reason: str = "") -> None:
    """Everything that this account has waits again."""
    for conversation in conversations.held_by(tx, account):
        conversations.unseat(tx, conversation, minute)
        record(tx, account, conversation.id, "conversation.return", minute, key, reason=reason)


def record_refusal(
    tx: WriteTx, account: Account, action: str, id: bytes, refusal: Refusal, minute: int, key: ShredKey
) -> None:
    """Put a refused deed on record: its own transaction was undone."""
    record(tx, account.id, id, action, minute, key, result=refusal.code)


def _waiting(tx: ReadTx, account: Account, id: bytes) -> Conversation | None:
    try:
        conversation = conversations.find(tx, id)
    except NoSuchConversation:
        return None
    waits = conversation.waits and conversation.left is None
    return conversation if waits and conversation.team == account.team else None


def _is_ours(tx: ReadTx, account: Account, id: bytes) -> bool:
    try:
        return conversations.find(tx, id).team == account.team
    except NoSuchConversation:
        return False


def own(tx: ReadTx, account: Account, id: bytes) -> Conversation:
    """A conversation that this account has, or had when it ended. Absent and not theirs look the same."""
    conversation = conversations.find(tx, id)
    if conversation.holder != account.id:
        raise NoSuchConversation
    return conversation


def record(
    tx: WriteTx,
    actor: str,
    id: bytes,
    action: str,
    minute: int,
    key: ShredKey,
    *,
    reason: str = "",
    result: str = "done",
) -> None:
    """Put one deed on record, naming the conversation so that only its own key can."""
    shred_key = key(id)
    audit.record(
        tx,
        minute=minute,
        actor=actor,
        action=action,
        object=pseudonym(shred_key, id) if shred_key else b"",
        reason=reason,
        result=result,
    )
