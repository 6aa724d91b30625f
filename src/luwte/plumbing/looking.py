"""Reading something again whenever it may have changed: once at a time, and again after trouble."""

import asyncio
from collections.abc import Awaitable, Callable

from luwte.errors import Refusal
from luwte.plumbing.log import trouble

AFTER_TROUBLE = 1.0
"""Seconds after which is read again what could not be read; each time in a row twice as many."""
LONGEST = 10.0
"""Seconds, however often it could not be read."""


class Looking:
    """Calls *read* after each `look`; changes that come while it reads cost one reading more, however many they are."""

    def __init__(self, part: str, read: Callable[[], Awaitable[None]]) -> None:
        """*part* is what the log calls it when *read* fails."""
        self._part, self._read = part, read
        self._task: asyncio.Task[None] | None = None
        self._due = False
        self._stopped = False

    def look(self) -> None:
        """Something may have changed."""
        self._due = not self._stopped
        if self._due and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    def stop(self) -> None:
        """Begin no more readings. One that is under way ends by itself."""
        self._due, self._stopped = False, True

    async def _work(self) -> None:
        pause = AFTER_TROUBLE
        try:
            while self._due:
                self._due = False
                try:
                    await self._read()
                    pause = AFTER_TROUBLE
                except Exception as error:  # what changed may not change again
                    if not isinstance(error, Refusal):
                        trouble(self._part, error)
                    self._due = not self._stopped
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST)
        finally:
            self._task = None
