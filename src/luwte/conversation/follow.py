"""Bringing a log to a reader: everything after a number, in order, once, and no faster than the reader reads."""

import asyncio
from collections.abc import Callable

from luwte.conversation import actions
from luwte.conversation.model import ShredKey, Stored
from luwte.errors import NoSuchConversation
from luwte.plumbing.db import Db
from luwte.plumbing.log import trouble
from luwte.plumbing.relay import Relay
from luwte.plumbing.sockets import Socket


class Follower:
    """One reader of one log.

    Who is at the end is told each new envelope in the very call that says it is on disk; whoever is further behind
    reads from the disk. When the socket is full nothing is queued: the log itself is the queue, and we go on when it
    drains.
    """

    __slots__ = (
        "_again",
        "_behind",
        "_connection",
        "_conversation",
        "_db",
        "_deliver",
        "_log",
        "_n",
        "_reading",
        "_shred_key",
        "_socket",
        "_stopped",
        "_unlisten",
    )

    def __init__(
        self,
        *,
        db: Db,
        relay: Relay,
        shred_key: ShredKey,
        socket: Socket,
        conversation: bytes,
        log: int,
        after: int,
        connection: int,
        deliver: Callable[[Stored], None],
    ) -> None:
        """Follow *log* after number *after*; what *connection* itself wrote is passed over while it is live."""
        self._db, self._shred_key, self._socket = db, shred_key, socket
        self._conversation, self._log, self._n = conversation, log, after
        self._connection, self._deliver = connection, deliver
        self._reading: asyncio.Task[None] | None = None
        self._behind = True
        self._again = False
        self._stopped = False
        self._unlisten = relay.listen(actions.log_topic(conversation, log), self._hear)
        self.pump()

    def stop(self) -> None:
        """Follow no more."""
        if not self._stopped:
            self._stopped = True
            self._unlisten()

    def pump(self) -> None:
        """Go on, when there may be more on the disk."""
        if self._stopped or not self._behind or self._socket.clogged:
            return
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(self._catch_up())

    def _hear(self, stored: Stored) -> None:
        """A new envelope is on the disk."""
        if not self._behind and stored.n == self._n + 1 and not self._socket.clogged:
            self._n = stored.n
            if stored.writer != self._connection:
                self._deliver(stored)
        elif stored.n > self._n:
            self._behind = self._again = True
            self.pump()

    async def _catch_up(self) -> None:
        try:
            await self._read_pages()
        except NoSuchConversation:  # erased meanwhile: whoever sits here is told so
            self.stop()
        except Exception as error:
            trouble("follow", error)
            self._socket.close(1011)
        finally:
            self._reading = None

    async def _read_pages(self) -> None:
        while not (self._stopped or self._socket.clogged):
            self._again = False
            rows = await self._db.read(actions.read_after, self._conversation, self._log, self._n)
            key = self._shred_key(self._conversation)
            if self._stopped or key is None:
                return
            for stored in actions.open_all(self._conversation, self._log, rows, key):
                self._n = stored.n
                self._deliver(stored)
                if self._socket.clogged:
                    return
            # Nothing came while we read: from here on we are told.
            if not rows and not self._again:
                self._behind = False
                return
