"""A public site of the chain: pages in Dutch and English, data and feeds, in plain files. No JavaScript.

The same rows, day and address make the same bytes.
"""

import datetime as dt
from importlib.resources import files
from pathlib import Path

from luwte.errors import CannotStart
from luwte.follow_up.model import Report
from luwte.follow_up.site import data, pages
from luwte.follow_up.site.chain import dossiers, gather
from luwte.follow_up.site.feed import FILE, feed
from luwte.follow_up.site.scribe import Scribe, head
from luwte.follow_up.site.words import LANGUAGES, WORDS
from luwte.follow_up.store import Store
from luwte.plumbing.files import new_folder
from luwte.plumbing.markup import Markup, joined, tag, web_address


def build(store: Store, out: Path, today: dt.date, base_url: str = "") -> None:
    """Write the site to the new or empty folder *out*, for anybody to read, whole or not at all.

    Only what belongs to a report's chain is read and shown. *base_url* is where the site will be found; the feeds name
    it. Raises `CannotStart` when *out* holds something, or *base_url* is no address.
    """
    if base_url and (web_address(base_url) is None or "?" in base_url or "#" in base_url):
        raise CannotStart("The address of the site must begin with https:// or http://, and hold no ? or #.")
    with new_folder(out) as folder:
        for file, content in _files(store, today, base_url).items():
            path = folder / file
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o644)
            path.parent.chmod(0o755)
        folder.chmod(0o755)


def _files(store: Store, today: dt.date, base_url: str) -> dict[str, bytes]:
    chains = [gather(store, report, today) for report in store.all(Report)]
    papers = dossiers(chains)
    rows = data.published(chains)
    out: dict[str, bytes] = {"index.html": _door().encode()}
    for file in ("style.css", "mark.svg"):
        out[file] = (files("luwte.follow_up.site") / file).read_bytes()
    out["data/data.json"] = data.as_json(rows, chains, today)
    for kind in data.PUBLISHED:
        out[f"data/{data.file_of(kind)}.csv"] = data.as_csv(kind, rows[kind])
    for language in LANGUAGES:
        scribe = Scribe(language, today)
        written = {"index.html": pages.index(scribe, chains, papers), "data.html": data.page(scribe, rows)}
        written[FILE] = feed(scribe, chains, base_url)
        written |= {pages.report_file(chain.report): pages.report_page(scribe, chain) for chain in chains}
        written |= {file: pages.dossier_page(scribe, file, held, chains) for file, held in papers.items()}
        out |= {f"{language}/{file}": content.encode() for file, content in written.items()}
    return out


def _door() -> Markup:
    """The first page: which language."""
    links = (
        tag("li", tag("a", WORDS[one]["language"], href=f"{one}/index.html", lang=one, hreflang=one))
        for one in LANGUAGES
    )
    top = head(f"{WORDS['nl']['site']} / {WORDS['en']['site']}", "")
    nl, en = (tag("span", WORDS[one]["site"], lang=one) for one in LANGUAGES)
    main = tag("main", tag("h1", nl, " / ", en), tag("ul", *links, class_="links"), id="main")
    return joined(Markup("<!doctype html>\n"), tag("html", top, tag("body", main), lang="nl"))
