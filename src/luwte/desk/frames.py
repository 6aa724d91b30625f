"""The frames of a desk's socket, as docs/protocol.md section 5.2 writes them."""

from typing import Annotated, ClassVar

import msgspec

from luwte.conversation.frames import Count, Frame, Id, Ping, encode, refused

# from the desk


class SignOn(Frame, tag="sign_on"):
    token: bytes


class Openings(Frame, tag="openings"):
    convs: list[Id]
    after: list[Count] | None = None


class Take(Frame, tag="take"):
    conv: Id


class Follow(Frame, tag="follow"):
    conv: Id
    shared: Count
    notes: Count


class Append(Frame, tag="append"):
    envelope: bytes
    wrap: bytes | None = None
    epoch: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] = 0


class End(Frame, tag="end"):
    conv: Id
    reason: str


class Delivered(Frame, tag="delivered"):
    conv: Id
    n: Count


class Read(Frame, tag="read"):
    conv: Id
    n: Count


class Typing(Frame, tag="typing"):
    conv: Id


class Next(Frame, tag="next"):
    pass


class Triage(Frame, tag="triage"):
    conv: Id
    priority: str


# handing on


class HandOver(Frame, tag="hand_over"):
    conv: Id
    to: Annotated[str, msgspec.Meta(max_length=100)]


class Withdraw(Frame, tag="withdraw"):
    conv: Id


class Answer(Frame, tag="answer"):
    conv: Id
    accept: bool


class GiveBack(Frame, tag="give_back"):
    conv: Id


class Mute(Frame, tag="mute"):
    conv: Id
    on: bool


# danger, supervision, the line: desk/leading.py


class NeedColleague(Frame, tag="need_colleague"):
    conv: Id


class Coming(Frame, tag="coming"):
    conv: Id


class Solved(Frame, tag="solved"):
    conv: Id


class StepIn(Frame, tag="step_in"):
    conv: Id
    reason: str


class StepOut(Frame, tag="step_out"):
    conv: Id


class TakeOver(Frame, tag="take_over"):
    conv: Id


class OpenLine(Frame, tag="open_line"):
    pass


class CloseLine(Frame, tag="close_line"):
    pass


class BreakGlass(Frame, tag="break_glass"):
    number: Count
    day: Annotated[int, msgspec.Meta(ge=0, le=2**31)]
    basis: str
    reason: str


class CloseGlass(Frame, tag="close_glass"):
    conv: Id


class SeeGlass(Frame, tag="see_glass"):
    key: Count


class Witness(Frame, tag="witness"):
    after: Count


Handing = HandOver | Withdraw | Answer | GiveBack | Mute
Glass = BreakGlass | CloseGlass | SeeGlass
Leading = NeedColleague | Coming | Solved | StepIn | StepOut | TakeOver | OpenLine | CloseLine | Glass | Witness
Talking = Openings | Take | Next | Triage | Follow | Append | End | Delivered | Read | Typing
FromDesk = SignOn | Talking | Handing | Leading | Ping


# to the desk


class WrappedKey(msgspec.Struct, frozen=True):
    epoch: int
    wrap: bytes


class Welcome(Frame, tag="welcome"):
    protocol: int
    organisation: str
    team: str
    account: str
    minute: int
    certificates: list[bytes]
    team_keys: list[WrappedKey]

    later: ClassVar[dict[str, int]] = {"team_keys": 2}


class WaitingRow(msgspec.Struct, frozen=True):
    conv: bytes
    number: int
    since: int
    last: int
    again: bool


class Queue(Frame, tag="queue"):
    waiting: list[WaitingRow]
    more: int


class Mark(msgspec.Struct, frozen=True):
    conv: bytes
    priority: str


class Standing(Frame, tag="standing"):
    came_with: ClassVar[int] = 2
    marks: list[Mark]
    away: list[WaitingRow]


class Messages(Frame, tag="messages"):
    came_with: ClassVar[int] = 2
    convs: list[bytes]


class Presence(Frame, tag="presence"):
    came_with: ClassVar[int] = 2
    conv: bytes
    state: str
    since: int


class Given(Frame, tag="given"):
    came_with: ClassVar[int] = 2
    conv: bytes


class OpeningEnvelope(msgspec.Struct, frozen=True):
    n: int
    minute: int
    envelope: bytes


class Opening(Frame, tag="opening"):
    conv: bytes
    wrap: bytes
    epoch: int
    envelopes: list[OpeningEnvelope]


class TakenWrap(msgspec.Struct, frozen=True):
    log: int
    g: int
    epoch: int
    wrap: bytes


