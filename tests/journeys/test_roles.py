"""A reviewer and an admin, in a real browser: from an invitation to pages of their own, and nothing of a desk."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from journeys.founding import JoiningPage, admits, invites
from journeys.stage import LAPTOP, DeskPage, VisitorPage, a_demo, account, chromium, context
from journeys.test_accessible import NARROW, check


class OfficePage(DeskPage):
    """Somebody without a desk."""

    def arrives(self, name: str, passphrase: str, code: str = "") -> None:
        """Name, passphrase, and where there is one a code; in."""
        page = self.page
        page.goto(self.url)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Passphrase").fill(passphrase)
        if code:
            page.get_by_role("button", name="I also have a code").click()
            page.get_by_label("One-time code").fill(code)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


def nothing_of_a_desk(page: Page) -> None:
    """No list, no conversation, no line to close, no glass."""
    for region in ("Waiting", "Conversations", "Line", "Shift"):
        expect(page.get_by_role("region", name=region, exact=True)).to_have_count(0)
    for button in ("Take", "Emergency access", "End shift", "Admit", "Decline", "Replies"):
        expect(page.get_by_role("button", name=button, exact=True)).to_have_count(0)


def presses_twice(row: Locator, name: str) -> None:
    """A button that asks once more."""
    button = row.get_by_role("button", name=name)
    button.click()
    expect(row.get_by_role("alert")).to_be_visible()
    row.page.wait_for_timeout(800)
    button.click()


def row_of(page: Page, name: str) -> Locator:
    """A colleague."""
    return page.get_by_role("region", name="Colleagues").get_by_role("listitem").filter(has_text=name)


def test_a_reviewer_and_an_admin_join_and_do_what_is_theirs(tmp_path: Path) -> None:
    """Invited, admitted by compared digits, each at their own pages: the reviewer reads the record, and that is on
    record; the admin removes somebody who talks, and the next key is made at the lead's desk."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:

        def desk(kind: type[DeskPage] = DeskPage) -> Any:
            return kind(context(browser, size=LAPTOP).new_page(), demo.desk)

        noor, sam, robin = (desk() for _ in range(3))
        for one, who in zip((noor, sam, robin), demo.accounts, strict=False):
            one.signs_in(who)

        office: dict[str, OfficePage] = {}
        for name, role in (("Ruth", "Reviewer"), ("Ada", "Administrator")):
            joins = JoiningPage(context(browser, size=LAPTOP).new_page(), demo.desk, name)
            digits = joins.joins(invites(robin, role))
            row = row_of(robin.page, f"Call {name}")
            expect(row).to_contain_text(role)
            admits(robin, name, digits)
            assert joins.app is not None
            office[role] = desk(OfficePage)
            office[role].arrives(name, joins.passphrase, joins.app.code(joins.page.evaluate("Date.now()") / 1000 + 30))
            nothing_of_a_desk(office[role].page)
            assert joins.errors == []
        ruth, ada = office["Reviewer"], office["Administrator"]

        visitor = VisitorPage(context(browser).new_page(), demo.visitor)
        visitor.opens()
        visitor.starts()
        visitor.says("are you there?")
        noor.takes("are you there?")
        noor.says("yes, I am")
        expect(visitor.log).to_contain_text("yes, I am")

        # The reviewer reads what was done, and not a word of what was said; each look is in the next one.
        page = ruth.page
        page.get_by_label("Employee").select_option("Noor")
        page.get_by_role("button", name="Look", exact=True).click()
        table = page.get_by_role("table")
        expect(table).to_contain_text("Took a conversation")
        assert "are you there?" not in page.content()
        page.get_by_label("Employee").select_option("Ruth")
        page.get_by_role("button", name="Look", exact=True).click()
        expect(table.get_by_role("row").filter(has_text="Looked at the records").first).to_contain_text("Ruth")
        expect(page.get_by_role("region", name="Colleagues")).to_have_count(0)

        # The admin sees who is signed in, signs one out, and removes one who is talking.
        expect(ada.page.get_by_role("table")).to_have_count(0)
        expect(row_of(ada.page, "Robin")).to_contain_text("Shift lead")
        presses_twice(row_of(ada.page, "Sam"), "Sign out everywhere")
        expect(sam.page.get_by_role("button", name="Sign in")).to_be_visible()
        sam.signs_in(demo.accounts[1])
        presses_twice(row_of(ada.page, "Noor"), "Remove from the team")
        expect(row_of(ada.page, "Noor")).to_have_count(0)
        expect(noor.page.get_by_role("button", name="Sign in")).to_be_visible()
        sam.takes("are you there?")
        sam.says("I go on from here")
        expect(visitor.log).to_contain_text("I go on from here")
        presses_twice(row_of(ada.page, "Robin"), "Remove from the team")
        expect(ada.page.get_by_text("Nobody else can admit colleagues.").first).to_be_visible()
        ada.errors.clear()  # a refusal is an error to the browser

        # The next key is due at the lead's desk, for those who talk: not for the two who do not.
        expect(ada.page.get_by_text("Somebody who left had the team's key.").first).to_be_visible()
        due = robin.page.get_by_role("region", name="Colleagues")
        expect(due.get_by_text("The new key is for: Robin, Sam.")).to_be_visible()
        due.get_by_role("button", name="Make the new key").click()
        expect(due.get_by_text("had the team's key")).to_have_count(0)
        second = VisitorPage(context(browser).new_page(), demo.visitor)
        second.opens()
        second.starts()
        second.says("a first word")
        sam.takes("a first word")
        sam.says("hello", sam.page.get_by_role("article", name="Conversation 2"))
        expect(second.log).to_contain_text("hello")

        # Locked and unlocked as everybody; out when somebody ends it.
        page.keyboard.press("F9")
        expect(page.get_by_role("table")).to_have_count(0)
        presses_twice(row_of(ada.page, "Ruth"), "Sign out everywhere")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        ruth.errors.clear()
        for one in (visitor, second, noor, sam, robin, ruth, ada):
            assert one.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, LAPTOP], ids=["320", "laptop"])
def test_their_pages_are_for_everybody(tmp_path: Path, size: dict[str, int], scheme: str) -> None:
    """axe without a finding, no sideways scrolling, nothing smaller than a finger."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        for role, name in (("reviewer", "Records"), ("admin", "Colleagues")):
            one = context(browser, size=size, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
            office = OfficePage(one.new_page(), demo.desk)
            who = account(demo, role)
            office.arrives(who["name"], who["passphrase"])
            page = office.page
            expect(page.get_by_role("region", name=name, exact=True)).to_be_visible()
            check(page, role, size is NARROW)
            page.get_by_role("button", name="My account").click()
            expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()
            check(page, f"{role}, own account", size is NARROW)
            page.get_by_role("button", name="Close", exact=True).click()
            if role == "admin":
                page.get_by_role("button", name="Invite a colleague").click()
                check(page, "an admin invites", size is NARROW)
                expect(page.get_by_label("Shift lead")).to_have_count(0)
                row_of(page, "Noor").get_by_role("button", name="Remove from the team").click()
                check(page, "an admin is asked once more", size is NARROW)
