"""A visitor's socket. Frames: docs/protocol.md section 5.1.

<- hello                          -> start | resume | erase         <- started | resumed | erased
-> append                         <- ack | refused
-> delivered | read | typing      <- delivered | read | typing      told on, never stored
-> end | away | ping              <- waiting | line | claimed | muted | ended | envelope, cert | pong
-> keep_phrase | end_phrase       <- phrase | for_later
"""

import asyncio
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass

from luwte.conversation import actions, frames, phrases
from luwte.conversation.around import Ephemeral, Expected, Queue, Surroundings, connection_numbers, to_desk, to_visitor
from luwte.conversation.departures import leave_at_once
from luwte.conversation.erasing import VISITOR
from luwte.conversation.follow import Follower
from luwte.conversation.model import (
    THE_VISITOR,
    Conversation,
    LockedWrap,
    StartRequest,
    Stored,
    check_erase,
    check_start,
)
from luwte.conversation.reading import as_refusal, decode, read_header
from luwte.conversation.send import Appends
from luwte.conversation.versions import refusing, speaking
from luwte.crypto.envelope import SHARED_LOG, Header
from luwte.errors import (
    Busy,
    Elsewhere,
    Failed,
    Gone,
    LineClosed,
    NoSuchConversation,
    NotAccepted,
    Refusal,
    SlowDown,
    WrongOrder,
)
from luwte.line.actions import line_topic
from luwte.plumbing import keystore
from luwte.plumbing.clock import minute
from luwte.plumbing.db import ReadTx
from luwte.plumbing.limits import Pace, network
from luwte.plumbing.log import trouble
from luwte.plumbing.looking import Looking
from luwte.plumbing.sockets import DONE, FIRST_FRAME, NO_SIGN_ON, NOT_ALLOWED, TRY_LATER, Socket
from luwte.staff.model import Team

RATE, BURST = 20.0, 60.0
"""Frames a second that one visitor may send; more is read later, so that the others do not wait for it."""

STARTS = 300
"""Conversations that one network may start at once, and in five minutes after that."""

WAITING_AT_MOST = 5_000
"""Conversations that may wait in one team, and messages besides; beyond that a start is told that it is too busy."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a visitor who comes back is told."""

    conversation: Conversation
    wraps: list[frames.VisitorWrap]
    last: int
    locator_hash: bytes


