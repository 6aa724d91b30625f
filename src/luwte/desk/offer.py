"""An offer to a colleague: what it is, and whether it still counts. No disk, no clock."""

from dataclasses import dataclass

from luwte.conversation.model import Conversation

LASTS = 120
"""Seconds that a colleague has for an answer; the asker goes on talking meanwhile."""

DECLINED, WITHDRAWN, ACCEPTED = "declined", "withdrawn", "accepted"
LATE, GONE, OVER = "late", "gone", "over"
"""Why an offer is over: nobody answered, the colleague left, or the conversation went another way."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A conversation that *asker* has and would hand to *colleague*."""

    conversation: bytes
    asker: str
    colleague: str
    times: int
    until: int


@dataclass(frozen=True, slots=True)
class Over:
    """An offer of this conversation is over, and why."""

    conversation: bytes
    why: str


def counts(offer: Offer, conversation: Conversation, now: int) -> bool:
    """Whether the offer can be accepted: the asker still has the very seat from which it was made, and it is not late.

    All but the time follows from the conversation. So whatever ends or moves it, ends its offer in that same moment.
    """
    still = conversation.holder == offer.asker and conversation.times == offer.times
    return still and conversation.ended_by is None and now < offer.until
