"""The last day of a colleague: in one transaction the account is nobody's, and what it had waits again.

From then on access control keeps a former member out. What they may have kept of the team's key opens nothing that
begins under the next epoch (`staff.people.begin_epoch`), which a lead's desk makes at once.
"""

from luwte.audit import actions as audit
from luwte.conversation.model import ShredKey
from luwte.desk import actions, glass, hand_over
from luwte.errors import NoSuchMember, NotAccepted
from luwte.plumbing import keystore
from luwte.plumbing.db import WriteTx
from luwte.plumbing.keystore import KeyStore
from luwte.staff import actions as staff
from luwte.staff import people
from luwte.staff.model import Account, returning_topic
from luwte.staff.roles import Deed

REMOVED = "removed"


def remove(tx: WriteTx, token: bytes, id: str, minute: int, key: ShredKey) -> list[bytes]:
    """Remove a member of one's own team; the hashes of the sessions that end with it.

    The invitations that they made and nobody used are withdrawn.

    Nobody removes themselves, and nobody the last one who can admit. Raises `SignedOut`, `NotAccepted`, `LastLead` or
    `NoSuchMember`; absent, another team's and already removed look the same.
    """
    by = staff.allowed(tx, token, Deed.LOOK_AFTER, minute)
    if id == by.id:
        raise NotAccepted
    member = staff.member(tx, by.team, id)
    if member is None:
        raise NoSuchMember
    people.check_not_last(tx, member, minute)
    let_go(tx, member, minute, key, reason=REMOVED)
    people.withdraw_all(tx, by, id, minute)
    ended = staff.disable(tx, member, minute)
    audit.record(tx, minute=minute, actor=by.id, action="staff.remove", reason=id)
    tx.wake(returning_topic(by.team))
    return ended


def let_go(tx: WriteTx, member: Account, minute: int, key: ShredKey, *, reason: str) -> None:
    """Whoever is gone from their desk this second: what they had waits again, and nothing is open to them."""
    actions.return_all(tx, member.id, minute, key, reason=reason)
    hand_over.left(tx, member.id)
    glass.close_all(tx, member, minute, key)


def erase_halves(keys: KeyStore, removed: list[str]) -> None:
    """Erase the server's half of these accounts' keys: the right passphrase opens nothing any more, in no copy either.

    After the commit, and once more at each start for whoever was removed just before a crash. Blocks on the disk.
    """
    keys.erase_all(keystore.STAFF, [bytes.fromhex(id) for id in removed])
