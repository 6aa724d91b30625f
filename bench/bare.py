"""The measure of what is possible: a relay without features, `python -m bench.bare FOLDER`.

picows as it comes, the same rare garbage collection, one writer thread that commits whatever has queued (WAL,
synchronous=FULL), one INSERT a message, the acknowledgement after COMMIT, then the same bytes to the other side. No
checks, no locks, no chains, no numbers in a conversation, no bounds, no reading back. It speaks just enough of the
protocol for the same generator.
"""

import asyncio
import contextlib
import json
import queue
import sqlite3
import sys
import threading
from pathlib import Path

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from luwte.plumbing import garbage

GROUP = 512
APPEND_STARTS = msgspec.msgpack.encode({"t": "append"})[1:]
ENVELOPE_AT = 22
"""Where the envelope begins in the bytes of {"t": "append", "envelope": bin of 722 bytes}."""

HELLO = msgspec.msgpack.encode({"t": "hello"})
RESUMED = msgspec.msgpack.encode({"t": "resumed"})
WELCOME = msgspec.msgpack.encode({"t": "welcome"})
PONG = msgspec.msgpack.encode({"t": "pong"})
ACK = msgspec.msgpack.encode({"t": "ack", "msg_id": bytes(16)})[:-16]


class Relay:
    """All there is: who is in a conversation, and the queue to the disk."""

    def __init__(self, path: Path) -> None:
        self.visitors: dict[bytes, WSTransport] = {}
        self.desks: dict[bytes, WSTransport] = {}
        self.jobs: queue.SimpleQueue[tuple[WSTransport, bytes, bool]] = queue.SimpleQueue()
        self.loop = asyncio.get_running_loop()
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute("CREATE TABLE message (n INTEGER PRIMARY KEY, conv BLOB, envelope BLOB)")
        threading.Thread(target=self.write_for_ever, daemon=True).start()

    def write_for_ever(self) -> None:
        """Commit whatever has queued."""
        connection = self.connection
        while True:
            group = [self.jobs.get()]
            with contextlib.suppress(queue.Empty):
                while len(group) < GROUP:
                    group.append(self.jobs.get_nowait())
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO message (conv, envelope) VALUES (?, ?)",
                [(data[ENVELOPE_AT + 6 : ENVELOPE_AT + 22], data[ENVELOPE_AT:]) for _, data, _ in group],
            )
            connection.execute("COMMIT")
            self.loop.call_soon_threadsafe(self.settle, group)

    def settle(self, group: list[tuple[WSTransport, bytes, bool]]) -> None:
        """It is on disk: acknowledge, and pass on."""
        for transport, data, is_desk in group:
            transport.send(WSMsgType.BINARY, ACK + data[ENVELOPE_AT + 42 : ENVELOPE_AT + 58])
            others = self.visitors if is_desk else self.desks
            other = others.get(data[ENVELOPE_AT + 6 : ENVELOPE_AT + 22])
            if other is not None:
                other.send(WSMsgType.BINARY, data)


class Side(WSListener):
    """One connection."""

    def __init__(self, relay: Relay, is_desk: bool) -> None:
        self.relay, self.is_desk = relay, is_desk

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Say hello."""
        if not self.is_desk:
            transport.send(WSMsgType.BINARY, HELLO)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Queue an append; anything else is a greeting."""
        if frame.msg_type is not WSMsgType.BINARY:
            return
        data = frame.get_payload_as_bytes()
        if data.startswith(APPEND_STARTS, 1):
            self.relay.jobs.put((transport, data, self.is_desk))
            return
        self.greet(transport, msgspec.msgpack.decode(data))

    def greet(self, transport: WSTransport, frame: dict[str, object]) -> None:
        """Learn who sits where."""
        conv = frame.get("conv")
        match frame["t"]:
            case "resume":
                self.relay.visitors[conv] = transport
                transport.send(WSMsgType.BINARY, RESUMED)
            case "sign_on":
                transport.send(WSMsgType.BINARY, WELCOME)
            case "follow":
                self.relay.desks[conv] = transport
            case "ping":
                transport.send(WSMsgType.BINARY, PONG)


async def main(folder: Path) -> None:
    """Serve until the process is told to end."""
    garbage.look_less_often()
    relay = Relay(folder / "bare.db")

    def listener(request: WSUpgradeRequest) -> Side:
        return Side(relay, request.path == b"/desk/socket/2")

    # The same first read buffer as ours: memory is compared, too.
    server = await ws_create_server(listener, "127.0.0.1", 0, backlog=4096, read_buffer_init_size=2048)
    print(json.dumps({"visitor": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, contextlib.suppress(KeyboardInterrupt):
        runner.run(main(Path(sys.argv[1])))
