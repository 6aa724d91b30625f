"""The order of the queue and the honest wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from luwte.conversation.model import Conversation

ROWS = 30
"""Rows that a desk is shown: nobody weighs more than that at a glance."""

WINDOW = 60
"""Minutes that the estimate looks back."""

ENOUGH = 3
"""Takes in the window below which nobody can tell how long it takes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One waiting conversation in the list of a desk."""

    conversation: Conversation
    last: int

    @property
    def again(self) -> bool:
        """Whether it returned to the list."""
        return self.conversation.times > 0


def triage(waiting: Sequence[Row]) -> list[Row]:
    """The order in which they should be helped: those who had somebody and lost them first, then who waits longest."""
    return sorted(waiting, key=lambda row: (not row.again, row.conversation.waiting_since, row.conversation.key))


def expected_wait(place: int, free_desks: int, takes: Sequence[int], now: int) -> tuple[int, int] | None:
    """Minutes until somebody at *place* (from 1) is helped, as a range; None when nobody can tell.

    *takes* are the minutes at which conversations were taken. Assumes that the coming hour takes at the pace of the
    last one; half to one and a half times that is the range we dare to say.
    """
    if place <= free_desks:
        return (0, 0)
    recent = [minute for minute in takes if now - WINDOW < minute <= now]
    if len(recent) < ENOUGH:
        return None
    each = WINDOW / len(recent)
    return (max(1, floor(place * each * 0.5)), max(2, ceil(place * each * 1.5)))
