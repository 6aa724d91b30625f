"""Signing in and out over HTTP; bodies are JSON, bytes in them base64."""

import asyncio
import os
from typing import Annotated, Any, Protocol

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.params import JSONBody

from luwte.errors import NotAdmitted, SignedOut, SignInRefused, SlowDown
from luwte.plumbing import keystore
from luwte.plumbing.db import Db
from luwte.plumbing.keystore import KeyStore
from luwte.plumbing.limits import Limits, network
from luwte.settings import Settings
from luwte.staff import actions
from luwte.staff.invitation import Admission
from luwte.staff.model import Account, Door, TeamKey, Try
from luwte.staff.second_factor import is_guessable

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]

TRIES = 10
"""Wrong passphrases for one name from one network before it has to slow down; then one a minute."""

CODES = 10
"""Wrong one-time codes for one account until none counts for a while, at most twenty in an hour: each is right three
times in a million. Only who knows the passphrase spends them, and a recovery code counts all the while."""

Code = Annotated[str, msgspec.Meta(max_length=64)]


FORGET = '"cache", "storage"'
"""Not cookies: the desk has none, and it would erase those of the whole domain, of the organisation's mail for one."""


class NameOnly(msgspec.Struct, forbid_unknown_fields=True):
    """Asks for the salt of a name."""

    name: Name


class SignInBody(msgspec.Struct, forbid_unknown_fields=True):
    """A name, the proof that one knows its passphrase, or has its sheet, and a one-time code or a recovery code."""

    name: Name
    proof: bytes
    code: Code = ""
    sheet: bool = False


class UnlockBody(msgspec.Struct, forbid_unknown_fields=True):
    """The proof again, inside a session."""

    proof: bytes


class SaltAnswer(msgspec.Struct):
    """Always a salt."""

    salt: bytes


class WrappedTeamKey(msgspec.Struct):
    """A team's private key, wrapped to this member."""

    team: str
    epoch: int
    wrap: bytes


class Keys(msgspec.Struct):
    """What a browser needs, besides the passphrase, to open this member's keys."""

    account: str
    role: str
    server_half: bytes
    sealed_amk: bytes
    sealed_x25519: bytes
    sealed_ed25519: bytes
    team_keys: list[WrappedTeamKey]
    demo: bool


class SignInAnswer(Keys):
    """Keys, and the token of the new session."""

    token: bytes


class RenewalAnswer(msgspec.Struct):
    """By a recovery sheet: what another passphrase is made from, and the token that may set it."""

    token: bytes
    account: str
    server_half: bytes
    sealed_amk: bytes


class LaterAnswer(msgspec.Struct):
    """All was right, and nothing is given before this minute: whoever lost everything waits a day."""

    reads_from: int


class Context(Protocol):
    """What these handlers need of the process they run in."""

    db: Db
    keys: KeyStore
    limits: Limits
    guesses: Limits
    """Of codes, by account. They forget nothing when the hour is over."""
    server_secret: bytes
    joining: asyncio.Lock
    """Held while somebody uses a code up."""
    settings: Settings
    root: bytes
    """The pinned root; empty before one is."""
    is_demo: bool

    def minute(self) -> int:
        """Now, as fine as is stored."""
        ...

    def now(self) -> float:
        """Now, in Unix seconds."""
        ...

    async def reload_teams(self) -> None:
        """Teams or certificates changed."""
        ...

    async def sign_out(self, token: bytes) -> None:
        """End the session of *token*; what it had waits again."""
        ...

    async def admit(self, token: bytes, id: str, admission: Admission) -> None:
        """Admit somebody to the team of the lead whose session this is."""
        ...

    async def remove(self, token: bytes, id: str) -> None:
        """Remove a colleague of the lead whose session this is: their sessions end, what they had waits again."""
        ...


def context(state: State) -> Context:
    """The running process, as `app` put it there."""
    found: Context = state.luwte
    return found


@post("/desk/salt", status_code=200)
async def salt(data: JSONBody[NameOnly], request: Request[Any, Any, Any], state: State) -> SaltAnswer:
    """The salt for a name, whether or not anybody has it."""
    luwte = context(state)
    if not luwte.limits.spend("salt", source(request), burst=60, per_minute=60):
        raise SlowDown
    return SaltAnswer(await luwte.db.read(actions.salt, data.name, luwte.server_secret))


