"""Counts from a CSV: one row for each unit, or counts with totals that must add up."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from luwte.insight.disclosure.cells import Node, grid, is_impossible
from luwte.insight.disclosure.joint import Record, places_of
from luwte.insight.disclosure.plan import SEVERAL, Dimension, Place, Plan
from luwte.insight.disclosure.refusals import BadData

LARGEST = 9
"""Digits that a count can have."""


@dataclass
class Counts:
    """The truth: how many are in each cell, whose, and who is in which cells."""

    of: Counter[Place] = field(default_factory=Counter)
    contributed: dict[str, Counter[Place]] = field(default_factory=dict)
    records: dict[Record, frozenset[Place]] = field(default_factory=dict)
    held: dict[str, Counter[Record]] = field(default_factory=dict)
    """How many of each record everybody holds; "" for those that nobody is named for."""


def read_data(path: Path, plan: Plan) -> Counts:
    """The counts of every cell of *plan* in a CSV. Raises `BadData` with the row, the column and the reason."""
    try:
        raw = path.read_bytes()
    except OSError:
        raise BadData("This file cannot be read.", file=path.name) from None
    if not raw.strip():
        raise BadData("This file is empty.", file=path.name)
    text = _decoded(raw, path.name)
    if len(text.strip().splitlines()) < 2:
        raise BadData("There is nobody in this file, only the names of columns.", file=path.name, row=1)
    return count(text, plan, path.name)


def count(text: str, plan: Plan, file: str = "data") -> Counts:
    """The counts of every cell of *plan* in the text of a CSV. Raises `BadData`.

    A total that the data holds itself (an empty cell in a dimension) is compared with the sum of its parts.
    """
    used = sorted({name for table in plan.tables for name in (*table.dimensions, *table.where)})
    found = Counts(Counter({at: 0 for table in plan.tables for _, at in grid(table, plan.dimensions)}))
    whole: Counter[tuple[Node, ...]] = Counter()
    totals: dict[tuple[Node, ...], tuple[int, int]] = {}
    for row, line in _lines(text, plan, used, file):
        number = _number(line, plan, row, file)
        answers = [_answers(plan.dimensions[name], line[name], row, file, bool(plan.count)) for name in used]
        if not all(answers):
            at = tuple(one[0] if one else None for one in answers)
            if at in totals:
                raise BadData("This total is there twice.", file=file, row=row)
            totals[at] = (row, number)
            continue
        if plan.count:
            for at in product(
                *([None, *plan.dimensions[name].above(one[0])] for name, one in zip(used, answers, strict=True))
            ):
                whole[at] += number
        if number:
            _add(found, plan, dict(zip(used, answers, strict=True)), number, line.get(plan.contributor, ""), row, file)
    for at, (row, number) in totals.items():
        if whole[at] != number:
            raise BadData("This total is not the sum of its parts.", file=file, row=row, column=plan.count)
    return found


def _decoded(raw: bytes, file: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        raise BadData("This is not UTF-8, or not everywhere. Save it as UTF-8.", file=file, row=row) from None


def _lines(text: str, plan: Plan, used: list[str], file: str) -> Iterator[tuple[int, dict[str, str]]]:
    first = text.split("\n", 1)[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True
    )
    try:
        head = next(reader, [])
        wanted = [*used, *(one for one in (plan.count, plan.contributor) if one)]
        for name in wanted:
            if head.count(name) != 1:
                says = "This column is missing." if name not in head else "This column is there twice."
                raise BadData(says, file=file, row=1, column=name)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(head):
                raise BadData("This row has more or fewer cells than the first.", file=file, row=reader.line_num)
            line = dict(zip(head, cells, strict=True))
            yield reader.line_num, {name: line[name].strip() for name in wanted}
    except csv.Error:
        raise BadData("This is not CSV.", file=file, row=reader.line_num) from None


def _number(line: Mapping[str, str], plan: Plan, row: int, file: str) -> int:
    if not plan.count:
        return 1
    raw = line[plan.count]
    if raw.isascii() and raw.isdigit() and len(raw) <= LARGEST:
        return int(raw)
    negative = raw.startswith("-")
    says = (
        "A count cannot be negative." if negative else f"A count must be a whole number, in at most {LARGEST} digits."
    )
    raise BadData(says, file=file, row=row, column=plan.count)


def _answers(axis: Dimension, raw: str, row: int, file: str, may_be_total: bool) -> tuple[str, ...]:
    if not raw and may_be_total:
        return ()
    answers = tuple(sorted({one.strip() for one in raw.split(SEVERAL)})) if axis.multiple else (raw,)
    for one in answers:
        if one in axis.categories or (may_be_total and one in axis.nodes()):
            continue
        says = (
            "This is empty. Give every row a category, if only 'unknown'."
            if not one
            else "The plan has no such category."
        )
        raise BadData(says, file=file, row=row, column=axis.id)
    return answers


def _add(
    found: Counts, plan: Plan, answers: Mapping[str, tuple[str, ...]], number: int, whose: str, row: int, file: str
) -> None:
    record: Record = tuple(answers.items())
    if record not in found.records:
        found.records[record] = frozenset(places_of(answers, plan.tables, plan.dimensions))
        if any(is_impossible(at, plan.impossible) for at in found.records[record]):
            raise BadData("The plan says that this combination is impossible.", file=file, row=row)
    found.held.setdefault(whose, Counter())[record] += number
    mine = found.contributed.setdefault(whose, Counter()) if whose else Counter()
    for at in found.records[record]:
        found.of[at] += number
        mine[at] += number
