"""The pages: all reports, one report, one dossier, the data. The three voices never share a column."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from luwte.follow_up.model import (
    Commitment,
    Document,
    Link,
    Motion,
    Recommendation,
    Report,
    Response,
    Row,
    paper_url,
)
from luwte.follow_up.site.chain import Chain, Judgement, dossier_of, name
from luwte.follow_up.site.scribe import Scribe
from luwte.follow_up.site.timeline import Event, timeline
from luwte.plumbing.markup import Child, Markup, cut, joined, tag, web_address


def report_file(report: Report) -> str:
    """The file of a report's page."""
    return name(report.id) + ".html"


def index(scribe: Scribe, chains: Sequence[Chain], dossiers: Mapping[str, Sequence[Document]]) -> Markup:
    """All reports, with what became of them in numbers, and all dossiers."""
    reports = [_card(scribe, chain) for chain in chains] or [tag("p", scribe.text("reports.none"))]
    how = tag("ul", *(tag("li", scribe.text(f"how.{n}")) for n in range(1, 5)))
    papers = (
        tag("li", tag("a", scribe.text("dossier", n=dossier_of(papers[0])), href=file))
        for file, papers in dossiers.items()
    )
    return scribe.page(
        "index.html",
        scribe.text("site"),
        tag("h1", scribe.text("site")),
        tag("p", scribe.text("site.p"), class_="lead"),
        tag("section", tag("h2", scribe.text("reports"), id="reports"), *reports, aria_labelledby="reports"),
        tag("section", tag("h2", scribe.text("how"), id="how"), how, aria_labelledby="how"),
        tag(
            "section",
            tag("h2", scribe.text("dossiers"), id="dossiers"),
            tag("ul", *papers, class_="links"),
            aria_labelledby="dossiers",
        )
        if dossiers
        else None,
    )


def _card(scribe: Scribe, chain: Chain) -> Markup:
    report = chain.report
    return tag(
        "article",
        tag("h3", tag("a", scribe.quoted(report.title), href=report_file(report))),
        tag("p", _published(scribe, report), class_="quiet"),
        _counts(scribe, chain),
        scribe.standing_of_row(report, chain.documents.get(report.source)),
        class_="card",
    )


def _published(scribe: Scribe, report: Report) -> Child:
    parts: list[Child] = []
    if report.publisher.strip():
        parts.append(joined(scribe.says("by", who=scribe.quoted(report.publisher)), ". "))
    if report.published_on is not None:
        parts.append(joined(scribe.says("published", date=scribe.date(report.published_on)), ". "))
    return parts


def _counts(scribe: Scribe, chain: Chain) -> Markup:
    states = [chain.standing(one).state for one in chain.commitments.values()]
    counts = {
        "recommendations": len(chain.recommendations),
        "overdue": states.count("overdue"),
        "late": states.count("late"),
        "kept": states.count("kept"),
        "unassessed": sum(not chain.judgements(one.id) for one in chain.recommendations),
    }
    return tag(
        "dl",
        *(tag("div", tag("dt", scribe.text(f"count.{key}")), tag("dd", str(n))) for key, n in counts.items()),
        class_="counts",
    )


def report_page(scribe: Scribe, chain: Chain) -> Markup:
    """One report: each recommendation in three columns; then commitments, motions, what nobody looked at, the time."""
    return _ReportPage(scribe, chain).page()


