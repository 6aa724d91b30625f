"""All SQL for `alarm`."""

from luwte.plumbing.db import ReadTx, WriteTx


def put(tx: WriteTx, conversation: bytes, team: str, asked_by: str, minute: int) -> None:
    """Somebody calls; a call that stands stays as it is."""
    tx.execute(
        "INSERT INTO alarm (conversation, team, asked_by, asked) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (conversation) WHERE over IS NULL DO NOTHING",
        conversation,
        team,
        asked_by,
        minute,
    )


def coming(tx: WriteTx, conversation: bytes, account: str) -> None:
    """*account* answered the call."""
    tx.execute("UPDATE alarm SET coming = ? WHERE conversation = ? AND over IS NULL", account, conversation)


def over(tx: WriteTx, conversation: bytes, minute: int) -> None:
    """The call stands no more."""
    tx.execute("UPDATE alarm SET over = ? WHERE conversation = ? AND over IS NULL", minute, conversation)


def standing(tx: ReadTx, team: str) -> list[tuple[bytes, str, int, str | None]]:
    """The calls that are not over: conversation, who asked, when, who comes."""
    rows = tx.all(
        "SELECT conversation, asked_by, asked, coming FROM alarm WHERE team = ? AND over IS NULL ORDER BY key", team
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
