"""What a desk tried and was refused, on record: once for each session, deed, conversation and answer."""

import contextlib

from luwte.conversation.around import Surroundings
from luwte.desk import actions, frames
from luwte.desk.register import Desks
from luwte.errors import (
    AlreadyOffered,
    AlreadyTaken,
    Busy,
    ConversationEnded,
    Failed,
    LimitReached,
    NoSuchConversation,
    NoSuchOffer,
    NotAccepted,
    NotOnShift,
    OpenedOften,
    ReasonNeeded,
    Refusal,
    SignedOut,
    VisitorAway,
)
from luwte.plumbing.log import trouble
from luwte.staff.model import Session

ACTIONS: dict[type[frames.FromDesk], str] = {
    frames.SignOn: "desk.open",
    frames.Openings: "opening.read",
    frames.Take: "conversation.take",
    frames.Next: "conversation.take",
    frames.Triage: "conversation.triage",
    frames.Follow: "conversation.read",
    frames.Append: "conversation.write",
    frames.Delivered: "conversation.write",
    frames.Read: "conversation.write",
    frames.Typing: "conversation.write",
    frames.End: "conversation.end",
    frames.HandOver: "conversation.offer",
    frames.Withdraw: "conversation.withdraw",
    frames.Answer: "conversation.accept",
    frames.GiveBack: "conversation.return",
    frames.Mute: "conversation.mute",
    frames.NeedColleague: "alarm.raise",
    frames.Coming: "alarm.answer",
    frames.Solved: "alarm.close",
    frames.StepIn: "conversation.step_in",
    frames.StepOut: "conversation.step_out",
    frames.TakeOver: "conversation.take_over",
    frames.BreakGlass: "glass.break",
    frames.CloseGlass: "glass.close",
    frames.SeeGlass: "glass.see",
}
"""What somebody tries with a frame, in the words of the audit log."""

OUT_OF_REACH = (
    NoSuchConversation,
    NotAccepted,
    AlreadyTaken,
    ConversationEnded,
    SignedOut,
    LimitReached,
    NotOnShift,
    AlreadyOffered,
    NoSuchOffer,
    VisitorAway,
    OpenedOften,
    ReasonNeeded,
    Failed,
)
"""Refusals that are on record. The others are about the form of a frame, or its moment."""


class Attempts:
    """The refused deeds of all desks. Trying on and on buries nothing: the same try leaves one record."""

    def __init__(self, around: Surroundings, desks: Desks) -> None:
        self._around, self._desks = around, desks

    def refused(self, session: Session, frame: type[frames.FromDesk], id: bytes, refusal: Refusal) -> None:
        """Put a refused frame on record, in a job of its own: the transaction of the deed was undone."""
        if not isinstance(refusal, OUT_OF_REACH) or frame not in ACTIONS:
            return
        around, action = self._around, ACTIONS[frame]
        # Ids that nobody ever had count as one: there is no end of them.
        known = id if around.shred_key(id) is not None else b""
        mark, shown = (f"{action} {refusal.code}", known), self._desks.shown(session.token_hash)
        if mark in shown:
            return

        def recorded(_: None, error: Exception | None) -> None:
            if error is not None:
                shown.discard(mark)
                trouble("audit", error)

        with contextlib.suppress(Busy):  # the next try is on record
            around.db.submit(
                recorded,
                actions.record_refusal,
                session.account,
                action,
                id,
                refusal,
                around.minute(),
                around.shred_key,
            )
            shown.add(mark)
