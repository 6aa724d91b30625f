"""What the server may know of a canned reply: whose it is, how often it was written, how heavy it is."""

from dataclasses import dataclass
from typing import Final, Literal

from luwte.errors import MalformedFrame, ReplyChanged, TooManyReplies
from luwte.staff.model import Account

Scope = Literal["own", "team"]

SIZES: Final = frozenset(12 + bucket + 16 for bucket in (256, 512, 1024, 2048, 4096))
"""Nonce, padded reply and tag: no other weight exists, so a weight tells little."""

ID_BYTES: Final = 16

MOST: Final = 200
"""Replies that an account or a team may keep: more than anybody finds again."""

NEW: Final = 0
"""The version of a reply that is not there."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply as it lies on the disk."""

    id: bytes
    version: int
    sealed: bytes
    epoch: int = 0
    """Of the team's key that it is sealed under; 0: nobody said, or it is somebody's own."""


def owner(scope: Scope, account: Account) -> str:
    """Under which name replies of this scope are kept for *account*."""
    return f"account/{account.id}" if scope == "own" else f"team/{account.team}"


def check_form(id: bytes, sealed: bytes) -> None:
    """Refuse what no browser of ours makes; nothing at all removes a reply."""
    if len(id) != ID_BYTES or (sealed and len(sealed) not in SIZES):
        raise MalformedFrame


def next_version(stored: int, replaces: int, count: int) -> int:
    """The version that a reply gets which was written over version *replaces*, where *count* replies are kept."""
    if stored != replaces:
        raise ReplyChanged
    if stored == NEW and count >= MOST:
        raise TooManyReplies
    return stored + 1
