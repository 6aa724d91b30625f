"""All decomposable graphs on a few lists: which lists may depend on each other, and how a distribution then factors."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from luwte.estimate.errors import EstimateError

MOST_LISTS = 6
"""18,154 graphs. Seven lists have 617,675, which take minutes and gigabytes."""


class TooManyLists(EstimateError):
    """More lists than their graphs can be gone through one by one."""

    code = "too_many_lists"


@dataclass(frozen=True, eq=False)
class Graphs:
    """Every decomposable graph on *t* lists, once.

    Attributes
    ----------
    edges : ndarray of bool, shape (graphs, t(t-1)/2)
        Whether the lists of a pair are joined; pairs in the order of `pairs`.
    factors : ndarray of int8, shape (graphs, 2^t)
        How often the margin of a set of lists (a mask) stands above the line, less how often below: 1 for a clique,
        negative for a separator. The empty set stands for 1 and does no harm.

    """

    edges: NDArray[np.bool_]
    factors: NDArray[np.int8]


def pairs(lists: int) -> list[int]:
    """The masks of all pairs of lists."""
    return [1 << one | 1 << other for one, other in combinations(range(lists), 2)]


@lru_cache(maxsize=2)
def decomposable_graphs(lists: int) -> Graphs:
    """All decomposable (chordal) graphs on labelled lists.

    Parameters
    ----------
    lists : int
        How many, up to `MOST_LISTS`.

    Raises
    ------
    TooManyLists

    Notes
    -----
    A graph is chordal just when lists can be taken away one by one such that the neighbours still there of each are all
    joined to each other (Fulkerson and Gross 1965, Pacific J. Math. 15:835-855). Then the distribution is the product
    of margins of "the list with its neighbours" over margins of "its neighbours"; what cancels leaves the cliques above
    the line and the separators below. All graphs are taken apart at once.

    """
    if lists > MOST_LISTS:
        raise TooManyLists(f"Graphs of more than {MOST_LISTS} lists are too many to go through.")
    masks = pairs(lists)
    edges = (np.arange(2 ** len(masks))[:, None] >> np.arange(len(masks)) & 1).astype(bool)
    near = np.zeros((len(edges), lists), dtype=np.int16)
    for column, mask in enumerate(masks):
        for one in range(lists):
            if mask >> one & 1:
                near[:, one] |= np.where(edges[:, column], mask & ~(1 << one), 0).astype(np.int16)
    factors = np.zeros((len(edges), 2**lists), dtype=np.int8)
    left = np.full(len(edges), 2**lists - 1, dtype=np.int16)
    for _ in range(lists):
        taken = np.full(len(left), -1, dtype=np.int16)
        for one in range(lists):
            around = near[:, one] & left
            joined = left >> one & 1 == 1
            for other in range(lists):
                joined &= (around >> other & 1 == 0) | (around & ~near[:, other] & ~(1 << other) == 0)
            taken[joined] = one
        chordal = taken >= 0
        edges, near, factors, left, taken = (part[chordal] for part in (edges, near, factors, left, taken))
        rows = np.arange(len(left))
        around = near[rows, taken] & left
        factors[rows, around | 1 << taken] += 1
        factors[rows, around] -= 1
        left &= ~(1 << taken)
    for part in (edges, factors):
        part.flags.writeable = False
    return Graphs(edges, factors)
