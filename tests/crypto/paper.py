"""Shares on paper a second time, slow and obvious: no tables, no library, written from docs/decisions/0015 and the text
at the head of web/src/crypto/shares.ts. Not part of the server, which never sees a share."""

from dataclasses import dataclass, replace
from hashlib import sha256

from mnemonic import Mnemonic

from luwte.crypto.primitives import hkdf_salted

WORDS = Mnemonic("english").wordlist
WIDTHS = {"version": 4, "key": 3, "number": 3, "shares": 3, "threshold": 3, "set": 32, "values": 37 * 8, "place": 8}


@dataclass(frozen=True)
class Share:
    version: int
    key: int
    number: int
    shares: int
    threshold: int
    set: int
    values: int
    place: int

    def point(self) -> tuple[int, bytes]:
        return self.place, self.values.to_bytes(37, "big")


def times(a: int, b: int) -> int:
    """Multiply in GF(2^8) with x^8 + x^4 + x^3 + x + 1, as one learns it."""
    product = 0
    for bit in range(8):
        if b >> bit & 1:
            product ^= a << bit
    for bit in reversed(range(8, 16)):
        if product >> bit & 1:
            product ^= 0x11B << (bit - 8)
    return product


def over(a: int, b: int) -> int:
    (quotient,) = [c for c in range(256) if times(c, b) == a]
    return quotient


def at(place: int, points: list[tuple[int, bytes]]) -> bytes:
    """Where the polynomial through these points is at `place` (Lagrange)."""
    result = bytes(len(points[0][1]))
    for mine, values in points:
        weight = 1
        for other, _ in points:
            if other != mine:
                weight = times(weight, over(place ^ other, mine ^ other))
        result = bytes(sum_ ^ times(weight, value) for sum_, value in zip(result, values, strict=True))
    return result


def check_value(secret: bytes, share: Share, organisation: str) -> bytes:
    name = organisation.encode()
    context = b"luwte/v1/share-check\0" + len(name).to_bytes(2, "big") + name
    context += bytes([share.key, share.shares, share.threshold]) + share.set.to_bytes(4, "big")
    return hkdf_salted(secret, b"", context, 5)


def read(lines: list[str]) -> Share:
    bits = ""
    first: list[int] = []
    for number, line in enumerate(lines, 1):
        five = [WORDS.index(word) for word in line.split()]
        assert worth(five) == mark(number, first)
        first = first or five
        bits += "".join(f"{place:011b}" for place in five[:4])
    fields = {}
    for name, width in WIDTHS.items():
        fields[name], bits = int(bits[:width], 2), bits[width:]
    assert bits == ""
    return Share(**fields)


def write(share: Share) -> list[str]:
    bits = "".join(f"{getattr(share, name):0{width}b}" for name, width in WIDTHS.items())
    lines = []
    first: list[int] = []
    for number in range(1, 9):
        five = [int(bits[i : i + 11], 2) for i in range((number - 1) * 44, number * 44, 11)]
        five.append(worth([*five, 0]) ^ mark(number, first))
        first = first or five
        lines.append(" ".join(WORDS[place] for place in five))
    return lines


def other_half(share: Share, whole: bytes) -> Share:
    """The share that makes *whole* out of one share of two: there is one for whatever one likes."""
    place = share.place % 255 + 1
    values = at(place, [(0, whole), share.point()])
    return replace(share, number=share.number % share.shares + 1, place=place, values=int.from_bytes(values, "big"))


def worth(five: list[int]) -> int:
    """w1 x^4 + w2 x^3 + ... in GF(2^11) with x^11 + x^2 + 1."""
    value = 0
    for power, place in zip(range(4, -1, -1), five, strict=True):
        value ^= place << power
    for bit in reversed(range(11, 15)):
        if value >> bit & 1:
            value ^= 0b1000_0000_0101 << (bit - 11)
    return value


def mark(number: int, first: list[int]) -> int:
    if not first:
        return number
    which_set = b"".join(place.to_bytes(2, "big") for place in first[1:4])
    digest = int.from_bytes(sha256(b"luwte/v1/share-line\0" + which_set).digest()[:2], "big") % 1024
    return 1024 + (digest ^ (first[0] // 2 % 8) * 16 ^ number)
