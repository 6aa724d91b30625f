"""The page of a release in real Chromium: axe without a finding, only tables scroll sideways, and by keyboard."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from journeys.stage import chromium
from luwte.insight.disclosure.cells import grid
from luwte.insight.disclosure.plan import Dimension, Plan, Rules, Table
from luwte.insight.disclosure.published import Release, Shown
from luwte.insight.disclosure.release import files

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HOSTILE = '"><script>window.hacked=1</script>'


def a_release() -> Release:
    """Every mark, shares, one to three dimensions, and a table far too wide for a phone."""
    axes = {
        "a": Dimension("a", "Age", ("0-11", "12-14", "15-17", "18 and over")),
        "m": Dimension("m", "Means of pressure", tuple(f"means number {n}" for n in range(9)), multiple=True),
        "r": Dimension("r", HOSTILE, ("Coast", "Hills"), {"Coast": "West & North", "Hills": "West & North"}),
    }
    tables = (
        Table("narrow", "By age", "All victims", ("a",), percentages=True),
        Table("wide", "By age, region and means", "All victims", ("a", "r", "m"), {}, percentages=True),
        Table("part", "By region, of the youngest", "Victims under 12", ("r",), {"a": "0-11"}),
    )
    plan = Plan("p", f"Victims {HOSTILE}", "victim", 1, axes, tables, Rules(method="suppression"))
    marks: list[Shown] = [
        Shown(40, "value"),
        Shown(None, "c"),
        Shown(None, "low"),
        Shown(None, "z"),
        Shown(12, "value"),
    ]
    shown: dict[tuple[tuple[str, str], ...], Shown] = {}
    for table in tables:
        for number, (_, at) in enumerate(grid(table, axes)):
            shown.setdefault(at, marks[number % len(marks)])
    return Release(plan, shown)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("release") / "index.html"
    path.write_bytes(files(a_release())["index.html"])
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


def sideways(page: Page) -> int:
    found: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 1366])
def test_the_tables_are_for_everybody(browser: Browser, address: str, width: int, scheme: str) -> None:
    with browser.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(address)
        page.evaluate(AXE.read_text())
        found = page.evaluate(
            "(rules) => axe.run(document, {runOnly: {type: 'tag', values: rules}})"
            ".then((result) => result.violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 160))]))",
            RULES,
        )
        assert found == []
        assert sideways(page) <= 0
        assert page.evaluate("window.hacked") is None


def test_a_wide_table_scrolls_in_a_region_of_its_own_by_keyboard(browser: Browser, address: str) -> None:
    with browser.new_context(viewport={"width": 360, "height": 740}) as context:
        page = context.new_page()
        page.goto(address)
        region = page.get_by_role("region", name="By age, region and means")
        assert region.evaluate("(e) => e.scrollWidth > e.clientWidth")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert region.evaluate("(e) => e === document.activeElement")
        assert region.evaluate("(e) => getComputedStyle(e).outlineStyle") != "none"
        page.keyboard.press("ArrowRight")
        page.wait_for_function("document.activeElement.scrollLeft > 0")


def test_each_mark_is_explained_below_the_table_that_has_it_and_nowhere_else(browser: Browser, address: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address)
        for name, table in (("narrow", "By age"), ("part", "By region, of the youngest")):
            inside = page.get_by_role("table", name=table, exact=True).inner_text()
            below = " ".join(page.locator(f"#{name} ~ .note").all_inner_texts()).split("Base:")[1]
            for mark in ("[c]", "[low]", "[z]"):
                assert (mark in inside) == (mark in below)
        described = page.locator("#part-note").inner_text()
        assert described.startswith("Base: Victims under 12 (")
        assert "Age: 0-11." in described
        assert "several answers" in page.locator("#wide-note").inner_text()


def test_on_paper_nothing_is_cut_off(browser: Browser, address: str) -> None:
    with browser.new_context(viewport={"width": 680, "height": 960}, color_scheme="dark") as context:
        page = context.new_page()
        page.goto(address)
        page.emulate_media(media="print")
        assert page.locator(".wide").first.evaluate("(e) => getComputedStyle(e).overflowX") == "visible"


def test_the_page_of_a_rounding_says_what_a_zero_stands_for() -> None:
    release = replace(a_release(), plan=replace(a_release().plan, rules=Rules()))
    assert "a 0 can stand for up to 4" in files(release)["index.html"].decode()
