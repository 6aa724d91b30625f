"""Independent lists, and interactions of two lists added one at a time while they are needed."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from luwte.estimate.bootstrap import Many
from luwte.estimate.dependence import THRESHOLD, copies, evidence, pairs_of, remarks, unexplained
from luwte.estimate.errors import BadModel
from luwte.estimate.existence import check
from luwte.estimate.histories import MOST_PEOPLE, Histories, lists_of
from luwte.estimate.intervals import Mixture, with_interval
from luwte.estimate.jobs import Progress
from luwte.estimate.loglinear import Fits, fit_many
from luwte.estimate.results import Method, Result, ask_for_level, no_estimate

Floats = NDArray[np.float64]

ALIKE = 1e-8
"""Logs of p-values that differ by less of their size are the same but for rounding."""


def main_effects(
    histories: Histories,
    *,
    level: float = 0.95,
    bootstrap: int = 1000,
    seed: int = 1,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Result:
    """People in all if every list is independent of every other.

    Parameters
    ----------
    histories : Histories
        The observed table.
    level : float
        What the interval is to cover.
    bootstrap : int
        Resampled tables for a BCa interval; 0: a Wald interval, normal on the log of the people in no list.
    seed, jobs, progress
        As in `bootstrap.bca`; the answer does not depend on `jobs`.

    Returns
    -------
    Result
        `no_estimate` when no maximum likelihood estimate exists, or when a whole list is inside another beyond chance:
        then they are one register kept twice, and no model of independent lists holds.

    Notes
    -----
    Assumes that everybody has the same chance to be in a list, whatever other lists they are in. Pairs of lists whose
    overlap says otherwise are named in the reasons.

    References
    ----------
    Fienberg, S. E. (1972), The multiple recapture census for closed populations and incomplete 2^k contingency tables,
    Biometrika 59:591-603.

    """
    selection = _select(np.atleast_2d(histories.counts).astype(float), 0.0)
    dependent = _names(histories, unexplained(histories, selection.fits.means[0]))
    keep = [f"These lists do not look independent, but are taken to be: {dependent}."] if dependent else []
    return _answer(
        "main_effects",
        histories,
        selection,
        keep,
        main_effects_many,
        level=level,
        bootstrap=bootstrap,
        seed=seed,
        jobs=jobs,
        progress=progress,
    )


def main_effects_many(counts: ArrayLike) -> Floats:
    """People in all by `main_effects`, for many tables at once; as `stepwise_many`."""
    return stepwise_many(counts, threshold=0.0)


def stepwise(
    histories: Histories,
    *,
    threshold: float = THRESHOLD,
    level: float = 0.95,
    bootstrap: int = 1000,
    seed: int = 1,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Result:
    """People in all if lists depend on each other only in pairs, and only in pairs whose overlap shows it.

    Parameters
    ----------
    histories : Histories
        The observed table.
    threshold : float
        A pair enters while its p-value is below this.
    level : float
        What the interval is to cover.
    bootstrap : int
        Resampled tables for a BCa interval, the whole selection repeated for each; 0: a Wald interval, normal on the
        log of the people in no list, which takes the selected model for known and so is too narrow.
    seed, jobs, progress
        As in `bootstrap.bca`; the answer does not depend on `jobs`.

    Returns
    -------
    Result
        The pairs in the order in which they entered. `no_estimate` as in `main_effects`.

    Raises
    ------
    BadModel
        A threshold that is no probability.

    Notes
    -----
    Starts from independent lists. For a pair that is not in the model, let X be Poisson with the fitted mean of the
    people in both lists, and n how many there are: its p-value is the smaller of P(X <= n) and P(X >= n). The pair with
    the smallest one enters, unless the extended maximum likelihood estimate then fails to exist or the parameters
    cannot be told apart; until no p-value is below the threshold [1]_. Of pairs with the same p-value the counts say
    which is first (`Histories.places`), so that names and order of the lists change no answer. A pair that nobody is
    in enters at minus infinity. Assumes no interaction of three lists, and that people are alike but for the lists they
    are in.

    References
    ----------
    .. [1] Chan, L., Silverman, B. W. and Vincent, K. (2021). Multiple systems estimation for sparse capture data:
       inferential challenges when there are nonoverlapping lists. JASA 116(535), 1297-1306.

    """
    first = _first(histories)
    selection = _select(np.atleast_2d(histories.counts).astype(float), threshold, first)
    refused = _names(histories, unexplained(histories, selection.fits.means[0], threshold))
    keep = (
        [f"These lists depend on each other, but no figure exists with that in the model: {refused}."]
        if refused
        else []
    )
    many = stepwise_of(histories, threshold=threshold)
    return _answer(
        "stepwise",
        histories,
        selection,
        keep,
        many,
        level=level,
        bootstrap=bootstrap,
        seed=seed,
        jobs=jobs,
        progress=progress,
    )


def stepwise_many(counts: ArrayLike, *, threshold: float = THRESHOLD, first: Sequence[int] | None = None) -> Floats:
    """People in all by `stepwise`, for many tables at once.

    Parameters
    ----------
    counts : array_like, shape (B, 2^t - 1)
        Observed people by history, as in `Histories.counts`.
    threshold : float
        As in `stepwise`.
    first : sequence of int
        Of pairs with the same p-value the one with the smallest of these numbers enters; by default that of the first
        lists.

    Returns
    -------
    ndarray, shape (B,)
        NaN where independent lists already have no maximum likelihood estimate.

    """
    tables = np.atleast_2d(np.asarray(counts, dtype=float))
    people: Floats = tables.sum(axis=1) + _select(tables, threshold, first).fits.hidden
    return people


def stepwise_of(histories: Histories, *, threshold: float = THRESHOLD) -> Many:
    """`stepwise_many` for tables like this one: of pairs with the same p-value the same one enters in all of them."""
    return partial(stepwise_many, threshold=threshold, first=_first(histories))


def _first(histories: Histories) -> tuple[int, ...]:
    """All pairs as the counts put them in order, and not the names."""
    return tuple(histories.placed(pair) for pair in pairs_of(len(histories.lists)))


@dataclass(frozen=True, eq=False)
class _Selection:
    """Selected models, their fits, and the step at which each pair entered (0: it did not), shape (B, pairs)."""

    pairs: list[int]
    entered: NDArray[np.int64]
    fits: Fits

    def model(self) -> list[int]:
        """The pairs of the first table, in the order in which they entered."""
        steps = self.entered[0]
        return [self.pairs[at] for at in np.argsort(steps) if steps[at]]


def _select(counts: Floats, threshold: float, first: Sequence[int] | None = None) -> _Selection:
    if not 0 <= threshold <= 1:
        raise BadModel("A threshold must be between 0 and 1.")
    pairs = pairs_of(lists_of(counts.shape[1]))
    rank = np.argsort(np.argsort(pairs if first is None else first))
    entered = np.zeros((len(counts), len(pairs)), dtype=np.int64)
    fits = fit_many(counts, entered > 0, pairs)
    going = np.flatnonzero(fits.converged)
    for step in range(1, len(pairs) + 1):
        waiting, going = going, going[:0]
        logs = evidence(counts, fits.means, pairs, threshold)
        logs[entered > 0] = 0.0
        while len(waiting := waiting[logs[waiting].min(axis=1, initial=0.0) < 0]):
            alike = logs[waiting] <= logs[waiting].min(axis=1, keepdims=True) * (1 - ALIKE)
            pick = np.where(alike, rank, len(pairs)).argmin(axis=1)
            trial = entered[waiting] > 0
            trial[np.arange(len(waiting)), pick] = True
            found = fit_many(counts[waiting], trial, pairs)
            good = found.converged
            for field in fields(Fits):
                getattr(fits, field.name)[waiting[good]] = getattr(found, field.name)[good]
            entered[waiting[good], pick[good]] = step
            logs[waiting[~good], pick[~good]] = 0.0
            going, waiting = np.append(going, waiting[good]), waiting[~good]
    return _Selection(pairs, entered, fits)


def _answer(
    method: Method,
    histories: Histories,
    selection: _Selection,
    keep: list[str],
    many: Many,
    *,
    level: float,
    bootstrap: int,
    seed: int,
    jobs: int,
    progress: Progress | None,
) -> Result:
    """The first table's figure with its interval, or why there is none."""
    ask_for_level(level)
    model = tuple(histories.name(pair) for pair in selection.model())
    if why := _why_not(histories, selection.fits):
        return no_estimate(method, *why, level=level, model=model)
    hidden, intercept, variance = (
        column[0].item() for column in (selection.fits.hidden, selection.fits.intercept, selection.fits.variance)
    )
    result = Result(
        method=method,
        estimate=histories.observed + hidden,
        lower=None,
        upper=None,
        level=level,
        model=model,
        reasons=(*remarks(histories, selection.model()), *keep),
    )
    mixture = Mixture([intercept], [variance])
    return with_interval(result, histories, mixture, many, bootstrap=bootstrap, seed=seed, jobs=jobs, progress=progress)


def _why_not(histories: Histories, fits: Fits) -> list[str]:
    if histories.observed == 0:
        return ["Nobody is in any list."]
    code = check(histories, []).code
    if code == "not_identifiable":
        return ["Too few lists hold people, or they overlap too little, to say how many are in none."]
    if code == "no_mle":
        return ["The lists overlap in such a way that no figure fits best: it would be zero or without end."]
    if not fits.converged[0]:
        return ["The calculation did not settle on a figure."]
    if fits.hidden[0] > MOST_PEOPLE:
        return ["The figure would be larger than there can be people."]
    return copies(histories)


def _names(histories: Histories, pairs: list[int]) -> str:
    return ", ".join(histories.name(pair) for pair in pairs)
