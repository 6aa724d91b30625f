"""Shares of a key go onto paper: shown one at a time, printed alone, typed back. The page is built for the test."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from crypto.crypto_twin import NODE, WEB
from journeys.stage import LAPTOP, PHONE, chromium, context
from journeys.test_accessible import NARROW, check

SITE = "https://shares.test"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("screens")
    vite = [str(NODE), "node_modules/vite/bin/vite.js", "build", "--config", "test/ui/vite.config.ts"]
    subprocess.run([*vite, "--logLevel", "warn"], cwd=WEB, env=os.environ | {"OUT": str(folder)}, check=True)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


def a_page(
    browser: Browser, built: Path, locale: str = "en-US", size: dict[str, int] = PHONE, scheme: str = "light"
) -> Page:
    page = context(browser, locale, size, color_scheme=scheme, reduced_motion="reduce").new_page()

    def serve(route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        file = built / path.lstrip("/")
        route.fulfill(body=file.read_bytes(), content_type=TYPES[file.suffix]) if file.is_file() else route.abort()

    page.route("**/*", serve)
    page.goto(f"{SITE}/test/ui/shares.html")
    return page


def lines(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(".share-lines > li").all_text_contents()]


def type_back(page: Page, written: list[str], shorten: bool = False) -> None:
    expect(page.get_by_role("textbox")).to_have_count(2)
    for box in page.get_by_role("textbox").all():
        number = int(re.sub(r"\D", "", page.locator(f"label[for='{box.get_attribute('id')}']").inner_text()))
        words = written[number - 1].split()
        box.fill(" ".join(word[:4] for word in words) if shorten else " ".join(words))


def test_one_share_after_the_other_is_shown_and_typed_back(browser: Browser, built: Path) -> None:
    """With the keyboard alone. A wrong line is named; only who typed the right ones goes on; the end is told once."""
    page = a_page(browser, built)
    seen: list[list[str]] = []
    asked = set()
    for number in (1, 2, 3):
        heading = page.get_by_role("heading", name=f"Recovery key: share {number} of 3")
        expect(heading).to_be_focused()
        expect(page.locator(".share-lines")).to_have_count(0)  # between two people there is nothing to see
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(heading).to_be_focused()
        seen.append(lines(page))
        assert [len(line.split()) for line in seen[-1]] == [5] * 8
        page.get_by_role("button", name="I have written it down").press("Enter")
        expect(page.locator(".share-lines")).to_have_count(0)
        asked |= set(page.locator("label").all_inner_texts())

        type_back(page, seen[0][::-1] if number == 1 else seen[number - 2])  # another share's lines
        page.keyboard.press("Enter")
        for box in page.get_by_role("textbox").all():
            expect(box).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#alert")).to_contain_text(re.compile(r"Line \d is not what was on the screen"))

        page.get_by_role("button", name="Show the share again").press("Enter")
        assert lines(page) == seen[-1]
        page.get_by_role("button", name="I have written it down").press("Enter")
        type_back(page, seen[-1], shorten=True)
        expect(page).not_to_have_title("done")
        page.keyboard.press("Enter")
    expect(page).to_have_title("done")
    assert len(asked) >= 2
    flat = [line for share in seen for line in share]
    assert len(set(flat)) == 24


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, LAPTOP], ids=["320", "laptop"])
def test_every_step_is_for_everybody(browser: Browser, built: Path, size: dict[str, int], scheme: str) -> None:
    page = a_page(browser, built, size=size, scheme=scheme)
    check(page, "cover", narrow=size is NARROW)
    page.get_by_role("button", name="Show the share").click()
    check(page, "share", narrow=size is NARROW)
    page.get_by_role("button", name="I have written it down").click()
    check(page, "typing back", narrow=size is NARROW)
    type_back(page, ["able about above absent absorb"] * 8)
    page.get_by_role("button", name="Check").click()
    check(page, "a wrong line", narrow=size is NARROW)


def test_the_printer_gets_one_share_on_one_sheet_black_on_white(browser: Browser, built: Path) -> None:
    """Nothing else of the page, also from a dark screen; and a button brings it there."""
    page = a_page(browser, built, size=LAPTOP, scheme="dark")
    page.evaluate("() => { window.print = () => { window.printed = (window.printed ?? 0) + 1 } }")
    page.get_by_role("button", name="Show the share").click()
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed") == 1
    written = lines(page)
    page.emulate_media(media="print", color_scheme="dark")
    shown = page.evaluate(
        "() => [...document.querySelectorAll('body *')].filter((e) => e.checkVisibility() && !e.children.length"
        " && e.textContent.trim() && !e.closest('.sheet')).map((e) => e.textContent)"
    )
    assert shown == []
    assert page.locator(".sheet").inner_text().startswith("Recovery key: share 1 of 3")
    colours = page.evaluate(
        "() => [...new Set([...document.querySelectorAll('.sheet, .sheet *, body, html')].flatMap((e) =>"
        " [getComputedStyle(e).backgroundColor, e.closest('.sheet') && getComputedStyle(e).color]))]"
    )
    assert set(colours) <= {"rgb(255, 255, 255)", "rgb(0, 0, 0)", "rgba(0, 0, 0, 0)", None}
    pdf = page.pdf(format="A4", margin=dict.fromkeys(("top", "right", "bottom", "left"), "20mm"))
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert len(written) == 8


def test_no_service_learns_or_translates_the_words(browser: Browser, built: Path) -> None:
    page = a_page(browser, built)
    page.get_by_role("button", name="Show the share").click()
    assert page.locator(".share-lines").get_attribute("translate") == "no"
    page.get_by_role("button", name="I have written it down").click()
    expect(page.get_by_role("textbox")).to_have_count(2)
    for box in page.get_by_role("textbox").all():
        wanted = {"translate": "no", "spellcheck": "false", "autocomplete": "off", "autocapitalize": "none"}
        assert {name: box.get_attribute(name) for name in wanted} == wanted
        assert box.get_attribute("name") is None
