"""From an empty folder to a first conversation, in a real browser."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import expect

from journeys.founding import JoiningPage, admits, an_installation, invites, run
from journeys.stage import LAPTOP, PHONE, DeskPage, VisitorPage, chromium, context
from journeys.test_accessible import NARROW, check
from journeys.test_traffic import RECORD_RANDOM, Tap, random_32


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
        expect(lead.page.get_by_text("There is only one shift lead.")).to_be_visible()

        kim = JoiningPage(context(browser, size=LAPTOP).new_page(), house.desk, "Kim")
        admits(lead, "Kim", kim.joins(invites(lead, "Shift lead")))
        expect(lead.page.get_by_text("There is only one shift lead.")).to_have_count(0)

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


def test_no_key_of_the_organisation_leaves_the_first_leads_browser(tmp_path: Path) -> None:
    """The root, the recovery key, every other private key, the passphrase and what is on paper: in no byte that is
    sent. Of what was drawn by chance only the server's half of a key is, and what comes of a key."""
    with an_installation(tmp_path / "luwte") as house, chromium() as browser:
        person = context(browser, size=LAPTOP)
        person.add_init_script(RECORD_RANDOM)
        page = person.new_page()
        tap, robin = Tap(page), JoiningPage(page, house.desk, "Robin")
        robin.opens(house.code)
        robin.names()
        papers = robin.writes_papers()
        robin.saves_root(tmp_path)
        robin.presses("Continue")
        robin.sets_up_a_factor()
        expect(page.get_by_role("heading", name="The organisation is there")).to_be_visible()
        sent = tap.everything
        drawn = random_32(page)
        assert len(drawn) >= 8  # root, team-admin, recovery, team, AMK, X25519, Ed25519, the server's half
        forms = {one: (one, one.hex().encode(), base64.b64encode(one)) for one in drawn}
        seen = [one for one, spelt in forms.items() if any(form in sent for form in spelt)]
        assert len(seen) == 1
        assert b'"server_half":"' + base64.b64encode(seen[0]) in sent
        assert robin.passphrase.encode() not in sent
        assert not any(" ".join(line.split()[:2]).encode() in sent for lines in papers.values() for line in lines)
        assert person.cookies() == []
        posts = [one for one in tap.requests if b"/desk/found" in one.split(b"\n")[0]]
        assert len(posts) == 1


def test_a_ceremony_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    """Reloaded in the middle of the papers: the same code begins anew, with other keys."""
    with an_installation(tmp_path / "luwte") as house, chromium() as browser:
        robin = JoiningPage(context(browser, size=PHONE).new_page(), house.desk, "Robin")
        robin.opens(house.code)
        robin.names()
        first = robin.writes_papers()
        expect(robin.page.get_by_role("heading", name="Save root.pub")).to_be_visible()
        robin.page.reload()
        robin.opens(house.code)
        robin.names()
        second = robin.writes_papers()
        assert not set(first["Main key: share 1 of 3"]) & set(second["Main key: share 1 of 3"])
        digits = robin.saves_root(tmp_path)[1]
        robin.presses("Continue")
        robin.sets_up_a_factor()
        expect(robin.page.get_by_role("heading", name="The organisation is there")).to_be_visible()
        assert robin.digits == digits


@pytest.mark.parametrize(("size", "scheme"), [(NARROW, "light"), (LAPTOP, "dark")], ids=["320-light", "laptop-dark"])
def test_joining_is_for_everybody(tmp_path: Path, size: dict[str, int], scheme: str) -> None:
    """Each screen from the code on: axe without a finding, no sideways scrolling, nothing smaller than a finger."""
    with an_installation(tmp_path / "luwte") as house, chromium() as browser:

        def person(name: str) -> JoiningPage:
            pages = context(browser, size=size, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
            someone = JoiningPage(pages.new_page(), house.desk, name)
            someone.looks = lambda state: check(someone.page, state, size is NARROW)
            return someone

        robin = person("Robin")
        robin.page.goto(house.desk)
        robin.looks("nothing is pinned")
        root, digits = robin.founds(house.code, tmp_path)
        assert run("pin", str(root), "--dir", str(house.folder), "--fingerprint", digits).returncode == 0
        robin.page.wait_for_timeout(2_000)
        lead = DeskPage(context(browser, size=size, color_scheme=scheme, bypass_csp=True).new_page(), house.desk)
        robin.signs_in(lead)
        expect(lead.page.get_by_text("There is only one shift lead.")).to_be_visible()
        check(lead.page, "a lead alone", size is NARROW)
        kim = person("Kim")
        digits = kim.joins(invites(lead, "Shift lead"))
        people = lead.page.get_by_role("region", name="Colleagues")
        expect(people.get_by_role("button", name="Admit")).to_be_visible()
        check(lead.page, "somebody waits", size is NARROW)
        admits(lead, "Kim", digits)
        check(lead.page, "two leads", size is NARROW)


def test_a_server_that_starts_again_serves_whom_it_knew(tmp_path: Path) -> None:
    """Founded, pinned, stopped and started: the same people sign in, as everybody has a second factor."""
    with an_installation(tmp_path / "luwte") as house, chromium() as browser:
        robin = JoiningPage(context(browser, size=LAPTOP).new_page(), house.desk, "Robin")
        root, digits = robin.founds(house.code, tmp_path)
        house.stops()
        house.starts()
        page = context(browser).new_page()
        answer = page.goto(house.visitor)
        assert answer is not None
        assert answer.status == 503
        house.stops()
        assert run("pin", str(root), "--dir", str(house.folder), "--fingerprint", digits).returncode == 0
        house.starts()
        robin.signs_in(DeskPage(context(browser, size=LAPTOP).new_page(), house.desk))
