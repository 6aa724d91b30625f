"""Every state of every page for everybody: axe without a finding, 320 px wide, the exit always in sight."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from journeys.stage import LAPTOP, PHONE, DeskPage, VisitorPage, a_demo, account, chromium, context

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
NARROW = {"width": 320, "height": 560}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def check(page: Page, state: str, narrow: bool) -> None:
    """No finding of axe, no sideways scrolling, no small target."""
    page.wait_for_timeout(250)  # the 150 ms of a fade
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "(rules) => axe.run(document, {runOnly: {type: 'tag', values: rules}})"
        ".then((result) => result.violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 120))]))",
        RULES,
    )
    assert found == [], f"{state}: {found}"
    if narrow:
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{state} scrolls sideways by {wide} px"
    small = page.evaluate(
        "() => [...document.querySelectorAll('button, a[href], summary, textarea, input')]"
        ".filter((e) => e.checkVisibility() && !['radio', 'checkbox'].includes(e.type))"  # their labels are the target
        ".map((e) => [e.textContent || e.name, e.getBoundingClientRect()])"
        ".filter(([, box]) => box.width > 0 && (box.height < 43.5 || box.width < 43.5)).map(([text]) => text)"
    )
    assert small == [], f"{state}: smaller than 44 px: {small}"


def exit_is_in_sight(page: Page, state: str) -> None:
    """At the inline end of the top, whole, and not covered."""
    leave = page.get_by_role("button", name="Leave now").last
    box = leave.bounding_box()
    size = page.viewport_size
    assert box is not None
    assert size is not None
    assert box["y"] >= 0, state
    assert box["y"] + box["height"] <= size["height"], state
    assert box["x"] + box["width"] <= size["width"], state
    hit = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y)?.closest('button, a')?.textContent",
        [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2],
    )
    assert "Leave now" in (hit or ""), f"{state}: the exit is covered by {hit!r}"


def a_browser_for(browser: Browser, size: dict[str, int], scheme: str) -> Page:
    """A page that lets axe in: the policy of the page would not."""
    return context(browser, size=size, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce").new_page()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, PHONE, LAPTOP], ids=["320", "phone", "laptop"])
def test_the_visitors_states(tmp_path: Path, size: dict[str, int], scheme: str) -> None:
    """Start, opened details, waiting, talking, a long log, the end dialog, ended."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        visitor = VisitorPage(a_browser_for(browser, size, scheme), demo.visitor)
        page = visitor.page
        narrow = size is NARROW

        def state(name: str, do: Callable[[], Any] | None = None) -> None:
            if do is not None:
                do()
            check(page, name, narrow)
            exit_is_in_sight(page, name)

        visitor.opens()
        state("start")
        for summary in page.locator("summary").all():
            summary.click()
        state("start, all open")
        visitor.starts()
        state("waiting")
        visitor.says("a word\nand another line, with averyveryverylongwordwithoutanyspaceinitatallwhichgoeson")
        state("waiting, written")
        desk = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        desk.signs_in(account(demo, "counsellor"))
        desk.takes("a word")
        expect(page.get_by_text("A counsellor is here for you").first).to_be_attached()
        for n in range(8):
            desk.says(f"line {n} of a longer conversation")
        expect(visitor.log).to_contain_text("line 7")
        state("talking")
        page.get_by_role("button", name="End chat").click()
        state("end dialog")
        page.get_by_role("button", name="Stop and keep").click()
        expect(page.get_by_text("Good that you came").first).to_be_visible()
        state("ended")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, LAPTOP], ids=["320", "laptop"])
