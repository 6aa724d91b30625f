"""What a rotation record says: which secret a log goes on with, so that nobody can put another in its place.

The record travels as an envelope of class 5, sealed under the secret of before and signed by a member of staff. The
next secret is never in it but wrapped: to the visitor here, to the team beside it.
"""

from typing import Final, NamedTuple

from luwte.crypto.envelope import SHARED_LOG
from luwte.crypto.primitives import CannotOpen, Malformed, hkdf_salted
from luwte.crypto.wrap import WRAP_BYTES

KIND: Final = 2
COMMITMENT_BYTES: Final = 32
_FIXED: Final = 1 + 4 + 4 + COMMITMENT_BYTES


class Rotation(NamedTuple):
    """The generation that begins, and what its secret is known by."""

    generation: int
    epoch: int
    """Of the team's key that the secret was wrapped to."""
    commitment: bytes
    wrap: bytes
    """To the visitor; empty in the team's log."""


def commitment(secret: bytes, conv: bytes, log: int, generation: int, epoch: int) -> bytes:
    """What *secret* is known by, in this place and no other."""
    if len(secret) != 32 or len(conv) != 16:
        raise Malformed("a field of the wrong length")
    place = conv + bytes([log]) + generation.to_bytes(4, "big") + epoch.to_bytes(4, "big")
    return hkdf_salted(secret, b"", b"luwte/v1/rotation\0" + place, COMMITMENT_BYTES)


def content(rotation: Rotation) -> bytes:
    """What goes into a staff body."""
    if len(rotation.commitment) != COMMITMENT_BYTES or len(rotation.wrap) not in (0, WRAP_BYTES):
        raise Malformed("a field of the wrong length")
    numbers = rotation.generation.to_bytes(4, "big") + rotation.epoch.to_bytes(4, "big")
    return bytes([KIND]) + numbers + rotation.commitment + rotation.wrap


def read(data: bytes, log: int) -> Rotation:
    """Give what `content` got, or raise CannotOpen."""
    if data[:1] != bytes([KIND]) or len(data) != _FIXED + (WRAP_BYTES if log == SHARED_LOG else 0):
        raise CannotOpen
    return Rotation(int.from_bytes(data[1:5], "big"), int.from_bytes(data[5:9], "big"), data[9:_FIXED], data[_FIXED:])
