"""Who could learn something from tables, one way after another; each has a table that gives it away."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import pytest
from click.testing import CliRunner

from luwte.insight import command
from luwte.insight.disclosure import Case, Release, primary, protect
from luwte.insight.disclosure.attack import Finding, attack
from luwte.insight.disclosure.cells import grid
from luwte.insight.disclosure.data import Counts, count
from luwte.insight.disclosure.feasible import Feasible
from luwte.insight.disclosure.joint import records
from luwte.insight.disclosure.page import NOT_TRIED
from luwte.insight.disclosure.plan import EXAMPLE, Dimension, Place, Plan, Rules, Table
from luwte.insight.disclosure.published import Shown
from luwte.insight.disclosure.refusals import BadData, Infeasible
from luwte.insight.disclosure.release import told

AGE = Dimension("age", "Age", ("a1", "a2"), known=True)
FORM = Dimension("form", "Form", ("f1", "f2"))
REGION = Dimension("region", "Region", ("r1", "r2"), known=True)
MEANS = Dimension("means", "Means", ("m1", "m2", "m3"), multiple=True)


def a_plan(dimensions: Iterable[Dimension], *tables: str, **rules: object) -> Plan:
    """Tables named by their dimensions, as "age form"."""
    axes = {one.id: one for one in dimensions}
    named = tuple(Table(one.replace(" ", "-"), one, "all", tuple(one.split())) for one in tables)
    return Plan("r", "Made up", "victim", 1, axes, named, Rules(**{"method": "suppression", **rules}))


def people(names: str, **numbers: int) -> str:
    """A CSV: `a1_f2=3` is three people."""
    rows = [",".join(names.split())]
    for one, number in numbers.items():
        rows += [one.replace("_", ",").replace("+", ";")] * number
    return "\n".join(rows) + "\n"


def at(**named: str) -> Place:
    return tuple(sorted(named.items()))


def left_out(plan: Plan, counts: Counts) -> Release:
    """What most reports do."""
    return primary(Case(plan, counts, ()))


def with_marks(plan: Plan, counts: Counts, **marks: Place) -> Release:
    """Everything as it is, but for some cells that are left out."""
    gone = set(marks.values())
    return Release(plan, {k: Shown(None, "c") if k in gone else Shown(n, "value") for k, n in counts.of.items()})


def kinds(found: Finding) -> set[str]:
    return {leak.kind for leak in found.leaks}


# People behind the tables


def test_tables_that_agree_cell_by_cell_tell_more_than_their_sums():
    """All of a1 are f1, all of f1 are r1: so all of a1 are r1, though no sum of the third table says so."""
    plan = a_plan([AGE, FORM, REGION], "age form", "form region", "age region", group=False)
    counts = count(people("age,form,region", a1_f1_r1=2, a2_f2_r2=2), plan)
    inner = {f"x{a}{r}": at(age=a, region=r) for a in ("a1", "a2") for r in ("r1", "r2")}
    found = attack([with_marks(plan, counts, **inner)])

    assert found.whole
    assert (found.intervals["", at(age="a1", region="r1")].low, found.intervals["", inner["xa1r1"]].high) == (2, 2)


def test_too_many_possible_people_are_not_silently_left_out_of_the_attack(monkeypatch):
    """The finding says so, and so does the attestation."""
    monkeypatch.setattr("luwte.insight.disclosure.cells.records", lambda *_: None)
    plan = a_plan([AGE, FORM, REGION], "age form", "form region", "age region", group=False)
    counts = count(people("age,form,region", a1_f1_r1=2, a2_f2_r2=2), plan)
    assert not attack([with_marks(plan, counts)]).whole


# What is left over


YEAR = Dimension("year", "Year", ("y1", "y2", "y3"), known=True)


def of_a_year(plan: Plan, *years: str) -> tuple[Table, ...]:
    return tuple(replace(plan.tables[0], id=f"of-{year}", where={"year": year}) for year in years)


def test_what_a_total_leaves_over_is_a_cell_though_nobody_printed_it():
    """Both years, and the second of them: whoever subtracts has the first."""
    plan = a_plan([AGE, FORM, replace(YEAR, categories=("y1", "y2"))], "age form", group=False)
    plan = replace(plan, tables=plan.tables + of_a_year(plan, "y2"))
    numbers = {"a1_f1_y1": 2, "a1_f2_y1": 9, "a2_f1_y1": 11, "a2_f2_y1": 13}
    counts = count(people("age,form,year", **numbers, a1_f1_y2=30, a1_f2_y2=40, a2_f1_y2=25, a2_f2_y2=20), plan)
    gone = at(age="a1", form="f1", year="y1")
    found = attack([with_marks(plan, counts)])
    (leak,) = found.leaks
    assert (leak.at, leak.interval.low, leak.interval.high) == (gone, 2, 2)
    assert leak.tables == (("r", "age-form"), ("r", "of-y2"))
    for method in ("suppression", "rounding"):
        safe = attack([protect(replace(plan, rules=Rules(method, group=False)), counts).release])
        assert safe.passed
        assert safe.intervals["", gone].width >= 4


def test_what_two_releases_together_leave_over_is_protected_as_well():
    """All years come first; the second and third, one after the other, leave the first."""
    every = a_plan([AGE, FORM, YEAR], "age form", group=False)
    text = people("age,form,year", a1_f1_y1=3, a1_f2_y1=9, a1_f1_y2=30, a1_f2_y2=40, a1_f2_y3=20, a2_f1_y3=20)
    releases = [protect(every, count(text, every)).release]
    for year in ("y2", "y3"):
        plan = replace(every, id=year, tables=of_a_year(every, year))
        releases.append(protect(plan, count(text, plan), releases).release)
    found = attack(releases)
    assert found.passed
    assert found.intervals["", at(age="a1", form="f1", year="y1")].width >= 4


def test_what_is_left_for_two_categories_together_is_known_together():
    """Of each of them only that it is no more than both."""
    plan = a_plan([AGE, YEAR], "age", group=False)
    plan = replace(plan, tables=plan.tables + of_a_year(plan, "y3"))
    counts = count(people("age,year", a1_y1=1, a1_y2=1, a1_y3=30, a2_y1=9, a2_y3=30), plan)
    found = attack([with_marks(plan, counts)])
    told = {leak.at: (leak.interval.low, leak.interval.high) for leak in found.leaks}
    assert told == {at(age="a1", year="y1"): (0, 2), at(age="a1", year="y2"): (0, 2)}


def test_a_year_to_come_is_known_to_be_empty_and_needs_nothing():
    plan = a_plan([AGE, FORM, YEAR], "age form")
    plan = replace(plan, tables=plan.tables + of_a_year(plan, "y1", "y2"))
    numbers = {"a1_f1_y1": 9, "a1_f2_y1": 9, "a2_f1_y2": 8, "a2_f2_y2": 7, "a1_f1_y2": 9, "a1_f2_y2": 9}
    counts = count(people("age,form,year", **numbers, a2_f1_y1=9, a2_f2_y1=9), plan)
    assert all(shown.value is not None for shown in protect(plan, counts).release.shown.values())


def test_a_later_release_takes_no_doubt_away_from_a_small_cell_of_an_earlier_one():
    """Three of the first year lie within 0-9 before, and would lie within 3-6 after: that they are few is not sure."""
    every = a_plan([AGE, FORM, YEAR], "age form", group=False)
    first = replace(every, id="first", tables=of_a_year(every, "y1"))
    text = people("age,form,year", a1_f1_y1=3, a1_f2_y1=6, a2_f1_y1=9, a2_f2_y1=9, a1_f1_y2=3, a2_f1_y2=9, a2_f2_y2=9)
    inner = {f"{a}{f}": at(age=a, form=f, year="y1") for a in ("a1", "a2") for f in ("f1", "f2")}
    before = with_marks(first, count(text, first), **inner)
    counts = count(text, every)
    case = Case(every, counts, [before])
    lower, upper = case.lower.copy(), case.upper.copy()
    for column, number in case.truth.items():
        lower[column] = upper[column] = number
    short, _ = case.trial(lower, upper)
    assert (("", inner["a1f1"]), 4) in {(case.land.keys[one.column], one.required) for one in short}
    found = attack([before, protect(every, counts, [before]).release])
    assert found.passed
    assert found.intervals["", inner["a1f1"]].width >= 4


def test_a_person_reads_that_the_people_behind_the_tables_were_not_tried(monkeypatch, tmp_path):
    """In the command's words and on the page; and not where they were."""
    said = {}
    for name, most in (("tried", 500), ("not", 1)):
        monkeypatch.setattr("luwte.insight.disclosure.cells.records", partial(records, most=most))
        text = EXAMPLE + '[[table]]\nid = "age-region"\ntitle = "t"\nbase = "b"\ndimensions = ["age", "region"]\n'
        (tmp_path / "plan.toml").write_text(text)
        rows = ["12-14,sexual,Coast,x"] * 30 + ["15-17,criminal,Hills,y"] * 21 + ["12-14,labour,Lakes,y"] * 22
        (tmp_path / "data.csv").write_text("\n".join(["age,form,region,organisation", *rows]) + "\n")
        arguments = [str(tmp_path / "data.csv"), "--plan", str(tmp_path / "plan.toml"), "--out", str(tmp_path / name)]
        ran = CliRunner().invoke(command.protect, arguments)
        assert ran.exit_code == 0, ran.output
        again = CliRunner().invoke(command.attack, [str(tmp_path / name)])
        assert again.output == ran.output
        said[name] = (ran.output, (tmp_path / name / "index.html").read_text())
    assert all(NOT_TRIED in one for one in said["not"])
    assert not any("Not tried" in one for one in said["tried"])


