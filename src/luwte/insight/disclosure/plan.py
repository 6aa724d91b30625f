"""The plan of a release: a reviewed file that declares every table and rule before anybody looks at a figure."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from luwte.insight.disclosure.refusals import BadPlan

Method = Literal["rounding", "suppression", "primary"]
Place = tuple[tuple[str, str], ...]
"""A cell: (dimension, category) pairs in the order of the dimensions' names; what it does not name is the total."""


SEVERAL = ";"
"""Between the answers of a dimension with several."""

COLUMNS = ("value", "percent", "status")
"""What a published table has beside its dimensions."""

MOST = 10**6
"""A larger number in a plan is a slip."""


@dataclass(frozen=True)
class Dimension:
    """A question and its answers; `parents` makes a hierarchy, `multiple` lets one unit give several answers."""

    id: str
    title: str
    categories: tuple[str, ...]
    parents: Mapping[str, str] = field(default_factory=dict)
    multiple: bool = False
    known: bool = False
    """What everybody knows of a person, as a year or a region: to learn it is no disclosure."""

    def nodes(self) -> tuple[str, ...]:
        """Every category and everything above them, without the total, top first."""
        above = {parent: None for category in self.categories for parent in self.above(category)[1:]}
        found = (*above, *self.categories)
        return tuple(sorted(found, key=lambda one: (len(self.above(one)), found.index(one))))

    def above(self, category: str) -> tuple[str, ...]:
        """The category itself, its parent, the parent's parent, up to just below the total."""
        chain = [category]
        while (parent := self.parents.get(chain[-1])) is not None:
            chain.append(parent)
        return tuple(chain)

    def children(self, node: str | None) -> tuple[str, ...]:
        """What adds up to *node*; of None, the total, the top of the hierarchy."""
        return tuple(one for one in self.nodes() if self.parents.get(one) == node)


@dataclass(frozen=True)
class Table:
    """One table to publish: all combinations of its dimensions with their totals, where `where` holds."""

    id: str
    title: str
    base: str
    dimensions: tuple[str, ...]
    where: Mapping[str, str] = field(default_factory=dict)
    percentages: bool = False
    """Whether shares of the row are printed too: of its published total, from published counts."""


@dataclass(frozen=True)
class Rules:
    """What counts as small, and how much doubt must remain. See docs/disclosure.md for why these defaults.

    Attributes
    ----------
    threshold : int
        A count below it is sensitive.
    width : int
        Upper minus lower end of what an attacker can know of a sensitive cell, at least.
    insider_width : int
        The same for somebody who knows one unit, or all units of one contributor, in the cell.
    base : int
        Of rounding.
    dominance : float
        A cell of which one contributor holds more than this share is sensitive.
    group : bool
        Whether learning an attribute of a whole group with certainty is a disclosure.
    zeros : {"public", "protected"}
        Whether a cell may be known to be empty.
    cost : {"records", "cells"}
        What one suppressed cell costs: its count, or one.
    nodes : int
        Branches that a proof of optimality may take.

    """

    method: Method = "rounding"
    threshold: int = 5
    width: int = 4
    insider_width: int = 3
    base: int = 5
    dominance: float = 0.8
    group: bool = True
    zeros: Literal["public", "protected"] = "public"
    cost: Literal["records", "cells"] = "records"
    nodes: int = 2_000


@dataclass(frozen=True)
class Plan:
    """Everything that is declared."""

    id: str
    title: str
    unit: str
    max_contribution: int
    dimensions: Mapping[str, Dimension]
    tables: tuple[Table, ...]
    rules: Rules
    corrects: str = ""
    """The id of an earlier release of which this one repairs figures."""
    changes: int = 0
    """By how much a repaired cell may differ from the earlier truth, as everybody knows."""
    count: str = ""
    contributor: str = ""
    impossible: tuple[Place, ...] = ()
    """Combinations that cannot exist, as everybody knows: marked [z]."""


