"""The second lock: what is stored about one subject is encrypted under that subject's own key, row by row.

nonce[12] | AES-256-GCM(key, AAD = table | 0x00 | subject id | row id). Erasing the key erases the rows.
"""

import functools
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Damaged(Exception):
    """A stored row does not open: it was altered, or moved to another place."""


NONCE, DRAWN = 12, 256
_nonces: list[bytes] = []
# Drawn many at once: each question to the operating system lets go of the interpreter and waits to have it back. Taking
# one from a list is atomic, so no two threads get the same; a forked process must not inherit any.
os.register_at_fork(after_in_child=_nonces.clear)


def _next_nonce() -> bytes:
    while True:
        try:
            return _nonces.pop()
        except IndexError:
            drawn = os.urandom(NONCE * DRAWN)
            _nonces.extend(drawn[at : at + NONCE] for at in range(0, len(drawn), NONCE))


@functools.lru_cache(maxsize=4096)
def _cipher(key: bytes) -> AESGCM:
    """Setting up the cipher costs as much as using it once."""
    return AESGCM(key)


def forget_keys() -> None:
    """Keep no cipher in memory: a key is being erased."""
    _cipher.cache_clear()


def lock(key: bytes, table: bytes, subject: bytes, row: bytes, data: bytes) -> bytes:
    """*data* for storage at *row* of *table*."""
    nonce = _next_nonce()
    return nonce + _cipher(key).encrypt(nonce, data, b"%b\0%b%b" % (table, subject, row))


def unlock(key: bytes, table: bytes, subject: bytes, row: bytes, locked: bytes) -> bytes:
    """What `lock` was given. Raises `Damaged`."""
    try:
        return _cipher(key).decrypt(locked[:12], locked[12:], b"%b\0%b%b" % (table, subject, row))
    except InvalidTag:
        raise Damaged from None
