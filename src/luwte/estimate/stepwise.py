"""Independent lists, and interactions of two lists added one at a time while they are needed."""

import itertools
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, pdtr, pdtrc

from luwte.estimate.bootstrap import Many, Progress, bca
from luwte.estimate.errors import BadModel
from luwte.estimate.existence import check, design
from luwte.estimate.histories import MOST_PEOPLE, Histories
from luwte.estimate.loglinear import Fits, fit_many
from luwte.estimate.results import Method, Result, no_estimate

Floats = NDArray[np.float64]

THRESHOLD = 0.02
"""A pair of lists enters while its p-value is below this: the value Chan, Silverman and Vincent (2021) print."""


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
    dependent = _names(histories, _unexplained(histories, selection, THRESHOLD))
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
    cannot be told apart; until no p-value is below the threshold [1]_. A pair that nobody is in enters at minus
    infinity. Assumes no interaction of three lists, and that people are alike but for the lists they are in.

    References
    ----------
    .. [1] Chan, L., Silverman, B. W. and Vincent, K. (2021). Multiple systems estimation for sparse capture data:
       inferential challenges when there are nonoverlapping lists. JASA 116(535), 1297-1306.

    """
    selection = _select(np.atleast_2d(histories.counts).astype(float), threshold)
    refused = _names(histories, _unexplained(histories, selection, threshold))
    keep = (
        [f"These lists depend on each other, but no figure exists with that in the model: {refused}."]
        if refused
        else []
    )
    many = partial(stepwise_many, threshold=threshold)
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


def stepwise_many(counts: ArrayLike, *, threshold: float = THRESHOLD) -> Floats:
    """People in all by `stepwise`, for many tables at once.

    Parameters
    ----------
    counts : array_like, shape (B, 2^t - 1)
        Observed people by history, as in `Histories.counts`.
    threshold : float
        As in `stepwise`.

    Returns
    -------
    ndarray, shape (B,)
        NaN where independent lists already have no maximum likelihood estimate.

    """
    tables = np.atleast_2d(np.asarray(counts, dtype=float))
    people: Floats = tables.sum(axis=1) + _select(tables, threshold).fits.hidden
    return people


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


def _select(counts: Floats, threshold: float) -> _Selection:
    if not 0 <= threshold <= 1:
        raise BadModel("A threshold must be between 0 and 1.")
    lists = (counts.shape[1] + 1).bit_length() - 1
    pairs = [1 << one | 1 << other for one, other in itertools.combinations(range(lists), 2)]
    entered = np.zeros((len(counts), len(pairs)), dtype=np.int64)
    fits = fit_many(counts, entered > 0, pairs)
    going = np.flatnonzero(fits.converged)
    for step in range(1, len(pairs) + 1):
        waiting, going = going, going[:0]
        evidence = _evidence(counts, fits.means, pairs, threshold)
        evidence[entered > 0] = 0.0
        while len(waiting := waiting[evidence[waiting].min(axis=1, initial=0.0) < 0]):
            pick = evidence[waiting].argmin(axis=1)
            trial = entered[waiting] > 0
            trial[np.arange(len(waiting)), pick] = True
            found = fit_many(counts[waiting], trial, pairs)
            good = found.converged
            for field in fields(Fits):
                getattr(fits, field.name)[waiting[good]] = getattr(found, field.name)[good]
            entered[waiting[good], pick[good]] = step
            evidence[waiting[~good], pick[~good]] = 0.0
            going, waiting = np.append(going, waiting[good]), waiting[~good]
    return _Selection(pairs, entered, fits)


def _evidence(counts: Floats, means: Floats, pairs: list[int], threshold: float) -> Floats:
    """Log p-values of all pairs, shape (B, pairs); 0 where they are not below the threshold."""
    both = design(np.array(pairs, dtype=np.int64), counts.shape[1]).astype(float)
    seen, expected = counts @ both, means @ both
    chance = np.minimum(pdtr(seen, expected), np.where(seen > 0, pdtrc(np.maximum(seen - 1, 0), expected), 1.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        # Where p underflows its Chernoff bound still tells which pair is the worst, whatever the order of the lists.
        bound = np.where(seen > 0, seen * np.log(expected / seen), 0.0) + seen - expected
        logs = np.where(chance > 1e-300, np.log(chance), bound)
    return np.where(chance < threshold, logs, 0.0)


def _unexplained(histories: Histories, selection: _Selection, threshold: float) -> list[int]:
    """Pairs of the first table outside of the model whose p-values are below the threshold."""
    evidence = _evidence(
        np.atleast_2d(histories.counts).astype(float), selection.fits.means, selection.pairs, threshold
    )
    return [
        pair
        for pair, step, log in zip(selection.pairs, selection.entered[0], evidence[0], strict=True)
        if log < 0 and not step
    ]


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
    model = tuple(histories.name(pair) for pair in selection.model())
    if why := _why_not(histories, selection.fits):
        return no_estimate(method, *why, level=level, model=model)
    hidden, intercept = selection.fits.hidden[0].item(), selection.fits.intercept[0].item()
    reasons = [*_to_keep_in_mind(histories, selection.model()), *keep]
    lower: float | None
    upper: float | None
    if bootstrap:
        limits = bca(histories, many, replicates=bootstrap, level=level, seed=seed, jobs=jobs, progress=progress)
        lower, upper = limits.lower, limits.upper
        reasons += limits.reasons
    else:
        reach = float(ndtri((1 + level) / 2)) * selection.fits.variance[0].item() ** 0.5
        lower, upper = (histories.observed + float(np.exp(intercept + by)) for by in (-reach, reach))
    return Result(
        method=method,
        estimate=histories.observed + hidden,
        lower=lower,
        upper=upper,
        level=level,
        interval=("bca" if bootstrap else "wald") if lower is not None else None,
        model=model,
        reasons=tuple(reasons),
    )


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
        return ["The lists hardly overlap: the figure would be larger than there can be people."]
    return _copies(histories)


def _copies(histories: Histories) -> list[str]:
    """Lists that lie inside another, beyond chance: a dependence whose estimate does not exist and so is never seen."""
    independent = _select(np.atleast_2d(histories.counts).astype(float), 0.0)
    says = []
    for pair in _unexplained(histories, independent, THRESHOLD):
        names = [histories.name(pair & 1 << bit) for bit in range(len(histories.lists)) if pair >> bit & 1]
        sizes = [histories.within(histories.mask(name)) for name in names]
        if (both := histories.within(pair)) == max(sizes):
            says.append(f"{names[0]} and {names[1]} hold the same people: they look like copies of one list.")
        elif both == min(sizes) > 0:
            inner, outer = names if sizes[0] < sizes[1] else reversed(names)
            says.append(f"Everybody in {inner} is also in {outer}, and not by chance: it looks like a copy out of it.")
    return says


def _to_keep_in_mind(histories: Histories, model: list[int]) -> list[str]:
    single = [1 << bit for bit in range(len(histories.lists))]
    empty = [one for one in single if not histories.within(one)]
    apart = [pair for pair in model if not histories.within(pair)]
    alone = len(single) - len(empty) == 2
    return [
        *(f"Nobody is in {histories.name(one)}, so it says nothing." for one in empty),
        *(["With two lists nothing shows whether they are independent; the figure holds only if they are."] * alone),
        *(f"Nobody is in both lists of {histories.name(pair)}; the model takes that for impossible." for pair in apart),
    ]


def _names(histories: Histories, pairs: list[int]) -> str:
    return ", ".join(histories.name(pair) for pair in pairs)
