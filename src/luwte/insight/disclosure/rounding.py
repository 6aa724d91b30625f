"""Controlled rounding: every cell to a neighbouring multiple of the base, so that all tables still add up.

Notes
-----
The variable of a cell says whether it goes up. A multiple of the base stays, so no cell is a base or more off. The
programme minimises the sum of changes. A candidate that an attacker could see through is cut off: at least one of the
published cells that show it must be rounded the other way. So what is found is the best that passes, not only the best.

References
----------
Cox, L. H. (1987). A constructive procedure for unbiased controlled rounding. JASA 82(398), 520-524.
Salazar-Gonzalez, J.-J. (2006). Controlled rounding and cell perturbation. Mathematical Programming 105, 583-603.

"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from luwte.insight.disclosure.case import Case
from luwte.insight.disclosure.published import Release, Shown
from luwte.insight.disclosure.refusals import Infeasible
from luwte.insight.disclosure.solver import Rows, Solver

if TYPE_CHECKING:
    from luwte.insight.disclosure.solver import Ints

ROUNDS = 200
"""Candidates that are tried at most."""


@dataclass(frozen=True)
class Protected:
    """A release, what it cost, the proved lower bound of that, and how many candidates were attacked."""

    release: Release
    cost: float
    bound: float
    tried: int

    @property
    def gap(self) -> float:
        """How much dearer than the best it can be, as a share; 0 when proved best."""
        return 0.0 if self.cost <= self.bound + 1e-6 else (self.cost - self.bound) / max(self.cost, 1.0)


def rounded(case: Case) -> Protected:
    """The controlled rounding of least total change that keeps every required doubt. Raises `Infeasible`."""
    import numpy as np

    base = case.plan.rules.base
    columns = list(case.truth)
    at = {column: number for number, column in enumerate(columns)}
    truth = np.array([case.truth[column] for column in columns], np.int64)
    floor = truth // base
    free = truth % base != 0
    up_low, up_high = np.zeros(len(columns), np.int64), free.astype(np.int64)
    for column, value in _published_before(case).items():
        if free[at[column]]:
            up_low[at[column]] = up_high[at[column]] = value // base - floor[at[column]]
    rows = _rows(case, at, floor)
    change_down, change_up = truth - base * floor, base * (floor + 1) - truth
    cost = np.where(free, change_up - change_down, 0).astype(float)
    bound, sure = 0.0, True
    constant = float(change_down[free].sum())
    for tried in range(1, ROUNDS + 1):
        answer = Solver(rows, up_low, up_high).minimise(cost, whole=True, nodes=case.plan.rules.nodes)
        if answer is None:
            raise _why_not(case, at, floor, up_low, up_high, tried)
        bound = max(bound, answer.bound + constant) if sure else bound
        ups = np.rint(answer.x).astype(np.int64)
        if not rows.holds(ups) or np.any((ups < up_low) | (ups > up_high)):
            raise ArithmeticError("The solver's rounding does not add up.")
        values = base * (floor + ups)
        lower, upper = _bounds(case, columns, values)
        shown = {case.places[c]: _shown(case, c, int(v)) for c, v in zip(columns, values, strict=True)}
        short, groups = case.trial(lower, upper, Release(case.plan, shown))
        if not short and not groups:
            total = int(np.abs(values - truth).sum())
            return Protected(Release(case.plan, shown), total, min(total, bound), tried)
        movable = {at[c] for c in columns if up_low[at[c]] < up_high[at[c]]}
        for one in short:
            sure = sure and not one.maybe
            used = movable if one.used is None else {at[c] for c in one.used if c in at} & movable
            if not used:
                raise case.collision(one.column, one.required, [f"{table.id}" for table in case.plan.tables])
            _forbid(rows, sorted(used), ups)
        if groups and not short:
            _forbid(rows, sorted(movable), ups)
    raise Infeasible("No rounding that passes was found.", ("the required widths", f"{ROUNDS} candidates"))


def _forbid(rows: Rows, columns: list[int], ups: "Ints") -> None:
    """At least one of these goes the other way."""
    rows.add([(c, -1 if ups[c] else 1) for c in columns], 1 - sum(int(ups[c]) for c in columns), float("inf"))


def _rows(case: Case, at: dict[int, int], floor: "Ints") -> Rows:
    """The landscape's rows between cells of this release, over the variables that go up."""
    rows, whole = Rows(), case.land.rows
    for number in range(len(whole)):
        begin, end = whole.starts[number], whole.starts[number + 1]
        terms = list(zip(whole.columns[begin:end], whole.weights[begin:end], strict=True))
        low, high = whole.low[number], whole.high[number]
        if all(column in at for column, _ in terms):
            there = sum(int(weight) * int(floor[at[column]]) for column, weight in terms)
            rows.add([(at[column], weight) for column, weight in terms], low - there, high - there)
    return rows


def _published_before(case: Case) -> dict[int, int]:
    """Cells that an earlier release rounded to the same base: the same number again, so that nothing new is said."""
    found: dict[int, int] = {}
    for release in case.earlier:
        for where, shown in release.shown.items():
            column = case.land.column(release.plan, where)
            same = release.plan.rules.base == case.plan.rules.base and shown.status == "rounded"
            if same and column in case.truth and shown.value is not None:
                found[column] = shown.value
    return found


def _shown(case: Case, column: int, value: int) -> Shown:
    return Shown(None, "z") if column in case.impossible else Shown(value, "rounded")


def _bounds(case: Case, columns: list[int], values: "Ints") -> tuple["Ints", "Ints"]:
    import numpy as np

    lower, upper = case.lower.copy(), case.upper.copy()
    off = case.plan.rules.base - 1
    lower[columns] = np.maximum(lower[columns], values - off)
    upper[columns] = np.minimum(upper[columns], values + off)
    return lower, upper


def _why_not(case: Case, at: dict[int, int], floor: "Ints", low: "Ints", high: "Ints", tried: int) -> Infeasible:
    """A smallest set of tables (and what was published before) that no rounding fulfils together."""
    import numpy as np

    if tried > 1:
        return Infeasible("No rounding passes.", ("the required widths", f"rounding to base {case.plan.rules.base}"))
    told: list[str] = [table.id for table in case.plan.tables]
    names = {column: {table for number, table in case.land.tables[column] if number == case.number} for column in at}
    before, needed = True, list(told)
    open_low = np.zeros_like(low)
    open_high = (np.array([case.truth[c] for c in at]) % case.plan.rules.base != 0).astype(np.int64)

    def possible(tables: list[str], with_before: bool) -> bool:
        rows, whole = Rows(), _rows(case, at, floor)
        order = list(at)
        for number in range(len(whole)):
            begin, end = whole.starts[number], whole.starts[number + 1]
            if all(names[order[c]] & set(tables) for c in whole.columns[begin:end]):
                terms = zip(whole.columns[begin:end], whole.weights[begin:end], strict=True)
                rows.add(terms, whole.low[number], whole.high[number])
        bounds = (low, high) if with_before else (open_low, open_high)
        return Solver(rows, *bounds).minimise(np.zeros(len(at)), whole=True) is not None

    if case.earlier and not possible(needed, False):
        before = False
    for one in told:
        rest = [table for table in needed if table != one]
        if not possible(rest, before):
            needed = rest
    asks = [f"table {one} adds up after rounding to {case.plan.rules.base}" for one in needed]
    if before and case.earlier:
        asks.append("cells keep the value of the earlier releases")
    return Infeasible("No controlled rounding exists.", tuple(asks))
