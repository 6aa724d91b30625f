"""A line that closes during a chat; a counsellor who needs a colleague; a lead who reads along and goes on."""

from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from journeys.stage import LAPTOP, PHONE, DeskPage, VisitorPage, a_demo, account, chromium, context

LISTEN = """() => {
  window.tones = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...args) {
    if (this.context.state === "running") window.tones += 1;
    return start.apply(this, args);
  };
}"""


def a_desk(browser: Any, demo: Any, role: str, index: int = 0) -> DeskPage:
    """Somebody of this role, signed in."""
    desk = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
    desk.page.add_init_script(f"({LISTEN})()")
    desk.signs_in(account(demo, role, index))
    return desk


def a_visitor(browser: Any, demo: Any, words: str) -> VisitorPage:
    """Somebody who wrote *words* and waits."""
    visitor = VisitorPage(context(browser).new_page(), demo.visitor)
    visitor.opens()
    visitor.starts()
    visitor.says(words)
    return visitor


def test_the_line_closes_during_a_chat(tmp_path: Path) -> None:
    """Who talks goes on, who waits keeps the place and is told, who comes sees when and where else; then it opens."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor, robin = a_desk(browser, demo, "counsellor"), a_desk(browser, demo, "lead")
        talker = a_visitor(browser, demo, "I am talking")
        noor.takes("I am talking")
        waiter = a_visitor(browser, demo, "I am waiting")
        ready = VisitorPage(context(browser).new_page(), demo.visitor)
        ready.opens()
        expect(ready.page.get_by_role("button", name="Start chat")).to_be_visible()
        line = robin.page.get_by_role("region", name="Line")
        expect(line.get_by_text("Open", exact=True)).to_be_visible()
        line.get_by_role("button", name="Close the line").click()
        expect(line.get_by_text("Closed", exact=True)).to_be_visible()
        expect(line.get_by_text("Still waiting: 1")).to_be_visible()
        expect(noor.page.get_by_text("Closed", exact=True)).to_be_visible()

        talker.says("are you still there?")
        noor.says("yes, I stay")
        expect(talker.log).to_contain_text("yes, I stay")
        expect(waiter.page.get_by_text("The chat has closed for new visitors.").first).to_be_visible()
        ready.page.get_by_role("button", name="Start chat").click()
        expect(ready.page.get_by_role("heading", name="The chat is closed")).to_be_visible()
        ready.page.get_by_role("button", name="Back to the beginning").click()
        expect(ready.page.get_by_text("The chat is closed.").first).to_be_visible()
        expect(ready.page.get_by_role("button", name="Start chat")).to_have_count(0)
        expect(ready.page.get_by_role("link", name="Call 113")).to_have_attribute("href", "tel:113")
        expect(ready.page.get_by_text("A call may show in your call list")).to_be_visible()
        robin.takes("I am waiting")
        robin.says("we had closed, and I am here for you")
        expect(waiter.log).to_contain_text("I am here for you")

        line.get_by_role("button", name="Open the line").click()
        expect(line.get_by_text("Open", exact=True)).to_be_visible()
        again = VisitorPage(context(browser).new_page(), demo.visitor)
        again.opens()
        again.starts()
        assert talker.errors == waiter.errors == ready.errors == noor.errors == robin.errors == []


def test_a_counsellor_needs_a_colleague(tmp_path: Path) -> None:
    """One press; the lead hears and sees it; both sides know who comes; the lead reads along, whispers, takes over."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor, robin = a_desk(browser, demo, "counsellor"), a_desk(browser, demo, "lead")
        sam = a_desk(browser, demo, "counsellor", 1)
        visitor = a_visitor(browser, demo, "he is at the door")
        noor.takes("he is at the door")
        for number in ("112", "113"):
            link = visitor.page.get_by_role("link", name=number)
            expect(link).to_have_attribute("href", f"tel:{number}")
            expect(link).to_be_in_viewport()
        expect(visitor.page.get_by_text("We cannot see where you are.")).to_be_visible()

        noor.page.get_by_role("button", name="Need a colleague", exact=True).click()
        expect(noor.conversations.get_by_text("We are calling until somebody comes.")).to_be_visible()
        expect(noor.conversations.get_by_text("Nobody can find out where the visitor is.")).to_be_visible()
        calls = robin.page.get_by_role("region", name="Calls for a colleague")
        expect(calls.get_by_text("Noor needs a colleague in conversation 1.")).to_be_visible()
        expect(robin.page).to_have_title("(!) Need a colleague")
        robin.page.wait_for_function("window.tones >= 2")
        assert sam.page.evaluate("window.tones") == 0
        expect(sam.page.get_by_role("region", name="Calls for a colleague")).to_have_count(0)

        calls.get_by_role("button", name="I am coming").click()
        expect(noor.conversations.get_by_text("Robin comes.")).to_be_visible()
        expect(robin.page).to_have_title("Luwte")
        calls.get_by_role("button", name="Step in").click()
        log = robin.conversations.get_by_role("log")
        expect(log).to_contain_text("he is at the door")
        expect(robin.conversations.get_by_text("You read along with Noor.")).to_be_visible()
        expect(robin.conversations.get_by_role("textbox", name="Message", exact=True)).to_have_count(0)
        expect(noor.conversations.get_by_text("Robin reads along.")).to_be_visible()
        robin.conversations.get_by_role("textbox", name="Team note text").fill("say: call 112 now")
        robin.conversations.get_by_role("button", name="Team note").click()
        expect(noor.conversations.get_by_role("log")).to_contain_text("say: call 112 now")
        noor.says("Call 112 now. I stay with you.")
        expect(log).to_contain_text("I stay with you")
        assert "say: call 112 now" not in visitor.page.inner_text("body")

        robin.conversations.get_by_role("button", name="Take over").click()
        expect(noor.conversations.get_by_role("article")).to_have_count(0)
        expect(visitor.log).to_contain_text("A colleague continues")
        robin.says("This is Robin.")
        expect(visitor.log).to_contain_text("This is Robin.")
        expect(calls).to_have_count(0)
        assert visitor.errors == noor.errors == robin.errors == sam.errors == []


