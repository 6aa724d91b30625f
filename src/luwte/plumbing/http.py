"""HTTP as uvicorn speaks it, with an end to how much one connection may say and to how long it may take.

A connection that says nothing, or never finishes its request, costs a few kilobytes for some seconds. It is not asked
where it comes from: a school or an onion service may have thousands.
"""

import asyncio
import re
import socket
from collections.abc import Callable, Iterable, Sequence

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from luwte.errors import MalformedFrame, NotFound, Refusal, TooLarge
from luwte.plumbing.proxies import HEADER, Proxies

PATIENCE = 15.0
"""Seconds in which a request must have come, whole."""

LARGEST_HEAD = 16_384
"""Bytes of a request before its body."""

AHEAD = 8
"""Requests that may wait behind the one that is being answered. Browsers send none."""

UNREAD = 60.0
"""Seconds that what we sent may wait until the other side takes the next bit of it."""

KEY = re.compile(r"[A-Za-z0-9+/]{22}==")
"""Of a WebSocket handshake: sixteen bytes in base64."""

Headers = Sequence[tuple[bytes, bytes]]


def refusal_body(refusal: Refusal) -> bytes:
    """What a refused request is told."""
    return msgspec.json.encode({"code": refusal.code, "says": refusal.says})


def let_go_of_the_deaf(listener: socket.socket) -> None:
    """Have the kernel cut connections of *listener* that take nothing of what they were sent."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; elsewhere people only try things out
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD * 1000))


def is_ambiguous(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a header by which we judge a request is there twice: two readers could judge by another one."""
    names = [name for name, _ in headers]
    return any(names.count(name) > 1 for name in (b"host", b"origin", b"content-type", HEADER))


def protocol(
    everywhere: Headers, welcomes: Callable[[str, str, str], bool], proxies: Proxies
) -> type[asyncio.Protocol]:
    """A class for uvicorn's `http=`.

    *everywhere* are the headers of what is refused before it is a request; *welcomes* says whether a WebSocket may be
    opened at a path, from an Origin, for a Host; *proxies*, whom to believe where a request comes from.
    """

    class Http(HttpToolsProtocol):
        """One connection, until it becomes a WebSocket."""

        _late: asyncio.TimerHandle | None = None
        _in_head = False
        _head = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
            super().connection_made(transport)
            self._expect()

        def data_received(self, data: bytes) -> None:
            self._expect()
            super().data_received(data)
            if self._in_head and not self.transport.is_closing():
                self._head += len(data)
                if self._head > LARGEST_HEAD:
                    self._refuse(TooLarge())

        def connection_lost(self, exc: Exception | None) -> None:
            self._expect_nothing()
            super().connection_lost(exc)

        def handle_websocket_upgrade(self) -> None:
            self._expect_nothing()
            if (refusal := self._judge_upgrade()) is None:
                super().handle_websocket_upgrade()
            else:
                self._refuse(refusal)

        def on_message_begin(self) -> None:
            self._in_head, self._head = True, 0
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._in_head = False
            # Here, as one connection of a proxy carries the requests of many.
            told = next((value.decode("latin-1") for name, value in self.headers if name == HEADER), "")
            source = proxies.source(self.client[0] if self.client else None, told)
            self.scope["client"] = (source, 0) if source is not None else None
            if len(self.pipeline) < AHEAD:
                super().on_headers_complete()
            else:
                self.transport.abort()

        def on_message_complete(self) -> None:
            self._expect_nothing()
            super().on_message_complete()

        def send_400_response(self, msg: str) -> None:
            self._refuse(MalformedFrame())

        def _judge_upgrade(self) -> Refusal | None:
            # Here, because what picows says of a bad handshake repeats it, without our headers.
            given = {name: value.decode("latin-1") for name, value in self.headers}
            if self.scope["method"] != "GET" or is_ambiguous(self.headers):
                return MalformedFrame()
            if given.get(b"sec-websocket-version") != "13" or not KEY.fullmatch(given.get(b"sec-websocket-key", "")):
                return MalformedFrame()
            path, origin, host = self.url.decode("latin-1"), given.get(b"origin", ""), given.get(b"host", "")
            return None if welcomes(path, origin, host) else NotFound()

        def _expect(self) -> None:
            if self._late is None:
                self._late = self.loop.call_later(PATIENCE, self.transport.abort)

        def _expect_nothing(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

        def _refuse(self, refusal: Refusal) -> None:
            body = refusal_body(refusal)
            headers: list[tuple[bytes, bytes]] = [*self.server_state.default_headers, *everywhere]
            headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
            lines = [STATUS_LINE[refusal.status], *(b"%b: %b\r\n" % header for header in headers)]
            self.transport.write(b"".join([*lines, b"connection: close\r\n\r\n", body]))
            self.transport.close()

    return Http