# A proof that takes too long


def test_doubt_that_nothing_shows_is_no_doubt(monkeypatch):
    """The bounds alone would leave all of it open; no solution does, so it does not pass."""
    plan = a_plan([AGE, FORM], "age form", group=False)
    counts = count(people("age,form", a1_f1=3, a1_f2=30, a2_f1=30, a2_f2=30), plan)
    gone = with_marks(plan, counts, x=at(age="a1", form="f1"))
    assert kinds(attack([gone])) == {"attacker"}
    monkeypatch.setattr(Feasible, "_end", lambda self, column, sign: (self._box(column, sign), False))
    found = attack([gone])
    assert {leak.kind for leak in found.leaks} == {"unproved"}
    assert "could not be proved" in told(found.leaks[0])


# Several answers


def test_with_several_answers_a_part_is_never_more_than_its_whole():
    plan = a_plan([AGE, MEANS], "age means", group=False)
    counts = count("age,means\n" + "a1,m1;m2\n" * 3 + "a1,m1\n" * 9 + "a2,m2;m3\n" * 20, plan)
    assert (counts.of[at(age="a1")], counts.of[at(age="a1", means="m1")]) == (12, 12)
    found = attack([with_marks(plan, counts, x=at(age="a1", means="m2"))])
    interval = found.intervals["", at(age="a1", means="m2")]
    assert (interval.low, interval.high) == (3, 3)

    safe = protect(plan, counts).release
    assert attack([safe]).passed


