"""What somebody can work out who has every release, knows every rule, and can add and subtract.

Notes
-----
Assumed of the attacker: they know which cells are the sum of which, that counts are whole and not negative, the base of
rounding, the threshold, and what a mark stands for; they may know one unit of a cell. Not assumed: that they know more
than `max_contribution` units, or that the released figures are wrong.

An interval is the least and the greatest value of a cell in any whole-number solution. Each end is shown by a solution
that is checked in exact arithmetic, and closed by the bound of a linear or whole-number programme.

References
----------
Fischetti, M. and Salazar-Gonzalez, J.-J. (2001). Solving the cell suppression problem on tabular data with linear
constraints. Management Science 47(7), 1008-1027.
Hundepool, A. et al. (2012). Statistical Disclosure Control. Wiley. Chapters 4 and 5.

"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, product
from math import prod
from typing import TYPE_CHECKING, Literal

from luwte.insight.disclosure.cells import Landscape, Line, landscape, vintage
from luwte.insight.disclosure.joint import places_of
from luwte.insight.disclosure.moves import Moves
from luwte.insight.disclosure.plan import Place, Plan
from luwte.insight.disclosure.refusals import BadRelease
from luwte.insight.disclosure.solver import NEAR, NODES, Answer, Rows, Solver

if TYPE_CHECKING:
    from luwte.insight.disclosure.solver import Floats, Ints

Status = Literal["value", "rounded", "c", "low", "z"]
"""How a cell is shown: as it is; rounded; not at all; not at all, known to be small; impossible."""

POOL = 512
"""Solutions that are remembered: most questions are answered by one of them."""


MOVE_NODES = 50
"""Branches that a search for a small move may take. It often finds one at once, and seldom late."""


@dataclass(frozen=True)
class Shown:
    """A cell as the public sees it."""

    value: int | None
    status: Status

    def box(self, plan: Plan, far: int) -> tuple[int, int]:
        """What it says of the truth by itself."""
        if self.status == "low":
            return 1, plan.rules.threshold * plan.max_contribution - 1
        if self.status == "z":
            return 0, 0
        if self.value is None:
            return 0, far
        if self.status == "rounded":
            return max(0, self.value - plan.rules.base + 1), self.value + plan.rules.base - 1
        return self.value, self.value


@dataclass(frozen=True)
class Release:
    """What was published: the declared tables and rules, and every cell."""

    plan: Plan
    shown: Mapping[Place, Shown]


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


@dataclass(frozen=True)
class Need:
    """What must stay in doubt about a cell: the strictest rules of the releases that show it."""

    threshold: int
    width: int
    insider_width: int
    contribution: int
    zeros_public: bool
    group: bool

    def is_met(self, found: Interval) -> bool:
        """Whether enough doubt remains of a cell that holds a small count."""
        if found.high == 0 and self.zeros_public:
            return True
        return found.width >= self.width


@dataclass(frozen=True)
class Leak:
    """A cell that can be known too well, by whom, and from which (release, table) together."""

    release: str
    at: Place
    interval: Interval
    required: int
    kind: Literal["attacker", "insider", "group"]
    tables: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Finding:
    """Everything an attack found."""

    intervals: Mapping[tuple[str, Place], Interval]
    """Of every cell that may hold a small count."""
    leaks: tuple[Leak, ...]
    whole: bool = True
    """Whether the attacker also used that people are behind the tables, wherever that could tell something."""

    @property
    def passed(self) -> bool:
        """Whether nothing is known too well."""
        return not self.leaks


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

    def greatest(self, column: int) -> float:
        """The greatest that *column* can be."""
        return self.interval(column).high

    def offer(self, x: "Ints") -> None:
        """Somebody knows what may be a solution: it is checked like any other."""
        self._remember(x.astype(float))

    def is_open(self, column: int) -> bool:
        """Whether anybody can be in the cell."""
        return bool(self.lower[column] > 0 or self._seen_high[column] > 0) or self.interval(column).high > 0

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


@dataclass(frozen=True)
class View:
    """The attacker's view: the landscape of some releases, and the bounds that each table puts on each cell."""

    land: Landscape
    releases: tuple[Release, ...]
    far: int

    def bounds(self, without: Iterable[tuple[int, str]] = ()) -> tuple["Ints", "Ints"]:
        """The bounds on every cell; tables in *without* are as if never published."""
        import numpy as np

        lower = np.zeros(self.land.size, np.int64)
        upper = np.full(self.land.size, self.far, np.int64)
        gone = frozenset(without)
        for number, release in enumerate(self.releases):
            for at, shown in release.shown.items():
                column = self.land.column(release.plan, at)
                if gone and all(one in gone for one in self.land.tables[column] if one[0] == number):
                    continue
                low, high = shown.box(release.plan, self.far)
                lower[column], upper[column] = max(lower[column], low), min(upper[column], high)
        if np.any(lower > upper):
            raise BadRelease("These releases contradict each other: a cell cannot be what both say.")
        return lower, upper


