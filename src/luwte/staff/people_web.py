"""Deeds with people over HTTP, with the token of a session. Bodies are JSON, bytes in them base64."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from luwte.errors import (
    CertificateRefused,
    EpochNotDue,
    LastLead,
    NoSuchApplicant,
    NoSuchInvitation,
    NoSuchMember,
    NotAccepted,
    SlowDown,
)
from luwte.plumbing import keystore
from luwte.staff import actions, people
from luwte.staff.invitation import Admission, NextEpoch
from luwte.staff.people import Pinned
from luwte.staff.web import Context, WrappedTeamKey, bearer, context

Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Epoch = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
REFUSALS = (NotAccepted, NoSuchInvitation, NoSuchApplicant, NoSuchMember, LastLead, CertificateRefused, EpochNotDue)

MEMBERS = 500
"""Of one team, who all get its next key at once."""

LARGEST_EPOCH = 131_072
"""Bytes of the one body that grows with the team: 170 for each of its members."""


class InvitationRow(msgspec.Struct):
    """One that may still be used."""

    id: str
    role: str
    until: int
    instead_of: str | None
    """The account of a colleague who lost everything."""


class ApplicantRow(msgspec.Struct):
    """Somebody who waits, with the keys to be certified."""

    account: str
    name: str
    role: str
    ed25519: bytes
    x25519: bytes
    since: int
    instead_of: str | None


class MemberRow(msgspec.Struct):
    """Somebody who belongs."""

    account: str
    name: str
    role: str
    certificate: bytes
    reads_from: int | None
    """The minute before which nothing is given to them."""


class AdminKey(msgspec.Struct):
    """The team-admin key, wrapped to the lead who asks."""

    epoch: int
    wrap: bytes


class PeopleAnswer(msgspec.Struct):
    """All that a desk needs to look after its team. Keys are wrapped to who asks: an admin has none."""

    team: str
    admin_certificate: bytes
    team_certificate: bytes
    recovery_certificate: bytes
    invitations: list[InvitationRow]
    waiting: list[ApplicantRow]
    members: list[MemberRow]
    team_keys: list[WrappedTeamKey]
    admin_key: AdminKey | None
    epoch_due: bool
    known_outside: bool
    recovery_due: bool


class InviteBody(msgspec.Struct, forbid_unknown_fields=True):
    """A role, and the SHA-256 of a code that the browser of who invites made."""

    role: Literal["counsellor", "lead", "reviewer", "admin"]
    code_hash: bytes
    instead_of: Id | None = None
    """The account of a colleague who lost everything."""


class Invited(msgspec.Struct):
    """The invitation that was made."""

    id: str
    until: int


class ById(msgspec.Struct, forbid_unknown_fields=True):
    """One invitation or applicant."""

    id: Id


class Wrapped(msgspec.Struct, forbid_unknown_fields=True):
    """A team's private key of one epoch, wrapped to a new member."""

    epoch: Epoch
    wrap: bytes


class AdmitBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a lead's browser made for an applicant."""

    id: Id
    certificate: bytes
    team_keys: Annotated[list[Wrapped], msgspec.Meta(max_length=64)]
    admin_key: bytes = b""


class Renewed(msgspec.Struct, forbid_unknown_fields=True):
    """A member's certificate that lasts longer."""

    account: Id
    certificate: bytes


class RenewBody(msgspec.Struct, forbid_unknown_fields=True):
    """Certificates that last longer; of the team only when it is there."""

    members: Annotated[list[Renewed], msgspec.Meta(max_length=20)]
    team_certificate: bytes = b""


class MemberWrap(msgspec.Struct, forbid_unknown_fields=True):
    """The team's next key, wrapped to one member."""

    account: Id
    wrap: bytes


class RecoveryBody(msgspec.Struct, forbid_unknown_fields=True):
    """The team-admin key, wrapped to the recovery key."""

    wrap: bytes


class EpochBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a lead's browser made for the team's next epoch."""

    certificate: bytes
    wraps: Annotated[list[MemberWrap], msgspec.Meta(min_length=1, max_length=MEMBERS)]
    recovery_wrap: bytes


@get("/desk/people")
async def read(request: Request[Any, Any, Any], state: State) -> PeopleAnswer:
    """Who is invited, who waits, who belongs."""
    luwte = context(state)
    found = await luwte.db.read(people.people, bearer(request), luwte.minute())
    return PeopleAnswer(
        found.team.slug,
        found.team.admin_certificate,
        found.team.certificate,
        found.recovery,
        [InvitationRow(one.id, one.role, one.until, one.instead_of) for one in found.invitations],
        [
            ApplicantRow(one.id, one.name, one.role, one.ed25519, one.x25519, one.joined, one.instead_of)
            for one in found.waiting
        ],
        [MemberRow(one.id, one.name, one.role, certificate, one.reads_from) for one, certificate in found.members],
        [WrappedTeamKey(key.team, key.epoch, key.wrap) for key in found.team_keys],
        AdminKey(*found.admin_key) if found.admin_key else None,
        found.epoch_due,
        found.known_outside,
        found.recovery_due,
    )


@post("/desk/invite", status_code=200)
async def invite(data: JSONBody[InviteBody], request: Request[Any, Any, Any], state: State) -> Invited:
    """Invite a colleague."""
    if len(data.code_hash) != 32:
        raise NoSuchInvitation
    luwte = context(state)
    values = (data.role, data.code_hash, data.instead_of, luwte.minute())
    action = "staff.reinvite" if data.instead_of else "staff.invite"
    made = await _deed(luwte, request, action, people.invite, *values)
    return Invited(made.id, made.until)


@post("/desk/withdraw", status_code=200)
async def withdraw(data: JSONBody[ById], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """Take an invitation back."""
    luwte = context(state)
    await _deed(luwte, request, "staff.withdraw", people.withdraw, data.id, luwte.minute())
    return {}


@post("/desk/admit", status_code=200)
async def admit(data: JSONBody[AdmitBody], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """Make an applicant a colleague."""
    luwte = context(state)
    admission = Admission(data.certificate, {one.epoch: one.wrap for one in data.team_keys}, data.admin_key)

    async def work(token: bytes) -> None:
        await luwte.admit(token, data.id, admission)

    await recorded(luwte, request, "staff.admit", work)
    return {}


@post("/desk/decline", status_code=200)
async def decline(data: JSONBody[ById], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """Send an applicant away."""
    luwte = context(state)
    await _deed(luwte, request, "staff.decline", people.decline, data.id, luwte.minute())
    # After the commit: a deed touches nothing but its transaction. What a crash leaves is erased at the next start.
    await asyncio.to_thread(luwte.keys.erase, keystore.STAFF, bytes.fromhex(data.id))
    return {}


@post("/desk/renew", status_code=200)
async def renew(data: JSONBody[RenewBody], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """Put certificates that last longer in the place of those that end soon."""
    luwte = context(state)
    own = {one.account: one.certificate for one in data.members}
    await _deed(
        luwte, request, "staff.renew", people.renew, data.team_certificate, own, _pinned(luwte), int(luwte.now())
    )
    await luwte.reload_teams()
    return {}


@post("/desk/remove", status_code=200)
async def remove(data: JSONBody[ById], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """End a colleague's time here."""
    luwte = context(state)

    async def work(token: bytes) -> None:
        await luwte.remove(token, data.id)

    await recorded(luwte, request, "staff.remove", work)
    return {}


@post("/desk/epoch", status_code=200, request_max_body_size=LARGEST_EPOCH)
async def epoch(data: JSONBody[EpochBody], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """Put the team's next key in force."""
    luwte = context(state)
    made = NextEpoch(data.certificate, {one.account: one.wrap for one in data.wraps}, data.recovery_wrap)
    await _deed(luwte, request, "staff.epoch", people.begin_epoch, made, _pinned(luwte), int(luwte.now()))
    await luwte.reload_teams()
    return {}


@post("/desk/recovery", status_code=200)
async def recovery(data: JSONBody[RecoveryBody], request: Request[Any, Any, Any], state: State) -> dict[str, str]:
    """Have the team-admin key open with the papers, too."""
    luwte = context(state)
    await _deed(luwte, request, "staff.recovery_wrap", people.wrap_for_recovery, data.wrap, luwte.minute())
    return {}


async def _deed(
    luwte: Context, request: Request[Any, Any, Any], action: str, deed: Callable[..., Any], *values: Any
) -> Any:
    """Do it for the session that asks, in one transaction; put a refusal on record."""

    async def work(token: bytes) -> Any:
        return await luwte.db.write(deed, token, *values)

    return await recorded(luwte, request, action, work)


async def recorded(
    luwte: Context, request: Request[Any, Any, Any], action: str, work: Callable[[bytes], Awaitable[Any]]
) -> Any:
    """Do *work* with the token of the request; put a refusal on record."""
    token, minute = bearer(request), luwte.minute()
    account = (await luwte.db.read(actions.session, token, minute)).account
    if not luwte.limits.spend("people", account.id, burst=60, per_minute=60):
        raise SlowDown
    try:
        return await work(token)
    except REFUSALS as refusal:
        await luwte.db.write(people.refused, account, action, refusal, minute)
        raise


def _pinned(luwte: Context) -> Pinned:
    return Pinned(luwte.root, luwte.settings.organisation)


handlers = [read, invite, withdraw, admit, decline, renew, remove, epoch, recovery]