@post("/desk/sign-in", status_code=200)
async def sign_in(
    data: JSONBody[SignInBody], request: Request[Any, Any, Any], state: State
) -> SignInAnswer | RenewalAnswer | LaterAnswer:
    """Begin a session."""
    luwte = context(state)
    token, minute = os.urandom(32), luwte.minute()
    shown = Try(data.name, data.proof, data.code, data.sheet)
    # Counted before it is judged: of many at once no more are judged than of one after the other.
    known = await luwte.db.read(actions.knows_passphrase, shown)
    guesser = known.id if known else ""
    is_guess = is_guessable(data.code)
    may_guess = not is_guess or luwte.guesses.spend("code", guesser, burst=CODES, per_minute=CODES / 60)
    door = Door(luwte.server_secret, luwte.now(), luwte.is_demo, may_guess=may_guess)
    try:
        account, keys = await luwte.db.write(actions.sign_in, shown, door, token, minute)
    except (SignInRefused, NotAdmitted) as refusal:
        # Only wrong tries count, and a right one always passes: nobody can keep a counsellor out by guessing at the
        # name. The passphrase is generated and too long to guess; this bounds the noise, in the audit log, too.
        here = source(request)
        is_heard = luwte.limits.spend("sign_ins", here, burst=60, per_minute=60)
        if not (is_heard and luwte.limits.spend("sign_in", f"{here}\0{data.name}", burst=TRIES, per_minute=1)):
            raise SlowDown from None
        if isinstance(refusal, NotAdmitted):
            await luwte.db.write(actions.sign_in_not_admitted, data.name, luwte.minute())
        else:
            await luwte.db.write(actions.sign_in_refused, data.name, luwte.minute(), knew_passphrase=known is not None)
        raise
    if is_guess:
        # Only this one: whoever has the passphrase and guesses beside a colleague who signs in gets no new ten by it.
        luwte.guesses.give_back("code", account.id)
    if account.reads_from is not None and account.waits(minute):
        return LaterAnswer(account.reads_from)
    if data.sheet:
        return RenewalAnswer(token, account.id, _half(luwte, account), account.sealed_amk)
    return SignInAnswer(token=token, **_keys(luwte, account, keys))


@post("/desk/unlock", status_code=200)
async def unlock(data: JSONBody[UnlockBody], request: Request[Any, Any, Any], state: State) -> Keys:
    """The sealed keys once more, after a lock."""
    luwte = context(state)
    token = bearer(request)
    session = await luwte.db.read(actions.session, token, luwte.minute())
    try:
        account, keys = await luwte.db.write(actions.unlock, token, data.proof, luwte.minute())
    except SignInRefused:
        if not luwte.limits.spend("unlock", session.account.id, burst=TRIES, per_minute=1):
            raise SlowDown from None
        await luwte.db.write(actions.unlock_refused, session, luwte.minute())
        raise
    return Keys(**_keys(luwte, account, keys))


@post("/desk/sign-out", status_code=200)
async def sign_out(request: Request[Any, Any, Any], state: State) -> Response[dict[str, str]]:
    """End the session; what it had waits again. The browser forgets whatever it may have kept of the desk."""
    await context(state).sign_out(bearer(request))
    return Response({}, headers={"Clear-Site-Data": FORGET})


handlers = [salt, sign_in, unlock, sign_out]


def bearer(request: Request[Any, Any, Any]) -> bytes:
    """The token in the Authorization header. Raises `SignedOut`."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        token = msgspec.convert(value, bytes)
    except msgspec.ValidationError:
        raise SignedOut from None
    if kind.lower() != "bearer" or len(token) != 32:
        raise SignedOut
    return token


def source(request: Request[Any, Any, Any]) -> str:
    """Where a request comes from, as `Limits` knows it."""
    return network(request.client.host if request.client else None)


def _half(luwte: Context, account: Account) -> bytes:
    half = luwte.keys.get(keystore.STAFF, bytes.fromhex(account.id))
    if half is None:
        raise SignInRefused
    return half


def _keys(luwte: Context, account: Account, keys: list[TeamKey]) -> dict[str, Any]:
    return {
        "account": account.id,
        "role": account.role,
        "server_half": _half(luwte, account),
        "sealed_amk": account.sealed_amk,
        "sealed_x25519": account.sealed_x25519,
        "sealed_ed25519": account.sealed_ed25519,
        "team_keys": [WrappedTeamKey(key.team, key.epoch, key.wrap) for key in keys],
        "demo": luwte.is_demo,
    }
