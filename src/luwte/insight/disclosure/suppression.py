"""Secondary suppression: which further cells to leave out so that the sensitive ones keep their doubt, at least cost.

Notes
-----
A master programme chooses the cells; an attack finds those that are too narrow; each gives a row for the master (a
capacity cut: by duality, how much each further suppressed cell could widen it). The attack is relaxed to fractions
first, as that is quick and gives the prices; only a choice that it cannot see through is attacked in whole numbers.
The master's value is a lower bound throughout, so the first choice that passes both is the best. Widths slide: upper
minus lower counts, wherever the truth lies.
When `ROUNDS` are not enough, cells are added greedily by gain for cost, needless ones are taken back, and the cost is
given beside the bound. An empty cell that is left out must keep the doubt as well: it looks like a small one.

References
----------
Fischetti, M. and Salazar-Gonzalez, J.-J. (2001). Solving the cell suppression problem on tabular data with linear
constraints. Management Science 47(7), 1008-1027.

"""

from typing import TYPE_CHECKING

from luwte.insight.disclosure.case import Case, Short
from luwte.insight.disclosure.published import Release, Shown
from luwte.insight.disclosure.rounding import Protected
from luwte.insight.disclosure.solver import Rows, Solver

if TYPE_CHECKING:
    from luwte.insight.disclosure.solver import Ints

ROUNDS = 60
"""Masters that are solved before cells are added greedily."""

GRAIN = 1e6
"""Cuts are rounded outwards to this fraction, so that a solver's last digit never makes them too strong."""


def primary(case: Case) -> Release:
    """What most reports do: small cells are marked and left out, and nothing else. It protects little."""
    shown = {at: Shown(case.counts.of[at], "value") for at in case.counts.of}
    # A cell that is small by the rules of another release only is not small by this one's: [low] would be untrue.
    low = case.plan.rules.threshold * case.plan.max_contribution
    for column in case.small:
        if case.truth[column] > 0:
            shown[case.places[column]] = Shown(None, "low" if case.truth[column] < low else "c")
    for column in case.impossible:
        shown[case.places[column]] = Shown(None, "z")
    return Release(case.plan, shown)


def suppressed(case: Case, rounds: int = ROUNDS) -> Protected:
    """The suppression of least cost that keeps every required doubt, proved within *rounds*; else a good one.

    Parameters
    ----------
    case
        The truth among earlier releases.
    rounds
        Choices of the master that are attacked at most.

    Returns
    -------
    Protected
        It passes the attack in whole numbers. `bound` is proved: nothing that passes costs less.

    Raises
    ------
    Infeasible
        Even with everything left out, something is known too well.

    """
    import numpy as np

    master = _Master(case)
    bound, tried = 0.0, 0
    chosen = master.low.copy()
    for _ in range(rounds):
        tried += 1
        answer = Solver(master.rows, master.low, master.high).minimise(
            master.cost, whole=True, nodes=case.plan.rules.nodes
        )
        if answer is None:
            master.refuse_what_nothing_can_keep()
            break
        bound = max(bound, answer.bound) if master.sure else bound
        chosen = np.rint(answer.x).astype(np.int64)
        if master.trial(chosen, relaxed=True) and master.trial(chosen):
            break
    else:
        chosen = master.without_needless(master.until_it_passes(chosen, relaxed=True))
    chosen = master.until_it_passes(chosen, relaxed=False)
    cost = float(master.cost @ chosen)
    return Protected(master.release(chosen), cost, min(bound, cost), tried)


