"""Suppression over years, corrections and insiders; what earlier releases say counts; its parts beside slow twins."""

import random
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luwte.insight.disclosure import Case, Counts, Release, protect
from luwte.insight.disclosure.attack import attack
from luwte.insight.disclosure.data import count
from luwte.insight.disclosure.feasible import Feasible
from luwte.insight.disclosure.moves import Moves
from luwte.insight.disclosure.plan import Dimension, Plan, Rules, Table
from luwte.insight.disclosure.refusals import Infeasible
from luwte.insight.disclosure.relaxed import Relaxed
from luwte.insight.disclosure.suppression import suppressed

YEARS = ("2024", "2025", "2026")


def a_plan(id_: str, year: str = "", **rules: object) -> Plan:
    """Three linked two-way tables, one dimension a hierarchy; of one year, or of all."""
    dimensions = {
        "age": Dimension("age", "Age", ("a1", "a2", "a3", "a4"), known=True),
        "form": Dimension("form", "Form", ("f1", "f2", "f3")),
        "region": Dimension("region", "Region", ("r1", "r2", "r3"), {"r2": "east", "r3": "east"}, known=True),
        "year": Dimension("year", "Year", YEARS, known=True),
    }
    where = {"year": year} if year else {}
    pairs = combinations(("age", "form", "region"), 2)
    tables = tuple(Table(f"{a}-{b}", f"{a} by {b}", "all", (a, b), where) for a, b in pairs)
    return Plan(
        id_, "Made up", "victim", 1, dimensions, tables, Rules(**{"method": "suppression", "nodes": 200, **rules})
    )


def people(seed: int, number: int = 300) -> str:
    """Made-up people as a CSV."""
    chance = random.Random(seed)
    rows = ["age,form,region,year,organisation"]
    for _ in range(number):
        picked = (
            chance.choices(("a1", "a2", "a3", "a4"), (8, 4, 2, 1)),
            chance.choices(("f1", "f2", "f3"), (12, 3, 1)),
            chance.choices(("r1", "r2", "r3"), (8, 3, 1)),
            chance.choices(YEARS),
            chance.choices(("x", "y", "z")),
        )
        rows.append(",".join(one for (one,) in picked))
    return "\n".join(rows) + "\n"


def nothing_is_narrower_than_required(releases: list[Release], truths: list[Counts]) -> None:
    """Every small count of every release keeps its width before somebody who has all releases."""
    found = attack(releases)
    assert found.passed
    for release, truth in zip(releases, truths, strict=True):
        vintage = release.plan.id if release.plan.corrects else ""
        for at, number in truth.of.items():
            if 0 < number < release.plan.rules.threshold:
                interval = found.intervals[(vintage, at)]
                assert interval.low <= number <= interval.high
                assert interval.width >= release.plan.rules.width


@cache
def years(text: str) -> tuple[list[Release], list[Counts]]:
    """A release for each year, each made with the earlier ones known."""
    releases: list[Release] = []
    truths: list[Counts] = []
    for year in YEARS:
        plan = a_plan(f"of-{year}", year)
        truths.append(count(text, plan))
        releases.append(protect(plan, truths[-1], releases).release)
    return releases, truths


def test_three_years_then_their_sum_then_a_correction():
    text = people(5)
    releases, truths = map(list, years(text))
    everything = a_plan("all")
    truths.append(count(text, everything))
    releases.append(protect(everything, truths[-1], releases).release)
    nothing_is_narrower_than_required(releases, truths)

    lines = text.splitlines()
    gone = next(number for number, line in enumerate(lines) if ",2026," in line)
    corrected = replace(a_plan("of-2026-b", "2026"), corrects="of-2026", changes=2)
    truths.append(count("\n".join(lines[:gone] + lines[gone + 1 :]), corrected))
    releases.append(protect(corrected, truths[-1], releases).release)
    nothing_is_narrower_than_required(releases, truths)


def test_what_earlier_releases_show_limits_a_new_one():
    """The cheapest pattern of the sum over the years is safe alone and unsafe beside the years; ours costs more."""
    text = people(5)
    releases, _ = years(text)
    plan = a_plan("all")
    counts = count(text, plan)
    careless = protect(plan, counts)
    careful = protect(plan, counts, releases)

    assert attack([careless.release]).passed
    assert not attack([*releases, careless.release]).passed
    assert attack([*releases, careful.release]).passed
    assert careful.cost > careless.cost


def test_the_same_year_again_says_nothing_else():
    """More tables of the same people: what was left out stays unknown, and what was said is said again."""
    text = people(7)
    few = replace(a_plan("first"), tables=a_plan("first").tables[:1])
    first = protect(few, count(text, few)).release
    plan = a_plan("second")
    counts = count(text, plan)
    second = protect(plan, counts, [first]).release

    nothing_is_narrower_than_required([first, second], [count(text, few), counts])
    for at, shown in first.shown.items():
        assert second.shown[at].value in {shown.value, counts.of[at], None}
        assert shown.value is None or shown.value == counts.of[at]


