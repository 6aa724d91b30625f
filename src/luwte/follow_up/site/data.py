"""The rows as data: one JSON file with all of them, a table for each kind, and the page that tells what they hold."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from luwte.follow_up.model import KINDS, Row, kind_of
from luwte.follow_up.site.chain import Chain
from luwte.follow_up.site.scribe import Scribe
from luwte.plumbing.markup import Markup, clean, tag

VERSION = 1
"""Of the names of the fields in the JSON file. A new field keeps it; another meaning or a field less does not."""

PUBLISHED = ("report", "recommendation", "response", "commitment", "motion", "document", "link", "assessment")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula; the last four are the wide forms that some take, too."""

Rows = Mapping[str, Sequence[Row]]


def published(chains: Iterable[Chain]) -> Rows:
    """The rows of all chains, each once, by kind."""
    rows = {row.id: row for chain in chains for row in chain.rows()}
    return {kind: [rows[id] for id in sorted(rows) if kind_of(id) == kind] for kind in PUBLISHED}


def as_json(rows: Rows, chains: Sequence[Chain], today: dt.date) -> bytes:
    """All of it, with what follows from it on the day."""
    standings = {
        id: {"commitment": id, **msgspec.structs.asdict(chain.standing(one))}
        for chain in chains
        for id, one in chain.commitments.items()
    }
    statuses = {
        target: {
            "target": target,
            "assessment": judged.assessment.id,
            "status": judged.status,
            "evidence_missing": judged.unshown,
        }
        for chain in chains
        for target in {one.target for one in chain.assessments}
        for judged in chain.judgements(target)[:1]
    }
    whole: dict[str, object] = {"version": VERSION, "as_of": today}
    whole |= {file_of(kind): rows[kind] for kind in PUBLISHED}
    whole |= {"standings": [standings[id] for id in sorted(standings)]}
    whole |= {"statuses": [statuses[id] for id in sorted(statuses)]}
    return msgspec.json.format(msgspec.json.encode(whole, order="deterministic"), indent=2) + b"\n"


def file_of(kind: str) -> str:
    """The plural of a kind: how its list and its table are called."""
    return kind + "s"


def as_csv(kind: str, rows: Sequence[Row]) -> bytes:
    """The rows of one kind, after RFC 4180."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    fields = KINDS[kind].__struct_fields__
    writer.writerow(fields)
    writer.writerows([cell(getattr(row, field)) for field in fields] for row in rows)
    return out.getvalue().encode()


def cell(value: object) -> str:
    """A value as the text of a cell that no spreadsheet runs."""
    match value:
        case None:
            return ""
        case bool() | int() | float() | dt.date():
            return msgspec.json.encode(value).decode().strip('"')
        case str():
            text = clean(value)
            return f"'{text}" if value.startswith(FORMULA) or text.startswith(FORMULA) else text
    return clean(msgspec.json.encode(value).decode())


def page(scribe: Scribe, rows: Rows) -> Markup:
    """What can be had, and what it holds."""
    return scribe.page(
        "data.html",
        scribe.text("data"),
        tag("h1", scribe.text("data")),
        tag("p", scribe.text("data.p"), class_="lead"),
        tag("h2", scribe.text("data.json")),
        tag("p", tag("a", "data.json", href="../data/data.json"), class_="links"),
        tag("h3", scribe.text("data.computed")),
        tag("p", scribe.text("data.computed.p")),
        tag("h2", scribe.text("data.csv")),
        tag("p", scribe.text("data.csv.p")),
        *(_kind(scribe, kind, len(rows[kind])) for kind in PUBLISHED),
    )


def _kind(scribe: Scribe, kind: str, n: int) -> Markup:
    title, file = scribe.text(f"kind.{kind}"), f"{file_of(kind)}.csv"
    head = tag("tr", *(tag("th", scribe.text(f"data.{one}"), scope="col") for one in ("field", "form")))
    fields = (
        tag("tr", tag("th", tag("code", one.name), scope="row"), tag("td", _form(scribe, one.type)))
        for one in _fields(kind)
    )
    return tag(
        "section",
        tag("h3", title, id=kind),
        tag("p", tag("a", file, href=f"../data/{file}"), " · ", scribe.text("data.rows", n=n), class_="links"),
        tag(
            "details",
            tag("summary", scribe.text("data.fields")),
            tag(
                "table",
                tag("caption", f"{scribe.text('data.fields')}: {file}"),
                tag("thead", head),
                tag("tbody", *fields),
            ),
        ),
        aria_labelledby=kind,
    )


def _fields(kind: str) -> Sequence[inspect.Field]:
    info = inspect.type_info(KINDS[kind])
    return info.fields if isinstance(info, inspect.StructType) else ()


def _form(scribe: Scribe, type: Any) -> str:
    match type:
        case inspect.UnionType():
            (one,) = (each for each in type.types if not isinstance(each, inspect.NoneType))
            return scribe.text("form.empty", form=_form(scribe, one))
        case inspect.LiteralType():
            return scribe.text("form.words", words=", ".join(str(value) for value in type.values))
        case inspect.DateType():
            return scribe.text("form.date")
        case inspect.DateTimeType():
            return scribe.text("form.moment")
        case inspect.BoolType():
            return scribe.text("form.yes_no")
        case inspect.IntType() | inspect.FloatType():
            return scribe.text("form.number")
        case inspect.ListType():
            return scribe.text("form.list")
    return scribe.text("form.text")
