"""What a rule may say no with. Everything else that goes wrong is an exception and meets one last handler."""

from typing import ClassVar


class Refusal(Exception):
    """A rule said no.

    The client gets `code` and `says`; neither ever holds what a person wrote or who they are,
    so a Refusal may be logged as it stands. `details` are numbers and hashes that the protocol names.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    says: ClassVar[str] = "This cannot be done."

    def __init__(self, **details: int | bytes) -> None:
        super().__init__(self.code)
        self.details = details


class MalformedFrame(Refusal):
    """Not a frame or a request that the protocol knows."""

    code, says = "malformed", "This message is not in a form we know."


class UnknownVersion(Refusal):
    """Another protocol or envelope version, or another cipher suite."""

    code, says = "unknown_version", "This page is from another version. Please open it again."


class NotAccepted(Refusal):
    """A class or direction that this server does not take, or not from this side."""

    status, code, says = 403, "not_accepted", "This cannot be sent from here."


class NoSuchConversation(Refusal):
    """Absent, erased, or not yours: to a stranger the three must look the same."""

    status, code, says = 404, "no_such_conversation", "We cannot find this conversation."


class Gone(Refusal):
    """Erased, and said to its own visitor only: to anybody else it is `NoSuchConversation`."""

    status, code, says = 410, "gone", "This conversation was erased."


class NotFound(Refusal):
    """No such page."""

    status, code, says = 404, "not_found", "There is nothing at this address."


class MethodNotAllowed(Refusal):
    """The address exists; the deed does not."""

    status, code, says = 405, "method_not_allowed", "This cannot be done at this address."


class ConversationExists(Refusal):
    """The id is taken by other bytes."""

    status, code, says = 409, "conversation_exists", "This conversation was started already. Please start a new one."


class WrongGeneration(Refusal):
    """Sealed under a generation that is not the current one; `g` tells which is."""

    status, code, says = 409, "generation", "The keys of this conversation have moved on. It will be sent again."


class NotRotating(Refusal):
    """The visitor's page is from before secrets could follow one another, or too many did under one key of the team."""

    status, code, says = 409, "not_rotating", "This conversation keeps the keys that it has."


class OutOfOrder(Refusal):
    """The chain of this sender does not continue here; `seq`, `prev` and `g` tell where it does."""

    status, code, says = 409, "out_of_order", "This message is out of order. It will be sent again."


class Duplicate(Refusal):
    """The message id was used before, for other bytes."""

    status, code, says = 409, "duplicate", "This message number was used before. It will be sent again."


class TooLarge(Refusal):
    """Longer than the largest envelope or request."""

    status, code, says = 413, "too_large", "This is too long. Please send it in parts."


class AlreadyTaken(Refusal):
    """A colleague pressed Take first."""

    status, code, says = 409, "already_taken", "A colleague was first."


class VisitorAway(Refusal):
    """Nobody is offered an empty chair: the page is out of sight, the line is lost, or the visitor has left."""

    status, code, says = 409, "visitor_away", "The visitor is not there now."


class NobodyWaits(Refusal):
    """There is nobody who could be helped now."""

    status, code, says = 409, "nobody_waits", "Nobody is waiting now."


class ConversationEnded(Refusal):
    """What was said stays readable; nothing is added."""

    status, code, says = 409, "conversation_ended", "This conversation has ended."


class TeamSecretExists(Refusal):
    """Another desk made the team secret of this conversation first."""

    status, code, says = 409, "team_secret_exists", "A colleague wrote the first note. Yours will be sent again."


class LimitReached(Refusal):
    """One counsellor has as many conversations as one may have."""

    status, code, says = 409, "limit_reached", "You have as many conversations as one desk may have. End one first."


class OpenedOften(Refusal):
    """One account broke glass as often as it may in a day."""

    status, code = 409, "opened_often"
    says = "You opened so many conversations today that a colleague must open the next one."


class ReasonNeeded(Refusal):
    """No reason was given, or one that is too short, too long or not plain text."""

    status, code, says = 422, "reason_needed", "Please say why, in 5 to 300 characters."


class NotOnShift(Refusal):
    """Nobody of the team by this name is at a desk; absent, away and of another team look the same."""

    status, code, says = 409, "not_on_shift", "This colleague is not at a desk now."


