"""Of a row that is deleted no byte is left, wherever SQLite had moved it before."""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from luwte.plumbing import residue
from luwte.plumbing.db import Db, WriteTx, connect
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.relay import Relay

ROWS = 3_000


def play(path: Path, story: Callable[[Db], Any]) -> Any:
    """Run a story on a database of its own."""

    async def run() -> Any:
        with closing(connect(path)) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS shelf (key INTEGER PRIMARY KEY, id BLOB UNIQUE, note TEXT)")
        db = Db(path, Relay(), Metrics())
        try:
            return await story(db)
        finally:
            await db.close()

    return asyncio.run(run())


def fill(tx: WriteTx, ids: list[bytes]) -> None:
    """Rows in an order that makes the index split, and that grow later, so that the pages of the table split, too."""
    for n, id in enumerate(ids):
        tx.execute("INSERT INTO shelf (id, note) VALUES (?, ?)", id, "." * 250)
        if n >= 30:
            tx.execute(
                "UPDATE shelf SET note = note || 'taken by somebody, whose id is long' WHERE id = ?", ids[n - 30]
            )


def drop(tx: WriteTx, ids: list[bytes]) -> None:
    """Delete them."""
    for id in ids:
        tx.execute("DELETE FROM shelf WHERE id = ?", id)


def rounds(path: Path) -> list[bytes]:
    """Fill, then delete and clean in ten rounds; the ids of which something was left after their round."""
    chance = random.Random(2)
    ids = [chance.randbytes(16) for _ in range(ROWS)]
    left: list[bytes] = []

    async def story(db: Db) -> None:
        await db.write(fill, ids)
        for n in range(10):
            gone = ids[n::60]
            await db.write(drop, gone)
            assert await db.clean()
            files = b"".join(one.read_bytes() for one in path.parent.iterdir())
            left.extend(id for id in gone if id in files)
            # Life goes on in the same pages: an older form of one of them must not come back.
            await db.write(fill, [chance.randbytes(16) for _ in range(50)])

    play(path, story)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM shelf").fetchone() == (ROWS - ROWS // 6 + 500,)
    files = path.read_bytes()
    return [*left, *(id for n in range(10) for id in ids[n::60] if id in files)]


def test_nothing_is_left_of_deleted_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`secure_delete` and an empty log alone leave some of them: the places where they stood before they were moved."""
    assert rounds(tmp_path / "main.db") == []
    (tmp_path / "without").mkdir()
    monkeypatch.setattr(residue, "find", lambda fd: [])
    assert rounds(tmp_path / "without" / "main.db") != [], "this way of looking finds what is there"


def test_while_somebody_reads_nothing_is_cut(tmp_path: Path) -> None:
    """It is said, not waited for; and it works once they have gone."""

    async def story(db: Db) -> None:
        await db.write(fill, [b"i" * 16])
        with closing(sqlite3.connect(tmp_path / "main.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM shelf").fetchall()
            await db.write(drop, [b"i" * 16])
            assert not await db.clean()
            await db.write(fill, [b"j" * 16])
        assert await db.clean()
        assert (tmp_path / "main.db-wal").stat().st_size == 0
        assert b"i" * 16 not in (tmp_path / "main.db").read_bytes()

    play(tmp_path / "main.db", story)


def test_what_is_no_page_of_a_tree_is_left_alone(tmp_path: Path) -> None:
    """Long rows fill pages with nothing but themselves, whatever bytes those begin with."""
    long = [bytes([kind]) * 9_000 for kind in (*residue.TREE_PAGES, 0, 255)]

    async def story(db: Db) -> None:
        await db.write(lambda tx: [tx.insert("INSERT INTO shelf (id) VALUES (?)", one) for one in long])
        await db.write(drop, [bytes([255]) * 9_000])
        assert await db.clean()
        kept = await db.read(lambda tx: tx.all("SELECT id FROM shelf ORDER BY key"))
        assert [row[0] for row in kept] == long[:-1]

    play(tmp_path / "main.db", story)


def test_jobs_and_cleaning_take_turns(tmp_path: Path) -> None:
    """Whoever writes meanwhile is stored, and whoever comes after the end is told."""

    async def story(db: Db) -> None:
        writes = [db.write(fill, [bytes([n]) * 16]) for n in range(100)]
        *_, cleaned = await asyncio.gather(*writes, db.clean())
        assert cleaned
        assert len(await db.read(lambda tx: tx.all("SELECT id FROM shelf"))) == 100

    play(tmp_path / "main.db", story)
