"""What a thief finds who has the whole disk, everything that was ever printed, and more keys than they should have."""

import asyncio
import base64
import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import urllib.parse
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from attackers import NEXT_DOOR, a_taken_conversation, a_team_next_door

from actors import STORY_STUCK, STUCK, Line, Site, a_house, demo_folder
from attack.crowd import CANARIES, Client, Crowd, files_of, hits
from luwte import demo
from luwte import settings as settings_module
from luwte.conversation.model import message_row, wrap_row
from luwte.crypto import envelope
from luwte.crypto.envelope import PLAIN_BYTES, SHARED_LOG, TEAM_LOG
from luwte.crypto.primitives import CannotOpen, Malformed
from luwte.crypto.wrap import Purpose, WrapContext, unwrap
from luwte.plumbing.keystore import CONVERSATION, KeyStore
from luwte.plumbing.lock import Damaged, unlock
from ports import free_port

# more keys than they should have


@dataclass
class Dump:
    """The database without the server's lock: what a thief of disk and key store holds."""

    team: dict[bytes, str] = field(default_factory=dict)
    wraps: list[tuple[bytes, int, int, int, bytes]] = field(default_factory=list)
    """Conversation, log, generation, purpose, wrap."""
    envelopes: list[tuple[bytes, int, bytes]] = field(default_factory=list)
    """Conversation, log, envelope."""
    locked: list[bytes] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)


def dump(folder: Path, to: Path) -> Dump:
    """Take the lock off every row, with the key store, on a copy of the disk."""
    to.mkdir()
    for name in files_of(folder):
        shutil.copy(folder / name, to / name)
    keys, found = KeyStore(to / "keys"), Dump()
    with closing(sqlite3.connect(to / "main.db")) as db, closing(keys):
        found.keys = [key for kind in keys._keys.values() for key in kind.values()]
        found.team = dict(db.execute("SELECT id, team FROM conversation").fetchall())
        for id, log, g, purpose, locked in db.execute(
            "SELECT c.id, w.log, w.generation, purpose, locked FROM wrap w JOIN conversation c ON c.key = conversation"
        ):
            key = keys.get(CONVERSATION, id)
            assert key is not None
            found.wraps.append((id, log, g, purpose, unlock(key, b"wrap", id, wrap_row(log, g, purpose), locked)))
            found.locked.append(locked)
        for id, log, msg_id, locked in db.execute(
            "SELECT c.id, e.log, e.msg_id, e.locked FROM envelope e JOIN conversation c ON c.key = e.conversation"
        ):
            key = keys.get(CONVERSATION, id)
            assert key is not None
            found.envelopes.append((id, log, unlock(key, b"envelope", id, message_row(log, msg_id), locked)))
            found.locked.append(locked)
    return found


def secrets_for(keys: list[bytes], found: Dump) -> set[bytes]:
    """Every conversation secret that these private keys can get out of the wraps, whatever a wrap says it is for."""
    opened = set()
    for conv, _, g, _, wrapped in found.wraps:
        for key in keys:
            for purpose in Purpose:
                context = WrapContext(demo.ORGANISATION, found.team[conv], 1, conv, g, purpose)
                with contextlib.suppress(CannotOpen):
                    opened.add(unwrap(wrapped, key, context))
    return opened


def what_opens(keys: list[bytes], found: Dump) -> set[tuple[bytes, int]]:
    """The logs of which these keys open anything, with what the wraps give and with the keys taken as secrets too."""
    secrets = [*secrets_for(keys, found), *keys]
    opened = set()
    for conv, log, sealed in found.envelopes:
        for secret in secrets:
            with contextlib.suppress(CannotOpen):
                envelope.open_envelope(secret, sealed)
                opened.add((conv, log))
    return opened


