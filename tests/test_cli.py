"""The command: what it prints, where it stops, what it refuses."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from journeys.stage import a_demo, start_demo
from luwte import settings as settings_module
from luwte.cli import main
from luwte.settings import Settings

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
        [],
        ["nonsense"],
        ["--nonsense"],
        ["demo", "--nonsense"],
        ["demo", "more"],
        ["demo", "--port", "99999"],
        ["serve"],
        ["serve", "--dir"],
        ["serve", "--dir", "/nonexistent"],
        ["doctor"],
        ["doctor", "--nonsense"],
        ["doctor", "--dir", "/nonexistent"],
        ["doctor", "--dir", "/nonexistent", "--json"],
    ],
)
def test_a_wrong_call_exits_with_2_and_no_traceback(arguments: list[str]) -> None:
    """One plain line that says what is wrong."""
    result = run(*arguments)
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
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_it_starts_is_obeyed(tmp_path: Path, number: int) -> None:
    """While it loads, makes keys, or is about to answer: it ends, says nothing of its insides, and starts again."""
    folder = served_folder(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        change(folder, "127.0.0.1:0", f"127.0.0.1:{free.getsockname()[1]}")
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
    (folder / "root.pub").rename(folder / "root.old")
    refused("No organisation root")
    (folder / "root.old").rename(folder / "root.pub")
    (folder / "demo").mkdir()
    refused("demonstration")
    (folder / "demo").rmdir()
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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
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
    assert len(as_json["findings"]) == 3


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
