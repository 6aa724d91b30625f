"""One deed each: start, append, read on, take a seat, give it back, end."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from luwte.audit import actions as audit
from luwte.conversation import store
from luwte.conversation.model import (
    BY_TEAM,
    BY_VISITOR,
    MOST_GENERATIONS,
    Chain,
    Conversation,
    LockedEnvelope,
    LockedWrap,
    StartProof,
    StartRequest,
    Stored,
    Writer,
    admit,
    log_of,
    message_row,
    wrap_row,
)
from luwte.conversation.presence import keeps_place
from luwte.crypto.envelope import ROTATION, SHARED_LOG, TEAM_LOG, Header
from luwte.crypto.wrap import Purpose
from luwte.errors import (
    ConversationEnded,
    ConversationExists,
    Duplicate,
    Muted,
    NoSuchConversation,
    NotAccepted,
    NotRotating,
    OutOfOrder,
    Refusal,
    TeamSecretExists,
    WrongGeneration,
    WrongOrder,
)
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.plumbing.lock import lock, unlock

PAGE = 1 << 17
"""Bytes of envelopes that are read at once when a reader is behind: about twice what waits for a reader who is slow."""

OPENING = 100
"""Envelopes of an opening that a desk is told at once."""

MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Wrap:
    """A wrap on its way to somebody who may have it."""

    log: int
    generation: int
    wrap: bytes
    epoch: int


class Ack(msgspec.Struct, frozen=True, gc=False):
    """An envelope's place, once it is on disk."""

    n: int
    minute: int


def log_topic(conversation: bytes, log: int) -> tuple[str, bytes, int]:
    """Told each new envelope of the log; woken when there may be more on the disk."""
    return ("log", conversation, log)


def state_topic(conversation: bytes) -> tuple[str, bytes]:
    """Woken when the conversation was taken, given back or ended."""
    return ("state", conversation)


def queue_topic(team: str) -> tuple[str, str]:
    """Woken when the list of those who wait changed."""
    return ("queue", team)


def place_topic(conversation: bytes) -> tuple[str, bytes]:
    """Told where a waiting conversation stands, when that changed."""
    return ("place", conversation)


def presence_topic(conversation: bytes) -> tuple[str, bytes]:
    """Woken when the visitor came, went out of sight or left."""
    return ("presence", conversation)


def left_topic(team: str) -> tuple[str, str]:
    """Told the id of each waiting conversation whose visitor has left."""
    return ("left", team)


def holder_topic(account: str) -> tuple[str, str]:
    """Woken when an account got or lost a conversation."""
    return ("holder", account)


def erased_topic(team: str) -> tuple[str, str]:
    """Told the id of each conversation of the team that was erased."""
    return ("erased", team)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A conversation got a secret from this connection, the team's first one or the next; under the server's lock."""

    conversation: bytes
    wrap: LockedWrap
    connection: int


def secret_topic(team: str) -> tuple[str, str]:
    """Told each `NewSecret` in the team."""
    return ("secret", team)


def company_topic(team: str) -> tuple[str, str]:
    """Woken when somebody in the team began or ceased to read along."""
    return ("company", team)


def beside_topic(account: str) -> tuple[str, str]:
    """Woken when an account began or ceased to read along."""
    return ("beside", account)


# start


@dataclass(frozen=True, slots=True)
class SealedStart:
    """A checked start whose wraps are locked: ready for the database."""

    request: StartRequest
    epoch: int
    wraps: tuple[LockedWrap, ...]


def seal_start(request: StartRequest, shred_key: bytes, epoch: int) -> SealedStart:
    """Lock the wraps of a start to the team's key of *epoch*, before the database sees them."""
    places = [(0, Purpose.TEAM), (0, Purpose.VISITOR), (1, Purpose.TEAM), (1, Purpose.VISITOR)]
    wraps = tuple(
        _lock_wrap(shred_key, request.conversation_id, SHARED_LOG, generation, purpose, wrap, epoch)
        for (generation, purpose), wrap in zip(places, request.wraps, strict=True)
    )
    return SealedStart(request, epoch, wraps)


