"""Leaving at once, losing the line, and the server that dies: the visitor's side of it."""

import re
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, account, chromium, context, start_demo

OUTSIDE = re.compile(r"^https://www\.wikipedia\.org/")


def outside_is_there(person: BrowserContext) -> None:
    """The exit address answers, without a network."""
    person.route(OUTSIDE, lambda route: route.fulfill(body="<title>Weather</title>mild", content_type="text/html"))


def test_leave_now_goes_away_and_coming_back_shows_nothing(tmp_path: Path) -> None:
    """By tap; Back shows no word of the chat."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        person = context(browser)
        outside_is_there(person)
        visitor = VisitorPage(person.new_page(), demo.visitor)
        visitor.opens()
        visitor.starts()
        visitor.says("nobody may read this")
        visitor.page.get_by_role("button", name="Leave now").click()
        visitor.page.wait_for_url(OUTSIDE)
        visitor.page.go_back()
        visitor.page.wait_for_timeout(300)
        assert "nobody may read this" not in visitor.page.content()


def test_shift_three_times_leaves(tmp_path: Path) -> None:
    """Three in a row leave; with another key between they do not."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        person = context(browser, size=LAPTOP)
        outside_is_there(person)
        visitor = VisitorPage(person.new_page(), demo.visitor)
        visitor.opens()
        visitor.starts()
        for key in ("Shift", "Shift", "a", "Shift"):
            visitor.page.keyboard.press(key)
        assert visitor.page.url == demo.visitor
        for _ in range(3):
            visitor.page.keyboard.press("Shift")
        visitor.page.wait_for_url(OUTSIDE)


def test_leave_now_works_with_the_server_dead_and_no_network(tmp_path: Path) -> None:
    """The words are gone from the page at once; what is left is a neutral page from memory."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        person = context(browser)
        visitor = VisitorPage(person.new_page(), demo.visitor)
        visitor.opens()
        visitor.starts()
        visitor.says("nobody may read this")
        demo.process.kill()
        demo.process.wait()
        person.route("**/*", lambda route: route.abort("internetdisconnected"))
        gone = visitor.page.evaluate(
            """() => {
              const exit = [...document.querySelectorAll('button, a')].find((e) => e.textContent.includes('Leave now'));
              exit.click();
              return document.body.innerText.includes('nobody may read this');
            }"""
        )
        assert gone is False
        visitor.page.wait_for_timeout(500)
        assert "nobody may read this" not in visitor.page.content()
        assert visitor.page.title() != "" or visitor.page.url.startswith("chrome-error")


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
            expect(log).to_contain_text("during two", timeout=30_000)
            expect(visitor.log.get_by_text("Not sent yet, will retry")).to_have_count(0)
            said = log.inner_text()
            assert [said.count(text) for text in ("before", "during one", "during two")] == [1, 1, 1]
            assert said.index("before") < said.index("during one") < said.index("during two")
            noor.says("still here")
            expect(visitor.log).to_contain_text("still here")
    finally:
        demo.stop()
