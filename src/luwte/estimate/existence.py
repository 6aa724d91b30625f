"""Whether a log-linear model has a maximum likelihood estimate on a table: existence and identifiability."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Masks = NDArray[np.int64]
Bools = NDArray[np.bool_]


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
    holds = np.arange(1, len(left) + 1)[:, None] & masks == masks
    design = holds[left].astype(float)
    seen = positive[left]
    # Directions along which nothing changes where somebody was observed: the null space of those rows.
    _, values, axes = np.linalg.svd(design[seen], full_matrices=True)
    free = axes[(values > 1e-9).sum() :]
    slopes = design[~seen] @ free.T
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
