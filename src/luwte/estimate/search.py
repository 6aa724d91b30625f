"""Estimates from all hierarchical log-linear models up to an order: by the best BIC, and averaged over all of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from luwte.estimate.bootstrap import Many
from luwte.estimate.dependence import remarks
from luwte.estimate.hierarchical import ROUNDING, Found, TooManyModels, interactions, search
from luwte.estimate.histories import MOST_PEOPLE, Histories, lists_of
from luwte.estimate.intervals import Mixture, with_interval
from luwte.estimate.jobs import Progress
from luwte.estimate.results import Method, Result, ask_for_level, no_estimate
from luwte.estimate.stepwise import main_effects

Floats = NDArray[np.float64]

FEW = 15
"""With so many interactions of two lists (those of six lists: 32,768 models) all models are averaged."""
NEGLIGIBLE = 1e-6
"""With more, models that weigh less than this beside the best one are left out of an average."""
NEGLIGIBLE_IN_REPLICATES = 1e-4
"""The same in averages of resampled tables: it moved none of 100 of the British and Dutch ones of five lists by more
than 0.1 %."""


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A model and what it says.

    Attributes
    ----------
    model : tuple of str
        Its interactions by name.
    masks : tuple of int
        The same as masks.
    criterion : float
        BIC.
    weight : float
        exp(-BIC / 2), all models that were ranked together being 1.
    estimate : float
        People in all.
    intercept, variance : float
        Log of the people in no list, and its variance.

    """

    model: tuple[str, ...]
    masks: tuple[int, ...]
    criterion: float
    weight: float
    estimate: float
    intercept: float
    variance: float


def ranking(histories: Histories, order: int = 2, *, within: float = math.inf) -> tuple[Ranked, ...]:
    """All models up to an order that have an estimate, the best BIC first.

    Parameters
    ----------
    histories : Histories
        The observed table.
    order : int
        Lists in the largest interactions; the number of lists or more for all hierarchical models.
    within : float
        Leave out models whose BIC is more than this above the best one's. They are not even fitted, most of them:
        six lists have 32,768 models of order two, seven 2,097,152.

    Raises
    ------
    TooManyModels
        More than `hierarchical.MOST_FITS` models would have to be fitted.

    """
    masks = interactions(len(histories.lists), order)
    found = search(histories.counts, masks, within=within)
    weights = np.exp((found.bic.min(initial=np.inf) - found.bic) / 2)
    weights /= weights.sum()
    answer = []
    for at in _ranks(found, histories.counts[None], _first(histories, order)).tolist():
        model = tuple(mask for mask, chosen in zip(masks, found.chosen[at], strict=True) if chosen)
        answer.append(
            Ranked(
                model=tuple(histories.name(mask) for mask in model),
                masks=model,
                criterion=float(found.bic[at]),
                weight=float(weights[at]),
                estimate=histories.observed + float(found.hidden[at]),
                intercept=float(found.intercept[at]),
                variance=float(found.variance[at]),
            )
        )
    return tuple(answer)


def bic_many(counts: ArrayLike, *, order: int = 2, first: Sequence[int] | None = None) -> Floats:
    """People in all by the model with the best BIC of each table (B, 2^t - 1); NaN where no model has an estimate.

    Of equally good models of one size that with the interactions of the smallest numbers in *first* counts, by default
    that of the first lists.
    """
    tables = np.atleast_2d(np.asarray(counts, dtype=np.int64))
    found = _search(tables, order, 0.0)
    hidden = np.full(len(tables), np.nan)
    worst_first = found.take(_ranks(found, tables, first)[::-1])
    hidden[worst_first.row] = worst_first.hidden
    people: Floats = tables.sum(axis=1) + hidden
    return people


def bic_of(histories: Histories, *, order: int = 2) -> Many:
    """`bic_many` for tables like this one: of equally good models the same one counts in all of them."""
    return partial(bic_many, order=order, first=_first(histories, order))


def bic_average_many(counts: ArrayLike, *, order: int = 2, negligible: float = NEGLIGIBLE_IN_REPLICATES) -> Floats:
    """People in all, averaged over the models of each table (B, 2^t - 1); NaN where no model has an estimate."""
    tables = np.atleast_2d(np.asarray(counts, dtype=np.int64))
    found = _search(tables, order, _within(negligible))
    best = np.full(len(tables), np.inf)
    np.minimum.at(best, found.row, found.bic)
    weights = np.exp((best[found.row] - found.bic) / 2)
    total = np.bincount(found.row, weights, len(tables))
    hidden = np.bincount(found.row, weights * found.hidden, len(tables))
    mean = np.divide(hidden, total, out=np.full(len(tables), np.nan), where=total > 0)
    people: Floats = tables.sum(axis=1) + mean
    return people


