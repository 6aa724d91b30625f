"""A desk's socket. Frames: docs/protocol.md section 5.2.

-> sign_on                        <- welcome, queue, taken for each conversation that the account has
-> openings | take | follow       <- opening | taken | envelope, cert
-> next | triage                  <- given, taken | standing
-> append | end                   <- ack | refused | ended | lost | erased
-> hand_over and what goes with it: desk/shift.py
-> need_colleague, step_in, open_line and what goes with them: desk/leading.py
-> delivered | read | typing      <- the visitor's              <- presence, of whom one talks with or who left
"""

import asyncio
import functools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from luwte.conversation import actions as conversations
from luwte.conversation import frames as visitor_frames
from luwte.conversation.around import Ephemeral, Surroundings, connection_numbers, to_desk, to_visitor
from luwte.conversation.follow import Follower
from luwte.conversation.model import BY_VISITOR, WRAP_BYTES, Conversation, LockedWrap, Stored, Writer, log_of
from luwte.conversation.reading import as_refusal, decode, read_header
from luwte.conversation.send import Appends, seal
from luwte.conversation.versions import speaking
from luwte.crypto.envelope import NOTE, ROTATION, SHARED_LOG, TEAM_LOG, Header
from luwte.desk import actions, frames, released, turns
from luwte.desk.attempts import Attempts
from luwte.desk.beside import ALONG, THROUGH_GLASS, Beside, Way
from luwte.desk.board import Board, Boards
from luwte.desk.leading import Leading
from luwte.desk.model import ROWS, Row
from luwte.desk.on_shift import OnShift
from luwte.desk.register import Desks
from luwte.desk.shift import Shift
from luwte.errors import (
    MalformedFrame,
    NoSuchConversation,
    NotAccepted,
    Refusal,
    SignedOut,
    TeamSecretExists,
    WrongOrder,
)
from luwte.plumbing.clock import minute as minute_of
from luwte.plumbing.limits import Pace
from luwte.plumbing.log import trouble
from luwte.plumbing.looking import Looking
from luwte.plumbing.sockets import FIRST_FRAME, NO_SIGN_ON, NOT_ALLOWED, SIGNED_OUT, TRY_LATER, Closed, Socket
from luwte.staff import actions as staff
from luwte.staff.model import Session, Team, TeamKey, is_over, session_topic
from luwte.staff.roles import Deed, may

RATE, BURST = 50.0, 200.0
"""Frames a second that one desk may send beside its messages: enough for any hand, too few to bury the audit log."""

NOBODY = Writer("")
"""Who a desk is until it signs on: no conversation is held by this name."""

QUEUE_PAUSE = 0.2
"""Seconds between two queue frames to one desk."""


@dataclass(slots=True)
class Seat:
    """One conversation at this desk."""

    conversation: Conversation
    followers: list[Follower] = field(default_factory=list)
    unlisten: list[Callable[[], None]] = field(default_factory=list)
    visitor: str = "here"
    unwatch: Callable[[], None] | None = None
    secrets: set[tuple[int, int]] = field(default_factory=set)
    """By log and generation: what this desk was given. A colleague may make another one later."""

    def leave(self) -> None:
        """Hear nothing more of it."""
        if self.unwatch is not None:
            self.unwatch()
        self.stop_reading()

    def stop_reading(self) -> None:
        """The logs are followed anew, or not at all."""
        for follower in self.followers:
            follower.stop()
        for unlisten in self.unlisten:
            unlisten()
        self.followers, self.unlisten = [], []


