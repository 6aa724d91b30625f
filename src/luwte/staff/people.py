"""Deeds with people: see, invite, withdraw (an admin, too); admit, decline, renew, begin an epoch (a lead alone)."""

from collections.abc import Callable
from dataclasses import dataclass

from luwte.audit import actions as audit
from luwte.crypto.certificate import Type, Untrusted, cert_id, check_chain, parse
from luwte.errors import (
    CertificateRefused,
    EpochNotDue,
    LastLead,
    NoSuchApplicant,
    NoSuchInvitation,
    NoSuchMember,
    NotAccepted,
    Refusal,
)
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff import actions, joining, joining_store, second_factor_store, store
from luwte.staff.invitation import (
    APPLIES_MINUTES,
    HOURS,
    Admission,
    Applicant,
    Invitation,
    NextEpoch,
    check_admission,
    check_lasts,
    check_next_epoch,
    check_wraps,
    new_invitation,
)
from luwte.staff.model import Account, Member, Team, TeamKey, returning_topic
from luwte.staff.roles import Deed, has_team_key, may_invite

LONGEST_EPOCH = 90 * 24 * 60
"""Minutes after which a team's key should change though nobody left."""

WRAPPED_BY_OTHERS, WRAPPED = 24 * 60, 14 * 24 * 60
"""Minutes after which a lead's desk wraps the team-admin key for the papers anew: another's wrap, and its own."""

ON_ITS_WAY = 10
"""Minutes after which nothing comes any more that was wrapped to the key of before."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What certificates are judged by."""

    root: bytes
    organisation: str


@dataclass(frozen=True, slots=True)
class People:
    """What a desk needs to look after its team. Wraps are those of who asks: an admin has none."""

    team: Team
    invitations: list[Invitation]
    waiting: list[Applicant]
    members: list[tuple[Member, bytes]]
    """With their certificates."""
    team_keys: list[TeamKey]
    """Wrapped to the lead who asks."""
    admin_key: tuple[int, bytes] | None
    """Epoch and wrap, for the lead who asks."""
    recovery: bytes
    epoch_due: bool
    """The next one should begin."""
    known_outside: bool
    """Because somebody who left had the team's key of this epoch."""
    recovery_due: bool
    """The desk that asks should wrap the team-admin key to the recovery key."""


def people(tx: ReadTx, token: bytes, minute: int) -> People:
    """Who is invited, who waits, who belongs. Raises `SignedOut` or `NotAccepted`."""
    account = actions.allowed(tx, token, Deed.LOOK_AFTER, minute)
    team = actions.team_of(tx, account)
    members = [(one, store.certificate_of(tx, one.id, team.slug)) for one in store.members(tx, team.slug)]
    return People(
        team,
        [one for one in joining_store.open_invitations(tx, team.slug) if one.counts(minute)],
        joining_store.applicants(tx, team.slug),
        [(member, certificate) for member, certificate in members if certificate is not None],
        store.team_keys(tx, account.id),
        joining_store.admin_key(tx, account.id),
        joining_store.recovery(tx),
        is_due(tx, team, minute),
        store.is_known_outside(tx, team.slug, team.epoch),
        is_recovery_due(tx, account.id, minute),
    )


def invite(tx: WriteTx, token: bytes, role: str, code_hash: bytes, instead_of: str | None, minute: int) -> Invitation:
    """Invite somebody into one's own team. The server learns the code when it is used.

    It opens nothing before a lead admits who comes, in the role that the lead sees. *instead_of*: the account of a
    colleague who lost everything, whose role they keep. Nothing happens to it before the new one is admitted: a call
    may be a lie, and a code may never be used. Raises `NoSuchMember`, or `NotAccepted` for a role that is not one's own
    to invite or not theirs, and for oneself.
    """
    account = actions.allowed(tx, token, Deed.LOOK_AFTER, minute)
    if not may_invite(account.role, role):
        raise NotAccepted
    if instead_of is not None:
        _check_lost(tx, account, role, instead_of)
    made = new_invitation(account.team, role, account.id, minute, instead_of)
    if not joining_store.put_invitation(tx, made, code_hash):
        raise NoSuchInvitation
    action, reason = ("staff.reinvite", instead_of) if instead_of else ("staff.invite", role)
    audit.record(tx, minute=minute, actor=account.id, action=action, reason=reason)
    return made


