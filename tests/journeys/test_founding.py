"""From an empty folder to a first conversation, in a real browser."""

from pathlib import Path

from playwright.sync_api import expect

from journeys.founding import JoiningPage, admits, an_installation, invites, run
from journeys.stage import LAPTOP, DeskPage, VisitorPage, chromium, context


def test_from_an_empty_folder_to_a_first_conversation(tmp_path: Path) -> None:
    """Init, ceremony, pin, second lead, invite, admit; then a visitor comes and somebody answers."""
    with an_installation(tmp_path / "luwte") as house, chromium() as browser:
        visitor = VisitorPage(context(browser).new_page(), house.visitor)
        answer = visitor.page.goto(visitor.url)
        assert answer is not None
        assert answer.status == 503
        expect(visitor.page.get_by_text("112").first).to_be_visible()
        expect(visitor.page.get_by_role("button", name="Start chat")).to_have_count(0)
        visitor.errors.clear()  # a 503 is one to the browser

        robin = JoiningPage(context(browser, size=LAPTOP).new_page(), house.desk, "Robin")
        root, digits = robin.founds(house.code, tmp_path)
        pinned = run("pin", str(root), "--dir", str(house.folder), "--fingerprint", digits)
        assert pinned.returncode == 0, pinned.stderr
        visitor.page.wait_for_timeout(2_000)

        lead = DeskPage(context(browser, size=LAPTOP).new_page(), house.desk)
        robin.signs_in(lead)
        people = lead.page.get_by_role("region", name="Colleagues")
        expect(people.get_by_text("There is only one shift lead.")).to_be_visible()

        kim = JoiningPage(context(browser, size=LAPTOP).new_page(), house.desk, "Kim")
        admits(lead, "Kim", kim.joins(invites(lead, "Shift lead")))
        expect(people.get_by_text("There is only one shift lead.")).to_have_count(0)

        # The second lead can do all of it, too.
        second = DeskPage(context(browser, size=LAPTOP).new_page(), house.desk)
        kim.signs_in(second)
        noor = JoiningPage(context(browser, size=LAPTOP).new_page(), house.desk, "Noor")
        noor_digits = noor.joins(invites(second, "Counsellor"))
        desk = DeskPage(context(browser, size=LAPTOP).new_page(), house.desk)
        noor.tries(desk)
        expect(desk.page.locator("main").get_by_text("A colleague has to admit you first.")).to_be_visible()
        desk.errors.clear()
        admits(second, "Noor", noor_digits)
        noor.signs_in(desk)

        visitor.opens()
        visitor.starts()
        visitor.says("is somebody there?")
        desk.takes("is somebody there?")
        desk.says("yes, I am here")
        expect(visitor.log).to_contain_text("yes, I am here")
        for one in (visitor, robin, kim, noor, lead, second, desk):
            assert one.errors == []
