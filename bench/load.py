"""The load generator, a process of its own: `python -m bench.load TARGET.json` with one command a line on its input.

-> {"do": "connect"}                               <- {"connections", "seconds"}
-> {"do": "offer", "rate": 2000, "seconds": 10}    <- what was sent, delivered, refused; latencies; the server's use
-> {"do": "idle", "connections": 10000}            <- the server's memory before and after

Open loop: messages are due at random moments of a fixed rate, whatever the server does, and every latency counts from
the moment at which the message was due. A sender has one message under way, as a chain asks; what is due meanwhile
waits here, and its waiting is counted. A message that is refused as busy is not sent again: the offer stays what it is.
"""

import asyncio
import hashlib
import itertools
import json
import os
import random
import struct
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench import proc

BUCKET = 512
SEALED_BYTES = 32 + BUCKET + 16
"""Commitment, padded text and tag: what the server cannot read, so here it is random."""

ENVELOPE_BYTES = 162 + SEALED_BYTES
HEADER = struct.Struct(">4sBB16sI8sQ16s32sQ32s32s")
START = b"LW\x01\x01"
VISITOR, TEAM = 1, 2

WARM_UP = 1.0
"""Seconds at the offered rate that are not counted."""

DRAIN = 5.0
"""Seconds in which what is under way may still arrive."""

PING = 20.0
OPENING_AT_ONCE = 64
BACKLOG = 64
"""Messages that one sender lets wait; what is due beyond that is given up and counted."""

clock = time.perf_counter


class Append(msgspec.Struct, tag_field="t", tag="append"):
    envelope: bytes


class Envelope(msgspec.Struct, tag_field="t", tag="envelope"):
    envelope: bytes


class Ack(msgspec.Struct, tag_field="t", tag="ack"):
    msg_id: bytes


class Refused(msgspec.Struct, tag_field="t", tag="refused"):
    code: str
    msg_id: bytes | None = None
    seq: int | None = None
    prev: bytes | None = None


class Hello(msgspec.Struct, tag_field="t", tag="hello"):
    pass


class Resumed(msgspec.Struct, tag_field="t", tag="resumed"):
    pass


class Welcome(msgspec.Struct, tag_field="t", tag="welcome"):
    pass


class Taken(msgspec.Struct, tag_field="t", tag="taken"):
    conv: bytes


decode = msgspec.msgpack.Decoder(Append | Envelope | Ack | Refused | Hello | Resumed | Welcome | Taken).decode
encode = msgspec.msgpack.Encoder().encode
PING_FRAME = encode({"t": "ping"})
RANDOM = os.urandom(1 << 16)


@dataclass
class Target:
    """A server to drive."""

    origin: str
    pid: int
    metrics_port: int | None
    has_taken: bool
    """Whether it says which conversations a desk has; the bare relay does not know."""
    visitors: list[tuple[str, str]]
    desks: list[tuple[str, list[str]]]


@dataclass(eq=False)
class Chain:
    """One side of one conversation: what its next envelope must carry."""

    conv: bytes
    direction: int
    sender: bytes = field(default_factory=lambda: os.urandom(8))
    seq: int = 0
    prev: bytes = bytes(32)

    def envelope(self, msg_id: bytes, sealed_bytes: int = SEALED_BYTES) -> bytes:
        """The next one of the chain."""
        salt_at = random.randrange(len(RANDOM) - sealed_bytes - 32)
        header = HEADER.pack(
            START,
            1,
            self.direction,
            self.conv,
            1,
            self.sender,
            self.seq + 1,
            msg_id,
            self.prev,
            0,
            bytes(32),
            RANDOM[salt_at : salt_at + 32],
        )
        return header + RANDOM[salt_at + 32 : salt_at + 32 + sealed_bytes]

    def moves_on(self, envelope: bytes) -> None:
        """This one has its place in the log."""
        self.seq, self.prev = self.seq + 1, hashlib.sha256(envelope).digest()


@dataclass(eq=False)
class Sender(Chain):
    """A side with its connection, and what waits behind the message under way."""

    line: "Line" = field(kw_only=True)
    under_way: bool = False
    waiting: deque[float] = field(default_factory=deque)


@dataclass(eq=False)
class Message:
    """One on its way."""

    sender: Sender
    due: float
    hash: bytes
    acked: float = 0.0
    delivered: float = 0.0


