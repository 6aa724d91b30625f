"""A browser with a profile on disk, and a search through everything that it wrote there."""

import base64
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, BrowserContext

import installed
from journeys.stage import FLAGS, PHONE

STORES = """(async () => [
  document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
  (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length,
])()"""

EMPTY = ["", 0, 0, 0, 0, 0]


@contextmanager
def on_disk(browser: Browser, profile: Path, *flags: str) -> Iterator[BrowserContext]:
    """The same browser as somebody has it at home: it keeps a history, and pages for Back."""
    person = browser.browser_type.launch_persistent_context(
        profile,
        executable_path=installed.path(),
        args=[*FLAGS, *flags],
        ignore_default_args=["--disable-back-forward-cache"],
        headless=True,
        viewport=PHONE,
        locale="en-US",
    )
    try:
        yield person
    finally:
        if pids(profile):
            person.close()


def pids(profile: Path) -> list[int]:
    """The processes of the browser that we started on this profile, the first one first."""
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = one.read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={profile}".encode() in arguments:
            found.append(int(one.parent.name))
    return sorted(found)


def dies(profile: Path) -> None:
    """The phone's battery is empty: no time to tidy up."""
    while found := pids(profile):
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)


def spellings(word: str) -> set[bytes]:
    """How *word* could lie in a file: plain, in wide letters, in an address, in base64 at each of three beginnings."""
    plain = word.encode()
    found = {plain, word.encode("utf-16-le"), quote(word, safe="").encode()}
    for before in range(3):
        coded = base64.b64encode(bytes(before) + plain)
        found.add(coded[before + 1 : -4])  # what no neighbour can change
    return found


def where(profile: Path, words: list[str]) -> set[str]:
    """Each word that lies in any file of the profile, with the file's name."""
    wanted = {word: spellings(word) for word in words}
    found = set()
    for file in profile.rglob("*"):
        if file.is_file() and not file.is_symlink():
            body = file.read_bytes()
            names = file.relative_to(profile)
            found |= {f"{word} in {names}" for word, ways in wanted.items() if any(way in body for way in ways)}
            found |= {f"{word} in the name {names}" for word in words if word in str(names)}
    return found


def history(profile: Path, origin: str) -> list[tuple[Any, ...]]:
    """Address and title of every page of *origin* that the browser remembers, once per entry."""
    copy = profile.with_name("history")
    shutil.copy(profile / "Default" / "History", copy)
    with closing(sqlite3.connect(copy)) as database:
        rows = database.execute("SELECT url, title FROM urls WHERE url LIKE ? ORDER BY id", (f"{origin}%",))
        return rows.fetchall()
