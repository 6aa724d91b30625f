"""Whether a visitor is here, away or gone: the rule, and what one process remembers of open pages.

Of all this the disk keeps only the end: that somebody has left (`departures.py`). The rest is derived.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from luwte.conversation.model import Conversation
from luwte.plumbing.clock import Clock

Whereabouts = Literal["here", "away", "gone"]

KEPT = 600.0
"""Seconds that whoever is away keeps the place."""

KEPT_MINUTES = 10
"""The same in the minutes that are stored; a started minute counts for the visitor."""


def whereabouts(looked_at: Iterable[bool], *, farewell: bool, absent: float) -> Whereabouts:
    """Where a visitor is.

    *looked_at* tells of each page with an open socket whether it is in sight; *farewell* whether the last one that
    closed said goodbye; *absent* the seconds in which none was in sight.
    """
    pages = list(looked_at)
    if any(pages):
        return "here"
    if (farewell and not pages) or absent >= KEPT:
        return "gone"
    return "away"


def keeps_place(left: int, now: int) -> bool:
    """Whether somebody who left at minute *left* still has the old place at minute *now*."""
    return now - left <= KEPT_MINUTES


@dataclass(slots=True)
class _Seen:
    """The pages of one visitor."""

    absent_since: float
    pages: dict[int, bool] = field(default_factory=dict)
    farewell: bool = False


@dataclass(frozen=True, slots=True)
class Presence:
    """Where one visitor is, and since when if not here (Unix seconds)."""

    state: Whereabouts
    since: float


class Visitors:
    """The visitors of one process. What is asked may be asked from any thread; the rest belongs to the loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock()
        self._seen: dict[bytes, _Seen] = {}

    def opened(self, conversation: bytes, connection: int, *, in_sight: bool = True) -> None:
        """A page of this visitor is there."""
        # One that comes out of sight says nothing of the time before: who was away since then is away since then.
        seen = self._seen.setdefault(conversation, _Seen(self._began))
        seen.pages[connection] = in_sight
        seen.farewell = False

    def looks(self, conversation: bytes, connection: int, *, in_sight: bool) -> None:
        """The page came into sight, or went out of it."""
        seen = self._seen[conversation]
        before = any(seen.pages.values())
        seen.pages[connection] = in_sight
        if before and not any(seen.pages.values()):
            seen.absent_since = self._clock()

    def closed(self, conversation: bytes, connection: int, *, farewell: bool) -> None:
        """The page is gone; with a *farewell* it will not come back by itself."""
        seen = self._seen[conversation]
        self.looks(conversation, connection, in_sight=False)
        del seen.pages[connection]
        if not seen.pages:
            seen.farewell = farewell

    def of(self, conversation: Conversation) -> Presence:
        """Where the visitor of *conversation* is.

        Whoever did not come back since this process began is away since then.
        """
        seen, now = self._seen.get(conversation.id), self._clock()
        # A clock that was put back would keep a place, and show somebody away, until it has caught up.
        self._began = min(self._began, now)
        if seen is not None:
            pages, since = tuple(seen.pages.values()), min(seen.absent_since, now)
            seen.absent_since = since
            return Presence(whereabouts(pages, farewell=seen.farewell, absent=now - since), since)
        if conversation.left is not None:
            return Presence("gone", conversation.left * 60.0)
        waiting = conversation.waiting_since * 60.0
        since = max(self._began, waiting) if waiting <= now else self._began
        return Presence(whereabouts((), farewell=False, absent=now - since), since)

    def is_here(self, conversation: bytes) -> bool:
        """Whether the visitor has a page in sight."""
        seen = self._seen.get(conversation)
        return seen is not None and any(tuple(seen.pages.values()))

    def is_open(self, conversation: bytes) -> bool:
        """Whether the visitor has a page with a socket, in sight or not."""
        seen = self._seen.get(conversation)
        return seen is not None and bool(seen.pages)

    def forget_all_but(self, conversations: set[bytes]) -> None:
        """Forget visitors who are gone and whose conversation is not among these."""
        limit = self._clock() - KEPT
        for id in [id for id, seen in self._seen.items() if not seen.pages and seen.absent_since < limit]:
            if id not in conversations:
                del self._seen[id]
