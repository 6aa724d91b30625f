"""All methods about one table, side by side: what the command prints, the page shows and a yearly report can hold."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice

from luwte.estimate.errors import EstimateError
from luwte.estimate.gate import Finding, gated, guarded, of_table
from luwte.estimate.histories import Histories
from luwte.estimate.jobs import Progress
from luwte.estimate.methods import METHODS, Effort
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
from luwte.estimate.simulated import Simulated, quick, simulated
from luwte.estimate.stepwise import stepwise
from luwte.estimate.strata import Stratified, StratifiedResult, by_stratum

STEPS = 1000
"""Steps of progress that one method has."""
Told = Callable[[int, int, str], None]
"""Told how much is done, of how much, and what is being done."""
APART = 1.5
"""Highest over lowest answer from which it is said that they disagree: as among models, `gate.Limits.said`."""


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
        What is odd about the lists or about all results together, in plain sentences.
    curve : SpecificationCurve or None
        Every defensible model; None where there are too many to fit.
    checks : tuple of Check
        Stepwise without each list, and with each two lists as one.
    backtests : tuple of Backtest
        Stepwise, asked for the known size of each list by the others.
    strata : tuple of StratifiedResult
        Every method but the multiplier, stratum by stratum; empty without strata.
    people : mapping of tuple of str to int
        How many are on the lists, by stratum.
    coverage : tuple of Simulated
        Every method that was run in drawn tables, truth by truth; empty when no tables were asked for.
    notes : tuple of str
        How the data was read, in plain sentences, by whoever read it.

    """

    lists: tuple[str, ...]
    observed: int
    results: tuple[Result, ...]
    warnings: tuple[str, ...] = ()
    curve: SpecificationCurve | None = None
    checks: tuple[Check, ...] = ()
    backtests: tuple[Backtest, ...] = ()
    strata: tuple[StratifiedResult, ...] = ()
    people: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    coverage: tuple[Simulated, ...] = ()
    notes: tuple[str, ...] = ()

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

    def who(self, methods: Sequence[Method], name: Callable[[Method], str]) -> str:
        """Who says something: some methods by name, or all that use the lists."""
        every = tuple(result.method for result in self.results if result.method != "multiplier")
        if len(methods) > 1 and tuple(methods) == every:
            return "All methods that use the lists"
        return ", ".join(map(name, methods))

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
            "strata": [one.to_json() for one in self.strata],
            "people": [{"stratum": list(key), "observed": people} for key, people in self.people.items()],
            "coverage": [one.to_json() for one in self.coverage],
            "notes": list(self.notes),
        }


def estimate_all(
    people: Histories | Stratified,
    methods: Sequence[Method] | None = None,
    *,
    effort: Effort | None = None,
    notes: Sequence[str] = (),
    progress: Told | None = None,
) -> Report:
    """Run methods on one table, and stratum by stratum where it has strata.

    Parameters
    ----------
    people : Histories or Stratified
        The table, or one for every stratum: then their whole is estimated, and each of them with a total.
    methods : sequence of Method, optional
        By default all, the multiplier only with what it needs.
    effort : Effort, optional
        How the methods are run.
    notes : sequence of str, optional
        What the report has to say about how the data was read.
    progress : callable, optional
        Called with how much is done, of how much, and what is being done.

    Returns
    -------
    Report
        A method that cannot answer has a result without an estimate, with its reasons.

    """
    effort = effort or Effort()
    histories = people.whole() if isinstance(people, Stratified) else people
    look = cache(partial(_Table.of, effort=effort))
    chosen = tuple(dict.fromkeys(methods or [one for one in METHODS if one != "multiplier" or effort.chat]))
    data = people if isinstance(people, Stratified) and people.covariates else None
    in_strata = [one for one in chosen if one != "multiplier"] if data else []
    groups = sorted(data.tables) if data else []
    again = [one for one in chosen if quick(one)] if effort.coverage else []
    names = [METHODS[method].title for method in chosen]
    names += [f"{METHODS[one].title}, {'/'.join(key)}" for one in in_strata for key in (*groups, ("together",))]
    names += ["checks", *["drawn tables"] * bool(again)]
    parts = iter([_part(progress, at, len(names), name) for at, name in enumerate(names)])
    table = look(histories)
    results = tuple(table.run(method, next(parts)) for method in chosen)
    strata = tuple(_stratified(data, look, method, effort, parts) for method in in_strata if data)
    checked = _checked(table, next(parts))
    return Report(
        lists=histories.lists,
        observed=histories.observed,
        results=results,
        warnings=(*(finding.says for finding in table.findings), *_together(histories, results)),
        curve=table.curve,
        checks=checked[0],
        backtests=checked[1],
        strata=strata,
        people={key: data.tables[key].observed for key in groups} if data else {},
        coverage=tuple(simulated(histories, results, again, effort, next(parts))) if again else (),
        notes=tuple(notes),
    )


