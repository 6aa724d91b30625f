"""All SQL for `phrase`."""

from luwte.plumbing.db import ReadTx, WriteTx


def put(tx: WriteTx, key: int, locator_hash: bytes, locked: bytes) -> bool:
    """Keep it in the place of the one before; False when another conversation has this locator, and nothing changed."""
    taken = tx.one("SELECT 1 FROM phrase WHERE locator_hash = ? AND conversation != ?", locator_hash, key)
    if taken is not None:
        return False
    tx.execute("DELETE FROM phrase WHERE conversation = ?", key)
    tx.execute("INSERT INTO phrase (conversation, locator_hash, locked) VALUES (?, ?, ?)", key, locator_hash, locked)
    return True


def remove(tx: WriteTx, key: int) -> None:
    """The conversation has none."""
    tx.execute("DELETE FROM phrase WHERE conversation = ?", key)


def locator_hash(tx: ReadTx, key: int) -> bytes | None:
    """Where the phrase of a conversation is found; None: it has none."""
    row = tx.one("SELECT locator_hash FROM phrase WHERE conversation = ?", key)
    return row[0] if row else None


def find(tx: ReadTx, locator_hash: bytes, team: str) -> tuple[bytes, bytes] | None:
    """The conversation of this team that has it, and what it keeps."""
    row = tx.one(
        "SELECT id, locked FROM phrase JOIN conversation ON key = conversation WHERE locator_hash = ? AND team = ?",
        locator_hash,
        team,
    )
    return (row[0], row[1]) if row else None
