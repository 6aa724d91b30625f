"""Conversations go when their days are over: on the day, over summer time and leap days, in batches, after any stop."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import STORY_STUCK, House, Visitor, a_house, demo_folder
from luwte import settings as settings_module
from luwte.conversation import retention
from luwte.conversation.erasing import Erasures
from luwte.conversation.retention import due_at
from luwte.plumbing import ledger
from luwte.plumbing.db import look
from luwte.settings import read

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ZONES = ("Europe/Amsterdam", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "UTC")


def at(text: str, zone: ZoneInfo = AMSTERDAM) -> int:
    """The minute at which a clock on the wall of that place shows this."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) // 60


@pytest.mark.parametrize(
    ("last", "days", "due"),
    [
        ("2026-11-03 21:30", 30, "2026-12-03 21:30"),
        ("2026-03-28 21:30", 1, "2026-03-29 21:30"),  # a day of 23 hours
        ("2026-10-24 21:30", 1, "2026-10-25 21:30"),  # a day of 25 hours
        ("2026-03-01 12:00", 30, "2026-03-31 12:00"),
        ("2028-02-28 12:00", 1, "2028-02-29 12:00"),  # there is a 29 February
        ("2028-02-29 12:00", 365, "2029-02-28 12:00"),
        ("2027-02-28 12:00", 1, "2027-03-01 12:00"),  # and here there is none
        ("2028-01-30 12:00", 30, "2028-02-29 12:00"),
        ("2026-12-31 23:59", 1, "2027-01-01 23:59"),
    ],
)
def test_the_same_time_of_day_so_many_days_later(last: str, days: int, due: str) -> None:
    """What "30 days after the last message" means to people."""
    assert due_at(at(last), days, AMSTERDAM) == at(due)


def test_a_time_that_the_clock_skips_or_shows_twice_is_one_moment() -> None:
    """02:30 on the two days on which the clock is moved."""
    assert due_at(at("2026-03-28 02:30"), 1, AMSTERDAM) == at("2026-03-29 03:30")
    assert due_at(at("2026-10-24 02:30"), 1, AMSTERDAM) == at("2026-10-25 02:30")


@given(st.integers(0, 60_000_000), st.integers(1, 800), st.sampled_from(ZONES))
def test_it_is_so_many_days_but_for_what_the_clock_was_moved(last: int, days: int, zone: str) -> None:
    """Never earlier and never later than the clock's own moves explain; a day later is never due sooner."""
    due = due_at(last, days, ZoneInfo(zone))
    # Apia left out a whole day once; elsewhere a move is two hours at most.
    assert abs(due - last - days * retention.DAY) <= (26 if zone == "Pacific/Apia" else 2) * 60
    assert due_at(last + 24 * 60, days, ZoneInfo(zone)) >= due


class Time:
    """A clock that stands where it is put."""

    def __init__(self, minute: int) -> None:
        self.minute = minute

    def __call__(self) -> float:
        return self.minute * 60.0


def play(story: Callable[[], Any]) -> None:
    """Run a story to its end."""

    async def run() -> None:
        async with asyncio.timeout(STORY_STUCK):
            await story()

    asyncio.run(run())


async def talked(house: House, clock: Time, minute: int, messages: int = 2) -> Visitor:
    """Somebody who wrote, and whose last message is of that minute."""
    clock.minute = minute - messages
    visitor = house.visitor()
    visitor.clock = clock
    assert (await visitor.starts())["t"] == "started"
    for n in range(messages):
        clock.minute += 1
        assert (await visitor.says(f"{n}"))["t"] == "ack"
    visitor.line.close()
    assert clock.minute == minute
    return visitor


def kept(folder: Path) -> set[bytes]:
    """The conversations that are there."""
    return look(folder / "main.db", lambda tx: {row[0] for row in tx.all("SELECT id FROM conversation")})


@pytest.mark.parametrize("last", ["2027-02-27 21:30", "2027-03-20 02:30", "2027-10-10 21:30", "2028-02-10 00:00"])
def test_to_the_minute_on_the_day(tmp_path: Path, last: str) -> None:
    """A minute before it is there, at the minute it is gone: its last message counts, and no other."""

    async def story() -> None:
        clock = Time(at(last))
        async with a_house(tmp_path / "house", clock) as house:
            keeping, house_clock = house.luwte.housekeeping, clock
            old = await talked(house, house_clock, at(last))
            young = await talked(house, house_clock, at(last) + 1)
            days = house.settings.retention_days
            assert days == 30
            clock.minute = due_at(at(last), days, AMSTERDAM) - 1
            assert await keeping.look() == 0
            assert kept(house.folder) == {old.conv, young.conv}
            clock.minute += 1
            assert await keeping.look() == 1
            assert kept(house.folder) == {young.conv}
            assert house.luwte.around.shred_key(old.conv) is None
            (reason,) = look(
                house.folder / "main.db",
                lambda tx: tx.one("SELECT actor || ', ' || reason FROM audit WHERE action = 'conversation.erase'"),
            )
            assert reason == "retention, 30 days"
            clock.minute += 1
            assert await keeping.look() == 1
            assert kept(house.folder) == set()

    play(story)


