"""All SQL for `invitation`, `applicant`, `admin_key`, `recovery`, its two tables of wraps, and `succession`."""

from dataclasses import astuple, dataclass

from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff.invitation import Applicant, Invitation, folded
from luwte.staff.papers import Succession


@dataclass(frozen=True, slots=True)
class RecoveryWrap:
    """The team-admin key for the papers, and whose desk wrapped it when; unknown of an older release."""

    wrap: bytes
    made_by: str | None
    made: int | None


_INVITATION = "id, account, team, role, made, made_by, over, instead_of"
_APPLICANT = (
    "id, name, team, role, salt, proof_hash, sealed_amk, sealed_x25519, sealed_ed25519, ed25519, x25519, joined,"
    " instead_of"
)


def put_invitation(tx: WriteTx, invitation: Invitation, code_hash: bytes) -> bool:
    """Keep an invitation; False when its code was given before."""
    if tx.one("SELECT 1 FROM invitation WHERE code_hash = ?", code_hash) is not None:
        return False
    tx.execute(
        f"INSERT INTO invitation ({_INVITATION}, code_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *astuple(invitation),
        code_hash,
    )
    return True


def invitation_of(tx: ReadTx, code_hash: bytes) -> Invitation | None:
    """The invitation with this code."""
    row = tx.one(f"SELECT {_INVITATION} FROM invitation WHERE code_hash = ?", code_hash)
    return Invitation(*row) if row else None


def invitation(tx: ReadTx, id: str) -> Invitation | None:
    """The invitation with this id."""
    row = tx.one(f"SELECT {_INVITATION} FROM invitation WHERE id = ?", id)
    return Invitation(*row) if row else None


def open_invitations(tx: ReadTx, team: str) -> list[Invitation]:
    """Those of a team that were neither used nor withdrawn, oldest first."""
    rows = tx.all(f"SELECT {_INVITATION} FROM invitation WHERE team = ? AND over IS NULL ORDER BY made, id", team)
    return [Invitation(*row) for row in rows]


def end_invitation(tx: WriteTx, id: str, minute: int) -> None:
    """It counts no more."""
    tx.execute("UPDATE invitation SET over = ? WHERE id = ?", minute, id)


def forget_over(tx: WriteTx, before: int) -> None:
    """Invitations that were used, withdrawn or too old before this minute are rows no more."""
    tx.execute("DELETE FROM invitation WHERE over < ? OR made < ?", before, before)


def is_name_taken(tx: ReadTx, name: str) -> bool:
    """Whether somebody has this name or one that looks the same, is waiting under it, or ever had it."""
    rows = tx.all("SELECT name FROM account UNION ALL SELECT name FROM applicant")
    return folded(name) in {folded(row[0]) for row in rows}


def put_applicant(tx: WriteTx, applicant: Applicant) -> None:
    """Somebody waits to be admitted."""
    tx.execute(
        f"INSERT INTO applicant ({_APPLICANT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *astuple(applicant),
    )


def applicant(tx: ReadTx, id: str, team: str) -> Applicant | None:
    """Who waits for *team* under this id."""
    row = tx.one(f"SELECT {_APPLICANT} FROM applicant WHERE id = ? AND team = ?", id, team)
    return Applicant(*row) if row else None


def applicant_named(tx: ReadTx, name: str) -> Applicant | None:
    """Who waits under this name."""
    row = tx.one(f"SELECT {_APPLICANT} FROM applicant WHERE name = ?", name)
    return Applicant(*row) if row else None


def applicants(tx: ReadTx, team: str) -> list[Applicant]:
    """Who waits for a team, longest first."""
    rows = tx.all(f"SELECT {_APPLICANT} FROM applicant WHERE team = ? ORDER BY joined, id", team)
    return [Applicant(*row) for row in rows]


def applied_before(tx: ReadTx, minute: int) -> list[str]:
    """Who joined before this minute and still waits, for any team."""
    return [row[0] for row in tx.all("SELECT id FROM applicant WHERE joined < ? ORDER BY joined, id", minute)]


