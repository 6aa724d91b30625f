"""What becomes of an estimate when something else is done: fewer lists, other models, a population that is known.

Each question here runs a method again. A method is a function of a table that gives a `Result`, its settings bound
with `functools.partial`; with more than one job it must be picklable. Answers never depend on `jobs`.
"""

from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Literal

from luwte.estimate.errors import BadCheck
from luwte.estimate.histories import Histories
from luwte.estimate.intervals import Mixture, wald
from luwte.estimate.jobs import Estimator, Progress, each
from luwte.estimate.results import Result, ask_for_level
from luwte.estimate.search import ranking


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
    order : int
        Lists in the largest interactions that were tried.
    margin : float
        How far above the best a BIC may be.

    """

    specifications: tuple[Specification, ...]
    order: int
    margin: float

    def to_json(self) -> dict[str, object]:
        """Plain values for `json.dumps`."""
        return asdict(self)


def specification_curve(
    histories: Histories, *, order: int = 2, margin: float = 10.0, level: float = 0.95
) -> SpecificationCurve:
    """Keep every model that somebody could defend, with its own figure.

    Parameters
    ----------
    histories : Histories
        The observed table.
    order : int
        Lists in the largest interactions.
    margin : float
        Models whose BIC is within this of the best are kept.
    level : float
        What each Wald interval promises.

    Raises
    ------
    BadCheck
        A margin below 0, an order below 1.
    BadLevel
    TooManyModels
        As `search.ranking`: so many models fit about equally well that they cannot all be listed.

    Notes
    -----
    Defensible: the extended maximum likelihood estimate exists, the model is identifiable, and its BIC is within the
    margin. A difference of 10 is odds of exp(5), 148 to 1, against the model; Kass and Raftery (1995) call more than
    that very strong. The intervals know nothing of the choice among models; the curve is there because of that.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Specification curve analysis, Nature Human Behaviour 4:1208-1214.
    Kass and Raftery (1995), Bayes factors, JASA 90:773-795.

    """
    ask_for_level(level)
    if not margin >= 0 or order < 1:
        raise BadCheck("A margin is from 0 up, an order from 1 up.")
    models = ranking(histories, order, within=margin) if histories.observed else ()
    limits = {one.masks: wald(histories.observed, Mixture([one.intercept], [one.variance]), level) for one in models}
    return SpecificationCurve(
        specifications=tuple(
            Specification(
                model=one.model,
                estimate=one.estimate,
                lower=limits[one.masks][0],
                upper=limits[one.masks][1],
                criterion=one.criterion,
                weight=one.weight,
            )
            for one in sorted(models, key=lambda one: (one.estimate, one.criterion, one.model))
        ),
        order=order,
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