def test_a_lead_reads_along_with_a_reason_and_goes(tmp_path: Path) -> None:
    """From the list of what runs: a reason, which the colleague sees happen; stepping out takes it from the screen."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor, robin = a_desk(browser, demo, "counsellor"), a_desk(browser, demo, "lead")
        a_visitor(browser, demo, "hello there")
        noor.takes("hello there")
        shift = robin.page.get_by_role("region", name="Shift")
        expect(shift.get_by_text("Noor").first).to_be_visible()
        assert "hello there" not in shift.inner_text()
        shift.get_by_role("button", name="Step in").click()
        shift.get_by_label("Supervision").check()
        shift.get_by_role("button", name="Step in").click()
        expect(robin.conversations.get_by_role("log")).to_contain_text("hello there")
        expect(noor.conversations.get_by_text("Robin reads along.")).to_be_visible()
        robin.conversations.get_by_role("button", name="Step out").click()
        expect(robin.conversations.get_by_role("article")).to_have_count(0)
        expect(noor.conversations.get_by_text("Robin reads along.")).to_have_count(0)


def test_a_locked_desk_still_calls_and_a_quiet_one_makes_no_sound(tmp_path: Path) -> None:
    """A locked lead sees who asks and in which conversation, and nothing else; sound off is kept to."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor, robin = a_desk(browser, demo, "counsellor"), a_desk(browser, demo, "lead")
        a_visitor(browser, demo, "somebody help")
        noor.takes("somebody help")
        robin.page.get_by_role("button", name="Sound off").click()
        robin.page.get_by_role("button", name="Lock").click()
        noor.page.get_by_role("button", name="Need a colleague", exact=True).click()
        expect(robin.page.get_by_text("Noor needs a colleague in conversation 1. Unlock your desk.")).to_be_visible()
        expect(robin.page).to_have_title("(!) Need a colleague")
        assert robin.page.evaluate("window.tones") == 0
        assert "somebody help" not in robin.page.inner_text("body")


def test_the_timetable_closes_a_phone_sized_page_in_dutch(tmp_path: Path) -> None:
    """Never open by the file: closed, with the number, at the width of a phone."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "hours.toml").write_text("[lines.chat]\ndaily = []\n")
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        page = context(browser, "nl-NL", PHONE).new_page()
        page.goto(demo.visitor)
        expect(page.get_by_text("De chat is dicht.").first).to_be_visible()
        expect(page.get_by_role("link", name="Bel 113")).to_be_visible()
        expect(page.get_by_role("button", name="Start de chat")).to_have_count(0)
