"""The desk by itself: it locks, it counts what is unread, it keeps a draft."""

from pathlib import Path

from playwright.sync_api import expect

from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, account, chromium, context


def test_a_desk_that_nobody_touches_locks_itself(tmp_path: Path) -> None:
    """After five minutes nothing can be read; the passphrase opens it again, with the draft and what came meanwhile."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        desk_page = context(browser, size=LAPTOP).new_page()
        desk_page.clock.install()
        desk = DeskPage(desk_page, demo.desk)
        visitor = VisitorPage(context(browser).new_page(), f"{demo.visitor}l/chat")
        desk.signs_in(account(demo, "counsellor"))
        visitor.opens()
        visitor.starts()
        visitor.says("before the lock")
        desk.takes("before the lock")
        draft = desk.conversations.get_by_role("textbox", name="Message", exact=True)
        draft.fill("a half-written answer")
        desk_page.clock.fast_forward("05:30")
        passphrase = desk_page.get_by_label("Passphrase")
        expect(passphrase).to_be_visible()
        assert "before the lock" not in desk_page.inner_text("body")
        assert "before the lock" not in desk_page.locator("body").inner_html()
        visitor.says("while it was locked")
        passphrase.fill("wrong words")
        desk_page.keyboard.press("Enter")
        expect(passphrase).to_be_visible()
        assert "before the lock" not in desk_page.inner_text("body")
        passphrase.fill(account(demo, "counsellor")["passphrase"])
        desk_page.keyboard.press("Enter")
        log = desk.conversations.get_by_role("log")
        expect(log).to_contain_text("before the lock")
        expect(log).to_contain_text("while it was locked")
        expect(draft).to_have_value("a half-written answer")


def test_unread_messages_are_counted_beside_their_conversation(tmp_path: Path) -> None:
    """Of two conversations side by side, the one not looked at says how many are new; the title says it, too."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        desk = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        desk.signs_in(account(demo, "counsellor"))
        visitors = []
        for words in ("the first one", "the second one"):
            visitor = VisitorPage(context(browser).new_page(), demo.visitor)
            visitor.opens()
            visitor.starts()
            visitor.says(words)
            desk.takes(words)
            visitors.append(visitor)
        second = desk.conversations.get_by_role("article", name="Conversation 2")
        second.get_by_role("textbox", name="Message", exact=True).focus()
        visitors[0].says("and another thing")
        visitors[0].says("and one more")
        first = desk.conversations.get_by_role("article", name="Conversation 1")
        expect(first.get_by_text("2 new")).to_be_visible()
        assert "2" in desk.page.title()
        first.get_by_role("textbox", name="Message", exact=True).click()
        expect(first.get_by_text("2 new")).to_have_count(0)
