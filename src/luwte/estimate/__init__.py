"""Multiple systems estimation: how many there are whom no list has, by several methods side by side.

When several registers list partly the same people, their overlaps say something about those whom nobody listed. The
methods disagree, so none is printed alone, and each may answer "no estimate". A pure library on NumPy and SciPy: no
file of the rest of Luwte is imported here, and nothing here knows where a count comes from.
"""

from luwte.estimate.errors import BadHistories, EstimateError
from luwte.estimate.histories import Histories
from luwte.estimate.results import IntervalKind, Method, Result, Verdict, no_estimate
from luwte.estimate.strata import Stratified, StratifiedResult, by_stratum

__all__ = [
    "BadHistories",
    "EstimateError",
    "Histories",
    "IntervalKind",
    "Method",
    "Result",
    "Stratified",
    "StratifiedResult",
    "Verdict",
    "by_stratum",
    "no_estimate",
]
