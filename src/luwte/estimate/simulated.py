"""What the intervals of every method are worth for the table at hand, were the model of one of them true."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from luwte.estimate.coverage import Coverage, coverage, fitted_truth
from luwte.estimate.errors import EstimateError
from luwte.estimate.gate import gated
from luwte.estimate.histories import Histories
from luwte.estimate.jobs import Progress
from luwte.estimate.methods import METHODS, Effort
from luwte.estimate.results import Method, Result, no_estimate


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """How often a method's interval holds the truth in tables that are drawn from a model of this one.

    Attributes
    ----------
    truth : Method
        Whose model the tables are drawn from.
    model : tuple of str
        That model.
    method : Method
        What was run on every table, behind the gate.
    coverage : Coverage

    """

    truth: Method
    model: tuple[str, ...]
    method: Method
    coverage: Coverage

    def to_json(self) -> dict[str, object]:
        """Plain values for `json.dumps`."""
        told: dict[str, object] = {"truth": self.truth, "model": list(self.model), "method": self.method}
        return told | self.coverage.to_json()


def quick(method: Method) -> bool:
    """Chains are too slow to be run hundreds of times, and the multiplier is not about lists."""
    return method not in ("latent_class", "multiplier")


def simulated(
    histories: Histories, results: Sequence[Result], methods: Sequence[Method], effort: Effort, progress: Progress
) -> Iterator[Simulated]:
    """Draw tables from every different model that a method chose, and run every method on the same tables.

    Parameters
    ----------
    histories : Histories
        The table at hand.
    results : sequence of Result
        What the methods said of it; main effects, stepwise and the best BIC have a model to draw from.
    methods : sequence of Method
        Those to run, all of them `quick`.
    effort : Effort
        `coverage` tables are drawn; every interval is made as in the results.
    progress : callable
        Told how much is done, and of how much.

    """
    truths: dict[frozenset[str], tuple[Method, tuple[str, ...]]] = {}
    for one in results:
        if one.method in ("main_effects", "stepwise", "bic") and one.estimate is not None:
            truths.setdefault(frozenset(one.model), (one.method, one.model))
    pairs = [(*truth, method) for truth in truths.values() for method in methods]
    for at, (truth, model, method) in enumerate(pairs):
        told = partial(_between, progress, at, len(pairs))
        found = coverage(
            fitted_truth(histories, model),
            partial(_again, method, replace(effort, jobs=1)),
            replicates=effort.coverage,
            seed=effort.seed,
            jobs=effort.jobs,
            progress=told,
        )
        yield Simulated(truth=truth, model=model, method=method, coverage=found)
    progress(1, 1)


def _between(progress: Progress, at: int, of: int, done: int, whole: int) -> None:
    progress(at * whole + done, of * whole)


def _again(method: Method, effort: Effort, histories: Histories) -> Result:
    """A method on a drawn table; a function of the module, for other processes."""
    try:
        return gated(histories, METHODS[method].run(histories, effort, None))
    except EstimateError as error:
        return no_estimate(method, str(error), level=effort.level)
