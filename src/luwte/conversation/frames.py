"""The frames of a visitor's socket, as docs/protocol.md section 5.1 writes them."""

from typing import Annotated, Any, ClassVar

import msgspec

from luwte.crypto.envelope import MAX_COUNT
from luwte.crypto.phrase import BOX_BYTES
from luwte.errors import Refusal

PROTOCOL = 2
"""What today's browsers speak; the one before it is served, too."""

Id = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
"""A place in a log: no further than a browser can count."""


class Frame(msgspec.Struct, tag_field="t", forbid_unknown_fields=True, omit_defaults=True):
    """One message on a socket; `t` names it."""

    came_with: ClassVar[int] = 1
    """The protocol that brought this frame: a client of an older one is never sent it."""


# from the visitor


class Start(Frame, tag="start"):
    line: str
    ve: bytes
    vg: bytes
    credential: bytes
    team_cert: bytes
    wraps: tuple[bytes, bytes, bytes, bytes]
    sig: bytes
    for_later: bool = False
    rotates: bool = False


class Resume(Frame, tag="resume"):
    conv: Id
    credential: bytes
    after: Count
    away: bool = False
    page: Id | None = None
    locator: Hash | None = None


class Erase(Frame, tag="erase"):
    ve: bytes
    vg: bytes
    sig: bytes


class Append(Frame, tag="append"):
    envelope: bytes


class Delivered(Frame, tag="delivered"):
    n: Count


class Read(Frame, tag="read"):
    n: Count


class Typing(Frame, tag="typing"):
    pass


class End(Frame, tag="end"):
    pass


class Away(Frame, tag="away"):
    away: bool


class Ping(Frame, tag="ping"):
    pass


class KeepPhrase(Frame, tag="keep_phrase"):
    locator_hash: Hash
    box: Annotated[bytes, msgspec.Meta(min_length=BOX_BYTES, max_length=BOX_BYTES)]


class EndPhrase(Frame, tag="end_phrase"):
    pass


FromVisitor = Start | Resume | Erase | Append | Delivered | Read | Typing | End | Away | Ping | KeepPhrase | EndPhrase


# to the visitor


class Hello(Frame, tag="hello"):
    protocol: int
    organisation: str
    line: str
    minute: int
    certificates: list[bytes]


class Started(Frame, tag="started"):
    conv: bytes


class VisitorWrap(msgspec.Struct, frozen=True):
    g: int
    wrap: bytes


class Resumed(Frame, tag="resumed", omit_defaults=False):
    conv: bytes
    last: int
    wraps: list[VisitorWrap]


class Ack(Frame, tag="ack"):
    msg_id: bytes
    n: int
    minute: int


class Waiting(Frame, tag="waiting", omit_defaults=False):
    place: int
    low: int | None
    high: int | None


class Claimed(Frame, tag="claimed"):
    times: int


class Muted(Frame, tag="muted"):
    came_with: ClassVar[int] = 2
    on: bool


class ForLater(Frame, tag="for_later"):
    came_with: ClassVar[int] = 2


class Phrase(Frame, tag="phrase"):
    came_with: ClassVar[int] = 2
    locator_hash: bytes


class Line(Frame, tag="line", omit_defaults=False):
    came_with: ClassVar[int] = 2
    open: bool


class Ended(Frame, tag="ended"):
    by: str


class Erased(Frame, tag="erased"):
    came_with: ClassVar[int] = 2
    conv: bytes


class Envelope(Frame, tag="envelope"):
    log: int
    n: int
    minute: int
    envelope: bytes


class Cert(Frame, tag="cert"):
    certificate: bytes


class Pong(Frame, tag="pong"):
    pass


class Refused(Frame, tag="refused"):
    """A refusal; what it is about, and what was expected, where the protocol says so."""

    code: str
    says: str
    conv: bytes | None = None
    msg_id: bytes | None = None
    seq: int | None = None
    prev: bytes | None = None
    g: int | None = None


def refused(refusal: Refusal, *, conv: bytes | None = None, msg_id: bytes | None = None) -> Refused:
    """A refusal as a frame."""
    details: dict[str, Any] = {name: refusal.details.get(name) for name in ("seq", "prev", "g")}
    return Refused(refusal.code, refusal.says, conv=conv, msg_id=msg_id, **details)


encode = msgspec.msgpack.Encoder().encode
decode_from_visitor = msgspec.msgpack.Decoder(FromVisitor).decode
