"""What a desk's socket says and hears of handing on: docs/protocol.md section 5.2, "Handing on".

-> hand_over | withdraw | answer | give_back | mute
<- shift | asked | offered | offer_over | muted
"""

import asyncio
from collections.abc import Callable, Sequence

from luwte.conversation import actions as conversations
from luwte.conversation.around import Surroundings
from luwte.conversation.frames import Frame
from luwte.desk import frames, hand_over
from luwte.desk.actions import Held
from luwte.desk.offer import OVER, Offer, Over
from luwte.desk.on_shift import OnShift, shift_topic
from luwte.plumbing.looking import Looking
from luwte.staff.model import Session

PAUSE = 0.2
"""Seconds in which changes of the shift are gathered before a desk is told."""

SHOWN = 60
"""Colleagues that a desk is told of."""


class Shift:
    """The part of one desk's connection that knows colleagues and offers."""

    def __init__(
        self,
        around: Surroundings,
        on_shift: OnShift,
        session: Session,
        send: Callable[[Frame], None],
        accepted: Callable[[bytes], None],
    ) -> None:
        """*accepted* is called for a conversation that this desk took over."""
        self._around, self._on_shift, self._session, self._account = around, on_shift, session, session.account
        self._send, self._accepted = send, accepted
        self._unfollow: list[Callable[[], None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._shift_told: frames.Shift | None = None
        self._offers: dict[bytes, tuple[Offer, Callable[[], None]]] = {}
        self._why: dict[bytes, str] = {}
        self._muted: set[bytes] = set()
        self._looking = Looking("offers", self._read)
        self._ended = False

    def begin(self, connection: int, held: Callable[[], int]) -> None:
        """The desk is there."""
        relay, topic = self._around.relay, hand_over.offers_topic(self._account.id)
        self._unfollow = [
            relay.follow(shift_topic(self._account.team), self._shift_changed),
            relay.listen(topic, self._hear),
            relay.follow(topic, self._looking.look),
            lambda: self._on_shift.leaves(self._account, connection),
        ]
        self._on_shift.arrives(self._account, connection, held)
        self._tell_shift()
        self._looking.look()

    def end(self) -> None:
        """The desk is gone."""
        self._ended = True
        self._looking.stop()
        for unfollow in self._unfollow:
            unfollow()
        for _, unfollow in self._offers.values():
            unfollow()
        self._unfollow, self._offers = [], {}
        if self._timer is not None:
            self._timer.cancel()

    def changed(self) -> None:
        """Our desk has more or fewer conversations."""
        self._on_shift.changed(self._account.team)

    async def do(self, frame: frames.Handing) -> None:
        """What the desk asks."""
        now, limit = int(self._around.clock()), self._on_shift.limit
        match frame:
            case frames.HandOver(conv, to):
                await self._write(hand_over.offer, conv, to, now, self._on_shift.is_here)
            case frames.Withdraw(conv):
                await self._write(hand_over.withdraw, conv, now)
            case frames.Answer(conv, True):
                await self._write(hand_over.accept, conv, limit, now)
                self._accepted(conv)
            case frames.Answer(conv, _):
                await self._write(hand_over.decline, conv, now)
            case frames.GiveBack(conv):
                await self._write(hand_over.give_back, conv)
            case frames.Mute(conv, on):
                await self._write(hand_over.mute, conv, on)

    async def _write(self, deed: Callable[..., None], conv: bytes, *values: object) -> None:
        around = self._around
        await around.db.write(deed, self._session, conv, *values, around.minute(), around.shred_key)

    def tell_muted(self, held: Sequence[Held]) -> None:
        """Say which visitors are not heard, as far as it is news."""
        now = {one.conversation.id for one in held if one.conversation.muted}
        for one in held:
            id = one.conversation.id
            if (id in now) != (id in self._muted):
                self._send(frames.Muted(id, id in now))
        self._muted = now

    async def _read(self) -> None:
        found = await self._around.db.read(hand_over.offers, self._account.id, int(self._around.clock()))
        if not self._ended:
            self._show(found)

    def _show(self, found: list[tuple[Offer, int, str, str]]) -> None:
        counting = {offer.conversation: offer for offer, *_ in found}
        for id in [id for id, (offer, _) in self._offers.items() if counting.get(id) != offer]:
            self._offers.pop(id)[1]()
            self._send(frames.OfferOver(id, self._why.pop(id, OVER)))
        for offer, number, asker, colleague in found:
            id = offer.conversation
            if id in self._offers:
                continue
            # Whatever becomes of the conversation ends its offer: then look again.
            self._offers[id] = offer, self._around.relay.follow(conversations.state_topic(id), self._looking.look)
            if offer.asker == self._account.id:
                self._send(frames.Asked(id, offer.colleague, colleague))
            else:
                self._send(frames.Offered(id, number, offer.asker, asker, self._around.minute()))
        self._why.clear()

    def _hear(self, news: object) -> None:
        assert isinstance(news, Over)
        self._why[news.conversation] = news.why

    def _shift_changed(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self._tell_shift)

    def _tell_shift(self) -> None:
        self._timer = None
        there = self._on_shift.colleagues(self._account, SHOWN)
        news = frames.Shift(
            self._on_shift.limit, [frames.ColleagueRow(one.account, one.name, one.held) for one in there]
        )
        if news != self._shift_told:
            self._shift_told = news
            self._send(news)
