"""One's own account at the desk, in a real browser: the second factor, the passphrase, other sessions."""

import base64
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from actors import STUCK, App, demo_folder
from journeys.stage import LAPTOP, Demo, DeskPage, a_demo, account, chromium, context
from journeys.test_traffic import Tap
from luwte import settings as settings_module
from luwte.crypto import phrase
from luwte.demo import Person, load
from luwte.plumbing.db import WriteTx, connect
from luwte.plumbing.relay import Relay
from luwte.staff import second_factor
from ports import free_port


@pytest.fixture(scope="module")
def browser() -> Any:
    """One browser for this module."""
    with chromium() as launched:
        yield launched


def at_the_desk(browser: Browser, demo: Demo, who: dict[str, str]) -> DeskPage:
    """Somebody at a desk of their own."""
    desk = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
    desk.signs_in(who)
    return desk


def at_the_door(page: Page, demo: Demo, who: dict[str, str], code: str = "") -> None:
    """Fill the door in and press; what came of it is the test's to see."""
    page.goto(demo.desk)
    if code:
        page.get_by_role("button", name="I also have a code").click()
        page.get_by_label("One-time code").fill(code)
    page.get_by_label("Name").fill(who["name"])
    page.get_by_label("Passphrase").fill(who["passphrase"])
    page.get_by_role("button", name="Sign in").click()


def own_account(desk: DeskPage) -> Any:
    """The dialog."""
    desk.page.get_by_role("button", name="My account").click()
    return desk.page.get_by_role("dialog", name="My account")


def begins(own: Any, button: str, who: dict[str, str]) -> None:
    """A task, with the passphrase first."""
    own.get_by_role("button", name=button).click()
    own.get_by_label("Passphrase").fill(who["passphrase"])
    own.get_by_role("button", name="Go on").click()


def app_of(own: Any) -> App:
    """Type the secret into an app, from the text under the picture."""
    text = own.locator("code.secret").text_content()
    return App(base64.b32decode(text.replace(" ", "")))


def next_code(app: App, used: str) -> str:
    """A code of the app that was not used yet: the one of the next half minute counts already."""
    code = app.code(time.time())
    return code if code != used else app.code(time.time() + 30)


def refused(page: Page) -> None:
    """Still at the door."""
    expect(page.locator("#app").get_by_text("Name, passphrase or code is wrong.")).to_be_visible()


def test_a_second_factor_from_setting_up_to_signing_in(browser: Browser, tmp_path: Path) -> None:
    """F-5, F-6: set up on a demonstration account; a replayed code is refused, and a recovery code works once."""
    with a_demo(tmp_path / "demo") as demo:
        who = account(demo, "counsellor")
        desk = at_the_desk(browser, demo, who)
        own = own_account(desk)
        own.get_by_role("button", name="Set up a second factor").click()
        own.get_by_label("Passphrase").fill("not it")
        own.get_by_role("button", name="Go on").click()
        expect(own.get_by_text("This passphrase is not right.")).to_be_visible()
        own.get_by_label("Passphrase").fill(who["passphrase"])
        own.get_by_role("button", name="Go on").click()
        expect(own.get_by_role("img", name="Square code for the app")).to_be_visible()
        app = app_of(own)
        own.get_by_label("One-time code").fill("000000")
        own.get_by_role("button", name="Go on").click()
        expect(own.get_by_text("This code is not right.")).to_be_visible()
        set_up_with = app.code(time.time())
        own.get_by_label("One-time code").fill(set_up_with)
        own.get_by_role("button", name="Go on").click()
        listed = own.get_by_role("list", name="Recovery codes").get_by_role("listitem")
        expect(listed).to_have_count(10)
        codes = listed.all_text_contents()
        own.get_by_label("Type one of these codes").fill("0000-0000-0000-0000")
        own.get_by_role("button", name="I have kept them").click()
        expect(own.get_by_text("That is none of these codes.")).to_be_visible()
        own.get_by_label("Type one of these codes").fill(codes[4].lower().replace("-", " "))
        own.get_by_role("button", name="I have kept them").click()
        expect(own.get_by_text("It is on. You have 10 recovery codes left.")).to_be_visible()
        own.get_by_role("button", name="Close").click()
        desk.signs_out()

        page = desk.page
        at_the_door(page, demo, who, set_up_with)
        refused(page)
        code = next_code(app, set_up_with)
        at_the_door(page, demo, who, code)
        expect(desk.waiting).to_be_visible()
        desk.signs_out()
        at_the_door(page, demo, who, code)
        refused(page)
        at_the_door(page, demo, who)
        expect(page.locator("#app").get_by_text("Name or passphrase is wrong.")).to_be_visible()
        at_the_door(page, demo, who, codes[7])
        expect(desk.waiting).to_be_visible()
        expect(own_account(desk).get_by_text("You have 9 recovery codes left.")).to_be_visible()
        page.get_by_role("button", name="Close").click()
        desk.signs_out()
        at_the_door(page, demo, who, codes[7])
        refused(page)
        at_the_door(page, demo, who, codes[8])
        expect(desk.waiting).to_be_visible()


