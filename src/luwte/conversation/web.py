"""A visitor's socket. Frames: docs/protocol.md section 5.1.

<- hello                          -> start | resume                 <- started | resumed
-> append                         <- ack | refused
-> delivered | read | typing      <- delivered | read | typing      told on, never stored
-> end | ping                     <- waiting | claimed | ended | envelope, cert | pong
"""

import asyncio
import functools
import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Protocol, TypeVar

import msgspec

from luwte.conversation import actions, frames
from luwte.conversation.follow import Follower
from luwte.conversation.model import THE_VISITOR, Conversation, LockedWrap, StartRequest, Stored, check_start
from luwte.conversation.tail import Tails
from luwte.crypto import envelope as envelopes
from luwte.crypto.envelope import SHARED_LOG, Header
from luwte.crypto.primitives import Malformed
from luwte.errors import (
    Busy,
    Failed,
    MalformedFrame,
    NoSuchConversation,
    NotAccepted,
    Refusal,
    TooLarge,
    UnknownVersion,
    WrongOrder,
)
from luwte.plumbing import keystore
from luwte.plumbing.clock import Clock, minute
from luwte.plumbing.db import Db, ReadTx
from luwte.plumbing.keystore import KeyStore
from luwte.plumbing.limits import Limits
from luwte.plumbing.log import trouble
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.relay import Relay
from luwte.plumbing.sockets import FIRST_FRAME, NO_SIGN_ON, NOT_ALLOWED, Socket
from luwte.staff.model import Team

RATE, BURST = 20.0, 60.0
"""Frames a second that one visitor may send; more is read later, so that the others do not wait for it."""

UNDER_WAY = 8
"""Appends of one connection that may be on their way to the disk at once."""

WAITING_AT_MOST = 5_000
"""Conversations that may wait in one team; beyond that a start is told that it is too busy."""

T = TypeVar("T")

connection_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Expected:
    """Where somebody stands in the queue; minutes are None when nobody can tell."""

    place: int
    low: int | None
    high: int | None


class Queue(Protocol):
    """What the desk knows of the queue and a visitor may know too."""

    def length(self, team: str) -> int:
        """How many wait."""
        ...

    def expected(self, team: str, conversation: bytes) -> Expected | None:
        """The place of one that waits."""
        ...


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """Typing, delivered, read: told to who is there now, stored nowhere."""

    kind: type[frames.Typing] | type[frames.Delivered] | type[frames.Read]
    n: int = 0


def to_desk(conversation: bytes) -> tuple[str, bytes]:
    """Where a visitor's ephemeral signs go."""
    return ("to_desk", conversation)


