"""Wrapping anew over HTTP, with the token of a lead's session. Bodies are JSON, bytes in them base64."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.params import JSONBody

from luwte.conversation import actions as conversations
from luwte.conversation.around import Surroundings
from luwte.desk import rewrap
from luwte.desk.rewrap import AT_ONCE, Anew
from luwte.errors import MalformedFrame, NotAccepted, SlowDown
from luwte.staff import actions as staff
from luwte.staff import people
from luwte.staff.model import Session
from luwte.staff.web import bearer, context

Number = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Wrap(msgspec.Struct, forbid_unknown_fields=True):
    """One secret of a conversation, wrapped to a key of the team."""

    log: Number
    g: Number
    wrap: bytes


class KeptWrap(msgspec.Struct):
    """The same as it is now, to the key of *epoch*."""

    log: int
    g: int
    epoch: int
    wrap: bytes


class Kept(msgspec.Struct):
    """A conversation that ended, as it is wrapped now."""

    conv: bytes
    wraps: list[KeptWrap]


class Batch(msgspec.Struct):
    """Some of them. None of them: that was the last."""

    epoch: int
    left: int
    last: int
    """The place in the list to go on after."""
    conversations: list[Kept]


class After(msgspec.Struct, forbid_unknown_fields=True):
    """Where to go on."""

    after: Number = 0


class Wrapped(msgspec.Struct, forbid_unknown_fields=True):
    """A conversation that was wrapped anew."""

    conv: bytes
    wraps: Annotated[list[Wrap], msgspec.Meta(min_length=1, max_length=64)]


class Stored(msgspec.Struct, forbid_unknown_fields=True):
    """What a desk wrapped to the key of *epoch*."""

    epoch: Number
    conversations: Annotated[list[Wrapped], msgspec.Meta(max_length=AT_ONCE)]


@post("/desk/rewrap/next", status_code=200)
async def following(data: JSONBody[After], request: Request[Any, Any, Any], state: State) -> Batch:
    """What is to be wrapped anew."""
    around: Surroundings = state.luwte.around
    session = await _session(request, state)
    shown = state.luwte.desks.shown(session.token_hash)
    found = await _deed(request, state, session, rewrap.RELEASED, rewrap.release, data.after, frozenset(shown))
    shown.update((rewrap.RELEASED, conversation.id) for conversation, _ in found.conversations)
    kept = []
    for conversation, wraps in found.conversations:
        key = around.shred_key(conversation.id)
        if key is not None:
            opened = conversations.open_wraps(conversation.id, wraps, key)
            kept.append(
                Kept(conversation.id, [KeptWrap(one.log, one.generation, one.epoch, one.wrap) for one in opened])
            )
    last = found.conversations[-1][0].key if found.conversations else data.after
    return Batch(found.epoch, found.left, last, kept)


@post("/desk/rewrap", status_code=200)
async def keep(data: JSONBody[Stored], request: Request[Any, Any, Any], state: State) -> dict[str, int]:
    """Keep what was wrapped anew."""
    anew = [Anew(one.conv, {(wrap.log, wrap.g): wrap.wrap for wrap in one.wraps}) for one in data.conversations]
    session = await _session(request, state)
    return {"stored": await _deed(request, state, session, rewrap.STORED, rewrap.store, data.epoch, anew)}


async def _session(request: Request[Any, Any, Any], state: State) -> Session:
    """Whose it is. Raises `SignedOut`, or `SlowDown`."""
    luwte = context(state)
    session = await luwte.db.read(staff.session, bearer(request), luwte.minute())
    if not luwte.limits.spend("rewrap", session.account.id, burst=240, per_minute=240):
        raise SlowDown
    return session


async def _deed(
    request: Request[Any, Any, Any],
    state: State,
    session: Session,
    action: str,
    deed: Callable[..., Any],
    *values: Any,
) -> Any:
    """Do it for the session that asks; put a refusal on record."""
    luwte, minute = context(state), state.luwte.minute()
    try:
        return await luwte.db.write(deed, bearer(request), *values, minute, state.luwte.around.shred_key)
    except (NotAccepted, MalformedFrame) as refusal:
        await luwte.db.write(people.refused, session.account, action, refusal, minute)
        raise


handlers = [following, keep]
