"""A small chain with all that a page may have to show; made up, but for the names of two papers."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec

from luwte.follow_up.model import (
    Assessment,
    Commitment,
    Document,
    Link,
    LinkState,
    Motion,
    Recommendation,
    Relation,
    Report,
    Response,
    Row,
    Vote,
    link_id,
)
from luwte.follow_up.store import Store

TODAY = dt.date(2022, 3, 1)
HOSTILE = (
    "<script>window.hacked=1</script>",
    '"><img src=x onerror=window.hacked=1>',
    "'><svg onload=window.hacked=1>",
    "</title></style></span></p></main><h1>hacked</h1>",
    "<!-- --><![CDATA[ ]]> &lt;b&gt; &amp;amp; {0} {what} %s",
    "javascript:window.hacked=1",
    "\u202eesrever\u202c \x00\x0b\x1b \ufffe \ufdd0 \r\n\ttab",
    "x" * 400,
    "",
)


def document(number: int, **more: Any) -> Document:
    """A paper of one dossier."""
    fields: dict[str, Any] = {"dossier": "28638", "number": number, "title": f"Brief {number}"}
    return Document(id=f"document/28638-{number}", kind="kamerstuk", **fields | more)


def link(from_id: str, to_id: str, relation: Relation, state: LinkState = "confirmed") -> Link:
    """A link, confirmed unless said otherwise."""
    return Link(
        id=link_id(from_id, to_id, relation),
        from_id=from_id,
        to_id=to_id,
        relation=relation,
        basis="human",
        state=state,
        source="document/28638-205",
    )


def rows() -> list[Row]:
    """The chain."""
    at = dt.datetime(2022, 1, 10, 12, tzinfo=dt.UTC)
    quote = "Begin november ontvangt u de brief."
    return [
        Report(id="report/small", title="Een rapport", publisher="Iemand", url="https://example.org/report"),
        Report(id="report/empty", title="Nog leeg", publisher=""),
        *(
            Recommendation(id=f"recommendation/{n}", report="report/small", number=n, text=f"Doe {n}.", theme="iets")
            for n in (1, 2, 3)
        ),
        document(204, date=dt.date(2021, 10, 4), source="https://example.org/204", confirmed=True),
        document(205, date=dt.date(2021, 11, 17), soort="Brief regering", withdrawn=True),
        document(206, date=dt.date(2022, 2, 7)),
        document(300, title="Niemand noemt dit stuk", date=dt.date(2022, 2, 8)),
        Document(id="document/page", kind="site", title="Een pagina", urls=["https://example.org/page"]),
        Response(
            id="response/1",
            recommendation="recommendation/1",
            document="document/28638-204",
            date=dt.date(2021, 10, 4),
            position="accepted",
            quote="Dat doe ik.",
            locator="blz. 2",
            source="https://example.org/204",
            confirmed=True,
        ),
        Commitment(
            id="commitment/late",
            origin="letter",
            quote=quote,
            document="document/28638-204",
            recommendation="recommendation/1",
            made_on=dt.date(2021, 10, 4),
            made_by="staatssecretaris",
            due_text="Begin november",
            due_from=dt.date(2021, 11, 1),
            due_to=dt.date(2021, 11, 10),
            due_rule="part of a month",
            source="document/28638-204",
            confirmed=True,
        ),
        Commitment(
            id="commitment/overdue",
            origin="debate",
            quote="Voor het einde van het jaar.",
            recommendation="recommendation/2",
            made_on=dt.date(2021, 10, 5),
            due_from=dt.date(2021, 12, 1),
            due_to=dt.date(2021, 12, 31),
            tk_number="TZ202110-001",
            register_status="Openstaand",
        ),
        Commitment(id="commitment/no-date", origin="letter", quote="Zo snel mogelijk.", document="document/28638-204"),
        Motion(
            id="motion/1",
            subject="Een motie over iets",
            dossier="28638",
            number=206,
            submitters=["Een", "Ander"],
            appreciation="Ontijdig",
            register_status="Afgedaan",
            result="adopted",
            voted_on=dt.date(2021, 12, 1),
            votes=[Vote(party="Partij A", vote="Voor", seats=3), Vote(party="Partij B", vote="Tegen")],
        ),
        Motion(id="motion/suggested", subject="Een motie die misschien erbij hoort"),
        link("document/28638-205", "commitment/late", "fulfils"),
        link("motion/1", "recommendation/2", "supports"),
        link("document/page", "commitment/overdue", "fulfils", "suggested"),
        link("motion/suggested", "recommendation/3", "supports", "suggested"),
        link("document/28638-206", "commitment/no-date", "fulfils", "rejected"),
        Assessment(
            id="assessment/1",
            target="recommendation/1",
            at=at - dt.timedelta(days=20),
            status="in_progress",
            reason="Het loopt.",
            evidence=["document/28638-204"],
            assessor="Noor",
        ),
        Assessment(
            id="assessment/2",
            target="recommendation/1",
            at=at.replace(tzinfo=None),
            status="partly_done",
            reason="Een deel is er.",
            evidence=["document/28638-205", "document/page"],
            assessor="Noor",
            confirmed=True,
        ),
        Assessment(id="assessment/3", target="recommendation/2", at=at, status="done", reason="Geloof me."),
    ]


def fill(store: Store, change: Callable[[Row], Row] = lambda row: row) -> Store:
    """The chain in a store, each row changed before it goes in."""
    with store.deed():
        for row in rows():
            store.put(change(row))
    return store


def with_texts(text: str) -> Callable[[Row], Row]:
    """Replaces what a row may say freely by *text*; what holds the chain together stays."""
    kept = {"id", "report", "recommendation", "document", "from_id", "to_id", "target", "evidence"}
    kept |= {"dossier", "addition", "repeats", "tk_id", "text_sha256"}

    def change(row: Row) -> Row:
        free: dict[str, Any] = {}
        for field in msgspec.structs.fields(row):
            value = getattr(row, field.name)
            if field.name in kept or not value:
                continue
            if field.type is str:
                free[field.name] = text
            elif field.name in ("urls", "submitters"):
                free[field.name] = [text for _ in value]
            elif field.name == "votes":
                free[field.name] = [Vote(party=text, vote=text, seats=1) for _ in value]
        return msgspec.structs.replace(row, **free)

    return change
