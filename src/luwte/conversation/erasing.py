"""Erasing: what is written first, what is overwritten, and when it may be called done.

ledger -> shred key -> rows -> what SQLite left of them -> done. Each is on disk before the next begins, and all of them
may be done again: whatever stops in between goes on from the ledger at the next start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from luwte.audit.model import pseudonym
from luwte.conversation import actions
from luwte.errors import Busy
from luwte.plumbing import keystore
from luwte.plumbing.clock import Clock, minute
from luwte.plumbing.db import Db
from luwte.plumbing.keystore import KeyStore
from luwte.plumbing.ledger import Ledger, name_of
from luwte.plumbing.log import trouble

AGAIN = 0.25
"""Seconds until the disk is asked again: somebody reads what must go, or there is no room for a write."""

VISITOR, OPERATOR, RETENTION, LEDGER = "visitor", "operator", "retention", "ledger"
"""On whose word, as the audit log has it. LEDGER: a process stopped in the middle of it, or an older copy came back."""


class Erasures:
    """The erasures of one process."""

    def __init__(self, db: Db, keys: KeyStore, ledger: Ledger, clock: Clock) -> None:
        self._db, self._keys, self._ledger, self._clock = db, keys, ledger, clock
        self._under_way: dict[bytes, asyncio.Task[None]] = {}
        self._done: set[bytes] = set()
        self._cleaning = asyncio.Lock()
        self._wanted = self._cleaned = 0
        self._task: asyncio.Task[None] | None = None

    def __contains__(self, id: bytes) -> bool:
        """Whether this conversation was erased, or is being erased."""
        return id in self._ledger

    def knows(self, id: bytes) -> bool:
        """Whether there is, or was, anything to erase."""
        return self._keys.get(keystore.CONVERSATION, id) is not None or id in self._ledger

    async def erase(self, id: bytes, actor: str, reason: str = "") -> None:
        """Erase one conversation; returns when nothing of it is in any file. Again: nothing more happens.

        It goes on when whoever asked has gone.
        """
        if name_of(id) in self._done:
            return
        task = self._under_way.get(id)
        if task is None:
            task = self._under_way[id] = asyncio.create_task(self._erase(id, actor, reason))
            task.add_done_callback(lambda _: self._under_way.pop(id, None))
        await asyncio.shield(task)

    async def _erase(self, id: bytes, actor: str, reason: str) -> None:
        await self.forget([id], actor, reason)
        await self.clean()
        self._done.add(name_of(id))

    async def finish(self) -> int:
        """At a start, before anybody is served: erase what the ledger names and is there; how many that were.

        What SQLite leaves of them is still to be overwritten.
        """
        left = [id for id in self._keys.ids(keystore.CONVERSATION) if id in self._ledger]
        rows = [id for id in await self._db.read(actions.ids) if id in self._ledger]
        both = dict.fromkeys([*left, *rows])
        if both:
            await self.forget(both, LEDGER, "")
        return len(both)

    def start(self) -> None:
        """Begin to overwrite what the stop may have left, beside everything else."""
        self._task = asyncio.get_running_loop().create_task(self.clean())

    def stop(self) -> None:
        """Go no further; the next start does."""
        for task in (self._task, *self._under_way.values()):
            if task is not None:
                task.cancel()

    async def forget(self, ids: Iterable[bytes], actor: str, reason: str) -> None:
        """The ledger, the keys, the rows: in this order, and each of them until it is done."""
        gone, now = list(ids), minute(self._clock())
        keys = {id: self._keys.get(keystore.CONVERSATION, id) for id in gone}
        names = {id: pseudonym(key, id) if key else b"" for id, key in keys.items()}
        await asyncio.to_thread(self._ledger.add, gone, now)
        await self._until_done(lambda: asyncio.to_thread(self._keys.erase_all, keystore.CONVERSATION, gone))
        await self._until_done(lambda: self._db.write(actions.erase, names, actor=actor, reason=reason, minute=now))

    async def _until_done(self, deed: Callable[[], Awaitable[object]]) -> None:
        """There is no way back from an entry in the ledger: a full disk or a busy writer costs time only."""
        told = False
        while True:
            try:
                await deed()
            except Exception as error:
                if not told and not isinstance(error, Busy):
                    told = True
                    trouble("erasing", error)
                await asyncio.sleep(AGAIN)
            else:
                return

    async def clean(self) -> None:
        """Until nothing is left of rows that went before this call. Who comes meanwhile shares the next turn."""
        self._wanted += 1
        mine = self._wanted
        async with self._cleaning:
            if self._cleaned >= mine:
                return
            covered = self._wanted
            await self._until_done(self._clean_once)
            self._cleaned = covered

    async def _clean_once(self) -> None:
        if not await self._db.clean():
            raise Busy
