"""The database's promise: a deed is kept whole or not at all, and its answer means that it is on disk."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luwte.errors import Busy, NoSuchConversation
from luwte.plumbing import db as db_module
from luwte.plumbing.db import Db, ReadTx, WriteTx, connect
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.relay import Relay


@asynccontextmanager
async def a_db(path: Path) -> AsyncIterator[tuple[Db, Relay]]:
    """A database with one table of numbers."""
    connection = connect(path)
    connection.execute("CREATE TABLE IF NOT EXISTS number (n INTEGER PRIMARY KEY)")
    connection.close()
    relay = Relay()
    db = Db(path, relay, Metrics())
    try:
        yield db, relay
    finally:
        await db.close()


def insert(tx: WriteTx, n: int) -> int:
    """Add one number."""
    tx.execute("INSERT INTO number (n) VALUES (?)", n)
    return n


def insert_then_refuse(tx: WriteTx, n: int) -> None:
    """Add a number, then say no."""
    insert(tx, n)
    tx.wake("numbers")
    raise NoSuchConversation


def numbers(tx: ReadTx) -> set[int]:
    """All numbers."""
    return {row[0] for row in tx.all("SELECT n FROM number")}


def test_one_refused_deed_does_not_touch_the_others_of_its_group(tmp_path: Path) -> None:
    """Jobs that share a commit share nothing else."""

    async def story() -> None:
        async with a_db(tmp_path / "db") as (db, _):
            jobs = [db.write(insert_then_refuse if n % 3 == 0 else insert, n) for n in range(60)]
            results = await asyncio.gather(*jobs, return_exceptions=True)
            assert {n for n, result in enumerate(results) if isinstance(result, NoSuchConversation)} == set(
                range(0, 60, 3)
            )
            assert await db.read(numbers) == {n for n in range(60) if n % 3}

    asyncio.run(story())


def test_the_answer_comes_after_the_commit(tmp_path: Path) -> None:
    """Another connection sees what was acknowledged, at the moment of the acknowledgement."""

    async def story() -> None:
        async with a_db(tmp_path / "db") as (db, _):
            other = sqlite3.connect(tmp_path / "db")
            for n in range(20):
                await db.write(insert, n)
                assert other.execute("SELECT count(*) FROM number").fetchone() == (n + 1,)
            other.close()

    asyncio.run(story())


def test_wakes_come_after_the_commit_and_never_for_what_was_refused(tmp_path: Path) -> None:
    """Who is woken finds what it was woken for."""

    async def story() -> None:
        async with a_db(tmp_path / "db") as (db, relay):
            other = sqlite3.connect(tmp_path / "db")
            seen: list[int] = []
            relay.follow("numbers", lambda: seen.append(other.execute("SELECT count(*) FROM number").fetchone()[0]))

            def insert_and_wake(tx: WriteTx, n: int) -> None:
                insert(tx, n)
                tx.wake("numbers")

            await db.write(insert_and_wake, 1)
            with pytest.raises(NoSuchConversation):
                await db.write(insert_then_refuse, 2)
            assert seen == [1]
            other.close()

    asyncio.run(story())


def test_hanging_up_does_not_stop_a_deed_half_way(tmp_path: Path) -> None:
    """A cancelled caller gets no answer; the deed is done whole all the same."""

    async def story() -> None:
        async with a_db(tmp_path / "db") as (db, _):
            running, go_on = threading.Event(), threading.Event()

            def slow(tx: WriteTx) -> None:
                insert(tx, 1)
                running.set()
                go_on.wait(5)
                insert(tx, 2)

            task = asyncio.create_task(db.write(slow))
            await asyncio.to_thread(running.wait, 5)
            task.cancel()
            go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            await db.write(insert, 3)
            assert await db.read(numbers) == {1, 2, 3}

    asyncio.run(story())


def test_too_much_work_is_refused_at_once(tmp_path: Path) -> None:
    """Beyond the bound the answer is "busy", and nothing of it is stored; afterwards work goes on."""

    async def story() -> None:
        async with a_db(tmp_path / "db") as (db, _):
            go_on = threading.Event()
            first = asyncio.create_task(db.write(lambda tx: go_on.wait(5)))
            await asyncio.sleep(0)
            queued = [asyncio.create_task(db.write(insert, n)) for n in range(db_module.WAITING + 10)]
            await asyncio.sleep(0)
            refused = [task for task in queued if task.done() and isinstance(task.exception(), Busy)]
            assert len(refused) == 11
            go_on.set()
            await first
            await asyncio.gather(*(task for task in queued if task not in refused))
            assert len(await db.read(numbers)) == db_module.WAITING - 1
            assert await db.write(insert, 10**9) == 10**9

    asyncio.run(story())


def test_a_failing_commit_acknowledges_nobody(tmp_path: Path) -> None:
    """A full disk: every job of the group fails, none is half there, and later ones work again."""

    async def story() -> None:
        async with a_db(tmp_path / "db") as (db, _):
            limit = db._writer_connection.execute("PRAGMA page_count").fetchone()[0] + 2

            def set_limit(tx: WriteTx, pages: int) -> None:
                tx.all(f"PRAGMA max_page_count={pages}")

            def insert_much(tx: WriteTx, n: int) -> None:
                tx.execute("CREATE TABLE IF NOT EXISTS big (b BLOB)")
                tx.execute("INSERT INTO big VALUES (zeroblob(1000000))")
                insert(tx, n)

            await db.write(set_limit, limit)
            results = await asyncio.gather(*(db.write(insert_much, n) for n in range(5)), return_exceptions=True)
            assert all(isinstance(result, sqlite3.OperationalError) for result in results)
            await db.write(set_limit, 10**6)
            assert await db.read(numbers) == set()
            await db.write(insert, 7)
            assert await db.read(numbers) == {7}

    asyncio.run(story())


def break_the_connection(tx: WriteTx, n: int) -> None:
    """What SQLite does when nothing works any more: the deed fails, and so does its undoing."""
    insert(tx, n)
    tx._connection.close()
    raise sqlite3.OperationalError("disk I/O error")


@pytest.mark.parametrize("opens", [True, False], ids=["at once", "not at once"])
def test_the_writer_lives_on_when_even_undoing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, opens: bool
) -> None:
    """Nobody of that group is acknowledged, and nobody after it waits for ever."""

    async def story() -> None:
        async with a_db(tmp_path / "db") as (db, _):
            with monkeypatch.context() as patch:
                if not opens:
                    patch.setattr(db_module, "connect", _cannot)
                group = await asyncio.gather(
                    db.write(insert, 1), db.write(break_the_connection, 2), db.write(insert, 3), return_exceptions=True
                )
                assert all(isinstance(result, sqlite3.Error) for result in group)
            async with asyncio.timeout(20):
                if not opens:
                    with pytest.raises(sqlite3.Error):
                        await db.write(insert, 4)
                await db.write(insert, 5)
            assert await db.read(numbers) == {5}

    asyncio.run(story())


def _cannot(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    raise sqlite3.OperationalError("unable to open database file")


def test_a_reader_that_breaks_keeps_nobody_from_their_answer(tmp_path: Path) -> None:
    """Neither whoever asked, nor the others who are woken, nor the rest of the group."""

    async def story() -> None:
        async with a_db(tmp_path / "db") as (db, relay):
            woken: list[str] = []

            def break_down() -> None:
                raise KeyError

            def insert_and_wake(tx: WriteTx, n: int) -> int:
                tx.wake("numbers")
                tx.after(break_down)
                tx.wake("numbers")
                return insert(tx, n)

            relay.follow("numbers", break_down)
            relay.follow("numbers", lambda: woken.append("another"))
            async with asyncio.timeout(20):
                assert await asyncio.gather(db.write(insert_and_wake, 1), db.write(insert, 2)) == [1, 2]
            assert woken == ["another", "another"]

    asyncio.run(story())


STEPS = st.lists(
    st.tuples(st.sampled_from(["keep", "refuse", "break", "hang up", "breathe"]), st.integers(0, 30)), max_size=40
)


@given(steps=STEPS)
@settings(max_examples=60, deadline=None)
def test_what_was_answered_is_what_is_there(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """However deeds mix, fail and are abandoned: the table holds exactly the kept ones."""

    def work(tx: WriteTx, how: str, n: int) -> None:
        insert(tx, n)
        if how == "refuse":
            raise NoSuchConversation
        if how == "break":
            tx.execute("INSERT INTO number (n) VALUES (?)", n)

    async def story(path: Path) -> None:
        async with a_db(path) as (db, _):
            tasks = []
            for how, n in steps:
                if how == "breathe":
                    await asyncio.sleep(0)
                    continue
                task = asyncio.create_task(db.write(work, how, n))
                tasks.append((how, n, task))
                if how == "hang up":
                    await asyncio.sleep(0)
                    task.cancel()
            results = await asyncio.gather(*(task for _, _, task in tasks), return_exceptions=True)
            kept = {n for (_, n, _), result in zip(tasks, results, strict=True) if result is None}
            abandoned = {n for how, n, _ in tasks if how == "hang up"}
            await db.write(lambda tx: None)  # one writer, in order: what was abandoned is done now, too
            there = await db.read(numbers)
            assert kept <= there <= kept | abandoned
            # Nobody was told "refused" of a number that only they wrote.
            assert there == {n for how, n, _ in tasks if how in ("keep", "hang up")}

    asyncio.run(story(tmp_path_factory.mktemp("db") / "db"))
