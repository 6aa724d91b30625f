"""HiGHS behind one small face: always one thread, never a clock, so that the same problem has the same answer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from highspy._core import _Highs
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

NEAR = 1e-6
"""A solver's number this near to a whole one is taken for it, and then checked in whole numbers."""

NODES = 2_000
"""Branches that a proof may take by default. A limit by nodes gives everybody the same answer; one by time does not."""


PRIMAL, DUAL = 4, 1
"""HiGHS' simplex methods. After a change of costs the last basis is still primal feasible: ten times fewer steps."""


@dataclass
class Rows:
    """Linear rows `low <= sum(weight * x) <= high`, in whole numbers."""

    starts: list[int] = field(default_factory=lambda: [0])
    columns: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, terms: Iterable[tuple[int, float]], low: float, high: float) -> None:
        """Add one row of (column, weight)."""
        for column, weight in terms:
            self.columns.append(column)
            self.weights.append(weight)
        self.starts.append(len(self.columns))
        self.low.append(low)
        self.high.append(high)

    def __len__(self) -> int:
        """How many rows."""
        return len(self.low)

    def __iter__(self) -> "Iterator[list[tuple[int, float]]]":
        """The (column, weight) of each row."""
        for begin, end in pairwise(self.starts):
            yield list(zip(self.columns[begin:end], self.weights[begin:end], strict=True))

    def sums(self, x: "Ints") -> "Ints":
        """Every row's sum for whole numbers *x*, in exact arithmetic."""
        import numpy as np

        sums = np.concatenate([[0], np.cumsum(np.asarray(self.weights, np.int64) * x[self.columns])])
        each: Ints = np.diff(sums[self.starts])
        return each

    def holds(self, x: "Ints") -> bool:
        """Whether whole numbers *x* fulfil every row."""
        import numpy as np

        each = self.sums(x)
        return bool(np.all(each >= np.asarray(self.low)) and np.all(each <= np.asarray(self.high)))

    def among(self, columns: "Ints") -> tuple["Ints", "Rows"]:
        """The numbers of the rows that hold any of *columns*, and what these rows say of them, renumbered."""
        import numpy as np

        place = dict(zip(columns.tolist(), range(len(columns)), strict=True))
        kept, found = [], Rows()
        for number, terms in enumerate(self):
            if left := [(place[column], weight) for column, weight in terms if column in place]:
                kept.append(number)
                found.add(left, self.low[number], self.high[number])
        return np.asarray(kept, np.int64), found


@dataclass(frozen=True)
class Answer:
    """What a solver found: a value and its bound, where, and the prices of the rows (of a linear programme only)."""

    value: float
    bound: float
    x: "Floats"
    prices: "Floats"


class Solver:
    """One set of columns and rows, asked again and again with other costs or bounds."""

    def __init__(self, rows: Rows, lower: "Ints", upper: "Ints") -> None:
        import highspy
        import numpy as np

        self.rows, self.lower, self.upper = rows, lower.astype(float), upper.astype(float)
        self._size = len(lower)
        programme = highspy.HighsLp()
        programme.num_col_, programme.num_row_ = self._size, len(rows)
        programme.col_cost_ = np.zeros(self._size)
        programme.col_lower_, programme.col_upper_ = self.lower, self.upper
        self._row_low, self._row_high = np.asarray(rows.low, float), np.asarray(rows.high, float)
        programme.row_lower_, programme.row_upper_ = self._row_low, self._row_high
        programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        programme.a_matrix_.start_ = np.asarray(rows.starts, np.int32)
        programme.a_matrix_.index_ = np.asarray(rows.columns, np.int32)
        programme.a_matrix_.value_ = np.asarray(rows.weights, float)
        self._highs = _engine()
        for name, value in (("threads", 1), ("parallel", "off"), ("random_seed", 0)):
            self._highs.setOptionValue(name, value)
        self._highs.setOptionValue("mip_rel_gap", 0.0)
        self._highs.setOptionValue("mip_abs_gap", 0.99e-6)
        self._highs.passModel(programme)
        self._whole, self._moved = False, True

    def bound_columns(self, lower: "Ints", upper: "Ints") -> None:
        """Give every column other bounds."""
        import numpy as np

        self.lower, self.upper = lower.astype(float), upper.astype(float)
        everyone = np.arange(self._size, dtype=np.int32)
        self._highs.changeColsBounds(self._size, everyone, self.lower, self.upper)
        self._moved = True

    def bound_rows(self, low: "Floats", high: "Floats") -> None:
        """Give every row other bounds."""
        import numpy as np

        for row in np.flatnonzero((low != self._row_low) | (high != self._row_high)):
            self._highs.changeRowBounds(int(row), float(low[row]), float(high[row]))
            self._moved = True
        self._row_low, self._row_high = low, high

    def minimise(
        self, cost: "Floats", *, whole: bool = False, nodes: int = NODES, first: bool = False
    ) -> Answer | None:
        """The least of *cost*; None when nothing fulfils the rows, or no whole solution was found within *nodes*.

        With *first*, a whole-number programme ends at the first solution it finds.

        Raises
        ------
        ArithmeticError
            The solver gave up for a reason that is none of these.

        """
        import highspy
        import numpy as np

        everyone = np.arange(self._size, dtype=np.int32)
        self._highs.changeColsCost(self._size, everyone, cost)
        if whole != self._whole:
            kind = highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
            self._highs.changeColsIntegrality(self._size, everyone, np.full(self._size, kind))
            self._whole = whole
        self._highs.setOptionValue("mip_max_nodes", nodes)
        self._highs.setOptionValue("mip_max_improving_sols", 1 if first else 2**31 - 1)
        self._highs.setOptionValue("simplex_strategy", DUAL if whole or self._moved else PRIMAL)
        self._moved = False
        self._highs.run()
        return self._answer(whole)

    def _answer(self, whole: bool) -> Answer | None:
        import highspy
        import numpy as np

        status = self._highs.getModelStatus()
        statuses = highspy.HighsModelStatus
        solution, info = self._highs.getSolution(), self._highs.getInfo()
        if status in (statuses.kInfeasible, statuses.kUnboundedOrInfeasible):
            return None
        if status == statuses.kModelEmpty:
            return Answer(0.0, 0.0, np.zeros(self._size), np.zeros(len(self.rows)))
        x = np.asarray(solution.col_value, float)
        if status == statuses.kOptimal:
            bound = info.mip_dual_bound if whole else info.objective_function_value
            prices = np.zeros(len(self.rows)) if whole else np.asarray(solution.row_dual, float)
            return Answer(info.objective_function_value, bound, x, prices)
        if whole and status in (statuses.kSolutionLimit, statuses.kIterationLimit):
            if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
                return None
            return Answer(info.objective_function_value, info.mip_dual_bound, x, np.zeros(len(self.rows)))
        raise ArithmeticError(f"The solver stopped: {self._highs.modelStatusToString(status)}")


def _engine() -> "_Highs":
    """HiGHS without its public face: `highspy.Highs` prints a banner when it is made, before anybody can silence it.

    The banner would go into the output of `luwte protect --json`, and the callbacks it sets up are not used here.
    """
    from highspy._core import _Highs

    engine = _Highs()
    engine.setOptionValue("output_flag", False)
    return engine


def versions() -> dict[str, str]:
    """What computed the result."""
    import numpy as np

    engine = _engine()
    return {"highs": str(engine.version()), "numpy": np.__version__}
