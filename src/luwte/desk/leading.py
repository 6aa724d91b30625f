"""What one desk hears beside its conversations, and the deeds that go with it.

-> need_colleague | coming | solved      <- alarms      calls for a colleague, for those who should come
-> open_line | close_line                <- line        open or closed, and until when
-> step_in | step_out | take_over        <- company     who reads along in one's own conversations
                                         <- picture     the shift as a whole, for a lead
-> break_glass | close_glass | see_glass <- broken      glass that was broken, for those who watch over it
                                         <- returning   who lost everything and reads along later, for everybody
-> witness                               <- checkpoint  what the audit log is, and that it only grew
"""

from collections.abc import Awaitable, Callable, Sequence

from luwte.audit import checkpoints
from luwte.conversation import actions as conversations
from luwte.conversation.around import Surroundings
from luwte.conversation.frames import Frame
from luwte.crypto import note
from luwte.desk import alarm, frames, glass, supervision
from luwte.desk.beside import ALONG, THROUGH_GLASS, Beside
from luwte.desk.overview import overview
from luwte.desk.register import Desks
from luwte.desk.teller import Teller
from luwte.errors import Refusal
from luwte.line import actions as line
from luwte.line.lines import Lines
from luwte.line.model import midnight
from luwte.plumbing.db import ReadTx
from luwte.plumbing.relay import Topic
from luwte.staff import actions as staff
from luwte.staff.model import Account, Session, returning_topic
from luwte.staff.roles import Deed, may

AT_ONCE = 0.2
"""Seconds in which changes are gathered before a desk is told again."""

PICTURE_EVERY = 1.0


READ = "conversation.read"


def desks_topic(team: str) -> tuple[str, str]:
    """Woken when a desk of the team opened or closed."""
    return ("desks", team)


