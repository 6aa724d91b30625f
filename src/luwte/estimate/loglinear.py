"""Poisson log-linear models of capture histories by extended maximum likelihood, thousands at a time.

One function does the work, `fit_many`; whether a maximum exists at all, where the fit itself is no proof of it, is
asked of `existence`. The arithmetic is in `newton`. Which models to fit is decided elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from luwte.estimate.errors import BadModel
from luwte.estimate.existence import ask_for_interactions
from luwte.estimate.histories import MOST_LISTS, Histories, lists_of
from luwte.estimate.newton import Block

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BLOCK = 1000
"""Rows at once: what one step of a block touches stays in the cache of a core."""


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
    lists = lists_of(cells)
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
        block = Block(rows[part].T, in_model[part][:, used].T, masks[used], warm, room)
        _write(block, fits, part, np.roll(used, 1))
    return fits


def _write(block: Block, fits: Fits, part: slice, used: Bools) -> None:
    """Write what was found; without a maximum there is nothing to write."""
    log_means = block.log_means(block.coefficients)
    means = np.exp(log_means + block.floor)
    terms = block.counts * log_means - means - gammaln(block.counts + 1.0)
    found = block.converged & block.exists
    intercept = np.where(found, block.coefficients[-1], np.nan)
    fits.intercept[part], fits.hidden[part] = intercept, np.exp(intercept)
    fits.variance[part] = np.where(found, block.variance, np.nan)
    fits.log_likelihood[part] = np.where(found, terms.sum(axis=0), np.nan)
    fits.exists[part], fits.identifiable[part], fits.converged[part] = block.exists, block.identifiable, found
    fits.means[part] = np.where(found, means[1:], np.nan).T
    coefficients = np.where(block.infinite, -np.inf, block.coefficients)
    fits.coefficients[part, used] = np.roll(np.where(found, coefficients, np.nan), 1, axis=0).T
    fits.coefficients[part, ~used] = np.where(found, 0.0, np.nan)[:, None]


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
    size = 1 + lists_of(cells) + len(interactions)
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
