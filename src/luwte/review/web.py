"""Looking through the audit log over HTTP, with the token of a session. What is asked is in no address."""

from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.params import JSONBody

from luwte.conversation.around import Surroundings
from luwte.errors import MalformedFrame, NoSuchConversation, NotAccepted, SlowDown
from luwte.review import actions
from luwte.review.model import Row
from luwte.staff import actions as staff
from luwte.staff.web import bearer, context

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Day = Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """All of the team; one employee, by name; or one conversation, by its number and the day, counted from 1970."""

    employee: Annotated[str, msgspec.Meta(max_length=100)] = ""
    number: Count | None = None
    day: Day | None = None
    before: Count | None = None


class After(msgspec.Struct, forbid_unknown_fields=True):
    """How many records who asks remembers."""

    after: Count = 0


class Checkpoint(msgspec.Struct):
    """What the log is now, proved to follow from what who asks remembers."""

    key: bytes
    note: str
    proof: list[bytes]


class Newest(msgspec.Struct):
    """None while nobody has signed one."""

    checkpoint: Checkpoint | None


class Page(msgspec.Struct):
    """One page, newest first."""

    rows: list[Row]
    more: bool
    employees: list[str]


@post("/desk/audit", status_code=200)
async def look(data: JSONBody[Ask], request: Request[Any, Any, Any], state: State) -> Page:
    """One page of the log; that it was looked at is on disk before it leaves."""
    luwte, token = context(state), bearer(request)
    around: Surroundings = state.luwte.around
    minute = luwte.minute()
    if (data.number is None) != (data.day is None):
        raise MalformedFrame
    account = (await luwte.db.read(staff.session, token, minute)).account
    if not luwte.limits.spend("audit", account.id, burst=60, per_minute=60):
        raise SlowDown
    wanted = (data.number, data.day) if data.number is not None and data.day is not None else None
    try:
        account, asked = await luwte.db.write(actions.begin, token, data.employee, wanted, minute, around.shred_key)
    except (NotAccepted, NoSuchConversation) as refusal:
        await luwte.db.write(actions.refused, account, refusal, minute)
        raise
    before = actions.NEWEST if data.before is None else data.before
    return Page(*await luwte.db.read(actions.page, account, asked, before))


@post("/desk/checkpoint", status_code=200)
async def checkpoint(data: JSONBody[After], request: Request[Any, Any, Any], state: State) -> Newest:
    """The newest signature under the log, for who has no socket."""
    luwte, token = context(state), bearer(request)
    account = (await luwte.db.read(staff.session, token, luwte.minute())).account
    if not luwte.limits.spend("checkpoint", account.id, burst=60, per_minute=60):
        raise SlowDown
    found = await luwte.db.read(actions.checkpoint, token, data.after, luwte.minute())
    return Newest(Checkpoint(*found) if found is not None else None)


handlers = [look, checkpoint]
