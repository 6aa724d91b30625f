"""The return phrase: twelve words that stand for 128 bits, and the keys that grow from them.

The words are BIP39's English ones (the list is `mnemonic`'s): 16 random bytes, then the first 4 bits of their SHA-256,
are twelve numbers of 11 bits. No word needs its letters after the fourth. The phrase itself never travels: a locator
finds what a key of its own opens, and neither tells the other.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mnemonic import Mnemonic

from luwte.crypto.primitives import CannotOpen, hkdf, open_sealed, sealed, sha256

WORDS: Final = 12
ENTROPY_BYTES: Final = 16
BOX_BYTES: Final = 12 + 96 + 16
LETTERS: Final = 4
"""So many letters tell a word of the list from every other."""

_WORD_BITS, _CHECK_BITS = 11, 4
_BOX_ID: Final = "phrase"
_LIST: Final[Sequence[str]] = Mnemonic("english").wordlist
_PLACES: Final = {word[:LETTERS]: place for place, word in enumerate(_LIST)}
_MARKS: Final = re.compile("[\u0300-\u036f]")


class NotAPhrase(ValueError):
    """No twelve words that belong together; `word` is the place of the first that is none of ours. Never holds them."""

    def __init__(self, word: int | None = None) -> None:
        super().__init__("not a return phrase")
        self.word = word


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visitor needs to go on elsewhere: VS, and the secrets of the conversation."""

    vs: bytes = field(repr=False)
    secrets: tuple[bytes, bytes] = field(repr=False)


def words(entropy: bytes) -> list[str]:
    """The twelve words of 16 bytes."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError("a phrase stands for 16 bytes")
    bits = int.from_bytes(entropy, "big") << _CHECK_BITS | sha256(entropy)[0] >> (8 - _CHECK_BITS)
    return [_LIST[bits >> _WORD_BITS * place & 0x7FF] for place in reversed(range(WORDS))]


def read(text: str) -> bytes:
    """The 16 bytes behind what somebody typed: any case, any accents, with numbers, commas or line breaks between.

    Raises `NotAPhrase`; a slip in one word is noticed here fifteen times out of sixteen, without asking anybody.
    """
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text)).lower()
    typed = re.findall("[a-z]+", plain)
    places = [_PLACES.get(word[:LETTERS]) for word in typed]
    if None in places:
        raise NotAPhrase(places.index(None) + 1)
    if len(places) != WORDS:
        raise NotAPhrase
    bits = 0
    for place in places:
        bits = bits << _WORD_BITS | (place or 0)
    entropy = (bits >> _CHECK_BITS).to_bytes(ENTROPY_BYTES, "big")
    if sha256(entropy)[0] >> (8 - _CHECK_BITS) != bits & (1 << _CHECK_BITS) - 1:
        raise NotAPhrase
    return entropy


def locator(entropy: bytes) -> bytes:
    """Where the server finds what this phrase opens; it keeps the SHA-256."""
    return hkdf(entropy, "luwte/v1/phrase/locator")


def seal(entropy: bytes, organisation: str, visit: Visit) -> bytes:
    """Seal a visit under its phrase."""
    return sealed(_key(entropy), organisation, _BOX_ID, visit.vs + visit.secrets[0] + visit.secrets[1])


def open_box(entropy: bytes, organisation: str, box: bytes) -> Visit:
    """Give back what `seal` got, or raise CannotOpen."""
    if len(box) != BOX_BYTES:
        raise CannotOpen
    plain = open_sealed(_key(entropy), organisation, _BOX_ID, box)
    return Visit(plain[:32], (plain[32:64], plain[64:]))


def _key(entropy: bytes) -> bytes:
    return hkdf(entropy, "luwte/v1/phrase/seal")
