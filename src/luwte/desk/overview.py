"""The shift lead's live picture of one team: who waits, who talks with whom, how the day goes. No content."""

from collections.abc import Callable

from luwte.conversation import actions as conversations
from luwte.conversation.model import Conversation
from luwte.desk import frames
from luwte.plumbing.db import ReadTx
from luwte.staff import actions as staff


def overview(
    tx: ReadTx, team: str, today: int, here: frozenset[str], is_here: Callable[[bytes], bool], limit: int
) -> frames.Picture:
    """The picture now.

    *today* began at that minute; *here* are the accounts that have a desk open; *is_here* tells whether a visitor looks
    at the page; *limit* is how many conversations one counsellor may have.
    """
    members = staff.members(tx, team)
    names = {member.id: member.name for member in members}
    all_waiting = [one for one, _ in conversations.waiting(tx, team) if is_here(one.id) or not one.for_later]
    waiting = [conversation for conversation in all_waiting if is_here(conversation.id)]
    running = conversations.running(tx, team)
    answered, missed = conversations.answered_and_missed(tx, team, today)
    held = [conversation.holder for conversation in running]
    return frames.Picture(
        waiting=len(waiting),
        away=len(all_waiting) - len(waiting),
        limit=limit,
        longest=min((conversation.waiting_since for conversation in waiting), default=None),
        running=[_row(tx, conversation, names) for conversation in running],
        desks=[
            frames.DeskRow(member.name, member.role, held.count(member.id), member.id in here)
            for member in members
            if member.id in here or member.id in held
        ],
        answered=answered,
        missed=missed,
    )


def _row(tx: ReadTx, conversation: Conversation, names: dict[str, str]) -> frames.RunningRow:
    companions = [names.get(account, "") for account, _ in conversations.companions(tx, conversation)]
    holder = names.get(conversation.holder or "", "")
    return frames.RunningRow(conversation.id, conversation.number, conversation.waiting_since, holder, companions)
