"""All SQL for `audit`. The table only grows."""

from luwte.audit.model import GENESIS, Record
from luwte.plumbing.db import ReadTx, WriteTx


def last(tx: ReadTx) -> tuple[int, bytes]:
    """The newest number and hash; (0, GENESIS) for an empty log."""
    row = tx.one("SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1")
    return (row[0], row[1]) if row else (0, GENESIS)


def append(tx: WriteTx, record: Record, hash: bytes) -> None:
    """Add one record."""
    tx.execute(
        "INSERT INTO audit (n, minute, actor, action, object, reason, result, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        record.n,
        record.minute,
        record.actor,
        record.action,
        record.object,
        record.reason,
        record.result,
        hash,
    )


def everything(tx: ReadTx) -> list[tuple[Record, bytes]]:
    """All records with their hashes, oldest first."""
    rows = tx.all("SELECT n, minute, actor, action, object, reason, result, hash FROM audit ORDER BY n")
    return [(Record(*row[:7]), row[7]) for row in rows]