def to_visitor(conversation: bytes) -> tuple[str, bytes]:
    """Where a counsellor's ephemeral signs go."""
    return ("to_visitor", conversation)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a socket needs of the process it runs in."""

    organisation: str
    db: Db
    relay: Relay
    keys: KeyStore
    tails: Tails
    limits: Limits
    clock: Clock
    metrics: Metrics
    certificates: dict[bytes, bytes]

    def shred_key(self, conversation: bytes) -> bytes | None:
        """The key under which this conversation is stored; None: there is none, or it is erased."""
        return self.keys.get(keystore.CONVERSATION, conversation)

    def minute(self) -> int:
        """Now, as fine as is stored."""
        return minute(self.clock())


class VisitorSocket:
    """One visitor's connection, from hello to goodbye."""

    def __init__(self, around: Surroundings, queue: Queue, team: Callable[[], Team], socket: Socket) -> None:
        """*team* tells the line's team with its certificates of this moment."""
        self._around, self._queue, self._team, self._socket = around, queue, team, socket
        self._number = next(connection_numbers)
        self._unfollow: list[Callable[[], None]] = []
        self._follower: Follower | None = None
        self._certs_sent: set[bytes] = set()
        self._told: tuple[object, ...] = ()
        self._looking = False
        self._look_again = False
        self._conversation = b""
        self._pace = Pace(RATE, BURST, around.clock())
        self._under_way = UnderWay()

    async def serve(self) -> None:
        """Talk until one side hangs up."""
        try:
            self._hello()
            if await self._first():
                await self._talk()
        finally:
            self._leave()

    def _hello(self) -> None:
        team = self._team()
        certificates = [team.admin_certificate, team.certificate]
        minute = self._around.minute()
        self._send(frames.Hello(frames.PROTOCOL, self._around.organisation, team.slug, minute, certificates))

    async def _first(self) -> bool:
        try:
            async with asyncio.timeout(FIRST_FRAME):
                data = await self._socket.receive()
        except TimeoutError:
            self._socket.close(NO_SIGN_ON)
            return False
        try:
            return await self._enter(decode(frames.decode_from_visitor, data))
        except Refusal as refusal:
            self._send(frames.refused(refusal))
            self._socket.close(NOT_ALLOWED)
        except Exception as error:
            trouble("visitor", error)
            self._send(frames.refused(Failed()))
            self._socket.close(1011)
        return False

    async def _enter(self, frame: frames.FromVisitor) -> bool:
        match frame:
            case frames.Start():
                conversation = await self._start(frame)
                self._send(frames.Started(conversation.id))
                self._follow(conversation, 0)
            case frames.Resume():
                conversation, wraps, last = await self._resume(frame)
                self._send(frames.Resumed(conversation.id, last, wraps))
                self._follow(conversation, frame.after)
            case _:
                self._socket.close(NO_SIGN_ON)
                return False
        return True

    async def _start(self, frame: frames.Start) -> Conversation:
        around, team = self._around, self._team()
        request = StartRequest(
            frame.line, frame.ve, frame.vg, frame.credential, frame.team_cert, tuple(frame.wraps), frame.sig
        )
        check_start(request, team.slug)
        if self._queue.length(team.slug) >= WAITING_AT_MOST:
            raise Busy
        id = request.conversation_id
        # A start that was stored keeps its answer when certificates were renewed meanwhile; a new one needs today's.
        if request.team_cert != team.certificate_id and around.shred_key(id) is None:
            raise NotAccepted
        loop = asyncio.get_running_loop()
        # The key is on disk before anything is locked under it; a start that fails after this leaves an unused key.
        key = await loop.run_in_executor(None, around.keys.put, keystore.CONVERSATION, id, os.urandom(32))
        sealed = actions.seal_start(request, key)
        return await around.db.write(
            actions.start, sealed, team_cert=team.certificate_id, epoch=team.epoch, minute=around.minute()
        )

    async def _resume(self, frame: frames.Resume) -> tuple[Conversation, list[frames.VisitorWrap], int]:
        key = self._around.shred_key(frame.conv)

        def work(tx: ReadTx) -> tuple[Conversation, list[LockedWrap], int]:
            conversation = actions.resume(tx, frame.conv, frame.credential)
            return conversation, actions.visitor_wraps(tx, conversation), actions.last(tx, conversation, SHARED_LOG)

        conversation, locked, last = await self._around.db.read(work)
        if key is None:
            raise NoSuchConversation
        wraps = actions.open_wraps(conversation.id, locked, key)
        return conversation, [frames.VisitorWrap(wrap.generation, wrap.wrap) for wrap in wraps], last

    def _follow(self, conversation: Conversation, after: int) -> None:
        around, id = self._around, conversation.id
        self._conversation = id
        self._follower = Follower(
            db=around.db,
            relay=around.relay,
            tails=around.tails,
            shred_key=around.shred_key,
            socket=self._socket,
            conversation=id,
            log=SHARED_LOG,
            after=after,
            connection=self._number,
            deliver=self._deliver,
        )
        self._socket.on_drain = self._follower.pump
        self._unfollow = [
            around.relay.follow(actions.state_topic(id), self._look),
            around.relay.listen(to_visitor(id), self._hear),
            around.relay.follow(actions.place_topic(id), self._look),
        ]
        self._look()

    async def _talk(self) -> None:
        self._socket.at_once = self._append_at_once
        while True:
            data = await self._socket.receive()
            await self._under_way.settled()
            if delay := self._pace.delay(self._around.clock()):
                await asyncio.sleep(delay)
            await self._answer(data)

    async def _answer(self, data: bytes) -> None:
        about: bytes | None = None
        try:
            frame = decode(frames.decode_from_visitor, data)
            if isinstance(frame, frames.Append):
                header = read_header(frame.envelope)
                about = header.msg_id
                await self._append(header, frame.envelope)
            else:
                await self._hear_visitor(frame)
        except Exception as error:
            self._refuse(error, about)

    async def _append(self, header: Header, envelope: bytes) -> None:
        around, sealed = self._around, self._seal(header, envelope)
        ack = await around.db.write(actions.append, sealed, THE_VISITOR, around.minute(), around.tails, self._number)
        self._acknowledge(header.msg_id, ack)

    def _append_at_once(self, data: bytes) -> bool:
        """The same in the call that brought it, when it is an append and nothing is unusual about it."""
        around = self._around
        if self._under_way.is_full or not self._pace.spend(around.clock()):
            return False
        about: bytes | None = None
        try:
            frame = decode(frames.decode_from_visitor, data)
            if not isinstance(frame, frames.Append):
                self._pace.give_back()
                return False
            header = read_header(frame.envelope)
            about = header.msg_id
            sealed = self._seal(header, frame.envelope)
            done = functools.partial(self._appended, header.msg_id)
            around.db.submit(done, actions.append, sealed, THE_VISITOR, around.minute(), around.tails, self._number)
            self._under_way.begin()
        except Exception as error:
            self._refuse(error, about)
        return True

    def _appended(self, msg_id: bytes, ack: actions.Ack | None, error: Exception | None) -> None:
        self._under_way.end()
        if error is not None:
            self._refuse(error, msg_id)
        elif ack is not None:
            self._acknowledge(msg_id, ack)

    def _seal(self, header: Header, envelope: bytes) -> actions.Sealed:
        if header.conv != self._conversation:
            raise NoSuchConversation
        return seal(self._around, header, envelope)

    def _acknowledge(self, msg_id: bytes, ack: actions.Ack) -> None:
        self._send(frames.Ack(msg_id, ack.n, ack.minute))

    def _refuse(self, error: Exception, about: bytes | None) -> None:
        self._send(frames.refused(as_refusal("visitor", self._around, error), msg_id=about))

    async def _hear_visitor(self, frame: frames.FromVisitor) -> None:
        tell = self._around.relay.tell
        match frame:
            case frames.Ping():
                self._send(frames.Pong())
            case frames.Typing():
                tell(to_desk(self._conversation), Ephemeral(frames.Typing))
            case frames.Delivered() | frames.Read():
                tell(to_desk(self._conversation), Ephemeral(type(frame), frame.n))
            case frames.End():
                await self._around.db.write(actions.end_by_visitor, self._conversation, self._around.minute())
            case _:
                raise WrongOrder

    def _hear(self, sign: object) -> None:
        assert isinstance(sign, Ephemeral)
        if not self._socket.clogged:
            self._send(frames.Typing() if sign.kind is frames.Typing else sign.kind(sign.n))

    def _deliver(self, stored: Stored) -> None:
        cert = stored.cert
        if cert is not None and cert not in self._certs_sent:
            self._certs_sent.add(cert)
            self._send(frames.Cert(self._around.certificates[cert]))
        self._around.metrics.add("delivered", 1)
        self._send(frames.Envelope(SHARED_LOG, stored.n, stored.minute, stored.envelope))

    def _look(self) -> None:
        """Something about the conversation changed: read it again, once at a time."""
        if self._looking:
            self._look_again = True
            return
        self._looking = True
        asyncio.get_running_loop().create_task(self._tell_state())

    async def _tell_state(self) -> None:
        try:
            self._look_again = True
            while self._look_again and not self._socket.closed:
                self._look_again = False
                self._tell(await self._around.db.read(actions.find, self._conversation))
        except Refusal:
            self._socket.close(NOT_ALLOWED)
        except Exception as error:
            trouble("visitor state", error)
            self._socket.close(1011)
        finally:
            self._looking = False

    def _tell(self, conversation: Conversation) -> None:
        news: list[frames.Frame] = []
        if conversation.ended_by is not None:
            news = [frames.Ended(conversation.ended_by)]
        elif conversation.waits:
            expected = self._queue.expected(conversation.team, conversation.id)
            if expected is not None:
                news = [frames.Waiting(expected.place, expected.low, expected.high)]
            if conversation.times:
                news.insert(0, frames.Claimed(conversation.times))
        else:
            news = [frames.Claimed(conversation.times)]
        if tuple(news) != self._told:
            self._told = tuple(news)
            for frame in news:
                self._send(frame)

    def _send(self, frame: frames.Frame) -> None:
        self._socket.send(frames.encode(frame))

    def _leave(self) -> None:
        for unfollow in self._unfollow:
            unfollow()
        if self._follower is not None:
            self._follower.stop()


