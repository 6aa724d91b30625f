"""The public site: three voices apart, no suggestion as a fact, the same bytes, hostile texts as texts."""

import csv
import datetime as dt
import io
import json
import os
import re
import string
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from follow_up.small_chain import HOSTILE, TODAY, document, fill, link, rows, with_texts
from luwte.errors import CannotStart
from luwte.follow_up.model import Assessment, Commitment, Document, Motion, Report
from luwte.follow_up.site import build
from luwte.follow_up.site.chain import gather, name
from luwte.follow_up.site.data import PUBLISHED, cell, file_of
from luwte.follow_up.site.words import EN, NL
from luwte.follow_up.store import Store, opened
from luwte.plumbing.markup import tag, web_address

ATOM = "{http://www.w3.org/2005/Atom}"
BASE = "https://example.org/follow-up/"
VOID = {"meta", "link", "br"}
PHRASING = {"a", "span", "strong", "em", "time", "br", "code"}
OURS = PHRASING | {"html", "head", "title", "meta", "link", "body", "header", "nav", "main", "footer", "article", "h1"}
OURS |= {"section", "h2", "h3", "h4", "p", "ul", "li", "dl", "dt", "dd", "div", "blockquote", "details", "summary"}
OURS |= {"table", "caption", "thead", "tbody", "tr", "th", "td", "figure"}
DRAWN = {"svg", "g", "line", "rect", "circle", "polygon", "text", "desc"}
ATTRIBUTES = {"class", "id", "href", "lang", "dir", "rel", "content", "name", "charset", "http-equiv", "type", "title"}
ATTRIBUTES |= {"hreflang", "datetime", "scope"}
ATTRIBUTES |= {"tabindex", "aria-label", "aria-labelledby", "aria-current", "role"}


def built(path: Path, store: Store, base_url: str = BASE) -> dict[str, bytes]:
    build(store, path, TODAY, base_url)
    return {str(one.relative_to(path)): one.read_bytes() for one in sorted(path.rglob("*")) if one.is_file()}


@pytest.fixture
def site(tmp_path: Path) -> dict[str, bytes]:
    with opened(None) as store:
        return built(tmp_path / "site", fill(store))