def test_a_group_of_which_all_gave_an_answer_among_several_is_found_and_protected():
    """Nothing else about them is zero, so no ordinary line shows it."""
    plan = a_plan([AGE, MEANS], "age means")
    counts = count("age,means\n" + "a1,m1;m2\n" * 9 + "a1,m1;m3\n" * 9 + "a2,m2;m3\n" * 20 + "a2,m1\n" * 9, plan)
    found = attack([with_marks(plan, counts)])
    assert ("group", at(age="a1", means="m1")) in {(leak.kind, leak.at) for leak in found.leaks}
    for method in ("rounding", "suppression"):
        safe = protect(replace(plan, rules=Rules(method=method)), counts).release
        assert attack([safe]).passed


# What cannot exist


def test_an_impossible_cell_is_marked_needs_no_doubt_and_is_no_group():
    plan = replace(
        a_plan([AGE, FORM], "age form"), impossible=(at(age="a1", form="f2"),), rules=Rules(method="rounding")
    )
    counts = count(people("age,form", a1_f1=30, a2_f1=13, a2_f2=12), plan)
    made = protect(plan, counts).release
    assert made.shown[at(age="a1", form="f2")] == Shown(None, "z")
    assert attack([made]).passed
    with pytest.raises(BadData, match="impossible"):
        count(people("age,form", a1_f2=1), plan)


