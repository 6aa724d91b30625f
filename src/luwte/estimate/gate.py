"""When there is no estimate, although a method gives a figure: the table is too thin, or models disagree too much.

Only rules, of values: nothing is fitted here. Each finding either refuses a figure or is said beside it.
`docs/estimate.md` has the simulations behind the limits; `python -m bench.coverage` makes them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from luwte.estimate.dependence import ACCIDENT, insides
from luwte.estimate.histories import Histories
from luwte.estimate.jobs import Estimator
from luwte.estimate.results import Result


class Ranked(Protocol):
    """A model with its BIC and its estimate, as `search.ranking` or a specification curve gives them."""

    @property
    def criterion(self) -> float:
        """BIC."""

    @property
    def estimate(self) -> float:
        """People in all."""


BY_BIC = ("bic", "bic_average")
"""Methods whose figure rests on the order that BIC gives: where equals disagree wildly, they are far off too often."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Where a figure ends to be one.

    Attributes
    ----------
    overlap : int
        People in two lists or more; with fewer there is no estimate.
    accident : float
        A list whose people are all in another is refused when independent lists would come to that with a smaller
        probability than this; said otherwise.
    equal, defensible : float
        Models whose BIC is within this of the best count as equally good, or as still defensible.
    said, refused : float
        Largest over smallest estimate from which a disagreement is said; and, of equally good models, from which a
        method that goes by BIC is refused.
    width : float
        Upper over lower end of an interval from which it says too little.

    """

    overlap: int = 10
    accident: float = ACCIDENT
    equal: float = 2.0
    defensible: float = 10.0
    said: float = 1.5
    refused: float = 4.0
    width: float = 10.0


@dataclass(frozen=True)
class Finding:
    """Something about a table or a result: a plain sentence, and whether it takes the figure away."""

    says: str
    refuses: bool


def of_table(histories: Histories, limits: Limits | None = None) -> tuple[Finding, ...]:
    """Find what is wrong with the lists, whatever is computed from them.

    Parameters
    ----------
    histories : Histories
        The table.
    limits : Limits, optional
        `overlap` and `accident` are used.

    Returns
    -------
    tuple of Finding
        One list, nobody at all, an empty list, a list twice or within another, an overlap that is too thin; and, as
        something to keep in mind, a list that shares nobody with the others.

    See Also
    --------
    dependence.insides : when a list within another is no accident.

    """
    limits = limits or Limits()
    if len(histories.lists) < 2:
        return (Finding("There is one list only; without a second there is no overlap.", refuses=True),)
    if not histories.observed:
        return (Finding("Nobody is in any list.", refuses=True),)
    findings = [
        Finding(f"Nobody is in the list {name}; leave it out.", refuses=True)
        for bit, name in enumerate(histories.lists)
        if not histories.within(1 << bit)
    ]
    findings += [Finding(one.says, refuses=not one.by_chance) for one in insides(histories, limits.accident)]
    overlap = int(histories.counts[histories.members.sum(axis=1) > 1].sum())
    if overlap < limits.overlap:
        who = {0: "Nobody is", 1: "Only 1 person is"}.get(overlap, f"Only {overlap} people are")
        findings.append(Finding(f"{who} in two lists or more; at least {limits.overlap} are needed.", refuses=True))
    elif len(histories.lists) > 2:
        findings += _alone(histories)
    return tuple(findings)


def of_ranking(ranking: Sequence[Ranked], limits: Limits | None = None) -> tuple[Finding, ...]:
    """Find models that fit equally well and disagree.

    Parameters
    ----------
    ranking : sequence of models with `criterion` and `estimate`
        In any order, and reaching to `defensible` above the best BIC; estimates that are none are left out.
    limits : Limits, optional
        `equal`, `defensible`, `said` and `refused` are used.

    Returns
    -------
    tuple of Finding
        About equally good models, then about defensible ones; only the first may refuse.

    Notes
    -----
    A difference of 2 in BIC is "not worth more than a bare mention", one above 10 is "very strong" evidence (Kass and
    Raftery 1995).

    References
    ----------
    Kass and Raftery (1995), Bayes factors, JASA 90:773-795.

    """
    limits = limits or Limits()
    models = [(one.criterion, one.estimate) for one in ranking if 0 < one.estimate < float("inf")]
    best = min((bic for bic, _ in models), default=0.0)
    findings = []
    for within, what in ((limits.equal, "fit equally well"), (limits.defensible, "can be defended")):
        estimates = [estimate for bic, estimate in models if bic <= best + within]
        if not estimates or max(estimates) < limits.said * min(estimates):
            continue
        findings.append(
            Finding(
                f"{len(estimates)} models {what} (BIC within {within:g}), and they say from {min(estimates):,.0f} to "
                f"{max(estimates):,.0f}.",
                refuses=within == limits.equal and max(estimates) >= limits.refused * min(estimates),
            )
        )
    return tuple(findings)


def of_result(result: Result, limits: Limits | None = None) -> tuple[Finding, ...]:
    """Find what takes a figure away that a method gave: no interval, or one that is too wide.

    A method leaves the interval out when too many resampled tables have no estimate, or when the estimate hangs on
    one person; its reasons say which.
    """
    limits = limits or Limits()
    if result.estimate is None:
        return ()
    if result.lower is None or result.upper is None or math.isnan(result.estimate):
        return (Finding("There is no interval, so nobody knows how far off the figure may be.", refuses=True),)
    if not result.upper < limits.width * result.lower:  # so that NaN is refused, too
        return (
            Finding(
                f"The interval is from {result.lower:,.0f} to {result.upper:,.0f}; that is too wide to say anything.",
                refuses=True,
            ),
        )
    return ()


def gated(
    histories: Histories, result: Result, ranking: Sequence[Ranked] | None = None, *, limits: Limits | None = None
) -> Result:
    """A method's result, or "no estimate" with the reasons why.

    Parameters
    ----------
    histories : Histories
        The table that the result is about. The multiplier has none; only its interval is looked at.
    result : Result
        What the method said.
    ranking : sequence of models with `criterion` and `estimate`, optional
        Models of this table. Where equally good ones disagree too much, methods that go by BIC have no estimate, and
        the others have it said.
    limits : Limits, optional
        The defaults are those of the documentation.

    Returns
    -------
    Result
        Its reasons first say what was found here, then what the method said.

    """
    about_table = () if result.method == "multiplier" else of_table(histories, limits)
    about_models = () if result.method == "multiplier" or ranking is None else of_ranking(ranking, limits)
    if result.method not in BY_BIC:
        about_models = tuple(replace(finding, refuses=False) for finding in about_models)
    findings = (*about_table, *about_models, *of_result(result, limits))
    reasons = _once([*(finding.says for finding in findings), *result.reasons])
    if result.verdict == "ok" and not any(finding.refuses for finding in findings):
        return replace(result, reasons=reasons)
    return replace(result, estimate=None, lower=None, upper=None, interval=None, verdict="no_estimate", reasons=reasons)


def guarded(method: Estimator, limits: Limits | None = None) -> Estimator:
    """A method that puts its own result through the gate: for the checks of `robustness`, whose tables are thinner.

    No ranking is asked for: that would take longer than the checks do. Picklable when the method is.
    """
    return partial(_guarded, method, limits)


def _guarded(method: Estimator, limits: Limits | None, histories: Histories) -> Result:
    return gated(histories, method(histories), limits=limits)


def _alone(histories: Histories) -> Iterable[Finding]:
    for bit, name in enumerate(histories.lists):
        if histories.within(1 << bit) == histories.counts[(1 << bit) - 1] > 0:
            yield Finding(f"Nobody in the list {name} is in another list; it adds only its own people.", refuses=False)


def _once(sentences: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentences))
