"""People who are a nuisance, a process of its own: `python -m bench.nuisance KIND ORIGIN CONV CREDENTIAL`.

It says "ready" once they are at it, and goes on until its input ends.
"""

import asyncio
import base64
import logging
import os
import resource
import socket
import sys
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import uvloop

from bench.load import VISITOR, Append, Chain, Hello, Line, Load, Refused, Resumed, Target, encode, gather

HALF_OPEN = 10_000
SLOW = 100

FULL = 1 << 16
"""Bytes that may wait here: the line is as full as it can be, and this process is not the one that grows."""

FLOOD = "flood of one visitor"
KINDS = ("10,000 half-open sockets", "100 slow readers", FLOOD)


class Heedless(Load):
    """Somebody who does not care what becomes of what they send."""

    def acked(self, msg_id: bytes) -> None:
        """Nothing to remember."""

    def refused(self, refused: Refused) -> None:
        """Nothing to mend."""


class Nuisance:
    """One kind of them, against one server."""

    def __init__(self, origin: str, conv: str, credential: str) -> None:
        self.origin, self.conv, self.credential = origin, bytes.fromhex(conv), bytes.fromhex(credential)
        self._address = (urlsplit(origin).hostname, urlsplit(origin).port)
        self._kept: list[socket.socket] = []

    async def half_open(self) -> None:
        """Ten thousand connections on which a request begins and never ends."""
        await gather([self._begins(b"GET / HTTP/1.1\r\nHost: ") for _ in range(HALF_OPEN)])

    async def slow(self) -> None:
        """A hundred pages of a visitor who has a long log and reads nothing of it."""
        await gather([self._asks() for _ in range(SLOW)])

    async def flood(self) -> None:
        """One visitor who sends as fast as the line takes it; the next message before the last is acknowledged."""
        load = Heedless(Target(self.origin, 0, None, False, [], []))
        line = await load._line("/socket/2")
        await line.hear(Hello)
        line.send(encode({"t": "resume", "conv": self.conv, "credential": self.credential, "after": 0}))
        await line.hear(Resumed)
        self._flooding = asyncio.create_task(_floods(line, Chain(self.conv, VISITOR)))

    async def _begins(self, first: bytes) -> None:
        loop = asyncio.get_running_loop()
        one = socket.socket()
        one.setblocking(False)
        self._kept.append(one)
        await loop.sock_connect(one, self._address)
        await loop.sock_sendall(one, first)

    async def _asks(self) -> None:
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.setblocking(False)
        self._kept.append(one)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(one, self._address)
        host, port = self._address
        await loop.sock_sendall(
            one,
            f"GET /socket/2 HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {self.origin}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n".encode(),
        )
        while b"\r\n\r\n" not in await loop.sock_recv(one, 4096):
            pass
        frame = encode({"t": "resume", "conv": self.conv, "credential": self.credential, "after": 0})
        # A mask of zeros leaves the bytes as they are.
        await loop.sock_sendall(one, bytes([0x82, 0x80 | len(frame)]) + bytes(4) + frame)


async def _floods(line: Line, chain: Chain) -> None:
    while True:
        envelope = chain.envelope(os.urandom(16))
        chain.moves_on(envelope)
        line.send(encode(Append(envelope)))
        assert line.transport is not None
        while line.transport.underlying_transport.get_write_buffer_size() > FULL:
            await asyncio.sleep(0.001)


# A line that is full is what a flood is about, and no news.
logging.getLogger("aiofastnet").setLevel(logging.CRITICAL)


async def main(kind: str, origin: str, conv: str, credential: str) -> None:
    """Be a nuisance to the end of the input."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    nuisance = Nuisance(origin, conv, credential)
    deeds: dict[str, Callable[[], Awaitable[None]]] = dict(
        zip(KINDS, (nuisance.half_open, nuisance.slow, nuisance.flood), strict=True)
    )
    await deeds[kind]()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
