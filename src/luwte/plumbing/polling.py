"""Long-polling: the messages of a WebSocket by plain requests, for networks that let no WebSocket through.

-> POST /poll/open   {path}                           <- {id b[32]}
-> POST /poll        {id, first, frames: [b], heard, more?}
                                                      <- {first, frames: [b], heard, code?}    held until there is news
-> POST /poll/close  {id, first, frames, heard}       <- {}

Both sides number their messages from 1 and say them again until the other side has `heard` them, so a lost request or
answer loses and doubles nothing. `code` closes, with the numbers of a WebSocket. docs/protocol.md section 5.6.
"""

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Annotated, Any

import msgspec

from luwte.errors import Busy, MalformedFrame, MethodNotAllowed, NotAccepted, NotFound, TooLarge
from luwte.plumbing.sockets import DONE, INBOX, MAX_FRAME, TOO_LARGE, Closed, Handler, Sockets

OPEN, ASK, CLOSE = "/poll/open", "/poll", "/poll/close"
PATHS = frozenset((OPEN, ASK, CLOSE))

TYPE = b"application/octet-stream"
"""What a body must call itself: a form of another site cannot, and no filter takes it for a page."""

MAX_BODY = 65_536
"""Bytes of a request."""

HOLD = 20.0
"""Seconds that a request waits for news: shorter than any proxy's patience."""

FULL, ROOM = 65_536, 16_384
"""Bytes unheard at the other side: from the first on it is clogged, down to the second it is not again."""

LINGER = 30.0
"""Seconds in which the last words and the closing code may still be fetched."""

MOST = 10_000
"""Connections of this kind; unlike a socket they cost the system nothing that would run out."""

Id = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Open(msgspec.Struct, forbid_unknown_fields=True):
    """Where a WebSocket would have gone."""

    path: str


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """What the other side says, from number *first* on, and how much it has heard; *more* waits for our answer."""

    id: Id
    first: Count
    frames: Annotated[list[bytes], msgspec.Meta(max_length=INBOX)]
    heard: Count
    more: bool = False

    @property
    def last(self) -> int:
        """The number of the last frame."""
        return self.first + len(self.frames) - 1


class Answer(msgspec.Struct, omit_defaults=True):
    """What we say, from number *first* on, how much we have heard, and after all of it the closing code."""

    first: int
    frames: list[bytes]
    heard: int
    code: int | None = None


encode: Callable[[object], bytes] = msgspec.msgpack.Encoder().encode
decode_open = msgspec.msgpack.Decoder(Open).decode
decode_ask = msgspec.msgpack.Decoder(Ask).decode


