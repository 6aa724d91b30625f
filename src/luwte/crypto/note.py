"""Signed notes, and checkpoints of a log in that form (C2SP signed-note and tlog-checkpoint).

A note is text that ends in a newline, an empty line, and signature lines. A checkpoint's text is origin, size and root,
a line each, and lines of our own behind them. The browser's twin is web/src/crypto/note.ts.
"""

import base64
import re
from dataclasses import dataclass

from luwte.crypto.primitives import CannotOpen, Malformed, sha256, sign, signing_public_of, verify

_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_ROOT = re.compile(r"[A-Za-z0-9+/]{43}=")
_NAME = re.compile(r"[^\s+]{1,200}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was at one moment: how many entries, and the root of the Merkle tree over them."""

    origin: str
    size: int
    root: bytes
    minute: int
    """When it was made."""
    ledger: int
    """The highest number in the ledger of erasures then."""


def write(checkpoint: Checkpoint) -> str:
    """The text that is signed."""
    root = base64.b64encode(checkpoint.root).decode()
    return f"{checkpoint.origin}\n{checkpoint.size}\n{root}\nminute {checkpoint.minute}\nerasures {checkpoint.ledger}\n"


def read(text: str) -> Checkpoint:
    """The checkpoint in a text. Raises `Malformed` for any other spelling of it."""
    lines = text.split("\n")
    if len(lines) != 6 or lines[5] or not _NAME.fullmatch(lines[0]) or not _ROOT.fullmatch(lines[2]):
        raise Malformed("not a checkpoint")
    minute, ledger = (_after(line, word) for line, word in zip(lines[3:5], ("minute ", "erasures "), strict=True))
    found = Checkpoint(lines[0], _number(lines[1]), base64.b64decode(lines[2]), minute, ledger)
    if write(found) != text:
        raise Malformed("another spelling of a checkpoint")
    return found


def sign_note(text: str, name: str, seed: bytes) -> str:
    """*text* with the signature of *name* under it."""
    signature = _key_id(name, signing_public_of(seed)) + sign(seed, text.encode())
    return f"{text}\n{_DASH}{name} {base64.b64encode(signature).decode()}\n"


def open_note(note: str, name: str, public: bytes) -> str:
    """The text of a note that *name* signed. Raises `Malformed`, or `CannotOpen` when the signature is not theirs.

    Signatures of others, such as witnesses, may stand beside it.
    """
    text, signatures = _parts(note)
    for line in signatures[:-1].split("\n"):
        mark, rest = line[: len(_DASH)], line[len(_DASH) :]
        signer, _, value = rest.partition(" ")
        if mark != _DASH or not _NAME.fullmatch(signer):
            raise Malformed("not a signature line")
        try:
            signature = base64.b64decode(value, validate=True)
        except ValueError:
            raise Malformed("not a signature") from None
        if signer == name and signature[:4] == _key_id(name, public):
            if verify(public, signature[4:], text.encode()):
                return text
            raise CannotOpen
    raise CannotOpen


def text_of(note: str) -> str:
    """The text of a note, whoever signed it. Raises `Malformed`."""
    return _parts(note)[0]


def verifier(name: str, public: bytes) -> str:
    """The key as witnesses take it: name+id+key."""
    return f"{name}+{_key_id(name, public).hex()}+{base64.b64encode(_ED25519 + public).decode()}"


def read_verifier(text: str) -> tuple[str, bytes]:
    """Name and public key of what `verifier` wrote. Raises `Malformed`."""
    name, _, rest = text.partition("+")
    _, _, key = rest.partition("+")
    try:
        public = base64.b64decode(key, validate=True)[1:]
    except ValueError:
        raise Malformed("not a verifier key") from None
    if not _NAME.fullmatch(name) or len(public) != 32 or verifier(name, public) != text:
        raise Malformed("not a verifier key")
    return name, public


def _parts(note: str) -> tuple[str, str]:
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise Malformed("not a signed note")
    return text + "\n", signatures


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public)[:4]


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) >= 2**53:
        raise Malformed("not a number that a browser can count to")
    return int(text)


def _after(line: str, word: str) -> int:
    if not line.startswith(word):
        raise Malformed("not a checkpoint of ours")
    return _number(line[len(word) :])
