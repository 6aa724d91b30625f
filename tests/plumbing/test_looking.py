"""Reading again whenever something may have changed: nothing missed, nothing at the same time, trouble outlived."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.plumbing import looking
from luwte.plumbing.looking import Looking


class House:
    """Something that changes, and a reader who may fail, or be slow."""

    def __init__(self, fails: list[bool], slow: list[int]) -> None:
        self.fails, self.slow = fails, slow
        self.is_now = self.seen = self.inside = self.readings = 0

    async def read(self) -> None:
        assert not self.inside
        self.inside, number = 1, self.readings
        self.readings += 1
        try:
            found = self.is_now
            for _ in range(self.slow[number % len(self.slow)]):
                await asyncio.sleep(0)
            if number < len(self.fails) and self.fails[number]:
                raise OSError("the disk")
            self.seen = found
        finally:
            self.inside = 0


@given(
    st.lists(st.booleans(), max_size=6),
    st.lists(st.integers(0, 4), min_size=1, max_size=6),
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
)
def test_the_last_change_is_always_seen(fails: list[bool], slow: list[int], waits: list[int]) -> None:
    """However readings fail and changes fall into them."""
    house = House(fails, slow)

    async def play() -> None:
        eyes = Looking("a test", house.read)
        for wait in waits:
            house.is_now += 1
            eyes.look()
            for _ in range(wait):
                await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "AFTER_TROUBLE", 0)
        asyncio.run(play())
    assert house.seen == house.is_now
    assert house.readings <= len(waits) + sum(fails)


def test_changes_that_come_while_it_reads_cost_one_reading() -> None:
    house = House([], [3])

    async def play() -> None:
        eyes = Looking("a test", house.read)
        for _ in range(50):
            eyes.look()
        await asyncio.sleep(0)
        for _ in range(50):
            eyes.look()
        await asyncio.sleep(0.05)

    asyncio.run(play())
    assert house.readings == 2


def test_whoever_stopped_reads_no_more_also_after_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "AFTER_TROUBLE", 0.01)
    house = House([True] * 100, [1])

    async def play() -> None:
        eyes = Looking("a test", house.read)
        eyes.look()
        await asyncio.sleep(0.005)
        eyes.stop()
        eyes.look()
        read = house.readings
        await asyncio.sleep(0.05)
        assert (house.readings, read) == (1, 1)

    asyncio.run(play())


def test_what_went_wrong_is_said_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    house = House([True], [1])

    async def play() -> None:
        Looking("a test", house.read).look()
        await asyncio.sleep(0.01)

    asyncio.run(play())
    assert "unexpected error in a test: OSError" in caplog.text
    assert "the disk" not in caplog.text
