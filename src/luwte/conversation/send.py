"""The way of one connection's messages to the disk: several at once, in their order, each with its answer."""

import asyncio
import functools
from collections.abc import Callable

from luwte.conversation import actions
from luwte.conversation.around import Surroundings
from luwte.conversation.model import Writer
from luwte.crypto.envelope import Header
from luwte.errors import NoSuchConversation

UNDER_WAY = 8
"""Appends of one connection that may be on their way to the disk at once."""

Answer = Callable[[Header, actions.Ack | None, Exception | None], None]
"""Told of each append: its place once it is on disk, or why it has none."""


class Appends:
    """What one connection has on its way; whatever else it asks is answered after that."""

    __slots__ = ("_answer", "_around", "_connection", "_count", "_settled")

    def __init__(self, around: Surroundings, connection: int, answer: Answer) -> None:
        self._around, self._connection, self._answer = around, connection, answer
        self._count = 0
        self._settled: asyncio.Future[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether the next append must wait."""
        return self._count >= UNDER_WAY

    @property
    def is_empty(self) -> bool:
        """Whether all of them are answered."""
        return not self._count

    def begin(self, header: Header, envelope: bytes, writer: Writer, minute: int) -> None:
        """Send an envelope on its way. Raises a refusal at once when it cannot go; nothing of it is kept then."""
        sealed = seal(self._around, header, envelope)
        done = functools.partial(self._done, header)
        self._around.db.submit(done, actions.append, sealed, writer, minute, self._connection)
        self._count += 1

    async def settled(self) -> None:
        """Wait until all of them are answered."""
        if self._count:
            self._settled = asyncio.get_running_loop().create_future()
            await self._settled

    def _done(self, header: Header, ack: actions.Ack | None, error: Exception | None) -> None:
        self._count -= 1
        try:
            self._answer(header, ack, error)
        finally:  # whoever waits for the last answer would wait for ever
            if not self._count and self._settled is not None and not self._settled.done():
                self._settled.set_result(None)


def seal(
    around: Surroundings, header: Header, envelope: bytes, team_wrap: bytes | None = None, epoch: int = 0
) -> actions.Sealed:
    """Lock an envelope for storage. Raises `Busy` before any work when there is no room to store it."""
    around.db.check_room()
    key = around.shred_key(header.conv)
    if key is None:
        raise NoSuchConversation
    return actions.seal(header, envelope, key, team_wrap, epoch)
