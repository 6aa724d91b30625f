"""A phrase on one device and back on another; a message on a closed line, and its answer."""

import re
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Browser, expect

from journeys.phrases import comes_back, gets_a_phrase
from journeys.stage import LAPTOP, Demo, DeskPage, VisitorPage, a_demo, account, chromium, context


def test_with_the_phrase_from_another_device_into_the_same_thread(tmp_path: Path) -> None:
    """The phone is left; at the library everything is there, and the talk goes on; the phone is told, and empty."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        noor.signs_in(account(demo, "counsellor", 0))
        phone = VisitorPage(context(browser).new_page(), demo.visitor)
        phone.opens()
        phone.starts()
        words = gets_a_phrase(phone)  # before the first message
        phone.says("canary of the opening")
        noor.takes("canary of the opening")
        noor.says("take your time")
        expect(phone.log).to_contain_text("take your time")

        library = VisitorPage(context(browser).new_page(), demo.visitor)
        comes_back(library, " ".join(["zoo", *words[1:-1], "zzzz"]))
        expect(library.page.locator("main").get_by_text("We find nothing. Check the spelling.")).to_be_visible()
        expect(library.page.locator("main").get_by_text("Look at word 12.")).to_be_visible()
        box = library.page.get_by_role("textbox", name="Return phrase")
        box.fill("\n".join(f"{n}. {word.upper()}," for n, word in enumerate(words, 1)))
        library.page.get_by_role("button", name="Continue").click()
        for text in ("canary of the opening", "take your time"):
            expect(library.log).to_contain_text(text)
        expect(phone.page.get_by_role("heading", name="This conversation goes on on another device.")).to_be_visible()
        assert "canary of the opening" not in phone.page.content()
        library.says("now I can talk")
        expect(noor.conversations.get_by_role("log")).to_contain_text("now I can talk")
        noor.says("good that you are back")
        expect(library.log).to_contain_text("good that you are back")

        # Invalid from here on: the same words lead nowhere, and that is all that is said.
        library.page.get_by_role("button", name="My return phrase").click()
        library.page.get_by_role("button", name="Make my return phrase invalid").click()
        expect(library.page.get_by_role("button", name="Get a return phrase")).to_be_visible()
        friend = VisitorPage(context(browser).new_page(), demo.visitor)
        comes_back(friend, " ".join(words))
        expect(
            friend.page.locator("main").get_by_text("We find nothing. Check the spelling. It may also be erased.")
        ).to_be_visible()
        leaves_nothing(friend, words)
        assert phone.errors == library.errors == friend.errors == noor.errors == []


def leaves_nothing(visitor: VisitorPage, words: list[str]) -> None:
    """Leave with the words in the box: nothing of them is on the page, stored, or in the box of whoever comes next."""
    page = visitor.page
    page.get_by_role("button", name="Leave now").click()
    page.wait_for_url(re.compile("^(?!http://127)"), wait_until="commit")
    visitor.opens()
    page.get_by_role("button", name="I have a return phrase").click()
    expect(page.get_by_role("textbox", name="Return phrase")).to_have_value("")
    # By twos: one of the words may well stand in a sentence of the page.
    assert not [two for two in map(" ".join, pairwise(words)) if two in page.content()]
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_a_message_when_closed_and_its_answer(tmp_path: Path) -> None:
    """Write for later, get a phrase with it; staff take it, answer, end; the answer is read on another device."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        closes(demo, browser)
        phone = VisitorPage(context(browser).new_page(), demo.visitor)
        phone.opens()
        expect(phone.page.get_by_text("The chat is closed.").first).to_be_visible()
        expect(phone.page.get_by_role("button", name="Start chat")).to_have_count(0)
        expect(phone.page.get_by_role("textbox")).to_have_count(0)
        phone.page.get_by_role("button", name="Write for later").click()
        expect(phone.page.locator("main").get_by_text("Your return phrase shows the answer.")).to_be_visible()
        phone.box.fill("I cannot sleep")
        phone.page.get_by_role("button", name="Send", exact=True).click()
        expect(phone.page.get_by_role("heading", name="Your message is with us")).to_be_visible()
        expect(
            phone.page.locator("main").get_by_text("Without a return phrase you cannot read the answer.")
        ).to_be_visible()
        words = gets_a_phrase(phone)
        expect(
            phone.page.locator("main").get_by_text("With your return phrase you read the answer later.")
        ).to_be_visible()
        phone.page.close()

        noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        noor.signs_in(account(demo, "counsellor", 0))
        row = noor.waiting.get_by_role("listitem").filter(has_text="I cannot sleep")
        expect(row.get_by_text("message for later")).to_be_visible()
        expect(row.get_by_text("Visitor has left")).to_have_count(0)
        noor.takes("I cannot sleep")
        expect(noor.conversations.get_by_text("The visitor reads your answer with the return phrase")).to_be_visible()
        expect(noor.conversations.get_by_text("Visitor has left")).to_have_count(0)
        noor.says("good that you wrote, we are here tomorrow")
        noor.conversations.get_by_role("button", name="End conversation").click()
        noor.page.get_by_label("Completed").check()
        noor.page.get_by_role("button", name="Confirm").click()

        library = VisitorPage(context(browser).new_page(), demo.visitor)
        comes_back(library, " ".join(words))
        expect(library.page.get_by_role("heading", name="The counsellor has ended the chat.")).to_be_visible()
        for text in ("I cannot sleep", "good that you wrote, we are here tomorrow"):
            expect(library.page.get_by_role("region", name="Conversation")).to_contain_text(text)
        library.page.get_by_role("button", name="Make my return phrase invalid").click()
        expect(library.page.get_by_role("button", name="Make my return phrase invalid")).to_have_count(0)
        assert noor.errors == library.errors == []


def closes(demo: Demo, browser: Browser) -> None:
    """A lead closes the line."""
    lead = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
    lead.signs_in(account(demo, "lead", 0))
    lead.page.get_by_role("button", name="Close the line").click()
    expect(lead.page.get_by_role("button", name="Open the line")).to_be_visible()
    lead.page.close()
