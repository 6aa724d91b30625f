"""Whether a line is open, until when, and when it opens next. No clock, no disk; moments are Unix minutes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LOOK_AHEAD = 400
"""Days: a year and a month. What changes later than that is told as "nobody knows yet"."""

DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """From one minute of the day to another, by the clock on the wall; an end that is not later is the next day's."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Timetable:
    """Hours by weekday, and by date where one is different; a holiday has none. They belong to the day they begin."""

    zone: ZoneInfo
    week: tuple[tuple[Hours, ...], ...]
    days: Mapping[date, tuple[Hours, ...]]

    def of(self, day: date) -> tuple[Hours, ...]:
        """What begins on *day*."""
        return self.days.get(day, self.week[day.weekday()])


@dataclass(frozen=True, slots=True)
class Hand:
    """What a shift lead did: it counts until the timetable changes next."""

    open: bool
    at: int
    by: str


@dataclass(frozen=True, slots=True)
class Status:
    """Open or closed, until the minute when that changes (None: nobody knows), and by whose hand, if by any."""

    open: bool
    until: int | None
    by: str | None = None


def status(timetable: Timetable, hand: Hand | None, now: int) -> Status:
    """What counts at *now*: the lead's hand while the timetable has not changed since, else the timetable."""
    told = by_timetable(timetable, now)
    if hand is None:
        return told
    change = by_timetable(timetable, hand.at).until
    if change is not None and change <= now:
        return told
    if told.open == hand.open or change is None:
        return Status(hand.open, change, hand.by)
    # At its next change the timetable will say what the hand says now: nothing changes then, but at the one after.
    return Status(hand.open, by_timetable(timetable, change).until, hand.by)


def lateness(until: int | None, low: object, high: object, now: int) -> str:
    """Whether somebody who starts *now* is helped before the line closes: "no" doubt, "maybe" not, "yes" too late.

    *low* and *high* are the honest wait in minutes, None when nobody can tell; then nothing is said.
    """
    if until is None or not isinstance(low, int) or not isinstance(high, int) or now + high <= until:
        return "no"
    return "maybe" if now + low < until else "yes"


def by_timetable(timetable: Timetable, now: int) -> Status:
    """What the timetable alone says."""
    first = wall(timetable.zone, now).date() - timedelta(days=2)
    horizon = _instants(timetable.zone, first, LOOK_AHEAD * DAY)[0]
    for begin, end in _joined(timetable, first):
        if now < begin:
            return Status(False, begin)
        if now < end:
            return Status(True, end if end < horizon else None)
    return Status(False, None)


def wall(zone: ZoneInfo, minute: int) -> datetime:
    """What a clock on the wall shows."""
    return datetime.fromtimestamp(minute * 60, zone).replace(tzinfo=None)


def midnight(zone: ZoneInfo, now: int) -> int:
    """The minute at which the day of *now* began."""
    return _begin(zone, wall(zone, now).date(), 0)


def _joined(timetable: Timetable, first: date) -> Iterator[tuple[int, int]]:
    """When it is open, in order; what meets or overlaps is one."""
    begin, end = 0, 0
    for following in _stretches(timetable, first):
        if following[0] > end:
            if begin < end:
                yield begin, end
            begin, end = following
        else:
            end = max(end, following[1])
    if begin < end:
        yield begin, end


def _stretches(timetable: Timetable, first: date) -> Iterator[tuple[int, int]]:
    zone = timetable.zone
    for day in (first + timedelta(days=n) for n in range(LOOK_AHEAD)):
        for hours in sorted(timetable.of(day), key=lambda hours: hours.begin):
            later = hours.end if hours.end > hours.begin else hours.end + DAY
            begin, end = _begin(zone, day, hours.begin), _end(zone, day, later)
            if begin < end:
                yield begin, end


def _begin(zone: ZoneInfo, day: date, minute: int) -> int:
    """The first moment at which the clock shows that time or a later one: it may have been put forward past it."""
    lowest, highest = _instants(zone, day, minute)
    shown = _shown(day, minute)
    return next(at for at in range(lowest, highest + 1) if wall(zone, at) >= shown)


def _end(zone: ZoneInfo, day: date, minute: int) -> int:
    """The last moment before which the clock shows less: put back, it shows an hour twice, and the second counts."""
    lowest, highest = _instants(zone, day, minute)
    shown = _shown(day, minute)
    return next(at for at in range(highest, lowest - 1, -1) if wall(zone, at - 1) < shown)


def _instants(zone: ZoneInfo, day: date, minute: int) -> tuple[int, int]:
    """The two minutes that a time may mean; they differ only where the clock is put forward or back."""
    shown = _shown(day, minute)
    both = [int(shown.replace(tzinfo=zone, fold=fold).timestamp()) // 60 for fold in (0, 1)]
    return min(both), max(both)


def _shown(day: date, minute: int) -> datetime:
    return datetime.combine(day, time.min) + timedelta(minutes=minute)
