"""Two people with papers at a computer without a network: the page from a file, by the names that a reader hears."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from journeys.founding import Installation, run
from journeys.stage import LAPTOP, context

Papers = dict[str, list[str]]


class PapersPage:
    """The page, and who sits at it."""

    def __init__(self, page: Page, looks: Callable[[str], None] = lambda state: None) -> None:
        self.page, self.looks = page, looks
        self.errors: list[str] = []
        self.asked: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda one: self.errors.append(one.text) if one.type == "error" else None)
        page.on("request", lambda request: self.asked.append(request.url))

    def presses(self, name: str) -> None:
        """A button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def sees(self, heading: str) -> None:
        """A screen begins."""
        expect(self.page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        self.looks(heading)

    @property
    def digits(self) -> str:
        """What is compared."""
        return " ".join(self.page.get_by_role("group", name="Digits to compare").locator("span").all_inner_texts())

    def opens(self, file: Path, digits: str) -> None:
        """The file from the server, and the digits of the main key."""
        self.sees("Keys from paper")
        self.page.get_by_label("The file recovery.json").set_input_files(file)
        self.presses("Continue")
        self.sees("Is this your main key?")
        assert self.digits == digits
        self.presses("They are the same")
        self.sees("What do you need?")

    def wants(self, what: str) -> None:
        """One of what there is to choose."""
        self.page.get_by_label(what, exact=True).check()
        self.presses("Continue")

    def types(self, lines: list[str], shorten: bool = False) -> None:
        """One paper."""
        self.presses("I have my paper ready")
        self.looks("a paper to type")
        self.types_again(lines, shorten=shorten)

    def types_again(self, lines: list[str], shorten: bool = False) -> None:
        """The same screen, once more."""
        for n, line in enumerate(lines, 1):
            words = line.split()
            self.page.get_by_label(f"Line {n}", exact=True).fill(" ".join(w[:4] for w in words) if shorten else line)
        self.presses("Continue")

    def saves(self, name: str, folder: Path) -> Path:
        """A file for the stick."""
        with self.page.expect_download() as download:
            self.presses(f"Save {name}")
        file = folder / name
        download.value.save_as(file)
        return file

    def writes(self, key: str) -> Papers:
        """Three new papers."""
        papers: Papers = {}
        for n in (1, 2, 3):
            title = f"{key}: share {n} of 3"
            expect(self.page.get_by_role("heading", name=title)).to_be_visible()
            self.presses("Show the share")
            rows = self.page.locator(".share-lines > li").all_inner_texts()
            papers[title] = lines = [" ".join(re.findall("[a-z]+", row)) for row in rows]
            self.looks("a new paper")
            self.presses("I have written it down")
            for label in self.page.get_by_text(re.compile(r"^Line \d$")).all_inner_texts():
                self.page.get_by_label(label, exact=True).fill(lines[int(label[-1]) - 1])
            self.presses("Check")
        return papers


@contextmanager
def cut_off(browser: Browser, folder: Path, **more: Any) -> Iterator[PapersPage]:
    """The page as a file on a computer without a network."""
    written = run("recovery", "page", "--out", str(folder / "recovery.html"), "--json")
    assert written.returncode == 0, written.stderr
    device = context(browser, size=more.pop("size", LAPTOP), offline=True, **more)
    person = PapersPage(device.new_page())
    person.page.goto((folder / "recovery.html").as_uri())
    yield person
    assert person.errors == []
    assert {url.partition(":")[0] for url in person.asked} <= {"file", "blob"}
    device.close()


def exported(house: Installation, folder: Path) -> Path:
    """What goes on the stick."""
    file = folder / "recovery.json"
    done = run("recovery", "export", "--dir", str(house.folder), "--out", str(file))
    assert done.returncode == 0, done.stderr
    return file


def imported(house: Installation, file: Path) -> str:
    """What comes back from the stick."""
    done = run("recovery", "import", str(file), "--dir", str(house.folder))
    assert done.returncode == 0, done.stderr
    return done.stdout