DEFAULTS: Mapping[str, Mapping[str, int]] = {
    "report": {"threshold": 5, "width": 4, "insider_width": 3, "base": 5},
    "open": {"threshold": 10, "width": 9, "insider_width": 8, "base": 10},
}
"""Rules by audience. A count of 1-4 keeps the doubt of {0..4}; in open data 1-9 that of {0..9}."""

EXAMPLE = """\
# A plan declares a release before anybody looks at a figure: what is counted, which tables, which rules.
# Have it reviewed, then: luwte protect DATA.csv --plan PLAN.toml --out DIR

[release]
id = "2026"
title = "Victims who came to the chat, 2026"
unit = "victim"
max_contribution = 1          # rows of the data that one victim can have
# corrects = "2025"           # this release repairs figures of that one,
# changes = 2                 # none by more than this

[data]
contributor = "organisation"  # a column; needed for dominance and for insiders
# count = "n"                 # the data holds counts instead of one row for each victim; an empty cell is a total

[rules]
audience = "report"           # or "open"; sets what is not given below
method = "rounding"           # or "suppression"
# threshold = 5               # smaller counts are sensitive
# width = 4                   # doubt that must remain about them: upper minus lower
# insider_width = 3           # and for somebody who knows one of the victims
# base = 5                    # of rounding
# dominance = 0.8             # one contributor may hold this share of a cell
# group = true                # refuse that something is learned of everybody in a group
# zeros = "public"            # or "protected"
# cost = "records"            # of a suppressed cell: its count; or "cells"
# nodes = 2000                # branches that a proof may take

[dimension.age]
title = "Age"
known = true                  # an acquaintance knows it; to learn it is no disclosure
categories = ["0-11", "12-14", "15-17", "18 and over"]

[dimension.form]
title = "Form of exploitation"
categories = ["sexual", "criminal", "labour"]

[dimension.region]
title = "Region"
known = true
categories = ["Coast", "Hills", "Lakes"]
parents = { Coast = "West", Hills = "East", Lakes = "East" }

[[table]]
id = "age-form"
title = "Victims by age and form of exploitation"
base = "All victims registered in 2026"
dimensions = ["age", "form"]
# percentages = true          # of the row's total, from the published counts; none where that total is under 10

[[table]]
id = "region-form"
title = "Victims by region and form of exploitation"
base = "All victims registered in 2026"
dimensions = ["region", "form"]
"""


def read_plan(path: Path) -> Plan:
    """The plan in a file. Raises `BadPlan`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadPlan("This is not UTF-8.", file=path.name) from None
    except OSError:
        raise BadPlan("This file cannot be read.", file=path.name) from None
    return parse_plan(text, path.name)


def parse_plan(text: str, file: str = "plan") -> Plan:
    """The plan in *text*, with everything checked that can be without data. Raises `BadPlan`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise BadPlan("This is not TOML.", file=file, row=int(found[1]) if found else None) from None
    except RecursionError:
        raise BadPlan("This is not TOML.", file=file) from None
    return plan_of(raw, file)


def plan_of(raw: dict[str, object], file: str) -> Plan:
    """The plan that these sections declare, checked. Raises `BadPlan`."""
    reader = _Reader(raw, "", file)
    release, data, rules = (reader.section(name) for name in ("release", "data", "rules"))
    dimensions = {
        name: _dimension(name, reader.section("dimension")) for name in sorted(reader.section("dimension").raw)
    }
    tables = tuple(_table(one, dimensions) for one in reader.sections("table"))
    plan = Plan(
        id=release.text("id"),
        title=release.text("title"),
        unit=release.text("unit", "person"),
        max_contribution=release.number("max_contribution", 1, least=1),
        dimensions=dimensions,
        tables=tables,
        rules=_rules(rules),
        corrects=release.text("corrects", ""),
        changes=release.number("changes", 0),
        count=data.text("count", ""),
        contributor=data.text("contributor", ""),
        impossible=tuple(_place(one, dimensions) for one in reader.sections("impossible")),
    )
    for section in (reader, release, data, rules):
        section.check_all_read()
    _check(plan, file)
    return plan


