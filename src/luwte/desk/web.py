"""A desk's socket. Frames: docs/protocol.md section 5.2.

-> sign_on                        <- welcome, queue, taken for each conversation that the account has
-> openings | take | follow       <- opening | taken | envelope, cert
-> append | end                   <- ack | refused | ended | lost
-> delivered | read | typing      <- the visitor's
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from luwte.conversation import actions as conversations
from luwte.conversation import frames as visitor_frames
from luwte.conversation.around import Ephemeral, Surroundings, connection_numbers, to_desk, to_visitor
from luwte.conversation.follow import Follower
from luwte.conversation.model import WRAP_BYTES, Conversation, Stored, Writer, log_of
from luwte.conversation.reading import as_refusal, decode, read_header
from luwte.conversation.send import Appends, seal
from luwte.crypto.envelope import NOTE, SHARED_LOG, TEAM_LOG, Header
from luwte.desk import actions, frames
from luwte.desk.board import Board, Boards
from luwte.desk.model import ROWS
from luwte.desk.register import Desks
from luwte.errors import MalformedFrame, NoSuchConversation, Refusal, SignedOut, TeamSecretExists, WrongOrder
from luwte.plumbing.limits import Pace
from luwte.plumbing.log import trouble
from luwte.plumbing.sockets import FIRST_FRAME, NO_SIGN_ON, SIGNED_OUT, TRY_LATER, Closed, Socket
from luwte.staff import actions as staff
from luwte.staff.model import Session, Team, is_over

RATE, BURST = 50.0, 200.0
"""Frames a second that one desk may send beside its messages: enough for any hand, too few to bury the audit log."""

QUEUE_PAUSE = 0.2
"""Seconds between two queue frames to one desk."""


def session_topic(token_hash: bytes) -> tuple[str, bytes]:
    """Woken when a session ended."""
    return ("session", token_hash)


@dataclass(slots=True)
class Seat:
    """One conversation at this desk."""

    conversation: Conversation
    followers: list[Follower] = field(default_factory=list)
    unlisten: list[Callable[[], None]] = field(default_factory=list)

    def leave(self) -> None:
        """Hear nothing more of it."""
        for follower in self.followers:
            follower.stop()
        for unlisten in self.unlisten:
            unlisten()
        self.followers, self.unlisten = [], []


class DeskSocket:
    """One desk's connection, from sign-on to goodbye."""

    def __init__(
        self, around: Surroundings, boards: Boards, desks: Desks, teams: Callable[[], dict[str, Team]], socket: Socket
    ) -> None:
        self._around, self._boards, self._desks, self._teams, self._socket = around, boards, desks, teams, socket
        self._number = next(connection_numbers)
        self._seats: dict[bytes, Seat] = {}
        self._certs_sent: set[bytes] = set()
        self._unfollow: list[Callable[[], None]] = []
        self._appends = Appends(around, self._number, self._appended)
        self._session: Session | None = None
        self._board: Board | None = None
        self._refreshing = False
        self._refresh_again = False
        self._queue_timer: asyncio.TimerHandle | None = None
        self._queue_told: frames.Queue | None = None

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
            session = await self._around.db.read(staff.session, frame.token, self._around.minute())
        except (TimeoutError, MalformedFrame, WrongOrder):
            self._socket.close(NO_SIGN_ON)
            return False
        except Refusal:
            self._socket.close(SIGNED_OUT)
            return False
        self._welcome(session)
        return True

    def _welcome(self, session: Session) -> None:
        around, account = self._around, session.account
        team = self._teams()[account.team]
        certificates = [team.admin_certificate, team.certificate, account.certificate]
        self._session, self._board = session, self._boards.of(team.slug)
        self._certs_sent.add(account.certificate_id)
        around.certificates[account.certificate_id] = account.certificate
        self._send(
            frames.Welcome(
                visitor_frames.PROTOCOL, around.organisation, team.slug, account.id, around.minute(), certificates
            )
        )
        self._desks.opened(account.id, session.token_hash, self._number)
        self._board.desk_opened(self._number, lambda: len(self._seats))
        self._unfollow = [
            around.relay.follow(session_topic(session.token_hash), self._session_ended),
            around.relay.follow(conversations.holder_topic(account.id), self._refresh),
            around.relay.follow(self._board.topic, self._queue_changed),
        ]
        self._socket.on_drain = self._drained
        self._tell_queue()
        self._refresh()

    def _session_ended(self) -> None:
        self._socket.close(SIGNED_OUT)
        # At once: our task may still wait for the disk, and until we left we would count as a desk that is there.
        self._leave()

    def _leave(self) -> None:
        for unfollow in self._unfollow:
            unfollow()
        for seat in self._seats.values():
            seat.leave()
        self._seats.clear()
        if self._queue_timer is not None:
            self._queue_timer.cancel()
        if self._session is not None and self._board is not None:
            self._desks.closed(self._session.account.id, self._number)
            self._board.desk_closed(self._number)

    # what a desk asks

    async def _answer(self, data: bytes) -> None:
        conv: bytes | None = None
        msg_id: bytes | None = None
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
            self._refuse(error, conv, msg_id)

    async def _do(self, frame: frames.FromDesk) -> None:
        match frame:
            case visitor_frames.Ping():
                self._send(visitor_frames.Pong())
            case frames.Openings():
                await self._openings(frame.convs)
            case frames.Take():
                await self._take(frame.conv)
            case frames.Follow():
                self._follow(frame)
            case frames.End():
                await self._end(frame)
            case frames.Delivered() | frames.Read() | frames.Typing():
                self._sign(frame)
            case _:
                raise WrongOrder

    @property
    def _me(self) -> Session:
        if self._session is None:
            raise SignedOut
        return self._session

    async def _append(self, header: Header, frame: frames.Append) -> None:
        # What can be said without looking comes first, so that absent and foreign get the same answer.
        if frame.wrap is not None and len(frame.wrap) != WRAP_BYTES:
            raise MalformedFrame
        if frame.wrap is not None and header.direction != NOTE:
            raise WrongOrder
        if header.direction == NOTE:
            await self._append_note(header, frame)
        else:
            self._appends.begin(header, frame.envelope, self._writer)

    async def _append_note(self, header: Header, frame: frames.Append) -> None:
        around, sealed = self._around, seal(self._around, header, frame.envelope, frame.wrap)
        try:
            ack = await around.db.write(
                conversations.append, sealed, self._writer, around.minute(), around.tails, self._number
            )
        except TeamSecretExists:
            await self._send_team_secret(header.conv)
            raise
        self._appended(header, ack, None)

    def _append_at_once(self, data: bytes) -> bool:
        """A message in the call that brought it: no task wakes. Anything else is left for `_answer`."""
        if self._appends.is_full or is_over(self._me.began, None, self._around.minute()):
            return False
        header: Header | None = None
        try:
            frame = decode(frames.decode_from_desk, data)
            if not isinstance(frame, frames.Append):
                return False
            header = read_header(frame.envelope)
            if header.direction == NOTE or frame.wrap is not None:
                return False
            self._appends.begin(header, frame.envelope, self._writer)
        except Exception as error:
            self._refuse(error, header and header.conv, header and header.msg_id)
        return True

    def _appended(self, header: Header, ack: conversations.Ack | None, error: Exception | None) -> None:
        if error is not None:
            self._refuse(error, header.conv, header.msg_id)
        elif ack is not None:
            self._send(frames.Ack(header.conv, log_of(header.direction), header.msg_id, ack.n, ack.minute))

    @property
    def _writer(self) -> Writer:
        account = self._me.account
        return Writer(account.id, account.certificate_id)

    def _refuse(self, error: Exception, conv: bytes | None, msg_id: bytes | None) -> None:
        refusal = as_refusal("desk", self._around, error)
        self._send(frames.refused(refusal, conv=conv, msg_id=msg_id))

    async def _send_team_secret(self, conv: bytes) -> None:
        for held in await self._around.db.read(actions.held, self._me.account):
            key = self._around.shred_key(conv)
            if held.conversation.id == conv and key is not None:
                for wrap in conversations.open_wraps(conv, held.wraps, key):
                    if wrap.log == TEAM_LOG:
                        epoch = held.conversation.epoch
                        self._send(frames.WrapFrame(conv, wrap.log, wrap.generation, epoch, wrap.wrap))

    async def _openings(self, ids: list[bytes]) -> None:
        if len(ids) > ROWS:
            raise MalformedFrame
        ids = list(dict.fromkeys(ids))
        around, account = self._around, self._me.account
        shown = self._desks.shown(self._me.token_hash)
        found = await around.db.read(actions.openings, account, ids)
        new = [o.conversation.id for o in found if ("opening.read", o.conversation.id) not in shown]
        if new:
            await around.db.write(actions.record_openings, account, new, around.minute(), around.shred_key)
            shown.update(("opening.read", id) for id in new)
        still_there = {opening.conversation.id for opening in found}
        for id in ids:
            if id not in still_there:
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
        self._send(frames.Opening(id, wraps[0].wrap, opening.conversation.epoch, envelopes))

    async def _take(self, id: bytes) -> None:
        me = self._me
        await self._on_record("conversation.take", id, actions.take)
        # Its record is there: showing what was taken needs no second one in this session.
        self._desks.shown(me.token_hash).add(("conversation.read", id))
        assert self._board is not None
        self._board.taken()
        self._refresh()

    def _follow(self, frame: frames.Follow) -> None:
        seat = self._seats.get(frame.conv)
        if seat is None:
            raise NoSuchConversation
        seat.leave()
        for log, after in ((SHARED_LOG, frame.shared), (TEAM_LOG, frame.notes)):
            seat.followers.append(self._follower(frame.conv, log, after))
        seat.unlisten.append(self._around.relay.listen(to_desk(frame.conv), lambda sign: self._hear(frame.conv, sign)))

    def _follower(self, id: bytes, log: int, after: int) -> Follower:
        return Follower(
            db=self._around.db,
            relay=self._around.relay,
            tails=self._around.tails,
            shred_key=self._around.shred_key,
            socket=self._socket,
            conversation=id,
            log=log,
            after=after,
            connection=self._number,
            deliver=lambda stored: self._deliver(id, log, stored),
        )

    async def _end(self, frame: frames.End) -> None:
        await self._on_record("conversation.end", frame.conv, actions.end, frame.reason)

    async def _on_record(self, action: str, id: bytes, deed: Callable[..., None], *values: str) -> None:
        """Do a deed that leaves a record; of a refused one a second job tells, as its own transaction was undone."""
        around, me = self._around, self._me
        minute, key = around.minute(), around.shred_key
        try:
            await around.db.write(deed, me, id, *values, minute, key)
        except Refusal as refusal:
            await around.db.write(actions.record_refusal, me.account, action, id, refusal, minute, key)
            raise

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
        self._around.metrics.add("delivered", 1)
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
        for seat in self._seats.values():
            for follower in seat.followers:
                follower.pump()
        self._queue_changed()

    def _queue_changed(self) -> None:
        if self._queue_timer is None:
            self._queue_timer = asyncio.get_running_loop().call_later(QUEUE_PAUSE, self._tell_queue)

    def _tell_queue(self) -> None:
        self._queue_timer = None
        if self._socket.clogged or self._socket.closed or self._board is None:
            return
        rows = self._board.rows
        waiting = [
            frames.WaitingRow(
                row.conversation.id, row.conversation.number, row.conversation.waiting_since, row.last, row.again
            )
            for row in rows[:ROWS]
        ]
        news = frames.Queue(waiting, max(0, len(rows) - ROWS))
        if news != self._queue_told:
            self._queue_told = news
            self._send(news)

    def _refresh(self) -> None:
        """What this account has may have changed: read it again, once at a time."""
        self._refresh_again = True
        if not self._refreshing:
            self._refreshing = True
            asyncio.get_running_loop().create_task(self._read_held())

    async def _read_held(self) -> None:
        try:
            while self._refresh_again and not self._socket.closed:
                self._refresh_again = False
                held = await self._around.db.read(actions.held, self._me.account)
                await self._drop_others({one.conversation.id for one in held})
                for one in held:
                    if one.conversation.id not in self._seats:
                        await self._seat(one)
        except Refusal:  # showing a conversation puts that on record; when there is no room for that they come back
            self._socket.close(TRY_LATER)
        except Exception as error:
            trouble("desk refresh", error)
            self._socket.close(1011)
        finally:
            self._refreshing = False

    async def _drop_others(self, held: set[bytes]) -> None:
        for id in [id for id in self._seats if id not in held]:
            self._seats.pop(id).leave()
            conversation = await self._around.db.read(conversations.find, id)
            ended = conversation.ended_by
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
        self._seats[conversation.id] = Seat(conversation)
        wraps = [
            frames.TakenWrap(wrap.log, wrap.generation, conversation.epoch, wrap.wrap)
            for wrap in conversations.open_wraps(conversation.id, held.wraps, key)
        ]
        self._send(
            frames.Taken(
                conversation.id,
                conversation.number,
                conversation.waiting_since,
                conversation.times,
                held.last,
                held.note_last,
                wraps,
                _start(held, key),
            )
        )
        if self._board is not None:
            self._board.refresh()

    def _send(self, frame: visitor_frames.Frame) -> None:
        self._socket.send(frames.encode(frame))


def _start(held: actions.Held, key: bytes) -> frames.Start:
    """What the visitor signed: with it a desk sees that the secrets are the visitor's own."""
    proof = held.proof
    wraps = [wrap.wrap for wrap in conversations.open_wraps(held.conversation.id, held.start_wraps, key)]
    line = held.conversation.team
    return frames.Start(line, proof.ve, proof.vg, proof.credential_hash, proof.team_cert, wraps, proof.sig)
