"""Whether a log-linear model has a maximum likelihood estimate on a table: existence and identifiability."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from luwte.estimate.errors import BadModel
from luwte.estimate.histories import Histories

Masks = NDArray[np.int64]
Bools = NDArray[np.bool_]
Code = Literal["fine", "no_mle", "not_identifiable"]


@dataclass(frozen=True)
class Existence:
    """Whether a model can be fitted to a table.

    Attributes
    ----------
    code : Code
        `fine`; `no_mle`: even the extended maximum likelihood estimate does not exist; `not_identifiable`: the
        parameters that are left cannot be told apart on the cells that are left.
    at_minus_infinity : tuple of int
        Masks of the lists and interactions that nobody is in.

    """

    code: Code
    at_minus_infinity: tuple[int, ...]


def check(histories: Histories, interactions: Sequence[int]) -> Existence:
    """Check one model, all lists and these *interactions* (masks), before it is fitted.

    Raises
    ------
    BadModel
        See `ask_for_interactions`.

    Notes
    -----
    Parameters that nobody is in go to minus infinity and take their cells with them [1]_; of the rest the rank is
    found first, and existence where the rank is full.

    References
    ----------
    .. [1] Chan, L., Silverman, B. W. and Vincent, K. (2021). Multiple systems estimation for sparse capture data:
       inferential challenges when there are nonoverlapping lists. JASA 116(535), 1297-1306.

    """
    ask_for_interactions(interactions, len(histories.counts))
    masks = np.array([0, *(1 << bit for bit in range(len(histories.lists))), *interactions], dtype=np.int64)
    holds = design(masks, len(histories.counts))
    infinite = np.array([histories.within(mask) == 0 for mask in masks.tolist()])
    left = np.logical_not(holds[:, infinite].any(axis=1))
    missing = tuple(masks[infinite & (masks > 0)].tolist())
    rest = holds[left][:, ~infinite].astype(float)
    if histories.observed == 0 or np.linalg.matrix_rank(rest) < rest.shape[1]:
        return Existence("not_identifiable", missing)
    return Existence("no_mle" if recedes(masks[~infinite], left, histories.counts > 0) else "fine", missing)


def design(masks: Masks, cells: int) -> Bools:
    """Shape (cells, p): whether history h (row h - 1) holds all lists of a mask."""
    holds: Bools = np.arange(1, cells + 1)[:, None] & masks == masks
    return holds


def ask_for_interactions(interactions: Sequence[int], cells: int) -> None:
    """Refuse, with `BadModel`, what is no interaction of the lists of a table of so many cells, or is there twice."""
    if len(set(interactions)) != len(interactions):
        raise BadModel("An interaction is there twice.")
    if not all(0 < mask <= cells and mask.bit_count() > 1 for mask in interactions):
        raise BadModel("An interaction must be of two or more of the lists.")


def recedes(masks: Masks, left: Bools, positive: Bools) -> bool:
    """Whether the likelihood grows for ever in some direction, so that it has no maximum.

    Parameters
    ----------
    masks : ndarray of int, shape (p,)
        The parameters by mask, 0 for the intercept; identifiable on the cells that are left.
    left : ndarray of bool, shape (2^t - 1,)
        Cells that no parameter at minus infinity has taken out.
    positive : ndarray of bool, shape (2^t - 1,)
        Cells in which somebody was observed. How many does not matter.

    Notes
    -----
    With the design X of the cells that are left, the maximum exists if and only if some table that is positive in all
    of them has the observed margins [1]_. By duality it does not exist if and only if there is a direction d with
    Xd = 0 where somebody was observed, Xd <= 0 elsewhere, and Xd < 0 somewhere. This form of the linear programme has
    no counts in it, so that large ones cannot spoil it, and one answer serves all tables with the same empty cells.

    References
    ----------
    .. [1] Fienberg, S. E. and Rinaldo, A. (2012). Maximum likelihood estimation in log-linear models. Annals of
       Statistics 40(2), 996-1023, theorem 2.

    """
    return _recedes(masks.tobytes(), left.tobytes(), positive.tobytes())


@lru_cache(maxsize=2**16)
def _recedes(masks_raw: bytes, left_raw: bytes, positive_raw: bytes) -> bool:
    masks = np.frombuffer(masks_raw, dtype=np.int64)
    left, positive = np.frombuffer(left_raw, dtype=bool), np.frombuffer(positive_raw, dtype=bool)
    cells = design(masks, len(left))[left].astype(float)
    seen = positive[left]
    # Directions along which nothing changes where somebody was observed: the null space of those rows.
    _, values, axes = np.linalg.svd(cells[seen], full_matrices=True)
    free = axes[(values > 1e-9).sum() :]
    slopes = cells[~seen] @ free.T
    if not slopes.size:
        return False
    if len(free) == 1:
        steep = slopes[np.abs(slopes) > 1e-9]
        return bool((steep > 0).all() or (steep < 0).all())
    answer = linprog(
        slopes.sum(axis=0),
        A_ub=np.vstack([slopes, -slopes]),
        b_ub=np.concatenate([np.zeros(len(slopes)), np.ones(len(slopes))]),
        bounds=(None, None),
        method="highs",
    )
    return bool((slopes @ answer.x).sum() < -0.5)
