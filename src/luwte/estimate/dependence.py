"""Lists that depend on each other: how surely, which look like copies, and what to keep in mind of the others."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, pdtr, pdtrc, xlogy

from luwte.estimate.existence import design
from luwte.estimate.histories import Histories

Floats = NDArray[np.float64]

THRESHOLD = 0.02
"""A pair of lists is taken to be dependent below this p-value: that of Chan, Silverman and Vincent (2021)."""
ACCIDENT = 0.001
"""A list inside another one is no accident below this chance."""
TWO_LISTS = "With two lists nothing shows whether they are independent; the figure holds only if they are."


def pairs_of(lists: int) -> list[int]:
    """Masks of all pairs of so many lists."""
    return [1 << one | 1 << other for one, other in itertools.combinations(range(lists), 2)]


def evidence(counts: Floats, means: Floats, pairs: Sequence[int], threshold: float = THRESHOLD) -> Floats:
    """How surely the people in both lists of a pair are too many or too few for a model.

    Parameters
    ----------
    counts, means : ndarray, shape (B, 2^t - 1)
        Observed people and fitted means by history.
    pairs : sequence of int
        Masks.
    threshold : float
        A p-value.

    Returns
    -------
    ndarray, shape (B, pairs)
        Logs of p-values, and 0 where they are not below the threshold. With X Poisson of the fitted mean of the people
        in both lists and n those observed, p is the smaller of P(X <= n) and P(X >= n).

    """
    both = design(np.array(pairs, dtype=np.int64), counts.shape[1]).astype(float)
    seen, expected = counts @ both, means @ both
    chance = np.minimum(pdtr(seen, expected), np.where(seen > 0, pdtrc(np.maximum(seen - 1, 0), expected), 1.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        # So far out a tail is a geometric series, and its log is there where p itself underflows.
        first = xlogy(seen, expected) - expected - gammaln(seen + 1)
        tail = first - np.log1p(-np.where(seen < expected, seen / expected, expected / (seen + 1)))
        logs = np.where(chance > 1e-300, np.log(chance), tail)
    return np.where(chance < threshold, logs, 0.0)


def unexplained(histories: Histories, means: Floats, threshold: float = THRESHOLD) -> list[int]:
    """Pairs whose p-values under these fitted *means*, shape (2^t - 1,), are below the threshold."""
    pairs = pairs_of(len(histories.lists))
    logs = evidence(histories.counts[None].astype(float), means[None], pairs, threshold)[0]
    return [pair for pair, log in zip(pairs, logs, strict=True) if log < 0]


@dataclass(frozen=True)
class Inside:
    """A list whose people are all in another one: what to say of it, and whether that may be chance."""

    says: str
    by_chance: bool


def insides(histories: Histories, accident: float = ACCIDENT) -> list[Inside]:
    """Lists that lie inside another one.

    With such a pair in a model no maximum exists, so that no selection of models ever sees the dependence.

    Parameters
    ----------
    histories : Histories
        The table.
    accident : float
        Chance below which it is none.

    Notes
    -----
    With independent lists each of the *a* people of a list would be in the other with its share of the population,
    which is at most *b / n*, the other's share of the observed ones, as the population is no smaller. So all of them
    are with a probability of at most (b / n)^a. Two lists that hold the same people are never taken for chance: the
    second says nothing, however few they are.

    """
    found = []
    sizes = [histories.within(1 << bit) for bit in range(len(histories.lists))]
    for one, other in itertools.permutations(range(len(sizes)), 2):
        if not sizes[one] or histories.within(1 << one | 1 << other) < sizes[one]:
            continue
        inner, outer = histories.lists[one], histories.lists[other]
        if sizes[one] < sizes[other]:
            says = f"Everybody in the list {inner} is in {outer}, too, as if one were made from the other."
            found.append(Inside(says, (sizes[other] / histories.observed) ** sizes[one] >= accident))
        elif one < other:
            found.append(Inside(f"The lists {inner} and {outer} hold the same people; leave one out.", False))
    return found


def copies(histories: Histories) -> list[str]:
    """What to say of lists that lie inside another one, not by chance: no method has an estimate then."""
    return [one.says for one in insides(histories) if not one.by_chance]


def remarks(histories: Histories, model: Sequence[int] = ()) -> list[str]:
    """What to keep in mind of a figure: lists without anybody, two lists only, and what a model takes for impossible.

    Parameters
    ----------
    histories : Histories
        The table.
    model : sequence of int
        Its interactions (masks), if it is one.

    """
    single = [1 << bit for bit in range(len(histories.lists))]
    empty = [one for one in single if not histories.within(one)]
    apart = [mask for mask in model if not histories.within(mask) and not any(mask & one for one in empty)]
    least = [mask for mask in apart if not any(mask != other and mask & other == other for other in apart)]
    return [
        *(f"Nobody is in {histories.name(one)}, so it says nothing." for one in empty),
        *([TWO_LISTS] * (len(single) - len(empty) == 2)),
        *(f"Nobody is in all lists of {histories.name(mask)}; the model takes that for impossible." for mask in least),
    ]