@dataclass(frozen=True)
class _ReportPage:
    scribe: Scribe
    chain: Chain

    @cached_property
    def commitments(self) -> list[Commitment]:
        """In the order in which they were made."""
        return sorted(self.chain.commitments.values(), key=lambda one: (one.made_on is None, str(one.made_on), one.id))

    @cached_property
    def motions(self) -> list[Motion]:
        """In the order of their votes."""
        return sorted(self.chain.motions.values(), key=lambda one: (one.voted_on is None, str(one.voted_on), one.id))

    def page(self) -> Markup:
        scribe, chain, report = self.scribe, self.chain, self.chain.report
        sections: list[tuple[str, Sequence[Child]]] = [
            ("recommendations", [self.recommendation(one) for one in chain.recommendations]),
            ("commitments", [self.commitment(one) for one in self.commitments]),
            ("motions", [self.motion(one) for one in self.motions]),
            ("timeline", [timeline(scribe, self.events())]),
        ]
        suggested = [self.suggestion(link) for link in chain.suggested()]
        if suggested:
            sections.append(("suggested", [tag("p", scribe.text("suggested.p")), tag("ul", *suggested, class_="rows")]))
        read = web_address(report.url)
        return scribe.page(
            report_file(report),
            report.title if report.title.strip() else scribe.text("no_title"),
            tag("h1", scribe.quoted(report.title)),
            tag("p", _published(scribe, report), class_="lead"),
            tag("p", scribe.outside(read, scribe.text("read_report"))) if read else None,
            scribe.standing_of_row(report, chain.documents.get(report.source)),
            _counts(scribe, chain),
            tag(
                "nav",
                tag("ul", *(tag("li", tag("a", scribe.text(key), href=f"#{key}")) for key, _ in sections)),
                aria_label=scribe.text("on_page"),
                class_="contents",
            ),
            *(
                tag(
                    "section",
                    tag("h2", scribe.text(key), id=key),
                    *(content or [tag("p", scribe.text(f"{key}.none"))]),
                    aria_labelledby=key,
                )
                for key, content in sections
            ),
        )

    def recommendation(self, one: Recommendation) -> Markup:
        scribe, anchor = self.scribe, name(one.id)
        facts: list[Child] = [scribe.text(f"strength.{one.strength}")]
        if one.addressee.strip():
            facts.append(scribe.says("addressee", who=scribe.quoted(one.addressee)))
        if one.theme.strip():
            facts.append(scribe.says("theme", what=scribe.quoted(one.theme)))
        facts.append(scribe.text("measurable.yes" if one.measurable else "measurable.no"))
        columns = (
            ("government", self.government(one)),
            ("register", self.register(one)),
            ("ours", self.ours(one.id)),
        )
        return tag(
            "article",
            tag("h3", scribe.text("recommendation", n=one.number), id=anchor),
            tag("p", scribe.quoted(one.text), class_="said"),
            tag("p", *_between(facts, " · "), class_="quiet"),
            self.source(one),
            tag(
                "div",
                *(tag("section", tag("h4", scribe.text(key)), *content, class_=key) for key, content in columns),
                class_="voices",
            ),
            class_="card",
            aria_labelledby=anchor,
        )

    def government(self, one: Recommendation) -> list[Child]:
        scribe = self.scribe
        answers = [answer for answer in self.chain.responses if answer.recommendation == one.id]
        answers.sort(key=lambda answer: (answer.date is None, str(answer.date), answer.id))
        said: list[Child] = [self.response(answer) for answer in answers]
        if not said:
            said.append(tag("p", scribe.text("government.none")))
        promised = [row for row in self.commitments if one in self.chain.about(row)]
        if promised:
            said.append(tag("p", scribe.text("commitments"), ":", class_="quiet"))
            said.append(tag("ul", *(tag("li", self.named(row.id)) for row in promised)))
        return said

    def response(self, one: Response) -> Markup:
        scribe, paper = self.scribe, self.chain.documents.get(one.document)
        where: list[Child] = [scribe.date(one.date)]
        if one.document != one.source:  # else the line about the source names it
            where.append(scribe.paper(paper) if paper else self.named(one.document) if one.document else None)
        if one.locator.strip():
            where.append(scribe.quoted(one.locator))
        return tag(
            "div",
            tag("p", tag("strong", scribe.text(f"position.{one.position}")), class_="state"),
            tag("blockquote", tag("p", scribe.quoted(one.quote))) if one.quote.strip() else None,
            tag("p", *_between([part for part in where if part], " · ")),
            self.source(one),
            id=name(one.id),
        )

    def register(self, one: Recommendation) -> list[Child]:
        scribe = self.scribe
        held: list[Child] = [
            tag("li", self.named(row.id), ": ", self.raw_status(row.register_status))
            for row in self.commitments
            if (row.tk_number or row.register_status) and one in self.chain.about(row)
        ]
        held += [
            tag("li", self.named(row.id), tag("br"), *_between(self.register_of(row), " · "))
            for row in self.motions
            if one in self.chain.about(row)
        ]
        return [
            tag("ul", *held) if held else tag("p", scribe.text("register.none")),
            tag("p", scribe.text("register.note"), class_="quiet"),
            None if held else tag("p", scribe.text("register.debates"), class_="quiet"),
        ]

    def raw_status(self, status: str) -> Markup:
        if not status.strip():
            return joined(self.scribe.text("register.silent"))
        return self.scribe.says("register.status", what=self.scribe.quoted(status))

    def register_of(self, motion: Motion) -> list[Child]:
        """What the register says of a motion, word by word."""
        scribe = self.scribe
        said: list[Child] = [tag("strong", scribe.text(f"result.{motion.result}"))]
        if motion.voted_on is not None:
            said.append(scribe.says("voted", date=scribe.date(motion.voted_on)))
        if motion.appreciation.strip():
            said.append(scribe.says("appreciation", what=scribe.quoted(motion.appreciation)))
        said.append(self.raw_status(motion.register_status))
        return said

    def ours(self, id: str) -> list[Child]:
        judged = self.chain.judgements(id)
        if not judged:
            return [tag("p", self.scribe.text("ours.none"))]
        now, *older = judged
        said: list[Child] = [self.judgement(now)]
        if older:
            summary = tag("summary", self.scribe.text("older", n=len(older)))
            said.append(tag("details", summary, *(self.judgement(one) for one in older)))
        return said

    def judgement(self, one: Judgement) -> Markup:
        scribe, row = self.scribe, one.assessment
        who: Child = scribe.quoted(row.assessor) if row.assessor.strip() else scribe.text("assessor.none")
        papers: list[Child] = [tag("li", scribe.paper(paper)) for paper in one.evidence]
        papers += [tag("li", self.named(id)) for id in row.evidence if id not in self.chain.documents]
        return tag(
            "div",
            tag("p", tag("strong", scribe.text(status_key(one))), class_="state"),
            tag("p", scribe.text("unshown")) if one.unshown else None,
            # An assessor writes in a language of their own, and a row does not say which.
            tag("p", scribe.quoted(row.reason, "")) if row.reason.strip() else None,
            (tag("p", scribe.text("evidence"), ":", class_="quiet"), tag("ul", *papers))
            if papers
            else tag("p", scribe.text("evidence.none"), class_="quiet"),
            tag("p", scribe.says("assessed", who=who, date=scribe.date(row.at.date()))),
            self.source(row),
            id=name(row.id),
        )

    def commitment(self, one: Commitment) -> Markup:
        scribe, anchor = self.scribe, name(one.id)
        made: list[Child] = [scribe.says("made", date=scribe.date(one.made_on)) if one.made_on else None]
        made.append(scribe.text(f"origin.{one.origin}"))
        by = ", ".join(part for part in (one.made_by, one.ministry) if part.strip())
        if one.ministry in one.made_by:
            by = one.made_by.strip()
        made.append(scribe.says("made.by", who=scribe.quoted(by)) if by else None)
        facts: list[tuple[str, Child]] = [("standing", self.standing(one)), ("due", self.due(one))]
        paper = self.chain.documents.get(one.document)
        if one.document and one.document != one.source:
            facts.append(("in_paper", scribe.paper(paper) if paper else self.named(one.document)))
        about = self.chain.about(one)
        if about:
            facts.append(("about", _between([self.named(row.id) for row in about], ", ")))
        links = self.chain.confirmed(one.id)
        if links:
            facts.append(("linked", self.linked(links, one)))
        return tag(
            "article",
            tag("h3", self.title(one), id=anchor),
            tag("blockquote", tag("p", scribe.quoted(one.quote))) if one.quote.strip() else None,
            tag("p", *_between([part for part in made if part], " "), class_="quiet"),
            tag("dl", *(tag("div", tag("dt", scribe.text(key)), tag("dd", said)) for key, said in facts)),
            self.source(one),
            self.two_voices(one),
            class_="card",
            aria_labelledby=anchor,
        )

    def two_voices(self, one: Commitment | Motion) -> Markup:
        """What the register says of it, and what we do, side by side."""
        scribe = self.scribe
        said: list[Child]
        if isinstance(one, Motion):
            said = [tag("p", part) for part in self.register_of(one)] + [self.votes(one)]
            said.append(tag("p", scribe.text("register.note"), class_="quiet"))
        elif one.tk_number or one.register_status:
            said = [tag("p", self.raw_status(one.register_status))]
            if one.tk_number:
                said.append(tag("p", scribe.says("register.number", what=scribe.quoted(one.tk_number))))
        else:
            said = [tag("p", scribe.text("register.none")), tag("p", scribe.text("register.debates"), class_="quiet")]
        return tag(
            "div",
            tag("section", tag("h4", scribe.text("register")), *said, class_="register"),
            tag("section", tag("h4", scribe.text("ours")), *self.ours(one.id), class_="ours"),
            class_="voices",
        )

    def standing(self, one: Commitment) -> Markup:
        scribe, stands = self.scribe, self.chain.standing(one)
        on = {"date": scribe.date(stands.on)} if stands.on else {}
        n = abs(stands.days)
        word = scribe.plural(f"standing.{stands.state}", n, **on)
        if stands.state in ("kept", "no_date", "withdrawn"):
            word = scribe.says(f"standing.{stands.state}", **on)
        by = [" ", scribe.text("standing.by"), " ", self.named(stands.fulfilled_by)] if stands.fulfilled_by else []
        return joined(tag("strong", word, class_=f"stands {stands.state}"), by)

    def due(self, one: Commitment) -> Child:
        scribe = self.scribe
        said: list[Child] = []
        if one.due_text.strip():
            said.append(scribe.says("due.text", text=scribe.quoted(one.due_text)))
        dates = {"a": scribe.date(one.due_from), "b": scribe.date(one.due_to)}
        if one.due_from and one.due_to:
            said.append(scribe.says("due.range", **dates))
        elif one.due_to:
            said.append(scribe.says("due.until", **dates))
        elif one.due_from:
            said.append(scribe.says("due.from", **dates))
        else:
            said.append(scribe.text("due.none"))
        if one.depends_on.strip():
            known = self.chain.row(one.depends_on)
            what = self.named(one.depends_on) if known is not None else scribe.quoted(one.depends_on)
            said.append(joined(scribe.text("due.waits"), " ", what))
        if one.due_rule.strip():
            said.append(scribe.says("due.rule", rule=scribe.quoted(one.due_rule, "en")))
        elif one.due_from or one.due_to:
            said.append(scribe.text("due.person"))
        return _between(said, " · ")

    def linked(self, links: Iterable[Link], here: Row) -> Markup:
        return tag("ul", *(tag("li", self.sentence(link, here), self.link_source(link)) for link in links))

    def sentence(self, link: Link, here: Row | None = None) -> Child:
        return _between(
            [
                self.scribe.text("this") if here is not None and link.from_id == here.id else self.named(link.from_id),
                tag("em", self.scribe.text(f"relation.{link.relation}")),
                self.scribe.text("this") if here is not None and link.to_id == here.id else self.named(link.to_id),
            ],
            " ",
        )

    def motion(self, one: Motion) -> Markup:
        scribe, anchor = self.scribe, name(one.id)
        facts: list[tuple[str, Child]] = []
        about = self.chain.about(one)
        if about:
            facts.append(("about", _between([self.named(row.id) for row in about], ", ")))
        links = self.chain.confirmed(one.id)
        if links:
            facts.append(("linked", self.linked(links, one)))
        by = ", ".join(part for part in one.submitters if part.strip())
        paper = self.paper_of(one)
        return tag(
            "article",
            tag("h3", scribe.quoted(one.subject), id=anchor),
            tag("p", scribe.says("submitters", who=scribe.quoted(by)), class_="quiet") if by else None,
            tag("p", scribe.paper(paper)) if paper else None,
            tag("p", scribe.text("withdrawn")) if one.withdrawn else None,
            tag("dl", *(tag("div", tag("dt", scribe.text(key)), tag("dd", said)) for key, said in facts))
            if facts
            else None,
            self.source(one),
            self.two_voices(one),
            class_="card",
            aria_labelledby=anchor,
        )

    def paper_of(self, motion: Motion) -> Document | None:
        return next(
            (
                paper
                for paper in self.chain.documents.values()
                if motion.dossier
                and (paper.dossier, paper.addition, paper.number) == (motion.dossier, motion.addition, motion.number)
            ),
            None,
        )

    def votes(self, one: Motion) -> Child:
        if not one.votes:
            return None
        scribe, heads = self.scribe, ("party", "vote", "seats")
        rows = (
            tag(
                "tr",
                tag("th", scribe.quoted(vote.party), scope="row"),
                tag("td", scribe.quoted(vote.vote)),
                tag("td", "" if vote.seats is None else str(vote.seats)),
            )
            for vote in one.votes
        )
        return tag(
            "details",
            tag("summary", scribe.text("votes", n=len(one.votes))),
            tag(
                "table",
                tag("caption", scribe.text("votes.caption")),
                tag("thead", tag("tr", *(tag("th", scribe.text(head), scope="col") for head in heads))),
                tag("tbody", *rows),
            ),
        )

    def suggestion(self, link: Link) -> Markup:
        return tag(
            "li",
            tag("p", tag("strong", self.scribe.text("suggested")), ". ", self.scribe.text("suggested.one")),
            tag("p", self.sentence(link)),
            tag("blockquote", tag("p", self.scribe.quoted(link.quote))) if link.quote.strip() else None,
            tag("p", self.scribe.text(f"basis.{link.basis}"), class_="quiet"),
            self.link_source(link),
        )

    def events(self) -> list[Event]:
        """What the timeline holds."""
        scribe, chain = self.scribe, self.chain
        found: list[Event] = []
        for answer in chain.responses:
            recommendation = self.named(answer.recommendation)
            position = scribe.text(f"position.{answer.position}")
            found.append(Event("response", answer.date, joined(recommendation, " · ", position)))
        for one in self.commitments:
            start, end = one.due_from or one.due_to or one.made_on, one.due_to or one.due_from
            found.append(Event("commitment", start, joined(self.named(one.id), " · ", self.standing(one)), end))
            for link in chain.confirmed(one.id):
                paper = chain.documents.get(link.from_id)
                if link.to_id == one.id and link.relation in ("fulfils", "partly_fulfils") and paper is not None:
                    found.append(Event("fulfilment", paper.date, self.sentence(link)))
        for row in chain.assessments:
            judged = next(each for each in chain.judgements(row.target) if each.assessment is row)
            what = joined(self.named(row.target), " · ", scribe.text(status_key(judged)))
            found.append(Event("assessment", row.at.date(), what))
        return found

    def named(self, id: str) -> Markup:
        """A row in a few words, with a link to where it is told in full."""
        scribe, row = self.scribe, self.chain.row(id)
        if isinstance(row, Document):
            return scribe.short(row)
        if row is None:
            return scribe.says("not_here", id=tag("span", id, dir="auto"))
        inside = id not in self.chain.elsewhere
        words: Child
        match row:
            case Commitment():
                words = self.title(row)
            case Motion():
                words = scribe.quoted(row.subject)
            case Recommendation():
                words = scribe.text("recommendation", n=row.number)
            case Response():
                words = (scribe.text("lane.response"), ": ", scribe.quoted(cut(row.quote)))
            case Report():
                return tag("a", scribe.quoted(row.title), href=report_file(row))
            case _:
                words = id
        return tag("a", words, href=f"#{name(id)}") if inside else joined(words)

    def title(self, one: Commitment) -> Child:
        """A number on this page; for one of elsewhere its words."""
        if one.id not in self.chain.commitments:
            return (self.scribe.text("lane.commitment"), ": ", self.scribe.quoted(cut(one.quote)))
        return self.scribe.text("commitment", n=self.commitments.index(one) + 1)

    def source(self, row: Row) -> Markup:
        return self.scribe.standing_of_row(row, self.chain.documents.get(row.source))

    def link_source(self, link: Link) -> Markup:
        looked_at = link.state == "confirmed"
        return self.scribe.standing_of_row(link, self.chain.documents.get(link.source), looked_at=looked_at)


