"""A real server whose clock the test turns, for stories that last minutes; the browsers are real, too."""

import asyncio
import re
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

from actors import STUCK, House, a_house


@dataclass
class Turned:
    """A house in a thread of its own."""

    house: House
    loop: asyncio.AbstractEventLoop
    ahead: list[float]

    @property
    def visitor(self) -> str:
        """The address of the visitor's page."""
        return f"{self.house.origin}/"

    @property
    def desk(self) -> str:
        """The address of the desk."""
        return f"{self.house.origin}/desk"

    def account(self, index: int) -> dict[str, str]:
        """Name and passphrase of a member of staff."""
        person = self.house.organisation.people[index]
        return {"name": person.name, "passphrase": person.passphrase}

    def passes(self, seconds: float) -> None:
        """Time goes by for the server; nothing that is open has been silent meanwhile; then it looks."""

        async def pass_and_look() -> None:
            luwte = self.house.luwte
            self.ahead[0] += seconds
            for socket in luwte.sockets._open:
                socket.heard = luwte.around.clock()
            await luwte.departures.look()
            await luwte.watch.look()

        self.runs(pass_and_look())

    def runs(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(STUCK)

    def waits_for_no_desk(self, index: int) -> None:
        """Until the server knows that this member of staff has no desk open."""
        person = self.house.organisation.people[index]
        end = time.monotonic() + STUCK
        while self.house.luwte.desks.away(person.id) == 0.0:
            assert time.monotonic() < end, "the desk is still there"
            time.sleep(0.02)


@contextmanager
def a_turned_house(folder: Path) -> Iterator[Turned]:
    """A server for one story."""
    ahead, ready, over = [0.0], Future[Turned](), threading.Event()

    async def run() -> None:
        try:
            async with a_house(folder, lambda: time.time() + ahead[0]) as house:
                ready.set_result(Turned(house, asyncio.get_running_loop(), ahead))
                while not over.is_set():
                    await asyncio.sleep(0.02)
        except Exception as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        yield ready.result(60)
    finally:
        over.set()
        thread.join(30)


@dataclass
class Wire:
    """The network of one page: it can be cut and come back."""

    is_cut: bool = False
    open: list[WebSocketRoute] = field(default_factory=list)

    def cut(self) -> None:
        """The tunnel begins."""
        self.is_cut = True
        for socket in self.open:
            socket.close(code=3001)
        self.open.clear()


def wired(page: Page) -> Wire:
    """Put a wire between *page* and the server; before the page is opened."""
    wire = Wire()

    def connect(socket: WebSocketRoute) -> None:
        if wire.is_cut:
            socket.close(code=3001)
            return
        wire.open.append(socket.connect_to_server())
        wire.open.append(socket)

    page.route_web_socket(re.compile(r"/socket(/\d+)?$"), connect)
    page.route(re.compile(r"/poll"), lambda route: route.abort() if wire.is_cut else route.continue_())
    return wire


HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  const state = hidden ? "hidden" : "visible";
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def hides(page: Page, *, hidden: bool = True) -> None:
    """Another app comes to the front, or this page again: a browser without a window never does that by itself."""
    page.evaluate(HIDE, hidden)
