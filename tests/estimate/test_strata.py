"""Strata: merging them loses nobody, and a total is what its strata make it."""

import json
import random
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimate.test_histories import in_another_order
from estimate.test_stepwise import equally_sure
from luwte.estimate import BadHistories, Histories, Result
from luwte.estimate.decomposable import decomposable, posterior
from luwte.estimate.published import PUBLISHED
from luwte.estimate.stepwise import main_effects, main_effects_many, stepwise, stepwise_of
from luwte.estimate.strata import Stratified, by_stratum


@st.composite
def stratified(draw: st.DrawFn) -> Stratified:
    """Up to six strata of two covariates over two to four lists."""
    lists = draw(st.integers(2, 4))
    keys = draw(st.sets(st.tuples(st.sampled_from("12"), st.sampled_from("fmx")), min_size=1))
    counts = st.lists(st.integers(0, 30), min_size=2**lists - 1, max_size=2**lists - 1)
    return Stratified(
        ("year", "sex"), {key: Histories(tuple("ABCD"[:lists]), np.array(draw(counts))) for key in sorted(keys)}
    )


@settings(max_examples=40)
@given(stratified())
def test_strata_together_are_the_whole(data: Stratified) -> None:
    assert data.whole().observed == data.observed
    assert data.by().whole().counts.tolist() == data.whole().counts.tolist()
    assert set(data.by().tables) == {()}


@settings(max_examples=40)
@given(stratified())
def test_merging_step_by_step_is_merging_at_once(data: Stratified) -> None:
    once, twice = data.by("sex"), data.by("sex", "year").by("sex")
    assert set(once.tables) == set(twice.tables) == {(sex,) for _, sex in data.tables}
    for (sex,), table in once.tables.items():
        by_hand = sum(one.counts for key, one in data.tables.items() if key[1] == sex)
        assert table.counts.tolist() == twice.tables[sex,].counts.tolist() == by_hand.tolist()


AB = Histories(("A", "B"), np.array([1, 2, 3]))


@pytest.mark.parametrize(
    ("covariates", "strata"),
    [
        (("sex",), {}),
        (("sex", "sex"), {("f", "f"): AB}),
        ((" ",), {("f",): AB}),
        (("sex",), {("f", "2020"): AB}),
        (("sex",), {("f",): AB, ("m",): Histories(("B", "A"), np.array([1, 2, 3]))}),
    ],
)
def test_what_is_no_strata_is_refused(covariates: tuple[str, ...], strata: dict[tuple[str, ...], Histories]) -> None:
    with pytest.raises(BadHistories):
        Stratified(covariates, strata)


def test_a_covariate_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadHistories):
        Stratified(("sex",), {("f",): AB}).by("age")


KOSOVO = PUBLISHED["kosovo_1999"].read()
WALD = partial(main_effects, bootstrap=0)


def halves(table: Histories) -> Stratified:
    """Everybody in one of two strata, by chance."""
    first = np.random.default_rng(1).binomial(table.counts, 0.5)
    return Stratified(
        ("half",), {("one",): table.with_counts(first), ("other",): table.with_counts(table.counts - first)}
    )


def test_two_strata_together_are_the_run_of_the_whole() -> None:
    data = halves(KOSOVO)
    assert WALD(data.by().tables[()]) == WALD(data.whole()) == WALD(KOSOVO)
    assert decomposable(data.whole()) == decomposable(KOSOVO)


def test_a_total_is_the_sum_of_its_strata() -> None:
    found = by_stratum(halves(KOSOVO), WALD)
    estimates = [result.estimate for result in found.strata.values()]
    assert list(found.strata) == [("one",), ("other",)]
    assert found.total.estimate == pytest.approx(sum(one for one in estimates if one))
    assert (found.total.method, found.total.interval, found.total.level) == ("main_effects", "wald", 0.95)


def limits(result: Result) -> list[float]:
    """The limits, which must be there."""
    assert result.lower is not None
    assert result.upper is not None
    return [result.lower, result.upper]


