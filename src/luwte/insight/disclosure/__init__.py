"""Disclosure control, proved by attack: a plan, linked tables made safe, and an attacker who tries.

The parts, each pure: `plan` (what is declared), `data` (counts from a CSV), `cells` (the one system), `case` (the truth
in it), `rounding` and `suppression` (protect), `published` (what the public sees), `feasible` (what fits it),
`insiders` and `groups`, `attack` (what can be worked out), `release` (files).
"""

from collections.abc import Sequence

from luwte.insight.disclosure.case import Case
from luwte.insight.disclosure.collision import smallest
from luwte.insight.disclosure.data import Counts
from luwte.insight.disclosure.plan import Plan
from luwte.insight.disclosure.published import Release
from luwte.insight.disclosure.refusals import Infeasible
from luwte.insight.disclosure.rounding import Protected, rounded
from luwte.insight.disclosure.suppression import primary, suppressed


def protect(plan: Plan, counts: Counts, earlier: Sequence[Release] = ()) -> Protected:
    """Make the tables of *plan* safe beside everything in *earlier*.

    Parameters
    ----------
    plan
        What was declared.
    counts
        The truth.
    earlier
        Everything that was published before about the same people, oldest first.

    Raises
    ------
    BadData
        The truth is not what an earlier release says, and no correction is declared.
    Infeasible
        Not everything can be had together; it names a smallest set that cannot.

    """
    try:
        return _protected(plan, counts, earlier)
    except Infeasible as error:
        raise smallest(plan, counts, earlier, error, _protected) from None


def _protected(plan: Plan, counts: Counts, earlier: Sequence[Release]) -> Protected:
    case = Case(plan, counts, earlier)
    if plan.rules.method == "rounding":
        return rounded(case)
    if plan.rules.method == "suppression":
        return suppressed(case)
    return Protected(primary(case), 0.0, 0.0, 1)
