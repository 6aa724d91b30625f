"""Whose turn it is: staff say how much haste a waiting conversation has, and ask for the next."""

from collections.abc import Callable

from luwte.conversation import actions as conversations
from luwte.conversation.model import PRIORITIES, Conversation, ShredKey
from luwte.desk.actions import check_room, record
from luwte.desk.model import Row, triage
from luwte.errors import AlreadyTaken, ConversationEnded, MalformedFrame, NobodyWaits, NoSuchConversation
from luwte.plumbing.db import WriteTx
from luwte.staff import actions as staff
from luwte.staff.model import Session


def prioritise(tx: WriteTx, session: Session, id: bytes, priority: str, minute: int, key: ShredKey) -> None:
    """Say of a waiting conversation how much haste it has. What was read in it stays with who read it."""
    if priority not in PRIORITIES:
        raise MalformedFrame
    staff.check_session(tx, session, minute)
    conversation = conversations.find(tx, id)
    if conversation.team != session.account.team:
        raise NoSuchConversation
    if conversation.ended_by is not None:
        raise ConversationEnded
    if conversation.holder is not None:
        raise AlreadyTaken
    conversations.prioritise(tx, conversation, priority)
    record(tx, session.account.id, id, "conversation.triage", minute, key, reason=priority)


def take_next(
    tx: WriteTx,
    session: Session,
    limit: int,
    urgent_in_a_row: int,
    is_here: Callable[[bytes], bool],
    minute: int,
    key: ShredKey,
) -> Conversation:
    """Take the one whose turn it is, as it was: two who ask at the same moment get two.

    Raises `NobodyWaits` when nobody is there to be helped, `LimitReached` for who has *limit* already.
    """
    account = session.account
    staff.check_session(tx, session, minute)
    # Who is first depends on who is first of each kind: nobody else needs to be looked at, however many wait.
    firsts: dict[tuple[bool, str, bool], tuple[bytes, bool]] = {}
    for id, again, priority, for_later in conversations.in_line(tx, account.team):
        here = is_here(id)
        if here or for_later:
            firsts.setdefault((again, priority, here), (id, here))
    if not firsts:
        raise NobodyWaits
    check_room(tx, account, limit)
    rows = [Row(conversations.find(tx, id), 0, here) for id, here in firsts.values()]
    row, *_ = triage(rows, urgent_in_a_row)
    if not conversations.seat(tx, row.conversation, account.id):
        raise NobodyWaits
    record(tx, account.id, row.conversation.id, "conversation.take", minute, key, reason="next")
    return row.conversation
