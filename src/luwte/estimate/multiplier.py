"""The multiplier: a registered count, divided by the share of chat victims who say that they are registered.

It needs no lists that can be linked, only one question asked in an anonymous chat; and it leans on one assumption
that nobody can test there, so `dependence_surface` says what follows when it does not hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, digamma, expit, polygamma

from luwte.estimate.errors import BadAnswers
from luwte.estimate.histories import MOST_LISTED, MOST_PEOPLE
from luwte.estimate.intervals import with_limits
from luwte.estimate.results import Result, ask_for_level, no_estimate

PRIORS = {"jeffreys": 0.5, "uniform": 1.0}
RATIOS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
MISSED = (0.0, 0.05, 0.1, 0.2, 0.3)
FALSE = (0.0, 0.01, 0.02, 0.05)
POINTS = 401
"""Of the trapezoid rule. Five times as many change the interval of 1,000 registered people by nobody."""


def multiplier(
    registered: int,
    said: int,
    asked: int,
    *,
    level: float = 0.95,
    prior: Literal["jeffreys", "uniform"] = "jeffreys",
    least_said: int = 5,
    least_asked: int = 30,
) -> Result:
    """Estimate how many there are from a registered count and one question in a chat: N = M / p.

    Parameters
    ----------
    registered : int
        M: people in the register, of the same kind, place and time as those who chat.
    said : int
        How many of those asked said that they are registered.
    asked : int
        How many were asked and answered.
    level : float
        What the interval promises.
    prior : {"jeffreys", "uniform"}
        Beta(1/2, 1/2) or Beta(1, 1) for the share.
    least_said, least_asked : int
        With fewer there is no estimate: see Notes.

    Returns
    -------
    Result
        `interval` is "beta_binomial": equal tails of the distribution in Notes, whole people.

    Raises
    ------
    BadAnswers
        Counts that cannot be, such as more who said yes than were asked.
    BadLevel

    Notes
    -----
    Assumed: the chat reaches registered and unregistered victims equally often; both know, and say, which they are;
    the register counts nobody twice; the people asked are different people, and the two describe one population.

    Each of N people is registered with the same chance p, so that M is Binomial(N, p); *said* is Binomial(asked, p).
    With a prior of 1/N for N, M by itself tells nothing about p: the sum over N of P(M | N, p) / N is 1 / M whatever
    p is. So p keeps Beta(a, b) with a = said + c, b = asked - said + c, where c is 1/2 or 1; given p, N is the number
    of trials until the M-th success; and N - M is beta negative binomial. Its distribution function is one integral,

        P(N <= n) = P(U < p),   U ~ Beta(M, n - M + 1),   p ~ Beta(a, b) independent,

    because at least M of n trials succeed just when the M-th smallest of n uniform numbers is below p. It is taken by
    the trapezoid rule on the log-odds of the narrower of the two, where the integrand is analytic and dies out on
    both sides, so that the error falls faster than any power of the step. Nothing is simulated.

    With four who said yes the ends of the interval are more than a factor of six apart, and one answer more or less
    moves the estimate by a quarter; with fewer than thirty asked one wrong answer moves the share by over three points.

    References
    ----------
    UNAIDS/WHO Working Group on Global HIV/AIDS and STI Surveillance (2010), Guidelines on estimating the size of
    populations most at risk to HIV: the multiplier method.

    """
    for number in (registered, said, asked, least_said, least_asked):
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or not 0 <= number < MOST_LISTED:
            raise BadAnswers(f"Registered, said and asked must be whole numbers from 0 up, below {MOST_LISTED:,}.")
    if said > asked:
        raise BadAnswers("More people said yes than were asked.")
    ask_for_level(level)
    if prior not in PRIORS:
        raise BadAnswers("The prior must be jeffreys or uniform.")
    if registered == 0:
        return no_estimate("multiplier", "Nobody is registered, so there is nothing to multiply.", level=level)
    if said == 0:
        return no_estimate(
            "multiplier", "Nobody who was asked said that they are registered: any number is possible.", level=level
        )
    if asked < least_asked:
        return no_estimate(
            "multiplier", f"Only {asked} people were asked; at least {least_asked} are needed.", level=level
        )
    if said < least_said:
        return no_estimate(
            "multiplier",
            f"Only {said} said that they are registered; at least {least_said} are needed.",
            level=level,
        )
    if registered * asked / said > MOST_PEOPLE:
        return no_estimate("multiplier", "The figure would be larger than there can be people.", level=level)
    tail = (1 - level) / 2
    share = said + PRIORS[prior], asked - said + PRIORS[prior]
    half, double = (float(_people(registered, said / asked, ratio)) for ratio in (0.5, 2.0))
    reasons = [
        "It holds when registered and unregistered victims come to the chat equally often. Were registered ones half "
        f"as likely to come, it would be {half:,.0f}; twice as likely, {double:,.0f}."
    ]
    if said == asked:
        reasons.append("Everybody who was asked said yes, so this finds nobody who is not registered.")
    result = Result(
        method="multiplier",
        estimate=registered * asked / said,
        lower=None,
        upper=None,
        level=level,
        reasons=tuple(reasons),
    )
    lower, upper = (float(_quantile(registered, *share, at)) for at in (tail, 1 - tail))
    return with_limits(result, lower, upper, "beta_binomial")


@dataclass(frozen=True, kw_only=True, eq=False)
class DependenceSurface:
    """What the multiplier says when its assumptions do not hold.

    Attributes
    ----------
    ratios : tuple of float, length R
        How much more likely a registered victim is to come to the chat than an unregistered one; 1: equally.
    missed : tuple of float, length K
        Share of registered victims who say that they are not, or do not know it (1 - sensitivity).
    false : tuple of float, length F
        Share of unregistered victims who say that they are (1 - specificity).
    estimates : ndarray of float, shape (R, K, F)
        People in all. NaN where such answers cannot have been given: fewer said yes than wrong answers alone would
        make, or more than there can be.

    """

    ratios: tuple[float, ...]
    missed: tuple[float, ...]
    false: tuple[float, ...]
    estimates: NDArray[np.float64]

    def to_json(self) -> dict[str, object]:
        """Plain values for `json.dumps`; null where there is no estimate."""
        rows = [[[None if one != one else one for one in row] for row in page] for page in self.estimates.tolist()]
        return {
            "ratios": list(self.ratios),
            "missed": list(self.missed),
            "false": list(self.false),
            "estimates": rows,
        }


def dependence_surface(
    registered: int,
    said: int,
    asked: int,
    *,
    ratios: Sequence[float] = RATIOS,
    missed: Sequence[float] = MISSED,
    false: Sequence[float] = FALSE,
) -> DependenceSurface:
    """Say what the multiplier becomes under dependence and wrong answers.

    Parameters
    ----------
    registered, said, asked : int
        As for `multiplier`.
    ratios, missed, false : sequence of float
        The grid, see `DependenceSurface`. Ratios are above 0, shares from 0 to below 1.

    Raises
    ------
    BadAnswers
        Counts or a grid that cannot be.

    Notes
    -----
    Wrong answers first: of chat victims q = said / asked say yes, so that p' = (q - false) / (1 - missed - false) are
    registered (Rogan & Gladen 1978). Then dependence: with r times the chance to come, p' = r p / (r p + 1 - p), and
    N = M / p = M (1 + r (1 - p') / p'). The ratio is of chances; where few victims chat, odds give the same.

    References
    ----------
    Rogan and Gladen (1978), Estimating prevalence from the results of a screening test, American Journal of
    Epidemiology 107:71-76.

    """
    if asked < 1 or not 0 <= said <= asked or not 0 <= registered < MOST_LISTED:
        raise BadAnswers("Somebody must have been asked, and no more can say yes than that.")
    grid = np.array(ratios, float), np.array(missed, float), np.array(false, float)
    if not all(np.isfinite(axis).all() and axis.ndim == 1 and len(axis) for axis in grid):
        raise BadAnswers("The grid must be made of numbers.")
    if (grid[0] <= 0).any() or any((axis < 0).any() or (axis >= 1).any() for axis in grid[1:]):
        raise BadAnswers("Ratios must be above 0, shares of wrong answers from 0 to below 1.")
    ratio, unsaid, wrong = np.meshgrid(*grid, indexing="ij")
    told = 1 - unsaid - wrong
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (said / asked - wrong) / told
        # Rounding may carry a share of exactly 1 a hair over it.
        possible = (told > 0) & (share > 0) & (share <= 1 + 1e-12)
        estimates = np.where(possible, _people(registered, np.minimum(share, 1), ratio), np.nan)
    estimates.flags.writeable = False
    return DependenceSurface(
        ratios=tuple(grid[0].tolist()),
        missed=tuple(grid[1].tolist()),
        false=tuple(grid[2].tolist()),
        estimates=estimates,
    )


def _people(
    registered: int, share: float | NDArray[np.float64], ratio: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(registered * (1 + ratio * (1 - share) / share), float)


def _quantile(registered: int, a: float, b: float, q: float) -> int:
    """The smallest n with P(N <= n) >= q."""
    below, above = registered - 1, registered
    while _at_most(above, registered, a, b) < q:
        below, above = above, above * 2
    while above - below > 1:
        middle = (below + above) // 2
        if _at_most(middle, registered, a, b) < q:
            below = middle
        else:
            above = middle
    return above


def _at_most(people: int, registered: int, a: float, b: float) -> float:
    """P(N <= people): see Notes of `multiplier`."""
    order = float(registered), float(people - registered + 1)
    if _spread(*order) < _spread(a, b):
        odds, weights = _log_odds(*order)
        return float(weights @ betaincc(a, b, expit(odds)))
    odds, weights = _log_odds(a, b)
    return float(weights @ betainc(*order, expit(odds)))


def _spread(a: float, b: float) -> float:
    """Standard deviation of the log-odds of a Beta(a, b)."""
    return float(np.sqrt(polygamma(1, a) + polygamma(1, b)))


def _log_odds(a: float, b: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and weights for the log-odds of a Beta(a, b), reaching to tails of e^-40."""
    mean, spread = float(digamma(a) - digamma(b)), _spread(a, b)
    odds = np.linspace(mean - 10 * spread - 40 / a, mean + 10 * spread + 40 / b, POINTS)
    height = -a * np.logaddexp(0, -odds) - b * np.logaddexp(0, odds)
    weights = np.exp(height - height.max())
    return odds, weights / weights.sum()
