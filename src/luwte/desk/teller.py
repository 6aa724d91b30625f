"""Telling one desk something when it has changed: read when stirred, gathered for a while, said only if it differs."""

import asyncio
from collections.abc import Awaitable, Callable

from luwte.conversation.frames import Frame
from luwte.plumbing.log import trouble
from luwte.plumbing.looking import AFTER_TROUBLE

Read = Callable[[], Awaitable[Frame | None]]
"""None: there is nothing to say."""


class Teller:
    """One kind of frame for one desk: the newest, at most once in *pause* seconds."""

    def __init__(self, pause: float, read: Read, send: Callable[[Frame], None], can_hear: Callable[[], bool]) -> None:
        self._pause, self._read, self._send, self._can_hear = pause, read, send, can_hear
        self._told: Frame | None = None
        self._task: asyncio.Task[None] | None = None
        self._stirred = False

    def stir(self) -> None:
        """Something may have changed, or the desk can hear again."""
        self._stirred = True
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._tell())

    def asked(self) -> None:
        """The desk asks: it is told, also when nothing has changed."""
        self._told = None
        self.stir()

    def stop(self) -> None:
        """Tell no more."""
        if self._task is not None:
            self._task.cancel()
        self._can_hear = lambda: False

    async def _tell(self) -> None:
        try:
            while self._stirred and self._can_hear():
                self._stirred = False
                await asyncio.sleep(self._pause if await self._tells() else AFTER_TROUBLE)
        finally:
            self._task = None

    async def _tells(self) -> bool:
        """Read, and say what is new; False when that went wrong, and is still to be done."""
        try:
            news = await self._read()
            if news is not None and news != self._told and self._can_hear():
                self._send(news)
                self._told = news
        except Exception as error:  # what changed may not change again: a call for a colleague must be heard
            trouble("teller", error)
            self._stirred = True
            return False
        return True