def view(releases: Sequence[Release]) -> View:
    """What somebody sees who has all *releases*. Raises `BadRelease`."""
    if len({release.plan.id for release in releases}) != len(releases):
        raise BadRelease("Two releases have the same id.", column="release.id")
    most = max((shown.value or 0 for release in releases for shown in release.shown.values()), default=0)
    return View(landscape([release.plan for release in releases]), tuple(releases), 2 * most + 1_000)


def needs(land: Landscape, plans: Sequence[Plan]) -> list[Need]:
    """What must stay in doubt about every cell of *land*."""
    found = []
    for tables in land.tables:
        mine = [plans[number] for number in sorted({number for number, _ in tables})]
        most = max(plan.max_contribution for plan in mine)
        found.append(
            Need(
                threshold=max(plan.rules.threshold * plan.max_contribution for plan in mine),
                width=max(plan.rules.width * plan.max_contribution for plan in mine),
                insider_width=max(plan.rules.insider_width * plan.max_contribution for plan in mine),
                contribution=most,
                zeros_public=all(plan.rules.zeros == "public" for plan in mine),
                group=any(plan.rules.group for plan in mine),
            )
        )
    return found


def attack(releases: Sequence[Release]) -> Finding:
    """Attack *releases* together.

    A cell is known too well when it must be below the threshold and less than the required doubt remains; when an
    insider is left with less than the doubt required for insiders; or when everybody of a group must share an answer.

    Raises
    ------
    BadRelease
        The releases contradict each other, or mean different things by one name.

    """
    seen = view(releases)
    land = seen.land
    lower, upper = seen.bounds()
    wanted = needs(land, [release.plan for release in releases])
    feasible = Feasible(land.rows, lower, upper)
    if not feasible.is_there_any():
        raise BadRelease("These releases contradict each other: no counts fit all of them.")
    small = [column for column in range(len(land.keys)) if lower[column] < wanted[column].threshold]
    for release in releases:
        offer_neighbours(feasible, land, release)
    feasible.explore(small)
    found = {column: feasible.interval(column) for column in small}
    bad: dict[tuple[int, Literal["attacker", "insider"]], int] = {}
    for column, interval in found.items():
        need = wanted[column]
        if interval.high >= need.threshold:
            continue
        if not need.is_met(interval):
            bad[(column, "attacker")] = need.width
    groups = groups_known(feasible, land, wanted)
    for column, interval in found.items():
        need = wanted[column]
        if (column, "attacker") in bad or not need.contribution <= interval.high < need.threshold:
            continue
        if whoever_learns(seen, column, need, feasible, (lower, upper)):
            bad[(column, "insider")] = wanted[column].insider_width
    feasible.within(lower, upper)
    names = land.keys
    leaks = [
        Leak(
            release=_first_release(seen, column),
            at=names[column][1],
            interval=found[column],
            required=required,
            kind=kind,
            tables=_leaking(
                seen, partial(_is_near if kind == "attacker" else whoever_learns, seen, column, wanted[column])
            )
            if number < NAMED
            else (),
        )
        for number, ((column, kind), required) in enumerate(bad.items())
    ]
    leaks += [
        Leak(
            release=_first_release(seen, column),
            at=names[column][1],
            interval=feasible.interval(column),
            required=1,
            kind="group",
            tables=_leaking(seen, partial(tells, line=line, part=column)) if number < NAMED else (),
        )
        for number, (column, line) in enumerate(groups.items())
        if (column, "attacker") not in bad
    ]
    return Finding({names[column]: interval for column, interval in found.items()}, tuple(leaks), land.whole)


RECORDS = 200
"""Records that an insider of a cell could know, tried for each cell until one leaves enough doubt."""

NAMED = 12
"""Leaks of each sort of which the tables are worked out: one is enough to stop a release, and each takes a while."""