class Line(WSListener):
    """One connection to the server."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.transport: WSTransport | None = None
        self.heard: asyncio.Queue[Any] | None = asyncio.Queue()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The door is open."""
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Greetings go to whoever connects, the rest is counted."""
        if frame.msg_type is not WSMsgType.BINARY:
            return
        try:
            heard = decode(frame.get_payload_as_bytes())
        except msgspec.ValidationError:  # a frame that the bench does not need
            return
        if isinstance(heard, Envelope | Append):
            self.load.delivered(heard.envelope)
        elif isinstance(heard, Ack):
            self.load.acked(heard.msg_id)
        elif isinstance(heard, Refused):
            self.load.refused(heard)
        elif self.heard is not None:
            self.heard.put_nowait(heard)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The server hung up, or we did."""
        self.load.lost_lines += 1

    def send(self, data: bytes) -> None:
        """Send one frame."""
        assert self.transport is not None
        self.transport.send(WSMsgType.BINARY, data)

    async def hear(self, kind: type) -> Any:
        """The next greeting of this kind."""
        assert self.heard is not None
        async with asyncio.timeout(60):
            while not isinstance(heard := await self.heard.get(), kind):
                pass
        return heard


class Load:
    """All connections to one server, and the messages under way on them."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.lines: list[Line] = []
        self.senders: list[Sender] = []
        self.lost_lines = 0
        self._under_way: dict[bytes, Message] = {}
        self._begin_phase()

    def _begin_phase(self) -> None:
        self.counts: Counter[str] = Counter()
        self.to_ack: list[float] = []
        self.to_delivery: list[float] = []
        self.late: list[float] = []
        self.window = (0.0, 0.0)

    # connecting

    async def connect(self) -> dict[str, Any]:
        """Open every connection, and let everybody say who they are."""
        began = clock()
        resuming = [self._visit(*visitor) for visitor in self.target.visitors]
        signing_on = [self._open_desk(*desk) for desk in self.target.desks]
        await gather(resuming + signing_on)
        self._pinging = asyncio.create_task(self._ping())
        random.shuffle(self.senders)
        return {"connections": len(self.lines), "seconds": clock() - began}

    async def idle(self, connections: int) -> dict[str, Any]:
        """Open visitors' connections that say nothing more; the memory that each took."""
        await asyncio.sleep(1)
        before = proc.memory(self.target.pid)
        began = clock()
        await gather([self._visit(*visitor) for visitor in self.target.visitors[:connections]])
        seconds = clock() - began
        await asyncio.sleep(3)
        after = proc.memory(self.target.pid)
        return {
            "connections": connections - self.lost_lines,
            "seconds": seconds,
            "before": before,
            "after": after,
            "per_connection": (after - before) / connections,
        }

    async def _visit(self, conv: str, credential: str) -> None:
        line = await self._line("/socket/2")
        await line.hear(Hello)
        line.send(
            encode({"t": "resume", "conv": bytes.fromhex(conv), "credential": bytes.fromhex(credential), "after": 0})
        )
        await line.hear(Resumed)
        line.heard = None
        self.senders.append(Sender(bytes.fromhex(conv), VISITOR, line=line))

    async def _open_desk(self, token: str, convs: list[str]) -> None:
        line = await self._line("/desk/socket/2")
        line.send(encode({"t": "sign_on", "token": bytes.fromhex(token)}))
        await line.hear(Welcome)
        if self.target.has_taken:
            for _ in convs:
                await line.hear(Taken)
        line.heard = None
        for conv in map(bytes.fromhex, convs):
            line.send(encode({"t": "follow", "conv": conv, "shared": 0, "notes": 0}))
            self.senders.append(Sender(conv, TEAM, line=line))

    async def _line(self, path: str) -> Line:
        line = Line(self)
        url = self.target.origin.replace("http", "ws", 1) + path
        await ws_connect(lambda: line, url, extra_headers={"Origin": self.target.origin}, read_buffer_init_size=2048)
        self.lines.append(line)
        return line

    async def _ping(self) -> None:
        for line in itertools.cycle(self.lines):
            line.send(PING_FRAME)
            await asyncio.sleep(PING / len(self.lines))

    # offering

    async def offer(self, rate: float, seconds: float) -> dict[str, Any]:
        """Offer *rate* messages a second for *seconds*, after a warm-up."""
        self._begin_phase()
        begin = clock()
        self.window = (begin + WARM_UP, begin + WARM_UP + seconds)
        sending = asyncio.create_task(self._send_due(rate, begin))
        await asyncio.sleep(WARM_UP)
        opened = await self._look()
        await asyncio.sleep(self.window[1] - clock())
        closed = await self._look()
        await sending
        await self._drain()
        return self._result(rate, seconds, opened, closed)

    async def _send_due(self, rate: float, begin: float) -> None:
        due, at = begin, 0
        while True:
            now = clock()
            while due <= now and due < self.window[1]:
                self._is_due(self.senders[at % len(self.senders)], due)
                due += random.expovariate(rate)
                at += 1
            if due >= self.window[1]:
                return
            await asyncio.sleep(min(0.001, due - now))

    def _is_due(self, sender: Sender, due: float) -> None:
        if self._counts(due):
            self.counts["offered"] += 1
        if not sender.under_way:
            self._send(sender, due)
        elif len(sender.waiting) < BACKLOG:
            sender.waiting.append(due)
        elif self._counts(due):
            self.counts["given_up"] += 1

    def _send(self, sender: Sender, due: float) -> None:
        msg_id = os.urandom(16)
        envelope = sender.envelope(msg_id)
        sender.under_way = True
        self._under_way[msg_id] = Message(sender, due, hashlib.sha256(envelope).digest())
        sender.line.send(encode(Append(envelope)))
        if self._counts(due):
            self.late.append(clock() - due)

    def acked(self, msg_id: bytes) -> None:
        """It is on disk."""
        message = self._under_way[msg_id]
        message.acked = clock()
        sender = message.sender
        sender.seq, sender.prev = sender.seq + 1, message.hash
        if self._counts(message.due):
            self.to_ack.append(message.acked - message.due)
        self._forget(msg_id, message)
        self._next(sender)

    def delivered(self, envelope: bytes) -> None:
        """It is at the other side."""
        msg_id = envelope[42:58]
        message = self._under_way.get(msg_id)
        if message is None or hashlib.sha256(envelope).digest() != message.hash:
            self.counts["unexpected"] += 1
            return
        message.delivered = now = clock()
        if self.window[0] <= now < self.window[1]:
            self.counts["delivered_in_window"] += 1
        if self._counts(message.due):
            self.to_delivery.append(now - message.due)
        self._forget(msg_id, message)

    def refused(self, refused: Refused) -> None:
        """It was not taken."""
        message = self._under_way.pop(refused.msg_id or b"", None)
        if message is None:
            self.counts["unexpected"] += 1
            return
        if self._counts(message.due):
            self.counts[refused.code] += 1
        sender = message.sender
        if refused.seq is not None and refused.prev is not None:
            sender.seq, sender.prev = refused.seq - 1, refused.prev
        self._next(sender)

    def _next(self, sender: Sender) -> None:
        sender.under_way = False
        if sender.waiting:
            self._send(sender, sender.waiting.popleft())

    def _forget(self, msg_id: bytes, message: Message) -> None:
        if message.acked and message.delivered:
            del self._under_way[msg_id]

    def _counts(self, due: float) -> bool:
        return self.window[0] <= due < self.window[1]

    async def _drain(self) -> None:
        end = clock() + DRAIN
        while self._under_way and clock() < end:
            await asyncio.sleep(0.02)
        for sender in self.senders:
            self.counts["given_up"] += len(sender.waiting)
            sender.waiting.clear()
        while self._under_way and clock() < end + DRAIN:
            await asyncio.sleep(0.02)
        for message in self._under_way.values():
            self.counts["acked_not_delivered" if message.acked else "not_acked"] += 1
            message.sender.under_way = False
        self._under_way.clear()

    async def _look(self) -> tuple[proc.Usage, proc.Usage, dict[str, int]]:
        return proc.usage(self.target.pid), proc.usage(os.getpid()), await self._metrics()

    async def _metrics(self) -> dict[str, int]:
        if self.target.metrics_port is None:
            return {}
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target.metrics_port)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        _, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        return {name.removeprefix("luwte_"): int(value) for name, value in map(str.split, body.decode().splitlines())}

    def _result(self, rate: float, seconds: float, opened: Any, closed: Any) -> dict[str, Any]:
        server, own = closed[0].since(opened[0]), closed[1].since(opened[1])
        counts = self.counts
        return {
            "rate": rate,
            "seconds": seconds,
            "counts": dict(counts),
            "delivered_per_s": counts["delivered_in_window"] / server["at"],
            "delivered_per_cpu_s": counts["delivered_in_window"] / server["total"],
            "cpu": server,
            "generator_cpu": own["total"] / own["at"],
            "others_cpu": (server["machine"] - server["total"] - own["total"]) / server["at"],
            "to_delivery_ms": percentiles(self.to_delivery),
            "to_ack_ms": percentiles(self.to_ack),
            "sent_late_ms": percentiles(self.late),
            "stages": {name: closed[2][name] - opened[2].get(name, 0) for name in closed[2]},
            "lost_lines": self.lost_lines,
        }


async def gather(work: list[Any]) -> None:
    """Run all of *work*, some at a time."""
    turns = asyncio.Semaphore(OPENING_AT_ONCE)

    async def take_turns(one: Any) -> None:
        async with turns:
            await one

    await asyncio.gather(*map(take_turns, work))


def percentiles(seconds: list[float]) -> dict[str, float]:
    """The usual three and the worst, in milliseconds."""
    ordered = sorted(seconds) or [float("nan")]
    last = len(ordered) - 1
    marks = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: 1000 * ordered[round(share * last)] for name, share in marks.items()}


async def main(target: Target) -> None:
    """Do what the input says, to its end."""
    load = Load(target)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        deed = getattr(load, command.pop("do"))
        print(json.dumps(await deed(**command)), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Target(**json.loads(Path(sys.argv[1]).read_text()))))
