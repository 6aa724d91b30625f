"""Where connections come in: a port of this machine, or a Unix socket for the proxy in front."""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from luwte.errors import CannotStart
from luwte.plumbing.http import let_go_of_the_deaf

MODE = 0o660
"""Of the Unix socket: its owner, and its group, to which the proxy belongs."""

LONGEST = 107
"""Bytes of a Unix socket's path; Linux takes no more."""


def on_port(host: str, port: int) -> socket.socket:
    """Listen on a port. Raises `CannotStart` when it cannot be had."""
    # Named as TCP, or asyncio leaves Nagle's algorithm on and each answer over HTTP waits 40 ms.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
    except OSError as error:
        listener.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else "cannot be used"
        raise CannotStart(f"Port {port} {why}. Choose another one.") from None
    let_go_of_the_deaf(listener)
    return listener


@contextmanager
def on_path(path: Path) -> Iterator[socket.socket]:
    """Listen on a Unix socket, and take it away at the end.

    One that a killed process left is replaced; one that somebody answers on, and anything else that lies there, is
    left alone: `CannotStart`. The name belongs to whoever holds the lock beside it, so that of two that start at once
    neither takes away what the other just made.
    """
    if len(os.fsencode(path)) > LONGEST:
        raise CannotStart(f"The path of the socket is too long. It may have {LONGEST} bytes.")
    with _held(path.with_name(path.name + ".lock"), path), socket.socket(socket.AF_UNIX) as listener:
        _clear(path)
        before = os.umask(0o177)  # nobody but us may connect before the mode is what it should be
        try:
            listener.bind(str(path))
        except OSError as error:
            raise CannotStart(f"The socket {path} cannot be made: {error.strerror}.") from None
        finally:
            os.umask(before)
        path.chmod(MODE)
        made = _identity(path)
        try:
            yield listener
        finally:
            with suppress(FileNotFoundError):
                if _identity(path) == made:
                    path.unlink()


@contextmanager
def _held(lock: Path, path: Path) -> Iterator[None]:
    try:
        fd = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise CannotStart(f"The socket {path} cannot be made: {error.strerror}.") from None
    with os.fdopen(fd, "w"):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(f"Another Luwte listens on {path}.") from None
        yield


def _clear(path: Path) -> None:
    """Remove what a killed process left at *path*."""
    if not os.path.lexists(path):
        return
    if not path.is_socket() or path.is_symlink():
        raise CannotStart(f"There is something at {path} that is no socket. Choose another path.")
    with socket.socket(socket.AF_UNIX) as knock:
        knock.settimeout(1)
        try:
            knock.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except FileNotFoundError:
            return
        except OSError:  # it may be somebody's who is busy, or whom we may not disturb
            pass
    raise CannotStart(f"Somebody listens on {path} already. Stop that first, or choose another path.")


def _identity(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino
