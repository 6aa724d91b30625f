"""All SQL for `team`, `account`, `certificate`, `team_key` and `session`."""

from luwte.plumbing.db import ReadTx, WriteTx
from luwte.staff.model import Account, Member, Returning, Session, Team, TeamKey

_ACCOUNT = (
    "a.id, a.name, a.team, a.role, a.salt, a.proof_hash, a.sealed_amk, a.sealed_x25519, a.sealed_ed25519,"
    " c.certificate, c.id, a.second_factor, a.instead_of, a.reads_from"
)


def teams(tx: ReadTx) -> list[Team]:
    """All teams."""
    rows = tx.all("SELECT slug, name, epoch, admin_certificate, certificate FROM team ORDER BY slug")
    return [Team(*row) for row in rows]


def put_team(tx: WriteTx, team: Team) -> None:
    """Add the team, or renew its certificates."""
    tx.execute(
        "INSERT INTO team (slug, name, epoch, admin_certificate, certificate) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (slug) DO UPDATE SET name = excluded.name, epoch = excluded.epoch,"
        " admin_certificate = excluded.admin_certificate, certificate = excluded.certificate",
        team.slug,
        team.name,
        team.epoch,
        team.admin_certificate,
        team.certificate,
    )


def began_epoch(tx: WriteTx, team: str, minute: int) -> None:
    """The team's key of today was put in force."""
    tx.execute("UPDATE team SET epoch_began = ? WHERE slug = ?", minute, team)


def epoch_began(tx: ReadTx, team: str) -> int | None:
    """The minute at which the team's key of today was put in force; None when nobody wrote it down."""
    row = tx.one("SELECT epoch_began FROM team WHERE slug = ?", team)
    return row[0] if row else None


def put_account(tx: WriteTx, account: Account) -> None:
    """Add the account, or renew its certificate; past certificates stay, for what was signed under them."""
    tx.execute(
        "INSERT OR IGNORE INTO certificate (id, account, certificate) VALUES (?, ?, ?)",
        account.certificate_id,
        account.id,
        account.certificate,
    )
    tx.execute(
        "INSERT INTO account (id, name, team, role, salt, proof_hash, sealed_amk, sealed_x25519, sealed_ed25519,"
        " certificate, second_factor, instead_of, reads_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET certificate = excluded.certificate",
        account.id,
        account.name,
        account.team,
        account.role,
        account.salt,
        account.proof_hash,
        account.sealed_amk,
        account.sealed_x25519,
        account.sealed_ed25519,
        account.certificate_id,
        int(account.second_factor),
        account.instead_of,
        account.reads_from,
    )


def put_team_key(tx: WriteTx, account: str, key: TeamKey) -> None:
    """Give a member the team's private key, wrapped to them."""
    tx.execute(
        "INSERT OR REPLACE INTO team_key (account, team, epoch, wrap) VALUES (?, ?, ?, ?)",
        account,
        key.team,
        key.epoch,
        key.wrap,
    )


def account_named(tx: ReadTx, name: str) -> Account | None:
    """The account with this name, when it is in use."""
    row = tx.one(
        f"SELECT {_ACCOUNT} FROM account a JOIN certificate c ON c.id = a.certificate"
        " WHERE a.name = ? AND a.disabled = 0",
        name,
    )
    return Account(*row) if row else None


def salt_named(tx: ReadTx, name: str) -> bytes | None:
    """The salt of whoever has this name, or ever had it."""
    row = tx.one("SELECT salt FROM account WHERE name = ?", name)
    return bytes(row[0]) if row else None


def name(tx: ReadTx, account: str) -> str:
    """The name of an account."""
    row = tx.one("SELECT name FROM account WHERE id = ?", account)
    return str(row[0]) if row else ""


def members(tx: ReadTx, team: str) -> list[Member]:
    """The accounts of a team that are in use, by name."""
    rows = tx.all("SELECT id, name, role, reads_from FROM account WHERE team = ? AND disabled = 0 ORDER BY name", team)
    return [Member(*row) for row in rows]


def returning(tx: ReadTx, team: str, minute: int) -> list[Returning]:
    """Who lost everything and waits, the next to read first."""
    rows = tx.all(
        "SELECT a.id, a.name, b.name, a.reads_from FROM account a JOIN account b ON b.id = a.instead_of"
        " WHERE a.team = ? AND a.disabled = 0 AND a.reads_from > ? ORDER BY a.reads_from, a.id",
        team,
        minute,
    )
    return [Returning(*row) for row in rows]


def everybody(tx: ReadTx, team: str) -> list[Member]:
    """All accounts that a team ever had, by name."""
    return [Member(*row) for row in tx.all("SELECT id, name, role FROM account WHERE team = ? ORDER BY name", team)]


def certificate_of(tx: ReadTx, account: str, team: str) -> bytes | None:
    """The current certificate of somebody of this team who may sign in."""
    row = tx.one(
        "SELECT c.certificate FROM account a JOIN certificate c ON c.id = a.certificate"
        " WHERE a.id = ? AND a.team = ? AND a.disabled = 0",
        account,
        team,
    )
    return bytes(row[0]) if row else None


