"""Rows that a person writes, from a TOML file: what no register holds, such as a promise in a letter.

    [[commitment]]
    id = "commitment/begin-november"
    origin = "letter"
    document = "document/letter"
    quote = "Begin november ontvangt u ..."

Each table is a row of `model`, with the names of its fields there. A link needs no id, an assessment neither: they
follow from what they name. `[[text]]` with `document` and `file` says where the text lies that quotes are held against.
"""

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from luwte.errors import CannotStart
from luwte.follow_up.model import KINDS, Assessment, Document, Row, link_id, slug
from luwte.follow_up.store import Store

LARGEST = 4 << 20
"""Bytes of an entry file or a text: more than anybody writes."""

WRITTEN = tuple(kind for kind in KINDS if kind != "import_run")


def enter(store: Store, path: Path) -> int:
    """Keep all rows of the file, or none; how many changed something.

    Raises `CannotStart` with file, row and reason.
    """
    tables = _read(path)
    rows = [row for kind in WRITTEN for row in _rows(path, kind, tables.pop(kind, []))]
    texts = _texts(path, tables.pop("text", []))
    if tables:
        raise CannotStart(f"{path}: there are no rows of the kind {min(tables)!r}. Kinds: {', '.join(WRITTEN)}, text.")
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise CannotStart(f"{path}: {row.id} is there twice.")
        seen.add(row.id)
    with store.deed():
        rows += [_known(store, path, id) for id in texts if id not in seen]
        return sum([_put(store, path, row, texts) for row in rows])


def _known(store: Store, path: Path, id: str) -> Document:
    """The document that a text alone was given for."""
    document = store.get(Document, id)
    if document is None:
        raise CannotStart(f"{path}: there is a text for {id}, and no such document.")
    return document


def _put(store: Store, path: Path, row: Row, texts: Mapping[str, str]) -> bool:
    if isinstance(row, Document) and row.id in texts:
        row = msgspec.structs.replace(row, text_sha256=store.keep_text(texts[row.id]))
    known = store.get(Assessment, row.id) if isinstance(row, Assessment) else None
    if known is not None and known != row:
        raise CannotStart(f"{path}: {row.id} is there already, and an assessment is never changed. Add another one.")
    return store.put(row)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise CannotStart(f"{path}: {error}.") from None


def read_text(path: Path) -> str:
    """The text of a file that a person wrote. Raises `CannotStart` when it is no file, too large, or no UTF-8."""
    try:
        if not path.is_file():
            raise CannotStart(f"{path} is no file.")
        if path.stat().st_size > LARGEST:
            raise CannotStart(f"{path} is larger than {LARGEST >> 20} MB.")
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise CannotStart(f"{path} is not written in UTF-8.") from None


def _rows(path: Path, kind: str, tables: object) -> Iterator[Row]:
    if not isinstance(tables, list):
        raise CannotStart(f"{path}: write [[{kind}]], with two brackets.")
    for number, table in enumerate(tables, 1):
        if not isinstance(table, dict):
            raise CannotStart(f"{path}: write [[{kind}]], with two brackets.")
        try:
            row = msgspec.convert(_named(kind, table), KINDS[kind])
        except msgspec.ValidationError as error:
            raise CannotStart(f"{path}: {kind} {number}: {error}.") from None
        if not row.id.startswith(f"{kind}/"):
            raise CannotStart(f"{path}: {kind} {number}: its id must begin with {kind}/")
        if not row.id.isprintable() or " " in row.id or row.id == f"{kind}/":
            raise CannotStart(f"{path}: {kind} {number}: its id needs a name that can be typed, without spaces.")
        yield row


def _named(kind: str, table: dict[str, Any]) -> dict[str, Any]:
    """With the id that follows from the rest, where one does."""
    named = dict(table)
    match kind:
        case "link" if isinstance(named.get("from_id"), str) and isinstance(named.get("to_id"), str):
            named["id"] = link_id(named["from_id"], named["to_id"], named.get("relation", "evidence_for"))
        case "assessment" if isinstance(named.get("at"), dt.date | dt.datetime):
            at = named["at"]
            moment = at if isinstance(at, dt.datetime) else dt.datetime(at.year, at.month, at.day)
            # Moments with and without a zone cannot be put in order.
            named["at"] = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
            named.setdefault("id", f"assessment/{slug(str(named.get('target')))}-{named['at']:%Y-%m-%d}")
    return named


def _texts(path: Path, tables: object) -> dict[str, str]:
    """The text of each document that has one, from files beside the entry file."""
    found: dict[str, str] = {}
    for number, table in enumerate(tables if isinstance(tables, list) else [{}], 1):
        named = table if isinstance(table, dict) else {}
        document, file = named.get("document"), named.get("file")
        if not isinstance(document, str) or not isinstance(file, str) or set(named) != {"document", "file"}:
            raise CannotStart(f"{path}: text {number} needs a document and a file, and nothing else.")
        if Path(file).name != file:
            raise CannotStart(f"{path}: text {number}: the file must lie beside this one.")
        found[document] = read_text(path.with_name(file))
    return found