def applicant_ids(tx: ReadTx) -> list[str]:
    """Who waits, for any team."""
    return [row[0] for row in tx.all("SELECT id FROM applicant")]


def remove_applicant(tx: WriteTx, id: str) -> None:
    """They wait no more."""
    tx.execute("DELETE FROM applicant WHERE id = ?", id)


def put_recovery(tx: WriteTx, certificate: bytes) -> None:
    """The organisation's recovery key; again: as another main key signed it."""
    tx.execute("INSERT OR REPLACE INTO recovery (key, certificate) VALUES (1, ?)", certificate)


def recovery(tx: ReadTx) -> bytes:
    """The certificate of the recovery key; empty when there is none."""
    row = tx.one("SELECT certificate FROM recovery")
    return bytes(row[0]) if row else b""


def put_recovery_wrap(tx: WriteTx, team: str, epoch: int, wrap: bytes) -> None:
    """A team's private key, wrapped to the recovery key."""
    tx.execute("INSERT INTO recovery_wrap (team, epoch, wrap) VALUES (?, ?, ?)", team, epoch, wrap)


def recovery_wraps(tx: ReadTx, team: str) -> dict[int, bytes]:
    """A team's private keys as they are wrapped to the recovery key, by epoch."""
    rows = tx.all("SELECT epoch, wrap FROM recovery_wrap WHERE team = ? ORDER BY epoch", team)
    return {int(epoch): bytes(wrap) for epoch, wrap in rows}


def put_recovery_admin_wrap(tx: WriteTx, epoch: int, wrap: bytes, account: str, minute: int) -> None:
    """Keep the team-admin key as the desk of *account* wrapped it to the recovery key, in place of any other."""
    tx.execute(
        "INSERT OR REPLACE INTO recovery_admin_wrap (epoch, wrap, made_by, made) VALUES (?, ?, ?, ?)",
        epoch,
        wrap,
        account,
        minute,
    )


def recovery_admin_wrap(tx: ReadTx, epoch: int) -> RecoveryWrap | None:
    """The team-admin key of this epoch, wrapped to the recovery key."""
    row = tx.one("SELECT wrap, made_by, made FROM recovery_admin_wrap WHERE epoch = ?", epoch)
    return RecoveryWrap(*row) if row else None


def put_succession(tx: WriteTx, succession: Succession) -> None:
    """A main key that takes over once it is pinned."""
    tx.execute(
        "INSERT OR REPLACE INTO succession"
        " (successor, predecessor, statement, admin_certificate, recovery_certificate) VALUES (?, ?, ?, ?, ?)",
        *astuple(succession),
    )


def succession(tx: ReadTx, successor: bytes) -> Succession | None:
    """How this main key took over, or would."""
    row = tx.one(
        "SELECT successor, predecessor, statement, admin_certificate, recovery_certificate FROM succession"
        " WHERE successor = ?",
        successor,
    )
    return Succession(*map(bytes, row)) if row else None


def put_admin_key(tx: WriteTx, account: str, epoch: int, wrap: bytes) -> None:
    """Give a lead the team-admin key, wrapped to them."""
    tx.execute("INSERT OR REPLACE INTO admin_key (account, epoch, wrap) VALUES (?, ?, ?)", account, epoch, wrap)


def admitting(tx: ReadTx, team: str, minute: int) -> list[str]:
    """The accounts of a team that hold the team-admin key and do not wait to be given it."""
    rows = tx.all(
        "SELECT a.id FROM account a JOIN admin_key k ON k.account = a.id WHERE a.team = ? AND a.disabled = 0"
        " AND coalesce(a.reads_from, 0) <= ?",
        team,
        minute,
    )
    return [row[0] for row in rows]


def admin_key(tx: ReadTx, account: str) -> tuple[int, bytes] | None:
    """Epoch and wrap of the team-admin key for this account."""
    row = tx.one("SELECT epoch, wrap FROM admin_key WHERE account = ?", account)
    return (int(row[0]), bytes(row[1])) if row else None