def test_what_one_organisation_knows_is_not_enough():
    """Each takes its own people out of the tables, and still does not know the others well enough."""
    plan = replace(a_plan("r"), contributor="organisation")
    counts = count(people(3, 200), plan)
    case = Case(plan, counts, ())
    release = protect(plan, counts).release
    lower, upper = case.lower.copy(), case.upper.copy()
    for at, shown in release.shown.items():
        if shown.value is not None:
            lower[case.land.column(plan, at)] = upper[case.land.column(plan, at)] = shown.value
    asked = 0
    for mine in counts.contributed.values():
        least = lower.copy()
        for at, number in mine.items():
            least[case.land.column(plan, at)] = max(least[case.land.column(plan, at)], number)
        knows = Feasible(case.land.rows, least, upper)
        for at, number in counts.of.items():
            if 0 < number - mine[at] < plan.rules.threshold and mine[at] > 0:
                interval = knows.interval(case.land.column(plan, at))
                assert interval.high - max(interval.low, mine[at]) >= plan.rules.insider_width
                asked += 1
    assert asked > 10


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_when_the_rounds_are_not_enough_the_result_is_safe_and_its_bound_true(rounds):
    plan = a_plan("r")
    case = Case(plan, count(people(11), plan), ())
    best = suppressed(case)
    good = suppressed(Case(plan, case.counts, ()), rounds)

    assert best.gap == 0
    assert good.bound <= best.cost <= good.cost
    assert attack([good.release]).passed
    assert good.cost <= 1.1 * best.cost


def test_three_ways_with_a_hierarchy_is_proved_best_and_always_the_same():
    axes = {
        "a": Dimension("a", "a", ("a0", "a1", "a2"), known=True),
        "b": Dimension("b", "b", ("b0", "b1", "b2", "b3"), {"b0": "g", "b1": "g"}, known=True),
        "c": Dimension("c", "c", ("c0", "c1", "c2")),
    }
    table = Table("abc", "t", "all", ("a", "b", "c"))
    plan = Plan("t", "t", "victim", 1, axes, (table,), Rules(method="suppression"))
    chance = random.Random(4)
    rows = [
        ",".join(chance.choices(axis.categories, range(len(axis.categories), 0, -1))[0] for axis in axes.values())
        for _ in range(200)
    ]
    counts = count("\n".join(["a,b,c", *rows]) + "\n", plan)
    made = protect(plan, counts)

    assert made.gap == 0
    nothing_is_narrower_than_required([made.release], [counts])
    assert protect(plan, counts) == made


# Its parts


@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), data=st.data())
def test_the_relaxed_attack_is_never_narrower_than_the_one_in_whole_numbers(seed, data):
    """And what it follows from the truth, once found, never claims more than a solver finds anew."""
    plan = a_plan("r")
    case = Case(plan, count(people(seed, 60), plan), ())
    columns = list(case.truth)
    relaxed = Relaxed(case.land.rows, case.known())
    for _ in range(3):
        hidden = data.draw(st.sets(st.sampled_from(columns), min_size=8, max_size=40))
        lower, upper = case.lower.copy(), case.upper.copy()
        for column in set(columns) - hidden:
            lower[column] = upper[column] = case.truth[column]
        relaxed.publish(lower, upper)
        fresh, exact = Relaxed(case.land.rows, case.known()), Feasible(case.land.rows, lower, upper)
        fresh.publish(lower, upper)
        for column in sorted(hidden)[:12]:
            for width in (1, 4):
                assert relaxed.has_width(column, width) == fresh.has_width(column, width)
                assert relaxed.has_width(column, width) or not exact.has_width(column, width)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), data=st.data())
def test_a_move_gives_the_cell_its_value_and_keeps_every_sum(seed, data):
    plan = a_plan("r")
    case = Case(plan, count(people(seed, 60), plan), ())
    hidden = np.array(sorted(data.draw(st.sets(st.sampled_from(list(case.truth)), min_size=8, max_size=40))))
    column = int(data.draw(st.sampled_from(hidden.tolist())))
    value = data.draw(st.integers(0, 8))
    lower, upper = case.known().copy(), case.known().copy()
    lower[hidden], upper[hidden] = case.lower[hidden], case.upper[hidden]
    found = Moves(case.land.rows, hidden).reach(case.known(), column, value, lower, upper, 200)
    interval = Feasible(case.land.rows, lower, upper).interval(column)

    assert (found is not None) == (interval.low <= value <= interval.high)
    if found is not None:
        assert found[column] == value
        assert case.land.rows.holds(found)
        assert (lower <= found).all()
        assert (found <= upper).all()


def test_a_width_that_nothing_can_keep_is_refused_with_its_cell():
    plan = a_plan("r")
    counts = count(people(3), plan)
    open_ = replace(plan, id="early", rules=replace(plan.rules, threshold=0, width=0, insider_width=0, group=False))
    exact = protect(open_, counts).release
    assert all(shown.value == counts.of[at] for at, shown in exact.shown.items())
    with pytest.raises(Infeasible, match="a doubt of 4 about the cell"):
        protect(plan, counts, [exact])
