"""The attack against its slow twin: all people that could be, tried one after another, with nothing of ours in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, combinations_with_replacement, product
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from luwte.insight.disclosure import protect
from luwte.insight.disclosure.attack import attack
from luwte.insight.disclosure.data import count
from luwte.insight.disclosure.plan import Dimension, Plan, Rules, Table
from luwte.insight.disclosure.published import Release, Shown
from luwte.insight.disclosure.refusals import Infeasible

AXES = {
    "a": Dimension("a", "A", ("a1", "a2"), known=True),
    "b": Dimension("b", "B", ("b1", "b2"), known=True),
    "c": Dimension("c", "C", ("c1", "c2", "c3"), {"c2": "east", "c3": "east"}, known=True),
    "m": Dimension("m", "M", ("m1", "m2"), multiple=True),
    "y": Dimension("y", "Y", ("y1", "y2"), known=True),
}

ANSWERS = {
    "a": [("a1",), ("a2",)],
    "b": [("b1",), ("b2",)],
    "c": [("c1",), ("c2", "east"), ("c3", "east")],
    "m": [("m1",), ("m2",), ("m1", "m2")],
    "y": [("y1",), ("y2",)],
}
"""What one person can be counted under, question by question."""

WAYS = {name: [None, *sorted({one for answer in answers for one in answer})] for name, answers in ANSWERS.items()}

People = tuple[dict[str, tuple[str, ...]], ...]
Where = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Printed:
    """One table: its questions, and for which part."""

    names: tuple[str, ...]
    where: Where = ()

    def cells(self) -> list[Where]:
        found = []
        for nodes in product(*(WAYS[name] for name in self.names)):
            pairs = [(n, node) for n, node in zip(self.names, nodes, strict=True) if node is not None]
            found.append(tuple(sorted([*pairs, *self.where])))
        return found


@cache
def kinds(names: tuple[str, ...]) -> People:
    return tuple(dict(zip(names, answers, strict=True)) for answers in product(*(ANSWERS[name] for name in names)))


@cache
def worlds(kinds_of_people: int, total: int) -> np.ndarray:
    """Every way to have *total* people of so many kinds."""
    found = np.zeros((0, kinds_of_people), np.int64)
    rows = [np.bincount(one, minlength=kinds_of_people) for one in every(kinds_of_people, total)]
    return np.array(rows) if rows else found


def every(kinds_of_people: int, total: int) -> list[list[int]]:
    return [list(one) for one in combinations_with_replacement(range(kinds_of_people), total)]


def counted(cells: Sequence[Where], of: People, numbers: np.ndarray) -> np.ndarray:
    """How many of *numbers* people of each kind are in each cell."""
    inside = np.array([[all(node in one[name] for name, node in cell) for one in of] for cell in cells], np.int64)
    return numbers @ inside.T


def shown_by(random: Random, number: int, rules: Rules) -> Shown:
    """The cell as some rule could publish it; a rounding need not even add up."""
    if rules.method == "rounding":
        floor = number // rules.base * rules.base
        return Shown(floor if number == floor else floor + random.choice((0, rules.base)), "rounded")
    if 0 < number < rules.threshold and random.random() < 0.5:
        return Shown(None, "low")
    return Shown(None, "c") if random.random() < 0.5 else Shown(number, "value")


def allowed(shown: Shown, rules: Rules, numbers: np.ndarray) -> np.ndarray:
    if shown.status == "rounded":
        return np.abs(numbers - (shown.value or 0)) < rules.base
    if shown.status == "low":
        return (numbers > 0) & (numbers < rules.threshold)
    return numbers == shown.value if shown.status == "value" else numbers >= 0


def published(
    random: Random, id_: str, tables: Sequence[Printed], of: People, truth: np.ndarray, rules: Rules, **more: object
) -> Release:
    cells = sorted({cell for table in tables for cell in table.cells()})
    shown = {
        cell: shown_by(random, int(number), rules) if cell else Shown(int(number), "value")
        for cell, number in zip(cells, counted(cells, of, truth), strict=True)
    }
    declared = tuple(Table(f"t{n}", "t", "b", one.names, dict(one.where)) for n, one in enumerate(tables))
    return Release(Plan(id_, "t", "victim", 1, AXES, declared, rules, **more), shown)


def fits(release: Release, of: People, numbers: np.ndarray) -> np.ndarray:
    cells = sorted(release.shown)
    found = counted(cells, of, numbers)
    boxes = [allowed(release.shown[cell], release.plan.rules, found[:, n]) for n, cell in enumerate(cells)]
    return np.all(boxes, axis=0)


RULES = [Rules(method="rounding", base=3, threshold=3, width=2), Rules(method="primary", threshold=3, width=2)]


@settings(max_examples=40)
@given(
    random=st.randoms(use_true_random=False),
    names=st.sampled_from([("a", "b", "y"), ("a", "b", "c"), ("a", "b", "m"), ("a", "m")]),
    total=st.integers(0, 5),
)
def test_no_people_that_fit_are_outside_an_interval_and_some_are_at_each_end(random, names, total):
    """Linked tables, hierarchies, several answers, parts of tables, one to three releases, rounded or left out."""
    of = kinds(names)
    all_worlds = worlds(len(of), total)
    truth = all_worlds[random.randrange(len(all_worlds))]
    choices = [Printed(pair) for pair in combinations(names, 2)]
    choices += [Printed((names[0],), ((names[-1], WAYS[names[-1]][1] or ""),))]
    releases = [
        published(
            random, f"r{n}", random.sample(choices, random.randint(1, len(choices))), of, truth, random.choice(RULES)
        )
        for n in range(random.randint(1, 3))
    ]
    whole = Printed(names[:2])
    releases.append(published(random, "whole", [whole], of, truth, RULES[1]))
    ok = np.all([fits(release, of, all_worlds) for release in releases], axis=0)
    found = attack(releases).intervals
    cells = [at for _, at in found]
    every_count = counted(cells, of, all_worlds[ok])
    for at, (low, high) in zip(cells, zip(every_count.min(axis=0), every_count.max(axis=0), strict=True), strict=True):
        interval = found["", at]
        assert interval.proved
        assert (at, interval.low, interval.high) == (at, low, high)


@settings(max_examples=40)
@given(
    random=st.randoms(use_true_random=False),
    names=st.sampled_from([("a", "b", "y"), ("a", "m"), ("c", "m")]),
    total=st.integers(4, 6),
    method=st.sampled_from(["rounding", "suppression"]),
)
def test_what_is_published_keeps_every_doubt_before_strangers_insiders_and_contributors(random, names, total, method):
    """All people that could be are tried, for everybody who knows one of them or all of their own."""
    inside = 1 if method == "rounding" else 2
    of, rules = kinds(names), Rules(method, threshold=3, width=2, insider_width=inside, base=3)
    tables = [Printed(pair) for pair in combinations(names, 2)]
    people = [(random.randrange(len(of)), random.choice("xy")) for _ in range(total)]
    release, named = made(names, tables, of, people, rules)
    assert release is not None or len(named) >= 2
    if release is None:
        release = published(random, "r", tables, of, held(people, of), RULES[0])
        rules = replace(RULES[0], insider_width=0, width=0)
    cells = sorted(release.shown)
    most = total + 3
    possible = np.concatenate([worlds(len(of), number) for number in range(most + 1)])
    possible = possible[fits(release, of, possible)]
    found, truth = counted(cells, of, possible), counted(cells, of, held(people, of)[None, :])[0]
    assert len(found)
    for column, number in enumerate(truth):
        if 0 < number < 3:
            assert np.ptp(found[:, column]) >= rules.width
    insiders = [(held([one], of), 1) for one in people] + [
        (held([one for one in people if one[1] == who], of), 0) for who in "xy" if len({w for _, w in people}) > 1
    ]
    for mine, is_unit in insiders:
        left = found[np.all(possible >= mine, axis=1)]
        own = counted(cells, of, mine[None, :])[0]
        for column in np.flatnonzero(own):
            others = truth[column] - (0 if is_unit else own[column])
            if 0 < others < 3:
                ends = left[:, column]
                assert ends.max() - max(ends.min(), own[column]) >= rules.insider_width
    if rules.width:
        groups = [one for one in cells if "m" not in dict(one)]
        for group in groups:
            whole = found[:, cells.index(group)]
            parts = [n for n, one in enumerate(cells) if dict(one) == {**dict(group), "m": dict(one).get("m")}]
            for part in parts:
                assert part == cells.index(group) or whole.min() == 0 or np.any(found[:, part] != whole)


def held(people: Sequence[tuple[int, str]], of: People) -> np.ndarray:
    return np.bincount([one for one, _ in people], minlength=len(of))


def made(
    names: tuple[str, ...], tables: Sequence[Printed], of: People, people: Sequence[tuple[int, str]], rules: Rules
) -> tuple[Release | None, tuple[str, ...]]:
    """What `protect` publishes of a CSV with these people, or what collides."""
    declared = tuple(Table(f"t{n}", "t", "b", one.names) for n, one in enumerate(tables))
    plan = Plan("r", "t", "victim", 1, AXES, declared, rules, contributor="who")
    lines = [",".join([*names, "who"])]
    for one, who in people:
        answers = [[a for a in of[one][name] if a in AXES[name].categories] for name in names]
        lines.append(",".join([*(";".join(each) for each in answers), who]))
    try:
        return protect(plan, count("\n".join(lines) + "\n", plan)).release, ()
    except Infeasible as error:
        return None, error.collide


@settings(max_examples=35)
@given(random=st.randoms(use_true_random=False), total=st.integers(1, 4), changes=st.integers(0, 2))
def test_a_correction_tells_what_it_can_and_no_more(random, total, changes):
    """Two truths, no cell further apart than declared: every pair of them is tried."""
    names, tables = ("a", "b"), [Printed(("a", "b"))]
    of = kinds(names)
    every_world = np.concatenate([worlds(len(of), number) for number in range(total + changes + 1)])
    cells = sorted(tables[0].cells())
    counts = counted(cells, of, every_world)
    near = [(i, j) for i, j in product(range(len(counts)), repeat=2) if np.abs(counts[i] - counts[j]).max() <= changes]
    first, second = random.choice(near)
    rules = RULES[1]
    before = published(random, "before", tables, of, every_world[first], rules)
    after = published(random, "after", tables, of, every_world[second], rules, corrects="before", changes=changes)
    ok = [fits(one, of, every_world) for one in (before, after)]
    pairs = [(i, j) for i, j in near if ok[0][i] and ok[1][j]]
    for (vintage, at), interval in attack([before, after]).intervals.items():
        values = [counts[i if vintage == "" else j][cells.index(at)] for i, j in pairs]
        assert (vintage, at, interval.low, interval.high) == (vintage, at, min(values), max(values))


def hidden(random: Random, total: int, rules: Rules) -> tuple[Release, People, np.ndarray]:
    """A release with cells left out, and all people that fit it."""
    names = ("a", "b", "y")
    of, every_world = kinds(names), worlds(len(kinds(names)), total)
    truth = every_world[random.randrange(len(every_world))]
    release = published(random, "r", [Printed(pair) for pair in combinations(names, 2)], of, truth, rules)
    return release, of, every_world[fits(release, of, every_world)]


def doubts_inside(cell: Where, of: People, possible: np.ndarray) -> list[int]:
    """What is left in doubt about the others in *cell*, for each record in it that somebody could know."""
    numbers = counted([cell], of, possible)[:, 0]
    records = [n for n, one in enumerate(of) if all(node in one[name] for name, node in cell)]
    left = [numbers[possible[:, record] > 0] for record in records]
    return [int(one.max()) - max(int(one.min()), 1) for one in left if len(one)]


@settings(max_examples=30)
@given(random=st.randoms(use_true_random=False), total=st.integers(1, 6), required=st.integers(1, 3))
def test_from_outside_a_cell_is_reported_when_whoever_knows_one_of_it_learns_too_much(random, total, required):
    rules = Rules(method="primary", threshold=5, width=1, insider_width=required, group=False, zeros="protected")
    release, of, possible = hidden(random, total, rules)
    found = attack([release])
    expected = set()
    for (_, at), interval in found.intervals.items():
        if 0 < interval.high < 5 and interval.width >= 1 and max(doubts_inside(at, of, possible)) < required:
            expected.add(at)
    assert {leak.at for leak in found.leaks if leak.kind == "insider"} == expected


def test_a_record_that_could_be_but_need_not_does_not_condemn_a_release():
    """Whoever had it would learn the cell; nobody need have it, and from outside nobody can tell."""
    rules = Rules(method="primary", threshold=5, width=1, insider_width=1, group=False, zeros="protected")
    some_learn = 0
    for seed in range(15):
        release, of, possible = hidden(Random(seed), 6, rules)
        reported = {leak.at for leak in attack([release]).leaks}
        for cell in release.shown:
            doubts = doubts_inside(cell, of, possible)
            if cell not in reported and doubts and min(doubts) < 1 <= max(doubts):
                some_learn += 1
    assert some_learn > 0
