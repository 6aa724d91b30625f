"""The command: what it prints, where it stops, what it refuses."""

import json
import os
import pty
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from actors import STUCK, demo_folder
from journeys.stage import a_demo, start_demo
from luwte import settings as settings_module
from luwte.cli import main
from luwte.settings import Settings
from ports import free_port

LUWTE = str(Path(sys.executable).with_name("luwte"))


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **more}
    return subprocess.run([LUWTE, *arguments], capture_output=True, text=True, timeout=60, env=environment)


def test_every_command_has_help_with_an_example() -> None:
    """Whoever asks is shown how."""
    for name in ["", *main.commands]:
        result = run(*([name] if name else []), "--help")
        assert result.returncode == 0
        assert "Example: luwte" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["demo", "--nonsense"],
        ["demo", "--port", "99999"],
        ["serve"],
        ["serve", "--dir"],
        ["doctor"],
        ["backup"],
        ["backup", "--dir", "absent"],
        ["backup", "--dir", "absent", "--out", "new"],
        ["backup", "--dir", "absent", "--out", "new", "--keys", "sealed"],
        ["backup", "--dir", "absent", "--out", "new", "--recipient", "key.pub"],
        ["backup", "--dir", "absent", "--out", "new", "--keys", "new/sealed", "--recipient", "key.pub"],
        ["backup", "--dir", "absent", "--out", "new", "--keys", "sealed", "--recipient", "absent"],
        ["restore", "--nonsense"],
        ["restore", "--from", "absent", "--dir", "new"],
        ["restore", "--from", "absent", "--dir", "new", "--keys", "absent"],
        ["restore", "--from", "absent", "--dir", "new", "--keys", "absent", "--identity", "absent"],
        ["backup-key"],
        ["backup-key", "--out"],
        ["backup-key", "--out", "."],
        [],
        ["--nonsense"],
        ["demo", "more"],
        ["serve", "--dir", "/nonexistent"],
        ["doctor", "--nonsense"],
        ["doctor", "--dir", "/nonexistent"],
        ["doctor", "--dir", "/nonexistent", "--json"],
    ],
)
def test_a_wrong_call_exits_with_2_and_no_traceback(arguments: list[str]) -> None:
    """One plain line that says what is wrong, and nothing was made."""
    result = run(*arguments)
    assert not Path("new").exists()
    assert result.returncode == 2
    assert re.fullmatch(r"luwte: .+\n", result.stderr)
    assert result.stdout == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_says_who_and_where_and_stops_cleanly(tmp_path: Path, number: int) -> None:
    """Its first line is one object; a signal ends it with 0 within five seconds, with a socket and a page open."""
    folder = tmp_path / "missing" / "demo"
    demo = start_demo(folder)
    roles = [one["role"] for one in demo.accounts]
    assert roles.count("counsellor") >= 2
    assert roles.count("lead") == 1
    assert all(len(one["passphrase"].split()) >= 6 for one in demo.accounts)
    assert demo.data_dir == folder.resolve()
    assert httpx.get(demo.visitor + "healthz").json() == {"status": "ok"}
    host, _, port = demo.visitor.removeprefix("http://").strip("/").partition(":")
    with socket.create_connection((host, int(port))) as idle:
        request = f"GET /socket HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: http://{host}:{port}\r\n"
        request += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        request += "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        idle.sendall(request.encode())
        assert idle.recv(100).startswith(b"HTTP/1.1 101")
        began = time.monotonic()
        assert demo.stop(number) == 0
        assert time.monotonic() - began < 5