class DeskSocket:
    """One desk's connection, from sign-on to goodbye."""

    def __init__(
        self,
        around: Surroundings,
        boards: Boards,
        desks: Desks,
        on_shift: OnShift,
        teams: Callable[[], dict[str, Team]],
        socket: Socket,
        protocol: int,
    ) -> None:
        self._around, self._boards, self._desks, self._teams, self._socket = around, boards, desks, teams, socket
        self._on_shift = on_shift
        self._protocol, self._speak = protocol, speaking(protocol)
        self._number = next(connection_numbers)
        self._seats: dict[bytes, Seat] = {}
        self._beside: dict[tuple[str, bytes], Seat] = {}
        self._leading: Leading | None = None
        self._made_lately: deque[conversations.NewSecret] = deque(maxlen=100)
        self._certs_sent: set[bytes] = set()
        self._unfollow: list[Callable[[], None]] = []
        self._appends = Appends(around, self._number, self._appended)
        self._attempts = Attempts(around, desks)
        self._session: Session | None = None
        self._writer = NOBODY
        self._board: Board | None = None
        self._shift: Shift | None = None
        self._refresh = Looking("desk", self._read_held)
        self._queue_timer: asyncio.TimerHandle | None = None
        self._queue_told: tuple[frames.Standing, frames.Queue] | None = None
        self._messages_told = frames.Messages([])

    async def serve(self) -> None:
        """Work until one side hangs up or the session ends."""
        try:
            if await self._sign_on():
                self._socket.at_once = self._append_at_once
                pace = Pace(RATE, BURST, self._around.clock())
                while True:
                    data = await self._socket.receive()
                    await self._appends.settled()
                    if delay := pace.delay(self._around.clock()):
                        await asyncio.sleep(delay)
                    if is_over(self._me.began, None, self._around.minute()):
                        self._socket.close(SIGNED_OUT)
                        return
                    await self._answer(data)
        finally:
            self._leave()

    # sign-on

    async def _sign_on(self) -> bool:
        try:
            async with asyncio.timeout(FIRST_FRAME):
                data = await self._socket.receive()
            frame = decode(frames.decode_from_desk, data)
            if not isinstance(frame, frames.SignOn):
                raise WrongOrder
            while True:  # an epoch that begins meanwhile brings a key, which is to be read, too
                teams = self._teams()
                session, keys = await self._around.db.read(staff.session_with_keys, frame.token, self._around.minute())
                if teams is self._teams():
                    break
        except (TimeoutError, MalformedFrame, WrongOrder):
            self._socket.close(NO_SIGN_ON)
            return False
        except Refusal:
            self._socket.close(SIGNED_OUT)
            return False
        try:
            staff.check(session.account, Deed.TALK)
        except NotAccepted as refusal:
            self._attempts.refused(session, frames.SignOn, b"", refusal)
            self._send(frames.refused(refusal))
            self._socket.close(NOT_ALLOWED)
            return False
        self._welcome(session, keys)
        return True

    def _welcome(self, session: Session, keys: list[TeamKey]) -> None:
        around, account = self._around, session.account
        team = self._teams()[account.team]
        certificates = [team.admin_certificate, team.certificate, account.certificate]
        self._session, self._board = session, self._boards.of(team.slug)
        self._writer = Writer(account.id, account.certificate_id)
        self._certs_sent.add(account.certificate_id)
        around.certificates[account.certificate_id] = account.certificate
        self._send(
            frames.Welcome(
                self._protocol,
                around.organisation,
                team.slug,
                account.id,
                around.minute(),
                certificates,
                # The next epoch's key may be stored before its certificate is in memory: it comes with that one.
                [frames.WrappedKey(key.epoch, key.wrap) for key in keys if key.epoch <= team.epoch],
            )
        )
        self._desks.opened(account.id, session.token_hash, self._number)
        if may(account.role, Deed.LEAD):
            self._desks.lead_opened(team.slug, self._number)
        self._board.desk_opened(self._number, lambda: len(self._seats))
        self._unfollow = [
            around.relay.follow(session_topic(session.token_hash), self._session_ended),
            around.relay.follow(conversations.holder_topic(account.id), self._refresh.look),
            around.relay.follow(self._board.topic, self._queue_changed),
            around.relay.listen(conversations.left_topic(team.slug), self._tell_left),
            around.relay.listen(conversations.secret_topic(team.slug), self._secret_made),
            around.relay.listen(conversations.erased_topic(team.slug), self._tell_erased),
            around.relay.follow(staff.epoch_topic(team.slug), self._epoch_began),
        ]
        self._socket.on_drain = self._drained
        self._socket.probed = True
        self._tell_queue()
        self._shift = Shift(around, self._on_shift, session, self._send, self._accepted)
        self._shift.begin(self._number, lambda: len(self._seats))
        self._leading = self._lead(session)
        for id in {id for _, id in self._desks.shown(session.token_hash) if id in around.erasures}:
            self._send(frames.Erased(id))
        self._refresh.look()

    def _lead(self, session: Session) -> Leading:
        around, shown = self._around, self._desks.shown(session.token_hash)
        return Leading(
            around,
            self._boards.lines,
            self._desks,
            session,
            self._send,
            lambda: not self._socket.clogged and not self._socket.closed,
            [
                Beside(way, around, session, shown, self._send, functools.partial(self._sit_beside, way))
                for way in (ALONG, THROUGH_GLASS)
            ],
            self._boards.of(session.account.team).topic,
            self._on_shift.limit,
        )

    def _sit_beside(self, way: Way, held: actions.Held) -> Callable[[], None]:
        """A place in a colleague's conversation: it may be followed, and nothing goes from here to the visitor."""
        place = (way.mark, held.conversation.id)
        self._beside[place] = Seat(held.conversation, secrets=_secrets(held))
        if held.conversation.for_later:
            self._tell_messages(self._messages_told.convs)

        def leave() -> None:
            self._beside.pop(place).leave()

        return leave

    def _epoch_began(self) -> None:
        self._socket.close(TRY_LATER)  # they come again at once, and are welcomed with the new key

    def _session_ended(self) -> None:
        self._socket.close(SIGNED_OUT)
        # At once: our task may still wait for the disk, and until we left we would count as a desk that is there.
        self._leave()
        self._desks.forget(self._me.token_hash)

    def _leave(self) -> None:
        self._refresh.stop()
        for unfollow in self._unfollow:
            unfollow()
        for seat in self._seats.values():
            seat.leave()
        self._seats.clear()
        if self._leading is not None:
            self._leading.end()
            self._leading = None
        if self._queue_timer is not None:
            self._queue_timer.cancel()
        if self._shift is not None:
            self._shift.end()
        if self._session is not None and self._board is not None:
            self._desks.closed(self._session.account.id, self._number)
            self._board.desk_closed(self._number)

    # what a desk asks

    async def _answer(self, data: bytes) -> None:
        conv: bytes | None = None
        msg_id: bytes | None = None
        frame: frames.FromDesk | None = None
        try:
            frame = decode(frames.decode_from_desk, data)
            conv = getattr(frame, "conv", None)
            if isinstance(frame, frames.Append):
                header = read_header(frame.envelope)
                conv, msg_id = header.conv, header.msg_id
                await self._append(header, frame)
            else:
                await self._do(frame)
        except Closed:
            raise
        except Exception as error:
            self._refuse(error, type(frame), conv, msg_id)

    async def _do(self, frame: frames.FromDesk) -> None:
        match frame:
            case visitor_frames.Ping():
                self._send(visitor_frames.Pong())
            case frames.Openings():
                await self._openings(frame.convs, [0] * len(frame.convs) if frame.after is None else frame.after)
            case frames.Take():
                await self._take(frame.conv)
            case frames.Next():
                await self._next()
            case frames.Triage():
                await self._triage(frame)
            case frames.Follow():
                self._follow(frame)
            case frames.End():
                await self._end(frame)
            case frames.HandOver() | frames.Withdraw() | frames.Answer() | frames.GiveBack() | frames.Mute():
                assert self._shift is not None
                await self._shift.do(frame)
            case frames.Delivered() | frames.Read() | frames.Typing():
                self._sign(frame)
            case frames.Append() | frames.SignOn():
                raise WrongOrder
            case _:
                assert self._leading is not None
                await self._leading.do(frame)

    @property
    def _me(self) -> Session:
        if self._session is None:
            raise SignedOut
        return self._session

    async def _append(self, header: Header, frame: frames.Append) -> None:
        # What can be said without looking comes first, so that absent and foreign get the same answer.
        if frame.wrap is not None and len(frame.wrap) != WRAP_BYTES:
            raise MalformedFrame
        if frame.wrap is not None and header.direction != NOTE and header.klass != ROTATION:
            raise WrongOrder
        if header.direction == NOTE or header.klass == ROTATION:
            await self._append_with_wrap(header, frame)
        else:
            self._appends.begin(header, frame.envelope, self._writer, minute_of(self._socket.heard))

    async def _append_with_wrap(self, header: Header, frame: frames.Append) -> None:
        around, sealed = self._around, seal(self._around, header, frame.envelope, frame.wrap, frame.epoch)
        try:
            ack = await around.db.write(actions.append, self._me, sealed, self._writer, around.minute(), self._number)
        except TeamSecretExists:
            await self._send_team_secret(header.conv)
            raise
        self._appended(header, ack, None)

    def _append_at_once(self, data: bytes) -> bool:
        """A message or a ping in the call that brought it: no task wakes. Anything else is left for `_answer`."""
        minute = minute_of(self._socket.heard)
        if self._appends.is_full or is_over(self._me.began, None, minute):
            return False
        header: Header | None = None
        try:
            frame = decode(frames.decode_from_desk, data)
            if isinstance(frame, visitor_frames.Ping) and self._appends.is_empty:
                self._send(visitor_frames.Pong())
                return True
            if not isinstance(frame, frames.Append):
                return False
            header = read_header(frame.envelope)
            if header.direction == NOTE or header.klass == ROTATION or frame.wrap is not None:
                return False
            self._appends.begin(header, frame.envelope, self._writer, minute)
        except Exception as error:
            self._refuse(error, frames.Append, header and header.conv, header and header.msg_id)
        return True

    def _appended(self, header: Header, ack: conversations.Ack | None, error: Exception | None) -> None:
        if error is not None:
            self._refuse(error, frames.Append, header.conv, header.msg_id)
        elif ack is not None:
            log = log_of(header.direction)
            self._send(frames.Ack(header.conv, log, header.msg_id, ack.n, ack.minute))

    def _refuse(self, error: Exception, frame: type[Any], conv: bytes | None, msg_id: bytes | None) -> None:
        refusal = as_refusal("desk", self._around, error)
        self._attempts.refused(self._me, frame, conv or b"", refusal)
        self._send(frames.refused(refusal, conv=conv, msg_id=msg_id))

    async def _send_team_secret(self, conv: bytes) -> None:
        self._show_secrets(conv, await self._around.db.read(actions.team_secret, conv))

    def _show_secrets(self, conv: bytes, wraps: list[LockedWrap]) -> None:
        seat, key = self._at(conv), self._around.shred_key(conv)
        if seat is None or key is None:
            return
        for wrap in conversations.open_wraps(conv, wraps, key):
            seat.secrets.add((wrap.log, wrap.generation))
            self._send(frames.WrapFrame(conv, wrap.log, wrap.generation, wrap.epoch, wrap.wrap))

    def _secret_made(self, made: object, *, again: bool = False) -> None:
        """A conversation has another secret: those who sit at it need it to read on."""
        assert isinstance(made, conversations.NewSecret)
        if not again:
            # It may be made between the reading of what a desk is given and the seat; then it comes with `follow`.
            self._made_lately.append(made)
        seat = self._at(made.conversation)
        place = (made.wrap.log, made.wrap.generation)
        if seat is None or place in seat.secrets:
            return
        if made.connection == self._number:
            seat.secrets.add(place)
        else:
            self._show_secrets(made.conversation, [made.wrap])

    def _at(self, conv: bytes) -> Seat | None:
        beside = (self._beside.get((way.mark, conv)) for way in (ALONG, THROUGH_GLASS))
        return self._seats.get(conv) or next((seat for seat in beside if seat is not None), None)

    async def _openings(self, ids: list[bytes], after: list[int]) -> None:
        if len(ids) > ROWS or len(after) != len(ids):
            raise MalformedFrame
        wanted = dict(zip(ids, after, strict=True))
        around, account = self._around, self._me.account
        shown = self._desks.shown(self._me.token_hash)
        found = await around.db.read(actions.openings, account, wanted)
        new = [o.conversation.id for o in found if ("opening.read", o.conversation.id) not in shown]
        if new:
            await around.db.write(actions.record_openings, account, new, around.minute(), around.shred_key)
            shown.update(("opening.read", id) for id in new)
        still_there = {opening.conversation.id for opening in found}
        gone = [id for id in wanted if id not in still_there]
        for id in await around.db.read(actions.foreign, account, gone) if gone else ():
            self._attempts.refused(self._me, frames.Openings, id, NoSuchConversation())
        for id in gone:
            self._send(frames.Opening(id, b"", 0, []))
        for opening in found:
            self._send_opening(opening)

    def _send_opening(self, opening: actions.LockedOpening) -> None:
        id = opening.conversation.id
        key = self._around.shred_key(id)
        if key is None:
            return
        wraps = conversations.open_wraps(id, opening.wraps, key)
        stored = conversations.open_all(id, SHARED_LOG, opening.envelopes, key)
        envelopes = [frames.OpeningEnvelope(one.n, one.minute, one.envelope) for one in stored]
        self._send(frames.Opening(id, wraps[0].wrap, wraps[0].epoch, envelopes))

    async def _take(self, id: bytes) -> None:
        around, limit, is_here = self._around, self._on_shift.limit, self._around.visitors.is_here
        self._took(await around.db.write(actions.take, self._me, id, limit, is_here, around.minute(), around.shred_key))

    async def _next(self) -> None:
        assert self._board is not None
        around, me, in_a_row, limit = self._around, self._me, self._board.urgent_in_a_row, self._on_shift.limit
        conversation = await around.db.write(
            turns.take_next, me, limit, in_a_row, around.visitors.is_here, around.minute(), around.shred_key
        )
        self._send(frames.Given(conversation.id))
        self._took(conversation)

    async def _triage(self, frame: frames.Triage) -> None:
        around = self._around
        minute, key = around.minute(), around.shred_key
        await around.db.write(turns.prioritise, self._me, frame.conv, frame.priority, minute, key)

    def _took(self, conversation: Conversation) -> None:
        assert self._board is not None
        self._board.taken(conversation)
        self._accepted(conversation.id)

    def _accepted(self, id: bytes) -> None:
        # Its record is there: showing what was taken needs no second one in this session.
        self._desks.shown(self._me.token_hash).add(("conversation.read", id))
        self._refresh.look()

    def _follow(self, frame: frames.Follow) -> None:
        seat = self._at(frame.conv)
        if seat is None:
            raise NoSuchConversation
        for made in self._made_lately:
            self._secret_made(made, again=True)
        seat.stop_reading()
        for log, after in ((SHARED_LOG, frame.shared), (TEAM_LOG, frame.notes)):
            seat.followers.append(self._follower(frame.conv, log, after))
        seat.unlisten.append(self._around.relay.listen(to_desk(frame.conv), lambda sign: self._hear(frame.conv, sign)))

    def _follower(self, id: bytes, log: int, after: int) -> Follower:
        return Follower(
            db=self._around.db,
            relay=self._around.relay,
            shred_key=self._around.shred_key,
            socket=self._socket,
            conversation=id,
            log=log,
            after=after,
            connection=self._number,
            deliver=functools.partial(self._deliver, id, log),
        )

    async def _end(self, frame: frames.End) -> None:
        around = self._around
        await around.db.write(actions.end, self._me, frame.conv, frame.reason, around.minute(), around.shred_key)

    def _sign(self, frame: frames.Delivered | frames.Read | frames.Typing) -> None:
        if frame.conv not in self._seats:
            raise NoSuchConversation
        tell = self._around.relay.tell
        match frame:
            case frames.Typing():
                tell(to_visitor(frame.conv), Ephemeral(visitor_frames.Typing))
            case frames.Read():
                tell(to_visitor(frame.conv), Ephemeral(visitor_frames.Read, frame.n))
            case frames.Delivered():
                tell(to_visitor(frame.conv), Ephemeral(visitor_frames.Delivered, frame.n))

    # what a desk is told

    def _deliver(self, id: bytes, log: int, stored: Stored) -> None:
        cert = stored.cert
        if cert is not None and cert not in self._certs_sent:
            self._certs_sent.add(cert)
            self._send(frames.Cert(self._around.certificates[cert]))
        self._send(frames.Envelope(id, log, stored.n, stored.minute, stored.envelope))

    def _hear(self, id: bytes, sign: object) -> None:
        assert isinstance(sign, Ephemeral)
        if self._socket.clogged:
            return
        if sign.kind is visitor_frames.Typing:
            self._send(frames.Typing(id))
        elif sign.kind is visitor_frames.Read:
            self._send(frames.Read(id, sign.n))
        else:
            self._send(frames.Delivered(id, sign.n))

    def _drained(self) -> None:
        for seat in [*self._seats.values(), *self._beside.values()]:
            for follower in seat.followers:
                follower.pump()
        if self._leading is not None:
            self._leading.drained()
        self._queue_changed()

    def _queue_changed(self) -> None:
        if self._queue_timer is None:
            self._queue_timer = asyncio.get_running_loop().call_later(QUEUE_PAUSE, self._tell_queue)

    def _tell_queue(self) -> None:
        self._queue_timer = None
        if self._socket.clogged or self._socket.closed or self._board is None:
            return
        here = [row for row in self._board.rows if row.ready]
        away = [row for row in self._board.rows if not row.ready][:ROWS]
        shown = here[:ROWS]
        marks = [frames.Mark(row.conversation.id, row.conversation.priority) for row in [*shown, *away] if row.marked]
        self._tell_messages([row.conversation.id for row in shown if row.is_message])
        # Only who can be taken is in the queue: a desk of the first protocol offers all of it.
        standing = frames.Standing(marks, [_row(row) for row in away])
        queue = frames.Queue([_row(row) for row in shown], max(0, len(here) - ROWS))
        told, self._queue_told = self._queue_told, (standing, queue)
        if standing != (told[0] if told else frames.Standing([], [])):
            self._send(standing)
        if told is None or queue != told[1]:
            self._send(queue)

    def _tell_messages(self, waiting: list[bytes]) -> None:
        """Which of those that this desk is shown, or has, were left for later: before it is shown them."""
        seats = [*self._seats.values(), *self._beside.values()]
        held = [seat.conversation.id for seat in seats if seat.conversation.for_later]
        messages = frames.Messages([*waiting, *(id for id in held if id not in waiting)])
        if messages != self._messages_told:
            self._messages_told = messages
            self._send(messages)

    def _tell_left(self, id: object) -> None:
        """The visitor of a waiting conversation left, which is not the same as taken."""
        assert isinstance(id, bytes)
        if not self._socket.clogged and self._is_shown(id):
            self._send(frames.Presence(id, "gone", self._around.minute()))

    def _tell_erased(self, id: object) -> None:
        """What this session was ever given of a conversation must go from its screen and its memory."""
        assert isinstance(id, bytes)
        seat = self._seats.pop(id, None)
        if seat is not None:
            seat.leave()
        if seat is not None or any(one == id for _, one in self._beside):
            # A page from before `erased` at least writes nothing more.
            self._send(frames.Ended(id, BY_VISITOR))
        if any(one == id for _, one in self._desks.shown(self._me.token_hash)):
            self._send(frames.Erased(id))
        self._refresh.look()

    def _is_shown(self, id: bytes) -> bool:
        standing, queue = self._queue_told or (frames.Standing([], []), frames.Queue([], 0))
        return any(row.conv == id for row in [*queue.waiting, *standing.away])

    def _tell_presence(self, conversation: Conversation, before: str) -> str:
        """Whether the visitor of a talk is there, when that is not what was told before; what is told now."""
        presence = self._around.visitors.of(conversation)
        if presence.state != before:
            self._send(frames.Presence(conversation.id, presence.state, minute_of(presence.since)))
        return presence.state

    async def _read_held(self) -> None:
        if self._socket.closed:
            return
        try:
            held = await self._around.db.read(actions.held, self._me.account)
            await self._drop_others({one.conversation.id for one in held})
            for one in held:
                if one.conversation.id not in self._seats:
                    await self._seat(one)
            if self._shift is not None:
                self._shift.tell_muted(held)
                self._shift.changed()
        except Refusal:  # showing a conversation puts that on record; when there is no room for that they come back
            self._socket.close(TRY_LATER)
        except Exception as error:
            trouble("desk refresh", error)
            self._socket.close(1011)

    async def _drop_others(self, held: set[bytes]) -> None:
        for id in [id for id in self._seats if id not in held]:
            seat = self._seats.pop(id, None)
            if seat is None:  # told already: it was erased
                continue
            seat.leave()
            ended = await self._around.db.read(conversations.ended_by, id)
            self._send(frames.Ended(id, ended) if ended else frames.Lost(id))
            if self._board is not None:
                self._board.refresh()

    async def _seat(self, held: actions.Held) -> None:
        around, me, conversation = self._around, self._me, held.conversation
        shown = self._desks.shown(me.token_hash)
        if ("conversation.read", conversation.id) not in shown:
            await around.db.write(
                actions.record_reading, me.account, conversation.id, around.minute(), around.shred_key
            )
            shown.add(("conversation.read", conversation.id))
        key = around.shred_key(conversation.id)
        if key is None or self._socket.closed:
            return
        seat = self._seats[conversation.id] = Seat(conversation, secrets=_secrets(held))
        if conversation.for_later:
            self._tell_messages(self._messages_told.convs)
        self._send(frames.Taken(**released.opens(held, key)))

        def look() -> None:
            seat.visitor = self._tell_presence(conversation, seat.visitor)

        seat.unwatch = around.relay.follow(conversations.presence_topic(conversation.id), look)
        look()
        if self._board is not None:
            self._board.refresh()

    def _send(self, frame: visitor_frames.Frame) -> None:
        data = self._speak(frame)
        if data is not None:
            self._socket.send(data)


def _row(row: Row) -> frames.WaitingRow:
    conversation = row.conversation
    return frames.WaitingRow(conversation.id, conversation.number, conversation.waiting_since, row.last, row.again)


def _secrets(held: actions.Held) -> set[tuple[int, int]]:
    return {(wrap.log, wrap.generation) for wrap in held.wraps}
