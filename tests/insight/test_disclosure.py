"""What is published is safe: attacked by a solver, and, where it is small enough, by trying everything."""

import hashlib
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from luwte.errors import CannotStart
from luwte.insight import command
from luwte.insight.disclosure import Case, Counts, Release, primary, protect
from luwte.insight.disclosure.attack import Finding, attack
from luwte.insight.disclosure.cells import grid
from luwte.insight.disclosure.data import count, read_data
from luwte.insight.disclosure.plan import EXAMPLE, Dimension, Place, Plan, Rules, Table, parse_plan
from luwte.insight.disclosure.refusals import BadData, BadPlan, BadRelease, Infeasible
from luwte.insight.disclosure.release import attestation, files, read_release

NAMES = ("age", "form", "region", "relation")
THREE = NAMES[:3]
YEARS = ("2024", "2025", "2026")


def a_plan(id_: str = "r", year: str = "", names: Sequence[str] = NAMES, **rules: object) -> Plan:
    """Linked two-way tables, six of four dimensions, one of them with a hierarchy."""
    dimensions = {
        "age": Dimension("age", "Age", ("a1", "a2", "a3", "a4"), known=True),
        "form": Dimension("form", "Form", ("f1", "f2", "f3")),
        "region": Dimension("region", "Region", ("r1", "r2", "r3"), {"r2": "east", "r3": "east"}, known=True),
        "relation": Dimension("relation", "Relation", ("q1", "q2", "q3")),
        "year": Dimension("year", "Year", YEARS, known=True),
    }
    where = {"year": year} if year else {}
    tables = tuple(Table(f"{a}-{b}", f"{a} by {b}", "all", (a, b), where) for a, b in combinations(names, 2))
    return Plan(id_, "Made up", "victim", 1, dimensions, tables, Rules(**{"method": "rounding", **rules}))


def people(seed: int, number: int = 250) -> str:
    """Made-up people as a CSV."""
    chance = random.Random(seed)
    rows = ["age,form,region,relation,year,organisation"]
    for _ in range(number):
        picked = (
            chance.choices(("a1", "a2", "a3", "a4"), (8, 4, 2, 1)),
            chance.choices(("f1", "f2", "f3"), (12, 3, 1)),
            chance.choices(("r1", "r2", "r3"), (8, 3, 1)),
            chance.choices(("q1", "q2", "q3"), (9, 2, 1)),
            chance.choices(YEARS),
            chance.choices(("x", "y", "z")),
        )
        rows.append(",".join(one for (one,) in picked))
    return "\n".join(rows) + "\n"


def small_truth(plan: Plan, counts: Counts) -> list[Place]:
    return [at for at, number in counts.of.items() if 0 < number < plan.rules.threshold]


def found_exactly(found: Finding, places: Sequence[Place]) -> int:
    return sum(found.intervals[("", at)].width == 0 for at in places)


# The attack is real


def test_leaving_out_small_cells_only_gives_a_third_of_them_away():
    """What most reports do, attacked."""
    plan = a_plan(method="primary")
    counts = count(people(3), plan)
    found = attack([primary(Case(plan, counts, ()))])
    small = small_truth(plan, counts)

    assert len(small) >= 10
    assert found_exactly(found, small) * 3 >= len(small)
    assert not found.passed
    assert all(leak.tables for leak in found.leaks[:5])


@pytest.mark.parametrize("method", ["rounding", "suppression"])
def test_ours_gives_nothing_away_in_linked_tables_with_a_hierarchy_and_an_insider(method):
    plan = a_plan(method=method, nodes=200)
    counts = count(people(3), plan)
    found = attack([protect(plan, counts).release])

    assert found.passed
    for at in small_truth(plan, counts):
        interval = found.intervals[("", at)]
        assert interval.low <= counts.of[at] <= interval.high
        assert interval.width >= 4


