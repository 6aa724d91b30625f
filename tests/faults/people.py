"""Visitors and desks who keep what is not acknowledged, come back, ask for what they missed and say the rest again.

They do what docs/protocol.md asks of a client, as fast as a machine can, and remember all of it in a `History`. What
the server cannot read is random here, but for the text's number: so a text that is in a log twice shows.
"""

import asyncio
import logging
import os
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from actors import Visitor as Browser
from faults.history import Ack, Heard, History, Line, Log, Text, clock
from luwte.crypto.envelope import BUCKETS, MESSAGE, NO_PREVIOUS, NOTE, SHARED_LOG, TEAM, TEAM_LOG, VISITOR, Header, pack
from luwte.crypto.primitives import sha256

AGAIN = {"busy", "slow_down", "failed", "out_of_order"}
"""Refusals after which the same bytes are said again; with `generation` they are sealed anew."""

NOTES = 0.15
"""Share of a desk's texts that are notes to colleagues."""

# Who writes to a connection that broke a moment ago is told so by the library; here that is what we play.
logging.getLogger("aiofastnet").setLevel(logging.CRITICAL)

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder().decode
RANDOM = os.urandom(1 << 16)


@dataclass(frozen=True)
class Manners:
    """How these people behave."""

    pause: float = 0.8
    """Seconds between two messages of one side of a conversation, on average."""
    window: int = 4
    """Messages of one writer that may be under way."""
    backlog: int = 16
    """What is not acknowledged and more than this: they stop typing until it is."""
    retry: tuple[float, float] = (0.02, 0.1)
    """Seconds before they try to come back."""
    ping: float = 20
    patience: float = 45
    """Seconds of silence after which a connection is given up."""
    big: float = 0.02
    """Share of texts that are long."""


@dataclass
class Doorstep:
    """What people need to know to come in."""

    origin: str
    organisation: Any = None
    """The demonstration's keys, for visitors who start."""
    is_open: asyncio.Event | None = None
    """When a test knows that nobody answers: knocking would only cost processor time. None: they knock."""


@dataclass(eq=False)
class Item:
    """A text that has no place yet, as it was sealed."""

    text: bytes
    header: Header
    envelope: bytes
    hash: bytes


