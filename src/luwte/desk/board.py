"""The live picture of one team's queue, in memory: read once per change, shown to every desk and to whoever waits."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter

from luwte.conversation import actions as conversations
from luwte.conversation.around import Expected, Surroundings
from luwte.conversation.model import Conversation
from luwte.desk.model import ROWS, Row, before_a_newcomer, expected_wait, recent, triage
from luwte.line.lines import Lines
from luwte.plumbing.log import trouble
from luwte.plumbing.looking import AFTER_TROUBLE

PAUSE = 0.1
"""Seconds in which changes are gathered before the list is read again."""

SHARE = 5
"""The pause lasts at least so many times as the last reading took: a long list does not eat the processor."""

FAR_EVERY = 5.0
"""Seconds between two tellings to those beyond the first rows: their place moves all the time and changes nothing."""


class Board:
    """Who waits in one team. Derived from the database; it can be thrown away at any moment."""

    def __init__(self, around: Surroundings, team: str) -> None:
        self._around, self._team = around, team
        self.rows: list[Row] = []
        self.urgent_in_a_row = 0
        self._expected: dict[bytes, Expected] = {}
        self._told: dict[bytes, Expected] = {}
        self._desks: dict[int, Callable[[], int]] = {}
        self._takes: deque[int] = deque(maxlen=500)
        self._timer: asyncio.TimerHandle | None = None
        self._far_timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self._closed = False
        self._cost = 0.0
        self._unfollow = around.relay.follow(conversations.queue_topic(team), self.refresh)

    @property
    def topic(self) -> tuple[str, str]:
        """Woken when the picture changed."""
        return ("board", self._team)

    def close(self) -> None:
        """Look no more."""
        self._closed = True
        self._unfollow()
        for timer in (self._timer, self._far_timer):
            if timer is not None:
                timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def desk_opened(self, connection: int, held: Callable[[], int]) -> None:
        """A desk is there; *held* tells how many conversations it has."""
        self._desks[connection] = held
        self.refresh()

    def desk_closed(self, connection: int) -> None:
        """A desk is gone."""
        self._desks.pop(connection, None)
        self.refresh()

    def taken(self, conversation: Conversation) -> None:
        """Somebody was helped now."""
        if conversation.for_later and not self._around.visitors.is_here(conversation.id):
            return  # nobody who waits has moved up
        self._takes.append(self._around.minute())
        if conversation.times:
            return
        # Passing over nobody is no reason to let somebody in danger wait later.
        others = any(row.here and not row.again and not row.urgent for row in self.rows)
        self.urgent_in_a_row = self.urgent_in_a_row + 1 if others and conversation.priority == "urgent" else 0

    def expected(self, conversation: bytes) -> Expected | None:
        """Where a waiting conversation stands."""
        return self._expected.get(conversation)

    def for_a_newcomer(self) -> Expected:
        """What somebody who starts now may expect."""
        now = self._around.minute()
        place = 1 + sum(1 for row in self.rows if before_a_newcomer(row, now))
        return self._estimate(place, self._free(), recent(self._takes, now))

    def refresh(self) -> None:
        """Read again, soon; many changes cost one reading."""
        if self._task is not None:
            self._again = True
        elif self._timer is None:
            self._begin_in(max(PAUSE, SHARE * self._cost))

    async def look(self) -> None:
        """Read now."""
        around, began = self._around, perf_counter()
        waiting = await around.db.read(conversations.waiting, self._team)
        is_here = around.visitors.is_here
        rows = [Row(conversation, last, is_here(conversation.id)) for conversation, last in waiting]
        self._show(triage(rows, self.urgent_in_a_row))
        self._cost = perf_counter() - began

    def _begin_in(self, seconds: float) -> None:
        if not self._closed:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._task = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        try:
            await self.look()
        except Exception as error:  # what changed may not change again: whoever waits would be on no list
            trouble("board", error)
            self._begin_in(AFTER_TROUBLE)
        finally:
            self._task = None
            if self._again:
                self._again = False
                self.refresh()

    def _show(self, rows: list[Row]) -> None:
        self.rows = rows
        free, takes = self._free(), recent(self._takes, self._around.minute())
        here = sum(1 for row in rows if row.here)
        # Whoever is away is told the place that coming back would give: behind those who are here now.
        places = [min(n, here + 1) for n in range(1, len(rows) + 1)]
        estimates = {place: self._estimate(place, free, takes) for place in set(places)}
        self._expected = {row.conversation.id: estimates[place] for row, place in zip(rows, places, strict=True)}
        self._around.relay.wake(self.topic)
        self._tell([row for n, row in enumerate(rows) if n < ROWS or row.conversation.id not in self._told])
        if self._far_timer is None and len(rows) > ROWS:
            self._far_timer = asyncio.get_running_loop().call_later(FAR_EVERY, self._tell_far)
        self._told = {id: told for id, told in self._told.items() if id in self._expected}

    def _tell(self, rows: list[Row]) -> None:
        for row in rows:
            id = row.conversation.id
            expected = self._expected[id]
            if self._told.get(id) != expected:
                self._told[id] = expected
                self._around.relay.tell(conversations.place_topic(id), expected)

    def _tell_far(self) -> None:
        self._far_timer = None
        self._tell(self.rows[ROWS:])

    def _free(self) -> int:
        return sum(1 for held in self._desks.values() if held() == 0)

    def _estimate(self, place: int, free: int, takes: int) -> Expected:
        return Expected(place, *(expected_wait(place, free, takes) or (None, None)))


class Boards:
    """The boards of all teams; what a visitor's socket may know of the queue."""

    def __init__(self, around: Surroundings, lines: Lines, teams: list[str]) -> None:
        self.lines = lines
        self._boards = {team: Board(around, team) for team in teams}
        for board in self._boards.values():
            board.refresh()

    def of(self, team: str) -> Board:
        """The board of one team."""
        return self._boards[team]

    def length(self, team: str) -> int:
        """How many wait."""
        return len(self._boards[team].rows) - self.messages(team)

    def messages(self, team: str) -> int:
        """How many messages wait that were left for later."""
        return sum(1 for row in self._boards[team].rows if row.is_message)

    def expected(self, team: str, conversation: bytes) -> Expected | None:
        """Where a waiting conversation stands."""
        return self._boards[team].expected(conversation)

    def is_open(self, team: str) -> bool:
        """Whether somebody new may start."""
        return self.lines.status(team).open

    def close(self) -> None:
        """Look no more."""
        for board in self._boards.values():
            board.close()