class Poll:
    """One connection made of requests: a `Socket` to whoever serves it."""

    __slots__ = (
        "_code",
        "_gone",
        "_heard_there",
        "_inbox",
        "_newest",
        "_news",
        "_outbox",
        "_peer",
        "_taken",
        "_waiter",
        "_weight",
        "at_once",
        "clogged",
        "closed",
        "farewell",
        "heard",
        "on_drain",
        "probed",
    )

    def __init__(self, gone: Callable[["Poll"], None], peer: str | None, now: float) -> None:
        self._gone, self._peer = gone, peer
        self._inbox: deque[bytes] = deque()
        self._taken = 0
        self._outbox: deque[bytes] = deque()
        self._heard_there = 0
        self._weight = 0
        self._waiter: asyncio.Future[None] | None = None
        self._news = asyncio.Event()
        self._newest = 0
        self._code: int | None = None
        self.heard = now
        self.clogged = False
        self.closed = False
        # A client closes a poll also when it goes on by WebSocket, so its end says nothing of the visitor.
        self.farewell = False
        self.probed = False
        self.on_drain: Callable[[], None] | None = None
        self.at_once: Callable[[bytes], bool] | None = None

    async def receive(self) -> bytes:
        """The next message. Raises `Closed`."""
        while not self._inbox or (self.clogged and not self.closed):
            if self.closed:
                raise Closed
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self._inbox.popleft()
        self._news.set()
        return message

    def send(self, message: bytes) -> None:
        """Keep *message* until it is heard."""
        if not self.closed:
            self._outbox.append(message)
            self._weight += len(message)
            self.clogged = self.clogged or self._weight >= FULL
            self._news.set()

    def close(self, code: int) -> None:
        """Hang up; what was said before can still be fetched, then *code*."""
        if not self.closed:
            self.closed, self._code = True, code
            if code != DONE:
                self._inbox.clear()  # what we no longer allow is not done because it came a moment earlier
            self._gone(self)
            self._wake()
            self._news.set()

    def probe(self) -> None:
        """A request that is held is sign enough."""

    @property
    def peer(self) -> str | None:
        """The address that opened it: for `Limits` only, never for a log or a disk."""
        return self._peer

    def take(self, ask: Ask, now: float) -> None:
        """Take what is new in *ask*, in order, as far as there is room; the rest comes again."""
        if not 1 <= ask.first <= self._taken + 1 or ask.heard > self._heard_there + len(self._outbox):
            raise MalformedFrame
        self.heard = now
        self._let_go(ask.heard)
        for frame in ask.frames[self._taken + 1 - ask.first :]:
            if self.closed or len(self._inbox) >= INBOX:
                break
            if len(frame) > MAX_FRAME:
                self.close(TOO_LARGE)
                break
            self._taken += 1
            self._inbox.append(frame)
        self._wake()

    async def news(self, ask: Ask) -> Answer:
        """What there is to say: at once when there is something, or room for what the other side has yet to say.

        Only the newest request is held: one that comes later lets the one before it go.
        """
        self._newest += 1
        mine = self._newest
        self._news.set()
        try:
            async with asyncio.timeout(HOLD):
                while mine == self._newest and not self._has_news(ask):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass
        return self._answer() if mine == self._newest else Answer(self._heard_there + 1, [], self._taken)

    def _has_news(self, ask: Ask) -> bool:
        wants_room = ask.more or self._taken < ask.last
        return bool(self._outbox) or self.closed or (wants_room and len(self._inbox) < INBOX)

    def _answer(self) -> Answer:
        count, weight = 0, 0
        for frame in self._outbox:
            weight += len(frame)
            if count and weight > FULL:
                break
            count += 1
        code = self._code if count == len(self._outbox) else None
        return Answer(self._heard_there + 1, list(islice(self._outbox, count)), self._taken, code)

    def _let_go(self, heard: int) -> None:
        """Keep no longer what the other side has."""
        while self._heard_there < heard:
            self._weight -= len(self._outbox.popleft())
            self._heard_there += 1
        if self.clogged and self._weight <= ROOM:
            self.clogged = False
            if self.on_drain is not None:
                self.on_drain()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Polls:
    """All connections by long-polling; to everything else they are among the `Sockets`."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._polls: dict[bytes, Poll] = {}

    def __len__(self) -> int:
        return len(self._polls)

    async def serve(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]) -> None:
        """Answer one request over ASGI. Raises a refusal before anything was sent."""
        headers = dict(scope["headers"])
        origin, host = (headers.get(name, b"").decode("latin-1") for name in (b"origin", b"host"))
        if scope["method"] != "POST":
            raise MethodNotAllowed
        if not self._sockets.is_own(origin, host):
            raise NotAccepted
        body = await _read(receive)
        try:
            answer = await self._answer(scope, body, origin, host)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise MalformedFrame from None
        start = [(b"content-type", TYPE), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": start})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, scope: Any, body: bytes, origin: str, host: str) -> bytes:
        path: str = scope["path"]
        if path == OPEN:
            handler = self._sockets.handler(decode_open(body).path, origin, host)
            peer = scope["client"][0] if scope.get("client") else None
            return encode({"id": self._open(handler, peer)})
        ask = decode_ask(body)
        poll = self._polls.get(ask.id)
        if poll is None:
            raise NotFound
        poll.take(ask, self._sockets.clock())
        if path == CLOSE:
            poll.close(DONE)
            del self._polls[ask.id]
            return encode({})
        return encode(await poll.news(ask))

    def _open(self, handler: Handler | None, peer: str | None) -> bytes:
        if handler is None:
            raise NotFound
        if len(self._polls) >= MOST:
            raise Busy
        id, loop = os.urandom(32), asyncio.get_running_loop()

        def gone(poll: Poll) -> None:
            self._sockets.gone(poll)
            loop.call_later(LINGER, self._polls.pop, id, None)

        poll = self._polls[id] = Poll(gone, peer, self._sockets.clock())
        self._sockets.opened(poll)
        loop.create_task(self._sockets.run(poll, handler))
        return id


async def _read(receive: Callable[[], Awaitable[Any]]) -> bytes:
    body = bytearray()
    while True:  # it ends: `http.PATIENCE` seconds are all that a request has
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedFrame
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise TooLarge
        if not message.get("more_body"):
            return bytes(body)
