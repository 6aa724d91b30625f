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
from luwte.staff.model import returning_topic

REMOVED = "removed"


def remove(tx: WriteTx, token: bytes, id: str, minute: int, key: ShredKey) -> list[bytes]:
    """Remove a member of the lead's own team; the hashes of the sessions that end with it.

    The invitations that they made and nobody used are withdrawn.

    Nobody removes themselves: then nobody might be left who can invite. Raises `SignedOut`, `NotAccepted` or
    `NoSuchMember`; absent, another team's and already removed look the same.
    """
    lead = staff.lead(tx, token, minute)
    if id == lead.id:
        raise NotAccepted
    member = staff.member(tx, lead.team, id)
    if member is None:
        raise NoSuchMember
    actions.return_all(tx, id, minute, key, reason=REMOVED)
    hand_over.left(tx, id)
    glass.close_all(tx, member, minute, key)
    people.withdraw_all(tx, lead, id, minute)
    ended = staff.disable(tx, member, minute)
    audit.record(tx, minute=minute, actor=lead.id, action="staff.remove", reason=id)
    tx.wake(returning_topic(lead.team))
    return ended


def erase_halves(keys: KeyStore, removed: list[str]) -> None:
    """Erase the server's half of these accounts' keys: the right passphrase opens nothing any more, in no copy either.

    After the commit, and once more at each start for whoever was removed just before a crash. Blocks on the disk.
    """
    keys.erase_all(keystore.STAFF, [bytes.fromhex(id) for id in removed])
