"""All SQL for `glass`."""

from typing import NamedTuple

from luwte.plumbing.db import ReadTx, WriteTx

_COLUMNS = "key, team, conversation, number, account, basis, reason, minute"


class Broken(NamedTuple):
    """Somebody opened a conversation that was not theirs; the conversation is None once it is erased."""

    key: int
    team: str
    conversation: bytes | None
    number: int
    account: str
    basis: str
    locked: bytes
    minute: int


def put(
    tx: WriteTx, team: str, conversation: bytes, number: int, account: str, basis: str, locked: bytes, minute: int
) -> None:
    """It was broken."""
    tx.execute(
        "INSERT INTO glass (team, conversation, number, account, basis, reason, minute) VALUES (?, ?, ?, ?, ?, ?, ?)",
        team,
        conversation,
        number,
        account,
        basis,
        locked,
        minute,
    )


def close(tx: WriteTx, key: int, minute: int) -> None:
    """It is closed again."""
    tx.execute("UPDATE glass SET closed = ? WHERE key = ?", minute, key)


def see(tx: WriteTx, key: int, account: str, minute: int) -> None:
    """*account* has seen that it was broken."""
    tx.execute("UPDATE glass SET seen = ?, seen_by = ? WHERE key = ?", minute, account, key)


def opened_by(tx: ReadTx, account: str) -> list[Broken]:
    """What this account has open."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM glass WHERE account = ? AND closed IS NULL ORDER BY key", account)
    return [Broken(*row) for row in rows]


def times(tx: ReadTx, account: str, since: int) -> int:
    """How often this account broke glass after minute *since*."""
    row = tx.one("SELECT count(*) FROM glass WHERE account = ? AND minute > ?", account, since)
    assert row is not None
    return int(row[0])


def opened(tx: ReadTx) -> list[Broken]:
    """What anybody has open."""
    return [Broken(*row) for row in tx.all(f"SELECT {_COLUMNS} FROM glass WHERE closed IS NULL ORDER BY key")]


def unseen(tx: ReadTx, team: str) -> list[Broken]:
    """What nobody has seen yet in this team, oldest first."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM glass WHERE team = ? AND seen IS NULL ORDER BY key", team)
    return [Broken(*row) for row in rows]
