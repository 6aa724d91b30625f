"""The second lock: what is stored about one subject is encrypted under that subject's own key, row by row.

nonce[12] | AES-256-GCM(key, AAD = table | 0x00 | subject id | row id). Erasing the key erases the rows.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Damaged(Exception):
    """A stored row does not open: it was altered, or moved to another place."""


def lock(key: bytes, table: bytes, subject: bytes, row: bytes, data: bytes) -> bytes:
    """*data* for storage at *row* of *table*."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, data, b"%b\0%b%b" % (table, subject, row))


def unlock(key: bytes, table: bytes, subject: bytes, row: bytes, locked: bytes) -> bytes:
    """What `lock` was given. Raises `Damaged`."""
    try:
        return AESGCM(key).decrypt(locked[:12], locked[12:], b"%b\0%b%b" % (table, subject, row))
    except InvalidTag:
        raise Damaged from None
