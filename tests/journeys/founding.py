"""An installation of one's own, from an empty folder on: the commands, and what people do on the page."""

import base64
import json
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from actors import STUCK, App
from ports import free_port

LUWTE = str(Path(sys.executable).with_name("luwte"))


@dataclass
class Installation:
    """A folder that `luwte init` made, and its server."""

    folder: Path
    visitor: str
    desk: str
    code: str
    process: subprocess.Popen[str] | None = None

    def starts(self) -> None:
        """Run `luwte serve`."""
        self.process = subprocess.Popen([LUWTE, "serve", "--dir", str(self.folder)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], STUCK)[0], f"luwte serve said nothing for {STUCK:.0f} s"
        assert "answers" in self.process.stdout.readline()

    def stops(self) -> None:
        """Ask it to stop."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(STUCK)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One command to its end, with nobody at a terminal."""
    return subprocess.run([LUWTE, *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def initialise(folder: Path) -> Installation:
    """`luwte init` for a free port of this machine."""
    port = free_port()
    made = run(
        *("init", "--dir", str(folder), "--organisation", "helpline", "--name", "Helpline", "--line", "chat"),
        *("--line-name", "Chat", "--origin", f"http://127.0.0.1:{port}", "--json"),
    )
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["data_dir"] == str(folder.resolve())
    return Installation(folder, f"http://127.0.0.1:{port}/", told["desk"], told["invitation"])


@contextmanager
def an_installation(folder: Path) -> Iterator[Installation]:
    """One that runs, with nobody in it."""
    made = initialise(folder)
    made.starts()
    try:
        yield made
    finally:
        made.stops()


@dataclass
class JoiningPage:
    """Somebody with an invitation code at the desk's page."""

    page: Page
    url: str
    name: str
    passphrase: str = ""
    app: App | None = None
    codes: list[str] = field(default_factory=list)
    """Recovery codes, on paper."""
    errors: list[str] = field(default_factory=list)
    looks: Callable[[str], None] = lambda state: None
    """Called at each screen, by its name."""

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda one: self.errors.append(one.text) if one.type == "error" else None)

    def presses(self, name: str) -> None:
        """A button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def opens(self, code: str) -> None:
        """Show the code."""
        self.page.goto(self.url)
        self.presses("I have an invitation")
        self.looks("code")
        self.page.get_by_label("Invitation code").fill(code)
        self.presses("Continue")

    def names(self) -> None:
        """A name; the passphrase is written down and typed back."""
        self.page.get_by_label("Name").fill(self.name)
        words = self.page.get_by_role("list", name="Your passphrase").get_by_role("listitem").all_inner_texts()
        assert len(words) == 7
        self.looks("passphrase")
        self.passphrase = " ".join(words)
        self.presses("I have written it down")
        self.looks("passphrase typed back")
        self.page.get_by_label("Type your passphrase from the paper").fill(self.passphrase)
        self.presses("Continue")

    def writes_papers(self) -> dict[str, list[str]]:
        """Each of the six shares, line by line; what is asked for is typed from them. By what stands above it."""
        papers = {}
        for n in (1, 2, 3):
            for key in ("Main key", "Recovery key"):
                title = f"{key}: share {n} of 3"
                expect(self.page.get_by_role("heading", name=title)).to_be_visible()
                self.looks("before a share")
                self.presses("Show the share")
                self.looks("a share")
                rows = self.page.locator(".share-lines > li").all_inner_texts()
                papers[title] = lines = [" ".join(re.findall("[a-z]+", row)) for row in rows]
                self.presses("I have written it down")
                asked = self.page.get_by_label(re.compile(r"^Line \d$"))
                for label in self.page.get_by_text(re.compile(r"^Line \d$")).all_inner_texts():
                    self.page.get_by_label(label, exact=True).fill(lines[int(label[-1]) - 1])
                expect(asked).to_have_count(2)
                self.presses("Check")
        return papers

    @property
    def digits(self) -> str:
        """What is read out to a colleague."""
        return " ".join(self.page.get_by_role("group", name="Digits to compare").locator("span").all_inner_texts())

    def sets_up_a_factor(self) -> None:
        """An app for codes: it is typed what stands below the picture. One code of paper is typed back."""
        expect(self.page.get_by_role("heading", name="Your second factor")).to_be_visible()
        self.looks("second factor")
        shown = self.page.locator("code.secret").inner_text().replace(" ", "")
        self.app = App(base64.b32decode(shown + "=" * (-len(shown) % 8)), ())
        self.page.get_by_label("One-time code").fill(self.app.code(time.time()))
        self.presses("Go on")
        shown_codes = self.page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
        expect(shown_codes).to_have_count(10)
        self.looks("recovery codes")
        self.codes = shown_codes.all_inner_texts()
        self.page.get_by_label("Type one of these codes").fill(self.codes[3])
        self.presses("I have kept them")

    def saves_root(self, folder: Path) -> tuple[Path, str]:
        """root.pub, and its digits."""
        expect(self.page.get_by_role("heading", name="Save root.pub")).to_be_visible()
        digits = self.digits
        self.looks("root.pub")
        with self.page.expect_download() as download:
            self.presses("Save root.pub")
        file = folder / "root.pub"
        download.value.save_as(file)
        return file, digits

    def founds(self, code: str, folder: Path) -> tuple[Path, str]:
        """The whole ceremony; root.pub and its digits."""
        self.opens(code)
        self.names()
        self.writes_papers()
        file, digits = self.saves_root(folder)
        self.presses("Continue")
        self.sets_up_a_factor()
        expect(self.page.get_by_role("heading", name="The organisation is there")).to_be_visible()
        self.looks("founded")
        return file, digits

    def joins(self, code: str) -> str:
        """Until a colleague has to admit them; the digits to compare."""
        self.opens(code)
        self.names()
        self.sets_up_a_factor()
        expect(self.page.get_by_role("heading", name="Almost there")).to_be_visible()
        return self.digits

    def signs_in(self, desk: Any, code: str | None = None) -> None:
        """At a desk, with the next code of the app, as the one of joining was used up; or with one from paper."""
        self.tries(desk, code)
        expect(desk.waiting).to_be_visible()

    def tries(self, desk: Any, code: str | None = None) -> None:
        """The same, whatever comes of it."""
        assert self.app is not None
        desk.page.goto(desk.url)
        desk.page.get_by_label("Name").fill(self.name)
        desk.page.get_by_label("Passphrase").fill(self.passphrase)
        desk.page.get_by_label("One-time code").fill(code or self.app.code(time.time() + 30))
        desk.page.get_by_role("button", name="Sign in").click()


def invites(desk: Any, role: str) -> str:
    """A lead makes a code."""
    people = desk.page.get_by_role("region", name="Colleagues")
    people.get_by_role("button", name="Invite a colleague").click()
    people.get_by_label(role).check()
    people.get_by_role("button", name="Make a code").click()
    code = str(people.locator(".code").inner_text())
    people.get_by_role("button", name="I have passed it on").click()
    return code


def admits(desk: Any, name: str, digits: str) -> None:
    """A lead compares the digits, and admits."""
    people = desk.page.get_by_role("region", name="Colleagues")
    row = people.get_by_role("listitem").filter(has_text=f"Call {name}")
    expect(row).to_be_visible()
    assert " ".join(row.get_by_role("group").locator("span").all_inner_texts()) == digits
    row.get_by_role("button", name="Admit").click()
    expect(row).to_have_count(0)
    expect(people.get_by_role("listitem").filter(has_text=name)).to_be_visible()