def test_one_persons_keys_open_their_own_talk_and_no_other(tmp_path: Path) -> None:
    """Without the server's lock a visitor's keys open no note and no other talk; those of a team its own only."""

    async def story() -> dict[str, Any]:
        async with asyncio.timeout(STORY_STUCK), a_house(tmp_path / "house") as house:
            noor, kim = house.counsellor(), await a_team_next_door(house)
            await noor.opens_desk()
            await kim.opens_desk()
            mine, other = [await a_taken_conversation(house, noor) for _ in range(2)]
            for visitor in (mine, other):
                assert (await noor.notes(visitor.conv, "a note for colleagues"))["t"] == "ack"
            theirs = house.visitor()
            hello = await theirs.connects(f"/l/{NEXT_DOOR}/socket/2")
            theirs.line.send("start", **theirs.makes_start(hello))
            await theirs.line.hear("started")
            await theirs.says("next door")
            assert (await kim.takes(theirs.conv))["t"] == "taken"
            assert (await kim.notes(theirs.conv, "next door's note"))["t"] == "ack"
            return {"mine": mine, "other": other, "theirs": theirs, "kim": kim, "house": house}

    people = asyncio.run(story())
    found = dump(tmp_path / "house", tmp_path / "stolen")
    assert len(found.wraps) == 3 * 5
    assert len(found.envelopes) == 4 + 4 + 2
    mine, other, theirs, kim = (people[name] for name in ("mine", "other", "theirs", "kim"))
    organisation = people["house"].organisation

    a_visitor = [mine.vs, mine.keys.ve_private, mine.keys.vg_seed, mine.keys.credential, *mine.secrets]
    assert what_opens(a_visitor, found) == {(mine.conv, SHARED_LOG)}
    next_door = [kim.person.x25519, kim.person.ed25519, kim.person.amk, kim.team, kim.token]
    next_door += list(kim.secrets.values())
    assert what_opens(next_door, found) == {(theirs.conv, SHARED_LOG), (theirs.conv, TEAM_LOG)}
    a_server = [(tmp_path / "house" / "secret").read_bytes(), *_half_of(tmp_path / "house")]
    assert what_opens(a_server, found) == set()
    the_team = what_opens([organisation.team], found)
    assert the_team == {(visitor.conv, log) for visitor in (mine, other) for log in (SHARED_LOG, TEAM_LOG)}


def _half_of(folder: Path) -> Iterator[bytes]:
    data = (folder / "keys").read_bytes()
    for slot in range(0, len(data), 64):
        yield data[slot + 28 : slot + 60]


def test_with_the_lock_in_place_nothing_of_an_envelope_is_there(tmp_path: Path) -> None:
    """Neither sealed text, nor its commitment, nor a wrap is found in any file, and no locked row is an envelope."""

    async def story() -> None:
        async with asyncio.timeout(STORY_STUCK), a_house(tmp_path / "house") as house:
            noor = house.counsellor()
            await noor.opens_desk()
            for _ in range(3):
                visitor = await a_taken_conversation(house, noor)
                await noor.notes(visitor.conv, "a note")
            # While it runs: the write-ahead log is full of it.
            running.update(files_of(house.folder))

    running: dict[str, bytes] = {}
    asyncio.run(story())
    assert "main.db-wal" in running
    found = dump(tmp_path / "house", tmp_path / "stolen")
    pieces = [sealed[PLAIN_BYTES - 32 :][at : at + 24] for _, _, sealed in found.envelopes for at in (0, 32, 100, -24)]
    pieces = [piece for piece in pieces if len(piece) == 24]
    pieces += [wrapped[at : at + 24] for *_, wrapped in found.wraps for at in (0, 32, 56)]
    assert len(pieces) > 60
    for name, data in [*running.items(), *files_of(tmp_path / "house").items()]:
        assert not [piece for piece in pieces if piece in data], name
    assert all(any(locked in data for data in running.values()) for locked in found.locked)
    for locked in found.locked:
        for secret in (bytes(32), locked[:32]):
            with pytest.raises((CannotOpen, Malformed)):
                envelope.open_envelope(secret, locked)