def stops_at(process: subprocess.Popen[str], number: int, after: float) -> tuple[int, str, str]:
    """Signal it *after* it began to listen for signals: before that it is the interpreter, not yet our program."""
    caught = 1 << (signal.SIGTERM - 1)
    while not int(re.findall(r"SigCgt:\t(\w+)", Path(f"/proc/{process.pid}/status").read_text())[0], 16) & caught:
        time.sleep(0.002)
    time.sleep(after)
    process.send_signal(number)
    out, err = process.communicate(timeout=STUCK)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_it_starts_is_obeyed(tmp_path: Path, number: int) -> None:
    """While it loads, makes keys, or is about to answer: it ends, says nothing of its insides, and starts again."""
    folder = served_folder(tmp_path)
    change(folder, "127.0.0.1:0", f"127.0.0.1:{free_port()}")
    for after in (0, 0.1, 0.3, 0.7, 1.5):
        for command in (["demo", "--json", "--port", "0", "--dir", str(tmp_path / "demo")], ["serve", "--dir", folder]):
            process = subprocess.Popen([LUWTE, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            code, out, err = stops_at(process, number, after)
            assert code in ({0} if out else {0, 128 + number}), (command, after, code)
            assert err == ""
    with a_demo(tmp_path / "demo") as demo:
        assert httpx.get(demo.visitor + "healthz").status_code == 200


def test_a_second_start_finds_the_same_accounts(tmp_path: Path) -> None:
    """Nothing is made twice, also after it was killed."""
    with a_demo(tmp_path / "demo") as first:
        port = int(first.visitor.rsplit(":", 1)[1].strip("/"))
        first.process.kill()
        first.process.wait()
    second = start_demo(tmp_path / "demo", port=port)
    try:
        assert second.accounts == first.accounts
        assert second.visitor == first.visitor
    finally:
        second.stop()


def test_a_port_in_use_is_said_plainly(tmp_path: Path) -> None:
    """Exit 2, one line, what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("demo", "--dir", str(tmp_path / "demo"), "--port", str(taken.getsockname()[1]))
    assert result.returncode == 2
    assert re.fullmatch(r"luwte: Port \d+ is in use\. .+\n", result.stderr)


def test_a_second_process_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    """Two would write over each other's keys; looking the folder over disturbs nobody."""
    with a_demo(tmp_path / "demo") as demo:
        result = run("demo", "--dir", str(tmp_path / "demo"), "--port", "0")
        assert result.returncode == 2
        assert "Another Luwte runs" in result.stderr
        before = (tmp_path / "demo" / "keys").read_bytes()
        assert run("doctor", "--dir", str(tmp_path / "demo")).returncode == 1
        assert (tmp_path / "demo" / "keys").read_bytes() == before
        assert httpx.get(demo.visitor + "healthz").status_code == 200


def test_doctor_makes_nothing(tmp_path: Path) -> None:
    """Whatever folder it is pointed at stays as it was."""
    folder = served_folder(tmp_path)
    before = sorted(path.name for path in folder.iterdir())
    assert run("doctor", "--dir", str(folder)).returncode == 1
    assert sorted(path.name for path in folder.iterdir()) == before


def test_private_keys_lie_in_the_demo_folder_alone(tmp_path: Path) -> None:
    """For its owner only; and no passphrase or private key anywhere else in the folder."""
    with a_demo(tmp_path / "demo") as demo:
        demo.stop()
    secret_folder = tmp_path / "demo" / "demo"
    assert secret_folder.stat().st_mode & 0o777 == 0o700
    kept = json.loads((secret_folder / "keys.json").read_text())
    needles = [bytes.fromhex(kept[name]) for name in ("root", "admin", "team")]
    for one in kept["people"]:
        needles += [bytes.fromhex(one[name]) for name in ("x25519", "ed25519", "amk")]
        needles.append(one["passphrase"].encode())
    for path in (tmp_path / "demo").iterdir():
        if path.is_file():
            data = path.read_bytes()
            assert path.stat().st_mode & 0o077 == 0
            assert not any(needle in data or needle.hex().encode() in data for needle in needles), path.name


def served_folder(tmp_path: Path) -> Path:
    """A folder as an installation would leave it, without people yet."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "secret").write_bytes(os.urandom(32))
    (folder / "root.pub").write_text(os.urandom(32).hex())
    settings_module.write(
        Settings(
            folder=folder,
            organisation="helpers",
            name="Helpers",
            line="chat",
            line_name="Chat",
            origins=("https://chat.example.org",),
            listen="127.0.0.1:0",
            exit_url="https://weather.example.org/",
            retention_days=30,
            desk_origins=("https://desk.example.org",),
        )
    )
    return folder


def change(folder: Path, old: str, new: str) -> None:
    """Edit the settings file."""
    path = folder / settings_module.FILE
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_serve_refuses_what_is_not_safe(tmp_path: Path) -> None:
    """Default secrets, a missing or demonstration root, plain http off this machine: one line each, exit 2."""

    def refused(words: str) -> None:
        result = run("serve", "--dir", str(folder))
        assert result.returncode == 2, result.stderr
        assert words in result.stderr
        assert result.stderr.count("\n") == 1

    folder = served_folder(tmp_path)
    for secret, words in ((bytes(32), "default"), (b"short", "default")):
        (folder / "secret").write_bytes(secret)
        refused(words)
    (folder / "secret").unlink()
    refused("secret is missing")
    (folder / "secret").write_bytes(os.urandom(32))
    change(folder, "127.0.0.1:0", "0.0.0.0:8000")
    refused("Plain http")
    change(folder, "0.0.0.0:8000", "127.0.0.1:0")
    change(folder, "https://chat.example.org", "http://chat.example.org")
    refused("plain http")
    change(folder, "http://chat.example.org", "https://chat.example.org")
    for text, words in (("none", "cannot be read"), ("00", "not an Ed25519 public key")):
        (folder / "root.pub").write_text(text)
        refused(words)
    (folder / "root.pub").write_text(os.urandom(32).hex())
    (folder / "demo").mkdir()
    refused("demonstration")
    (folder / "demo").rmdir()
    change(folder, '["https://desk.example.org"]', "[]")
    refused("desk needs an address of its own")
    folder = tmp_path / "absent"
    refused("luwte.toml")


def test_serve_refuses_a_demonstration_root_that_was_moved(tmp_path: Path) -> None:
    """Its root says so; and with another root its accounts have no second factor."""
    with a_demo(tmp_path / "demo") as demo:
        demo.stop()
    folder = served_folder(tmp_path)
    for name in ("main.db", "keys", "root.pub", "secret"):
        shutil.copy(tmp_path / "demo" / name, folder / name)
    result = run("serve", "--dir", str(folder))
    assert result.returncode == 2
    assert "demonstration" in result.stderr
    (folder / "root.pub").write_text(os.urandom(32).hex())
    result = run("serve", "--dir", str(folder))
    assert result.returncode == 2
    assert "second factor" in result.stderr


def test_serve_answers_from_a_sound_folder(tmp_path: Path) -> None:
    """With nobody in it yet there is no chat, but the server runs, with HSTS, and stops cleanly."""
    folder = served_folder(tmp_path)
    port = free_port()
    change(folder, "127.0.0.1:0", f"127.0.0.1:{port}")
    process = subprocess.Popen([LUWTE, "serve", "--dir", str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "answers" in process.stdout.readline()
        answer = httpx.get(f"http://127.0.0.1:{port}/healthz", headers={"Host": "chat.example.org"})
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 403
    finally:
        process.terminate()
        assert process.wait(5) == 0


def test_doctor_names_what_is_missing(tmp_path: Path) -> None:
    """A demonstration is not fit for visitors, and says why; JSON for scripts."""
    with a_demo(tmp_path / "demo") as demo:
        demo.stop()
    result = run("doctor", "--dir", str(tmp_path / "demo"))
    assert result.returncode == 1
    assert "demonstration" in result.stdout
    assert "second factor" in result.stdout
    as_json = json.loads(run("doctor", "--dir", str(tmp_path / "demo"), "--json").stdout)
    assert as_json["ok"] is False
    assert len(as_json["findings"]) == 4
    assert "Only one lead" in as_json["findings"][3]


def test_doctor_reads_the_settings_that_are_shipped(tmp_path: Path) -> None:
    """Of the example of an installation itself there is nothing to say; without its proxy's word there is."""
    folder = served_folder(tmp_path)
    shutil.copy(Path(__file__).parents[1] / "deploy" / "luwte.toml", folder)
    for name in ("secret", "luwte.toml"):
        (folder / name).chmod(0o600)
    assert run("doctor", "--dir", str(folder)).stdout == "There is no database yet; the first start makes it.\n"
    change(folder, 'trusted_proxies = ["unix"]', "")
    assert "one network" in run("doctor", "--dir", str(folder)).stdout


def test_a_backup_and_the_way_back(tmp_path: Path) -> None:
    """While the server runs; then the disk is gone, and the same people sign in with the same words on another one."""
    with a_demo(tmp_path / "demo") as demo:
        key = run("backup-key", "--out", str(tmp_path / "key"))
        assert "must never" in key.stdout
        where = ["--dir", str(tmp_path / "demo"), "--out", str(tmp_path / "backup")]
        made = run("backup", *where, "--keys", str(tmp_path / "sealed"), "--recipient", str(tmp_path / "key.pub"))
        assert (made.returncode, made.stderr) == (0, "")
        assert "Made and checked" in made.stdout
        assert "seven days" in made.stdout
        assert httpx.get(demo.visitor + "healthz").status_code == 200
        demo.process.kill()
    shutil.rmtree(tmp_path / "demo")
    back = ["--from", str(tmp_path / "backup"), "--dir", str(tmp_path / "new"), "--keys", str(tmp_path / "sealed")]
    restored = run("restore", *back, "--identity", str(tmp_path / "key"))
    assert (restored.returncode, restored.stderr) == (0, "")
    assert re.search(r"What came after 20\d\d-\d\d-\d\dT\d\d:\d\dZ is not in it", restored.stdout)
    with a_demo(tmp_path / "new") as again:
        assert again.accounts == demo.accounts
        assert httpx.get(again.visitor + "healthz").status_code == 200


def test_backup_and_restore_speak_json(tmp_path: Path) -> None:
    """One object, one line."""
    demo_folder(tmp_path / "demo")
    made = run("backup", "--dir", str(tmp_path / "demo"), "--out", str(tmp_path / "backup"), "--json")
    assert made.stdout.count("\n") == 1
    manifest = json.loads(made.stdout)
    assert manifest == json.loads((tmp_path / "backup" / "manifest.json").read_text())
    assert manifest["counts"]["conversations"] == 0
    back = ["--from", str(tmp_path / "backup"), "--dir", str(tmp_path / "new"), "--keys", str(tmp_path / "demo")]
    restored = run("restore", *back, "--json")
    assert restored.stdout.count("\n") == 1
    told = json.loads(restored.stdout)
    assert told["made"] == manifest["made"]
    assert told["counts"]["records"] == 0


def test_a_restore_says_what_is_lost_and_what_is_left_to_do(tmp_path: Path) -> None:
    """Keys that are older than the backup; a folder that still holds the same keys."""
    demo_folder(tmp_path / "demo")
    run("backup-key", "--out", str(tmp_path / "key"))
    sealed = ["--keys", str(tmp_path / "sealed"), "--recipient", str(tmp_path / "key.pub")]
    run("backup", "--dir", str(tmp_path / "demo"), "--out", str(tmp_path / "backup"), *sealed)
    manifest = tmp_path / "backup" / "manifest.json"
    manifest.write_text(re.sub(r'"made": "20', '"made": "21', manifest.read_text()))
    start = ["restore", "--from", str(tmp_path / "backup")]
    sealed = ["--keys", str(tmp_path / "sealed"), "--identity", str(tmp_path / "key")]
    assert "conversations that began after that are lost" in run(*start, "--dir", str(tmp_path / "one"), *sealed).stdout
    done = run(*start, "--dir", str(tmp_path / "two"), "--keys", str(tmp_path / "demo"))
    assert "still holds the same keys" in done.stdout


def test_a_backup_is_not_sealed_to_the_private_half(tmp_path: Path) -> None:
    """Nor is anything made; no word of the key is printed."""
    demo_folder(tmp_path / "demo")
    run("backup-key", "--out", str(tmp_path / "key"))
    where = ["--dir", str(tmp_path / "demo"), "--out", str(tmp_path / "backup"), "--keys", str(tmp_path / "sealed")]
    result = run("backup", *where, "--recipient", str(tmp_path / "key"))
    assert result.returncode == 2
    assert re.fullmatch(r"luwte: .*private half.*\n", result.stderr)
    assert (tmp_path / "key").read_text().strip()[-64:] not in result.stderr
    assert sorted(os.listdir(tmp_path)) == ["demo", "key", "key.pub"]


def test_work_is_shown_on_a_terminal_and_not_in_a_pipe(tmp_path: Path) -> None:
    """One line that is written over, and gone at the end."""
    demo_folder(tmp_path / "demo")
    run("backup", "--dir", str(tmp_path / "demo"), "--out", str(tmp_path / "backup"))
    ours, theirs = pty.openpty()
    back = ["--from", str(tmp_path / "backup"), "--keys", str(tmp_path / "demo"), "--dir"]
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen([LUWTE, "restore", *back, tmp_path / "one"], stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        seen = b""
        while piece := _read(terminal.fileno()):
            seen += piece
        assert process.wait(STUCK) == 0
    assert b"\r\x1b[Kcopying main.db" in seen
    assert seen.endswith(b"\r\x1b[K")
    assert run("restore", *back, str(tmp_path / "two")).stderr == ""


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1_000)
    except OSError:  # nobody has the other end any more
        return b""


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    """One line, exit 2, and not a byte of it is changed."""
    demo_folder(tmp_path / "demo")
    with closing(sqlite3.connect(tmp_path / "demo" / "main.db")) as database:
        database.execute("PRAGMA user_version=999")
    before = (tmp_path / "demo" / "main.db").read_bytes()
    result = run("demo", "--dir", str(tmp_path / "demo"), "--port", "0")
    assert result.returncode == 2
    assert re.fullmatch(r"luwte: The database has schema 999; .+\n", result.stderr)
    assert (tmp_path / "demo" / "main.db").read_bytes() == before


def test_doctor_tells_of_copies_from_before_an_upgrade(tmp_path: Path) -> None:
    """After a week: what was erased since is still in them."""
    demo_folder(tmp_path / "demo")
    copy = tmp_path / "demo" / "main.db.schema-1"
    copy.write_bytes(b"")
    assert "upgrade" not in run("doctor", "--dir", str(tmp_path / "demo")).stdout
    week_ago = time.time() - 8 * 86_400
    os.utime(copy, (week_ago, week_ago))
    assert "main.db.schema-1 is from before an upgrade" in run("doctor", "--dir", str(tmp_path / "demo")).stdout


@pytest.mark.parametrize(
    ("name", "damage", "words"),
    [
        ("main.db", b"not a database", "main.db cannot be read"),
        ("main.db", None, "main.db cannot be read"),
        ("keys", b"", "does not fit"),
        ("keys", b"not a slot", "does not fit"),
        ("secret", b"short", "secret is a default one"),
        ("root.pub", b"not a key", "root.pub"),
        ("demo/keys.json", b"{}", "keys are damaged"),
        ("demo/keys.json", b"", "keys are damaged"),
    ],
)
def test_a_damaged_folder_is_said_plainly(a_folder: Path, tmp_path: Path, name: str, damage: bytes, words: str) -> None:
    """One line and exit 2, for each file that may be lost or spoiled; None: the end of it is missing."""
    folder = tmp_path / "damaged"
    shutil.copytree(a_folder, folder)
    data = (folder / name).read_bytes()[:5_000] if damage is None else damage
    (folder / name).write_bytes(data)
    result = run("demo", "--dir", str(folder), "--port", "0")
    assert result.returncode == 2
    assert re.fullmatch(r"luwte: .+\n", result.stderr)
    assert words in result.stderr


@pytest.fixture(scope="module")
def a_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration that was stopped."""
    folder = tmp_path_factory.mktemp("stopped") / "demo"
    with a_demo(folder) as demo:
        demo.stop()
    return folder
