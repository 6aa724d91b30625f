"""Who should be reminded of what: a ladder of days, as a text, as a calendar, and as the draft of a letter."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence

import msgspec

from luwte.follow_up.model import Commitment, Document, Link, Standing, by_id, paper_url, standing
from luwte.follow_up.store import Store

LADDER = (-30, -7, 1, 30)
"""Days from the last day on which something is due: two before, and two after."""


class Reminder(msgspec.Struct, frozen=True):
    """A commitment that somebody should be reminded of on one day."""

    commitment: Commitment
    on: dt.date
    step: int
    """Which of `LADDER`."""


class Due(msgspec.Struct, frozen=True):
    """A commitment with how it stands."""

    commitment: Commitment
    standing: Standing


def all_due(store: Store, today: dt.date) -> list[Due]:
    """Every commitment with how it stands on *today*: the longest overdue first, those without a date last."""
    commitments = store.all(Commitment)
    links = [link for link in store.each(Link) if link.relation == "fulfils"]
    papers = [paper for id in {link.from_id for link in links} if (paper := store.get(Document, id)) is not None]
    found = [Due(one, standing(one, links, by_id(papers), today)) for one in commitments]
    return sorted(found, key=lambda due: (due.commitment.due_to or dt.date.max, due.commitment.id))


def reminders(store: Store, since: dt.date, today: dt.date) -> list[Reminder]:
    """What is to be said after *since*, until and with *today*, of what nobody has fulfilled."""
    found = [
        Reminder(due.commitment, on, step)
        for due in all_due(store, today)
        if due.commitment.due_to is not None and due.standing.state in ("open", "overdue")
        for step in LADDER
        if (on := _moved(due.commitment.due_to, step)) is not None and since < on <= today
    ]
    return sorted(found, key=lambda one: (one.on, one.commitment.id))


def _moved(day: dt.date, days: int) -> dt.date | None:
    """None where the calendar ends."""
    try:
        return day + dt.timedelta(days=days)
    except OverflowError:
        return None


def digest(store: Store, found: Sequence[Reminder], today: dt.date) -> str:
    """The reminders as a text to send to whoever keeps the chain."""
    if not found:
        return f"{today.isoformat()}: nothing to be reminded of.\n"
    lines = [f"{today.isoformat()}: {len(found)} to be reminded of.", ""]
    for one in found:
        commitment = one.commitment
        lines += [f"{one.on.isoformat()}  {_when(one.step)}", f'    "{commitment.quote}"']
        lines += [f"    {_whose(store, commitment)}; due {_span(commitment)}", f"    {commitment.id}", ""]
    return "\n".join(lines)


def calendar(store: Store, today: dt.date) -> str:
    """Every commitment that is open or overdue as an event on its last day, with an alarm for each step (RFC 5545)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Luwte//follow-up//EN", "CALSCALE:GREGORIAN"]
    for due in all_due(store, today):
        if due.commitment.due_to is not None and due.standing.state in ("open", "overdue"):
            lines += _event(store, due.commitment, due.commitment.due_to, today)
    return "".join(part + "\r\n" for line in [*lines, "END:VCALENDAR"] for part in _folded(line))


def _digits(day: dt.date) -> str:
    """Four digits for the year, even in the year 1, which %Y does not give everywhere."""
    return day.isoformat().replace("-", "")


def _event(store: Store, commitment: Commitment, last: dt.date, today: dt.date) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_escaped(commitment.id)}@follow-up.luwte"
    yield f"DTSTAMP:{_digits(today)}T000000Z"
    yield f"DTSTART;VALUE=DATE:{_digits(last)}"
    if (end := _moved(last, 1)) is not None:
        yield f"DTEND;VALUE=DATE:{_digits(end)}"
    yield "TRANSP:TRANSPARENT"
    yield f"SUMMARY:{_escaped(_short(commitment.quote))}"
    told = f"{commitment.quote}\n{_whose(store, commitment)}; due {_span(commitment)}"
    yield f"DESCRIPTION:{_escaped(told)}"
    for step in LADDER:
        # A day begins at midnight; people read mail at nine.
        trigger = f"-P{-step - 1}DT15H" if step < 0 else f"P{step}DT9H"
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_escaped(_when(step))}")
        yield from (f"TRIGGER;RELATED=START:{trigger}", "END:VALARM")
    yield "END:VEVENT"


def draft(store: Store, commitment: Commitment, today: dt.date) -> str:
    """The draft of a letter about a commitment, in Dutch, for a person to read, change and sign."""
    paper = store.get(Document, commitment.document) if commitment.document else None
    where = f" ({_paper(paper)})" if paper is not None else ""
    made = f" op {_dutch(commitment.made_on)}" if commitment.made_on else ""
    state = next(due.standing for due in all_due(store, today) if due.commitment.id == commitment.id)
    if state.on is not None:
        asked = f"Wij zagen dat dit op {_dutch(state.on)} is gebeurd. Klopt dat, en is het daarmee klaar?"
    elif commitment.due_to is None:
        asked = "Een datum noemde u daarbij niet. Kunt u laten weten wanneer wij dit kunnen verwachten?"
    elif state.state == "overdue":
        asked = (
            f"De laatste dag daarvoor was {_dutch(commitment.due_to)}, {state.days} dagen geleden. Wij vonden nog niets"
            " waaruit blijkt dat het is gebeurd. Kunt u laten weten hoe het ervoor staat?"
        )
    else:
        asked = f"De laatste dag daarvoor is {_dutch(commitment.due_to)}. Kunt u laten weten of u die dag haalt?"
    addressee = commitment.made_by or "minister"
    return (
        f"[Concept, {_dutch(today)}]\n\nGeachte {addressee},\n\n"
        f'U deed{made} deze toezegging{where}:\n\n    "{commitment.quote}"\n\n{asked}\n\n'
        "Is het al gebeurd? Dan horen wij graag in welk stuk dat staat.\n\nMet vriendelijke groet,\n"
    )


MONTHS = (
    "januari februari maart april mei juni juli augustus september oktober november december".split()  # noqa: SIM905
)


def _dutch(day: dt.date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _when(step: int) -> str:
    match step:
        case 1:
            return "was due until yesterday"
        case _ if step > 0:
            return f"was due until {step} days ago"
    return f"is due in {-step} days"


def _span(commitment: Commitment) -> str:
    days = (commitment.due_from, commitment.due_to)
    return " to ".join(sorted({day.isoformat() for day in days if day})) or "on no day that was named"


def _whose(store: Store, commitment: Commitment) -> str:
    paper = store.get(Document, commitment.document) if commitment.document else None
    parts = [commitment.made_by or "somebody", commitment.ministry, _paper(paper) if paper else ""]
    return ", ".join(part for part in parts if part)


def _paper(paper: Document) -> str:
    name = paper.id.removeprefix("document/") if paper.number is not None else paper.title
    return " ".join(part for part in (name, paper_url(paper)) if part)


def _short(text: str) -> str:
    return text if len(text) <= 70 else text[:69].rstrip() + "…"


def _escaped(text: str) -> str:
    """A TEXT value of RFC 5545, section 3.3.11."""
    lines = [re.sub(r"[\x00-\x1f\x7f]", " ", line) for line in text.splitlines()]
    return "\\n".join(re.sub(r"([\\;,])", r"\\\1", line) for line in lines)


def _folded(line: str) -> Iterator[str]:
    """In parts of at most 75 bytes, none of which cuts a character (RFC 5545, section 3.1)."""
    part = ""
    for character in line:
        if len((part + character).encode()) > 75:
            yield part
            part = " "
        part += character
    yield part
