"""Main effects and stepwise: the published figures, and tables about which nothing may be said."""

import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import poisson

from estimate.test_histories import in_another_order, placed, tables
from luwte.estimate import Histories
from luwte.estimate.bootstrap import bca
from luwte.estimate.errors import BadModel, EstimateError
from luwte.estimate.existence import check
from luwte.estimate.loglinear import fit
from luwte.estimate.published import PUBLISHED
from luwte.estimate.stepwise import main_effects, main_effects_many, stepwise, stepwise_many

ALMOST = 2e-9
"""The printed values are where R's glm stops, a little before the maximum."""


@pytest.mark.parametrize(
    ("table", "people", "lower", "upper", "model"),
    [
        ("uk_2013_5", 11312.990289, 9884.40, 13027.40, "LA:NG NG:GP PFNCA:GP LA:PFNCA GO:GP NG:GO"),
        ("uk_2013_6", 11417.991092, 9977.28, 13145.66, "PF:NCA LA:NG NG:GP LA:PF PF:GP GO:GP NG:GO"),
        # The reference names the empty K:R apart from the others. By the rule it enters before IO:K: its p-value is
        # then 0.0011, and that of IO:K 0.0018.
        ("netherlands_2010_2015_5", 121521.613712, 98675.43, 150138.91, "IO:Z P:Z P:R IO:P K:R IO:K"),
        ("netherlands_2010_2015_6", 111139.371230, 92439.86, 133991.47, None),
        ("kosovo_1999", 14341.663800, 12541.28, 16540.19, "ABA:OSCE OSCE:HRW EXH:OSCE EXH:ABA EXH:HRW"),
    ],
)
def test_stepwise_gives_the_published_figures(
    table: str, people: float, lower: float, upper: float, model: str | None
) -> None:
    result = stepwise(PUBLISHED[table].read(), bootstrap=0)
    assert (result.verdict, result.interval) == ("ok", "wald")
    assert result.estimate == pytest.approx(people, rel=ALMOST)
    assert (result.lower, result.upper) == pytest.approx((lower, upper), abs=0.0051)
    if model:
        assert result.model == tuple(model.split())


def test_the_acceleration_is_the_published_one() -> None:
    found = bca(PUBLISHED["uk_2013_5"].read(), stepwise_many, replicates=2, seed=1)
    assert found.acceleration == pytest.approx(-0.01218108, abs=5e-9)


@pytest.mark.parametrize(
    ("table", "lower", "upper"),
    [
        ("uk_2013_5", (8784.78, 163), (14700.55, 568)),
        ("uk_2013_6", (9266.96, 506), (14306.76, 352)),
        ("netherlands_2010_2015_5", (47393.14, 1023), (162845.54, 4944)),
        ("netherlands_2010_2015_6", (44009.59, 1712), (161132.94, 6890)),
        ("kosovo_1999", (12595.84, 92), (16527.49, 130)),
    ],
)
def test_bca_limits_are_the_published_ones_but_for_chance(
    table: str, lower: tuple[float, float], upper: tuple[float, float]
) -> None:
    """Beside each limit its standard deviation over bootstraps of 1,000, from 400 drawn out of 12,000 replicates."""
    found = bca(PUBLISHED[table].read(), stepwise_many, replicates=1000, seed=1)
    assert found.lower == pytest.approx(lower[0], abs=4 * math.sqrt(2) * lower[1])
    assert found.upper == pytest.approx(upper[0], abs=4 * math.sqrt(2) * upper[1])


def by_hand(counts: NDArray[np.int64], threshold: float) -> tuple[float, list[int], float, float]:
    """The twin: one table, one step and one pair after the other.

    People in all, the model, how close a p-value came to the threshold, and two pairs to each other.
    """
    lists = (len(counts) + 1).bit_length() - 1
    histories = Histories(tuple("ABCDE"[:lists]), counts)
    model: list[int] = []
    margin = choice = math.inf
    if check(histories, []).code != "fine":
        return math.nan, [], margin, choice
    while True:
        means = fit(histories, model).means
        chances = {}
        for pair in (1 << one | 1 << other for one, other in itertools.combinations(range(lists), 2)):
            expected = sum(mean for cell, mean in enumerate(means, 1) if cell & pair == pair)
            seen = histories.within(pair)
            chance = min(poisson.cdf(seen, expected), poisson.sf(seen - 1, expected))
            margin = min(margin, abs(math.log(chance / threshold)))
            if pair not in model and chance < threshold and check(histories, [*model, pair]).code == "fine":
                chances[pair] = chance
        first, *others = sorted(chances.values()) or [math.nan]
        if not chances:
            return histories.observed + fit(histories, model).hidden, model, margin, choice
        choice = min([choice, *(math.log(other / first) for other in others)])
        model.append(min(chances, key=chances.__getitem__))