def status_key(one: Judgement) -> str:
    """The key of the words for a judgement as it may be shown."""
    return "status.unshown" if one.unshown else f"status.{one.status}"


def dossier_page(scribe: Scribe, file: str, papers: Sequence[Document], chains: Sequence[Chain]) -> Markup:
    """The papers of one dossier that occur in a chain, with what they have to do with there."""
    title = scribe.text("dossier", n=dossier_of(papers[0]))
    return scribe.page(
        file,
        title,
        tag("h1", title),
        tag("p", scribe.text("dossier.p"), class_="lead"),
        *(_paper(scribe, paper, chains) for paper in papers),
    )


def _paper(scribe: Scribe, paper: Document, chains: Sequence[Chain]) -> Markup:
    anchor = name(paper.id)
    facts = [paper.soort, paper.author]
    source = next((chain.documents[paper.source] for chain in chains if paper.source in chain.documents), None)
    return tag(
        "article",
        tag("h2", scribe.number(paper), id=anchor),
        tag("p", _title(scribe, paper), class_="said"),
        tag("p", *_between([scribe.date(paper.date), *(scribe.quoted(one) for one in facts if one.strip())], " · ")),
        tag("p", scribe.text("withdrawn")) if paper.withdrawn else None,
        scribe.standing_of_row(paper, source),
        *(_in_chain(scribe, paper, chain) for chain in chains if paper.id in chain.documents),
        class_="card",
        aria_labelledby=anchor,
    )


