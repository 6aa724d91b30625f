"""The gate: what takes a figure away, what is only said beside it, and that it leaves good tables alone."""

import math
import pickle
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimate.test_histories import tables
from luwte.estimate import Effort, Histories, Method, Result, estimate_all, no_estimate
from luwte.estimate.gate import Limits, gated, guarded, of_ranking, of_result, of_table
from luwte.estimate.published import PUBLISHED
from luwte.estimate.robustness import backtest, specification_curve
from luwte.estimate.search import bic
from luwte.estimate.stepwise import main_effects, stepwise


def a_result(method: Method = "stepwise", lower: float | None = 900.0, upper: float | None = 1500.0) -> Result:
    return Result(
        method=method,
        estimate=1000.0,
        lower=lower,
        upper=upper,
        interval="wald",
        model=("A:B",),
        reasons=("Said by the method.",),
    )


class Model(NamedTuple):
    """One of a ranking."""

    criterion: float
    estimate: float


GOOD = Histories(("A", "B", "C"), np.array([40, 30, 12, 25, 9, 8, 4]))


def refusals(table: Histories, limits: Limits | None = None) -> list[str]:
    return [finding.says for finding in of_table(table, limits) if finding.refuses]


PUBLISHED_FIGURES = {
    "uk_2013_5": (13444.131209, 11312.990289, 22991.331310),
    "uk_2013_6": (12213.995125, 11417.991092, 12349.586950),
    "netherlands_2010_2015_5": (52923.894254, 121521.613712, 48012.726290),
    "netherlands_2010_2015_6": (52823.463933, 111139.371230, 116667.018240),
    "kosovo_1999": (7394.586662, 14341.663800, 14341.663800),
}
"""Main effects, stepwise and best BIC of pairs, as the literature and its authors' software have them."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_tables_keep_their_figures_and_their_disagreement_is_said(name: str) -> None:
    table = PUBLISHED[name].read()
    ranking = specification_curve(table).specifications
    assert of_table(table) == ()
    for method, figure in zip((main_effects, stepwise, bic), PUBLISHED_FIGURES[name], strict=True):
        alone = method(table, bootstrap=0)
        passed = gated(table, alone, ranking)
        assert passed.verdict == "ok"
        assert passed.estimate == pytest.approx(figure, rel=3e-9)
        assert any("fit equally well" in reason for reason in passed.reasons) == (name == "uk_2013_5")
        assert any("can be defended" in reason for reason in passed.reasons) == (name != "kosovo_1999")
        assert passed.reasons[len(passed.reasons) - len(alone.reasons) :] == alone.reasons


def test_nobody_anywhere_has_no_estimate() -> None:
    assert refusals(Histories(("A", "B"), np.zeros(3, int))) == ["Nobody is in any list."]


def test_one_list_has_no_estimate() -> None:
    assert "one list only" in refusals(Histories(("A",), np.array([50])))[0]


def test_an_empty_list_is_named() -> None:
    table = Histories.of("ABC", {1: 40, 2: 30, 3: 20})
    assert refusals(table) == ["Nobody is in the list C; leave it out."]


@given(tables())
def test_a_list_written_twice_is_found_whatever_it_holds(table: Histories) -> None:
    """Everybody who is in A is in its copy, too."""
    copy = 1 << len(table.lists)
    people = [(h | copy if h & 1 else h, n) for h, n in enumerate(table.counts.tolist(), start=1)]
    twice = Histories.of([*table.lists, "Copy"], people)
    assert gated(twice, a_result()).verdict == "no_estimate"
    said = "The lists A and Copy hold the same people; leave one out."
    assert (said in refusals(twice)) == (table.within(1) > 0)


def test_a_list_within_another_is_refused_unless_so_few_may_be_there_by_chance() -> None:
    """B has half of all people: 3 of 3 are in it with a chance of 1 in 8, 30 of 30 with 1 in 10^9."""
    few = Histories.of("ABC", {2: 80, 3: 3, 4: 80, 6: 10})
    many = Histories.of("ABC", {2: 80, 3: 30, 4: 80, 6: 10})
    says = "Everybody in the list A is in B, too, as if one were made from the other."
    assert [(finding.says, finding.refuses) for finding in of_table(few)] == [(says, False)]
    assert refusals(many) == [says]
    assert refusals(few, Limits(accident=0.5)) == [says]


@given(overlap=st.integers(0, 30))
def test_a_thin_overlap_has_no_estimate(overlap: int) -> None:
    table = Histories(("A", "B"), np.array([100, 100, overlap]))
    thin = [says for says in refusals(table) if "in two lists or more" in says]
    assert bool(thin) == (overlap < Limits().overlap)
    assert (gated(table, a_result()).verdict == "ok") == (overlap >= Limits().overlap)


def test_overlaps_of_three_lists_count_once() -> None:
    table = Histories(("A", "B", "C"), np.array([50, 50, 4, 50, 3, 2, 1]))
    assert refusals(table, Limits(overlap=10)) == []
    assert len(refusals(table, Limits(overlap=11))) == 1


def test_a_list_that_shares_nobody_is_said() -> None:
    table = Histories.of("ABC", {1: 40, 2: 30, 3: 20, 4: 15})
    assert [(finding.says, finding.refuses) for finding in of_table(table)] == [
        ("Nobody in the list C is in another list; it adds only its own people.", False)
    ]


def test_equals_that_disagree_take_the_figure_of_a_method_that_goes_by_bic() -> None:
    ranking = [Model(100.0, 1000.0), Model(101.9, 4000.0), Model(102.1, 9000.0)]
    for method, verdict in {"bic": "no_estimate", "bic_average": "no_estimate", "stepwise": "ok"}.items():
        result = gated(GOOD, a_result(method), ranking)
        assert result.verdict == verdict
        assert result.reasons[0] == "2 models fit equally well (BIC within 2), and they say from 1,000 to 4,000."
        assert result.reasons[1] == "3 models can be defended (BIC within 10), and they say from 1,000 to 9,000."
        assert (result.estimate is None) == (verdict == "no_estimate")


@given(apart=st.floats(1, 10), difference=st.floats(0, 5))
def test_disagreement_counts_by_how_far_apart_and_how_equal(apart: float, difference: float) -> None:
    limits = Limits(equal=2, defensible=3, said=1.5, refused=4)
    found = of_ranking([Model(50.0, 700.0), Model(50 + difference, 700 * apart)], limits)
    equal, defensible = 50 + difference <= 52, 50 + difference <= 53
    assert len(found) == (equal + defensible if 700 * apart >= 1.5 * 700 else 0)
    assert any(finding.refuses for finding in found) == (equal and 700 * apart >= 4 * 700)


def test_models_without_an_estimate_do_not_count() -> None:
    ranking = [Model(10.0, math.nan), Model(11.0, math.inf), Model(50.0, 900.0)]
    assert of_ranking(ranking) == ()
    assert of_ranking([]) == ()


@pytest.mark.parametrize(
    ("lower", "upper", "says"),
    [
        (None, None, "no interval"),
        (900.0, 9000.0, "too wide"),
        (900.0, math.inf, "too wide"),
        (900.0, math.nan, "too wide"),
    ],
)
def test_a_figure_without_a_useful_interval_is_none(lower: float | None, upper: float | None, says: str) -> None:
    result = gated(GOOD, a_result(lower=lower, upper=upper))
    assert (result.verdict, result.estimate, result.lower, result.upper) == ("no_estimate", None, None, None)
    assert says in result.reasons[0]
    assert result.model == ("A:B",)


def test_an_interval_just_below_the_limit_passes() -> None:
    assert of_result(a_result(upper=8999.9)) == ()


def test_what_a_method_refused_stays_refused_with_its_reason_last() -> None:
    table = Histories.of("ABC", {1: 40, 2: 30, 3: 20})
    result = gated(table, no_estimate("stepwise", "Said by the method."))
    assert result.verdict == "no_estimate"
    assert result.reasons == ("Nobody is in the list C; leave it out.", "Said by the method.")


def test_the_multiplier_is_not_judged_by_lists_it_does_not_use() -> None:
    thin = Histories(("A", "B"), np.array([10, 10, 0]))
    assert gated(thin, a_result("multiplier")).verdict == "ok"
    assert gated(thin, a_result("multiplier", upper=1e6)).verdict == "no_estimate"


def test_asking_twice_says_nothing_twice() -> None:
    ranking = [Model(100.0, 1000.0), Model(101.0, 2000.0)]
    once = gated(GOOD, a_result(), ranking)
    assert gated(GOOD, once, ranking) == once


def test_a_guarded_method_is_silent_where_a_checks_table_is_too_thin() -> None:
    """Few of the people of one British list are in two others; of each Kosovar list hundreds are."""
    method = pickle.loads(pickle.dumps(guarded(partial(stepwise, bootstrap=0))))
    assert {test.held for test in backtest(PUBLISHED["uk_2013_5"].read(), method)} == {None}
    assert None not in {test.held for test in backtest(PUBLISHED["kosovo_1999"].read(), method)}


def test_the_checks_of_a_report_are_guarded() -> None:
    report = estimate_all(PUBLISHED["uk_2013_5"].read(), ["main_effects"], effort=Effort(bootstrap=0))
    assert {one.result.verdict for one in report.backtests} == {"no_estimate"}
    assert {one.result.verdict for one in report.checks} == {"ok"}


def test_a_guard_keeps_the_limits_it_was_given() -> None:
    thin = Histories(("A", "B", "C"), np.array([50, 50, 4, 50, 3, 2, 0]))
    method = partial(stepwise, bootstrap=0)
    assert guarded(method)(thin).verdict == "no_estimate"
    assert guarded(method, Limits(overlap=9))(thin).verdict == "ok"
