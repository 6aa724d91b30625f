"""What somebody can work out who has every release, knows every rule, and can add and subtract.

Notes
-----
Assumed of the attacker: they know which cells are the sum of which, that counts are whole and not negative, the base of
rounding, the threshold, and what a mark stands for; they may know one unit of a cell. Not assumed: that they know more
than `max_contribution` units, or that the released figures are wrong.

References
----------
Hundepool, A. et al. (2012). Statistical Disclosure Control. Wiley. Chapters 4 and 5.

"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from luwte.insight.disclosure.feasible import Feasible, Interval
from luwte.insight.disclosure.groups import groups_known, tells
from luwte.insight.disclosure.insiders import whoever_learns
from luwte.insight.disclosure.needs import Need, needs
from luwte.insight.disclosure.neighbours import offer_neighbours
from luwte.insight.disclosure.plan import Place
from luwte.insight.disclosure.published import Release, View, view
from luwte.insight.disclosure.refusals import BadRelease

NAMED = 12
"""Leaks of each sort of which the tables are worked out: one is enough to stop a release, and each takes a while."""


Kind = Literal["attacker", "insider", "group", "unproved"]
"""How something is known; or that nothing shows the doubt to be enough, because the proof took too long."""


@dataclass(frozen=True)
class Leak:
    """A cell that can be known too well, by whom, and from which (release, table) together."""

    release: str
    at: Place
    interval: Interval
    required: int
    kind: Kind
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


def attack(releases: Sequence[Release]) -> Finding:
    """Attack *releases* together.

    A cell is known too well when it must be below the threshold and less than the required doubt remains; when an
    insider is left with less than the doubt required for insiders; or when everybody of a group must share an answer.
    Where a proof takes too long, only doubt that a solution shows counts as doubt.

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
    bad: dict[tuple[int, Kind], int] = {}
    for column, interval in found.items():
        need = wanted[column]
        if interval.high < need.threshold and not need.is_met(interval):
            bad[(column, "attacker")] = need.width
        elif not interval.proved and not (
            feasible.can_reach(column, need.threshold) or feasible.has_width(column, need.width)
        ):
            bad[(column, "unproved")] = need.width
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
                seen, partial(whoever_learns if kind == "insider" else _is_near, seen, column, wanted[column])
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