def offer_neighbours(feasible: Feasible, land: Landscape, release: Release) -> None:
    """Offer the rounded figures themselves, and each with some more, or fewer, units in one cell and all above it.

    Adding one unit to every cell that it belongs to keeps every sum, so most ends are found without asking a solver.
    """
    import numpy as np

    if len(release.shown) != land.size or release.plan.rules.method != "rounding":
        return
    figures, step = np.zeros(land.size, np.int64), release.plan.rules.base - 1
    for at, shown in release.shown.items():
        figures[land.column(release.plan, at)] = shown.value or 0
    feasible.offer(figures)
    deepest = [at for at in sorted(release.shown) if len(at) == max(map(len, release.shown))]
    plan = release.plan
    first = {name: dimension.categories[0] for name, dimension in plan.dimensions.items()}
    for at in deepest:
        unit = np.zeros(land.size, np.int64)
        record = {name: (answer,) for name, answer in {**first, **dict(at)}.items()}
        unit[[land.column(plan, one) for one in places_of(record, plan.tables, plan.dimensions)]] = step
        feasible.offer(figures + unit)
        feasible.offer(figures - unit)


def groups_known(feasible: Feasible, land: Landscape, wanted: Sequence[Need]) -> dict[int, Line]:
    """Cells that hold a whole group for certain, and the line that tells so."""
    return {
        part: line
        for line in land.lines
        if any(wanted[column].group for column in (line.margin, *line.parts) if column is not None)
        for part in line.parts
        if tells(feasible, line, part)
    }


def whoever_learns(
    seen: View, column: int, need: Need, feasible: Feasible, bounds: "tuple[Ints, Ints] | None" = None
) -> bool:
    """Whether everybody who could know one unit in the cell, with all its answers, is left with too little doubt.

    From outside nobody knows which record an insider has. A record that could be in the cell but is in no data harms
    nobody, so one that leaves enough doubt acquits the cell.
    """
    lower, upper = bounds or (feasible.lower, feasible.upper)
    truth, at = seen.land.keys[column]
    plans = [one.plan for one in seen.releases if vintage(one.plan) == truth]
    tables = [table for plan in plans for table in plan.tables]
    dims = {name: one for plan in plans for name, one in plan.dimensions.items()}
    names = sorted({name for table in tables for name in (*table.dimensions, *table.where)})
    inside_of = dict(at)
    answers = [
        [one for one in dims[name].categories if inside_of.get(name) in (None, *dims[name].above(one))]
        for name in names
    ]
    asked: set[frozenset[int]] = set()
    anybody = False
    for one in islice(product(*answers), RECORDS):
        record = tuple((name, (answer,)) for name, answer in zip(names, one, strict=True))
        cells = {seen.land.index[(truth, where)] for where in places_of(dict(record), tables, dims)}
        cells |= {seen.land.people[key] for key in [(truth, record)] if key in seen.land.people}
        known = frozenset(cell for cell in cells if lower[cell] < 1)
        if known in asked or any(upper[cell] < 1 for cell in cells):
            continue
        asked.add(known)
        inside = lower.copy()
        inside[list(known)] = 1
        feasible.within(inside, upper)
        if feasible.is_there_any() and feasible.has_width(column, need.insider_width, need.contribution):
            return False
        anybody = anybody or feasible.is_shown()
    return anybody and prod(map(len, answers)) <= RECORDS


def tells(feasible: Feasible, line: Line, part: int) -> bool:
    """Whether *line* has somebody for certain, and all of them are in *part*."""
    group = part if line.margin is None else line.margin
    if line.several:
        if feasible.upper[part] < feasible.lower[group] or not feasible.is_all_of(part, group):
            return False
    elif any(feasible.is_open(other) for other in line.parts if other != part):
        return False
    return bool(feasible.lower[group] > 0) or feasible.interval(group).low > 0


def _first_release(seen: View, column: int) -> str:
    return seen.releases[min(number for number, _ in seen.land.tables[column])].plan.id


def _is_near(_: View, column: int, need: Need, feasible: Feasible) -> bool:
    """Whether less doubt than required stays about the cell."""
    return not feasible.has_width(column, need.width)


def _leaking(seen: View, leaks: Callable[[Feasible], bool]) -> tuple[tuple[str, str], ...]:
    """A smallest set of tables (none can be left out) that leaks."""
    everything = sorted({one for tables in seen.land.tables for one in tables})
    gone: list[tuple[int, str]] = []
    feasible: Feasible | None = None
    for one in everything:
        lower, upper = seen.bounds([*gone, one])
        if feasible is None:
            feasible = Feasible(seen.land.rows, lower, upper)
        else:
            feasible.within(lower, upper)
        if leaks(feasible):
            gone.append(one)
    return tuple((seen.releases[number].plan.id, table) for number, table in everything if (number, table) not in gone)
