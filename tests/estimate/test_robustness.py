"""Fewer lists, other models, populations that are known: each against a slow twin or a truth."""

import json
import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimate.test_histories import tables
from luwte.estimate import Histories, Result, no_estimate
from luwte.estimate.coverage import Truth, coverage, fitted_truth, summary
from luwte.estimate.errors import BadCheck
from luwte.estimate.loglinear import fit
from luwte.estimate.published import PUBLISHED
from luwte.estimate.robustness import backtest, drop_one, merge_pairs, specification_curve

UK = PUBLISHED["uk_2013_5"].read()


def independent(histories: Histories, level: float = 0.95) -> Result:
    """Independent lists, with a Wald interval: a method that is small enough to test with."""
    one = fit(histories, [])
    if not math.isfinite(one.hidden):
        return no_estimate("main_effects", "There is no maximum.", level=level)
    reach = {0.95: 1.959964, 0.5: 0.67449}[level] * math.sqrt(one.variance)
    return Result(
        method="main_effects",
        estimate=histories.observed + one.hidden,
        lower=histories.observed + one.hidden * math.exp(-reach),
        upper=histories.observed + one.hidden * math.exp(reach),
        level=level,
        interval="wald",
    )


def count(histories: Histories) -> Result:
    """A method that says how many it was shown."""
    people = float(histories.observed)
    return Result(method="main_effects", estimate=people, lower=people, upper=people)


@given(tables())
def test_without_a_list_its_own_people_are_gone(table: Histories) -> None:
    checks = drop_one(table, count)
    assert [check.names for check in checks] == [(name,) for name in table.lists]
    for bit, check in enumerate(checks):
        assert check.observed == check.result.estimate == table.observed - table.counts[(1 << bit) - 1]


@given(tables())
def test_merging_loses_nobody_and_asks_every_pair(table: Histories) -> None:
    checks = merge_pairs(table, count)
    lists = len(table.lists)
    assert len({check.names for check in checks}) == len(checks) == (lists * (lists - 1) // 2 if lists > 2 else 0)
    assert all(check.observed == check.result.estimate == table.observed for check in checks)


@given(tables())
def test_a_backtest_shows_the_people_of_a_list_to_the_others_only(table: Histories) -> None:
    """Counted one history at a time."""
    for test in backtest(table, count):
        bit = table.lists.index(test.register)
        inside = [(row, n) for row, n in zip(table.members, table.counts, strict=True) if row[bit]]
        assert test.people == sum(n for _, n in inside)
        assert test.hidden == sum(n for row, n in inside if row.sum() == 1)
        assert test.result.estimate == test.people - test.hidden
        assert test.held == (test.hidden == 0)


def test_a_backtest_keeps_every_history_in_its_place() -> None:
    """The others' table of list B, written out."""
    table = Histories(("A", "B", "C"), np.array([1, 2, 4, 8, 16, 32, 64]))
    seen: list[Histories] = []

    def look(histories: Histories) -> Result:
        seen.append(histories)
        return count(histories)

    backtest(table, look)
    assert [(one.lists, one.counts.tolist()) for one in seen] == [
        (("B", "C"), [4, 16, 64]),
        (("A", "C"), [4, 32, 64]),
        (("A", "B"), [16, 32, 64]),
    ]


def test_two_lists_have_no_backtest_and_no_merging() -> None:
    table = Histories(("A", "B"), np.array([5, 5, 5]))
    assert backtest(table, count) == merge_pairs(table, count) == ()


@settings(max_examples=25)
@given(tables(most=60))
def test_the_curve_is_what_fitting_one_model_after_the_other_finds(table: Histories) -> None:
    if len(table.lists) > 3:
        table = table.merged(*table.lists[2:])
    pairs = [3, 5, 6] if len(table.lists) == 3 else [3]
    found = {}
    for chosen in range(2 ** len(pairs)):
        model = [pair for at, pair in enumerate(pairs) if chosen >> at & 1]
        one = fit(table, model)
        if one.exists and table.observed:
            bic = one.parameters * math.log(table.observed) - 2 * one.log_likelihood
            found[tuple(table.name(pair) for pair in model)] = bic, table.observed + one.hidden
    best = min((bic for bic, _ in found.values()), default=0)
    kept = {model: estimate for model, (bic, estimate) in found.items() if bic <= best + 5}

    curve = specification_curve(table, margin=5)

    assert {one.model: one.estimate for one in curve.specifications} == pytest.approx(kept)
    assert sum(one.weight for one in curve.specifications) == pytest.approx(1 if kept else 0)
    assert [one.estimate for one in curve.specifications] == pytest.approx(sorted(kept.values()))
    assert all(one.lower <= one.estimate <= one.upper for one in curve.specifications)


def test_the_curve_of_the_british_table_has_its_two_best_models() -> None:
    first, second = sorted(specification_curve(UK).specifications, key=lambda one: one.criterion)[:2]
    assert (first.estimate, first.criterion) == pytest.approx((22991.331310, 196.539756), rel=3e-9)
    assert (second.estimate, second.criterion) == pytest.approx((12262.41242, 197.494965), rel=3e-9)
    assert first.weight / second.weight == pytest.approx(math.exp((197.494965 - 196.539756) / 2), rel=1e-5)


def test_a_curve_has_more_models_with_a_wider_margin() -> None:
    few, many = specification_curve(UK, margin=2), specification_curve(UK, margin=10)
    assert {one.model for one in few.specifications} < {one.model for one in many.specifications}
    assert specification_curve(Histories(("A", "B"), np.zeros(3, int))).specifications == ()


@pytest.mark.parametrize("wrong", [{"margin": -1.0}, {"margin": math.nan}, {"order": 0}])
def test_settings_that_are_none_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadCheck):
        specification_curve(UK, **wrong)


