"""A backup that was made under load, and the way back: nothing that was acknowledged before it is missing."""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from actors import STORY_STUCK, House, Visitor, a_house
from luwte import settings as settings_module
from luwte.app import running
from luwte.audit import actions as audit
from luwte.audit import store as audit_store
from luwte.audit.model import Record
from luwte.backup import actions as backups
from luwte.backup.model import DATABASE, PLAIN, Manifest, halves, read_half, read_manifest
from luwte.errors import CannotStart
from luwte.plumbing.db import look
from luwte.plumbing.keystore import CONVERSATION, STAFF, KeyStore
from luwte.plumbing.migrate import released
from luwte.staff import actions as staff

LUWTE = str(Path(sys.executable).with_name("luwte"))
NOW = 29_400_003
PRIVATE = b"\x02" * 32
PUBLIC = read_half("public", halves(PRIVATE)["public"])


@dataclass
class Talk:
    """A visitor who writes one message after the other."""

    visitor: Visitor
    acked: list[str] = field(default_factory=list)

    async def goes_on(self, stop: asyncio.Event) -> None:
        """Until *stop*, and at most a thousand."""
        for n in range(1_000):
            if stop.is_set():
                return
            assert (await self.visitor.says(f"message {n}"))["t"] == "ack"
            self.acked.append(f"message {n}")

    async def reads_all(self) -> list[str]:
        """Come back and read everything from the beginning."""
        resumed = await self.visitor.resumes()
        if resumed["t"] == "refused":
            return [resumed["code"]]
        return [await self.visitor.reads() for _ in range(resumed["last"])]


async def begins(house: House) -> Talk:
    """Somebody new."""
    visitor = house.visitor()
    assert (await visitor.starts())["t"] == "started"
    return Talk(visitor)


