"""The open data of the Tweede Kamer (OData v4): what to ask, how to turn pages, how to read a record. Stores nothing.

Every word of the source is kept as it came; what we do not know is reported in `Notes`, never dropped.
"""

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, urljoin, urlsplit
from zoneinfo import ZoneInfo

from luwte.follow_up.model import Commitment, Document, Motion, Result, Vote, paper_id
from luwte.follow_up.transport import CannotImport

ROOT = "https://gegevensmagazijn.tweedekamer.nl/OData/v4/2.0/"
MOST_NODES = 100
"""A longer filter the source answers with 400."""

REGISTER = "tk_datum_nakoming"
"""The name of the rule by which a due date is the register's own."""

KNOWN: dict[str, frozenset[str]] = {
    "Toezegging.Status": frozenset(
        {
            "Openstaand",
            "Afgedaan",
            "Deels Afgedaan",
            "Nagekomen",
            "Niet nagekomen",
            "Vervallen",
            "Voldaan",
            "Deels voldaan",
        }
    ),
    "Zaak.Kabinetsappreciatie": frozenset(
        {
            "Overgenomen",
            "Oordeel Kamer",
            "Ontraden",
            "Ontraden, tenzij gewijzigd",
            "Verzocht motie aan te houden",
            "Geen appreciatie",
            "Geen expliciete appreciatie",
            "Geen (expliciete) appreciatie",
            "Nog niet bekend",
            "Nog te ontvangen",
        }
    ),
    "Besluit.Status": frozenset({"Besluit", "Concept voorstel", "Voorstel", "Nog te verwerken besluit"}),
    "Stemming.Soort": frozenset({"Voor", "Tegen"}),
    "ZaakActor.Relatie": frozenset(
        {"Indiener", "Medeindiener", "Gericht aan", "Voortouwcommissie", "Volgcommissie", "Rapporteur"}
    ),
}
"""The words that were seen; every list is open."""

RESULTS: dict[str, Result] = {
    "Stemmen - aangenomen": "adopted",
    "Stemmen - zonder stemming aannemen": "adopted",
    "Zonder stemming aannemen": "adopted",
    "Stemmen - verworpen": "rejected",
    "Stemmen - uitstellen": "postponed",
}
FINAL: frozenset[Result] = frozenset({"adopted", "rejected"})
SUBMITS = ("Indiener", "Medeindiener")

T = TypeVar("T")
_AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DOSSIER = re.compile(r"(\d{1,6})(?:-([^\s/]{1,20}))?", re.ASCII)
_NODE = re.compile(r"'(?:[^']|'')*'|[^\s()/:,]+")
_REPORTED = 100
"""Words that are reported for each field; what is more is only said to be more."""


# what to ask


@dataclass(frozen=True)
class Question:
    """One question: what kind of record answers it, and where its first page is."""

    entity: str
    url: str


def text_literal(text: str) -> str:
    """A text as a filter has it."""
    return "'" + text.replace("'", "''") + "'"


def nodes(filter: str) -> int:
    """How many nodes a filter has at most, as a server counts: every name, word and value is one."""
    return len(_NODE.findall(filter))


def filters(every: Sequence[str], either: Sequence[str]) -> list[str]:
    """Filters that together ask for what meets all of *every* and one of *either*, none of more than `MOST_NODES`.

    Raises `CannotImport` when one condition alone is too long.
    """
    found: list[str] = []
    taken: list[str] = []
    for one in either:
        if taken and nodes(_filter(every, [*taken, one])) > MOST_NODES:
            found.append(_filter(every, taken))
            taken = []
        taken.append(one)
        if nodes(_filter(every, taken)) > MOST_NODES:
            raise CannotImport(f"One condition of a question has more than {MOST_NODES} parts; the source takes none.")
    return [*found, _filter(every, taken)] if taken else found


def _filter(every: Sequence[str], either: Sequence[str]) -> str:
    return " and ".join([*every, "(" + " or ".join(either) + ")"])


def address(entity: str, filter: str, *, expand: str = "", top: int | None = None) -> str:
    """The address of the first page; with *top*, pages are counted off by `$skip`."""
    options = {"$filter": filter, "$expand": expand, "$orderby": "Id", "$count": "true"}
    if top is not None:
        options |= {"$top": str(top), "$skip": "0"}
    return f"{ROOT}{entity}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items() if value)


