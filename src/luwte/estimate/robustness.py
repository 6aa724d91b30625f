"""What becomes of an estimate when something else is done: fewer lists, other models, a population that is known.

Each question here runs a method again. A method is a function of a table that gives a `Result`, its settings bound
with `functools.partial`; with more than one job it must be picklable. Answers never depend on `jobs`.
"""

import math
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from scipy.special import ndtri

from luwte.estimate.errors import BadCheck
from luwte.estimate.histories import Histories
from luwte.estimate.jobs import Estimator, Progress, each
from luwte.estimate.loglinear import fit_many
from luwte.estimate.results import Result

MOST_MODELS = 2**15
"""All sets of pairs of six lists."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A result after something was done to the lists.

    Attributes
    ----------
    change : "dropped" or "merged"
    names : tuple of str
        The list that was left out, or those that became one.
    observed : int
        People that are left; leaving out a list loses those who were only there.
    result : Result

    """

    change: Literal["dropped", "merged"]
    names: tuple[str, ...]
    observed: int
    result: Result

    def to_json(self) -> dict[str, object]:
        """Plain values for `json.dumps`."""
        return asdict(self) | {"names": list(self.names), "result": self.result.to_json()}


def drop_one(
    histories: Histories, method: Estimator, *, jobs: int = 1, progress: Progress | None = None
) -> tuple[Check, ...]:
    """Estimate without each list in turn.

    A figure that one list makes is a figure about that list: how people came into it decides everything. The checks
    come in the order of the lists.
    """
    changed = [histories.without(name) for name in histories.lists] if len(histories.lists) > 1 else []
    results = each(method, changed, jobs, progress)
    return tuple(
        Check(change="dropped", names=(name,), observed=table.observed, result=result)
        for name, table, result in zip(histories.lists, changed, results, strict=False)
    )


def merge_pairs(
    histories: Histories, method: Estimator, *, jobs: int = 1, progress: Progress | None = None
) -> tuple[Check, ...]:
    """Estimate with each two lists as one.

    Two lists that work as one, because one sends its people to the other, should not be two in a model: if merging
    them moves the estimate, it hangs on how they depend on each other. Nobody is lost by merging.
    """
    pairs = list(combinations(histories.lists, 2)) if len(histories.lists) > 2 else []
    changed = [histories.merged(*pair) for pair in pairs]
    results = each(method, changed, jobs, progress)
    return tuple(
        Check(change="merged", names=pair, observed=table.observed, result=result)
        for pair, table, result in zip(pairs, changed, results, strict=True)
    )


@dataclass(frozen=True, kw_only=True)
class Specification:
    """One defensible model and what it says.

    Attributes
    ----------
    model : tuple of str
        Interactions by name, in the order of their masks.
    estimate, lower, upper : float
        People in all, with the Wald interval (normal on the intercept).
    criterion : float
        BIC.
    weight : float
        exp(-BIC / 2), all models of the curve summing to 1.

    """

    model: tuple[str, ...]
    estimate: float
    lower: float
    upper: float
    criterion: float
    weight: float


@dataclass(frozen=True, kw_only=True)
class SpecificationCurve:
    """Every defensible model of a table.

    Attributes
    ----------
    specifications : tuple of Specification
        From the smallest estimate to the largest.
    tried : int
        Models that were looked at.
    margin : float
        How far above the best a BIC may be.

    """

    specifications: tuple[Specification, ...]
    tried: int
    margin: float

    def to_json(self) -> dict[str, object]:
        """Plain values for `json.dumps`."""
        return asdict(self)


