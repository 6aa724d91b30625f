"""Opening and closing a line by hand. It cuts nobody off: it only says whether somebody new may start."""

from luwte.audit import actions as audit
from luwte.errors import Refusal
from luwte.line import store
from luwte.line.model import Hand
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff import actions as staff
from luwte.staff.model import Session

DEEDS = {True: "line.open", False: "line.close"}


def hand_topic(team: str) -> tuple[str, str]:
    """Woken when a lead opened or closed the line."""
    return ("hand", team)


def line_topic(team: str) -> tuple[str, str]:
    """Woken when the line opened or closed, by hand or by the clock, or will do so at another moment."""
    return ("line", team)


def hands(tx: ReadTx) -> dict[str, Hand]:
    """What leads did last, by team."""
    return store.hands(tx)


def move(tx: WriteTx, session: Session, open: bool, minute: int) -> None:
    """Open or close the line of one's team. Raises `NotAccepted` for who is no lead."""
    staff.check_session(tx, session, minute)
    staff.check_lead(session.account)
    account = session.account
    store.put(tx, account.team, Hand(open, minute, account.id))
    audit.record(tx, minute=minute, actor=account.id, action=DEEDS[open])
    tx.wake(hand_topic(account.team))


def move_refused(tx: WriteTx, session: Session, open: bool, refusal: Refusal, minute: int) -> None:
    """Put a refused attempt on record."""
    audit.record(tx, minute=minute, actor=session.account.id, action=DEEDS[open], result=refusal.code)
