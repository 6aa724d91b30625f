"""Bayesian averaging over decomposable graphs: every way in which the lists may depend, weighed by how well it fits.

Assumes that the lists' dependence has the shape of some decomposable graph, that everybody could have been in any
list in the same way, and nothing about how many people there are beyond the prior: 1/N, up to some hidden people for
each that was observed.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from luwte.estimate.dependence import copies
from luwte.estimate.errors import EstimateError
from luwte.estimate.evidence import BLOCK, FARTHEST, Evidence, Floats, nodes_between, shape
from luwte.estimate.graphs import TooManyLists, decomposable_graphs, pairs
from luwte.estimate.histories import Histories
from luwte.estimate.results import Result, ask_for_level, no_estimate

HIDDEN_FOR_EACH = 30.0
"""Hidden people for each observed one at which the prior ends: Binette and Steorts (2021), arXiv:2112.01594."""
FLAT = 1e-6
"""Share of the highest density below which there are no peaks."""
FEW_RECAPTURES = 7
"""Robson and Regier (1964), Trans. Am. Fish. Soc. 93:215-226: with fewer the estimate of two lists is biased."""
MOST_UNLEARNED = 1 / 3
"""Probability without data behind it that ends a figure: past it the interval is that of the prior (docs, table 6)."""
FAR = 1.25
"""Two peaks whose numbers of people differ by this factor are different answers."""
MODE = 0.025
"""Probability from which a peak is worth a word."""


class BadPrior(EstimateError):
    """A prior that allows nothing."""

    code = "bad_prior"


class NobodyObserved(EstimateError):
    """There is nothing to learn from."""

    code = "nobody_observed"


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
    unlearned, beyond : float
        Had the prior gone on as 1/N: probability of the graphs under which fewer than `FEW_RECAPTURES` people were
        seen again, where the prior speaks and not the data; and probability of more hidden people than are allowed.

    """

    observed: int
    hidden: Floats
    density: Floats
    graphs: tuple[GraphShare, ...]
    unlearned: float
    beyond: float

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
        people: Floats = self.observed + np.ceil(np.interp(chance, below, self.hidden) - 1e-9)
        return people

    @cached_property
    def modes(self) -> tuple[Mode, ...]:
        """Peaks with a valley of less than half the lower one between them, by number of people."""
        heights = self.density * (self.hidden + self.observed)
        peaks = _peaks(np.where(heights > FLAT * heights.max(), heights, 0))
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


def decomposable(histories: Histories, *, level: float = 0.95, most_hidden: float = HIDDEN_FOR_EACH) -> Result:
    """The posterior median with equal-tailed limits, averaged over all decomposable graphs.

    Parameters
    ----------
    histories : Histories
        Up to six lists.
    level : float
        Probability between the limits.
    most_hidden : float
        Hidden people for each observed one at which the prior ends. Infinity: nowhere.

    Returns
    -------
    Result
        "no_estimate" where there are too many lists, one looks like a copy of another, the end of the prior would be
        the upper limit (`Posterior.beyond` over the probability above it), or the prior speaks and not the data
        (`Posterior.unlearned` over a third). A posterior with peaks far apart is said in `reasons`.

    Raises
    ------
    BadLevel, BadPrior

    See Also
    --------
    posterior : the whole answer, with the method's notes.

    """
    ask_for_level(level)
    if copied := copies(histories):
        return no_estimate("decomposable", *copied, level=level)
    try:
        found = posterior(histories, most_hidden=most_hidden)
    except (NobodyObserved, TooManyLists) as error:
        return no_estimate("decomposable", str(error), level=level)
    outside = (1 - level) / 2
    end_of_prior = (
        f"This method allows at most {most_hidden:g} hidden people for each person on the lists. Without that limit it "
        f"would say that there are more with a probability of {_percent(found.beyond)}."
    )
    if found.unlearned > MOST_UNLEARNED:
        return no_estimate(
            "decomposable", "Too few people are in more than one list to learn from the overlaps.", level=level
        )
    if found.beyond > outside:
        return no_estimate("decomposable", end_of_prior, level=level)
    reasons = []
    if found.beyond > outside / 10:
        reasons.append(end_of_prior)
    if found.unlearned > outside:
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
        lower=float(found.quantile(outside)),
        upper=float(found.quantile(1 - outside)),
        level=level,
        interval="credible",
        reasons=tuple(reasons),
    )


def _percent(probability: float) -> str:
    return "under 0.1%" if probability < 0.001 else f"{probability:.1%}"


