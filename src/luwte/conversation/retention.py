"""When a conversation is due to be erased, and erasing what is due. The rule knows no disk and no clock."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from luwte.conversation import actions
from luwte.conversation.erasing import RETENTION, Erasures
from luwte.line.model import DAY, wall
from luwte.plumbing.db import Db

BATCH = 50
"""Conversations that are erased in one commit: a few thousand rows, so nobody who writes waits long behind them."""

PAUSE = 0.05
"""Seconds between two batches, for whoever writes."""


def due_at(last: int, days: int, zone: ZoneInfo) -> int:
    """The minute from which a conversation whose last message came at minute *last* must be gone.

    The same time of the day, by the clock on the wall, *days* days later: what "30 days after" means to people. So a
    day on which the clock is moved counts as one day, and 29 February is a day. A time that the clock skips on that
    day is taken as if it had not been moved; of one that it shows twice the first counts.
    """
    shown = wall(zone, last) + timedelta(days=days)
    return int(shown.replace(tzinfo=zone).timestamp()) // 60


async def purge(db: Db, erasures: Erasures, team: str, days: int, zone: ZoneInfo, now: Callable[[], int]) -> int:
    """Erase what is due on one line, in batches; how many conversations that were. *now* tells the minute."""
    # An hour more than the days have: the clock may have been moved.
    heard = await db.read(actions.last_heard, team, now() - days * DAY + 60)
    due = [id for id, last in heard if due_at(last, days, zone) <= now()]
    for at in range(0, len(due), BATCH):
        await erasures.forget(due[at : at + BATCH], RETENTION, f"{days} days")
        await asyncio.sleep(PAUSE)
    if due:
        await erasures.clean()
    return len(due)
