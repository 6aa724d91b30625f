"""Wraps: one secret, carried to one public key, in one place. HPKE, single shot only."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from luwte.crypto.primitives import CannotOpen, Malformed, check_x25519, public_of, sha256

WRAP_BYTES: Final = 80
NO_CONVERSATION: Final = bytes(16)
SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Purpose(IntEnum):
    """To whom a wrap goes, and so what it may be used for."""

    TEAM = 1
    PARTNER = 2
    RECOVERY = 3
    MEMBER = 4
    VISITOR = 5
    TEAM_LOG = 7
    TEAM_ADMIN = 8


@dataclass(frozen=True, slots=True)
class WrapContext:
    """The place a wrap belongs to. It opens nowhere else."""

    organisation: str
    team: str
    epoch: int
    conv: bytes
    generation: int
    purpose: Purpose

    def info(self, recipient_public: bytes) -> bytes:
        """The HPKE info string: this place, and for whom."""
        if len(self.conv) != 16:
            raise Malformed("a conversation id has 16 bytes")
        return (
            b"luwte/v1/wrap\0"
            + lp(self.organisation.encode())
            + lp(self.team.encode())
            + self.epoch.to_bytes(4, "big")
            + self.conv
            + self.generation.to_bytes(4, "big")
            + sha256(recipient_public)
            + bytes([self.purpose])
        )


def lp(data: bytes) -> bytes:
    """*data* with its length before it, so that neighbours cannot trade bytes."""
    if len(data) > 0xFFFF:
        raise Malformed("too long for its length prefix")
    return len(data).to_bytes(2, "big") + data


def wrap(secret: bytes, recipient_public: bytes, context: WrapContext) -> bytes:
    """Wrap a 32-byte *secret*; raise Malformed for a key of low order, whose wraps anybody could open."""
    if len(secret) != 32:
        raise Malformed("a wrapped secret has 32 bytes")
    recipient = X25519PublicKey.from_public_bytes(check_x25519(recipient_public))
    return SUITE.encrypt(secret, recipient, context.info(recipient_public))


def unwrap(wrapped: bytes, private_key: bytes, context: WrapContext) -> bytes:
    """Give the 32-byte secret, or raise CannotOpen."""
    info = context.info(public_of(private_key))
    if len(wrapped) != WRAP_BYTES:
        raise CannotOpen
    try:
        return SUITE.decrypt(wrapped, X25519PrivateKey.from_private_bytes(private_key), info)
    except (InvalidTag, ValueError):
        raise CannotOpen from None
