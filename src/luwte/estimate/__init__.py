"""Multiple systems estimation: how many there are whom no list has, by several methods side by side.

When several registers list partly the same people, their overlaps say something about those whom nobody listed. The
methods disagree, so none is printed alone, and each may answer "no estimate". A pure library on NumPy and SciPy: no
file of the rest of Luwte is imported here, and nothing here knows where a count comes from.

    >>> from luwte.estimate import PUBLISHED, estimate_all, stepwise
    >>> table = PUBLISHED["kosovo_1999"].read()
    >>> round(stepwise(table, bootstrap=0).estimate)
    14342

A method takes `Histories` and gives a `Result`; `estimate_all` runs every method and gives a `Report`. `gated` says
whether a figure may be printed at all: `estimate_all` asks it, a method by itself does not.
"""

from luwte.estimate.coverage import Coverage, Truth, coverage, fitted_truth
from luwte.estimate.data import read_histories
from luwte.estimate.decomposable import decomposable
from luwte.estimate.errors import BadAnswers, BadCheck, BadHistories, BadLevel, BadModel, EstimateError
from luwte.estimate.gate import Limits, gated, guarded
from luwte.estimate.histories import Histories
from luwte.estimate.latent_class import latent_class
from luwte.estimate.methods import METHODS, Chat, Effort
from luwte.estimate.multiplier import DependenceSurface, dependence_surface, multiplier
from luwte.estimate.published import PUBLISHED
from luwte.estimate.report import Report, estimate_all
from luwte.estimate.results import IntervalKind, Method, Result, Verdict, no_estimate
from luwte.estimate.robustness import (
    Backtest,
    Check,
    SpecificationCurve,
    backtest,
    drop_one,
    merge_pairs,
    specification_curve,
)
from luwte.estimate.search import bic, bic_average, ranking
from luwte.estimate.stepwise import main_effects, stepwise
from luwte.estimate.strata import Stratified, StratifiedResult, by_stratum

__all__ = [
    "METHODS",
    "PUBLISHED",
    "Backtest",
    "BadAnswers",
    "BadCheck",
    "BadHistories",
    "BadLevel",
    "BadModel",
    "Chat",
    "Check",
    "Coverage",
    "DependenceSurface",
    "Effort",
    "EstimateError",
    "Histories",
    "IntervalKind",
    "Limits",
    "Method",
    "Report",
    "Result",
    "SpecificationCurve",
    "Stratified",
    "StratifiedResult",
    "Truth",
    "Verdict",
    "backtest",
    "bic",
    "bic_average",
    "by_stratum",
    "coverage",
    "decomposable",
    "dependence_surface",
    "drop_one",
    "estimate_all",
    "fitted_truth",
    "gated",
    "guarded",
    "latent_class",
    "main_effects",
    "merge_pairs",
    "multiplier",
    "no_estimate",
    "ranking",
    "read_histories",
    "specification_curve",
    "stepwise",
]
