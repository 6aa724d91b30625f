"""Bringing a log to a reader: everything after a number, in order, once, and no faster than the reader reads."""

import asyncio
from collections.abc import Callable

from luwte.conversation import actions
from luwte.conversation.model import Stored
from luwte.conversation.tail import Tails
from luwte.plumbing.db import Db
from luwte.plumbing.log import trouble
from luwte.plumbing.relay import Relay
from luwte.plumbing.sockets import Socket


class Follower:
    """One reader of one log.

    Live envelopes come from memory in the very call that wakes us; whoever is further behind reads from the
    disk. When the socket is full nothing is queued: the log itself is the queue, and we go on when it drains.
    """

    def __init__(
        self,
        *,
        db: Db,
        relay: Relay,
        tails: Tails,
        shred_key: actions.ShredKey,
        socket: Socket,
        conversation: bytes,
        log: int,
        after: int,
        connection: int,
        deliver: Callable[[Stored], None],
    ) -> None:
        """Follow *log* after number *after*; what *connection* itself wrote is passed over while it is live."""
        self._db, self._tails, self._shred_key, self._socket = db, tails, shred_key, socket
        self._conversation, self._log, self._n = conversation, log, after
        self._connection, self._deliver = connection, deliver
        self._reading: asyncio.Task[None] | None = None
        self._again = False
        self._stopped = False
        tails.follow(conversation, log)
        self._unfollow = relay.follow(actions.log_topic(conversation, log), self.pump)
        self.pump()

    def stop(self) -> None:
        """Follow no more."""
        if not self._stopped:
            self._stopped = True
            self._unfollow()
            self._tails.unfollow(self._conversation, self._log)

    def pump(self) -> None:
        """Send what is there."""
        if self._stopped or self._socket.clogged:
            return
        if self._reading is not None:
            self._again = True
            return
        live = self._tails.after(self._conversation, self._log, self._n)
        if live is None:
            self._reading = asyncio.get_running_loop().create_task(self._catch_up())
            return
        for stored in live:
            self._n = stored.n
            if stored.writer != self._connection:
                self._deliver(stored)
            if self._socket.clogged:
                return

    async def _catch_up(self) -> None:
        try:
            await self._read_pages()
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
            if not rows and not self._again:
                return
