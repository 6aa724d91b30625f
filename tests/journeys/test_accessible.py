"""Every state of every page for everybody: axe without a finding, 320 px wide, the exit always in sight."""

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from actors import App
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


@pytest.mark.parametrize(
    ("size", "scheme"),
    [(NARROW, "light"), (NARROW, "dark"), (PHONE, "light"), (LAPTOP, "dark")],
    ids=["320-light", "320-dark", "phone-light", "laptop-dark"],
)
def test_the_visitors_states(tmp_path: Path, size: dict[str, int], scheme: str) -> None:
    """Start, opened details, waiting, talking, a long log, the end dialog, ended, the erase dialog, erased."""
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
        # To axe a link that lies half under the header would be a small one.
        state("start, all open", lambda: page.evaluate("scrollTo(0, 0)"))
        state("how to hide", lambda: page.get_by_role("link", name="How to hide this visit").click())
        page.keyboard.press("Escape")
        page.get_by_role("button", name="I have a return phrase").click()
        state("coming back")
        page.get_by_role("textbox", name="Return phrase").fill("twelve words that are none")
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("main").get_by_text("We find nothing.")).to_be_visible()
        state("coming back, nothing found")
        page.get_by_role("button", name="Back", exact=True).click()
        visitor.starts()
        state("waiting")
        page.get_by_role("button", name="Get a return phrase").click()
        expect(page.get_by_role("listitem")).to_have_count(12)
        state("the words of a phrase")
        page.get_by_role("button", name="I have them").click()
        page.get_by_role("button", name="My return phrase").click()
        state("a phrase there is")
        page.get_by_role("button", name="Back", exact=True).click()
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
        page.get_by_role("button", name="Erase this conversation").click()
        state("erase dialog")
        page.get_by_role("dialog").get_by_role("button", name="Erase this conversation").click()
        expect(page.get_by_role("heading", name="Erased.")).to_be_visible()
        state("erased")


@pytest.mark.parametrize(("size", "scheme"), [(NARROW, "light"), (LAPTOP, "dark")], ids=["320-light", "laptop-dark"])
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


@pytest.mark.parametrize(("size", "scheme"), [(NARROW, "light"), (LAPTOP, "dark")], ids=["320-light", "laptop-dark"])
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
        late.page.get_by_role("button", name="Write for later").click()
        check(late.page, "writing for later", narrow)
        late.box.fill("for later")
        late.page.get_by_role("button", name="Send", exact=True).click()
        expect(late.page.get_by_role("heading", name="Your message is with us")).to_be_visible()
        check(late.page, "a message that was left", narrow)
        late.page.close()
        expect(page.get_by_text("message for later")).to_be_visible()
        check(page, "a message in the list", narrow)


@pytest.mark.parametrize(("size", "scheme"), [(NARROW, "light"), (LAPTOP, "dark")], ids=["320-light", "laptop-dark"])
def test_the_states_of_ones_own_account(tmp_path: Path, size: dict[str, int], scheme: str) -> None:
    """The door with a code and with a sheet; the account, each task of it step by step, and what is refused."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        desk = DeskPage(a_browser_for(browser, size, scheme), demo.desk)
        page, narrow, who = desk.page, size is NARROW, account(demo, "counsellor")
        page.goto(demo.desk)
        page.get_by_role("button", name="I also have a code").click()
        check(page, "the door with a code", narrow)
        page.get_by_role("button", name="Passphrase lost?").click()
        check(page, "the door with a sheet", narrow)
        page.get_by_label("Name").fill(who["name"])
        page.get_by_label("The twelve words").fill("these are not words")
        page.get_by_label("One-time code").fill("123456")
        page.get_by_role("button", name="Make a new passphrase").click()
        expect(page.locator("#app").get_by_text("These are not the twelve words")).to_be_visible()
        check(page, "a sheet that is none", narrow)
        desk.signs_in(who)
        page.get_by_role("button", name="My account").click()
        own = page.get_by_role("dialog", name="My account")
        expect(own.get_by_role("heading", name="Recovery sheet")).to_be_visible()
        check(page, "my account", narrow)

        def begins(button: str) -> None:
            own.get_by_role("button", name=button).click()
            expect(own.get_by_label("Passphrase")).to_be_visible()
            own.get_by_label("Passphrase").fill(who["passphrase"])
            own.get_by_role("button", name="Go on").click()
            expect(own.get_by_label("Passphrase", exact=True)).to_have_count(0)

        own.get_by_role("button", name="Set up a second factor").click()
        check(page, "the passphrase first", narrow)
        own.get_by_role("button", name="Cancel").click()
        begins("Set up a second factor")
        check(page, "a secret for an app", narrow)
        own.get_by_label("One-time code").fill("123")
        own.get_by_role("button", name="Go on").click()
        expect(own.get_by_text("This code is not right.")).to_be_visible()
        check(page, "a code that is refused", narrow)
        secret = base64.b32decode((own.locator("code.secret").text_content() or "").replace(" ", ""))
        own.get_by_label("One-time code").fill(App(secret).code(time.time()))
        own.get_by_role("button", name="Go on").click()
        expect(own.get_by_role("list", name="Recovery codes").get_by_role("listitem")).to_have_count(10)
        check(page, "ten codes", narrow)
        code = own.get_by_role("listitem").first.text_content() or ""
        own.get_by_label("Type one of these codes").fill(code)
        own.get_by_role("button", name="I have kept them").click()
        expect(own.get_by_text("It is on.")).to_be_visible()
        check(page, "a second factor there is", narrow)
        begins("Make a recovery sheet")
        expect(own.get_by_role("listitem")).to_have_count(12)
        check(page, "twelve words", narrow)
        own.get_by_role("button", name="I have written them down").click()
        own.get_by_label("The twelve words").fill("not these")
        own.get_by_role("button", name="Save").click()
        expect(own.get_by_text("These are not the same words.")).to_be_visible()
        check(page, "other words", narrow)
        page.keyboard.press("Escape")
        expect(own).to_have_count(0)
