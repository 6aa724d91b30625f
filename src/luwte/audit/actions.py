"""Putting deeds on record, looking the record through, and checking it."""

from collections.abc import Callable, Mapping, Sequence

from luwte.audit import store
from luwte.audit.model import ACTIONS, Fault, Record, Root, chain, examine
from luwte.crypto import note
from luwte.crypto.primitives import CannotOpen, Malformed
from luwte.plumbing.db import ReadTx, WriteTx

OPERATOR = "operator"
"""Who is at the server's own command line."""

NOBODY = "nobody"
"""A name without an account."""


def record(
    tx: WriteTx, *, minute: int, actor: str, action: str, object: bytes = b"", reason: str = "", result: str = "done"
) -> int:
    """Put one deed on record in the caller's own transaction: both are kept, or neither. The record's number.

    A refused deed rolls its transaction back, so its record is a second job with `result` = the refusal's code.
    """
    if action not in ACTIONS:
        raise ValueError("not in the catalogue of actions")
    n, head = store.last(tx)
    entry = Record(n + 1, minute, actor, action, object, reason, result)
    store.append(tx, entry, chain(head, entry))
    return entry.n


def newest(
    tx: ReadTx, before: int, limit: int, *, actors: list[str] | None = None, object: bytes | None = None
) -> list[Record]:
    """Records below number *before*, newest first. Whoever asks has put on record that they look."""
    return store.newest(tx, before, actors, object, limit)


def look_through(
    tx: ReadTx,
    opened: Callable[[str], str],
    outside: Sequence[Root] = (),
    hashes: Mapping[int, bytes] | None = None,
) -> tuple[Fault | None, list[str]]:
    """The first fault of the log against its own checkpoints and against what is kept *outside*.

    Also the checkpoints in the database that *opened* does not take for the server's own.
    """
    own, strange = [], []
    for text in store.notes(tx):
        try:
            found = note.read(opened(text))
            own.append((found.size, found.root))
        except (Malformed, CannotOpen):
            strange.append(text)
    return examine(store.everything(tx), own, outside, hashes), strange


def verify(tx: ReadTx) -> int | None:
    """The number of the first record that was altered, removed or put in, or None when log and checkpoints agree."""
    fault, _ = look_through(tx, note.text_of)
    return fault.first if fault else None


def count(tx: ReadTx) -> tuple[int, int]:
    """How many records there are, and how many checkpoints."""
    return store.last(tx)[0], len(store.notes(tx))