def start(
    tx: WriteTx, start: SealedStart, *, team_cert: bytes, minute: int, for_later: bool = False, rotates: bool = False
) -> Conversation:
    """Open a conversation that waits, wrapped to the team of *team_cert*. The same bytes again: the same answer.

    One that is left *for_later* waits without its visitor; *rotates* says that its page can follow to a next secret.
    """
    request = start.request
    known = store.secrets(tx, request.conversation_id)
    if known is not None and known[0] != request.hash:
        raise ConversationExists
    if known is None:
        if request.team_cert != team_cert:
            raise NotAccepted
        _create(tx, start, minute, for_later, rotates)
    found = store.find(tx, request.conversation_id)
    assert found is not None
    return found


def _create(tx: WriteTx, start: SealedStart, minute: int, for_later: bool, rotates: bool) -> None:
    request = start.request
    key = store.create(
        tx,
        id=request.conversation_id,
        team=request.line,
        number=store.next_number(tx, request.line, minute - minute % MINUTES_A_DAY),
        epoch=start.epoch,
        start_hash=request.hash,
        proof=StartProof(request.ve, request.vg, request.credential_hash, request.team_cert, request.sig),
        minute=minute,
        for_later=for_later,
        rotates=rotates,
    )
    for wrap in start.wraps:
        store.put_wrap(tx, key, wrap)
    tx.wake(queue_topic(request.line))


def resume(tx: ReadTx, id: bytes, credential: bytes) -> Conversation:
    """The visitor's own conversation. Absent and not theirs look the same."""
    known = store.secrets(tx, id)
    expected = known[1] if known else bytes(32)
    matches = hmac.compare_digest(hashlib.sha256(credential).digest(), expected)
    found = store.find(tx, id) if known and matches else None
    if found is None:
        raise NoSuchConversation
    return found


def find(tx: ReadTx, id: bytes) -> Conversation:
    """The conversation with this id."""
    found = store.find(tx, id)
    if found is None:
        raise NoSuchConversation
    return found


def ended_by(tx: ReadTx, id: bytes) -> str | None:
    """Who ended it, or None while it goes on. What was erased its visitor has ended, to whoever does not know that."""
    found = store.find(tx, id)
    return found.ended_by if found is not None else BY_VISITOR


def numbered(tx: ReadTx, team: str, number: int, day: int) -> Conversation:
    """The conversation of a team that had this number on one day, counted from 1970. Raises `NoSuchConversation`."""
    found = store.numbered(tx, team, number, day * MINUTES_A_DAY, (day + 1) * MINUTES_A_DAY)
    if found is None:
        raise NoSuchConversation
    return found


# the log


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """An envelope that was looked at from outside, locked, and is ready for its place in a log."""

    header: Header
    log: int
    hash: bytes
    envelope: bytes
    locked: bytes
    wrap: LockedWrap | None = None


def seal(header: Header, envelope: bytes, shred_key: bytes, team_wrap: bytes | None = None, epoch: int = 0) -> Sealed:
    """Lock an envelope, and the wrap that comes with a first note or a rotation, before the database sees them.

    *epoch* is that of the team's key which the secret is wrapped to; 0: that of the conversation's own start.
    """
    log = log_of(header.direction)
    if header.klass == ROTATION and team_wrap is None:
        raise NotAccepted
    if header.klass != ROTATION and team_wrap is not None and log != TEAM_LOG:
        raise WrongOrder
    locked = lock(shred_key, b"envelope", header.conv, message_row(log, header.msg_id), envelope)
    wrap = None
    if team_wrap is not None:
        generation = header.generation + 1 if header.klass == ROTATION else 0
        purpose = Purpose.TEAM_LOG if log == TEAM_LOG else Purpose.TEAM
        wrap = _lock_wrap(shred_key, header.conv, log, generation, purpose, team_wrap, epoch)
    return Sealed(header, log, hashlib.sha256(envelope).digest(), envelope, locked, wrap)


