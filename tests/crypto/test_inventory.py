"""The key inventory has every key that the code has, and none that it has not."""

import re
import sqlite3
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import inventory
import pytest

from luwte import migrations
from luwte.backup.model import PLAIN, SECRET
from luwte.crypto.certificate import Type
from luwte.crypto.wrap import Purpose
from test_cli import run

ROOT = Path(__file__).parents[2]
LABEL = re.compile(r"luwte/(?:v\d+|demo)/[a-z0-9/-]+")
KEYLIKE = re.compile(r"wrap|sealed|locked|secret|key|half|proof|salt|hash|certificate|token|public|25519|^v[eg]$")
ONLY_HASHES = {
    "audit.hash": "of the record before",
    "audit_node.hash": "of the tree of records",
    "conversation.start_hash": "of the start, to know the same one again",
    "envelope.hash": "of the envelope",
}


def named(what: str) -> list[str]:
    return list(chain.from_iterable(getattr(key, what) for key in inventory.KEYS))


def labels(sources: Iterable[Path]) -> set[str]:
    return {label for source in sources for label in LABEL.findall(source.read_text())}


def test_the_document_is_made_from_the_inventory() -> None:
    """`python tests/crypto/inventory.py` writes it."""
    assert inventory.DOCUMENT.read_text() == inventory.document()


def test_every_label_of_the_code_is_in_the_inventory() -> None:
    """In both languages; each stands for one thing."""
    python = labels((ROOT / "src/luwte").rglob("*.py"))
    browser = labels(path for path in (ROOT / "web/src").rglob("*.ts*"))
    assert python
    assert browser
    listed = named("labels") + list(inventory.NO_KEYS)
    assert len(listed) == len(set(listed))
    assert set(listed) == python | browser


def test_every_wrap_and_certificate_is_in_the_inventory() -> None:
    """Each purpose carries one key, each type vouches for one."""
    assert sorted(named("wraps")) == sorted(purpose.name for purpose in Purpose)
    assert sorted(named("certificates")) == sorted(type.name for type in Type)


def test_every_file_with_a_key_is_in_the_inventory(tmp_path: Path) -> None:
    """What a new folder holds, and all that a backup takes along."""
    folder = tmp_path / "new"
    words = ["--organisation", "a", "--name", "A", "--line", "chat", "--line-name", "Chat"]
    run("init", "--dir", str(folder), *words, "--origin", "http://127.0.0.1:1", "--listen", "127.0.0.1:1")
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {"main.db", "keys", "secret"} <= there
    there = {name for name in there if not name.startswith("main.db-")}
    known = set(named("files")) | set(inventory.NO_KEY_FILES)
    assert there | set(SECRET) | set(PLAIN) <= known
    assert set(SECRET) - set(inventory.NO_KEY_FILES) <= set(named("files"))


def test_every_column_with_a_key_is_in_the_inventory() -> None:
    """By their names: what is sealed, wrapped, locked or hashed has one that says so."""
    db = sqlite3.connect(":memory:")
    for script in sorted(Path(str(migrations.__path__[0])).glob("*.sql")):
        db.executescript(script.read_text())
    columns = {
        f"{table}.{name}"
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for _, name, type, *_ in db.execute(f"PRAGMA table_info({table})")
        if type == "BLOB" and KEYLIKE.search(name)
    }
    assert set(named("columns")) == columns - set(ONLY_HASHES)
    assert set(ONLY_HASHES) <= columns


@pytest.mark.parametrize("key", inventory.KEYS, ids=lambda key: key.name)
def test_each_key_is_told_whole(key: inventory.Key) -> None:
    """No cell is empty, and none breaks the table."""
    for cell in (key.name, key.algorithm, key.made, key.kept, key.used, key.until, key.erased):
        assert cell
        assert "|" not in cell
        assert "\n" not in cell