def _check_lost(tx: ReadTx, lead: Account, role: str, id: str) -> None:
    lost = store.account(tx, lead.team, id)
    if lost is None:
        raise NoSuchMember
    if lost.id == lead.id or lost.role != role:
        raise NotAccepted


def withdraw(tx: WriteTx, token: bytes, id: str, minute: int) -> None:
    """Take an invitation back. Raises `NoSuchInvitation` for one that is used, over, or another team's."""
    account = actions.allowed(tx, token, Deed.LOOK_AFTER, minute)
    found = joining_store.invitation(tx, id)
    if found is None or found.team != account.team or not found.counts(minute):
        raise NoSuchInvitation
    joining_store.end_invitation(tx, id, minute)
    audit.record(tx, minute=minute, actor=account.id, action="staff.withdraw", reason=found.account)


def check_not_last(tx: ReadTx, member: Account, minute: int) -> None:
    """Refuse to let the last one go who can admit: then nobody could ever be admitted again. Raises `LastLead`.

    Who waits for a day after they lost everything cannot admit yet: they are nobody's replacement, and may always go.
    """
    if joining_store.admitting(tx, member.team, minute) == [member.id]:
        raise LastLead


def withdraw_all(tx: WriteTx, by: Account, made_by: str, minute: int) -> None:
    """Take back what somebody of one's own team invited and nobody used: they may have kept a code."""
    for one in joining_store.open_invitations(tx, by.team):
        if one.made_by == made_by and one.counts(minute):
            joining_store.end_invitation(tx, one.id, minute)
            audit.record(tx, minute=minute, actor=by.id, action="staff.withdraw", reason=one.account)


def end_others(tx: WriteTx, by: Account, instead_of: str, minute: int) -> list[str]:
    """One comes back in the place of one: every other invitation and applicant in that place goes, each on record.

    The ids of the applicants: the server's half of their key is erased after the commit, by the caller, or else at the
    next start.
    """
    for one in joining_store.open_invitations(tx, by.team):
        if one.instead_of == instead_of and one.counts(minute):
            joining_store.end_invitation(tx, one.id, minute)
            audit.record(tx, minute=minute, actor=by.id, action="staff.withdraw", reason=one.account)
    others = [one.id for one in joining_store.applicants(tx, by.team) if one.instead_of == instead_of]
    for id in others:
        audit.record(tx, minute=minute, actor=by.id, action="staff.decline", reason=id)
        _send_away(tx, id)
    return others


def admit(
    tx: WriteTx,
    token: bytes,
    id: str,
    admission: Admission,
    pinned: Pinned,
    now: int,
    half: Callable[[bytes], bytes | None],
) -> str | None:
    """Make an applicant a member: with a certificate that the team-admin key signed, and the keys of their role.

    The account that theirs is in the place of, if they lost everything: that one is to go in the same transaction, and
    nothing is given to theirs for 24 hours. Raises `NoSuchApplicant`, also for one whose *half* of the key the server
    has not: they could open nothing; or `CertificateRefused`. *now* is in Unix seconds.
    """
    minute = now // 60
    account = actions.lead(tx, token, minute)
    applicant = joining_store.applicant(tx, id, account.team)
    if applicant is None or half(bytes.fromhex(id)) is None:
        raise NoSuchApplicant
    team = actions.team_of(tx, account)
    check_admission(admission, applicant, pinned.root, team.admin_certificate, pinned.organisation, now)
    if has_team_key(applicant.role) and team.epoch not in admission.team_keys:
        raise CertificateRefused
    joining.admit(tx, applicant, admission, team, minute)
    action = "staff.readmit" if applicant.instead_of else "staff.admit"
    audit.record(tx, minute=minute, actor=account.id, action=action, reason=id)
    tx.wake(returning_topic(team.slug))
    return applicant.instead_of


