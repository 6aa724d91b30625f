"""A network between a browser and the server: it can be cut, change, and let no WebSocket through."""

import asyncio
import base64
import contextlib
import hashlib
import re
import threading
from typing import Literal

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
UPGRADE = re.compile(rb"\r\nupgrade: *websocket\r\n", re.IGNORECASE)
KEY = re.compile(rb"\r\nsec-websocket-key: *([^\r]+)\r\n", re.IGNORECASE)


class Tunnel:
    """A proxy on a port of its own that leads to the server of *address*, in a thread."""

    def __init__(self, address: str) -> None:
        self._server = address.split("/")[2].encode()
        self.websockets: Literal["pass", "refuse", "swallow"] = "pass"
        """What becomes of new ones."""
        self.is_cut = False
        self._epoch = 0
        self.open_websockets = 0
        self.polls = 0
        """Requests by long-polling so far."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "Tunnel":
        self._thread.start()
        self._listener = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        ).result(10)
        port = self._listener.sockets[0].getsockname()[1]
        self._ours = f"127.0.0.1:{port}".encode()
        # Names of one length can take each other's place in a head without moving anything.
        assert len(self._ours) == len(self._server)
        self.address = f"http://127.0.0.1:{port}/"
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        self._listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._drop_all()

    def cut(self) -> None:
        """The train enters the tunnel: everything breaks off, and nothing new begins."""
        self.is_cut = True
        self._loop.call_soon_threadsafe(self._drop_all)

    def heal(self) -> None:
        """And leaves it."""
        self.is_cut = False

    def change(self) -> None:
        """From wifi to mobile: what is open looks open and is dead; what begins now is well."""
        self._epoch += 1

    def _drop_all(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        host, _, port = self._server.decode().partition(":")
        try:
            there, back = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._upstream(reader, back, writer), self._downstream(there, writer))
        self._writers -= {writer, back}

    async def _upstream(
        self, reader: asyncio.StreamReader, back: asyncio.StreamWriter, browser: asyncio.StreamWriter
    ) -> None:
        is_websocket, epoch = False, self._epoch
        while data := await reader.read(65_536):
            if self._epoch != epoch:
                continue
            data = data.replace(self._ours, self._server)
            self.polls += data.count(b"POST /poll HTTP")
            if UPGRADE.search(data):
                if self.websockets != "pass":
                    self._turn_away(data, browser)
                    break
                is_websocket = True
                self.open_websockets += 1
            back.write(data)
            await back.drain()
        if is_websocket:
            self.open_websockets -= 1
        if self._epoch == epoch:
            back.close()

    def _turn_away(self, head: bytes, browser: asyncio.StreamWriter) -> None:
        if self.websockets == "refuse":
            browser.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            browser.close()
            return
        found = KEY.search(head)
        assert found is not None
        accept = base64.b64encode(hashlib.sha1(found[1] + GUID).digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        browser.write(head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")

    async def _downstream(self, there: asyncio.StreamReader, browser: asyncio.StreamWriter) -> None:
        epoch = self._epoch
        while data := await there.read(65_536):
            if self._epoch == epoch:
                browser.write(data)
                await browser.drain()
        if self._epoch == epoch and self.websockets != "swallow":
            browser.close()
