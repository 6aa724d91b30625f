"""What is learned of everybody in a group at once, however many they are."""

from collections.abc import Sequence

from luwte.insight.disclosure.cells import Landscape, Line
from luwte.insight.disclosure.feasible import Feasible
from luwte.insight.disclosure.needs import Need


def groups_known(feasible: Feasible, land: Landscape, wanted: Sequence[Need]) -> dict[int, Line]:
    """Cells that hold a whole group for certain, and the line that tells so."""
    return {
        part: line
        for line in land.lines
        if any(wanted[column].group for column in (line.margin, *line.parts) if column is not None)
        for part in line.parts
        if tells(feasible, line, part)
    }


def tells(feasible: Feasible, line: Line, part: int) -> bool:
    """Whether *line* has somebody for certain, and all of them are in *part*."""
    group = part if line.margin is None else line.margin
    if line.several:
        if feasible.upper[part] < feasible.lower[group] or not feasible.is_all_of(part, group):
            return False
    elif any(feasible.can_reach(other, 1) for other in line.parts if other != part):
        return False
    return not feasible.can_be_empty(group)
