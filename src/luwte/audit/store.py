"""All SQL for `audit`, `audit_node` and `checkpoint`. The tables only grow."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from luwte.audit.model import GENESIS, Record
from luwte.plumbing.db import ReadTx, WriteTx

PAGE = 1_000
"""Records read at once when all of them are wanted."""

_RECORD = "n, minute, actor, action, object, reason, result"


class Signed(NamedTuple):
    """A checkpoint as it was signed."""

    size: int
    minute: int
    public: bytes
    note: str


def last(tx: ReadTx) -> tuple[int, bytes]:
    """The newest number and hash; (0, GENESIS) for an empty log."""
    row = tx.one("SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1")
    return (row[0], row[1]) if row else (0, GENESIS)


def append(tx: WriteTx, record: Record, hash: bytes) -> None:
    """Add one record."""
    tx.execute(
        f"INSERT INTO audit ({_RECORD}, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        record.n,
        record.minute,
        record.actor,
        record.action,
        record.object,
        record.reason,
        record.result,
        hash,
    )


def after(tx: ReadTx, n: int, limit: int) -> list[tuple[Record, bytes]]:
    """The next records after number *n* with their hashes, oldest first."""
    rows = tx.all(f"SELECT {_RECORD}, hash FROM audit WHERE n > ? ORDER BY n LIMIT ?", n, limit)
    return [(Record(*row[:7]), row[7]) for row in rows]


def everything(tx: ReadTx) -> Iterator[tuple[Record, bytes]]:
    """All records with their hashes, oldest first; also those with a number that no record has."""
    n = -(2**63)
    while rows := after(tx, n, PAGE):
        yield from rows
        n = rows[-1][0].n


def newest(tx: ReadTx, before: int, actors: list[str] | None, object: bytes | None, limit: int) -> list[Record]:
    """Records below number *before*, newest first: of these actors, or about this object."""
    wanted = "n < ?"
    given: list[Any] = [before]
    if actors is not None:
        wanted += f" AND actor IN ({', '.join('?' * len(actors))})"
        given += actors
    if object is not None:
        wanted += " AND object = ?"
        given.append(object)
    rows = tx.all(f"SELECT {_RECORD} FROM audit WHERE {wanted} ORDER BY n DESC LIMIT ?", *given, limit)
    return [Record(*row) for row in rows]


def hash(tx: ReadTx, n: int) -> bytes:
    """The hash of one record; GENESIS for number 0."""
    row = tx.one("SELECT hash FROM audit WHERE n = ?", n)
    return row[0] if row else GENESIS


# the tree


def grown(tx: ReadTx) -> int:
    """How many records the stored part of the tree covers: an even number."""
    row = tx.one("SELECT max(place) FROM audit_node WHERE level = 1")
    return 2 * (row[0] + 1) if row and row[0] is not None else 0


def node(tx: ReadTx, level: int, place: int) -> bytes:
    """The hash of a complete subtree of two leaves or more. Raises `LookupError` when it is not there yet."""
    row = tx.one("SELECT hash FROM audit_node WHERE level = ? AND place = ?", level, place)
    if row is None:
        raise LookupError("no such subtree")
    found: bytes = row[0]
    return found


def put_node(tx: WriteTx, level: int, place: int, hash: bytes) -> None:
    """Keep the hash of a subtree that is complete now."""
    tx.execute("INSERT OR REPLACE INTO audit_node (level, place, hash) VALUES (?, ?, ?)", level, place, hash)


# checkpoints


def put_checkpoint(tx: WriteTx, made: Signed) -> None:
    """Keep a signed checkpoint."""
    tx.execute("INSERT INTO checkpoint (size, minute, public, note) VALUES (?, ?, ?, ?)", *made)


def last_checkpoint(tx: ReadTx) -> Signed | None:
    """The newest."""
    row = tx.one("SELECT size, minute, public, note FROM checkpoint ORDER BY key DESC LIMIT 1")
    return Signed(*row) if row else None


def notes(tx: ReadTx) -> list[str]:
    """All signed checkpoints, oldest first; none in a database that is older than they are."""
    if tx.one("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'checkpoint'") is None:
        return []
    return [str(row[0]) for row in tx.all("SELECT note FROM checkpoint ORDER BY key")]
