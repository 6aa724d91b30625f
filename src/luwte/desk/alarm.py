"""Danger: "Need a colleague". A call that stands until it is solved or the conversation ends, over restarts, too."""

from dataclasses import dataclass

from luwte.conversation import actions as conversations
from luwte.conversation.model import Conversation, ShredKey
from luwte.desk import alarm_store as store
from luwte.desk.actions import own, record
from luwte.errors import AlreadyTaken, ConversationEnded, NoSuchConversation, NotAccepted
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff import actions as staff
from luwte.staff.model import Account, Session
from luwte.staff.roles import Deed, may


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody asked for a colleague; *coming* is who answered first."""

    conversation: Conversation
    asked_by: str
    asked: int
    coming: str | None


def alarm_topic(team: str) -> tuple[str, str]:
    """Woken when somebody called, answered or had enough."""
    return ("alarm", team)


def call(tx: WriteTx, session: Session, id: bytes, minute: int, key: ShredKey) -> None:
    """Call for a colleague in a conversation that one has. Again, while the call stands: nothing more happens."""
    staff.check_session(tx, session, minute)
    account = session.account
    conversation = own(tx, account, id)
    if conversation.ended_by is not None:
        raise ConversationEnded
    store.put(tx, id, conversation.team, account.id, minute)
    record(tx, account.id, id, "alarm.raise", minute, key)
    tx.wake(alarm_topic(conversation.team))


def answer(tx: WriteTx, session: Session, id: bytes, lead_is_here: bool, minute: int, key: ShredKey) -> None:
    """Say that one comes: a lead, or any colleague while no lead is there. The first counts, the others are told so."""
    staff.check_session(tx, session, minute)
    account = session.account
    found = _standing(tx, account, id)
    if account.id == found.conversation.holder or (not may(account.role, Deed.LEAD) and lead_is_here):
        raise NotAccepted
    if found.coming is not None:
        raise AlreadyTaken
    store.coming(tx, id, account.id)
    record(tx, account.id, id, "alarm.answer", minute, key)
    tx.wake(alarm_topic(account.team))


def solve(tx: WriteTx, session: Session, id: bytes, minute: int, key: ShredKey) -> None:
    """The call is over, says who asked, who has it, who came, or a lead."""
    staff.check_session(tx, session, minute)
    account = session.account
    found = _standing(tx, account, id)
    if not may(account.role, Deed.LEAD) and account.id not in (found.asked_by, found.coming, found.conversation.holder):
        raise NotAccepted
    end(tx, found.conversation, minute)
    record(tx, account.id, id, "alarm.close", minute, key)


def end(tx: WriteTx, conversation: Conversation, minute: int) -> None:
    """The call of this conversation, if there is one, is over."""
    store.over(tx, conversation.id, minute)
    tx.wake(alarm_topic(conversation.team))


def calls(tx: ReadTx, team: str) -> list[Call]:
    """The calls that stand, oldest first. One whose conversation ended is over by itself."""
    found = [
        Call(conversations.find(tx, id), asked_by, asked, coming)
        for id, asked_by, asked, coming in store.standing(tx, team)
    ]
    return [one for one in found if one.conversation.ended_by is None]


def _standing(tx: ReadTx, account: Account, id: bytes) -> Call:
    for one in calls(tx, account.team):
        if one.conversation.id == id:
            return one
    raise NoSuchConversation
