"""What is to be protected: the truth in the landscape of everything published, and a trial attack on a candidate.

Unlike `attack`, a trial knows the truth, so it knows which cells hold small counts and which units and contributors are
in them; it asks only whether the doubt is enough, and says which published cells take it away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from luwte.insight.disclosure.cells import Line, is_impossible, vintage
from luwte.insight.disclosure.data import Counts
from luwte.insight.disclosure.feasible import Feasible, reduced_costs
from luwte.insight.disclosure.groups import groups_known
from luwte.insight.disclosure.joint import Record, is_in, places_of
from luwte.insight.disclosure.needs import needs
from luwte.insight.disclosure.neighbours import figures, offer_neighbours
from luwte.insight.disclosure.plan import Place, Plan
from luwte.insight.disclosure.published import Release, Shown, view
from luwte.insight.disclosure.refusals import BadData, Infeasible
from luwte.insight.disclosure.relaxed import Relaxed
from luwte.insight.disclosure.solver import NEAR, Solver

if TYPE_CHECKING:
    from luwte.insight.disclosure.solver import Floats, Ints


@dataclass(frozen=True)
class Short:
    """A cell with too little doubt: how wide it is, how wide it must be, and what each cell's bounds could add.

    `gains` is None when no linear programme shows it, so that only another pattern can help.
    """

    column: int
    width: float
    required: int
    gains: "Floats | None"
    used: frozenset[int] | None
    """Columns whose published bounds take part."""
    always: bool = False
    """Whether this must be mended even where the cell is published."""
    maybe: bool = False
    """Whether to know more could mend it as well, as when the cell is then known to be large."""


@dataclass(frozen=True)
class Insider:
    """Somebody who knows part of the truth: at least so many in each cell; and the cells they must not learn."""

    least: Mapping[int, int]
    columns: tuple[int, ...]


class Case:
    """The truth of a plan among earlier releases."""

    def __init__(self, plan: Plan, counts: Counts, earlier: Sequence[Release]) -> None:
        hidden = {at: Shown(None, "c") for at in counts.of}
        for at in counts.of:
            if is_impossible(at, plan.impossible):
                hidden[at] = Shown(None, "z")
        self.plan, self.counts, self.earlier = plan, counts, tuple(earlier)
        self.number = len(self.earlier)
        seen = view([*earlier, Release(plan, hidden)])
        self.land = seen.land
        self.needs = needs(self.land, [*(one.plan for one in earlier), plan])
        most = max(counts.of.values(), default=0)
        far = max(seen.far, 2 * most + 1_000)
        self.lower, self.upper = type(seen)(seen.land, seen.releases, far).bounds()
        self.places: dict[int, Place] = {self.land.column(plan, at): at for at in counts.of}
        self.truth: dict[int, int] = {column: counts.of[at] for column, at in sorted(self.places.items())}
        self.impossible = {column for column, at in self.places.items() if hidden[at].status == "z"}
        self._check_earlier()
        self.dominated = self._dominated()
        self.small = [c for c, n in self.truth.items() if n < self.needs[c].threshold and c not in self.impossible]
        self.beside = self._beside()
        self.unshown = self._unshown()
        self.insiders = [*self._units(), *self._contributors()]
        asked = {column for insider in self.insiders for column in insider.columns}
        self.sensitive = sorted({*self.small, *self.dominated, *asked})
        self._feasible: Feasible | None = None
        self._relaxed: Relaxed | None = None
        self._before: Feasible | None = None
        self._known: Ints | None = None

    def _check_earlier(self) -> None:
        for column, number in self.truth.items():
            if not self.lower[column] <= number <= self.upper[column]:
                says = "A cell is not what an earlier release says of it. Declare what this release corrects."
                raise BadData(says, column=", ".join(name for name, _ in self.places[column]))

    def _beside(self) -> dict[int, int]:
        """The truth of cells that this release leaves over: shown nowhere, and computed by subtracting its tables."""
        mine = (
            c for c in sorted(self.land.left_over) if {number for number, _ in self.land.tables[c]} == {self.number}
        )
        numbers = [(dict(record), number) for held in self.counts.held.values() for record, number in held.items()]
        return {
            column: sum(n for record, n in numbers if is_in(record, self.land.keys[column][1], self.plan.dimensions))
            for column in mine
        }

    def _unshown(self) -> list[int]:
        """Cells that this release does not show, and that may be small for all that earlier ones say."""
        large = {column for column, number in self.beside.items() if number >= self.needs[column].threshold}
        columns = sorted(set(range(len(self.land.keys))) - large)
        open_ = (c for c in columns if c not in self.truth and self.lower[c] < self.upper[c])
        return [column for column in open_ if self.lower[column] < self.needs[column].threshold]

    def _dominated(self) -> set[int]:
        share = self.plan.rules.dominance
        return {
            column
            for column, at in self.places.items()
            for mine in self.counts.contributed.values()
            if len(self.counts.contributed) > 1 and share * self.counts.of[at] < mine[at]
        }

    def _units(self) -> list[Insider]:
        plans = [one.plan for one in self.earlier if vintage(one.plan) == vintage(self.plan)]
        tables = [
            table
            for one in (*plans, self.plan)
            for table in one.tables
            if {*table.dimensions, *table.where} <= set({name for record in self.counts.records for name, _ in record})
        ]
        small = {column for column in self.small if self.truth[column] > 0}
        small |= {column for column, number in self.beside.items() if 0 < number < self.needs[column].threshold}
        found = []
        for record in sorted(self.counts.records):
            places = places_of(dict(record), tables, self.plan.dimensions)
            mine = sorted(self.land.index[(vintage(self.plan), at)] for at in places)
            mine += [c for c in self.beside if is_in(dict(record), self.land.keys[c][1], self.plan.dimensions)]
            if asked := tuple(column for column in mine if column in small):
                found.append(Insider(dict.fromkeys([*mine, *self._person(record)], 1), asked))
        return found

    def _contributors(self) -> list[Insider]:
        found = []
        for name in sorted(self.counts.contributed) if len(self.counts.contributed) > 1 else ():
            mine = self.counts.contributed[name]
            least = {column: mine[at] for column, at in self.places.items() if mine[at] > 0}
            for column in self.beside:
                at = self.land.keys[column][1]
                held = self.counts.held[name].items()
                least[column] = sum(n for record, n in held if is_in(dict(record), at, self.plan.dimensions))
            least = {column: number for column, number in least.items() if number > 0}
            others = {column: (self.truth | self.beside)[column] - number for column, number in least.items()}
            asked = tuple(
                c
                for c in sorted(others)
                if others[c] < self.needs[c].threshold and (others[c] > 0 or not self.needs[c].zeros_public)
            )
            for record, number in self.counts.held[name].items():
                least |= dict.fromkeys(self._person(record), number)
            if asked:
                found.append(Insider(least, asked))
        return found

    def _person(self, record: Record) -> list[int]:
        """The column of everybody with this record, where people are columns."""
        column = self.land.people.get((vintage(self.plan), record))
        return [] if column is None else [column]

    def known(self) -> "Ints":
        """One set of counts that fits everything: the truth, and something for cells that only earlier releases show.

        Raises
        ------
        BadData
            There is none.

        """
        import numpy as np

        if self._known is None:
            lower, upper = self.lower.copy(), self.upper.copy()
            for column, number in self.truth.items():
                lower[column] = upper[column] = number
            for (truth, record), column in self.land.people.items():
                if truth == vintage(self.plan) and self.counts.records.get(record):
                    lower[column] = upper[column] = sum(held[record] for held in self.counts.held.values())
            answer = Solver(self.land.rows, lower, upper).minimise(np.zeros(len(lower)), whole=True)
            if answer is None:
                raise BadData("This data does not fit the earlier releases. Declare what this release corrects.")
            self._known = np.rint(answer.x).astype(np.int64)
        return self._known

    def trial(
        self, lower: "Ints", upper: "Ints", candidate: Release | None = None, *, relaxed: bool = False
    ) -> tuple[list[Short], list[Short]]:
        """What is short of doubt under these published bounds, and the groups that give something away.

        A *relaxed* trial counts fractions as well: what it finds short is short, but it may miss some, and all groups.
        """
        attacker = self._relaxed_attacker(lower, upper) if relaxed else self._attacker(lower, upper, candidate)
        attacker.explore([*self.sensitive, *self.unshown])
        short: list[Short] = []
        found = {c for c in self.sensitive if upper[c] == 0 and self.needs[c].zeros_public}
        for column in self.sensitive:
            width = self.needs[column].width
            if column not in found and not attacker.has_width(column, width):
                short.append(self._short(attacker, column, width, {}))
        for column in self.unshown:
            required = self._required_unshown(attacker, column)
            if not attacker.has_width(column, required):
                short.append(replace(self._short(attacker, column, required, {}), maybe=True))
        groups = self._groups(attacker) if isinstance(attacker, Feasible) and not short else []
        if short or groups:
            return short, groups
        for insider in self.insiders:
            inside = lower.copy()
            for column, number in insider.least.items():
                inside[column] = max(inside[column], number)
            alone = max(insider.least.values()) <= 1 and self.plan.max_contribution == 1
            if alone and bool((inside == lower).all()):
                continue  # the cells are known to have somebody anyway: the width above is enough
            attacker.within(inside, upper)
            if isinstance(attacker, Feasible):
                self._offer_more(attacker, insider, candidate)
            for column in insider.columns:
                need = self.needs[column]
                least = max(insider.least.get(column, 0), need.contribution)
                if not attacker.has_width(column, need.insider_width, least):
                    short.append(self._short(attacker, column, need.insider_width, insider.least))
        return short, groups

    def _attacker(self, lower: "Ints", upper: "Ints", candidate: Release | None) -> Feasible:
        if self._feasible is None:
            self._feasible = Feasible(self.land.rows, lower, upper, self.plan.rules.nodes)
        else:
            self._feasible.within(lower, upper)
        self._feasible.offer(self.known())
        if candidate is not None:
            offer_neighbours(self._feasible, self.land, candidate)
        return self._feasible

    def _relaxed_attacker(self, lower: "Ints", upper: "Ints") -> Relaxed:
        if self._relaxed is None:
            self._relaxed = Relaxed(self.land.rows, self.known())
        self._relaxed.publish(lower, upper)
        return self._relaxed

    def _offer_more(self, feasible: Feasible, insider: Insider, candidate: Release | None) -> None:
        """The truth, and the rounded figures, with more units like the one that the insider knows."""
        import numpy as np

        begin = [self.known()]
        if candidate is not None and candidate.plan.rules.method == "rounding" and not self.land.people:
            begin.append(figures(self.land, candidate))
        unit = np.zeros(self.land.size, np.int64)
        unit[list(insider.least)] = 1
        for solution in begin:
            for more in range(self.plan.rules.base):
                feasible.offer(solution + more * unit)

    def _groups(self, attacker: Feasible) -> list[Short]:
        return [
            self._short_group(attacker, part, line)
            for part, line in groups_known(attacker, self.land, self.needs).items()
        ]

    def _short_group(self, attacker: Feasible, part: int, line: Line) -> Short:
        """The margin must be able to be empty, or one of the zeros beside *part* must be in doubt."""
        margin = part if line.margin is None else line.margin
        zeros = [other for other in line.parts if other != part]
        least, gains, used = self._end(attacker, margin, 1, {})
        if line.several or least <= NEAR * 10 or any(attacker.upper[column] > 0 for column in zeros):
            return Short(margin, 0, 1, None, None, always=True)
        for column in zeros:
            gains[column] = len(gains) * max(1.0, float(self.upper.max()))
        return Short(margin, -least, 0, gains, frozenset(used), always=True)

    def _required_unshown(self, attacker: Feasible | Relaxed, column: int) -> int:
        """The doubt that a cell needs of which only the public knowledge is sure.

        One that must be small needs its width. One that may be small needs it as well, but where earlier releases
        have already left less, this one takes nothing more away.
        """
        need = self.needs[column]
        if attacker.has_width(column, need.width):
            return 0
        most = attacker.greatest(column)
        if most <= NEAR and need.zeros_public:
            return 0
        if most < need.threshold - NEAR:
            return need.width
        if attacker.least(column) > need.threshold - 1 + NEAR:
            return 0
        if self._before is None:
            self._before = Feasible(self.land.rows, self.lower, self.upper, self.plan.rules.nodes)
        return min(need.width, self._before.interval(column).width)

    def _short(self, attacker: Feasible | Relaxed, column: int, required: int, inside: Mapping[int, int]) -> Short:
        low, gains, used = self._end(attacker, column, 1, inside)
        high, more, also = self._end(attacker, column, -1, inside)
        width = -high - low
        if width > required - NEAR * 10:
            return Short(column, width, required, None, None)
        return Short(column, width, required, gains + more, frozenset(used | also))

    def _end(
        self, attacker: Feasible | Relaxed, column: int, sign: int, inside: Mapping[int, int]
    ) -> tuple[float, "Floats", set[int]]:
        """An end of *column*, how far each cell would move it if it were left out, and the cells that hold it there."""
        import numpy as np

        answer = attacker.extreme(column, sign)
        costs = reduced_costs(self.land.rows, column, sign, answer)
        costs[np.abs(costs) <= NEAR] = 0
        gains = np.zeros(self.land.size)
        for at, number in self.truth.items():
            open_low = max(int(self.lower[at]), inside.get(at, 0))
            gains[at] = abs(costs[at]) * (number - open_low if costs[at] > 0 else int(self.upper[at]) - number)
        return answer.value, gains, {int(one) for one in np.flatnonzero(costs)}

    def collision(self, column: int, required: int, tables: Sequence[str]) -> Infeasible:
        """The refusal that names everything that cannot be had together; `protect` looks for the smallest set."""
        name = self.name(column)
        asks = f"a doubt of {required} about the cell {name}"
        told = [f"what the earlier release {one.plan.id} already shows" for one in self.earlier]
        return Infeasible("This cannot be protected.", (asks, *(f"table {one}" for one in tables), *told))

    def name(self, column: int) -> str:
        """How people call the cell."""
        return ", ".join(f"{name}={value}" for name, value in self.land.keys[column][1]) or "total"
