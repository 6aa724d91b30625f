"""A bad network between people and the server: a TCP proxy whose connections cut, stall, crawl and fall silent.

What it holds back it brings later, in order, as TCP does; it never alters or drops a byte in the middle of a connection
that goes on. It answers at an address of its own and writes the server's into the head of each request, as any proxy.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

PIECE = 16_384


@dataclass(frozen=True)
class Weather:
    """What one connection meets. Up is towards the server."""

    name: str
    delay: float = 0.0
    """Each piece is late by up to so many seconds."""
    rate: float = 0.0
    """Bytes a second; 0: as fast as it goes."""
    cut_after: float = 0.0
    """Seconds after which it is cut, inside a frame when one passes; 0: never."""
    deaf: tuple[str, ...] = ()
    """Directions that carry nothing any more after `deaf_after` seconds."""
    deaf_after: float = 0.0
    for_ever: bool = False
    """Healing does not bring it back: whoever waits must notice by themselves."""
    half_open: bool = False
    """It is accepted, and nobody is there."""


FINE = Weather("fine")
KINDS: dict[str, Callable[[random.Random], Weather]] = {
    "cut": lambda dice: Weather("cut", cut_after=dice.uniform(0.5, 5)),
    "cut soon": lambda dice: Weather("cut soon", cut_after=dice.uniform(0.02, 0.3)),
    "late": lambda dice: Weather("late", delay=2, cut_after=dice.uniform(3, 8)),
    "half open": lambda _: Weather("half open", half_open=True),
    "deaf upwards": lambda dice: Weather("deaf upwards", deaf=("up",), deaf_after=dice.uniform(0.1, 2)),
    "deaf downwards": lambda dice: Weather("deaf downwards", deaf=("down",), deaf_after=dice.uniform(0.1, 2)),
    "black hole": lambda dice: Weather(
        "black hole", deaf=("up", "down"), deaf_after=dice.uniform(0.1, 2), for_ever=True
    ),
    "256 kbit/s": lambda dice: Weather("256 kbit/s", rate=32_000, cut_after=dice.uniform(2, 8)),
}


def any_weather(dice: random.Random) -> Weather:
    """One of everything that a phone meets on a train."""
    return KINDS[dice.choice(list(KINDS))](dice)


class Proxy:
    """All connections through one address."""

    def __init__(self, server: int, seed: int) -> None:
        """*server* is the port of the server on this machine."""
        self._server, self._dice = server, random.Random(seed)
        self._draw: Callable[[random.Random], Weather] = lambda _: FINE
        self._healed = asyncio.Event()
        self._serving: dict[asyncio.Task[None], Passage] = {}
        self.port = 0
        self.met: Counter[str] = Counter()
        """How many connections met which weather."""

    @property
    def origin(self) -> str:
        """Where people go."""
        return f"http://127.0.0.1:{self.port}"

    def breaks(self, draw: Callable[[random.Random], Weather] = any_weather) -> None:
        """From now on each new connection draws its weather; those that were fine are cut."""
        self._draw, self._healed = draw, asyncio.Event()
        for passage in self._serving.values():
            passage.ends()

    def heals(self) -> None:
        """New connections are fine; what was held back on old ones is brought, and nothing is late any more."""
        self._draw = lambda _: FINE
        self._healed.set()

    async def serves(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection to its end."""
        task = asyncio.current_task()
        assert task is not None
        passage = Passage(self._draw(self._dice), self._healed, random.Random(self._dice.random()))
        self._serving[task] = passage
        self.met[passage.weather.name] += 1
        try:
            async with asyncio.timeout(300):
                await self._serves(passage, reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # whichever side it was, both are let go
        finally:
            del self._serving[task]
            writer.transport.abort()

    async def _serves(self, passage: "Passage", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if passage.weather.half_open:
            while await reader.read(PIECE):
                pass
            return
        head = await reader.readuntil(b"\r\n\r\n")
        above, server = await asyncio.open_connection("127.0.0.1", self._server)
        try:
            server.write(head.replace(f"127.0.0.1:{self.port}".encode(), f"127.0.0.1:{self._server}".encode()))
            await passage.carries((reader, server), (above, writer))
        finally:
            server.transport.abort()

    def close(self) -> None:
        """Cut everything."""
        for task in self._serving:
            task.cancel()


Way = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Passage:
    """One connection through its weather."""

    def __init__(self, weather: Weather, healed: asyncio.Event, dice: random.Random) -> None:
        self.weather, self._healed, self._dice = weather, healed, dice
        self._began = asyncio.get_running_loop().time()
        self._ending = asyncio.Event()

    def ends(self) -> None:
        """Cut it: the next piece is broken in two, and when none comes soon the silence is."""
        self._ending.set()

    async def carries(self, up: Way, down: Way) -> None:
        """Carry both ways until one of them ends, or it is cut."""
        parts = [
            asyncio.create_task(self._carries("up", *up)),
            asyncio.create_task(self._carries("down", *down)),
            asyncio.create_task(self._cut()),
        ]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _cut(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.weather.cut_after or None):
                await self._ending.wait()
        self.ends()
        await asyncio.sleep(0.5)

    async def _carries(self, direction: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            if direction in self.weather.deaf:
                await self._deafness()
            await self._pause(len(piece))
            if self._ending.is_set():
                writer.write(piece[: self._dice.randrange(len(piece))])
                return
            writer.write(piece)
            await writer.drain()

    async def _deafness(self) -> None:
        since = asyncio.get_running_loop().time() - self._began
        if since < self.weather.deaf_after:
            return
        if self.weather.for_ever:
            await asyncio.Event().wait()
        await self._healed.wait()

    async def _pause(self, size: int) -> None:
        seconds = self._dice.uniform(0, self.weather.delay)
        if self.weather.rate:
            seconds += size / self.weather.rate
        if seconds:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._healed.wait()


@asynccontextmanager
async def a_proxy(server: int, seed: int) -> AsyncIterator[Proxy]:
    """A proxy before the server at port *server*."""
    proxy = Proxy(server, seed)
    listener = await asyncio.start_server(proxy.serves, "127.0.0.1", 0)
    proxy.port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listener.close()
        proxy.close()