DOCUMENT = (
    "Kamerstukdossier($select=Id,Nummer,Toevoeging),"
    "Zaak($select=Id,Soort,Titel,Onderwerp,Nummer;$expand=Kamerstukdossier($select=Id,Nummer,Toevoeging)),"
    "DocumentActor($select=Id,ActorNaam,Functie,Relatie)"
)
MOTION = (
    "Kamerstukdossier($select=Id,Nummer,Toevoeging),ZaakActor($select=Id,ActorNaam,Relatie),"
    "GerelateerdNaar($select=Id,Soort,Verwijderd;$expand=Document($select=Id))"
)
DECISION = "Zaak,Stemming,Agendapunt($select=Id;$expand=Activiteit($select=Id,Datum))"
COMMITMENT = (
    "KamerbriefNakoming($select=Id,DocumentNummer,Datum,Onderwerp),Activiteit($select=Id,Nummer,Datum,Onderwerp)"
)


def questions(
    dossiers: Sequence[str], ministries: Sequence[str], since: str = "", top: int | None = None
) -> list[Question]:
    """What to ask about dossiers ("28638", "35570-VI") and about what ministries promised. Raises `CannotImport`.

    A record that was taken away says nothing but its id, so no condition of ours finds it: of what changed, all that
    was taken away is asked for.
    """
    changed = [f"ApiGewijzigdOp ge {since}"] if since else []
    papers = [
        f"(Kamerstukdossier/any(k:{key}) or Zaak/any(z:z/Kamerstukdossier/any(k:{key})))"
        for key in map(_of_dossier, dossiers)
    ]
    cases = [f"Kamerstukdossier/any(k:{key})" for key in map(_of_dossier, dossiers)]
    decided = [f"Zaak/any(z:z/Soort eq 'Motie' and z/Kamerstukdossier/any(k:{_of_dossier(one)}))" for one in dossiers]
    promised = [f"contains(Ministerie,{text_literal(one)})" for one in ministries]
    asked = [
        ("Document", changed, papers, DOCUMENT),
        ("Zaak", [*changed, "Soort eq 'Motie'"], cases, MOTION),
        ("Besluit", changed, decided, DECISION),
        ("Toezegging", changed or ["Verwijderd eq false"], promised, COMMITMENT),
    ]
    found = [
        Question(entity, address(entity, one, expand=expand, top=top))
        for entity, every, either, expand in asked
        for one in filters(every, either)
    ]
    if since:
        gone = _filter(["Verwijderd eq true"], changed)
        found += [Question(entity, address(entity, gone, top=top)) for entity in ("Document", "Zaak", "Toezegging")]
    return found


def by_ids(ids: Iterable[str]) -> list[Question]:
    """What to ask to get these documents; what is no id of the source's is left out."""
    either = [f"Id eq {id}" for id in ids if _GUID.fullmatch(id)]
    return [Question("Document", address("Document", one, expand=DOCUMENT)) for one in filters([], either)]


def _of_dossier(name: str) -> str:
    found = _DOSSIER.fullmatch(name.replace(" ", ""))
    if found is None:
        raise CannotImport("A dossier is named by its number, as 28638, or with its addition, as 35570-VI.")
    number, addition = found.groups()
    return f"k/Nummer eq {int(number)}" + (f" and k/Toevoeging eq {text_literal(addition)}" if addition else "")


# turning pages


@dataclass(frozen=True)
class Page:
    """Some of the answer, and where the rest is."""

    records: list[Any]
    count: int | None
    """How many records there are in all, as the source counts; None when it does not say."""

    next_url: str


def read_page(url: str, answer: bytes) -> Page:
    """The page that was fetched from *url*. Raises `CannotImport`.

    With `$top` in its address the next page is as many records further, until one is short; otherwise the source
    says where it is.
    """
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        raise CannotImport("The source gives something that is not a page of its data.") from None
    records = said.get("value") if isinstance(said, dict) else None
    if not isinstance(records, list):
        raise CannotImport("The source gives something that is not a page of its data.")
    count = said.get("@odata.count")
    return Page(records, count if type(count) is int and count >= 0 else None, _next(url, len(records), said))


