"""The lines of one process as they are now: the file, the leads' hands, and the clock. Wakes who has to know."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from luwte.errors import CannotStart
from luwte.line import actions, hours
from luwte.line.hours import Place, Plan
from luwte.line.model import Hand, Status, by_timetable, status
from luwte.plumbing.clock import Clock, minute
from luwte.plumbing.db import Db
from luwte.plumbing.log import trouble
from luwte.plumbing.relay import Relay

LOOK_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class OpenPlace:
    """A place that can be called now, and until when."""

    place: Place
    until: int | None


class Lines:
    """Whether each line is open. Derived from a file and the database; it can be thrown away at any moment."""

    def __init__(self, db: Db, relay: Relay, clock: Clock, folder: Path) -> None:
        """Raises `CannotStart` for a file that cannot be understood."""
        self._db, self._relay, self._clock, self._folder = db, relay, clock, folder
        self._plan, self._mark = hours.read(folder), _mark(folder)
        self._hands: dict[str, Hand] = {}
        self._told: dict[str, Status] = {}
        self._reckoned: dict[str, tuple[int, Status]] = {}
        self._unfollow: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def plan(self) -> Plan:
        """What the file says."""
        return self._plan

    async def serve(self, teams: list[str]) -> None:
        """Know these teams from here on."""
        self._leave()
        self._unfollow = [self._relay.follow(actions.hand_topic(team), self._hand_moved) for team in teams]
        self._told = {}
        await self._read_hands()
        self._told = {team: self.status(team) for team in teams}

    def start(self) -> None:
        """Begin to look at the clock and the file."""
        self._task = asyncio.get_running_loop().create_task(self._look_for_ever())

    def stop(self) -> None:
        """Look no more."""
        self._leave()
        if self._task is not None:
            self._task.cancel()

    def status(self, team: str) -> Status:
        """Open or closed at this moment."""
        now = minute(self._clock())
        known = self._reckoned.get(team)
        if known is None or known[0] != now:
            known = self._reckoned[team] = now, status(self._plan.of(team), self._hands.get(team), now)
        return known[1]

    def places(self) -> list[OpenPlace]:
        """Where else somebody can go now."""
        now = minute(self._clock())
        found = [(place, by_timetable(place.timetable, now)) for place in self._plan.places]
        return [OpenPlace(place, at.until) for place, at in found if at.open]

    def look(self) -> None:
        """Look at the file and the clock once."""
        mark = _mark(self._folder)
        if mark != self._mark:
            self._mark = mark
            try:
                self._plan = hours.read(self._folder)
            except CannotStart as error:  # What counted goes on to count: a slip of the pen closes nobody's door.
                trouble("hours.toml", error)
            self._reckoned.clear()
        for team, told in self._told.items():
            now = self.status(team)
            if now != told:
                self._told[team] = now
                self._relay.wake(actions.line_topic(team))

    def _leave(self) -> None:
        for unfollow in self._unfollow:
            unfollow()
        self._unfollow = []

    def _hand_moved(self) -> None:
        asyncio.get_running_loop().create_task(self._read_hands())

    async def _read_hands(self) -> None:
        try:
            self._hands = await self._db.read(actions.hands)
        except Exception as error:
            trouble("lines", error)
            return
        self._reckoned.clear()
        self.look()

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                self.look()
            except Exception as error:
                trouble("lines", error)


def _mark(folder: Path) -> tuple[int, int, int] | None:
    """What changes when the file does."""
    try:
        found = (folder / hours.FILE).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