def test_three_years_and_their_sum_and_a_correction():
    """Everything that was published before is known, the sum over the years too."""
    text = people(5, 400)
    releases: list[Release] = []
    for year in YEARS:
        plan = a_plan(f"of-{year}", year, THREE)
        releases.append(protect(plan, count(text, plan), releases).release)
    plan = a_plan("all", names=THREE)
    releases.append(protect(plan, count(text, plan), releases).release)
    corrected = replace(a_plan("of-2026-b", "2026", THREE), corrects="of-2026", changes=2)
    lines = text.splitlines()
    gone = next(number for number, line in enumerate(lines) if ",2026," in line)
    without = "\n".join(lines[:gone] + lines[gone + 1 :])
    releases.append(protect(corrected, count(without, corrected), releases).release)

    assert attack(releases).passed
    assert attack(releases[:3]).passed


def test_a_change_that_nobody_declared_is_refused():
    plan = a_plan("first")
    before = protect(plan, count(people(5), plan)).release
    with pytest.raises(BadData, match="Declare what this release corrects"):
        protect(a_plan("second"), count(people(6, 400), plan), [before])


def test_an_earlier_exact_figure_cannot_be_taken_back():
    """The refusal names the cell and the release that it collides with."""
    open_plan = a_plan("early", method="primary")
    counts = count(people(3), open_plan)
    early = Release(open_plan, primary(Case(open_plan, counts, ())).shown)
    with pytest.raises(Infeasible, match="the earlier release early already shows"):
        protect(a_plan("late", method="suppression"), counts, [early])


def test_a_group_of_which_everybody_has_the_same_answer_is_refused():
    dimensions = {
        "age": Dimension("age", "Age", ("a1", "a2"), known=True),
        "form": Dimension("form", "Form", ("f1", "f2")),
    }
    plan = Plan("g", "t", "victim", 1, dimensions, (Table("t", "t", "b", ("age", "form")),), Rules(method="primary"))
    text = "age,form\n" + "a1,f1\n" * 30 + "a2,f1\n" * 9 + "a2,f2\n" * 8
    counts = count(text, plan)
    assert {leak.kind for leak in attack([primary(Case(plan, counts, ()))]).leaks} == {"group"}

    careful = replace(plan, rules=Rules(method="suppression"))
    assert attack([protect(careful, counts).release]).passed


# Small enough to try everything


def small_plan(**rules: object) -> Plan:
    dimensions = {
        "age": Dimension("age", "Age", ("a1", "a2"), known=True),
        "form": Dimension("form", "Form", ("f1", "f2")),
    }
    table = Table("t", "t", "b", ("age", "form"))
    usual = {"threshold": 3, "width": 2, "insider_width": 1, "base": 3, "group": False}
    return Plan("s", "t", "victim", 1, dimensions, (table,), Rules(**{**usual, **rules}))


CELLS = [(a, f) for a in ("a1", "a2") for f in ("f1", "f2")]
FOUR = st.lists(st.integers(0, 7), min_size=4, max_size=4)


def counted(plan: Plan, numbers: Sequence[int]) -> Counts:
    return count("age,form\n" + "".join(f"{a},{f}\n" * n for (a, f), n in zip(CELLS, numbers, strict=True)), plan)


def all_solutions(release: Release) -> list[Counter[Place]]:
    """Every truth that the release could come from, by trying."""
    plan = release.plan
    boxes = {at: shown.box(plan, 12) for at, shown in release.shown.items()}
    inner = [tuple(sorted({"age": a, "form": f}.items())) for a, f in CELLS]
    solutions = []
    for numbers in product(*(range(boxes[at][0], min(boxes[at][1], 12) + 1) for at in inner)):
        whole: Counter[Place] = Counter()
        for at, number in zip(inner, numbers, strict=True):
            for left_out in product((True, False), repeat=2):
                whole[tuple(pair for pair, keep in zip(at, left_out, strict=True) if keep)] += number
        if all(boxes[at][0] <= whole[at] <= boxes[at][1] for at in release.shown):
            solutions.append(whole)
    return solutions


