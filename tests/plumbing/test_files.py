"""Files and folders: whole or not at all, and for nobody else."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from luwte.errors import CannotStart
from luwte.plumbing import files


@pytest.fixture(autouse=True)
def a_careless_umask() -> Iterator[None]:
    """Whatever the shell says, what we write is ours."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_file_is_replaced_whole_and_is_for_its_owner(tmp_path: Path) -> None:
    """Also over an older one, and over what an interrupted run left for everybody to read."""
    path = tmp_path / "one"
    (tmp_path / "one.new").write_bytes(b"half")
    (tmp_path / "one.new").chmod(0o644)
    for data in (b"first", b"second"):
        files.write_whole(path, data)
        assert path.read_bytes() == data
        assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["one"]


@pytest.mark.parametrize("takes_its_name", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, takes_its_name: Callable[[Path], None]) -> None:
    """A folder, or a device, of which a pipe has the manners and needs no root."""
    takes_its_name(tmp_path / "one")
    before = (tmp_path / "one").stat()
    with pytest.raises(CannotStart, match=r"one is a folder, a device or the like"):
        files.write_whole(tmp_path / "one", b"data")
    assert os.listdir(tmp_path) == ["one"]
    assert (tmp_path / "one").stat() == before


def test_a_folder_is_there_when_it_is_done_and_not_before(tmp_path: Path) -> None:
    """Missing folders above it are made; an empty one is taken."""
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "above" / "new", tmp_path / "empty"):
        with files.new_folder(path) as filling:
            (filling / "one").write_bytes(b"data")
            assert not (path / "one").exists()
        assert (path / "one").read_bytes() == b"data"
        assert path.stat().st_mode & 0o777 == 0o700
    assert sorted(os.listdir(tmp_path)) == ["above", "empty"]


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    """Neither the folder nor what was in it."""

    def fill() -> None:
        with files.new_folder(tmp_path / "new") as filling:
            (filling / "one").write_bytes(b"data")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill()
    assert os.listdir(tmp_path) == []


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    """Not at the beginning, and not when somebody put it there meanwhile; a file or a link is not an empty folder."""
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "theirs").write_bytes(b"theirs")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "full", "link"):
        with pytest.raises(CannotStart, match="something"), files.new_folder(tmp_path / name):
            pytest.fail("there is something there")

    def too_late() -> None:
        with files.new_folder(tmp_path / "new") as filling:
            (filling / "ours").write_bytes(b"ours")
            (tmp_path / "new").mkdir()
            (tmp_path / "new" / "theirs").write_bytes(b"theirs")

    with pytest.raises(CannotStart, match="something"):
        too_late()
    assert (tmp_path / "full" / "theirs").read_bytes() == (tmp_path / "new" / "theirs").read_bytes() == b"theirs"
    assert sorted(os.listdir(tmp_path)) == ["file", "full", "link", "new"]
