"""What opens a conversation, without the server's own lock, as a desk gets it once the release is on record."""

from typing import Any

from luwte.conversation import actions as conversations
from luwte.desk import frames
from luwte.desk.actions import Held


def opens(held: Held, key: bytes) -> dict[str, Any]:
    """The fields that `taken`, `stepped_in` and `opened` share."""
    conversation = held.conversation
    return {
        "conv": conversation.id,
        "number": conversation.number,
        "since": conversation.waiting_since,
        "times": conversation.times,
        "last": held.last,
        "note_last": held.note_last,
        "wraps": _wraps(held, key),
        "start": _start(held, key),
    }


def _wraps(held: Held, key: bytes) -> list[frames.TakenWrap]:
    """The secrets, still wrapped to the team."""
    conversation = held.conversation
    return [
        frames.TakenWrap(wrap.log, wrap.generation, wrap.epoch, wrap.wrap)
        for wrap in conversations.open_wraps(conversation.id, held.wraps, key)
    ]


def _start(held: Held, key: bytes) -> frames.Start:
    """What the visitor signed: with it a desk sees that the secrets are the visitor's own."""
    proof = held.proof
    conversation = held.conversation
    # Of one that was wrapped anew they are gone; it is only read.
    signed = [] if conversation.rewrapped else conversations.open_wraps(conversation.id, held.start_wraps, key)
    return frames.Start(
        conversation.team,
        proof.ve,
        proof.vg,
        proof.credential_hash,
        proof.team_cert,
        [one.wrap for one in signed],
        proof.sig,
    )