def rounding_or_collision(plan: Plan, counts: Counts) -> Release:
    """What is published; where nothing can be, small cells left out, so that there is something to attack."""
    try:
        return protect(plan, counts).release
    except Infeasible as error:
        named = error.collide
    assert named == ("rounding to base 3 with a doubt of 2", "table t")
    return primary(Case(replace(plan, rules=replace(plan.rules, method="primary")), counts, ()))


@settings(max_examples=60)
@given(numbers=FOUR, method=st.sampled_from(["rounding", "primary"]))
def test_the_attack_finds_exactly_what_trying_everything_finds(numbers, method):
    plan = small_plan(method=method)
    counts = counted(plan, numbers)
    release = primary(Case(plan, counts, ())) if method == "primary" else rounding_or_collision(plan, counts)
    solutions = all_solutions(release)
    for (_, at), interval in attack([release]).intervals.items():
        assert interval.proved
        assert (interval.low, interval.high) == (min(s[at] for s in solutions), max(s[at] for s in solutions))


@settings(max_examples=80)
@given(numbers=FOUR)
def test_rounding_is_the_best_that_passes(numbers):
    """Every rounding is tried: none that adds up and passes changes less."""
    plan = small_plan()
    counts = counted(plan, numbers)
    case = Case(plan, counts, ())
    best = None
    inner = [tuple(sorted({"age": a, "form": f}.items())) for a, f in CELLS]
    every = [at for _, at in grid(plan.tables[0], plan.dimensions)]
    options = {at: {counts.of[at] // 3 * 3, -(-counts.of[at] // 3) * 3} for at in every}
    for values in product(*(sorted(options[at]) for at in inner)):
        shown = {at: sum(v for one, v in zip(inner, values, strict=True) if set(at) <= set(one)) for at in every}
        if any(shown[at] not in options[at] for at in every):
            continue
        lower, upper = case.lower.copy(), case.upper.copy()
        for at, value in shown.items():
            column = case.land.column(plan, at)
            lower[column], upper[column] = max(lower[column], value - 2), min(upper[column], value + 2)
        cost = sum(abs(shown[at] - counts.of[at]) for at in every)
        if (best is None or cost < best) and case.trial(lower, upper) == ([], []):
            best = cost
    try:
        made = protect(plan, counts)
    except Infeasible:
        assert best is None
    else:
        assert made.cost == best
        assert made.gap == 0


@settings(max_examples=25)
@given(numbers=FOUR)
def test_suppression_is_the_cheapest_that_passes(numbers):
    """Every pattern is tried, cheapest first."""
    plan = small_plan(method="suppression")
    counts = counted(plan, numbers)
    case = Case(plan, counts, ())
    every = sorted(case.truth)
    must = {column for column in case.sensitive if case.truth[column] > 0}
    price = {column: max(1, case.truth[column]) for column in every}
    free = [column for column in every if column not in must]
    patterns = sorted(
        (must | set(extra) for size in range(len(free) + 1) for extra in combinations(free, size)),
        key=lambda pattern: sum(price[column] for column in pattern),
    )
    best = None
    for pattern in patterns:
        lower, upper = case.lower.copy(), case.upper.copy()
        for column in set(every) - pattern:
            lower[column] = upper[column] = case.truth[column]
        if case.trial(lower, upper) == ([], []):
            best = sum(price[column] for column in pattern)
            break
    try:
        made = protect(plan, counts)
    except Infeasible:
        assert best is None
    else:
        assert made.cost == pytest.approx(best)


@settings(max_examples=6)
@given(seed=st.integers(0, 10**6), number=st.integers(20, 200))
def test_every_published_table_adds_up(seed, number):
    """There is always a rounding: nothing that is learned of a whole group is asked to stay unsaid here."""
    plan = a_plan(nodes=200, group=False)
    counts = count(people(seed, number), plan)
    shown = protect(plan, counts).release.shown
    for table in plan.tables:
        for name in table.dimensions:
            for nodes, at in grid(table, plan.dimensions):
                node = nodes[table.dimensions.index(name)]
                parts = plan.dimensions[name].children(node)
                rest = [pair for pair in at if pair[0] != name]
                if parts:
                    summed = sum(shown[tuple(sorted([*rest, (name, part)]))].value for part in parts)
                    assert shown[at].value == summed
    assert all(abs(shown[at].value - counts.of[at]) < 5 for at in shown)


# Input that cannot be used


PLAN = parse_plan(EXAMPLE)
COUNTS = parse_plan(EXAMPLE.replace('contributor = "organisation"', 'count = "n"'))
HEAD = "age,form,region,n\n"


@pytest.mark.parametrize(
    ("rows", "row", "column", "reason"),
    [
        ("0-11,sexual,Coast,-3\n", 2, "n", "negative"),
        ("0-11,sexual,Coast,2.5\n", 2, "n", "whole number"),
        ("0-11,sexual,Moon,2\n", 2, "region", "no such category"),
        ("0-11,sexual,Coast,2\n,,,3\n", 3, "n", "not the sum"),
        ("0-11,sexual,Coast\n", 2, "", "more or fewer"),
        ("0-11,sexual,Coast,2\n,,,2\n,,,2\n", 4, "", "twice"),
    ],
)
def test_bad_counts_are_refused_with_their_place(rows, row, column, reason):
    with pytest.raises(BadData, match=reason) as caught:
        count(HEAD + rows, COUNTS, "data.csv")
    assert (caught.value.file, caught.value.row, caught.value.column) == ("data.csv", row, column)
    assert "Moon" not in str(caught.value)


def test_a_missing_column_and_mixed_encodings_are_refused(tmp_path):
    with pytest.raises(BadData, match="column form: This column is missing"):
        count("age,region,organisation\n", PLAN)
    data = tmp_path / "data.csv"
    data.write_bytes("age,form,region,organisation\n0-11,sexual,Coast,é\n".encode() + b"0-11,sexual,Coast,\xe9\n")
    with pytest.raises(BadData, match=r"data.csv, row 3: This is not UTF-8"):
        read_data(data, PLAN)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("# width = 4", "width = 9", "leaves a doubt of at most 4"),
        ('["age", "form"]', '["age", "moon"]', "not declared"),
        ('method = "rounding"', 'methud = "rounding"', "nobody knows"),
        ('Hills = "East"', 'Hills = "East", East = "Hills"', "circle"),
        ("[release]", "[release", "not TOML"),
    ],
)
def test_an_impossible_plan_is_refused(old, new, reason):
    with pytest.raises(BadPlan, match=reason):
        parse_plan(EXAMPLE.replace(old, new, 1))


