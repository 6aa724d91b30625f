"""Capture histories: how many people are in exactly these lists and no other.

A history is a number whose bit i says "in list i"; so are an interaction and a merged list. History 0, the people in
no list, is what all of this is about and is never observed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from luwte.estimate.errors import BadHistories

MOST_LISTS = 12
"""2^12 cells; published tables have three to eight lists."""
MOST_LISTED = 10**9
"""Nobody lists so many people one by one and links the lists: such a count is a mistake."""
MOST_PEOPLE = 10**10
"""More than are alive."""
MOST_ORDERS = 1000
"""So many orders of the lists that look alike as yet are followed to find the one that `Histories.places` takes."""


def lists_of(cells: int) -> int:
    """How many lists a table of 2^t - 1 *cells* has."""
    return (cells + 1).bit_length() - 1


@dataclass(frozen=True, eq=False)
class Histories:
    """Observed counts of all 2^t - 1 histories of *t* named lists.

    Attributes
    ----------
    lists : tuple of str
        Names in the order of the bits.
    counts : ndarray of int64, shape (2^t - 1,)
        People with history 1, 2, 3, ...: `counts[h - 1]` belongs to history *h*. Read-only.

    Raises
    ------
    BadHistories
        No list, too many, a name that is empty or there twice, or counts that are no whole numbers from 0 up.

    """

    lists: tuple[str, ...]
    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        if not 1 <= len(self.lists) <= MOST_LISTS:
            raise BadHistories(f"There must be between 1 and {MOST_LISTS} lists.")
        if len(set(self.lists)) != len(self.lists) or not all(name.strip() for name in self.lists):
            raise BadHistories("Every list needs a name of its own.")
        raw = np.asarray(self.counts)
        if raw.shape != (2 ** len(self.lists) - 1,):
            raise BadHistories("There must be one count for every history but the empty one.")
        if raw.dtype.kind not in "iuf" or not np.isfinite(raw).all() or (raw != np.floor(raw)).any() or (raw < 0).any():
            raise BadHistories("Counts must be whole numbers from 0 up.")
        if raw.sum(dtype=float) >= MOST_LISTED:
            raise BadHistories("These are more people than anybody can count.")
        counts = raw.astype(np.int64)
        counts.flags.writeable = False
        object.__setattr__(self, "counts", counts)

    @classmethod
    def of(cls, lists: Iterable[str], people: Mapping[int, int] | Iterable[tuple[int, int]]) -> "Histories":
        """From (history, count) pairs; histories that are missing count 0, and several of one are added."""
        names = tuple(lists)
        counts = [0] * (2 ** len(names) - 1 if len(names) <= MOST_LISTS else 0)
        for history, count in people.items() if isinstance(people, Mapping) else people:
            if not 1 <= history <= len(counts):
                raise BadHistories("A history must name at least one of the lists, and only those.")
            # Before they are added: two counts that are none may add up to one.
            if not 0 <= count < MOST_LISTED or count != int(count):
                raise BadHistories(f"Counts must be whole numbers from 0 up, and below {MOST_LISTED:,}.")
            counts[history - 1] += int(count)
        return cls(names, np.array(counts, dtype=np.int64))

    @property
    def observed(self) -> int:
        """People in at least one list."""
        return int(self.counts.sum())

    @cached_property
    def members(self) -> NDArray[np.bool_]:
        """Shape (2^t - 1, t): whether history *h* (row h - 1) is in list i (column i)."""
        histories = np.arange(1, len(self.counts) + 1)
        return (histories[:, None] >> np.arange(len(self.lists)) & 1).astype(bool)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """A place for every list that follows from the counts alone.

        Where two choices are equally good the places decide, so that no answer hangs on how the lists were named or
        put in order. Lists that change places with each other then have the same people, as far as counts can say.

        Notes
        -----
        Of all orders the one is taken whose table of the first list is the largest, then that of the first two, and so
        on, compared number by number: a canonical form of the table. Of lists that can change places without changing
        any count only one is tried. Of more orders that look alike than `MOST_ORDERS` the first are followed, so that
        in a table made for it (twelve lists, every three with the same numbers) the order of the lists does tell.

        """
        table = np.append(0, self.counts).reshape((2,) * len(self.lists)).T
        orders: list[tuple[int, ...]] = [()]
        for _ in self.lists:
            largest: tuple[int, ...] = ()
            best: list[tuple[int, ...]] = []
            for order in orders:
                for bit in _one_of_each_kind(table, set(range(table.ndim)) - {*order}):
                    found = _margin(table, (*order, bit))
                    if found > largest:
                        largest, best = found, []
                    if found == largest:
                        best.append((*order, bit))
            orders = best[:MOST_ORDERS]
        return tuple(orders[0].index(bit) for bit in range(table.ndim))

    def placed(self, mask: int) -> int:
        """The mask of the same lists by their `places`."""
        return sum(1 << place for bit, place in enumerate(self.places) if mask >> bit & 1)

    def within(self, mask: int) -> int:
        """People in all lists of *mask*, whatever else they are in."""
        histories = np.arange(1, len(self.counts) + 1)
        return int(self.counts[histories & mask == mask].sum())

    def name(self, mask: int) -> str:
        """The lists of *mask* by name, in order: `LA:NG`."""
        return ":".join(name for bit, name in enumerate(self.lists) if mask >> bit & 1)

    def mask(self, *names: str) -> int:
        """The mask of some lists by name."""
        unknown = set(names) - set(self.lists)
        if unknown:
            raise BadHistories("There is no list of this name.")
        return sum(1 << self.lists.index(name) for name in set(names))

    def with_counts(self, counts: NDArray[np.int64]) -> "Histories":
        """The same lists with other counts."""
        return Histories(self.lists, counts)

    def without(self, name: str) -> "Histories":
        """As if a list had never been kept: who was in no other is not observed any more."""
        kept = [bit for bit, one in enumerate(self.lists) if one != name]
        if len(kept) == len(self.lists):
            raise BadHistories("There is no list of this name.")
        return Histories.of(
            [self.lists[bit] for bit in kept], [pair for pair in self._moved([[b] for b in kept]) if pair[0]]
        )

    def merged(self, *names: str) -> "Histories":
        """Some lists as one in the place of the first of them, named `A+B`, or `A+B+` where that is another list."""
        mask = self.mask(*names)
        groups: list[list[int]] = []
        titles: list[str] = []
        for bit, name in enumerate(self.lists):
            if not mask >> bit & 1:
                groups.append([bit])
                titles.append(name)
            elif mask & ((1 << bit) - 1) == 0:
                groups.append([one for one in range(len(self.lists)) if mask >> one & 1])
                title = "+".join(self.lists[one] for one in groups[-1])
                while title in {*self.lists} - {*names}:
                    title += "+"
                titles.append(title)
        return Histories.of(titles, self._moved(groups))

    def _moved(self, groups: list[list[int]]) -> Iterable[tuple[int, int]]:
        for history, count in enumerate(self.counts.tolist(), start=1):
            moved = sum(1 << at for at, bits in enumerate(groups) if any(history >> bit & 1 for bit in bits))
            yield moved, count


def _margin(table: NDArray[np.int64], order: tuple[int, ...]) -> tuple[int, ...]:
    """People by the lists of *order* alone."""
    return tuple(np.einsum(table, range(table.ndim), order).ravel().tolist())


def _one_of_each_kind(table: NDArray[np.int64], bits: set[int]) -> list[int]:
    """Of lists that can change places without changing any count, the first."""
    kinds: list[int] = []
    for bit in sorted(bits):
        if not any(np.array_equal(table, table.swapaxes(bit, one)) for one in kinds):
            kinds.append(bit)
    return kinds
