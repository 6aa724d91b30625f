"""Breaking glass: a conversation outside one's rights is opened, with a reason, on record first, and a lead sees it.

For what `supervision` and Take do not cover: a colleague's conversation while no lead is there, one that ended, one
whose visitor is away. It gives reading and nothing else, for an hour, to the one account that asked.
"""

import unicodedata

from luwte.conversation import actions as conversations
from luwte.conversation.model import Conversation, ShredKey
from luwte.desk import frames
from luwte.desk import glass_store as store
from luwte.desk.actions import record, whole
from luwte.desk.glass_store import Broken
from luwte.desk.supervision import Joined
from luwte.errors import LimitReached, NoSuchConversation, NotAccepted, OpenedOften, ReasonNeeded, WrongOrder
from luwte.plumbing.db import ReadTx, WriteTx
from luwte.plumbing.lock import lock, unlock
from luwte.staff import actions as staff
from luwte.staff.model import Account, Session
from luwte.staff.roles import Deed, may

GROUNDS = ("danger", "absent", "complaint", "law")
"""On what ground: somebody is in danger, a colleague cannot go on, a complaint or an incident, the law asks for it. A
list, because the record holds no content; the words that go with it lie under the conversation's own key."""

NOT_PLAIN = ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")
TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What would break a line, or turn one around, wherever a reason is shown."""

SHORTEST, LONGEST = 5, 300
"""Characters of a reason in words."""

LASTS = 60
"""Minutes until it closes by itself."""

AT_ONCE = 3
"""Conversations that one account may have open so."""

A_DAY, DAY = 12, 24 * 60
"""How often one account may do it in so many minutes: more than any night asks for, and few enough to be looked at."""


def glass_topic(team: str) -> tuple[str, str]:
    """Woken when glass was broken in the team, or somebody has seen it."""
    return ("glass", team)


def opened_topic(account: str) -> tuple[str, str]:
    """Woken when an account has one more or less open."""
    return ("opened", account)


def check_reason(basis: str, reason: str) -> str:
    """The reason as it is kept. Raises `ReasonNeeded`."""
    words = reason.strip()
    is_plain = not any(one in TURNS or unicodedata.category(one) in NOT_PLAIN for one in words)
    if basis not in GROUNDS or not SHORTEST <= len(words) <= LONGEST or not is_plain:
        raise ReasonNeeded
    return words


def find(tx: ReadTx, account: Account, number: int, day: int) -> bytes:
    """The id of the conversation of one's team that had this number on that day. Raises `NoSuchConversation`."""
    return conversations.numbered(tx, account.team, number, day).id


def open_up(tx: WriteTx, session: Session, id: bytes, basis: str, reason: str, minute: int, key: ShredKey) -> None:
    """Open a conversation of one's team. Raises `ReasonNeeded`, `LimitReached` or `OpenedOften`."""
    staff.check_session(tx, session, minute)
    account = session.account
    words, shred_key = check_reason(basis, reason), key(id)
    conversation = conversations.find(tx, id)
    if conversation.team != account.team or shred_key is None:
        raise NoSuchConversation
    mine = store.opened_by(tx, account.id)
    reads_along = account.id in dict(conversations.companions(tx, conversation))
    if any(one.conversation == id for one in mine) or _has(account, conversation) or reads_along:
        raise WrongOrder
    if len(mine) >= AT_ONCE:
        raise LimitReached
    if store.times(tx, account.id, minute - DAY) >= A_DAY:
        raise OpenedOften
    locked = lock(shred_key, b"glass", id, _row(account.id, minute), words.encode())
    store.put(tx, account.team, id, conversation.number, account.id, basis, locked, minute)
    record(tx, account.id, id, "glass.break", minute, key, reason=basis)
    _wake(tx, account.team, account.id)


def close(tx: WriteTx, session: Session, id: bytes, minute: int, key: ShredKey) -> None:
    """Read it no more."""
    staff.check_session(tx, session, minute)
    account = session.account
    for one in store.opened_by(tx, account.id):
        if one.conversation == id:
            store.close(tx, one.key, minute)
            record(tx, account.id, id, "glass.close", minute, key)
            _wake(tx, account.team, account.id)
            return
    raise NoSuchConversation


