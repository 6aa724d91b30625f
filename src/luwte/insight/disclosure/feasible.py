"""All whole-number solutions of a system: how small and how large a cell can be in any of them.

Notes
-----
Each end of an interval is shown by a solution that is checked in exact arithmetic, and closed by the bound of a linear
or whole-number programme. Most questions are answered by a solution that an earlier question found.

References
----------
Fischetti, M. and Salazar-Gonzalez, J.-J. (2001). Solving the cell suppression problem on tabular data with linear
constraints. Management Science 47(7), 1008-1027.

"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from luwte.insight.disclosure.moves import Moves
from luwte.insight.disclosure.refusals import BadRelease
from luwte.insight.disclosure.solver import NEAR, NODES, Answer, Rows, Solver

if TYPE_CHECKING:
    from luwte.insight.disclosure.solver import Floats, Ints

POOL = 512
"""Solutions that are remembered: most questions are answered by one of them."""

MOVE_NODES = 50
"""Branches that a search for a small move may take. It often finds one at once, and seldom late."""


@dataclass(frozen=True)
class Interval:
    """The least and the greatest that a cell can be, and whether both ends are proved to be reached."""

    low: int
    high: int
    proved: bool = True

    @property
    def width(self) -> int:
        """The doubt that remains."""
        return self.high - self.low


class Feasible:
    """All whole-number solutions of a system; answers how small and how large a cell can be."""

    def __init__(self, rows: Rows, lower: "Ints", upper: "Ints", nodes: int = NODES) -> None:
        self.rows, self.lower, self.upper, self._nodes = rows, lower, upper, nodes
        self._relaxed = Solver(rows, lower, upper)
        self._whole: Solver | None = None
        self._moves: Moves | None = None
        self._pool: list[Ints] = []
        self._begin()

    def _begin(self) -> None:
        import numpy as np

        self._seen_low = np.full(len(self.lower), np.iinfo(np.int64).max)
        self._seen_high = np.full(len(self.lower), -1)
        self._know: dict[int, Interval] = {}
        self._fitting: list[Ints] = []
        if self._pool:
            solutions = np.array(self._pool)
            fits = np.all((solutions >= self.lower) & (solutions <= self.upper), axis=1)
            self._fitting = list(solutions[fits])
            if fits.any():
                self._seen_low, self._seen_high = solutions[fits].min(axis=0), solutions[fits].max(axis=0)

    def within(self, lower: "Ints", upper: "Ints") -> None:
        """Ask from now on under other bounds. Solutions that are inside of them stay known."""
        import numpy as np

        if self._moves is not None and np.any((lower < upper) & ~(self.lower < self.upper)):
            self._moves = None
        self.lower, self.upper = lower, upper
        self._relaxed.bound_columns(lower, upper)
        if self._whole is not None:
            self._whole.bound_columns(lower, upper)
        self._begin()

    def is_there_any(self) -> bool:
        """Whether there is a solution at all."""
        return self.is_shown() or self._extreme(0, 0) is not None

    def has_width(self, column: int, width: int, least: int = 0) -> bool:
        """Whether *column* surely spreads over at least *width*, counted from *least* up."""
        if self._spread(column, least) >= width:
            return True
        ends = {sign: math.ceil(self.extreme(column, sign).bound - NEAR) for sign in (1, -1)}
        if -ends[-1] - max(ends[1], least) < width:
            return False
        low, high = max(int(self._seen_low[column]), least), int(self._seen_high[column])
        if (
            self._spread(column, least) >= width
            or self._reach(column, low + width)
            or self._reach(column, high - width)
        ):
            return self._spread(column, least) >= width
        self.interval(column)
        return self._spread(column, least) >= width

    def least(self, column: int) -> float:
        """The least that *column* can be."""
        return self.interval(column).low

    def greatest(self, column: int) -> float:
        """The greatest that *column* can be."""
        return self.interval(column).high

    def offer(self, x: "Ints") -> None:
        """Somebody knows what may be a solution: it is checked like any other."""
        self._remember(x.astype(float))

    def can_reach(self, column: int, value: int) -> bool:
        """Whether *column* can surely be *value* or more: a solution shows it."""
        if self.lower[column] < value and self._seen_high[column] < value:
            self.interval(column)
        return bool(self.lower[column] >= value or self._seen_high[column] >= value)

    def can_be_empty(self, column: int) -> bool:
        """Whether *column* can surely be zero: a solution shows it."""
        if self.lower[column] == 0 and self._seen_low[column] > 0:
            self.interval(column)
        return bool(self._seen_low[column] == 0)

    def is_all_of(self, column: int, other: int) -> bool:
        """Whether *column* never falls short of *other*."""
        import numpy as np

        if self._seen_high[other] > self.upper[column] or self.lower[other] > self._seen_low[column]:
            return False
        cost = np.zeros(len(self.lower))
        cost[column], cost[other] = 1, -1
        for solver, whole in ((self._relaxed, False), (self._exact(), True)):
            answer = solver.minimise(cost, whole=whole, nodes=self._nodes)
            if answer is not None and answer.bound > -1 + NEAR:
                return True
        return False

    def explore(self, columns: Sequence[int]) -> None:
        """Find solutions that push many of *columns* to their bounds at once: few then need a question each."""
        import numpy as np

        for sign in (-1, 1):
            there = len(columns) + 1
            while open_ := [c for c in columns if self._reached(c, sign) != self._box(c, sign)]:
                if len(open_) >= there:
                    break
                there = len(open_)
                cost = np.zeros(len(self.lower))
                cost[open_] = sign
                answer = self._relaxed.minimise(cost)
                if answer is not None and not self._remember(answer.x):
                    answer = self._exact().minimise(cost, whole=True, nodes=1)
                    if answer is not None:
                        self._remember(answer.x)

    def is_shown(self) -> bool:
        """Whether a whole solution is known under these bounds."""
        return bool((self._seen_high >= 0).any())

    def _spread(self, column: int, least: int) -> int:
        return int(self._seen_high[column]) - max(int(self._seen_low[column]), least)

    def interval(self, column: int) -> Interval:
        """The exact interval of *column*; where a proof takes too long, one that surely contains it."""
        if column not in self._know:
            low, low_proved = self._end(column, 1)
            high, high_proved = self._end(column, -1)
            self._know[column] = Interval(low, -high, low_proved and high_proved)
        return self._know[column]

    def _end(self, column: int, sign: int) -> tuple[int, bool]:
        box = self._box(column, sign)
        if self._reached(column, sign) == box:
            return box, True
        answer = self.extreme(column, sign)
        bound = math.ceil(answer.bound - NEAR)
        if self._reached(column, sign) == bound or self._reach(column, sign * bound):
            return bound, True
        whole = self._ask(self._exact(), column, sign, whole=True)
        if whole is not None:
            bound = max(bound, math.ceil(whole.bound - NEAR))
        return bound, self._reached(column, sign) == bound

    def _reach(self, column: int, value: int) -> bool:
        """Whether a small change of a solution that is known gives *column* this value."""
        import numpy as np

        if not self._fitting or not self.lower[column] <= value <= self.upper[column]:
            return False
        if self._moves is None:
            self._moves = Moves(self.rows, np.flatnonzero(self.lower < self.upper))
        base = min(self._fitting, key=lambda one: abs(int(one[column]) - value))
        found = self._moves.reach(base, column, value, self.lower, self.upper, min(self._nodes, MOVE_NODES))
        return found is not None and self._remember(found.astype(float)) and int(found[column]) == value

    def _exact(self) -> Solver:
        if self._whole is None:
            self._whole = Solver(self.rows, self.lower, self.upper)
        return self._whole

    def _box(self, column: int, sign: int) -> int:
        return int(self.lower[column]) if sign > 0 else -int(self.upper[column])

    def _reached(self, column: int, sign: int) -> int:
        return int(self._seen_low[column]) if sign > 0 else -int(self._seen_high[column])

    def _extreme(self, column: int, sign: int) -> Answer | None:
        return self._ask(self._relaxed, column, sign, whole=False)

    def _ask(self, solver: Solver, column: int, sign: int, *, whole: bool) -> Answer | None:
        import numpy as np

        cost = np.zeros(len(self.lower))
        cost[column] = sign
        answer = solver.minimise(cost, whole=whole, nodes=self._nodes)
        if answer is not None:
            self._remember(answer.x)
        return answer

    def _remember(self, x: "Floats") -> bool:
        """Keep a solution, if it is one in whole numbers."""
        import numpy as np

        near = np.rint(x)
        if np.abs(near - x).max(initial=0) > NEAR:
            return False
        solution = near.astype(np.int64)
        inside = bool(np.all((solution >= self.lower) & (solution <= self.upper)))
        if not inside or not self.rows.holds(solution):
            return False
        if len(self._pool) < POOL:
            self._pool.append(solution)
            self._fitting.append(solution)
        self._seen_low = np.minimum(self._seen_low, solution)
        self._seen_high = np.maximum(self._seen_high, solution)
        return True

    def extreme(self, column: int, sign: int) -> Answer:
        """The linear programme's least (1) or greatest (-1) of *column*, with its prices."""
        answer = self._extreme(column, sign)
        if answer is None:
            raise BadRelease("These releases contradict each other: no counts fit all of them.")
        return answer


def reduced_costs(rows: Rows, column: int, sign: int, answer: Answer) -> "Floats":
    """What each column's bounds cost in the programme that made *column* extreme, from the prices of the rows."""
    import numpy as np

    costs = np.zeros(len(answer.x))
    costs[column] = sign
    lengths = np.diff(rows.starts)
    priced = np.repeat(answer.prices, lengths) * np.asarray(rows.weights, float)
    np.subtract.at(costs, np.asarray(rows.columns, int), priced)
    return costs
