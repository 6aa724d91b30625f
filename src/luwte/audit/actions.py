"""Putting deeds on record, and checking the record."""

from luwte.audit import store
from luwte.audit.model import ACTIONS, Record, chain, first_bad
from luwte.plumbing.db import ReadTx, WriteTx


def record(
    tx: WriteTx, *, minute: int, actor: str, action: str, object: bytes = b"", reason: str = "", result: str = "done"
) -> None:
    """Put one deed on record in the caller's own transaction: both are kept, or neither.

    A refused deed rolls its transaction back, so its record is a second job with `result` = the refusal's code.
    """
    if action not in ACTIONS:
        raise ValueError("not in the catalogue of actions")
    n, head = store.last(tx)
    entry = Record(n + 1, minute, actor, action, object, reason, result)
    store.append(tx, entry, chain(head, entry))


def verify(tx: ReadTx) -> int | None:
    """The number of the first record that was altered, removed or put in, or None when the chain holds."""
    return first_bad(store.everything(tx))
