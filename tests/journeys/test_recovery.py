"""From paper, in a real browser: everybody lost everything; the main key gives way to another; its days are renewed."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from journeys.founding import Installation, JoiningPage, an_installation, run
from journeys.papers import Papers, cut_off, exported, imported
from journeys.stage import LAPTOP, DeskPage, VisitorPage, chromium, context
from journeys.test_accessible import NARROW, check


def founds(house: Installation, browser: Browser, folder: Path) -> tuple[JoiningPage, Papers, str]:
    """Robin makes the keys, and they are pinned: who, the papers, the digits of the main key."""
    robin = JoiningPage(context(browser, size=LAPTOP).new_page(), house.desk, "Robin")
    robin.opens(house.code)
    robin.names()
    papers = robin.writes_papers()
    root, digits = robin.saves_root(folder)
    robin.presses("Continue")
    robin.sets_up_a_factor()
    assert run("pin", str(root), "--dir", str(house.folder), "--fingerprint", digits).returncode == 0
    robin.page.wait_for_timeout(2_000)
    return robin, papers, digits


def test_everybody_lost_everything_and_two_papers_bring_it_back(tmp_path: Path) -> None:
    """Somebody joins by the operator's invitation, two people with papers let them in, and they read what was said."""
    with an_installation(tmp_path / "luwte") as house, chromium() as browser:
        robin, papers, digits = founds(house, browser, tmp_path)
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
            table.wants("Look whether everything opens")
            for number in (1, 3):
                table.types(papers[f"Recovery key: share {number} of 3"])
            table.sees("What the papers open")
            expect(table.page.get_by_role("listitem")).to_have_text(
                [
                    "The key with which leads admit people: opens, and it is the right key",
                    "Team chat, key 1: opens, and it is the right key",
                ]
            )

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


def test_a_main_key_gives_way_to_another(tmp_path: Path) -> None:
    """Two old papers sign a new main key, three new ones are written, and visitors come under it. A page that was
    opened before says that it cannot check the server, and goes on when it is opened again."""
    with an_installation(tmp_path / "luwte") as house, chromium() as browser:
        robin, papers, digits = founds(house, browser, tmp_path)
        desk = DeskPage(context(browser, size=LAPTOP).new_page(), house.desk)
        robin.signs_in(desk)
        before = VisitorPage(context(browser).new_page(), house.visitor)
        before.opens()
        before.starts()
        before.says("an old word")
        desk.takes("an old word")
        file = exported(house, tmp_path)
        with cut_off(browser, tmp_path) as table:
            table.opens(file, digits)
            table.wants("A new main key")
            table.types(papers["Main key: share 2 of 3"], shorten=True)
            table.sees("Main key: the second paper")
            table.types(papers["Main key: share 3 of 3"])
            fresh = table.writes("Main key")
            assert not {tuple(lines) for lines in fresh.values()} & {tuple(lines) for lines in papers.values()}
            table.sees("Take the file to the administrator")
            new_digits = table.digits
            assert new_digits != digits
            answer = table.saves("successor.json", tmp_path)
            (tmp_path / "new").mkdir()
            root = table.saves("root.pub", tmp_path / "new")
        pinning = ("pin", str(root), "--dir", str(house.folder), "--fingerprint", new_digits)
        assert run(*pinning).returncode == 2
        imported(house, answer)
        done = run(*pinning)
        assert done.returncode == 0, done.stderr

        # The desk that was open is closed, and believes the server no more: it says so, and shows nothing.
        told = desk.page.get_by_text("We cannot check whether this server is real").first
        expect(told).to_be_visible()
        old = DeskPage(desk.page, house.desk)
        old.page.reload()
        robin.signs_in(old, robin.codes[0])
        visitor = VisitorPage(context(browser).new_page(), house.visitor)
        visitor.opens()
        visitor.starts()
        visitor.says("a first word")
        old.takes("a first word")
        old.says("a first answer", old.page.get_by_role("article", name="Conversation 2"))
        expect(visitor.log).to_contain_text("a first answer")

        # The new papers are worth what the old ones were.
        with cut_off(browser, tmp_path) as table:
            table.opens(exported(house, tmp_path), new_digits)
            table.wants("New days for the key with which leads admit people")
            table.types(fresh["Main key: share 1 of 3"])
            table.sees("Main key: the second paper")
            table.types(papers["Main key: share 3 of 3"])
            expect(table.page.get_by_text("These two papers are not of one set").last).to_be_visible()
            table.types_again(fresh["Main key: share 3 of 3"])
            table.sees("Take the file to the administrator")
            assert "new days" in imported(house, table.saves("admin-days.json", tmp_path))
        assert run("doctor", "--dir", str(house.folder)).stdout.count("team-admin") == 0
        visitor.says("still here")
        expect(old.conversations).to_contain_text("still here")
        assert visitor.errors == []