def test_without_its_own_shred_key_a_row_stays_locked(tmp_path: Path) -> None:
    """Not zeros, not the server's secret, not the shred key of another conversation takes the second lock off."""

    async def story() -> None:
        async with asyncio.timeout(STORY_STUCK), a_house(tmp_path / "house") as house:
            noor = house.counsellor()
            await noor.opens_desk()
            for _ in range(3):
                visitor = await a_taken_conversation(house, noor)
                await noor.notes(visitor.conv, "a note")

    asyncio.run(story())
    found = dump(tmp_path / "house", tmp_path / "stolen")
    others = [bytes(32), b"\xff" * 32, (tmp_path / "house" / "secret").read_bytes()]
    with closing(KeyStore(tmp_path / "stolen" / "keys")) as keys, closing(_database(tmp_path / "stolen")) as db:
        rows = db.execute(
            "SELECT c.id, e.log, e.msg_id, e.locked FROM envelope e JOIN conversation c ON c.key = e.conversation"
        ).fetchall()
        assert len(rows) == 12
        for id, log, msg_id, locked in rows:
            own = keys.get(CONVERSATION, id)
            assert own is not None
            unlock(own, b"envelope", id, message_row(log, msg_id), locked)
            for key in [*others, *(key for key in found.keys if key != own)]:
                with pytest.raises(Damaged):
                    unlock(key, b"envelope", id, message_row(log, msg_id), locked)


def _database(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "main.db")


# everything that was ever written or printed

VISITORS, EACH = 16, 60
PROGRAM = "from luwte.cli import main; main()"


@dataclass
class Server:
    """`luwte demo` in a process of its own."""

    folder: Path
    metrics: int
    process: subprocess.Popen[bytes]
    house: Site

    def kill(self) -> None:
        """As the power cut does it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """As the operator does it; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STUCK)


async def a_server(folder: Path, printed: Path) -> Server:
    """Start it; what it prints is added to two files."""
    metrics = free_port()
    with (printed / "stderr").open("ab") as errors, (printed / "stdout").open("ab") as words:
        words_of_command = f"demo --json --port 0 --metrics-port {metrics} --dir".split()
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words_of_command, str(folder)],
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdout is not None
        line = await asyncio.to_thread(process.stdout.readline)
        words.write(line)
    origin = json.loads(line)["visitor"].rstrip("/")
    house = Site(settings_module.read(folder), demo.load(folder), origin)
    return Server(folder, metrics, process, house)


async def errors_of_all_kinds(server: Server, crowd: Crowd) -> set[int]:
    """Provoke every error that HTTP and the sockets know, with a canary in each place where something is said."""
    client, canary = crowd.dressed(Client(server.house)), CANARIES[0]
    quoted, b64 = urllib.parse.quote(canary), base64.b64encode(canary.encode()).decode()
    json_ = {"Content-Type": "application/json"}
    async with client.http() as http:
        answers = [
            await http.get("/healthz"),
            await http.get(f"/{quoted}?x={quoted}"),
            await http.get(f"/l/{quoted}/status"),
            await http.put("/desk", content=canary.encode()),
            await http.post("/desk/salt", content=canary.encode(), headers=json_),
            await http.post("/desk/salt", content=canary.encode() * 2_000, headers=json_),
            await http.post("/desk/salt", json={"name": canary, canary: canary}),
            await http.post("/desk/salt", json={"name": canary}),
            await http.post("/desk/sign-out", headers={"Authorization": f"Bearer {b64}"}),
            await http.get("/", headers={"Origin": f"http://{quoted}"}),
            await http.get("/", headers={"Host": quoted}),
        ]
        for n in range(14):
            answers.append(await http.post("/desk/sign-in", json={"name": "Noor", "proof": b64}))
            answers.append(await http.post("/desk/sign-in", json={"name": f"{canary} {n}", "proof": b64}))
        sam = crowd.dressed(server.house.counsellor(1))
        assert (await sam.signs_in()).status_code == 200
        # A row that no program wrote: whoever reads it stumbles.
        with closing(sqlite3.connect(server.folder / "main.db", timeout=10)) as db, db:
            db.execute("UPDATE session SET began = 'not a minute' WHERE rowid = (SELECT max(rowid) FROM session)")
        bearer = {"Authorization": f"Bearer {base64.b64encode(sam.token).decode()}"}
        answers.append(await http.post("/desk/unlock", json={"proof": b64}, headers=bearer))
    await errors_on_sockets(server, crowd, client)
    return {answer.status_code for answer in answers}


async def errors_on_sockets(server: Server, crowd: Crowd, client: Any) -> None:
    """Malformed frames, refused handshakes, a damaged row, more frames than fit and a hang-up in the middle of them."""
    canary, house = CANARIES[1].encode(), server.house
    url = house.origin.replace("http", "ws")
    for path in ("/socket", "/desk/socket"):
        for data in (canary, b"\x81\xa1t\xd9\x20" + canary[:32], b"\x82\xa1t\xa4ping\xa4" + canary[:4] + b"\x01"):
            line = await Line.open(url + path, house.origin, client.source, client.agent)
            line.send_raw(data)
            await line.closing_code()
    for path, origin in (("/socket", "http://evil.example"), (f"/l/{urllib.parse.quote(canary)}/socket", house.origin)):
        with pytest.raises(Exception, match="404"):
            await Line.open(url + path, origin, client.source, client.agent)
    visitor = crowd.dressed(house.visitor())
    await visitor.starts()
    await visitor.says(CANARIES[2])
    # Damaged once the visitor's own line has read it: else that one, if it is late, stumbles as well.
    visitor.line.close()
    for _ in range((await visitor.resumes())["last"]):
        await visitor.line.hear("envelope")
    with closing(sqlite3.connect(server.folder / "main.db", timeout=10)) as db, db:
        db.execute("UPDATE envelope SET locked = zeroblob(400) WHERE rowid = (SELECT max(rowid) FROM envelope)")
    robin = await crowd.desk_of(house, 2)
    robin.line.send("openings", convs=[visitor.conv])
    assert (await robin.line.hear("opening", "refused"))["code"] == "failed"
    flood = crowd.dressed(house.visitor())
    await flood.starts()
    for _ in range(200):
        flood.line.send("append", envelope=b"LW" + canary)
    flood.line.cut()


async def all_of_it(server: Server, crowd: Crowd) -> None:
    """A thousand messages from visitors and desks, at once."""
    desks = [await crowd.desk_of(server.house, index) for index in range(3)]
    # A desk answers one conversation at a time; desks work side by side.
    for round in range(0, VISITORS, len(desks)):
        pairs = zip(desks, range(round, min(round + len(desks), VISITORS)), strict=False)
        await asyncio.gather(*(crowd.talks(server.house, desk, n, EACH) for desk, n in pairs))


async def killed_in_the_middle(server: Server, crowd: Crowd) -> None:
    """The process dies while everybody writes; what was acknowledged before that is counted."""
    await crowd.writes_until(server.kill, each=40)


@asynccontextmanager
async def ended(servers: list[Server]) -> AsyncIterator[None]:
    """Leave no process behind."""
    try:
        yield
    finally:
        for server in servers:
            if server.process.poll() is None:
                server.kill()


def test_a_thousand_messages_leave_no_word_no_address_and_no_browser(tmp_path: Path) -> None:
    """Through the real program, with every kind of error, a kill and a restart: nothing on disk, nothing printed."""
    folder, printed = demo_folder(tmp_path / "house"), tmp_path / "printed"
    settings_module.write(replace(settings_module.read(folder), desk_limit=1_000))
    printed.mkdir()
    crowd, servers = Crowd(), []
    seen: dict[str, bytes] = {}

    async def story() -> None:
        async with asyncio.timeout(STORY_STUCK), ended(servers):
            server = await a_server(folder, printed)
            servers.append(server)
            await all_of_it(server, crowd)
            statuses = await errors_of_all_kinds(server, crowd)
            assert statuses >= {200, 400, 401, 403, 404, 405, 413, 429, 500}, statuses
            seen.update({f"running/{name}": data for name, data in files_of(folder).items()})
            seen["metrics"] = await _metrics(server)
            await killed_in_the_middle(server, crowd)
            seen.update({f"killed/{name}": data for name, data in files_of(folder).items()})

            again = await a_server(folder, printed)
            servers.append(again)
            for visitor in crowd.visitors:
                visitor.house = again.house
                resumed = await visitor.resumes(0)
                assert resumed["last"] >= crowd.acked[visitor.conv]
                visitor.line.close()
            visitor = crowd.dressed(again.house.visitor())
            await visitor.starts()
            await crowd.says_much(visitor, 5)
            seen["metrics again"] = await _metrics(again)
            assert again.stop() == 0
            seen.update({f"stopped/{name}": data for name, data in files_of(folder).items()})

    asyncio.run(story())
    assert sum(crowd.acked.values()) >= 1_000
    seen |= {f"printed/{name}": data for name, data in files_of(printed).items()}
    _nothing_in(seen, crowd)
    _the_trouble_was_told_without_values(seen["printed/stderr"])


