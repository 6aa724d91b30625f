"""The best of all hierarchical log-linear models by BIC, and all that are nearly as good, without fitting them all."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, xlogy

from luwte.estimate.errors import EstimateError
from luwte.estimate.histories import lists_of
from luwte.estimate.loglinear import Fits, fit_many

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]

MOST_FITS = 500_000
"""Models fitted for one table before the search gives up."""
TABLES = 125
"""Tables that are searched together."""
AT_ONCE = 512
"""Nodes that are opened together, the most promising first."""
ROUNDING = 1e-12
"""What is worse by no more than this for every person is looked at, too: a sum over people is computed only so well."""


class TooManyModels(EstimateError):
    """The search would have to fit more models than it may."""

    code = "too_many_models"
    says = "There are too many models to look at: use fewer lists, or a lower order."


def interactions(lists: int, order: int = 2) -> tuple[int, ...]:
    """Masks of all interactions of two to *order* of the lists, smaller ones first.

    The interaction of all lists is never among them: a model that has it has more parameters than there are histories
    to see, and is not identifiable.
    """
    masks = (mask for mask in range(2**lists - 1) if 2 <= mask.bit_count() <= order)
    return tuple(sorted(masks, key=lambda mask: (mask.bit_count(), mask)))


@dataclass(frozen=True, eq=False)
class _Table:
    """Arrays of equal length, as a dataclass."""

    def take(self, which: NDArray[np.bool_ | np.intp]) -> Self:
        return type(self)(*(getattr(self, field.name)[which] for field in fields(self)))

    @classmethod
    def join(cls, parts: Iterable[Self]) -> Self:
        columns = zip(*([getattr(one, field.name) for field in fields(cls)] for one in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))


@dataclass(frozen=True, eq=False)
class Found(_Table):
    """Models that have a maximum, each of one of the tables, in no order.

    Attributes
    ----------
    row : ndarray of int, shape (M,)
        The table.
    chosen : ndarray of bool, shape (M, J)
        Which interactions are in the model.
    bic : ndarray, shape (M,)
        -2 log-likelihood + parameters x log(people observed).
    hidden, intercept, variance : ndarray, shape (M,)
        As in `loglinear.Fits`.

    """

    row: Rows
    chosen: Bools
    bic: Floats
    hidden: Floats
    intercept: Floats
    variance: Floats


@dataclass(frozen=True, eq=False)
class _Nodes(_Table):
    """Models, what of each is required below it, and the least -2 log-likelihood and BIC that is possible there."""

    row: Rows
    kept: Bools
    required: Bools
    deviance: Floats
    bound: Floats


def search(counts: ArrayLike, masks: tuple[int, ...], *, within: float = 0.0, most: int = MOST_FITS) -> Found:
    """All models of every table whose BIC is at most *within* above that of its best one.

    Parameters
    ----------
    counts : array_like, shape (B, 2^t - 1)
        Observed people by history.
    masks : tuple of int
        The interactions to choose from; with each of them all smaller ones inside it (`interactions`).
    within : float
        0 finds the best model (several, if equal), infinity all.
    most : int
        Models that may be fitted, on average over the tables.

    Raises
    ------
    TooManyModels
        They were not enough.

    Notes
    -----
    Branch and bound, exact. A node is a model, some of whose interactions are required; below it are the models
    that lack some of the others. A child drops one interaction, with all that contain it, and requires those that
    come before that one in a fixed order, smaller ones before what contains them: so every model is met once.
    Everything at or below a node has

        BIC >= -2 log-likelihood(node) + log(people) x (parameters required),

    because taking interactions out never raises the maximum of the likelihood; where this is too much, all of it is
    left out. It holds with parameters at minus infinity: if nobody is in all lists of an interaction, lowering its
    parameter lowers the means of empty cells, which raises the likelihood, and changes nothing else. So extended
    maximum likelihood is the *supremum* over the finite parameters of the very same model, and a supremum over more
    is not smaller. A model without a maximum has a supremum as well. It is not computed: such a model takes over the
    bound of the one above it, and above all stands the saturated model. It has no estimate, and is not found.

    The order: first the interactions that are missed most when they alone are taken out of the largest model. What
    drops them has much below it, and is soon left out.

    """
    tables = np.atleast_2d(np.asarray(counts, dtype=np.int64))
    # Any choice of pairs is a model.
    if np.isinf(within) and 2 ** sum(mask.bit_count() == 2 for mask in masks) > most:
        raise TooManyModels(TooManyModels.says)
    # A table without anybody has no BIC, and no best model.
    rows = np.flatnonzero(tables.any(axis=1))
    parts = [_nothing(len(masks))]
    for low in range(0, len(rows), TABLES):
        some = rows[low : low + TABLES]
        found = _Search(tables[some], masks, within, most).run()
        parts.append(replace(found, row=some[found.row]))
    return Found.join(parts)


class _Search:
    """Some tables, their best BIC so far, and what was found."""

    def __init__(self, counts: NDArray[np.int64], masks: tuple[int, ...], within: float, most: int) -> None:
        self.counts, self.masks = counts, masks
        self.within = within + ROUNDING * np.maximum(counts.sum(axis=1), 1e6)
        self.may_fit = most * len(counts)
        self.price = np.log(counts.sum(axis=1))
        self.always = 1 + lists_of(counts.shape[1])
        of = np.array(masks, dtype=np.int64)
        # holds[i, j]: interaction j is inside interaction i, or the same.
        self.holds = of[:, None] & of == of
        self.best = np.full(len(counts), np.inf)
        self.found: list[Found] = []
        self.without = np.zeros((len(counts), len(masks)))
        self.rank = np.zeros((len(counts), len(masks)), dtype=np.intp)

    def run(self) -> Found:
        largest = self._visit(self._largest())
        self._put_in_order(largest)
        waiting = largest
        while len(waiting.row):
            slack = waiting.bound - self.best[waiting.row]
            first = np.argsort(slack, kind="stable")
            now, waiting = waiting.take(first[:AT_ONCE]), waiting.take(first[AT_ONCE:])
            waiting = self._promising(_Nodes.join([waiting, self._visit(self._children(now))]))
        found = Found.join(self.found)
        return found.take(found.bic <= self._worst(found.row))

    def _largest(self) -> _Nodes:
        """The model with everything, below the saturated one, whose means are the counts."""
        row = np.arange(len(self.counts))
        kept = np.ones((len(row), len(self.masks)), dtype=bool)
        counts = self.counts.astype(float)
        saturated = -2 * (xlogy(counts, counts) - counts - gammaln(counts + 1)).sum(axis=1)
        return _Nodes(row, kept, ~kept, saturated, saturated + self.price * self.always)

    def _put_in_order(self, largest: _Nodes) -> None:
        """How much each interaction is missed; and a good model to begin with, of the most important ones."""
        for at in range(len(self.masks)):
            kept = largest.kept & ~self.holds[:, at]
            fits = self._fit(largest.row, kept)
            self.without[:, at] = np.fmax(largest.deviance, -2 * fits.log_likelihood)
        # What holds it goes with it, so it is missed as much: smaller interactions come before what holds them.
        for at in range(len(self.masks)):
            self.without[:, at] = self.without[:, self.holds[:, at]].max(axis=1)
        self.rank = np.argsort(np.argsort(-self.without, axis=1, kind="stable"), axis=1)
        for size in range(len(self.masks)):
            kept = self.rank < size
            bic = self._bic(largest.row, self._fit(largest.row, kept))
            self.best = np.fmin(self.best, bic)

    def _children(self, nodes: _Nodes) -> _Nodes:
        parts = [nodes.take(np.zeros(0, dtype=np.intp))]
        for at in range(len(self.masks)):
            one = nodes.take(nodes.kept[:, at] & ~nodes.required[:, at])
            rank = self.rank[one.row]
            required = one.required | one.kept & (rank < rank[:, [at]])
            deviance = np.maximum(one.deviance, self.without[one.row, at])
            bound = self._bound(one.row, deviance, required)
            child = _Nodes(one.row, one.kept & ~self.holds[:, at], required, deviance, bound)
            parts.append(self._promising(child))
        return _Nodes.join(parts)

    def _visit(self, nodes: _Nodes) -> _Nodes:
        """Fit, keep what is good, and give back the nodes that have something below them."""
        fits = self._fit(nodes.row, nodes.kept)
        bic = self._bic(nodes.row, fits)
        np.fmin.at(self.best, nodes.row, bic)
        models = Found(nodes.row, nodes.kept, bic, fits.hidden, fits.intercept, fits.variance)
        self.found.append(models.take(bic <= self._worst(nodes.row)))
        deviance = np.fmax(nodes.deviance, -2 * fits.log_likelihood)
        bound = self._bound(nodes.row, deviance, nodes.required)
        return self._promising(_Nodes(nodes.row, nodes.kept, nodes.required, deviance, bound))

    def _fit(self, row: Rows, kept: Bools) -> Fits:
        self.may_fit -= len(row)
        if self.may_fit < 0:
            raise TooManyModels(TooManyModels.says)
        return fit_many(self.counts[row], kept, self.masks)

    def _bic(self, row: Rows, fits: Fits) -> Floats:
        bic: Floats = -2 * fits.log_likelihood + self.price[row] * fits.parameters
        return bic

    def _bound(self, row: Rows, deviance: Floats, required: Bools) -> Floats:
        bound: Floats = deviance + self.price[row] * (self.always + required.sum(axis=1))
        return bound

    def _promising(self, nodes: _Nodes) -> _Nodes:
        return nodes.take(nodes.bound <= self._worst(nodes.row))

    def _worst(self, row: Rows) -> Floats:
        worst: Floats = self.best[row] + self.within[row]
        return worst


def _nothing(interactions: int) -> Found:
    none = np.zeros(0)
    return Found(np.zeros(0, dtype=np.intp), np.zeros((0, interactions), dtype=bool), none, none, none, none)
