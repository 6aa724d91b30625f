"""Signing in, staying signed in, signing out; admitting people to a team."""

from dataclasses import replace

from luwte.audit import actions as audit
from luwte.errors import NotAccepted, NotAdmitted, SignedOut, SignInRefused
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff import joining, joining_store, own_store, second_factor, second_factor_store, store
from luwte.staff.model import (
    Account,
    Door,
    Member,
    Returning,
    Session,
    Team,
    TeamKey,
    Try,
    is_over,
    proof_matches,
    salt_for_nobody,
    token_hash,
)
from luwte.staff.roles import Deed, may

WITH_RECOVERY_CODE, WRONG_CODE, BY_SHEET, TOO_EARLY = "recovery_code", "wrong_code", "sheet", "too_early"
"""Reasons in the audit log."""


def teams(tx: ReadTx) -> list[Team]:
    """All teams with their current certificates."""
    return store.teams(tx)


def certificates(tx: ReadTx) -> dict[bytes, bytes]:
    """Every staff certificate by id, past ones too."""
    return store.certificates(tx)


def admit(tx: WriteTx, account: Account, keys: list[TeamKey]) -> None:
    """Give somebody an account, its certificate and the wrapped team keys; again: renew the certificate."""
    store.put_account(tx, account)
    for key in keys:
        store.put_team_key(tx, account.id, key)


def put_team(tx: WriteTx, team: Team) -> None:
    """Add a team, or renew its certificates."""
    store.put_team(tx, team)


def salt(tx: ReadTx, name: str, server_secret: bytes) -> bytes:
    """The salt of *name*, for ever: before somebody has it, while they do whatever their passphrase, and afterwards.

    A browser that joins asks for it, too, so that it is the invented one that is stored. Of accounts from before that
    was so, their own stays, after they were removed as well.
    """
    invented = salt_for_nobody(server_secret, name)
    # Both are asked for every name, so that the time tells nothing either.
    kept, applicant = store.salt_named(tx, name), joining_store.applicant_named(tx, name)
    return kept or (applicant.salt if applicant else invented)


def find_account(tx: ReadTx, name: str) -> Account | None:
    """The account with this name."""
    return store.account_named(tx, name)


def epoch_topic(team: str) -> tuple[str, str]:
    """Woken when a team's next key is in force."""
    return ("epoch", team)


def with_half(tx: ReadTx) -> list[str]:
    """Whose half of a key the server is to have: everybody who may sign in, and who waits for a colleague."""
    return store.account_ids(tx) + joining_store.applicant_ids(tx)


def account_ids(tx: ReadTx) -> list[str]:
    """Everybody who may sign in."""
    return store.account_ids(tx)


def expected_proof(tx: ReadTx, account: Account | None, *, by_sheet: bool) -> bytes | None:
    """The SHA-256 of what the owner of *account* shows: proof of the passphrase, or of the sheet, if there is one."""
    sheet = own_store.sheet(tx, account.id if account else "") if by_sheet else None
    if by_sheet:
        return sheet[0] if sheet else None
    return account.proof_hash if account else None


def knows_passphrase(tx: ReadTx, shown: Try) -> Account | None:
    """The account with this name, whose passphrase, or sheet, this is."""
    account = store.account_named(tx, shown.name)
    is_right = proof_matches(expected_proof(tx, account, by_sheet=shown.by_sheet), shown.proof)
    return account if is_right else None


def sign_in(tx: WriteTx, shown: Try, door: Door, token: bytes, minute: int) -> tuple[Account, list[TeamKey]]:
    """Begin a session. Raises `SignInRefused`, the same for a wrong name, a wrong passphrase and a wrong code.

    A code is used up by who is let in, and by nobody else. A demonstration's accounts without one come in without. Who
    comes by a sheet gets the box that it opens in the place of the passphrase's, no key of a team, and a session that
    may set another passphrase and nothing else: so the sheet is used up by what it is for. `NotAdmitted` hears only who
    joined and knows the passphrase.

    For who waits after they lost everything no session begins: what nobody has, no door needs to refuse.
    """
    if joining.waits(tx, shown.name, shown.proof) is not None:
        raise NotAdmitted
    account = store.account_named(tx, shown.name)
    is_right = proof_matches(expected_proof(tx, account, by_sheet=shown.by_sheet), shown.proof)
    passed = second_factor.judge(
        tx, account.id if account else "", shown.code, door.server_secret, door.now, may_guess=door.may_guess
    )
    if account is None or not is_right:
        raise SignInRefused
    if passed is not None:
        second_factor.spend(tx, account.id, passed)
    elif account.second_factor or not door.is_demo:
        raise SignInRefused
    if account.waits(minute):
        audit.record(tx, minute=minute, actor=account.id, action="staff.sign_in", reason=TOO_EARLY)
        return account, []
    store.begin_session(tx, token_hash(token), account.id, minute, renews=shown.by_sheet)
    with_code = WITH_RECOVERY_CODE if passed is not None and passed.recovery is not None else ""
    reason = BY_SHEET if shown.by_sheet else with_code
    audit.record(tx, minute=minute, actor=account.id, action="staff.sign_in", reason=reason)
    sheet = own_store.sheet(tx, account.id) if shown.by_sheet else None
    return (replace(account, sealed_amk=sheet[1]), []) if sheet else (account, store.team_keys(tx, account.id))


