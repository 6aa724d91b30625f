"""The documents say what is there."""

import re
from pathlib import Path

import pytest

from luwte.audit.model import ACTIONS
from luwte.conversation import frames as visitor_frames
from luwte.desk import frames as desk_frames
from luwte.errors import Refusal

ROOT = Path(__file__).parents[1]
DOCS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "vectors").glob("*.md")]


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_links_and_named_files_exist(document: Path) -> None:
    """Nothing points to what is gone."""
    text = document.read_text()
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    for link in links:
        if link and not link.startswith(("http", "mailto")):
            assert (document.parent / link).exists(), link
    for name in re.findall(r"`((?:src|web|tests|docs|bench|vectors|deploy)/[\w./*-]+)`", text):
        if "NNNN" not in name:
            assert list(ROOT.glob(name.rstrip("/"))), name


def test_every_test_of_the_attack_list_exists() -> None:
    """By file and name; and the codes of its own docstring are among those that the list has it for."""
    text = (ROOT / "docs" / "attack-list.md").read_text()
    named = re.findall(r"`((?:tests|web)/[^`:]+)(?:::(\w+))?`", text)
    assert len(named) > 150
    for file, test in named:
        assert (ROOT / file).exists(), file
        assert not test or re.search(rf"^def {test}\(", (ROOT / file).read_text(), re.MULTILINE), (file, test)
    for group, last in (("C", 15), ("D", 20), ("L", 8)):
        for n in range(1, last + 1):
            assert len(re.findall(rf"^\| {group}-{n} \|", text, re.MULTILINE)) == 1, (group, n)


def test_a_test_that_carries_a_code_is_in_the_attack_list() -> None:
    """Whoever looks for an attack finds each test of it."""
    text = (ROOT / "docs" / "attack-list.md").read_text()
    for file in sorted((ROOT / "tests" / "attack").glob("test_*.py")):
        carried = re.findall(
            r'^def (test_\w+)\([^)]*\)[^:]*:\n    """((?:[A-M]-\d+(?:, )?)+):', file.read_text(), re.MULTILINE
        )
        for test, codes in carried:
            for code in codes.split(", "):
                (row,) = re.findall(rf"^\| {code} \|.*$", text, re.MULTILINE)
                assert test in row, (file.name, test, code)


def test_every_refusal_is_in_the_protocol() -> None:
    """The codes of the errors and the table in the protocol are the same, but for those of plain pages."""
    table = (ROOT / "docs/protocol.md").read_text().partition("### 5.5")[2].partition("## 6")[0]
    listed = set(re.findall(r"^\| ([a-z_]+) \|", table, re.MULTILINE)) - {"code"}
    codes = {kind.code for kind in Refusal.__subclasses__()}
    assert listed == codes - {"not_found", "method_not_allowed"}


def test_every_frame_is_in_the_protocol() -> None:
    """Names and fields of what may be said."""
    protocol = (ROOT / "docs/protocol.md").read_text()
    for module in (visitor_frames, desk_frames):
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, visitor_frames.Frame) and kind is not visitor_frames.Frame:
                tag = kind.__struct_config__.tag
                assert re.search(rf"\b{tag}\b", protocol), tag
                for field in kind.__struct_fields__:
                    assert re.search(rf"\b{field}\b", protocol), f"{tag}.{field}"


def test_what_the_newest_protocol_brought_is_listed() -> None:
    """Exactly the frames that an older browser is not sent."""
    (listed,) = re.findall(
        r"\* Protocol 2 \(this text\) brought (.*?)\.\n", (ROOT / "docs/protocol.md").read_text(), re.S
    )
    brought = {
        kind.__struct_config__.tag
        for module in (visitor_frames, desk_frames)
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, visitor_frames.Frame)
        and kind.came_with == visitor_frames.PROTOCOL
    }
    assert set(re.findall(r"`(\w+)`", listed)) == brought


def test_every_kind_of_record_is_used() -> None:
    """The catalogue of audited deeds has no dead word."""
    source = "\n".join(path.read_text() for path in (ROOT / "src/luwte").rglob("*.py") if path.name != "model.py")
    for action in ACTIONS:
        assert f'"{action}"' in source, action
