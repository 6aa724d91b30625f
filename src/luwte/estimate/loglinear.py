"""Poisson log-linear models of capture histories by extended maximum likelihood, thousands at a time.

One function does the work, `fit_many`; whether a maximum exists at all, where the fit itself is no proof of it, is
asked of `existence`. Which models to fit is decided elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from luwte.estimate.errors import BadModel
from luwte.estimate.existence import ask_for_interactions, design, recedes
from luwte.estimate.histories import MOST_LISTS, Histories

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BLOCK = 1000
"""Rows at once: what one step of a block touches stays in the cache of a core."""
CLOSE = 1e-7
"""A Newton step this small doubles its digits once more, and so ends at the precision of float64."""
UP = 1.5
"""A step that raises no fitted log mean by more than this lowers minus the log-likelihood (see `_Block.iterate`)."""
PATIENCE = 12
"""Newton steps before a fit that has not settled must prove that there is something to settle at."""
MOST_STEPS = 200
LOWEST = -25.0
"""Log means below this are no sane start: what they weigh is lost in rounding."""
DOUBT = 1e-6
"""A fitted mean below this, where nobody was observed, may be on its way to zero."""


@dataclass(frozen=True, eq=False)
class Fits:
    """Maximum likelihood of B models, each to its own counts.

    Attributes
    ----------
    hidden : ndarray, shape (B,)
        Expected people in no list, exp(intercept). NaN without a maximum.
    intercept, variance : ndarray, shape (B,)
        The intercept and its variance (inverse of the Fisher information), the latter to six digits or more. NaN
        without a maximum.
    log_likelihood : ndarray, shape (B,)
        Poisson log-likelihood with its constant, -sum(log y!). NaN without a maximum.
    parameters : ndarray of int, shape (B,)
        Intercept, lists and interactions, those at minus infinity counted.
    exists : ndarray of bool, shape (B,)
        Whether the extended maximum likelihood estimate exists; False where it is not identifiable.
    identifiable : ndarray of bool, shape (B,)
        Whether the parameters that are not at minus infinity can be told apart on the cells that are left.
    converged : ndarray of bool, shape (B,)
        Whether the coefficients are the maximum to the precision of float64.
    means : ndarray, shape (B, 2^t - 1)
        Fitted means, 0 in cells that hold a parameter at minus infinity. NaN without a maximum.
    coefficients : ndarray, shape (B, 1 + t + J)
        Intercept, lists, interactions: 0 where not in the model, -inf at minus infinity. NaN without a maximum.

    """

    hidden: Floats
    intercept: Floats
    variance: Floats
    log_likelihood: Floats
    parameters: NDArray[np.int64]
    exists: Bools
    identifiable: Bools
    converged: Bools
    means: Floats
    coefficients: Floats


@dataclass(frozen=True, eq=False)
class Fit:
    """One row of `Fits`."""

    hidden: float
    intercept: float
    variance: float
    log_likelihood: float
    parameters: int
    exists: bool
    identifiable: bool
    converged: bool
    means: Floats
    coefficients: Floats


def fit(histories: Histories, interactions: Sequence[int]) -> Fit:
    """Fit one model: all lists and these *interactions* (masks). See `fit_many`."""
    fits = fit_many(histories.counts, np.ones(len(interactions), dtype=bool), interactions)
    means, coefficients = fits.means[0], fits.coefficients[0]
    scalars = {field.name: getattr(fits, field.name)[0].item() for field in fields(Fits)[:-2]}
    return Fit(**scalars, means=means, coefficients=coefficients)


def fit_many(
    counts: ArrayLike, chosen: ArrayLike, interactions: Sequence[int], *, start: ArrayLike | None = None
) -> Fits:
    """Fit B hierarchical log-linear models to B tables by extended maximum likelihood.

    Parameters
    ----------
    counts : array_like, shape (B, 2^t - 1) or (2^t - 1,)
        Observed people by history, as in `Histories.counts`.
    chosen : array_like of bool, shape (B, J) or (J,)
        Which of *interactions* are in the model, by row. The intercept and all lists always are.
    interactions : sequence of int
        J masks of two or more lists, each once.
    start : array_like, shape (B, 1 + t + J) or (1 + t + J,), optional
        Coefficients of fits that are near, as in `Fits.coefficients`. They change the time it takes, nothing else.

    Returns
    -------
    Fits

    Raises
    ------
    BadModel
        Shapes that do not belong together, a mask that is no interaction of these lists or is there twice, or a model
        that has an interaction without one of the smaller interactions inside it.

    Notes
    -----
    A parameter whose sufficient count (people in all lists of its mask) is 0 has its estimate at minus infinity: it
    leaves the model, and so do all cells that hold it, with fitted mean 0 [1]_. Of what remains Newton's method finds
    the maximum. A fit that has settled at finite parameters with a vanishing gradient proves that it exists: its means
    are positive in every cell and have the observed margins, which is Haberman's condition [2]_. Only fits that do not
    settle, or settle beside a mean near 0, are put to the linear programme (`existence.recedes`).

    Rows are worked on in blocks, so memory beyond the answer is bounded. A block knows only the interactions that one
    of its rows has chosen: rows with the same model go faster next to each other.

    References
    ----------
    .. [1] Chan, L., Silverman, B. W. and Vincent, K. (2021). Multiple systems estimation for sparse capture data:
       inferential challenges when there are nonoverlapping lists. JASA 116(535), 1297-1306.
    .. [2] Fienberg, S. E. and Rinaldo, A. (2012). Maximum likelihood estimation in log-linear models. Annals of
       Statistics 40(2), 996-1023.

    """
    rows, picks, first = _read(counts, chosen, interactions, start)
    cells = rows.shape[1]
    lists = (cells + 1).bit_length() - 1
    # The intercept comes last: its pivot is then what all others leave of its information, 1 / variance.
    masks = np.array([*(1 << bit for bit in range(lists)), *interactions, 0], dtype=np.int64)
    fits = _nothing(len(rows), cells, len(masks))
    in_model = np.ones((len(rows), len(masks)), dtype=bool)
    in_model[:, lists:-1] = picks
    fits.parameters[:] = in_model.sum(axis=1)
    # Asked of the system once: fresh memory for every step costs more than the arithmetic in it.
    room = np.empty((len(masks) + 1) * len(masks) * min(BLOCK, len(rows)))
    for low in range(0, len(rows), BLOCK):
        part = slice(low, low + BLOCK)
        used = in_model[part].any(axis=0)
        warm = None if first is None else np.roll(first[part], -1, axis=1)[:, used].T
        _Block(rows[part].T, in_model[part][:, used].T, masks[used], warm, room).into(fits, part, np.roll(used, 1))
    return fits


class _Block:
    """Some rows at once, the row being the last axis of every array: (parameters, rows) and (cells, rows)."""

    def __init__(
        self, counts: Floats, in_model: Bools, masks: NDArray[np.int64], start: Floats | None, room: Floats
    ) -> None:
        self.room, self.masks, self.counts = room, masks, np.ascontiguousarray(counts)
        self.design = design(masks, len(counts)).astype(float)
        # An element of X'WX sums W over all cells that hold both masks, so the sums over their unions are enough.
        unions, self.place = np.unique(masks[:, None] | masks, return_inverse=True)
        self.sums = np.ascontiguousarray(design(unions, len(counts)).T, dtype=float)
        self.diagonal = np.diagonal(self.place)
        self.totals = self.design.T @ self.counts
        self.infinite = in_model & (self.totals == 0)
        self.active = in_model & ~self.infinite
        # Added to a log mean: nothing, or minus infinity in cells that hold a parameter at minus infinity.
        self.floor = np.where(self.design @ self.infinite > 0, -np.inf, 0.0)
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

    def into(self, fits: Fits, part: slice, used: Bools) -> None:
        """Write what was found; without a maximum there is nothing to write."""
        log_means = self.design @ self.coefficients
        means = np.exp(log_means + self.floor)
        terms = self.counts * log_means - means - gammaln(self.counts + 1.0)
        found = self.converged & self.exists
        intercept = np.where(found, self.coefficients[-1], np.nan)
        fits.intercept[part], fits.hidden[part] = intercept, np.exp(intercept)
        fits.variance[part] = np.where(found, self.variance, np.nan)
        fits.log_likelihood[part] = np.where(found, terms.sum(axis=0), np.nan)
        fits.exists[part], fits.identifiable[part], fits.converged[part] = self.exists, self.identifiable, found
        fits.means[part] = np.where(found, means, np.nan).T
        coefficients = np.where(self.infinite, -np.inf, self.coefficients)
        fits.coefficients[part, used] = np.roll(np.where(found, coefficients, np.nan), 1, axis=0).T
        fits.coefficients[part, ~used] = np.where(found, 0.0, np.nan)[:, None]

    def _identifiable(self) -> Bools:
        """Where the active columns of the design are independent on the cells that are left."""
        everything = np.ones((len(self.design), 1))
        answer = np.full(self.counts.shape[1], True)
        whole = self._independent(everything, np.ones((len(self.masks), 1), dtype=bool)).item()
        cut = self.infinite.any(axis=0) if whole else answer.copy()
        if cut.any():
            answer[cut] = self._independent(np.exp(self.floor[:, cut]), self.active[:, cut])
        return answer

    def _independent(self, weights: Floats, active: Bools) -> Bools:
        # With weights 0 and 1 pivots are quotients of small whole determinants: 0, or far above rounding.
        return ~self._factor(self.sums @ weights, np.zeros(active.shape), active)[1]

    def _factor(self, sums: Floats, gradient: Floats, active: Bools) -> tuple[Floats, Bools]:
        """Cholesky factor of X'WX by row, its last line the gradient solved forward; and where a pivot vanishes.

        The diagonal holds inverses. A parameter that is not active gets an infinite pivot, which takes it out of every
        other line and leaves its own step at 0; so does one whose pivot vanishes.
        """
        size, rows = active.shape
        factor = self.room[: (size + 1) * size * rows].reshape(size + 1, size, rows)
        np.take(sums, self.place, axis=0, out=factor[:-1], mode="clip")
        factor[-1] = gradient
        least = np.where(active, 1e-11 * sums[self.diagonal], np.inf)
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
            log_means = self.design @ self.coefficients[:, todo]
            wild = (log_means > np.log(counts.sum(axis=0)) + 3) | ((log_means < LOWEST) & (floor == 0))
            odd = wild.any(axis=0)
            todo, counts, floor, active = todo[odd], counts[:, odd], floor[:, odd], active[:, odd]
        weights = np.exp(floor) * (counts + 0.5)
        target = np.log(counts + 0.5) - 0.5 / (counts + 0.5)
        self.coefficients[:, todo] = self._solve(self.sums @ weights, self.design.T @ (weights * target), active)[0]

    def _iterate(self, todo: NDArray[np.intp], most: int) -> NDArray[np.intp]:
        """Newton steps for the rows *todo*; those that have not settled after so many are given back.

        A step d that changes log means m by s = Xd is cut so that no s exceeds `UP`. Of minus the log-likelihood f
        then f(new) - f(old) = sum m (exp(s) - 1 - s) - sum m s^2 before cutting, and exp(s) - 1 - s < s^2 for all
        s < 1.79: every step goes down, and no search along a line is needed.
        """
        totals, active, coefficients = self.totals[:, todo], self.active[:, todo], self.coefficients[:, todo]
        log_means = self.design @ coefficients + self.floor[:, todo]
        for _ in range(most):
            if not len(todo):
                break
            sums = self.sums @ np.exp(log_means)
            step, variance, singular = self._solve(sums, totals - sums[self.diagonal], active)
            change = self.design @ step
            cut = UP / np.maximum(change.max(axis=0), UP)
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
        means = np.exp(self.design @ self.coefficients)
        near = ((means < DOUBT) & (self.counts == 0) & (self.floor == 0)).any(axis=0)
        return np.flatnonzero(self.converged & near)

    def _prove(self, rows: NDArray[np.intp]) -> None:
        for row in rows.tolist():
            left = self.floor[:, row] == 0
            used = self.active[:, row]
            self.exists[row] = not recedes(self.masks[used], left, self.counts[:, row] > 0)


def _nothing(rows: int, cells: int, parameters: int) -> Fits:
    return Fits(
        hidden=np.full(rows, np.nan),
        intercept=np.full(rows, np.nan),
        variance=np.full(rows, np.nan),
        log_likelihood=np.full(rows, np.nan),
        parameters=np.zeros(rows, dtype=np.int64),
        exists=np.zeros(rows, dtype=bool),
        identifiable=np.zeros(rows, dtype=bool),
        converged=np.zeros(rows, dtype=bool),
        means=np.full((rows, cells), np.nan),
        coefficients=np.full((rows, parameters), np.nan),
    )


def _read(
    counts: ArrayLike, chosen: ArrayLike, interactions: Sequence[int], start: ArrayLike | None
) -> tuple[Floats, Bools, Floats | None]:
    """Arguments as arrays with one row a model, or a refusal."""
    rows, picks = np.atleast_2d(np.asarray(counts, dtype=float)), np.atleast_2d(np.asarray(chosen, dtype=bool))
    cells = rows.shape[-1]
    if rows.ndim != 2 or picks.ndim != 2 or cells not in [2**lists - 1 for lists in range(1, MOST_LISTS + 1)]:
        raise BadModel("There must be one count for every history but the empty one.")
    if not (np.isfinite(rows).all() and (rows >= 0).all()):
        raise BadModel("Counts must be numbers from 0 up.")
    if picks.shape[1] != len(interactions):
        raise BadModel("Every interaction must be chosen or not.")
    if len({len(rows), len(picks)} - {1}) > 1:
        raise BadModel("There must be as many models as tables, or one of either.")
    ask_for_interactions(interactions, cells)
    many = max(len(rows), len(picks))
    rows, picks = np.broadcast_to(rows, (many, cells)), np.broadcast_to(picks, (many, len(interactions)))
    _ask_for_smaller_ones(picks, interactions)
    if start is None:
        return rows, picks, None
    size = 1 + (cells + 1).bit_length() - 1 + len(interactions)
    first = np.atleast_2d(np.asarray(start, dtype=float))
    if first.ndim != 2 or first.shape[0] not in (1, many) or first.shape[1] != size:
        raise BadModel("A start must have a coefficient for every parameter.")
    return rows, picks, np.broadcast_to(first, (many, size))


def _ask_for_smaller_ones(picks: Bools, interactions: Sequence[int]) -> None:
    place = {mask: at for at, mask in enumerate(interactions)}
    for mask, at in place.items():
        if mask.bit_count() < 3:
            continue
        for smaller in (mask & ~(1 << bit) for bit in range(mask.bit_length()) if mask >> bit & 1):
            if (picks[:, at] & ~(picks[:, place[smaller]] if smaller in place else False)).any():
                raise BadModel("A model with an interaction needs all smaller interactions inside it.")
