"""Counts near rounded figures: guesses that often are solutions, so that no solver need be asked."""

from luwte.insight.disclosure.cells import Landscape
from luwte.insight.disclosure.feasible import Feasible
from luwte.insight.disclosure.joint import places_of
from luwte.insight.disclosure.published import Release


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
