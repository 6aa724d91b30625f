"""Signed checkpoints, the proofs between them, and what a witness outside can tell about the log in a folder."""

import asyncio
import json
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from actors import Counsellor, House, play
from attack.attackers import Wound, a_taken_conversation, refused
from luwte.audit import actions as audit
from luwte.audit import checkpoints, witness
from luwte.audit.model import GENESIS, Record, chain, leaf
from luwte.audit.notary import read_key
from luwte.cli import main
from luwte.crypto import merkle, note
from luwte.crypto.primitives import signing_public_of
from luwte.errors import CannotStart

ORIGIN = "luwte-audit/demo"


async def some_records(house: House, count: int) -> None:
    """So many more deeds on record."""

    def work(tx: Any) -> None:
        for n in range(count):
            audit.record(tx, minute=n, actor=f"somebody {n}", action="staff.sign_in", object=b"", reason="", result="x")

    await house.luwte.db.write(work)


async def asks(desk: Counsellor, after: int) -> dict[str, Any]:
    """What a desk is told that remembers so many records."""
    desk.line.send("witness", after=after)
    return await desk.line.hear("checkpoint")


def opened(frame: dict[str, Any]) -> note.Checkpoint:
    """The checkpoint in a frame."""
    return note.read(note.open_note(frame["note"], ORIGIN, frame["key"]))


def test_each_hour_is_signed_and_every_desk_can_follow_it(tmp_path: Path) -> None:
    """I-2: a desk is told what it asked for, then each next one with the proof that the log only grew."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, notary = house.counsellor(), house.luwte.notary
        await noor.opens_desk()
        noor.line.send("witness", after=0)
        await some_records(house, 700)
        await notary.look()
        first = await noor.line.hear("checkpoint")
        assert first["key"] == signing_public_of(read_key(house.folder))
        assert stat.S_IMODE((house.folder / "audit-key").stat().st_mode) == 0o600
        known = opened(first)
        assert (known.size, known.ledger, first["proof"]) == (700, 0, [])
        for more in (0, 1, 300):
            await some_records(house, more)
            await notary.look()  # the hour is not over
            clock.ahead += 3600
            await notary.look()
            frame = await noor.line.hear("checkpoint")
            now = opened(frame)
            assert (now.size, now.minute - known.minute in (60, 61)) == (known.size + more, True)
            assert merkle.is_consistent(known.size, known.root, now.size, now.root, frame["proof"])
            known = now
        assert known.root == (await house.luwte.db.read(slow_tree)).root()
        assert await house.luwte.db.read(audit.count) == (1001, 4)
        # Another desk, later, at any size that was once signed or never was.
        sam = house.counsellor(1)
        await sam.opens_desk()
        for size in (0, 1, 2, 3, 700, 701, 1000, 1001):
            frame = await asks(sam, size)
            then = await house.luwte.db.read(slow_tree, size)
            assert merkle.is_consistent(size, then.root(), known.size, known.root, frame["proof"]), size
        assert (await asks(sam, 5000))["proof"] == []
        assert await house.luwte.db.read(audit.verify) is None

    play(story, tmp_path / "house", clock)


def slow_tree(tx: Any, size: int | None = None) -> merkle.Frontier:
    """The tree over the records themselves, without what is stored of it."""
    tree = merkle.Frontier()
    for row in tx.all("SELECT n, minute, actor, action, object, reason, result FROM audit ORDER BY n")[:size]:
        tree.add(leaf(Record(*row)))
    return tree


def test_no_desk_is_told_unasked(tmp_path: Path) -> None:
    """A page from before checkpoints hears nothing of them."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        await house.luwte.notary.sign()
        noor.line.send("ping")
        await noor.line.hear("pong")
        assert "checkpoint" not in {frame["t"] for frame in noor.line.everything}

    play(story, tmp_path / "house")


def test_what_does_not_follow_is_not_signed(tmp_path: Path) -> None:
    """A log that was altered, or cut, gets no further checkpoint: the newest stays the last that was true."""

    async def story(house: House) -> None:
        await some_records(house, 6)
        await house.luwte.notary.sign()
        for deed in ("DELETE FROM audit WHERE n = 6", "UPDATE audit SET actor = 'x' WHERE n = 5"):
            before = await house.luwte.db.read(lambda tx: tx.all("SELECT * FROM audit"))
            await house.luwte.db.write(lambda tx, deed=deed: tx.execute(deed))
            await some_records(house, 0 if "DELETE" in deed else 3)
            if "UPDATE" in deed:
                await house.luwte.db.write(lambda tx: tx.execute("DELETE FROM audit_node"))
            with pytest.raises(checkpoints.Altered):
                await house.luwte.notary.sign()
            await house.luwte.db.write(_put_back, before)
        assert await house.luwte.db.read(audit.count) == (6, 1)

    play(story, tmp_path / "house")


