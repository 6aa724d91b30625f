"""Which desks are connected and what each session was shown, in memory; and nobody is left at an empty desk."""

import asyncio

from luwte.conversation import actions as conversations
from luwte.conversation.around import Surroundings
from luwte.desk import actions, glass, hand_over
from luwte.plumbing.clock import Clock
from luwte.plumbing.log import trouble

GONE = 90.0
"""Seconds without a desk after which what an account has waits again."""

LOOK_EVERY = 10.0


class Desks:
    """The desks of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock()
        self._connected: dict[str, dict[int, bytes]] = {}
        self._leads: dict[int, str] = {}
        self._left: dict[str, float] = {}
        self._shown: dict[bytes, set[tuple[str, bytes]]] = {}

    def opened(self, account: str, session: bytes, connection: int) -> None:
        """A desk of this account is there."""
        self._connected.setdefault(account, {})[connection] = session

    def lead_opened(self, team: str, connection: int) -> None:
        """The desk is a shift lead's."""
        self._leads[connection] = team

    def leads(self, team: str) -> int:
        """How many desks of this team's leads are there."""
        return sum(1 for one in self._leads.values() if one == team)

    def closed(self, account: str, connection: int) -> None:
        """It is gone."""
        self._leads.pop(connection, None)
        open_here = self._connected.get(account, {})
        open_here.pop(connection, None)
        if not open_here:
            self._connected.pop(account, None)
            self._left[account] = self._clock()

    def is_elsewhere(self, account: str, session: bytes) -> bool:
        """Whether the account has a desk open in another session. May be asked from any thread."""
        return any(other != session for other in tuple(self._connected.get(account, {}).values()))

    def away(self, account: str) -> float:
        """Seconds since the account had a desk, or since this process began."""
        return 0.0 if account in self._connected else self._clock() - self._left.get(account, self._began)

    def here(self) -> frozenset[str]:
        """The accounts that have a desk open now."""
        return frozenset(self._connected)

    def shown(self, session: bytes) -> set[tuple[str, bytes]]:
        """What is on record already for this session: one record per session, deed and conversation."""
        return self._shown.setdefault(session, set())

    def forget(self, session: bytes) -> None:
        """The session ended."""
        self._shown.pop(session, None)


class Watch:
    """Looks for conversations whose counsellor's desk is gone, and lets them wait again."""

    def __init__(self, around: Surroundings, desks: Desks) -> None:
        self._around, self._desks = around, desks
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.get_running_loop().create_task(self._look_for_ever())

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def look(self) -> None:
        """Look once."""
        around = self._around
        for account in await around.db.read(conversations.holders):
            if self._desks.away(account) >= GONE:
                minute, key = around.minute(), around.shred_key
                await around.db.write(actions.return_all, account, minute, key, reason="desk_gone")
        now = int(around.clock())
        if await around.db.read(hand_over.has_stale, now):
            await around.db.write(hand_over.tidy, now)
        if await around.db.read(glass.has_stale, around.minute()):
            await around.db.write(glass.tidy, around.minute(), around.shred_key)

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self.look()
            except Exception as error:
                trouble("watch", error)
