"""The frames of a desk's socket, as docs/protocol.md section 5.2 writes them."""

from typing import ClassVar

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


FromDesk = SignOn | Openings | Take | Next | Triage | Follow | Append | End | Delivered | Read | Typing | Ping


# to the desk


class Welcome(Frame, tag="welcome"):
    protocol: int
    organisation: str
    team: str
    account: str
    minute: int
    certificates: list[bytes]


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


class Lost(Frame, tag="lost"):
    conv: bytes


class WrapFrame(Frame, tag="wrap"):
    conv: bytes
    log: int
    g: int
    epoch: int
    wrap: bytes


decode_from_desk = msgspec.msgpack.Decoder(FromDesk).decode


__all__ = ["FromDesk", "decode_from_desk", "encode", "refused"]