def test_another_passphrase_and_the_sessions_elsewhere(browser: Browser, tmp_path: Path) -> None:
    """F-9, F-10: two desks of one person are listed and ended; a new passphrase ends the others and the old one."""
    with a_demo(tmp_path / "demo") as demo:
        who = account(demo, "counsellor")
        first, second = at_the_desk(browser, demo, who), at_the_desk(browser, demo, who)
        own = own_account(second)
        sessions = own.get_by_role("region", name="Where you are signed in").get_by_role("listitem")
        expect(sessions).to_have_count(2)
        expect(sessions.filter(has_text="This desk")).to_have_count(1)
        sessions.filter(has_not_text="This desk").get_by_role("button", name="End").click()
        expect(first.page.locator("#app").get_by_text("You are signed out.")).to_be_visible()
        expect(sessions).to_have_count(1)

        first.signs_in(who)
        begins(own, "Change your passphrase", who)
        listed = own.get_by_role("list", name="New passphrase").get_by_role("listitem")
        expect(listed).to_have_count(7)
        words = listed.all_text_contents()
        fresh = {**who, "passphrase": " ".join(words)}
        own.get_by_role("button", name="I have written them down").click()
        expect(own.get_by_text(words[0], exact=True)).to_have_count(0)
        own.get_by_label("New passphrase").fill(" ".join(words[1:]))
        own.get_by_role("button", name="Save").click()
        expect(own.get_by_text("These are not the same words.")).to_be_visible()
        own.get_by_label("New passphrase").fill(fresh["passphrase"])
        own.get_by_role("button", name="Save").click()
        expect(own.get_by_text("Your passphrase has changed.")).to_be_visible()
        expect(first.page.locator("#app").get_by_text("You are signed out.")).to_be_visible()
        own.get_by_role("button", name="Close").click()

        # The same session goes on, and the new one opens the lock.
        second.page.get_by_role("button", name="Lock").click()
        second.page.get_by_label("Passphrase").fill(fresh["passphrase"])
        second.page.get_by_role("button", name="Unlock").click()
        expect(second.waiting).to_be_visible()
        at_the_door(first.page, demo, who)
        expect(first.page.locator("#app").get_by_text("Name or passphrase is wrong.")).to_be_visible()
        first.signs_in(fresh)
        assert second.errors == [one for one in second.errors if "status of 4" in one]


def test_a_lost_passphrase_and_the_sheet_in_the_drawer(browser: Browser, tmp_path: Path) -> None:
    """F-5, B-20: twelve words open the door up to a new passphrase, once; words, AMK and passphrases never leave."""
    with a_demo(tmp_path / "demo") as demo:
        who = account(demo, "counsellor")
        (amk,) = [one.amk for one in load(demo.data_dir).people if one.name == who["name"]]
        desk = DeskPage(context(browser, size=LAPTOP).new_page(), demo.desk)
        page, tap = desk.page, Tap(desk.page)
        desk.signs_in(who)
        own = own_account(desk)
        begins(own, "Make a recovery sheet", who)
        listed = own.get_by_role("list", name="The twelve words").get_by_role("listitem")
        expect(listed).to_have_count(12)
        words = listed.all_text_contents()
        own.get_by_role("button", name="I have written them down").click()
        own.get_by_label("The twelve words").fill(" ".join([*words[1:], words[0]]))
        own.get_by_role("button", name="Save").click()
        expect(own.get_by_text("These are not the same words.")).to_be_visible()
        own.get_by_label("The twelve words").fill(", ".join(words).upper())
        own.get_by_role("button", name="Save").click()
        expect(own.get_by_text("You have a recovery sheet.")).to_be_visible()
        own.get_by_role("button", name="Close").click()
        desk.signs_out()

        def lost_it() -> None:
            page.goto(demo.desk)
            page.get_by_role("button", name="Passphrase lost?").click()
            page.get_by_label("Name").fill(who["name"])
            page.get_by_label("The twelve words").fill(" ".join(words))
            page.get_by_role("button", name="Make a new passphrase").click()

        lost_it()
        listed = page.get_by_role("list", name="New passphrase").get_by_role("listitem")
        expect(listed).to_have_count(7)
        expect(desk.waiting).to_have_count(0)
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        lost_it()
        expect(listed).to_have_count(7)
        fresh = " ".join(listed.all_text_contents())
        page.get_by_role("button", name="I have written them down").click()
        page.get_by_label("New passphrase").fill(fresh)
        page.get_by_role("button", name="Save").click()
        listed = page.get_by_role("list", name="The twelve words").get_by_role("listitem")
        expect(listed).to_have_count(12)
        following = listed.all_text_contents()
        assert following != words
        # A page that is closed here has changed nothing: the old paper opens the same door.
        lost_it()
        passphrase = page.get_by_role("list", name="New passphrase").get_by_role("listitem")
        expect(passphrase).to_have_count(7)
        fresh = " ".join(passphrase.all_text_contents())
        page.get_by_role("button", name="I have written them down").click()
        page.get_by_label("New passphrase").fill(fresh)
        page.get_by_role("button", name="Save").click()
        expect(listed).to_have_count(12)
        following = listed.all_text_contents()
        page.get_by_role("button", name="I have written them down").click()
        page.get_by_label("The twelve words").fill(" ".join(following))
        page.get_by_role("button", name="Save").click()
        expect(desk.waiting).to_be_visible()
        expect(own_account(desk).get_by_text("You have a recovery sheet.")).to_be_visible()
        page.get_by_role("button", name="Close").click()
        desk.signs_out()
        lost_it()
        expect(page.locator("#app").get_by_text("Name, sheet or code is wrong.")).to_be_visible()
        desk.signs_in({**who, "passphrase": fresh})
        sent = tap.everything
        secrets = [amk, phrase.read(" ".join(words)), phrase.read(" ".join(following))]
        for secret in [form for one in secrets for form in (one, one.hex().encode(), base64.b64encode(one))]:
            assert secret not in sent
        for text in (" ".join(words), ", ".join(words).upper(), fresh, who["passphrase"]):
            assert text.encode() not in sent
        assert b"sealed_amk" in sent


