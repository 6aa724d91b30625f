"""How well every decomposable graph explains a table, for any number of hidden people; and where to look."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from luwte.estimate.graphs import Graphs
from luwte.estimate.histories import Histories

Floats = NDArray[np.float64]

FARTHEST = 10**13
"""Hidden people up to which it can be computed; further on the logs of factorials lose their decimals."""
BLOCK = 2**21
"""Numbers held at a time: 16 MB."""


class Evidence:
    """Log evidence of every graph for any number of hidden people, up to one constant."""

    def __init__(self, histories: Histories, graphs: Graphs) -> None:
        lists = len(histories.lists)
        sets, people = np.arange(2**lists), np.concatenate([[0], histories.counts])
        self.observed = histories.observed
        self.factors = graphs.factors
        self.prior = 0.5 ** np.bitwise_count(sets)
        """Weight of a cell in the margin of each set of lists."""
        self.outside = np.zeros(len(sets))
        """Observed people in none of the set."""
        self.fixed = np.zeros(len(sets))
        for margin in sets:
            cells = np.bincount(sets & margin, people, len(sets))[sets & margin == sets]
            self.outside[margin] = cells[0]
            own = self.prior[margin]
            self.fixed[margin] = (gammaln(cells[1:] + own) - gammaln(own)).sum() - gammaln(own)
        inside = histories.observed - self.outside
        self.recaptures = np.rint(graphs.factors @ inside - histories.observed).astype(np.int64)

    def at(self, hidden: Floats, graphs: NDArray[np.intp]) -> Floats:
        """Shape (graphs, numbers): some graphs at the same numbers of hidden people."""
        people = self.observed + hidden
        margins = gammaln(self.outside[:, None] + hidden + self.prior[:, None]) - gammaln(people + 1)
        logs: Floats = self.factors[graphs].astype(np.float64) @ (margins + self.fixed[:, None])
        return logs + gammaln(people) - gammaln(hidden + 1)

    def at_own(self, hidden: Floats) -> Floats:
        """Every graph at a number of its own."""
        people = self.observed + hidden
        margins = gammaln(self.outside + hidden[:, None] + self.prior) - gammaln(people + 1)[:, None] + self.fixed
        logs: Floats = np.einsum("gc,gc->g", self.factors, margins) + gammaln(people) - gammaln(hidden + 1)
        return logs

    def rise(self, hidden: Floats) -> Floats:
        """By how much each graph's evidence rises from its own number of hidden people to the next."""
        people = self.observed + hidden
        steps = np.log(self.outside + hidden[:, None] + self.prior) - np.log(people + 1)[:, None]
        rise: Floats = np.einsum("gc,gc->g", self.factors, steps) + np.log(people / (hidden + 1))
        return rise

    def bend(self, hidden: Floats) -> Floats:
        """By how much that rise falls."""
        people = self.observed + hidden
        steps = 1 / (self.outside + hidden[:, None] + self.prior) - 1 / (people + 1)[:, None]
        bend: Floats = 1 / (hidden + 1) - 1 / people - np.einsum("gc,gc->g", self.factors, steps)
        return bend


def shape(evidence: Evidence) -> tuple[Floats, Floats, Floats]:
    """Each graph's likeliest number of hidden people, its standard deviation there, and the log of its weight."""
    every = np.arange(len(evidence.factors))
    steps = np.unique(np.round(np.geomspace(1, FARTHEST, 130)))
    heights = np.concatenate(
        [evidence.at(steps, part) for part in np.array_split(every, len(every) * len(steps) // BLOCK + 1)]
    )
    # The peak is beside the highest of the steps. 0 is none of them: it may stand out alone, as a second peak.
    top = heights.argmax(axis=1)
    low, high = steps[np.maximum(top - 1, 0)], steps[np.minimum(top + 1, len(steps) - 1)]
    while (wide := high - low > 1).any():
        middle = np.floor((low + high) / 2)
        rises = evidence.rise(middle) > 0
        low, high = np.where(wide & rises, middle, low), np.where(wide & ~rises, middle, high)
    bend = evidence.bend(high)
    spread = np.clip(1 / np.sqrt(np.maximum(bend, high**-2)), 1, high)
    return high, spread, np.maximum(evidence.at_own(high) + np.log(spread), evidence.at_own(np.zeros(len(high))))


def nodes_between(peak: Floats, spread: Floats) -> Floats:
    """Whole numbers to look at: close together within twelve standard deviations of a peak."""
    cells = np.unique(np.round(np.geomspace(1, FARTHEST, 700)))
    parts = [np.zeros(1)]
    for low, high in pairwise(cells):
        here = (peak - 12 * spread <= high) & (peak + 12 * spread >= low)
        step = max(1.0, min(low / 100, spread[here].min() / 32 if here.any() else np.inf))
        parts.append(np.floor(np.arange(low, high, step)))
    return np.concatenate(parts)
