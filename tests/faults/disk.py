"""A disk under the real server that can fill up, fail, lie, and remember every write and every sync.

It sits where SQLite itself tests such things: in a VFS, the layer between SQLite and the operating system, here written
with ctypes around the ordinary one; and around the few calls of `os` with which the key store writes. The server's
code is untouched. `attach` is called in the server's process before it starts; the test holds a `Lever`.
"""

import ctypes
import errno
import mmap
import os
import struct
import threading
import time
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Any

FILES = ("main.db", "main.db-wal", "keys")
"""What must survive, in the order in which records name them."""

RECORD = struct.Struct(">BBqqqq")
"""Kind, file, when it began and ended (monotonic nanoseconds), offset, bytes that follow."""

WRITE, SYNC, CUT, DELETE, FAILED_SYNC = 1, 2, 3, 4, 5

SQLITE_FULL, IOERR_WRITE, IOERR_FSYNC = 13, 10 | 3 << 8, 10 | 4 << 8


class Trouble(IntEnum):
    """What the disk does now."""

    NONE = 0
    FULL = 1
    """What makes a file longer fails; what changes it in place does not, as on a real full disk."""
    WRITE_FAILS = 2
    SYNC_FAILS = 3
    SYNC_LIES = 4
    """A sync says that it is done and does nothing: such a disk keeps no promise. To try the tests on."""


class Lever:
    """The test's hand on a disk: one byte for the trouble, one that says whether it comes once, and a count."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        path = folder / "lever"
        if not path.exists():
            path.write_bytes(bytes(16))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), 16)

    def pull(self, trouble: Trouble, *, once: bool = False) -> None:
        """From now on, or at the next occasion only."""
        self._bytes[1] = once
        self._bytes[0] = trouble

    @property
    def trouble(self) -> Trouble:
        """What the disk does now."""
        return Trouble(self._bytes[0])

    @property
    def struck(self) -> int:
        """How often something failed."""
        return int.from_bytes(self._bytes[8:16], "little")

    def strikes(self, *troubles: Trouble) -> bool:
        """Whether one of *troubles* happens to this call."""
        if self._bytes[0] not in troubles:
            return False
        self._bytes[8:16] = (self.struck + 1).to_bytes(8, "little")
        if self._bytes[1]:
            self._bytes[0] = Trouble.NONE
        return True

    def records(self) -> None:
        """Ask for a record of everything; before the server starts."""
        (self.folder / "record").touch()


class Disk:
    """The disk inside the server's process."""

    def __init__(self, folder: Path) -> None:
        self.lever = Lever(folder)
        path = folder / "record"
        self._record = os.open(path, os.O_WRONLY | os.O_APPEND) if path.exists() else None
        self._writev, self._lock = os.writev, threading.Lock()

    def remember(self, kind: int, name: str, began: int, offset: int = 0, data: bytes = b"") -> None:
        """Keep what was done."""
        if self._record is not None and name in FILES:
            head = RECORD.pack(kind, FILES.index(name), began, now(), offset, len(data))
            with self._lock:
                self._writev(self._record, [head, data])


now = time.monotonic_ns


def attach(folder: Path) -> None:
    """Put a disk under everything that this process opens from now on."""
    disk = Disk(folder)
    _Os(disk)
    _keep.append(_Vfs(disk))


_keep: list[Any] = []
"""What C code points to must not be collected."""