@dataclass
class Real:
    """A running `luwte serve`, with a second factor for everybody."""

    desk: str
    people: tuple[Person, ...]
    apps: dict[str, App] = field(default_factory=dict)


@contextmanager
def where_real_visitors_come(folder: Path) -> Iterator[Real]:
    """An installation on this machine whose organisation made its keys elsewhere, as far as it can tell."""
    port = free_port()
    demo_folder(folder)
    real = Real(f"http://localhost:{port}/desk", load(folder).people)
    chosen = settings_module.read(folder)
    here = {"origins": (f"http://127.0.0.1:{port}",), "desk_origins": (f"http://localhost:{port}",)}
    settings_module.write(replace(chosen, listen=f"127.0.0.1:{port}", **here))
    root = folder / "root.pub"
    root.write_text(root.read_text().removeprefix(settings_module.DEMONSTRATION))
    shutil.move(folder / "demo", folder.parent / "elsewhere")
    with closing(connect(folder / "main.db")) as db:
        for person in real.people:
            app = real.apps[person.id] = App()
            secret, now = (folder / "secret").read_bytes(), time.time()
            second_factor.enrol(WriteTx(db, Relay()), person.id, app.enrolment(now), secret, now)
    command = [str(Path(sys.executable).with_name("luwte")), "serve", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert "answers on" in process.stdout.readline()
        yield real
    finally:
        process.terminate()
        process.wait(STUCK)


def test_where_real_visitors_come_everybody_is_asked_for_a_code(browser: Browser, tmp_path: Path) -> None:
    """F-1: the field is there before any name is, for names that nobody has, too; one sentence for every cause."""
    with where_real_visitors_come(tmp_path / "real") as real:
        noor, app = real.people[0], real.apps[real.people[0].id]
        desk = DeskPage(context(browser, size=LAPTOP).new_page(), real.desk)
        page = desk.page

        def tries(name: str, passphrase: str, code: str) -> None:
            page.get_by_label("Name").fill(name)
            page.get_by_label("Passphrase").fill(passphrase)
            page.get_by_label("One-time code").fill(code)
            page.get_by_role("button", name="Sign in").click()

        page.goto(real.desk)
        expect(page.get_by_label("One-time code")).to_have_attribute("autocomplete", "one-time-code")
        expect(page.get_by_role("button", name="I also have a code")).to_have_count(0)
        for name, passphrase, code in (
            ("Nobody", noor.passphrase, app.paper()),
            (noor.name, "wrong words", app.paper()),
            (noor.name, noor.passphrase, "000000"),
        ):
            tries(name, passphrase, code)
            expect(page.get_by_text("A few seconds.")).to_have_count(0)
            refused(page)
            expect(page.get_by_label("One-time code")).to_have_value("")
        tries(noor.name, noor.passphrase, app.code(time.time() + 30))
        expect(desk.waiting).to_be_visible()


def test_a_desk_remembers_nobody(browser: Browser, tmp_path: Path) -> None:
    """F-8: after a reload, and in another tab, there is the door, with empty fields and no trace."""
    with a_demo(tmp_path / "demo") as demo:
        device = context(browser, size=LAPTOP)
        desk = DeskPage(device.new_page(), demo.desk)
        desk.signs_in(account(demo, "counsellor"))
        second = device.new_page()
        second.goto(demo.desk)
        desk.page.reload()
        for page in (desk.page, second):
            expect(page.get_by_role("button", name="Sign in")).to_be_visible()
            expect(page.get_by_label("Name")).to_have_value("")
            expect(page.get_by_label("Passphrase")).to_have_value("")
            expect(page.get_by_role("checkbox")).to_have_count(0)
            kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
            assert page.evaluate(kept) == '[{},{},""]'
        assert device.cookies() == []