def append(tx: WriteTx, sealed: Sealed, writer: Writer, minute: int, connection: int) -> Ack:
    """Give the envelope the next place in its log, or refuse it.

    The same message id with the same bytes gets the same answer for ever. *connection* names who must not
    get it back.
    """
    header, log = sealed.header, sealed.log
    conversation = store.known(tx, header.conv)
    if conversation is None:
        raise NoSuchConversation
    end = store.end(tx, conversation.key, log)
    chain = end.chain(header.sender)
    try:
        # Looked up only where it may matter: messages never wait for it.
        accompanies = log == TEAM_LOG and _accompanies(tx, conversation, writer)
        admit(conversation, chain, header, writer, accompanies=accompanies)
    except (ConversationEnded, Muted, WrongGeneration, OutOfOrder) as refusal:
        return _answered(tx, conversation, chain, sealed, refusal)
    if header.msg_id in end.msg_ids:
        raise Duplicate(seq=chain.seq + 1, prev=chain.prev, g=header.generation)
    if header.klass == ROTATION:
        _rotate(tx, conversation, sealed, connection)
    elif log == TEAM_LOG:
        _settle_team_secret(tx, conversation, sealed.wrap, connection)
    n = end.n + 1
    store.append(
        tx,
        conversation.key,
        log,
        end,
        header.sender,
        Chain(writer.name, header.seq, sealed.hash),
        msg_id=header.msg_id,
        cert=writer.cert,
        generation=header.generation,
        minute=minute,
        locked=sealed.locked,
    )
    tx.tell(log_topic(header.conv, log), Stored(n, minute, writer.cert, sealed.envelope, connection))
    if conversation.holder is None:
        tx.wake(queue_topic(conversation.team))
    return Ack(n, minute)


def _accompanies(tx: ReadTx, conversation: Conversation, writer: Writer) -> bool:
    """Whether the writer of a note reads along."""
    if writer.account is None or writer.account == conversation.holder:
        return False
    return any(account == writer.account for account, _ in store.companions(tx, conversation.key))


def _answered(tx: WriteTx, conversation: Conversation, chain: Chain, sealed: Sealed, refusal: Refusal) -> Ack:
    """The answer that this envelope got before; a new one gets *refusal*."""
    known = store.message(tx, conversation.key, sealed.log, sealed.header.msg_id)
    if known is None:
        raise refusal
    if known[0] != sealed.hash:
        raise Duplicate(seq=chain.seq + 1, prev=chain.prev, g=sealed.header.generation) from None
    return Ack(known[1], known[2])


def _settle_team_secret(tx: WriteTx, conversation: Conversation, wrap: LockedWrap | None, connection: int) -> None:
    exists = bool(store.wraps(tx, conversation.key, (Purpose.TEAM_LOG,)))
    if wrap is None and not exists:
        raise WrongOrder
    if wrap is not None and not _keep_secret(tx, conversation, wrap, connection):
        raise TeamSecretExists


def _rotate(tx: WriteTx, conversation: Conversation, sealed: Sealed, connection: int) -> None:
    """The log goes on under another secret. Of two who try at once the second one finds the generation gone."""
    wrap = sealed.wrap
    assert wrap is not None
    # A log without any secret has nothing to turn from.
    if not store.wraps(tx, conversation.key, (wrap.purpose,)):
        raise WrongOrder
    if not conversation.rotates or wrap.generation > MOST_GENERATIONS:
        raise NotRotating
    if not _keep_secret(tx, conversation, wrap, connection):
        raise WrongGeneration(g=wrap.generation)
    store.rotate(tx, conversation.key, wrap.log, wrap.generation)


