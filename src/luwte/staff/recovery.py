"""What comes back from paper is stored: a new lead, new days for the team-admin key, another main key."""

from collections.abc import Callable
from dataclasses import replace

from luwte.audit import actions as audit
from luwte.crypto.certificate import Untrusted, cert_id, check_admin, parse
from luwte.errors import CertificateRefused, NoSuchApplicant, NoTeamYet, Refusal
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff import joining, joining_store, papers, store
from luwte.staff.invitation import Admission, Applicant, check_admission
from luwte.staff.model import Team
from luwte.staff.papers import Admit, Answer, ApplicantPart, Export, Renew, Succeed, Succession, TeamPart, Wrapped
from luwte.staff.people import Pinned
from luwte.staff.roles import LEAD


def export(tx: ReadTx, pinned: Pinned, name: str) -> Export:
    """What the page without a network needs besides the papers. Raises `NoTeamYet`."""
    admin = _admin(store.teams(tx))
    epoch = parse(admin).certificate.epoch
    wrapped = joining_store.recovery_admin_wrap(tx, epoch)
    return Export(
        papers.FORMAT,
        pinned.organisation,
        name,
        pinned.root,
        admin,
        joining_store.recovery(tx),
        Wrapped(epoch, wrapped.wrap) if wrapped is not None else None,
        [
            TeamPart(
                team.slug,
                team.name,
                team.certificate,
                [Wrapped(epoch, wrap) for epoch, wrap in joining_store.recovery_wraps(tx, team.slug).items()],
            )
            for team in store.teams(tx)
        ],
        [
            ApplicantPart(one.id, one.name, one.team, one.role, one.ed25519, one.x25519)
            for team in store.teams(tx)
            for one in joining_store.applicants(tx, team.slug)
            if _may_come(one)
        ],
    )


def take_in(tx: WriteTx, answer: Answer, pinned: Pinned, now: int, has_half: Callable[[str], bool]) -> bool:
    """Store what the page without a network made, once; False when it is there already.

    *has_half*: whether the server has its half of an account's key. Raises `CertificateRefused`, `NoSuchApplicant` or
    `NoTeamYet`; then nothing is stored.
    """
    if answer.organisation != pinned.organisation:
        raise CertificateRefused
    match answer:
        case Admit():
            return _admit(tx, answer, pinned, now, has_half)
        case Renew():
            return _renew(tx, answer, pinned, now)
        case Succeed():
            return _prepare(tx, answer, pinned, now)


def action(answer: Answer) -> str:
    """What it is called on record."""
    return {Admit: "recovery.admit", Renew: "recovery.renew", Succeed: "recovery.prepare"}[type(answer)]


def refused(tx: WriteTx, answer: Answer, refusal: Refusal, minute: int) -> None:
    """Put on record what was not believed."""
    audit.record(tx, minute=minute, actor=audit.OPERATOR, action=action(answer), result=refusal.code)


def follow(tx: WriteTx, pinned: Pinned, minute: int) -> bool:
    """Put certificates in force that a newly pinned main key signed; False when they are, or when there are none.

    The file with the pinned root decides, and this follows it, as often as it is asked.
    """
    teams = store.teams(tx)
    found = joining_store.succession(tx, pinned.root)
    if found is None or all(_signed_by(pinned, team.admin_certificate) for team in teams):
        return False
    for team in teams:
        store.put_team(tx, Team(team.slug, team.name, team.epoch, found.admin_certificate, team.certificate))
    joining_store.put_recovery(tx, found.recovery_certificate)
    audit.record(tx, minute=minute, actor=audit.OPERATOR, action="recovery.succeed", reason=_signed(found, pinned))
    return True