class AlreadyOffered(Refusal):
    """The conversation is offered to somebody already."""

    status, code, says = 409, "already_offered", "A colleague has been asked already. Wait, or take it back first."


class NoSuchOffer(Refusal):
    """Never made, not to or by you, or over: the three look the same."""

    status, code, says = 404, "no_such_offer", "This offer is over."


class Elsewhere(Refusal):
    """Another page came back to this conversation by its phrase: this one is over."""

    status, code, says = 409, "elsewhere", "This conversation goes on on another device."


class Muted(Refusal):
    """The counsellor takes no messages from this visitor now."""

    status, code, says = 403, "muted", "Your messages are not passed on now."


class ReplyChanged(Refusal):
    """The stored reply is not the one that this writer had before them."""

    status, code, says = 409, "reply_changed", "This reply was changed meanwhile. Please look at it first."


class TooManyReplies(Refusal):
    """No room for another reply."""

    status, code, says = 409, "too_many_replies", "There is no room for more replies. Remove one first."


class WrongOrder(Refusal):
    """A frame that cannot come at this moment."""

    status, code, says = 409, "wrong_order", "This cannot come now."


class LineClosed(Refusal):
    """Nobody new may start now; whoever talks or waits goes on."""

    status, code, says = 403, "closed", "The chat is closed now."


class Busy(Refusal):
    """Too much work waits; nothing was stored."""

    status, code, says = 503, "busy", "It is very busy. We will try again."


class SlowDown(Refusal):
    """Too many requests from one place."""

    status, code, says = 429, "slow_down", "That was a lot at once. Please wait a moment."


class SignedOut(Refusal):
    """No session, or it ended."""

    status, code, says = 401, "signed_out", "You are signed out. Please sign in again."


class SignInRefused(Refusal):
    """One answer for every cause, so that nobody learns which names exist."""

    status, code, says = 401, "sign_in_refused", "Name, passphrase or one-time code is wrong."


class CodeRefused(Refusal):
    """The code is not the one that the new second factor shows now; nothing has changed."""

    status, code, says = 422, "code_refused", "This code is not right. Please wait for the next one."


class NoSuchSession(Refusal):
    """Never was, is over, or is somebody else's: the three look the same."""

    status, code, says = 404, "no_such_session", "This session is over."


class NotAdmitted(Refusal):
    """The passphrase is right and nobody has admitted its owner yet; said to them alone."""

    status, code, says = 403, "not_admitted", "A colleague has to admit you first. Ask a shift lead."


class NoSuchInvitation(Refusal):
    """Never made, used, withdrawn or too old: the four look the same."""

    status, code, says = 404, "no_such_invitation", "This code does not work. Ask for a new one."


class NameTaken(Refusal):
    """Somebody has this name; said only to who was invited."""

    status, code, says = 409, "name_taken", "A colleague has this name. Please choose another one."


class NoSuchApplicant(Refusal):
    """Nobody by this id waits for this team, or not any more."""

    status, code, says = 404, "no_such_applicant", "This person does not wait any more."


class NoSuchMember(Refusal):
    """No member of this team has that id: absent, another team's and removed look the same."""

    status, code, says = 404, "no_such_member", "There is no such colleague in your team."


class LastLead(Refusal):
    """Without them nobody could ever be admitted again, not even their successor."""

    status, code = 409, "last_lead"
    says = "Nobody else can admit people. Let another lead be admitted first; you can sign this one out now."


class CertificateRefused(Refusal):
    """A certificate or a wrap that nobody would accept, so it is not stored."""

    status, code, says = 422, "certificate_refused", "These keys do not fit together. Nothing was stored."


class EpochNotDue(Refusal):
    """Nobody left who had the team's key, and it is not old: a new one would only cost everybody their connection."""

    status, code, says = 409, "epoch_not_due", "The team's key does not have to change now."


class Failed(Refusal):
    """Something broke on our side; nothing was acknowledged."""

    status, code, says = 500, "failed", "Something went wrong here. Nothing was lost; please try again."


class NoTeamYet(Refusal):
    """The first lead has not made the organisation's keys."""

    status, code, says = 409, "no_team_yet", "There is no team yet."


class CannotStart(Exception):
    """The command cannot run with these settings or this folder; the text is one plain line for the operator."""
