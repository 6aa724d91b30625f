"""One's own account over HTTP, with the token of a session. Bodies are JSON, bytes in them base64."""

import functools
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from luwte.errors import CodeRefused, NoSuchSession, SignInRefused, SlowDown
from luwte.staff import actions, own
from luwte.staff.own import Again, Seal
from luwte.staff.second_factor import Enrolment
from luwte.staff.web import TRIES, Code, bearer, context

RecoveryCodes = Annotated[list[bytes], msgspec.Meta(max_length=10)]


class Factor(msgspec.Struct, forbid_unknown_fields=True):
    """A second factor that a browser made, with a code of the app that has it. Joining sends the same."""

    secret: bytes
    code: Code
    recovery: RecoveryCodes

    def enrolment(self) -> Enrolment:
        """For `second_factor.enrol`."""
        return Enrolment(self.secret, self.code, tuple(self.recovery))


class FactorBody(msgspec.Struct, forbid_unknown_fields=True):
    """A second factor, and the passphrase again."""

    proof: bytes
    factor: Factor


class CodesBody(msgspec.Struct, forbid_unknown_fields=True):
    """New recovery codes, and the passphrase again."""

    proof: bytes
    recovery: RecoveryCodes


class NextSheet(msgspec.Struct, forbid_unknown_fields=True):
    """What goes with the sheet after the one that is used up."""

    proof_hash: bytes
    sealed_amk: bytes


class PassphraseBody(msgspec.Struct, forbid_unknown_fields=True):
    """What goes with a new passphrase, and the old one, or the sheet, again."""

    proof: bytes
    proof_hash: bytes
    sealed_amk: bytes
    sheet: bool = False
    next_sheet: NextSheet | None = None
    """With *sheet*, and only then."""


class SheetBody(msgspec.Struct, forbid_unknown_fields=True):
    """What goes with a recovery sheet, and the passphrase again."""

    proof: bytes
    proof_hash: bytes
    sealed_amk: bytes


class EndBody(msgspec.Struct, forbid_unknown_fields=True):
    """One session; without one all others."""

    id: bytes | None = None


class OwnSession(msgspec.Struct):
    """A session of one's own, and whether it is the one that asks. No address and no browser: nobody keeps them."""

    id: bytes
    began: int
    here: bool


class OwnAnswer(msgspec.Struct):
    """What one is shown of one's own account."""

    second_factor: bool
    recovery_codes: int
    sheet: bool
    sessions: list[OwnSession]


@get("/desk/account")
async def look(request: Request[Any, Any, Any], state: State) -> OwnAnswer:
    """One's own account."""
    luwte = context(state)
    found = await luwte.db.read(own.look, bearer(request), luwte.minute())
    sessions = [OwnSession(hash, began, hash == found.here) for hash, began in found.sessions]
    return OwnAnswer(found.second_factor, found.recovery_codes, found.sheet, sessions)


@post("/desk/account/second-factor", status_code=200)
async def second_factor(data: JSONBody[FactorBody], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """Set up a second factor, in place of any other."""
    luwte = context(state)
    values = (Again(data.proof), data.factor.enrolment(), luwte.server_secret, luwte.now())
    return await _do(request, state, "staff.second_factor", own.set_second_factor, *values)


@post("/desk/account/recovery-codes", status_code=200)
async def recovery_codes(data: JSONBody[CodesBody], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """New recovery codes in place of the ones before."""
    values = (Again(data.proof), tuple(data.recovery), context(state).server_secret)
    return await _do(request, state, "staff.recovery_codes", own.set_recovery_codes, *values)


@post("/desk/account/passphrase", status_code=200)
async def passphrase(data: JSONBody[PassphraseBody], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """Another passphrase; every other session ends."""
    following = Seal(data.next_sheet.proof_hash, data.next_sheet.sealed_amk) if data.next_sheet else None
    values = (Again(data.proof, data.sheet), Seal(data.proof_hash, data.sealed_amk), following)
    return await _do(request, state, "staff.passphrase", own.set_passphrase, *values, renewing=data.sheet)


@post("/desk/account/sheet", status_code=200)
async def sheet(data: JSONBody[SheetBody], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """A recovery sheet in place of any other."""
    seal = Seal(data.proof_hash, data.sealed_amk)
    return await _do(request, state, "staff.sheet", own.set_sheet, Again(data.proof), seal)


@post("/desk/account/end", status_code=200)
async def end(data: JSONBody[EndBody], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """End one session of one's own, or all others. Their sockets close at once."""
    return await _do(request, state, "staff.end_session", own.end_sessions, data.id)


async def _do(
    request: Request[Any, Any, Any],
    state: State,
    action: str,
    deed: Callable[..., None],
    *values: Any,
    renewing: bool = False,
) -> dict[str, str]:
    """Do *deed* for the session of the request; a refused one is on record, and slowed like an unlock that is."""
    luwte, token = context(state), bearer(request)
    asks = functools.partial(actions.session, renewing=renewing)
    account = (await luwte.db.read(asks, token, luwte.minute())).account
    if not luwte.limits.spend("account", account.id, burst=60, per_minute=60):
        raise SlowDown
    try:
        await luwte.db.write(deed, token, *values, luwte.minute())
    except (SignInRefused, CodeRefused, NoSuchSession) as refusal:
        if not luwte.limits.spend("unlock", account.id, burst=TRIES, per_minute=1):
            raise SlowDown from None
        await luwte.db.write(own.refused, account, action, refusal, luwte.minute())
        raise
    return {}


handlers = [look, second_factor, recovery_codes, passphrase, sheet, end]
