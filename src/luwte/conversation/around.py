"""What a connection needs of the process it runs in, and the signs that connections give each other."""

import itertools
from dataclasses import dataclass
from typing import Protocol

from luwte.conversation import frames
from luwte.conversation.erasing import Erasures
from luwte.conversation.model import ShredKey
from luwte.conversation.presence import Visitors
from luwte.plumbing.clock import Clock, minute
from luwte.plumbing.db import Db
from luwte.plumbing.keystore import KeyStore
from luwte.plumbing.limits import Limits
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.relay import Relay

connection_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a socket needs of the process it runs in."""

    organisation: str
    db: Db
    relay: Relay
    keys: KeyStore
    limits: Limits
    clock: Clock
    metrics: Metrics
    certificates: dict[bytes, bytes]
    shred_key: ShredKey
    visitors: Visitors
    erasures: Erasures

    def minute(self) -> int:
        """Now, as fine as is stored."""
        return minute(self.clock())


@dataclass(frozen=True, slots=True)
class Expected:
    """Where somebody stands in the queue; minutes are None when nobody can tell."""

    place: int
    low: int | None
    high: int | None


class Queue(Protocol):
    """What the desk knows of the queue and a visitor may know too."""

    def length(self, team: str) -> int:
        """How many wait."""
        ...

    def expected(self, team: str, conversation: bytes) -> Expected | None:
        """The place of one that waits."""
        ...

    def is_open(self, team: str) -> bool:
        """Whether somebody new may start."""
        ...


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """Typing, delivered, read: told to who is there now, stored nowhere."""

    kind: type[frames.Typing] | type[frames.Delivered] | type[frames.Read]
    n: int = 0


def to_desk(conversation: bytes) -> tuple[str, bytes]:
    """Where a visitor's ephemeral signs go."""
    return ("to_desk", conversation)


def to_visitor(conversation: bytes) -> tuple[str, bytes]:
    """Where a counsellor's ephemeral signs go."""
    return ("to_visitor", conversation)
