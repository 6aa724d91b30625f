"""The public site in real Chromium: axe without a finding, nothing sideways, nothing that runs, and on paper."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from follow_up.small_chain import HOSTILE, TODAY, fill, with_texts
from journeys.stage import LAPTOP, PHONE, chromium
from luwte.follow_up.site import build
from luwte.follow_up.store import opened

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROW = {"width": 320, "height": 560}
ZOOMED = {"width": 683, "height": 384}
"""What a laptop shows at 200 %."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sites: an ordinary one, one with markup and one with long words in every text."""
    path = tmp_path_factory.mktemp("sites")
    for name, text in (("plain", None), ("markup", HOSTILE[1]), ("long", "x" * 400)):
        with opened(None) as store:
            build(fill(store, with_texts(text)) if text else fill(store), path / name, TODAY)
    return path


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


def files(folder: Path, site: str) -> list[str]:
    found = sorted(str(one.relative_to(folder)) for one in (folder / site).rglob("*.html"))
    assert len(found) == 11
    return found


def check(page: Page, state: str) -> None:
    """No finding of axe, nothing sideways; links that stand alone are large enough for a thumb."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "(rules) => axe.run(document, {runOnly: {type: 'tag', values: rules}})"
        ".then((result) => result.violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 160))]))",
        RULES,
    )
    assert found == [], f"{state}: {found}"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{state} scrolls sideways by {wide} px"
    small = page.evaluate(
        "() => [...document.querySelectorAll('nav a, .links a, summary')]"
        ".filter((e) => e.checkVisibility()).map((e) => [e.textContent, e.getBoundingClientRect()])"
        ".filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([text]) => text)"
    )
    assert small == [], f"{state}: smaller than 44 px: {small}"


SEEN = [(size, scheme, "plain") for size in (NARROW, PHONE, ZOOMED, LAPTOP) for scheme in ("light", "dark")]
SEEN += [(size, "light", site) for size in (NARROW, LAPTOP) for site in ("markup", "long")]


@pytest.mark.parametrize(("size", "scheme", "site"), SEEN, ids=[f"{s['width']}-{c}-{t}" for s, c, t in SEEN])
def test_every_page_is_for_everybody(
    browser: Browser, folder: Path, address: str, size: dict[str, int], scheme: str, site: str
) -> None:
    """Folded and unfolded."""
    with browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce") as context:
        page = context.new_page()
        for file in files(folder, site):
            page.goto(f"{address}/{file}")
            check(page, file)
            if page.locator("summary").count():
                page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true })")
                check(page, f"{file}, unfolded")


def test_nothing_runs_and_nothing_is_refused(browser: Browser, folder: Path, address: str) -> None:
    """With the policy of the page in force: the style and the mark load, and a hostile text does nothing."""
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        for file in files(folder, "markup"):
            page.goto(f"{address}/{file}")
            assert page.evaluate("window.hacked") is None
            assert page.evaluate("getComputedStyle(document.querySelector('main')).display") == "block"
            assert page.evaluate("document.styleSheets.length") == 1
        assert said == []
        assert {url.rsplit(".", 1)[1] for url in asked} == {"html", "css", "svg"}
        assert all(url.startswith(f"{address}/markup/") for url in asked)


def test_the_first_tab_skips_to_the_content(browser: Browser, address: str) -> None:
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        page.goto(f"{address}/plain/en/report-small.html")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the content"
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_on_paper_all_is_unfolded_and_dark_is_light(browser: Browser, address: str) -> None:
    with browser.new_context(viewport={"width": 680, "height": 960}, color_scheme="dark") as context:
        page = context.new_page()
        page.goto(f"{address}/plain/en/report-small.html")
        assert not page.get_by_text("Het loopt.").is_visible()
        page.emulate_media(media="print")
        assert page.get_by_text("Het loopt.").is_visible()
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        assert page.pdf(format="A4").startswith(b"%PDF")


def test_the_drawing_has_a_name_and_its_data_stand_below(browser: Browser, address: str) -> None:
    with browser.new_context(viewport=LAPTOP) as context:
        page = context.new_page()
        page.goto(f"{address}/plain/en/report-small.html")
        drawing = page.get_by_role("img", name="Timeline")
        described = drawing.locator("desc").text_content() or ""
        assert "Responses: 1. Commitments: 3. Fulfilled: 1. Assessments: 3." in described
        assert page.get_by_role("table", name="All that is on the timeline, by date").get_by_role("row").count() == 9
