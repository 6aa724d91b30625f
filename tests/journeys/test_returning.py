"""Back after everything was lost, in real browsers: what a lead does, what the team sees, what the one reads."""

from pathlib import Path

from playwright.sync_api import expect

from journeys.founding import Installation, JoiningPage, admits, an_installation, invites, run
from journeys.stage import LAPTOP, DeskPage, chromium, context


def test_a_colleague_who_lost_everything_comes_back(tmp_path: Path) -> None:
    """A guided invitation, digits, and a wait that the team is told of; a lead stops it by one press."""
    with an_installation(tmp_path / "luwte") as house, chromium() as browser:

        def person(name: str) -> tuple[JoiningPage, DeskPage]:
            joining = JoiningPage(context(browser, size=LAPTOP).new_page(), house.desk, name)
            return joining, DeskPage(context(browser, size=LAPTOP).new_page(), house.desk)

        robin, lead = person("Robin")
        _pinned(house, robin, tmp_path)
        robin.signs_in(lead)
        people = lead.page.get_by_role("region", name="Colleagues")
        desks = {}
        for name in ("Sam", "Noor"):
            joining, desks[name] = person(name)
            admits(lead, name, joining.joins(invites(lead, "Counsellor")))
            joining.signs_in(desks[name])

        people.get_by_role("button", name="A colleague lost everything").click()
        form = people.get_by_role("form", name="A colleague lost everything")
        expect(form.get_by_text("24 hours later")).to_be_visible()
        expect(form.get_by_label("Robin")).to_have_count(0)
        form.get_by_label("Noor").check()
        form.get_by_role("button", name="Make a code").click()
        code = str(people.locator(".code").inner_text())
        people.get_by_role("button", name="I have passed it on").click()
        back, later = person("Noor V.")
        digits = back.joins(code)
        row = people.get_by_role("listitem").filter(has_text="Call Noor V.")
        expect(row.get_by_text("This is for Noor.")).to_be_visible()
        expect(desks["Noor"].waiting).to_be_visible()
        admits(lead, "Noor V.", digits)

        expect(desks["Noor"].page.get_by_role("button", name="Sign in")).to_be_visible()
        back.tries(later)
        expect(later.page.get_by_text("You read along from tomorrow, ")).to_be_visible()
        later.page.get_by_role("button", name="Back").click()
        expect(later.page.get_by_role("button", name="Sign in")).to_be_visible()
        told = "Noor V. has a new account in the place of Noor, and reads along from tomorrow"
        for desk in (lead, desks["Sam"]):
            notice = desk.page.get_by_role("region", name="Who comes back")
            expect(notice.get_by_text(told)).to_be_visible()
        expect(desks["Sam"].page.get_by_role("button", name="Stop this")).to_have_count(0)
        # The next key is made for them, too, without another question.
        expect(people.get_by_text("had the team's key")).to_have_count(0)

        lead.page.get_by_role("button", name="Stop this").click()
        for desk in (lead, desks["Sam"]):
            expect(desk.page.get_by_role("region", name="Who comes back")).to_have_count(0)
        expect(people.get_by_role("listitem").filter(has_text="Noor V.")).to_have_count(0)
        back.tries(later)
        expect(later.page.get_by_text("is wrong").first).to_be_visible()
        later.errors.clear()  # a refusal is an error to the browser
        for one in (robin, back, lead, later, *desks.values()):
            assert one.errors == []


def _pinned(house: Installation, lead: JoiningPage, folder: Path) -> None:
    root, digits = lead.founds(house.code, folder)
    assert run("pin", str(root), "--dir", str(house.folder), "--fingerprint", digits).returncode == 0
    lead.page.wait_for_timeout(2_000)