def _keep_secret(tx: WriteTx, conversation: Conversation, wrap: LockedWrap, connection: int) -> bool:
    wrap = wrap if wrap.epoch else wrap._replace(epoch=conversation.epoch)
    if wrap.epoch < conversation.epoch:
        raise NotAccepted
    if not store.put_wrap(tx, conversation.key, wrap):
        return False
    # Before the envelope itself: whoever else is at the table needs it to read that.
    tx.tell(secret_topic(conversation.team), NewSecret(conversation.id, wrap, connection))
    return True


def read_after(tx: ReadTx, id: bytes, log: int, n: int) -> list[LockedEnvelope]:
    """The next page of a log; `open_all` unlocks it."""
    return store.after(tx, find(tx, id).key, log, n, PAGE)


def open_all(id: bytes, log: int, rows: Iterable[LockedEnvelope], shred_key: bytes) -> list[Stored]:
    """Take the server's own lock off; the visitor's and the team's stays."""
    return [
        Stored(
            row.n, row.minute, row.cert, unlock(shred_key, b"envelope", id, message_row(log, row.msg_id), row.locked)
        )
        for row in rows
    ]


def last(tx: ReadTx, conversation: Conversation, log: int) -> int:
    """The highest number of a log."""
    return store.last(tx, conversation.key, log)


# wraps


def visitor_wraps(tx: ReadTx, conversation: Conversation) -> list[LockedWrap]:
    """What the visitor needs to read their own conversation again."""
    return store.wraps(tx, conversation.key, (Purpose.VISITOR,))


def team_wraps(tx: ReadTx, conversation: Conversation) -> list[LockedWrap]:
    """All secrets of a conversation, for the one who has taken it. The caller puts the release on record."""
    return store.wraps(tx, conversation.key, (Purpose.TEAM, Purpose.TEAM_LOG))


def start_proof(tx: ReadTx, conversation: Conversation) -> tuple[StartProof, list[LockedWrap]]:
    """What the visitor signed at the start, with the four wraps in their order."""
    wraps = store.wraps(tx, conversation.key, (Purpose.TEAM, Purpose.VISITOR))
    return store.start_proof(tx, conversation.key), [wrap for wrap in wraps if wrap.generation < 2]


def oldest_epoch(tx: ReadTx, team: str) -> int | None:
    """The oldest that anything of this team is wrapped under; None when it has no conversation."""
    return store.oldest_epoch(tx, team)


def behind(tx: ReadTx, team: str, epoch: int, after: int, size: int) -> list[Conversation]:
    """Some that ended and are wrapped to a key before *epoch*, after a place in the list."""
    return store.behind(tx, team, epoch, after, size)


def count_behind(tx: ReadTx, team: str, epoch: int) -> int:
    """How many of them there are."""
    return store.count_behind(tx, team, epoch)


def find_behind(tx: ReadTx, team: str, epoch: int, id: bytes) -> Conversation | None:
    """The conversation with this id, when it is one of them."""
    found = store.find(tx, id)
    is_behind = found is not None and found.team == team and found.epoch < epoch and found.ended_by is not None
    return found if is_behind else None


def rewrap(
    tx: WriteTx,
    conversation: Conversation,
    kept: Iterable[LockedWrap],
    anew: Mapping[tuple[int, int], bytes],
    epoch: int,
    shred_key: bytes,
) -> None:
    """Put wraps to the team's key of *epoch*, by log and generation, in the place of those that are *kept*."""
    locked = [_lock_wrap(shred_key, conversation.id, *one[:3], anew[one.log, one.generation], epoch) for one in kept]
    store.replace_wraps(tx, conversation.key, locked, epoch)


def opening(tx: ReadTx, conversation: Conversation, after: int) -> tuple[list[LockedWrap], list[LockedEnvelope]]:
    """What a shift may see before anybody takes it: the secret of the opening, and the opening after a number."""
    wraps = [wrap for wrap in store.wraps(tx, conversation.key, (Purpose.TEAM,)) if wrap.generation == 0]
    return wraps, store.opening(tx, conversation.key, SHARED_LOG, after, OPENING)


