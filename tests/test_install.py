"""`luwte init`, `luwte pin` and what `luwte doctor` says in between."""

import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors import STUCK
from joiners import Empty, Organisation, play_empty
from journeys.founding import initialise
from luwte import install
from luwte import settings as settings_module
from luwte.audit import actions as audit
from luwte.crypto import fingerprint, primitives
from luwte.crypto.certificate import issue, parse
from luwte.errors import NoSuchInvitation
from luwte.plumbing.db import ReadTx, look
from luwte.settings import DEMONSTRATION
from luwte.staff import joining, people
from test_cli import LUWTE, run

REAL = ("--origin", "https://chat.example.org", "--desk-origin", "https://desk.example.org")
NAMES = ("--organisation", "helpline", "--name", "Helpline", "--line", "chat", "--line-name", "Chat")


def init(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """`luwte init` with names."""
    return run("init", "--dir", str(folder), *NAMES, *more)


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file, with its mode."""
    return {path.name: (path.read_bytes(), path.stat().st_mode & 0o777) for path in folder.iterdir()}


def test_init_makes_a_folder_for_its_owner_alone(tmp_path: Path) -> None:
    """Secrets outside the database, settings that can be read, one invitation of a lead, and its code shown once."""
    folder = tmp_path / "new" / "luwte"
    result = init(folder, *REAL)
    assert (result.returncode, result.stderr) == (0, "")
    (code,) = re.findall(r"(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}", result.stdout)
    assert "luwte pin" in result.stdout
    made = contents(folder)
    assert set(made) >= {"secret", "audit-key", "keys", "main.db", "luwte.toml"}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {mode for _, mode in made.values()} == {0o600}
    assert not any(code.encode() in data or code.replace("-", "").encode() in data for data, _ in made.values())
    chosen = settings_module.read(folder)
    assert (chosen.organisation, chosen.listen) == ("helpline", "unix:/run/luwte/luwte.sock")
    assert chosen.trusted_proxies == ("unix",)
    minute = int(time.time()) // 60
    invitation, founds = look(folder / "main.db", lambda tx: joining.look(tx, code.replace("-", ""), minute))
    assert (invitation.role, invitation.team, founds) == ("lead", "chat", True)
    assert look(folder / "main.db", audit.verify) is None


def joining_look(code: str, minute: int) -> Callable[[ReadTx], Any]:
    """What a code is for."""
    return lambda tx: joining.look(tx, code, minute)


def test_another_first_invitation(tmp_path: Path) -> None:
    """F-12: lost, or too late. The one before counts no more; on a folder at rest, and by a server that runs."""
    first = initialise(tmp_path / "luwte")
    folder, codes = first.folder, [first.code]

    def opens() -> list[bool]:
        minute = int(time.time()) // 60
        found = []
        for code in codes:
            try:
                look(folder / "main.db", joining_look(code.replace("-", ""), minute))
                found.append(True)
            except NoSuchInvitation:
                found.append(False)
        return found

    codes.append(json.loads(run("invite", "--dir", str(folder), "--json").stdout)["invitation"])
    assert opens() == [False, True]
    first.starts()
    try:
        said = run("invite", "--dir", str(folder)).stdout
    finally:
        first.stops()
    codes += re.findall(r"(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}", said)
    assert opens() == [False, False, True]
    assert not any(codes[2].replace("-", "").encode() in data for data, _ in contents(folder).values())
    with closing(sqlite3.connect(folder / "main.db")) as database:
        database.execute("INSERT INTO team VALUES ('chat', 'Chat', 1, x'00', x'00', 1)")
        database.commit()
    late = run("invite", "--dir", str(folder))
    assert (late.returncode, late.stdout) == (2, "")
    assert late.stderr == ("luwte: The organisation has its lead: leads invite, at their desks. Nothing was changed.\n")


def test_init_says_json_for_scripts(tmp_path: Path) -> None:
    """Three things, on one line; at loopback addresses the desk has the other name of this machine."""
    result = init(tmp_path / "luwte", "--origin", "http://127.0.0.1:8123", "--json")
    assert result.stdout.count("\n") == 1
    told = json.loads(result.stdout)
    assert set(told) == {"desk", "invitation", "data_dir"}
    assert (told["desk"], told["data_dir"]) == ("http://localhost:8123/desk", str(tmp_path / "luwte"))
    chosen = settings_module.read(tmp_path / "luwte")
    assert (chosen.listen, chosen.desk_origins) == ("127.0.0.1:8123", ("http://localhost:8123",))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--origin", "http://chat.example.org", *REAL), "use https"),
        (("--origin", "https://chat.example.org"), "desk needs an address"),
        (("--origin", "chat.example.org", "--desk-origin", "https://d.example.org"), "must list addresses"),
        ((*REAL, "--organisation", "Not A Slug"), "small letters"),
        ((*REAL, "--line", "x/y"), "small letters"),
        ((*REAL, "--exit-url", "http://x.example.org"), "https address"),
        ((*REAL, "--listen", "0.0.0.0:80"), "Plain http"),
        ((*REAL, "--retention-days", "0"), "--retention-days"),
    ],
)
def test_init_refuses_what_would_not_serve_and_makes_nothing(
    tmp_path: Path, change: tuple[str, ...], words: str
) -> None:
    """One plain line, exit 2, and no folder."""
    result = init(tmp_path / "luwte", *change)
    assert result.returncode == 2, result.stdout
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_second_init_changes_nothing(tmp_path: Path) -> None:
    """Nor in a folder with something else in it."""
    assert init(tmp_path / "luwte", *REAL).returncode == 0
    before = contents(tmp_path / "luwte")
    for _ in range(2):
        again = init(tmp_path / "luwte", *REAL)
        assert (again.returncode, again.stdout) == (2, "")
        assert again.stderr == "luwte: This folder is initialised already. Nothing was changed.\n"
    assert contents(tmp_path / "luwte") == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letters").write_text("mine")
    assert init(tmp_path / "other", *REAL).returncode == 2
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["letters"]


def test_an_empty_folder_that_is_there_is_filled(tmp_path: Path) -> None:
    """As an administrator makes one for the server's own user."""
    (tmp_path / "luwte").mkdir()
    assert init(tmp_path / "luwte", *REAL).returncode == 0


@pytest.mark.parametrize("after", [0.0, 0.1, 0.2, 0.3, 0.4, 0.6])
def test_an_init_that_is_interrupted_leaves_nothing_half_done(tmp_path: Path, after: float) -> None:
    """Stopped at any moment there is a whole folder or none, and the next init finds its way."""
    folder = tmp_path / "luwte"
    process = subprocess.Popen(
        [LUWTE, "init", "--dir", str(folder), *NAMES, *REAL], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(after)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=STUCK)
    if folder.exists():
        assert settings_module.read(folder).organisation == "helpline"
        assert look(folder / "main.db", lambda tx: len(tx.all("SELECT * FROM invitation"))) == 1
    else:
        assert init(folder, *REAL).returncode == 0


def findings(folder: Path) -> list[str]:
    """What doctor says."""
    return list(json.loads(run("doctor", "--dir", str(folder), "--json").stdout)["findings"])


def played(work: Callable[[Empty], Any], folder: Path) -> None:
    """An installation in which the first lead made the keys, after which *work* is done."""

    async def story(house: Empty) -> None:
        robin = house.founder()
        await robin.looks()
        organisation = Organisation(house.settings.organisation, int(house.luwte.now()))
        answer = await robin.asks("/desk/found", **robin.body(), **organisation.founding(robin))
        assert answer.status_code == 200
        await work(organisation)

    play_empty(story, folder)


def founded(folder: Path) -> Organisation:
    """The same, with its server stopped again."""
    kept: list[Organisation] = []

    async def keep(organisation: Organisation) -> None:
        kept.append(organisation)

    played(keep, folder)
    return kept[0]


def test_pin_compares_the_digits_and_the_signature(tmp_path: Path) -> None:
    """Of another file, with other digits, a demonstration's, or none: refused, and nothing is pinned."""
    folder = tmp_path / "luwte"
    organisation = founded(folder)
    root = primitives.signing_public_of(organisation.root)
    file, other = tmp_path / "root.pub", tmp_path / "other.pub"
    file.write_text(root.hex() + "\n")
    digits = fingerprint.of_root("helpline", root)
    stranger = primitives.signing_public_of(os.urandom(32))

    def refused(text: str, words: str, *more: str) -> None:
        other.write_text(text)
        result = run("pin", str(other), "--dir", str(folder), *more)
        assert result.returncode == 2, result.stdout
        assert words in result.stderr
        assert digits not in result.stderr + result.stdout  # or whoever swapped the file need not be asked
        assert not (folder / "root.pub").exists()

    theirs = fingerprint.of_root("helpline", stranger)
    refused(stranger.hex(), "not the root that signed", "--fingerprint", theirs)
    refused(root.hex(), "other digits", "--fingerprint", theirs)
    refused(root.hex(), "other digits", "--fingerprint", digits[:-1])
    refused(DEMONSTRATION + root.hex(), "demonstration", "--fingerprint", digits)
    for text in ("", "x", root.hex()[:-2], root.hex() * 2, "00" * 32):
        refused(text, "no root.pub", "--fingerprint", digits)
    refused(root.hex(), "--fingerprint")  # nobody is at a terminal
    assert "No root is pinned" in findings(folder)[0]
    for written in (digits, digits.replace(" ", "-"), digits.replace(" ", "")):
        result = run("pin", str(file), "--dir", str(folder), "--fingerprint", written)
        assert result.returncode == 0, result.stderr
        assert digits not in result.stderr + result.stdout
        assert (folder / "root.pub").read_text() == root.hex() + "\n"
        assert (folder / "root.pub").stat().st_mode & 0o777 == 0o600
    other.write_text(stranger.hex())
    result = run("pin", str(other), "--dir", str(folder), "--fingerprint", theirs)
    assert "Another root is pinned" in result.stderr
    assert findings(folder) == ["Only one lead can admit people to chat. Invite a second one: a lead can be ill."]


def test_pin_asks_whoever_sits_at_a_terminal(tmp_path: Path) -> None:
    """The digits are typed, as the lead reads them."""
    folder = tmp_path / "luwte"
    root = primitives.signing_public_of(founded(folder).root)
    (tmp_path / "root.pub").write_text(root.hex())
    main, side = pty.openpty()
    process = subprocess.Popen(
        [LUWTE, "pin", str(tmp_path / "root.pub"), "--dir", str(folder)], stdin=side, stdout=side, stderr=side
    )
    os.close(side)
    shown = b""
    while b"reads to you" not in shown:
        shown += os.read(main, 1_000)
    digits = fingerprint.of_root("helpline", root).encode()
    assert digits not in shown
    os.write(main, digits + b"\n")
    assert process.wait(STUCK) == 0
    os.close(main)
    assert (folder / "root.pub").exists()


def test_what_root_pins_the_server_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An administrator who is root leaves the file to the owner of the folder; anybody else owns the folder."""
    init(tmp_path / "luwte", *REAL)
    chosen, given = settings_module.read(tmp_path / "luwte"), []

    def fchown(fd: int, *owner: int) -> None:
        given.append((Path(f"/proc/self/fd/{fd}").readlink(), owner))

    monkeypatch.setattr(os, "fchown", fchown)
    monkeypatch.setattr(os, "geteuid", lambda: 1_000)
    install.pin(chosen, bytes(32))
    assert given == []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    install.pin(chosen, bytes(32))
    owner = chosen.folder.stat()
    # Before it is in its place, so that a server never meets one that it may not read.
    assert given == [(chosen.folder / "root.pub.new", (owner.st_uid, owner.st_gid))]


def test_nothing_is_pinned_before_there_are_keys(tmp_path: Path) -> None:
    """And doctor says what comes next."""
    init(tmp_path / "luwte", "--origin", "http://127.0.0.1:8123")
    file = tmp_path / "root.pub"
    root = primitives.signing_public_of(os.urandom(32))
    file.write_text(root.hex())
    result = run(
        "pin", str(file), "--dir", str(tmp_path / "luwte"), "--fingerprint", fingerprint.of_root("helpline", root)
    )
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "has not made the keys yet" in result.stderr
    said = findings(tmp_path / "luwte")
    assert said[0].startswith("No root is pinned")
    assert said[1].startswith("There is no team yet")


def test_doctor_tells_of_certificates_five_days_before_they_end(tmp_path: Path) -> None:
    """The team's, which lasts fourteen days, and the others in their time; not a day earlier."""
    founded(tmp_path / "luwte")
    now = int(time.time())
    ends = look(tmp_path / "luwte" / "main.db", lambda tx: people.ending(tx, now + 400 * 86_400))
    days = {who: round((end - now) / 86_400) for who, end in ends}
    assert days == {"chat": 14, "Robin": 90}
    assert look(tmp_path / "luwte" / "main.db", people.admin_ends) in range(now + 364 * 86_400, now + 366 * 86_400)
    early = look(tmp_path / "luwte" / "main.db", lambda tx: people.ending(tx, now + 14 * 86_400 - 60))
    late = look(tmp_path / "luwte" / "main.db", lambda tx: people.ending(tx, now + 14 * 86_400 + 60))
    assert ([who for who, _ in early], [who for who, _ in late]) == ([], ["chat"])
    with closing(sqlite3.connect(tmp_path / "luwte" / "main.db")) as database:
        ((raw,),) = database.execute("SELECT certificate FROM team")
        soon = int(time.time()) + 4 * 86_400
        said = replace(parse(raw).certificate, not_after=soon)
        database.execute("UPDATE team SET certificate = ?", [issue(said, os.urandom(32))])
        database.commit()
    assert any("certificate of chat ends" in one for one in findings(tmp_path / "luwte"))


@pytest.mark.parametrize(("days", "says"), [(31, False), (29, True), (-1, True)])
def test_doctor_tells_of_the_team_admin_key_thirty_days_before_it_ends(tmp_path: Path, days: int, says: bool) -> None:
    """People with papers have to come together, and the doctor says so; not before."""
    founded(tmp_path / "luwte")
    with closing(sqlite3.connect(tmp_path / "luwte" / "main.db")) as database:
        ((raw,),) = database.execute("SELECT admin_certificate FROM team")
        said = replace(parse(raw).certificate, not_before=0, not_after=int(time.time()) + days * 86_400 + 60)
        database.execute("UPDATE team SET admin_certificate = ?", [issue(said, os.urandom(32))])
        database.commit()
    assert any("team-admin key ends on" in one for one in findings(tmp_path / "luwte")) is says


def test_doctor_tells_when_the_papers_do_not_open_the_team_admin_key(tmp_path: Path) -> None:
    """Of an installation that was founded before they could."""
    founded(tmp_path / "luwte")
    assert not any("papers do not open" in one for one in findings(tmp_path / "luwte"))
    with closing(sqlite3.connect(tmp_path / "luwte" / "main.db")) as database:
        database.execute("DELETE FROM recovery_admin_wrap")
        database.commit()
    assert any("papers do not open" in one for one in findings(tmp_path / "luwte"))


def test_both_languages_read_the_same_digits() -> None:
    """The browser's twin: web/test/crypto/fingerprint.test.ts has the same ones."""
    root, other = bytes(range(32)), bytes(range(32, 64))
    assert fingerprint.of_root("helpline", root) == "18122 50550 39582 90056 41638 36728"
    assert (
        fingerprint.of_member("helpline", "0" * 32, "chat", "lead", root, other)
        == "72140 81752 12594 29020 37433 42767"
    )
