"""Merkle trees over a log (RFC 9162, section 2.1): a root for each size, and proofs that one grew from another.

Only complete subtrees are ever stored: node (level, i) covers the leaves i * 2^level up to (i + 1) * 2^level. Every
root and every proof is made of O(log n) of them. The browser's twin is web/src/crypto/merkle.ts.
"""

import hashlib
from collections.abc import Callable, Sequence

EMPTY = hashlib.sha256(b"").digest()
"""The root of no leaves at all."""

Node = Callable[[int, int], bytes]
"""Finds a complete subtree's hash by its level and its place in that level."""

Place = tuple[int, int]


def leaf(data: bytes) -> bytes:
    """The hash of one entry; its prefix keeps leaves and nodes apart."""
    return hashlib.sha256(b"\x00" + data).digest()


def join(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(size: int, node: Node) -> bytes:
    """The root of the first *size* leaves."""
    return _range(0, size, node) if size else EMPTY


def consistency(first: int, second: int, node: Node) -> list[bytes]:
    """The proof that the tree of *first* leaves is the beginning of that of *second* (section 2.1.4.1).

    Nothing is to be proved of an empty tree, or of the same one. Raises `ValueError` when *first* is the larger one.
    """
    if not 0 <= first <= second:
        raise ValueError("a tree does not shrink")
    return _subproof(first, 0, second, node, known=True) if 0 < first < second else []


def is_consistent(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether *proof* shows that the second tree begins with the first (section 2.1.4.2)."""
    if first > second or first < 0:
        return False
    if first in (0, second):
        return not proof and (first_root == EMPTY if first == 0 else first_root == second_root)
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    if not path:
        return False
    small, large = first - 1, second - 1
    while small & 1:
        small, large = small >> 1, large >> 1
    begun = whole = path[0]
    for one in path[1:]:
        if large == 0:
            return False
        if small & 1 or small == large:
            begun, whole = join(one, begun), join(one, whole)
            while small and not small & 1:
                small, large = small >> 1, large >> 1
        else:
            whole = join(whole, one)
        small, large = small >> 1, large >> 1
    return large == 0 and begun == first_root and whole == second_root


class Frontier:
    """The right edge of a growing tree: one complete subtree for each bit of its size, and nothing else of it."""

    def __init__(self, size: int = 0, node: Node | None = None) -> None:
        """Begin empty, or at *size* with the subtrees that *node* finds."""
        self.size = size
        self._edge: list[bytes] = []
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                assert node is not None
                self._edge.append(node(level, (size >> level) - 1))

    def add(self, hash: bytes) -> list[tuple[Place, bytes]]:
        """Add a leaf by its hash; the subtrees above it that are complete now, lowest first."""
        made: list[tuple[Place, bytes]] = []
        place = self.size
        self.size += 1
        level = 0
        while place & 1:
            hash = join(self._edge.pop(), hash)
            level, place = level + 1, place >> 1
            made.append(((level, place), hash))
        self._edge.append(hash)
        return made

    def root(self) -> bytes:
        """The root of what was added so far."""
        if not self._edge:
            return EMPTY
        hash = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            hash = join(left, hash)
        return hash


def _range(begin: int, end: int, node: Node) -> bytes:
    """The hash over the leaves *begin* to *end*, where *begin* is where a subtree of that size may begin."""
    size = end - begin
    if not size & (size - 1):
        level = size.bit_length() - 1
        return node(level, begin >> level)
    split = begin + _half(size)
    return join(_range(begin, split, node), _range(split, end, node))


def _subproof(first: int, begin: int, end: int, node: Node, *, known: bool) -> list[bytes]:
    size = end - begin
    if first == size:
        return [] if known else [_range(begin, end, node)]
    split = begin + _half(size)
    if first <= split - begin:
        return [*_subproof(first, begin, split, node, known=known), _range(split, end, node)]
    rest = first - (split - begin)
    return [*_subproof(rest, split, end, node, known=False), _range(begin, split, node)]


def _half(size: int) -> int:
    """The largest power of two below *size*."""
    return 1 << (size - 1).bit_length() - 1