def open_wraps(id: bytes, rows: Iterable[LockedWrap], shred_key: bytes) -> list[Wrap]:
    """Take the server's own lock off wraps."""
    return [
        Wrap(row.log, row.generation, unlock(shred_key, b"wrap", id, wrap_row(*row[:3]), row.locked), row.epoch)
        for row in rows
    ]


def _lock_wrap(
    shred_key: bytes, id: bytes, log: int, generation: int, purpose: int, wrap: bytes, epoch: int
) -> LockedWrap:
    locked = lock(shred_key, b"wrap", id, wrap_row(log, generation, purpose), wrap)
    return LockedWrap(log, generation, purpose, locked, epoch)


# who has it


def waiting(tx: ReadTx, team: str) -> list[tuple[Conversation, int]]:
    """Who waits, longest first, with the end of each shared log."""
    return store.waiting(tx, team)


def in_line(tx: ReadTx, team: str) -> list[tuple[bytes, bool, str, bool]]:
    """Who waits, longest first, with what decides whose turn it is: returned, priority, left for later."""
    return store.in_line(tx, team)


def held_by(tx: ReadTx, account: str) -> list[Conversation]:
    """What this account has open."""
    return store.held_by(tx, account)


def holders(tx: ReadTx) -> list[str]:
    """The accounts that have a conversation."""
    return store.holders(tx)


def running(tx: ReadTx, team: str) -> list[Conversation]:
    """The conversations of a team that somebody has."""
    return store.running(tx, team)


def answered_and_missed(tx: ReadTx, team: str, since: int) -> tuple[int, int]:
    """Of those that started since minute *since*: how many somebody had, and how many left before that."""
    return store.answered_and_missed(tx, team, since)


def seat(tx: WriteTx, conversation: Conversation, account: str) -> bool:
    """Give a waiting conversation to *account*; False when somebody was first."""
    if not store.seat(tx, conversation.key, account):
        return False
    part(tx, conversation, account)
    _wake_all(tx, conversation, account)
    return True


def unseat(tx: WriteTx, conversation: Conversation, minute: int) -> None:
    """Back to the list of those who wait."""
    store.unseat(tx, conversation.key, minute)
    _wake_all(tx, conversation, conversation.holder)


def pass_on(tx: WriteTx, conversation: Conversation, account: str) -> None:
    """From the counsellor who has it to a colleague, with nobody waiting in between."""
    store.pass_on(tx, conversation.key, account)
    part(tx, conversation, account)
    _wake_all(tx, conversation, conversation.holder)
    tx.wake(holder_topic(account))


def mute(tx: WriteTx, conversation: Conversation, on: bool) -> None:
    """Refuse what the visitor writes, or take it again. It ends with the seat of who asked for it."""
    store.mute(tx, conversation.key, on)
    _wake_all(tx, conversation, conversation.holder)


def accompany(tx: WriteTx, conversation: Conversation, account: str, reason: str, minute: int) -> None:
    """Let *account* read along and write notes, until it parts or the conversation ends."""
    store.accompany(tx, conversation.key, account, reason, minute)
    _wake_company(tx, conversation, account)


def part(tx: WriteTx, conversation: Conversation, account: str) -> bool:
    """*account* reads along no more; False when it did not."""
    if not store.part(tx, conversation.key, account):
        return False
    _wake_company(tx, conversation, account)
    return True


def companions(tx: ReadTx, conversation: Conversation) -> list[tuple[str, str]]:
    """Who reads along, and why."""
    return store.companions(tx, conversation.key)


def accompanied_by(tx: ReadTx, account: str) -> list[tuple[Conversation, str]]:
    """The open conversations that this account reads along with, and why."""
    return store.accompanied_by(tx, account)