@dataclass(eq=False)
class Box:
    """One log as one person has it: what they read, and what they write and keep until it is acknowledged."""

    history: History
    log: Log
    direction: int
    generation: int
    says: Callable[[bytes], bool]
    manners: Manners
    sender: bytes = field(default_factory=lambda: os.urandom(8))
    last: int = 0
    """Everything up to this number was read or is our own."""
    beyond: set[int] = field(default_factory=set)
    queue: deque[Item] = field(default_factory=deque)
    hashes: dict[bytes, bytes] = field(default_factory=dict)
    """Of everything that we ever sealed, by message id."""
    said: int = 0
    typed: int = 0
    seq: int = 0
    prev: bytes = NO_PREVIOUS
    line: Line | None = None
    """The connection on which this log may be written; None: wait."""
    waiting: asyncio.TimerHandle | None = None
    refusals: dict[str, int] = field(default_factory=dict)

    def type(self, size: int = BUCKETS[0]) -> bool:
        """Somebody types a text; False when too much waits already."""
        if len(self.queue) >= self.manners.backlog:
            return False
        self.typed += 1
        text = os.urandom(16)
        self.history.texts[text] = Text(self.log, self.sender, self.typed)
        self.queue.append(self._seal(text, size))
        self.pump()
        return True

    def live(self, line: Line, after: int) -> None:
        """The server knows us on a new connection and brings what comes *after*: say the rest again."""
        line.after[self.log] = after
        self.line, self.said = line, 0
        self.pump()

    def away(self) -> None:
        """Nothing can be said now."""
        self.line, self.said = None, 0
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None

    def pump(self) -> None:
        """Say what may be said now."""
        if self.line is None or self.waiting is not None:
            return
        while self.said < min(len(self.queue), self.manners.window) and self.says(self.queue[self.said].envelope):
            self.said += 1

    def acknowledged(self, msg_id: bytes, n: int) -> None:
        """It is on disk."""
        self._take(msg_id)
        # Also of one that came back to us from the log before its acknowledgement did: it must name the same place.
        if self.line is not None:
            self.history.acks.append(Ack(self.log, n, self.hashes[msg_id], self.line.number, clock()))
            self._reach(n)
            self.pump()

    def hears(self, n: int, envelope: bytes) -> None:
        """An envelope of the log arrives."""
        assert self.line is not None
        self.history.heard.append(Heard(self.log, n, sha256(envelope), self.line.number, clock()))
        self._reach(n)
        self._take(envelope[42:58])
        self.pump()

    def refused(self, code: str, msg_id: bytes) -> None:
        """It was not taken: the same bytes later, or anew for another generation."""
        self.refusals[code] = self.refusals.get(code, 0) + 1
        if code == "generation":
            self._seal_anew(msg_id)
        else:
            assert code in AGAIN, code
        self.said = 0
        if self.waiting is None:
            self.waiting = asyncio.get_running_loop().call_later(random.uniform(0.05, 0.15), self._go_on)

    def _go_on(self) -> None:
        self.waiting = None
        self.said = 0
        self.pump()

    def _take(self, msg_id: bytes) -> Item | None:
        for at, item in enumerate(self.queue):
            if item.header.msg_id == msg_id:
                del self.queue[at]
                self.said -= at < self.said
                return item
        return None

    def _reach(self, n: int) -> None:
        self.beyond.add(n)
        while self.last + 1 in self.beyond:
            self.last += 1
            self.beyond.discard(self.last)
        self.beyond = {n for n in self.beyond if n > self.last} if self.beyond else self.beyond

    def _seal(self, text: bytes, size: int) -> Item:
        klass = MESSAGE
        header = Header(
            klass,
            self.direction,
            self.log[0],
            self.generation,
            self.sender,
            self.seq + 1,
            os.urandom(16),
            self.prev,
            0,
            bytes(32),
            os.urandom(32),
        )
        start = random.randrange(len(RANDOM) - size - 32)
        envelope = pack(header) + text + RANDOM[start : start + 32 + size]
        item = Item(text, header, envelope, sha256(envelope))
        self.history.envelopes[item.hash] = text
        self.hashes[header.msg_id] = item.hash
        self.seq, self.prev = self.seq + 1, item.hash
        return item

    def _seal_anew(self, msg_id: bytes) -> None:
        """The refused text and those behind it, under the generation that is current now."""
        at = next((at for at, item in enumerate(self.queue) if item.header.msg_id == msg_id), None)
        if at is None or self.queue[at].header.generation == self.generation:
            return
        again = [self.queue.pop() for _ in range(len(self.queue) - at)][::-1]
        self.seq, self.prev = again[0].header.seq - 1, again[0].header.prev
        self.queue.extend(self._seal(item.text, len(item.envelope) - len(pack(item.header)) - 48) for item in again)


class Ear(WSListener):
    """One WebSocket."""

    def __init__(self, person: "Person") -> None:
        self.person = person
        self.transport: WSTransport | None = None
        self.gone = asyncio.Event()
        self.heard = clock()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.heard = clock()
        if frame.msg_type is WSMsgType.BINARY:
            self.person.hears(self, decode(frame.get_payload_as_bytes()))
        elif frame.msg_type is WSMsgType.CLOSE:
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.gone.set()
        self.person.lost(self)

    def cut(self) -> None:
        """Let go of it without a farewell."""
        if self.transport is not None:
            self.transport.disconnect(graceful=False)


