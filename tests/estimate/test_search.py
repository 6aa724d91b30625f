"""All models: the reference values, and the search against fitting every one of them."""

import itertools
import math
import random
import statistics
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimate.test_histories import in_another_order, placed
from luwte.estimate import BadLevel, Histories
from luwte.estimate.bootstrap import resample
from luwte.estimate.hierarchical import TooManyModels, interactions, search
from luwte.estimate.loglinear import fit_many
from luwte.estimate.published import PUBLISHED
from luwte.estimate.search import bic, bic_average, bic_average_many, bic_many, ranking
from luwte.estimate.stepwise import main_effects

UK, KOSOVO = PUBLISHED["uk_2013_5"].read(), PUBLISHED["kosovo_1999"].read()


@st.composite
def tables(draw: st.DrawFn, most: int = 8, lists: tuple[int, int] = (2, 4)) -> Histories:
    """Small tables, many cells of them empty."""
    size = draw(st.integers(*lists))
    count = st.one_of(st.just(0), st.integers(0, most))
    counts = draw(st.lists(count, min_size=2**size - 1, max_size=2**size - 1))
    return Histories(tuple("ABCDE"[:size]), np.array(counts))


def every_model(masks: tuple[int, ...]) -> np.ndarray:
    """All choices of interactions in which no smaller one is missing inside a larger, by trying every choice."""
    kept = []
    for choice in itertools.product([False, True], repeat=len(masks)):
        chosen = {mask for mask, there in zip(masks, choice, strict=True) if there}
        if all(inner in chosen for mask in chosen for inner in masks if inner & mask == inner):
            kept.append(choice)
    return np.array(kept, dtype=bool).reshape(len(kept), len(masks))


def one_by_one(table: Histories, masks: tuple[int, ...]) -> dict[tuple[bool, ...], float]:
    """BIC of every model that has an estimate; log(0 people) is none."""
    models = every_model(masks)[: None if table.observed else 0]
    fits = fit_many(np.repeat(table.counts[None], len(models), axis=0), models, masks)
    value = -2 * fits.log_likelihood + fits.parameters * math.log(table.observed or 1)
    return {tuple(model): float(one) for model, one in zip(models.tolist(), value, strict=True) if math.isfinite(one)}


# The best of all models of order two as a published R package computes it, to the five decimals that it gives.
@pytest.mark.parametrize(
    ("name", "estimate", "criterion"),
    [
        ("uk_2013_5", 22991.33131, 196.539756),
        ("uk_2013_6", 12349.58695, None),
        ("netherlands_2010_2015_5", 48012.72629, None),
        ("netherlands_2010_2015_6", 116667.01824, None),
        ("kosovo_1999", 14341.66380, None),
    ],
)
def test_the_best_model_of_each_published_table(name: str, estimate: float, criterion: float | None) -> None:
    found = bic(PUBLISHED[name].read(), bootstrap=0)
    assert found.estimate == pytest.approx(estimate, abs=6e-6)
    assert found.interval == "wald"
    if criterion is not None:
        assert found.criterion == pytest.approx(criterion, abs=6e-7)


def test_the_next_model_of_the_uk_says_half_as_many() -> None:
    first, second = ranking(UK, within=1.0)
    assert first.model == ("LA:NG", "LA:PFNCA", "NG:PFNCA", "PFNCA:GO", "NG:GP")
    assert second.estimate == pytest.approx(12262.41242, abs=6e-6)
    assert second.criterion == pytest.approx(197.494965, abs=6e-7)
    assert first.weight / second.weight == pytest.approx(math.exp((second.criterion - first.criterion) / 2))


def test_kosovo_by_interactions_of_any_order() -> None:
    found = bic(KOSOVO, bootstrap=0, order=4)
    assert found.estimate == pytest.approx(10356.518957, abs=6e-7)


def test_a_pair_without_anybody_is_said() -> None:
    """Where a peer warns of its fit: the Netherlands' K and R share nobody."""
    reasons = bic(PUBLISHED["netherlands_2010_2015_6"].read(), bootstrap=0).reasons
    assert any("K:R" in reason for reason in reasons)
    assert not bic(UK, bootstrap=0).reasons