# Audiences and rules


def test_low_is_said_only_of_what_is_small_by_the_rules_of_the_release_that_says_it():
    """Beside open data a report leaves seven out as well, and must not call it one to four."""
    open_ = a_plan([AGE, FORM], "form", group=False, method="rounding", threshold=10, width=9, insider_width=8, base=10)
    open_, plan = replace(open_, id="open"), a_plan([AGE, FORM], "age form", "form", group=False, method="primary")
    text = people("age,form", a1_f1=7, a1_f2=20, a2_f2=21)
    before = protect(open_, count(text, open_)).release
    counts = count(text, plan)
    made = primary(Case(plan, counts, [before]))
    assert made.shown[at(form="f1")].status == "c"
    assert made.shown[at(age="a1", form="f1")] == Shown(7, "value")
    assert attack([before, made]).intervals["", at(form="f1")].low == 7


@pytest.mark.parametrize("method", ["rounding", "suppression"])
def test_open_data_keeps_a_doubt_of_nine_about_one_to_nine(method):
    rules = {"threshold": 10, "width": 9, "insider_width": 8, "base": 10}
    plan = a_plan([AGE, FORM, REGION], "age form", "form region", method=method, group=False, **rules)
    counts = count(people("age,form,region", a1_f1_r1=40, a1_f2_r1=7, a2_f1_r2=33, a2_f2_r1=8, a2_f2_r2=21), plan)
    found = attack([protect(plan, counts).release])
    assert found.passed
    for place, number in counts.of.items():
        if 0 < number < 10:
            assert found.intervals["", place].width >= 9


def test_protected_zeros_keep_the_doubt_and_public_ones_need_none():
    numbers = {"a1_f1": 30, "a2_f1": 12, "a2_f2": 20}
    for zeros, passed in (("public", True), ("protected", False)):
        plan = a_plan([AGE, FORM], "age form", zeros=zeros, group=False)
        counts = count(people("age,form", **numbers), plan)
        exact = with_marks(plan, counts)
        assert attack([exact]).passed is passed
        found = attack([protect(plan, counts).release])
        assert found.passed
        if zeros == "protected":
            assert found.intervals["", at(age="a1", form="f2")].width >= 4


def test_a_cell_of_which_one_organisation_holds_nearly_all_is_protected_though_it_is_large():
    plan = replace(a_plan([AGE, FORM], "age form", group=False), contributor="who")
    numbers = {"a1_f1_x": 50, "a1_f1_y": 5, "a1_f2_x": 20, "a1_f2_y": 20, "a2_f1_x": 20, "a2_f1_y": 30}
    counts = count(people("age,form,who", **numbers, a2_f2_y=20, a2_f2_x=30), plan)
    shown = protect(plan, counts).release
    assert shown.shown[at(age="a1", form="f1")].status == "c"
    assert attack([shown]).passed
    even = replace(plan, rules=replace(plan.rules, dominance=0.95))
    assert protect(even, counts).release.shown[at(age="a1", form="f1")].status == "value"


