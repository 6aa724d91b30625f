"""One sparse system of whole-number cells and linear rows: rounding, suppression and attack all work on it.

A cell is known by its place, so the same cell in two tables, years or releases is one column. The rows follow from the
places alone: a total is the sum of its parts wherever both are shown, by whichever table. What a shown total leaves
over beside its shown parts is a cell as well: nobody printed it, and anybody can subtract. Where that is not enough,
columns for the people behind the tables follow (`joint`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from luwte.insight.disclosure.joint import Record, is_in, is_needed, places_of, records
from luwte.insight.disclosure.plan import Dimension, Place, Plan, Table, place
from luwte.insight.disclosure.refusals import BadRelease
from luwte.insight.disclosure.solver import Rows

Key = tuple[str, Place]
"""A cell of a vintage: "" until a correction makes another truth of the same cell."""

Node = str | None
"""A category, or the total."""


@dataclass(frozen=True)
class Line:
    """A group, and its parts along a dimension that nobody should learn of anybody.

    Attributes
    ----------
    margin : int or None
        The group; None when only its parts are shown.
    parts : tuple of int
        Those that can exist.
    several : bool
        Whether one unit may be in several parts.

    """

    margin: int | None
    parts: tuple[int, ...]
    several: bool = False


@dataclass(frozen=True)
class Landscape:
    """All cells that some releases show, as columns, and every row that ties them.

    Attributes
    ----------
    keys : tuple of Key
        The cells, in the one order that everything uses.
    left_over : frozenset of int
        Those that no table shows: what is left of a shown total beside its shown parts.
    index : mapping
        The column of each.
    rows : Rows
        Totals, hierarchies, years, corrections.
    lines : tuple of Line
        Where a group disclosure could be.
    tables : tuple of frozenset of (int, str)
        For each cell the (number of the plan, table) that show it, or its total and the parts beside it.
    size : int
        How many columns there are, with those for people, which come after the cells.
    people : mapping
        The column of each possible record of a vintage; empty where sums say everything, or records are too many.
    whole : bool
        Whether no vintage needed columns for people and had too many.

    """

    keys: tuple[Key, ...]
    left_over: frozenset[int]
    index: Mapping[Key, int]
    rows: Rows
    lines: tuple[Line, ...]
    tables: tuple[frozenset[tuple[int, str]], ...]
    size: int
    people: Mapping[tuple[str, Record], int]
    whole: bool

    def column(self, plan: Plan, at: Place) -> int:
        """Where the cell of *plan* at *at* is."""
        return self.index[(vintage(plan), at)]


def landscape(plans: Sequence[Plan]) -> Landscape:
    """The system of all tables of all *plans*. Raises `BadRelease` when they mean different things by one name."""
    dimensions: dict[str, Dimension] = {}
    shown: dict[Key, set[tuple[int, str]]] = {}
    for number, plan in enumerate(plans):
        for name, dimension in plan.dimensions.items():
            if dimensions.setdefault(name, dimension) != dimension:
                says = "A dimension is not the same in all releases. Declare it alike, or give it another name."
                raise BadRelease(says, column=name)
        for table in plan.tables:
            for _, at in grid(table, plan.dimensions):
                shown.setdefault((vintage(plan), at), set()).add((number, table.id))
    printed = frozenset(shown)
    if any(table.where for plan in plans for table in plan.tables):  # a whole table leaves nothing over
        _leave_over(shown, dimensions)
    keys = tuple(sorted(shown))
    index = {key: column for column, key in enumerate(keys)}
    impossible = {at for plan in plans for at in plan.impossible}
    rows, lines = _ties(keys, index, dimensions, impossible, printed)
    for plan in plans:
        if plan.corrects:
            _correct(plan, plans, {key: index[key] for key in printed}, rows)
    people, whole = _people(plans, dimensions, index, frozenset(index) - printed, rows)
    found_by = tuple(frozenset(shown[key]) for key in keys)
    left_over = frozenset(column for key, column in index.items() if key not in printed)
    return Landscape(keys, left_over, index, rows, tuple(lines), found_by, len(keys) + len(people), people, whole)


def spot(table: Table, combination: Sequence[Node]) -> Place:
    """The place of a cell of *table*."""
    named = [(name, node) for name, node in zip(table.dimensions, combination, strict=True) if node is not None]
    return place([*named, *table.where.items()])


def grid(table: Table, dimensions: Mapping[str, Dimension]) -> list[tuple[tuple[Node, ...], Place]]:
    """The cells of *table* as they are printed: totals first."""
    nodes: list[list[Node]] = [[None, *dimensions[one].nodes()] for one in table.dimensions]
    return [(combination, spot(table, combination)) for combination in product(*nodes)]


def is_impossible(at: Place, impossible: Iterable[Place]) -> bool:
    """Whether a combination that cannot exist contains the cell."""
    return any(set(one) <= set(at) for one in impossible)


def vintage(plan: Plan) -> str:
    """Which truth the cells of *plan* are of."""
    return plan.id if plan.corrects else ""


def _leave_over(shown: dict[Key, set[tuple[int, str]]], dimensions: Mapping[str, Dimension]) -> None:
    """Add the cells that nobody shows and that a shown total leaves over; those may leave over others in turn."""
    while True:
        index = dict.fromkeys(shown, 0)
        more: dict[Key, set[tuple[int, str]]] = {}
        for (truth, at), tables in shown.items():
            named = dict(at)
            for name, axis in dimensions.items():
                rest = [pair for pair in at if pair[0] != name]
                for node in () if axis.multiple else _missing(axis, named.get(name), truth, rest, index):
                    beside = [shown.get((truth, place([*rest, (name, one)])), set()) for one in axis.nodes()]
                    key = (truth, place([*rest, (name, node)]))
                    more.setdefault(key, set()).update(tables, *beside)
        if not more:
            return
        shown |= more


def _missing(
    axis: Dimension, node: Node, truth: str, rest: Sequence[tuple[str, str]], index: Mapping[Key, int]
) -> list[str]:
    """The parts of *node* that are not shown, as high as that can be said; none when no part is shown at all."""
    found, any_shown = [], False
    for child in axis.children(node):
        if (truth, place([*rest, (axis.id, child)])) in index:
            any_shown = True
        elif _parts(axis, child, truth, rest, index)[0]:
            any_shown = True
            found += _missing(axis, child, truth, rest, index)
        else:
            found.append(child)
    return found if any_shown else []


def _ties(
    keys: Sequence[Key],
    index: Mapping[Key, int],
    dimensions: Mapping[str, Dimension],
    impossible: set[Place],
    printed: Collection[Key],
) -> tuple[Rows, list[Line]]:
    rows, lines = Rows(), []
    for key in keys:
        truth, at = key
        named = dict(at)
        for name in sorted(dimensions):
            axis = dimensions[name]
            rest = [pair for pair in at if pair[0] != name]
            parts, complete = _parts(axis, named.get(name), truth, rest, index)
            if not parts:
                continue
            margin = index[key]
            if axis.multiple:
                for part in parts:
                    rows.add([(margin, 1), (part, -1)], 0, float("inf"))
            terms = [(margin, -1), *((part, 1) for part in parts)]
            if not axis.multiple:
                rows.add(terms, 0 if complete else float("-inf"), 0)
                within = [(part, 1) for part in parts if keys[part] in printed]
                if len(within) < len(parts):
                    # Says nothing new here, but rounded figures, which have no figure for the rest, have to keep it.
                    rows.add([(margin, -1), *within], float("-inf"), 0)
            elif complete:
                rows.add(terms, 0, float("inf"))
            if not axis.known and (complete or axis.multiple):
                lines.append(Line(margin, parts, axis.multiple))
    lines += _unshown(keys, index, dimensions)
    possible = [
        replace(line, parts=tuple(part for part in line.parts if not is_impossible(keys[part][1], impossible)))
        for line in lines
    ]
    return rows, [line for line in possible if len(line.parts) > 1]


def _unshown(keys: Sequence[Key], index: Mapping[Key, int], dimensions: Mapping[str, Dimension]) -> list[Line]:
    """Groups of which all parts are shown, and they themselves are not."""
    found: dict[tuple[str, Node, Key], Line] = {}
    for truth, at in keys:
        for name, node in at:
            axis = dimensions[name]
            above = axis.parents.get(node)
            rest = [pair for pair in at if pair[0] != name]
            group = (truth, place([*rest, *([(name, above)] if above else [])]))
            if axis.known or axis.multiple or group in index:
                continue
            parts, complete = _parts(axis, above, truth, rest, index)
            if complete:
                found[name, above, group] = Line(None, parts)
    return list(found.values())


def _parts(
    axis: Dimension, node: Node, truth: str, rest: Sequence[tuple[str, str]], index: Mapping[Key, int]
) -> tuple[tuple[int, ...], bool]:
    """The shown cells that make up *node*, as high in the hierarchy as they are shown, and whether they are all."""
    found: list[int] = []
    complete = True
    for child in axis.children(node):
        column = index.get((truth, place([*rest, (axis.id, child)])))
        if column is not None:
            found.append(column)
            continue
        below, whole = _parts(axis, child, truth, rest, index)
        found += below
        complete = complete and whole
    return tuple(found), complete and bool(found)


def _correct(plan: Plan, plans: Sequence[Plan], index: Mapping[Key, int], rows: Rows) -> None:
    earlier = next((one for one in plans if one.id == plan.corrects), None)
    if earlier is None:
        raise BadRelease("The release that this one corrects is not given.", column="release.corrects")
    for (truth, at), column in sorted(index.items()):
        before = index.get((vintage(earlier), at))
        if truth == vintage(plan) and before is not None:
            rows.add([(column, 1), (before, -1)], -plan.changes, plan.changes)


def _people(
    plans: Sequence[Plan],
    dimensions: Mapping[str, Dimension],
    index: Mapping[Key, int],
    left_over: Collection[Key],
    rows: Rows,
) -> tuple[dict[tuple[str, Record], int], bool]:
    """Columns for every record that could be, and the rows that make each finest cell the sum of its people."""
    people: dict[tuple[str, Record], int] = {}
    whole = True
    for truth in sorted({vintage(plan) for plan in plans}):
        mine = [plan for plan in plans if vintage(plan) == truth]
        tables = [table for plan in mine for table in plan.tables]
        if not is_needed(tables, dimensions):
            continue
        possible = records({name for table in tables for name in (*table.dimensions, *table.where)}, dimensions)
        if possible is None:
            whole = False
            continue
        several = any(one.multiple for one in dimensions.values())
        finest = {
            index[(truth, at)]
            for table in tables
            for nodes, at in grid(table, dimensions)
            if several or all(node in dimensions[n].categories for n, node in zip(table.dimensions, nodes, strict=True))
        }
        beside = sorted(at for of, at in left_over if of == truth)
        finest |= {index[truth, at] for at in beside}
        summed: dict[int, list[int]] = {column: [] for column in finest}
        cannot = [at for plan in plans for at in plan.impossible]
        for record in possible:
            places = places_of(dict(record), tables, dimensions)
            if any(is_impossible(at, cannot) for at in places):
                continue
            column = people[(truth, record)] = len(index) + len(people)
            places |= {at for at in beside if is_in(dict(record), at, dimensions)}
            for cell in {index[(truth, at)] for at in places} & finest:
                summed[cell].append(column)
        for cell in sorted(summed):
            rows.add([(cell, -1), *((one, 1) for one in summed[cell])], 0, 0)
    return people, whole
