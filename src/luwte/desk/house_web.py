"""An admin's page of the house over HTTP, with the token of a session. Bodies are JSON, bytes in them base64."""

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from luwte.desk import house
from luwte.line.lines import Lines
from luwte.staff.people_web import ById, recorded
from luwte.staff.web import bearer, context


class SessionRow(msgspec.Struct):
    """Somebody is signed in."""

    account: str
    began: int


class HouseAnswer(msgspec.Struct):
    """How the house is: the line, who is signed in, how many desks are open, when the log was last signed."""

    open: bool
    until: int | None
    desks: int
    signed: int | None
    sessions: list[SessionRow]


@get("/desk/house")
async def look(request: Request[Any, Any, Any], state: State) -> HouseAnswer:
    """How the house is."""
    luwte = context(state)
    lines: Lines = state.luwte.lines
    found = await luwte.db.read(house.house, bearer(request), luwte.minute())
    status, here = lines.status(found.team), state.luwte.desks.here()
    accounts = {account for account, _ in found.sessions}
    rows = [SessionRow(*one) for one in found.sessions]
    return HouseAnswer(status.open, status.until, len(accounts & here), found.signed, rows)


@post("/desk/house/sign-out", status_code=200)
async def sign_out(data: JSONBody[ById], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """Sign a colleague out, everywhere. Their sockets close at once."""
    luwte, around = context(state), state.luwte.around

    async def work(token: bytes) -> None:
        for session in await luwte.db.write(house.sign_out, token, data.id, luwte.minute(), around.shred_key):
            state.luwte.desks.forget(session)

    await recorded(luwte, request, "staff.end_session", work)
    return {}


handlers = [look, sign_out]
