"""One SQLite database: reads in worker threads, writes in one thread that commits what has queued.

A deed is a plain function that takes a transaction first and runs whole in a worker thread, so a
visitor who hangs up cannot stop a write half-way. Its result arrives after COMMIT, that is: on disk.
A deed touches nothing but its transaction: when a neighbour in its group fails half-way it is undone and run again.
"""

import asyncio
import functools
import os
import queue
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter_ns
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from urllib.parse import quote

import msgspec

from luwte.errors import Busy
from luwte.plumbing import residue
from luwte.plumbing.log import trouble
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.relay import Relay, Topic

P = ParamSpec("P")
T = TypeVar("T")
Row = tuple[Any, ...]

GROUP = 512
"""Jobs after which a commit is full, but for those that came in the same turn of the event loop: enough to carry a
surge on one fdatasync, few enough that nobody waits long."""

WAITING = 1024
"""Jobs that may wait: about a fifth of a second of work on a small machine (`make bench`). More would only make
everybody late: they get a clear "busy" instead."""

REMEMBERED = 5_000
"""Rows that deeds may remember of one table: more conversations than talk at once on one machine."""

READERS = 4

PATIENCE = 20
"""Milliseconds that emptying the write-ahead log waits for readers: as long all who write wait, too."""


class ReadTx:
    """Reading, in one consistent view."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def one(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Any) -> list[Row]:
        """All rows."""
        return self._connection.execute(sql, values).fetchall()

    def some(self, sql: str, *values: Any, size: int) -> list[Row]:
        """The first rows, until their last columns have *size* bytes together: at least one, if there is any."""
        rows: list[Row] = []
        for row in self._connection.execute(sql, values):
            rows.append(row)
            size -= len(row[-1])
            if size <= 0:
                break
        return rows


class WriteTx(ReadTx):
    """Reading and writing; what is done here is kept whole or not at all."""

    def __init__(self, connection: sqlite3.Connection, relay: Relay) -> None:
        super().__init__(connection)
        self._relay = relay
        self._alone = False
        self._dirty = False
        self._after: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self._later: dict[str, list[tuple[Any, ...]]] = {}
        self.memory: defaultdict[str, dict[Hashable, Any]] = defaultdict(dict)
        """What deeds remember, by table, of rows that they read or wrote, for the deeds after them. Written after the
        rows themselves; forgotten when the table is updated or anything is undone. Nobody else writes: the folder
        is held by one process."""

    def one(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        self._flush()
        return super().one(sql, *values)

    def all(self, sql: str, *values: Any) -> list[Row]:
        """All rows."""
        self._flush()
        return super().all(sql, *values)

    def execute(self, sql: str, *values: Any) -> int:
        """Run a writing statement; the number of rows it touched."""
        self._flush()
        if self._alone and not self._dirty:
            self._connection.execute("SAVEPOINT job")
            self._dirty = True
        touched = self._connection.execute(sql, values).rowcount
        # A statement that touched no row, or failed, has left nothing to undo.
        self._dirty = self._dirty or touched != 0
        self._forget(sql)
        return touched

    def later(self, sql: str, *values: Any) -> None:
        """Run a writing statement together with its like from the rest of the group, before anything is read.

        Statements with other words may overtake it. When it fails, the group is run again, each job alone: then it
        runs, and fails, at once.
        """
        if self._alone:
            self.execute(sql, *values)
        else:
            self._later.setdefault(sql, []).append(values)
            self._dirty = True

    def insert(self, sql: str, *values: Any) -> int:
        """Insert one row; its rowid."""
        self.execute(sql, *values)
        row = self.one("SELECT last_insert_rowid()")
        assert row is not None
        return int(row[0])

    def after(self, deed: Callable[..., None], *values: Any) -> None:
        """Call *deed* on the event loop once this is on disk, in the order of the commits."""
        self._after.append((deed, values))

    def wake(self, topic: Topic) -> None:
        """Wake the followers of *topic* once this is on disk."""
        self.after(self._relay.wake, topic)

    def tell(self, topic: Topic, value: object) -> None:
        """Hand *value* to the listeners of *topic* once this is on disk: they are spared a reading."""
        self._after.append((self._relay.tell, (topic, value)))

    def remember(self, table: str, key: Hashable, row: Any) -> None:
        """Keep *row* in `memory` for the deeds after this one."""
        rows = self.memory[table]
        if len(rows) >= REMEMBERED:
            rows.clear()
        rows[key] = row

    def _forget(self, sql: str) -> None:
        """Forget what *sql* may have changed; a new row changes nothing that is remembered of the others."""
        match sql.split(None, 3):
            case ["INSERT", *_]:
                pass
            case ["UPDATE", table, *_] | ["DELETE", "FROM", table, *_]:
                self.memory.pop(table, None)
            case _:
                self.memory.clear()

    def _begin_group(self, *, alone: bool) -> None:
        """A transaction begins, in which each job is to be run *alone* (a savepoint around what it writes) or not."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._alone = alone

    def _begin(self) -> None:
        """The next job begins."""
        self._dirty, self._after = False, []

    def _flush(self) -> None:
        """Run what was left for later."""
        if self._later:
            later, self._later = self._later, {}
            try:
                for sql, rows in later.items():
                    self._connection.executemany(sql, rows)
            except sqlite3.Error:
                raise _Undone from None

    def _undo_group(self) -> None:
        """Undo everything since the group began."""
        self._later = {}
        self.memory.clear()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _keep(self) -> list[tuple[Callable[..., None], tuple[Any, ...]]]:
        if self._alone and self._dirty:
            self._connection.execute("RELEASE job")
        return self._after

    def _drop(self) -> bool:
        """Undo what the job did; False when that cannot be done without its group."""
        if self._alone and self._dirty:
            self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
            self.memory.clear()
            return True
        return not self._dirty


