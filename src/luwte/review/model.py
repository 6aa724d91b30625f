"""What a reviewer is shown of a record: the fields of NEN 7513, with names where the log has ids."""

from collections.abc import Mapping
from dataclasses import dataclass

from luwte.audit.model import Record

PAGE = 50
"""Records on one page, and so for one record of looking."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look for: all of a team, one employee, or one conversation."""

    actors: list[str] | None
    object: bytes | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the page names them."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Row:
    """One record, for people."""

    n: int
    minute: int
    name: str
    role: str
    action: str
    conversation: str
    """A pseudonym, hexadecimal; empty where the deed was about none."""
    reason: str
    about: str
    """The colleague whom the reason names."""
    result: str


def shown(record: Record, people: Mapping[str, Person]) -> Row:
    """A record with names. Whoever has no account is called what the log calls them."""
    who = people.get(record.actor, Person(record.actor, ""))
    about = people.get(record.reason)
    return Row(
        record.n,
        record.minute,
        who.name,
        who.role,
        record.action,
        record.object.hex(),
        "" if about else record.reason,
        about.name if about else "",
        record.result,
    )
