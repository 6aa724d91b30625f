"""What a disk may hold after the power fails: worked out from a record of every write and every sync (disk.py).

The model. What was written before a sync began is there once that sync has ended. Whatever was written since may be
there, in part, or not, in any order, but for one thing: a sector of 512 bytes is new or old, never half. Disks promise
that, and SQLite and the key store build on it. What a failed sync covered may be lost for good, as Linux takes it for
clean: no later sync makes it safe, only writing it again does.
"""

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from faults.disk import CUT, DELETE, FAILED_SYNC, FILES, RECORD, SYNC, WRITE

SECTOR, PAGE = 512, 4096


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done to a file; times in nanoseconds."""

    kind: int
    file: str
    began: int
    ended: int
    offset: int
    data: bytes


def deeds(record: Path) -> list[Deed]:
    """Everything that was done, by the moment at which it ended."""
    raw, at, found = record.read_bytes(), 0, []
    while at < len(raw):
        kind, file, began, ended, offset, size = RECORD.unpack_from(raw, at)
        at += RECORD.size
        found.append(Deed(kind, FILES[file], began, ended, offset, raw[at : at + size]))
        at += size
    return sorted(found, key=lambda deed: deed.ended)


@dataclass
class OneFile:
    """One file: what is surely on the disk, and what was done to it since the last sync."""

    safe: bytearray
    pending: list[Deed] = field(default_factory=list)
    doubtful: set[int] = field(default_factory=set)
    """Sectors that a failed sync covered and that were not written since."""

    def does(self, deed: Deed) -> None:
        """One more deed is done."""
        if deed.kind == SYNC:
            self._syncs(deed)
        elif deed.kind == FAILED_SYNC:
            self.doubtful |= {piece.offset // SECTOR for one in self.pending for piece in _pieces(one)}
        elif deed.kind == DELETE:
            self.safe, self.pending, self.doubtful = bytearray(), [], set()
        else:
            self.doubtful -= {piece.offset // SECTOR for piece in _pieces(deed)}
            self.pending.append(deed)

    def _syncs(self, sync: Deed) -> None:
        covered = [one for one in self.pending if one.ended <= sync.began]
        left = self.pending[len(covered) :]
        if not self.doubtful:
            for one in covered:
                _apply(self.safe, one)
            self.pending = left
            return
        pieces = [piece for one in covered for piece in _pieces(one)]
        for piece in pieces:
            if piece.offset // SECTOR not in self.doubtful:
                _apply(self.safe, piece)
        self.pending = [piece for piece in pieces if piece.offset // SECTOR in self.doubtful] + left


class Platter:
    """All files at one moment that moves on."""

    def __init__(self, base: Path, done: list[Deed]) -> None:
        """*base* is the folder as it was when the record began: all of it is safe."""
        self.files = {name: OneFile(bytearray(_read(base / name))) for name in FILES}
        self._done, self._at = done, 0

    def moves_to(self, moment: int) -> None:
        """Everything that has ended by *moment* is done; what was under way then may be there, and a sync may not."""
        while self._at < len(self._done) and self._done[self._at].ended <= moment:
            deed = self._done[self._at]
            self.files[deed.file].does(deed)
            self._at += 1
        self._under_way = [d for d in self._done[self._at : self._at + 8] if d.began <= moment and d.kind == WRITE]

    @property
    def pending(self) -> int:
        """How many writes are not safe now."""
        return sum(len(file.pending) for file in self.files.values()) + len(self._under_way)

    def remains(self, how: str, dice: random.Random) -> dict[str, bytes]:
        """The files as they may be found after the power failed now."""
        return {name: bytes(self._remains(name, file, how, dice)) for name, file in self.files.items()}

    def _remains(self, name: str, file: OneFile, how: str, dice: random.Random) -> bytearray:
        pending = file.pending + [deed for deed in self._under_way if deed.file == name]
        return WAYS[how](bytearray(file.safe), pending, dice)


def _all(data: bytearray, pending: list[Deed], dice: random.Random) -> bytearray:
    """Everything that was written had reached the disk by chance: what a killed process leaves, too."""
    for deed in pending:
        _apply(data, deed)
    return data


def _nothing(data: bytearray, pending: list[Deed], dice: random.Random) -> bytearray:
    """Nothing of what was not synced."""
    return data


def _a_part(data: bytearray, pending: list[Deed], dice: random.Random) -> bytearray:
    """The first so many writes, the last of them cut off at a sector."""
    if pending:
        count = dice.randrange(len(pending))
        _all(data, pending[:count], dice)
        pieces = list(_pieces(pending[count]))
        _all(data, pieces[: dice.randrange(len(pieces) + 1)], dice)
    return data


def _any_order(data: bytearray, pending: list[Deed], dice: random.Random) -> bytearray:
    """Sector by sector: some as they are now, some as they were in between, some as they were."""
    share, kept_back = dice.random(), set()
    for deed in pending:
        for piece in _pieces(deed):
            sector = piece.offset // SECTOR
            if sector not in kept_back and dice.random() < share:
                _apply(data, piece)
            else:
                kept_back.add(sector)
    return data


def _no_content(data: bytearray, pending: list[Deed], dice: random.Random) -> bytearray:
    """The file has grown, but its last one to eight pages that were not synced are empty."""
    whole = _all(bytearray(data), pending, dice)
    grown = len(whole) - len(data)
    empty = min(grown, dice.randint(1, 8) * PAGE)
    if empty > 0:
        whole[len(whole) - empty :] = bytes(empty)
    return whole


WAYS = {"all": _all, "nothing": _nothing, "a part": _a_part, "any order": _any_order, "no content": _no_content}


def lay_out(base: Path, files: dict[str, bytes], folder: Path) -> Path:
    """A data folder with these *files*, and the rest as in *base*."""
    shutil.copytree(base, folder, ignore=shutil.ignore_patterns(*FILES, "*-shm", "lock"))
    for name, data in files.items():
        if data or name == "keys":
            (folder / name).write_bytes(data)
    return folder


def _apply(data: bytearray, deed: Deed) -> None:
    if deed.kind == CUT:
        del data[deed.offset :]
        data.extend(bytes(deed.offset - len(data)))
        return
    end = deed.offset + len(deed.data)
    if len(data) < end:
        data.extend(bytes(end - len(data)))
    data[deed.offset : end] = deed.data


def _pieces(deed: Deed) -> Iterator[Deed]:
    """A write sector by sector."""
    if deed.kind == CUT:
        yield deed
        return
    at = 0
    while at < len(deed.data):
        size = min(SECTOR - (deed.offset + at) % SECTOR, len(deed.data) - at)
        yield Deed(deed.kind, deed.file, deed.began, deed.ended, deed.offset + at, deed.data[at : at + size])
        at += size


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
