"""The real server in a process of its own, and real Chromium in front of it."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

import installed
from actors import STUCK
from ports import free_port

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
PHONE = {"width": 360, "height": 740}
LAPTOP = {"width": 1366, "height": 768}

expect.set_options(timeout=30_000)


@dataclass
class Demo:
    """A running `luwte demo`."""

    process: subprocess.Popen[str]
    visitor: str
    desk: str
    data_dir: Path
    accounts: list[dict[str, str]]
    command: list[str]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(STUCK)


def start_demo(folder: Path, *arguments: str, port: int = 0) -> Demo:
    """Run `luwte demo --json` and wait for its first line."""
    command = [str(Path(sys.executable).with_name("luwte")), "demo", "--json", "--dir", str(folder), *arguments]
    command += ["--port", str(port or free_port())]  # none that Linux draws: some die, and come back on theirs
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], STUCK)[0]:
        process.kill()
        raise TimeoutError(f"luwte demo said nothing for {STUCK:.0f} s")
    line = json.loads(process.stdout.readline())
    return Demo(process, line["visitor"], line["desk"], Path(line["data_dir"]), line["accounts"], command)


@contextmanager
def a_demo(folder: Path, *arguments: str) -> Iterator[Demo]:
    """A demo for one story."""
    demo = start_demo(folder, *arguments)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.process.terminate()
            try:
                demo.process.wait(10)
            except subprocess.TimeoutExpired:
                demo.process.kill()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    path = installed.path()
    assert path, "Chromium is missing; tests/installed.py installs it"
    with sync_playwright() as playwright:
        launched = launch(playwright, path)
        try:
            yield launched
        finally:
            launched.close()


def launch(playwright: Playwright, path: str) -> Browser:
    """Start the system's Chromium."""
    return playwright.chromium.launch(executable_path=path, args=FLAGS, headless=True)


def context(browser: Browser, locale: str = "en-US", size: dict[str, int] | None = None, **more: Any) -> BrowserContext:
    """A person with a device of their own."""
    return browser.new_context(locale=locale, viewport=size or PHONE, **more)


class VisitorPage:
    """What a visitor does on the page, by the names that a screen reader hears."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    def opens(self) -> None:
        """Go to the page."""
        self.page.goto(self.url)

    def starts(self) -> None:
        """Press the one button."""
        self.page.get_by_role("button", name="Start chat").click()
        expect(self.box).to_be_visible()

    @property
    def box(self) -> Any:
        """Where they write."""
        return self.page.get_by_role("textbox", name="Your message")

    @property
    def log(self) -> Any:
        """What was said."""
        return self.page.get_by_role("log", name="Conversation")

    def says(self, text: str) -> None:
        """Write and send."""
        self.box.fill(text)
        self.page.get_by_role("button", name="Send", exact=True).click()
        expect(self.log).to_contain_text(text)


class DeskPage:
    """What a counsellor does at the desk."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    def signs_in(self, account: dict[str, str]) -> None:
        """Name, passphrase, in."""
        self.page.goto(self.url)
        self.page.get_by_label("Name").fill(account["name"])
        self.page.get_by_label("Passphrase").fill(account["passphrase"])
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.waiting).to_be_visible()

    @property
    def waiting(self) -> Any:
        """The region with those who wait."""
        return self.page.get_by_role("region", name="Waiting")

    @property
    def conversations(self) -> Any:
        """The region with one's own conversations."""
        return self.page.get_by_role("region", name="Conversations")

    def takes(self, opening: str) -> None:
        """Press Take in the row with this opening."""
        row = self.waiting.get_by_role("listitem").filter(has_text=opening)
        row.get_by_role("button", name="Take", exact=True).click()
        expect(self.conversations.get_by_role("log").filter(has_text=opening)).to_be_visible()

    def says(self, text: str, conversation: Any = None) -> None:
        """Write and send."""
        place = conversation or self.conversations
        place.get_by_role("textbox", name="Message", exact=True).fill(text)
        place.get_by_role("button", name="Send", exact=True).click()
        expect(place.get_by_role("log")).to_contain_text(text)

    def breaks_glass(self, number: int, reason: str = "She does not answer the phone") -> None:
        """Open a conversation of today that is not theirs."""
        self.page.get_by_role("button", name="Emergency access").click()
        form = self.page.get_by_role("dialog", name="Emergency access")
        form.get_by_label("Conversation number").fill(str(number))
        form.get_by_label("a colleague cannot go on").check()
        form.get_by_label("In your own words, without names").fill(reason)
        form.get_by_role("button", name="Open to read").click()
        expect(form).to_have_count(0)
        expect(self.conversations.get_by_text("Emergency access, to read only.")).to_be_visible()

    def signs_out(self) -> None:
        """Leave."""
        self.page.get_by_role("button", name="Sign out").click()
        expect(self.page.get_by_role("button", name="Sign in")).to_be_visible()


def becomes(page: Page, expression: str) -> None:
    """Wait until *expression* is true in the page. Playwright's own way is code from text, which our pages forbid."""
    end = now() + STUCK
    while not page.evaluate(expression):
        assert now() < end, expression
        page.wait_for_timeout(10)


def account(demo: Demo, role: str, index: int = 0) -> dict[str, str]:
    """An account of the demonstration."""
    return [one for one in demo.accounts if one["role"] == role][index]


def environment() -> dict[str, str]:
    """As little of the environment as a command needs."""
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


def now() -> float:
    """A clock for waiting."""
    return time.monotonic()
