"""The loop on which people meet servers that die."""

import asyncio
import socket

import aiofastnet
import pytest

from actors import STUCK
from faults.house import run


def test_a_connection_that_broke_as_it_was_made_silences_no_later_one() -> None:
    """A kill breaks connections that were made a moment ago: whoever knocks next still hears that nobody is there."""

    class Breaks(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transport.close()

    async def knocks(shut: socket.socket) -> None:
        async with asyncio.timeout(STUCK):
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*shut.getsockname())

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as door, socket.socket() as shut:
            shut.bind(("127.0.0.1", 0))  # and does not listen
            await knocks(shut)  # the loop keeps a descriptor of its own from its first connection on
            await aiofastnet.create_connection(asyncio.get_running_loop(), Breaks, *door.getsockname())
            await asyncio.sleep(0.05)  # until the broken one is closed, and its number is free for the next
            await knocks(shut)

    run(story())
