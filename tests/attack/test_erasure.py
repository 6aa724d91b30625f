"""Erased means erased: no byte of it in any file, and no backup, key or ledger of another day brings it back."""

import asyncio
import base64
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from actors import Counsellor, House, Visitor, a_house, play
from figures import Tell
from luwte import housekeeping
from luwte.audit import actions as audit
from luwte.audit.model import pseudonym
from luwte.backup import actions as backups
from luwte.backup.model import halves, read_half
from luwte.cli import main
from luwte.conversation import actions as conversations
from luwte.conversation.erasing import Erasures
from luwte.conversation.model import THE_VISITOR
from luwte.crypto import envelope
from luwte.crypto.keys import sign_erase
from luwte.errors import CannotStart
from luwte.housekeeping import Answer, Request
from luwte.plumbing import copies, ledger
from luwte.plumbing.db import Db, look
from luwte.plumbing.keystore import CONVERSATION, KeyStore
from luwte.plumbing.ledger import Ledger
from luwte.plumbing.lock import Damaged, unlock

LUWTE = str(Path(sys.executable).with_name("luwte"))
PRIVATE = b"\x02" * 32
PUBLIC = read_half("public", halves(PRIVATE)["public"])
NOW = 29_400_003
DAY = 24 * 60


def forms(secret: bytes) -> list[bytes]:
    """How some bytes may stand in a file: as they are, in hexadecimal digits, and in base64 from any byte on."""
    found = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    for shift in range(3):
        digits = base64.b64encode(bytes(shift) + secret)
        whole = digits[4 if shift else 0 : (len(secret) + shift) // 3 * 4]
        found += [whole, whole.replace(b"+", b"-").replace(b"/", b"_")]
    return found


class Traces:
    """What may be nowhere once a conversation is erased."""

    def __init__(self, house: House, visitor: Visitor) -> None:
        self.folder = house.folder
        key = house.luwte.around.shred_key(visitor.conv)
        assert key is not None
        start = visitor.start_frame
        self.needles = [visitor.conv, key, visitor.chain.sender, start["ve"], start["vg"], start["sig"]]
        self.needles += start["wraps"]
        self.locked: list[bytes] = []

    def sent(self, envelope: bytes) -> None:
        """An envelope went to the server: itself, its id, and its hash are traces."""
        self.needles += [envelope, envelope[42:58], envelope[162:194]]

    async def on_disk(self, house: House, conv: bytes) -> None:
        """What of it lies on the disk now."""
        self.needles += await house.luwte.db.read(_rows, conv)

    def found(self, folder: Path | None = None) -> list[tuple[str, str]]:
        """Files in which something of it stands."""
        files = [path for path in (folder or self.folder).rglob("*") if path.is_file()]
        contents = {path.name: path.read_bytes() for path in files}
        return [(name, form) for name, data in contents.items() for form in self.in_bytes(data)]

    def in_bytes(self, data: bytes) -> list[str]:
        """What of it stands in these bytes."""
        assert len(self.needles) > 10
        return [form.hex()[:40] for needle in self.needles for form in forms(needle) if form in data]


def _rows(tx: Any, conv: bytes) -> list[bytes]:
    (key,) = tx.one("SELECT key FROM conversation WHERE id = ?", conv)
    found: list[bytes] = []
    for row in tx.all("SELECT msg_id, sender, hash, locked FROM envelope WHERE conversation = ?", key):
        found += row
    for row in tx.all("SELECT locked FROM wrap WHERE conversation = ?", key):
        found += row
    found += tx.one("SELECT start_hash, credential_hash FROM conversation WHERE key = ?", key)
    return found


async def a_talk(house: House, noor: Counsellor, messages: int = 3) -> tuple[Visitor, Traces]:
    """A conversation between two people, with a team note."""
    visitor = house.visitor()
    assert (await visitor.starts())["t"] == "started"
    traces = Traces(house, visitor)
    await visitor.says("opening")
    await noor.takes(visitor.conv)
    await visitor.line.hear("claimed")
    visitor.generation = 1
    await noor.notes(visitor.conv, "a note")
    for n in range(messages):
        await visitor.says(f"message {n}")
        await noor.says(visitor.conv, f"answer {n}")
    for line in (visitor.line, noor.line):
        for data in line.sent:
            at = data.find(b"LW\x01\x01")
            if at >= 0 and data[at + 6 : at + 22] == visitor.conv:
                traces.sent(data[at:])
    await traces.on_disk(house, visitor.conv)
    return visitor, traces


@pytest.mark.usefixtures("both_ways")
def test_h1_h7_a_visitor_erases_while_both_talk(tmp_path: Path) -> None:
    """Without staff: at once, everywhere; the desk is told, and nothing more is taken from anybody."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        others = [await a_talk(house, noor) for _ in range(3)]
        visitor, traces = await a_talk(house, noor)
        assert traces.found(), "this way of looking finds what is there"
        assert await visitor.erases() == {"t": "erased", "conv": visitor.conv}
        assert traces.found() == []
        assert (await noor.line.hear("ended"))["conv"] == visitor.conv
        assert (await noor.line.hear("erased"))["conv"] == visitor.conv
        assert (await visitor.line.hear("erased"))["conv"] == visitor.conv
        assert (await noor.says(visitor.conv, "are you there?"))["code"] == "no_such_conversation"
        assert (await visitor.resumes())["code"] == "no_such_conversation"
        assert (await visitor.erases())["t"] == "erased", "asked again, the answer is the same"
        for other, _ in others:
            assert (await other.says("still here"))["t"] == "ack"
        await asyncio.sleep(0)
        assert traces.found() == []

    play(story, tmp_path / "house")


def as_admin(*command: str) -> None:
    """Run a tool that Debian keeps where only administrators look."""
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"}
    subprocess.run(["/usr/bin/env", *command], check=True, capture_output=True, env=environment)


@contextlib.contextmanager
def a_disk(folder: Path) -> Iterator[tuple[Path, Path]]:
    """A file system of our own, and the file that is its disk. Skips where this machine lets nobody mount one."""
    disk, mounted = folder / "disk.img", folder / "disk"
    mounted.mkdir()
    with disk.open("wb") as file:
        file.truncate(64 << 20)
    try:
        as_admin("mkfs.ext4", "-q", str(disk))
        as_admin("mount", "-o", "loop,noatime", str(disk), str(mounted))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be made and mounted here: {type(error).__name__}")
    try:
        yield mounted, disk
    finally:
        as_admin("umount", str(mounted))


def test_h2_the_raw_blocks_of_the_disk_hold_nothing(tmp_path: Path) -> None:
    """Not only in files: what was cut off, freed or overwritten is not in the blocks either, once those are trimmed."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor, traces = await a_talk(house, noor)
        os.sync()
        assert traces.in_bytes(disk.read_bytes()), "this way of looking finds what is there"
        assert (await visitor.erases())["t"] == "erased"
        kept.append(traces)

    kept: list[Traces] = []
    with a_disk(tmp_path) as (mounted, disk):
        play(story, mounted / "house")
        os.sync()
        # The key itself was overwritten where it stood: for that nothing has to be trimmed.
        assert kept[0].needles[1] not in disk.read_bytes()
        as_admin("fstrim", str(mounted))
    assert kept[0].in_bytes(disk.read_bytes()) == []


async def is_refused(visitor: Visitor) -> bool:
    """Whether somebody who comes back finds nothing."""
    return (await visitor.resumes()).get("code") == "no_such_conversation"


def records(folder: Path) -> list[tuple[str, str, bytes]]:
    """Who erased, why, and under which pseudonym, by the audit log."""
    sql = "SELECT actor, reason, object FROM audit WHERE action = 'conversation.erase' AND result = 'done' ORDER BY n"
    return look(folder / "main.db", lambda tx: [(row[0], row[1], row[2]) for row in tx.all(sql)])


def test_h6_erasing_while_it_waits_is_handed_over_is_read_along_or_has_ended(tmp_path: Path) -> None:
    """In every state: whoever has to do with it is told, nobody keeps anything of it, and everything else goes on."""

    async def story(house: House) -> None:
        noor, sam, lead = (house.counsellor(index) for index in range(3))
        for desk in (noor, sam, lead):
            await desk.opens_desk()

        waits = house.visitor()
        await waits.starts()
        waiting = Traces(house, waits)
        await waits.says("opening")
        await waiting.on_disk(house, waits.conv)
        sam.line.send("openings", convs=[waits.conv])
        assert (await sam.line.hear("opening"))["envelopes"]
        assert (await waits.erases())["t"] == "erased"
        assert (await sam.line.hear("erased"))["conv"] == waits.conv, "who saw the opening forgets it"
        assert (await sam.takes(waits.conv))["code"] == "no_such_conversation"

        offered, offer = await a_talk(house, noor)
        noor.line.send("hand_over", conv=offered.conv, to=sam.person.id)
        assert (await sam.line.hear("offered"))["conv"] == offered.conv
        noor.line.send("need_colleague", conv=offered.conv)
        assert (await lead.line.hear("alarms"))["alarms"] or (await lead.line.hear("alarms"))["alarms"]
        lead.line.send("step_in", conv=offered.conv, reason="supervision")
        stepped_in = await lead.line.hear("stepped_in")
        lead.gets(stepped_in)
        assert (await offered.erases())["t"] == "erased"
        assert (await sam.line.hear("offer_over"))["conv"] == offered.conv
        for desk in (noor, lead):
            assert (await desk.line.hear("ended"))["conv"] == offered.conv
            assert (await desk.line.hear("erased"))["conv"] == offered.conv
        while (await lead.line.hear("alarms"))["alarms"]:
            pass
        sam.line.send("answer", conv=offered.conv, accept=True)
        assert (await sam.line.hear("refused"))["code"] == "no_such_offer"

        ended, end = await a_talk(house, noor)
        noor.line.send("end", conv=ended.conv, reason="completed")
        assert (await ended.line.hear("ended"))["by"] == "team"
        assert (await ended.erases())["t"] == "erased"
        assert (await noor.line.hear("erased"))["conv"] == ended.conv

        for traces in (waiting, offer, end):
            assert traces.found() == []
        assert await house.luwte.db.read(audit.verify) is None
        assert [actor for actor, _, _ in records(house.folder)] == ["visitor"] * 3
        going_on, _ = await a_talk(house, noor)
        assert (await going_on.says("and so on"))["t"] == "ack"

    play(story, tmp_path / "house")


def test_h7_nobody_else_can_ask_for_it(tmp_path: Path) -> None:
    """Not without the visitor's key: not a counsellor, who has the public halves; not another visitor."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor, _ = await a_talk(house, noor)
        other = house.visitor()
        await other.starts()
        mine, theirs = other.keys, visitor.keys
        right = sign_erase(theirs)
        for wrong, code in (
            ({"sig": sign_erase(mine)}, "not_accepted"),
            ({"sig": visitor.start_frame["sig"]}, "not_accepted"),
            ({"vg": mine.vg_public}, "not_accepted"),
            ({"ve": mine.ve_public}, "not_accepted"),
            ({"sig": right[:-1] + bytes([right[-1] ^ 1])}, "not_accepted"),
            ({"sig": right + b"x"}, "malformed"),
            ({"ve": b""}, "malformed"),
        ):
            assert (await visitor.erases(**wrong))["code"] == code
        stranger = house.visitor()
        assert (await stranger.erases())["code"] == "no_such_conversation"
        assert house.luwte.around.erasures.knows(stranger.conv) is False
        assert (await visitor.says("still here"))["t"] == "ack"
        assert ledger.highest(house.folder) == 0
        # Said on a line that has begun it comes too late; on a fresh one it counts.
        visitor.line.send("erase", ve=theirs.ve_public, vg=theirs.vg_public, sig=right)
        assert (await visitor.line.hear("refused"))["code"] == "wrong_order"
        assert (await visitor.erases())["t"] == "erased"
        assert ledger.highest(house.folder) == 1
        # And its start cannot be said once more.
        await visitor.connects()
        visitor.line.send("start", **visitor.start_frame)
        assert (await visitor.line.hear("started", "refused"))["code"] == "gone"

    play(story, tmp_path / "house")


def test_h6_while_somebody_reads_it_is_not_called_erased(tmp_path: Path) -> None:
    """An open reader keeps the bytes: until it lets go nobody is told "erased", and whoever writes is not stopped."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        other, _ = await a_talk(house, noor)
        visitor, traces = await a_talk(house, noor)
        reader = sqlite3.connect(house.folder / "main.db", isolation_level=None)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM envelope").fetchone()[0] > 0
        asked = asyncio.create_task(visitor.erases())
        assert (await noor.line.hear("erased"))["conv"] == visitor.conv
        assert house.luwte.around.shred_key(visitor.conv) is None
        for n in range(20):
            assert (await other.says(f"{n}"))["t"] == "ack"
        assert not asked.done()
        assert traces.found() != [], "the bytes are there as long as somebody reads"
        reader.close()
        assert (await asked)["t"] == "erased"
        assert traces.found() == []

    play(story, tmp_path / "house")


def test_h6_a_backup_that_runs_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins again, without what is erased; so nobody waits for it, and the copy has nothing of it."""
    monkeypatch.setattr(copies, "STEPS", 50)
    monkeypatch.setattr(backups, "AFTER_AN_ERASURE", 0.5)

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor, traces = await a_talk(house, noor)
        begun, began = asyncio.Event(), asyncio.get_running_loop()
        asked: list[str] = []

        def say(text: str) -> None:
            asked.append(text)
            if len(asked) == 3:
                began.call_soon_threadsafe(begun.set)
            while len(asked) == 3 and not ledger.size(house.folder):
                pass

        making = asyncio.create_task(asyncio.to_thread(backups.make, house.folder, tmp_path / "backup", NOW, say=say))
        await begun.wait()
        assert (await visitor.erases())["t"] == "erased"
        assert traces.found() == []
        assert (await making).ledger == 1
        assert traces.found(tmp_path / "backup") == []

    play(story, tmp_path / "house")


STEPS: list[tuple[type, str]] = [
    (Ledger, "add"),
    (KeyStore, "erase_all"),
    (Erasures, "forget"),
    (Db, "clean"),
]
"""After each of these the disk is as it is when the process dies there."""


def test_a_kill_at_any_step_is_finished_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the ledger's entry on there is no way back: no key, no row, no byte, and exactly one record."""
    kept: dict[str, Any] = {}

    def killed_after(kind: type, name: str) -> Callable[..., Any]:
        real = getattr(kind, name)

        def keep(house: Path) -> None:
            if kept.get("on") and name not in kept:
                kept[name] = shutil.copytree(house, tmp_path / f"killed-{name}")

        if asyncio.iscoroutinefunction(real):

            async def later(self: Any, *values: Any) -> Any:
                result = await real(self, *values)
                keep(tmp_path / "house")
                return result

            return later

        def now(self: Any, *values: Any) -> Any:
            result = real(self, *values)
            keep(tmp_path / "house")
            return result

        return now

    for kind, name in STEPS:
        monkeypatch.setattr(kind, name, killed_after(kind, name))

    async def story() -> None:
        async with a_house(tmp_path / "house") as house:
            noor = house.counsellor()
            await noor.opens_desk()
            other, _ = await a_talk(house, noor, 1)
            visitor, traces = await a_talk(house, noor)
            kept["on"] = True
            assert (await visitor.erases())["t"] == "erased"
            kept["on"] = False
        for _, name in STEPS:
            async with a_house(kept[name]) as house:
                for one in (visitor, other):
                    one.house = house
                assert await is_refused(visitor)
                assert (await visitor.erases())["t"] == "erased"
                assert traces.found(kept[name]) == [], name
                assert len(records(kept[name])) == 1, name
                assert ledger.highest(kept[name]) == 1
                assert await house.luwte.db.read(audit.verify) is None
                assert (await other.resumes())["t"] == "resumed"

    asyncio.run(story())


def test_h9_its_record_names_nobody_any_more(tmp_path: Path) -> None:
    """The pseudonym is the one that the conversation had in the log; with its key gone nobody can make it again."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor, _ = await a_talk(house, noor)
        sql = "SELECT object FROM audit WHERE action = 'conversation.take'"
        (taken,) = await house.luwte.db.read(lambda tx: tx.one(sql))
        await visitor.erases()
        assert records(house.folder) == [("visitor", "", taken)]
        left = [house.luwte.keys.get(CONVERSATION, id) for id in house.luwte.keys.ids(CONVERSATION)]
        assert taken not in {pseudonym(key, visitor.conv) for key in left if key}
        rows = await house.luwte.db.read(lambda tx: tx.all("SELECT * FROM audit"))
        assert not any(visitor.conv in row for row in rows)

    play(story, tmp_path / "house")


def test_h6_while_the_log_takes_no_record_it_is_not_called_erased(tmp_path: Path) -> None:
    """What is on the ledger is not refused any more: it waits for its record, and nothing can be read meanwhile."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor, traces = await a_talk(house, noor)
        await house.luwte.db.write(
            lambda tx: tx.execute("CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END")
        )
        asked = asyncio.create_task(visitor.erases())
        while visitor.conv not in house.luwte.around.erasures or house.luwte.around.shred_key(visitor.conv):
            await asyncio.sleep(0.01)
        assert (await noor.says(visitor.conv, "are you there?"))["code"] == "no_such_conversation"
        await asyncio.sleep(0.5)
        assert not asked.done()
        await house.luwte.db.write(lambda tx: tx.execute("DROP TRIGGER no_audit"))
        assert (await asked)["t"] == "erased"
        assert [actor for actor, _, _ in records(house.folder)] == ["visitor"]
        assert traces.found() == []

    play(story, tmp_path / "house")


@pytest.fixture
def a_day_later(tmp_path: Path) -> tuple[Path, Traces, Visitor, Visitor]:
    """Yesterday everything was backed up, keys too; today one of two conversations was erased. The server stopped."""
    found: list[Any] = []

    async def story() -> None:
        async with a_house(tmp_path / "house") as house:
            noor = house.counsellor()
            await noor.opens_desk()
            other, _ = await a_talk(house, noor, 1)
            visitor, traces = await a_talk(house, noor)
            await asyncio.to_thread(
                backups.make,
                house.folder,
                tmp_path / "backups" / "yesterday",
                NOW,
                keys=tmp_path / "sealed",
                recipient=PUBLIC,
            )
            assert (await visitor.erases())["t"] == "erased"
            found.extend([traces, visitor, other])

    asyncio.run(story())
    return tmp_path / "house", found[0], found[1], found[2]


Yesterday = tuple[Path, Traces, Visitor, Visitor]


def restore(tmp_path: Path, minute: int = NOW + DAY, keys: Path | None = None, **more: Any) -> backups.Restored:
    """From yesterday's backup."""
    source, private = tmp_path / "backups" / "yesterday", None if keys else PRIVATE
    return backups.restore(
        source, tmp_path / "restored", minute, keys=keys or tmp_path / "sealed", identity=private, **more
    )


def opens_only(tmp_path: Path, traces: Traces, visitor: Visitor, other: Visitor) -> None:
    """Of a restored folder: the erased one does not open, leaves no trace; the other one does."""

    async def story() -> None:
        async with a_house(tmp_path / "restored") as house:
            visitor.house = other.house = house
            assert await is_refused(visitor)
            assert (await other.resumes())["t"] == "resumed"
            assert await house.luwte.db.read(audit.verify) is None
        assert traces.found(tmp_path / "restored") == []

    asyncio.run(story())


def test_h3_yesterdays_database_with_todays_keys_does_not_open_it(tmp_path: Path, a_day_later: Yesterday) -> None:
    """Not by a restore, and not for anybody who has all files and the team's private key: no key fits its rows."""
    house, traces, visitor, other = a_day_later
    done = restore(tmp_path, keys=house)
    assert done.erased_again == 1
    opens_only(tmp_path, traces, visitor, other)
    keys = KeyStore(house / "keys")
    with closing(sqlite3.connect(tmp_path / "backups" / "yesterday" / "main.db")) as database:
        rows = database.execute(
            "SELECT log, msg_id, locked FROM envelope WHERE conversation = (SELECT key FROM conversation WHERE id = ?)",
            (visitor.conv,),
        ).fetchall()
    assert len(rows) > 6, "in yesterday's copy its rows are still there"
    for log, msg_id, locked in rows:
        for key in [*keys._keys[CONVERSATION].values(), *keys._keys[2].values()]:
            with pytest.raises(Damaged):
                unlock(key, b"envelope", visitor.conv, conversations.message_row(log, msg_id), locked)
    keys.close()


def test_h3b_yesterdays_everything_with_the_newest_ledger_does_not_open_it(
    tmp_path: Path, a_day_later: Yesterday
) -> None:
    """The old keys could; the ledger has them forget it again, before anybody can start on them."""
    house, traces, visitor, other = a_day_later
    done = restore(tmp_path, newest=house / "ledger")
    assert (done.erased_again, done.counts.conversations, done.counts.without_key) == (1, 1, 0)
    assert [actor for actor, _, _ in records(tmp_path / "restored")] == ["ledger"]
    opens_only(tmp_path, traces, visitor, other)


def test_h4_a_stale_ledger_is_refused(tmp_path: Path, a_day_later: Yesterday) -> None:
    """One that misses an erasure which is known: from another backup beside it, from the log, or by the keys' age."""
    house, traces, visitor, other = a_day_later
    stale = tmp_path / "sealed.ledger"
    assert stale.read_bytes() == b""
    backups.make(house, tmp_path / "backups" / "today", NOW + DAY)
    for ledgers in ({}, {"newest": stale}):
        with pytest.raises(CannotStart, match="ends at 0, and 1 are known of"):
            restore(tmp_path, **ledgers)
    # Its manifest says nothing any more; the log in today's database does.
    manifest = tmp_path / "backups" / "today" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"ledger": 1', '"ledger": 0'))
    with pytest.raises(CannotStart, match="ends at 0, and 1 are known of"):
        backups.restore(
            tmp_path / "backups" / "today", tmp_path / "restored", NOW, keys=tmp_path / "sealed", identity=PRIVATE
        )
    shutil.rmtree(tmp_path / "backups" / "today")
    with pytest.raises(CannotStart, match="more than 7 days ago"):
        restore(tmp_path, NOW + 7 * DAY + 1)
    foreign = Ledger(tmp_path / "foreign")
    foreign.add([b"i" * 16, b"j" * 16], NOW)
    foreign.close()
    (tmp_path / "sealed.ledger").write_bytes((house / "ledger").read_bytes())
    with pytest.raises(CannotStart, match="different folders"):
        restore(tmp_path, newest=tmp_path / "foreign")
    assert not (tmp_path / "restored").exists()
    restore(tmp_path, NOW + 30 * DAY, newest=house / "ledger")
    opens_only(tmp_path, traces, visitor, other)


def luwte(*arguments: str | Path) -> Result:
    """Run the command in this process: each start of another one costs a second."""
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_the_operator_erases_whether_or_not_a_server_runs(tmp_path: Path) -> None:
    """With a reason, that is on record; the running server does it, and what is not there is said to be so."""
    ids: list[Visitor] = []

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        first, traces = await a_talk(house, noor)
        second, _ = await a_talk(house, noor, 1)
        ids.extend([first, second])
        named = ("--dir", house.folder, "--conversation", first.conv.hex(), "--reason", "order of a court")
        run = ([LUWTE, "erase", *named],)
        done = await asyncio.to_thread(subprocess.run, *run, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, "Erased. From backups within 7 days.\n")
        assert traces.found() == []
        assert (await noor.line.hear("erased"))["conv"] == first.conv
        assert (await first.line.hear("erased"))["conv"] == first.conv
        assert (await first.line.hear("refused"))["code"] == "no_such_conversation"
        assert await asyncio.to_thread(housekeeping.ask, house.settings, Request()) == Answer(0)
        assert not {"request", "answer"} & {path.name for path in house.folder.iterdir()}

    play(story, tmp_path / "house")
    folder = tmp_path / "house"
    second = ids[1]
    named = ("--dir", folder, "--reason", "order of a court", "--conversation")
    assert luwte("erase", *named, second.conv.hex()).stdout == "Erased. From backups within 7 days.\n"
    assert luwte("erase", *named, second.conv.hex().upper()).stdout == "It was erased before.\n"
    assert second.conv not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    absent = luwte("erase", *named, "0" * 32)
    assert (absent.exit_code, absent.stderr.count("\n")) == (1, 1)
    assert [(actor, reason) for actor, reason, _ in records(folder)] == [("operator", "order of a court")] * 2
    for wrong in (("--conversation", "12"), ("--reason", "two\nlines"), ("--reason", "x" * 201), ("--reason", " ")):
        refused = luwte("erase", "--dir", folder, "--conversation", "0" * 32, "--reason", "why", *wrong)
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
        assert wrong[1] not in refused.stderr or wrong[1] == " "
    assert luwte("purge", "--dir", folder).stdout == "Erased: 0 conversations.\n"


def test_keys_that_have_had_their_days_are_told(tmp_path: Path, a_day_later: Yesterday) -> None:
    """By `doctor` and by the next backup, until they are gone or another copy is in their place."""
    house, *_ = a_day_later
    late = "holds the keys of 2025-11-24T16:03Z, more than 7 days ago"
    assert late in luwte("doctor", "--dir", house).stdout
    where = ("--dir", house, "--recipient", tmp_path / "key.pub")
    (tmp_path / "key.pub").write_text(halves(PRIVATE)["public"])
    other = luwte("backup", *where, "--out", tmp_path / "backups" / "other", "--keys", tmp_path / "sealed-2")
    assert (other.exit_code, late in other.stdout) == (0, True)
    again = luwte("backup", *where, "--out", tmp_path / "backups" / "again", "--keys", tmp_path / "sealed")
    assert (again.exit_code, late in again.stdout) == (0, False)
    assert late not in luwte("doctor", "--dir", house).stdout
    assert (tmp_path / "sealed.ledger").read_bytes() == (house / "ledger").read_bytes() != b""


def test_a_thousand_messages_are_gone_when_erased_is_said(tmp_path: Path, tell: Tell) -> None:
    """From the press of the button to "erased", with other conversations around it; how long it took is told."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        await a_talk(house, noor)
        visitor = house.visitor()
        await visitor.starts()
        key = house.luwte.around.shred_key(visitor.conv)
        assert key is not None
        for _ in range(1_000):  # over a line it would take as long as a visitor may take for them
            data = visitor.chain.sealed(visitor.seals("a message of some length " * 12))
            sealed = conversations.seal(envelope.parse(data), data, key)
            await house.luwte.db.write(conversations.append, sealed, THE_VISITOR, NOW, 0)
        began = time.perf_counter()
        assert (await visitor.erases())["t"] == "erased"
        tell(f"1,000 messages erased in {time.perf_counter() - began:.2f} s")
        assert await house.luwte.db.read(lambda tx: tx.one("SELECT count(*) < 20 FROM envelope")) == (1,)

    play(story, tmp_path / "house")