class VisitorSocket:
    """One visitor's connection, from hello to goodbye."""

    def __init__(
        self, around: Surroundings, queue: Queue, team: Callable[[], Team], socket: Socket, protocol: int
    ) -> None:
        """*team* tells the line's team with its certificates of this moment."""
        self._around, self._queue, self._team, self._socket = around, queue, team, socket
        self._protocol, self._speak = protocol, speaking(protocol)
        self._number = next(connection_numbers)
        self._unfollow: list[Callable[[], None]] = []
        self._follower: Follower | None = None
        self._certs_sent: set[bytes] = set()
        self._team_told = b""
        self._told: tuple[object, ...] = ()
        self._muted_told = False
        self._line_told = True
        self._looking = Looking("visitor", self._tell_state)
        self._conversation = b""
        self._page: bytes | None = None
        self._known: Conversation | None = None
        self._line = team().slug
        self._pace = Pace(RATE, BURST, around.clock())
        self._appends = Appends(around, self._number, self._appended)

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
        self._team_told = team.certificate
        minute = self._around.minute()
        self._send(frames.Hello(self._protocol, self._around.organisation, team.slug, minute, certificates))

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
                resumed = await self._resume(frame)
                self._page = frame.page
                self._send(frames.Resumed(resumed.conversation.id, resumed.last, resumed.wraps))
                if resumed.locator_hash:
                    self._send(frames.Phrase(resumed.locator_hash))
                self._follow(resumed.conversation, frame.after, in_sight=not frame.away)
            case frames.Erase():
                await self._erase(check_erase(frame.ve, frame.vg, frame.sig))
                return False
            case _:
                self._socket.close(NO_SIGN_ON)
                return False
        return True

    async def _erase(self, id: bytes) -> None:
        """Say "erased" when it is so, and not before: the answer to the same question in all later times, too."""
        erasures = self._around.erasures
        if not erasures.knows(id):
            raise NoSuchConversation
        await erasures.erase(id, VISITOR)
        self._send(frames.Erased(id))
        self._socket.close(DONE)

    async def _start(self, frame: frames.Start) -> Conversation:
        around, team = self._around, self._team()
        request = StartRequest(
            frame.line, frame.ve, frame.vg, frame.credential, frame.team_cert, tuple(frame.wraps), frame.sig
        )
        # Before any costly work. Far above what a school or a shelter behind one address needs.
        if not around.limits.spend("start", network(self._socket.peer), burst=STARTS, per_minute=STARTS / 5):
            raise SlowDown
        check_start(request, team.slug)
        waiting = self._queue.messages if frame.for_later else self._queue.length
        if waiting(team.slug) >= WAITING_AT_MOST:
            raise Busy
        id = request.conversation_id
        if id in around.erasures:
            raise Gone
        # A start that was stored keeps its answer, whatever changed meanwhile.
        if around.shred_key(id) is None:
            self._check_new(request, team, for_later=frame.for_later)
        loop = asyncio.get_running_loop()
        # The key is on disk before anything is locked under it; a start that fails after this leaves an unused key.
        key = await loop.run_in_executor(None, around.keys.put, keystore.CONVERSATION, id, os.urandom(32))
        sealed = actions.seal_start(request, key, team.epoch)
        return await around.db.write(
            actions.start,
            sealed,
            team_cert=team.certificate_id,
            minute=around.minute(),
            for_later=frame.for_later,
            rotates=frame.rotates,
        )

    def _check_new(self, request: StartRequest, team: Team, *, for_later: bool) -> None:
        """A new start needs today's certificate, and an open line unless it is left for later."""
        if not for_later and not self._queue.is_open(team.slug):
            raise LineClosed
        if request.team_cert != team.certificate_id:
            raise NotAccepted

    async def _resume(self, frame: frames.Resume) -> "Resumed":
        around, key = self._around, self._around.shred_key(frame.conv)
        if frame.locator is not None and frame.page is not None:
            hashed = hashlib.sha256(frame.locator).digest()
            await around.db.write(phrases.come_back, frame.conv, frame.credential, hashed, frame.page)

        def work(tx: ReadTx) -> tuple[Conversation, list[LockedWrap], int, bytes]:
            conversation = actions.resume(tx, frame.conv, frame.credential)
            if conversation.page != frame.page and conversation.page is not None:
                raise Elsewhere
            wraps, last = actions.visitor_wraps(tx, conversation), actions.last(tx, conversation, SHARED_LOG)
            return conversation, wraps, last, phrases.locator_hash(tx, conversation)

        conversation, locked, last, locator_hash = await around.db.read(work)
        if key is None:
            raise NoSuchConversation
        wraps = actions.open_wraps(conversation.id, locked, key)
        shown = [frames.VisitorWrap(wrap.generation, wrap.wrap) for wrap in wraps]
        return Resumed(conversation, shown, last, locator_hash)

    def _follow(self, conversation: Conversation, after: int, *, in_sight: bool = True) -> None:
        around, id = self._around, conversation.id
        self._conversation = id
        around.visitors.opened(id, self._number, in_sight=in_sight)
        self._moved()
        self._follower = Follower(
            db=around.db,
            relay=around.relay,
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
            around.relay.follow(actions.state_topic(id), self._looking.look),
            around.relay.listen(to_visitor(id), self._hear),
            around.relay.listen(actions.place_topic(id), self._move_up),
            around.relay.listen(phrases.page_topic(id), self._page_turned),
            around.relay.follow(line_topic(conversation.team), self._looking.look),
        ]
        self._looking.look()

    async def _talk(self) -> None:
        self._socket.at_once = self._append_at_once
        while True:
            data = await self._socket.receive()
            await self._appends.settled()
            if delay := self._pace.delay(self._around.clock()):
                await asyncio.sleep(delay)
            await self._answer(data)

    async def _answer(self, data: bytes) -> None:
        header: Header | None = None
        try:
            frame = decode(frames.decode_from_visitor, data)
            if isinstance(frame, frames.Append):
                header = read_header(frame.envelope)
                self._append(header, frame.envelope)
            else:
                await self._hear_visitor(frame)
        except Exception as error:
            self._refuse(error, header)

    def _append_at_once(self, data: bytes) -> bool:
        """An append or a ping in the call that brought it: no task wakes. Anything else is left for `_answer`."""
        if self._appends.is_full or not self._pace.spend(self._socket.heard):
            return False
        header: Header | None = None
        try:
            frame = decode(frames.decode_from_visitor, data)
            if isinstance(frame, frames.Ping) and self._appends.is_empty:
                self._send(frames.Pong())
                return True
            if not isinstance(frame, frames.Append):
                self._pace.give_back()
                return False
            header = read_header(frame.envelope)
            self._append(header, frame.envelope)
        except Exception as error:
            self._refuse(error, header)
        return True

    def _append(self, header: Header, envelope: bytes) -> None:
        if header.conv != self._conversation:
            raise NoSuchConversation
        self._appends.begin(header, envelope, THE_VISITOR, minute(self._socket.heard))

    def _appended(self, header: Header, ack: actions.Ack | None, error: Exception | None) -> None:
        if error is not None:
            self._refuse(error, header)
        elif ack is not None:
            self._send(frames.Ack(header.msg_id, ack.n, ack.minute))

    def _refuse(self, error: Exception, header: Header | None) -> None:
        refusal = as_refusal("visitor", self._around, error)
        if isinstance(refusal, NoSuchConversation) and self._conversation in self._around.erasures:
            refusal = Gone()
        refusal = refusing(refusal, self._protocol)
        self._send(frames.refused(refusal, msg_id=header.msg_id if header else None))

    async def _hear_visitor(self, frame: frames.FromVisitor) -> None:
        tell = self._around.relay.tell
        match frame:
            case frames.Ping():
                self._send(frames.Pong())
            case frames.Typing():
                tell(to_desk(self._conversation), Ephemeral(frames.Typing))
            case frames.Delivered() | frames.Read():
                tell(to_desk(self._conversation), Ephemeral(type(frame), frame.n))
            case frames.Away():
                self._around.visitors.looks(self._conversation, self._number, in_sight=not frame.away)
                self._moved()
                self._looking.look()
            case frames.End():
                await self._around.db.write(actions.end_by_visitor, self._conversation, self._around.minute())
            case frames.KeepPhrase():
                await self._keep_phrase(frame)
            case frames.EndPhrase():
                await self._around.db.write(phrases.end, self._conversation)
                self._send(frames.Phrase(b""))
            case _:
                raise WrongOrder

    async def _keep_phrase(self, frame: frames.KeepPhrase) -> None:
        around, id = self._around, self._conversation
        key = around.shred_key(id)
        if key is None:
            raise NoSuchConversation
        await around.db.write(phrases.keep, id, frame.locator_hash, phrases.lock_box(id, frame.box, key))
        self._send(frames.Phrase(frame.locator_hash))

    def _page_turned(self, page: object) -> None:
        """Somebody came back by the phrase, on another page: this one is over."""
        if page != self._page and not self._socket.closed:
            self._send(frames.refused(Elsewhere()))
            self._socket.close(NOT_ALLOWED)

    def _hear(self, sign: object) -> None:
        assert isinstance(sign, Ephemeral)
        if not self._socket.clogged:
            self._send(frames.Typing() if sign.kind is frames.Typing else sign.kind(sign.n))

    def _deliver(self, stored: Stored) -> None:
        team = self._team().certificate
        if team != self._team_told:  # a turn to its key may be what comes
            self._team_told = team
            self._send(frames.Cert(team))
        cert = stored.cert
        if cert is not None and cert not in self._certs_sent:
            self._certs_sent.add(cert)
            self._send(frames.Cert(self._around.certificates[cert]))
        self._send(frames.Envelope(SHARED_LOG, stored.n, stored.minute, stored.envelope))

    async def _tell_state(self) -> None:
        if self._socket.closed:
            return
        try:
            self._known = await self._still_theirs(await self._around.db.read(actions.find, self._conversation))
            self._tell(self._known)
        except NoSuchConversation as refusal:
            await self._tell_gone(refusal)
        except Refusal:  # no room now to write that they are back; the page comes again, and must not be told never to
            self._socket.close(TRY_LATER)
        except Exception as error:
            trouble("visitor state", error)
            self._socket.close(1011)

    async def _tell_gone(self, refusal: Refusal) -> None:
        """It was erased, maybe from another page of the same visitor; said once nothing of it is left."""
        if self._conversation in self._around.erasures:
            await self._around.erasures.erase(self._conversation, VISITOR)
            self._send(frames.Erased(self._conversation))
            self._send(frames.refused(refusal))
        self._socket.close(NOT_ALLOWED)

    async def _still_theirs(self, conversation: Conversation) -> Conversation:
        """Whoever was taken for gone and has the page in sight is back."""
        around = self._around
        if conversation.left is None or not around.visitors.is_here(conversation.id):
            return conversation
        return await around.db.write(actions.come_back, conversation.id, around.minute())

    def _moved(self) -> None:
        """Somebody may be here, away or gone now who was not before."""
        self._around.relay.wake(actions.presence_topic(self._conversation))
        self._around.relay.wake(actions.queue_topic(self._line))

    def _move_up(self, expected: Expected) -> None:
        """The place in the queue is another one."""
        if self._known is not None and not self._socket.closed:
            self._tell(self._known, expected)

    def _tell(self, conversation: Conversation, expected: Expected | None = None) -> None:
        news: list[frames.Frame] = []
        if conversation.ended_by is not None:
            news = [frames.Ended(conversation.ended_by)]
        elif conversation.waits:
            expected = expected or self._queue.expected(conversation.team, conversation.id)
            if conversation.times:
                news.append(frames.Claimed(conversation.times))
            if conversation.for_later:
                news.append(frames.ForLater())
            # Whoever left a message on a closed line has no place in a queue; it is read all the same.
            if expected is not None and not (conversation.for_later and not self._queue.is_open(conversation.team)):
                news.append(frames.Waiting(expected.place, expected.low, expected.high))
        else:
            news = [frames.Claimed(conversation.times)]
        if tuple(news) != self._told:
            self._told = tuple(news)
            for frame in news:
                self._send(frame)
        if bool(conversation.muted) != self._muted_told and conversation.ended_by is None:
            self._muted_told = bool(conversation.muted)
            self._send(frames.Muted(self._muted_told))
        self._tell_line(conversation)

    def _tell_line(self, conversation: Conversation) -> None:
        """Who waits is told that the line closed, or opened again; whoever talks has nothing to do with it."""
        is_open = self._queue.is_open(conversation.team)
        if conversation.waits and not conversation.for_later and is_open != self._line_told:
            self._line_told = is_open
            self._send(frames.Line(is_open))

    def _send(self, frame: frames.Frame) -> None:
        data = self._speak(frame)
        if data is not None:
            self._socket.send(data)

    def _leave(self) -> None:
        self._looking.stop()
        for unfollow in self._unfollow:
            unfollow()
        if self._follower is not None:
            self._follower.stop()
            self._around.visitors.closed(self._conversation, self._number, farewell=self._socket.farewell)
            self._moved()
            if self._socket.farewell and not self._around.visitors.is_open(self._conversation):
                leave_at_once(self._around, self._conversation)
