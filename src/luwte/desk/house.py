"""What an admin sees of the house, and the one thing to do at once: sign a colleague out. Nothing here is content."""

from dataclasses import dataclass

from luwte.audit import actions as audit
from luwte.audit import checkpoints
from luwte.conversation.model import ShredKey
from luwte.desk.removal import let_go
from luwte.errors import NoSuchMember, NotAccepted
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff import actions as staff
from luwte.staff import own
from luwte.staff.roles import Deed

SIGNED_OUT = "signed_out"


@dataclass(frozen=True, slots=True)
class House:
    """How it is now."""

    team: str
    sessions: list[tuple[str, int]]
    """Whose, and the minute in which each began. No address and no browser: nobody keeps them."""
    signed: int | None
    """The minute of the newest signature under the log of who did what."""


def house(tx: ReadTx, token: bytes, minute: int) -> House:
    """How the house is. Raises `SignedOut` or `NotAccepted`."""
    team = staff.allowed(tx, token, Deed.KEEP_HOUSE, minute).team
    newest = checkpoints.newest(tx)
    sessions = [(one.id, began) for one in staff.members(tx, team) for _, began in own.running(tx, one.id, minute)]
    return House(team, sessions, newest.minute if newest else None)


def sign_out(tx: WriteTx, token: bytes, id: str, minute: int, key: ShredKey) -> list[bytes]:
    """End every session of a colleague, and let go of what they had; the hashes of the sessions.

    One's own end on one's own page. Raises `SignedOut`, `NotAccepted` or `NoSuchMember`; absent, another team's and
    removed look the same.
    """
    by = staff.allowed(tx, token, Deed.KEEP_HOUSE, minute)
    if id == by.id:
        raise NotAccepted
    member = staff.member(tx, by.team, id)
    if member is None:
        raise NoSuchMember
    let_go(tx, member, minute, key, reason=SIGNED_OUT)
    audit.record(tx, minute=minute, actor=by.id, action="staff.end_session", reason=id)
    return own.end_all(tx, id, minute)
