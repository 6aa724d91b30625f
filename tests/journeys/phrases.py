"""What somebody does with a return phrase."""

import re

from playwright.sync_api import expect

from journeys.stage import VisitorPage

WORDS = re.compile(r"^[a-z]{3,8}$")


def gets_a_phrase(visitor: VisitorPage) -> list[str]:
    """Ask for it, read the words, say that one has them; they are in no field and on no clipboard."""
    page = visitor.page
    page.get_by_role("button", name="Get a return phrase").click()
    dialog = page.get_by_role("dialog", name="Your return phrase")
    expect(dialog.get_by_role("listitem")).to_have_count(12)
    expect(dialog.get_by_role("button", name="Leave now")).to_be_visible()
    words = [item.inner_text() for item in dialog.get_by_role("listitem").all()]
    assert all(WORDS.match(word) for word in words), words
    page.keyboard.press("Control+A")
    # By lines: one of the words may well stand in a sentence around them.
    assert not set(words) & set(page.evaluate("getSelection().toString()").splitlines())
    dialog.get_by_role("button", name="I have them").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="My return phrase")).to_be_visible()
    assert not [word for word in words if f">{word}<" in page.content()]
    return words


def comes_back(visitor: VisitorPage, typed: str) -> None:
    """Type the words on another device."""
    page = visitor.page
    visitor.opens()
    page.get_by_role("button", name="I have a return phrase").click()
    box = page.get_by_role("textbox", name="Return phrase")
    for name, value in {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}.items():
        expect(box).to_have_attribute(name, value)
    box.fill(typed)
    page.get_by_role("button", name="Continue").click()