class Parsed(HTMLParser):
    """A page as its elements, checked on the way: closed in order, ours only, nested as HTML allows."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[tuple[str, tuple[str, ...]]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))
        assert self.headings[0] == 1
        assert self.headings.count(1) == 1
        assert all(after <= before + 1 for before, after in zip(self.headings, self.headings[1:], strict=False))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        drawn = "svg" in self.open or tag == "svg"
        assert tag in (DRAWN | {"title"} if drawn else OURS), tag
        names = [key for key, _ in attrs]
        assert len(names) == len(set(names))
        assert drawn or set(names) <= ATTRIBUTES, names
        assert not any(key.startswith("on") or key == "style" for key in names)
        parent = self.open[-1] if self.open else ""
        if parent in PHRASING | {"p", "h1", "h2", "h3", "h4", "summary", "caption"}:
            assert tag in PHRASING, (parent, tag)
        assert (parent == "ul") == (tag == "li"), (parent, tag)
        assert tag != "a" or "a" not in self.open
        values = {key: value or "" for key, value in attrs}
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if "href" in values else []
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.seen.append((tag, tuple(names)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")


def pages(site: dict[str, bytes]) -> dict[str, Parsed]:
    return {file: Parsed(content.decode()) for file, content in site.items() if file.endswith(".html")}


def said(site: dict[str, bytes], file: str) -> str:
    return re.sub(r"\s+", " ", "".join(Parsed(site[file].decode()).text))


def column(site: dict[str, bytes], recommendation: int, voice: str) -> str:
    """What one voice says of one recommendation on the English page."""
    html = site["en/report-small.html"].decode()
    article = html.split(f'id="recommendation-{recommendation}"')[1].split("</article>")[0]
    return re.sub("<[^>]+>", "", article.split(f'<section class="{voice}">')[1].split("</section>")[0])


def test_the_three_voices_stand_apart(site: dict[str, bytes]) -> None:
    assert "Dat doe ik." in column(site, 1, "government")
    assert "Accepted" in column(site, 1, "government")
    assert "Done in part" in column(site, 1, "ours")
    assert "Done" not in column(site, 1, "government") + column(site, 1, "register")
    assert "Afgedaan" in column(site, 2, "register")
    assert "Ontijdig" in column(site, 2, "register")
    assert "Openstaand" in column(site, 2, "register")
    assert "Openstaand" not in column(site, 2, "ours") + column(site, 2, "government")
    for n in (1, 2, 3):
        assert "It does not mean: carried out." in column(site, n, "register")
    assert "We have no assessment of this yet." in column(site, 3, "ours")


def test_done_without_evidence_is_unclear_on_every_page_in_the_data_and_in_the_feed(site: dict[str, bytes]) -> None:
    assert "Unclear: no evidence" in column(site, 2, "ours")
    assert "Done" not in column(site, 2, "ours")
    assert "Onduidelijk: geen stuk" in said(site, "nl/report-small.html")
    assert ">Gedaan<" not in site["nl/report-small.html"].decode()
    assert "Assessment: Unclear: no evidence" in site["en/feed.xml"].decode()
    statuses = {one["target"]: one for one in json.loads(site["data/data.json"])["statuses"]}
    assert statuses["recommendation/2"]["status"] == "unclear"
    assert statuses["recommendation/2"]["evidence_missing"] is True
    assert statuses["recommendation/1"]["status"] == "partly_done"


def test_a_paper_that_we_do_not_have_is_no_evidence(tmp_path: Path) -> None:
    one = Assessment(
        id="assessment/9",
        target="recommendation/3",
        at=dt.datetime(2022, 2, 1),
        status="done",
        reason="x",
        evidence=["document/nowhere"],
    )
    with opened(None) as store:
        fill(store).put(one)
        assert "Unclear: no evidence" in column(built(tmp_path / "site", store), 3, "ours")


def test_how_commitments_stand(site: dict[str, bytes]) -> None:
    text = said(site, "en/report-small.html")
    assert "Kept on 17 November 2021, 7 days late with 28638 no. 205" in text
    assert "Overdue by 60 days" in text
    assert "from 1 November 2021 up to and including 10 November 2021" in text
    assert "Read by the rule: part of a month" in text
    numbers = re.findall(r"<dd>(\d+)\s*</dd>", site["en/report-small.html"].decode())
    assert numbers[:5] == ["3", "1", "1", "0", "1"]


def test_what_is_suggested_or_rejected_is_no_fact(site: dict[str, bytes]) -> None:
    html = site["en/report-small.html"].decode()
    facts, suggested = html.split('id="suggested"')
    assert "Een motie die misschien erbij hoort" not in facts
    assert "Een motie die misschien erbij hoort" in suggested
    assert "Een pagina" not in facts.split('id="commitments"')[1]
    assert suggested.count("To confirm") == 2
    commitments = facts.split('id="commitments"')[1].split('id="motions"')[0]
    assert commitments.count("fulfils") == 1


def test_every_row_says_whether_somebody_looked_and_where_it_is_from(site: dict[str, bytes]) -> None:
    html = site["en/report-small.html"].decode()
    for id in ("recommendation/1", "response/1", "commitment/late", "motion/1", "assessment/2"):
        after = html.split(f'id="{name(id)}"')[1]
        assert re.search(r'class="mark( yes)?">(Confirmed|To confirm)<', after.split("</article>")[0]), id


def test_only_what_a_chain_touches_is_read_and_shown(tmp_path: Path) -> None:
    with opened(None) as store:
        fill(store)
        with store.deed():
            for number in range(1000, 3000):
                store.put(document(number, dossier="99999"))
                store.put(link(f"document/28638-{number}", "document/28638-204", "evidence_for", "suggested"))
        chain = gather(store, Report(id="report/small", title="", publisher=""), TODAY)
        assert len(chain.documents) == 4
        assert len(list(chain.rows())) < 40
        site = built(tmp_path / "site", store)
    assert [file for file in site if "dossier" in file] == ["en/dossier-28638.html", "nl/dossier-28638.html"]
    assert b"Niemand noemt dit stuk" not in b"".join(site.values())


def test_pages_are_well_formed_and_all_links_lead_somewhere(site: dict[str, bytes]) -> None:
    parsed = pages(site)
    assert len(parsed) == 11
    for file, page in parsed.items():
        for href in page.links:
            assert urlsplit(href).scheme in ("", "http", "https"), href
            if urlsplit(href).scheme:
                continue
            path, _, fragment = urljoin(file, href).partition("#")
            assert path in site, (file, href)
            assert not fragment or fragment in parsed[path].ids, (file, href)


def test_a_page_may_load_nothing_but_its_style_and_runs_nothing(site: dict[str, bytes]) -> None:
    for file, content in site.items():
        if file.endswith(".html"):
            assert b"default-src &#x27;none&#x27;; style-src &#x27;self&#x27;; img-src &#x27;self&#x27;;" in content
            assert b"<script" not in content
    assert b"url(" not in site["style.css"]
    assert b"@import" not in site["style.css"]


def test_dutch_words_on_an_english_page_say_that_they_are_dutch(site: dict[str, bytes]) -> None:
    assert '<span lang="nl" dir="auto">Dat doe ik.</span>' in site["en/report-small.html"].decode()
    assert '<span dir="auto">Dat doe ik.</span>' in site["nl/report-small.html"].decode()


def shape(page: Parsed) -> list[str]:
    """Its elements but for links and their words, which a hostile address loses."""
    return [tag for tag, _ in page.seen if tag not in ("a", "span")]


@pytest.mark.parametrize("text", HOSTILE[:-1], ids=range(len(HOSTILE) - 1))
def test_a_hostile_text_is_a_text(tmp_path: Path, text: str) -> None:
    """Whatever the rows say, the elements are those of a harmless text that is no address either."""
    with opened(None) as one, opened(None) as two:
        hostile = built(tmp_path / "hostile", fill(one, with_texts(text)))
        harmless = built(tmp_path / "harmless", fill(two, with_texts("harmless")))
    assert hostile.keys() == harmless.keys()
    parsed, expected = pages(hostile), pages(harmless)
    for file, page in parsed.items():
        assert shape(page) == shape(expected[file])
        assert not any("window.hacked" in href for href in page.links)
        assert not any(ord(c) < 32 and c not in "\n\t" for c in "".join(page.text))
    for language in ("nl", "en"):
        check_feed(hostile[f"{language}/feed.xml"])
    json.loads(hostile["data/data.json"])


def test_rows_without_words_and_with_hostile_names_have_pages(tmp_path: Path) -> None:
    with opened(None) as store:
        fill(store, with_texts(""))
        with store.deed():
            for rest in ("../../etc/passwd", "A b", "a B", "<b>", "x" * 300, ""):
                store.put(Report(id=f"report/{rest}", title="", publisher=""))
            store.put(Motion(id="motion/<script>", subject=""))
            store.put(link("motion/<script>", "recommendation/1", "supports"))
            store.put(Document(id='document/"><script>', kind="kamerstuk", title="", dossier="../x", number=-1))
            store.put(link('document/"><script>', "recommendation/1", "supports"))
            store.put(Document(id="document/p", kind="site", title="", urls=["javascript:window.hacked=1"]))
            store.put(link("document/p", "recommendation/1", "supports"))
        site = built(tmp_path / "site", store)
    assert len([file for file in site if file.startswith("en/report-")]) == 8
    for page in pages(site).values():
        assert not any("javascript:" in href for href in page.links)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["site"]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_in_an_element_comes_out_as_that_text(text: str) -> None:
    inside = str(tag("a", text, title=text))
    element = ET.fromstring(f"<x>{inside}</x>")[0]
    shown = element.text or ""
    assert len(shown) == len(text.replace("\r\n", "\n"))
    assert len(element) == 0
    assert set(element.attrib) == {"title"}


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//a.org",
        "https://",
        "https://a@b.org",
        "http://a b",
        "/x",
        "",
        "https://a.org:port/",
        "https://[",
        "\x01https://a.org",
        "https://a.org/\n",
        "ftp://a.org/",
    ],
)
def test_only_addresses_of_the_web_are_links(address: str) -> None:
    assert web_address(address) is None
    assert web_address("https://example.org/a?b=c&d=e#f") is not None


# the same bytes

AGAIN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from follow_up.small_chain import TODAY, fill
from luwte.follow_up.site import build
from luwte.follow_up.store import opened
with opened(None) as store:
    build(fill(store), Path(sys.argv[2]), TODAY, "https://example.org/follow-up/")
"""


