"""The schema's time-line: whatever happens at an upgrade, nothing is lost and the way back is open."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from luwte.errors import CannotStart
from luwte.plumbing.copies import check_database
from luwte.plumbing.migrate import migrate, released

ROWS = 5

NEXT = "CREATE TABLE shelf (id INTEGER PRIMARY KEY);\nINSERT INTO shelf VALUES (1);"
"""A step after the newest, for whatever the newest is."""


def everything(path: Path) -> dict[str, Any]:
    """All that a database holds, with its schema."""
    with closing(sqlite3.connect(path)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found: dict[str, Any] = {}
        for name in names:
            cursor = connection.execute(f"SELECT * FROM {name}")
            columns = [column[0] for column in cursor.description]
            found[name] = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        found["schema"] = sorted(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall())
        found["version"] = connection.execute("PRAGMA user_version").fetchone()
        return found


def value(table: str, column: str, type: str, n: int) -> Any:
    """Something that fits a column and differs from row to row."""
    if type == "INTEGER":
        return n
    text = f"{table}.{column}.{n}"
    return text.encode().ljust(32, b".") if type == "BLOB" else text


def a_database(path: Path, steps: Sequence[str]) -> Path:
    """One of the schema that *steps* make, with a few rows in every table; a row names rows that exist."""
    migrate(path, steps)
    with closing(sqlite3.connect(path)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({table})")}
            named = {row[3]: (row[2], row[4]) for row in connection.execute(f"PRAGMA foreign_key_list({table})")}
            for n in range(1, ROWS + 1):
                row = [value(*named.get(column, (table, column)), type, n) for column, type in columns.items()]
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", row)
        connection.commit()
    assert check_database(path) == len(steps)
    return path


@pytest.mark.parametrize("version", range(1, len(released()) + 1))
def test_every_released_schema_comes_to_the_newest_with_all_its_rows(tmp_path: Path, version: int) -> None:
    """What a table had it still has, in every column that there still is; and the schema is as if it were made new."""
    path = a_database(tmp_path / "main.db", released()[:version])
    before = everything(path)
    migrate(path)
    after = everything(path)
    migrate(tmp_path / "new.db")
    assert after["schema"] == everything(tmp_path / "new.db")["schema"]
    assert check_database(path) == len(released())
    for table, rows in before.items():
        if table in after and table not in ("schema", "version"):
            common = rows[0].keys() & after[table][0].keys()
            had, has = ([[row[name] for name in sorted(common)] for row in some] for some in (rows, after[table]))
            assert had == has, table


def test_before_an_upgrade_the_database_is_copied(tmp_path: Path) -> None:
    """The copy is what was there, sound, for its owner alone; a start that upgrades nothing copies nothing."""
    path = a_database(tmp_path / "main.db", released())
    migrate(path)
    assert [one.name for one in tmp_path.iterdir() if "schema" in one.name] == []
    before = everything(path)
    umask = os.umask(0)
    try:
        migrate(path, [*released(), NEXT])
    finally:
        os.umask(umask)
    copy = tmp_path / f"main.db.schema-{len(released())}"
    assert everything(copy) == before
    assert check_database(copy) == len(released())
    assert copy.stat().st_mode & 0o777 == path.stat().st_mode & 0o777 == 0o600
    assert everything(path)["shelf"] == [{"id": 1}]
    migrate(path, [*released(), NEXT, "CREATE TABLE loft (id);"])
    kept = {one.name for one in tmp_path.iterdir() if "schema" in one.name}
    assert kept == {f"main.db.schema-{len(released()) + n}" for n in (0, 1)}


@pytest.mark.parametrize(
    "wrong",
    [
        "CREATE TABLE loft (id);\nDELETE FROM audit;\nnonsense;",
        "DELETE FROM audit;\nINSERT INTO shelf VALUES (1);",
        "DELETE FROM team;",
    ],
    ids=["no such statement", "the same key twice", "rows name what is gone"],
)
def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path, wrong: str) -> None:
    """Not even the steps before the one that fails: the version that ran yesterday can go on tomorrow."""
    path = a_database(tmp_path / "main.db", released())
    before = everything(path)
    with pytest.raises(CannotStart, match="as it was") as caught:
        migrate(path, [*released(), NEXT, wrong])
    assert "\n" not in str(caught.value)
    assert everything(path) == before
    migrate(path)
    migrate(path, [*released(), NEXT])
    assert everything(path)["audit"] == before["audit"]


def test_an_upgrade_that_is_killed_changes_nothing(tmp_path: Path) -> None:
    """kill -9 while a step runs; the next start finds what was there."""
    path = a_database(tmp_path / "main.db", released())
    before = everything(path)
    # It deletes, writes more than SQLite keeps in memory, and never ends.
    endless = (
        f"{NEXT}\nDELETE FROM audit;\nCREATE TABLE loft (id);\nINSERT INTO loft"
        " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT zeroblob(4000) FROM n;"
    )
    program = "import sys; from pathlib import Path; from luwte.plumbing.migrate import migrate, released;"
    program += "migrate(Path(sys.argv[1]), [*released(), sys.argv[2]])"
    process = subprocess.Popen([sys.executable, "-c", program, str(path), endless])
    try:
        while not (wal := path.with_name("main.db-wal")).exists() or wal.stat().st_size < 4_000_000:
            assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert everything(path) == before
    migrate(path, [*released(), NEXT])
    assert everything(path)["audit"] == before["audit"]


def test_an_upgrade_without_room_for_its_copy_does_not_begin(tmp_path: Path) -> None:
    """No copy, no upgrade."""
    path = a_database(tmp_path / "main.db", released())
    before = everything(path)
    (tmp_path / f"main.db.schema-{len(released())}").mkdir()
    with pytest.raises(OSError, match="schema"):
        migrate(path, [*released(), NEXT])
    assert everything(path) == before


def test_a_damaged_database_is_not_upgraded(tmp_path: Path) -> None:
    """Its copy would be no way back. An index that disagrees with its table is copied without a word."""
    path = a_database(tmp_path / "main.db", released())
    path.write_bytes(path.read_bytes().replace(b"conversation.id.3", b"conversation.id.X", 1))
    with pytest.raises(CannotStart, match="damaged"):
        migrate(path, [*released(), NEXT])
    assert everything(path)["version"] == (len(released()),)
    assert not (tmp_path / f"main.db.schema-{len(released())}").exists()


def test_a_table_that_others_name_can_be_made_anew(tmp_path: Path) -> None:
    """The way SQLite changes a table: a new one, the rows over, the old one away, the name."""
    path = a_database(tmp_path / "main.db", released())
    sql = sqlite3.connect(path).execute("SELECT sql FROM sqlite_master WHERE name = 'team'").fetchone()[0]
    step = sql.replace("CREATE TABLE team", "CREATE TABLE team_new") + ";\nINSERT INTO team_new SELECT * FROM team;\n"
    before = everything(path)
    migrate(path, [*released(), step + "DROP TABLE team;\nALTER TABLE team_new RENAME TO team;"])
    after = everything(path)
    assert after["team"] == before["team"]
    assert after["account"] == before["account"]
    assert check_database(path) == len(released()) + 1
