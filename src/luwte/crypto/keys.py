"""The keys that grow from one secret: a visitor's from VS, a staff member's from a passphrase."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from luwte.crypto.primitives import (
    Malformed,
    check_x25519,
    hkdf,
    open_sealed,
    public_of,
    sealed,
    sha256,
    sign,
    signing_public_of,
    verify,
)
from luwte.crypto.wrap import WRAP_BYTES, lp

StaffKeyId = Literal["x25519", "ed25519"]
AMK_ID: Final = "amk"
SHEET_ID: Final = "amk/sheet"
START_WRAPS: Final = 4


@dataclass(frozen=True, slots=True)
class VisitorKeys:
    """All that a visitor has. Private parts stay out of the repr: reprs end up in logs."""

    ve_private: bytes = field(repr=False)
    ve_public: bytes
    vg_seed: bytes = field(repr=False)
    vg_public: bytes
    credential: bytes = field(repr=False)
    conv: bytes


def visitor_keys(vs: bytes) -> VisitorKeys:
    """Grow a visitor's keys; the same VS always gives the same ones."""
    if len(vs) != 32:
        raise ValueError("a visitor secret has 32 bytes")
    ve_private, vg_seed = hkdf(vs, "luwte/v1/ve"), hkdf(vs, "luwte/v1/vg")
    ve_public, vg_public = public_of(ve_private), signing_public_of(vg_seed)
    return VisitorKeys(
        ve_private=ve_private,
        ve_public=ve_public,
        vg_seed=vg_seed,
        vg_public=vg_public,
        credential=hkdf(vs, "luwte/v1/server-auth"),
        conv=conversation_id(ve_public, vg_public),
    )


def conversation_id(ve_public: bytes, vg_public: bytes) -> bytes:
    """The name of a conversation: nobody else can have keys that give it."""
    return sha256(ve_public + vg_public)[:16]


def start_signature_bytes(
    line: str, ve: bytes, vg: bytes, credential_hash: bytes, team_cert: bytes, wraps: Sequence[bytes]
) -> bytes:
    """What the visitor signs when a conversation starts. The credential enters as its hash, as the server keeps it."""
    lengths = [len(ve), len(vg), len(credential_hash), len(team_cert), *map(len, wraps)]
    if lengths != [32, 32, 32, 16] + [WRAP_BYTES] * START_WRAPS:
        raise Malformed("a start with fields of the wrong length")
    return b"luwte/v1/start\0" + lp(line.encode()) + ve + vg + credential_hash + team_cert + sha256(b"".join(wraps))


def sign_start(line: str, keys: VisitorKeys, team_cert: bytes, wraps: Sequence[bytes]) -> bytes:
    """Sign the start of a conversation with VG."""
    hashed = sha256(keys.credential)
    message = start_signature_bytes(line, keys.ve_public, keys.vg_public, hashed, team_cert, wraps)
    return sign(keys.vg_seed, message)


def start_is_signed(
    line: str,
    ve: bytes,
    vg: bytes,
    credential_hash: bytes,
    team_cert: bytes,
    wraps: Sequence[bytes],
    signature: bytes,
) -> bool:
    """Whether a start is whole: every length right, usable keys, signed by the holder of *vg*."""
    try:
        message = start_signature_bytes(line, check_x25519(ve), vg, credential_hash, team_cert, wraps)
    except Malformed:
        return False
    return verify(vg, signature, message)


def erase_signature_bytes(conv: bytes) -> bytes:
    """What the visitor signs to have a conversation erased. It may be said again: erased it stays."""
    return b"luwte/v1/erase\0" + conv


def sign_erase(keys: VisitorKeys) -> bytes:
    """Ask for the erasure of one's conversation, with VG."""
    return sign(keys.vg_seed, erase_signature_bytes(keys.conv))


def login_proof(stretched: bytes) -> bytes:
    """What a desk shows at sign-in; the server keeps its SHA-256 only."""
    return hkdf(stretched, "luwte/v1/login-proof")


def kek(stretched: bytes, server_half: bytes) -> bytes:
    """The key that opens AMK: it needs the passphrase and the half that the server lets go after sign-in."""
    if len(stretched) != 32 or len(server_half) != 32:
        raise ValueError("both halves have 32 bytes")
    return hkdf(stretched + server_half, "luwte/v1/kek")


def sheet_proof(sheet: bytes) -> bytes:
    """What a desk shows that has the recovery sheet, in the place of `login_proof`; the server keeps its SHA-256."""
    return hkdf(sheet, "luwte/v1/sheet/proof")


def seal_amk_for_sheet(sheet: bytes, account: str, amk: bytes) -> bytes:
    """Seal the account's master key so that the sheet opens it."""
    return sealed(hkdf(sheet, "luwte/v1/sheet/seal"), account, SHEET_ID, amk)


def open_amk_by_sheet(sheet: bytes, account: str, box: bytes) -> bytes:
    """Give the master key, or raise CannotOpen."""
    return open_sealed(hkdf(sheet, "luwte/v1/sheet/seal"), account, SHEET_ID, box)


def staff_key_label(key_id: StaffKeyId) -> str:
    """The HKDF label of the key that seals this private key."""
    return f"luwte/v1/staff-key/{key_id}"


def seal_amk(kek: bytes, account: str, amk: bytes) -> bytes:
    """Seal the account's master key."""
    return sealed(kek, account, AMK_ID, amk)


def open_amk(kek: bytes, account: str, box: bytes) -> bytes:
    """Give the master key, or raise CannotOpen."""
    return open_sealed(kek, account, AMK_ID, box)


def seal_staff_key(amk: bytes, account: str, key_id: StaffKeyId, private: bytes) -> bytes:
    """Seal a private key under the master key."""
    return sealed(hkdf(amk, staff_key_label(key_id)), account, key_id, private)


def open_staff_key(amk: bytes, account: str, key_id: StaffKeyId, box: bytes) -> bytes:
    """Give the private key, or raise CannotOpen."""
    return open_sealed(hkdf(amk, staff_key_label(key_id)), account, key_id, box)
