"""G-3: the whole folder of a founded installation, and all that an administrator can have `luwte` say, open nothing.

No team's key, no lead's, no conversation. What the thief has is tried as every kind of key on every lock there is.
"""

import base64
import contextlib
import json
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors import App, House, Visitor
from attack.crowd import files_of
from attack.test_stolen_disk import dump, what_opens
from joiners import LINE, ORGANISATION, Empty, Joiner, Organisation, invites, play_empty, post
from luwte import cli, demo, install
from luwte.crypto import keys, primitives
from luwte.crypto.certificate import ADMIN_SUBJECT
from luwte.crypto.primitives import CannotOpen
from luwte.crypto.wrap import Purpose, WrapContext, unwrap
from luwte.staff.roles import COUNSELLOR
from test_cli import LUWTE

WORDS = ("opening-word-quill", "visitor-word-heron", "desk-word-amber", "note-word-fjord")
PASSPHRASE = "one two three four five six seven"

NOT_RUN = {
    "demo": "makes a demonstration, whose keys are on the server",
    "init": "makes another folder; its one secret is the first invitation, which is used up here",
    "serve": "runs while all of this happens",
    "restore": "makes another folder from what is in these two",
    "watch": "asks a site for the files that everybody gets",
    "recovery import": "takes what two papers made",
    "follow-up": "has a folder of its own, and nothing of an installation",
    "protect": "reads tables, and nothing of an installation",
    "attack": "reads published tables",
    "estimate": "reads capture histories",
}
"""Of `luwte`, with the reason. All others are run, each with --json as well where it has it."""

REFUSED = {"invite": "there is a lead", "erase": "there is no such conversation"}
"""What says only why it does nothing."""


async def a_talk(house: Empty, robin: Joiner, kim: Joiner, organisation: Organisation) -> None:
    """A visitor and Kim, each with words of their own, and a note."""
    people = tuple(
        demo.Person(one.account, one.name, one.role, PASSPHRASE, one.x25519, one.ed25519, one.amk)
        for one in (kim, robin)
    )
    own = demo.Organisation(organisation.root, organisation.admin, organisation.team, people)
    site = House(house.settings, own, house.origin, house.desk, luwte=house.luwte)
    desk, visitor = site.counsellor(), Visitor(site)
    desk.token = kim.token
    await desk.opens_desk()
    await visitor.starts()
    await visitor.says(WORDS[0])
    await desk.takes(visitor.conv)
    await visitor.line.hear("claimed")
    visitor.generation = 1
    assert (await visitor.says(WORDS[1]))["t"] == "ack"
    assert (await desk.says(visitor.conv, WORDS[2]))["t"] == "ack"
    assert (await desk.notes(visitor.conv, WORDS[3]))["t"] == "ack"


def printed(folder: Path, beside: Path, root: bytes) -> dict[str, bytes]:
    """What every command of an administrator's says, and every file that it makes beside the folder."""
    beside.mkdir()
    at = ("--dir", str(folder))
    (beside / "root.pub").write_text(root.hex())
    digits = install.fingerprint.of_root(ORGANISATION, root)
    key, public = beside / "backup-key", beside / "backup-key.pub"
    runs: dict[str, list[str]] = {
        "backup-key": ["--out", str(key)],
        "doctor": [*at],
        "hours": [*at],
        "invite": [*at],
        "pin": [str(beside / "root.pub"), *at, "--fingerprint", digits],
        "backup": [*at, "--out", str(beside / "backup"), "--keys", str(beside / "sealed"), "--recipient", str(public)],
        "audit verify": [*at],
        "audit export": [*at, "--out", str(beside / "witness")],
        "purge": [*at],
        "recovery export": [*at, "--out", str(beside / "recovery.json")],
        "recovery page": ["--out", str(beside / "recovery.html")],
        "recovery invite": [*at],
        "erase": [*at, "--conversation", "0" * 32, "--reason", "asked"],
    }
    group = cli.main.commands
    names = {name for name in group if name not in ("audit", "recovery")}
    names |= {f"audit {name}" for name in ("verify", "export")}
    names |= {f"recovery {name}" for name in ("export", "import", "invite", "page")}
    assert set(runs) | set(NOT_RUN) == names
    said = {}
    for name, arguments in runs.items():
        for more in ([], ["--json"]):
            # A second backup or export goes to a place of its own.
            named = [f"{one}{len(more) or ''}" if one.endswith(("/backup", "/witness")) else one for one in arguments]
            run = subprocess.run([LUWTE, *name.split(), *named, *more], capture_output=True, timeout=60, check=False)
            said[" ".join([name, *more])] = run.stdout + run.stderr
            assert more or run.returncode in (0, 1) or name in REFUSED, (name, run.stderr)
    for path in beside.rglob("*"):
        if path.is_file():
            said[str(path.relative_to(beside))] = path.read_bytes()
    return said