def close_all(tx: WriteTx, account: Account, minute: int, key: ShredKey) -> None:
    """Whoever signs out reads nothing more."""
    for one in store.opened_by(tx, account.id):
        _close_for(tx, one, minute, key, "signed_out")


def has_stale(tx: ReadTx, minute: int) -> bool:
    """Whether any is open for longer than it may be."""
    return any(_is_over(one, minute) for one in store.opened(tx))


def tidy(tx: WriteTx, minute: int, key: ShredKey) -> None:
    """Close what is open for longer than it may be."""
    for one in store.opened(tx):
        if _is_over(one, minute):
            _close_for(tx, one, minute, key, "late")


def see(tx: WriteTx, session: Session, number: int, minute: int, key: ShredKey) -> None:
    """Say, by name, that one has seen that glass was broken: a lead, but never who broke it."""
    staff.check_session(tx, session, minute)
    account = session.account
    for one in store.unseen(tx, account.team):
        if one.key == number:
            if one.account == account.id or not _watches(tx, account, one):
                raise NotAccepted
            store.see(tx, one.key, account.id, minute)
            record(tx, account.id, one.conversation or b"", "glass.see", minute, key, reason=one.account)
            tx.wake(glass_topic(account.team))
            return
    raise NoSuchConversation


def notices(tx: ReadTx, account: Account, key: ShredKey) -> list[frames.GlassRow]:
    """What this account is to see: a lead all of it, others only what no other lead could see."""
    found = [one for one in store.unseen(tx, account.team) if _watches(tx, account, one)]
    names = {member.id: member.name for member in staff.members(tx, account.team)} if found else {}
    return [
        frames.GlassRow(
            one.key,
            one.number,
            names.get(one.account, ""),
            one.basis,
            _words(one, key),
            one.minute,
            one.account == account.id,
        )
        for one in found
    ]


def joined(tx: ReadTx, account: Account, minute: int) -> list[Joined]:
    """What this account has open. The caller has the release on record."""
    found = []
    for one in store.opened_by(tx, account.id):
        if one.conversation is None or _is_over(one, minute):
            continue
        conversation = conversations.find(tx, one.conversation)
        if not _has(account, conversation):
            found.append(Joined(whole(tx, conversation), one.basis))
    return found


def onlookers(tx: ReadTx, account: Account, minute: int) -> dict[bytes, list[str]]:
    """Who reads through broken glass in what this account has."""
    mine = {one.id for one in conversations.held_by(tx, account.id)}
    found: dict[bytes, list[str]] = {}
    for one in store.opened(tx) if mine else []:
        if one.conversation in mine and not _is_over(one, minute):
            found.setdefault(one.conversation, []).append(one.account)
    return found


def _has(account: Account, conversation: Conversation) -> bool:
    return conversation.holder == account.id and conversation.ended_by is None


def _watches(tx: ReadTx, account: Account, broken: Broken) -> bool:
    if may(account.role, Deed.LEAD):
        return True
    # Of a team whose only lead broke it, the others see it: nobody watches only over themselves.
    return not any(may(one.role, Deed.LEAD) and one.id != broken.account for one in staff.members(tx, account.team))


def _is_over(broken: Broken, minute: int) -> bool:
    return minute - broken.minute >= LASTS


def _close_for(tx: WriteTx, broken: Broken, minute: int, key: ShredKey, why: str) -> None:
    store.close(tx, broken.key, minute)
    record(tx, broken.account, broken.conversation or b"", "glass.close", minute, key, reason=why)
    _wake(tx, broken.team, broken.account)


def _words(broken: Broken, key: ShredKey) -> str:
    """The reason in words, as long as the conversation is not erased."""
    shred_key = key(broken.conversation) if broken.conversation is not None else None
    if shred_key is None or broken.conversation is None:
        return ""
    row = _row(broken.account, broken.minute)
    return unlock(shred_key, b"glass", broken.conversation, row, broken.locked).decode()


def _row(account: str, minute: int) -> bytes:
    return b"%b/%d" % (account.encode(), minute)


def _wake(tx: WriteTx, team: str, account: str) -> None:
    tx.wake(glass_topic(team))
    tx.wake(opened_topic(account))
    tx.wake(conversations.company_topic(team))
