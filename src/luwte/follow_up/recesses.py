"""When the Tweede Kamer does not meet, as far as that was found in print: `data/recesses.toml`, or an operator's file.

A recess that is not in the file is not guessed.
"""

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from luwte.errors import CannotStart

OVER_BY = {"voorjaars": 3, "mei": 5, "zomer": 9, "herfst": 10, "kerst": 13}
"""The kinds, by the word before "reces", and the month in which each is over: 13 is the next January.

Only for which year's recess is meant: in October a spring recess is next year's, known or not.
"""

ELECTION = "verkiezings"
"""The kind that no year must have."""

MOST_SITTING = dt.timedelta(days=75)
"""A known recess that begins later than this after another is not the next one: one between them is missing in the
file. In the file 32 to 63 days lie between neighbours; skipping one gives a hundred at least."""


@dataclass(frozen=True, slots=True)
class Recess:
    """One recess; *first* and *last* belong to it."""

    kind: str
    first: dt.date
    last: dt.date
    official: bool
    """Whether the parliament's own pages say both days."""
    source: str
    looked_up: dt.date


@dataclass(frozen=True, slots=True)
class Recesses:
    """The known ones, by kind and the year in which they begin."""

    known: Mapping[tuple[str, int], Recess]

    def ahead(self, kind: str, letter: dt.date, *, year: int | None = None, begins: bool) -> Recess | None:
        """The recess that a letter of this day means: the first that has yet to begin, or, else, to end.

        None when the file does not hold it, or the year named has had it.
        """
        years = (year,) if year is not None else (letter.year - 1, letter.year, letter.year + 1)
        for one in years:
            recess = self.known.get((kind, one))
            if recess is None:
                if year is None and (kind == ELECTION or _over(kind, one, letter)):
                    continue
                return None
            if (recess.first > letter) if begins else (recess.last >= letter):
                return recess
        return None

    def after(self, recess: Recess) -> Recess | None:
        """The one after *recess*; None when the file does not hold it."""
        later = [one for one in self.known.values() if recess.last < one.first <= recess.last + MOST_SITTING]
        return min(later, key=lambda one: one.first, default=None)


def _over(kind: str, year: int, letter: dt.date) -> bool:
    return year * 12 + OVER_BY[kind] < letter.year * 12 + letter.month


def read_recesses(path: Path | None = None) -> Recesses:
    """Those of this file, or, without one, those that Luwte ships. Raises `CannotStart` with one plain line."""
    name = "recesses.toml" if path is None else path.name
    try:
        shipped = files("luwte.follow_up") / "data" / "recesses.toml"
        values = tomllib.loads((path or shipped).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise CannotStart(f"{name} cannot be read: it is not valid TOML.") from None
    tables = values.get("recess", [])
    if set(values) - {"recess"} or not isinstance(tables, list):
        raise CannotStart(f"{name} may hold [[recess]] tables only.")
    recesses = [_recess(table, f"In {name}, recess number {n},") for n, table in enumerate(tables, 1)]
    known = {(one.kind, one.first.year): one for one in recesses}
    if len(known) != len(recesses):
        raise CannotStart(f"{name} holds a recess twice.")
    return Recesses(known)


def _recess(table: object, where: str) -> Recess:
    if not isinstance(table, dict):
        raise CannotStart(f"{where} is not a table.")
    kind, first, last = table.get("kind"), table.get("first"), table.get("last")
    if kind not in (*OVER_BY, ELECTION):
        raise CannotStart(f"{where} has no kind that is known.")
    if type(first) is not dt.date or type(last) is not dt.date or not first <= last < first + dt.timedelta(days=90):
        raise CannotStart(f"{where} must have a 'first' and a later 'last' date.")
    official, source, looked_up = table.get("official"), table.get("source"), table.get("looked_up")
    if type(official) is not bool or not isinstance(source, str) or not source or type(looked_up) is not dt.date:
        raise CannotStart(f"{where} must say 'official', its 'source' and when it was 'looked_up'.")
    return Recess(kind, first, last, official, source, looked_up)