def test_a_folder_that_is_no_release_is_refused(tmp_path):
    with pytest.raises(BadRelease):
        read_release(tmp_path)
    (tmp_path / "tables.json").write_text('{"release": []}')
    with pytest.raises(BadRelease):
        read_release(tmp_path)


# Files and commands


def test_what_is_written_is_read_again(tmp_path):
    plan = a_plan()
    made = protect(plan, count(people(1), plan)).release
    for name, data in files(made).items():
        (tmp_path / name).write_bytes(data)
    assert read_release(tmp_path) == made
    attested = json.loads(attestation([made], attack([made]), {"plan": b"x"}))
    assert attested["verdict"] == "passed"
    assert attested["worst"][0]["width"] >= 4


ALL_THREE = """
from luwte.insight.command import attack, protect

for command, words in (
    (protect, "data.csv --plan plan.toml --out out"),
    (protect, "data.csv --plan again.toml --out again --against out"),
    (attack, "out again"),
):
    command([*words.split(), "--json"], standalone_mode=False)
"""


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def a_csv() -> str:
    chance = random.Random(2)
    rows = ["age,form,region,organisation"]
    for _ in range(150):
        age = chance.choice(PLAN.dimensions["age"].categories)
        (form,) = chance.choices(("sexual", "criminal", "labour"), (9, 3, 1))
        rows.append(f"{age},{form},{chance.choice(('Coast', 'Hills', 'Lakes'))},{chance.choice('xyz')}")
    return "\n".join(rows) + "\n"