class UnderWay:
    """How many appends of one connection are on their way to the disk; whatever else it asks is answered after them."""

    def __init__(self) -> None:
        self._count = 0
        self._settled: asyncio.Future[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether the next append must wait."""
        return self._count >= UNDER_WAY

    def begin(self) -> None:
        """One more."""
        self._count += 1

    def end(self) -> None:
        """One is answered."""
        self._count -= 1
        if not self._count and self._settled is not None and not self._settled.done():
            self._settled.set_result(None)

    async def settled(self) -> None:
        """Wait until all of them are answered."""
        if self._count:
            self._settled = asyncio.get_running_loop().create_future()
            await self._settled


class Pace:
    """A token bucket that answers how long to wait, instead of refusing."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst, self._left, self._at = rate, burst, burst, now

    def delay(self, now: float) -> float:
        """Seconds until the next message may be handled; 0.0 while the bucket lasts."""
        self._fill(now)
        self._left -= 1
        return 0.0 if self._left >= 0 else -self._left / self._rate

    def spend(self, now: float) -> bool:
        """Whether the next message may be handled now; one that may not is left for `delay`."""
        self._fill(now)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def give_back(self) -> None:
        """What `spend` allowed was not done."""
        self._left += 1

    def _fill(self, now: float) -> None:
        self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now


def decode(decoder: Callable[[bytes], T], data: bytes) -> T:
    """A frame from its bytes. Raises `MalformedFrame`."""
    try:
        return decoder(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedFrame from None


def seal(around: Surroundings, header: Header, envelope: bytes, team_wrap: bytes | None = None) -> actions.Sealed:
    """Lock an envelope for storage. Raises `Busy` before any work when there is no room to store it."""
    around.db.check_room()
    key = around.shred_key(header.conv)
    if key is None:
        raise NoSuchConversation
    began = perf_counter_ns()
    sealed = actions.seal(header, envelope, key, team_wrap)
    around.metrics.add("lock_ns", perf_counter_ns() - began)
    around.metrics.add("appends", 1)
    return sealed


def as_refusal(where: str, around: Surroundings, error: Exception) -> Refusal:
    """What the other side is told of *error*; anything but a refusal is trouble of ours, and they learn only that."""
    if isinstance(error, Refusal):
        around.metrics.add("refused", 1)
        return error
    trouble(where, error)
    return Failed()


def read_header(envelope: bytes) -> Header:
    """The outside of an envelope. Raises a refusal for what is none."""
    if len(envelope) > envelopes.MAX_ENVELOPE:
        raise TooLarge
    try:
        header = envelopes.parse(envelope)
    except envelopes.UnknownVersion:
        raise UnknownVersion from None
    except Malformed:
        raise MalformedFrame from None
    return header
