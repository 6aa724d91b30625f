"""One SQLite database: reads in worker threads, writes in one thread that commits what has queued.

A deed is a plain function that takes a transaction first and runs whole in a worker thread, so a
visitor who hangs up cannot stop a write half-way. Its result arrives after COMMIT, that is: on disk.
A deed touches nothing but its transaction: when a neighbour in its group fails half-way it is undone and run again.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns
from typing import Any, Concatenate, ParamSpec, TypeVar

from luwte.errors import Busy
from luwte.plumbing.log import trouble
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.relay import Relay, Topic

P = ParamSpec("P")
T = TypeVar("T")
Row = tuple[Any, ...]

GROUP = 512
"""Jobs in one commit: enough to carry a surge on one fdatasync, few enough that nobody waits long."""

WAITING = 1024
"""Jobs that may wait: about a fifth of a second of work on a small machine (`make bench`). More would only make
everybody late: they get a clear "busy" instead."""

READERS = 4


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


class WriteTx(ReadTx):
    """Reading and writing; what is done here is kept whole or not at all."""

    def __init__(self, connection: sqlite3.Connection, relay: Relay) -> None:
        super().__init__(connection)
        self._relay = relay
        self._alone = False
        self._dirty = False
        self._after: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def execute(self, sql: str, *values: Any) -> int:
        """Run a writing statement; the number of rows it touched."""
        if self._alone and not self._dirty:
            self._connection.execute("SAVEPOINT job")
            self._dirty = True
        touched = self._connection.execute(sql, values).rowcount
        # A statement that touched no row, or failed, has left nothing to undo.
        self._dirty = self._dirty or touched != 0
        return touched

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

    def _begin(self, *, alone: bool) -> None:
        """The next job begins; *alone* puts a savepoint around what it writes."""
        self._alone, self._dirty, self._after = alone, False, []

    def _keep(self) -> list[tuple[Callable[..., None], tuple[Any, ...]]]:
        if self._alone and self._dirty:
            self._connection.execute("RELEASE job")
        return self._after

    def _drop(self) -> bool:
        """Undo what the job did; False when that cannot be done without its group."""
        if self._alone and self._dirty:
            self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
            return True
        return not self._dirty


@dataclass(slots=True)
class _Job:
    work: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    done: Callable[[Any, Exception | None], None]
    result: Any = None
    error: Exception | None = None
    after: tuple[Any, ...] | list[Any] = ()


class Db:
    """The database of one process. Make it on the event loop with `await Db.open(...)`, end it with `await close()`."""

    def __init__(self, path: Path, relay: Relay, metrics: Metrics) -> None:
        self.path = path
        self._relay = relay
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting = 0
        self._closed = False
        self._readers = ThreadPoolExecutor(READERS, "reader")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._writer_connection = connect(path)
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

        self.submit(done, work, *args, **kwargs)
        return await future

    def submit(
        self,
        done: Callable[[Any, Exception | None], None],
        work: Callable[Concatenate[WriteTx, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """`write` for those who cannot wait: *done* is called with the result, or with what *work* raised."""
        self.check_room()
        self._waiting += 1
        self._jobs.put(_Job(work, args, kwargs, done))

    def check_room(self) -> None:
        """Raise `Busy` when a write would be refused: worth asking before work that would be in vain."""
        if self._waiting >= WAITING or self._closed:
            raise Busy

    async def close(self) -> None:
        """Finish what waits, then close every connection."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        await self._loop.run_in_executor(None, self._thread.join)
        self._readers.shutdown(wait=True)
        for connection in self._connections:
            connection.close()

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

    def _write_for_ever(self) -> None:
        connection = self._writer_connection
        tx = WriteTx(connection, self._relay)
        while (job := self._jobs.get()) is not None:
            group, ends = self._gather(job)
            self._run_group(connection, tx, group)
            self._loop.call_soon_threadsafe(self._settle, group)
            if ends:
                break
        connection.close()

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        group = [first]
        while len(group) < GROUP:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, False
            if job is None:
                return group, True
            group.append(job)
        return group, False

    def _run_group(self, connection: sqlite3.Connection, tx: WriteTx, group: list[_Job]) -> None:
        began = perf_counter_ns()
        try:
            connection.execute("BEGIN IMMEDIATE")
            # A savepoint for each job costs a tenth of it, and hardly any job fails after it wrote.
            if not self._work(connection, tx, group, alone=False):
                connection.execute("ROLLBACK")
                connection.execute("BEGIN IMMEDIATE")
                self._work(connection, tx, group, alone=True)
            worked = perf_counter_ns()
            connection.execute("COMMIT")
            self._metrics.add("write_work_ns", worked - began)
            self._metrics.add("commit_ns", perf_counter_ns() - worked)
            self._metrics.add("commits", 1)
            self._metrics.add("jobs", len(group))
        except Exception as error:  # disk full, failing fsync: nobody in this group is acknowledged
            self._give_up(connection, group, error)

    def _work(self, connection: sqlite3.Connection, tx: WriteTx, group: list[_Job], *, alone: bool) -> bool:
        """Run every job; False as soon as one failed that only a savepoint of its own could undo."""
        for job in group:
            tx._begin(alone=alone)
            try:
                job.error = None
                job.result = job.work(tx, *job.args, **job.kwargs)
                job.after = tx._keep()
            except Exception as error:  # every kind belongs to the one who asked, never to the group
                if not connection.in_transaction:  # SQLite undid all of it: a full or failing disk
                    raise
                if not tx._drop():
                    return False
                job.error, job.after = error, ()
        return True

    def _give_up(self, connection: sqlite3.Connection, group: list[_Job], error: Exception) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for job in group:
            job.after = ()
            if job.error is None:
                job.error = error

    def _settle(self, group: list[_Job]) -> None:
        began = perf_counter_ns()
        self._waiting -= len(group)
        for job in group:
            try:
                for deed, values in job.after:
                    deed(*values)
                job.done(job.result, job.error)
            except Exception as error:  # the others of the group are on disk, too, and wait to hear it
                trouble("settle", error)
        self._metrics.add("settle_ns", perf_counter_ns() - began)


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
    if readonly:
        connection.execute("PRAGMA query_only=ON")
    return connection
