"""One deed each: read, change. The one who writes over something newer is told, and nothing is lost."""

from dataclasses import replace

from luwte.audit import actions as audit
from luwte.errors import MalformedFrame, Refusal
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.replies import store
from luwte.replies.model import NEW, Reply, Scope, check_form, next_version, owner
from luwte.staff import actions as staff
from luwte.staff.model import Account
from luwte.staff.roles import Deed


def read(tx: ReadTx, token: bytes, minute: int) -> tuple[list[Reply], list[Reply]]:
    """The replies of an account and those of its team. Raises `SignedOut` or `NotAccepted`."""
    account = staff.allowed(tx, token, Deed.TALK, minute)
    return store.all_of(tx, owner("own", account)), store.all_of(tx, owner("team", account))


def change(tx: WriteTx, token: bytes, scope: Scope, reply: Reply, minute: int) -> int:
    """Write *reply* over the version that it names, or remove that when it is empty; the version that is kept now.

    Raises `ReplyChanged` when another version is kept: nobody overwrites what they have not seen.
    """
    account = staff.allowed(tx, token, Deed.TALK, minute)
    check_form(reply.id, reply.sealed)
    whose = owner(scope, account)
    version = next_version(store.version(tx, whose, reply.id), reply.version, store.count(tx, whose))
    if reply.sealed:
        store.put(tx, whose, replace(reply, version=version, epoch=_epoch(tx, account, scope, reply)))
    else:
        store.remove(tx, whose, reply.id)
    audit.record(tx, minute=minute, actor=account.id, action="replies.change", reason=scope)
    return version if reply.sealed else NEW


def _epoch(tx: ReadTx, account: Account, scope: Scope, reply: Reply) -> int:
    if scope == "own":
        return 0
    if reply.epoch and reply.epoch not in staff.epochs(tx, account):
        raise MalformedFrame
    return reply.epoch


def oldest_epoch(tx: ReadTx, team: str) -> int | None:
    """The oldest that a reply of this team is sealed under; None when it has none."""
    return store.oldest_epoch(tx, f"team/{team}")


def change_refused(tx: WriteTx, account: Account, scope: Scope, refusal: Refusal, minute: int) -> None:
    """Put a refused change on record."""
    audit.record(tx, minute=minute, actor=account.id, action="replies.change", reason=scope, result=refusal.code)
