"""A lead steps into a colleague's conversation, with a reason that is on record before anything is shown."""

from dataclasses import dataclass

from luwte.conversation import actions as conversations
from luwte.conversation.model import Conversation, ShredKey
from luwte.desk import alarm
from luwte.desk.actions import Held, record, whole
from luwte.errors import ConversationEnded, MalformedFrame, NoSuchConversation, WrongOrder
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff import actions as staff
from luwte.staff.model import Account, Session

REASONS = ("asked", "danger", "supervision", "complaint")
"""Why a lead reads along. A list, because the record holds no content."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A conversation that an account reads along with, and why."""

    held: Held
    reason: str


def step_in(tx: WriteTx, session: Session, id: bytes, reason: str, minute: int, key: ShredKey) -> None:
    """Read along with who has it. Raises `WrongOrder` while nobody has it, or when one has it oneself."""
    account = session.account
    conversation = _led(tx, session, id, minute)
    if reason not in REASONS:
        raise MalformedFrame
    if conversation.holder is None or conversation.holder == account.id:
        raise WrongOrder
    conversations.accompany(tx, conversation, account.id, reason, minute)
    record(tx, account.id, id, "conversation.step_in", minute, key, reason=reason)


def step_out(tx: WriteTx, session: Session, id: bytes, minute: int, key: ShredKey) -> None:
    """Read along no more."""
    account = session.account
    if not conversations.part(tx, _led(tx, session, id, minute), account.id):
        raise WrongOrder
    record(tx, account.id, id, "conversation.step_out", minute, key)


def take_over(tx: WriteTx, session: Session, id: bytes, minute: int, key: ShredKey) -> None:
    """Go on in the place of who has it. Only after stepping in: that is where the reason is."""
    account = session.account
    conversation = _led(tx, session, id, minute)
    reason = dict(conversations.companions(tx, conversation)).get(account.id)
    if reason is None:
        raise WrongOrder
    if conversation.waits:
        conversations.seat(tx, conversation, account.id)
    else:
        conversations.pass_on(tx, conversation, account.id)
    alarm.end(tx, conversation, minute)
    record(tx, account.id, id, "conversation.take_over", minute, key, reason=reason)


def joined(tx: ReadTx, account: Account) -> list[Joined]:
    """What this account reads along with. The caller has the release on record."""
    return [
        Joined(whole(tx, conversation), reason) for conversation, reason in conversations.accompanied_by(tx, account.id)
    ]


def record_reading(tx: WriteTx, account: Account, id: bytes, reason: str, minute: int, key: ShredKey) -> None:
    """Put on record, with the reason, that a new session goes on reading along."""
    record(tx, account.id, id, "conversation.read", minute, key, reason=reason)


def company(tx: ReadTx, account: Account) -> list[tuple[bytes, list[str]]]:
    """For each conversation that this account has and somebody reads along with: who."""
    found = [(one.id, conversations.companions(tx, one)) for one in conversations.held_by(tx, account.id)]
    return [(id, [companion for companion, _ in who]) for id, who in found if who]


def _led(tx: ReadTx, session: Session, id: bytes, minute: int) -> Conversation:
    """A conversation of the team that this lead leads, while it goes on."""
    staff.check_session(tx, session, minute)
    staff.check_lead(session.account)
    conversation = conversations.find(tx, id)
    if conversation.team != session.account.team:
        raise NoSuchConversation
    if conversation.ended_by is not None:
        raise ConversationEnded
    return conversation
