"""WebSockets: picows under uvicorn's port, one task a connection, bounded both ways.

uvicorn answers HTTP and hands an upgrade request over; from there the bytes belong to picows, which costs a third of
the processor time and of the memory of an ASGI WebSocket (see docs/decisions). No address is logged or kept.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from socket import AF_UNIX
from typing import Any, Protocol

from picows import WSAutoPingStrategy, WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # as picows.api itself does

from luwte.plumbing.clock import Clock
from luwte.plumbing.log import trouble
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.proxies import HEADER, Proxies

MAX_FRAME = 20_480
"""Bytes: the largest envelope with room for what is around it."""

INBOX = 32
"""Frames that may wait unread on one connection; then its socket is no longer read."""

SILENCE = 50.0
"""Seconds after which a socket that says nothing is dead: clients ping every 20."""

SWEEP = 5.0
"""Seconds between looks for such sockets: nobody is silent for a minute unnoticed."""

PROBE_AFTER = 20.0
"""Seconds of silence after which a socket that may be asked is asked for a sign of life."""

FIRST_FRAME = 15.0
"""Seconds in which a connection must say who it is."""

READ_BUFFER = 2_048

# Asking an enumeration for a member is a call, on Python 3.11.
BINARY, TEXT = WSMsgType.BINARY, WSMsgType.TEXT
CLOSE, CONTINUATION = WSMsgType.CLOSE, WSMsgType.CONTINUATION
COPIED, ROOM = 8_192, 14
"""picows copies what is no longer than this. The header of anything longer it hands to the loop in a buffer that the
next frame overwrites, and when the reader is slow uvloop reads it later: such a message gets a buffer of its own, with
room for the header before it."""

DONE, STOPPING, BROKEN, NOT_ALLOWED, TOO_LARGE, TRY_LATER = 1000, 1001, 1002, 1008, 1009, 1013
FAREWELLS = (WSCloseCode.OK, WSCloseCode.GOING_AWAY)
NO_SIGN_ON, SIGNED_OUT, SILENT = 4400, 4401, 4408


class Closed(Exception):
    """The other side is gone, or we closed."""


class Socket(Protocol):
    """One connection, whatever carries it: whole messages both ways, never more in memory than is bounded."""

    heard: float
    """When something last came from the other side."""
    clogged: bool
    """The other side does not read us: what can wait should wait for `on_drain`."""
    closed: bool
    farewell: bool
    """The other side hung up by itself; a line that only broke says nothing."""
    probed: bool
    """Whether the browser itself may answer for the page: one that is out of sight hardly gets to say anything."""
    on_drain: Callable[[], None] | None
    at_once: Callable[[bytes], bool] | None
    """A connection that can asks this first for each message that its reader would only be woken for: True when it
    took the message."""

    async def receive(self) -> bytes:
        """The next message. Raises `Closed`."""
        ...

    def send(self, message: bytes) -> None:
        """Queue *message*; a connection that is gone swallows it. Look at `clogged` before sending what can wait."""
        ...

    def close(self, code: int) -> None:
        """Say why, and hang up."""
        ...

    def probe(self) -> None:
        """Ask the browser, not the page, for a sign of life, where that can be asked."""
        ...

    @property
    def peer(self) -> str | None:
        """The address at the other end: for `Limits` only, never for a log or a disk."""
        ...


class WebSocket(WSListener):
    """One WebSocket. Bounded as above: frames unread here, and bytes unread there."""

    __slots__ = (
        "_handler",
        "_in_parts",
        "_inbox",
        "_partial",
        "_paused",
        "_server",
        "_told",
        "_transport",
        "_waiter",
        "at_once",
        "clogged",
        "closed",
        "farewell",
        "heard",
        "on_drain",
        "probed",
        "task",
    )

    def __init__(self, server: "Sockets", handler: "Handler", told: str, now: float) -> None:
        """*told* is what a proxy says of the other end's address."""
        self._server, self._told = server, told
        self._handler = handler
        self._transport: WSTransport | None = None
        self._inbox: deque[bytes] = deque()
        self._partial = bytearray()
        self._in_parts = False
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False
        self.heard = now
        self.clogged = False
        self.closed = False
        self.farewell = False
        self.probed = False
        self.on_drain: Callable[[], None] | None = None
        self.at_once: Callable[[bytes], bool] | None = None
        self.task: asyncio.Task[None] | None = None

    async def receive(self) -> bytes:
        while not self._inbox or (self.clogged and not self.closed):
            if self.closed:
                raise Closed
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self._inbox.popleft()
        if self._paused:
            self._pace()
        return message

    def send(self, message: bytes) -> None:
        if self.closed or self._transport is None:
            return
        if len(message) > COPIED:
            self._transport.send_reuse_external_bytearray(BINARY, bytearray(ROOM) + message, ROOM)
        else:
            self._transport.send(BINARY, message)

    def probe(self) -> None:
        if not self.closed and not self.clogged and self._transport is not None:
            self._transport.send_ping()

    def close(self, code: int) -> None:
        if not self.closed and self._transport is not None:
            self._transport.send_close(_close_code(code))
            # Who does not read us would keep what is queued, and the connection, for as long as they like.
            self._transport.disconnect(graceful=not self.clogged)
        if code != DONE:
            self._inbox.clear()  # what we no longer allow is not done because it came a moment earlier
        self._hang_up()

    @property
    def peer(self) -> str | None:
        name = self._raw.get_extra_info("peername")
        return self._server.proxies.source(name[0] if isinstance(name, tuple) else None, self._told)

    @property
    def _raw(self) -> Any:
        assert self._transport is not None
        return self._transport.underlying_transport

    # called by picows

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._server.opened(self)
        self.task = asyncio.get_running_loop().create_task(self._server.run(self, self._handler))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.heard = self._server.clock()
        if self.closed:
            return
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            self.close(BROKEN)
        elif frame.msg_type is BINARY and frame.fin and not self._in_parts:
            self._arrived(frame.get_payload_as_bytes())
        elif frame.msg_type is BINARY or frame.msg_type is CONTINUATION:
            self._collect(frame)
        elif frame.msg_type is CLOSE:
            # Another code is a proxy's, or a browser's about an error: whoever is behind it did not leave.
            self.farewell = frame.get_close_code() in FAREWELLS
            self.close(DONE)
        elif frame.msg_type is TEXT:
            self.close(NOT_ALLOWED)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._hang_up()

    def pause_writing(self) -> None:
        self.clogged = True
        self._pace()

    def resume_writing(self) -> None:
        self.clogged = False
        self._pace()
        self._wake()
        if self.on_drain is not None:
            self.on_drain()

    def _collect(self, frame: WSFrame) -> None:
        """A part of a message that came in several."""
        if (frame.msg_type is CONTINUATION) != self._in_parts:
            self.close(BROKEN)
            return
        self._in_parts = not frame.fin
        self._partial += frame.get_payload_as_bytes()
        if len(self._partial) > MAX_FRAME:
            self.close(TOO_LARGE)
        elif frame.fin:
            message, self._partial = bytes(self._partial), bytearray()
            self._arrived(message)

    def _arrived(self, message: bytes) -> None:
        # Only while the reader waits for a message and nothing is before it may one be taken out of turn.
        at_once = self.at_once
        is_first = self._waiter is not None and not self._inbox and not self.clogged
        if at_once is not None and is_first and at_once(message):
            return
        self._inbox.append(message)
        if len(self._inbox) >= INBOX:
            self._pace()
        self._wake()

    def _pace(self) -> None:
        """Stop reading whoever is far ahead of us or does not read us, and go on when that is over."""
        pause = self.clogged or len(self._inbox) >= (INBOX // 2 if self._paused else INBOX)
        if pause != self._paused and not self.closed:
            self._paused = pause
            if pause:
                self._raw.pause_reading()
            else:
                self._raw.resume_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _hang_up(self) -> None:
        if not self.closed:
            self.closed = True
            self._server.gone(self)
        self._wake()


def _close_code(code: int) -> Any:
    try:
        return WSCloseCode(code)
    except ValueError:
        return code


Handler = Callable[[Socket], Awaitable[None]]


class Routes(Protocol):
    """Where a connection may be opened: the handler for a path at a host, or None."""

    def __call__(self, path: str, host: str, /) -> Handler | None: ...


class Sockets:
    """All connections of one process, whatever carries them."""

    def __init__(
        self,
        routes: Routes,
        is_own_origin: Callable[[str, str], bool],
        proxies: Proxies,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """*is_own_origin* judges the Origin and Host headers of the request that opens one."""
        self._routes = routes
        self.is_own = is_own_origin
        self.proxies = proxies
        self.clock = clock
        self.metrics = metrics
        self._open: set[Socket] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._sweeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for connections that fell silent."""
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    async def stop(self) -> None:
        """Close every connection and wait for its task."""
        self._stopping = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for socket in tuple(self._open):
            socket.close(STOPPING)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)

    def __len__(self) -> int:
        return len(self._open)

    def welcomes(self, path: str, origin: str, host: str) -> bool:
        """Whether a socket may be opened there, by a page from *origin* that asks for *host*."""
        return self.handler(path, origin, host) is not None

    def protocol(self) -> type[asyncio.Protocol]:
        """A class for uvicorn's `ws=`: it passes the upgrade request on to picows and steps aside."""
        make = self._protocol

        class Handover(asyncio.Protocol):
            def __init__(self, config: Any, server_state: Any, app_state: Any) -> None:
                self._picows = make()

            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                self._picows.connection_made(_without_tcp(transport))
                # uvicorn sets this object as the protocol when we return; picows takes its place right after.
                asyncio.get_running_loop().call_soon(transport.set_protocol, self._picows)

            def data_received(self, data: bytes) -> None:
                view = memoryview(data)
                while view:
                    buffer = self._picows.get_buffer(len(view))
                    size = min(len(buffer), len(view))
                    buffer[:size] = view[:size]
                    self._picows.buffer_updated(size)
                    view = view[size:]

            def connection_lost(self, exc: Exception | None) -> None:
                self._picows.connection_lost(exc)

        return Handover

    def opened(self, socket: Socket) -> None:
        """A connection begins."""
        self._open.add(socket)
        self.metrics.add("sockets_opened", 1)

    def gone(self, socket: Socket) -> None:
        """A connection ended."""
        self._open.discard(socket)

    async def run(self, socket: Socket, handler: Handler) -> None:
        """Serve one connection to its end; the last place where an error of a handler can go."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await handler(socket)
            socket.close(DONE)
        except Closed:
            pass
        except Exception as error:
            trouble("socket", error)
            socket.close(1011)
        finally:
            self._tasks.discard(task)

    def _protocol(self) -> Any:
        return WSProtocol(
            None,
            None,
            False,
            self._listener,
            _SILENT_LOGGER,
            True,
            5,
            False,
            20,
            20,
            WSAutoPingStrategy.PING_WHEN_IDLE,
            True,
            MAX_FRAME,
            None,
            READ_BUFFER,
        )

    def handler(self, path: str, origin: str, host: str) -> Handler | None:
        """Who serves a connection to *path* from a page of *origin*; None when nobody does."""
        handler = None if self._stopping else self._routes(path, host)
        if handler is None or not self.is_own(origin, host):
            self.metrics.add("sockets_refused", 1)
            return None
        return handler

    def _listener(self, request: WSUpgradeRequest) -> WebSocket | None:
        headers, path = request.headers, request.path.decode("latin-1")
        handler = self.handler(path, headers.get("origin", ""), headers.get("host", ""))
        told = headers.get(HEADER.decode(), "")
        return WebSocket(self, handler, told, self.clock()) if handler is not None else None

    def look(self) -> None:
        """Let go of whoever fell silent, and ask those who may be about to."""
        now = self.clock()
        for socket in tuple(self._open):
            try:
                # A clock that was put back would let a dead one pass for heard until it has caught up.
                socket.heard = min(socket.heard, now)
                if socket.heard < now - SILENCE:
                    socket.close(SILENT)
                elif socket.probed and socket.heard < now - PROBE_AFTER:
                    socket.probe()
            except Exception as error:  # or nobody would look at the others any more, and they would pass for here
                trouble("silence", error)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            self.look()


class _NoTcp:
    """A Unix socket, to whom options of TCP are of no use and are an error."""

    def __init__(self, socket: Any) -> None:
        self.fileno: Callable[[], int] = socket.fileno

    def setsockopt(self, *_: object) -> None: ...

    def getsockopt(self, *_: object) -> int:
        return 0


class _OverUnix:
    """A transport over a Unix socket, for picows, which sets options of TCP on whatever it gets."""

    def __init__(self, transport: asyncio.BaseTransport, socket: _NoTcp) -> None:
        self._transport, self._socket = transport, socket

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._socket if name == "socket" else self._transport.get_extra_info(name, default)


def _without_tcp(transport: asyncio.BaseTransport) -> Any:
    found = transport.get_extra_info("socket")
    return _OverUnix(transport, _NoTcp(found)) if found.family == AF_UNIX else transport


# picows tells the address of every connection to its logger; an adapter over a disabled one keeps that, and a logger
# object per connection, from existing.
_DISABLED = logging.Logger("picows", logging.CRITICAL + 1)
_DISABLED.addHandler(logging.NullHandler())
_SILENT_LOGGER = logging.LoggerAdapter(_DISABLED, {})
