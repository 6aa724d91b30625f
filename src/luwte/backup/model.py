"""What a backup says of itself, and the two halves of a backup key as text. No disk and no clock in here."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import msgspec

from luwte.crypto import box
from luwte.crypto.primitives import CannotOpen, Malformed, check_x25519, public_of
from luwte.errors import CannotStart

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "main.db"
PLAIN = ("luwte.toml", "root.pub")
"""What else a backup holds, when it is there: nothing that must stay secret."""

SECRET = ("keys", "secret", "audit-key", "demo/keys.json", "ledger")
"""What leaves the folder sealed: with one of the first four a copy of the database is worth more to a thief, and the
ledger of erasures belongs to the keys."""

SEALED_DAYS = 7
"""Days for which sealed keys may be kept: what was erased since then opens with them."""

SEALED = "sealed.json"
"""Where a folder remembers which sealed copies of its keys were made."""

Half = Literal["private", "public"]
_OTHER_HALF: dict[Half, str] = {
    "public": "This is the private half of the backup key. It must not lie on the server: only the public one may.",
    "private": "This is the public half of the backup key. The private one is needed here.",
}
_MAGIC = b"luwte sealed keys 1\n"
_USE = "backup"
_WRITTEN = "%Y-%m-%dT%H:%MZ"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is in a backup. Conversations without a key are erased."""

    conversations: int
    with_key: int
    without_key: int
    envelopes: int
    records: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    format: int
    luwte: str
    schema: int
    made: str
    """The minute before the copy began: what was acknowledged until then is in it."""
    ledger: int
    """Erasures that there were when it was made."""
    counts: Counts
    first_bad_record: int | None
    """Where the audit log does not follow from what is before; None: it holds."""
    parts: dict[str, Part]


@dataclass(frozen=True, slots=True)
class SealedCopy:
    """Where a sealed copy of the keys was put, and how old it is."""

    path: str
    made: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """The files that are backed up sealed, as they were at one minute."""

    made: str
    files: dict[str, bytes]


def written(minute: int) -> str:
    """A minute for people and for comparing: 2026-11-25T22:03Z."""
    return datetime.fromtimestamp(minute * 60, UTC).strftime(_WRITTEN)


def minute_of(made: str) -> int:
    """The minute of `written`. Raises `CannotStart`."""
    try:
        return int(datetime.strptime(made, _WRITTEN).replace(tzinfo=UTC).timestamp()) // 60
    except ValueError:
        raise CannotStart("The copy of the key store names no minute: it is damaged.") from None


def is_expired(made: str, minute: int) -> bool:
    """Whether sealed keys have had their days."""
    return minute - minute_of(made) > SEALED_DAYS * 24 * 60


def write_manifest(manifest: Manifest) -> bytes:
    """The manifest as it lies in the backup."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def read_manifest(data: bytes) -> Manifest:
    """A manifest that was written so. Raises `CannotStart` for anything else."""
    try:
        format = msgspec.json.decode(data, type=dict[str, object]).get("format")
        if format != FORMAT and isinstance(format, int):
            raise CannotStart(f"This backup has format {format}; this version knows {FORMAT}.")
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError:
        raise CannotStart(f"{MANIFEST} cannot be read: it is damaged, or not a backup's.") from None
    if DATABASE not in manifest.parts or not manifest.parts.keys() <= {DATABASE, *PLAIN}:
        raise CannotStart(f"{MANIFEST} names other files than a backup has.")
    return manifest


def seal(secrets: Secrets, recipient_public: bytes) -> bytes:
    """The secrets for the holder of a backup key, and for nobody else."""
    return _MAGIC + box.seal_to(recipient_public, _USE, msgspec.msgpack.encode(secrets))


def is_sealed(data: bytes) -> bool:
    """Whether this looks like what `seal` gives."""
    return data.startswith(_MAGIC)


def open_sealed(data: bytes, private_key: bytes) -> Secrets:
    """What `seal` got. Raises `CannotStart` when it does not open, or is something else."""
    if not is_sealed(data):
        raise CannotStart("This is not a sealed copy of a key store.")
    try:
        secrets = msgspec.msgpack.decode(box.open_box(private_key, _USE, data[len(_MAGIC) :]), type=Secrets)
    except (CannotOpen, msgspec.MsgspecError):
        raise CannotStart("The copy of the key store does not open with this key, or it is damaged.") from None
    if not {"keys", "secret"} <= secrets.files.keys() <= set(SECRET):
        raise CannotStart("The copy of the key store holds other files than it should.")
    return secrets


def halves(private_key: bytes) -> dict[Half, str]:
    """Both halves of a backup key, as they lie in files."""
    return {"private": _text("private", private_key), "public": _text("public", public_of(private_key))}


def read_half(half: Half, text: str) -> bytes:
    """The key in a file that holds this half. Raises `CannotStart` for the other half, and for anything else."""
    found = re.fullmatch(r"luwte backup key, (private|public): ([0-9a-f]{64})\n?", text)
    if found is None:
        raise CannotStart("This is not a backup key of luwte backup-key.")
    if found[1] != half:
        raise CannotStart(_OTHER_HALF[half])
    key = bytes.fromhex(found[2])
    try:
        return check_x25519(key) if half == "public" else key
    except Malformed:
        raise CannotStart("This backup key must not be used.") from None


def _text(half: Half, key: bytes) -> str:
    return f"luwte backup key, {half}: {key.hex()}\n"
