"""From paper, in a real browser: everybody lost everything; the main key gives way to another; its days are renewed."""

import json
from pathlib import Path

from playwright.sync_api import expect

from journeys.founding import JoiningPage, an_installation, run
from journeys.papers import cut_off, exported, imported
from journeys.stage import LAPTOP, DeskPage, VisitorPage, chromium, context


def test_everybody_lost_everything_and_two_papers_bring_it_back(tmp_path: Path) -> None:
    """A new lead joins by the operator's invitation, two people with papers let them in, and they read what was said."""
    with an_installation(tmp_path / "luwte") as house, chromium() as browser:
        robin = JoiningPage(context(browser, size=LAPTOP).new_page(), house.desk, "Robin")
        robin.opens(house.code)
        robin.names()
        papers = robin.writes_papers()
        root, digits = robin.saves_root(tmp_path)
        robin.presses("Continue")
        robin.sets_up_a_factor()
        assert run("pin", str(root), "--dir", str(house.folder), "--fingerprint", digits).returncode == 0
        robin.page.wait_for_timeout(2_000)
        lead = DeskPage(context(browser, size=LAPTOP).new_page(), house.desk)
        robin.signs_in(lead)
        visitor = VisitorPage(context(browser).new_page(), house.visitor)
        visitor.opens()
        visitor.starts()
        visitor.says("an old word")
        lead.takes("an old word")
        lead.says("an old answer")
        expect(visitor.log).to_contain_text("an old answer")
        # Now nobody has their passphrase any more.
        lead.page.context.close()
        robin.page.context.close()

        made = run("recovery", "invite", "--dir", str(house.folder), "--json")
        assert made.returncode == 0, made.stderr
        kim = JoiningPage(context(browser, size=LAPTOP).new_page(), house.desk, "Kim")
        kim_digits = kim.joins(json.loads(made.stdout)["invitation"])
        file = exported(house, tmp_path)

        with cut_off(browser, tmp_path) as table:
            table.opens(file, digits)
            table.wants("Let Kim in as a shift lead")
            table.sees("Is it Kim?")
            assert table.digits == kim_digits
            table.presses("It is them, and the digits are the same")
            table.sees("Recovery key: the first paper")
            wrong = [*papers["Recovery key: share 1 of 3"]]
            wrong[2], wrong[3] = wrong[3], wrong[2]
            table.types(wrong)
            expect(table.page.get_by_label("Line 3", exact=True)).to_have_attribute("aria-invalid", "true")
            table.types_again(papers["Recovery key: share 1 of 3"])
            table.sees("Recovery key: the second paper")
            table.types(papers["Main key: share 3 of 3"])
            expect(table.page.get_by_text("This paper is of another key").last).to_be_visible()
            table.types_again(papers["Recovery key: share 1 of 3"])
            expect(table.page.get_by_text("This is the same paper once more").last).to_be_visible()
            table.types_again(papers["Recovery key: share 3 of 3"], shorten=True)
            table.sees("Take the file to the administrator")
            admission = table.saves("admission.json", tmp_path)
            table.presses("Start again")
            table.sees("Keys from paper")
        assert "new shift lead can sign in" in imported(house, admission)
        assert "stored before" in imported(house, admission)
        kim.page.wait_for_timeout(2_000)

        desk = DeskPage(context(browser, size=LAPTOP).new_page(), house.desk)
        kim.signs_in(desk)
        desk.page.get_by_role("button", name="Emergency access").wait_for()
        desk.breaks_glass(1)
        expect(desk.conversations).to_contain_text("an old word")
        expect(desk.conversations).to_contain_text("an old answer")
        # And goes on as a lead: whoever lost everything is removed, a colleague invited.
        team = desk.page.get_by_role("region", name="Colleagues")
        gone = team.get_by_role("listitem").filter(has_text="Robin")
        gone.get_by_role("button", name="Remove from the team").click()
        desk.page.wait_for_timeout(800)
        gone.get_by_role("button", name="Remove from the team").click()
        expect(gone).to_have_count(0)
        expect(team.get_by_text("had the team's key")).to_have_count(0)
        assert kim.errors == []
        assert desk.errors == []
        assert visitor.errors == []
