"""What happened when, as a drawing for those who see it, and as the table that holds the same for everybody."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from luwte.follow_up.site.scribe import Scribe
from luwte.plumbing.markup import Child, Markup, tag

Lane = Literal["response", "commitment", "fulfilment", "assessment"]
LANES: tuple[Lane, ...] = ("response", "commitment", "fulfilment", "assessment")

WIDTH, TOP, BELOW = 340, 42, 26
COLUMNS: dict[Lane, tuple[int, int]] = {
    "response": (40, 66),
    "commitment": (110, 98),
    "fulfilment": (212, 66),
    "assessment": (282, 58),
}
"""Where each lane begins, and how wide it is."""

PER_YEAR, LOWEST, HIGHEST = 64, 160, 1200
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
APART = 16
"""Marks that would come closer than this share one."""


@dataclass(frozen=True)
class Event:
    """Something that happened on a day, or was due in a range of days."""

    lane: Lane
    start: dt.date | None
    what: Child
    """In words, for the table."""
    end: dt.date | None = None

    def key(self) -> tuple[dt.date, int]:
        """Its place in the order of time; without a date at the end."""
        return (self.start or dt.date.max, LANES.index(self.lane))


def timeline(scribe: Scribe, events: Sequence[Event]) -> Child:
    """The drawing with its table, or one line when nothing has a date."""
    ordered = sorted(events, key=Event.key)
    numbered = list(enumerate(ordered, 1))
    if not any(event.start for event in ordered):
        return tag("p", scribe.text("timeline.none"))
    return (
        tag("p", scribe.text("timeline.key"), class_="quiet"),
        tag("figure", _drawing(scribe, numbered), class_="timeline"),
        _table(scribe, numbered),
    )


def _table(scribe: Scribe, numbered: Sequence[tuple[int, Event]]) -> Markup:
    heads = ("number", "date", "what")
    rows = (
        tag(
            "tr",
            tag("td", str(number)),
            tag("td", _when(scribe, event)),
            tag("td", tag("strong", scribe.text(f"lane.{event.lane}")), ": ", event.what),
        )
        for number, event in numbered
    )
    return tag(
        "table",
        tag("caption", scribe.text("timeline.caption")),
        tag("thead", tag("tr", *(tag("th", scribe.text(f"timeline.{one}"), scope="col") for one in heads))),
        tag("tbody", *rows),
        class_="events",
    )


def _when(scribe: Scribe, event: Event) -> Child:
    if event.start is None or event.end is None or event.end == event.start:
        return scribe.date(event.start)
    return (scribe.date(event.start), " \u2013 ", scribe.date(event.end))


@dataclass(frozen=True)
class _Scale:
    first: dt.date
    days: int
    height: int

    def y(self, date: dt.date) -> float:
        share = (date.toordinal() - self.first.toordinal()) / self.days
        return TOP + min(1.0, max(0.0, share)) * self.height


def _drawing(scribe: Scribe, numbered: Sequence[tuple[int, Event]]) -> Markup:
    starts = [event.start for _, event in numbered if event.start]
    ends = [event.end for _, event in numbered if event.end]
    first, last = min(starts), max([*starts, *ends])
    begin, end = dt.date(first.year, 1, 1), max(last, scribe.today)
    days = max(1, end.toordinal() - begin.toordinal())
    scale = _Scale(begin, days, int(min(HIGHEST, max(LOWEST, days / 365.25 * PER_YEAR))))
    counts = {lane: sum(event.lane == lane for _, event in numbered) for lane in LANES}
    one, two, three, four = (counts[lane] for lane in LANES)
    described = scribe.text(
        "timeline.desc", a=scribe.day(first), b=scribe.day(last), one=one, two=two, three=three, four=four
    )
    return tag(
        "svg",
        tag("title", scribe.text("timeline"), id="timeline-title"),
        tag("desc", described, id="timeline-desc"),
        _years(scale, end),
        _today(scribe, scale),
        tag("g", *(_head(scribe, lane) for lane in LANES)),
        tag("g", *(_lane(scale, lane, numbered) for lane in LANES)),
        viewBox=f"0 0 {WIDTH} {TOP + scale.height + BELOW}",
        role="img",
        aria_labelledby="timeline-title timeline-desc",
    )


def _years(scale: _Scale, end: dt.date) -> Markup:
    span = end.year - scale.first.year + 1
    step = next((one for one in STEPS if span / one <= scale.height / 30), STEPS[-1])
    lines: list[Child] = []
    for year in range(scale.first.year, end.year + 1, step):
        y = scale.y(dt.date(year, 1, 1))
        lines.append(tag("line", x1="34", x2=str(WIDTH), y1=f"{y:.1f}", y2=f"{y:.1f}", class_="year"))
        lines.append(tag("text", str(year), x="0", y=f"{y + 4:.1f}", class_="label"))
    return tag("g", *lines)


def _head(scribe: Scribe, lane: Lane) -> Child:
    x, width = COLUMNS[lane]
    return (
        tag("rect", x=x, y=TOP - 12, width=width, height="4", class_=f"lane {lane}"),
        tag("text", scribe.text(f"lane.{lane}"), x=x, y=TOP - 18, class_="head"),
    )


def _today(scribe: Scribe, scale: _Scale) -> Child:
    if scribe.today < scale.first:
        return None
    y = scale.y(scribe.today)
    return (
        tag("line", x1="34", x2=str(WIDTH), y1=f"{y:.1f}", y2=f"{y:.1f}", class_="today"),
        tag("text", scribe.text("today"), x="0", y=f"{y + 18:.1f}", class_="label"),
    )


def _lane(scale: _Scale, lane: Lane, numbered: Sequence[tuple[int, Event]]) -> Child:
    """The marks of a lane, in as many slots beside each other as there is room for; what is too close shares one."""
    x, width = COLUMNS[lane]
    slots = 2 if lane == "commitment" else 1
    taken: list[list[tuple[float, float, list[int]]]] = [[] for _ in range(slots)]
    for number, event in numbered:
        if event.lane != lane or event.start is None:
            continue
        top = scale.y(event.start)
        bottom = max(top + 5, scale.y(event.end)) if event.end else top
        same = next((one for slot in taken for one in slot if one[:2] == (top, bottom)), None)
        if same is not None:
            same[2].append(number)
            continue
        free = next((slot for slot in taken if not slot or top - max(slot[-1][0], slot[-1][1] - 6) >= APART), None)
        if free is not None:
            free.append((top, bottom, [number]))
        else:
            nearest = min(taken, key=lambda slot: abs(slot[-1][0] - top))
            low, high, numbers = nearest[-1]
            nearest[-1] = (low, max(high, bottom), [*numbers, number])
    step = width / slots
    return [
        _mark(lane, x + step * place, top, bottom, numbers)
        for place, slot in enumerate(taken)
        for top, bottom, numbers in slot
    ]


def _mark(lane: Lane, x: float, top: float, bottom: float, numbers: Sequence[int]) -> Markup:
    first, *more = numbers
    said = f"{first}, {more[0]}" if len(more) == 1 else f"{first} +{len(more)}" if more else str(first)
    shape: Child
    match lane:
        case "response":
            shape = tag("circle", cx=f"{x + 6:.1f}", cy=f"{top:.1f}", r="5.5", class_=lane)
        case "commitment":
            shape = tag(
                "rect", x=f"{x:.1f}", y=f"{top:.1f}", width="9", height=f"{max(5.0, bottom - top):.1f}", class_=lane
            )
        case "fulfilment":
            corners = f"{x + 6:.1f},{top - 7:.1f} {x + 12:.1f},{top:.1f} {x + 6:.1f},{top + 7:.1f} {x:.1f},{top:.1f}"
            shape = tag("polygon", points=corners, class_=lane)
        case "assessment":
            shape = tag("rect", x=f"{x:.1f}", y=f"{top - 5:.1f}", width="10", height="10", class_=lane)
    return tag("g", shape, tag("text", said, x=f"{x + 15:.1f}", y=f"{top + 4:.1f}", class_="label"))
