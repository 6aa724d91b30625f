"""Which requirements collide: a smallest set of tables and earlier releases that cannot be had together."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from luwte.insight.disclosure.attack import attack
from luwte.insight.disclosure.cells import grid
from luwte.insight.disclosure.data import Counts
from luwte.insight.disclosure.plan import Plan
from luwte.insight.disclosure.published import Release
from luwte.insight.disclosure.refusals import Infeasible, Refused

PARTS = 24
"""Tables and earlier releases up to which each is left out once, to see whether it takes part."""

CELLS = 500
"""Cells up to which that is tried: every try is a protection of its own."""


def smallest(
    plan: Plan,
    counts: Counts,
    earlier: Sequence[Release],
    error: Infeasible,
    attempt: Callable[[Plan, Counts, Sequence[Release]], object],
) -> Infeasible:
    """The refusal with a smallest set: leave any one of it out, and the rest can be protected.

    A deletion filter: each table and each earlier release is left out in turn, for good when the rest still fails.
    Larger problems keep the *error* that they have.
    """
    if leaking := _leaking(earlier):
        says = f"The release {leaking} already gives something away, by itself or with those before it: no new table"
        says += " can take that back. Run luwte attack on it to see what, and decide with whoever is responsible."
        return Infeasible(says, (*error.collide[:1], f"what the earlier release {leaking} already shows"))
    tables, told = list(plan.tables), list(earlier)
    if len(tables) + len(told) > PARTS or len(counts.of) > CELLS:
        return error

    def fails() -> bool:
        nonlocal error
        if not tables:
            return False
        fewer = replace(plan, tables=tuple(tables))
        kept = {at for table in tables for _, at in grid(table, plan.dimensions)}
        try:
            attempt(fewer, replace(counts, of=Counter({at: counts.of[at] for at in kept})), told)
        except Infeasible as another:
            error = another
            return True
        except Refused:
            return False
        return False

    for table in plan.tables:
        tables.remove(table)
        if not fails():
            tables = [one for one in plan.tables if one in tables or one is table]
    for release in earlier:
        told.remove(release)
        if not fails():
            told = [one for one in earlier if one in told or one is release]
    first = error.collide[0]
    if not first.startswith("a doubt"):
        first = f"rounding to base {plan.rules.base} with a doubt of {plan.rules.width}"
    asks = [f"table {table.id}" for table in tables]
    asks += [f"what the earlier release {one.plan.id} already shows" for one in told]
    return Infeasible("This cannot be protected.", (first, *asks))


def _leaking(earlier: Sequence[Release]) -> str:
    """The first of these releases that, with those before it, does not pass the attack."""
    for number in range(1, len(earlier) + 1):
        if not attack(earlier[:number]).passed:
            return earlier[number - 1].plan.id
    return ""