class _Master:
    """Which cells are left out, and everything learned so far about what must be."""

    def __init__(self, case: Case) -> None:
        import numpy as np

        self.case, self.rows = case, Rows()
        self.columns = list(case.truth)
        self.at = {column: number for number, column in enumerate(self.columns)}
        size = len(self.columns)
        self.low, self.high = np.zeros(size, np.int64), np.ones(size, np.int64)
        for column in set(case.sensitive) & set(self.at):
            if case.truth[column] > 0 or not case.needs[column].zeros_public:
                self.low[self.at[column]] = 1
        for column in case.impossible:
            self.high[self.at[column]] = 0
        by_cells = case.plan.rules.cost == "cells"
        self.cost = np.array([1.0 if by_cells else max(1.0, case.truth[c]) for c in self.columns])
        self._last: list[Short] = []
        self.sure = True
        """Whether everything that passes fulfils the rows. Not after a cut for what could be mended by showing more."""

    def bounds(self, chosen: "Ints") -> tuple["Ints", "Ints"]:
        lower, upper = self.case.lower.copy(), self.case.upper.copy()
        for number, column in enumerate(self.columns):
            if not chosen[number] and column not in self.case.impossible:
                lower[column] = upper[column] = self.case.truth[column]
        return lower, upper

    def trial(self, chosen: "Ints", *, relaxed: bool = False) -> bool:
        """Whether the choice passes; if not, what it teaches is added to the rows."""
        short, groups = self.case.trial(*self.bounds(chosen), relaxed=relaxed)
        self._last = [*short, *groups]
        for one in (*short, *groups):
            self._cut(one, chosen)
        return not short and not groups

    def _cut(self, one: Short, chosen: "Ints") -> None:
        self.sure = self.sure and not one.maybe
        k = self.at.get(one.column)
        if one.gains is None:
            self._another(chosen, one, k)
            return
        gains = {
            number: self._up(one.gains[column]) for number, column in enumerate(self.columns) if one.gains[column] > 0
        }
        taken = sum(gain for number, gain in gains.items() if chosen[number] and not self.low[number])
        missing = one.required - (one.width - taken)
        terms = {
            number: min(gain, missing) for number, gain in gains.items() if not self.low[number] and self.high[number]
        }
        if k is not None and not self.low[k] and not one.always:
            terms[k] = terms.get(k, 0.0) - missing
            missing = 0.0
        self._add(terms, missing, one)

    def _another(self, chosen: "Ints", one: Short, k: int | None) -> None:
        """Only another pattern helps: something that is published now must be left out."""
        terms = {n: 1.0 for n in range(len(chosen)) if not chosen[n] and self.high[n]}
        if k is not None and not self.low[k] and not one.always:
            self._add({**terms, k: -1.0}, 0.0, one)
        else:
            self._add(terms, 1.0, one)

    def _add(self, terms: dict[int, float], least: float, one: Short) -> None:
        if not terms or sum(weight for weight in terms.values() if weight > 0) < least - 1e-9:
            raise self.case.collision(one.column, one.required, [table.id for table in self.case.plan.tables])
        self.rows.add(sorted(terms.items()), least - 2 / GRAIN, float("inf"))

    @staticmethod
    def _up(gain: float) -> float:
        return float(int(gain * GRAIN) + 1) / GRAIN

    def refuse_what_nothing_can_keep(self) -> None:
        """Raise `Infeasible` when a cell that must be left out is too narrow even with everything left out."""
        self.trial(self.high, relaxed=True)
        for one in self._last:
            if one.column not in self.at or self.low[self.at[one.column]]:
                raise self.case.collision(one.column, one.required, [table.id for table in self.case.plan.tables])

    def until_it_passes(self, chosen: "Ints", *, relaxed: bool) -> "Ints":
        """The choice with more left out, until the (relaxed) attack does not get through."""
        while not self.trial(chosen, relaxed=relaxed):
            chosen = self.more(chosen)
        return chosen

    def without_needless(self, chosen: "Ints") -> "Ints":
        """The choice without cells that the relaxed attack does not need to be left out, dearest first."""
        import numpy as np

        for column in np.lexsort((np.arange(len(chosen)), -self.cost)):
            if chosen[column] and not self.low[column]:
                fewer = chosen.copy()
                fewer[column] = 0
                if self.trial(fewer, relaxed=True):
                    chosen = fewer
        return chosen

    def more(self, chosen: "Ints") -> "Ints":
        """One more cell for each that is short: the most gain for its cost."""
        found = chosen.copy()
        open_ = [n for n in range(len(chosen)) if not found[n] and self.high[n]]
        if not open_:
            raise self.case.collision(self.columns[0], 1, [table.id for table in self.case.plan.tables])
        for one in self._last or [Short(self.columns[0], 0, 1, None, None)]:
            gain, missing = one.gains, one.required - one.width
            best = max(
                open_,
                key=lambda n: ((1.0 if gain is None else min(gain[self.columns[n]], missing)) / self.cost[n], -n),
            )
            found[best] = 1
        return found

    def release(self, chosen: "Ints") -> Release:
        """What the public sees of the choice."""
        shown = {}
        for number, column in enumerate(self.columns):
            where = self.case.places[column]
            hidden = Shown(None, "c") if chosen[number] else Shown(self.case.truth[column], "value")
            shown[where] = Shown(None, "z") if column in self.case.impossible else hidden
        return Release(self.case.plan, shown)
