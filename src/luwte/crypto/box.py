"""A file, sealed to one public key, for one use. HPKE, single shot only."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from luwte.crypto.primitives import CannotOpen, check_x25519, public_of, sha256
from luwte.crypto.wrap import SUITE


def seal_to(recipient_public: bytes, use: str, data: bytes) -> bytes:
    """Seal *data* so that the holder of the private key opens it, and only for this *use*. Says nothing of who sealed.

    Raises `Malformed` for a key of low order, whose boxes anybody could open.
    """
    recipient = X25519PublicKey.from_public_bytes(check_x25519(recipient_public))
    return SUITE.encrypt(data, recipient, _info(recipient_public, use))


def open_box(private_key: bytes, use: str, box: bytes) -> bytes:
    """Give what `seal_to` got, or raise `CannotOpen`."""
    info = _info(public_of(private_key), use)
    try:
        return SUITE.decrypt(box, X25519PrivateKey.from_private_bytes(private_key), info)
    except (InvalidTag, ValueError):
        raise CannotOpen from None


def _info(recipient_public: bytes, use: str) -> bytes:
    return b"luwte/v1/box\0" + use.encode() + b"\0" + sha256(recipient_public)
