"""Reading along at one desk.

-> step_in | step_out | take_over | follow        <- stepped_in | stepped_out | ended, and what `follow` brings
"""

import asyncio
from collections.abc import Callable

from luwte.conversation import actions as conversations
from luwte.conversation.around import Surroundings
from luwte.conversation.frames import Frame
from luwte.desk import frames, released, supervision
from luwte.desk.actions import Held
from luwte.desk.supervision import Joined
from luwte.errors import NoSuchConversation
from luwte.plumbing.db import ReadTx
from luwte.plumbing.log import trouble
from luwte.staff import actions as staff
from luwte.staff.model import Session

JOIN = "conversation.join"
"""In the list of what a session was shown: a conversation that it reads along with."""


class Beside:
    """The conversations that this desk reads along with."""

    def __init__(
        self,
        around: Surroundings,
        session: Session,
        shown: set[tuple[str, bytes]],
        send: Callable[[Frame], None],
        seat: Callable[[Held], Callable[[], None]],
    ) -> None:
        """*shown*: what is on record for this session; *seat* gives a conversation a place, and a way to leave it."""
        self._around, self._session, self._shown, self._send, self._seat = around, session, shown, send, seat
        self._leave: dict[bytes, Callable[[], None]] = {}
        self._unfollow: dict[bytes, Callable[[], None]] = {}
        self._holders: dict[bytes, str | None] = {}
        self._ended = False
        self._reading = False
        self._again = False
        self._unfollow_all = around.relay.follow(conversations.beside_topic(session.account.id), self.look)
        self.look()

    def end(self) -> None:
        """The desk is gone."""
        self._ended = True
        self._unfollow_all()
        for id in list(self._leave):
            self._forget(id)

    def look(self) -> None:
        """What this account reads along with may have changed: read it again, once at a time."""
        self._again = True
        if not self._reading and not self._ended:
            self._reading = True
            asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        try:
            while self._again and not self._ended:
                self._again = False
                joined, names = await self._around.db.read(_joined, self._session)
                await self._drop_others({one.held.conversation.id for one in joined})
                for one in joined:
                    await self._show(one, names)
        except Exception as error:
            trouble("beside", error)
        finally:
            self._reading = False

    async def _show(self, one: Joined, names: dict[str, str]) -> None:
        around, conversation = self._around, one.held.conversation
        known = conversation.id in self._leave
        if known and self._holders[conversation.id] == conversation.holder:
            return
        if (JOIN, conversation.id) not in self._shown:
            account, minute = self._session.account, around.minute()
            await around.db.write(
                supervision.record_reading, account, conversation.id, one.reason, minute, around.shred_key
            )
            self._shown.add((JOIN, conversation.id))
        key = around.shred_key(conversation.id)
        if key is None or self._ended:
            return
        if not known:
            self._leave[conversation.id] = self._seat(one.held)
            topic = conversations.state_topic(conversation.id)
            self._unfollow[conversation.id] = around.relay.follow(topic, self.look)
        self._holders[conversation.id] = conversation.holder
        self._send(
            frames.SteppedIn(
                conversation.id,
                conversation.number,
                conversation.waiting_since,
                conversation.times,
                one.held.last,
                one.held.note_last,
                released.wraps(one.held, key),
                released.start(one.held, key),
                names.get(conversation.holder or "", ""),
            )
        )

    async def _drop_others(self, joined: set[bytes]) -> None:
        for id in [id for id in self._leave if id not in joined]:
            self._forget(id)
            # A next time has a reason of its own, and a record of its own.
            self._shown.discard((JOIN, id))
            try:
                conversation = await self._around.db.read(conversations.find, id)
            except NoSuchConversation:  # erased: the desk was told
                continue
            if conversation.ended_by is not None:
                self._send(frames.Ended(id, conversation.ended_by))
            elif conversation.holder != self._session.account.id:
                self._send(frames.SteppedOut(id))

    def _forget(self, id: bytes) -> None:
        self._leave.pop(id)()
        self._unfollow.pop(id)()
        self._holders.pop(id)


def _joined(tx: ReadTx, session: Session) -> tuple[list[Joined], dict[str, str]]:
    account = session.account
    joined = supervision.joined(tx, account)
    # Most desks read along with nothing, and ask nothing more.
    return joined, {member.id: member.name for member in staff.members(tx, account.team)} if joined else {}
