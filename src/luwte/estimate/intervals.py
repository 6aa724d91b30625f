"""Limits without resampling: normal on the log of the people in no list, of one model or of several mixed."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from luwte.estimate.histories import MOST_PEOPLE
from luwte.estimate.results import IntervalKind, Result, ask_for_level

HIGHEST = 700.0
"""Logarithm of more than any float64; such limits are taken away by `with_limits`."""


def wald(
    observed: int,
    intercepts: Sequence[float],
    variances: Sequence[float],
    level: float,
    weights: Sequence[float] = (1.0,),
) -> tuple[float, float]:
    """Quantiles of the normal distributions of models' intercepts, mixed by weights, as people in all.

    Parameters
    ----------
    observed : int
        People in at least one list.
    intercepts, variances : sequence of float
        Log of the people in no list, and its variance, of each model.
    level : float
        Probability between the limits.
    weights : sequence of float
        Of the models; they sum to 1.

    Raises
    ------
    BadLevel

    """
    ask_for_level(level)
    centres, spreads, shares = np.array(intercepts), np.sqrt(variances), np.array(weights)
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


def with_limits(result: Result, lower: float | None, upper: float | None, interval: IntervalKind) -> Result:
    """A result with its interval, unless that has none, or reaches beyond all people."""
    if lower is None or upper is None:
        return result
    if upper > MOST_PEOPLE:
        beyond = "The interval would reach beyond any number of people there can be."
        return replace(result, reasons=(*result.reasons, beyond))
    return replace(result, lower=lower, upper=upper, interval=interval)