def is_unsafe(name: str) -> bool:
    """Whether a spreadsheet may take the cell for a formula, or something is in it that cannot be seen."""
    return name != name.strip() or not name.isprintable() or name.startswith(("=", "+", "-", "@"))


def place(pairs: Iterable[tuple[str, str]]) -> Place:
    """The cell of these (dimension, category) pairs."""
    return tuple(sorted(pairs))


def _check(plan: Plan, file: str) -> None:
    rules, most = plan.rules, plan.max_contribution
    if not plan.tables:
        raise BadPlan("A plan needs at least one [[table]].", file=file)
    if len({table.id.lower() for table in plan.tables}) != len(plan.tables):
        raise BadPlan("Two tables have the same id.", file=file, column="table.id")
    if {plan.count, plan.contributor} & set(plan.dimensions) or (plan.count and plan.count == plan.contributor):
        raise BadPlan("One column cannot be two things.", file=file, column="data")
    if rules.threshold < 1 + most:
        raise BadPlan("A threshold must be more than one unit contributes.", file=file, column="rules.threshold")
    if rules.method == "rounding" and rules.base - 1 < rules.width:
        says = f"Rounding to {rules.base} leaves a doubt of at most {rules.base - 1}, and {rules.width} is required."
        raise BadPlan(says + " Take a larger base, or suppression.", file=file, column="rules.base")
    if rules.insider_width > rules.width:
        raise BadPlan("An insider cannot be left with more doubt than others.", file=file, column="rules.insider_width")
    if plan.corrects and plan.corrects == plan.id:
        raise BadPlan("A release cannot correct itself.", file=file, column="release.corrects")


def _dimension(name: str, every: "_Reader") -> Dimension:
    raw = every.section(name)
    parents = raw.words("parents")
    found = Dimension(
        name, raw.text("title", name), raw.names("categories"), parents, raw.flag("multiple"), raw.flag("known")
    )
    raw.check_all_read()
    if name in COLUMNS:
        raise raw.refused("", f"A published table has columns of its own: {', '.join(COLUMNS)}. Take another name.")
    if any(is_unsafe(one) for one in (name, *found.categories, *parents.values())):
        says = "A name is padded, has a line break in it, or begins with =, +, -, @: a spreadsheet may run that."
        raise raw.refused("categories", says)
    if found.multiple and any(SEVERAL in one for one in found.categories):
        raise raw.refused("categories", f"With several answers a category cannot have {SEVERAL} in it.")
    if len(set(found.categories)) != len(found.categories):
        raise raw.refused("categories", "A category is named twice.")
    if any(child not in found.categories and child not in parents.values() for child in parents):
        raise raw.refused("parents", "A parent is given to something that is no category.")
    for child in parents:
        seen = child
        for _ in parents:
            seen = parents.get(seen, "")
        if seen in parents:
            raise raw.refused("parents", "The hierarchy goes in a circle.")
    if set(parents.values()) & set(found.categories):
        raise raw.refused("parents", "A category of the data cannot be a parent as well.")
    return found


def _table(raw: "_Reader", dimensions: Mapping[str, Dimension]) -> Table:
    names = raw.names("dimensions")
    where = raw.words("where")
    found = Table(raw.text("id"), raw.text("title"), raw.text("base"), names, where, raw.flag("percentages"))
    raw.check_all_read()
    if not found.id.replace("-", "").isalnum() or not found.id.isascii():
        raise raw.refused("id", "An id is made of letters, digits and hyphens: it becomes the name of a file.")
    for name in (*names, *where):
        if name not in dimensions:
            raise raw.refused("dimensions", "A table names a dimension that is not declared.")
    if set(names) & set(where) or len(set(names)) != len(names):
        raise raw.refused("dimensions", "A table uses one dimension twice.")
    if any(value not in dimensions[name].nodes() for name, value in where.items()):
        raise raw.refused("where", "A table asks for a category that is not declared.")
    return found


