"""One time-line of schema changes, applied at start."""

import sqlite3
from collections.abc import Sequence
from importlib.resources import files as resources
from pathlib import Path

from luwte.errors import CannotStart
from luwte.plumbing.copies import check_database, copy_database
from luwte.plumbing.db import connect, look
from luwte.plumbing.files import sync
from luwte.plumbing.log import notice

KEPT = "main.db.schema-*"
"""The copies that upgrades leave, by the schema that each holds."""

KEPT_DAYS = 7
"""Days for which such a copy may stay: what is erased must be gone from all copies by then."""


def migrate(path: Path, steps: Sequence[str] | None = None, *, keep: bool = True) -> None:
    """Bring the database at *path* to the newest schema, making it when it is absent.

    A database of an older schema is first copied beside itself, and the copy checked, unless *keep* is False. Then
    all *steps* are one transaction: whatever fails, and whenever, the database is as it was. Nobody else may write
    to it meanwhile. Raises `CannotStart`, also when the database is newer than this program.
    """
    known = list(steps or released())
    connection = connect(path)
    try:
        path.chmod(0o600)
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        check_not_newer(version, len(known))
        if version == len(known):
            return
        if version and keep:
            _keep_copy(path, version)
        _apply(connection, version, known)
    finally:
        connection.close()


def check_not_newer(schema: int, known: int) -> None:
    """Raise `CannotStart` for a schema that this program does not know."""
    if schema > known:
        raise CannotStart(f"The database has schema {schema}; this version knows {known}. Use a newer Luwte.")


def check_current(path: Path) -> None:
    """Raise `CannotStart` unless the database has this program's schema, for who works beside a server."""
    if not path.exists():
        raise CannotStart("There is no database in this folder. Point --dir at the data folder.")
    schema = look(path, lambda tx: tx.one("PRAGMA user_version"))
    if schema is None or schema[0] != len(released()):
        raise CannotStart(
            "The database has another schema than this version. Start the server once, or use its version."
        )


def released() -> list[str]:
    """Every step there is, in order; the first makes the first schema."""
    folder = resources("luwte") / "migrations"
    return [step.read_text() for step in sorted(folder.iterdir(), key=lambda p: p.name) if step.name.endswith(".sql")]


def forget_old_copies(path: Path, now: float) -> None:
    """Delete the copies from before upgrades that have had their days: what is erased since is still in them."""
    for copy in path.parent.glob(KEPT):
        if now - copy.stat().st_mtime >= KEPT_DAYS * 86_400:
            copy.unlink()
            sync(copy.parent)
            notice(f"{copy.name} was from before an upgrade, {KEPT_DAYS} days ago: it is deleted")


def _keep_copy(path: Path, version: int) -> None:
    kept = path.with_name(f"{path.name}.schema-{version}")
    unfinished = kept.with_name(kept.name + ".new")
    unfinished.unlink(missing_ok=True)
    copy_database(path, unfinished)
    check_database(unfinished)
    unfinished.replace(kept)
    sync(kept.parent)
    notice(f"a new schema: the database as it was, with schema {version}, stays in {kept.name}")


def _apply(connection: sqlite3.Connection, version: int, steps: Sequence[str]) -> None:
    # A table that is made anew is dropped first, with the rows of others still naming it: they are looked at after.
    connection.execute("PRAGMA foreign_keys=OFF")
    try:
        connection.executescript("BEGIN IMMEDIATE;\n" + "\n".join(steps[version:]))
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise sqlite3.IntegrityError("a row names another one that is not there")
        connection.execute(f"PRAGMA user_version={len(steps)}")
        connection.execute("COMMIT")
    except sqlite3.Error:  # closing the connection undoes it all
        raise CannotStart(
            f"The database could not be brought from schema {version} to {len(steps)}. It is as it was:"
            " the version of Luwte that made it can go on with it."
        ) from None