def _put_back(tx: Any, rows: list[Any]) -> None:
    tx.execute("DELETE FROM audit")
    for row in rows:
        tx.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *row)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a dozen records and two checkpoints, over six and twelve, and nobody running on it."""

    async def story(house: House) -> None:
        for _ in range(2):
            await some_records(house, 6)
            await house.luwte.notary.sign()

    play(story, tmp_path / "house")
    return tmp_path / "house"


def command(*arguments: str | Path) -> tuple[int, str]:
    """Run `luwte audit`, as in a shell: exit code and what it said."""
    result = CliRunner().invoke(main, ["audit", *map(str, arguments)], standalone_mode=True)
    return result.exit_code, result.output


def verdict(folder: Path, kept: Path | None = None) -> tuple[int, Any, Any, Any]:
    """Exit code, first and last bad record and why."""
    code, said = command("verify", "--dir", folder, "--json", *(["--checkpoints", kept] if kept else []))
    line = json.loads(said)
    assert line["ok"] == (code == 0)
    assert line["says"].endswith(".")
    return code, line["first_bad"], line["last_bad"], line["why"]


def alter(folder: Path, *statements: str) -> None:
    """What somebody does who has the database."""
    with closing(sqlite3.connect(folder / "main.db")) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def write_anew(folder: Path, change: Callable[[list[Record]], list[Record]], seed: bytes | None) -> None:
    """Every record, hash, subtree and checkpoint done again; signed with *seed*, or left as they were."""
    with closing(sqlite3.connect(folder / "main.db")) as db:
        rows = db.execute("SELECT n, minute, actor, action, object, reason, result FROM audit ORDER BY n").fetchall()
        head, tree, roots = GENESIS, merkle.Frontier(), {}
        db.execute("DELETE FROM audit")
        db.execute("DELETE FROM audit_node")
        for n, old in enumerate(change([Record(*row) for row in rows]), 1):
            record = Record(n, old.minute, old.actor, old.action, old.object, old.reason, old.result)
            head = chain(head, record)
            db.execute(
                "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (n, old.minute, old.actor, old.action, old.object, old.reason, old.result, head),
            )
            for (level, place), hash in tree.add(leaf(record)):
                db.execute("INSERT INTO audit_node VALUES (?, ?, ?)", (level, place, hash))
            roots[n] = tree.root()
        for key, size in db.execute("SELECT key, size FROM checkpoint").fetchall() if seed else []:
            text = note.write(note.Checkpoint(ORIGIN, size, roots[size], 0, 0))
            signed = note.sign_note(text, ORIGIN, seed or b"")
            db.execute("UPDATE checkpoint SET note = ? WHERE key = ?", (signed, key))
        db.commit()


def renamed(records: list[Record]) -> list[Record]:
    """Record 4 is somebody else's."""
    other = Record(4, records[3].minute, "somebody else", *(getattr(records[3], f) for f in Record.__slots__[3:]))
    return [*records[:3], other, *records[4:]]


def test_verify_names_the_first_bad_record(folder: Path, tmp_path: Path) -> None:
    """I-1 at the command line: what a folder tells by itself, and what only shows against what is kept elsewhere."""
    assert verdict(folder) == (0, None, None, None)
    exported = tmp_path / "witness.jsonl"
    assert command("export", "--dir", folder, "--out", exported)[0] == 0
    assert verdict(folder, exported) == (0, None, None, None)
    note_file = tmp_path / "from-a-desk.txt"
    note_file.write_text(json.loads(exported.read_text().splitlines()[-1])["checkpoint"])
    assert verdict(folder, note_file) == (0, None, None, None)
    kept = (folder / "main.db").read_bytes()
    seed = read_key(folder)
    mine = os.urandom(32)
    plays: list[tuple[str, Callable[[], None], Any, Any, Any]] = [
        # what is done, alone, with one checkpoint from a desk, with an export
        ("an edit", lambda: alter(folder, "UPDATE audit SET actor = 'x' WHERE n = 9"), *((1, 9, 9, "altered"),) * 3),
        ("a tail", lambda: alter(folder, "DELETE FROM audit WHERE n > 9"), *((1, 10, 10, "missing"),) * 3),
        (
            "a tail and the checkpoints over it",
            lambda: alter(folder, "DELETE FROM audit WHERE n > 9", "DELETE FROM checkpoint WHERE size > 9"),
            (0, None, None, None),
            (1, 10, 10, "missing"),
            (1, 10, 10, "missing"),
        ),
        ("everything", lambda: alter(folder, "DELETE FROM audit"), *((1, 1, 1, "missing"),) * 3),
        (
            "written anew",
            lambda: write_anew(folder, renamed, None),
            (1, 1, 6, "rewritten"),
            (1, 1, 6, "rewritten"),
            (1, 4, 4, "rewritten"),
        ),
        (
            "written anew by whoever has the key",
            lambda: write_anew(folder, renamed, seed),
            (0, None, None, None),
            (1, 1, 13, "rewritten"),
            (1, 4, 4, "rewritten"),
        ),
    ]
    for name, deed, alone, with_note, with_export in plays:
        (folder / "main.db").write_bytes(kept)
        deed()
        assert (verdict(folder), verdict(folder, note_file), verdict(folder, exported)) == (
            alone,
            with_note,
            with_export,
        ), name
    (folder / "main.db").write_bytes(kept)
    write_anew(folder, lambda records: records, mine)
    assert verdict(folder) == (1, None, None, None)
    assert "3 checkpoints in the database are not signed by audit-key." in command("verify", "--dir", folder)[1]
    (folder / "main.db").write_bytes(kept)
    (folder / "audit-key").write_bytes(mine)
    assert "another key" in command("verify", "--dir", folder, "--checkpoints", exported)[1]