@pytest.mark.parametrize(
    ("lists", "order", "models"), [(2, 2, 1), (3, 3, 8), (4, 2, 64), (4, 4, 113), (5, 2, 1024), (5, 5, 6893)]
)
def test_every_model_is_met_once(lists: int, order: int, models: int) -> None:
    """With that of all lists' interaction they are the 9, 114 and 6,894 hierarchical models of three to five lists."""
    counts = np.random.default_rng(1).integers(20, 90, 2**lists - 1)
    found = search(counts, interactions(lists, order), within=math.inf)
    assert len(found.bic) == len({tuple(one) for one in found.chosen.tolist()}) == models


@settings(max_examples=25, deadline=None)
@given(tables(), st.integers(2, 4), st.sampled_from([0.0, 3.0, 30.0, math.inf]))
def test_the_search_finds_what_fitting_every_model_finds(table: Histories, order: int, within: float) -> None:
    masks = interactions(len(table.lists), order)
    every = one_by_one(table, masks)
    found = search(table.counts, masks, within=within)
    got = dict(zip(map(tuple, found.chosen.tolist()), found.bic.tolist(), strict=True))
    best = min(every.values(), default=math.inf)
    assert len(got) == len(found.bic)
    assert got.keys() >= {model for model, value in every.items() if value <= best + within}
    assert got.keys() <= {model for model, value in every.items() if value <= best + within + 1e-5}
    for model, value in got.items():
        assert value == pytest.approx(every[model], abs=1e-8)


@settings(max_examples=15, deadline=None)
@given(tables())
def test_taking_interactions_out_never_fits_better(table: Histories) -> None:
    """What the bound stands on, parameters at minus infinity included."""
    masks = interactions(len(table.lists), 3)
    people = math.log(max(table.observed, 1))
    likelihood = {
        model: -(value - people * (1 + len(table.lists) + sum(model))) / 2
        for model, value in one_by_one(table, masks).items()
    }
    for small, large in itertools.permutations(likelihood, 2):
        if all(there or not asked for asked, there in zip(small, large, strict=True)):
            assert likelihood[small] <= likelihood[large] + 1e-8


def test_resampled_tables_get_the_best_of_all_their_models() -> None:
    counts = resample(UK.counts, 12, seed=4)
    masks = interactions(5)
    models = every_model(masks)
    expected, averages = [], []
    for one in counts:
        fits = fit_many(np.repeat(one[None], len(models), axis=0), models, masks)
        value = -2 * fits.log_likelihood + fits.parameters * math.log(one.sum())
        weights = np.exp((value.min() - value) / 2)
        expected.append(one.sum() + fits.hidden[value.argmin()])
        averages.append(one.sum() + (weights * fits.hidden).sum() / weights.sum())
    assert bic_many(counts) == pytest.approx(expected, rel=1e-9)
    assert bic_average_many(counts, negligible=1e-12) == pytest.approx(averages, rel=1e-6)
    assert bic_average_many(counts) == pytest.approx(averages, rel=0.02)


def test_the_average_is_that_of_all_models() -> None:
    ranked = ranking(UK)
    assert len(ranked) == 1024
    assert math.fsum(one.weight for one in ranked) == pytest.approx(1)
    average = bic_average(UK, bootstrap=0)
    assert average.estimate == pytest.approx(math.fsum(one.weight * one.estimate for one in ranked), rel=1e-6)
    for limit, share in ((average.lower, 0.025), (average.upper, 0.975)):
        assert limit is not None
        at = math.log(limit - UK.observed)
        below = (one.weight * statistics.NormalDist(one.intercept, math.sqrt(one.variance)).cdf(at) for one in ranked)
        assert math.fsum(below) == pytest.approx(share, abs=1e-6)


def test_limits_of_one_model_are_normal_on_the_log() -> None:
    (best,) = ranking(UK, within=0.0)
    found = bic(UK, bootstrap=0, level=0.9)
    spread = statistics.NormalDist().inv_cdf(0.95) * math.sqrt(best.variance)
    limits = [2744 + math.exp(best.intercept - spread), 2744 + math.exp(best.intercept + spread)]
    assert [found.lower, found.upper] == pytest.approx(limits, rel=1e-9)


def test_equally_good_models_of_many_people_are_equal_but_for_rounding() -> None:
    """[AC, BC] and [AB, BC] fit alike: the people in C and those in B are one table, with rows and columns changed."""
    table = Histories.of("ABC", {1: 77_000, 2: 84_000, 3: 86_000, 4: 86_000, 5: 84_000, 6: 88_000, 7: 88_000})
    assert len(ranking(table, within=1e-6)) == 2
    for seed in range(12):
        other = in_another_order(table, random.Random(seed))
        assert sorted(placed(other, bic(other, bootstrap=0).model)) == sorted(
            placed(table, bic(table, bootstrap=0).model)
        )
        assert bic(other, bootstrap=0).estimate == pytest.approx(bic(table, bootstrap=0).estimate)


