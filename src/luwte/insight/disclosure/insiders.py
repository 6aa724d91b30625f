"""Somebody who knows one of the people in a cell, with all answers, as far as this can be tried from outside."""

from itertools import islice, product
from math import prod
from typing import TYPE_CHECKING

from luwte.insight.disclosure.cells import vintage
from luwte.insight.disclosure.feasible import Feasible
from luwte.insight.disclosure.joint import places_of
from luwte.insight.disclosure.needs import Need
from luwte.insight.disclosure.neighbours import offer_more_of
from luwte.insight.disclosure.published import View

if TYPE_CHECKING:
    from luwte.insight.disclosure.solver import Ints

RECORDS = 200
"""Records that an insider of a cell could know, tried for each cell until one leaves enough doubt."""


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
        cells.add(column)
        cells |= {seen.land.people[key] for key in [(truth, record)] if key in seen.land.people}
        known = frozenset(cell for cell in cells if lower[cell] < 1)
        if known in asked or any(upper[cell] < 1 for cell in cells):
            continue
        asked.add(known)
        inside = lower.copy()
        inside[list(known)] = 1
        feasible.within(inside, upper)
        offer_more_of(feasible, seen.land, seen.releases, cells)
        if feasible.is_there_any() and feasible.has_width(column, need.insider_width, need.contribution):
            return False
        anybody = anybody or feasible.is_shown()
    return anybody and prod(map(len, answers)) <= RECORDS