class _Undone(Exception):
    """A statement that was left for later failed: the group must be run again, each job alone."""


class _Job(msgspec.Struct, gc=False):
    work: Callable[..., Any]
    args: tuple[Any, ...]
    done: Callable[[Any, Exception | None], None]
    result: Any = None
    error: Exception | None = None
    after: tuple[Any, ...] | list[Any] = ()


class Db:
    """The database of one process. Make it on the event loop, end it with `await close()`."""

    def __init__(self, path: Path, relay: Relay, metrics: Metrics) -> None:
        self.path = path
        self._relay = relay
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[list[_Job] | None] = queue.SimpleQueue()
        self._between: queue.SimpleQueue[Callable[[sqlite3.Connection], None]] = queue.SimpleQueue()
        self._next: list[_Job] = []
        self._waiting = 0
        self._closed = False
        self._readers = ThreadPoolExecutor(READERS, "reader")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._writer_connection = connect(path)
        # Open to the end: closing it would let go of the locks that SQLite's own descriptors of this file hold (POSIX).
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._write_for_ever, name="writer", daemon=True)
        self._thread.start()

    async def read(self, work: Callable[Concatenate[ReadTx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run *work* in one read transaction."""
        return await self._loop.run_in_executor(self._readers, self._read, work, args, kwargs)

    async def write(self, work: Callable[Concatenate[WriteTx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run *work* in one write transaction; returns when it is on disk.

        Raises `Busy` at once when too many jobs wait, and whatever *work* raises: then nothing of it is kept.
        """
        future: asyncio.Future[T] = self._loop.create_future()

        def done(result: T, error: Exception | None) -> None:
            if future.done():  # whoever asked has gone
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        self.submit(done, functools.partial(work, **kwargs) if kwargs else work, *args)
        return await future

    def submit(
        self,
        done: Callable[[Any, Exception | None], None],
        work: Callable[..., Any],
        *args: object,
    ) -> None:
        """`write` for those who cannot wait: *done* is called with the result, or with what *work* raised."""
        if self._waiting >= WAITING or self._closed:
            raise Busy
        self._waiting += 1
        if not self._next:  # the writer is woken once for all that this turn of the event loop brings
            self._loop.call_soon(self._hand_over)
        self._next.append(_Job(work, args, done))

    def check_room(self) -> None:
        """Raise `Busy` when a write would be refused: worth asking before work that would be in vain."""
        if self._waiting >= WAITING or self._closed:
            raise Busy

    async def clean(self) -> bool:
        """Leave no byte of rows that are gone: not in the write-ahead log, not between the rows of a page.

        False when somebody reads, and so needs what was there before: try again later.
        """
        if not await self._in_between(_empty_log):
            return False
        pages = await self._loop.run_in_executor(None, residue.find, self._fd)

        return not pages or await self._in_between(lambda connection: self._overwrite(connection, pages))

    def _overwrite(self, connection: sqlite3.Connection, pages: list[int]) -> bool:
        """Overwrite what is left in these pages; False when somebody else reads or writes."""
        if not _empty_log(connection):
            return False
        try:
            # With this no other process, such as `luwte audit export`, can add to the log; and while that is empty
            # nobody brings anything from it into the database. So nobody but us writes to the file.
            _at_once(connection, "BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        try:
            log = self.path.with_name(self.path.name + "-wal")
            if log.exists() and log.stat().st_size:
                return False
            residue.overwrite(self._fd, pages)
            return True
        finally:
            connection.execute("ROLLBACK")
            connection.execute("PRAGMA shrink_memory")  # or a page as it was is written back one day

    async def _in_between(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run *work* in the writer's thread, between two groups and outside any transaction."""
        future: asyncio.Future[T] = self._loop.create_future()

        def done(result: T | None, error: Exception | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(cast(T, result))
            else:
                future.set_exception(error)

        def run(connection: sqlite3.Connection) -> None:
            try:
                result = work(connection)
            except Exception as error:
                self._loop.call_soon_threadsafe(done, None, error)
            else:
                self._loop.call_soon_threadsafe(done, result, None)

        if self._closed:
            raise Busy
        self._between.put(run)
        self._jobs.put([])
        return await future

    async def close(self) -> None:
        """Finish what waits, then close every connection."""
        if self._closed:
            return
        self._closed = True
        self._hand_over()
        self._jobs.put(None)
        await self._loop.run_in_executor(None, self._thread.join)
        self._readers.shutdown(wait=True)
        for connection in self._connections:
            connection.close()
        os.close(self._fd)

    def _read(self, work: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self.path, readonly=True)
            self._connections.append(connection)
        connection.execute("BEGIN")
        try:
            return work(ReadTx(connection), *args, **kwargs)
        finally:
            connection.execute("ROLLBACK")

    def _hand_over(self) -> None:
        if self._next:
            self._jobs.put(self._next)
            self._next = []

    def _write_for_ever(self) -> None:
        tx = WriteTx(self._writer_connection, self._relay)
        while (jobs := self._jobs.get()) is not None:
            group, ends = self._gather(jobs)
            if group:
                self._run_group(tx, group)
                self._loop.call_soon_threadsafe(self._settle, group)
            while not self._between.empty():
                self._between.get()(self._writer_connection)
            if ends:
                break
        self._writer_connection.close()

    def _gather(self, group: list[_Job]) -> tuple[list[_Job], bool]:
        while len(group) < GROUP:
            try:
                jobs = self._jobs.get_nowait()
            except queue.Empty:
                return group, False
            if jobs is None:
                return group, True
            group += jobs
        return group, False

    def _run_group(self, tx: WriteTx, group: list[_Job]) -> None:
        began = perf_counter_ns()
        try:
            # Together costs half of alone, and hardly any job fails after it wrote.
            if not self._work(tx, group, alone=False):
                tx._undo_group()
                self._work(tx, group, alone=True)
            worked = perf_counter_ns()
            tx._connection.execute("COMMIT")
            self._metrics.add("write_work_ns", worked - began)
            self._metrics.add("commit_ns", perf_counter_ns() - worked)
            self._metrics.add("commits", 1)
            self._metrics.add("jobs", len(group))
        except Exception as error:  # disk full, failing fsync: nobody in this group is acknowledged
            self._give_up(tx, group, error)

    def _work(self, tx: WriteTx, group: list[_Job], *, alone: bool) -> bool:
        """Run every job; False as soon as one failed that only a savepoint of its own could undo."""
        tx._begin_group(alone=alone)
        for job in group:
            tx._begin()
            try:
                job.error = None
                job.result = job.work(tx, *job.args)
                job.after = tx._keep()
            except _Undone:
                return False
            except Exception as error:  # every kind belongs to the one who asked, never to the group
                if not tx._connection.in_transaction:  # SQLite undid all of it: a full or failing disk
                    raise
                if not tx._drop():
                    return False
                job.error, job.after = error, ()
        try:
            tx._flush()
        except _Undone:
            return False
        return True

    def _give_up(self, tx: WriteTx, group: list[_Job], error: Exception) -> None:
        for job in group:
            job.after = ()
            if job.error is None:
                job.error = error
        try:
            tx._undo_group()
        except Exception as stuck:
            # Closing undoes as well. This thread must go on whatever happens: without it every write waits for ever.
            trouble("undo", stuck)
            self._start_anew(tx)

    def _start_anew(self, tx: WriteTx) -> None:
        """Another connection for the writer. If there is none to be had now, the next group fails and tries again."""
        try:
            self._writer_connection.close()
            self._writer_connection = tx._connection = connect(self.path)
        except Exception as error:
            trouble("undo", error)

    def _settle(self, group: list[_Job]) -> None:
        began = perf_counter_ns()
        self._waiting -= len(group)
        for job in group:
            for deed, values in job.after:
                try:
                    deed(*values)
                except Exception as error:  # it is on disk all the same, and whoever asked waits to hear it
                    trouble("settle", error)
            try:
                job.done(job.result, job.error)
            except Exception as error:  # the others of the group are on disk, too
                trouble("settle", error)
        self._metrics.add("settle_ns", perf_counter_ns() - began)


def _empty_log(connection: sqlite3.Connection) -> bool:
    """Bring the whole write-ahead log into the database and cut it to nothing; False when a reader needs it."""
    return bool(_at_once(connection, "PRAGMA wal_checkpoint(TRUNCATE)")[0][0] == 0)


def _at_once(connection: sqlite3.Connection, sql: str) -> list[Row]:
    """Run a statement that would wait for others, and hardly wait."""
    connection.execute(f"PRAGMA busy_timeout={PATIENCE}")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.execute("PRAGMA busy_timeout=5000")


def look(path: Path, work: Callable[[ReadTx], T]) -> T:
    """Run *work* on the database at *path* and change nothing: a server may be running on it."""
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("BEGIN")
        return work(ReadTx(connection))
    finally:
        connection.close()


def connect(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    """A careful connection: durable at COMMIT, freed pages overwritten, nothing trusted from the schema."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA busy_timeout=5000")
    connection.execute("PRAGMA temp_store=MEMORY")
    # The writer comes back to the same pages all the time; readers pass by, and there are several of them.
    connection.execute(f"PRAGMA cache_size={-4_000 if readonly else -32_000}")
    if readonly:
        connection.execute("PRAGMA query_only=ON")
    return connection
