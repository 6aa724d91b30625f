"""The changes as an Atom feed (RFC 4287). Every date is of a row: a feed that is built again is the same feed."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from luwte.follow_up.model import Recommendation, Response
from luwte.follow_up.site.chain import Chain, moment, name
from luwte.follow_up.site.pages import report_file, status_key
from luwte.follow_up.site.scribe import SOURCES, Scribe
from luwte.plumbing.markup import Markup, cut, joined, tag

FILE = "feed.xml"
NOWHERE = "luwte.invalid"
"""Who names the entries of a site that has no address (RFC 2606: nobody can have this one)."""

MINTED = "2026"
"""The year in which whoever has the address has it, as RFC 4151 asks; it is part of every id, so it never changes."""

NO_DAY = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""For what no row gives a date: a feed must name one."""


@dataclass(frozen=True)
class _Entry:
    id: str
    title: str
    updated: dt.datetime
    link: str
    summary: str
    language: str


def feed(scribe: Scribe, chains: Sequence[Chain], base_url: str) -> Markup:
    """The feed of one language; without *base_url* its links are relative."""
    entries = {one.id: one for chain in chains for one in _entries(scribe, chain)}
    ordered = sorted(entries.values(), key=lambda one: (one.updated, one.id), reverse=True)
    here = f"{scribe.language}/{FILE}"
    updated = max((one.updated for one in ordered), default=NO_DAY)
    site = scribe.text("site")
    home = _address(base_url, scribe.language, "index.html")
    return joined(
        Markup('<?xml version="1.0" encoding="utf-8"?>\n'),
        tag(
            "feed",
            tag("id", _tag(base_url, here)),
            tag("title", scribe.text("feed.title")),
            tag("updated", _moment(updated)),
            tag("author", tag("name", site)),
            _link("self", _address(base_url, scribe.language, FILE), "application/atom+xml"),
            _link("alternate", home, "text/html"),
            *(
                tag(
                    "entry",
                    tag("id", _tag(base_url, f"{scribe.language}/{one.id}")),
                    tag("title", one.title),
                    tag("updated", _moment(one.updated)),
                    _link("alternate", _address(base_url, scribe.language, one.link), "text/html"),
                    tag("summary", one.summary, type="text", xml__lang=one.language),
                )
                for one in ordered
            ),
            xmlns="http://www.w3.org/2005/Atom",
            xml__lang=scribe.language,
        ),
    )


def _entries(scribe: Scribe, chain: Chain) -> Iterator[_Entry]:
    page = report_file(chain.report)
    numbers = {one.id: one for one in chain.recommendations}
    for answer in chain.responses:
        title = scribe.text(
            "feed.response",
            n=_number(numbers, answer),
            what=scribe.text(f"position.{answer.position}"),
        )
        paper = chain.documents.get(answer.document)
        day = answer.date or (paper.date if paper else None)
        yield _Entry(answer.id, title, _day(day, chain), f"{page}#{name(answer.id)}", answer.quote, SOURCES)
    for one in chain.commitments.values():
        link = f"{page}#{name(one.id)}"
        paper = chain.documents.get(one.document)
        day = one.made_on or (paper.date if paper else None)
        title = scribe.text("feed.commitment", what=cut(one.quote) or scribe.text("no_title"))
        yield _Entry(one.id, title, _day(day, chain), link, one.quote, SOURCES)
        if chain.standing(one).state == "overdue" and one.due_to is not None:
            title = scribe.text("feed.overdue", date=scribe.day(one.due_to))
            after = _day(min(one.due_to, dt.date.max - dt.timedelta(1)) + dt.timedelta(1), chain)
            yield _Entry(f"overdue/{one.due_to.isoformat()}/{one.id}", title, after, link, one.quote, SOURCES)
    for row in chain.assessments:
        judged = next(each for each in chain.judgements(row.target) if each.assessment is row)
        title = scribe.text("feed.assessment", what=scribe.text(status_key(judged)))
        yield _Entry(row.id, title, moment(row.at), f"{page}#{name(row.id)}", row.reason, "")


def _number(numbers: dict[str, Recommendation], answer: Response) -> int:
    return numbers[answer.recommendation].number


def _day(day: dt.date | None, chain: Chain) -> dt.datetime:
    known = day or chain.report.published_on
    return dt.datetime(known.year, known.month, known.day, tzinfo=dt.UTC) if known is not None else NO_DAY


def _moment(at: dt.datetime) -> str:
    return at.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _link(rel: str, href: str, type: str) -> Markup:
    return Markup(tag("link", rel=rel, href=href, type=type).rstrip("\n>") + "/>\n")


def _address(base_url: str, language: str, file: str) -> str:
    return urljoin(base_url.rstrip("/") + "/", f"{language}/{file}") if base_url else file


def _tag(base_url: str, specific: str) -> str:
    """A `tag:` id (RFC 4151) that names the same thing for ever."""
    host = (urlsplit(base_url).hostname if base_url else None) or NOWHERE
    return f"tag:{host},{MINTED}:follow-up/{quote(specific, safe='/-._~', errors='replace')}"
