"""What SQLite leaves of rows that are gone: bytes in the middle of pages, between the row addresses and the rows.

`secure_delete` overwrites a row that is deleted, and a page that is freed. But when SQLite moves a row to a
neighbouring page, as it does to keep its trees in balance, the bytes where it stood stay: they belong to nothing until
another row is put there. So they are found and overwritten here. The form of a page: SQLite file format, section 1.6.
"""

import os
import struct
from collections.abc import Iterable

TREE_PAGES = (2, 5, 10, 13)
"""First byte of a page that holds rows or keys. Of any other page it is the first byte of a page number, and 0 in a
database of less than 64 GB."""

AT_ONCE = 1024
"""Pages in one read."""

INNER = (2, 5)
"""Those of them that name other pages; their header is four bytes longer."""

_HEADER = struct.Struct(">BHHH")
_ZEROS = bytes(65_536)


def find(fd: int) -> list[int]:
    """The pages of a database in which something stands where nothing should; rows may be written meanwhile."""
    size, first = page_size(fd), 0
    found: list[int] = []
    while data := os.pread(fd, size * AT_ONCE, first * size):
        pages = range(len(data) // size)
        found += [first + n for n in pages if _gap(data, n * size, size, is_first=first + n == 0)]
        first += AT_ONCE
    return found


def overwrite(fd: int, pages: Iterable[int]) -> int:
    """Put zeros into those gaps; how many there were.

    Only for whoever alone may write to the file, while its write-ahead log is empty and nobody remembers an older form
    of these pages that could be written back.
    """
    size, count = page_size(fd), 0
    for page in pages:
        gap = _gap(os.pread(fd, size, page * size), 0, size, is_first=page == 0)
        if gap is not None:
            os.pwrite(fd, bytes(gap[1] - gap[0]), page * size + gap[0])
            count += 1
    if count:
        os.fdatasync(fd)
    return count


def page_size(fd: int) -> int:
    """Bytes in a page of this database."""
    return int.from_bytes(os.pread(fd, 2, 16), "big") or 4096


def _gap(data: bytes, at: int, size: int, *, is_first: bool) -> tuple[int, int] | None:
    """From where to where the page at *at* has bytes that belong to nothing, if any of them is not zero."""
    header = at + (100 if is_first else 0)
    kind = data[header]
    if kind not in TREE_PAGES:
        return None
    _, _, cells, content = _HEADER.unpack_from(data, header)
    begin = header + (12 if kind in INNER else 8) + 2 * cells
    end = at + content
    # What does not look like a page of a tree in every respect is left alone.
    if not begin < end <= at + size or data.startswith(_ZEROS[: end - begin], begin):
        return None
    return begin - at, end - at
