"""The newest envelopes of the logs that somebody follows, in memory: live messages are not read back from disk."""

from collections import deque

from luwte.conversation.model import Stored

KEPT = 8
"""Envelopes per log: a reader who is further behind reads from the disk."""


class Tails:
    """The ends of the logs. A cache: it may forget, it never invents."""

    def __init__(self) -> None:
        self._ends: dict[tuple[bytes, int], deque[Stored]] = {}
        self._followers: dict[tuple[bytes, int], int] = {}

    def follow(self, conversation: bytes, log: int) -> None:
        """Somebody reads this log from now on."""
        key = (conversation, log)
        self._followers[key] = self._followers.get(key, 0) + 1

    def unfollow(self, conversation: bytes, log: int) -> None:
        """One reader fewer; after the last one the end is forgotten."""
        key = (conversation, log)
        self._followers[key] -= 1
        if not self._followers[key]:
            del self._followers[key]
            self._ends.pop(key, None)

    def push(self, conversation: bytes, log: int, stored: Stored) -> None:
        """An envelope is on disk. Must be called in the order of the log."""
        key = (conversation, log)
        if key in self._followers:
            self._ends.setdefault(key, deque(maxlen=KEPT)).append(stored)

    def after(self, conversation: bytes, log: int, n: int) -> list[Stored] | None:
        """What follows number *n*, or None when only the disk can tell."""
        end = self._ends.get((conversation, log))
        if not end or end[0].n > n + 1:
            return None
        if end[-1].n == n + 1:  # nearly always: one reader, one message behind
            return [end[-1]]
        return [stored for stored in end if stored.n > n]
