"""What a client of an older protocol is spared: frames and fields that came after it. The one place that knows.

A frame that is new says `came_with = 2` in its class. A struct with a field that is new, a frame or a part of one, says
`later = {"field": 2}`. How the protocol grows: docs/protocol.md section 5.7.
"""

from collections.abc import Callable
from typing import cast

import msgspec

from luwte.conversation.frames import PROTOCOL, Frame, encode
from luwte.errors import Gone, Muted, NoSuchConversation, Refusal, SlowDown

Speak = Callable[[Frame], bytes | None]
"""The bytes of a frame as this client knows it; None when it has never heard of such a frame."""


def speaking(protocol: int) -> Speak:
    """How to speak to a client of *protocol*."""
    if protocol == PROTOCOL:
        return encode
    return lambda frame: encode(_as_known(frame, protocol)) if frame.came_with <= protocol else None


def refusing(refusal: Refusal, protocol: int) -> Refusal:
    """How to say no to a client of *protocol*: one that does not know a refusal gets one that has it do the same."""
    if protocol > 1:
        return refusal
    match refusal:
        case Muted():  # it gives up on what it does not know; on `slow_down` it says the same bytes again, later
            return SlowDown()
        case Gone():
            return NoSuchConversation()
    return refusal


def _as_known(value: object, protocol: int) -> object:
    if isinstance(value, msgspec.Struct):
        plain = cast(dict[str, object], msgspec.to_builtins(value, builtin_types=(bytes,)))
        later: dict[str, int] = getattr(value, "later", {})
        known = (name for name in plain if later.get(name, 1) <= protocol)
        return {name: _as_known(getattr(value, name, plain[name]), protocol) for name in known}
    if isinstance(value, list | tuple):
        return [_as_known(one, protocol) for one in value]
    return value