def _next(url: str, given: int, said: Mapping[str, Any]) -> str:
    asked = parse_qs(urlsplit(url).query)
    if "$top" in asked:
        if given < int(asked["$top"][0]):
            return ""
        at = int(asked.get("$skip", ["0"])[0])
        return re.sub(r"([?&](?:\$|%24)skip=)\d+", rf"\g<1>{at + given}", url)
    link = said.get("@odata.nextLink")
    if not link:
        return ""
    there = urljoin(url, link) if isinstance(link, str) else url
    if there == url or urlsplit(there)[:2] != urlsplit(url)[:2]:
        raise CannotImport("The source names a next page that is not one of its own.")
    return there


# reading a record


@dataclass
class Notes:
    """What has to be told of what was read: by field, words that we do not know and values of the wrong kind."""

    words: dict[str, list[str]] = field(default_factory=dict)
    unreadable: int = 0

    def add(self, name: str, word: str) -> None:
        """Report this of the field, once."""
        known = self.words.setdefault(name, [])
        word = word[:200]
        if word in known or len(known) > _REPORTED:
            return
        known.append(word if len(known) < _REPORTED else "and more")


Kind = type[Document] | type[Motion] | type[Commitment]
ROWS: dict[str, Kind] = {"Document": Document, "Zaak": Motion, "Toezegging": Commitment}
"""What the records become that may be taken away."""


@dataclass(frozen=True)
class Found:
    """What a record says of a row: `fields` holds what it names, and nothing that it does not."""

    kind: Kind
    tk_id: str
    entity: str
    names: list[str]
    """Ids that the row may have, best first."""

    fields: dict[str, Any]


class Record:
    """One JSON object of the source, read field by field; every surprise goes into the notes."""

    def __init__(self, entity: str, values: Mapping[str, Any], notes: Notes) -> None:
        self.entity, self.notes = entity, notes
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, *, needed: bool = False) -> str:
        """A text; empty when there is none."""
        value = self._value(name, needed)
        if isinstance(value, str):
            text = value.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
            self._look_up(name, text)
            return text
        return "" if value is None else self._wrong(name, "not a text", "")

    def flag(self, name: str) -> bool:
        """Whether something is so."""
        value = self._value(name, False)
        return value if isinstance(value, bool) else (False if value is None else self._wrong(name, "not a yes", False))

    def number(self, name: str) -> int | None:
        """A whole number that something may be called by."""
        value = self._value(name, False)
        if value is None or (type(value) is int and -1 <= value < 10**9):
            return value
        return self._wrong(name, "not a number", None)

    def day(self, name: str, *, needed: bool = False) -> dt.date | None:
        """The day on which something is in Amsterdam; None for none, which the source writes as the year one."""
        text = self.text(name, needed=needed)
        if not text or text.startswith("0001-01-01"):
            return None
        found = moment(text)
        return found.date() if found is not None else self._wrong(name, "not a date", None)

    def each(self, name: str, entity: str) -> list["Record"]:
        """Records in this one, whether it has one or a list of them; without those that were taken away."""
        value = self._value(name, False)
        found = value if isinstance(value, list) else [] if value is None else [value]
        for one in found:
            if not isinstance(one, dict):
                self.notes.add(f"{self.entity}.{name}", "not a record")
        records = [Record(entity, one, self.notes) for one in found if isinstance(one, dict)]
        return [one for one in records if not one.flag("Verwijderd")]

    def ids(self, name: str, entity: str) -> list[str]:
        """The ids of the records in this one."""
        return sorted({id for one in self.each(name, entity) if (id := one.text("Id", needed=True))})

    def _value(self, name: str, needed: bool) -> Any:
        if needed and name not in self._values:
            self.notes.add(f"{self.entity}.{name}", "missing")
        return self._values.get(name)

    def _wrong(self, name: str, why: str, instead: T) -> T:
        self.notes.add(f"{self.entity}.{name}", why)
        return instead

    def _look_up(self, name: str, text: str) -> None:
        field = f"{self.entity}.{name}"
        if not text or field not in KNOWN or text in KNOWN[field]:
            return
        if field == "Zaak.Kabinetsappreciatie" and text.startswith("Niet beschikbaar"):
            return
        self.notes.add(field, text)


