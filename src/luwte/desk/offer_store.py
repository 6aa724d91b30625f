"""All SQL for `offer`."""

from luwte.desk.offer import Offer
from luwte.plumbing.db import ReadTx, WriteTx

_COLUMNS = "conversation, asker, colleague, times, until"


def of(tx: ReadTx, conversation: bytes) -> Offer | None:
    """The offer of this conversation, whether or not it still counts."""
    row = tx.one(f"SELECT {_COLUMNS} FROM offer WHERE conversation = ?", conversation)
    return Offer(*row) if row else None


def concerning(tx: ReadTx, account: str) -> list[Offer]:
    """What this account offers and is offered."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM offer WHERE asker = ? OR colleague = ? ORDER BY until", account, account)
    return [Offer(*row) for row in rows]


def everything(tx: ReadTx) -> list[Offer]:
    """All of them."""
    return [Offer(*row) for row in tx.all(f"SELECT {_COLUMNS} FROM offer")]


def put(tx: WriteTx, offer: Offer) -> None:
    """Make the offer; one that counts no more makes room."""
    tx.execute("DELETE FROM offer WHERE conversation = ?", offer.conversation)
    tx.execute(
        f"INSERT INTO offer ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",
        offer.conversation,
        offer.asker,
        offer.colleague,
        offer.times,
        offer.until,
    )


def remove(tx: WriteTx, conversation: bytes) -> None:
    """The offer is over."""
    tx.execute("DELETE FROM offer WHERE conversation = ?", conversation)
