"""Wakes: who waits for what, inside one process.

A wake carries no content. Whoever is woken reads again after the last number it has, so a lost wake
costs time and never a message. What is worth nothing a moment later (somebody types, somebody has read) is told
with its value to those who listen now, and stored nowhere.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from luwte.plumbing.log import trouble

Topic = Hashable
Unfollow = Callable[[], None]
Call = TypeVar("Call", bound=Callable[..., Any])


class Relay:
    """Callbacks by topic. Belongs to the event loop's thread; callbacks must be short.

    One that raises is trouble of ours, and no reason to leave the others unwoken.
    """

    def __init__(self) -> None:
        self._followers: defaultdict[Topic, dict[int, Callable[[], None]]] = defaultdict(dict)
        self._listeners: defaultdict[Topic, dict[int, Callable[[Any], None]]] = defaultdict(dict)
        self._next = 0

    def follow(self, topic: Topic, callback: Callable[[], None]) -> Unfollow:
        """Call *callback* at each wake of *topic* until the returned function is called."""
        return self._add(self._followers, topic, callback)

    def listen(self, topic: Topic, callback: Callable[[Any], None]) -> Unfollow:
        """Call *callback* with each value told to *topic* until the returned function is called."""
        return self._add(self._listeners, topic, callback)

    def wake(self, topic: Topic) -> None:
        """Tell everybody who follows *topic* to look again."""
        followers = self._followers.get(topic)
        if followers:
            for callback in tuple(followers.values()):
                try:
                    callback()
                except Exception as error:
                    trouble("wake", error)

    def is_followed(self, topic: Topic) -> bool:
        """Whether anybody would be woken."""
        return topic in self._followers

    def tell(self, topic: Topic, value: object) -> None:
        """Hand *value* to everybody who listens to *topic* now."""
        listeners = self._listeners.get(topic)
        if listeners:
            for callback in tuple(listeners.values()):
                try:
                    callback(value)
                except Exception as error:
                    trouble("wake", error)

    def _add(self, table: defaultdict[Topic, dict[int, Call]], topic: Topic, callback: Call) -> Unfollow:
        self._next += 1
        number = self._next
        table[topic][number] = callback

        def remove() -> None:
            callbacks = table.get(topic)
            if callbacks is not None:
                callbacks.pop(number, None)
                if not callbacks:
                    del table[topic]

        return remove
