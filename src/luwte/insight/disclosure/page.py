"""The tables to look at: one file, no script, headers that a screen reader reads with each cell."""

import html

from luwte.insight.disclosure.cells import Node, grid, spot
from luwte.insight.disclosure.marks import MEANINGS, SHARES, percent, text
from luwte.insight.disclosure.plan import Table
from luwte.insight.disclosure.published import Release

STYLE = """
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif;--line:color-mix(in srgb,currentColor 25%,transparent)}
body{margin:0}
main{max-width:70rem;margin:auto;padding:1rem;overflow-wrap:break-word}
h1{font-size:1.5rem;line-height:1.25}
h2{font-size:1.125rem;margin:2.5rem 0 0}
p{max-width:42rem}
.wide{overflow-x:auto;margin:.5rem 0}
.wide:focus-visible{outline:2px solid;outline-offset:2px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.375rem .75rem;border-bottom:1px solid var(--line);vertical-align:top}
th{text-align:left;font-weight:600;overflow-wrap:normal;min-width:4rem}
th:first-child{padding-left:0}
thead th{border-bottom-width:2px;vertical-align:bottom}
td,thead th.n{text-align:right}
.total{font-weight:600}
.share{display:block;font-size:.875rem;font-weight:400}
.note{margin:0;font-size:.875rem}
@media print{.wide{overflow:visible}}
"""


NOT_TRIED = (
    "What was tried is adding and subtracting. Not tried: what follows from which people can stand behind all tables"
    " together; there are too many possible combinations of answers."
)
"""Said wherever a person reads a verdict, when the attack was not whole."""


def page(release: Release, *, whole: bool = True) -> str:
    """The whole page; *whole* says whether the attack tried everything that it can."""
    plan = release.plan
    most = plan.rules.base - 1
    about = {
        "rounding": f"Every number is rounded, up or down, to a multiple of {plan.rules.base}. It can be up to {most}"
        f" more or {most} less than it was; a 0 can stand for up to {most}. Totals still add up.",
        "suppression": "Numbers that could point at a person are left out,"
        " and some more, so that nobody can compute them.",
        "primary": "Small numbers are left out. Totals may give them away.",
    }[plan.rules.method]
    tables = "\n".join(_table(release, table) for table in plan.tables)
    title = html.escape(plan.title)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n<main>\n<h1>{title}</h1>\n"
        f"<p>{about}</p>\n{'' if whole else f'<p>{NOT_TRIED}</p>{chr(10)}'}{tables}\n</main>\n</html>\n"
    )


def _table(release: Release, table: Table) -> str:
    dimensions = release.plan.dimensions
    axes = [dimensions[name] for name in table.dimensions]
    columns: tuple[Node, ...] = (*axes[-1].nodes(), None)
    heads = "".join(f'<th scope="col">{html.escape(axis.title)}</th>' for axis in axes[:-1])
    heads += "".join(f'<th scope="col" class="n">{html.escape(node or "Total")}</th>' for node in columns)
    upper = Table(table.id, table.title, table.base, table.dimensions[:-1], table.where)
    rows = [nodes for nodes, _ in grid(upper, dimensions)]
    body = "\n".join(_row(release, table, nodes, columns) for nodes in rows)
    notes = _notes(release, table)
    id_ = html.escape(table.id)
    return (
        f'<h2 id="{id_}">{html.escape(table.title)}</h2>\n'
        f'<div class="wide" role="region" tabindex="0" aria-labelledby="{id_}" aria-describedby="{id_}-note">'
        f'<table aria-labelledby="{id_}">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>\n'
        + "\n".join(
            f'<p class="note"{f" id={chr(34)}{id_}-note{chr(34)}" if not number else ""}>{note}</p>'
            for number, note in enumerate(notes)
        )
    )


def _row(release: Release, table: Table, nodes: tuple[Node, ...], columns: tuple[Node, ...]) -> str:
    names = "".join(f'<th scope="row">{html.escape(node or "Total")}</th>' for node in nodes)
    cells = []
    for node in columns:
        share = percent(release, table, (*nodes, node)) if table.percentages and node is not None else None
        small = "" if share is None else f' <span class="share">{share} %</span>'
        kind = ' class="total"' if node is None else ""
        cells.append(f"<td{kind}>{text(release.shown[spot(table, [*nodes, node])])}{small}</td>")
    return f"<tr>{names}{''.join(cells)}</tr>"


def _notes(release: Release, table: Table) -> list[str]:
    """What somebody needs to know to read this table, right below it."""
    dimensions = release.plan.dimensions
    marks = {text(release.shown[at]) for _, at in grid(table, dimensions)} & set(MEANINGS)
    total = text(release.shown[spot(table, [None] * len(table.dimensions))])
    part = "".join(
        f" {html.escape(dimensions[name].title)}: {html.escape(node)}." for name, node in table.where.items()
    )
    several = " One may have several answers, so parts add up to more than the total."
    notes = [
        f"Base: {html.escape(table.base)} ({total}).{part}"
        + (several if any(dimensions[name].multiple for name in table.dimensions) else "")
    ]
    notes += [f"{mark} {MEANINGS[mark]}." for mark in sorted(marks)]
    return notes + ([SHARES] if table.percentages else [])
