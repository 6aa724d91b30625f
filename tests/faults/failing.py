"""Disks that are full or fail, each with the way to break it and to mend it while the server runs."""

import os
import resource
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from faults.disk import Lever, Trouble
from faults.house import seeded
from faults.server import Launcher, Server, a_server

CONVERSATIONS = 12

SMALL = 24
"""Megabytes of a disk that is small on purpose."""

LIMIT = 65_536
"""Bytes beyond which no file may be written: every one that matters is longer by then."""


@dataclass
class Stage:
    """A server, who is known to it, and its disk."""

    server: Server
    people: object
    breaks: Callable[[], None]
    mends: Callable[[], None]


@asynccontextmanager
async def a_lever(folder: Path, launcher: Launcher, trouble: Trouble) -> AsyncIterator[Stage]:
    """A disk of ours under the server (disk.py)."""
    lever = Lever(folder.parent / "disk")
    people = seeded(folder, CONVERSATIONS)
    async with a_server(folder, launcher, lever.folder) as server:
        yield Stage(server, people, lambda: lever.pull(trouble), lambda: lever.pull(Trouble.NONE))


@asynccontextmanager
async def a_limit(folder: Path, launcher: Launcher) -> AsyncIterator[Stage]:
    """The operating system lets no file of the server grow: needs no rights, and the server is as everybody runs it."""
    people = seeded(folder, CONVERSATIONS)
    async with a_server(folder, launcher) as server:

        def limit(size: int) -> None:
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        yield Stage(server, people, lambda: limit(LIMIT), lambda: limit(resource.RLIM_INFINITY))


@asynccontextmanager
async def a_small_disk(folder: Path, launcher: Launcher) -> AsyncIterator[Stage]:
    """A disk of its own in memory that somebody fills up. Root only."""
    disk = folder.parent / "small"
    disk.mkdir()
    _mount(disk)
    try:
        people = seeded(disk / folder.name, CONVERSATIONS)
        async with a_server(disk / folder.name, launcher) as server:
            # What the server writes to standard error lies beside its folder, and is not what we test.
            server.errors = folder.parent / "small.errors"
            await server.kill()
            server.start()
            await server.answers()
            filler = disk / "holiday-films"
            yield Stage(server, people, lambda: _fill(filler), filler.unlink)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def can_mount(folder: Path) -> bool:
    """Whether a small disk may be had here."""
    if os.geteuid() != 0:
        return False
    try:
        _mount(folder)
    except (OSError, subprocess.CalledProcessError):
        return False
    subprocess.run(["umount", str(folder)], check=True)
    return True


def _mount(folder: Path) -> None:
    options = f"size={SMALL}m,mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True, capture_output=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
