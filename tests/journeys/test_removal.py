"""The last day of a colleague, in a real browser: while they talk with somebody."""

import sqlite3
import time
from pathlib import Path

from playwright.sync_api import expect

from actors import STUCK
from journeys.phrases import comes_back, gets_a_phrase
from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, chromium, context


def wraps(folder: Path, number: int) -> list[tuple[int, int, int]]:
    """Of a conversation: log, generation and epoch of each secret that the team can open."""
    with sqlite3.connect(f"file:{folder / 'main.db'}?mode=ro", uri=True) as database:
        return database.execute(
            "SELECT w.log, w.generation, w.epoch FROM wrap w JOIN conversation c ON c.key = w.conversation"
            " WHERE number = ? AND purpose IN (1, 7) ORDER BY 1, 2",
            (number,),
        ).fetchall()


def test_a_colleague_is_removed_while_they_talk(tmp_path: Path) -> None:
    """Their desk closes at once, the visitor is not left alone, and who comes next talks under another key."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor, sam, robin = (DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk) for _ in range(3))
        for desk, account in zip((noor, sam, robin), demo.accounts, strict=False):
            desk.signs_in(account)
        before = VisitorPage(context(browser).new_page(), demo.visitor)
        before.opens()
        before.starts()
        before.says("an old word")
        noor.takes("an old word")
        noor.page.get_by_role("button", name="End conversation").click()
        noor.page.get_by_role("button", name="Confirm").click()
        expect(noor.waiting).to_be_visible()

        visitor = VisitorPage(context(browser).new_page(), demo.visitor)
        visitor.opens()
        visitor.starts()
        words = gets_a_phrase(visitor)
        visitor.says("are you there?")
        noor.takes("are you there?")
        noor.says("yes, I am", noor.page.get_by_role("article", name="Conversation 2"))
        expect(visitor.log).to_contain_text("yes, I am")

        team = robin.page.get_by_role("region", name="Colleagues")
        row = team.get_by_role("listitem").filter(has_text="Noor")
        own = team.get_by_role("listitem").filter(has_text="Robin")
        expect(own.get_by_role("button", name="Remove from the team")).to_have_count(0)
        button = row.get_by_role("button", name="Remove from the team")
        button.dblclick()
        expect(row.get_by_role("alert")).to_contain_text("Noor is signed out at once")
        row.get_by_role("button", name="Cancel").click()
        expect(row.get_by_role("alert")).to_have_count(0)
        button.click()
        robin.page.wait_for_timeout(800)
        button.click()
        expect(row).to_have_count(0)

        expect(noor.page.get_by_role("button", name="Sign in")).to_be_visible()
        noor.page.get_by_label("Name").fill("Noor")
        noor.page.get_by_label("Passphrase").fill(demo.accounts[0]["passphrase"])
        noor.page.get_by_role("button", name="Sign in").click()
        expect(noor.page.get_by_text("Name or passphrase is wrong").first).to_be_visible()
        noor.errors.clear()  # refusals are errors to the browser

        # Whose desk was open all the time goes on with what was said before ...
        expect(team.get_by_text("had the team's key")).to_have_count(0)
        sam.takes("are you there?")
        expect(sam.conversations).to_contain_text("yes, I am")
        sam.says("I go on from here")
        expect(visitor.log).to_contain_text("I go on from here")
        visitor.says("good that it goes on")
        expect(sam.conversations).to_contain_text("good that it goes on")
        # With the first word under the next key the talk goes on under a secret that Noor's key does not open.
        assert wraps(demo.data_dir, 2) == [(1, 0, 1), (1, 1, 1), (1, 2, 2)]
        library = VisitorPage(context(browser).new_page(), demo.visitor)
        comes_back(library, " ".join(words))
        for text in ("are you there?", "yes, I am", "I go on from here", "good that it goes on"):
            expect(library.log).to_contain_text(text)
        library.says("from another device")
        expect(sam.conversations).to_contain_text("from another device")
        sam.says("I read you", sam.page.get_by_role("article", name="Conversation 2"))
        expect(library.log).to_contain_text("I read you")
        assert "could not be verified" not in library.page.content() + sam.page.content()
        # ... and with who begins under the next key.
        second = VisitorPage(context(browser).new_page(), demo.visitor)
        second.opens()
        second.starts()
        second.says("a first word")
        sam.takes("a first word")
        sam.says("hello", sam.page.get_by_role("article", name="Conversation 3"))
        expect(second.log).to_contain_text("hello")
        # What ended before is wrapped to the next key, too, and opens with it.
        expect(team.get_by_text("Old chats get the new key")).to_have_count(0)
        robin.breaks_glass(1)
        expect(robin.conversations).to_contain_text("an old word")
        expect(robin.conversations).to_contain_text("this chat got another key")
        # So is, once it has ended, what went on under two keys.
        sam.page.get_by_role("article", name="Conversation 2").get_by_role("button", name="End conversation").click()
        sam.page.get_by_role("button", name="Confirm").click()
        expect(library.page.get_by_role("button", name="Back to the beginning")).to_be_visible()
        robin.signs_out()
        robin.signs_in(demo.accounts[2])
        deadline = time.monotonic() + STUCK
        while wraps(demo.data_dir, 2) != [(1, 0, 2), (1, 1, 2), (1, 2, 2)] and time.monotonic() < deadline:
            robin.page.wait_for_timeout(200)
        robin.breaks_glass(2)
        for text in ("are you there?", "I go on from here", "from another device", "I read you"):
            expect(robin.conversations).to_contain_text(text)
        assert "could not be verified" not in robin.page.content()
        for one in (visitor, library, second, noor, sam, robin):
            assert one.errors == []
