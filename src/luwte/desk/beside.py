"""Reading at one desk what is not its own: along with a colleague, or through broken glass.

-> step_in | step_out | take_over | break_glass | close_glass | follow
<- stepped_in | opened | stepped_out | ended, and what `follow` brings
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from luwte.conversation import actions as conversations
from luwte.conversation.around import Surroundings
from luwte.conversation.frames import Frame
from luwte.conversation.model import Conversation
from luwte.desk import frames, glass, released, supervision
from luwte.desk.actions import Held
from luwte.desk.supervision import Joined
from luwte.errors import NoSuchConversation
from luwte.plumbing.db import ReadTx
from luwte.plumbing.looking import Looking
from luwte.plumbing.relay import Topic
from luwte.staff import actions as staff
from luwte.staff.model import Account, Session


@dataclass(frozen=True, slots=True)
class Way:
    """One way to read what is not one's own."""

    mark: str
    """In the list of what a session was shown: a conversation that it reads in this way."""
    topic: Callable[[str], Topic]
    """Woken when an account reads one more or less."""
    joined: Callable[[ReadTx, Account, int], list[Joined]]
    """What an account reads so now."""
    frame: Callable[[Joined, str, dict[str, Any]], Frame]
    """What a desk is told: of whom the conversation is, and what opens it."""


def _stepped_in(_: Joined, holder: str, opens: dict[str, Any]) -> Frame:
    return frames.SteppedIn(**opens, holder=holder)


def _opened(one: Joined, holder: str, opens: dict[str, Any]) -> Frame:
    return frames.Opened(**opens, holder=holder, basis=one.reason)


ALONG = Way("conversation.join", conversations.beside_topic, lambda tx, me, _: supervision.joined(tx, me), _stepped_in)
THROUGH_GLASS = Way("conversation.glass", glass.opened_topic, glass.joined, _opened)


class Beside:
    """The conversations that this desk reads in one way, though they are not its own."""

    def __init__(
        self,
        way: Way,
        around: Surroundings,
        session: Session,
        shown: set[tuple[str, bytes]],
        send: Callable[[Frame], None],
        seat: Callable[[Held], Callable[[], None]],
    ) -> None:
        """*shown*: what is on record for this session; *seat* gives a conversation a place, and a way to leave it."""
        self._way = way
        self._around, self._session, self._shown, self._send, self._seat = around, session, shown, send, seat
        self._leave: dict[bytes, Callable[[], None]] = {}
        self._unfollow: dict[bytes, Callable[[], None]] = {}
        self._told: dict[bytes, tuple[str | None, str | None]] = {}
        self._ended = False
        self._looking = Looking("beside", self._read)
        self._unfollow_all = around.relay.follow(way.topic(session.account.id), self._looking.look)
        self._looking.look()

    def end(self) -> None:
        """The desk is gone."""
        self._ended = True
        self._looking.stop()
        self._unfollow_all()
        for id in list(self._leave):
            self._forget(id)

    async def _read(self) -> None:
        joined, names = await self._around.db.read(_joined, self._way, self._session, self._around.minute())
        await self._drop_others({one.held.conversation.id for one in joined})
        for one in joined:
            await self._show(one, names)

    async def _show(self, one: Joined, names: dict[str, str]) -> None:
        around, conversation, mark = self._around, one.held.conversation, self._way.mark
        known = conversation.id in self._leave
        before, now = self._told.get(conversation.id), (conversation.holder, conversation.ended_by)
        if before == now:
            return
        if (mark, conversation.id) not in self._shown:
            account, minute = self._session.account, around.minute()
            await around.db.write(
                supervision.record_reading, account, conversation.id, one.reason, minute, around.shred_key
            )
            self._shown.add((mark, conversation.id))
        key = around.shred_key(conversation.id)
        if key is None or self._ended:
            return
        if not known:
            self._leave[conversation.id] = self._seat(one.held)
            topic = conversations.state_topic(conversation.id)
            self._unfollow[conversation.id] = around.relay.follow(topic, self._looking.look)
        self._told[conversation.id] = now
        if before is None or before[0] != now[0]:
            opens = released.opens(one.held, key)
            self._send(self._way.frame(one, names.get(conversation.holder or "", ""), opens))
        if conversation.ended_by is not None:
            self._send(frames.Ended(conversation.id, conversation.ended_by))

    async def _drop_others(self, joined: set[bytes]) -> None:
        for id in [id for id in self._leave if id not in joined]:
            conversation = await self._around.db.read(_found, id)
            if id not in self._leave:  # the desk went meanwhile
                continue
            _, ended = self._told[id]
            self._forget(id)
            # A next time has a reason of its own, and a record of its own.
            self._shown.discard((self._way.mark, id))
            if conversation is None:  # erased: the desk was told
                continue
            if conversation.ended_by is not None and ended is None:
                self._send(frames.Ended(id, conversation.ended_by))
            elif ended is not None or conversation.holder != self._session.account.id:
                self._send(frames.SteppedOut(id))

    def _forget(self, id: bytes) -> None:
        self._leave.pop(id)()
        self._unfollow.pop(id)()
        self._told.pop(id)


def _joined(tx: ReadTx, way: Way, session: Session, minute: int) -> tuple[list[Joined], dict[str, str]]:
    account = session.account
    joined = way.joined(tx, account, minute)
    # Most desks read nothing but their own, and ask nothing more.
    return joined, {member.id: member.name for member in staff.members(tx, account.team)} if joined else {}


def _found(tx: ReadTx, id: bytes) -> Conversation | None:
    try:
        return conversations.find(tx, id)
    except NoSuchConversation:  # erased meanwhile
        return None