@settings(max_examples=4, deadline=None)
@given(tables(most=40, lists=(3, 4)), st.randoms())
def test_lists_in_another_order_say_the_same(table: Histories, chance: random.Random) -> None:
    moved = in_another_order(table, chance)
    before, after = ranking(table), ranking(moved)
    assert [one.criterion for one in after] == pytest.approx([one.criterion for one in before], abs=1e-7)
    assert sorted(one.estimate for one in after) == pytest.approx(sorted(one.estimate for one in before), rel=1e-6)
    best = [sorted(placed(one, bic(one, bootstrap=0).model)) for one in (table, moved)]
    assert best[1] == best[0]
    average, again = bic_average(table, bootstrap=0), bic_average(moved, bootstrap=0)
    assert average.verdict == again.verdict
    assert [again.estimate or 0, again.upper or 0] == pytest.approx(
        [average.estimate or 0, average.upper or 0], rel=1e-6
    )


def test_the_average_has_an_interval_of_its_own() -> None:
    found, one = bic_average(KOSOVO, bootstrap=125), bic(KOSOVO, bootstrap=125)
    assert found.interval == one.interval == "bca"
    assert found.lower is not None
    assert found.lower < found.estimate < found.upper
    assert found.lower == pytest.approx(one.lower, rel=0.1)


# Nobody; no overlap; one list; A and B hold the same people.
@pytest.mark.parametrize("counts", [[0] * 7, [5, 6, 0, 7, 0, 0, 0], [9, 0, 0, 0, 0, 0, 0], [0, 0, 200, 300, 0, 0, 80]])
def test_tables_that_say_nothing_get_no_figure(counts: list[int]) -> None:
    for method in (bic, bic_average):
        found = method(Histories(tuple("ABC"), np.array(counts)), bootstrap=50)
        assert (found.verdict, found.estimate, found.lower) == ("no_estimate", None, None)
        assert found.reasons


def test_nearly_a_thousand_million_people_are_no_more_than_many() -> None:
    """Sums of logs are large then, and their differences are still what decides."""
    many = KOSOVO.with_counts(KOSOVO.counts * 227_272)
    (found,) = ranking(many, within=0.0)
    assert found == replace(ranking(many)[0], weight=1.0)


def test_limits_beyond_all_people_are_none() -> None:
    thin = Histories(("A", "B"), np.array([60_000, 60_000, 1]))
    for method in (bic, bic_average):
        found = method(thin, bootstrap=0)
        assert (found.verdict, found.lower, found.upper, found.interval) == ("ok", None, None, None)
        assert "beyond any number" in found.reasons[-1]


def test_one_list_says_nothing_of_the_hidden() -> None:
    assert bic(Histories(("A",), np.array([50])), bootstrap=0).verdict == "no_estimate"


def test_a_search_that_would_not_end_is_refused() -> None:
    counts = np.random.default_rng(1).integers(1, 9, 127)
    with pytest.raises(TooManyModels):
        search(counts, interactions(7), within=20.0, most=1000)
    with pytest.raises(TooManyModels):
        ranking(Histories(tuple("ABCDEFG"), counts))


def test_two_lists_can_only_be_independent() -> None:
    """And nothing shows whether they are: what is said there is said here."""
    two = Histories(("A", "B"), np.array([60, 45, 20]))
    plain = main_effects(two, bootstrap=0)
    for method in (bic, bic_average):
        found = method(two, bootstrap=0)
        assert [found.estimate, found.lower, found.upper] == pytest.approx([plain.estimate, plain.lower, plain.upper])
        assert found.reasons == plain.reasons


def test_a_pair_without_anybody_at_minus_infinity_is_named() -> None:
    apart = bic(Histories(tuple("ABC"), np.array([90, 80, 0, 70, 30, 20, 0])), bootstrap=0).reasons
    assert [reason for reason in apart if "impossible" in reason] == [
        "Nobody is in all lists of A:B; the model takes that for impossible."
    ]


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(BadLevel):
        bic(UK, bootstrap=0, level=95)