class Person:
    """Somebody whose connection may break at any moment."""

    path = ""

    def __init__(self, door: Doorstep, history: History, manners: Manners) -> None:
        self.door, self.history, self.manners = door, history, manners
        self.boxes: dict[Log, Box] = {}
        self.ear: Ear | None = None
        self.line: Line | None = None
        self.is_leaving = False
        self.is_quiet = False

    async def stays(self) -> None:
        """Be there, over as many connections as it takes."""
        typing = asyncio.create_task(self._types())
        try:
            while not self.is_leaving:
                if self.door.is_open is not None:
                    await self.door.is_open.wait()
                try:
                    await self._once()
                except (OSError, TimeoutError):
                    pass
                except Exception as error:  # picows has an error of its own for a door that is shut in our face
                    if type(error).__module__.partition(".")[0] != "picows":
                        raise
                await asyncio.sleep(random.uniform(*self.manners.retry))
        finally:
            typing.cancel()

    async def leaves(self) -> None:
        """Hang up."""
        self.is_leaving = True
        if self.ear is not None:
            self.ear.cut()

    @property
    def waits(self) -> int:
        """How many texts are not acknowledged."""
        return sum(len(box.queue) for box in self.boxes.values())

    def says(self, frame: dict[str, Any]) -> bool:
        """Say one frame; False when nobody listens."""
        if self.ear is None or self.ear.transport is None or self.ear.gone.is_set():
            return False
        self.ear.transport.send(WSMsgType.BINARY, encode(frame))
        return True

    def hears(self, ear: Ear, frame: dict[str, Any]) -> None:
        """One frame arrives."""
        if ear is self.ear:
            try:
                getattr(self, "hears_" + frame["t"], lambda _: None)(frame)
            except Exception as error:  # in the middle of a network callback nobody else would hear of it
                self.history.surprises.append(f"{frame['t']}: {error!r}")

    def lost(self, ear: Ear) -> None:
        """That connection is gone."""
        if ear is self.ear:
            self.ear = None
            for box in self.boxes.values():
                box.away()

    def enters(self) -> None:
        """A connection is open."""

    async def _once(self) -> None:
        manners = self.manners
        ear = self.ear = Ear(self)
        self.line = self.history.line()
        async with asyncio.timeout(min(manners.patience, 10)):
            url = self.door.origin.replace("http", "ws", 1) + self.path
            await ws_connect(lambda: ear, url, extra_headers={"Origin": self.door.origin})
        # picows says nothing when the other end hangs up before the WebSocket is open.
        if ear.transport is None:
            return
        self.enters()
        try:
            while not ear.gone.is_set() and clock() - ear.heard < manners.patience:
                try:
                    async with asyncio.timeout(manners.ping):
                        await ear.gone.wait()
                except TimeoutError:
                    self.says({"t": "ping"})
        finally:
            ear.cut()
            self.lost(ear)

    def picks(self) -> Box:
        """The log that is written in next."""
        return random.choice(list(self.boxes.values()))

    async def _types(self) -> None:
        while True:
            talks = len({conv for conv, _ in self.boxes})
            await asyncio.sleep(random.expovariate(max(talks, 1) / self.manners.pause))
            if self.boxes and not self.is_quiet:
                is_big = random.random() < self.manners.big
                self.picks().type(BUCKETS[random.randrange(1, 6)] if is_big else BUCKETS[0])


class Visitor(Person):
    """A visitor's page: one conversation, known already or to be started."""

    path = "/socket"

    def __init__(
        self, door: Doorstep, history: History, manners: Manners, known: tuple[bytes, bytes] | None = None
    ) -> None:
        super().__init__(door, history, manners)
        self.browser = None if known else Browser(door)  # type: ignore[arg-type]
        self.start: dict[str, Any] | None = None
        self.is_started = known is not None
        conv, self.credential = known or (self.browser.conv, self.browser.keys.credential)
        log = (conv, SHARED_LOG)
        self.box = Box(history, log, VISITOR, 1 if known else 0, self._append, manners)
        self.boxes[log] = self.box

    def hears_hello(self, hello: dict[str, Any]) -> None:
        if self.is_started:
            self.after = self.box.last
            self.says({"t": "resume", "conv": self.box.log[0], "credential": self.credential, "after": self.after})
            return
        if self.start is None:
            assert self.browser is not None
            self.start = {"t": "start", **self.browser.makes_start(hello)}
        self.after = 0
        self.says(self.start)

    def hears_started(self, frame: dict[str, Any]) -> None:
        self.is_started = True
        self.history.started.setdefault(frame["conv"], clock())
        self._known()

    def hears_resumed(self, frame: dict[str, Any]) -> None:
        assert frame["last"] >= self.box.last, "the server forgot what it had told"
        self._known()

    def hears_claimed(self, frame: dict[str, Any]) -> None:
        self.box.generation = 1

    def hears_ack(self, frame: dict[str, Any]) -> None:
        self.box.acknowledged(frame["msg_id"], frame["n"])

    def hears_envelope(self, frame: dict[str, Any]) -> None:
        self.box.hears(frame["n"], frame["envelope"])

    def hears_refused(self, frame: dict[str, Any]) -> None:
        if frame.get("code") == "generation":
            self.box.generation = frame["g"]
        if "msg_id" in frame:
            self.box.refused(frame["code"], frame["msg_id"])
        else:
            assert frame["code"] in AGAIN, frame

    def _known(self) -> None:
        assert self.line is not None
        self.box.live(self.line, self.after)

    def _append(self, envelope: bytes) -> bool:
        return self.says({"t": "append", "envelope": envelope})


