"""The attack without whole numbers: quicker, and enough to see almost all that is too narrow.

Notes
-----
Counts between whole ones are allowed, so an interval found here is never narrower than the attacker's. Solutions can be
mixed: somewhere between the truth and a solution lies one that fits whatever bounds the truth fits. So a solution found
once answers for other cells, and for insiders, without asking a solver.

"""

from typing import TYPE_CHECKING

from luwte.insight.disclosure.solver import NEAR, Answer, Rows, Solver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from luwte.insight.disclosure.solver import Floats, Ints

POOL = 1_024
"""Solutions that are remembered at a time."""


class Relaxed:
    """Everything that fits a system, fractions too. Answers the same questions as `Feasible`.

    Parameters
    ----------
    rows
        The system.
    truth
        One solution. Bounds must always contain it.

    """

    def __init__(self, rows: Rows, truth: "Ints") -> None:
        import numpy as np

        self._all, self._truth = rows, truth
        self._pool = np.repeat(truth[None, :].astype(float), POOL, axis=0)
        self._filled = 0

    def publish(self, lower: "Ints", upper: "Ints") -> None:
        """Start with these bounds. Only columns with some room between them are given to the solver."""
        import numpy as np

        self._base, self._open = (lower, upper), np.flatnonzero(lower < upper)
        self._at = {int(column): number for number, column in enumerate(self._open)}
        self._kept, rows = self._all.among(self._open)
        fixed = self._truth.copy()
        fixed[self._open] = 0
        sums = self._all.sums(fixed)[self._kept]
        self._solver = Solver(rows, lower[self._open], upper[self._open])
        self._solver.bound_rows(np.asarray(rows.low) - sums, np.asarray(rows.high) - sums)
        self.lower, self.upper, self._moved = lower, upper, False
        self._base_share = self._shares(np.arange(len(lower)))
        self._share = self._base_share.copy()

    def within(self, lower: "Ints", upper: "Ints") -> None:
        """Ask from now on under bounds that are nowhere wider than those published."""
        import numpy as np

        self.lower, self.upper, self._moved = lower, upper, True
        narrower = np.flatnonzero((lower != self._base[0]) | (upper != self._base[1]))
        self._share = np.minimum(self._base_share, self._shares(narrower))

    def _shares(self, columns: "Ints") -> "Floats":
        """How far each solution can be followed from the truth before it leaves the bounds of *columns*."""
        import numpy as np

        there = self._truth[columns]
        way = self._pool[:, columns] - there
        room = np.where(way < 0, self.lower[columns] - there, self.upper[columns] - there)
        share: Floats = np.divide(room, way, out=np.ones_like(way), where=np.abs(way) > NEAR)
        least: Floats = np.clip(share.min(axis=1, initial=1.0), 0.0, 1.0)
        return least

    def explore(self, columns: "Sequence[int]") -> None:
        """Push many of *columns* to their bounds at once, as often as that brings something."""
        import numpy as np

        asked = [column for column in columns if column in self._at]
        for sign in (-1, 1):
            there = len(asked) + 1
            while len(left := [c for c in asked if not self._is_at_bound(c, sign)]) < there:
                there = len(left)
                cost = np.zeros(len(self._open))
                cost[[self._at[column] for column in left]] = sign
                self._ask(cost)

    def has_width(self, column: int, width: int, least: int = 0) -> bool:
        """Whether *column* can spread over *width*, counted from *least* up."""
        if column not in self._at:
            return width <= 0
        if self._spread(column, least) >= width - NEAR:
            return True
        for sign in (1, -1):
            self.extreme(column, sign)
            if self._spread(column, least) >= width - NEAR:
                return True
        return False

    def least(self, column: int) -> float:
        """The least that *column* can be."""
        return self.extreme(column, 1).value

    def greatest(self, column: int) -> float:
        """The greatest that *column* can be."""
        return -self.extreme(column, -1).value

    def extreme(self, column: int, sign: int) -> Answer:
        """The least (1) or greatest (-1) of *column*, with the prices of all rows."""
        import numpy as np

        prices, x = np.zeros(len(self._all)), self._truth.astype(float)
        if column not in self._at:
            return Answer(sign * x[column], sign * x[column], x, prices)
        cost = np.zeros(len(self._open))
        cost[self._at[column]] = sign
        answer = self._ask(cost)
        prices[self._kept], x[self._open] = answer.prices, answer.x
        return Answer(answer.value, answer.bound, x, prices)

    def _ask(self, cost: "Floats") -> Answer:

        if self._moved:
            self._solver.bound_columns(self.lower[self._open], self.upper[self._open])
            self._moved = False
        answer = self._solver.minimise(cost)
        if answer is None:
            raise ArithmeticError("The truth does not fit its own bounds.")
        row = self._filled % POOL
        self._filled += 1
        self._pool[row] = self._truth
        self._pool[row, self._open] = answer.x
        self._share[row] = self._base_share[row] = 1.0
        return answer

    def _ends(self, column: int) -> tuple[float, float]:
        there = self._truth[column]
        way = self._share * (self._pool[:, column] - there)
        return float(there + way.min(initial=0.0)), float(there + way.max(initial=0.0))

    def _spread(self, column: int, least: int) -> float:
        low, high = self._ends(column)
        return high - max(low, least)

    def _is_at_bound(self, column: int, sign: int) -> bool:
        low, high = self._ends(column)
        return bool(low <= self.lower[column] + NEAR if sign > 0 else high >= self.upper[column] - NEAR)
