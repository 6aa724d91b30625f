"""A release as files: tables.json, a CSV with CSVW metadata for each table, a page, and the attestation."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

from luwte import __version__
from luwte.insight.disclosure.attack import Finding, Leak
from luwte.insight.disclosure.cells import grid
from luwte.insight.disclosure.data import LARGEST
from luwte.insight.disclosure.marks import MARKS, MEANINGS, SHARES, percent
from luwte.insight.disclosure.page import page
from luwte.insight.disclosure.plan import COLUMNS, Dimension, Place, Plan, Rules, Table, place, plan_of
from luwte.insight.disclosure.published import Release, Shown, Status
from luwte.insight.disclosure.refusals import BadPlan, BadRelease
from luwte.insight.disclosure.solver import versions

TABLES, ATTESTATION, PAGE = "tables.json", "disclosure-attestation.json", "index.html"

WORST = 20
"""Cells that an attestation lists."""


def files(release: Release, *, whole: bool = True) -> dict[str, bytes]:
    """Everything of *release* by name, without the attestation; the same bytes whenever and wherever it is made.

    Unless the attack was *whole*, the page says what was not tried.
    """
    found = {TABLES: _json(as_json(release)), PAGE: page(release, whole=whole).encode()}
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
                "percentages": table.percentages,
                "dimensions": [_dimension(plan.dimensions[name]) for name in table.dimensions],
                "cells": [
                    {
                        "at": {n: c for n, c in zip(table.dimensions, nodes, strict=True) if c is not None},
                        "value": release.shown[at].value,
                        "status": release.shown[at].status,
                    }
                    | ({"percent": percent(release, table, nodes)} if table.percentages else {})
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
    path, file = folder / TABLES, f"{folder.name}/{TABLES}"
    try:
        raw = json.loads(path.read_bytes())
        plan = plan_of(_declared(raw), file)
        found = Release(plan, _cells(raw["tables"], plan, file))
        _check_shares(raw["tables"], found, file)
        return found
    except OSError:
        raise BadRelease("There is no tables.json that can be read here.", file=folder.name) from None
    except BadPlan as error:
        raise BadRelease(error.reason, file=file, column=error.column) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadRelease("This is not what luwte protect writes.", file=file) from None


def _declared(raw: dict[str, Any]) -> dict[str, object]:
    """The plan's sections again, to be checked like any plan: the file may be from anywhere."""
    about = dict(raw["release"])
    rules, impossible = about.pop("rules"), about.pop("impossible")
    return {
        "release": about,
        "rules": rules,
        "impossible": impossible,
        "dimension": {one["id"]: {key: one[key] for key in one if key != "id"} for one in raw["dimensions"]},
        "table": [
            {key: one[key] for key in one if key not in ("dimensions", "cells")}
            | {"dimensions": [axis["id"] for axis in one["dimensions"]]}
            for one in raw["tables"]
        ],
    }


def _check_shares(raw: Sequence[dict[str, Any]], release: Release, file: str) -> None:
    """A share that was computed from something else would tell what no attack has tried."""
    for one, table in zip(raw, release.plan.tables, strict=True):
        for number, cell in enumerate(one["cells"], 1):
            nodes = tuple(cell["at"].get(name) for name in table.dimensions)
            if cell.get("percent") != (percent(release, table, nodes) if table.percentages else None):
                says = "A percentage is not computed from the published counts."
                raise BadRelease(says, file=file, row=number, column=table.id)


STATUSES: Mapping[str, Status] = {status: status for status in get_args(Status)}


def _cells(raw: Sequence[dict[str, list[dict[str, object]]]], plan: Plan, file: str) -> dict[Place, Shown]:
    shown: dict[Place, Shown] = {}
    for one, table in zip(raw, plan.tables, strict=True):
        every = {at for _, at in grid(table, plan.dimensions)}
        for number, cell in enumerate(one["cells"], 1):
            at, value, status = cell["at"], cell["value"], cell["status"]
            if not isinstance(at, dict) or not set(at) <= set(table.dimensions) or not isinstance(status, str):
                raise ValueError
            where, found = place([*at.items(), *table.where.items()]), _seen(value, STATUSES[status], plan.rules)
            if where not in every or found is None:
                raise BadRelease("A cell does not say what its status means.", file=file, row=number, column=table.id)
            if shown.setdefault(where, found) != found:
                raise BadRelease("A cell is not the same wherever it is shown.", file=file, row=number, column=table.id)
        if not every <= set(shown):
            raise BadRelease("A table has not all its cells.", file=file, column=table.id)
    return shown


def _seen(value: object, status: Status, rules: Rules) -> Shown | None:
    """The cell, or None when value and status do not go together."""
    if value is None:
        return Shown(None, status) if status in MARKS else None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**LARGEST or status in MARKS:
        return None
    return None if status == "rounded" and value % rules.base else Shown(value, status)


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
            "people": found.whole,
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
        "unproved": f"lies within {one.interval.low}-{one.interval.high}, or less: that a doubt of {one.required} stays"
        " could not be proved",
    }[one.kind]
    tables = ", ".join(f"{release}/{table}" for release, table in one.tables)
    return f"{name}: {what}." + (f" Tables: {tables}." if tables else "")


def _json(data: object) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _csv(release: Release, table: Table) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*table.dimensions, *_columns(table)])
    for nodes, at in grid(table, release.plan.dimensions):
        shown = release.shown[at]
        numbers = {"value": shown.value, "percent": percent(release, table, nodes), "status": shown.status}
        writer.writerow([*(node or "" for node in nodes), *(numbers[name] for name in _columns(table))])
    return out.getvalue()


def _variable(name: str) -> str:
    """A column's name as CSVW wants it: a variable of a URI template."""
    found = "".join(one if one.isascii() and (one.isalnum() or one in "_.") else quote(one, safe="") for one in name)
    return re.sub(r"^_|[^\w.%]", lambda one: f"%{ord(one[0]):02X}", found)


def _columns(table: Table) -> list[str]:
    return [name for name in COLUMNS if name != "percent" or table.percentages]


def _csvw(release: Release, table: Table) -> dict[str, object]:
    axes = [release.plan.dimensions[name] for name in table.dimensions]
    columns: list[dict[str, object]] = [
        {
            "name": _variable(axis.id),
            "titles": axis.id,
            "dc:title": axis.title,
            "datatype": "string",
            "null": "",
            "dc:description": "empty: total",
        }
        for axis in axes
    ]
    columns.append({"name": "value", "titles": "value", "datatype": "integer", "null": ""})
    if table.percentages:
        columns.append({"name": "percent", "titles": "percent", "datatype": "integer", "null": "", "dc:title": SHARES})
    meaning = "value, rounded; c, low, z: " + "; ".join(f"{mark} {text}" for mark, text in MEANINGS.items())
    columns.append({"name": "status", "titles": "status", "datatype": "string", "dc:description": meaning})
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": f"{table.id}.csv",
        "dc:title": table.title,
        "dc:description": table.base,
        "tableSchema": {"columns": columns},
    }