def test_a_contributor_who_takes_their_own_away_is_left_with_doubt_about_the_others():
    """11 people of whom x registered 9: before x that is a cell of two."""
    plan = replace(a_plan([AGE, FORM], "age form", group=False, dominance=1.0), contributor="who")
    numbers = {"a1_f1_x": 9, "a1_f1_y": 2, "a1_f2_y": 20, "a2_f1_y": 20, "a2_f2_y": 20}
    counts = count(people("age,form,who", **numbers), plan)
    shown = protect(plan, counts).release.shown
    assert shown[at(age="a1", form="f1")].status == "c"
    alone = count(people("age,form", a1_f1=11, a1_f2=20, a2_f1=20, a2_f2=20), replace(plan, contributor=""))
    assert protect(replace(plan, contributor=""), alone).release.shown[at(age="a1", form="f1")].status == "value"


def test_whoever_can_have_three_rows_needs_three_times_the_doubt():
    once = a_plan([AGE, FORM], "age form", group=False)
    counts = count(people("age,form", a1_f1=7, a1_f2=40, a2_f1=40, a2_f2=40), once)
    assert protect(once, counts).release.shown[at(age="a1", form="f1")].status == "value"
    thrice = replace(once, max_contribution=3)
    made = protect(thrice, counts).release
    found = attack([made])
    assert found.passed
    assert found.intervals["", at(age="a1", form="f1")].width >= 12
    assert not attack([Release(thrice, with_marks(once, counts).shown)]).passed


# Groups


def test_a_group_that_only_two_tables_together_show():
    """The zero is left out of its own table; another table gives it back."""
    fine = Dimension("age", "Age", ("a1", "a2", "a3"), {"a1": "young", "a2": "young"}, known=True)
    plan = a_plan([fine, FORM], "age form")
    numbers = {"a1_f1": 12, "a2_f1": 20, "a3_f1": 30, "a3_f2": 40}
    counts = count(people("age,form", **numbers), plan)
    hidden = with_marks(plan, counts, x=at(age="a1", form="f2"), y=at(age="a2", form="f2"))
    assert counts.of[at(age="young", form="f2")] == 0
    found = attack([hidden])
    assert at(age="a1", form="f1") in {leak.at for leak in found.leaks if leak.kind == "group"}
    assert all(leak.tables for leak in found.leaks)


def test_a_group_is_found_when_only_its_parts_are_published():
    """Two tables, one for each form: the whole of a1 is in neither."""
    plan = a_plan([AGE, FORM])
    parts = tuple(Table(f"t-{form}", form, "all", ("age",), {"form": form}) for form in ("f1", "f2"))
    plan = replace(plan, tables=parts)
    counts = count(people("age,form", a1_f1=12, a2_f1=20, a2_f2=30), plan)
    found = attack([with_marks(plan, counts)])
    told = {leak.at: leak.tables for leak in found.leaks if leak.kind == "group"}
    assert told[at(age="a1", form="f1")] == (("r", "t-f1"), ("r", "t-f2"))
    known = replace(plan, dimensions={**plan.dimensions, "form": replace(FORM, known=True)})
    assert attack([Release(known, with_marks(plan, counts).shown)]).passed


# An insider from outside


def two_tables() -> tuple[Plan, Counts]:
    plan = a_plan([AGE, FORM, REGION], "age form", "age region", group=False)
    numbers = {"a1_f1_r1": 3, "a1_f2_r1": 1, "a1_f2_r2": 20, "a2_f1_r2": 30, "a2_f2_r1": 25}
    return plan, count(people("age,form,region", **numbers), plan)


def test_an_insider_from_outside_brings_all_answers_of_one_record():
    """{0..4} is doubt enough for a stranger; whoever knows one of them fills a cell next to it as well."""
    plan = a_plan([AGE, FORM], "age form", "form", group=False)
    shown = {
        at(): Shown(60, "value"),
        at(age="a1"): Shown(None, "c"),
        at(age="a2"): Shown(None, "c"),
        at(form="f1"): Shown(4, "value"),
        at(form="f2"): Shown(56, "value"),
        at(age="a1", form="f1"): Shown(None, "c"),
        at(age="a2", form="f1"): Shown(None, "c"),
        at(age="a1", form="f2"): Shown(None, "c"),
        at(age="a2", form="f2"): Shown(None, "c"),
    }
    found = attack([Release(plan, shown)])
    assert found.intervals["", at(age="a1", form="f1")].width == 4
    wanting = replace(plan, rules=replace(plan.rules, insider_width=4))
    assert kinds(attack([Release(wanting, shown)])) >= {"insider"}