def put_certificate(tx: WriteTx, account: str, id: bytes, certificate: bytes) -> None:
    """Renew somebody's certificate; the past one stays, for what was signed under it."""
    tx.execute(
        "INSERT OR IGNORE INTO certificate (id, account, certificate) VALUES (?, ?, ?)", id, account, certificate
    )
    tx.execute("UPDATE account SET certificate = ? WHERE id = ?", id, account)


def account(tx: ReadTx, team: str, id: str) -> Account | None:
    """The account of a team with this id, when it is in use."""
    row = tx.one(
        f"SELECT {_ACCOUNT} FROM account a JOIN certificate c ON c.id = a.certificate"
        " WHERE a.id = ? AND a.team = ? AND a.disabled = 0",
        id,
        team,
    )
    return Account(*row) if row else None


def disable(tx: WriteTx, account: Account, minute: int) -> list[bytes]:
    """The account is used no more: its sessions end and its wraps go. The hashes of the sessions that ended."""
    id = account.id
    tx.execute(
        "UPDATE account SET disabled = 1, knew = (SELECT max(epoch) FROM team_key WHERE account = ? AND team = ?)"
        " WHERE id = ?",
        id,
        account.team,
        id,
    )
    tx.execute("DELETE FROM team_key WHERE account = ?", id)
    tx.execute("DELETE FROM admin_key WHERE account = ?", id)
    ended = [row[0] for row in tx.all("SELECT token_hash FROM session WHERE account = ? AND ended IS NULL", id)]
    tx.execute("UPDATE session SET ended = ? WHERE account = ? AND ended IS NULL", minute, id)
    return ended


def forget_keys(tx: WriteTx, team: str, before: int) -> int:
    """Delete the team's keys of epochs before *before*, for members and for the paper; how many epochs that were."""
    epochs = {
        row[0]
        for row in tx.all(
            "SELECT epoch FROM team_key WHERE team = ? AND epoch < ?"
            " UNION SELECT epoch FROM recovery_wrap WHERE team = ? AND epoch < ?",
            team,
            before,
            team,
            before,
        )
    }
    if epochs:
        tx.execute("DELETE FROM team_key WHERE team = ? AND epoch < ?", team, before)
        tx.execute("DELETE FROM recovery_wrap WHERE team = ? AND epoch < ?", team, before)
    return len(epochs)


def is_known_outside(tx: ReadTx, team: str, epoch: int) -> bool:
    """Whether somebody who was removed had the team's key of this epoch."""
    return tx.one("SELECT 1 FROM account WHERE team = ? AND disabled = 1 AND knew >= ?", team, epoch) is not None


def account_ids(tx: ReadTx) -> list[str]:
    """The accounts in use."""
    return [row[0] for row in tx.all("SELECT id FROM account WHERE disabled = 0")]


def team_keys(tx: ReadTx, account: str) -> list[TeamKey]:
    """The wrapped team keys of one member."""
    rows = tx.all("SELECT team, epoch, wrap FROM team_key WHERE account = ? ORDER BY team, epoch", account)
    return [TeamKey(*row) for row in rows]


def certificates(tx: ReadTx) -> dict[bytes, bytes]:
    """Every staff certificate, by id."""
    return {row[0]: row[1] for row in tx.all("SELECT id, certificate FROM certificate")}


def without_second_factor(tx: ReadTx) -> int:
    """How many accounts have only a passphrase."""
    row = tx.one("SELECT count(*) FROM account WHERE second_factor = 0 AND disabled = 0")
    return int(row[0]) if row else 0


def begin_session(tx: WriteTx, token_hash: bytes, account: str, minute: int, *, renews: bool = False) -> None:
    """Somebody signed in; or came by a sheet, in place of whoever did so before."""
    if renews:
        tx.execute("UPDATE session SET ended = ? WHERE account = ? AND renews = 1 AND ended IS NULL", minute, account)
    tx.execute(
        "INSERT INTO session (token_hash, account, began, renews) VALUES (?, ?, ?, ?)",
        token_hash,
        account,
        minute,
        int(renews),
    )


def session(tx: ReadTx, token_hash: bytes) -> tuple[Session, int | None] | None:
    """The session and the minute at which it ended, if it did."""
    row = tx.one(
        f"SELECT s.began, s.ended, s.renews, {_ACCOUNT} FROM session s JOIN account a ON a.id = s.account"
        " JOIN certificate c ON c.id = a.certificate WHERE s.token_hash = ? AND a.disabled = 0",
        token_hash,
    )
    return (Session(token_hash, Account(*row[3:]), row[0], bool(row[2])), row[1]) if row else None


def end_session(tx: WriteTx, token_hash: bytes, minute: int) -> None:
    """Somebody signed out."""
    tx.execute("UPDATE session SET ended = ? WHERE token_hash = ? AND ended IS NULL", minute, token_hash)


def end_all_sessions(tx: WriteTx, minute: int) -> None:
    """Nobody is signed in any more."""
    tx.execute("UPDATE session SET ended = ? WHERE ended IS NULL", minute)