def test_the_desks_states(tmp_path: Path, size: dict[str, int], scheme: str) -> None:
    """Signed out, refused, empty, somebody waits, one conversation, every form and dialog of it, locked."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        desk = DeskPage(a_browser_for(browser, size, scheme), demo.desk)
        page = desk.page
        narrow = size is NARROW
        page.goto(demo.desk)
        check(page, "signed out", narrow)
        page.get_by_label("Name").fill("Nobody")
        page.get_by_label("Passphrase").fill("wrong words")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("Name or passphrase is wrong").first).to_be_visible()
        check(page, "refused", narrow)
        desk.signs_in(account(demo, "counsellor"))
        check(page, "empty", narrow)
        visitor = VisitorPage(context(browser).new_page(), demo.visitor)
        visitor.opens()
        visitor.starts()
        visitor.says("somebody waits")
        expect(desk.waiting.get_by_text("somebody waits")).to_be_visible()
        check(page, "somebody waits", narrow)
        desk.takes("somebody waits")
        desk.says("here I am")
        check(page, "one conversation", narrow)
        page.get_by_role("button", name="End conversation").click()
        check(page, "choosing a reason", narrow)
        page.get_by_role("button", name="Hand over").click()
        check(page, "handing over", narrow)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Mute visitor").click()
        expect(page.get_by_text("Muted.")).to_be_visible()
        check(page, "muted", narrow)
        page.get_by_role("button", name="Replies").click()
        check(page, "replies", narrow)
        page.get_by_role("button", name="New reply").click()
        check(page, "a new reply", narrow)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="End my shift").click()
        check(page, "end of the shift", narrow)
        page.get_by_role("button", name="Stay").click()
        page.get_by_role("button", name="Lock").click()
        expect(page.get_by_label("Passphrase")).to_be_visible()
        assert "here I am" not in page.inner_text("body")
        check(page, "locked", narrow)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, LAPTOP], ids=["320", "laptop"])
def test_the_leads_states(tmp_path: Path, size: dict[str, int], scheme: str) -> None:
    """The panel, a call, choosing a reason, reading along, being read along with, a closed line at both ends."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        robin = DeskPage(a_browser_for(browser, size, scheme), demo.desk)
        noor = DeskPage(a_browser_for(browser, size, scheme), demo.desk)
        page, narrow = robin.page, size is NARROW
        robin.signs_in(account(demo, "lead"))
        noor.signs_in(account(demo, "counsellor"))
        check(page, "a lead's desk", narrow)
        visitor = VisitorPage(context(browser).new_page(), demo.visitor)
        visitor.opens()
        visitor.starts()
        visitor.says("somebody is here")
        noor.takes("somebody is here")
        check(noor.page, "a button for danger", narrow)
        shift = page.get_by_role("region", name="Shift")
        shift.get_by_role("button", name="Step in").click()
        check(page, "choosing why to read along", narrow)
        shift.get_by_label("Danger").check()
        shift.get_by_role("button", name="Step in").click()
        expect(robin.conversations.get_by_role("log")).to_contain_text("somebody is here")
        check(page, "reading along", narrow)
        expect(noor.conversations.get_by_text("Robin reads along.")).to_be_visible()
        noor.page.get_by_role("button", name="Need a colleague", exact=True).click()
        expect(noor.conversations.get_by_text("We are calling until somebody comes.")).to_be_visible()
        check(noor.page, "calling", narrow)
        expect(page.get_by_role("region", name="Calls for a colleague")).to_be_visible()
        check(page, "called", narrow)
        page.get_by_role("button", name="Emergency access").click()
        check(page, "asking for emergency access", narrow)
        page.keyboard.press("Escape")
        sam = DeskPage(a_browser_for(browser, size, scheme), demo.desk)
        sam.signs_in(account(demo, "counsellor", 1))
        sam.breaks_glass(1)
        check(sam.page, "reading through glass", narrow)
        expect(page.get_by_role("region", name="Used emergency access")).to_be_visible()
        check(page, "used emergency access", narrow)
        page.get_by_role("button", name="Look at the records").click()
        expect(page.get_by_role("dialog").get_by_role("row").nth(1)).to_be_visible()
        check(page, "who did what", narrow)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Close the line").click()
        expect(page.get_by_role("region", name="Line").get_by_text("Closed", exact=True)).to_be_visible()
        check(page, "a closed line", narrow)
        late = VisitorPage(a_browser_for(browser, size, scheme), demo.visitor)
        late.opens()
        expect(late.page.get_by_text("The chat is closed.").first).to_be_visible()
        check(late.page, "the closed page", narrow)
        exit_is_in_sight(late.page, "the closed page")
