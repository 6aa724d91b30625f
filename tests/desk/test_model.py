"""The order of the queue and the honest wait, as rules of values."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from luwte.conversation.model import Conversation
from luwte.desk.model import ENOUGH, WINDOW, Row, expected_wait, recent, triage


def waiting(key: int, since: int, times: int) -> Row:
    """One who waits."""
    return Row(Conversation(key, bytes([key]) * 16, "chat", key, 1, since, since, times, None, None), 0)


ROWS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 2)), max_size=12).map(
    lambda pairs: [waiting(key, since, times) for key, (since, times) in enumerate(pairs)]
)


@given(rows=ROWS)
def test_who_was_dropped_comes_first_then_who_waits_longest(rows: list[Row]) -> None:
    """Nobody is lost from the list, and no two neighbours stand the wrong way round."""
    ordered = triage(rows)
    assert sorted(row.conversation.key for row in ordered) == [row.conversation.key for row in rows]
    for first, second in pairwise(ordered):
        assert first.again or not second.again
        if first.again == second.again:
            assert first.conversation.waiting_since <= second.conversation.waiting_since


@given(
    place=st.integers(1, 200),
    free=st.integers(0, 10),
    takes=st.lists(st.integers(0, 1000), max_size=80),
    now=st.integers(60, 1000),
)
def test_a_wait_is_a_range_that_grows_with_the_place(place: int, free: int, takes: list[int], now: int) -> None:
    """Or nobody can tell; a free desk means now; never a promise shorter than for the one before."""
    wait = expected_wait(place, free, recent(takes, now))
    if place <= free:
        assert wait == (0, 0)
    elif len([take for take in takes if now - WINDOW < take <= now]) < ENOUGH:
        assert wait is None
    else:
        assert wait is not None
        low, high = wait
        assert 1 <= low < high
        behind = expected_wait(place + 1, free, recent(takes, now))
        assert behind is not None
        assert behind[0] >= low
        assert behind[1] >= high


def test_an_evening_of_sixty_visitors() -> None:
    """Five takes in the last hour: the third in the queue waits about 36 minutes, and is told 18 to 54."""
    assert expected_wait(3, 0, recent([950, 960, 970, 980, 990], 1000)) == (18, 54)
