"""Canned replies over HTTP, with the token of a session. Bodies are JSON, bytes in them base64."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from luwte.errors import NotAccepted, ReplyChanged, SlowDown, TooManyReplies
from luwte.replies import actions
from luwte.replies.model import Reply, Scope
from luwte.staff import actions as staff
from luwte.staff.web import bearer, context

Version = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class ReplyRow(msgspec.Struct):
    """One reply, as a browser sealed it."""

    id: bytes
    version: int
    sealed: bytes
    epoch: int
    """Of the team's key; 0: nobody said, or it is somebody's own."""


class Replies(msgspec.Struct):
    """All that a desk may open."""

    own: list[ReplyRow]
    team: list[ReplyRow]


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """A reply in place of the version that it names; empty: no reply any more."""

    scope: Scope
    id: bytes
    version: Version
    sealed: bytes
    epoch: Version = 0


class Kept(msgspec.Struct):
    """The version that is kept now; 0 after removing."""

    version: int


@get("/desk/replies")
async def read(request: Request[Any, Any, Any], state: State) -> Replies:
    """What this account and its team keep."""
    luwte = context(state)
    own, team = await luwte.db.read(actions.read, bearer(request), luwte.minute())
    return Replies(_rows(own), _rows(team))


@post("/desk/replies", status_code=200)
async def change(data: JSONBody[Change], request: Request[Any, Any, Any], state: State) -> Kept:
    """Add, change or remove one."""
    luwte, token = context(state), bearer(request)
    account = (await luwte.db.read(staff.session, token, luwte.minute())).account
    if not luwte.limits.spend("replies", account.id, burst=60, per_minute=60):
        raise SlowDown
    reply = Reply(data.id, data.version, data.sealed, data.epoch)
    try:
        return Kept(await luwte.db.write(actions.change, token, data.scope, reply, luwte.minute()))
    except (NotAccepted, ReplyChanged, TooManyReplies) as refusal:
        await luwte.db.write(actions.change_refused, account, data.scope, refusal, luwte.minute())
        raise


def _rows(replies: list[Reply]) -> list[ReplyRow]:
    return [ReplyRow(reply.id, reply.version, reply.sealed, reply.epoch) for reply in replies]


handlers = [read, change]