class Desk(Person):
    """A counsellor's desk with the conversations that its account has; one that *takes* takes who waits, too."""

    path = "/desk/socket"

    def __init__(
        self,
        door: Doorstep,
        history: History,
        manners: Manners,
        token: bytes,
        has: set[bytes],
        *,
        takes: bool = False,
    ) -> None:
        """*has*: the conversations that it had before any of this began."""
        super().__init__(door, history, manners)
        self.token, self.has, self.takes = token, has, takes
        self.wraps: dict[bytes, bytes] = {}
        """The team secrets that go with first notes, by conversation."""

    def enters(self) -> None:
        self.says({"t": "sign_on", "token": self.token})

    def hears_queue(self, frame: dict[str, Any]) -> None:
        if self.takes and frame["waiting"]:
            self.says({"t": "take", "conv": random.choice(frame["waiting"])["conv"]})

    def hears_taken(self, frame: dict[str, Any]) -> None:
        conv = frame["conv"]
        assert self.line is not None
        self.history.taken.setdefault(conv, clock())
        shared, notes = self._box(conv, SHARED_LOG, TEAM, 1), self._box(conv, TEAM_LOG, NOTE, 0)
        assert frame["last"] >= shared.last
        assert frame["note_last"] >= notes.last
        self.says({"t": "follow", "conv": conv, "shared": shared.last, "notes": notes.last})
        shared.live(self.line, shared.last)
        notes.live(self.line, notes.last)

    def hears_ack(self, frame: dict[str, Any]) -> None:
        self.boxes[frame["conv"], frame["log"]].acknowledged(frame["msg_id"], frame["n"])

    def hears_envelope(self, frame: dict[str, Any]) -> None:
        self.boxes[frame["conv"], frame["log"]].hears(frame["n"], frame["envelope"])

    def hears_refused(self, frame: dict[str, Any]) -> None:
        if "msg_id" not in frame:
            assert frame["code"] in (*AGAIN, "already_taken"), frame
            return
        for log in (SHARED_LOG, TEAM_LOG):
            box = self.boxes[frame["conv"], log]
            if any(item.header.msg_id == frame["msg_id"] for item in box.queue):
                box.refused(frame["code"], frame["msg_id"])

    def picks(self) -> Box:
        """Notes are rarer than messages."""
        kind = TEAM_LOG if random.random() < NOTES else SHARED_LOG
        return random.choice([box for (_, log), box in self.boxes.items() if log == kind])

    def _box(self, conv: bytes, log: int, direction: int, generation: int) -> Box:
        box = self.boxes.get((conv, log))
        if box is None:
            append = self._append if log == SHARED_LOG else lambda envelope: self._note(conv, envelope)
            box = self.boxes[conv, log] = Box(self.history, (conv, log), direction, generation, append, self.manners)
        return box

    def _append(self, envelope: bytes) -> bool:
        return self.says({"t": "append", "envelope": envelope})

    def _note(self, conv: bytes, envelope: bytes) -> bool:
        frame = {"t": "append", "envelope": envelope}
        if int.from_bytes(envelope[34:42], "big") == 1:
            frame["wrap"] = self.wraps.setdefault(conv, os.urandom(80))
        return self.says(frame)