def tidy(tx: WriteTx, minute: int) -> list[str]:
    """Forget invitations that are over, and send away who waited too long, each on record; their ids.

    The server's half of their key is erased after the commit, by the caller, or else at the next start.
    """
    joining_store.forget_over(tx, minute - HOURS * 60)
    late = joining_store.applied_before(tx, minute - APPLIES_MINUTES)
    for id in late:
        audit.record(tx, minute=minute, actor=audit.NOBODY, action="staff.decline", reason=id)
        _send_away(tx, id)
    return late


def decline(tx: WriteTx, token: bytes, id: str, minute: int) -> None:
    """Send an applicant away. Raises `NoSuchApplicant`.

    The server's half of their key is erased after the commit, by the caller, or else at the next start.
    """
    account = actions.lead(tx, token, minute)
    if joining_store.applicant(tx, id, account.team) is None:
        raise NoSuchApplicant
    audit.record(tx, minute=minute, actor=account.id, action="staff.decline", reason=id)
    _send_away(tx, id)


def _send_away(tx: WriteTx, id: str) -> None:
    second_factor_store.forget(tx, id)
    joining_store.remove_applicant(tx, id)


def renew(tx: WriteTx, token: bytes, team_certificate: bytes, own: dict[str, bytes], pinned: Pinned, now: int) -> None:
    """Certificates of the team (empty: none) and of its members that last longer and say the same.

    Raises `CertificateRefused` when one says anything else, or lasts no longer.
    """
    minute = now // 60
    account = actions.lead(tx, token, minute)
    team = actions.team_of(tx, account)
    if team_certificate:
        _check_renewed(team.certificate, team_certificate, Type.TEAM, team, pinned, now)
        store.put_team(tx, Team(team.slug, team.name, team.epoch, team.admin_certificate, team_certificate))
    for id, certificate in own.items():
        known = store.certificate_of(tx, id, team.slug)
        if known is None:
            raise CertificateRefused
        _check_renewed(known, certificate, Type.STAFF, team, pinned, now)
        store.put_certificate(tx, id, cert_id(certificate), certificate)
    audit.record(tx, minute=minute, actor=account.id, action="staff.renew")


def begin_epoch(tx: WriteTx, token: bytes, epoch: NextEpoch, pinned: Pinned, now: int) -> None:
    """Put the team's next key in force: new conversations are wrapped to it, and only who talks today has it.

    Each of them gets it, or nobody: who was invited or removed while the lead's browser made it makes it outdated.
    Raises `CertificateRefused`, or `EpochNotDue`: each epoch closes all desks for a moment and costs a wrapping anew of
    all that ended, so that none begins without a reason. *now* is in Unix seconds.
    """
    minute = now // 60
    account = actions.lead(tx, token, minute)
    team, members = actions.team_of(tx, account), store.members(tx, account.team)
    if not is_due(tx, team, minute):
        raise EpochNotDue
    check_next_epoch(
        epoch, team, {one.id for one in members if has_team_key(one.role)}, pinned.root, pinned.organisation, now
    )
    store.put_team(tx, Team(team.slug, team.name, team.epoch + 1, team.admin_certificate, epoch.certificate))
    store.began_epoch(tx, team.slug, minute)
    for id, wrap in epoch.wraps.items():
        store.put_team_key(tx, id, TeamKey(team.slug, team.epoch + 1, wrap))
    if joining_store.recovery(tx):
        joining_store.put_recovery_wrap(tx, team.slug, team.epoch + 1, epoch.recovery_wrap)
    audit.record(tx, minute=minute, actor=account.id, action="staff.epoch", reason=str(team.epoch + 1))


def lacks_recovery(tx: ReadTx) -> bool:
    """Whether there is a recovery key to which the team-admin key is not wrapped: of an older installation."""
    return bool(store.teams(tx) and joining_store.recovery(tx)) and _recovery_wrap(tx) is None


