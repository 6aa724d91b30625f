"""Joining over HTTP, before anybody has a session. Bodies are JSON, bytes in them base64."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.params import JSONBody

from luwte.errors import CertificateRefused, CodeRefused, NameTaken, NoSuchInvitation, Refusal, SlowDown
from luwte.plumbing import keystore
from luwte.plumbing.keystore import KeyStore
from luwte.staff import joining
from luwte.staff.invitation import CODE_LETTERS, Application, Founding
from luwte.staff.model import Door
from luwte.staff.own_web import Factor
from luwte.staff.web import Context, context, source

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=2 * CODE_LETTERS)]
JoinName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]

TRIES = 20
"""Codes that one network may try at once; then one a minute. A code has 120 bits: this bounds the noise."""


REFUSALS = (NoSuchInvitation, NameTaken, CertificateRefused, CodeRefused)


class CodeOnly(msgspec.Struct, forbid_unknown_fields=True):
    """Asks what a code is for."""

    code: Code


class Opens(msgspec.Struct):
    """What a code opens."""

    account: str
    team: str
    role: str
    founds: bool


class JoinBody(msgspec.Struct, forbid_unknown_fields=True):
    """A code, and what its owner's browser made."""

    code: Code
    name: JoinName
    salt: bytes
    proof: bytes
    server_half: bytes
    sealed_amk: bytes
    sealed_x25519: bytes
    sealed_ed25519: bytes
    ed25519: bytes
    x25519: bytes
    factor: Factor | None = None

    def application(self) -> Application:
        """Without the code."""
        return Application(
            self.name,
            self.salt,
            self.proof,
            self.server_half,
            self.sealed_amk,
            self.sealed_x25519,
            self.sealed_ed25519,
            self.ed25519,
            self.x25519,
            self.factor.enrolment() if self.factor else None,
        )


class FoundBody(JoinBody, forbid_unknown_fields=True, kw_only=True):
    """The same of the first lead, and the organisation."""

    root: bytes
    admin_certificate: bytes
    recovery_certificate: bytes
    team_certificate: bytes
    certificate: bytes
    team_key: bytes
    recovery_wrap: bytes
    admin_key: bytes
    admin_recovery_wrap: bytes = b""


@post("/desk/invitation", status_code=200)
async def invitation(data: JSONBody[CodeOnly], request: Request[Any, Any, Any], state: State) -> Opens:
    """What a code is for."""
    luwte = context(state)
    try:
        found, founds = await luwte.db.read(joining.look, data.code, luwte.minute())
    except NoSuchInvitation as refusal:
        await _refused(luwte, request, data.code, refusal)
        raise
    return Opens(found.account, found.team, found.role, founds)


@post("/desk/join", status_code=200)
async def join(data: JSONBody[JoinBody], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """Use a code up, and wait for a colleague."""
    luwte = context(state)
    try:
        await _begin(luwte, data.code, data.application(), joining.join, _door(luwte))
    except REFUSALS as refusal:
        await _refused(luwte, request, data.code, refusal)
        raise
    return {}


@post("/desk/found", status_code=200)
async def found(data: JSONBody[FoundBody], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """Make the organisation: all that the first lead's browser made, at once or not at all."""
    luwte = context(state)
    founding = Founding(
        data.root,
        data.admin_certificate,
        data.recovery_certificate,
        data.team_certificate,
        data.certificate,
        data.team_key,
        data.recovery_wrap,
        data.admin_key,
        data.admin_recovery_wrap,
    )
    try:
        if luwte.root not in (b"", data.root):
            raise CertificateRefused
        await _begin(
            luwte,
            data.code,
            data.application(),
            joining.found,
            founding,
            luwte.settings.organisation,
            luwte.settings.line_name,
            _door(luwte),
        )
    except REFUSALS as refusal:
        await _refused(luwte, request, data.code, refusal)
        raise
    await luwte.reload_teams()
    return {}


async def _begin(luwte: Context, code: str, application: Application, deed: Callable[..., None], *values: Any) -> None:
    """Do it once the server's half of the key is durable; that of a refused try is erased again.

    One at a time, so that of two who use a code at once neither erases the half of the other.
    """
    application.check(is_demo=luwte.is_demo)
    async with luwte.joining:
        invitation, _ = await luwte.db.read(joining.look, code, luwte.minute())
        id = bytes.fromhex(invitation.account)
        await asyncio.to_thread(_put_half, luwte.keys, id, application.server_half)
        try:
            await luwte.db.write(deed, code, application, *values)
        except Refusal:
            await asyncio.to_thread(luwte.keys.erase, keystore.STAFF, id)
            raise


def _put_half(keys: KeyStore, id: bytes, half: bytes) -> None:
    keys.erase(keystore.STAFF, id)  # of a try that was cut off before its commit
    keys.put(keystore.STAFF, id, half)


def _door(luwte: Context) -> Door:
    return Door(luwte.server_secret, luwte.now(), luwte.is_demo)


async def _refused(luwte: Context, request: Request[Any, Any, Any], code: str, refusal: Refusal) -> None:
    """One record for each refused try. Only refused ones count: nobody can use up an invited colleague's turn."""
    if not luwte.limits.spend("join", source(request), burst=TRIES, per_minute=1):
        raise SlowDown from None
    await luwte.db.write(joining.refused, code, refusal.code, luwte.minute())


handlers = [invitation, join, found]
