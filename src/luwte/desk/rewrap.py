"""What ended under a key that somebody who left had, wrapped anew to the key of today, by a lead's desk.

Only conversations that ended: nothing is written in them any more, so a secret put in the place of another opens
nothing (each envelope carries a commitment to its key) and gains nothing. What goes on keeps the visitor's own wraps,
which the visitor signed, and is wrapped anew once it has ended.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from luwte.conversation import actions as conversations
from luwte.conversation.model import WRAP_BYTES, Conversation, LockedWrap, ShredKey
from luwte.desk.actions import record
from luwte.errors import MalformedFrame, NotAccepted
from luwte.plumbing.db import WriteTx
from luwte.staff import actions as staff
from luwte.staff.model import Team

AT_ONCE = 20
"""Conversations in one answer: a desk does them in about a second, and counsellors notice nothing."""

WRAPS_AT_ONCE = 60
"""Their secrets in one answer, but for those of the first: what comes back must fit into a request."""

RELEASED, STORED = "conversation.rewrap", "conversation.rewrapped"
"""On record when a desk gets the wraps of a conversation, and when those that it made are kept."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Some of what is wrapped to a key of before, still under the server's lock."""

    epoch: int
    """Of the key that they are to be wrapped to."""
    left: int
    conversations: list[tuple[Conversation, list[LockedWrap]]]


@dataclass(frozen=True, slots=True)
class Anew:
    """One conversation's secrets, wrapped to the key of today."""

    conversation: bytes
    wraps: dict[tuple[int, int], bytes]
    """By log and generation."""


def release(
    tx: WriteTx, token: bytes, after: int, shown: AbstractSet[tuple[str, bytes]], minute: int, key: ShredKey
) -> Behind:
    """The next ones after a place in the list; that a desk gets their wraps is on record with them, once a session.

    *shown* is what is on record already for this session; one that never opens is asked for again and again.
    Raises `SignedOut` or `NotAccepted`.
    """
    account = staff.lead(tx, token, minute)
    team = staff.team_of(tx, account)
    found: list[tuple[Conversation, list[LockedWrap]]] = []
    room = WRAPS_AT_ONCE
    for one in conversations.behind(tx, team.slug, team.epoch, after, AT_ONCE):
        wraps = conversations.team_wraps(tx, one)
        room -= len(wraps)
        if found and room < 0:
            break
        found.append((one, wraps))
        if (RELEASED, one.id) not in shown:
            record(tx, account.id, one.id, RELEASED, minute, key)
    return Behind(team.epoch, conversations.count_behind(tx, team.slug, team.epoch), found)


def store(tx: WriteTx, token: bytes, epoch: int, anew: Sequence[Anew], minute: int, key: ShredKey) -> int:
    """Keep what was wrapped to the key of *epoch*, in the place of what was, each on record; how many.

    Passed over is what was erased or wrapped anew meanwhile. Raises `NotAccepted` when another epoch began, and
    `MalformedFrame` for a conversation of which anything is missing.
    """
    account = staff.lead(tx, token, minute)
    team = staff.team_of(tx, account)
    if epoch != team.epoch:
        raise NotAccepted
    stored = [one.conversation for one in anew if _store_one(tx, team, one, key)]
    for id in stored:
        record(tx, account.id, id, STORED, minute, key)
    return len(stored)


def _store_one(tx: WriteTx, team: Team, anew: Anew, key: ShredKey) -> bool:
    found = conversations.find_behind(tx, team.slug, team.epoch, anew.conversation)
    shred_key = key(anew.conversation)
    if found is None or shred_key is None:
        return False
    kept = conversations.team_wraps(tx, found)
    if {(one.log, one.generation) for one in kept} != anew.wraps.keys():
        raise MalformedFrame
    if any(len(wrap) != WRAP_BYTES for wrap in anew.wraps.values()):
        raise MalformedFrame
    conversations.rewrap(tx, found, kept, anew.wraps, team.epoch, shred_key)
    return True
