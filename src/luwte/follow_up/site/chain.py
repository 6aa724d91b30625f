"""What belongs to the chain of one report, out of a store that may hold far more."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from luwte.follow_up.model import (
    KINDS,
    Assessment,
    Commitment,
    Document,
    Link,
    Motion,
    Recommendation,
    Report,
    Response,
    Row,
    Standing,
    Status,
    evidence_is_missing,
    kind_of,
    paper_id,
    slug,
    standing,
)
from luwte.follow_up.store import Store

R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Judgement:
    """An assessment as it may be shown: without a paper that shows it, nothing is said to have happened."""

    assessment: Assessment
    status: Status
    evidence: tuple[Document, ...]
    unshown: bool
    """Whether it claims something, and no paper that we have shows it."""


@dataclass
class Chain:
    """The rows of one report, each once, by id; what is only suggested is in `links` and changes nothing else."""

    report: Report
    today: dt.date
    recommendations: list[Recommendation] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    commitments: dict[str, Commitment] = field(default_factory=dict)
    motions: dict[str, Motion] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    """That touch a row of the chain, in every state."""
    assessments: list[Assessment] = field(default_factory=list)
    elsewhere: dict[str, Row] = field(default_factory=dict)
    """Rows at the other end of a link that are not of this chain: named, not shown."""

    def rows(self) -> Iterator[Row]:
        """All of them, kind after kind, by id."""
        yield self.report
        yield from self.recommendations
        for kind in (self.responses, self.commitments.values(), self.motions.values(), self.documents.values()):
            yield from sorted(kind, key=_id)
        yield from sorted(self.links.values(), key=_id)
        yield from sorted(self.assessments, key=_id)

    def row(self, id: str) -> Row | None:
        """The row with this id, of this chain or named by it."""
        for rows in (self.commitments, self.motions, self.documents, self.elsewhere):
            if id in rows:
                return rows[id]
        own: list[Row] = [self.report, *self.recommendations, *self.responses]
        return next((row for row in own if row.id == id), None)

    def confirmed(self, id: str) -> list[Link]:
        """The links of a row that a person confirmed, oldest paper first."""
        found = [link for link in self.links.values() if link.state == "confirmed" and id in (link.from_id, link.to_id)]
        return sorted(found, key=lambda link: (link.relation, self._date(link.from_id), link.id))

    def suggested(self) -> list[Link]:
        """The links that nobody looked at yet."""
        return sorted((one for one in self.links.values() if one.state == "suggested"), key=lambda one: one.id)

    def _date(self, id: str) -> dt.date:
        document = self.documents.get(id)
        return document.date if document is not None and document.date is not None else dt.date.max

    def about(self, row: Commitment | Motion) -> list[Recommendation]:
        """The recommendations that a commitment or a motion has to do with, by a field or a confirmed link."""
        ids = {row.recommendation} if isinstance(row, Commitment) else set()
        for link in self.confirmed(row.id):
            other = self.row(link.to_id if link.from_id == row.id else link.from_id)
            if isinstance(other, Recommendation):
                ids.add(other.id)
            elif isinstance(other, Response | Commitment):
                ids.add(other.recommendation)
        return [one for one in self.recommendations if one.id in ids]

    def standing(self, commitment: Commitment) -> Standing:
        """How it stands on the day of the page."""
        return standing(commitment, self.links.values(), self.documents, self.today)

    def judgements(self, target: str) -> list[Judgement]:
        """What was judged about a row, newest first: the first one counts."""
        found = [one for one in self.assessments if one.target == target]
        return [self._judged(one) for one in sorted(found, key=lambda one: (moment(one.at), one.id), reverse=True)]

    def _judged(self, one: Assessment) -> Judgement:
        evidence = tuple(self.documents[id] for id in dict.fromkeys(one.evidence) if id in self.documents)
        shown = Assessment(
            id=one.id, target="", at=one.at, status=one.status, reason="", evidence=[d.id for d in evidence]
        )
        unshown = evidence_is_missing(shown)
        return Judgement(one, "unclear" if unshown else one.status, evidence, unshown)


def gather(store: Store, report: Report, today: dt.date) -> Chain:
    """Follow fields and confirmed links from the report, as far as they lead.

    A paper is an end: what else is linked to it is somebody else's chain. So is another report.
    """
    chain = Chain(report, today)
    chain.recommendations = sorted(
        store.where(Recommendation, "report", report.id), key=lambda one: (one.number, one.id)
    )
    for recommendation in chain.recommendations:
        chain.responses += store.where(Response, "recommendation", recommendation.id)
    own: list[Row] = [report, *chain.recommendations, *chain.responses]
    for recommendation in chain.recommendations:
        own += store.where(Commitment, "recommendation", recommendation.id)
    for paper in sorted({one.document for one in chain.responses if one.document}):
        own += (one for one in store.where(Commitment, "document", paper) if not one.recommendation)
    _follow(store, chain, own)
    for id in _cited(chain):
        _name(store, chain, id)
    for paper in list(chain.documents):
        for link in store.where(Link, "from_id", paper):
            if link.to_id in chain.documents:
                chain.links[link.id] = link
    return chain


def _follow(store: Store, chain: Chain, todo: list[Row]) -> None:
    seen: set[str] = set()
    while todo:
        row = todo.pop()
        if row.id in seen:
            continue
        seen.add(row.id)
        if isinstance(row, Commitment):
            chain.commitments[row.id] = row
            named = (row.repeats, row.depends_on)
            todo += (one for id in named if (one := _get(store, Commitment, id)) is not None)
        elif isinstance(row, Motion):
            chain.motions[row.id] = row
        chain.assessments += store.where(Assessment, "target", row.id)
        for link in store.where(Link, "from_id", row.id) + store.where(Link, "to_id", row.id):
            chain.links[link.id] = link
            other = link.to_id if link.from_id == row.id else link.from_id
            next_one = _get(store, KINDS.get(kind_of(other), Row), other) if link.state == "confirmed" else None
            if isinstance(next_one, Commitment | Motion):
                todo.append(next_one)
    for link in chain.links.values():
        if link.state != "rejected":
            _name(store, chain, link.from_id)
            _name(store, chain, link.to_id)


def _name(store: Store, chain: Chain, id: str) -> None:
    """Have the row at hand that something of the chain names."""
    if chain.row(id) is not None:
        return
    row = _get(store, KINDS.get(kind_of(id), Row), id)
    if isinstance(row, Document):
        chain.documents[id] = row
    elif row is not None:
        chain.elsewhere[id] = row


def _cited(chain: Chain) -> list[str]:
    """Ids of papers that rows of the chain name in a field."""
    rows: list[Row] = list(chain.rows())
    found = {one.document for one in chain.responses} | {one.document for one in chain.commitments.values()}
    found |= {id for one in chain.assessments for id in one.evidence} | {row.source for row in rows}
    found |= {
        paper_id(one.dossier, one.addition, one.number)
        for one in chain.motions.values()
        if one.dossier and one.number is not None
    }
    return sorted(id for id in found if kind_of(id) == "document")


def _get(store: Store, kind: type[R], id: str) -> R | None:
    return store.get(kind, id) if kind in KINDS.values() and kind_of(id) in KINDS else None


def _id(row: Row) -> str:
    return row.id


def moment(at: dt.datetime) -> dt.datetime:
    """A moment in UTC; one without a zone is taken to be in UTC."""
    try:
        return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)
    except OverflowError:  # the first or the last day that there is
        return at.replace(tzinfo=dt.UTC)


def name(id: str) -> str:
    """A row's name in an address: the one it has, or a readable one that no other row has."""
    kind, _, rest = id.partition("/")
    plain = slug(rest)
    mark = "" if plain == rest else "-" + hashlib.sha256(id.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{kind}-{plain}{mark}"


def dossier_of(document: Document) -> str:
    """The dossier of a paper, as it is written: 35570-VI; empty when it is in none."""
    return "-".join(part for part in (document.dossier, document.addition) if part) if document.dossier else ""


def dossier_file(dossier: str) -> str:
    """The file of a dossier's page. Spellings that differ in case alone share one."""
    return name(f"dossier/{dossier.lower()}") + ".html"


def dossiers(chains: Iterable[Chain]) -> dict[str, list[Document]]:
    """The papers of all chains, by the file of their dossier's page, in the order of their numbers."""
    found: dict[str, dict[str, Document]] = {}
    for chain in chains:
        for document in chain.documents.values():
            if dossier_of(document):
                found.setdefault(dossier_file(dossier_of(document)), {})[document.id] = document
    return {
        file: sorted(papers.values(), key=lambda one: (one.number if one.number is not None else 1 << 40, one.id))
        for file, papers in sorted(found.items())
    }
