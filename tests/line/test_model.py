"""When a line is open, against a slow twin that looks at the clock on the wall minute by minute."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from luwte.line.model import DAY, Hand, Hours, Status, Timetable, by_timetable, midnight, status
from luwte.line.model import wall as plain_wall

wall = cache(plain_wall)
PLAYS = settings(deadline=None, max_examples=60)  # the slow twin is slow

ZONES = st.sampled_from(["Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "UTC", "America/Paramaribo"])
HOURS = st.builds(Hours, st.integers(0, 47).map(lambda n: n * 30), st.integers(0, 48).map(lambda n: n * 30)).filter(
    lambda hours: hours.begin != hours.end
)
A_DAY = st.lists(HOURS, max_size=2).map(tuple)
# Around the days on which clocks are put forward and back in 2026 and 2027, a leap day, and New Year.
DATES = st.sampled_from(
    [date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2028, 2, 29), date(2026, 12, 31)]
).flatmap(lambda day: st.integers(-2, 2).map(lambda n: day + timedelta(days=n)))
TIMETABLES = st.builds(
    lambda zone, week, days: Timetable(ZoneInfo(zone), week, days),
    ZONES,
    st.tuples(*[A_DAY] * 7),
    st.dictionaries(DATES, A_DAY, max_size=4),
)
MOMENTS = st.builds(
    lambda day, minute: int(datetime.combine(day, datetime.min.time(), UTC).timestamp()) // 60 + minute,
    DATES,
    st.integers(0, DAY - 1),
)


def slow_is_open(timetable: Timetable, now: int) -> bool:
    """Some hours have begun on the wall by now, and their end is still to be shown."""
    today = wall(timetable.zone, now).date()
    for day in (today - timedelta(days=n) for n in range(-1, 3)):
        for hours in timetable.of(day):
            midnight = datetime.combine(day, datetime.min.time())
            begin = midnight + timedelta(minutes=hours.begin)
            end = midnight + timedelta(minutes=hours.end + (DAY if hours.end <= hours.begin else 0))
            has_begun = any(wall(timetable.zone, now - n) >= begin for n in range(70))
            will_end = any(wall(timetable.zone, now + n) < end for n in range(70))
            if has_begun and will_end:
                return True
    return False


def slow_change(timetable: Timetable, now: int, most: int) -> int | None:
    """The next minute with another answer, within *most* minutes."""
    is_open = slow_is_open(timetable, now)
    return next((now + n for n in range(1, most) if slow_is_open(timetable, now + n) != is_open), None)


@PLAYS
@given(timetable=TIMETABLES, now=MOMENTS)
def test_it_is_open_when_the_clock_on_the_wall_says_so(timetable: Timetable, now: int) -> None:
    """Over midnight, on the days when clocks change, on a leap day, on holidays."""
    assert by_timetable(timetable, now).open == slow_is_open(timetable, now)


@PLAYS
@given(timetable=TIMETABLES, now=MOMENTS)
def test_the_answer_holds_until_the_minute_it_names_and_changes_there(timetable: Timetable, now: int) -> None:
    """The next opening is in the future and is an opening; no moment has two answers."""
    told = by_timetable(timetable, now)
    if told.until is None:
        assert slow_change(timetable, now, 100) is None
        return
    assert told.until > now
    assert by_timetable(timetable, told.until).open is not told.open
    for at in {now, (now + told.until) // 2, told.until - 1}:
        assert by_timetable(timetable, at) == told
    near = slow_change(timetable, now, 100)
    assert near == (told.until if told.until < now + 100 else None)


@PLAYS
@given(timetable=TIMETABLES, at=MOMENTS, ahead=st.integers(0, 4 * DAY), hand_opens=st.booleans())
def test_the_leads_hand_counts_until_the_timetable_changes(
    timetable: Timetable, at: int, ahead: int, hand_opens: bool
) -> None:
    """Not a minute longer; what it names as the next change is one."""
    hand, now = Hand(hand_opens, at, "robin"), at + ahead
    change = by_timetable(timetable, at).until
    told = status(timetable, hand, now)
    if change is not None and change <= now:
        assert told == by_timetable(timetable, now)
        return
    assert (told.open, told.by) == (hand_opens, "robin")
    if told.until is not None:
        assert told.until > now
        assert status(timetable, hand, told.until - 1).open is hand_opens
        assert status(timetable, hand, told.until).open is not hand_opens


AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def at(text: str) -> int:
    """A moment in Amsterdam, as a minute; `fold` where a time is shown twice is the first."""
    return int(datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).timestamp()) // 60


def evenings(**days: tuple[Hours, ...]) -> Timetable:
    """Every evening from ten past eight until two at night, but for these dates."""
    different = {date.fromisoformat(day.removeprefix("d").replace("_", "-")): hours for day, hours in days.items()}
    return Timetable(AMSTERDAM, ((Hours(20 * 60 + 10, 2 * 60),),) * 7, different)


def test_an_evening_runs_over_midnight_into_a_holiday() -> None:
    """What began on the day before runs to its end; the holiday itself has nothing, so the next is the day after."""
    timetable = evenings(d2026_12_25=())
    assert by_timetable(timetable, at("2026-12-25T01:59")) == Status(True, at("2026-12-25T02:00"))
    assert by_timetable(timetable, at("2026-12-25T02:00")) == Status(False, at("2026-12-26T20:10"))


def test_the_night_in_which_the_clock_is_put_back_is_an_hour_longer() -> None:
    """A line that is open till three o'clock is open till the second three o'clock, and does not close in between."""
    timetable = Timetable(AMSTERDAM, ((Hours(22 * 60, 2 * 60 + 30),),) * 7, {})
    began = at("2026-10-24T22:00")
    assert by_timetable(timetable, began) == Status(True, began + 4 * 60 + 30 + 60)


def test_the_night_in_which_the_clock_is_put_forward_is_an_hour_shorter() -> None:
    """Hours that begin at half past two, which no clock shows, begin when the clock jumps over it."""
    timetable = Timetable(AMSTERDAM, ((Hours(2 * 60 + 30, 6 * 60),),) * 7, {})
    jump = at("2026-03-29T03:00")
    assert by_timetable(timetable, jump - 1) == Status(False, jump)
    assert by_timetable(timetable, jump) == Status(True, jump + 3 * 60)


def test_day_and_night_has_no_end_and_never_has_no_beginning() -> None:
    """Nobody is told a closing that does not come, or an opening that nobody planned."""
    now = at("2026-11-25T12:00")
    assert by_timetable(Timetable(AMSTERDAM, ((Hours(0, DAY),),) * 7, {}), now) == Status(True, None)
    assert by_timetable(Timetable(AMSTERDAM, ((),) * 7, {}), now) == Status(False, None)


def test_opened_by_hand_at_night_it_is_open_through_the_next_evening() -> None:
    """When the timetable opens it is open already: nothing changes then, and it closes when that evening ends."""
    hand = Hand(True, at("2026-11-25T03:00"), "robin")
    assert status(evenings(), hand, at("2026-11-25T04:00")) == Status(True, at("2026-11-26T02:00"), "robin")
    assert status(evenings(), hand, at("2026-11-25T20:10")) == Status(True, at("2026-11-26T02:00"))


def test_a_day_begins_at_midnight_on_the_wall() -> None:
    """Also on the day that is an hour shorter."""
    assert midnight(AMSTERDAM, at("2026-03-29T23:00")) == at("2026-03-29T00:00")