def _place(raw: "_Reader", dimensions: Mapping[str, Dimension]) -> Place:
    pairs = {name: raw.text(name) for name in sorted(raw.raw)}
    if any(name not in dimensions or value not in dimensions[name].nodes() for name, value in pairs.items()):
        raise raw.refused("", "An impossible combination names what is not declared.")
    return place(pairs.items())


def _rules(raw: "_Reader") -> Rules:
    audience = raw.choice("audience", tuple(DEFAULTS), "report")
    usual = DEFAULTS[audience]
    method: Method = "rounding"
    for one in get_args(Method):
        if raw.choice("method", get_args(Method), "rounding") == one:
            method = one
    return Rules(
        method=method,
        threshold=raw.number("threshold", usual["threshold"], least=1),
        width=raw.number("width", usual["width"], least=1),
        insider_width=raw.number("insider_width", usual["insider_width"]),
        base=raw.number("base", usual["base"], least=2),
        dominance=raw.share("dominance", 0.8),
        group=raw.flag("group", usual=True),
        zeros="protected" if raw.choice("zeros", ("public", "protected"), "public") == "protected" else "public",
        cost="cells" if raw.choice("cost", ("records", "cells"), "records") == "cells" else "records",
        nodes=raw.number("nodes", 2_000, least=1),
    )


class _Reader:
    """A section of the file; remembers what was asked for, so that a misspelled setting is noticed."""

    def __init__(self, raw: dict[str, object], name: str, file: str) -> None:
        self.raw, self._name, self._file = raw, name, file
        self._read: set[str] = set()

    def refused(self, key: str, says: str) -> BadPlan:
        column = ".".join(part for part in (self._name, key) if part)
        return BadPlan(says, file=self._file, column=column)

    def _get(self, key: str) -> object:
        self._read.add(key)
        return self.raw.get(key)

    def check_all_read(self) -> None:
        if set(self.raw) - self._read:
            raise self.refused("", "There is a setting here that nobody knows. It may be misspelled.")

    def section(self, key: str) -> "_Reader":
        found = self._get(key)
        if found is None:
            found = {}
        if not isinstance(found, dict):
            raise self.refused(key, "This must be a section.")
        return _Reader(found, ".".join(part for part in (self._name, key) if part), self._file)

    def sections(self, key: str) -> list["_Reader"]:
        found = self._get(key)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.refused(key, f"Write [[{key}]].")
        return [_Reader(one, f"{key}[{number}]", self._file) for number, one in enumerate(found, 1)]

    def text(self, key: str, usual: str | None = None) -> str:
        found = self._get(key)
        if found is None and usual is not None:
            return usual
        if not isinstance(found, str) or (not found.strip() and usual != ""):
            raise self.refused(key, "This is missing, or is no text.")
        return found

    def number(self, key: str, usual: int, *, least: int = 0) -> int:
        found = self._get(key)
        if found is None:
            return usual
        if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= MOST:
            raise self.refused(key, f"This must be a whole number of at least {least}, and at most {MOST}.")
        return found

    def share(self, key: str, usual: float) -> float:
        found = self._get(key)
        if found is None:
            return usual
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found <= 1:
            raise self.refused(key, "This must be a number above 0 and at most 1.")
        return float(found)

    def flag(self, key: str, *, usual: bool = False) -> bool:
        found = self._get(key)
        if found is None:
            return usual
        if not isinstance(found, bool):
            raise self.refused(key, "This must be true or false.")
        return found

    def choice(self, key: str, of: tuple[str, ...], usual: str) -> str:
        found = self.text(key, usual)
        if found not in of:
            raise self.refused(key, f"This must be one of: {', '.join(of)}.")
        return found

    def names(self, key: str) -> tuple[str, ...]:
        found = self._get(key)
        if not isinstance(found, list) or not found or not all(isinstance(one, str) and one for one in found):
            raise self.refused(key, "This must be a list of texts, and not an empty one.")
        return tuple(found)

    def words(self, key: str) -> dict[str, str]:
        found = self._get(key)
        if found is None:
            return {}
        if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
            raise self.refused(key, "This must be a list of name = text.")
        return dict(found)
