"""The live picture of one team's queue, in memory: read once per change, shown to every desk and to whoever waits."""

import asyncio
from collections import deque
from collections.abc import Callable

from luwte.conversation import actions as conversations
from luwte.conversation.around import Expected, Surroundings
from luwte.desk.model import Row, expected_wait, triage
from luwte.line.lines import Lines
from luwte.plumbing.log import trouble

PAUSE = 0.1
"""Seconds in which changes are gathered before the list is read again."""


class Board:
    """Who waits in one team. Derived from the database; it can be thrown away at any moment."""

    def __init__(self, around: Surroundings, team: str) -> None:
        self._around, self._team = around, team
        self.rows: list[Row] = []
        self._expected: dict[bytes, Expected] = {}
        self._desks: dict[int, Callable[[], int]] = {}
        self._takes: deque[int] = deque(maxlen=500)
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self._unfollow = around.relay.follow(conversations.queue_topic(team), self.refresh)

    @property
    def topic(self) -> tuple[str, str]:
        """Woken when the picture changed."""
        return ("board", self._team)

    def close(self) -> None:
        """Look no more."""
        self._unfollow()
        if self._timer is not None:
            self._timer.cancel()
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

    def taken(self) -> None:
        """Somebody was helped now."""
        self._takes.append(self._around.minute())

    def expected(self, conversation: bytes) -> Expected | None:
        """Where a waiting conversation stands."""
        return self._expected.get(conversation)

    def for_a_newcomer(self) -> Expected:
        """What somebody who starts now may expect."""
        return self._estimate(len(self.rows) + 1)

    def refresh(self) -> None:
        """Read again, soon; many changes cost one reading."""
        if self._task is not None:
            self._again = True
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._task = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        try:
            waiting = await self._around.db.read(conversations.waiting, self._team)
            self._show(triage([Row(conversation, last) for conversation, last in waiting]))
        except Exception as error:
            trouble("board", error)
        finally:
            self._task = None
            if self._again:
                self._again = False
                self.refresh()

    def _show(self, rows: list[Row]) -> None:
        before, self.rows = self._expected, rows
        self._expected = {row.conversation.id: self._estimate(n) for n, row in enumerate(rows, 1)}
        self._around.relay.wake(self.topic)
        for id, expected in self._expected.items():
            if before.get(id) != expected:
                self._around.relay.wake(conversations.place_topic(id))

    def _estimate(self, place: int) -> Expected:
        free = sum(1 for held in self._desks.values() if held() == 0)
        wait = expected_wait(place, free, self._takes, self._around.minute())
        return Expected(place, *(wait or (None, None)))


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
        return len(self._boards[team].rows)

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
