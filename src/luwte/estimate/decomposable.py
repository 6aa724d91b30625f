"""Bayesian averaging over decomposable graphs: every way in which the lists may depend, weighed by how well it fits.

Assumes that the lists' dependence has the shape of some decomposable graph, that everybody could have been in any
list in the same way, and nothing about how many people there are beyond the prior 1/N.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from luwte.estimate.errors import BadHistories, EstimateError
from luwte.estimate.graphs import Graphs, decomposable_graphs, pairs
from luwte.estimate.histories import Histories
from luwte.estimate.results import Result, no_estimate

Floats = NDArray[np.float64]

FARTHEST = 10**13
"""Hidden people at which the tail must have fallen; further on the logs of factorials lose their decimals."""
TAIL = 1e-6
"""Probability that may lie beyond the last number looked at."""
FEW_RECAPTURES = 7
"""Robson and Regier (1964), Trans. Am. Fish. Soc. 93:215-226: with fewer the estimate of two lists is biased."""
MOST_UNLEARNED = 1 / 3
"""Probability without data behind it that ends a figure; up to here the median stays in the middle half of the rest."""
FAR = 1.25
"""Two peaks whose numbers of people differ by this factor are different answers."""
MODE = 0.025
"""Probability from which a peak is worth a word."""
BLOCK = 2**21
"""Numbers held at a time: 16 MB."""


class NoTail(EstimateError):
    """The posterior does not end anywhere that can be reached."""

    code = "no_tail"


@dataclass(frozen=True)
class GraphShare:
    """A graph: its edges by name (`LA:NG`), its posterior probability, and the people seen again under it."""

    edges: tuple[str, ...]
    probability: float
    recaptures: int


@dataclass(frozen=True)
class Mode:
    """A peak of the posterior: people in all at the peak, and the probability of the numbers around it."""

    people: int
    probability: float


@dataclass(frozen=True, eq=False)
class Posterior:
    """What may be believed about the number of people.

    Attributes
    ----------
    observed : int
    hidden : ndarray of float64, shape (nodes,)
        Whole numbers of hidden people from 0 up: close together where the posterior is, far apart elsewhere.
    density : ndarray of float64, shape (nodes,)
        Probability of exactly so many.
    graphs : tuple of GraphShare
        Likeliest first, together at least 99.9 % (at most 1,000).
    unlearned : float
        Probability of the graphs under which fewer than `FEW_RECAPTURES` people were seen again. There the prior
        speaks and not the data.

    """

    observed: int
    hidden: Floats
    density: Floats
    graphs: tuple[GraphShare, ...]
    unlearned: float

    @cached_property
    def _below(self) -> Floats:
        """Probability up to and with each node; between two nodes the density is a straight line."""
        gaps = np.diff(self.hidden)
        within = gaps * (self.density[1:] + self.density[:-1]) / 2 + (self.density[1:] - self.density[:-1]) / 2
        below: Floats = np.cumsum(np.concatenate([self.density[:1], within]))
        return below

    def quantile(self, at: float) -> int:
        """The smallest number of people in all that is not exceeded with probability *at*."""
        below = self._below
        node = int(np.searchsorted(below, at * below[-1]))
        if node == 0:
            return self.observed
        share = (at * below[-1] - below[node - 1]) / (below[node] - below[node - 1])
        between = share * (self.hidden[node] - self.hidden[node - 1])
        return self.observed + int(np.ceil(self.hidden[node - 1] + between - 1e-9))

    def draws(self, size: int, seed: int) -> Floats:
        """Numbers of people in all, drawn at random."""
        below = self._below
        chance = np.random.default_rng(seed).random(size) * below[-1]
        people: Floats = self.observed + np.round(np.interp(chance, below, self.hidden))
        return people

    @cached_property
    def modes(self) -> tuple[Mode, ...]:
        """Peaks with a valley of less than half the lower one between them, by number of people."""
        heights = self.density * (self.hidden + self.observed)
        peaks = _peaks(np.where(heights > TAIL * heights.max(), heights, 0))
        edges = [a + int(np.argmin(heights[a : b + 1])) for a, b in pairwise(peaks)]
        below = [0.0, *(float(self._below[edge] / self._below[-1]) for edge in edges), 1.0]
        return tuple(
            Mode(self.observed + int(self.hidden[peak]), high - low)
            for peak, (low, high) in zip(peaks, pairwise(below), strict=True)
        )


def _peaks(density: Floats) -> list[int]:
    """Indices of peaks, each with a drop to under half of it before a higher or another peak."""
    peaks: list[int] = []
    top, bottom, rising = 0, 0, True
    for at in range(len(density)):
        if rising:
            top = at if density[at] >= density[top] else top
            if density[at] < density[top] / 2:
                peaks.append(top)
                rising, bottom = False, at
        else:
            bottom = at if density[at] <= density[bottom] else bottom
            if density[at] > density[bottom] * 2:
                rising, top = True, at
    return [*peaks, top] if rising else peaks


def decomposable(histories: Histories, *, level: float = 0.95) -> Result:
    """The posterior median with equal-tailed limits, averaged over all decomposable graphs.

    Parameters
    ----------
    histories : Histories
        Up to six lists.
    level : float
        Probability between the limits.

    Returns
    -------
    Result
        "no_estimate" where there are too many lists, the posterior does not end, or the prior speaks and not the data
        (`Posterior.unlearned` over a third). A posterior with peaks far apart is said in `reasons`.

    Raises
    ------
    BadHistories
        A level that is not between 0 and 1.

    See Also
    --------
    posterior : the whole answer, with the method's notes.

    """
    if not 0 < level < 1:
        raise BadHistories("A level must be between 0 and 1.")
    try:
        found = posterior(histories)
    except EstimateError as error:
        return no_estimate("decomposable", str(error), level=level)
    if found.unlearned > MOST_UNLEARNED:
        return no_estimate(
            "decomposable", "Too few people are in more than one list to learn from the overlaps.", level=level
        )
    reasons = []
    if found.unlearned > (1 - level) / 2:
        reasons.append(
            f"With a probability of {found.unlearned:.0%} the overlaps say nearly nothing; the limits follow the prior."
        )
    modes = [mode for mode in found.modes if mode.probability >= MODE]
    if len(modes) > 1 and max(m.people for m in modes) >= FAR * min(m.people for m in modes):
        said = ", ".join(f"about {float(f'{mode.people:.3g}'):,.0f} ({mode.probability:.0%})" for mode in modes)
        reasons.append(f"The answer is split between numbers far apart: {said}. The estimate lies among them.")
    return Result(
        method="decomposable",
        estimate=float(found.quantile(0.5)),
        lower=float(found.quantile((1 - level) / 2)),
        upper=float(found.quantile((1 + level) / 2)),
        level=level,
        interval="credible",
        reasons=tuple(reasons),
    )


def posterior(histories: Histories) -> Posterior:
    """The posterior of the number of people and of the graph.

    Parameters
    ----------
    histories : Histories
        Up to six lists.

    Raises
    ------
    TooManyLists
        More than six lists.
    NoTail
        Nobody observed, or probability of more than `TAIL` on over `FARTHEST` hidden people.

    Notes
    -----
    All decomposable graphs weigh the same beforehand, N people have prior 1/N, and the cells' probabilities have the
    hyper-Dirichlet prior that gives each of the 2^t cells the weight 2^-t. Then the evidence for a graph and N is a
    product of Dirichlet-multinomial integrals over margins (`Graphs.factors`), each computed once for all graphs. It is
    evaluated at whole numbers that lie a sixteenth of a standard deviation apart where a graph has its peak, a
    hundredth of the number elsewhere, and one apart where that is less than one; between them the density is a line.
    Graphs whose weight together is under 1e-8 are left out. No end is given: the numbers run on to where any tail has
    fallen, and a tail that has not is refused.

    A person is "seen again" under a graph once for every part beyond the first into which their lists fall there. The
    tail falls like n0^-(recaptures + 2 - 2^-t) or faster, so the posterior is always proper, but with no recaptures it
    is the prior that makes it so.

    References
    ----------
    Madigan, D. and York, J. C. (1997). Bayesian methods for estimation of the size of a closed population. Biometrika
    84:19-31. Dawid, A. P. and Lauritzen, S. L. (1993). Hyper Markov laws in the statistical analysis of decomposable
    graphical models. Annals of Statistics 21:1272-1317.

    """
    graphs = decomposable_graphs(len(histories.lists))
    if not histories.observed:
        raise NoTail("There is nobody in any list.")
    evidence = _Evidence(histories, graphs)
    peak, spread, weight = _shape(evidence)
    kept = np.flatnonzero(weight >= weight.max() - np.log(1e8 * len(weight)))
    nodes = _nodes(peak[kept], spread[kept])
    gaps = np.diff(nodes, prepend=-1, append=nodes[-1] + 1)
    gaps = (gaps[1:] + gaps[:-1]) / 2
    share, density = np.zeros(len(kept)), np.empty(len(nodes))
    for part in np.array_split(np.arange(len(nodes)), len(nodes) * len(kept) // BLOCK + 1):
        both = np.exp(evidence.at(nodes[part], kept) - weight.max())
        share += both @ gaps[part]
        density[part] = both.sum(axis=0)
    density, share = density / share.sum(), share / share.sum()
    if density[-1] * nodes[-1] > TAIL:
        raise NoTail("The overlaps do not say how many there may be at most.")
    again = evidence.recaptures[kept]
    names = [histories.name(mask) for mask in pairs(len(histories.lists))]
    order = np.argsort(-share, kind="stable")
    enough = min(int(np.searchsorted(np.cumsum(share[order]), 0.999)) + 1, 1000)
    return Posterior(
        observed=histories.observed,
        hidden=nodes,
        density=density,
        graphs=tuple(
            GraphShare(
                tuple(name for name, joined in zip(names, graphs.edges[kept[at]], strict=True) if joined),
                float(share[at]),
                int(again[at]),
            )
            for at in order[:enough]
        ),
        unlearned=float(share[again < FEW_RECAPTURES].sum()),
    )


class _Evidence:
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


def _shape(evidence: _Evidence) -> tuple[Floats, Floats, Floats]:
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


def _nodes(peak: Floats, spread: Floats) -> Floats:
    """Whole numbers to look at."""
    cells = np.unique(np.round(np.geomspace(1, FARTHEST, 700)))
    parts = [np.zeros(1)]
    for low, high in pairwise(cells):
        here = (peak - 12 * spread <= high) & (peak + 12 * spread >= low)
        step = max(1.0, min(low / 100, spread[here].min() / 16 if here.any() else np.inf))
        parts.append(np.floor(np.arange(low, high, step)))
    return np.concatenate(parts)
