"""Reading something again whenever it may have changed: once at a time, and again after trouble."""

import asyncio
from collections.abc import Awaitable, Callable

from luwte.plumbing.log import trouble

AFTER_TROUBLE = 1.0
"""Seconds after which is read again what could not be read."""


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
        try:
            while self._due:
                self._due = False
                try:
                    await self._read()
                except Exception as error:  # what changed may not change again
                    trouble(self._part, error)
                    self._due = not self._stopped
                    await asyncio.sleep(AFTER_TROUBLE)
        finally:
            self._task = None
