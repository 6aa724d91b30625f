"""Files and folders that are there whole or not at all, for their owner only."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from luwte.errors import CannotStart

UNFINISHED = ".unfinished"
"""How the name of a folder ends that is being filled, or that nobody finished."""


class Held(CannotStart):
    """Another process has the folder."""


def write_whole(path: Path, data: bytes) -> None:
    """Put *data* at *path*, durably. Whoever looks meanwhile sees what was there before, or all of it."""
    with writing_whole(path) as file:
        file.write(data)


@contextmanager
def writing_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to fill that becomes *path* at the end, durably: until then, or when it fails, that is as it was.

    Raises `CannotStart` when something other than a file is there.
    """
    check_replaceable(path)
    temporary = unfinished(path)
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, 0o600)  # a file that an interrupted run left keeps its mode
            yield file
            file.flush()
            os.fsync(fd)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


def unfinished(path: Path) -> Path:
    """Where a file is written before it becomes *path*; whatever is there is lost."""
    return path.with_name(path.name + ".new")


def check_replaceable(path: Path) -> None:
    """Raise `CannotStart` where a file would take the place of a folder, or, as root may do, of a device."""
    if path.exists() and not path.is_file():
        raise CannotStart(f"{path.name} is a folder, a device or the like, and would be replaced.")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill that becomes *path* at the end: until then, and when anything fails, *path* stays as it was.

    Raises `CannotStart` when *path* holds something.
    """
    check_empty(path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    filling = Path(tempfile.mkdtemp(prefix=f"{path.name}.", suffix=UNFINISHED, dir=path.parent))
    try:
        yield filling
        for one in [*filling.rglob("*"), filling]:
            sync(one)
        check_empty(path)
        filling.rename(path)
    except BaseException:
        shutil.rmtree(filling, ignore_errors=True)
        raise
    sync(path.parent)


def check_empty(folder: Path) -> None:
    """Raise `CannotStart` when there is something at *folder* that is no empty folder."""
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise CannotStart(f"There is something in {folder.name} already. Choose a new folder.")


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on disk."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder: two processes would write over each other's keys. Raises `Held`."""
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Held("Another Luwte runs on this folder.") from None
        yield
