"""The server's own hand under the audit log: an hourly signed checkpoint of what it was.

The key lies in a file of its own, outside the database. So a signature says: whoever made this checkpoint had the
server's folder, not only a copy of its database. It does not bind who runs the server, who can sign another history;
against that helps what others remember: desks for as long as a shift lasts, witnesses who keep exports.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from luwte.audit import checkpoints
from luwte.errors import CannotStart
from luwte.plumbing.clock import Clock, minute
from luwte.plumbing.db import Db
from luwte.plumbing.files import write_whole
from luwte.plumbing.log import trouble

KEY = "audit-key"
"""The file with the key, for its owner only."""

EVERY = 60
"""Minutes between two checkpoints."""

LOOK_EVERY = 60.0

Erasures = Callable[[], int]
"""The highest number in the ledger of erasures."""


def read_key(folder: Path) -> bytes:
    """The signing key. Raises `CannotStart` when there is none."""
    try:
        seed = (folder / KEY).read_bytes()
    except OSError:
        raise CannotStart(f"The audit log's key is missing: {KEY}. It is made when the server starts.") from None
    if len(seed) != 32:
        raise CannotStart(f"{KEY} is damaged. Bring it back from a backup of the key store.")
    return seed


def keep_key(folder: Path) -> bytes:
    """The signing key, made at the first start."""
    if not (folder / KEY).exists():
        write_whole(folder / KEY, os.urandom(32))
    return read_key(folder)


def origin_of(organisation: str) -> str:
    """The name under which an organisation's log is signed."""
    return f"luwte-audit/{organisation}"


class Notary:
    """Signs the log of one process every hour."""

    def __init__(self, db: Db, clock: Clock, origin: str, seed: bytes, erasures: Erasures) -> None:
        self._db, self._clock, self._origin, self._seed, self._erasures = db, clock, origin, seed, erasures
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.get_running_loop().create_task(self._look_for_ever())

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def look(self) -> None:
        """Sign when an hour is over."""
        last = await self._db.read(checkpoints.newest)
        if last is None or minute(self._clock()) - last.minute >= EVERY:
            await self.sign()

    async def sign(self) -> None:
        """Sign now."""
        while not await self._db.write(
            checkpoints.make, self._origin, self._seed, self._erasures(), minute(self._clock())
        ):
            pass

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self.look()
            except Exception as error:
                trouble("audit checkpoint", error)
