"""Capture histories from a CSV: a row for every history with its count, or a row for every person.

A column that holds 0 and 1 alone is a list; one without any 0 or 1 says something else about people. One that mixes
both is refused: a single wrong cell must not make a list disappear.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from luwte.estimate.errors import BadHistories
from luwte.estimate.histories import MOST_LISTED, MOST_LISTS, Histories
from luwte.estimate.strata import Stratified

COUNT = "count"
"""The column that says how many people a row stands for, in any case."""
MOST_BYTES = 32 * 2**20
"""Over two million people with a row each; a device that never ends is refused as well."""
ROWS = 10
"""So many rows of which no two are alike are hardly people. Fewer are no estimate anyhow (`gate.Limits.overlap`)."""


@dataclass(frozen=True)
class Data:
    """What a file holds.

    Attributes
    ----------
    strata : Stratified
        A table for every stratum that the file names; one table of everybody when no covariate was asked for.
    ignored : tuple of str
        Columns that are no list, no count and no covariate that was asked for.
    notes : tuple of str
        How the file was read where it could have been meant otherwise, in plain sentences.

    """

    strata: Stratified
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> Histories:
        """Everybody in one table."""
        return self.strata.whole()


@dataclass(frozen=True)
class _Row:
    number: int
    cells: dict[str, str]


def read_histories(path: Path, *, lists: Sequence[str] = (), by: Sequence[str] = ()) -> Data:
    """Read a UTF-8 CSV with a comma or a semicolon between cells.

    Parameters
    ----------
    path : Path
        The file.
    lists : sequence of str
        The columns that are lists, in the order wanted. Without it: every column of 0 and 1 alone.
    by : sequence of str
        Columns whose values make strata.

    Raises
    ------
    BadHistories
        With the file, and where it has one the row and the column. Never with what stands there.

    """
    try:
        with path.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise BadHistories("There is no such file.", file=path.name) from None
    except OSError:
        raise BadHistories("This cannot be read.", file=path.name) from None
    if len(raw) > MOST_BYTES:
        says = f"This is larger than {MOST_BYTES // 2**20} MB. Give one row for each history, with its count."
        raise BadHistories(says, file=path.name)
    return parse_histories(_decoded(raw, path.name), lists=lists, by=by, file=path.name)


def parse_histories(text: str, *, lists: Sequence[str] = (), by: Sequence[str] = (), file: str = "data") -> Data:
    """`read_histories` for the text of a file."""
    head, rows = _table(text, file)
    counts = [name for name in head if name.casefold() == COUNT and name not in (*lists, *by)]
    if len(counts) > 1:
        raise BadHistories("This column is there twice.", file=file, row=1, column=counts[1])
    counted = counts[0] if counts else None
    others = [name for name in head if name != counted]
    for name in (*lists, *by):
        if name not in head:
            raise BadHistories("This column is missing.", file=file, row=1, column=name)
    for name in by:
        if name in lists or by.count(name) > 1:
            raise BadHistories("One column cannot be two things.", file=file, row=1, column=name)
    chosen = tuple(lists) or _lists([name for name in others if name not in by], rows, file)
    if not chosen:
        raise BadHistories("There is no list: no column holds 0 and 1.", file=file)
    if len(chosen) > MOST_LISTS:
        raise BadHistories(f"There are more than {MOST_LISTS} lists. Name some with --lists.", file=file)
    if len(set(chosen)) < len(chosen):
        raise BadHistories("A list is named twice.", file=file)
    strata = _strata(chosen, tuple(by), counted, [name for name in others if name not in chosen], rows, file)
    ignored = tuple(name for name in others if name not in chosen and name not in by)
    if counted is None:
        _ask_for_count((*chosen, *by), ignored, rows, file)
    return Data(strata, ignored, tuple(_notes(strata.whole(), ignored, named=bool(lists), counted=counted is not None)))


def _notes(table: Histories, ignored: Sequence[str], *, named: bool, counted: bool) -> Iterator[str]:
    if ignored:
        yield f"Left out: {', '.join(ignored)}. These columns are no lists."
    if not counted:
        yield f'No column is named "{COUNT}", so each row is one person.'
    if named:
        return
    yield f"Taken as lists, because they hold 0 and 1 alone: {', '.join(table.lists)}."
    # A list mostly has people of its own; a column that says something else about people never has.
    for bit, name in enumerate(table.lists):
        if len(table.lists) > 2 and table.within(1 << bit) and not table.counts[(1 << bit) - 1]:
            yield (
                f"Everybody with a 1 in {name} is in another list, too. If {name} is no list but says something about "
                f"people, use --by {name}, or name the lists with --lists."
            )


def _ask_for_count(known: Sequence[str], ignored: Sequence[str], rows: list[_Row], file: str) -> None:
    """Refuse counts under another name: one person for each history overlaps everywhere, and so nobody seems hidden."""
    if len(rows) < ROWS or len({tuple(row.cells[name] for name in known) for row in rows}) < len(rows):
        return
    for name in ignored:
        if all(row.cells[name].isdigit() for row in rows):
            says = (
                "No two rows are alike, as if this column said how many people each stands for. If it does, name it "
                f'"{COUNT}"; if not, take it out.'
            )
            raise BadHistories(says, file=file, row=1, column=name)


def _decoded(raw: bytes, file: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        raise BadHistories("This is not UTF-8, or not everywhere. Save it as UTF-8.", file=file, row=row) from None


def _table(text: str, file: str) -> tuple[list[str], list[_Row]]:
    first = text.split("\n", 1)[0]
    between = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    rows = []
    try:
        head = [name.strip() for name in next(reader, [])]
        _check_head(head, file)
        for cells in reader:
            if len(cells) == len(head):
                rows.append(_Row(reader.line_num, {name: one.strip() for name, one in zip(head, cells, strict=True)}))
            elif cells:
                says = "This row has more or fewer cells than the first."
                raise BadHistories(says, file=file, row=reader.line_num)
    except csv.Error:
        raise BadHistories("This is not CSV.", file=file, row=max(1, reader.line_num)) from None
    if not rows:
        raise BadHistories("There is no row below the names of the columns.", file=file)
    return head, rows


def _check_head(head: list[str], file: str) -> None:
    if not any(head):
        raise BadHistories("The first row must hold the names of the columns.", file=file, row=1)
    if all(name in ("0", "1") for name in head[:-1]) and len(head) > 1:
        raise BadHistories("The first row must hold the names of the columns, and here are figures.", file=file, row=1)
    if not all(head):
        raise BadHistories("A column has no name.", file=file, row=1)
    if not all(name.isprintable() for name in head):
        raise BadHistories("The name of a column has a character that cannot be printed.", file=file, row=1)
    for name in head:
        if head.count(name) > 1:
            raise BadHistories("This column is there twice.", file=file, row=1, column=name)


def _lists(names: list[str], rows: list[_Row], file: str) -> tuple[str, ...]:
    found = []
    for name in names:
        others = [row.number for row in rows if row.cells[name] not in ("0", "1")]
        if not others:
            found.append(name)
        elif len(others) < len(rows):
            says = "This is not 0 or 1, and other rows of this column are. If it is no list, name those that are."
            raise BadHistories(says, file=file, row=others[0], column=name)
    return tuple(found)


def _strata(
    lists: tuple[str, ...], by: tuple[str, ...], counted: str | None, others: list[str], rows: list[_Row], file: str
) -> Stratified:
    people: dict[tuple[str, ...], Counter[int]] = {}
    seen: dict[tuple[object, ...], int] = {}
    total = 0
    for row in rows:
        history = _history(lists, row, file)
        count = _count(counted, row, file)
        total += count
        if total >= MOST_LISTED:
            raise BadHistories("These are more people than anybody can count.", file=file, row=row.number)
        if counted is not None:
            known = (history, *(row.cells[name] for name in others))
            if known in seen:
                says = f"This history is there twice: row {seen[known]} has it as well."
                raise BadHistories(says, file=file, row=row.number)
            seen[known] = row.number
        for name in by:
            if not row.cells[name] or not row.cells[name].isprintable():
                says = "This is empty, or cannot be printed. Give every row a value."
                raise BadHistories(says, file=file, row=row.number, column=name)
        people.setdefault(tuple(row.cells[name] for name in by), Counter())[history] += count
    return Stratified(by, {key: Histories.of(lists, people[key]) for key in sorted(people)})


def _history(lists: tuple[str, ...], row: _Row, file: str) -> int:
    history = 0
    for bit, name in enumerate(lists):
        cell = row.cells[name]
        if cell not in ("0", "1"):
            raise BadHistories("A list column holds 0 or 1.", file=file, row=row.number, column=name)
        history |= int(cell) << bit
    if not history:
        says = "These people are in none of the lists. If they are in one that is left out, take the row out."
        raise BadHistories(says, file=file, row=row.number)
    return history


def _count(counted: str | None, row: _Row, file: str) -> int:
    if counted is None:
        return 1
    cell = row.cells[counted]
    if cell.isascii() and cell.isdigit():
        digits = cell.lstrip("0") or "0"
        if len(digits) <= len(str(MOST_LISTED)):
            return int(digits)
        says = "These are more people than anybody can count."
    elif cell.startswith("-"):
        says = "A count cannot be negative."
    else:
        says = "A count must be a whole number, in digits."
    raise BadHistories(says, file=file, row=row.number, column=counted)
