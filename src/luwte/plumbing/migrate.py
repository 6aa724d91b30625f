"""One time-line of schema changes, applied at start."""

import sqlite3
from importlib.resources import files
from pathlib import Path

from luwte.errors import CannotStart
from luwte.plumbing.db import connect


def migrate(path: Path) -> None:
    """Bring the database at *path* to the newest schema, making it when it is absent.

    Raises `CannotStart` when the database is newer than this program.
    """
    steps = _steps()
    connection = connect(path)
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(steps):
            raise CannotStart(f"The database has schema {version}; this version knows {len(steps)}. Use a newer Luwte.")
        for number, sql in enumerate(steps[version:], version + 1):
            _apply(connection, number, sql)
    finally:
        connection.close()
    path.chmod(0o600)


def _apply(connection: sqlite3.Connection, number: int, sql: str) -> None:
    # executescript commits by itself, so the script carries its own transaction.
    connection.executescript(f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version={number};\nCOMMIT;")


def _steps() -> list[str]:
    folder = files("luwte") / "migrations"
    return [step.read_text() for step in sorted(folder.iterdir(), key=lambda p: p.name) if step.name.endswith(".sql")]