def moment(text: str) -> dt.datetime | None:
    """A moment in Amsterdam, whatever the number of digits of its fraction; None when it is none."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    day, time, fraction, zone = found.groups()
    plain = f"{day}T{time or '00:00:00'}.{(fraction or '')[:6]:0<6}{zone or ''}"
    try:
        read = dt.datetime.fromisoformat(plain)
        return read.astimezone(_AMSTERDAM) if read.tzinfo is not None else read.replace(tzinfo=_AMSTERDAM)
    except (ValueError, OverflowError):
        return None


def changed(value: Any) -> str:
    """When the source says that a record changed, as it spells it; empty when it does not."""
    said = value.get("ApiGewijzigdOp") if isinstance(value, dict) else None
    return said if isinstance(said, str) and moment(said) is not None else ""


def read(entity: str, value: Any, where: str, notes: Notes) -> list[Found]:
    """What a record says; nothing when it cannot be read at all, which is counted and told with *where* it stands."""
    id = value.get("Id") if isinstance(value, dict) else None
    if not isinstance(id, str) or not id.strip():
        notes.unreadable += 1
        notes.add(entity, f"no Id: {where}")
        return []
    record = Record(entity, value, notes)
    if record.flag("Verwijderd"):
        if entity in ROWS:
            return [Found(ROWS[entity], record.text("Id"), entity, [], {"withdrawn": True})]
        notes.add(f"{entity}.Verwijderd", record.text("Id"))
        return []
    return READERS[entity](record)


def _document(record: Record) -> list[Found]:
    dossier, addition, number = _key(record)
    cases = record.each("Zaak", "Zaak")
    document_number = record.text("DocumentNummer", needed=True)
    case_number = next((name for one in cases if (name := one.text("Nummer"))), "")
    paper = bool(dossier) and number is not None
    # The word "Kamerstuk" is for what has a number in a dossier; anything else is a page on the parliament's site.
    kind = "aanhangsel" if record.text("Aanhangselnummer") else "kamerstuk" if paper else "site"
    page = f"https://www.tweedekamer.nl/kamerstukken/detail?id={quote(case_number)}&did={quote(document_number)}"
    actors = record.each("DocumentActor", "DocumentActor")
    fields = {
        "kind": kind,
        "title": record.text("Onderwerp", needed=True) or record.text("Titel"),
        "date": record.day("Datum", needed=True),
        "dossier": dossier,
        "addition": addition,
        "number": number,
        "document_number": document_number,
        "case_number": case_number,
        "soort": record.text("Soort", needed=True),
        "author": ", ".join(
            dict.fromkeys(filter(None, (one.text("Functie") or one.text("ActorNaam") for one in actors)))
        ),
        "urls": [page] if case_number and document_number else [],
        "withdrawn": False,
    }
    names = [paper_id(dossier, addition, number)] if paper and number is not None else []
    names += [f"document/{document_number}"] if document_number else []
    return [Found(Document, record.text("Id"), "Document", names, fields)]


def _motion(record: Record) -> list[Found]:
    if (soort := record.text("Soort")) not in ("", "Motie"):
        record.notes.add("Zaak.Soort", soort)
        return []
    dossier, addition, number = _key(record)
    case_number = record.text("Nummer", needed=True)
    actors = record.each("ZaakActor", "ZaakActor")
    related = [id for one in record.each("GerelateerdNaar", "Zaak") for id in one.ids("Document", "Document")]
    fields = {
        "subject": record.text("Onderwerp", needed=True) or record.text("Titel"),
        "case_number": case_number,
        "dossier": dossier,
        "addition": addition,
        "number": number,
        "submitters": [
            name
            for relation in SUBMITS
            for name in sorted(one.text("ActorNaam") for one in actors if one.text("Relatie") == relation)
            if name
        ],
        "appreciation": record.text("Kabinetsappreciatie"),
        "register_status": "Afgedaan" if record.flag("Afgedaan") else record.text("Status"),
        "related": sorted(set(related)),
        "withdrawn": False,
    }
    names = ["motion/" + paper_id(dossier, addition, number).partition("/")[2]] if dossier and number else []
    names += [f"motion/{case_number}"] if case_number else []
    return [Found(Motion, record.text("Id"), "Zaak", names, fields)]


def _decision(record: Record) -> list[Found]:
    """What was decided on motions: only a decision that was taken, and whose kind we know, is a result."""
    word = record.text("BesluitSoort", needed=True)
    if word and word not in RESULTS:
        record.notes.add("Besluit.BesluitSoort", word)
    result = RESULTS.get(word, "unknown") if record.text("Status", needed=True) == "Besluit" else "unknown"
    days = [
        day
        for item in record.each("Agendapunt", "Agendapunt")
        for activity in item.each("Activiteit", "Activiteit")
        if (day := activity.day("Datum"))
    ]
    votes = _votes(record)
    decided = {"result": result, "voted_on": max(days, default=None) if result in FINAL else None, "votes": votes}
    found = []
    for case in record.each("Zaak", "Zaak"):
        if case.text("Soort") == "Motie" and case.text("Id", needed=True):
            (motion,) = _motion(case)
            fields = motion.fields | (decided if result != "unknown" else {})
            found.append(Found(Motion, motion.tk_id, "Besluit", motion.names, fields))
    if not found:
        record.notes.add("Besluit.Zaak", "no motion")
    return found


def _votes(record: Record) -> list[Vote]:
    """How parties voted. When members voted by name, those of a party who voted alike are counted together."""
    seats: dict[tuple[str, str], int | None] = {}
    members: Counter[tuple[str, str]] = Counter()
    for one in record.each("Stemming", "Stemming"):
        key = one.text("ActorFractie") or one.text("ActorNaam"), one.text("Soort", needed=True)
        if one.text("Persoon_Id"):
            members[key] += 1
        else:
            seats[key] = one.number("FractieGrootte")
    return [Vote(party=party, vote=vote, seats=count) for (party, vote), count in sorted((seats | members).items())]


def _commitment(record: Record) -> list[Found]:
    number = record.text("Nummer", needed=True)
    debates = record.each("Activiteit", "Activiteit")
    fields: dict[str, Any] = {
        "origin": "debate",
        "quote": record.text("Tekst", needed=True),
        "activity_number": record.text("ActiviteitNummer"),
        "made_on": next((day for one in debates if (day := one.day("Datum"))), None) or record.day("Aanmaakdatum"),
        "made_by": record.text("Functie"),
        "ministry": record.text("Ministerie"),
        "tk_number": number,
        "register_status": record.text("Status", needed=True),
        "letters": record.ids("KamerbriefNakoming", "Document"),
        "withdrawn": False,
    }
    if "DatumNakoming" in record:
        due = record.day("DatumNakoming")
        fields |= {
            "due_from": due,
            "due_to": due,
            "due_rule": REGISTER if due else "",
            "due_confidence": float(bool(due)),
        }
    names = [f"commitment/{number}"] if number else []
    return [Found(Commitment, record.text("Id"), "Toezegging", names, fields)]


READERS = {"Document": _document, "Zaak": _motion, "Besluit": _decision, "Toezegging": _commitment}


def _key(record: Record) -> tuple[str, str, int | None]:
    """Dossier, addition and number. Only its own dossier gives a number a meaning: the case may be of another.

    The number -1 says that it is no paper. Of several dossiers the first in order counts, and it is reported.
    """
    number = record.number("Volgnummer")
    own = _dossiers(record)
    if len(own) > 1:
        record.notes.add(f"{record.entity}.Kamerstukdossier", "more than one")
    if own:
        return own[0][0], own[0][1], number if number is not None and number > 0 else None
    others = sorted({key for case in record.each("Zaak", "Zaak") for key in _dossiers(case)})
    return (*others[0], None) if others else ("", "", None)


def _dossiers(record: Record) -> list[tuple[str, str]]:
    each = record.each("Kamerstukdossier", "Kamerstukdossier")
    return sorted(
        {(str(number), one.text("Toevoeging").replace(" ", "")) for one in each if (number := one.number("Nummer"))}
    )
