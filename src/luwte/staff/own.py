"""One's own account: the second factor, the passphrase, a recovery sheet, sessions.

What changes a key asks for the passphrase again, inside a session; what only ends something does not. Each deed puts
itself on record. A browser seals AMK anew: nothing here can open it, before or after.
"""

from dataclasses import dataclass, field

from luwte.audit import actions as audit
from luwte.errors import MalformedFrame, NoSuchSession, Refusal, SignInRefused
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff import actions, own_store, second_factor, second_factor_store
from luwte.staff.model import Account, Session, is_over, proof_matches, session_topic
from luwte.staff.second_factor import Enrolment

HASH_BYTES, SEALED_BYTES = 32, 60


@dataclass(frozen=True, slots=True)
class Seal:
    """AMK under another key: what its owner shows for it, as SHA-256, and the box."""

    proof_hash: bytes
    sealed_amk: bytes

    def check(self) -> None:
        """Raises `MalformedFrame` for what no browser of ours makes."""
        if len(self.proof_hash) != HASH_BYTES or len(self.sealed_amk) != SEALED_BYTES:
            raise MalformedFrame


@dataclass(frozen=True, slots=True)
class Own:
    """What one is shown of one's own account."""

    second_factor: bool
    recovery_codes: int
    sheet: bool
    sessions: list[tuple[bytes, int]]
    """Hash of the token, and the minute in which it began; the newest first."""
    here: bytes
    """The hash of the session that asks."""


@dataclass(frozen=True, slots=True)
class Again:
    """That one still knows the passphrase, or holds the sheet that stands in for it."""

    proof: bytes = field(repr=False)
    by_sheet: bool = False


def look(tx: ReadTx, token: bytes, minute: int) -> Own:
    """One's own account. Raises `SignedOut`."""
    here = actions.session(tx, token, minute)
    id = here.account.id
    return Own(
        bool(here.account.second_factor),  # SQLite knows numbers only
        second_factor_store.recovery_codes(tx, id),
        own_store.sheet(tx, id) is not None,
        running(tx, id, minute),
        here.token_hash,
    )


def set_second_factor(
    tx: WriteTx, token: bytes, again: Again, enrolment: Enrolment, server_secret: bytes, now: float, minute: int
) -> None:
    """Have this second factor from now on. Raises `SignInRefused`, `CodeRefused`, `SignedOut`."""
    me = _proven(tx, token, again, minute).account
    second_factor.enrol(tx, me.id, enrolment, server_secret, now)
    audit.record(tx, minute=minute, actor=me.id, action="staff.second_factor")


def set_recovery_codes(
    tx: WriteTx, token: bytes, again: Again, codes: tuple[bytes, ...], server_secret: bytes, minute: int
) -> None:
    """Have these recovery codes; the ones before count no more. Raises `SignInRefused`, `SignedOut`."""
    me = _proven(tx, token, again, minute).account
    second_factor.put_recovery_codes(tx, me.id, codes, server_secret)
    audit.record(tx, minute=minute, actor=me.id, action="staff.recovery_codes")


def set_passphrase(tx: WriteTx, token: bytes, again: Again, seal: Seal, next_sheet: Seal | None, minute: int) -> None:
    """Have another passphrase; every other session ends. A sheet that stood in for the old one is used up by it.

    In the place of that sheet comes the next one, in the same transaction: whoever is cut off before it has the old
    paper, and whoever is cut off after it has both new ones. The salt stays: a name whose salt changed would be one
    that exists. Raises `SignInRefused`, `SignedOut`, and `MalformedFrame` by a sheet without the next one.
    """
    here = _proven(tx, token, again, minute)
    seal.check()
    if again.by_sheet != (next_sheet is not None):
        raise MalformedFrame
    own_store.put_passphrase(tx, here.account.id, seal.proof_hash, seal.sealed_amk)
    if next_sheet is not None:
        next_sheet.check()
        own_store.put_sheet(tx, here.account.id, next_sheet.proof_hash, next_sheet.sealed_amk)
        own_store.renewed(tx, here.token_hash)
    _end(tx, [hash for hash, _ in running(tx, here.account.id, minute) if hash != here.token_hash], minute)
    reason = actions.BY_SHEET if again.by_sheet else ""
    audit.record(tx, minute=minute, actor=here.account.id, action="staff.passphrase", reason=reason)


def set_sheet(tx: WriteTx, token: bytes, again: Again, seal: Seal, minute: int) -> None:
    """Have this recovery sheet; the one before opens nothing more. Raises `SignInRefused`, `SignedOut`."""
    me = _proven(tx, token, again, minute).account
    seal.check()
    own_store.put_sheet(tx, me.id, seal.proof_hash, seal.sealed_amk)
    audit.record(tx, minute=minute, actor=me.id, action="staff.sheet")


def end_sessions(tx: WriteTx, token: bytes, which: bytes | None, minute: int) -> None:
    """End one session of one's own, or, without *which*, all others. Raises `NoSuchSession`, `SignedOut`."""
    here = actions.session(tx, token, minute)
    mine = [hash for hash, _ in running(tx, here.account.id, minute)]
    if which is not None and which not in mine:
        raise NoSuchSession
    _end(tx, [which] if which is not None else [hash for hash in mine if hash != here.token_hash], minute)
    audit.record(tx, minute=minute, actor=here.account.id, action="staff.end_session")


def end_all(tx: WriteTx, account: str, minute: int) -> list[bytes]:
    """End every session of an account; their hashes. Their sockets close at once."""
    hashes = [hash for hash, _ in running(tx, account, minute)]
    _end(tx, hashes, minute)
    return hashes


def refused(tx: WriteTx, account: Account, action: str, refusal: Refusal, minute: int) -> None:
    """Put a refused deed on record: its own transaction was undone."""
    audit.record(tx, minute=minute, actor=account.id, action=action, result=refusal.code)


def _proven(tx: ReadTx, token: bytes, again: Again, minute: int) -> Session:
    here = actions.session(tx, token, minute, renewing=again.by_sheet)
    if here.renews != again.by_sheet:
        raise SignInRefused
    expected = actions.expected_proof(tx, here.account, by_sheet=again.by_sheet)
    if not proof_matches(expected, again.proof):
        raise SignInRefused
    return here


def running(tx: ReadTx, account: str, minute: int) -> list[tuple[bytes, int]]:
    """Sessions of an account that count, the newest first: the hash of each token, and the minute it began."""
    return [
        (hash, began)
        for hash, began, renews in own_store.sessions(tx, account)
        if not is_over(began, None, minute, renews=renews)
    ]


def _end(tx: WriteTx, hashes: list[bytes], minute: int) -> None:
    for hash in hashes:
        own_store.end_session(tx, hash, minute)
        tx.wake(session_topic(hash))
