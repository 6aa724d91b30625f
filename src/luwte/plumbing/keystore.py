"""Keys whose overwriting is an erasure: fixed slots in a file of its own, changed in place.

Slot, 64 bytes: u8 kind | u8 state | 10 zero bytes | id[16] | key[32] | crc32 of the first 60 bytes.
"""

import os
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from luwte.errors import CannotStart
from luwte.plumbing.files import sync
from luwte.plumbing.lock import forget_keys

CONVERSATION = 1
STAFF = 2

_SLOT = struct.Struct(">BB10s16s32sI")
_FREE, _USED = 0, 1

LOOKS = 5
"""How often a slot that does not add up is read before it counts as damaged, when another process may be writing."""


class KeyStore:
    """Keys by kind and id, all in memory and durable in the file before anybody relies on them.

    Calls block on the disk: use them from a worker thread. One lock serves all threads of the process.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the store. Raises `CannotStart` when a slot is damaged: damage is never taken for erasure."""
        self._path = path
        self._lock = threading.Lock()
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._slots: dict[tuple[int, bytes], int] = {}
        self._keys: dict[int, dict[bytes, bytes]] = {CONVERSATION: {}, STAFF: {}}
        self._free: list[int] = []
        self._end = 0
        self._load()
        sync(path.parent)

    def get(self, kind: int, id: bytes) -> bytes | None:
        """The key, or None when it never was or is erased. Never blocks."""
        return self._keys[kind].get(id)

    def of(self, kind: int) -> Callable[[bytes], bytes | None]:
        """`get` for one kind, without the way through here: it is asked for each message."""
        return self._keys[kind].get

    def put(self, kind: int, id: bytes, key: bytes) -> bytes:
        """Keep *key* under *id*, durably, unless one is there already; the key that is kept."""
        with self._lock:
            kept = self._keys[kind].get(id)
            if kept is not None:
                return kept
            slot = self._free.pop() if self._free else self._end
            try:
                self._write(slot, _pack(kind, _USED, id, key))
            except OSError:
                if slot < self._end:
                    self._free.append(slot)
                raise
            self._end = max(self._end, slot + 1)
            self._slots[kind, id] = slot
            self._keys[kind][id] = key
            return key

    def erase(self, kind: int, id: bytes) -> bool:
        """Overwrite the key, durably. False when there was none."""
        return bool(self.erase_all(kind, [id]))

    def erase_all(self, kind: int, ids: Iterable[bytes]) -> int:
        """Overwrite these keys, durably and with one sync; how many there were."""
        with self._lock:
            slots = {id: slot for id in ids if (slot := self._slots.get((kind, id))) is not None}
            if not slots:
                return 0
            record = _pack(0, _FREE, bytes(16), bytes(32))
            for slot in slots.values():
                self._put(slot, record)
            os.fdatasync(self._fd)
            forget_keys()
            for id, slot in slots.items():
                del self._slots[kind, id], self._keys[kind][id]
                self._free.append(slot)
            return len(slots)

    def ids(self, kind: int) -> list[bytes]:
        """Whose keys there are."""
        return list(self._keys[kind])

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _write(self, slot: int, record: bytes) -> None:
        self._put(slot, record)
        os.fdatasync(self._fd)

    def _put(self, slot: int, record: bytes) -> None:
        if os.pwrite(self._fd, record, slot * _SLOT.size) != _SLOT.size:
            raise OSError("the key store could not be written whole")

    def _load(self) -> None:
        data = self._path.read_bytes()
        for slot, (kind, state, id, key) in enumerate(_slots(data)):
            if state == _USED:
                self._slots[kind, id] = slot
                self._keys[kind][id] = key
            else:
                self._free.append(slot)
            self._end = slot + 1
        if len(data) != self._end * _SLOT.size:
            os.ftruncate(self._fd, self._end * _SLOT.size)


def copy(path: Path) -> bytes:
    """All slots of a store that may be in use, for a copy of it.

    A key that was put before the call and is not erased during it is in the copy. Raises `CannotStart` when a slot is
    damaged: one that was read while it was being written is whole at the next look.
    """
    for left in reversed(range(LOOKS)):
        data = path.read_bytes()
        try:
            return data[: sum(1 for _ in _slots(data)) * _SLOT.size]
        except CannotStart:
            if not left:
                raise
            time.sleep(0.01)
    raise AssertionError("the last look returned or raised")


def ids(slots: bytes, kind: int) -> set[bytes]:
    """Whose keys of one kind a copy holds."""
    return {id for one, state, id, _ in _slots(slots) if state == _USED and one == kind}


def _slots(data: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """Kind, state, id and key of every slot. Raises `CannotStart` at a damaged one."""
    slots = len(data) // _SLOT.size
    # A last slot that a power failure cut short, or left empty, was never relied upon: its put had not returned.
    if slots and not any(data[(slots - 1) * _SLOT.size :]):
        slots -= 1
    for slot in range(slots):
        record = data[slot * _SLOT.size : (slot + 1) * _SLOT.size]
        kind, state, _, id, key, crc = _SLOT.unpack(record)
        if zlib.crc32(record[:60]) != crc:
            raise CannotStart(f"The key store is damaged at slot {slot}. Restore it from its backup.")
        yield kind, state, id, key


def _pack(kind: int, state: int, id: bytes, key: bytes) -> bytes:
    record = _SLOT.pack(kind, state, bytes(10), id, key, 0)[:60]
    return record + struct.pack(">I", zlib.crc32(record))
