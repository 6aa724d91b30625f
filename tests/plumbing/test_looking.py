"""Reading again whenever something may have changed: nothing missed, nothing at the same time, trouble outlived."""

import asyncio
from collections.abc import Generator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.errors import LimitReached
from luwte.plumbing import looking
from luwte.plumbing.looking import Looking


class Turn:
    """Lets everybody else go on once."""

    def __await__(self) -> Generator[None, None, None]:
        yield


async def rounds(number: int) -> None:
    """So many turns."""
    for _ in range(number):
        await Turn()


class House:
    """Something that changes, and a reader who may fail, or be slow."""

    def __init__(self, fails: list[bool], slow: list[int], error: Exception | None = None) -> None:
        self.fails, self.slow, self.error = fails, slow, error or OSError("the disk")
        self.is_now = self.seen = self.inside = self.readings = 0

    async def read(self) -> None:
        assert not self.inside
        self.inside, number = 1, self.readings
        self.readings += 1
        try:
            found = self.is_now
            await rounds(self.slow[number % len(self.slow)])
            if number < len(self.fails) and self.fails[number]:
                raise self.error
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
            await rounds(wait)
        await rounds(200)

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
        await rounds(2)
        for _ in range(50):
            eyes.look()
        await rounds(50)

    asyncio.run(play())
    assert house.readings == 2


@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("look_again", [True, False])
def test_whoever_stopped_reads_no_more(fails: bool, look_again: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stops during a reading that ends well, or fails, with a change before the stop, or without."""
    monkeypatch.setattr(looking, "AFTER_TROUBLE", 0)
    house = House([fails] * 100, [5])

    async def play() -> None:
        eyes = Looking("a test", house.read)
        eyes.look()
        await rounds(2)
        assert house.inside
        if look_again:
            eyes.look()
        eyes.stop()
        await rounds(100)
        eyes.look()
        await rounds(100)
        assert (house.readings, house.inside) == (1, 0)

    asyncio.run(play())


def test_the_pauses_after_trouble_grow_and_begin_anew_after_a_good_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a fault lasts, the log and the disk are asked little; a desk hears soon after its end."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    house = House([True] * 6 + [False, True, False], [0])

    async def play() -> None:
        eyes = Looking("a test", house.read)
        eyes.look()
        await rounds(50)
        eyes.look()
        await rounds(50)

    monkeypatch.setattr(looking.asyncio, "sleep", sleep)
    asyncio.run(play())
    assert pauses == [1, 2, 4, 8, 10, 10, 1]


@pytest.mark.parametrize(("error", "said"), [(OSError("the disk"), True), (LimitReached(), False)])
def test_trouble_is_said_without_its_words_and_a_refusal_is_none(
    error: Exception, said: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "AFTER_TROUBLE", 0)
    house = House([True], [1], error)

    async def play() -> None:
        Looking("a test", house.read).look()
        await rounds(50)

    asyncio.run(play())
    assert house.readings == 2
    assert (f"unexpected error in a test: {type(error).__name__}" in caplog.text) == said
    assert "the disk" not in caplog.text
