"""The audit record, its canonical bytes, and the chain that makes tampering visible."""

import hashlib
import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass

GENESIS = hashlib.sha256(b"luwte/v1/audit\0").digest()

ACTIONS = frozenset(
    {
        "staff.sign_in",
        "staff.unlock",
        "staff.sign_out",
        "opening.read",
        "conversation.take",
        "conversation.triage",
        "conversation.read",
        "conversation.write",
        "conversation.return",
        "conversation.end",
        "conversation.erase",
        "backup.restore",
        "conversation.offer",
        "conversation.withdraw",
        "conversation.accept",
        "conversation.decline",
        "conversation.hand_over",
        "conversation.mute",
        "conversation.unmute",
        "replies.change",
        "conversation.step_in",
        "conversation.step_out",
        "conversation.take_over",
        "alarm.raise",
        "alarm.answer",
        "alarm.close",
        "line.open",
        "line.close",
    }
)
"""The catalogue: every deed that leaves a record, and no other word. Of writing only a refused try does: what was
written is in the log of the conversation itself, signed."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the audit log: the fields of NEN 7513 that we have, and no content."""

    n: int
    minute: int
    actor: str
    action: str
    object: bytes
    reason: str
    result: str


def canonical(record: Record) -> bytes:
    """The bytes that the chain covers: fixed order, each text with its length, so that no two records share them."""
    texts = (
        record.actor.encode(),
        record.action.encode(),
        record.object,
        record.reason.encode(),
        record.result.encode(),
    )
    head = struct.pack(">QQ", record.n, record.minute)
    return head + b"".join(struct.pack(">H", len(text)) + text for text in texts)


def chain(previous: bytes, record: Record) -> bytes:
    """h_n = SHA-256(0x01 | h_{n-1} | canonical record); the prefix keeps leaves apart from Merkle nodes (RFC 9162)."""
    return hashlib.sha256(b"\x01" + previous + canonical(record)).digest()


def first_bad(rows: Iterable[tuple[Record, bytes]]) -> int | None:
    """The number of the first row that does not follow from the rows before it, or None."""
    head, expected = GENESIS, 1
    for record, kept in rows:
        if record.n != expected:
            return expected
        try:
            head = chain(head, record)
        except (AttributeError, TypeError, UnicodeEncodeError, struct.error):  # a value that no record ever had
            return record.n
        if head != kept:
            return record.n
        expected += 1
    return None


def pseudonym(shred_key: bytes, conversation: bytes) -> bytes:
    """A name for a conversation that nobody can link any more once its key is erased."""
    return hmac.digest(shred_key, b"audit" + conversation, hashlib.sha256)[:16]