def posterior(histories: Histories, *, most_hidden: float = HIDDEN_FOR_EACH) -> Posterior:
    """The posterior of the number of people and of the graph.

    Parameters
    ----------
    histories : Histories
        Up to six lists.
    most_hidden : float
        Hidden people for each observed one at which the prior ends. Infinity: nowhere.

    Raises
    ------
    TooManyLists
        More than six lists.
    NobodyObserved, BadPrior

    Notes
    -----
    All decomposable graphs weigh the same beforehand, N people have prior 1/N up to `most_hidden` hidden for each
    observed one, and the cells' probabilities have the hyper-Dirichlet prior that gives each of the 2^t cells the
    weight 2^-t. Then the evidence for a graph and N is a product of Dirichlet-multinomial integrals over margins
    (`Graphs.factors`), each computed once for all graphs. It is evaluated at whole numbers that lie a thirty-second of
    a standard deviation apart where a graph has its peak, a hundredth of the number elsewhere, and one apart where that
    is less than one; between them the density is a line. Graphs whose weight together is under 1e-8 are left out. What
    lies beyond the prior's end is added up as well, and said (`Posterior.beyond`): an end that matters is an assumption
    that nobody can check. Where nearly all lies beyond it, what is left piles up at the end and is rough.

    A person is "seen again" under a graph once for every part beyond the first into which their lists fall there. The
    tail falls like n0^-(recaptures + 2 - 2^-t) or faster, so that even without an end the posterior is proper; with no
    recaptures it is the prior that makes it so.

    References
    ----------
    Madigan, D. and York, J. C. (1997). Bayesian methods for estimation of the size of a closed population. Biometrika
    84:19-31. Binette, O. and Steorts, R. C. (2021). On the reliability of multiple systems estimation for the
    quantification of modern slavery. arXiv:2112.01594 (where the prior ends). Dawid, A. P. and Lauritzen, S. L.
    (1993). Hyper Markov laws in the statistical analysis of decomposable graphical models. Annals of Statistics
    21:1272-1317.

    """
    if not most_hidden > 0:
        raise BadPrior("There must be room for hidden people.")
    graphs = decomposable_graphs(len(histories.lists))
    if not histories.observed:
        raise NobodyObserved("Nobody is in any list.")
    evidence = Evidence(histories, graphs)
    peak, spread, weight = shape(evidence)
    end = float(np.floor(min(most_hidden * histories.observed, FARTHEST)))
    allowed = np.where(peak <= end, weight, evidence.at_own(np.full(len(peak), end)))
    few = np.log(1e8 * len(weight))
    kept = np.flatnonzero((allowed >= allowed.max() - few) | (weight >= weight.max() - few))
    nodes = nodes_between(peak[kept], spread[kept])
    hidden = np.append(nodes[nodes < end], end)
    density, share = _added(evidence, kept, hidden, allowed.max())
    _, past = _added(evidence, kept, np.append(end + 1, nodes[nodes > end + 1]), weight.max())
    endless = share * np.exp(allowed.max() - weight.max()) + past
    density, share = density / share.sum(), share / share.sum()
    again = evidence.recaptures[kept]
    names = [histories.name(mask) for mask in pairs(len(histories.lists))]
    order = np.argsort(-share, kind="stable")
    enough = min(int(np.searchsorted(np.cumsum(share[order]), 0.999)) + 1, 1000)
    return Posterior(
        observed=histories.observed,
        hidden=hidden,
        density=density,
        graphs=tuple(
            GraphShare(
                tuple(name for name, joined in zip(names, graphs.edges[kept[at]], strict=True) if joined),
                float(share[at]),
                int(again[at]),
            )
            for at in order[:enough]
        ),
        unlearned=float(endless[again < FEW_RECAPTURES].sum() / endless.sum()),
        beyond=float(past.sum() / endless.sum()),
    )


def _added(evidence: Evidence, graphs: NDArray[np.intp], hidden: Floats, highest: float) -> tuple[Floats, Floats]:
    """Evidence of each number over all graphs, and of each graph over all numbers from the first to the last."""
    steps = np.diff(hidden, prepend=hidden[0] - 1, append=hidden[-1] + 1)
    stand_for = (steps[1:] + steps[:-1]) / 2
    of_number, of_graph = np.empty(len(hidden)), np.zeros(len(graphs))
    for part in np.array_split(np.arange(len(hidden)), len(hidden) * len(graphs) // BLOCK + 1):
        both = np.exp(evidence.at(hidden[part], graphs) - highest)
        of_number[part] = both.sum(axis=0)
        of_graph += both @ stand_for[part]
    return of_number, of_graph
