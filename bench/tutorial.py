"""`python -m bench.tutorial FOLDER`: the made-up year of docs/tutorials, and its picture of what an attacker learns."""

import html
import random
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from luwte.insight.disclosure import Case, primary, protect
from luwte.insight.disclosure.attack import attack
from luwte.insight.disclosure.data import Counts, count
from luwte.insight.disclosure.plan import EXAMPLE, Plan, parse_plan
from luwte.insight.disclosure.published import Release

PLAN = (
    EXAMPLE
    + """
[dimension.relation]
title = "Who did it"
categories = ["family", "partner", "group", "stranger"]
"""
    + "".join(
        f"""
[[table]]
id = "{one}-{other}"
title = "Victims by {one} and {other}"
base = "All victims registered in 2026"
dimensions = ["{one}", "{other}"]
"""
        for one, other in (("age", "relation"), ("form", "relation"), ("region", "relation"), ("age", "region"))
    )
)
"""The plan of `luwte protect --example` with another question: six linked tables."""

COLOURS = {"exactly": "#b3261e", "doubt of 1-3": "#8a5300", "4-8": "#2e7d5b", "9 or more": "#1d5c8f"}


def a_year() -> str:
    """250 people who never were: SYNTHETIC, drawn at random."""
    chance = random.Random(2026)
    rows = ["age,form,region,relation,organisation"]
    for _ in range(250):
        (age,) = chance.choices(("0-11", "12-14", "15-17", "18 and over"), (1, 6, 14, 5))
        weights = (1, 6, 1) if age == "18 and over" else (14, 5, 1)
        (form,) = chance.choices(("sexual", "criminal", "labour"), weights)
        (region,) = chance.choices(("Coast", "Hills", "Lakes"), (10, 4, 1))
        (relation,) = chance.choices(("family", "partner", "group", "stranger"), (5, 8, 3, 1))
        rows.append(f"{age},{form},{region},{relation},{chance.choice('xyz')}")
    return "\n".join(rows) + "\n"


def learned(release: Release, counts: Counts) -> Counter[str]:
    """How well an attacker knows the cells that hold one to four."""
    found = attack([release]).intervals
    widths = [found["", at].width for at, number in counts.of.items() if 0 < number < release.plan.rules.threshold]
    steps = ((0, "exactly"), (3, "doubt of 1-3"), (8, "4-8"))
    return Counter(next((name for most, name in steps if width <= most), "9 or more") for width in widths)


def by_method(plan: Plan, counts: Counts) -> dict[str, Counter[str]]:
    """What an attacker learns under each method."""
    methods = {"small cells left out": primary(Case(plan, counts, ()))}
    for name, method in (("suppression", "suppression"), ("rounding to 5", "rounding")):
        chosen = replace(plan, rules=replace(plan.rules, method=method))
        methods[name] = protect(chosen, counts).release
    marked = replace(plan, rules=replace(plan.rules, method="primary"))
    methods["small cells left out"] = Release(marked, methods["small cells left out"].shown)
    return {name: learned(release, counts) for name, release in methods.items()}


def picture(results: dict[str, Counter[str]]) -> str:
    """Bars as SVG, readable on light and dark."""
    total = max(sum(one.values()) for one in results.values())
    said = "; ".join(f"{name}: " + ", ".join(f"{n} {how}" for how, n in one.items()) for name, one in results.items())
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 230" role="img" font-family="sans-serif"'
        f' font-size="14"><title>What an attacker learns of the small cells. {html.escape(said)}</title>'
        '<rect width="640" height="230" fill="#fff"/>'
    ]
    for row, (name, one) in enumerate(results.items()):
        y, x = 24 + row * 56, 170.0
        parts.append(f'<text x="160" y="{y + 21}" text-anchor="end" fill="#1b1b1b">{html.escape(name)}</text>')
        for how, colour in COLOURS.items():
            if number := one[how]:
                width = 450 * number / total
                parts.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="32" fill="{colour}"/>')
                parts.append(
                    f'<text x="{x + width / 2:.1f}" y="{y + 21}" text-anchor="middle" fill="#fff">{number}</text>'
                )
                x += width
    for number, (how, colour) in enumerate(COLOURS.items()):
        x = 170 + 130 * number
        parts.append(f'<rect x="{x}" y="196" width="14" height="14" fill="{colour}"/>')
        parts.append(f'<text x="{x + 20}" y="208" fill="#1b1b1b">{how}</text>')
    return "".join(parts) + "</svg>\n"


def main() -> None:
    """Write the data, the plan and the picture."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    plan = parse_plan(PLAN)
    counts = count(a_year(), plan)
    results = by_method(plan, counts)
    (folder / "synthetic-2026.csv").write_text(a_year())
    (folder / "plan.toml").write_text(PLAN)
    (folder / "what-an-attacker-learns.svg").write_text(picture(results))
    for name, one in results.items():
        print(name, dict(one))


if __name__ == "__main__":
    main()
