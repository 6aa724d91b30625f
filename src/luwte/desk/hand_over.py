"""One deed each: offer, withdraw, accept, decline, give back, mute. Each leaves its record in the audit log."""

from collections.abc import Callable

from luwte.conversation import actions as conversations
from luwte.conversation.model import Conversation, ShredKey
from luwte.desk import offer_store
from luwte.desk.actions import check_room, own, record
from luwte.desk.offer import ACCEPTED, DECLINED, GONE, LASTS, LATE, OVER, WITHDRAWN, Offer, Over, counts
from luwte.errors import AlreadyOffered, ConversationEnded, NoSuchConversation, NoSuchOffer, NotOnShift
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff import actions as staff
from luwte.staff.model import Session

IsHere = Callable[[str, str], bool]
"""Whether a team has this account at a desk now."""


def offers_topic(account: str) -> tuple[str, str]:
    """Told why an offer is over, and woken when there is another one."""
    return ("offers", account)


def offers(tx: ReadTx, account: str, now: int) -> list[tuple[Offer, int, str, str]]:
    """The offers by and to this account that count, with the conversation's number and the names of both."""
    found = []
    for offer in offer_store.concerning(tx, account):
        conversation = _counting(tx, offer, now)
        if conversation is not None:
            names = staff.name(tx, offer.asker), staff.name(tx, offer.colleague)
            found.append((offer, conversation.number, *names))
    return found


def offer(
    tx: WriteTx, session: Session, id: bytes, to: str, now: int, is_here: IsHere, minute: int, key: ShredKey
) -> None:
    """Offer a conversation that one has to a colleague at a desk. Nothing changes for the visitor before a yes."""
    conversation, account = _going_on(tx, session, id, minute), session.account
    if to == account.id or not is_here(account.team, to):
        raise NotOnShift
    known = offer_store.of(tx, id)
    if known is not None and counts(known, conversation, now):
        raise AlreadyOffered
    made = Offer(id, account.id, to, conversation.times, now + LASTS)
    offer_store.put(tx, made)
    record(tx, account.id, id, "conversation.offer", minute, key, reason=to)
    _wake(tx, made)


def withdraw(tx: WriteTx, session: Session, id: bytes, now: int, minute: int, key: ShredKey) -> None:
    """Take an offer back."""
    staff.check_session(tx, session, minute)
    made = offer_store.of(tx, id)
    if made is None or made.asker != session.account.id or _counting(tx, made, now) is None:
        raise NoSuchOffer
    _close(tx, made, WITHDRAWN)
    record(tx, session.account.id, id, "conversation.withdraw", minute, key, reason=made.colleague)


def accept(tx: WriteTx, session: Session, id: bytes, limit: int, now: int, minute: int, key: ShredKey) -> None:
    """Go on with a conversation that a colleague offered: in one transaction it moves, and both are on record."""
    made, conversation = _offered(tx, session, id, now, minute)
    account = session.account
    check_room(tx, account, limit)
    conversations.pass_on(tx, conversation, account.id)
    record(tx, made.asker, id, "conversation.hand_over", minute, key, reason=account.id)
    record(tx, account.id, id, "conversation.accept", minute, key, reason=made.asker)
    _close(tx, made, ACCEPTED)


def decline(tx: WriteTx, session: Session, id: bytes, now: int, minute: int, key: ShredKey) -> None:
    """Say no, without a reason."""
    made, _ = _offered(tx, session, id, now, minute)
    _close(tx, made, DECLINED)
    record(tx, session.account.id, id, "conversation.decline", minute, key, reason=made.asker)


def give_back(tx: WriteTx, session: Session, id: bytes, minute: int, key: ShredKey) -> None:
    """Back to the top of the queue."""
    conversation = _going_on(tx, session, id, minute)
    conversations.unseat(tx, conversation, minute)
    record(tx, session.account.id, id, "conversation.return", minute, key, reason="given_back")


def mute(tx: WriteTx, session: Session, id: bytes, on: bool, minute: int, key: ShredKey) -> None:
    """Take no more messages of a visitor, or take them again. Nothing of it outlives the seat."""
    conversation = _going_on(tx, session, id, minute)
    conversations.mute(tx, conversation, on)
    record(tx, session.account.id, id, "conversation.mute" if on else "conversation.unmute", minute, key)


def left(tx: WriteTx, account: str) -> None:
    """A colleague signed out: nobody waits for their answer any more."""
    for made in offer_store.concerning(tx, account):
        if made.colleague == account:
            _close(tx, made, GONE)


def has_stale(tx: ReadTx, now: int) -> bool:
    """Whether there is anything to tidy."""
    return any(_counting(tx, made, now) is None for made in offer_store.everything(tx))


def tidy(tx: WriteTx, now: int) -> None:
    """Remove the offers that count no more, and tell who waits for an answer."""
    for made in offer_store.everything(tx):
        if _counting(tx, made, now) is None:
            _close(tx, made, LATE if now >= made.until else OVER)


def _counting(tx: ReadTx, made: Offer, now: int) -> Conversation | None:
    """The conversation of an offer that counts."""
    try:
        conversation = conversations.find(tx, made.conversation)
    except NoSuchConversation:
        return None
    return conversation if counts(made, conversation, now) else None


def _offered(tx: ReadTx, session: Session, id: bytes, now: int, minute: int) -> tuple[Offer, Conversation]:
    """The offer to this account. Never made, not to them, and over look the same."""
    staff.check_session(tx, session, minute)
    made = offer_store.of(tx, id)
    conversation = _counting(tx, made, now) if made is not None else None
    if made is None or conversation is None or made.colleague != session.account.id:
        raise NoSuchOffer
    return made, conversation


def _going_on(tx: ReadTx, session: Session, id: bytes, minute: int) -> Conversation:
    staff.check_session(tx, session, minute)
    conversation = own(tx, session.account, id)
    if conversation.ended_by is not None:
        raise ConversationEnded
    return conversation


def _close(tx: WriteTx, made: Offer, why: str) -> None:
    offer_store.remove(tx, made.conversation)
    for account in (made.asker, made.colleague):
        tx.tell(offers_topic(account), Over(made.conversation, why))
    _wake(tx, made)


def _wake(tx: WriteTx, made: Offer) -> None:
    for account in (made.asker, made.colleague):
        tx.wake(offers_topic(account))
