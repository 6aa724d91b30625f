"""Nothing missed, nothing twice, order kept; and the play is sharp enough to see when that breaks."""

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversation.table import DEEDS, Step, a_table, fails, play
from luwte.conversation import actions, follow, store
from luwte.conversation.follow import Follower
from luwte.conversation.model import Stored
from luwte.plumbing.db import WriteTx

STEPS = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 1)), max_size=40)


@given(steps=STEPS)
@settings(max_examples=100, deadline=None)
def test_a_reader_misses_nothing_and_sees_nothing_twice(steps: list[Step]) -> None:
    """However lines break and fill and voices overlap: what was read is what was said, in order."""
    play(steps)


def test_a_hundred_envelopes_behind() -> None:
    """A reader who was away for more than a page of the log gets all of it."""
    play([("clog", 0), *[("blurt", 1)] * 250, ("drain", 0), ("reconnect", 1), ("say", 0)])


def _play_a_message_that_lands_while_a_reader_reads() -> None:
    async def run() -> None:
        async with a_table() as table:
            await table.settle()
            reader, real_read, landed = table.readers[0], table.db.read, asyncio.Event()

            async def slow_read(*args: Any) -> Any:
                rows = await real_read(*args)
                table.db.read = real_read  # type: ignore[method-assign]
                await table.say(0)
                landed.set()
                return rows

            table.db.read = slow_read  # type: ignore[method-assign,assignment]
            await table.reconnect(0)
            await landed.wait()
            await table.settle()
            assert reader.read == table.said

    asyncio.run(run())


def test_a_message_that_lands_while_a_reader_reads_the_disk_is_not_lost() -> None:
    """It is told after the rows were read and before the reading is over."""
    _play_a_message_that_lands_while_a_reader_reads()


def test_that_play_notices_a_reader_who_does_not_hear(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is told ignored while a reader reads, the message is missed."""
    _hear_nothing_while_reading(monkeypatch)
    with pytest.raises(AssertionError):
        _play_a_message_that_lands_while_a_reader_reads()


def _never_tell(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(WriteTx, "tell", lambda self, topic, value: None)


def _read_from_the_same_number(patch: pytest.MonkeyPatch) -> None:
    original = store.after
    patch.setattr(store, "after", lambda tx, key, log, n, limit: original(tx, key, log, max(0, n - 1), limit))


def _hear_nothing_while_reading(patch: pytest.MonkeyPatch) -> None:
    def hear(self: Any, stored: Stored) -> None:
        if self._reading is None:
            original(self, stored)

    original = Follower._hear
    patch.setattr(Follower, "_hear", hear)


def _pass_over_a_gap(patch: pytest.MonkeyPatch) -> None:
    def hear(self: Any, stored: Stored) -> None:
        if stored.n > self._n and not self._socket.clogged:
            self._n = stored.n
            self._deliver(stored)

    patch.setattr(Follower, "_hear", hear)


def _forget_what_came_when_full(patch: pytest.MonkeyPatch) -> None:
    def hear(self: Any, stored: Stored) -> None:
        if not self._socket.clogged:
            original(self, stored)

    original = Follower._hear
    patch.setattr(Follower, "_hear", hear)


def _take_a_repeated_message_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(store, "message", lambda tx, key, log, msg_id: None)


def _start_after_the_next(patch: pytest.MonkeyPatch) -> None:
    original = actions.read_after
    patch.setattr(actions, "read_after", lambda tx, id, log, n: original(tx, id, log, n + 1 if n else 0))


def _forget_that_it_turned(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(store, "rotate", lambda tx, key, log, generation: None)


def _remember_how_it_was(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(WriteTx, "_forget", lambda self, sql: None)


def _take_what_is_under_a_secret_that_is_over(patch: pytest.MonkeyPatch) -> None:
    def any_will_do(conversation: Any, chain: Any, header: Any, writer: Any, **more: Any) -> None:
        original(dataclasses.replace(conversation, generation=header.generation), chain, header, writer, **more)

    original = actions.admit
    patch.setattr(actions, "admit", any_will_do)


FAULTS = [
    _forget_that_it_turned,
    _remember_how_it_was,
    _take_what_is_under_a_secret_that_is_over,
    _never_tell,
    _read_from_the_same_number,
    _pass_over_a_gap,
    _forget_what_came_when_full,
    _take_a_repeated_message_again,
    _start_after_the_next,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.strip("_"))
def test_the_play_notices_a_seeded_fault(
    fault: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that cannot fail proves nothing: with the fault in place some play goes wrong."""
    monkeypatch.setattr(follow, "trouble", lambda *_: None)
    fault(monkeypatch)
    assert fails(25)
