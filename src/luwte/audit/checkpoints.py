"""One deed each: let the Merkle tree catch up with the log, sign a checkpoint, prove that one grew from another."""

from luwte.audit import store
from luwte.audit.model import chain, leaf
from luwte.audit.store import Signed
from luwte.crypto import merkle, note
from luwte.crypto.note import Checkpoint
from luwte.crypto.primitives import signing_public_of
from luwte.plumbing.db import ReadTx, WriteTx

STEP = 250
"""Records that one job adds to the tree: others wait for it a few milliseconds at most."""

TOPIC = ("checkpoint",)
"""Woken when there is a new checkpoint."""


class Altered(Exception):
    """The log does not follow from itself: nothing is signed any more until somebody has looked."""


def grow(tx: WriteTx) -> bool:
    """Add the next records to the tree; whether it has caught up. Raises `Altered`."""
    size = store.grown(tx)
    rows = store.after(tx, size, STEP)
    head, tree = store.hash(tx, size), merkle.Frontier(size, _nodes(tx))
    for n, (record, kept) in enumerate(rows, size + 1):
        if record.n != n or chain(head, record) != kept:
            raise Altered
        head = kept
        for (level, place), hash in tree.add(leaf(record)):
            store.put_node(tx, level, place, hash)
    return len(rows) < STEP


def make(tx: WriteTx, origin: str, seed: bytes, ledger: int, minute: int) -> bool:
    """Sign what the log is now; False when the tree has to catch up first. Raises `Altered`."""
    if not grow(tx):
        return False
    size, _ = store.last(tx)
    before = store.last_checkpoint(tx)
    if size < max(store.grown(tx), before.size if before else 0):
        raise Altered
    text = note.write(Checkpoint(origin, size, merkle.root(size, _nodes(tx)), minute, ledger))
    signed = note.sign_note(text, origin, seed)
    store.put_checkpoint(tx, Signed(size, minute, signing_public_of(seed), signed))
    tx.wake(TOPIC)
    return True


def newest(tx: ReadTx) -> Signed | None:
    """The newest checkpoint."""
    return store.last_checkpoint(tx)


def since(tx: ReadTx, size: int) -> tuple[Signed, list[bytes]] | None:
    """The newest checkpoint, and the proof that it grew from the log of *size* records; None while there is none.

    To whoever remembers more than there is, nothing can be proved.
    """
    made = store.last_checkpoint(tx)
    if made is None:
        return None
    return made, merkle.consistency(size, made.size, _nodes(tx)) if size <= made.size else []


def _nodes(tx: ReadTx) -> merkle.Node:
    def node(level: int, place: int) -> bytes:
        if level:
            return store.node(tx, level, place)
        ((record, _),) = store.after(tx, place, 1)
        return leaf(record)

    return node
