"""The audit record, its canonical bytes, and the chain that makes tampering visible."""

import hashlib
import hmac
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from luwte.crypto import merkle

GENESIS = hashlib.sha256(b"luwte/v1/audit\0").digest()

ACTIONS = frozenset(
    {
        "staff.sign_in",
        "staff.unlock",
        "staff.sign_out",
        "staff.invite",
        "staff.reinvite",
        "staff.withdraw",
        "staff.join",
        "staff.found",
        "staff.admit",
        "staff.readmit",
        "staff.decline",
        "staff.renew",
        "staff.remove",
        "staff.epoch",
        "staff.recovery_wrap",
        "recovery.admit",
        "recovery.renew",
        "recovery.prepare",
        "recovery.succeed",
        "staff.forget",
        "staff.second_factor",
        "staff.recovery_codes",
        "staff.passphrase",
        "staff.sheet",
        "staff.end_session",
        "desk.open",
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
        "conversation.rewrap",
        "conversation.rewrapped",
        "replies.change",
        "conversation.step_in",
        "conversation.step_out",
        "conversation.take_over",
        "alarm.raise",
        "alarm.answer",
        "alarm.close",
        "line.open",
        "line.close",
        "glass.break",
        "glass.close",
        "glass.see",
        "audit.read",
        "audit.export",
    }
)
"""The catalogue: every deed that leaves a record, and no other word. Of writing, and of opening a
desk, only a refused try does: what was written is in the log of the conversation itself, signed."""


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
    """h_n = SHA-256(0x01 | h_{n-1} | canonical record)."""
    return hashlib.sha256(b"\x01" + previous + canonical(record)).digest()


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a log is not what it was."""

    first: int
    """The first record that is wrong, or missing."""
    last: int
    """The same; where only a root can tell, the last of the records among which it is."""
    why: str
    """`altered`: it does not follow from the ones before. `missing`: somebody has seen it. `rewritten`: it follows, and
    somebody has seen another one."""


Root = tuple[int, bytes]
"""What a checkpoint says: so many records, and the root of the Merkle tree over them."""


def examine(
    rows: Iterable[tuple[Record, bytes]],
    own: Iterable[Root] = (),
    outside: Iterable[Root] = (),
    hashes: Mapping[int, bytes] | None = None,
) -> Fault | None:
    """The first fault in a log, or None.

    *own* checkpoints lie beside the log, *outside* ones somewhere else. *hashes*: those of records that somebody kept
    elsewhere, by number.
    """
    seen: dict[int, list[tuple[bytes, bool]]] = defaultdict(list)
    for roots, is_outside in ((own, False), (outside, True)):
        for size, root in roots:
            seen[size].append((root, is_outside))
    elsewhere = hashes or {}
    head, count = GENESIS, 0
    # How far a root has borne the log out. Whoever wrote the log anew may have done so with what lies beside it.
    sure = {False: 0, True: 0}
    tree = merkle.Frontier()
    for record, kept in rows:
        n = count + 1
        try:
            follows = record.n == n and chain(head, record) == kept
        except (AttributeError, TypeError, UnicodeEncodeError, struct.error):  # a value that no record ever had
            follows = False
        if not follows:
            return Fault(n, n, "altered")
        if elsewhere.get(n, kept) != kept:
            return Fault(n, n, "rewritten")
        head, count = kept, n
        tree.add(leaf(record))
        for root, is_outside in seen.get(n, ()):
            if root != tree.root():
                return Fault(sure[is_outside] + 1, n, "rewritten")
            sure[is_outside] = n
    if max([0, *seen, *elsewhere]) > count:
        return Fault(count + 1, count + 1, "missing")
    return None


def leaf(record: Record) -> bytes:
    """What the Merkle tree holds of a record."""
    return merkle.leaf(canonical(record))


def pseudonym(shred_key: bytes, conversation: bytes) -> bytes:
    """A name for a conversation that nobody can link any more once its key is erased."""
    return hmac.digest(shred_key, b"audit" + conversation, hashlib.sha256)[:16]
