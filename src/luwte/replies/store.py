"""All SQL for `reply`."""

from luwte.plumbing.db import ReadTx, WriteTx
from luwte.replies.model import NEW, Reply


def all_of(tx: ReadTx, owner: str) -> list[Reply]:
    """Everything kept under this owner."""
    rows = tx.all("SELECT id, version, sealed, epoch FROM reply WHERE owner = ? ORDER BY id", owner)
    return [Reply(*row) for row in rows]


def version(tx: ReadTx, owner: str, id: bytes) -> int:
    """The version that is kept of a reply."""
    row = tx.one("SELECT version FROM reply WHERE owner = ? AND id = ?", owner, id)
    return int(row[0]) if row else NEW


def count(tx: ReadTx, owner: str) -> int:
    """How many replies are kept under this owner."""
    row = tx.one("SELECT count(*) FROM reply WHERE owner = ?", owner)
    return int(row[0]) if row else 0


def put(tx: WriteTx, owner: str, reply: Reply) -> None:
    """Keep a reply in place of its last version."""
    tx.execute(
        "INSERT INTO reply (owner, id, version, sealed, epoch) VALUES (?, ?, ?, ?, ?) ON CONFLICT (owner, id)"
        " DO UPDATE SET version = excluded.version, sealed = excluded.sealed, epoch = excluded.epoch",
        owner,
        reply.id,
        reply.version,
        reply.sealed,
        reply.epoch,
    )


def oldest_epoch(tx: ReadTx, owner: str) -> int | None:
    """The oldest that a reply of this owner is sealed under; None when there is none."""
    row = tx.one("SELECT min(epoch) FROM reply WHERE owner = ?", owner)
    return row[0] if row else None


def remove(tx: WriteTx, owner: str, id: bytes) -> None:
    """Keep it no longer."""
    tx.execute("DELETE FROM reply WHERE owner = ? AND id = ?", owner, id)
