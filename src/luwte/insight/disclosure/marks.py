"""How a published cell is written, and its share of the row: from what is published, and nothing else."""

from collections.abc import Mapping

from luwte.insight.disclosure.cells import Node, spot
from luwte.insight.disclosure.plan import Table
from luwte.insight.disclosure.published import Release, Shown, Status

MARKS: Mapping[Status, str] = {"c": "[c]", "low": "[low]", "z": "[z]"}
"""Shorthand of official statistics."""

MEANINGS = {
    "[c]": "confidential: left out so that nobody can be recognised",
    "[low]": "a small number, left out",
    "[z]": "not applicable: this combination cannot exist",
}

SMALLEST_BASE = 10
"""Of fewer no share is given: it would look more certain than it is."""

SHARES = (
    f"Percentage of the row's total, from the published numbers. None where that total may be under {SMALLEST_BASE}."
)


def text(shown: Shown) -> str:
    """The number, or its mark."""
    return MARKS[shown.status] if shown.value is None else str(shown.value)


def percent(release: Release, table: Table, nodes: tuple[Node, ...]) -> int | None:
    """A cell's share of its row's total in whole per cent, halves up; None where one of them is not published.

    Both are published cells, so whoever has those has this, and an attacker learns nothing from it.
    """
    cell = release.shown[spot(table, nodes)]
    total = release.shown[spot(table, [*nodes[:-1], None])]
    if cell.value is None or not total.value or total.box(release.plan, total.value)[0] < SMALLEST_BASE:
        return None
    return (200 * cell.value + total.value) // (2 * total.value)
