"""One deed each: put on record that somebody looks, and let them look."""

from luwte.audit import actions as audit
from luwte.audit import checkpoints
from luwte.audit.model import pseudonym
from luwte.conversation import actions as conversations
from luwte.conversation.erasing import LEDGER, RETENTION, VISITOR
from luwte.conversation.model import ShredKey
from luwte.errors import NoSuchConversation, Refusal
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.review.model import PAGE, Asked, Person, Row, shown
from luwte.staff import actions as staff
from luwte.staff.model import Account
from luwte.staff.roles import Deed

NEWEST = 2**53


def begin(
    tx: WriteTx, token: bytes, employee: str, conversation: tuple[int, int] | None, minute: int, key: ShredKey
) -> tuple[Account, Asked]:
    """Put a look on record, before anything is shown; who looks, and for what.

    *employee* is a name, *conversation* a number and the day on which it counted. Raises `NotAccepted` for who may not
    read it, `NoSuchConversation` also for one that is erased: nobody can tell any more which records are about it.
    """
    account = staff.allowed(tx, token, Deed.REVIEW, minute)
    object = None
    if conversation is not None:
        id = conversations.numbered(tx, account.team, *conversation).id
        shred_key = key(id)
        if shred_key is None:
            raise NoSuchConversation
        object = pseudonym(shred_key, id)
    team = staff.everybody(tx, account.team)
    wanted = [member.id for member in team if not employee or member.name == employee]
    audit.record(
        tx,
        minute=minute,
        actor=account.id,
        action="audit.read",
        object=object or b"",
        reason="" if not employee else wanted[0] if wanted else audit.NOBODY,
    )
    # What others did with a conversation of ours is ours to see; what they do elsewhere is not.
    actors = None if object is not None and not employee else wanted
    if actors is not None and not employee:
        actors += [audit.OPERATOR, audit.NOBODY, VISITOR, RETENTION, LEDGER]
    return account, Asked(actors, object)


def checkpoint(tx: ReadTx, token: bytes, after: int, minute: int) -> tuple[bytes, str, list[bytes]] | None:
    """The newest checkpoint, for who remembers one of *after* records: key, note, and the proof that the log only grew.

    A desk is told the same on its socket. Raises `SignedOut` or `NotAccepted`.
    """
    staff.allowed(tx, token, Deed.REVIEW, minute)
    found = checkpoints.since(tx, after)
    return (found[0].public, found[0].note, found[1]) if found is not None else None


def refused(tx: WriteTx, account: Account, refusal: Refusal, minute: int) -> None:
    """Put a refused look on record."""
    audit.record(tx, minute=minute, actor=account.id, action="audit.read", result=refusal.code)


def page(tx: ReadTx, account: Account, asked: Asked, before: int) -> tuple[list[Row], bool, list[str]]:
    """The records below number *before*, newest first; whether there are older ones; and the names to ask for."""
    records = audit.newest(tx, before, PAGE + 1, actors=asked.actors, object=asked.object)
    team = staff.everybody(tx, account.team)
    people = {member.id: Person(member.name, member.role) for member in team}
    for record in records:
        if record.actor not in people and (name := staff.name(tx, record.actor)):
            people[record.actor] = Person(name, "")
    return [shown(record, people) for record in records[:PAGE]], len(records) > PAGE, [one.name for one in team]
