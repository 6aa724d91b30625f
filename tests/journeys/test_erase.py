"""A visitor erases the conversation while a counsellor talks: asked once more, said when it is so, gone at the desk."""

from pathlib import Path

from playwright.sync_api import expect

from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, account, chromium, context

WORDS = ("my brother took the phone", "nobody else reads this")


def test_a_visitor_erases_while_a_counsellor_talks(tmp_path: Path) -> None:
    """The question has the exit in it and can be answered with no; after a yes nothing is left on either screen."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        visitor = VisitorPage(context(browser).new_page(), demo.visitor)
        noor = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        noor.signs_in(account(demo, "counsellor"))
        visitor.opens()
        visitor.starts()
        visitor.says(WORDS[0])
        noor.takes(WORDS[0])
        noor.says(WORDS[1])
        expect(visitor.log).to_contain_text(WORDS[1])

        page, erase = visitor.page, visitor.page.get_by_role("button", name="Erase this conversation")
        visitor.says("\n".join(f"line {n} of a long story" for n in range(40)))
        place = "document.querySelector('.scroller').scrollTop"
        page.evaluate(f"{place} = 100")  # somebody reads back, and finds their place again afterwards
        erase.click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Erasing cannot be undone.")
        expect(dialog.get_by_role("button", name="Leave now")).to_be_visible()
        dialog.get_by_role("button", name="Keep it").click()
        expect(dialog).to_have_count(0)
        assert page.evaluate(place) == 100
        visitor.says("still here")
        expect(noor.conversations.get_by_role("log")).to_contain_text("still here")

        visitor.box.fill("not sent yet")
        page.get_by_role("button", name="End chat").click()
        dialog.get_by_role("button", name="Stop and erase").click()
        dialog.get_by_role("button", name="Erase this conversation").click()
        expect(page.get_by_role("heading", name="Erased. From backups within 7 days.")).to_be_visible()
        expect(page.get_by_role("button", name="Leave now")).to_be_visible()
        talk = noor.conversations.get_by_role("article", name="Conversation 1", exact=True)
        expect(talk).to_contain_text("This conversation was erased. Nothing of it is left here.")
        expect(talk.get_by_role("textbox")).to_have_count(0)
        for content in (page.content(), noor.page.content()):
            assert not any(words in content for words in (*WORDS, "still here", "not sent yet"))
        talk.get_by_role("button", name="Clear from the screen").click()
        expect(talk).to_have_count(0)

        page.get_by_role("button", name="Back to the beginning").click()
        visitor.starts()
        visitor.says("another conversation")
        noor.takes("another conversation")
        assert visitor.errors == noor.errors == []
