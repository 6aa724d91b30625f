"""A release as files: tables.json, a CSV with CSVW metadata for each table, a page, and the attestation."""

import csv
import hashlib
import html
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from luwte import __version__
from luwte.insight.disclosure.attack import Finding, Leak, Release, Shown, Status
from luwte.insight.disclosure.cells import grid, spot
from luwte.insight.disclosure.plan import Dimension, Place, Plan, Rules, Table, place
from luwte.insight.disclosure.refusals import BadRelease
from luwte.insight.disclosure.solver import versions

TABLES, ATTESTATION, PAGE = "tables.json", "disclosure-attestation.json", "index.html"

MARKS: Mapping[Status, str] = {"c": "[c]", "low": "[low]", "z": "[z]"}
"""Shorthand of official statistics."""

MEANINGS = {
    "[c]": "confidential: left out so that nobody can be recognised",
    "[low]": "a small number, left out",
    "[z]": "not applicable: this combination cannot exist",
}

WORST = 20
"""Cells that an attestation lists."""


def files(release: Release) -> dict[str, bytes]:
    """Everything of *release* by name, without the attestation; the same bytes whenever and wherever it is made."""
    found = {TABLES: _json(as_json(release)), PAGE: page(release).encode()}
    for table in release.plan.tables:
        found[f"{table.id}.csv"] = _csv(release, table).encode()
        found[f"{table.id}.csv-metadata.json"] = _json(_csvw(release, table))
    return found


def as_json(release: Release) -> dict[str, object]:
    """What tables.json holds."""
    plan, rules = release.plan, release.plan.rules
    return {
        "release": {
            "id": plan.id,
            "title": plan.title,
            "unit": plan.unit,
            "max_contribution": plan.max_contribution,
            "corrects": plan.corrects,
            "changes": plan.changes,
            "rules": {name: getattr(rules, name) for name in sorted(rules.__dataclass_fields__)},
            "impossible": [dict(one) for one in plan.impossible],
        },
        "dimensions": [_dimension(plan.dimensions[name]) for name in sorted(plan.dimensions)],
        "tables": [
            {
                "id": table.id,
                "title": table.title,
                "base": table.base,
                "where": dict(sorted(table.where.items())),
                "dimensions": [_dimension(plan.dimensions[name]) for name in table.dimensions],
                "cells": [
                    {
                        "at": {n: c for n, c in zip(table.dimensions, nodes, strict=True) if c is not None},
                        "value": release.shown[at].value,
                        "status": release.shown[at].status,
                    }
                    for nodes, at in grid(table, plan.dimensions)
                ],
            }
            for table in plan.tables
        ],
    }


def _dimension(one: Dimension) -> dict[str, object]:
    return {
        "id": one.id,
        "title": one.title,
        "categories": list(one.categories),
        "parents": dict(sorted(one.parents.items())),
        "multiple": one.multiple,
        "known": one.known,
    }


def read_release(folder: Path) -> Release:
    """The release in *folder*. Raises `BadRelease`."""
    path = folder / TABLES
    try:
        raw = json.loads(path.read_text("utf-8"))
        about = raw["release"]
        dimensions = {
            one["id"]: Dimension(**{**one, "categories": tuple(one["categories"])}) for one in raw["dimensions"]
        }
        tables = tuple(
            Table(one["id"], one["title"], one["base"], tuple(axis["id"] for axis in one["dimensions"]), one["where"])
            for one in raw["tables"]
        )
        plan = Plan(
            id=about["id"],
            title=about["title"],
            unit=about["unit"],
            max_contribution=about["max_contribution"],
            dimensions=dimensions,
            tables=tables,
            rules=Rules(**about["rules"]),
            corrects=about["corrects"],
            changes=about["changes"],
            impossible=tuple(place(one.items()) for one in about["impossible"]),
        )
        return Release(plan, _cells(raw["tables"], plan))
    except OSError:
        raise BadRelease("There is no tables.json that can be read here.", file=folder.name) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadRelease("This is not what luwte protect writes.", file=f"{folder.name}/{TABLES}") from None


def _cells(raw: Sequence[dict[str, list[dict[str, object]]]], plan: Plan) -> dict[Place, Shown]:
    shown: dict[Place, Shown] = {}
    for one, table in zip(raw, plan.tables, strict=True):
        for number, cell in enumerate(one["cells"], 1):
            at, value, status = cell["at"], cell["value"], cell["status"]
            statuses: dict[object, Status] = {"value": "value", "rounded": "rounded", "c": "c", "low": "low", "z": "z"}
            if not isinstance(at, dict) or isinstance(value, bool) or not isinstance(value, int | None):
                raise ValueError
            where = spot(table, [at.get(name) for name in table.dimensions])
            found = Shown(value, statuses[status])
            if (value is None) != (found.status in MARKS) or shown.setdefault(where, found) != found:
                raise BadRelease(
                    "A cell is not the same wherever it is shown.", file=TABLES, row=number, column=table.id
                )
        if any(at not in shown for _, at in grid(table, plan.dimensions)):
            raise BadRelease("A table has not all its cells.", file=TABLES, column=table.id)
    return shown


