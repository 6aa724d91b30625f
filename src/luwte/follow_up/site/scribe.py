"""How a row is named and dated in one language, and the frame around every page."""

import datetime as dt
import string
from dataclasses import dataclass

from luwte.follow_up.model import Document, Row, paper_url
from luwte.follow_up.site.chain import dossier_file, dossier_of, name
from luwte.follow_up.site.words import LANGUAGES, MONTHS, WORDS, Language
from luwte.plumbing.markup import Child, Markup, joined, tag, web_address

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
"""Two files of ours may be used, the style sheet and the mark; nothing may run, be sent, or come from elsewhere."""

SOURCES: Language = "nl"
"""The language of what the papers and the register say."""


@dataclass(frozen=True)
class Scribe:
    """One language and one day."""

    language: Language
    today: dt.date

    def text(self, key: str, **values: str | int) -> str:
        """Words, as plain text."""
        return WORDS[self.language][key].format(**values)

    def says(self, key: str, **values: Child) -> Markup:
        """Words with markup in them."""
        parts = string.Formatter().parse(WORDS[self.language][key])
        return joined(*((before, values[field] if field else None) for before, field, _, _ in parts))

    def date(self, date: dt.date | None) -> Child:
        """A day in words, for a program, too."""
        if date is None:
            return self.text("no_date")
        return tag("time", self.day(date), datetime=date.isoformat())

    def day(self, date: dt.date) -> str:
        """A day in words."""
        return f"{date.day} {MONTHS[self.language].split()[date.month - 1]} {date.year}"

    def quoted(self, text: str, language: str = SOURCES) -> Markup:
        """What others wrote, in their language and direction."""
        if not text.strip():
            return joined(self.text("no_title"))
        return tag("span", text, lang=None if language == self.language else language, dir="auto")

    def plural(self, key: str, n: int, **values: Child) -> Markup:
        """Words that depend on a number."""
        exact = f"{key}.{n}"
        return self.says(exact if exact in WORDS[self.language] else key, n=str(n), **values)

    def outside(self, address: str, *children: Child) -> Markup:
        """A link to another site, or only its words when nobody should follow it."""
        safe = web_address(address)
        return tag("a", *children, href=safe, rel="noreferrer") if safe is not None else joined(*children)

    def short(self, document: Document) -> Markup:
        """The name of a paper, with a link to it in its dossier."""
        if not dossier_of(document):
            return self.outside(paper_url(document), self.quoted(document.title))
        return tag("a", self.number(document), href=f"{dossier_file(dossier_of(document))}#{name(document.id)}")

    def number(self, document: Document) -> str:
        """As the paper is cited: 28638 nr. 205; its title when it has no number."""
        if not dossier_of(document) or document.number is None:
            return document.title if document.title.strip() else self.text("no_title")
        return self.text("paper", dossier=dossier_of(document), n=document.number)

    def paper(self, document: Document) -> Markup:
        """A paper by number, title and date."""
        title = self.outside(paper_url(document), self.quoted(document.title))
        dated = [", ", self.date(document.date)] if document.date is not None else []
        gone = [" (", self.text("withdrawn"), ")"] if document.withdrawn else []
        if dossier_of(document):
            return joined(self.short(document), ": ", title, dated, gone)
        return joined(title, dated, gone)

    def standing_of_row(self, row: Row, source: Document | None, *, looked_at: bool | None = None) -> Markup:
        """Whether somebody looked at a row, and where it is from."""
        yes = row.confirmed if looked_at is None else looked_at
        mark = tag("span", self.text("confirmed" if yes else "to_confirm"), class_="mark yes" if yes else "mark")
        if source is not None:
            from_ = self.says("source", what=self.short(source))
        elif (address := web_address(row.source)) is not None:
            from_ = self.says("source", what=self.outside(address, address.split("/")[2]))
        elif row.source.strip():
            from_ = self.says("source", what=self.quoted(row.source))
        else:
            from_ = joined(self.text("source.none"))
        return tag("p", mark, " ", from_, class_="from")

    def page(self, file: str, title: str, *content: Child) -> Markup:
        """A whole page: *content* below the head that all pages have."""
        other = next(one for one in LANGUAGES if one != self.language)
        top = head(
            f"{title} · {self.text('site')}" if title != self.text("site") else title,
            "../",
            tag("link", rel="alternate", type="application/atom+xml", href="feed.xml", title=self.text("feed.title")),
            tag("link", rel="alternate", hreflang=other, href=f"../{other}/{file}"),
        )
        pages = (("index.html", "reports"), ("data.html", "data"), ("feed.xml", "feed"))
        nav = tag(
            "nav",
            tag(
                "ul",
                *(
                    tag("li", tag("a", self.text(key), href=to, aria_current="page" if to == file else None))
                    for to, key in pages
                ),
                tag("li", tag("a", self.text("other"), href=f"../{other}/{file}", lang=other, hreflang=other)),
            ),
            aria_label=self.text("nav"),
        )
        home = tag("a", self.text("site"), href="index.html", class_="home")
        body = tag(
            "body",
            tag("a", self.text("skip"), href="#main", class_="skip"),
            tag("header", home, nav),
            tag("main", *content, id="main", tabindex="-1"),
            tag(
                "footer",
                tag("p", self.says("as_of", date=self.date(self.today))),
                tag("p", self.text("foot")),
            ),
        )
        return joined(Markup("<!doctype html>\n"), tag("html", top, body, lang=self.language))


def head(title: str, up: str, *more: Child) -> Markup:
    """The head of a page; *up* leads to the folder that all of them are in."""
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("link", rel="stylesheet", href=f"{up}style.css"),
        tag("link", rel="icon", href=f"{up}mark.svg", type="image/svg+xml"),
        *more,
    )
