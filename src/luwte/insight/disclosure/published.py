"""What the public sees: every cell of some releases, and the bounds that they put on the truth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from luwte.insight.disclosure.cells import Landscape, is_impossible, landscape
from luwte.insight.disclosure.plan import Place, Plan
from luwte.insight.disclosure.refusals import BadRelease

if TYPE_CHECKING:
    from luwte.insight.disclosure.solver import Ints

Status = Literal["value", "rounded", "c", "low", "z"]
"""How a cell is shown: as it is; rounded; not at all; not at all, known to be small; impossible."""


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
        impossible = [at for release in self.releases for at in release.plan.impossible]
        for column in self.land.left_over:
            if is_impossible(self.land.keys[column][1], impossible):
                upper[column] = 0
        if np.any(lower > upper):
            raise BadRelease("These releases contradict each other: a cell cannot be what both say.")
        return lower, upper


def view(releases: Sequence[Release]) -> View:
    """What somebody sees who has all *releases*. Raises `BadRelease`."""
    if len({release.plan.id for release in releases}) != len(releases):
        raise BadRelease("Two releases have the same id.", column="release.id")
    most = max((shown.value or 0 for release in releases for shown in release.shown.values()), default=0)
    return View(landscape([release.plan for release in releases]), tuple(releases), 2 * most + 1_000)
