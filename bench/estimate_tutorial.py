"""`python -m bench.estimate_tutorial FOLDER`: the figures of the tutorial on hidden people, and its picture."""

import html
import math
import sys
from pathlib import Path

from luwte.estimate.methods import METHODS
from luwte.estimate.published import PUBLISHED
from luwte.estimate.report import Report, estimate_all
from luwte.estimate.results import Result

TABLES = {"uk_2013_5": "United Kingdom, 2013", "netherlands_2010_2015_5": "Netherlands, 2010-2015"}
LOWEST, HIGHEST, LEFT, WIDTH = 2_000, 400_000, 180, 520
"""The scale of people is logarithmic: twice as many is the same step everywhere."""


def across(people: float) -> float:
    """Where a number of people stands."""
    return LEFT + WIDTH * math.log(people / LOWEST) / math.log(HIGHEST / LOWEST)


def told(result: Result) -> str:
    """A result in a few words."""
    if result.estimate is None or result.lower is None or result.upper is None:
        return "no estimate"
    return f"{result.estimate:,.0f} ({result.lower:,.0f} - {result.upper:,.0f})"


def row(result: Result, observed: int, y: int) -> str:
    """One method: its name, its interval, its figure."""
    name = html.escape(METHODS[result.method].title)
    parts = [f'<text x="{LEFT - 12}" y="{y + 5}" text-anchor="end" fill="#1b1b1b">{name}</text>']
    if result.estimate is None or result.lower is None or result.upper is None:
        parts.append(f'<text x="{across(observed) + 12:.1f}" y="{y + 5}" fill="#5a5a5a">no estimate</text>')
    else:
        low, middle, high = (across(one) for one in (result.lower, result.estimate, result.upper))
        parts.append(f'<path d="M{low:.1f} {y}H{high:.1f}" stroke="#1d5c8f" stroke-width="5" stroke-linecap="round"/>')
        parts.append(f'<circle cx="{middle:.1f}" cy="{y}" r="7" fill="#b3261e"/>')
    return "".join(parts)


def picture(reports: dict[str, Report]) -> str:
    """Both tables as SVG, readable on light and dark."""
    said = "; ".join(
        f"{TABLES[name]}: " + ", ".join(f"{METHODS[one.method].title} {told(one)}" for one in report.results)
        for name, report in reports.items()
    )
    parts: list[str] = []
    y = 34
    for name, report in reports.items():
        head = f"{TABLES[name]}: {report.observed:,} on lists"
        parts.append(f'<text x="{LEFT}" y="{y}" font-weight="bold" fill="#1b1b1b">{head}</text>')
        top, y = y + 10, y + 32
        for result in report.results:
            parts.append(row(result, report.observed, y))
            y += 30
        parts.append(
            f'<path d="M{across(report.observed):.1f} {top}V{y - 16}" stroke="#1b1b1b" stroke-dasharray="3 4"/>'
        )
        y += 26
    for people in (3_000, 10_000, 30_000, 100_000, 300_000):
        x = across(people)
        parts.append(f'<path d="M{x:.1f} 44V{y - 26}" stroke="#d5d5d5"/>')
        parts.append(f'<text x="{x:.1f}" y="{y - 6}" text-anchor="middle" fill="#1b1b1b">{people:,}</text>')
    # The grid was drawn last, and lies below everything.
    parts.sort(key=lambda part: "#d5d5d5" not in part)
    size = f"{LEFT + WIDTH + 40} {y + 10}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" font-family="sans-serif"'
        f' font-size="14"><title>What each method says. {html.escape(said)}</title>'
        f'<rect width="{LEFT + WIDTH + 40}" height="{y + 10}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def main() -> None:
    """Write the picture and say the figures."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    reports = {name: estimate_all(PUBLISHED[name].read()) for name in TABLES}
    (folder / "what-each-method-says.svg").write_text(picture(reports))
    for name, report in reports.items():
        print(TABLES[name], f"{report.observed:,}")
        for result in report.results:
            print(f"  {result.method}: {told(result)}", *result.reasons, sep="\n    ")


if __name__ == "__main__":
    main()
