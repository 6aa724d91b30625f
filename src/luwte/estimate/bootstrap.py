"""How much a figure would move with other people in the lists: resampling, jackknife, BCa interval.

Nothing here knows a method; whatever a method does to come to its figure, selection of a model included, is repeated
for every resampled table.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from luwte.estimate.errors import EstimateError
from luwte.estimate.histories import Histories
from luwte.estimate.jobs import Progress, each
from luwte.estimate.results import ask_for_level

Many = Callable[[NDArray[np.int64]], NDArray[np.float64]]
"""A statistic of many tables at once: counts (B, cells) to values (B,), NaN where a table has none."""

BLOCK = 125
"""Replicates that are drawn and computed together, whoever computes them: 1,000 fall evenly to 1, 2, 4 or 8 jobs."""
MOST_MISSING = 0.05
"""The bootstrap's share without a value that ends the interval: a 95 % interval leaves out no more than that."""
ROUNDING = 1e-9
"""Replicates that differ from the estimate by less of its size are equal to it."""


class BadBootstrap(EstimateError):
    """Settings that no bootstrap can have."""

    code = "bad_bootstrap"


@dataclass(frozen=True, eq=False, kw_only=True)
class Bca:
    """A bias-corrected and accelerated interval, with what it was made of.

    Attributes
    ----------
    estimate : float
        The statistic of the table itself; NaN where it has none.
    lower, upper : float or None
        The limits; None when there is no interval, and `reasons` says why.
    bias : float
        Bias correction z0, in standard deviations of a normal: 0 when half of the replicates lie below the estimate,
        those equal to it counted by half.
    acceleration : float
        How fast the standard error changes with the value, from the jackknife.
    values : ndarray, shape (replicates,)
        The statistic of every replicate in the order of drawing; not finite where there is none.
    missing : int
        How many of them are not finite.
    reasons : tuple of str
        Plain sentences: why there is no interval, or what to keep in mind.

    """

    estimate: float
    lower: float | None
    upper: float | None
    bias: float
    acceleration: float
    values: NDArray[np.float64]
    missing: int
    reasons: tuple[str, ...] = ()


def resample(counts: NDArray[np.int64], replicates: int, seed: int, block: int = 0) -> NDArray[np.int64]:
    """Tables of as many people, each drawn from the observed ones with replacement; shape (replicates, cells).

    `seed` and `block` together fix what is drawn.
    """
    people = int(counts.sum())
    if people == 0:
        return np.zeros((replicates, len(counts)), dtype=np.int64)
    return np.random.default_rng([seed, block]).multinomial(people, counts / people, size=replicates)