ATTESTED = {
    "verdict", "releases", "inputs", "rules", "software", "attacked", "people", "unproved", "worst", "leaks",
}  # fmt: skip
"""The keys of `attack --json`; people build on them."""


def test_the_same_bytes_in_another_place_zone_locale_and_hash_seed(tmp_path):
    """Every file, a suppression beside a rounding, and the attack's answer."""
    made = []
    for name, environment in (
        ("here", {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"}),
        ("else where/é", {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "77", "COLUMNS": "40"}),
    ):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "data.csv").write_text(a_csv())
        text = EXAMPLE.replace("# percentages", "percentages")
        (folder / "plan.toml").write_text(text)
        (folder / "again.toml").write_text(text.replace('"2026"', '"again"').replace('"rounding"', '"suppression"'))
        ran = run("-c", ALL_THREE, cwd=folder, **environment)
        assert ran.returncode == 0, ran.stderr
        said = ran.stdout.splitlines()
        written = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
        made.append((said, written, {path.name: path.read_bytes() for path in (folder / "again").iterdir()}))
    assert made[0] == made[1]
    said, written, again = made[0]
    assert set(written) == {
        "tables.json", "index.html", "disclosure-attestation.json", "age-form.csv", "age-form.csv-metadata.json",
        "region-form.csv", "region-form.csv-metadata.json",
    }  # fmt: skip

    inside, attested = json.loads(said[1]), json.loads(again["disclosure-attestation.json"])
    assert set(json.loads(said[2])) == ATTESTED
    assert set(attested) == ATTESTED | {"method", "gap"}
    assert set(inside) == ATTESTED | {"method", "gap", "cost", "bound"}
    data = hashlib.sha256(a_csv().encode()).hexdigest()
    assert inside["inputs"]["data"] == data
    assert set(attested["inputs"]) == {"plan", "against/2026"}
    assert not any(data.encode() in one for one in (*written.values(), *again.values()))


def test_an_attack_that_gets_through_exits_with_1_and_names_the_cell(tmp_path):
    """And protect writes nothing but the verdict then."""
    (tmp_path / "data.csv").write_text(a_csv())
    (tmp_path / "plan.toml").write_text(EXAMPLE.replace('method = "rounding"', 'method = "primary"'))
    data, out = str(tmp_path / "data.csv"), str(tmp_path / "out")
    ran = CliRunner().invoke(command.protect, [data, "--plan", str(tmp_path / "plan.toml"), "--out", out])
    assert ran.exit_code == 1
    assert "Tables: 2026/" in ran.output
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["disclosure-attestation.json"]

    plan = parse_plan((tmp_path / "plan.toml").read_text())
    unsafe = tmp_path / "unsafe"
    unsafe.mkdir()
    for name, data in files(primary(Case(plan, count(a_csv(), plan), ()))).items():
        (unsafe / name).write_bytes(data)
    ran = CliRunner().invoke(command.attack, [str(unsafe), "--json"])
    assert ran.exit_code == 1
    assert json.loads(ran.output)["leaks"]


def test_a_refusal_is_one_line(tmp_path):
    ran = run("-m", "luwte", "attack", "nothing", cwd=tmp_path)
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert issubclass(BadData, CannotStart)


def test_the_server_does_not_load_the_solver():
    """It starts as fast as before."""
    code = "import sys, luwte.cli; print('numpy' in sys.modules, 'highspy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False False"