def attestation(releases: Sequence[Release], found: Finding, inputs: Mapping[str, bytes], **more: object) -> bytes:
    """What was protected and how it was attacked, for anybody to check: no true value is in it."""
    by_width = sorted(found.intervals.items(), key=lambda one: (one[1].width, one[0]))
    ours = [(key, interval) for key, interval in by_width if interval.high > 0]
    return _json(
        {
            "verdict": "passed" if found.passed else "failed",
            "releases": [one.plan.id for one in releases],
            "inputs": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(inputs.items())},
            "rules": {
                one.plan.id: {
                    name: getattr(one.plan.rules, name) for name in sorted(one.plan.rules.__dataclass_fields__)
                }
                for one in releases
            },
            "software": {"luwte": __version__, **versions(), "threads": 1},
            "attacked": len(found.intervals),
            "unproved": sum(not interval.proved for interval in found.intervals.values()),
            "worst": [
                {"cell": dict(key[1]), "low": interval.low, "high": interval.high, "width": interval.width}
                for key, interval in ours[:WORST]
            ],
            "leaks": [_leak(one) for one in found.leaks],
            **more,
        }
    )


def _leak(one: Leak) -> dict[str, object]:
    return {
        "release": one.release,
        "cell": dict(one.at),
        "low": one.interval.low,
        "high": one.interval.high,
        "required": one.required,
        "kind": one.kind,
        "tables": [f"{release}/{table}" for release, table in one.tables],
    }


def told(one: Leak) -> str:
    """A leak in one line."""
    name = ", ".join(f"{dimension}={category}" for dimension, category in one.at) or "total"
    what = {
        "attacker": f"lies within {one.interval.low}-{one.interval.high}; a doubt of {one.required} is required",
        "insider": f"lies within {one.interval.low}-{one.interval.high}: too near for somebody who knows one of them",
        "group": "holds its whole group for certain",
    }[one.kind]
    tables = ", ".join(f"{release}/{table}" for release, table in one.tables)
    return f"{name}: {what}." + (f" Tables: {tables}." if tables else "")


def _json(data: object) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _text(shown: Shown) -> str:
    return MARKS[shown.status] if shown.value is None else str(shown.value)


def _csv(release: Release, table: Table) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*table.dimensions, "value", "status"])
    for nodes, at in grid(table, release.plan.dimensions):
        shown = release.shown[at]
        writer.writerow([*(node or "" for node in nodes), "" if shown.value is None else shown.value, shown.status])
    return out.getvalue()


def _csvw(release: Release, table: Table) -> dict[str, object]:
    axes = [release.plan.dimensions[name] for name in table.dimensions]
    columns: list[dict[str, object]] = [
        {
            "name": axis.id,
            "titles": axis.id,
            "dc:title": axis.title,
            "datatype": "string",
            "null": "",
            "dc:description": "empty: total",
        }
        for axis in axes
    ]
    columns.append({"name": "value", "titles": "value", "datatype": "integer", "null": ""})
    meaning = "value, rounded; c, low, z: " + "; ".join(f"{mark} {text}" for mark, text in MEANINGS.items())
    columns.append({"name": "status", "titles": "status", "datatype": "string", "dc:description": meaning})
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": f"{table.id}.csv",
        "dc:title": table.title,
        "dc:description": table.base,
        "tableSchema": {"columns": columns},
    }


STYLE = """
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:70rem;margin:auto;padding:1rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;margin:1rem 0 .25rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{padding:.25rem .75rem;border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent)}
th{text-align:left;font-weight:600}
td{text-align:right}
.note{margin:0 0 2rem}
"""


def page(release: Release) -> str:
    """The tables to look at: one file, no script, headers that a screen reader reads with each cell."""
    plan = release.plan
    about = {
        "rounding": f"Every number is rounded to a multiple of {plan.rules.base}. Totals still add up.",
        "suppression": "Numbers that could point at a person are left out.",
        "primary": "Small numbers are left out. Totals may give them away.",
    }[plan.rules.method]
    tables = "\n".join(_table(release, table) for table in plan.tables)
    title = html.escape(plan.title)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n<main>\n<h1>{title}</h1>\n"
        f"<p>{about}</p>\n{tables}\n</main>\n</html>\n"
    )


def _table(release: Release, table: Table) -> str:
    dimensions = release.plan.dimensions
    axes = [dimensions[name] for name in table.dimensions]
    last = axes[-1]
    heads = "".join(f'<th scope="col">{html.escape(axis.title)}</th>' for axis in axes[:-1])
    heads += "".join(f'<th scope="col">{html.escape(node or "Total")}</th>' for node in (*last.nodes(), None))
    body, marks = [], set[str]()
    upper = Table(table.id, table.title, table.base, table.dimensions[:-1], table.where)
    for nodes, _ in grid(upper, dimensions):
        cells = [_text(release.shown[spot(table, [*nodes, node])]) for node in (*last.nodes(), None)]
        marks |= {cell for cell in cells if cell in MEANINGS}
        names = "".join(f'<th scope="row">{html.escape(node or "Total")}</th>' for node in nodes)
        body.append(f"<tr>{names}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    notes = "; ".join(f"{mark} {MEANINGS[mark]}" for mark in sorted(marks))
    several = (
        " One may have several answers, so columns add up to more than the total."
        if any(a.multiple for a in axes)
        else ""
    )
    total = _text(release.shown[spot(table, [None] * len(axes))])
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{html.escape(table.title)}"><table>\n'
        f"<caption>{html.escape(table.title)}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n"
        + "\n".join(body)
        + f'\n</tbody></table></div>\n<p class="note">Base: {html.escape(table.base)} ({total}).{several}'
        + (f" {notes}." if notes else "")
        + "</p>"
    )
