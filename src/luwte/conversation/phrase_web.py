"""Looking up a return phrase over HTTP: POST `/l/<line>/phrase`, docs/protocol.md section 5.10."""

import hashlib
from asyncio import sleep
from typing import Annotated, Any, Protocol

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from luwte.conversation import phrases
from luwte.conversation.around import Surroundings
from luwte.errors import NotFound
from luwte.plumbing.limits import network
from luwte.staff.model import Team

AT_ONCE, A_MINUTE = 30, 30
"""Look-ups of one network before each takes longer: more than a shelter's people need, and nothing to a guesser."""

SLOWER = 2.0
"""Seconds that each further look-up waits, all of them side by side: a flood from a school keeps no child of it out."""


class Locator(msgspec.Struct, forbid_unknown_fields=True):
    """Where a phrase is found."""

    locator: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class Box(msgspec.Struct):
    """Always a box; whether it is one shows who has the phrase."""

    box: bytes


class Context(Protocol):
    """What this handler needs of the process it runs in."""

    around: Surroundings
    teams: dict[str, Team]
    server_secret: bytes


@post("/l/{line:str}/phrase", status_code=200)
async def look_up(line: FromPath[str], data: JSONBody[Locator], request: Request[Any, Any, Any], state: State) -> Box:
    """What is kept under a locator, whether or not anything is."""
    luwte: Context = state.luwte
    around = luwte.around
    if line not in luwte.teams:
        raise NotFound
    source = network(request.client.host if request.client else None)
    if not around.limits.spend("phrase", source, burst=AT_ONCE, per_minute=A_MINUTE):
        await sleep(SLOWER)
    hashed = hashlib.sha256(data.locator).digest()
    found = await around.db.read(phrases.look_up, hashed, line)
    return Box(phrases.answer(found, hashed, around.shred_key, luwte.server_secret))


handlers = (look_up,)
