"""All methods about one table, side by side: what the command prints, the page shows and a yearly report can hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from luwte.estimate.errors import EstimateError
from luwte.estimate.gate import Finding, Ranking, gated, of_table
from luwte.estimate.histories import Histories
from luwte.estimate.methods import METHODS, Effort, Progress
from luwte.estimate.results import Method, Result, no_estimate
from luwte.estimate.robustness import (
    Backtest,
    Check,
    SpecificationCurve,
    backtest,
    drop_one,
    merge_pairs,
    specification_curve,
)
from luwte.estimate.stepwise import stepwise

STEPS = 1000
"""Steps of progress that one method has."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What all methods say about one table.

    Attributes
    ----------
    lists : tuple of str
    observed : int
        People in at least one list.
    results : tuple of Result
        One for each method, in the order asked.
    warnings : tuple of str
        What is odd about the lists themselves, in plain sentences.
    curve : SpecificationCurve or None
        Every defensible model; None where there are too many to fit.
    checks : tuple of Check
        Stepwise without each list, and with each two lists as one.
    backtests : tuple of Backtest
        Stepwise, asked for the known size of each list by the others.

    """

    lists: tuple[str, ...]
    observed: int
    results: tuple[Result, ...]
    warnings: tuple[str, ...] = ()
    curve: SpecificationCurve | None = None
    checks: tuple[Check, ...] = ()
    backtests: tuple[Backtest, ...] = ()

    @property
    def answers(self) -> tuple[Result, ...]:
        """The results that have an estimate."""
        return tuple(result for result in self.results if result.estimate is not None)

    @property
    def span(self) -> tuple[float, float] | None:
        """The lowest and the highest estimate; None without one."""
        estimates = [result.estimate for result in self.results if result.estimate is not None]
        return (min(estimates), max(estimates)) if estimates else None

    def reasons(self) -> dict[tuple[Method, ...], list[str]]:
        """What the methods say beside their figures, once: by those that say the same."""
        who: dict[str, list[Method]] = {}
        for result in self.results:
            for said in result.reasons:
                if said not in self.warnings:
                    who.setdefault(said, []).append(result.method)
        grouped: dict[tuple[Method, ...], list[str]] = {}
        for said, methods in who.items():
            grouped.setdefault(tuple(methods), []).append(said)
        return grouped

    def to_json(self) -> dict[str, object]:
        """Plain values for `json.dumps`."""
        return {
            "observed": self.observed,
            "lists": list(self.lists),
            "methods": [result.to_json() for result in self.results],
            "warnings": list(self.warnings),
            "curve": self.curve.to_json() if self.curve else None,
            "checks": [one.to_json() for one in self.checks],
            "backtests": [one.to_json() for one in self.backtests],
        }


def estimate_all(
    histories: Histories,
    methods: Sequence[Method] | None = None,
    *,
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run methods on one table.

    Parameters
    ----------
    histories : Histories
        The table.
    methods : sequence of Method, optional
        By default all, the multiplier only with what it needs.
    effort : Effort, optional
        How the methods are run.
    progress : callable, optional
        Called with how much is done, and of how much.

    Returns
    -------
    Report
        A method that cannot answer has a result without an estimate, with its reasons.

    """
    effort = effort or Effort()
    findings = of_table(histories)
    refused = any(finding.refuses for finding in findings)
    curve = None if refused else _curve(histories, effort.level)
    ranking = [(one.model, one.criterion, one.estimate) for one in curve.specifications] if curve else None
    chosen = tuple(dict.fromkeys(methods or [one for one in METHODS if one != "multiplier" or effort.chat]))
    results = []
    for number, method in enumerate(chosen):
        results.append(_run(histories, method, ranking, findings, effort, _part(progress, number, len(chosen))))
        if progress is not None:
            progress((number + 1) * STEPS, len(chosen) * STEPS)
    again = partial(stepwise, level=effort.level, bootstrap=0)
    return Report(
        lists=histories.lists,
        observed=histories.observed,
        results=tuple(results),
        warnings=(*(finding.says for finding in findings), *_contradictions(histories, results)),
        curve=curve,
        checks=() if refused else (*drop_one(histories, again), *merge_pairs(histories, again)),
        backtests=() if refused else backtest(histories, again),
    )


def _contradictions(histories: Histories, results: Sequence[Result]) -> list[str]:
    """The multiplier counts by another register than the lists; it may come out below what they hold."""
    return [
        f"The {METHODS[one.method].title.lower()} says fewer people than the lists hold. Its register and the lists "
        "are not about the same people."
        for one in results
        if one.estimate is not None and one.estimate < histories.observed
    ]


def _part(progress: Progress | None, number: int, of: int) -> Progress | None:
    if progress is None:
        return None
    return lambda done, whole: progress(number * STEPS + done * STEPS // max(1, whole), of * STEPS)


def _run(
    histories: Histories,
    method: Method,
    ranking: Ranking | None,
    findings: Sequence[Finding],
    effort: Effort,
    progress: Progress | None,
) -> Result:
    """What is refused for its table is not computed: a gate, not a comment."""
    if method != "multiplier" and any(finding.refuses for finding in findings):
        return no_estimate(method, *(finding.says for finding in findings), level=effort.level)
    try:
        return gated(histories, METHODS[method].run(histories, effort, progress), ranking)
    except EstimateError as error:
        return no_estimate(method, str(error), level=effort.level)


def _curve(histories: Histories, level: float) -> SpecificationCurve | None:
    try:
        return specification_curve(histories, level=level)
    except EstimateError:
        return None
