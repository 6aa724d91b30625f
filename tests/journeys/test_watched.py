"""Glass is broken and the lead sees it; a lead looks through who did what; a past written anew shows at the desk."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import expect

from audit.test_checkpoints import renamed, write_anew
from journeys.stage import LAPTOP, DeskPage, a_demo, account, chromium, context, start_demo
from journeys.test_lead import a_desk, a_visitor
from luwte.audit.notary import read_key
from test_cli import run


def test_emergency_access_is_seen_and_looked_up(tmp_path: Path) -> None:
    """A colleague opens what is not theirs, the lead's desk says so at once, and later finds it on record."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        noor, robin = a_desk(browser, demo, "counsellor"), a_desk(browser, demo, "lead")
        sam = a_desk(browser, demo, "counsellor", 1)
        a_visitor(browser, demo, "he is at the door")
        noor.takes("he is at the door")

        sam.page.get_by_role("button", name="Emergency access").click()
        form = sam.page.get_by_role("dialog", name="Emergency access")
        form.get_by_label("Conversation number").fill("7")
        form.get_by_label("a colleague cannot go on").check()
        words = form.get_by_label("In your own words, without names")
        words.fill("no")
        form.get_by_role("button", name="Open to read").click()
        expect(form).to_be_visible()  # the browser asks for more
        words.fill("She does not answer the phone")
        form.get_by_role("button", name="Open to read").click()
        expect(form.get_by_role("alert")).to_have_text("There is no such conversation on that day, or it was erased.")
        form.get_by_label("Conversation number").fill("1")
        form.get_by_role("button", name="Open to read").click()
        expect(sam.conversations.get_by_role("log")).to_contain_text("he is at the door")
        expect(sam.conversations.get_by_role("textbox")).to_have_count(0)
        expect(noor.conversations.get_by_text("Sam reads along.")).to_be_visible()

        used = robin.page.get_by_role("region", name="Used emergency access")
        expect(used).to_contain_text("Sam opened conversation 1 with emergency access: a colleague cannot go on.")
        expect(used).to_contain_text("She does not answer the phone")
        expect(robin.page.get_by_role("alert").first).to_contain_text("Sam opened conversation 1")
        robin.page.get_by_role("button", name="Lock").click()
        locked = robin.page.get_by_text("Sam opened conversation 1 with emergency access. Unlock your desk.")
        expect(locked).to_be_visible()
        assert "phone" not in robin.page.inner_text("body")
        robin.page.get_by_label("Passphrase").fill(account(demo, "lead")["passphrase"])
        robin.page.get_by_role("button", name="Unlock").click()
        used.get_by_role("button", name="I have seen this").click()
        expect(used).to_have_count(0)
        sam.conversations.get_by_role("button", name="Stop reading").click()
        expect(sam.conversations.get_by_role("article")).to_have_count(0)
        expect(noor.conversations.get_by_text("Sam reads along.")).to_have_count(0)

        robin.page.get_by_role("region", name="Who did what").get_by_role("button", name="Look at the records").click()
        log = robin.page.get_by_role("dialog", name="Who did what")
        expect(log.get_by_role("row").filter(has_text="Used emergency access")).to_have_count(2)
        log.get_by_label("Employee").select_option("Sam")
        log.get_by_label("Conversation number").fill("1")
        log.get_by_role("button", name="Look", exact=True).click()
        expect(log.get_by_role("row").filter(has_text="Stopped reading")).to_be_visible()
        cells = [row.get_by_role("cell").all_inner_texts()[1:] for row in log.get_by_role("row").all()[1:]]
        code = cells[0][2]
        assert re.fullmatch("[0-9a-f]{8}", code)
        assert cells[:2] == [
            ["Counsellor", "Stopped reading", code, "", "Done"],
            ["Counsellor", "Used emergency access", code, "a colleague cannot go on", "Done"],
        ]
        robin.page.keyboard.press("Escape")
        expect(log).to_have_count(0)
        assert noor.errors == sam.errors == robin.errors == []


def test_a_past_written_anew_shows_at_the_desk(tmp_path: Path) -> None:
    """The desk remembers a signed log; somebody with the server's own key writes another one: a lasting warning."""
    with a_demo(tmp_path / "demo") as demo, chromium() as browser:
        sam = a_desk(browser, demo, "counsellor", 1)
        for word in ("first", "second", "third"):
            a_visitor(browser, demo, word)
            sam.takes(word)
        assert run("audit", "export", "--dir", str(demo.data_dir), "--out", str(tmp_path / "witness")).returncode == 0
        robin = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        robin.signs_in(account(demo, "lead"))
        robin.page.get_by_role("button", name="Look at the records").click()
        log = robin.page.get_by_role("dialog", name="Who did what")
        remembered = log.get_by_text(re.compile(r"This desk remembers \d+ records, signed "))
        expect(remembered).to_be_visible()
        remembered.click()
        expect(log.get_by_text("luwte-audit/demo").first).to_be_visible()
        robin.page.keyboard.press("Escape")
        warning = robin.page.get_by_text("is no longer what this desk saw before")
        expect(warning).to_have_count(0)

        demo.stop()
        write_anew(demo.data_dir, renamed, read_key(demo.data_dir))
        demo.process = start_demo(demo.data_dir, port=urlsplit(demo.desk).port or 0).process
        expect(warning.first).to_be_visible()
        expect(robin.page.get_by_role("alert").first).to_contain_text("Tell your administrator")
        robin.page.get_by_role("button", name="Close the line").click()
        expect(robin.page.get_by_role("region", name="Line").get_by_text("Closed", exact=True)).to_be_visible()
        expect(warning.first).to_be_visible()
        found = run("audit", "verify", "--dir", str(demo.data_dir), "--checkpoints", str(tmp_path / "witness"))
        assert found.stdout.startswith("The audit log was rewritten: record 4 is not the one that others have seen.")
        assert found.returncode == 1