def sign_in_refused(tx: WriteTx, name: str, minute: int, *, knew_passphrase: bool = False) -> None:
    """Put a refused sign-in on record, by account; a name without one is recorded as nobody's.

    That only the code was wrong is said here and nowhere else: somebody may have a passphrase that is not theirs.
    """
    account = store.account_named(tx, name)
    audit.record(
        tx,
        minute=minute,
        actor=account.id if account else audit.NOBODY,
        action="staff.sign_in",
        reason=WRONG_CODE if knew_passphrase else "",
        result=SignInRefused.code,
    )


def sign_in_not_admitted(tx: WriteTx, name: str, minute: int) -> None:
    """Put on record that somebody who waits for admission tried to sign in."""
    applicant = joining_store.applicant_named(tx, name)
    actor = applicant.id if applicant else audit.NOBODY
    audit.record(tx, minute=minute, actor=actor, action="staff.sign_in", result=NotAdmitted.code)


def session(tx: ReadTx, token: bytes, minute: int, *, renewing: bool = False) -> Session:
    """The session of *token*. Raises `SignedOut`, also for one that began by a sheet, but for what is *renewing*."""
    found = _running(tx, token_hash(token), minute)
    if found.renews and not renewing:
        raise SignedOut
    return found


def _running(tx: ReadTx, hash: bytes, minute: int) -> Session:
    row = store.session(tx, hash)
    # None begins while somebody waits; one that is there nevertheless counts for nothing (a clock that went back).
    if row is None or is_over(row[0].began, row[1], minute, renews=row[0].renews) or row[0].account.waits(minute):
        raise SignedOut
    return row[0]


def session_with_keys(tx: ReadTx, token: bytes, minute: int) -> tuple[Session, list[TeamKey]]:
    """The session of *token*, and the keys of its team: one may have come since its owner signed in."""
    found = session(tx, token, minute)
    return found, [key for key in store.team_keys(tx, found.account.id) if key.team == found.account.team]


def unlock(tx: WriteTx, token: bytes, proof: bytes, minute: int) -> tuple[Account, list[TeamKey]]:
    """Hand out the sealed keys again inside a session. Raises `SignedOut` or `SignInRefused`."""
    account = session(tx, token, minute).account
    if not proof_matches(account.proof_hash, proof):
        raise SignInRefused
    audit.record(tx, minute=minute, actor=account.id, action="staff.unlock")
    return account, store.team_keys(tx, account.id)


def unlock_refused(tx: WriteTx, session: Session, minute: int) -> None:
    """Put a refused unlock on record."""
    audit.record(tx, minute=minute, actor=session.account.id, action="staff.unlock", result=SignInRefused.code)


def sign_out(tx: WriteTx, token: bytes, minute: int) -> Session:
    """End the session. Raises `SignedOut` when there is none."""
    ended = session(tx, token, minute, renewing=True)
    store.end_session(tx, ended.token_hash, minute)
    audit.record(tx, minute=minute, actor=ended.account.id, action="staff.sign_out")
    return ended


def end_all_sessions(tx: WriteTx, minute: int) -> None:
    """Everybody has to sign in again."""
    store.end_all_sessions(tx, minute)


def name(tx: ReadTx, account: str) -> str:
    """What colleagues call this account; nothing for one that is not there."""
    return store.name(tx, account)


def member(tx: ReadTx, team: str, id: str) -> Account | None:
    """The account of somebody who belongs to a team."""
    return store.account(tx, team, id)


def disable(tx: WriteTx, account: Account, minute: int) -> list[bytes]:
    """An account is nobody's from now on: no session, no key, no way in. The hashes of the sessions that ended."""
    second_factor_store.forget(tx, account.id)
    own_store.drop_sheet(tx, account.id)
    return store.disable(tx, account, minute)


def check_session(tx: ReadTx, held: Session, minute: int) -> None:
    """Refuse a deed of a session that ended meanwhile, or whose owner has another role now. Raises `SignedOut`."""
    if _running(tx, held.token_hash, minute).account.role != held.account.role:
        raise SignedOut


def check(account: Account, deed: Deed) -> None:
    """Refuse what the role of an account may not do. Raises `NotAccepted`."""
    if not may(account.role, deed):
        raise NotAccepted


def check_lead(account: Account) -> None:
    """Refuse what only a shift lead may do. Raises `NotAccepted`."""
    check(account, Deed.LEAD)


def allowed(tx: ReadTx, token: bytes, deed: Deed, minute: int) -> Account:
    """Whose session this is, when their role may do it. Raises `SignedOut` or `NotAccepted`."""
    account = session(tx, token, minute).account
    check(account, deed)
    return account


def lead(tx: ReadTx, token: bytes, minute: int) -> Account:
    """The lead whose session this is. Raises `SignedOut` or `NotAccepted`."""
    return allowed(tx, token, Deed.LEAD, minute)


def team_of(tx: ReadTx, account: Account) -> Team:
    """The team that an account belongs to."""
    return next(team for team in store.teams(tx) if team.slug == account.team)


def epochs(tx: ReadTx, account: Account) -> set[int]:
    """Those whose team key this account has."""
    return {key.epoch for key in store.team_keys(tx, account.id) if key.team == account.team}


def members(tx: ReadTx, team: str) -> list[Member]:
    """Who belongs to a team, by name."""
    return store.members(tx, team)


def returning(tx: ReadTx, team: str, minute: int) -> list[Returning]:
    """Who of a team lost everything, and reads along only later."""
    return store.returning(tx, team, minute)


def everybody(tx: ReadTx, team: str) -> list[Member]:
    """Who belongs to a team, and who ever did, by name."""
    return store.everybody(tx, team)


def without_second_factor(tx: ReadTx) -> int:
    """How many accounts could be entered with a passphrase alone."""
    return store.without_second_factor(tx)
