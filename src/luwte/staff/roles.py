"""Which role may do which deed, and who is given which key. Said here and nowhere else."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

COUNSELLOR: Final = "counsellor"
LEAD: Final = "lead"
REVIEWER: Final = "reviewer"
ADMIN: Final = "admin"
ROLES: Final = (COUNSELLOR, LEAD, REVIEWER, ADMIN)


class Deed(Enum):
    """What not everybody may do. One's own account is everybody's own."""

    TALK = auto()
    """Sit at a desk: all that one does with a conversation, and canned replies. It takes the team's key."""
    LEAD = auto()
    """Lead a shift, and everything that takes the team-admin key: admit, renew, begin the next epoch."""
    REVIEW = auto()
    """Read what is on record."""
    LOOK_AFTER = auto()
    """See who belongs, waits and is invited; invite, withdraw, remove."""
    KEEP_HOUSE = auto()
    """See who is signed in and how the house is; sign a colleague out."""


ALLOWED: Final[Mapping[str, frozenset[Deed]]] = {
    COUNSELLOR: frozenset({Deed.TALK}),
    LEAD: frozenset({Deed.TALK, Deed.LEAD, Deed.REVIEW, Deed.LOOK_AFTER}),
    REVIEWER: frozenset({Deed.REVIEW}),
    ADMIN: frozenset({Deed.LOOK_AFTER, Deed.KEEP_HOUSE}),
}

INVITES: Final[Mapping[str, frozenset[str]]] = {
    LEAD: frozenset(ROLES),
    ADMIN: frozenset({COUNSELLOR, REVIEWER, ADMIN}),
}
"""Whom each role may invite. Who holds the key that admits is chosen by those who hold it."""


def may(role: str, deed: Deed) -> bool:
    """Whether somebody in this role may do it; nothing for a role that nobody knows."""
    return deed in ALLOWED.get(role, frozenset())


def may_invite(role: str, invited: str) -> bool:
    """Whether somebody in this role may invite somebody into that one."""
    return invited in INVITES.get(role, frozenset())


def has_team_key(role: str) -> bool:
    """Whether the team's private key is wrapped to this role: to who talks, and to nobody else."""
    return may(role, Deed.TALK)


def has_admin_key(role: str) -> bool:
    """Whether the team-admin key is wrapped to this role."""
    return may(role, Deed.LEAD)
