"""Counts near rounded figures: guesses that often are solutions, so that no solver need be asked."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from luwte.insight.disclosure.cells import Landscape
from luwte.insight.disclosure.feasible import Feasible
from luwte.insight.disclosure.joint import places_of
from luwte.insight.disclosure.published import Release

if TYPE_CHECKING:
    from luwte.insight.disclosure.solver import Ints


def figures(land: Landscape, release: Release) -> "Ints":
    """The published figures of *release* as if they were counts; 0 elsewhere."""
    import numpy as np

    found = np.zeros(land.size, np.int64)
    for at, shown in release.shown.items():
        found[land.column(release.plan, at)] = shown.value or 0
    return found


def offer_neighbours(feasible: Feasible, land: Landscape, release: Release) -> None:
    """Offer the rounded figures themselves, and each with some more, or fewer, units in one cell and all above it.

    Adding one unit to every cell that it belongs to keeps every sum, so most ends are found without asking a solver.
    """
    import numpy as np

    if len(release.shown) != land.size or release.plan.rules.method != "rounding":
        return
    counts, step = figures(land, release), release.plan.rules.base - 1
    feasible.offer(counts)
    deepest = [at for at in sorted(release.shown) if len(at) == max(map(len, release.shown))]
    plan = release.plan
    first = {name: dimension.categories[0] for name, dimension in plan.dimensions.items()}
    for at in deepest:
        unit = np.zeros(land.size, np.int64)
        record = {name: (answer,) for name, answer in {**first, **dict(at)}.items()}
        unit[[land.column(plan, one) for one in places_of(record, plan.tables, plan.dimensions)]] = step
        feasible.offer(counts + unit)
        feasible.offer(counts - unit)


def offer_more_of(feasible: Feasible, land: Landscape, releases: Sequence[Release], cells: Collection[int]) -> None:
    """Offer the rounded figures with one to base - 1 more units that are all in *cells*."""
    release = releases[0]
    if len(releases) > 1 or len(release.shown) != land.size or release.plan.rules.method != "rounding":
        return
    counts = figures(land, release)
    for _ in range(1, release.plan.rules.base):
        counts[list(cells)] += 1
        feasible.offer(counts)