def specification_curve(histories: Histories, *, margin: float = 10.0, level: float = 0.95) -> SpecificationCurve:
    """Fit all models of pairs, and keep those that somebody could defend.

    Parameters
    ----------
    histories : Histories
        Up to six lists; their models are all fitted.
    margin : float
        Models whose BIC is within this of the best are kept.
    level : float
        What each Wald interval promises.

    Raises
    ------
    BadCheck
        More than six lists, a margin below 0, a level that is none.

    Notes
    -----
    Defensible: the extended maximum likelihood estimate exists, the model is identifiable, and its BIC is within the
    margin. A difference of 10 is odds of exp(5), 148 to 1, against the model; Kass and Raftery (1995) call it very
    strong. The intervals know nothing of the choice among models; the curve is there because of that.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Specification curve analysis, Nature Human Behaviour 4:1208-1214.
    Kass and Raftery (1995), Bayes factors, JASA 90:773-795.

    """
    pairs = [1 << one | 1 << other for one, other in combinations(range(len(histories.lists)), 2)]
    if 2 ** len(pairs) > MOST_MODELS:
        raise BadCheck("A specification curve takes up to six lists.")
    if not 0 < level < 1 or not margin >= 0:
        raise BadCheck("A level is between 0 and 1, a margin from 0 up.")
    chosen = (np.arange(2 ** len(pairs))[:, None] >> np.arange(len(pairs)) & 1).astype(bool)
    empty = SpecificationCurve(specifications=(), tried=len(chosen), margin=margin)
    if not histories.observed:
        return empty
    fits = fit_many(histories.counts, chosen, pairs)
    bic = fits.parameters * math.log(histories.observed) - 2 * fits.log_likelihood
    good = fits.exists & fits.identifiable & fits.converged & np.isfinite(fits.intercept + fits.variance)
    if not good.any():
        return empty
    kept = np.flatnonzero(good & (bic <= np.min(bic, where=good, initial=np.inf) + margin))
    weights = np.exp((bic[kept].min() - bic[kept]) / 2)
    weights /= weights.sum()
    reach = float(ndtri((1 + level) / 2)) * np.sqrt(fits.variance[kept])
    order = np.argsort(fits.hidden[kept], kind="stable")
    return SpecificationCurve(
        specifications=tuple(
            Specification(
                model=tuple(histories.name(pair) for pair, there in zip(pairs, chosen[kept[at]], strict=True) if there),
                estimate=float(histories.observed + fits.hidden[kept[at]]),
                lower=float(histories.observed + fits.hidden[kept[at]] * np.exp(-reach[at])),
                upper=float(histories.observed + fits.hidden[kept[at]] * np.exp(reach[at])),
                criterion=float(bic[kept[at]]),
                weight=float(weights[at]),
            )
            for at in order
        ),
        tried=len(chosen),
        margin=margin,
    )


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """A method's answer about a number that is known.

    Attributes
    ----------
    register : str
        The list whose people were the population.
    people : int
        How many they are: what an estimate should have said.
    hidden : int
        Those of them in no other list; the method was not shown them.
    result : Result
    held : bool or None
        Whether the interval contains the known number; None without an interval.

    """

    register: str
    people: int
    hidden: int
    result: Result
    held: bool | None

    def to_json(self) -> dict[str, object]:
        """Plain values for `json.dumps`."""
        return asdict(self) | {"result": self.result.to_json()}


def backtest(
    histories: Histories, method: Estimator, *, jobs: int = 1, progress: Progress | None = None
) -> tuple[Backtest, ...]:
    """Let each register play the truth.

    The people in one list are taken for a whole population, the other lists for the lists of it. Those in that list
    and in no other are then the hidden part, and known. A method that fails here has no claim on people whom nobody
    knows; one that succeeds may still fail there, because people in a register are unlike people in none.
    """
    if len(histories.lists) < 3:
        return ()
    inside = [_inside(histories, bit) for bit in range(len(histories.lists))]
    results = each(method, inside, jobs, progress)
    return tuple(
        Backtest(
            register=name,
            people=histories.within(1 << bit),
            hidden=int(histories.counts[(1 << bit) - 1]),
            result=result,
            held=result.holds(histories.within(1 << bit)),
        )
        for bit, (name, result) in enumerate(zip(histories.lists, results, strict=True))
    )


def _inside(histories: Histories, bit: int) -> Histories:
    """The people of one list, seen by the others."""
    below = (1 << bit) - 1
    people = (
        ((history & below) | (history >> bit + 1 << bit), count)
        for history, count in enumerate(histories.counts.tolist(), start=1)
        if history >> bit & 1 and history != 1 << bit
    )
    return Histories.of([name for at, name in enumerate(histories.lists) if at != bit], people)
