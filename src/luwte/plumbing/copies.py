"""A copy of a database that may be in use, and whether a copy is sound."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from luwte.errors import CannotStart
from luwte.plumbing import files

Say = Callable[[str], None]
"""Told what is going on, for whoever sits at a terminal."""

STEPS = 20_000
"""Steps of SQLite's machine between two looks at how far it is, and at whether somebody wants it to stop."""


def quiet(text: str) -> None:
    """Tell nobody."""


def never() -> bool:
    """Give way to nobody."""
    return False


def copy_database(source: Path, target: Path, say: Say = quiet, give_way: Callable[[], bool] = never) -> bool:
    """Write what *source* holds at this moment to *target*, durably, whether or not a server writes to it meanwhile.

    Only rows that exist are copied: what was deleted leaves no byte in a copy, not even in the corners of a page,
    where the source itself may keep some. Changes nothing in the source. Raises `CannotStart`. False, and no *target*,
    as soon as *give_way* says so: while it reads SQLite keeps for it what others delete.
    """
    gave_way = False

    def look() -> bool:
        nonlocal gave_way
        say(f"copying {source.name}: {target.stat().st_size >> 20:,} MB")
        gave_way = give_way()
        return gave_way

    # SQLite takes an empty file, and this one has the right mode from the first byte on.
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with _reading(source, look) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    except KeyboardInterrupt:
        if not gave_way:
            raise
        target.unlink()
        return False
    files.sync(target)
    return True


def check_database(path: Path, say: Say = quiet) -> int:
    """The schema of a database that nobody writes to. Raises `CannotStart` when any page or index of it is damaged."""
    with _reading(path, lambda: say(f"checking {path.name}")) as connection:
        if connection.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
            raise CannotStart(f"{path.name} is damaged.")
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise CannotStart(f"{path.name} is damaged: a row names another one that is not there.")
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _reading(path: Path, look: Callable[[], int | None]) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write; *look* is called now and then. What it says yes to stops SQLite's work, and so
    does an interrupt: both are a `KeyboardInterrupt`.
    """
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.Error:
        raise CannotStart(f"{path.name} cannot be opened.") from None
    try:
        connection.set_progress_handler(look, STEPS)
        yield connection
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:  # sqlite3 keeps what a signal's handler raised in `look`
            raise KeyboardInterrupt from None
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise CannotStart("The disk is full.") from None
        raise CannotStart(f"{path.name} cannot be read: it is damaged, or not a database.") from None
    finally:
        connection.close()