def test_each_line_has_its_own_days(tmp_path: Path) -> None:
    """As luwte.toml says, and as the page says."""
    folder = demo_folder(tmp_path / "house")
    found = replace(read(folder), retention_of={"nacht": 3, "demo": 14})
    settings_module.write(found)
    again = read(folder)
    assert again == found
    assert (again.keeps("nacht"), again.keeps("demo"), again.keeps("another")) == (3, 14, 30)
    for wrong in (
        '[retention_of]\nnight = "3"',
        "[retention_of]\nnight = 0",
        "[retention_of]\n'a b' = 1",
        "retention_of = 3",
    ):
        text = (folder / "luwte.toml").read_text().partition("\n[retention_of]")[0]
        (folder / "luwte.toml").write_text(f"{wrong}\n{text}" if "=" in wrong.split("\n")[0] else f"{text}\n{wrong}\n")
        with pytest.raises(Exception, match="retention_of") as caught:
            read(folder)
        assert type(caught.value).__name__ == "CannotStart"


def test_a_line_that_keeps_for_less_erases_sooner(tmp_path: Path) -> None:
    """The rule of the line that the conversation came in on."""

    async def story() -> None:
        clock = Time(at("2027-11-03 21:30"))
        async with a_house(tmp_path / "house", clock) as house:
            visitor = await talked(house, clock, at("2027-11-03 21:30"))
            (line,) = house.luwte.teams
            keeping = house.luwte.housekeeping
            keeping._settings = replace(house.settings, retention_of={line: 2})
            clock.minute = at("2027-11-05 21:29")
            assert await keeping.look() == 0
            clock.minute += 1
            assert await keeping.look() == 1
            assert kept(house.folder) == set()
            assert visitor.conv in house.luwte.around.erasures

    play(story)


def test_in_batches_that_stop_nobody_and_after_a_stop_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes meanwhile is stored; what was done when it died stays done, and the next start does the rest."""
    monkeypatch.setattr(retention, "BATCH", 3)
    monkeypatch.setattr(retention, "PAUSE", 0.01)

    class Dies(Exception):
        """The process ends here."""

    async def story() -> None:
        clock = Time(at("2027-11-03 21:30"))
        async with a_house(tmp_path / "house", clock) as house:
            old = [(await talked(house, clock, at("2027-11-03 21:30"))).conv for _ in range(10)]
            young = house.visitor()
            young.clock = clock
            await young.starts()
            clock.minute = at("2027-12-04 00:00")
            await young.says("still here after a month")
            done: list[int] = []
            real = Erasures.forget

            async def dying(self: Erasures, *values: Any) -> None:
                if len(done) == 2:
                    raise Dies
                await real(self, *values)
                done.append(len(kept(house.folder)))

            monkeypatch.setattr(Erasures, "forget", dying)
            looking = asyncio.create_task(house.luwte.housekeeping.look())
            said = 0
            while not looking.done():
                assert (await young.says(f"{said}"))["t"] == "ack"
                said += 1
            assert isinstance(looking.exception(), Dies)
            assert done == [8, 5], "three at a time"
            assert said > 2
            monkeypatch.setattr(Erasures, "forget", real)
        async with a_house(tmp_path / "house", clock) as house:
            while kept(house.folder) != {young.conv}:
                await asyncio.sleep(0.02)
            assert not any(id in house.luwte.keys.ids(1) for id in old)
            assert ledger.highest(house.folder) == 10
            count = "SELECT count(*), count(DISTINCT object) FROM audit WHERE action = 'conversation.erase'"
            assert look(house.folder / "main.db", lambda tx: tx.one(count)) == (10, 10)

    play(story)


def test_a_copy_from_before_an_upgrade_goes_after_seven_days(tmp_path: Path) -> None:
    """By itself: what is erased since is still in it."""

    async def story() -> None:
        now = time.time()
        async with a_house(tmp_path / "house", lambda: now) as house:
            copy = house.folder / "main.db.schema-3"
            copy.write_bytes(b"as it was")
            made = copy.stat().st_mtime
            now = made + timedelta(days=7).total_seconds() - 1
            await house.luwte.housekeeping.look()
            assert copy.exists()
            now += 2
            await house.luwte.housekeeping.look()
            assert not copy.exists()
            assert (house.folder / "main.db").exists()

    play(story)


def test_utc_is_a_place_too() -> None:
    """The helper of these tests agrees with the calendar."""
    assert at("2027-11-03 21:30", ZoneInfo("UTC")) * 60 == datetime(2027, 11, 3, 21, 30, tzinfo=UTC).timestamp()
