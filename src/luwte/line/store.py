"""All SQL for `line`."""

from luwte.line.model import Hand
from luwte.plumbing.db import ReadTx, WriteTx


def hands(tx: ReadTx) -> dict[str, Hand]:
    """What leads did last, by team."""
    return {row[0]: Hand(bool(row[1]), row[2], row[3]) for row in tx.all("SELECT team, open, at, by FROM line")}


def put(tx: WriteTx, team: str, hand: Hand) -> None:
    """Keep what a lead did, instead of what was done before."""
    tx.execute(
        "INSERT INTO line (team, open, at, by) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (team) DO UPDATE SET open = excluded.open, at = excluded.at, by = excluded.by",
        team,
        int(hand.open),
        hand.at,
        hand.by,
    )