class _Os:
    """The calls of `os` that write and sync."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self._pwrite, self._ftruncate = os.pwrite, os.ftruncate
        os.pwrite, os.ftruncate = self.pwrite, self.ftruncate
        os.fsync, os.fdatasync = self._syncing(os.fsync), self._syncing(os.fdatasync)

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        began, name = now(), _name_of(fd)
        if self.disk.lever.strikes(Trouble.WRITE_FAILS):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if offset + len(data) > os.fstat(fd).st_size and self.disk.lever.strikes(Trouble.FULL):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._pwrite(fd, data, offset)
        self.disk.remember(WRITE, name, began, offset, bytes(data[:written]))
        return written

    def ftruncate(self, fd: int, size: int) -> None:
        began = now()
        self._ftruncate(fd, size)
        self.disk.remember(CUT, _name_of(fd), began, size)

    def _syncing(self, real: Callable[[int], None]) -> Callable[[int], None]:
        def sync(fd: int) -> None:
            began, lever = now(), self.disk.lever
            if lever.strikes(Trouble.SYNC_FAILS):
                self.disk.remember(FAILED_SYNC, _name_of(fd), began)
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            if not lever.strikes(Trouble.SYNC_LIES):
                real(fd)
                self.disk.remember(SYNC, _name_of(fd), began)

        return sync


def _name_of(fd: int) -> str:
    return os.readlink(f"/proc/self/fd/{fd}").rpartition("/")[2]


class _Vfs:
    """SQLite's own way to the files, with ours around `xOpen`, `xDelete`, `xWrite`, `xTruncate` and `xSync`."""

    # Places of the pointers in sqlite3_vfs and sqlite3_io_methods (sqlite3.h), counted in words.
    VFS_WORDS, V_NEXT, V_NAME, V_OPEN, V_DELETE = 21, 2, 3, 5, 6
    IO_WORDS, IO_WRITE, IO_TRUNCATE, IO_SYNC, IO_SIZE = 19, 3, 4, 5, 6

    OPEN = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
    )
    DELETE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
    WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
    TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
    SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
    SIZE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int64))

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self._names: dict[int, str] = {}
        self._methods: dict[int, Any] = {}
        library = ctypes.CDLL(_library())
        library.sqlite3_vfs_find.restype = ctypes.c_void_p
        ordinary = library.sqlite3_vfs_find(None)
        self._vfs = (ctypes.c_void_p * self.VFS_WORDS).from_buffer_copy(_words(ordinary, self.VFS_WORDS))
        self._open, self._delete = self.OPEN(self._vfs[self.V_OPEN]), self.DELETE(self._vfs[self.V_DELETE])
        self._name = ctypes.create_string_buffer(b"breakable")
        self._ours = [self.OPEN(self.open), self.DELETE(self.delete)]
        self._vfs[self.V_NEXT] = None
        self._vfs[self.V_NAME] = ctypes.addressof(self._name)
        self._vfs[self.V_OPEN], self._vfs[self.V_DELETE] = map(_address, self._ours)
        if library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1) != 0:
            raise OSError("SQLite did not take the breakable disk")

    def open(self, vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
        code = self._open(vfs, name, file, flags, out)
        methods = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
        if code == 0 and name and methods[0]:
            self._names[file] = ctypes.string_at(name).decode().rpartition("/")[2]
            methods[0] = ctypes.addressof(self._wrapped(methods[0]))
        return code

    def delete(self, vfs: int, name: int, sync: int) -> int:
        began = now()
        code = self._delete(vfs, name, sync)
        if code == 0:
            self.disk.remember(DELETE, ctypes.string_at(name).decode().rpartition("/")[2], began)
        return code

    def _wrapped(self, address: int) -> Any:
        """A copy of the methods at *address* with ours in it."""
        known = self._methods.get(address)
        if known is None:
            known = (ctypes.c_void_p * self.IO_WORDS).from_buffer_copy(_words(address, self.IO_WORDS))
            real = (
                self.WRITE(known[self.IO_WRITE]),
                self.TRUNCATE(known[self.IO_TRUNCATE]),
                self.SYNC(known[self.IO_SYNC]),
                self.SIZE(known[self.IO_SIZE]),
            )
            ours = (self._writing(real[0], real[3]), self._cutting(real[1]), self._syncing(real[2]))
            for place, function in zip((self.IO_WRITE, self.IO_TRUNCATE, self.IO_SYNC), ours, strict=True):
                known[place] = _address(function)
            _keep.append((real, ours))
            self._methods[address] = known
            self._methods[ctypes.addressof(known)] = known
        return known

    def _writing(self, real: Any, size_of: Any) -> Any:
        def write(file: int, data: int, amount: int, offset: int) -> int:
            began, lever = now(), self.disk.lever
            if lever.trouble is not Trouble.NONE:
                if lever.strikes(Trouble.WRITE_FAILS):
                    return IOERR_WRITE
                size = ctypes.c_int64()
                if size_of(file, ctypes.byref(size)) or (offset + amount > size.value and lever.strikes(Trouble.FULL)):
                    return SQLITE_FULL
            code: int = real(file, data, amount, offset)
            if code == 0:
                self.disk.remember(WRITE, self._names[file], began, offset, ctypes.string_at(data, amount))
            return code

        return self.WRITE(write)

    def _cutting(self, real: Any) -> Any:
        def truncate(file: int, size: int) -> int:
            began = now()
            code: int = real(file, size)
            if code == 0:
                self.disk.remember(CUT, self._names[file], began, size)
            return code

        return self.TRUNCATE(truncate)

    def _syncing(self, real: Any) -> Any:
        def sync(file: int, flags: int) -> int:
            began, lever = now(), self.disk.lever
            if lever.strikes(Trouble.SYNC_FAILS):
                self.disk.remember(FAILED_SYNC, self._names[file], began)
                return IOERR_FSYNC
            if lever.strikes(Trouble.SYNC_LIES):
                return 0
            code: int = real(file, flags)
            if code == 0:
                self.disk.remember(SYNC, self._names[file], began)
            return code

        return self.SYNC(sync)


def _library() -> str:
    """The SQLite that this Python uses. Raises `OSError` when it is not a library of its own."""
    import sqlite3

    assert sqlite3
    for line in Path("/proc/self/maps").read_text().splitlines():
        if "libsqlite3" in line:
            return line.split(maxsplit=5)[5]
    raise OSError("this Python has its SQLite built in: no disk can be put under it")


def _words(address: int, count: int) -> bytes:
    return ctypes.string_at(address, count * ctypes.sizeof(ctypes.c_void_p))


def _address(function: Any) -> int | None:
    return ctypes.cast(function, ctypes.c_void_p).value