async def _metrics(server: Server) -> bytes:
    async with httpx.AsyncClient() as http:
        return (await http.get(f"http://127.0.0.1:{server.metrics}/")).content


def _nothing_in(seen: dict[str, bytes], crowd: Crowd) -> None:
    assert b"Noor" in seen["killed/main.db"] + seen["killed/main.db-wal"], "this way of looking finds what is there"
    assert b"sign_in_refused" in seen["stopped/main.db"], "the audit log is among it"
    assert len(crowd.addresses) == len(set(crowd.addresses)) > 20
    assert len(crowd.words) > 200
    assert hits(seen, crowd.words) == []


def _the_trouble_was_told_without_values(stderr: bytes) -> None:
    lines = stderr.decode().splitlines()
    place = r"[\w.<> ]+ \([\w.<> ]+:\d+\)"
    shape = re.compile(rf"ERROR luwte: unexpected error in [a-z ]+: \w+ at {place}( < {place})*")
    assert [line for line in lines if not shape.fullmatch(line)] == []
    kinds = [line.split(" at ")[0].rpartition(" ")[2] for line in lines]
    assert sorted(kinds) == ["Damaged", "TypeError"], lines


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    """Folders 0700 and files 0600, whatever the umask of whoever starts it."""
    printed = tmp_path / "printed"
    printed.mkdir()
    folder, servers = tmp_path / "house", []

    async def story() -> None:
        async with asyncio.timeout(STORY_STUCK), ended(servers):
            old = os.umask(0)
            try:
                servers.append(await a_server(folder, printed))
            finally:
                os.umask(old)
            visitor = servers[0].house.visitor()
            await visitor.starts()
            await visitor.says("hello")
            for path in [folder, *folder.rglob("*")]:
                mode = path.stat().st_mode & 0o777
                assert mode == (0o700 if path.is_dir() else 0o600), (path.name, oct(mode))
            assert servers[0].stop() == 0

    asyncio.run(story())


def test_sizes_on_the_disk_are_those_of_the_buckets(tmp_path: Path) -> None:
    """Texts of all lengths in many scripts give no more sizes than there are buckets: a yes weighs what a no weighs."""

    async def story() -> None:
        async with asyncio.timeout(STORY_STUCK), a_house(tmp_path / "house") as house:
            visitor = house.visitor()
            await visitor.starts()
            for text in ("", "ja", "nee", *CANARIES, *("x" * n for n in range(200, 16_000, 1_700))):
                data = visitor.chain.sealed(visitor.seals(text))
                visitor.line.send("append", envelope=data)
                assert (await visitor.line.hear("ack", "refused"))["t"] == "ack"

    asyncio.run(story())
    with closing(sqlite3.connect(tmp_path / "house" / "main.db")) as db:
        sizes = [size for (size,) in db.execute("SELECT length(locked) FROM envelope ORDER BY n")]
        times = db.execute("SELECT max(minute), (SELECT max(started) FROM conversation) FROM envelope").fetchone()
    assert len(set(sizes)) <= len(envelope.BUCKETS)
    assert len(set(sizes[:3])) == 1
    assert all(time < 2**25 for time in times), "minutes, not seconds"