def test_a_curve_takes_three_lists_at_a_time_when_asked() -> None:
    """Of the table of Kosovo all orders have a better model than pairs do, as published."""
    kosovo = PUBLISHED["kosovo_1999"].read()
    best = min(specification_curve(kosovo, order=4).specifications, key=lambda one: one.criterion)
    assert best.estimate == pytest.approx(10356.518957, rel=3e-9)


def test_a_truth_made_of_a_model_has_its_people() -> None:
    truth = fitted_truth(UK, ["LA:NG", "NG:GP", "PFNCA:GP", "LA:PFNCA", "GO:GP", "NG:GO"])
    assert truth.people == 11313
    assert truth.chances[0] * truth.people == pytest.approx(11312.990289 - 2744, rel=1e-4)
    drawn = truth.draw(1, 0)
    assert drawn.observed == pytest.approx(2744, abs=4 * math.sqrt(2744))
    assert drawn.counts.tolist() == truth.draw(1, 0).counts.tolist() != truth.draw(1, 1).counts.tolist()


@pytest.mark.parametrize("model", [["X:Y"], ["LA"]])
def test_a_truth_of_interactions_that_are_not_there_is_refused(model: list[str]) -> None:
    with pytest.raises(BadCheck):
        fitted_truth(UK, model)


def test_a_truth_of_a_model_without_an_estimate_is_refused() -> None:
    """Two lists and their interaction leave nothing to estimate from."""
    with pytest.raises(BadCheck):
        fitted_truth(Histories(("A", "B"), np.array([5, 5, 5])), ["A:B"])


def test_intervals_of_the_true_model_hold_it_as_often_as_they_promise() -> None:
    """Independent lists, estimated as such; three Monte Carlo standard errors."""
    truth = fitted_truth(UK)
    for level in (0.95, 0.5):
        worth = coverage(truth, partial(independent, level=level), replicates=400, seed=3)
        assert worth.answered == worth.replicates == 400
        assert worth.share == pytest.approx(level, abs=3 * math.sqrt(level * (1 - level) / 400))
        assert worth.ratio == pytest.approx(1, abs=0.02)
        assert worth.error == pytest.approx(math.sqrt(level * (1 - level) / 400), rel=0.3)


def test_dependence_that_is_left_out_costs_the_coverage() -> None:
    truth = fitted_truth(UK, ["LA:NG", "NG:GP", "PFNCA:GP", "LA:PFNCA", "GO:GP", "NG:GO"])
    assert coverage(truth, independent, replicates=50).share < 0.5


def test_tables_without_an_answer_are_counted_apart() -> None:
    good = Result(method="stepwise", estimate=100.0, lower=90.0, upper=130.0)
    bad = Result(method="stepwise", estimate=150.0, lower=140.0, upper=160.0)
    worth = summary(100, [good, no_estimate("stepwise", "Too thin."), bad, good])
    assert (worth.replicates, worth.answered, worth.held) == (4, 3, 2)
    assert (worth.share, worth.ratio, worth.width) == pytest.approx((2 / 3, 1.0, 130 / 90))
    assert worth.error == pytest.approx(math.sqrt(3 / 5 * 2 / 5 / 5))
    nothing = summary(100, [no_estimate("stepwise", "Too thin.")])
    assert nothing.answered == 0
    assert nothing.to_json()["share"] is None


@pytest.mark.parametrize(
    ("people", "chances"), [(0, [0.5, 0.5]), (10, [0.5, 0.6]), (10, [1.0]), (10, [-0.5, 1.5]), (10, [math.nan, 1.0])]
)
def test_a_truth_that_is_none_is_refused(people: int, chances: list[float]) -> None:
    with pytest.raises(BadCheck):
        Truth(lists=("A",), people=people, chances=np.array(chances))


def test_two_jobs_answer_as_one_and_progress_is_told() -> None:
    truth = fitted_truth(UK)
    told: list[tuple[int, int]] = []
    one = coverage(truth, independent, replicates=6, progress=lambda done, of: told.append((done, of)))
    assert told == [(done, 6) for done in range(1, 7)]
    assert coverage(truth, independent, replicates=6, jobs=2) == one


def test_no_job_is_refused() -> None:
    with pytest.raises(BadCheck):
        drop_one(UK, independent, jobs=0)


@given(seed=st.integers(0, 5))
def test_every_answer_can_be_written_as_json(seed: int) -> None:
    table = fitted_truth(UK).draw(seed, 0)
    for answer in (*drop_one(table, independent), *merge_pairs(table, independent), *backtest(table, independent)):
        assert json.loads(json.dumps(answer.to_json()))["result"]["method"] == "main_effects"