class Leading:
    """One desk's part in leading the shift: everybody's is small, a lead's is all of it."""

    def __init__(
        self,
        around: Surroundings,
        lines: Lines,
        desks: Desks,
        session: Session,
        send: Callable[[Frame], None],
        can_hear: Callable[[], bool],
        beside: Sequence[Beside],
        board_topic: Topic,
        limit: int,
    ) -> None:
        self._around, self._lines, self._desks, self._session = around, lines, desks, session
        self._beside, self._limit = beside, limit
        self._shown = desks.shown(session.token_hash)
        account, team = session.account, session.account.team
        company, holder = conversations.company_topic(team), conversations.holder_topic(account.id)
        self._send = send
        self._tellers: list[Teller] = []
        self._unfollow: list[Callable[[], None]] = []

        def tell(
            pause: float,
            read: Callable[[], Awaitable[Frame | None]],
            *topics: Topic,
            say: Callable[[Frame], None] = send,
        ) -> Teller:
            teller = Teller(pause, read, say, can_hear)
            self._tellers.append(teller)
            self._unfollow += [around.relay.follow(topic, teller.stir) for topic in topics]
            return teller

        tell(AT_ONCE, self._line, line.line_topic(team), line.hand_topic(team))
        tell(AT_ONCE, self._alarms, alarm.alarm_topic(team), desks_topic(team), conversations.queue_topic(team))
        tell(AT_ONCE, self._company, company, holder)
        broken = tell(AT_ONCE, self._broken, glass.glass_topic(team))
        self._unfollow.append(around.relay.listen(conversations.erased_topic(team), lambda _: broken.stir()))
        tell(AT_ONCE, self._returning, returning_topic(team))
        self._remembered: int | None = None
        self._checkpoints = tell(AT_ONCE, self._checkpoint, checkpoints.TOPIC, say=self._tell_checkpoint)
        if may(account.role, Deed.LEAD):
            tell(PICTURE_EVERY, self._picture, conversations.queue_topic(team), board_topic, company, desks_topic(team))
        around.relay.wake(desks_topic(team))
        self.drained()

    def end(self) -> None:
        """The desk is gone."""
        for unfollow in self._unfollow:
            unfollow()
        for teller in self._tellers:
            teller.stop()
        for beside in self._beside:
            beside.end()
        self._around.relay.wake(desks_topic(self._session.account.team))

    def drained(self) -> None:
        """The desk can hear again what it may have missed."""
        for teller in self._tellers:
            teller.stir()

    async def do(self, frame: frames.Leading) -> None:
        """One of the deeds of this module."""
        match frame:
            case frames.NeedColleague():
                await self._write(frame.conv, alarm.call)
            case frames.Coming():
                await self._write(frame.conv, alarm.answer, self._lead_is_here())
            case frames.Solved():
                await self._write(frame.conv, alarm.solve)
            case frames.StepIn():
                await self._shown_by(ALONG.mark, frame.conv, supervision.step_in, frame.reason)
            case frames.StepOut():
                await self._write(frame.conv, supervision.step_out)
            case frames.TakeOver():
                await self._shown_by(READ, frame.conv, supervision.take_over)
            case frames.BreakGlass():
                id = await self._around.db.read(glass.find, self._session.account, frame.number, frame.day)
                await self._shown_by(THROUGH_GLASS.mark, id, glass.open_up, frame.basis, frame.reason)
            case frames.CloseGlass():
                await self._write(frame.conv, glass.close)
            case frames.SeeGlass():
                around = self._around
                await around.db.write(glass.see, self._session, frame.key, around.minute(), around.shred_key)
            case frames.Witness():
                self._remembered = frame.after
                self._checkpoints.asked()
            case frames.OpenLine():
                await self._move_line(open=True)
            case frames.CloseLine():
                await self._move_line(open=False)

    async def _write(self, id: bytes, deed: Callable[..., None], *values: object) -> None:
        around = self._around
        await around.db.write(deed, self._session, id, *values, around.minute(), around.shred_key)

    async def _shown_by(self, what: str, id: bytes, deed: Callable[..., None], *values: str) -> None:
        """A deed whose record covers the reading that follows from it: that needs no second one in this session."""
        mark = (what, id)
        was_there = mark in self._shown
        # Before the deed: once it is on the disk, our own wake may be faster than its answer.
        self._shown.add(mark)
        try:
            await self._write(id, deed, *values)
        except BaseException:  # also when the disk failed: what has no record is not shown without one
            if not was_there:
                self._shown.discard(mark)
            raise

    async def _move_line(self, *, open: bool) -> None:
        around, session, minute = self._around, self._session, self._around.minute()
        try:
            await around.db.write(line.move, session, open, minute)
        except Refusal as refusal:
            await around.db.write(line.move_refused, session, open, refusal, minute)
            raise

    def _lead_is_here(self) -> bool:
        return bool(self._desks.leads(self._session.account.team))

    async def _line(self) -> Frame:
        status = self._lines.status(self._session.account.team)
        name = await self._around.db.read(_name, self._session.account, status.by) if status.by else None
        return frames.Line(status.open, status.until, name)

    async def _alarms(self) -> Frame:
        account = self._session.account
        may_come = may(account.role, Deed.LEAD) or not self._lead_is_here()
        return await self._around.db.read(_alarms, account, may_come)

    async def _company(self) -> Frame:
        return await self._around.db.read(_company, self._session.account, self._around.minute())

    async def _broken(self) -> Frame:
        found = await self._around.db.read(glass.notices, self._session.account, self._around.shred_key)
        return frames.Broken(found)

    async def _returning(self) -> Frame:
        team, minute = self._session.account.team, self._around.minute()
        found = await self._around.db.read(staff.returning, team, minute)
        return frames.Returning([frames.ReturningRow(one.id, one.name, one.before, one.reads_from) for one in found])

    async def _checkpoint(self) -> Frame | None:
        """What the log is now, proved to follow from what this desk remembers; only a desk that asked is told."""
        if self._remembered is None:
            return None
        found = await self._around.db.read(checkpoints.since, self._remembered)
        return frames.Checkpoint(found[0].public, found[0].note, found[1]) if found else None

    def _tell_checkpoint(self, frame: Frame) -> None:
        assert isinstance(frame, frames.Checkpoint)
        self._remembered = note.read(note.text_of(frame.note)).size
        self._send(frame)

    async def _picture(self) -> Frame:
        team = self._session.account.team
        zone = self._lines.plan.of(team).zone
        today = midnight(zone, self._around.minute())
        is_here = self._around.visitors.is_here
        return await self._around.db.read(overview, team, today, self._desks.here(), is_here, self._limit)


def _name(tx: ReadTx, account: Account, id: str) -> str | None:
    return _names(tx, account).get(id)


def _names(tx: ReadTx, account: Account) -> dict[str, str]:
    return {member.id: member.name for member in staff.members(tx, account.team)}


def _alarms(tx: ReadTx, account: Account, may_come: bool) -> frames.Alarms:
    calls = [
        one
        for one in alarm.calls(tx, account.team)
        if may_come or account.id in (one.asked_by, one.coming, one.conversation.holder)
    ]
    names = _names(tx, account) if calls else {}
    return frames.Alarms(
        [
            frames.AlarmRow(
                one.conversation.id,
                one.conversation.number,
                one.asked,
                names.get(one.asked_by, ""),
                names.get(one.coming, "") if one.coming else None,
                account.id in (one.asked_by, one.conversation.holder),
                one.coming == account.id,
            )
            for one in calls
        ]
    )


def _company(tx: ReadTx, account: Account, minute: int) -> frames.Company:
    company = dict(supervision.company(tx, account))
    for id, others in glass.onlookers(tx, account, minute).items():
        company[id] = [*company.get(id, []), *others]
    names = _names(tx, account) if company else {}
    return frames.Company([frames.CompanyRow(id, [names.get(one, "") for one in who]) for id, who in company.items()])
