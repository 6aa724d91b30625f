"""Newton's method for a block of log-linear models, each with its own counts: what `loglinear.fit_many` stands on."""

import numpy as np
from numpy.typing import NDArray

from luwte.estimate.existence import recedes

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CLOSE = 1e-7
"""A Newton step this small doubles its digits once more, and so ends at the precision of float64."""
UP = 1.5
"""A step that raises no fitted log mean by more than this lowers minus the log-likelihood (see `Block._iterate`)."""
PATIENCE = 12
"""Newton steps before a fit that has not settled must prove that there is something to settle at."""
MOST_STEPS = 200
LOWEST = -25.0
"""Log means below this are no sane start: what they weigh is lost in rounding."""
DOUBT = -16.0
"""A fitted log mean below this, where nobody was observed, may be on its way to zero."""


class Block:
    """Some rows at once, the row being the last axis of every array: (parameters, rows) and (2^t, rows).

    Histories stand at their own number, so the one nobody observes is there, without weight. Then the two products with
    the design are sums over subsets and over supersets, which take t additions of half a table each. Matrix products
    would be a little faster on one thread, and many times slower where a busy machine's BLAS spreads them over several.

    Attributes
    ----------
    coefficients : ndarray, shape (parameters, rows)
        The maximum, in the order of the masks; 0 where a parameter is not active. Only where `converged` and `exists`.
    variance : ndarray, shape (rows,)
        Of the last parameter, the intercept.
    infinite, active : ndarray of bool, shape (parameters, rows)
        Parameters of the model at minus infinity, and the others of the model.
    floor : ndarray, shape (2^t, rows)
        Minus infinity where a history holds a parameter at minus infinity, and at the one nobody observes; else 0.
    identifiable, exists, converged : ndarray of bool, shape (rows,)
        As in `loglinear.Fits`.

    """

    def __init__(
        self, counts: Floats, in_model: Bools, masks: NDArray[np.int64], start: Floats | None, room: Floats
    ) -> None:
        self.room, self.masks = room, masks
        self.counts = np.vstack([np.zeros(counts.shape[1]), counts])
        # An element of X'WX sums W over the cells that hold both masks, and so their union.
        self.unions = masks[:, None] | masks
        self.totals = _over_supersets(self.counts.copy())[masks]
        self.infinite = in_model & (self.totals == 0)
        self.active = in_model & ~self.infinite
        # Added to a log mean: nothing, or minus infinity in cells that hold a parameter at minus infinity.
        self.floor = np.where(self.log_means(self.infinite) > 0, -np.inf, 0.0)
        self.floor[0] = -np.inf
        self.coefficients = np.zeros(in_model.shape)
        self.variance = np.full(counts.shape[1], np.nan)
        self.identifiable = self._identifiable() & (self.totals[-1] > 0)
        self.exists = self.identifiable.copy()
        self.converged = np.zeros(counts.shape[1], dtype=bool)
        todo = np.flatnonzero(self.identifiable)
        self._begin(todo, start)
        rest = self._iterate(todo, PATIENCE)
        self._prove(np.concatenate([rest, self._doubtful()]))
        self._iterate(rest[self.exists[rest]], MOST_STEPS)

    def log_means(self, coefficients: NDArray[np.float64] | Bools) -> Floats:
        """Of every history, without regard to minus infinities."""
        values = np.zeros((len(self.counts), coefficients.shape[1]))
        values[self.masks] = coefficients
        return _over_subsets(values)

    def _identifiable(self) -> Bools:
        """Where the active columns of the design are independent on the cells that are left."""
        everything = np.ones((len(self.counts), 1))
        everything[0] = 0.0
        answer = np.full(self.counts.shape[1], True)
        whole = self._independent(everything, np.ones((len(self.masks), 1), dtype=bool)).item()
        cut = self.infinite.any(axis=0) if whole else answer.copy()
        if cut.any():
            answer[cut] = self._independent(np.exp(self.floor[:, cut]), self.active[:, cut])
        return answer

    def _independent(self, weights: Floats, active: Bools) -> Bools:
        # With weights 0 and 1 pivots are quotients of small whole determinants: 0, or far above rounding.
        return ~self._factor(_over_supersets(weights), np.zeros(active.shape), active)[1]

    def _factor(self, sums: Floats, gradient: Floats, active: Bools) -> tuple[Floats, Bools]:
        """Cholesky factor of X'WX by row, its last line the gradient solved forward; and where a pivot vanishes.

        The diagonal holds inverses. A parameter that is not active gets an infinite pivot, which takes it out of every
        other line and leaves its own step at 0; so does one whose pivot vanishes.
        """
        size, rows = active.shape
        factor = self.room[: (size + 1) * size * rows].reshape(size + 1, size, rows)
        np.take(sums, self.unions, axis=0, out=factor[:-1], mode="clip")
        factor[-1] = gradient
        least = np.where(active, 1e-11 * sums[self.masks], np.inf)
        for k in range(size):
            column = factor[k:, k]
            if k:
                column -= np.einsum("ijb,jb->ib", factor[k:, :k], factor[k, :k])
            there = column[0] > least[k]
            inverse = there / np.sqrt(np.where(there, column[0], 1.0))
            column *= inverse
            column[0] = inverse
        singular = ((factor[range(size), range(size)] > 0) != active).any(axis=0)
        return factor, singular

    def _solve(self, sums: Floats, gradient: Floats, active: Bools) -> tuple[Floats, Floats, Bools]:
        """Solve X'WX step = gradient by row; the last element of the diagonal of the inverse; where it is singular."""
        factor, singular = self._factor(sums, gradient, active)
        step = factor[-1]
        for k in range(len(active) - 1, -1, -1):
            step[k] *= factor[k, k]
            if k:
                step[:k] -= factor[k, :k] * step[k]
        return step, factor[len(active) - 1, -1] ** 2, singular

    def _begin(self, todo: NDArray[np.intp], start: Floats | None) -> None:
        """Start at weighted least squares of the logs of the counts, half a person added; or, if sane, *start*."""
        counts, floor, active = self.counts[:, todo], self.floor[:, todo], self.active[:, todo]
        if start is not None:
            self.coefficients[:, todo] = np.where(np.isfinite(start[:, todo]), start[:, todo], 0.0) * active
            log_means = self.log_means(self.coefficients[:, todo])
            wild = (log_means > np.log(counts.sum(axis=0)) + 3) | (log_means < LOWEST)
            odd = (wild & (floor == 0)).any(axis=0)
            todo, counts, floor, active = todo[odd], counts[:, odd], floor[:, odd], active[:, odd]
        weights = np.exp(floor) * (counts + 0.5)
        target = np.log(counts + 0.5) - 0.5 / (counts + 0.5)
        gradient = _over_supersets(weights * target)[self.masks]
        self.coefficients[:, todo] = self._solve(_over_supersets(weights), gradient, active)[0]

    def _iterate(self, todo: NDArray[np.intp], most: int) -> NDArray[np.intp]:
        """Newton steps for the rows *todo*; those that have not settled after so many are given back.

        A step d that changes log means m by s = Xd is cut so that no s exceeds `UP`. Of minus the log-likelihood f
        then f(new) - f(old) = sum m (exp(s) - 1 - s) - sum m s^2 before cutting, and exp(s) - 1 - s < s^2 for all
        s < 1.79: every step goes down, and no search along a line is needed.
        """
        totals, active, coefficients = self.totals[:, todo], self.active[:, todo], self.coefficients[:, todo]
        log_means = self.log_means(coefficients) + self.floor[:, todo]
        for _ in range(most):
            if not len(todo):
                break
            sums = _over_supersets(np.exp(log_means))
            step, variance, singular = self._solve(sums, totals - sums[self.masks], active)
            change = self.log_means(step)
            cut = UP / np.maximum(change[1:].max(axis=0), UP)
            coefficients += step * cut
            log_means += change * cut
            settled = (np.abs(step).max(axis=0) < CLOSE) & ~singular
            if settled.any():
                done = todo[settled]
                self.coefficients[:, done], self.variance[done] = coefficients[:, settled], variance[settled]
                self.converged[done] = True
                on = ~settled
                todo, totals, active = todo[on], totals[:, on], active[:, on]
                coefficients, log_means = coefficients[:, on], log_means[:, on]
        self.coefficients[:, todo] = coefficients
        return todo

    def _doubtful(self) -> NDArray[np.intp]:
        low = self.log_means(self.coefficients) < DOUBT
        return np.flatnonzero(self.converged & (low & (self.counts == 0) & (self.floor == 0)).any(axis=0))

    def _prove(self, rows: NDArray[np.intp]) -> None:
        for row in rows.tolist():
            left, used = self.floor[1:, row] == 0, self.active[:, row]
            self.exists[row] = not recedes(self.masks[used], left, self.counts[1:, row] > 0)


def _over_supersets(values: Floats) -> Floats:
    """In place: to every history the values of all others that hold all of its lists."""
    for bit in range(len(values).bit_length() - 1):
        halves = values.reshape(len(values) >> bit + 1, 2, 1 << bit, values.shape[1])
        halves[:, 0] += halves[:, 1]
    return values


def _over_subsets(values: Floats) -> Floats:
    """In place: to every history the values of all others whose lists it holds."""
    for bit in range(len(values).bit_length() - 1):
        halves = values.reshape(len(values) >> bit + 1, 2, 1 << bit, values.shape[1])
        halves[:, 1] += halves[:, 0]
    return values
