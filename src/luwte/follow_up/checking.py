"""What is wrong with a chain: claims without evidence, quotes that nobody wrote, references to nothing."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from luwte.follow_up.model import (
    Assessment,
    Commitment,
    Document,
    ImportRun,
    Link,
    Recommendation,
    Report,
    Response,
    Row,
    evidence_is_missing,
    kind_of,
    occurs,
)
from luwte.follow_up.store import Store

Code = Literal[
    "no_evidence",
    "quote_not_found",
    "dead_reference",
    "wrong_kind",
    "text_missing",
    "dates",
    "not_checked",
    "unknown_word",
    "withdrawn",
]

NOTES: frozenset[Code] = frozenset({"not_checked", "unknown_word", "withdrawn"})
"""What a person should know and what is no mistake by itself."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """Something that somebody should look at."""

    id: str
    code: Code
    says: str

    @property
    def is_wrong(self) -> bool:
        """Whether it is a mistake, and no mere note."""
        return self.code not in NOTES


NAMES: dict[type[Row], dict[str, tuple[str, ...]]] = {
    Recommendation: {"report": ("report",)},
    Response: {"recommendation": ("recommendation",), "document": ("document",)},
    Commitment: {"document": ("document",), "recommendation": ("recommendation",), "repeats": ("commitment",)},
    Link: {
        "from_id": ("document", "commitment", "motion", "response"),
        "to_id": ("document", "commitment", "motion", "recommendation", "response", "assessment"),
    },
    Assessment: {"target": ("recommendation", "commitment", "motion"), "evidence": ("document",)},
}
"""The fields that name other rows, and the kinds that they may name."""


def check(store: Store) -> list[Finding]:
    """Everything that is wrong or should be known, by row."""
    return sorted({*_references(store), *_claims(store), *_quotes(store), *_dates(store), *_imports(store)})


def _references(store: Store) -> Iterator[Finding]:
    for kind, fields in NAMES.items():
        for row in store.each(kind):
            for field, kinds in fields.items():
                value = getattr(row, field)
                for id in value if isinstance(value, list) else [value] if value else []:
                    if kind_of(id) not in kinds:
                        yield Finding(row.id, "wrong_kind", f"{field} names {id}, which is none of: {', '.join(kinds)}")
                    elif not store.exists(id):
                        yield Finding(row.id, "dead_reference", f"{field} names {id}, which is not there")


def _claims(store: Store) -> Iterator[Finding]:
    for row in store.each(Assessment):
        if evidence_is_missing(row):
            yield Finding(row.id, "no_evidence", f"says {row.status} and shows no evidence")
        for id in row.evidence:
            paper = store.get(Document, id)
            if paper is not None and paper.withdrawn:
                yield Finding(row.id, "withdrawn", f"its evidence {id} was withdrawn by its source")


def _quotes(store: Store) -> Iterator[Finding]:
    rows: list[tuple[str, str, str]] = []
    rows += [(row.id, row.document, row.quote) for row in store.each(Response)]
    rows += [(row.id, row.document, row.quote) for row in store.each(Commitment)]
    rows += [(row.id, row.from_id, row.quote) for row in store.each(Link) if row.quote]
    texts: dict[str, str | None] = {}
    for id, document, quote in rows:
        paper = store.get(Document, document) if document else None
        if paper is None or not paper.text_sha256:
            yield Finding(id, "not_checked", "its quote is held against nothing: no text of its document is kept")
            continue
        if paper.text_sha256 not in texts:
            texts[paper.text_sha256] = store.text(paper.text_sha256)
        text = texts[paper.text_sha256]
        if text is None:
            yield Finding(paper.id, "text_missing", "its text is not there any more, or was altered")
        elif not occurs(quote, text):
            yield Finding(id, "quote_not_found", f"its quote does not stand in {paper.id}")


def _dates(store: Store) -> Iterator[Finding]:
    for row in store.each(Commitment):
        if row.due_from and row.due_to and row.due_to < row.due_from:
            yield Finding(row.id, "dates", "is due until a day before the first day")
        elif row.made_on and row.due_to and row.due_to < row.made_on:
            yield Finding(row.id, "dates", "was due before it was made")
    for response in store.each(Response):
        recommendation = store.get(Recommendation, response.recommendation)
        report = store.get(Report, recommendation.report) if recommendation else None
        if response.date and report and report.published_on and response.date < report.published_on:
            yield Finding(response.id, "dates", "answers a report that was not published yet")


def _imports(store: Store) -> Iterator[Finding]:
    for run in store.each(ImportRun):
        for field, words in sorted(run.unknown.items()):
            yield Finding(run.id, "unknown_word", f"{field}: {', '.join(words)}")
        if run.finished is None:
            yield Finding(run.id, "not_checked", "this import did not come to its end; run it again")