def test_new_papers_of_the_same_key(tmp_path: Path) -> None:
    """Two old ones make three new ones of another set; the key is the same, and so the old ones still restore it."""
    with an_installation(tmp_path / "luwte") as house, chromium() as browser:
        _, papers, digits = founds(house, browser, tmp_path)
        file = exported(house, tmp_path)
        with cut_off(browser, tmp_path) as table:
            table.opens(file, digits)
            table.wants("New papers of the recovery key")
            table.types(papers["Recovery key: share 1 of 3"])
            table.sees("Recovery key: the second paper")
            table.types(papers["Recovery key: share 2 of 3"])
            fresh = table.writes("Recovery key")
            table.sees("The new papers are written")
            table.presses("Start again")
            table.opens(file, digits)
            table.wants("New papers of the recovery key")
            table.types(fresh["Recovery key: share 3 of 3"])
            table.sees("Recovery key: the second paper")
            table.types(fresh["Recovery key: share 1 of 3"])
            expect(table.page.get_by_role("heading", name="Recovery key: share 1 of 3")).to_be_visible()


def test_an_altered_page_does_nothing(tmp_path: Path) -> None:
    """One byte of its script is another: the page itself does not let it run. And what is added cannot ask anywhere."""
    written = tmp_path / "recovery.html"
    assert run("recovery", "page", "--out", str(written)).returncode == 0
    text = written.read_text()
    with chromium() as browser:
        for name, altered in (
            ("a byte", text.replace("luwte/v1/succession", "luwte/v1/succussion")),
            ("a script more", text.replace("</body>", "<script>document.title = 'evil'</script></body>")),
            ("an image", text.replace("</body>", '<img src="http://127.0.0.1:9/x" alt="" /></body>')),
        ):
            assert altered != text, name
            file = tmp_path / "altered.html"
            file.write_text(altered)
            page = context(browser).new_page()
            refused: list[str] = []
            page.on("console", lambda one, refused=refused: refused.append(one.text))
            page.goto(file.as_uri())
            page.wait_for_timeout(500)
            assert page.title() == "Luwte", name
            assert any("Content Security Policy" in one for one in refused), name
            shown = page.get_by_role("heading", name="Keys from paper")
            expect(shown).to_have_count(0 if name == "a byte" else 1)


@pytest.mark.parametrize(("size", "scheme"), [(NARROW, "light"), (LAPTOP, "dark")], ids=["320-light", "laptop-dark"])
def test_the_page_is_for_everybody(tmp_path: Path, size: dict[str, int], scheme: str) -> None:
    """Each screen: axe without a finding, no sideways scrolling, nothing smaller than a finger."""
    with an_installation(tmp_path / "luwte") as house, chromium() as browser:
        _, papers, digits = founds(house, browser, tmp_path)
        code = json.loads(run("recovery", "invite", "--dir", str(house.folder), "--json").stdout)["invitation"]
        kim = JoiningPage(context(browser, size=LAPTOP).new_page(), house.desk, "Kim")
        kim.joins(code)
        file = exported(house, tmp_path)
        with cut_off(browser, tmp_path, size=size, color_scheme=scheme, bypass_csp=True) as table:
            table.looks = lambda state: check(table.page, state, size is NARROW)
            table.opens(file, digits)
            table.wants("Let Kim in as a shift lead")
            table.sees("Is it Kim?")
            table.presses("It is them, and the digits are the same")
            table.types(["able about above absent absorb"] * 8)
            expect(table.page.get_by_label("Line 1", exact=True)).to_have_attribute("aria-invalid", "true")
            table.looks("a slip")
            table.types_again(papers["Recovery key: share 2 of 3"])
            table.sees("Recovery key: the second paper")
            table.types(papers["Recovery key: share 1 of 3"])
            table.sees("Take the file to the administrator")
            table.presses("Start again")
            table.opens(file, digits)
            table.wants("A new main key without the old one")
            expect(table.page.get_by_text("The old main key does not sign this one")).to_be_visible()
            table.writes("Main key")
            table.sees("Take the file to the administrator")