async def luwte(*arguments: str | Path) -> str:
    """Run the command while the house goes on; what it printed."""
    process = await asyncio.create_subprocess_exec(LUWTE, *arguments, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode()


def play(story: Callable[[], Any]) -> Any:
    """Run a story to its end."""

    async def run() -> Any:
        async with asyncio.timeout(STORY_STUCK):
            return await story()

    return asyncio.run(run())


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A backup key, elsewhere."""
    (tmp_path / "safe").mkdir()
    backups.make_key(tmp_path / "safe" / "key")
    return tmp_path / "safe" / "key"


def test_what_was_acknowledged_before_a_backup_is_in_it(tmp_path: Path, key: Path) -> None:
    """Visitors write and new ones come while it is made; restored, each reads their words in order, without a gap."""

    async def before() -> tuple[list[Talk], list[int]]:
        async with a_house(tmp_path / "house") as house:
            noor = house.counsellor()
            await noor.opens_desk()
            talks, stop = [await begins(house) for _ in range(5)], asyncio.Event()
            await noor.takes(talks[0].visitor.conv)
            await talks[0].visitor.line.hear("claimed")
            talks[0].visitor.generation = 1
            async with asyncio.TaskGroup() as everybody:
                for talk in talks:
                    everybody.create_task(talk.goes_on(stop))
                while not all(talk.acked for talk in talks):
                    await asyncio.sleep(0.01)
                acked = [len(talk.acked) for talk in talks]
                where = ("--dir", house.folder, "--out", tmp_path / "backup")
                making = everybody.create_task(
                    luwte("backup", *where, "--keys", tmp_path / "sealed", "--recipient", f"{key}.pub")
                )
                while not making.done():
                    newcomer = await begins(house)
                    talks.append(newcomer)
                    await newcomer.visitor.says("message 0")
                    newcomer.acked.append("message 0")
                stop.set()
            return talks, acked

    async def after(talks: list[Talk]) -> list[list[str]]:
        async with a_house(tmp_path / "restored") as house:
            for talk in talks:
                talk.visitor.house = house
            read = [await talk.reads_all() for talk in talks]
            # And it goes on: whoever was there before writes on, and a counsellor takes and reads.
            newcomer = await begins(house)
            assert (await newcomer.visitor.says("after the disaster"))["t"] == "ack"
            sam = house.counsellor(1)
            await sam.opens_desk()
            await sam.takes(newcomer.visitor.conv)
            assert await sam.reads(newcomer.visitor.conv) == "after the disaster"
            assert await house.luwte.db.read(audit.verify) is None
            return read

    talks, acked = play(before)
    restored = ("--from", tmp_path / "backup", "--dir", tmp_path / "restored", "--keys", tmp_path / "sealed")
    asyncio.run(luwte("restore", *restored, "--identity", key))
    for least, read in zip(acked, play(lambda: after(talks)), strict=False):
        assert least <= len(read)
        assert read == [f"message {n}" for n in range(len(read))]
    manifest = read_manifest((tmp_path / "backup" / "manifest.json").read_bytes())
    assert manifest.counts.without_key == 0
    assert 5 <= manifest.counts.conversations <= len(talks)


# from here on a small house that stands still


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with three conversations; the server is gone."""

    async def story() -> None:
        async with a_house(tmp_path / "house") as house:
            noor = house.counsellor()
            await noor.opens_desk()
            for n in range(3):
                talk = await begins(house)
                await talk.visitor.says(f"hello {n}")
            await noor.takes(talk.visitor.conv)

    play(story)
    return tmp_path / "house"


def make(house: Path, tmp_path: Path) -> Manifest:
    """A backup with sealed keys."""
    return backups.make(house, tmp_path / "backup", NOW, keys=tmp_path / "sealed", recipient=PUBLIC)


def restore(tmp_path: Path, to: str = "restored") -> backups.Restored:
    """From those."""
    return backups.restore(tmp_path / "backup", tmp_path / to, NOW + 9, keys=tmp_path / "sealed", identity=PRIVATE)


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_backup_says_what_is_in_it(house: Path, tmp_path: Path) -> None:
    """Counts, hashes, the minute, the schema."""
    manifest = make(house, tmp_path)
    assert read_manifest((tmp_path / "backup" / "manifest.json").read_bytes()) == manifest
    assert manifest.made == "2025-11-24T16:03Z"
    assert manifest.schema == len(released())
    assert manifest.ledger == 0
    assert manifest.first_bad_record is None
    counts = manifest.counts
    assert (counts.conversations, counts.with_key, counts.without_key, counts.envelopes) == (3, 3, 0, 3)
    assert manifest.parts.keys() == {DATABASE, *PLAIN}
    for name, part in manifest.parts.items():
        data = (tmp_path / "backup" / name).read_bytes()
        assert (part.bytes, part.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_a_backup_holds_no_key(house: Path, tmp_path: Path) -> None:
    """No shred key, no server half, not the server's secret, no private key of the demonstration; nor do the sealed."""
    make(house, tmp_path)
    slots = (house / "keys").read_bytes()
    needles = [slots[at + 28 : at + 60] for at in range(0, len(slots), 64)]
    needles += [(house / "secret").read_bytes(), b'"passphrase"']
    assert len(needles) > 6
    outside = {**files_in(tmp_path / "backup"), "sealed": (tmp_path / "sealed").read_bytes()}
    for name, data in outside.items():
        assert not [needle for needle in needles if needle in data], name
    assert not {"keys", "secret"} & outside.keys()


def test_backup_and_restored_folder_are_for_their_owner(house: Path, tmp_path: Path) -> None:
    """Folders 0700, files 0600, whatever the umask is."""
    umask = os.umask(0)
    try:
        make(house, tmp_path)
        restore(tmp_path)
    finally:
        os.umask(umask)
    found = [tmp_path / "sealed"]
    for folder in (tmp_path / "backup", tmp_path / "restored"):
        found += [folder, *folder.rglob("*")]
    assert len(found) > 12
    for path in found:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_an_erased_conversation_is_counted_and_stays_erased(house: Path, tmp_path: Path) -> None:
    """Also when the copy of the database is from before: today's keys with yesterday's rows open nothing of it."""
    make(house, tmp_path)
    keys = KeyStore(house / "keys")
    with closing(sqlite3.connect(house / "main.db")) as database:
        (gone,) = database.execute("SELECT id FROM conversation LIMIT 1").fetchone()
    assert keys.erase(CONVERSATION, gone)
    keys.close()
    done = backups.restore(tmp_path / "backup", tmp_path / "restored", NOW + 9, keys=house)
    assert (done.counts.with_key, done.counts.without_key) == (2, 1)
    keys = KeyStore(tmp_path / "restored" / "keys")
    assert keys.get(CONVERSATION, gone) is None
    keys.close()
    assert backups.make(house, tmp_path / "later", NOW + 10).counts.without_key == 1


def test_a_conversation_that_began_meanwhile_is_never_taken_for_erased(
    house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys are copied after the database: one that was put while that was copied is there."""
    real = backups.copy_database

    def slow_copy(source: Path, target: Path, *rest: Any) -> bool:
        keys = KeyStore(house / "keys")
        keys.put(CONVERSATION, b"i" * 16, os.urandom(32))
        keys.close()
        with closing(sqlite3.connect(house / "main.db")) as database:
            database.execute("UPDATE conversation SET id = ? WHERE key = 1", (b"i" * 16,))
            database.commit()
        return real(source, target, *rest)

    monkeypatch.setattr(backups, "copy_database", slow_copy)
    assert make(house, tmp_path).counts.without_key == 0


def test_a_restore_is_on_record_and_nobody_is_signed_in(house: Path, tmp_path: Path) -> None:
    """The log goes on where the backup's ended, and its chain holds."""
    make(house, tmp_path)
    before: list[Record] = look(house / "main.db", lambda tx: [row for row, _ in audit_store.everything(tx)])
    with closing(sqlite3.connect(house / "main.db")) as database:
        assert database.execute("SELECT count(*) FROM session WHERE ended IS NULL").fetchone()[0] > 0
    restore(tmp_path)
    after: list[Record] = look(tmp_path / "restored" / "main.db", lambda tx: [r for r, _ in audit_store.everything(tx)])
    assert after[:-1] == before
    record = after[-1]
    assert (record.action, record.actor, record.minute, record.result) == (
        "backup.restore",
        "operator",
        NOW + 9,
        "done",
    )
    assert record.reason == "backup 2025-11-24T16:03Z, keys 2025-11-24T16:03Z"
    assert look(tmp_path / "restored" / "main.db", audit.verify) is None
    with closing(sqlite3.connect(tmp_path / "restored" / "main.db")) as database:
        assert database.execute("SELECT count(*) FROM session WHERE ended IS NULL").fetchone()[0] == 0


def test_who_was_removed_since_stays_out_and_the_server_starts(house: Path, tmp_path: Path) -> None:
    """Yesterday's rows with today's keys: the half of their key is gone, so that the account is nobody's."""
    make(house, tmp_path)
    with closing(sqlite3.connect(house / "main.db")) as database:
        ids = [row[0] for row in database.execute("SELECT id FROM account ORDER BY name <> 'Noor'")]
    keys = KeyStore(house / "keys")
    assert keys.erase(STAFF, bytes.fromhex(ids[0]))
    done = backups.restore(tmp_path / "backup", tmp_path / "restored", NOW + 9, keys=house)
    assert done.left_out == ["Noor"]
    again = ("restore", "--from", tmp_path / "backup", "--keys", house, "--dir")
    said = asyncio.run(luwte(*again, tmp_path / "told"))
    assert "Removed since then, and so left out: 1 accounts (Noor)." in said
    assert json.loads(asyncio.run(luwte(*again, tmp_path / "json", "--json")))["left_out"] == ["Noor"]
    with closing(sqlite3.connect(tmp_path / "restored" / "main.db")) as database:
        assert database.execute("SELECT id FROM account WHERE disabled = 1").fetchall() == [(ids[0],)]
        assert database.execute("SELECT * FROM team_key WHERE account = ?", (ids[0],)).fetchall() == []
    after: list[Record] = look(tmp_path / "restored" / "main.db", lambda tx: [r for r, _ in audit_store.everything(tx)])
    assert [(one.actor, one.action, one.reason) for one in after][-1] == ("operator", "staff.remove", ids[0])

    async def starts() -> None:
        async with running(settings_module.read(tmp_path / "restored"), is_demo=True) as luwte:
            assert len(await luwte.db.read(staff.account_ids)) == len(ids) - 1

    play(starts)
    keys.erase_all(STAFF, [bytes.fromhex(id) for id in ids])
    keys.close()
    with refused("does not fit", tmp_path):
        backups.restore(tmp_path / "backup", tmp_path / "another", NOW + 9, keys=house)


def test_an_altered_audit_log_does_not_stop_a_backup_and_is_told(house: Path, tmp_path: Path) -> None:
    """Whoever altered it must not also have stopped the backups."""
    with closing(sqlite3.connect(house / "main.db")) as database:
        database.execute("UPDATE audit SET actor = 'somebody else' WHERE n = 1")
        database.commit()
    assert make(house, tmp_path).first_bad_record == 1
    assert restore(tmp_path).first_bad_record == 1
    for arguments in (
        ("backup", "--dir", house, "--out", tmp_path / "again"),
        ("restore", "--from", tmp_path / "backup", "--dir", tmp_path / "again-restored", "--keys", house),
    ):
        result = subprocess.run([LUWTE, *arguments], capture_output=True, text=True, timeout=60)
        assert result.returncode == 1
        assert result.stderr == "luwte: The audit log was altered: record 1 does not follow from the ones before.\n"


@contextmanager
def refused(words: str, folder: Path) -> Iterator[None]:
    """One plain line; nothing was made, and nothing half is left anywhere."""
    before = sorted(str(path) for path in folder.rglob("*"))
    with pytest.raises(CannotStart, match=words) as caught:
        yield
    assert "\n" not in str(caught.value)
    made = {str(path) for path in folder.rglob("*")} - set(before)
    assert {Path(path).name for path in made} <= {"lock", "main.db-shm", "main.db-wal"}


@pytest.mark.parametrize("name", [DATABASE, *PLAIN])
def test_a_changed_backup_is_refused(house: Path, tmp_path: Path, name: str) -> None:
    """One bit anywhere in one of its files; a file cut short; a file that is gone."""
    make(house, tmp_path)
    path = tmp_path / "backup" / name
    whole = path.read_bytes()
    for spoiled in (whole[:-1], whole + b"x", bytes([whole[0] ^ 1]) + whole[1:], whole[:-9] + b"!" + whole[-8:]):
        path.write_bytes(spoiled)
        with refused("changed or damaged", tmp_path):
            restore(tmp_path)
    path.unlink()
    with pytest.raises(OSError, match=name):
        restore(tmp_path)
    assert not (tmp_path / "restored").exists()
    path.write_bytes(whole)
    restore(tmp_path)


def change_manifest(tmp_path: Path, **changes: Any) -> None:
    """Write other values into a backup's manifest."""
    path = tmp_path / "backup" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_newer_schema_is_refused(house: Path, tmp_path: Path) -> None:
    """Whether the manifest says so, or the database in it does."""
    make(house, tmp_path)
    change_manifest(tmp_path, schema=len(released()) + 1)
    with refused("Use a newer Luwte", tmp_path):
        restore(tmp_path)
    change_manifest(tmp_path, schema=len(released()))
    database = tmp_path / "backup" / DATABASE
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA user_version={len(released()) + 1}")
    part = {"bytes": database.stat().st_size, "sha256": hashlib.sha256(database.read_bytes()).hexdigest()}
    parts = json.loads((tmp_path / "backup" / "manifest.json").read_text())["parts"]
    change_manifest(tmp_path, parts={**parts, DATABASE: part})
    with refused("not what its manifest says", tmp_path):
        restore(tmp_path)


def test_a_backup_with_other_rows_than_it_says_is_refused(house: Path, tmp_path: Path) -> None:
    """Somebody took a row out and forgot the count."""
    make(house, tmp_path)
    counts = json.loads((tmp_path / "backup" / "manifest.json").read_text())["counts"]
    change_manifest(tmp_path, counts={**counts, "envelopes": 4})
    with refused("does not hold what", tmp_path):
        restore(tmp_path)


def test_nothing_is_restored_over_something(house: Path, tmp_path: Path) -> None:
    """Not over a folder in use, not over one that was used, not over a file."""
    make(house, tmp_path)
    before = files_in(house)
    with backups.only_one(house), refused("Another Luwte runs", tmp_path):
        restore(tmp_path, "house")
    with refused("something in house", tmp_path):
        restore(tmp_path, "house")
    with refused("something in sealed", tmp_path):
        restore(tmp_path, "sealed")
    with refused("something in backup", tmp_path):
        make(house, tmp_path)
    assert files_in(house) == before


def test_keys_of_a_folder_in_use_are_not_taken(house: Path, tmp_path: Path) -> None:
    """Two servers with the same keys: what one erases the other still has."""
    make(house, tmp_path)
    with backups.only_one(house), refused("Another Luwte runs", tmp_path):
        backups.restore(tmp_path / "backup", tmp_path / "restored", NOW, keys=house)


def test_keys_that_do_not_fit_are_refused(house: Path, tmp_path: Path) -> None:
    """Another key, none at all, a file that is no sealed copy, a damaged key store."""
    make(house, tmp_path)
    source, target, sealed = tmp_path / "backup", tmp_path / "restored", tmp_path / "sealed"
    with refused("does not open", tmp_path):
        backups.restore(source, target, NOW, keys=sealed, identity=b"\x03" * 32)
    with refused("--identity", tmp_path):
        backups.restore(source, target, NOW, keys=sealed)
    with refused("not a sealed copy", tmp_path):
        backups.restore(source, target, NOW, keys=source / DATABASE, identity=PRIVATE)
    data = (house / "keys").read_bytes()
    (house / "keys").write_bytes(data[:70] + b"?" + data[71:])
    with refused("damaged at slot 1", tmp_path):
        backups.restore(source, target, NOW, keys=house)
    with refused("damaged at slot 1", tmp_path):
        backups.make(house, tmp_path / "another", NOW)


def test_a_damaged_database_makes_no_backup(house: Path, tmp_path: Path) -> None:
    """Better no new backup than one that takes a good one's place."""
    size = (house / "main.db").stat().st_size
    for at in range(4096, size, 4096):
        with (house / "main.db").open("r+b") as file:
            file.seek(at)
            file.write(os.urandom(4096))
    with refused("damaged", tmp_path):
        make(house, tmp_path)


def test_an_index_that_disagrees_with_its_table_makes_no_backup(house: Path, tmp_path: Path) -> None:
    """It can be copied, and everything in it be read in one way and not in another."""
    with closing(sqlite3.connect(house / "main.db")) as database:
        (id,) = database.execute("SELECT id FROM conversation LIMIT 1").fetchone()
    data = (house / "main.db").read_bytes()
    assert data.count(id) >= 2
    (house / "main.db").write_bytes(data.replace(id, os.urandom(16), 1))
    with refused("damaged", tmp_path):
        make(house, tmp_path)


def test_keys_that_cannot_be_written_leave_no_backup(house: Path, tmp_path: Path) -> None:
    """Both or neither."""
    with refused("does not exist", tmp_path):
        backups.make(house, tmp_path / "backup", NOW, keys=tmp_path / "nowhere" / "sealed", recipient=PUBLIC)
    (tmp_path / "sealed.new").mkdir()  # where it is written first
    with pytest.raises(OSError, match="sealed"):
        make(house, tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["house", "sealed.new"]


def test_a_backup_goes_nowhere_where_it_does_harm(house: Path, tmp_path: Path) -> None:
    """Not over the living keys or anything else of value; not where it would be lost; nor keys and rows together."""
    before = files_in(tmp_path)
    (tmp_path / "note").write_bytes(b"do not lose me")

    def backup(out: Path, keys: Path) -> None:
        backups.make(house, out, NOW, keys=keys, recipient=PUBLIC)

    for keys in (house / "keys", house / "sealed"):
        with refused("lost with it", tmp_path):
            backup(tmp_path / "backup", keys)
    with refused("lost with it", tmp_path):
        backup(house / "backup", tmp_path / "sealed")
    with refused("must not lie in the backup", tmp_path):
        backup(tmp_path / "backup", tmp_path / "backup" / "sealed")
    with refused("not written over", tmp_path):
        backup(tmp_path / "backup", tmp_path / "note")
    assert files_in(tmp_path) == before | {"note": b"do not lose me"}
    backup(tmp_path / "backup", tmp_path / "sealed")
    with refused("must not lie in the backup", tmp_path):
        restore(tmp_path, "backup/restored")
    first = (tmp_path / "sealed").read_bytes()
    backup(tmp_path / "another", tmp_path / "sealed")
    assert (tmp_path / "sealed").read_bytes() != first


def test_a_backup_key_is_never_written_over(tmp_path: Path) -> None:
    """Whatever was sealed to it would open no more."""
    backups.make_key(tmp_path / "key")
    before = files_in(tmp_path)
    assert read_half("private", before["key"].decode()) != read_half("public", before["key.pub"].decode())
    for gone in ("key", "key.pub"):
        (tmp_path / gone).unlink()
        with pytest.raises(CannotStart, match="there already"):
            backups.make_key(tmp_path / "key")
        (tmp_path / gone).write_bytes(before[gone])
    assert files_in(tmp_path) == before


# stopped half-way


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_backup_that_is_stopped_leaves_nothing_that_looks_like_one(
    house: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """Killed, it leaves a folder that says it is unfinished; asked to stop, it tidies up and says so with its code."""
    (house / "luwte.toml").unlink()
    os.mkfifo(house / "luwte.toml")  # it waits here for ever
    process = subprocess.Popen([LUWTE, "backup", "--dir", house, "--out", tmp_path / "backup"], stderr=subprocess.PIPE)
    while not list(tmp_path.glob("*.unfinished/main.db")):
        assert process.poll() is None
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    left = sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("backup"))
    if number is signal.SIGKILL:
        assert len(left) == 1
        assert left[0].endswith(".unfinished")
        assert (tmp_path / left[0]).stat().st_mode & 0o777 == 0o700
        with pytest.raises(OSError, match="manifest"):
            backups.restore(tmp_path / left[0], tmp_path / "restored", NOW, keys=house)
        assert not (tmp_path / "restored").exists()
    else:
        assert left == []
        assert process.returncode == 130
        assert b"Traceback" not in said
    (house / "luwte.toml").unlink()
    backups.make(house, tmp_path / "backup", NOW)


def test_a_copy_that_is_stopped_half_way_leaves_nothing(house: Path, tmp_path: Path) -> None:
    """In the middle of SQLite's own work."""
    with closing(sqlite3.connect(house / "main.db")) as database:
        many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000)"
        database.execute("CREATE TABLE ballast (i)")
        database.execute(f"INSERT INTO ballast {many} SELECT i FROM n")
        database.commit()
    told: list[str] = []

    def say(text: str) -> None:
        told.append(text)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backups.make(house, tmp_path / "backup", NOW, say=say)
    assert told == ["copying main.db: 0 MB"]
    assert os.listdir(tmp_path) == ["house"]


def test_a_backup_of_a_server_that_was_killed(tmp_path: Path) -> None:
    """What it had acknowledged is in its write-ahead log alone; the backup has it."""

    async def story() -> None:
        async with a_house(tmp_path / "house") as house:
            talk = await begins(house)
            await talk.visitor.says("hello")
            shutil.copytree(house.folder, tmp_path / "killed")

    play(story)
    with contextlib.suppress(FileNotFoundError):
        (tmp_path / "killed" / "main.db-shm").unlink()
    assert (tmp_path / "killed" / "main.db-wal").stat().st_size > 0
    assert make(tmp_path / "killed", tmp_path).counts.envelopes == 1
    assert restore(tmp_path).counts.envelopes == 1
