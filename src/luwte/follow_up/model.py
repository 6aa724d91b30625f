"""The rows of the chain, and what follows from them. No clock, no disk, no network.

Three voices are kept apart everywhere: what the government said (`Response`, `Commitment`), what the parliament's own
register says (`register_status`, `appreciation`, `result`, raw as it came), and our `Assessment`, which needs evidence.
A motion that the register calls dealt with was voted on; whether it was carried out nobody but an assessment says.

An id is the kind of the row and a name that stays: `document/28638-205`, `commitment/...`. A row that nobody looked at
is marked `to confirm`, and says where it is from.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeVar

import msgspec

Position = Literal[
    "accepted",
    "accepted_in_principle",
    "partly_accepted",
    "supports_existing_policy",
    "noted",
    "rejected",
    "passed_to_next_cabinet",
    "no_clear_response",
]
"""How the government answered a recommendation. That it was accepted says nothing about what happened."""

Origin = Literal["letter", "debate", "motion", "plan", "law"]
"""Where a commitment was made. The parliament's register holds those of debates only."""

DocumentKind = Literal["kamerstuk", "aanhangsel", "press", "law", "site"]

Relation = Literal[
    "responds_to",
    "commits",
    "supports",
    "fulfils",
    "partly_fulfils",
    "postpones",
    "repeats",
    "evidence_for",
    "contradicts",
    "supersedes",
]

Basis = Literal["source_field", "citation", "human"]
"""Why a link is thought to be one: a field of the source, a citation in a text (which may be wrong), a person."""

LinkState = Literal["suggested", "confirmed", "rejected"]
Status = Literal["not_started", "in_progress", "done", "partly_done", "not_kept", "lapsed", "unclear"]
NEEDS_NO_EVIDENCE: frozenset[Status] = frozenset({"not_started", "unclear"})
Result = Literal["adopted", "rejected", "withdrawn", "postponed", "unknown"]
Strength = Literal["urge", "advise", "invite"]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something with an id that stays the same for ever."""

    id: str
    confirmed: bool = False
    """Whether a person looked at it; what came from a source or from a parser alone was not."""
    source: str = ""
    """Where it is from: an address, or the id of a document."""


class Report(Row, frozen=True, kw_only=True):
    """What recommends."""

    title: str
    publisher: str
    published_on: dt.date | None = None
    url: str = ""


class Recommendation(Row, frozen=True, kw_only=True):
    """One thing that a report asks of somebody."""

    report: str
    number: int
    text: str
    addressee: str = ""
    theme: str = ""
    strength: Strength = "advise"
    measurable: bool = False
    """Whether anybody could tell that it was done."""


class Document(Row, frozen=True, kw_only=True):
    """A paper, a law, a page: what can be cited.

    A number alone names nothing: 28638 nr. 221 is a debate and 31015 nr. 221 a letter. The key of a parliamentary
    paper is `dossier`, `addition` (as VI in 35570-VI) and `number`.
    """

    kind: DocumentKind
    title: str
    date: dt.date | None = None
    dossier: str = ""
    addition: str = ""
    number: int | None = None
    document_number: str = ""
    case_number: str = ""
    soort: str = ""
    """The source's own word for what it is, raw."""
    author: str = ""
    urls: list[str] = []
    tk_id: str = ""
    text_sha256: str = ""
    """Of the text that quotes are held against; the text is kept under this name."""
    withdrawn: bool = False
    """Whether the source has taken it away; what we know of it stays."""


class Response(Row, frozen=True, kw_only=True):
    """What the government said to a recommendation, in its own words."""

    recommendation: str
    document: str
    date: dt.date | None = None
    position: Position
    quote: str
    locator: str = ""
    """Where in the document."""


class Commitment(Row, frozen=True, kw_only=True):
    """What somebody promised, in their own words, and until when."""

    origin: Origin
    quote: str
    document: str = ""
    activity_number: str = ""
    recommendation: str = ""
    made_on: dt.date | None = None
    made_by: str = ""
    """A role, not a person."""
    ministry: str = ""
    due_text: str = ""
    due_from: dt.date | None = None
    due_to: dt.date | None = None
    due_rule: str = ""
    """The name of the rule that read `due_text`; empty when a person did, or nobody could."""
    due_confidence: float = 0.0
    depends_on: str = ""
    """What it waits for when it names no date: as "the next progress letter"."""
    tk_id: str = ""
    tk_number: str = ""
    register_status: str = ""
    """The register's own word, raw."""
    letters: list[str] = []
    """The source's own ids of the documents that it names as keeping the promise."""
    repeats: str = ""
    withdrawn: bool = False


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """How one party voted."""

    party: str
    vote: str
    seats: int | None = None


class Motion(Row, frozen=True, kw_only=True):
    """What the parliament asked for. `result` is of the vote; whether it was carried out only an assessment says."""

    subject: str
    case_number: str = ""
    dossier: str = ""
    addition: str = ""
    number: int | None = None
    submitters: list[str] = []
    appreciation: str = ""
    """The government's advice, raw."""
    register_status: str = ""
    """What the register says of it, raw: "dealt with" means voted on."""
    result: Result = "unknown"
    voted_on: dt.date | None = None
    votes: list[Vote] = []
    related: list[str] = []
    """The source's own ids of the documents of cases that it calls related: mostly the letter that answers."""
    tk_id: str = ""
    withdrawn: bool = False