def bic(
    histories: Histories,
    *,
    level: float = 0.95,
    bootstrap: int = 1000,
    seed: int = 1,
    jobs: int = 1,
    progress: Progress | None = None,
    order: int = 2,
) -> Result:
    """Estimate by the hierarchical log-linear model with the smallest BIC, of all up to an order.

    Parameters
    ----------
    histories : Histories
        The observed table.
    level : float
        What the interval is to cover.
    bootstrap : int
        Resampled tables for a BCa interval, the whole search repeated for each; 0 for Wald limits, which take the
        model as known.
    seed, jobs, progress
        See `bootstrap.bca`.
    order : int
        Lists in the largest interactions.

    Notes
    -----
    Assumes that the dependence between lists is that of one of the models, and no interaction of all lists. Where not
    even independent lists have an estimate, or one list looks like a copy of another, there is none here. Every model
    is considered (`hierarchical.search`): nothing is cut off for speed, in no replicate either. BIC is
    -2 log-likelihood + parameters x log(people observed); parameters at minus infinity count. Models without a
    (extended) maximum likelihood estimate, and those that are not identifiable, have no place in the order.

    References
    ----------
    Schwarz (1978), Estimating the dimension of a model, Annals of Statistics 6:461-464.
    Silverman, Chan and Vincent (2024), Bootstrapping multiple systems estimates to account for model selection,
    Statistics and Computing 34:44.

    """
    return _estimate(
        histories,
        "bic",
        bic_of(histories, order=order),
        order=order,
        within=0.0,
        level=level,
        bootstrap=bootstrap,
        seed=seed,
        jobs=jobs,
        progress=progress,
    )


def bic_average(
    histories: Histories,
    *,
    level: float = 0.95,
    bootstrap: int = 1000,
    seed: int = 1,
    jobs: int = 1,
    progress: Progress | None = None,
    order: int = 2,
) -> Result:
    """Average of the estimates of all hierarchical log-linear models up to an order, weighted by exp(-BIC / 2).

    Parameters
    ----------
    histories : Histories
        The observed table.
    level : float
        What the interval is to cover.
    bootstrap : int
        Resampled tables for a BCa interval of the average, all models fitted anew for each; 0 for quantiles of the
        mixture of the models' own (Wald) distributions.
    seed, jobs, progress
        See `bootstrap.bca`.
    order : int
        Lists in the largest interactions.

    Notes
    -----
    Assumes what `bic` does, but does not take one model for the true one: the weights approximate the models'
    posterior probabilities when all are equally likely beforehand. Up to six lists and order two these are all
    models; of more, and in resampled tables, those with a weight that could be seen (`NEGLIGIBLE`,
    `NEGLIGIBLE_IN_REPLICATES`). An average is no more certain than its parts: where two models that fit equally well
    differ, look at both (`ranking`).

    References
    ----------
    Raftery (1995), Bayesian model selection in social research, Sociological Methodology 25:111-163.
    Silverman, Chan and Vincent (2024), Bootstrapping multiple systems estimates to account for model selection,
    Statistics and Computing 34:44.

    """
    return _estimate(
        histories,
        "bic_average",
        partial(bic_average_many, order=order),
        order=order,
        within=math.inf if order == 2 and math.comb(len(histories.lists), 2) <= FEW else _within(NEGLIGIBLE),
        level=level,
        bootstrap=bootstrap,
        seed=seed,
        jobs=jobs,
        progress=progress,
    )


def _estimate(
    histories: Histories,
    method: Method,
    many: Many,
    *,
    order: int,
    within: float,
    level: float,
    bootstrap: int,
    seed: int,
    jobs: int,
    progress: Progress | None,
) -> Result:
    ask_for_level(level)
    independent = main_effects(histories, bootstrap=0)
    if independent.verdict == "no_estimate":
        return no_estimate(method, *independent.reasons, level=level)
    try:
        ranked = ranking(histories, order, within=within)
    except TooManyModels as error:
        return no_estimate(method, str(error), level=level)
    best = ranked[0]
    single = method == "bic"
    ranked = (replace(best, weight=1.0),) if single else ranked
    reasons = tuple(remarks(histories, best.masks if single else ()))
    if len(ranked) == 1 and not best.masks:
        reasons = independent.reasons
    estimate = math.fsum(one.weight * one.estimate for one in ranked)
    if estimate > MOST_PEOPLE:
        return no_estimate(method, "The figure would be larger than there can be people.", level=level)
    result = Result(
        method=method,
        estimate=estimate,
        lower=None,
        upper=None,
        level=level,
        model=best.model if single else (),
        criterion=best.criterion if single else None,
        reasons=reasons,
    )
    mixture = Mixture(
        [one.intercept for one in ranked], [one.variance for one in ranked], [one.weight for one in ranked]
    )
    try:
        return with_interval(
            result, histories, mixture, many, bootstrap=bootstrap, seed=seed, jobs=jobs, progress=progress
        )
    except TooManyModels as error:
        return replace(result, reasons=(*reasons, f"No interval. {error}"))


def _first(histories: Histories, order: int) -> tuple[int, ...]:
    """The interactions of up to *order* lists as the counts put them in order, and not the names."""
    return tuple(histories.placed(mask) for mask in interactions(len(histories.lists), order))


def _ranks(found: Found, tables: NDArray[np.int64], first: Sequence[int] | None = None) -> NDArray[np.intp]:
    """The best BIC of each table first; of equal ones the smaller model, then that with interactions that are *first*.

    Equal but for rounding, that is, which grows with the people of the table.
    """
    order = range(found.chosen.shape[1]) if first is None else np.argsort(first)
    same = ROUNDING * np.maximum(tables.sum(axis=1), 1e3)[found.row]
    best_first = np.lexsort([found.bic, found.row])
    bic = found.bic[best_first]
    place = np.empty(len(bic), dtype=np.intp)
    place[best_first] = np.cumsum(np.diff(bic, prepend=bic[:1]) > same[best_first])
    return np.lexsort([*found.chosen.T[order], found.chosen.sum(axis=1), place])


def _within(negligible: float) -> float:
    return -2 * math.log(negligible)


def _search(tables: NDArray[np.int64], order: int, within: float) -> Found:
    return search(tables, interactions(lists_of(tables.shape[1]), order), within=within)