def succession(tx: ReadTx, pinned: Pinned, successor: bytes, now: int) -> Succession | None:
    """How *successor* would take over from the pinned root today; None when it cannot."""
    found = joining_store.succession(tx, successor)
    if found is None or found.predecessor != pinned.root:
        return None
    try:
        admin, recovery = _admin(store.teams(tx)), joining_store.recovery(tx)
        papers.check_succession(found, admin, recovery, pinned.organisation, now)
    except CertificateRefused:
        return None
    return found


def _admit(tx: WriteTx, answer: Admit, pinned: Pinned, now: int, has_half: Callable[[str], bool]) -> bool:
    if store.certificate_of(tx, answer.account, answer.team) == answer.certificate:
        return False
    team = next((one for one in store.teams(tx) if one.slug == answer.team), None)
    applicant = joining_store.applicant(tx, answer.account, answer.team)
    if team is None or applicant is None or not _may_come(applicant) or not has_half(answer.account):
        raise NoSuchApplicant
    keys = {one.epoch: one.wrap for one in answer.team_keys}
    # Old keys that opened nothing any more may have been deleted since the export.
    kept = set(joining_store.recovery_wraps(tx, team.slug))
    are_old = all(epoch < team.epoch for epoch in keys.keys() - kept)
    if len(keys) != len(answer.team_keys) or not kept <= keys.keys() or team.epoch not in kept or not are_old:
        raise CertificateRefused
    admission = Admission(answer.certificate, keys, answer.admin_key)
    check_admission(admission, applicant, pinned.root, team.admin_certificate, pinned.organisation, now)
    admission = replace(admission, team_keys={epoch: keys[epoch] for epoch in kept})
    joining.admit(tx, applicant, admission, team, now // 60)
    audit.record(tx, minute=now // 60, actor=audit.OPERATOR, action="recovery.admit", reason=applicant.id)
    return True


def _may_come(applicant: Applicant) -> bool:
    """Papers bring a lead who can begin at once; who is in the place of somebody is a lead's to admit, and waits."""
    return applicant.role == LEAD and applicant.instead_of is None


def _renew(tx: WriteTx, answer: Renew, pinned: Pinned, now: int) -> bool:
    teams = store.teams(tx)
    known = _admin(teams)
    if cert_id(known) == cert_id(answer.admin_certificate):
        return False
    papers.check_renewal(known, answer.admin_certificate, pinned.root, pinned.organisation, now)
    for team in teams:
        store.put_team(tx, Team(team.slug, team.name, team.epoch, answer.admin_certificate, team.certificate))
    audit.record(tx, minute=now // 60, actor=audit.OPERATOR, action="recovery.renew")
    return True


def _prepare(tx: WriteTx, answer: Succeed, pinned: Pinned, now: int) -> bool:
    known = joining_store.succession(tx, answer.root)
    # Once it is pinned it is its own predecessor: the file says nothing new.
    before = known.predecessor if known is not None and pinned.root == answer.root else pinned.root
    asked = Succession(answer.root, before, answer.statement, answer.admin_certificate, answer.recovery_certificate)
    if known == asked:
        return False
    papers.check_succession(asked, _admin(store.teams(tx)), joining_store.recovery(tx), pinned.organisation, now)
    joining_store.put_succession(tx, asked)
    audit.record(tx, minute=now // 60, actor=audit.OPERATOR, action="recovery.prepare", reason=_signed(asked, pinned))
    return True


def _admin(teams: list[Team]) -> bytes:
    """The certificate of the team-admin key, which all teams share."""
    if not teams:
        raise NoTeamYet
    return teams[0].admin_certificate


def _signed(succession: Succession, pinned: Pinned) -> str:
    """How the log tells the two apart: by the main key before it, or by nobody, as that one was lost."""
    return "signed" if papers.is_stated(succession, pinned.organisation) else "unsigned"


def _signed_by(pinned: Pinned, admin: bytes) -> bool:
    begins = parse(admin).certificate.not_before
    try:
        check_admin(pinned.root, admin, organisation=pinned.organisation, now=begins)
    except Untrusted:
        return False
    return True
