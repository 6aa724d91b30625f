"""The order of the queue and the honest wait."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor

from luwte.conversation.model import Conversation

ROWS = 30
"""Rows that a desk is shown: nobody weighs more than that at a glance."""

A_DAY = 24 * 60
"""Minutes by which a message that was left counts as younger: whoever is there goes first, and it has its turn."""

HEAD_START = {"soon": 15, "normal": 0}
"""Minutes by which somebody who is short on time goes before others who came earlier."""

URGENT_IN_A_ROW = 3
"""Takes of somebody in danger after which one of the others has a turn: nobody waits for ever."""

WINDOW = 60
"""Minutes that the estimate looks back."""

ENOUGH = 3
"""Takes in the window below which nobody can tell how long it takes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One waiting conversation in the list of a desk."""

    conversation: Conversation
    last: int
    here: bool = True

    @property
    def is_message(self) -> bool:
        """Whether it was left for later, and nobody sits there now."""
        return bool(self.conversation.for_later) and not self.here

    @property
    def ready(self) -> bool:
        """Whether it can be taken: the visitor is here, or left a message."""
        return self.here or self.is_message

    @property
    def again(self) -> bool:
        """Whether its visitor waits, after having had somebody."""
        return self.conversation.times > 0 and not self.is_message

    @property
    def marked(self) -> bool:
        """Whether staff said that it has haste."""
        return self.conversation.priority != "normal"

    @property
    def urgent(self) -> bool:
        """Whether staff read of danger now."""
        return self.conversation.priority == "urgent"


def triage(waiting: Iterable[Row], urgent_in_a_row: int = 0) -> list[Row]:
    """The order in which they should be helped; whoever is away comes after all who can be.

    Those who had somebody and lost them first. Then whoever is in danger now; but after three of those in a row one of
    the others has a turn. *urgent_in_a_row* tells how many were taken since the last of the others. Among the others
    the longest wait goes first, and who is short on time has a head start of a quarter of an hour. So the n-th of the
    others is helped after at most 4n takes, however many in danger keep coming. A message that was left goes as if it
    had come a day later: after those who are there, until it has grown old.
    """
    rows = list(waiting)
    here, away = [row for row in rows if row.ready], [row for row in rows if not row.ready]
    return _turns(here, urgent_in_a_row) + _turns(away, urgent_in_a_row)


def _turns(rows: list[Row], urgent_in_a_row: int) -> list[Row]:
    back = [row for row in rows if row.again]
    urgent = deque(sorted((row for row in rows if not row.again and row.urgent), key=_waiting_since))
    others = deque(sorted((row for row in rows if not row.again and not row.urgent), key=_as_if_since))
    ordered = sorted(back, key=_waiting_since)
    while urgent and others:
        urgent_in_a_row = urgent_in_a_row + 1 if urgent_in_a_row < URGENT_IN_A_ROW else 0
        ordered.append(urgent.popleft() if urgent_in_a_row else others.popleft())
    return [*ordered, *urgent, *others]


def before_a_newcomer(row: Row, now: int) -> bool:
    """Whether it goes before somebody who would come now."""
    return row.ready and _waiting_since(row)[0] <= now


def _waiting_since(row: Row) -> tuple[int, int]:
    return row.conversation.waiting_since + (A_DAY if row.is_message else 0), row.conversation.key


def _as_if_since(row: Row) -> tuple[int, int]:
    since, key = _waiting_since(row)
    return since - HEAD_START[row.conversation.priority], key


def recent(takes: Iterable[int], now: int) -> int:
    """How many of the *takes*, given by their minute, are in the window before *now*."""
    return sum(1 for minute in takes if now - WINDOW < minute <= now)


def expected_wait(place: int, free_desks: int, takes: int) -> tuple[int, int] | None:
    """Minutes until somebody at *place* (from 1) is helped, as a range; None when nobody can tell.

    *takes* is how many were taken in the last hour. Assumes that the coming hour takes at that pace; half to one and a
    half times that is the range we dare to say.
    """
    if place <= free_desks:
        return (0, 0)
    if takes < ENOUGH:
        return None
    each = WINDOW / takes
    return (max(1, floor(place * each * 0.5)), max(2, ceil(place * each * 1.5)))
