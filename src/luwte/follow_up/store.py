"""All SQL of the chain: rows in, rows out, whole or not at all."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from luwte.errors import CannotStart
from luwte.follow_up.model import KINDS, Row, kind_of

R = TypeVar("R", bound=Row)

VERSION = 1
REFERENCES = ("tk_id", "from_id", "to_id", "target", "document", "recommendation", "report", "tk_number")
"""Fields by which rows are found."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_decoders = {kind: msgspec.json.Decoder(struct) for kind, struct in KINDS.items()}
_kinds = {struct: kind for kind, struct in KINDS.items()}


class Store:
    """The rows of one database file. Everything between two `deed`s is kept together."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @contextmanager
    def deed(self) -> Iterator[None]:
        """One transaction: all of it is kept, or, when anything is raised, nothing."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def put(self, row: Row) -> bool:
        """Keep a row, in the place of the one with its id; False when that was the same already."""
        kind = _kinds[type(row)]
        if kind_of(row.id) != kind:
            raise ValueError(f"an id that is not of its kind: {kind}")
        text = _encode(row)
        known = self._connection.execute("SELECT json FROM row WHERE id = ?", (row.id,)).fetchone()
        if known is not None and known[0] == text:
            return False
        self._connection.execute(
            "INSERT INTO row (id, kind, json) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json",
            (row.id, kind, text),
        )
        self._connection.execute("DELETE FROM reference WHERE id = ?", (row.id,))
        self._connection.executemany(
            "INSERT INTO reference (value, name, id) VALUES (?, ?, ?)",
            [(value, name, row.id) for name in REFERENCES if (value := getattr(row, name, ""))],
        )
        return True

    def get(self, kind: type[R], id: str) -> R | None:
        """The row with this id."""
        found = self._connection.execute(
            "SELECT json FROM row WHERE id = ? AND kind = ?", (id, _kinds[kind])
        ).fetchone()
        return self._row(kind, found[0]) if found else None

    def all(self, kind: type[R]) -> list[R]:
        """Every row of a kind, by id."""
        return list(self.each(kind))

    def each(self, kind: type[R]) -> Iterator[R]:
        """Every row of a kind, by id, one at a time: there may be more than fit in memory."""
        rows = self._connection.execute("SELECT json FROM row WHERE kind = ? ORDER BY id", (_kinds[kind],))
        return (self._row(kind, text) for (text,) in rows)

    def count(self, kind: type[Row]) -> int:
        """How many rows of a kind there are."""
        (found,) = self._connection.execute("SELECT count(*) FROM row WHERE kind = ?", (_kinds[kind],)).fetchone()
        return int(found)

    def where(self, kind: type[R], name: str, value: str) -> list[R]:
        """The rows of a kind in which the field *name*, one of `REFERENCES`, has this value; by id."""
        # CROSS: left to itself, the planner goes through every row of the kind, because those are in order.
        rows = self._connection.execute(
            "SELECT row.json FROM reference CROSS JOIN row ON row.id = reference.id"
            " WHERE reference.value = ? AND reference.name = ? AND row.kind = ? ORDER BY reference.id",
            (value, name, _kinds[kind]),
        )
        return [self._row(kind, text) for (text,) in rows]

    def exists(self, id: str) -> bool:
        """Whether there is a row with this id."""
        return self._connection.execute("SELECT 1 FROM row WHERE id = ?", (id,)).fetchone() is not None

    def keep_text(self, text: str) -> str:
        """Keep a text that quotes are held against; its SHA-256."""
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        self._connection.execute("INSERT OR IGNORE INTO text (sha256, text) VALUES (?, ?)", (sha256, text))
        return sha256

    def text(self, sha256: str) -> str | None:
        """The text with this SHA-256; None when there is none, or it is another one."""
        found = self._connection.execute("SELECT text FROM text WHERE sha256 = ?", (sha256,)).fetchone()
        if found is None or hashlib.sha256(found[0].encode()).hexdigest() != sha256:
            return None
        return str(found[0])

    @staticmethod
    def _row(kind: type[R], text: bytes) -> R:
        return cast(R, _decoders[_kinds[kind]].decode(text))


@contextmanager
def opened(path: Path | None) -> Iterator[Store]:
    """The store in this file, made when missing; None: in memory only. Raises `CannotStart`."""
    try:
        with closing(sqlite3.connect(path or ":memory:", isolation_level=None)) as connection:
            yield _ready(connection, path)
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise CannotStart(f"Another program writes to {path}. Please try again.") from None
        raise CannotStart(f"{path} cannot be read or written. It may be damaged: restore it from a copy.") from None
    except msgspec.DecodeError:
        raise CannotStart(f"{path} holds a row that cannot be read. Restore it from a copy.") from None


def _ready(connection: sqlite3.Connection, path: Path | None) -> Store:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        schema = (files("luwte.follow_up") / "schema.sql").read_text()
        connection.executescript(f"BEGIN; {schema} PRAGMA user_version = {VERSION}; COMMIT;")
    elif version != VERSION:
        raise CannotStart(f"{path} is from another version of Luwte.")
    return Store(connection)