def test_limits_of_like_strata_add_up_as_squares() -> None:
    """Two halves of a table have together the interval of the whole; their limits added are far wider."""
    whole = limits(WALD(KOSOVO))
    found = by_stratum(halves(KOSOVO), WALD)
    assert limits(found.total) == pytest.approx(whole, rel=0.003)
    low, high = np.sum([limits(result) for result in found.strata.values()], axis=0)
    assert high - low > 1.3 * (whole[1] - whole[0])


@pytest.mark.parametrize("method", [WALD, decomposable])
def test_one_stratum_is_its_own_total(method: partial[Result]) -> None:
    alone = method(KOSOVO)
    found = by_stratum(Stratified((), {(): KOSOVO}), method)
    assert found.total.estimate == alone.estimate
    assert limits(found.total) == pytest.approx(limits(alone), rel=1e-3)


def test_one_stratum_has_the_bootstrap_of_its_method() -> None:
    alone = main_effects(KOSOVO, bootstrap=200)
    found = by_stratum(
        Stratified((), {(): KOSOVO}),
        partial(main_effects, bootstrap=200),
        many=lambda _: main_effects_many,
        bootstrap=200,
    )
    assert replace(found.total, reasons=()) == replace(alone, reasons=())


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("order", range(4))
def test_equally_sure_pairs_fall_in_a_total_as_in_its_strata(at: int, order: int) -> None:
    """Whatever the order of the lists: else its limits would be about another figure than its own."""
    table = in_another_order(equally_sure(at), random.Random(order))
    alone = stepwise(table, bootstrap=100)
    found = by_stratum(Stratified((), {(): table}), partial(stepwise, bootstrap=0), many=stepwise_of, bootstrap=100)
    assert found.total.estimate == alone.estimate
    assert limits(found.total) == pytest.approx(limits(alone))


def test_the_bootstrap_of_a_total_agrees_with_that_of_the_whole() -> None:
    """Main effects of random halves differ from those of the whole by chance only."""
    data = halves(KOSOVO)
    whole = main_effects(KOSOVO, bootstrap=500)
    total = by_stratum(data, WALD, many=lambda _: main_effects_many, bootstrap=500).total
    assert total.interval == "bca"
    assert total.estimate == pytest.approx(whole.estimate, rel=0.005)
    assert limits(total) == pytest.approx(limits(whole), rel=0.01)


def test_posteriors_add_up() -> None:
    """Two such tables: twice the people, with limits closer together than twice those of one."""
    data = Stratified(("year",), {("1",): KOSOVO, ("2",): KOSOVO})
    found = by_stratum(data, decomposable, draws=lambda table, seed: posterior(table).draws(20_000, seed))
    one = limits(decomposable(KOSOVO))
    assert found.total.interval == "credible"
    assert found.total.estimate == pytest.approx(2 * 12595, rel=0.02)
    low, high = limits(found.total)
    assert high - low == pytest.approx((one[1] - one[0]) * 2**0.5, rel=0.05)


def test_a_stratum_without_an_estimate_takes_the_total_along() -> None:
    empty = KOSOVO.with_counts(np.zeros_like(KOSOVO.counts))
    found = by_stratum(Stratified(("year", "sex"), {("1", "f"): KOSOVO, ("2", "m"): empty}), WALD)
    assert found.total.verdict == "no_estimate"
    assert (found.total.estimate, found.total.lower, found.total.upper) == (None, None, None)
    assert found.total.reasons == ("There is no estimate for 2/m, so there is none for all together.",)
    assert found.strata["1", "f"].estimate is not None


def test_a_stratum_without_an_interval_takes_that_of_the_total() -> None:
    bare = Result(method="stepwise", estimate=9.0, lower=None, upper=None)
    found = by_stratum(Stratified(("sex",), {("f",): AB, ("m",): AB}), lambda _: bare)
    assert (found.total.estimate, found.total.lower, found.total.interval) == (18.0, None, None)
    assert found.total.reasons


def test_strata_of_different_levels_make_no_total() -> None:
    levels = iter((0.9, 0.95))
    with pytest.raises(BadHistories):
        by_stratum(halves(KOSOVO), lambda table: WALD(table, level=next(levels)))


def test_a_result_is_plain_json() -> None:
    told = by_stratum(halves(KOSOVO), WALD).to_json()
    assert json.loads(json.dumps(told)) == told