class Link(Row, frozen=True, kw_only=True):
    """That one row has to do with another. A machine only suggests; a person confirms or rejects."""

    from_id: str
    to_id: str
    relation: Relation
    basis: Basis
    quote: str = ""
    state: LinkState = "suggested"
    by: str = ""
    at: dt.datetime | None = None


class Assessment(Row, frozen=True, kw_only=True):
    """Our own judgement of a recommendation, a commitment or a motion on one day; the newest counts, all are kept."""

    target: str
    at: dt.datetime
    status: Status
    reason: str
    evidence: list[str] = []
    """Ids of documents. Whatever says that something happened, or did not, needs at least one."""
    assessor: str = ""


class ImportRun(Row, frozen=True, kw_only=True):
    """One look at a source, finished or not."""

    query: str
    started: dt.datetime
    finished: dt.datetime | None = None
    last_changed: str = ""
    """The highest ApiGewijzigdOp that was stored, as the source spells it: where the next look begins."""
    next_url: str = ""
    """Where an unfinished look goes on."""
    since: str = ""
    """From when on changes are asked for; empty: everything."""
    step: int = 0
    """Which of its questions an unfinished look is at."""
    seen: int = 0
    """Records that were given in answer to that question."""
    expected: int | None = None
    """Records that there are, as the source counts."""
    pages: int = 0
    stored: int = 0
    """Rows that were new or different."""
    unreadable: int = 0
    """Records of which not even the id can be read; `unknown` says where they stand."""
    unknown: dict[str, list[str]] = {}
    """Words that we do not know, by field: reported, never dropped."""


KINDS: dict[str, type[Row]] = {
    "report": Report,
    "document": Document,
    "recommendation": Recommendation,
    "response": Response,
    "commitment": Commitment,
    "motion": Motion,
    "link": Link,
    "assessment": Assessment,
    "import_run": ImportRun,
}
"""Every kind of row, by the first part of its id."""

R = TypeVar("R", bound=Row)


def kind_of(id: str) -> str:
    """The kind that an id says it is of."""
    return id.partition("/")[0]


def paper_id(dossier: str, addition: str, number: int) -> str:
    """The id of a parliamentary paper: `document/35570-VI-50`."""
    return "document/" + "-".join(part for part in (dossier, addition, str(number)) if part)


def paper_url(document: Document) -> str:
    """Where a parliamentary paper can be read, or where it was found; empty when nobody knows."""
    if document.kind == "kamerstuk" and document.dossier and document.number is not None:
        name = document.id.removeprefix("document/")
        return f"https://zoek.officielebekendmakingen.nl/kst-{name}.html"
    return document.urls[0] if document.urls else ""


def link_id(from_id: str, to_id: str, relation: Relation) -> str:
    """The same two rows are linked in the same way once."""
    return "link/" + hashlib.sha256(f"{from_id}\n{to_id}\n{relation}".encode()).hexdigest()[:20]


def slug(text: str) -> str:
    """A short name for an id, out of any text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "unnamed"


def squeezed(text: str) -> str:
    """A text as quotes are compared: one space for any white space, and typographic quotes and dashes made plain."""
    plain = text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-", 0xA0: " "})
    return re.sub(r"\s+", " ", plain).strip()


def occurs(quote: str, text: str) -> bool:
    """Whether a quote stands in a text word by word; "..." or "(…)" stands for words left out, in order."""
    at, whole = 0, squeezed(text)
    for part in re.split(r"\s*[\[(]?(?:\.\.\.|…)[\])]?\s*", squeezed(quote)):
        if not part:
            continue
        found = whole.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return bool(squeezed(quote))


# what follows from the rows


class Standing(msgspec.Struct, frozen=True):
    """How a commitment stands on one day, as far as dates and confirmed links tell. Computed, never typed."""

    state: Literal["kept", "late", "overdue", "open", "no_date", "withdrawn"]
    fulfilled_by: str = ""
    on: dt.date | None = None
    days: int = 0
    """Days after the last day on which it was due: of the fulfilment, or until today."""


def standing(
    commitment: Commitment, links: Iterable[Link], documents: Mapping[str, Document], today: dt.date
) -> Standing:
    """How *commitment* stands on *today*. A link that is only suggested fulfils nothing."""
    done = sorted(
        (document.date, document.id)
        for link in links
        if link.to_id == commitment.id and link.relation == "fulfils" and link.state == "confirmed"
        if (document := documents.get(link.from_id)) is not None
        and document.date is not None
        and document.date <= today
    )
    if done:
        on, by = done[0]
        late = (on - commitment.due_to).days if commitment.due_to is not None else 0
        return Standing("late" if late > 0 else "kept", by, on, max(0, late))
    if commitment.withdrawn:
        return Standing("withdrawn")
    if commitment.due_to is None:
        return Standing("no_date")
    late = (today - commitment.due_to).days
    return Standing("overdue", days=late) if late > 0 else Standing("open", days=late)


def newest(assessments: Iterable[Assessment], target: str) -> Assessment | None:
    """The assessment of *target* that counts."""
    return max((one for one in assessments if one.target == target), key=lambda one: (one.at, one.id), default=None)


def evidence_is_missing(assessment: Assessment) -> bool:
    """Whether it claims something without showing anything."""
    return assessment.status not in NEEDS_NO_EVIDENCE and not assessment.evidence


def by_id(rows: Sequence[R]) -> dict[str, R]:
    """The rows by their ids."""
    return {row.id: row for row in rows}