def test_an_export_is_whole_or_not_there_and_on_record_either_way(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with its own record under a checkpoint; a failed one leaves no file and says so in the log."""
    out = tmp_path / "witness.jsonl"
    code, said = command("export", "--dir", folder, "--out", out, "--json")
    assert code == 0
    told = json.loads(said)
    assert told["key"].startswith(f"{ORIGIN}+")
    lines = out.read_text().splitlines()
    assert [told["records"], told["checkpoints"], len(lines)] == [13, 3, 17]
    assert json.loads(lines[13])["action"] == "audit.export"
    assert witness.read(out).key == (ORIGIN, signing_public_of(read_key(folder)))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert command("export", "--dir", folder, "--out", out)[0] == 2

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(witness, "_line", full)
    assert command("export", "--dir", folder, "--out", tmp_path / "other")[0] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["house", "witness.jsonl"]
    with closing(sqlite3.connect(folder / "main.db")) as db:
        made = db.execute("SELECT actor, result FROM audit WHERE action = 'audit.export' ORDER BY n").fetchall()
        assert made == [("operator", "done"), ("operator", "done"), ("operator", "failed")]
        db.execute("CREATE TRIGGER no BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END")
        db.commit()
    monkeypatch.undo()
    assert command("export", "--dir", folder, "--out", tmp_path / "other")[0] == 2
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: lines[:-1],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        lambda lines: [lines[0], lines[1].replace("somebody", "Somebody"), *lines[2:]],
        lambda lines: [*lines[:-1], lines[-1].replace("erasures 0", "erasures 9")],
        lambda lines: ["{}"],
        lambda lines: ["not an export"],
        lambda lines: ["{" * 100],
    ],
)
def test_a_spoilt_witness_accuses_nobody(folder: Path, tmp_path: Path, spoil: Callable[[list[str]], list[str]]) -> None:
    """A file that is not whole, or does not fit itself, ends with 2 and a plain line, never with a named record."""
    out = tmp_path / "witness.jsonl"
    command("export", "--dir", folder, "--out", out)
    out.write_text("\n".join(spoil(out.read_text().splitlines())) + "\n")
    code, said = command("verify", "--dir", folder, "--checkpoints", out)
    assert (code, said.count("\n"), said.startswith("luwte: ")) == (2, 1, True), said


def test_an_export_beside_a_running_server(tmp_path: Path) -> None:
    """Both write to one log, and it holds; the server's next checkpoint covers the export's record."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        out = tmp_path / "witness.jsonl"
        head = await asyncio.to_thread(witness.export, house.folder, "demo", out, 1, int)
        await refused(noor.line, "take", conv=visitor.conv)
        await house.luwte.notary.sign()
        assert opened(await asks(noor, head.records)).size == head.records + 1
        assert await house.luwte.db.read(audit.verify) is None
        found = await asyncio.to_thread(witness.verify, house.folder, "demo", out)
        assert found.ok

    play(story, tmp_path / "house")


def test_before_its_first_start_there_is_nothing_to_sign_with(tmp_path: Path) -> None:
    """One plain line that says what to do."""
    with pytest.raises(CannotStart, match="made when the server starts"):
        read_key(tmp_path)
    (tmp_path / "audit-key").write_bytes(b"short")
    with pytest.raises(CannotStart, match="damaged"):
        read_key(tmp_path)
