"""Digits that two people read to each other, to know that they have the same public keys before them."""

from luwte.crypto.primitives import sha256
from luwte.crypto.wrap import lp

GROUPS = 6
"""Of five digits each: 99 bits, so that nobody finds other keys with the same."""


def digits(label: str, *parts: bytes) -> str:
    """Six groups of five digits for *parts* in this order; *label* says what they are."""
    hashed = sha256(label.encode() + b"\0" + b"".join(map(lp, parts)))
    groups = (hashed[5 * n : 5 * n + 5] for n in range(GROUPS))
    return " ".join(f"{int.from_bytes(group, 'big') % 100_000:05}" for group in groups)


def of_root(organisation: str, root: bytes) -> str:
    """Of an organisation's root."""
    return digits("luwte/v1/fingerprint/root", organisation.encode(), root)


def of_member(organisation: str, account: str, team: str, role: str, ed25519: bytes, x25519: bytes) -> str:
    """Of somebody who wants to join: their keys, and what they would be."""
    parts = (organisation.encode(), account.encode(), team.encode(), role.encode(), ed25519, x25519)
    return digits("luwte/v1/fingerprint/member", *parts)
