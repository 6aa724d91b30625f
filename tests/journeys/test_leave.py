"""Leaving at once, losing the line, and the server that dies: the visitor's side of it."""

import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from journeys.leaving import OUTSIDE, RECORD, Outside, exit_of, leaves, presses_shift, taps_exit
from journeys.stage import LAPTOP, PHONE, DeskPage, VisitorPage, a_demo, account, chromium, context, start_demo
from journeys.turned import hides

SECRET = "nobody may read this"
HEARS = """() => {
  window.heard = [];
  const hear = () => {
    for (const { textContent } of document.querySelectorAll("[role=status]"))
      if (textContent !== "" && textContent !== heard.at(-1)) heard.push(textContent);
  };
  new MutationObserver(hear).observe(document.body, { childList: true, characterData: true, subtree: true });
}"""
"""Keep what the page says to screen readers, in order."""


def outside_is_there(person: BrowserContext) -> None:
    """The exit address answers, without a network."""
    person.route(OUTSIDE, lambda route: route.fulfill(body="<title>Weather</title>mild", content_type="text/html"))


def says_secret(visitor: VisitorPage) -> None:
    """Start, and write what must not be found."""
    visitor.opens()
    visitor.starts()
    visitor.says(SECRET)


def test_leave_now_goes_away_and_coming_back_shows_nothing(tmp_path: Path) -> None:
    """By tap, by Shift three times and by the link for those who go by links; Back shows no word of the chat."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        person = context(browser, size=LAPTOP)
        outside_is_there(person)

        def by_link(page: Page) -> None:
            link = page.get_by_role("link", name="Go away from this page at once")
            link.focus()
            assert link.bounding_box()["y"] >= 0, "with the focus it is in sight"
            page.keyboard.press("Enter")

        for go in (taps_exit, presses_shift, by_link):
            page = person.new_page()
            says_secret(VisitorPage(page, demo.visitor))
            go(page)
            page.wait_for_url(OUTSIDE)
            assert page.evaluate("history.length") == 2  # about:blank, and what took our place
            page.go_back()
            assert page.url == "about:blank"
            page.go_forward()
            page.wait_for_url(OUTSIDE)
            page.close()

        page = person.new_page()
        visitor = VisitorPage(page, demo.visitor)
        says_secret(visitor)
        # Heard as it is said: the next thing that is said there, as that the message was sent, takes its place.
        page.evaluate(HEARS)
        for key in ("Shift", "Shift", "a", "Shift", "Shift"):
            page.keyboard.press(key)
        while len(told := [text for text in page.evaluate("heard") if text.startswith("Shift ")]) < 4:
            page.wait_for_timeout(50)
        assert told == ["Shift 2 more times", "Shift 1 more times"] * 2
        assert page.url == demo.visitor

        # As a browser does that keeps a page for Back: what it keeps is empty, what it brings back is a plain start.
        page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
        assert SECRET not in page.content()
        assert page.locator("textarea").count() == 0
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        expect(page.get_by_role("button", name="Start chat")).to_be_visible()
        assert SECRET not in page.content()
        assert visitor.errors == []


def test_leaving_covers_and_wipes_before_anything_else_in_every_state(tmp_path: Path) -> None:
    """Nothing answers any more. First the cover, then the keys, the socket and the page, and only then the outside.

    In the frame after the tap nothing of the page is on the screen, whatever it was doing.
    """
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        person = context(browser)
        person.add_init_script(RECORD)
        outside = Outside(person)
        desk = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        desk.signs_in(account(demo, "counsellor"))

        def arrives(script: str = "") -> VisitorPage:
            page = person.new_page()
            page.add_init_script(script)
            visitor = VisitorPage(page, demo.visitor)
            visitor.opens()
            return visitor

        def waits() -> VisitorPage:
            visitor = arrives()
            visitor.starts()
            visitor.says(SECRET)
            return visitor

        def talks(opening: str) -> VisitorPage:
            visitor = arrives()
            visitor.starts()
            visitor.says(opening)
            desk.takes(opening)
            desk.says(f"I read: {opening}", desk.conversations.get_by_role("article").filter(has_text=opening))
            expect(visitor.log).to_contain_text(f"I read: {opening}")
            return visitor

        def check(name: str, visitor: VisitorPage, *wanted: str, by_key: bool = False) -> None:
            left = leaves(visitor.page, outside, by_key=by_key)
            order = [one for one in left["order"] if one not in ("frame", "page")]
            assert (order[0], order[-1]) == ("cover", "replace https://www.wikipedia.org/"), (name, left)
            assert {"cover", *wanted} <= set(order[:-1]) <= {"cover", "keys", "socket"}, (name, left)
            shown = left["shown"]
            assert (shown["on_top"], shown["opaque"], shown["parts"]) == (True, True, 0), (name, shown)
            assert (shown["words"], shown["voices"], shown["title"]) == ("", "", "Luwte"), (name, shown)
            if name in (
                "start",
                "the server is dead",
            ):  # from memory, for as long as nothing comes: the day and the time
                memory = re.compile(r"^\s*[\d:. APM]+\s*\w+[\w ,.]+$")
                expect(visitor.page.locator("body")).to_have_text(memory, use_inner_text=True)
            visitor.page.close()

        def press(visitor: VisitorPage, name: str) -> VisitorPage:
            visitor.page.get_by_role("button", name=name).click()
            return visitor

        def with_keyboard(visitor: VisitorPage) -> VisitorPage:
            visitor.box.fill(SECRET)
            visitor.page.set_viewport_size({"width": 360, "height": 320})
            return visitor

        check("start", arrives())
        hiding = arrives()
        hiding.page.get_by_role("link", name="How to hide this visit").click()
        expect(hiding.page.get_by_role("dialog", name="How to hide this visit")).to_be_visible()
        check("how to hide this visit", hiding, by_key=True)
        opening = arrives()
        opening.page.evaluate("document.querySelector('.go').click()")
        check("keys are being made", opening)
        check("waiting", waits(), "keys", "socket")
        check("asked whether to step out", press(waits(), "Step out"), "keys", "socket")
        no_crypto = arrives("Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })")
        press(no_crypto, "Start chat")
        expect(no_crypto.page.get_by_role("heading", name="This browser cannot lock")).to_be_visible()
        check("no crypto", no_crypto)
        check("the keyboard is open", with_keyboard(talks("first")), "keys", "socket")
        check("asked whether to stop", press(talks("second"), "End chat"), "keys", "socket", by_key=True)
        ended = press(press(talks("third"), "End chat"), "Stop and keep")
        expect(ended.page.get_by_text("Good that you came").first).to_be_visible()
        check("ended", ended)

        sending, late, stuck = talks("fourth"), waits(), arrives()
        demo.process.send_signal(signal.SIGSTOP)
        sending.says(SECRET)
        expect(sending.log.get_by_text("Sending")).to_be_visible()
        check("a message is being sent, the server says nothing", sending, "keys", "socket")
        stuck.page.evaluate("document.querySelector('.go').click()")
        check("keys are being made, the server says nothing", stuck)
        demo.process.kill()
        demo.process.wait()
        check("the server is dead", late, "keys")


def states(desk: DeskPage, visitor: VisitorPage) -> dict[str, Callable[[], Any]]:
    """From one to the next, in this order."""
    page = visitor.page

    def talk() -> None:
        visitor.starts()
        visitor.says("hello")
        desk.takes("hello")
        for n in range(6):
            desk.says(f"a longer line to read, number {n}")
        expect(visitor.log).to_contain_text("number 5")

    return {
        "start": lambda: None,
        "start, scrolled to its end": lambda: page.evaluate("scrollTo(0, document.body.scrollHeight)"),
        "how to hide this visit": lambda: page.get_by_role("link", name="How to hide this visit").click(),
        "at the end of that": lambda: page.evaluate("document.querySelector('dialog').scrollTo(0, 9999)"),
        "back": lambda: page.get_by_role("button", name="Back", exact=True).click(),
        "talking": talk,
        "writing": lambda: visitor.box.click(),
        "at the top of the log": lambda: page.evaluate("document.querySelector('.scroller').scrollTo(0, 0)"),
        "asked whether to stop": lambda: page.get_by_role("button", name="End chat").click(),
    }


SIZES = {
    "a small phone": ({"width": 320, "height": 560}, ""),
    "its keyboard open": ({"width": 320, "height": 250}, ""),
    "400 % on a laptop": ({"width": 320, "height": 256}, ""),
    "200 % on a small phone": ({"width": 160, "height": 280}, ""),
    "letters twice as large": ({"width": 320, "height": 560}, "200%"),
}


def is_in_sight(page: Page, name: str) -> None:
    """Whole, uncovered, and at the inline end."""
    box, size = exit_of(page).bounding_box(), page.viewport_size
    assert box is not None, name
    assert size is not None, name
    assert box["y"] >= 0, (name, box)
    assert box["x"] >= 0, (name, box)
    assert box["x"] + box["width"] <= size["width"], (name, box)
    assert box["y"] + box["height"] <= size["height"], (name, box)
    for x in (0.1, 0.5, 0.9):
        at = [box["x"] + box["width"] * x, box["y"] + box["height"] / 2]
        hit = page.evaluate("([x, y]) => document.elementFromPoint(x, y)?.closest('button')?.textContent", at)
        assert "Leave now" in (hit or ""), (name, hit)


def test_the_exit_is_in_sight_and_nothing_else_is_when_the_page_is_not(tmp_path: Path) -> None:
    """Small, enlarged, scrolled, with a keyboard, over every dialog; and out of sight the page shows nothing at all."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        desk = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        desk.signs_in(account(demo, "counsellor"))
        page = context(browser, size=PHONE).new_page()
        visitor = VisitorPage(page, demo.visitor)
        visitor.opens()
        for state, reach in states(desk, visitor).items():
            page.set_viewport_size(PHONE)
            reach()
            for name, (size, letters) in SIZES.items():
                page.set_viewport_size(size)
                page.evaluate("(size) => (document.documentElement.style.fontSize = size)", letters)
                is_in_sight(page, f"{state}, {name}")
            page.evaluate("document.documentElement.style.fontSize = ''")
            page.set_viewport_size(PHONE)
            looks = "[...document.querySelectorAll('body, dialog')].map((e) => getComputedStyle(e).opacity)"
            focus = "document.activeElement?.outerHTML.slice(0, 80)"
            scrolls = "[...document.querySelectorAll('html, .scroller, dialog')].map((e) => e.scrollTop)"
            before = page.evaluate(f"[{focus}, {scrolls}]")
            hides(page)
            assert set(page.evaluate(looks)) == {"0"}, state
            hides(page, hidden=False)
            assert set(page.evaluate(looks)) == {"1"}, state
            assert page.evaluate(f"[{focus}, {scrolls}]") == before, state
        page.get_by_role("button", name="Keep talking").click()
        visitor.box.fill("half a sentence")
        hides(page)
        desk.says("take your time")
        expect(visitor.log).to_contain_text("take your time")
        hides(page, hidden=False)
        expect(visitor.box).to_have_value("half a sentence")
        expect(visitor.box).to_be_focused()
        assert visitor.errors == []