def _checked(table: "_Table", progress: Progress) -> tuple[tuple[Check, ...], tuple[Backtest, ...]]:
    """Behind the gate, as their tables are thinner than the one at hand."""
    checks: tuple[Check, ...] = ()
    backtests: tuple[Backtest, ...] = ()
    progress(0, 1)
    if not table.refused:
        method = guarded(partial(stepwise, level=table.effort.level, bootstrap=0))
        checks = (*drop_one(table.histories, method), *merge_pairs(table.histories, method))
        backtests = backtest(table.histories, method)
    progress(1, 1)
    return checks, backtests


@dataclass(frozen=True)
class _Table:
    """A table, and what every method is judged by."""

    histories: Histories
    effort: Effort
    findings: tuple[Finding, ...]
    curve: SpecificationCurve | None

    @classmethod
    def of(cls, histories: Histories, effort: Effort) -> "_Table":
        findings = of_table(histories)
        curve = None
        if not any(finding.refuses for finding in findings):
            with suppress(EstimateError):
                curve = specification_curve(histories, level=effort.level)
        return cls(histories, effort, findings, curve)

    @property
    def refused(self) -> bool:
        return any(finding.refuses for finding in self.findings)

    def run(self, method: Method, progress: Progress) -> Result:
        """What is refused for its table is not even computed."""
        progress(0, 1)
        if method != "multiplier" and self.refused:
            result = no_estimate(method, *(finding.says for finding in self.findings), level=self.effort.level)
        else:
            try:
                found = METHODS[method].run(self.histories, self.effort, progress)
                result = gated(self.histories, found, self.curve.specifications if self.curve else None)
            except EstimateError as error:
                result = no_estimate(method, str(error), level=self.effort.level)
        progress(1, 1)
        return result


def _stratified(
    data: Stratified,
    look: Callable[[Histories], _Table],
    method: Method,
    effort: Effort,
    parts: Iterator[Progress],
) -> StratifiedResult:
    """Judged by its own table, every stratum."""
    way = METHODS[method]
    *each, total = islice(parts, len(data.tables) + 1)
    groups = iter(each)
    found = by_stratum(
        data,
        lambda histories: look(histories).run(method, next(groups)),
        many=way.many if effort.bootstrap else None,
        draws=way.draws,
        bootstrap=effort.bootstrap,
        seed=effort.seed,
        jobs=effort.jobs,
        progress=total,
    )
    total(1, 1)
    return found


def _part(progress: Told | None, number: int, of: int, name: str) -> Progress:
    """Progress of one part of many."""

    def told(done: int, whole: int) -> None:
        if progress is not None:
            progress(number * STEPS + done * STEPS // max(1, whole), of * STEPS, name)

    return told


def _together(histories: Histories, results: Sequence[Result]) -> Iterator[str]:
    """What no method can say by itself."""
    answers = [(one.estimate, one.method) for one in results if one.estimate is not None]
    for estimate, method in answers:
        # Of the multiplier alone: it counts by another register than the lists.
        if estimate < histories.observed:
            yield (
                f"The {METHODS[method].title.lower()} says fewer people than the lists hold. Its register and the "
                "lists are not about the same people."
            )
    low, high = min(answers, default=(1.0,))[0], max(answers, default=(1.0,))[0]
    if high > APART * low:
        yield (
            f"The highest answer is {high / low:.2g} times the lowest. The lists alone do not say which is right. Do "
            "not print one of them without the others."
        )
