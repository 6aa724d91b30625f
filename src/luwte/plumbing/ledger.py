"""What was erased, by a name that nobody can turn back: a file that only grows, beside the key store.

Record, 52 bytes: u64 n | name[32] | u64 minute | crc32 of the first 48 bytes. name = SHA-256("erased" | id). With it
a key store that is older than an erasure is brought up to it: whatever it names is erased again.
"""

import hashlib
import os
import struct
import threading
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from luwte.errors import CannotStart
from luwte.plumbing.files import sync

FILE = "ledger"

_RECORD = struct.Struct(">Q32sQ")
_SIZE = _RECORD.size + 4


class Entry(NamedTuple):
    """One erasure."""

    n: int
    name: bytes
    minute: int


def name_of(id: bytes) -> bytes:
    """What the ledger calls *id*: whoever has the id finds it, and from the name nobody finds the id."""
    return hashlib.sha256(b"erased" + id).digest()


class Ledger:
    """The erasures of one folder: all names in memory, and durable in the file before anything is erased.

    Writing blocks on the disk: call it from a worker thread. One lock serves all threads of the process.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the ledger. Raises `CannotStart` when a record is damaged."""
        self._lock = threading.Lock()
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        data = path.read_bytes()
        entries = read(data)
        self._names = {entry.name: entry.n for entry in entries}
        self.highest = len(entries)
        """The number of the newest erasure; 0 when there is none."""
        if len(data) != self.highest * _SIZE:
            os.ftruncate(self._fd, self.highest * _SIZE)
        sync(path.parent)

    def __contains__(self, id: bytes) -> bool:
        """Whether *id* was erased, or is being erased. Never blocks."""
        return name_of(id) in self._names

    def add(self, ids: Iterable[bytes], minute: int) -> None:
        """Note these erasures, durably and before they happen; one that is noted already stays as it is."""
        with self._lock:
            new = [name for name in dict.fromkeys(map(name_of, ids)) if name not in self._names]
            if not new:
                return
            records = b"".join(_pack(Entry(n, name, minute)) for n, name in enumerate(new, self.highest + 1))
            if os.pwrite(self._fd, records, self.highest * _SIZE) != len(records):
                raise OSError("the ledger of erasures could not be written whole")
            os.fdatasync(self._fd)
            for name in new:
                self.highest += 1
                self._names[name] = self.highest

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


def highest(folder: Path) -> int:
    """The number of the newest erasure in a data folder, whether or not a server runs on it; 0 without a ledger."""
    return len(read(copy(folder)))


def size(folder: Path) -> int:
    """`highest` in a hurry: it changes when something is being erased."""
    path = folder / FILE
    return path.stat().st_size // _SIZE if path.exists() else 0


def copy(folder: Path) -> bytes:
    """The whole records of a folder's ledger; nothing when there is none."""
    path = folder / FILE
    return whole(path.read_bytes()) if path.exists() else b""


def whole(data: bytes) -> bytes:
    """The records in *data*, without what a power failure cut short. Raises `CannotStart` when one is damaged."""
    return data[: len(read(data)) * _SIZE]


def read(data: bytes) -> list[Entry]:
    """All entries, in order. Raises `CannotStart` at one that is damaged or in the wrong place, with whole ones after.

    What is broken at the very end a power failure cut short: nobody relied on it, as its `add` had not returned.
    """
    entries: list[Entry] = []
    for at in range(0, len(data) - _SIZE + 1, _SIZE):
        entry = _unpack(data[at : at + _SIZE])
        if entry is None or entry.n != len(entries) + 1:
            if any(_unpack(data[later : later + _SIZE]) for later in range(at, len(data) - _SIZE + 1, _SIZE)):
                raise CannotStart(f"The ledger of erasures is damaged at entry {len(entries) + 1}. Take its copy.")
            break
        entries.append(entry)
    return entries


def _unpack(record: bytes) -> Entry | None:
    """The entry; None when its sum does not hold."""
    entry = Entry(*_RECORD.unpack_from(record))
    return entry if _pack(entry) == record else None


def _pack(entry: Entry) -> bytes:
    record = _RECORD.pack(*entry)
    return record + struct.pack(">I", zlib.crc32(record))
