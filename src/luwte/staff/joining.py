"""From a code to an account: looking at an invitation, founding an organisation, joining, waiting."""

from luwte.audit import actions as audit
from luwte.crypto.certificate import cert_id, parse
from luwte.errors import CertificateRefused, NameTaken, NoSuchInvitation, NoTeamYet
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff import joining_store, second_factor, second_factor_store, store
from luwte.staff.invitation import (
    Admission,
    Applicant,
    Application,
    Founding,
    Invitation,
    check_founding,
    code_hash,
    new_invitation,
)
from luwte.staff.model import Account, Door, Team, TeamKey, proof_matches, reads_from, token_hash
from luwte.staff.roles import LEAD


def invite_founder(tx: WriteTx, team: str, hash: bytes, minute: int) -> bool:
    """The one invitation of a new installation, with the hash of its code; one before it counts no more.

    False, and nothing done, once somebody founded the organisation: from then on leads invite.
    """
    if store.teams(tx):
        return False
    for one in joining_store.open_invitations(tx, team):
        joining_store.end_invitation(tx, one.id, minute)
    _invite(tx, team, hash, minute)
    return True


def invite_anew(tx: WriteTx, hash: bytes, minute: int) -> None:
    """An invitation as a lead where nobody can invite any more; one of the operator's before it ends.

    Raises `NoTeamYet` before there is a team.
    """
    teams = store.teams(tx)
    if not teams:
        raise NoTeamYet
    for team in teams:
        for one in joining_store.open_invitations(tx, team.slug):
            if one.made_by == audit.OPERATOR:
                joining_store.end_invitation(tx, one.id, minute)
                audit.record(tx, minute=minute, actor=audit.OPERATOR, action="staff.withdraw", reason=one.account)
    _invite(tx, teams[0].slug, hash, minute)


def _invite(tx: WriteTx, team: str, hash: bytes, minute: int) -> None:
    joining_store.put_invitation(tx, new_invitation(team, LEAD, audit.OPERATOR, minute), hash)
    audit.record(tx, minute=minute, actor=audit.OPERATOR, action="staff.invite", reason=LEAD)


def look(tx: ReadTx, code: str, minute: int) -> tuple[Invitation, bool]:
    """The invitation of a code, and whether it founds the organisation. Raises `NoSuchInvitation`."""
    found = joining_store.invitation_of(tx, code_hash(code))
    if found is None or not found.counts(minute):
        raise NoSuchInvitation
    return found, not store.teams(tx)


def refused(tx: WriteTx, code: str, refusal: str, minute: int) -> None:
    """Put a refused try on record: by the account that it would have become, or as nobody's."""
    found = joining_store.invitation_of(tx, code_hash(code))
    actor = found.account if found else audit.NOBODY
    audit.record(tx, minute=minute, actor=actor, action="staff.join", result=refusal)


def join(tx: WriteTx, code: str, application: Application, door: Door) -> None:
    """Use an invitation up: its owner waits for a colleague from now on. The server's half of their key is durable.

    What its browser made was checked before: of its shape, which costs no job of the writer's. Raises
    `NoSuchInvitation`, `NameTaken` or `CodeRefused`.
    """
    minute = int(door.now) // 60
    invitation, founds = look(tx, code, minute)
    if founds:
        raise CertificateRefused
    _begin(tx, invitation, application, door)
    joining_store.put_applicant(tx, _applicant(invitation, application, minute))
    audit.record(tx, minute=minute, actor=invitation.account, action="staff.join")


