"""Here, away or gone: the rule against a slow twin that looks at every second."""

from hypothesis import given
from hypothesis import strategies as st

from luwte.conversation.model import Conversation
from luwte.conversation.presence import KEPT, KEPT_MINUTES, Visitors, keeps_place

BEGAN = 60_000
WHO = Conversation(1, b"c" * 16, "chat", 1, 1, 0, 0, 0, None, None)

Deed = tuple[int, str, int]
PLAYS = st.lists(
    st.tuples(
        st.integers(0, 700),
        st.sampled_from(["open", "open_hidden", "hide", "show", "lose", "goodbye"]),
        st.integers(0, 1),
    ),
    max_size=14,
)


class Wound:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = float(BEGAN)

    def __call__(self) -> float:
        """Now."""
        return self.now


def slow(history: list[Deed], end: int) -> str:
    """Walk through every second since the process began, and look."""
    pages: dict[int, bool] = {}
    last_in_sight, farewell, todo = 0, False, list(history)
    for second in range(end + 1):
        if any(pages.values()):
            last_in_sight = second
        while todo and todo[0][0] == second:
            _, deed, page = todo.pop(0)
            if any(pages.values()):
                last_in_sight = second
            if deed in ("open", "open_hidden"):
                pages[page], farewell = deed == "open", False
            elif deed in ("lose", "goodbye"):
                del pages[page]
                farewell = deed == "goodbye" and not pages
            else:
                pages[page] = deed == "show"
    if any(pages.values()):
        return "here"
    if farewell or end - last_in_sight >= KEPT:
        return "gone"
    return "away"


@given(play=PLAYS, rest=st.integers(0, 700))
def test_a_visitor_is_where_every_second_says(play: list[tuple[int, str, int]], rest: int) -> None:
    """Pages open, hide, show, break and say goodbye, one or two at a time; what is remembered is what happened."""
    clock = Wound()
    visitors, history, second = Visitors(clock), [], 0
    there: set[int] = set()
    for wait, deed, page in play:
        if (page in there) == deed.startswith("open"):
            continue
        second += wait
        clock.now = BEGAN + second
        history.append((second, deed, page))
        match deed:
            case "open" | "open_hidden":
                there.add(page)
                visitors.opened(WHO.id, page, in_sight=deed == "open")
            case "hide" | "show":
                visitors.looks(WHO.id, page, in_sight=deed == "show")
            case _:
                there.discard(page)
                visitors.closed(WHO.id, page, farewell=deed == "goodbye")
        visitors.forget_all_but({WHO.id})
        expected = slow(history, second)
        assert visitors.of(WHO).state == expected
        assert visitors.is_here(WHO.id) == (expected == "here")
    clock.now += rest
    assert visitors.of(WHO).state == slow(history, second + rest)


def test_who_was_never_seen_by_this_process_is_away_since_it_began() -> None:
    """Then gone; and whoever began to wait after that is not gone for it."""
    clock = Wound()
    visitors = Visitors(clock)
    assert visitors.of(WHO).state == "away"
    clock.now += KEPT
    assert visitors.of(WHO).state == "gone"
    late = Conversation(2, b"d" * 16, "chat", 2, 1, 0, int(clock.now) // 60, 0, None, None)
    assert visitors.of(late).state == "away"


def test_a_clock_that_is_put_back_keeps_nobody_for_a_day() -> None:
    """Lost, or never seen: ten minutes after that they are gone, not when the clock has caught up."""
    clock = Wound()
    visitors = Visitors(clock)
    lost, never = (Conversation(n, bytes([n]) * 16, "chat", 1, 1, 0, 0, 0, None, None) for n in (2, 3))
    lately = Conversation(4, b"d" * 16, "chat", 1, 1, 0, int(clock.now) // 60, 0, None, None)
    visitors.opened(lost.id, 1)
    visitors.closed(lost.id, 1, farewell=False)
    clock.now -= 86_400
    for one in (lost, never, lately):
        assert visitors.of(one).state == "away"
    clock.now += KEPT
    for one in (lost, never, lately):
        assert visitors.of(one).state == "gone"


@given(left=st.integers(0, 30), now=st.integers(0, 60))
def test_the_place_is_kept_for_ten_minutes_and_the_one_that_began(left: int, now: int) -> None:
    """Times are stored in minutes: rounding is to the visitor's good."""
    assert keeps_place(left, now) == (now - left < KEPT_MINUTES + 1)


def test_who_is_gone_is_forgotten_and_nobody_else() -> None:
    """Memory has an end; a page that is open, or a conversation that goes on, is not forgotten."""
    clock = Wound()
    visitors = Visitors(clock)
    for name in (b"open", b"gone", b"away"):
        visitors.opened(name, 1)
    visitors.closed(b"gone", 1, farewell=True)
    clock.now += KEPT + 1
    visitors.closed(b"away", 1, farewell=False)
    visitors.forget_all_but(set())
    assert visitors.is_here(b"open")
    assert set(visitors._seen) == {b"open", b"away"}
