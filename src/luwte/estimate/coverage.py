"""What an interval is worth: tables drawn from a truth that is known, and how often a method's interval holds it."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from luwte.estimate.errors import BadCheck
from luwte.estimate.histories import MOST_LISTED, MOST_PEOPLE, Histories
from luwte.estimate.jobs import Estimator, Progress, each
from luwte.estimate.loglinear import fit
from luwte.estimate.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class Truth:
    """A population to draw tables from.

    Attributes
    ----------
    lists : tuple of str
    people : int
        In all.
    chances : ndarray, shape (2^t,)
        Probability of every history, the empty one first.

    """

    lists: tuple[str, ...]
    people: int
    chances: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.chances.shape != (2 ** len(self.lists),) or not 0 < self.people <= MOST_PEOPLE + MOST_LISTED:
            raise BadCheck("A truth has people, and a probability for every history.")
        if not (self.chances >= 0).all() or abs(self.chances.sum() - 1) > 1e-9:
            raise BadCheck("Probabilities are from 0 up and add up to 1.")

    def draw(self, seed: int, replicate: int) -> Histories:
        """A table of such people; *seed* and *replicate* together fix it."""
        counts = np.random.default_rng([seed, replicate]).multinomial(self.people, self.chances)
        return Histories(self.lists, counts[1:])


def fitted_truth(histories: Histories, model: Sequence[str] = ()) -> Truth:
    """Make a truth of a log-linear model of a table: as many people as it says, with its fitted histories.

    Parameters
    ----------
    histories : Histories
        The table.
    model : sequence of str
        Interactions by name, as in `Result.model`.

    Raises
    ------
    BadCheck
        An interaction that these lists do not have, or a model without an estimate.

    """
    masks = {histories.name(mask): mask for mask in range(1, len(histories.counts) + 1) if mask.bit_count() > 1}
    if not set(model) <= masks.keys():
        raise BadCheck("The model has an interaction of other lists.")
    one = fit(histories, [masks[name] for name in model])
    if not one.exists or not math.isfinite(one.hidden):
        raise BadCheck("This model has no estimate to simulate from.")
    means = np.concatenate([[one.hidden], one.means])
    return Truth(lists=histories.lists, people=round(means.sum()), chances=means / means.sum())


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How often a method's interval holds a truth that is known.

    Attributes
    ----------
    people : int
        The truth.
    replicates : int
        Tables drawn.
    answered : int
        Tables for which the method gave an interval; the others had "no estimate".
    held : int
        Of these, how many intervals contain the truth.
    share, error : float
        held / answered, and its Monte Carlo standard error, which counts one success and one failure more so that
        it is never 0. NaN when nothing was answered.
    ratio : float
        Median of estimate / truth: 1 without bias.
    width : float
        Median of upper / lower.

    """

    people: int
    replicates: int
    answered: int
    held: int
    share: float
    error: float
    ratio: float
    width: float

    def to_json(self) -> dict[str, object]:
        """Plain values for `json.dumps`; null for what is not known."""
        return {key: None if value != value else value for key, value in asdict(self).items()}


def coverage(
    truth: Truth,
    method: Estimator,
    *,
    replicates: int = 200,
    seed: int = 1,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Coverage:
    """Draw tables from a truth, run a method on each, and count the intervals that hold it.

    With `fitted_truth` it says what an interval for the table at hand is worth, were that model true.
    """
    results = each(partial(_drawn, truth, method, seed), range(replicates), jobs, progress)
    return summary(truth.people, results)


def summary(people: int, results: Sequence[Result]) -> Coverage:
    """Count what results about one truth are worth."""
    sure = [(one.estimate, one.lower, one.upper) for one in results if one.holds(people) is not None]
    answered, held = len(sure), sum(one.holds(people) is True for one in results)
    values = np.array(sure, dtype=float).reshape(-1, 3)
    nothing = float("nan")
    share = held / answered if answered else nothing
    steady = (held + 1) / (answered + 2)
    return Coverage(
        people=people,
        replicates=len(results),
        answered=answered,
        held=held,
        share=share,
        error=math.sqrt(steady * (1 - steady) / (answered + 2)) if answered else nothing,
        ratio=float(np.median(values[:, 0]) / people) if answered else nothing,
        width=float(np.median(values[:, 2] / values[:, 1])) if answered else nothing,
    )


def _drawn(truth: Truth, method: Estimator, seed: int, replicate: int) -> Result:
    return method(truth.draw(seed, replicate))
