"""Two browsers talk; a colleague takes over; two desks press Take at once."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, account, chromium, context


def test_a_whole_conversation_and_a_colleague_who_goes_on(tmp_path: Path) -> None:
    """A visitor starts and writes; Noor takes it, they talk; Noor signs out, Sam reads the history and goes on."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        visitor = VisitorPage(context(browser).new_page(), demo.visitor)
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        noor.signs_in(account(demo, "counsellor", 0))
        visitor.opens()
        visitor.starts()
        visitor.says("I don't know where to begin")
        noor.takes("I don't know where to begin")
        expect(visitor.page.get_by_text("A counsellor is here for you")).to_be_visible()
        noor.says("Good that you are here. Take your time.")
        expect(visitor.log).to_contain_text("Good that you are here. Take your time.")
        visitor.says("thank you")
        expect(noor.conversations.get_by_role("log")).to_contain_text("thank you")
        noor.signs_out()

        sam = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        sam.signs_in(account(demo, "counsellor", 1))
        sam.takes("I don't know where to begin")
        for text in ("Good that you are here. Take your time.", "thank you"):
            expect(sam.conversations.get_by_role("log")).to_contain_text(text)
        expect(visitor.log).to_contain_text("A colleague continues")
        sam.says("Hello, I am the colleague. I have read what you wrote.")
        expect(visitor.log).to_contain_text("I have read what you wrote")
        visitor.says("ok")
        expect(sam.conversations.get_by_role("log")).to_contain_text("ok")

        sam.conversations.get_by_role("button", name="End conversation").click()
        sam.page.get_by_label("Completed").check()
        sam.page.get_by_role("button", name="Confirm").click()
        expect(visitor.page.get_by_role("heading", name="The counsellor has ended the chat")).to_be_visible()
        assert visitor.errors == noor.errors == sam.errors == []


def test_whoever_is_writing_sees_that_their_counsellor_left(tmp_path: Path) -> None:
    """At the end of a long log, in the middle of a word: it is in sight, and nothing moves; until somebody comes."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        visitor = VisitorPage(context(browser).new_page(), demo.visitor)
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        noor.signs_in(account(demo, "counsellor", 0))
        visitor.opens()
        visitor.starts()
        visitor.says("hello")
        noor.takes("hello")
        for n in range(6):
            noor.says(f"take your time {n}")
            visitor.says(f"thank you {n}")
        visitor.box.click()
        visitor.page.keyboard.type("half a sen")
        noor.signs_out()
        left = visitor.page.locator("main").get_by_text("Your counsellor has left.")
        expect(left).to_be_in_viewport()
        expect(visitor.page.locator("main").get_by_text("You are number 1.")).to_be_in_viewport()
        expect(visitor.log.get_by_text("thank you 5")).to_be_in_viewport()
        expect(visitor.page.get_by_role("button", name="End chat")).to_be_visible()
        visitor.page.keyboard.type("tence")
        expect(visitor.box).to_have_value("half a sentence")
        sam = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        sam.signs_in(account(demo, "counsellor", 1))
        sam.takes("hello")
        expect(left).to_have_count(0)
        expect(visitor.log.get_by_text("A colleague continues")).to_be_in_viewport()
        assert visitor.errors == []


def test_a_whole_conversation_in_dutch(tmp_path: Path) -> None:
    """The same by its Dutch names."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        page = context(browser, "nl-NL").new_page()
        desk = context(browser, "nl-NL", LAPTOP).new_page()
        desk.goto(demo.desk)
        desk.get_by_label("Naam").fill(account(demo, "counsellor")["name"])
        desk.get_by_label("Wachtzin").fill(account(demo, "counsellor")["passphrase"])
        desk.get_by_role("button", name="Aanmelden").click()
        page.goto(demo.visitor)
        page.get_by_role("button", name="Start de chat").click()
        page.get_by_role("textbox", name="Jouw bericht").fill("ik weet niet hoe ik moet beginnen")
        page.get_by_role("button", name="Stuur", exact=True).click()
        waiting = desk.get_by_role("region", name="Wachten")
        expect(waiting.get_by_text("ik weet niet hoe ik moet beginnen")).to_be_visible()
        waiting.get_by_role("button", name="Neem", exact=True).click()
        talk = desk.get_by_role("region", name="Gesprekken")
        talk.get_by_role("textbox", name="Bericht", exact=True).fill("Fijn dat je er bent.")
        talk.get_by_role("button", name="Stuur", exact=True).click()
        log = page.get_by_role("log", name="Gesprek")
        expect(log).to_contain_text("Fijn dat je er bent.")
        expect(page.get_by_text("Gelezen").first).to_be_visible()
        page.get_by_role("button", name="Stop chat").click()
        page.get_by_role("button", name="Stoppen en bewaren").click()
        expect(page.get_by_text("Goed dat je er was.").first).to_be_visible()
        expect(talk.get_by_text("Bezoeker").first).to_be_visible()


@pytest.mark.parametrize("locale", ["en-US", "nl-NL"])
def test_the_page_speaks_the_languages_of_the_browser(tmp_path: Path, locale: str) -> None:
    """Dutch for a Dutch browser, English otherwise, and a switch."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        page = context(browser, locale).new_page()
        page.goto(demo.visitor)
        words = {"en-US": "You can talk here", "nl-NL": "Hier kun je praten"}
        expect(page.get_by_role("heading", level=1)).to_contain_text(words[locale])
        assert page.title() == "Luwte"


def test_two_desks_press_take_at_once(tmp_path: Path) -> None:
    """Exactly one has the conversation; the other is told that a colleague was first."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        desks = [DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk) for _ in range(2)]
        for index, desk in enumerate(desks):
            desk.signs_in(account(demo, "counsellor", index))
        for turn in range(3):
            visitor = VisitorPage(context(browser).new_page(), demo.visitor)
            visitor.opens()
            visitor.starts()
            visitor.says(f"turn {turn}")
            takes = [
                desk.waiting.get_by_role("listitem")
                .filter(has_text=f"turn {turn}")
                .get_by_role("button", name="Take", exact=True)
                for desk in desks
            ]
            for take in takes:
                expect(take).to_be_visible()
            handles = [take.element_handle() for take in takes]
            for desk, handle in zip(desks, handles, strict=True):
                desk.page.evaluate("(take) => { setTimeout(() => take.click(), 0); }", handle)
            for desk in desks:
                expect(
                    desk.page.get_by_text(f"turn {turn}").or_(desk.page.get_by_text("A colleague was first")).first
                ).to_be_visible()
                expect(desk.waiting.get_by_text(f"turn {turn}")).to_have_count(0)
            has_it = [desk.conversations.get_by_text(f"turn {turn}").count() > 0 for desk in desks]
            assert sorted(has_it) == [False, True]
            loser = desks[has_it.index(False)]
            expect(loser.page.get_by_text("A colleague was first").first).to_be_attached()