def found(
    tx: WriteTx,
    code: str,
    application: Application,
    founding: Founding,
    organisation: str,
    line_name: str,
    door: Door,
) -> None:
    """Make the organisation, its team and its first lead, all at once. The server's half of their key is durable.

    Raises `NoSuchInvitation`, `CodeRefused`, or `CertificateRefused` also when there is an organisation already.
    """
    minute = int(door.now) // 60
    invitation, founds = look(tx, code, minute)
    if not founds:
        raise CertificateRefused
    check_founding(founding, application, invitation, organisation, int(door.now))
    _begin(tx, invitation, application, door)
    epoch = parse(founding.team_certificate).certificate.epoch
    team = Team(invitation.team, line_name, epoch, founding.admin_certificate, founding.team_certificate)
    store.put_team(tx, team)
    store.began_epoch(tx, team.slug, minute)
    applicant = _applicant(invitation, application, minute)
    store.put_account(tx, account_of(tx, applicant, founding.certificate, minute))
    store.put_team_key(tx, invitation.account, TeamKey(invitation.team, epoch, founding.team_key))
    joining_store.put_recovery(tx, founding.recovery_certificate)
    joining_store.put_recovery_wrap(tx, invitation.team, epoch, founding.recovery_wrap)
    admin_epoch = parse(founding.admin_certificate).certificate.epoch
    joining_store.put_admin_key(tx, invitation.account, admin_epoch, founding.admin_key)
    if founding.admin_recovery_wrap:
        joining_store.put_recovery_admin_wrap(tx, admin_epoch, founding.admin_recovery_wrap, invitation.account, minute)
    audit.record(tx, minute=minute, actor=invitation.account, action="staff.found")


def admit(tx: WriteTx, applicant: Applicant, admission: Admission, team: Team, minute: int) -> None:
    """Whoever waited is a member, with what was checked before."""
    joining_store.remove_applicant(tx, applicant.id)
    store.put_account(tx, account_of(tx, applicant, admission.certificate, minute))
    for epoch, wrap in admission.team_keys.items():
        store.put_team_key(tx, applicant.id, TeamKey(team.slug, epoch, wrap))
    if admission.admin_key:
        admin_epoch = parse(team.admin_certificate).certificate.epoch
        joining_store.put_admin_key(tx, applicant.id, admin_epoch, admission.admin_key)


def waits(tx: ReadTx, name: str, proof: bytes) -> Applicant | None:
    """Who waits under this name and knows the passphrase; as slow for a name that nobody waits under."""
    applicant = joining_store.applicant_named(tx, name)
    return applicant if proof_matches(applicant.proof_hash if applicant else None, proof) else None


def account_of(tx: ReadTx, applicant: Applicant, certificate: bytes, minute: int) -> Account:
    """The account that an applicant becomes; of somebody who lost everything it waits from *minute* on."""
    return Account(
        id=applicant.id,
        name=applicant.name,
        team=applicant.team,
        role=applicant.role,
        salt=applicant.salt,
        proof_hash=applicant.proof_hash,
        sealed_amk=applicant.sealed_amk,
        sealed_x25519=applicant.sealed_x25519,
        sealed_ed25519=applicant.sealed_ed25519,
        certificate=certificate,
        certificate_id=cert_id(certificate),
        second_factor=second_factor_store.find(tx, applicant.id) is not None,
        instead_of=applicant.instead_of,
        reads_from=reads_from(minute) if applicant.instead_of else None,
    )


def _applicant(invitation: Invitation, application: Application, minute: int) -> Applicant:
    return Applicant(
        invitation.account,
        application.name,
        invitation.team,
        invitation.role,
        application.salt,
        token_hash(application.proof),
        application.sealed_amk,
        application.sealed_x25519,
        application.sealed_ed25519,
        application.ed25519,
        application.x25519,
        minute,
        invitation.instead_of,
    )


def _begin(tx: WriteTx, invitation: Invitation, application: Application, door: Door) -> None:
    """The code is used up."""
    if joining_store.is_name_taken(tx, application.name):
        raise NameTaken
    if application.factor is not None:
        second_factor.enrol(tx, invitation.account, application.factor, door.server_secret, door.now)
    joining_store.end_invitation(tx, invitation.id, int(door.now) // 60)
