"""`hours.toml` in the data folder: when each line is open, and where else somebody can go. Absent: always open."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from luwte.errors import CannotStart
from luwte.line.model import DAY, Hours, Timetable

FILE = "hours.toml"
ZONE = "Europe/Amsterdam"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LANGUAGES = ("nl", "en")
MOST_PLACES = 20
"""More than that nobody reads on a phone."""

_SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_PHONE = re.compile(r"\+?[0-9][0-9 -]{1,20}")


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere else to go, with where that was looked up and when."""

    name: str
    about: Mapping[str, str]
    phone: str
    source: str
    checked: date
    timetable: Timetable


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole file."""

    zone: ZoneInfo
    lines: Mapping[str, Timetable] = field(default_factory=dict)
    places: tuple[Place, ...] = ()

    def of(self, line: str) -> Timetable:
        """The hours of one line; one that the file does not name is always open."""
        return self.lines.get(line) or always(self.zone)


def always(zone: ZoneInfo) -> Timetable:
    """Day and night."""
    return Timetable(zone, ((Hours(0, DAY),),) * 7, {})


def default() -> Plan:
    """Without a file: always open; elsewhere, what everybody in the Netherlands can call.

    113: "Bel gratis 113", day and night, www.113.nl, looked up on 25 November 2026.
    """
    zone = ZoneInfo(ZONE)
    about = {"nl": "Praten over zelfmoord. Gratis en anoniem.", "en": "Talk about suicide. Free and anonymous."}
    place = Place("113 Zelfmoordpreventie", about, "113", "www.113.nl", date(2026, 11, 25), always(zone))
    return Plan(zone, places=(place,))


def read(folder: Path) -> Plan:
    """The plan in *folder*. Raises `CannotStart` with one plain line for what is unknown or wrong."""
    try:
        values = tomllib.loads((folder / FILE).read_text())
    except FileNotFoundError:
        return default()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise CannotStart(f"{FILE} cannot be read: it is not valid TOML.") from None
    _only(values, ("zone", "lines", "places"), "at the top")
    zone = _zone(values.get("zone", ZONE))
    lines = {name: _timetable(zone, table, f"lines.{name}") for name, table in _table(values, "lines").items()}
    if "places" not in values:
        return Plan(zone, lines, default().places)
    places = values["places"]
    if not isinstance(places, list) or len(places) > MOST_PLACES:
        raise CannotStart(f"In {FILE}, 'places' must be a list of at most {MOST_PLACES} tables.")
    return Plan(zone, lines, tuple(_place(zone, place, f"places, number {n}") for n, place in enumerate(places, 1)))


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(name if isinstance(name, str) else "")
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise CannotStart(f"In {FILE}, 'zone' is not a time zone such as {ZONE}.") from None


def _timetable(zone: ZoneInfo, table: object, where: str) -> Timetable:
    if not isinstance(table, dict):
        raise CannotStart(f"In {FILE}, {where} must be a table of days.")
    daily = _day(table.get("daily", []), where, "daily")
    week = tuple(_day(table[name], where, name) if name in table else daily for name in WEEK)
    days = {
        _date(name, where): _day(spans, where, name) for name, spans in table.items() if name not in (*WEEK, "daily")
    }
    return Timetable(zone, week, days)


def _date(name: str, where: str) -> date:
    try:
        return date.fromisoformat(name)
    except ValueError:
        raise CannotStart(
            f"In {FILE}, {where} may name 'daily', weekdays in English and dates such as 2026-12-25; {name!r} is none."
        ) from None


def _day(spans: object, where: str, name: str) -> tuple[Hours, ...]:
    if not isinstance(spans, list):
        raise CannotStart(f'In {FILE}, {where}, {name!r} must be a list such as ["10:00-22:00"]; [] is closed.')
    return tuple(_hours(span, where, name) for span in spans)


def _hours(span: object, where: str, name: str) -> Hours:
    found = _SPAN.fullmatch(span) if isinstance(span, str) else None
    if found:
        h, m, to_h, to_m = (int(part) for part in found.groups())
        begin, end = h * 60 + m, to_h * 60 + to_m
        if max(m, to_m) < 60 and begin < DAY and end <= DAY and begin != end:
            return Hours(begin, end)
    raise CannotStart(f"In {FILE}, {where}, {name!r} holds something that is not like 10:00-22:00.")


def _place(zone: ZoneInfo, table: object, where: str) -> Place:
    if not isinstance(table, dict):
        raise CannotStart(f"In {FILE}, {where} must be a table.")
    own = ("name", "about", "phone", "source", "checked")
    for name in own:
        if name not in table:
            raise CannotStart(f"In {FILE}, {where} has no {name!r}.")
    about, checked = table["about"], table["checked"]
    if not isinstance(about, dict) or set(about) != set(LANGUAGES) or not all(map(_is_text, about.values())):
        raise CannotStart(f"In {FILE}, {where}, 'about' must say it in {' and '.join(LANGUAGES)}.")
    if type(checked) is not date:
        raise CannotStart(f"In {FILE}, {where}, 'checked' must be a date such as 2026-11-25.")
    if not _is_text(table["name"]) or not _is_text(table["source"]):
        raise CannotStart(f"In {FILE}, {where}, 'name' and 'source' must be texts.")
    if not isinstance(table["phone"], str) or not _PHONE.fullmatch(table["phone"]):
        raise CannotStart(f"In {FILE}, {where}, 'phone' must be a telephone number.")
    hours = {name: value for name, value in table.items() if name not in own}
    return Place(table["name"], about, table["phone"], table["source"], checked, _timetable(zone, hours, where))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= 200


def _only(values: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for name in values:
        if name not in known:
            raise CannotStart(f"In {FILE}, {where}, {name!r} is not known.")


def _table(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = values.get(name, {})
    if not isinstance(table, dict):
        raise CannotStart(f"In {FILE}, {name!r} must be a table.")
    return table
