"""Questions to a whole copy. It owns no table: of the rows of others it reads which there are, and nothing in them."""

from luwte.plumbing.db import ReadTx


def conversations(tx: ReadTx) -> set[bytes]:
    """The ids of all conversations."""
    return {row[0] for row in tx.all("SELECT id FROM conversation")}


def envelopes(tx: ReadTx) -> int:
    """How many envelopes there are."""
    row = tx.one("SELECT count(*) FROM envelope")
    return int(row[0]) if row else 0


def erasures(tx: ReadTx) -> int:
    """How many conversations were erased, by the audit log: the ledger has at least as many entries."""
    row = tx.one("SELECT count(*) FROM audit WHERE action = 'conversation.erase' AND result = 'done'")
    return int(row[0]) if row else 0


def records(tx: ReadTx) -> int:
    """How many audit records there are."""
    row = tx.one("SELECT count(*) FROM audit")
    return int(row[0]) if row else 0