@pytest.mark.parametrize(
    "environment", [{"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}, {"PYTHONHASHSEED": "77"}]
)
def test_the_same_rows_make_the_same_bytes(tmp_path: Path, site: dict[str, bytes], environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", AGAIN, str(Path(__file__).parents[1]), str(tmp_path / "again")]
    subprocess.run(command, env=os.environ | environment, check=True, umask=0o077)
    again = {
        str(one.relative_to(tmp_path / "again")): one.read_bytes()
        for one in (tmp_path / "again").rglob("*")
        if one.is_file()
    }
    assert again == site
    assert all(
        one.stat().st_mode & 0o777 == (0o755 if one.is_dir() else 0o644) for one in (tmp_path / "again").rglob("*")
    )
    assert (tmp_path / "again").stat().st_mode & 0o777 == 0o755


def test_the_order_in_which_rows_came_makes_no_difference(tmp_path: Path, site: dict[str, bytes]) -> None:
    with opened(None) as store:
        with store.deed():
            for row in reversed(rows()):
                store.put(row)
        assert built(tmp_path / "other", store) == site


def test_a_site_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(None) as store:
        fill(store)
        monkeypatch.setattr("luwte.follow_up.site.data.as_csv", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build(store, tmp_path / "site", TODAY)
        monkeypatch.undo()
        assert list(tmp_path.iterdir()) == []
        build(store, tmp_path / "site", TODAY)
        with pytest.raises(CannotStart):
            build(store, tmp_path / "site", TODAY)
        for wrong in ("example.org", "javascript:x", "https://example.org/?x"):
            with pytest.raises(CannotStart):
                build(store, tmp_path / "other", TODAY, wrong)
        assert not (tmp_path / "other").exists()


# the feed


def check_feed(content: bytes) -> list[ET.Element]:
    """What RFC 4287 says a feed MUST have, and RFC 4151 of its ids."""
    root = ET.fromstring(content)
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    for one in [root, *entries]:
        for needed in ("id", "title", "updated"):
            assert len(one.findall(f"{ATOM}{needed}")) == 1, needed
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one.findtext(f"{ATOM}updated") or "")
        id = one.findtext(f"{ATOM}id") or ""
        assert re.fullmatch(r"tag:[a-z0-9.-]+,\d{4}(-\d\d){0,2}:[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*", id), id
        links = [(each.get("rel"), each.get("type"), each.get("hreflang")) for each in one.findall(f"{ATOM}link")]
        assert len(links) == len(set(links))
        assert all(each.get("href") for each in one.findall(f"{ATOM}link"))
        assert len(one.findall(f"{ATOM}summary")) <= 1
    assert root.find(f"{ATOM}author/{ATOM}name") is not None  # so the entries need none
    assert any(each.get("rel") == "self" for each in root.findall(f"{ATOM}link"))
    assert all(any(each.get("rel") == "alternate" for each in one.findall(f"{ATOM}link")) for one in entries)
    ids = [one.findtext(f"{ATOM}id") for one in [root, *entries]]
    assert len(ids) == len(set(ids))
    assert all(one.tag.startswith(ATOM) for one in root.iter())
    return entries


def test_the_feeds_are_valid_and_name_what_happened(site: dict[str, bytes]) -> None:
    for language in ("nl", "en"):
        entries = check_feed(site[f"{language}/feed.xml"])
        ids = [(one.findtext(f"{ATOM}id") or "").split(f"/{language}/")[1] for one in entries]
        assert sorted(id.split("/")[0] for id in ids) == ["assessment"] * 3 + ["commitment"] * 3 + [
            "overdue",
            "response",
        ]
        updated = [one.findtext(f"{ATOM}updated") or "" for one in entries]
        assert updated == sorted(updated, reverse=True)
        overdue = next(one for one in entries if "/overdue/" in (one.findtext(f"{ATOM}id") or ""))
        assert overdue.findtext(f"{ATOM}updated") == "2022-01-01T00:00:00Z"
        for one in entries:
            link = one.find(f"{ATOM}link")
            assert link is not None
            path, _, fragment = (link.get("href") or "").removeprefix(BASE).partition("#")
            assert fragment in Parsed(site[path].decode()).ids


def test_an_id_in_the_feed_stays_while_days_go_by(tmp_path: Path, site: dict[str, bytes]) -> None:
    with opened(None) as store:
        build(fill(store), tmp_path / "later", TODAY + dt.timedelta(days=40), BASE)
    assert (tmp_path / "later/nl/feed.xml").read_bytes() == site["nl/feed.xml"]


# the data


def test_the_data_hold_every_row_of_the_chain(site: dict[str, bytes]) -> None:
    whole = json.loads(site["data/data.json"])
    shown = [row for row in rows() if row.id not in ("document/28638-300", "motion/suggested")]
    for kind in PUBLISHED:
        expected = sorted(row.id for row in shown if row.id.startswith(f"{kind}/"))
        assert [row["id"] for row in whole[file_of(kind)]] == expected
        table = list(csv.DictReader(io.StringIO(site[f"data/{file_of(kind)}.csv"].decode(), newline="")))
        assert [row["id"] for row in table] == expected
        assert site[f"data/{file_of(kind)}.csv"].endswith(b"\r\n")
    states = {one["commitment"]: one["state"] for one in whole["standings"]}
    assert states == {"commitment/late": "late", "commitment/overdue": "overdue", "commitment/no-date": "no_date"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text).startswith("'")
    assert cell("a" + text).startswith("a")


def test_both_languages_have_the_same_words() -> None:
    assert NL.keys() == EN.keys()
    for key in NL:
        fields = [{field for _, field, _, _ in string.Formatter().parse(words[key]) if field} for words in (NL, EN)]
        assert fields[0] == fields[1], key
        assert NL[key].strip()
        assert EN[key].strip()


@pytest.mark.parametrize("today", [dt.date.min, TODAY, dt.date.max])
def test_any_date_that_there_is_has_its_place(tmp_path: Path, today: dt.date) -> None:
    """The first and the last day of the calendar, moments with a zone there, and ranges that end before they begin."""
    zone = dt.timezone(dt.timedelta(hours=14))
    with opened(None) as store:
        fill(store)
        with store.deed():
            for n, (start, end) in enumerate([(dt.date.min, dt.date.max), (dt.date.max, dt.date.min)]):
                store.put(
                    Commitment(
                        id=f"commitment/{n}",
                        origin="law",
                        quote="x",
                        recommendation="recommendation/3",
                        made_on=start,
                        due_from=start,
                        due_to=end,
                    )
                )
                for at in (dt.datetime.combine(start, dt.time(), zone), dt.datetime.combine(start, dt.time())):
                    id = f"assessment/{n}-{at.tzinfo is None}"
                    target = "recommendation/3"
                    store.put(Assessment(id=id, target=target, at=at, status="unclear", reason="x"))
        build(store, tmp_path / "site", today)
    check_feed((tmp_path / "site/en/feed.xml").read_bytes())
    page = (tmp_path / "site/en/report-small.html").read_text()
    Parsed(page)
    assert not re.search(r'"[^"]*(nan|inf|-\d+\.\d)[^"]*"', page.split("<svg")[1].split("</svg>")[0])


def tokens(sheet: str) -> list[dict[str, str]]:
    """The colours and letters of a style sheet, by day and by night; paper has its own."""
    day, _, night = sheet.partition("@media print")[0].partition("prefers-color-scheme: dark")
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+|system-ui[^;]*);", part)) for part in (day, night)]


def test_the_site_has_the_colours_of_the_chat() -> None:
    """It is served without it, so they are written down twice; here nobody changes one alone."""
    root = Path(__file__).parents[2]
    ours = tokens((root / "src/luwte/follow_up/site/style.css").read_text())
    theirs = tokens((root / "web/src/ui/tokens.css").read_text())
    for mine, chats in zip(ours, theirs, strict=True):
        assert len(mine) > 10
        assert mine.items() <= chats.items()
