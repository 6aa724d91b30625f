"""Pairs of lists that depend on each other: how surely, and lists that look like copies."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtr, pdtrc

from luwte.estimate.existence import design
from luwte.estimate.histories import Histories
from luwte.estimate.loglinear import fit

Floats = NDArray[np.float64]

THRESHOLD = 0.02
"""A pair of lists is taken to be dependent below this p-value: that of Chan, Silverman and Vincent (2021)."""


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
        # Where p underflows its Chernoff bound still tells which pair is the worst, whatever the order of the lists.
        bound = np.where(seen > 0, seen * np.log(expected / seen), 0.0) + seen - expected
        logs = np.where(chance > 1e-300, np.log(chance), bound)
    return np.where(chance < threshold, logs, 0.0)


def unexplained(histories: Histories, means: Floats, threshold: float = THRESHOLD) -> list[int]:
    """Pairs whose p-values under these fitted *means*, shape (2^t - 1,), are below the threshold."""
    pairs = pairs_of(len(histories.lists))
    logs = evidence(histories.counts[None].astype(float), means[None], pairs, threshold)[0]
    return [pair for pair, log in zip(pairs, logs, strict=True) if log < 0]


def copies(histories: Histories) -> list[str]:
    """What to say of lists that lie inside another one, beyond what independence could bring about by chance.

    With such a pair in a model no maximum exists, so that no selection of models ever sees the dependence.
    """
    says = []
    for pair in unexplained(histories, fit(histories, []).means):
        names = [histories.name(pair & 1 << bit) for bit in range(len(histories.lists)) if pair >> bit & 1]
        sizes = [histories.within(histories.mask(name)) for name in names]
        if (both := histories.within(pair)) == max(sizes):
            says.append(f"{names[0]} and {names[1]} hold the same people: they look like copies of one list.")
        elif both == min(sizes) > 0:
            inner, outer = names if sizes[0] < sizes[1] else reversed(names)
            says.append(f"Everybody in {inner} is also in {outer}, and not by chance: it looks like a copy out of it.")
    return says
