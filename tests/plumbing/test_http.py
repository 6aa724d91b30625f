"""Connections that nobody reads."""

import asyncio
import contextlib
import socket

import pytest

from luwte.plumbing import http


def test_who_takes_nothing_of_what_it_was_sent_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection ends on our side, and with it what waited there; one that reads is not cut."""
    monkeypatch.setattr(http, "UNREAD", 1.0)

    async def story() -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        listener.bind(("127.0.0.1", 0))
        http.let_go_of_the_deaf(listener)
        gone: asyncio.Queue[int] = asyncio.Queue()

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, TimeoutError):
                writer.write(bytes(1_000_000))
                await writer.drain()
            gone.put_nowait(writer.transport.get_write_buffer_size())
            writer.close()

        async with await asyncio.start_server(serve, sock=listener):
            deaf = socket.socket()
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            deaf.connect(listener.getsockname())
            async with asyncio.timeout(30):
                assert await gone.get() == 0
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                assert len(await reader.readexactly(1_000_000)) == 1_000_000
            writer.close()
            deaf.close()

    asyncio.run(story())