def without_one(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The different tables that one person less can leave; shape (cells that hold somebody, cells)."""
    there = np.flatnonzero(counts)
    left = np.repeat(counts[None], len(there), axis=0)
    left[np.arange(len(there)), there] -= 1
    return left


def acceleration(values: NDArray[np.float64], weights: NDArray[np.int64]) -> float:
    """Skewness of the jackknife over 6, each of its different tables with the people who leave it.

    With deviations d from the weighted mean towards it: sum w d^3 / (6 (sum w d^2)^1.5); 0 if nothing moves.
    """
    mean = float(np.average(values, weights=weights))
    deviations = mean - values
    spread = float(weights @ deviations**2)
    # Below rounding there is no skewness, only noise.
    if spread <= weights.sum() * (1e-12 * abs(mean)) ** 2:
        return 0.0
    cubed = float(weights @ deviations**3)
    return cubed / (6 * math.sqrt(spread) ** 3)


def bca(
    histories: Histories,
    many: Many,
    *,
    replicates: int = 1000,
    level: float = 0.95,
    seed: int = 1,
    jobs: int = 1,
    progress: Progress | None = None,
    most_missing: float = MOST_MISSING,
) -> Bca:
    """Bias-corrected and accelerated bootstrap interval of a statistic.

    Parameters
    ----------
    histories : Histories
        The observed table.
    many : callable
        The statistic of many tables at once. With more than one job it must be picklable (a function of a module,
        or a `functools.partial` of one), because other processes call it.
    replicates : int
        Resampled tables.
    level : float
        What the interval is to cover, between 0 and 1.
    seed : int
        The same seed gives the same interval, whatever `jobs` is.
    jobs : int
        Processes; 1 uses none but this one. More start anew (`spawn`): a script that asks for them needs the usual
        `if __name__ == "__main__":`.
    progress : callable, optional
        Told after every block of replicates how many are done and how many there are.
    most_missing : float
        Larger shares of replicates without a value than this leave no interval.

    Returns
    -------
    Bca

    Raises
    ------
    BadBootstrap
        Fewer than two replicates, a negative seed, no job.
    BadLevel

    Notes
    -----
    Assumes that people are independent of each other: a table is resampled as a multinomial of the observed
    histories, the number of people observed kept. Replicates without a value are left out of the quantiles, and
    counted. A jackknife table without a value leaves no interval: the estimate then hangs on one person.

    Quantiles are those of type 8, approximately median-unbiased whatever the distribution.

    References
    ----------
    Efron (1987), Better bootstrap confidence intervals, JASA 82:171-185.
    Hyndman and Fan (1996), Sample quantiles in statistical packages, The American Statistician 50:361-365.
    Chan, Silverman and Vincent (2021), Multiple systems estimation for sparse capture data, JASA 116:1297-1306.
    Silverman, Chan and Vincent (2024), Bootstrapping multiple systems estimates to account for model selection,
    Statistics and Computing 34:44.

    """
    ask_for_level(level)
    if replicates < 2 or seed < 0 or jobs < 1:
        raise BadBootstrap("A bootstrap needs two replicates, a seed from 0 up, and a job.")
    counts = histories.counts
    weights = counts[counts > 0]
    fixed = many(np.vstack([counts[None], without_one(counts)]))
    estimate, jackknife = float(fixed[0]), fixed[1:]
    values = _replicates(counts, many, replicates, seed, jobs, progress)
    finite = values[np.isfinite(values)]
    missing = replicates - len(finite)
    speed = acceleration(jackknife, weights) if len(weights) and np.isfinite(jackknife).all() else float("nan")
    equal = np.abs(finite - estimate) <= ROUNDING * abs(estimate)
    below = (np.count_nonzero(finite[~equal] < estimate) + np.count_nonzero(equal) / 2) / max(len(finite), 1)
    bias = float(ndtri(below))
    reasons = []
    if not np.isfinite(estimate):
        reasons.append("There is no estimate of the table itself.")
    elif missing > most_missing * replicates:
        reasons.append(f"{missing} of {replicates} resampled tables have no estimate, too many for an interval.")
    elif not np.isfinite(speed):
        reasons.append("With one person less there would be no estimate, so there is no interval.")
    elif not np.isfinite(bias):
        reasons.append("All resampled tables give estimates on one side of this one, so there is no interval.")
    limits = None if reasons else _limits(finite, bias, speed, level)
    if not reasons and limits is None:
        reasons.append("The estimate changes too fast with the people in the lists for an interval.")
    elif not reasons and missing:
        reasons.append(f"{missing} of {replicates} resampled tables have no estimate; the interval leaves them out.")
    if limits and min(np.count_nonzero(finite <= limits[0]), np.count_nonzero(finite >= limits[1])) < 2:
        reasons.append(
            f"An end of the interval rests on the outermost of {len(finite):,} resampled tables; more could move it."
        )
    lower, upper = limits or (None, None)
    return Bca(
        estimate=estimate,
        lower=lower,
        upper=upper,
        bias=bias,
        acceleration=speed,
        values=values,
        missing=missing,
        reasons=tuple(reasons),
    )


def _limits(values: NDArray[np.float64], bias: float, speed: float, level: float) -> tuple[float, float] | None:
    ends = bias + ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    slowed = 1 - speed * ends
    # At 0 and beyond the correction turns round and would swap the tails.
    if (slowed <= 0).any():
        return None
    lower, upper = np.quantile(values, ndtr(bias + ends / slowed), method="median_unbiased")
    return float(lower), float(upper)


def _replicates(
    counts: NDArray[np.int64], many: Many, replicates: int, seed: int, jobs: int, progress: Progress | None
) -> NDArray[np.float64]:
    blocks = range(-(-replicates // BLOCK))

    def told(done: int, _: int) -> None:
        if progress:
            progress(min(done * BLOCK, replicates), replicates)

    return np.concatenate(each(partial(_block, counts, many, replicates, seed), blocks, jobs, told))


def _block(counts: NDArray[np.int64], many: Many, replicates: int, seed: int, block: int) -> NDArray[np.float64]:
    return many(resample(counts, min(BLOCK, replicates - block * BLOCK), seed, block))
