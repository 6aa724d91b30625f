"""Suggested links, for a person to say yes or no to."""

import datetime as dt
from collections.abc import Sequence

import msgspec

from luwte.errors import CannotStart
from luwte.follow_up.model import (
    KINDS,
    Assessment,
    Commitment,
    Document,
    Link,
    LinkState,
    Motion,
    Recommendation,
    Response,
    Row,
    kind_of,
    paper_url,
)
from luwte.follow_up.store import Store

SAYS = {
    "responds_to": "answers",
    "commits": "makes the commitment",
    "supports": "supports",
    "fulfils": "fulfils",
    "partly_fulfils": "fulfils in part",
    "postpones": "postpones",
    "repeats": "repeats",
    "evidence_for": "shows something about",
    "contradicts": "contradicts",
    "supersedes": "replaces",
}
WHY = {
    "source_field": "the register says so in a field of its own",
    "citation": "a text cites it; citations can be wrong",
    "human": "a person said so",
}


def waiting(store: Store) -> list[Link]:
    """The links that nobody looked at, what the register itself says before what a text cites."""
    found = [link for link in store.each(Link) if link.state == "suggested"]
    return sorted(found, key=lambda link: (link.basis != "source_field", link.to_id, link.id))


def decide(store: Store, ids: Sequence[str], state: LinkState, by: str, at: dt.datetime) -> int:
    """Confirm or reject links, all or none; how many changed. Raises `CannotStart` for one that is not there."""
    with store.deed():
        changed = 0
        for id in ids:
            link = store.get(Link, id)
            if link is None:
                raise CannotStart(f"There is no link {id}. See: luwte follow-up review --list")
            if link.state != state:
                changed += store.put(msgspec.structs.replace(link, state=state, by=by, at=at, confirmed=True))
        return changed


def question(store: Store, link: Link) -> str:
    """What is to be decided, in words, with all that helps to decide."""
    lines = [f"  {described(store, link.from_id)}", f"    {SAYS[link.relation]}?", f"  {described(store, link.to_id)}"]
    lines.append(f"  Why: {WHY[link.basis]}.")
    if link.quote:
        lines.append(f'  It reads: "{link.quote}"')
    return "\n".join(lines)


def described(store: Store, id: str) -> str:
    """A row in one line, for somebody who does not know its id."""
    kind = KINDS.get(kind_of(id))
    row = store.get(kind, id) if kind is not None else None
    return f"{id}: {_said(row)}" if row is not None else f"{id}, which is not there"


def _said(row: Row) -> str:
    match row:
        case Document():
            return " ".join(part for part in (row.date and row.date.isoformat(), row.title, paper_url(row)) if part)
        case Recommendation():
            return f'{row.number}. "{row.text}"'
        case Response() | Commitment():
            return f'"{row.quote}"'
        case Motion():
            return row.subject
        case Assessment():
            return f"{row.status}: {row.reason}"
    return row.id
