"""From bytes to frames and headers, and from errors to what the other side is told."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from luwte.conversation.around import Surroundings
from luwte.crypto import envelope as envelopes
from luwte.crypto.envelope import Header
from luwte.crypto.primitives import Malformed
from luwte.errors import Failed, MalformedFrame, Refusal, TooLarge, UnknownVersion
from luwte.plumbing.log import trouble

T = TypeVar("T")


def decode(decoder: Callable[[bytes], T], data: bytes) -> T:
    """A frame from its bytes. Raises `MalformedFrame`."""
    try:
        return decoder(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedFrame from None


def read_header(envelope: bytes) -> Header:
    """The outside of an envelope. Raises a refusal for what is none."""
    if len(envelope) > envelopes.MAX_ENVELOPE:
        raise TooLarge
    try:
        header = envelopes.parse(envelope)
    except envelopes.UnknownVersion:
        raise UnknownVersion from None
    except Malformed:
        raise MalformedFrame from None
    return header


def as_refusal(where: str, around: Surroundings, error: Exception) -> Refusal:
    """What the other side is told of *error*; anything but a refusal is trouble of ours, and they learn only that."""
    if isinstance(error, Refusal):
        around.metrics.add("refused", 1)
        return error
    trouble(where, error)
    return Failed()