def _title(scribe: Scribe, paper: Document) -> Markup:
    return scribe.outside(paper_url(paper), scribe.quoted(paper.title))


def _in_chain(scribe: Scribe, paper: Document, chain: Chain) -> Child:
    """What a paper has to do with in one chain; the links lead to the page of the report."""
    page = report_file(chain.report)
    heading = tag("p", scribe.says("dossier.cited", report=tag("a", scribe.quoted(chain.report.title), href=page)))
    items: list[Child] = []
    links = [one for one in chain.links.values() if paper.id in (one.from_id, one.to_id) and one.state != "rejected"]
    for link in sorted(links, key=lambda one: (one.state != "confirmed", one.relation, one.id)):
        ends = [_end(scribe, id, paper, chain) for id in (link.from_id, link.to_id)]
        verb = tag("em", scribe.text(f"relation.{link.relation}"))
        looked_at = link.state == "confirmed"
        doubt = None if looked_at else (tag("strong", scribe.text("suggested")), ": ")
        source = scribe.standing_of_row(link, chain.documents.get(link.source), looked_at=looked_at)
        items.append(tag("li", doubt, ends[0], " ", verb, " ", ends[1], source))
    return (heading, tag("ul", *items) if items else tag("p", scribe.text("dossier.unlinked"), class_="quiet"))


def _end(scribe: Scribe, id: str, here: Document, chain: Chain) -> Child:
    if id == here.id:
        return scribe.text("this")
    row = chain.row(id)
    if isinstance(row, Document):
        return scribe.short(row)
    view = _ReportPage(scribe, chain)
    if row is None or id in chain.elsewhere:
        return view.named(id)
    words: Child = scribe.text("recommendation", n=row.number) if isinstance(row, Recommendation) else None
    if isinstance(row, Commitment):
        words = (scribe.text("lane.commitment"), ": ", scribe.quoted(cut(row.quote)))
    elif isinstance(row, Motion):
        words = scribe.quoted(row.subject)
    elif isinstance(row, Response):
        words = scribe.text("lane.response")
    elif isinstance(row, Report):
        return tag("a", scribe.quoted(row.title), href=report_file(row))
    return tag("a", words, href=f"{report_file(chain.report)}#{name(id)}")


def _between(parts: Sequence[Child], with_: str) -> list[Child]:
    found: list[Child] = []
    for part in parts:
        if found:
            found.append(with_)
        found.append(part)
    return found