def test_what_is_published_passes_from_outside_as_well():
    """Inside, the insiders are the people who are there; from outside, those that could be."""
    plan, counts = two_tables()
    assert attack([protect(plan, counts).release]).passed


def test_a_release_beside_an_earlier_one_counts_what_an_insider_knows_of_both():
    """The unit's cells in the earlier tables are the insider's too."""
    first = a_plan([AGE, FORM, REGION], "age form", group=False)
    second = replace(a_plan([AGE, FORM, REGION], "age region", "form", group=False), id="second")
    text = people("age,form,region", a1_f1_r1=3, a1_f2_r2=20, a2_f1_r2=22, a2_f2_r1=25)
    before = protect(first, count(text, first)).release
    case = Case(second, count(text, second), [before])
    columns = {
        case.land.keys[one][1] for insider in case.insiders for one in insider.least if one < len(case.land.keys)
    }
    assert at(age="a1", form="f1") in columns
    assert attack([before, protect(second, count(text, second), [before]).release]).passed


# Refusals


def test_what_collides_is_a_smallest_set():
    """Of three tables and two earlier releases one of each is named: left out, either of them, there is a way."""
    plan = a_plan([AGE, FORM, REGION], "age form", "age region", "form region", group=False)
    text = people("age,form,region", a1_f1_r1=3, a1_f2_r1=20, a1_f2_r2=20, a2_f1_r2=30, a2_f2_r1=25)
    counts = count(text, plan)
    loose = {"threshold": 0, "width": 0, "insider_width": 0}
    told = replace(a_plan([AGE, FORM, REGION], "age form", method="primary", **loose), id="told")
    early = Release(told, {k: Shown(counts.of[k], "value") for k in left_out(told, count(text, told)).shown})
    fine = replace(a_plan([AGE, FORM, REGION], "region", method="rounding"), id="fine")
    harmless = protect(fine, count(text, fine)).release
    with pytest.raises(Infeasible) as caught:
        protect(plan, counts, [harmless, early])
    kept, *named = caught.value.collide[1:]
    assert named == ["what the earlier release told already shows"]
    tables = {f"table {table.id}": table for table in plan.tables}
    alone = replace(plan, tables=(tables[kept],))
    of = Counter({k: n for k, n in counts.of.items() if k in {one for _, one in grid(tables[kept], plan.dimensions)}})
    with pytest.raises(Infeasible):
        protect(alone, replace(counts, of=of), [early])
    assert attack([harmless, protect(alone, replace(counts, of=of), [harmless]).release]).passed


@pytest.mark.parametrize("method", ["rounding", "suppression"])
def test_an_earlier_release_that_leaks_by_itself_is_named_and_no_table_is_blamed(method):
    plan = a_plan([AGE, FORM, REGION], "age region", group=False, method=method)
    text = people("age,form,region", a1_f1_r1=3, a1_f2_r1=20, a1_f2_r2=20, a2_f1_r2=30, a2_f2_r1=25)
    leaky = replace(a_plan([AGE, FORM, REGION], "age form", group=False), id="leaky")
    fine = replace(a_plan([AGE, FORM, REGION], "region", method="rounding"), id="fine")
    earlier = [
        protect(fine, count(text, fine)).release,
        with_marks(leaky, count(text, leaky), x=at(age="a1", form="f1")),
    ]
    with pytest.raises(
        Infeasible, match="leaky already gives something away, by itself or with those before"
    ) as caught:
        protect(plan, count(text, plan), earlier)
    assert caught.value.collide[1:] == ("what the earlier release leaky already shows",)
    assert "luwte attack" in str(caught.value)
