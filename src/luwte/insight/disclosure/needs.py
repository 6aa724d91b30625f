"""How much doubt must stay about each cell."""

from collections.abc import Sequence
from dataclasses import dataclass

from luwte.insight.disclosure.cells import Landscape
from luwte.insight.disclosure.feasible import Interval
from luwte.insight.disclosure.plan import Plan


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
