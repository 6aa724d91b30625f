"""The interval of a log-linear figure: resampled, or normal on the log of the people in no list."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from luwte.estimate.bootstrap import Many, bca
from luwte.estimate.histories import MOST_PEOPLE, Histories
from luwte.estimate.jobs import Progress
from luwte.estimate.results import IntervalKind, Result, ask_for_level

HIGHEST = 700.0
"""Logarithm of more than any float64; such limits are taken away by `with_limits`."""


@dataclass(frozen=True)
class Mixture:
    """Models by the log of the people in no list: its estimates, their variances, and weights that sum to 1."""

    intercepts: Sequence[float]
    variances: Sequence[float]
    weights: Sequence[float] = (1.0,)


def wald(observed: int, mixture: Mixture, level: float) -> tuple[float, float]:
    """Quantiles of the normal distributions of models' intercepts, mixed by weights, as people in all.

    Parameters
    ----------
    observed : int
        People in at least one list.
    mixture : Mixture
        One model, or several.
    level : float
        Probability between the limits.

    Raises
    ------
    BadLevel

    """
    ask_for_level(level)
    centres, spreads = np.array(mixture.intercepts), np.sqrt(mixture.variances)
    shares = np.array(mixture.weights)
    ends = []
    for below in ((1 - level) / 2, (1 + level) / 2):
        each = centres + spreads * ndtri(below)
        # Below every model's own quantile too little of the mixture lies, above all of them too much.
        low, high = float(each.min()), float(each.max())
        if low < high:
            low = brentq(
                lambda at, below=below: float(shares @ ndtr((at - centres) / spreads)) - below, low - 1e-9, high + 1e-9
            )
        ends.append(observed + math.exp(min(low, HIGHEST)))
    return ends[0], ends[1]


def with_interval(
    result: Result,
    histories: Histories,
    mixture: Mixture,
    many: Many,
    *,
    bootstrap: int,
    seed: int,
    jobs: int,
    progress: Progress | None,
) -> Result:
    """A result with its BCa interval, from *many* tables resampled *bootstrap* times; 0: with that of the mixture."""
    if not bootstrap:
        return with_limits(result, *wald(histories.observed, mixture, result.level), "wald")
    made = bca(histories, many, replicates=bootstrap, level=result.level, seed=seed, jobs=jobs, progress=progress)
    return with_limits(replace(result, reasons=result.reasons + made.reasons), made.lower, made.upper, "bca")


def with_limits(result: Result, lower: float | None, upper: float | None, interval: IntervalKind) -> Result:
    """A result with its interval, unless that has none, or reaches beyond all people."""
    if lower is None or upper is None:
        return result
    if upper > MOST_PEOPLE:
        beyond = "The interval would reach beyond any number of people there can be."
        return replace(result, reasons=(*result.reasons, beyond))
    return replace(result, lower=lower, upper=upper, interval=interval)