def test_a_message_survives_a_killed_server(tmp_path: Path) -> None:
    """The visitor writes on while the server is dead; it starts again; everything arrives once and in order."""
    folder = tmp_path / "demo"
    demo = start_demo(folder)
    port = int(demo.visitor.rsplit(":", 1)[1].strip("/"))
    try:
        with chromium() as browser:
            visitor = VisitorPage(context(browser).new_page(), demo.visitor)
            noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
            noor.signs_in(account(demo, "counsellor"))
            visitor.opens()
            visitor.starts()
            visitor.says("before")
            noor.takes("before")
            noor.says("I read you")
            expect(visitor.log).to_contain_text("I read you")
            demo.process.kill()
            demo.process.wait()
            visitor.says("during one")
            visitor.says("during two")
            expect(visitor.log.get_by_text("Not sent yet, will retry").first).to_be_visible()
            demo = start_demo(folder, port=port)
            log = noor.conversations.get_by_role("log")
            expect(log).to_contain_text("during two")
            expect(visitor.log.get_by_text("Not sent yet, will retry")).to_have_count(0)
            said = log.inner_text()
            assert [said.count(text) for text in ("before", "during one", "during two")] == [1, 1, 1]
            assert said.index("before") < said.index("during one") < said.index("during two")
            noor.says("still here")
            expect(visitor.log).to_contain_text("still here")
    finally:
        demo.stop()