def is_recovery_due(tx: ReadTx, account: str, minute: int) -> bool:
    """Whether the desk of *account* should wrap the team-admin key to the recovery key.

    Nobody but two papers can tell whether a wrap opens. So none stays for good: each lead's desk puts its own in the
    place of another's after a day, and of its own after two weeks. Who spoils it does so again and again, on record.
    """
    if not store.teams(tx) or not joining_store.recovery(tx):
        return False
    found = _recovery_wrap(tx)
    if found is None or found.made is None:
        return True
    return minute - found.made >= (WRAPPED if found.made_by == account else WRAPPED_BY_OTHERS)


def _recovery_wrap(tx: ReadTx) -> joining_store.RecoveryWrap | None:
    epoch = parse(store.teams(tx)[0].admin_certificate).certificate.epoch
    return joining_store.recovery_admin_wrap(tx, epoch)


def wrap_for_recovery(tx: WriteTx, token: bytes, wrap: bytes, minute: int) -> None:
    """Keep the team-admin key as a lead's desk wrapped it to the recovery key, on record, where that is due.

    Where it is not, what is there stays. Raises `CertificateRefused`, also where there is no recovery key.
    """
    account = actions.lead(tx, token, minute)
    check_wraps(wrap)
    if joining_store.admin_key(tx, account.id) is None or not joining_store.recovery(tx):
        raise CertificateRefused
    if is_recovery_due(tx, account.id, minute):
        epoch = parse(actions.team_of(tx, account).admin_certificate).certificate.epoch
        joining_store.put_recovery_admin_wrap(tx, epoch, wrap, account.id, minute)
        audit.record(tx, minute=minute, actor=account.id, action="staff.recovery_wrap")


def admin_ends(tx: ReadTx) -> int | None:
    """When the team-admin key's certificate ends, in Unix seconds."""
    return min((parse(team.admin_certificate).certificate.not_after for team in store.teams(tx)), default=None)


def forget_keys(tx: WriteTx, team: Team, before: int, actor: str, minute: int) -> bool:
    """Delete the team's keys of epochs that open nothing any more: those before *before*. On record; False: none.

    Not in the first minutes of an epoch: what was sent under the one before may still be on its way to the disk.
    """
    began = store.epoch_began(tx, team.slug)
    if began is None or minute - began < ON_ITS_WAY:
        return False
    forgotten = store.forget_keys(tx, team.slug, min(before, team.epoch))
    if forgotten:
        audit.record(tx, minute=minute, actor=actor, action="staff.forget", reason=str(min(before, team.epoch)))
    return forgotten > 0


def is_due(tx: ReadTx, team: Team, minute: int) -> bool:
    """Whether the team's next key should begin: somebody who left had this one, or it is 90 days old."""
    began = store.epoch_began(tx, team.slug)
    is_old = began is not None and minute - began >= LONGEST_EPOCH
    return is_old or store.is_known_outside(tx, team.slug, team.epoch)


def ending(tx: ReadTx, before: int) -> list[tuple[str, int]]:
    """Whose certificate ends *before* (Unix seconds), and when: members by name, a team by its slug."""
    found: dict[str, int] = {}
    for team in store.teams(tx):
        found[team.slug] = parse(team.certificate).certificate.not_after
        for member in store.members(tx, team.slug):
            if (certificate := store.certificate_of(tx, member.id, team.slug)) is not None:
                found[member.name] = parse(certificate).certificate.not_after
    return [(who, end) for who, end in found.items() if end < before]


def refused(tx: WriteTx, account: Account, action: str, refusal: Refusal, minute: int) -> None:
    """Put a refused deed on record."""
    audit.record(tx, minute=minute, actor=account.id, action=action, result=refusal.code)


def _check_renewed(known: bytes, renewed: bytes, type: Type, team: Team, pinned: Pinned, now: int) -> None:
    before = parse(known).certificate
    try:
        after = check_chain(
            pinned.root, team.admin_certificate, renewed, organisation=pinned.organisation, type=type, now=now
        ).certificate
    except Untrusted:
        raise CertificateRefused from None
    same = (after.subject, after.keys, after.roles, after.epoch) == (
        before.subject,
        before.keys,
        before.roles,
        before.epoch,
    )
    check_lasts(after, now)
    if not same or after.not_after <= before.not_after:
        raise CertificateRefused