def candidates(folder: Path, said: dict[str, bytes]) -> list[bytes]:
    """Everything of 32 bytes that might be a key: files, columns, and what is spelt in hex or base64 anywhere."""
    found = set()
    seen = dict(said) | {name: (folder / name).read_bytes() for name in files_of(folder)}
    for data in seen.values():
        if len(data) == 32:
            found.add(data)
        for hexed in re.findall(rb"[0-9a-fA-F]{64}", data):
            found.add(bytes.fromhex(hexed.decode()))
        for coded in re.findall(rb"[A-Za-z0-9+/_-]{43}=?", data):
            with contextlib.suppress(ValueError):
                found.add(base64.urlsafe_b64decode(coded[:43].replace(b"+", b"-").replace(b"/", b"_") + b"="))
    with closing(sqlite3.connect(folder / "main.db")) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in db.execute(f"SELECT * FROM {table}"):
                found |= {bytes(one) for one in row if isinstance(one, bytes) and len(one) == 32}
    return sorted(found)


def what_opens_of_people(folder: Path, tried: list[bytes]) -> set[str]:
    """Which wraps and boxes of members of staff these keys open, as whatever key they might be."""
    opened = set()
    with closing(sqlite3.connect(folder / "main.db")) as db:
        wraps = [(wrap, LINE, Purpose.MEMBER) for (wrap,) in db.execute("SELECT wrap FROM team_key")]
        wraps += [(wrap, LINE, Purpose.RECOVERY) for (wrap,) in db.execute("SELECT wrap FROM recovery_wrap")]
        wraps += [(wrap, ADMIN_SUBJECT, Purpose.TEAM_ADMIN) for (wrap,) in db.execute("SELECT wrap FROM admin_key")]
        boxes = db.execute("SELECT id, sealed_amk, sealed_x25519, sealed_ed25519 FROM account").fetchall()
    for key in tried:
        for wrap, team, purpose in wraps:
            with contextlib.suppress(CannotOpen):
                unwrap(wrap, key, WrapContext(ORGANISATION, team, 1, bytes(16), 0, purpose))
                opened.add(purpose.name)
        for id, amk, x25519, ed25519 in boxes:
            for kek in (key, keys.kek(key, key), *(keys.kek(key, other) for other in tried)):
                with contextlib.suppress(CannotOpen):
                    keys.open_amk(kek, id, amk)
                    opened.add("AMK")
            for name, box in (("x25519", x25519), ("ed25519", ed25519)):
                with contextlib.suppress(CannotOpen):
                    keys.open_staff_key(key, id, name, box)
                    opened.add(name)
    return opened


def spelt(secret: bytes) -> tuple[bytes, ...]:
    """As it might lie somewhere."""
    return secret, secret.hex().encode(), base64.b64encode(secret), base64.urlsafe_b64encode(secret)


def test_the_folder_and_all_that_a_command_says_open_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with the key store, the secret, the audit key and the backup key; a word of nobody is anywhere."""
    monkeypatch.setattr(demo, "ORGANISATION", ORGANISATION)  # whom the actors' desks belong to
    folder, kept = tmp_path / "house", dict[str, Any]()

    async def story(house: Empty) -> None:
        robin = house.founder()
        await robin.looks()
        organisation = Organisation(ORGANISATION, int(house.luwte.now()))
        answer = await robin.asks("/desk/found", **robin.body(), **organisation.founding(robin))
        assert answer.status_code == 200
        await house.pins(primitives.signing_public_of(organisation.root))
        assert (await robin.signs_in()).status_code == 200
        kim = Joiner(house.desk, ORGANISATION, "Kim", await invites(robin, COUNSELLOR), clock=house.luwte.now)
        kim.app = App()
        assert (await kim.joins()).status_code == 200
        assert (await post(robin, "/desk/admit", **organisation.admission(kim))).status_code == 200
        assert (await kim.signs_in()).status_code == 200
        await a_talk(house, robin, kim, organisation)
        kept.update(robin=robin, kim=kim, organisation=organisation)

    play_empty(story, folder)
    robin, kim, organisation = kept["robin"], kept["kim"], kept["organisation"]
    said = printed(folder, tmp_path / "beside", primitives.signing_public_of(organisation.root))
    found = dump(folder, tmp_path / "stolen")
    assert len(found.wraps) == 5
    assert len(found.envelopes) == 4
    tried = [*candidates(folder, said), *found.keys]
    assert len(tried) > 10
    assert what_opens(tried, found) == set()
    assert what_opens_of_people(folder, tried) == set()

    # Not in another spelling or place either: what is secret is known here, and in none of all these bytes.
    seen = dict(said) | {name: (folder / name).read_bytes() for name in files_of(folder)}
    secrets = [organisation.root, organisation.admin, organisation.recovery, organisation.team]
    secrets += [part for one in (robin, kim) for part in (one.amk, one.x25519, one.ed25519, one.stretched)]
    needles = [form for secret in secrets for form in spelt(secret)]
    needles += [form for text in (*WORDS, PASSPHRASE) for form in spelt(text.encode())]
    assert [name for name, data in seen.items() if any(needle in data for needle in needles)] == []

    # The same with one leak: were there one, all this would say so.
    for leak, opens in (
        (organisation.team, True),
        (kim.x25519, False),
        (kim.amk, False),
        (organisation.recovery, False),
    ):
        (folder / "leak").write_text(json.dumps({"note": base64.b64encode(leak).decode()}))
        leaked = candidates(folder, said)
        assert leak in leaked
        assert bool(what_opens([leak], found)) == opens
        assert opens or what_opens_of_people(folder, [leak])
