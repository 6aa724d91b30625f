"""A copy of a database is one moment of it, sound, for its owner, and holds nothing that was deleted."""

import os
import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from luwte.errors import CannotStart
from luwte.plumbing.copies import check_database, copy_database
from luwte.plumbing.db import connect


@pytest.fixture
def source(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database as the server opens it."""
    with closing(connect(tmp_path / "main.db")) as connection:
        connection.execute("CREATE TABLE said (id INTEGER PRIMARY KEY, who INTEGER, n INTEGER, text BLOB)")
        connection.execute("CREATE UNIQUE INDEX said_text ON said (text)")
        connection.execute("CREATE INDEX said_who ON said (who, text)")
        yield connection


def test_a_copy_is_one_moment(tmp_path: Path, source: sqlite3.Connection) -> None:
    """While somebody writes pairs as fast as they can, every copy has whole pairs, in order, without a gap."""
    stop = threading.Event()

    def write() -> None:
        with closing(connect(tmp_path / "main.db")) as writer:
            for n in range(20_000):
                if stop.is_set():
                    return
                writer.execute("BEGIN IMMEDIATE")
                for who in (1, 2):
                    writer.execute("INSERT INTO said (who, n, text) VALUES (?, ?, ?)", (who, n, os.urandom(300)))
                writer.execute("COMMIT")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(8):
            before = source.execute("SELECT count(*) FROM said").fetchone()[0]
            copy = tmp_path / f"copy-{number}"
            copy_database(tmp_path / "main.db", copy)
            assert check_database(copy) == 0
            with closing(sqlite3.connect(copy)) as there:
                rows = there.execute("SELECT who, n FROM said ORDER BY id").fetchall()
            assert len(rows) >= before
            assert rows == [(who, n) for n in range(len(rows) // 2) for who in (1, 2)]
    finally:
        stop.set()
        thread.join()


def test_a_copy_holds_no_byte_of_what_was_deleted(tmp_path: Path, source: sqlite3.Connection) -> None:
    """The source may: where a page was split, SQLite leaves what it moved away, secure_delete or not."""
    order, chance = list(range(20_000)), random.Random(1)
    chance.shuffle(order)
    gone, kept = b"gone-" + bytes(3), b"kept-" + bytes(3)
    source.execute("BEGIN")
    for n in order:
        text = (gone if n % 2 else kept) + chance.randbytes(40)
        source.execute("INSERT INTO said (who, n, text) VALUES (?, ?, ?)", (n % 500, n, text))
    source.execute("COMMIT")
    source.execute("DELETE FROM said WHERE n % 2")
    source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy_database(tmp_path / "main.db", tmp_path / "copy")
    assert gone in (tmp_path / "main.db").read_bytes(), "then the reason for copying this way is gone"
    found = (tmp_path / "copy").read_bytes()
    assert gone not in found
    assert found.count(kept) == 10_000 * 3  # in the table and in both indexes


def test_a_copy_is_one_file_for_its_owner(tmp_path: Path, source: sqlite3.Connection) -> None:
    """Whatever the umask is; the source is as it was; a copy never goes over something else."""
    source.execute("INSERT INTO said (who, n, text) VALUES (1, 1, x'00')")
    source.execute("PRAGMA user_version=7")
    before = (tmp_path / "main.db").read_bytes()
    umask = os.umask(0)
    try:
        (tmp_path / "to").mkdir()
        copy_database(tmp_path / "main.db", tmp_path / "to" / "copy")
    finally:
        os.umask(umask)
    assert (tmp_path / "to" / "copy").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "main.db").read_bytes() == before
    assert check_database(tmp_path / "to" / "copy") == 7
    assert os.listdir(tmp_path / "to") == ["copy"]
    with pytest.raises(FileExistsError):
        copy_database(tmp_path / "main.db", tmp_path / "to" / "copy")


def test_damage_is_found(tmp_path: Path, source: sqlite3.Connection) -> None:
    """A page that was written over, in a table or in an index, a file cut short, and a file that is something else."""
    for n in range(2_000):
        source.execute("INSERT INTO said (who, n, text) VALUES (1, ?, ?)", (n, os.urandom(100)))
    copy_database(tmp_path / "main.db", tmp_path / "copy")
    whole = (tmp_path / "copy").read_bytes()
    path = tmp_path / "damaged"
    for at in (1, len(whole) // 4096 // 2, len(whole) // 4096 - 1):
        path.write_bytes(whole[: at * 4096] + os.urandom(4096) + whole[(at + 1) * 4096 :])
        with pytest.raises(CannotStart, match="damaged"):
            check_database(path)
    for other in (whole[: len(whole) // 2], b"something else " * 100):
        path.write_bytes(other)
        with pytest.raises(CannotStart, match="damaged"):
            check_database(path)
    with pytest.raises(CannotStart, match="damaged"):
        copy_database(path, tmp_path / "copy-of-damage")


def test_an_index_that_disagrees_with_its_table_is_damage(tmp_path: Path, source: sqlite3.Connection) -> None:
    """SQLite copies it without a word; only a look at all of it tells."""
    source.execute("INSERT INTO said (who, n, text) VALUES (1, 1, ?)", (b"a word that is in two places",))
    source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = (tmp_path / "main.db").read_bytes()
    (tmp_path / "bent").write_bytes(data.replace(b"two places", b"one place.", 1))
    copy_database(tmp_path / "bent", tmp_path / "copy")
    with pytest.raises(CannotStart, match="damaged"):
        check_database(tmp_path / "copy")


def test_a_row_that_names_an_absent_one_is_damage(tmp_path: Path, source: sqlite3.Connection) -> None:
    """Every page may be sound and the whole not."""
    source.execute("PRAGMA foreign_keys=OFF")
    source.execute("CREATE TABLE answer (said INTEGER REFERENCES said (id))")
    source.execute("INSERT INTO answer VALUES (4711)")
    copy_database(tmp_path / "main.db", tmp_path / "copy")
    with pytest.raises(CannotStart, match="not there"):
        check_database(tmp_path / "copy")
