"""People who are not in a browser, beside those who are: the Python twin, in a thread, at a demonstration."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from actors import Counsellor, Site, Visitor
from journeys.stage import Demo
from luwte import demo as demonstration
from luwte import settings

AT_ONCE = 50
"""Messages that a server takes on one connection before it makes a visitor wait."""


class Twins:
    """A thread in which they live, and the house that they know of a running `luwte demo`."""

    def __init__(self, demo: Demo) -> None:
        known = settings.read(demo.data_dir), demonstration.load(demo.data_dir), demo.visitor.rstrip("/")
        self.house = Site(*known)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "Twins":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def all(self, *deeds: Coroutine[Any, Any, Any]) -> list[Any]:
        """Do these at once; what comes of each."""

        async def work() -> list[Any]:
            return await asyncio.gather(*deeds)

        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(60)


async def says_all(visitor: Visitor, texts: list[str]) -> None:
    """Each text a message of its own; on so many connections that nobody is made to wait."""
    for at in range(0, len(texts), AT_ONCE):
        visitor.line.close()
        await visitor.resumes()
        for text in texts[at : at + AT_ONCE]:
            assert (await visitor.says(text))["t"] == "ack", ascii(text)


async def another_desk(first: Counsellor, talks: int) -> Counsellor:
    """One more desk of who signed in at *first*, on a connection of its own, with so many conversations open."""
    desk = Counsellor(first.house, first.person)
    desk.token = first.token
    await desk.opens_desk()
    for _ in range(talks):
        desk.gets(await desk.line.hear("taken"))
    return desk