class Start(msgspec.Struct, frozen=True):
    line: str
    ve: bytes
    vg: bytes
    credential_hash: bytes
    team_cert: bytes
    wraps: list[bytes]
    sig: bytes


class Taken(Frame, tag="taken"):
    conv: bytes
    number: int
    since: int
    times: int
    last: int
    note_last: int
    wraps: list[TakenWrap]
    start: Start


class Envelope(Frame, tag="envelope"):
    conv: bytes
    log: int
    n: int
    minute: int
    envelope: bytes


class Cert(Frame, tag="cert"):
    certificate: bytes


class Ack(Frame, tag="ack"):
    conv: bytes
    log: int
    msg_id: bytes
    n: int
    minute: int


class Ended(Frame, tag="ended"):
    conv: bytes
    by: str


class Erased(Frame, tag="erased"):
    came_with: ClassVar[int] = 2
    conv: bytes


class Lost(Frame, tag="lost"):
    conv: bytes


class WrapFrame(Frame, tag="wrap"):
    conv: bytes
    log: int
    g: int
    epoch: int
    wrap: bytes


class ColleagueRow(msgspec.Struct, frozen=True):
    account: str
    name: str
    held: int


class Shift(Frame, tag="shift"):
    came_with: ClassVar[int] = 2
    limit: int
    colleagues: list[ColleagueRow]


class Asked(Frame, tag="asked"):
    came_with: ClassVar[int] = 2
    conv: bytes
    to: str
    name: str


class Offered(Frame, tag="offered"):
    came_with: ClassVar[int] = 2
    conv: bytes
    number: int
    by: str
    name: str
    minute: int


class OfferOver(Frame, tag="offer_over"):
    came_with: ClassVar[int] = 2
    conv: bytes
    why: str


class Muted(Frame, tag="muted"):
    came_with: ClassVar[int] = 2
    conv: bytes
    on: bool


class Line(Frame, tag="line", omit_defaults=False):
    came_with: ClassVar[int] = 2
    open: bool
    until: int | None
    by: str | None


class AlarmRow(msgspec.Struct, frozen=True):
    conv: bytes
    number: int
    asked: int
    by: str
    coming: str | None
    mine: bool
    going: bool


class Alarms(Frame, tag="alarms"):
    came_with: ClassVar[int] = 2
    alarms: list[AlarmRow]


class CompanyRow(msgspec.Struct, frozen=True):
    conv: bytes
    names: list[str]


class Company(Frame, tag="company"):
    came_with: ClassVar[int] = 2
    talks: list[CompanyRow]


class SteppedIn(Frame, tag="stepped_in"):
    came_with: ClassVar[int] = 2
    conv: bytes
    number: int
    since: int
    times: int
    last: int
    note_last: int
    wraps: list[TakenWrap]
    start: Start
    holder: str


class Opened(Frame, tag="opened"):
    came_with: ClassVar[int] = 2
    conv: bytes
    number: int
    since: int
    times: int
    last: int
    note_last: int
    wraps: list[TakenWrap]
    start: Start
    holder: str
    basis: str


class GlassRow(msgspec.Struct, frozen=True):
    key: int
    number: int
    by: str
    basis: str
    reason: str
    minute: int
    mine: bool


class Broken(Frame, tag="broken"):
    came_with: ClassVar[int] = 2
    glass: list[GlassRow]


class ReturningRow(msgspec.Struct, frozen=True):
    account: str
    name: str
    before: str
    reads_from: int


class Returning(Frame, tag="returning"):
    came_with: ClassVar[int] = 2
    people: list[ReturningRow]


class Checkpoint(Frame, tag="checkpoint"):
    came_with: ClassVar[int] = 2
    key: bytes
    note: str
    proof: list[bytes]


class SteppedOut(Frame, tag="stepped_out"):
    came_with: ClassVar[int] = 2
    conv: bytes


class RunningRow(msgspec.Struct, frozen=True):
    conv: bytes
    number: int
    since: int
    holder: str
    companions: list[str]


class DeskRow(msgspec.Struct, frozen=True):
    name: str
    role: str
    held: int
    here: bool


class Picture(Frame, tag="picture", omit_defaults=False):
    came_with: ClassVar[int] = 2
    waiting: int
    away: int
    limit: int
    longest: int | None
    running: list[RunningRow]
    desks: list[DeskRow]
    answered: int
    missed: int


decode_from_desk = msgspec.msgpack.Decoder(FromDesk).decode


__all__ = ["FromDesk", "decode_from_desk", "encode", "refused"]
