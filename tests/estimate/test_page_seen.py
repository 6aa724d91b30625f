"""The page in real Chromium: axe without a finding, nothing sideways, nothing that runs, and on paper."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from follow_up.test_site import tokens
from journeys.stage import LAPTOP, PHONE, chromium
from luwte.estimate import Histories, Stratified
from luwte.estimate.methods import Chat, Effort
from luwte.estimate.published import PUBLISHED
from luwte.estimate.report import Report, estimate_all
from luwte.report.estimate.page import page as written
from luwte.report.estimate.parts import CSS

AXE = (Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROW = {"width": 320, "height": 560}
HOSTILE = (
    "<script>window.hacked=1</script>",
    "x" * 200,
    '"onload="window.hacked=1',
    "]]></svg><img src=x>",
    "\x00\u202e",
)


def named(*names: str) -> Histories:
    return Histories(names, PUBLISHED["uk_2013_5"].read().counts)


def report(histories: Histories) -> Report:
    """Every kind of result: Wald limits, credible ones, a stratum that is too small, drawn tables."""
    small = histories.with_counts(histories.counts * 0 + 1)
    effort = Effort(bootstrap=0, coverage=2, chat=Chat(registered=5000, said=40, asked=200))
    data = Stratified(("year",), {("2012",): histories, ("2013",): small})
    return estimate_all(data, ["main_effects", "stepwise", "bic", "decomposable", "multiplier"], effort=effort)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    reports = {
        "plain": report(named("LA", "NG", "PFNCA", "GO", "GP")),
        "hostile": estimate_all(
            named(*HOSTILE), ["main_effects", "stepwise"], effort=Effort(bootstrap=0, coverage=1), notes=HOSTILE
        ),
        "nothing": estimate_all(Histories.of(["A", "B"], {1: 50, 2: 70}), effort=Effort(bootstrap=0)),
    }
    addresses = {}
    for name, one in reports.items():
        (folder / f"{name}.html").write_text(written(one), encoding="utf-8")
        addresses[name] = (folder / f"{name}.html").as_uri()
    return addresses


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


def check(page: Page) -> None:
    """No finding of axe, nothing sideways."""
    page.evaluate(AXE)
    found = page.evaluate(
        "(rules) => axe.run(document, {runOnly: {type: 'tag', values: rules}})"
        ".then((result) => result.violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 160))]))",
        RULES,
    )
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


SEEN = [
    ("plain", NARROW, "light"),
    ("plain", PHONE, "dark"),
    ("plain", LAPTOP, "light"),
    ("hostile", NARROW, "light"),
    ("nothing", NARROW, "dark"),
]


@pytest.mark.parametrize(("name", "size", "scheme"), SEEN, ids=[f"{n}-{s['width']}-{c}" for n, s, c in SEEN])
def test_the_page_is_for_everybody(
    browser: Browser, pages: dict[str, str], name: str, size: dict[str, int], scheme: str
) -> None:
    """With everything unfolded."""
    with browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True) as context:
        page = context.new_page()
        page.goto(pages[name])
        page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true })")
        check(page)


def test_nothing_runs_and_nothing_is_loaded(browser: Browser, pages: dict[str, str]) -> None:
    """With the policy of the page in force, whatever the lists are called; its style is not refused."""
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(pages["hostile"])
        assert page.evaluate("window.hacked") is None
        assert page.locator("script, img, link").count() == 0
        assert page.evaluate("getComputedStyle(document.querySelector('figure svg')).display") == "block"
        assert (said, asked) == ([], [pages["hostile"]])


def test_the_drawings_have_names_and_what_they_show_stands_in_tables(browser: Browser, pages: dict[str, str]) -> None:
    with browser.new_context(viewport=LAPTOP) as context:
        page = context.new_page()
        page.goto(pages["plain"])
        assert page.get_by_role("img", name="All methods on one scale").count() == 1
        curve = page.get_by_role("img", name="Specification curve")
        number = int((curve.locator("desc").text_content() or "").split()[0])
        assert number > 10
        page.locator("summary").click()
        models = page.get_by_role("table", name="Every defensible model, by its answer")
        assert models.get_by_role("row").count() == number + 1
        assert page.get_by_role("table", name="All methods").get_by_role("row").count() == 6
        assert page.get_by_role("table", name="were right").count() == 2
        assert page.get_by_text("All methods can agree and all be wrong.").is_visible()


def test_a_keyboard_reaches_what_scrolls(browser: Browser, pages: dict[str, str]) -> None:
    with browser.new_context(viewport=NARROW) as context:
        page = context.new_page()
        page.goto(pages["plain"])
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "All methods"


def test_on_paper_dark_is_light_and_all_is_unfolded(browser: Browser, pages: dict[str, str]) -> None:
    with browser.new_context(viewport={"width": 680, "height": 960}, color_scheme="dark") as context:
        page = context.new_page()
        page.goto(pages["plain"])
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.querySelector('svg text')).fill") == "rgb(0, 0, 0)"
        assert page.get_by_role("table", name="Every defensible model, by its answer").is_visible()
        assert page.pdf(format="A4").startswith(b"%PDF")


def test_the_page_has_the_colours_of_the_chat() -> None:
    """It is one file that stands alone, so they are written down again; here nobody changes one alone."""
    chat = tokens((Path(__file__).parents[2] / "web/src/ui/tokens.css").read_text())
    for mine, theirs in zip(tokens(CSS), chat, strict=True):
        assert len(mine) > 5
        assert mine.items() <= theirs.items()
