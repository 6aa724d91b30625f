"""The smallest change of known counts that gives a cell another value: a search for proof that the cell can have it.

Notes
-----
A linear programme's extreme solution of a three-way table is seldom whole. One that stays near to whole counts often
is: the sum of all changes is least, so it moves a few units around a few cells. A whole-number programme is asked for
the rest, and only for the first solution that it finds.

"""

from typing import TYPE_CHECKING

from luwte.insight.disclosure.solver import NEAR, Rows, Solver

if TYPE_CHECKING:
    from luwte.insight.disclosure.solver import Ints


class Moves:
    """Changes of the *columns* of a system; everything else stays."""

    def __init__(self, rows: Rows, columns: "Ints") -> None:
        import numpy as np

        self._rows, self._columns, self._size = rows, columns, len(columns)
        self._at = {int(column): number for number, column in enumerate(columns)}
        self._kept, self._way = rows.among(columns)
        both = Rows()
        for number, terms in enumerate(self._way):
            down = [(column + self._size, -weight) for column, weight in terms]
            both.add([*terms, *down], self._way.low[number], self._way.high[number])
        nothing = np.zeros(2 * self._size, np.int64)
        self._solver = Solver(both, nothing, nothing)

    def reach(self, base: "Ints", column: int, value: int, lower: "Ints", upper: "Ints", nodes: int) -> "Ints | None":
        """Whole counts within the bounds where *column* has *value*; None when none were found within *nodes*.

        *base* fits the system and the bounds. What is found still has to be checked in exact arithmetic.
        """
        import numpy as np

        there, change = base[self._columns], value - int(base[column])
        least = np.zeros(2 * self._size, np.int64)
        most = np.concatenate([upper[self._columns] - there, there - lower[self._columns]])
        up, down = self._at[column], self._at[column] + self._size
        least[up] = most[up] = max(change, 0)
        least[down] = most[down] = max(-change, 0)
        sums = self._rows.sums(base)[self._kept]
        self._solver.bound_rows(np.asarray(self._way.low) - sums, np.asarray(self._way.high) - sums)
        self._solver.bound_columns(least, most)
        for whole in (False, True):
            answer = self._solver.minimise(np.ones(2 * self._size), whole=whole, nodes=nodes, first=True)
            if answer is None:
                return None
            change_of_all = answer.x[: self._size] - answer.x[self._size :]
            whole_change = np.rint(change_of_all)
            if np.abs(change_of_all - whole_change).max(initial=0) <= NEAR:
                break
        found = base.copy()
        found[self._columns] += whole_change.astype(np.int64)
        return found
