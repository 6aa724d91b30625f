"""A Unix socket for the proxy: whose it is, and what is left alone."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from luwte.errors import CannotStart
from luwte.plumbing.listener import LONGEST, on_path


@contextmanager
def somebody_else(path: Path, *, listening: bool = True) -> Iterator[socket.socket]:
    """Another program's socket."""
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(path))
        if listening:
            theirs.listen(1)
        yield theirs


def test_it_is_its_owners_and_its_groups(tmp_path: Path) -> None:
    """0660, whatever the umask; the lock beside it is the owner's alone; at the end the name is free."""
    path = tmp_path / "luwte.sock"
    for mask in (0, 0o077, 0o777):
        before = os.umask(mask)
        try:
            with on_path(path) as listener:
                listener.listen()
                assert stat.S_IMODE(path.stat().st_mode) == 0o660
                assert stat.S_IMODE((tmp_path / "luwte.sock.lock").stat().st_mode) & 0o077 == 0
                assert os.umask(mask) == mask
                with socket.socket(socket.AF_UNIX) as proxy:
                    proxy.connect(str(path))
        finally:
            os.umask(before)
        assert not path.exists()


def test_what_a_killed_process_left_is_replaced(tmp_path: Path) -> None:
    """A socket on which nobody answers."""
    path = tmp_path / "luwte.sock"
    with somebody_else(path):
        pass
    assert path.is_socket()
    with on_path(path) as listener:
        listener.listen()
        with socket.socket(socket.AF_UNIX) as proxy:
            proxy.connect(str(path))


def test_a_socket_that_somebody_answers_on_is_left_alone(tmp_path: Path) -> None:
    """Also when they are too busy to take another connection."""
    path = tmp_path / "luwte.sock"
    with somebody_else(path) as theirs:
        for waiting in range(4):
            with pytest.raises(CannotStart, match="Somebody listens"), on_path(path):
                pass
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK).connect_ex(str(path))
            assert path.is_socket(), waiting
        theirs.settimeout(5)
        theirs.accept()


def test_of_two_that_start_one_listens(tmp_path: Path) -> None:
    """Also while the first has the name and does not answer yet: the second does not take it away."""
    path = tmp_path / "luwte.sock"
    with on_path(path) as listener:
        with pytest.raises(CannotStart, match="Another Luwte"), on_path(path):
            pass
        listener.listen()
        with socket.socket(socket.AF_UNIX) as proxy:
            proxy.connect(str(path))


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    """A file, a folder, a link to either and a link to a socket."""
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    with somebody_else(tmp_path / "real"):
        pass
    for name in ("file", "folder", "real", "absent"):
        (tmp_path / f"link-{name}").symlink_to(tmp_path / name)
    for path in tmp_path.iterdir():
        if path.name != "real":
            with pytest.raises(CannotStart, match="no socket"), on_path(path):
                pass
    assert (tmp_path / "file").read_text() == "precious"
    assert (tmp_path / "link-absent").is_symlink()


def test_at_the_end_only_ones_own_is_taken_away(tmp_path: Path) -> None:
    """Somebody put theirs in its place meanwhile; or took it away."""
    path = tmp_path / "luwte.sock"
    with on_path(path):
        path.unlink()
        other = somebody_else(path)
        other.__enter__()
    assert path.is_socket()
    other.__exit__(None, None, None)
    path.unlink()
    with on_path(path):
        path.unlink()


@pytest.mark.parametrize(
    ("path", "words"), [("absent/luwte.sock", "cannot be made"), ("x" * LONGEST, "too long"), ("file/x", "cannot")]
)
def test_a_place_that_cannot_be_is_said_in_one_line(tmp_path: Path, path: str, words: str) -> None:
    """Which, and why."""
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match=words) as caught, on_path(tmp_path / path):
        pass
    assert "\n" not in str(caught.value)