@given(st.lists(tables(), min_size=1, max_size=4), st.sampled_from([0.02, 0.2]))
@settings(max_examples=25)
def test_stepwise_is_what_the_twin_does(several: list[Histories], threshold: float) -> None:
    for table in several:
        people, model, margin, choice = by_hand(table.counts, threshold)
        assume(min(margin, choice) > 1e-6)
        result = stepwise(table, threshold=threshold, bootstrap=0)
        assert result.model == tuple(table.name(pair) for pair in model)
        alike = [other.counts for other in several if other.lists == table.lists]
        found = stepwise_many(alike, threshold=threshold)[[counts is table.counts for counts in alike].index(True)]
        assert found == pytest.approx(people, rel=1e-9, nan_ok=True)
        if result.verdict == "ok":
            assert result.estimate == pytest.approx(people, rel=1e-9)


# With the first pair, and as surely with the last, the answer is another one by a factor of two to three: the table of
# the lists in the other order took the other pair, when the first lists had the first word.
EQUALLY_SURE = [
    [3, 64, 0, 8, 5, 0, 3, 40, 0, 0, 0, 3, 0, 0, 5],
    [7, 58, 5, 21, 4, 0, 0, 36, 0, 0, 0, 2, 3, 0, 3],
    [26, 46, 3, 19, 0, 0, 0, 64, 0, 0, 0, 1, 2, 0, 5],
]


def equally_sure(at: int) -> Histories:
    return Histories(tuple("ABCD"), np.array(EQUALLY_SURE[at]))


@given(tables(most=9) | tables(most=2) | st.builds(equally_sure, st.integers(0, 2)), st.randoms())
@example(equally_sure(0), random.Random(4))
@example(equally_sure(1), random.Random(4))
@example(equally_sure(2), random.Random(4))
@settings(max_examples=50)
def test_another_order_of_the_lists_changes_no_estimate(table: Histories, chance: random.Random) -> None:
    assume(by_hand(table.counts, 0.02)[2] > 1e-6)
    other = in_another_order(table, chance)
    for method in (main_effects, stepwise):
        one, two = method(table, bootstrap=0), method(other, bootstrap=0)
        assert (one.verdict, len(one.reasons)) == (two.verdict, len(two.reasons))
        assert placed(other, two.model) == placed(table, one.model)
        figures = [np.array([of.estimate, of.lower, of.upper], dtype=float) for of in (one, two)]
        assert figures[1] == pytest.approx(figures[0], rel=1e-6, nan_ok=True)


@given(tables())
@settings(max_examples=25)
def test_ten_times_the_people_are_ten_times_as_many_if_lists_are_independent(table: Histories) -> None:
    once, tenfold = main_effects_many([table.counts, table.counts * 10])
    assert tenfold == pytest.approx(once * 10, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    "people",
    [
        {},
        {1: 10},
        {1: 10, 2: 10, 4: 10},
        {7: 10},
        {1: 50, 4: 60, 3: 40, 7: 20, 5: 10},
        {3: 100, 4: 200, 7: 30},
        {1: 3 * 10**8, 2: 3 * 10**8, 4: 3 * 10**8, 3: 1, 5: 1},
    ],
    ids=["nobody", "one list", "no overlap", "nothing but overlap", "a part", "a copy", "hardly an overlap"],
)
def test_tables_that_say_nothing_get_no_estimate(people: dict[int, int]) -> None:
    histories = Histories.of("ABC", people)
    for result in (main_effects(histories), stepwise(histories)):
        assert (result.verdict, result.estimate, result.lower, result.upper) == ("no_estimate", None, None, None)
        assert result.reasons


def test_lists_that_say_nothing_and_lists_that_cannot_be_checked_are_named() -> None:
    result = stepwise(Histories.of("ABC", {1: 50, 2: 60, 3: 10}), bootstrap=0)
    assert result.estimate == pytest.approx(60 * 70 / 10, rel=1e-12)
    assert [reason.split()[0:4] for reason in result.reasons] == [
        ["Nobody", "is", "in", "C,"],
        ["With", "two", "lists", "nothing"],
    ]


def test_a_small_list_inside_another_by_chance_is_no_copy() -> None:
    result = stepwise(Histories.of("ABC", {1: 1000, 2: 800, 3: 100, 5: 2}), bootstrap=0)
    assert result.verdict == "ok"


def test_a_dependence_that_stays_out_of_the_model_is_told() -> None:
    uk = PUBLISHED["uk_2013_5"].read()
    assert "LA:NG" in main_effects(uk, bootstrap=0).reasons[0]
    assert stepwise(uk, bootstrap=0).reasons == ()


@pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan])
def test_a_threshold_is_a_probability(threshold: float) -> None:
    with pytest.raises(BadModel):
        stepwise(PUBLISHED["kosovo_1999"].read(), threshold=threshold)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, math.nan])
def test_a_level_is_between_nothing_and_all(level: float) -> None:
    with pytest.raises(EstimateError):
        stepwise(PUBLISHED["kosovo_1999"].read(), level=level, bootstrap=0)


def test_limits_beyond_all_people_are_no_limits() -> None:
    result = main_effects(Histories.of("AB", {1: 10**5, 2: 10**5, 3: 2}), bootstrap=0)
    assert result.estimate == pytest.approx(5 * 10**9, rel=1e-4)
    assert (result.lower, result.upper, result.interval) == (None, None, None)
    assert "interval" in result.reasons[-1]


def test_no_tables_have_no_figures() -> None:
    assert stepwise_many(np.zeros((0, 7))).shape == (0,)
