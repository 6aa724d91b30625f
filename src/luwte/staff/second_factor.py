"""The second factor: one-time codes that an app makes, and recovery codes on paper in their place.

RFC 6238 with SHA-1, six digits and steps of 30 seconds, as every app knows them. What is stored opens, and can be
guessed at, with the server's secret only, which is not in main.db.
"""

import functools
import hashlib
import hmac
import os
import re
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from luwte.crypto.primitives import hkdf
from luwte.errors import CodeRefused, MalformedFrame
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.plumbing.lock import lock, unlock
from luwte.staff import second_factor_store as store

STEP = 30
"""Seconds for which an app shows one code (RFC 6238, section 5.2)."""

TOLERANCE = 1
"""Steps before and after the present one whose codes count, too: for clocks that differ, and for slow hands."""

DIGITS = 6
SECRET_BYTES = 20
NEVER = -1

RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 bits: 16 letters and digits of Crockford's base 32, which has no I, L, O and U."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, for what is written by hand: none looks like another."""
_LOOKALIKES = str.maketrans("OIL", "011")
_TABLE = b"second_factor"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What somebody's browser made for their second factor, and a code that proves that their app has it."""

    secret: bytes = field(repr=False)
    code: str = field(repr=False)
    recovery: tuple[bytes, ...] = field(repr=False)

    def check(self) -> None:
        """Raise `MalformedFrame` for what no browser of ours makes."""
        if len(self.secret) != SECRET_BYTES:
            raise MalformedFrame
        _check_recovery_codes(self.recovery)


@dataclass(frozen=True, slots=True)
class Passed:
    """A code that is right, and not used yet: of this step, or the recovery code with this hash."""

    step: int | None = None
    recovery: bytes | None = None


def accepted_step(secret: bytes, code: str, now: float, after: int) -> int | None:
    """The step of which *code* is at *now* (Unix seconds), or None; of none up to step *after* it counts.

    The newest one, where a code is that of two: it is not accepted a second time. All steps are computed, right or not.
    """
    # Every app speaks it; what is weak about SHA-1 is no weakness of HMAC (RFC 6238, section 3; NIST SP 800-107).
    app = HOTP(secret, DIGITS, SHA1())  # noqa: S303
    current, found = int(now) // STEP, None
    for step in range(max(0, current - TOLERANCE), current + TOLERANCE + 1):
        same = hmac.compare_digest(app.generate(step), code.encode())
        if same and step > after:
            found = step
    return found


def enrol(tx: WriteTx, account: str, enrolment: Enrolment, server_secret: bytes, now: float) -> None:
    """Give *account*, which is stored or will be, this second factor in place of any other, in the caller's work.

    Raises `CodeRefused` when the app shows another code, `MalformedFrame` for what no browser of ours makes. Puts
    nothing on record: the deed that it is part of does.
    """
    enrolment.check()
    step = accepted_step(enrolment.secret, _typed(enrolment.code), now, NEVER)
    if step is None:
        raise CodeRefused
    locked = lock(_lock_key(server_secret), _TABLE, account.encode(), b"", enrolment.secret)
    store.put(tx, account, locked, step)
    put_recovery_codes(tx, account, enrolment.recovery, server_secret)


def put_recovery_codes(tx: WriteTx, account: str, codes: tuple[bytes, ...], server_secret: bytes) -> None:
    """Keep these recovery codes in place of the ones before. Raises `MalformedFrame`."""
    _check_recovery_codes(codes)
    store.put_recovery_codes(tx, account, [_hash(server_secret, account, code) for code in codes])


def _check_recovery_codes(codes: tuple[bytes, ...]) -> None:
    if len(set(codes)) != RECOVERY_CODES or any(len(code) != RECOVERY_BYTES for code in codes):
        raise MalformedFrame


def judge(
    tx: ReadTx, account: str, code: str, server_secret: bytes, now: float, *, may_guess: bool = True
) -> Passed | None:
    """Whether *code* is right for *account*; the same work for one without a second factor, or for none at all.

    Without *may_guess* six digits are right for nobody, and recovery codes, which nobody can guess, count as ever.
    """
    typed = _typed(code)
    key, kept = _lock_key(server_secret), store.find(tx, account)
    subject, (locked, after) = (account, kept) if kept else ("", (_decoy(key), NEVER))
    step = accepted_step(unlock(key, _TABLE, subject.encode(), b"", locked), typed, now, after)
    recovery = _hash(server_secret, account, recovery_bytes(typed))
    is_recovery = store.has_recovery_code(tx, account, recovery)
    if kept and step is not None and may_guess:
        return Passed(step=step)
    return Passed(recovery=recovery) if is_recovery else None


def spend(tx: WriteTx, account: str, passed: Passed) -> None:
    """Use the code up, in the transaction in which it was judged."""
    if passed.recovery is not None:
        store.take_recovery_code(tx, account, passed.recovery)
    if passed.step is not None:
        store.move_on(tx, account, passed.step)


def is_guessable(code: str) -> bool:
    """Whether somebody who tries often enough might guess *code*: six digits."""
    return re.fullmatch(r"[0-9]{6}", _typed(code)) is not None


def recovery_bytes(text: str) -> bytes:
    """What a recovery code stands for, however it was typed; nothing for what is none."""
    typed = _typed(text).translate(_LOOKALIKES)
    if len(typed) * 5 != RECOVERY_BYTES * 8 or not set(typed) <= set(ALPHABET):
        return b""
    return functools.reduce(lambda value, sign: value * 32 + ALPHABET.index(sign), typed, 0).to_bytes(RECOVERY_BYTES)


def recovery_text(code: bytes) -> str:
    """A recovery code as it is printed: in groups of four."""
    value = int.from_bytes(code)
    typed = "".join(ALPHABET[value >> (5 * place) & 31] for place in reversed(range(RECOVERY_BYTES * 8 // 5)))
    return "-".join(typed[at : at + 4] for at in range(0, len(typed), 4))


def _typed(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper()


def _hash(server_secret: bytes, account: str, code: bytes) -> bytes:
    key = hkdf(server_secret, "luwte/v1/recovery-code")
    return hmac.digest(key, account.encode() + b"\0" + code, hashlib.sha256)


def _lock_key(server_secret: bytes) -> bytes:
    return hkdf(server_secret, "luwte/v1/second-factor")


@functools.lru_cache(maxsize=1)
def _decoy(key: bytes) -> bytes:
    """A secret that nobody has, as if it were stored."""
    return lock(key, _TABLE, b"", b"", os.urandom(SECRET_BYTES))
