"""The few standard pieces that everything else is made of. Nothing here knows what a message is."""

import hashlib
import os
import unicodedata
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
SALT_BYTES: Final = 16
SIGNATURE_BYTES: Final = 64

FIELD_PRIME: Final = 2**255 - 19
ED25519_ORDER: Final = 2**252 + 27742317777372353535851937790883648493

# The points of order 1, 2, 4 and 8. A shared secret made with one of them is known to everybody.
_LOW_ORDER_U: Final = frozenset(
    {
        0,
        1,
        FIELD_PRIME - 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    }
)
_ORDER_8_Y: Final = 55188659117513257062467267217118295137698188065244968500265048394206261417927
# The same for Edwards y. With such a key or R, a signature can fit any message.
_SMALL_ORDER_Y: Final = frozenset(
    {
        0,
        1,
        FIELD_PRIME - 1,
        _ORDER_8_Y,
        FIELD_PRIME - _ORDER_8_Y,
    }
)


class Malformed(ValueError):
    """These bytes are not what they claim to be. Never holds the bytes."""


class CannotOpen(Exception):
    """It does not open. There is one such error, so that nobody learns why."""

    def __init__(self) -> None:
        super().__init__("cannot be opened")


def random_bytes(length: int) -> bytes:
    """Draw bytes from the operating system."""
    return os.urandom(length)


def sha256(data: bytes) -> bytes:
    """SHA-256, FIPS 180-4."""
    return hashlib.sha256(data).digest()


def hkdf(key: bytes, label: str) -> bytes:
    """Derive 32 bytes from *key* for the one use that *label* names."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=label.encode()).derive(key)


def hkdf_salted(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA256 with all its inputs (RFC 5869)."""
    return HKDF(SHA256(), length, salt=salt, info=info).derive(key)


def stretch(passphrase: str, salt: bytes) -> bytes:
    """Turn a passphrase into 32 bytes, slowly. The cost is a constant: nobody can ask for less."""
    if len(salt) != SALT_BYTES:
        raise ValueError("the salt has 16 bytes")
    normal = unicodedata.normalize("NFKD", passphrase).encode()
    return Argon2id(salt=salt, length=KEY_BYTES, iterations=3, lanes=1, memory_cost=65536).derive(normal)


def sealed(key: bytes, account: str, id: str, secret: bytes) -> bytes:
    """Seal *secret* so that it opens only as the *id* of this *account*."""
    # A random nonce is safe here: each of these keys seals a handful of things in its life.
    nonce = random_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, _place(account, id))


def open_sealed(key: bytes, account: str, id: str, box: bytes) -> bytes:
    """Give back what `sealed` got, or raise CannotOpen."""
    nonce, ciphertext = box[:NONCE_BYTES], box[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _place(account, id))
    except (InvalidTag, ValueError):
        raise CannotOpen from None


def _place(account: str, id: str) -> bytes:
    if "\0" in account:
        raise ValueError("an account id has no NUL: it ends the name")
    return account.encode() + b"\0" + id.encode()


def public_of(private: bytes) -> bytes:
    """The X25519 public key of a private key."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def check_x25519(public: bytes) -> bytes:
    """Give *public* back, or raise Malformed when it is no key that may be used: short, odd, zero, of low order."""
    if len(public) != KEY_BYTES:
        raise Malformed("an X25519 key has 32 bytes")
    u = int.from_bytes(public, "little")
    # A second spelling of a key (u above the prime, or its top bit set) would have another hash.
    if u >= FIELD_PRIME or u in _LOW_ORDER_U:
        raise Malformed("an X25519 key that must not be used")
    return public


def check_ed25519(public: bytes) -> bytes:
    """Give *public* back, or raise Malformed when it is no key that may be used."""
    if not _sound_point(public):
        raise Malformed("an Ed25519 key that must not be used")
    return public


def signing_public_of(seed: bytes) -> bytes:
    """The Ed25519 public key of a seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    """Sign with Ed25519 (RFC 8032); the same message always gives the same signature."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether *signature* is the holder's, read strictly: one spelling only, no key or R of small order.

    The checks on the bytes come first because libraries differ here, and two
    sides that disagree about one signature would see two conversations.
    """
    if len(signature) != SIGNATURE_BYTES or not _sound_point(public) or not _sound_point(signature[:32]):
        return False
    if int.from_bytes(signature[32:], "little") >= ED25519_ORDER:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _sound_point(encoded: bytes) -> bool:
    if len(encoded) != KEY_BYTES:
        return False
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    return y < FIELD_PRIME and y not in _SMALL_ORDER_Y