def _wake_company(tx: WriteTx, conversation: Conversation, account: str) -> None:
    tx.wake(company_topic(conversation.team))
    tx.wake(beside_topic(account))


def end_by_visitor(tx: WriteTx, id: bytes, minute: int) -> None:
    """The visitor stops. Again: nothing more happens."""
    conversation = find(tx, id)
    if conversation.ended_by is None:
        store.stop(tx, conversation.key, minute, BY_VISITOR, None)
        _wake_all(tx, conversation, conversation.holder)
        if conversation.waits and conversation.left is None:
            tx.tell(left_topic(conversation.team), conversation.id)


def end_by_team(tx: WriteTx, conversation: Conversation, minute: int, reason: str) -> None:
    """The counsellor who has it stops it."""
    if conversation.ended_by is not None:
        raise ConversationEnded
    store.stop(tx, conversation.key, minute, BY_TEAM, reason)
    _wake_all(tx, conversation, conversation.holder)


# erasing


def ids(tx: ReadTx) -> list[bytes]:
    """Every conversation there is."""
    return store.ids(tx)


def last_heard(tx: ReadTx, team: str, before: int) -> list[tuple[bytes, int]]:
    """The conversations of a team that began before a minute, each with the minute of its last message."""
    return store.last_heard(tx, team, before)


def erase(tx: WriteTx, names: Mapping[bytes, bytes], *, actor: str, reason: str, minute: int) -> None:
    """Remove all rows of these conversations, each with a record under the pseudonym that it had.

    Their keys are overwritten by now, so the pseudonyms are nobody's. Absent ones are passed over.
    """
    for id, name in names.items():
        conversation = store.find(tx, id)
        if conversation is None:
            continue
        for account, _ in store.companions(tx, conversation.key):
            _wake_company(tx, conversation, account)
        store.erase(tx, conversation.key)
        audit.record(tx, minute=minute, actor=actor, action="conversation.erase", object=name, reason=reason)
        tx.tell(erased_topic(conversation.team), id)
        _wake_all(tx, conversation, conversation.holder)
        tx.wake(presence_topic(id))


# who is there


def going_on(tx: ReadTx) -> list[Conversation]:
    """Every conversation that nobody ended or left."""
    return store.going_on(tx)


def leave(tx: WriteTx, gone: Sequence[tuple[bytes, int]]) -> None:
    """These visitors left, each at its minute: no list offers them any more. What was left for later stays."""
    for id, minute in gone:
        conversation = store.find(tx, id)
        if conversation is None or conversation.ended_by is not None or conversation.left is not None:
            continue
        if conversation.for_later:
            continue
        store.leave(tx, conversation.key, minute)
        tx.wake(state_topic(id))
        tx.wake(presence_topic(id))
        tx.wake(queue_topic(conversation.team))
        if conversation.waits:
            tx.tell(left_topic(conversation.team), id)


def come_back(tx: WriteTx, id: bytes, minute: int) -> Conversation:
    """The visitor is there again: with the old place when that is still theirs, otherwise waiting from now."""
    conversation = find(tx, id)
    if conversation.left is None or conversation.ended_by is not None:
        return conversation
    since = conversation.waiting_since if keeps_place(conversation.left, minute) else minute
    store.come_back(tx, conversation.key, since)
    tx.wake(presence_topic(id))
    tx.wake(queue_topic(conversation.team))
    return find(tx, id)


def prioritise(tx: WriteTx, conversation: Conversation, priority: str) -> None:
    """Staff say how much haste a waiting conversation has."""
    store.prioritise(tx, conversation.key, priority)
    tx.wake(queue_topic(conversation.team))


def _wake_all(tx: WriteTx, conversation: Conversation, account: str | None) -> None:
    tx.wake(state_topic(conversation.id))
    tx.wake(queue_topic(conversation.team))
    if account is not None:
        tx.wake(holder_topic(account))
