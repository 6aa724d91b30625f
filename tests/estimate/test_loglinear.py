"""Fits of log-linear models: the published values, and a slow twin that fits one model at a time."""

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from estimate.test_histories import tables
from luwte.estimate import Histories
from luwte.estimate.bootstrap import resample
from luwte.estimate.errors import BadModel
from luwte.estimate.existence import check
from luwte.estimate.loglinear import BLOCK, Fits, fit, fit_many
from luwte.estimate.published import PUBLISHED

MODELS = [
    ("uk_2013_5", "", "13444.131209"),
    ("uk_2013_6", "", "12213.995125"),
    ("netherlands_2010_2015_5", "", "52923.894254"),
    ("netherlands_2010_2015_6", "", "52823.463933"),
    ("kosovo_1999", "", "7394.586662"),
    ("uk_2013_5", "LA:NG NG:GP PFNCA:GP LA:PFNCA GO:GP NG:GO", "11312.990289"),
    ("uk_2013_6", "PF:NCA LA:NG NG:GP LA:PF PF:GP GO:GP NG:GO", "11417.991092"),
    ("netherlands_2010_2015_5", "IO:Z P:Z P:R IO:P IO:K K:R", "121521.613712"),
    ("kosovo_1999", "ABA:OSCE OSCE:HRW EXH:OSCE EXH:ABA EXH:HRW", "14341.6638"),
    ("uk_2013_5", "LA:NG LA:PFNCA NG:PFNCA NG:GP PFNCA:GO", "22991.33131"),
    ("uk_2013_5", "LA:NG LA:PFNCA NG:GP PFNCA:GP GO:GP", "12262.41242"),
    ("uk_2013_6", "LA:NG LA:PF NG:GP PF:GP PF:NCA GO:GP", "12349.58695"),
    ("netherlands_2010_2015_5", "IO:K IO:Z K:P K:R K:Z P:Z R:Z", "48012.72629"),
    ("netherlands_2010_2015_6", "I:K I:Z K:R O:P O:Z P:R P:Z", "116667.01824"),
]
"""Table, interactions, people in all as printed."""


def pairs_of(lists: int) -> list[int]:
    return [1 << one | 1 << other for one, other in itertools.combinations(range(lists), 2)]


def masks_of(histories: Histories, model: str) -> list[int]:
    return [histories.mask(*pair.split(":")) for pair in model.split()]


def plain(histories: Histories, interactions: Sequence[int], close: float) -> tuple[NDArray[np.float64], float, float]:
    """The twin: weighted least squares again and again, one model, until the deviance stands still.

    Coefficients (intercept first), variance of the intercept, log-likelihood; parameters at minus infinity left out.
    """
    lists = len(histories.lists)
    masks = [0, *(1 << bit for bit in range(lists)), *interactions]
    finite = [mask for mask in masks if histories.within(mask)]
    cells = [
        cell for cell in range(1, 2**lists) if not any(cell & mask == mask for mask in masks if mask not in finite)
    ]
    design = np.array([[float(cell & mask == mask) for mask in finite] for cell in cells])
    counts = np.array([float(histories.counts[cell - 1]) for cell in cells])
    means, deviance = counts + 0.1, np.inf
    for _ in range(60):
        root = np.sqrt(means)
        target = np.log(means) + (counts - means) / means
        beta = np.linalg.lstsq(design * root[:, None], target * root, rcond=None)[0]
        means = np.exp(design @ beta)
        ratio = np.log(np.where(counts > 0, counts, 1) / np.where(counts > 0, means, 1))
        before, deviance = deviance, 2 * float(np.sum(counts * ratio - counts + means))
        if abs(deviance - before) / (abs(deviance) + 0.1) <= close:
            break
    spread = np.linalg.inv(design.T @ (design * means[:, None]))[0, 0]
    factorials = sum(math.lgamma(count + 1) for count in counts)
    return beta, float(spread), float(np.sum(counts * np.log(means) - means) - factorials)


@pytest.mark.parametrize(("table", "model", "people"), MODELS)
def test_the_published_figures_to_the_digit(table: str, model: str, people: str) -> None:
    """They are printed where R's glm stops (a change of the deviance below 1e-8); the maximum is a little further."""
    histories = PUBLISHED[table].read()
    interactions = masks_of(histories, model)
    stopped, settled = (histories.observed + np.exp(plain(histories, interactions, close)[0][0]) for close in (1e-8, 0))
    found = fit(histories, interactions)
    assert stopped == pytest.approx(float(people), abs=0.51 * 10.0 ** -len(people.split(".")[1]))
    assert histories.observed + found.hidden == pytest.approx(settled, rel=1e-13)
    assert found.converged


def test_the_best_models_of_two_lists_at_a_time_in_the_uk_are_the_published_ones() -> None:
    histories = PUBLISHED["uk_2013_5"].read()
    fits = fit_many(histories.counts, everything(10), pairs_of(5))
    criterion = -2 * fits.log_likelihood + fits.parameters * np.log(histories.observed)
    best, second = np.argsort(criterion)[:2]
    assert criterion[[best, second]] == pytest.approx([196.539756, 197.494965], abs=5e-7)
    assert histories.observed + fits.hidden[best] == pytest.approx(22991.33131, abs=5e-6)
    assert histories.observed + fits.hidden[second] == pytest.approx(12262.41242, abs=5e-6)


@st.composite
def models(draw: st.DrawFn) -> tuple[Histories, list[int]]:
    """A table with many empty cells, and a hierarchical model of it."""
    table = draw(tables(most=draw(st.sampled_from([1, 3, 30, 1000]))))
    lists = len(table.lists)
    pairs = draw(st.sets(st.sampled_from(pairs_of(lists))))
    triples = [mask for mask in range(2**lists) if mask.bit_count() == 3 and smaller(mask) <= pairs]
    return table, [*pairs, *(draw(st.sets(st.sampled_from(triples))) if triples else ())]


def smaller(mask: int) -> set[int]:
    return {mask & ~(1 << bit) for bit in range(mask.bit_length()) if mask >> bit & 1}


def everything(interactions: int) -> NDArray[np.bool_]:
    return (np.arange(2**interactions)[:, None] >> np.arange(interactions) & 1).astype(bool)


@given(models())
@settings(max_examples=60)
def test_a_fit_is_what_the_twin_finds(model: tuple[Histories, list[int]]) -> None:
    histories, interactions = model
    found = fit(histories, interactions)
    assume(found.exists)
    beta, variance, log_likelihood = plain(histories, interactions, 0)
    assert found.intercept == pytest.approx(beta[0], abs=1e-9)
    assert found.variance == pytest.approx(variance, rel=1e-6)
    assert found.log_likelihood == pytest.approx(log_likelihood, rel=1e-12, abs=1e-9)
    assert found.coefficients[np.isfinite(found.coefficients)] == pytest.approx(beta, abs=1e-8)


@given(models())
@settings(max_examples=60)
def test_a_fit_is_there_exactly_when_the_check_says_so(model: tuple[Histories, list[int]]) -> None:
    histories, interactions = model
    found = fit(histories, interactions)
    code = check(histories, interactions).code
    assert (found.identifiable, found.exists) == (code != "not_identifiable", code == "fine")
    assert found.converged == found.exists
    assert found.parameters == 1 + len(histories.lists) + len(interactions)
    figures = [found.hidden, found.intercept, found.variance, found.log_likelihood, *found.means, *found.coefficients]
    assert np.isnan(figures).all() == np.isnan(figures).any() == (not found.exists)


@settings(max_examples=50)
@given(models(), st.randoms())
def test_other_names_and_another_order_of_lists_change_nothing(
    model: tuple[Histories, list[int]], chance: random.Random
) -> None:
    histories, interactions = model
    order = chance.sample(range(len(histories.lists)), len(histories.lists))

    def moved(mask: int) -> int:
        return sum(1 << order[bit] for bit in range(len(order)) if mask >> bit & 1)

    other = Histories.of(histories.lists, ((moved(cell), count) for cell, count in enumerate(histories.counts, 1)))
    one, two = fit(histories, interactions), fit(other, [moved(mask) for mask in interactions])
    assert (one.exists, one.identifiable) == (two.exists, two.identifiable)
    assert two.hidden == pytest.approx(one.hidden, rel=1e-9, nan_ok=True)
    assert two.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12, abs=1e-9, nan_ok=True)


@settings(max_examples=50)
@given(models(), st.sampled_from([2, 10, 10**4]))
def test_times_as_many_people_are_times_as_many_hidden(model: tuple[Histories, list[int]], times: int) -> None:
    histories, interactions = model
    one = fit(histories, interactions)
    many = fit(histories.with_counts(histories.counts * times), interactions)
    assert (one.exists, one.identifiable, one.converged) == (many.exists, many.identifiable, many.converged)
    assert many.hidden == pytest.approx(one.hidden * times, rel=1e-9, nan_ok=True)
    assert many.variance == pytest.approx(one.variance / times, rel=2e-6, nan_ok=True)


def test_many_fits_are_each_what_it_is_alone() -> None:
    """In whatever block, and beside whatever others."""
    histories = PUBLISHED["netherlands_2010_2015_5"].read()
    tables = np.repeat(resample(histories.counts, 3, 1), 1024, axis=0)
    chosen = np.tile(everything(10), (3, 1))
    assert len(tables) > 2 * BLOCK
    many = fit_many(tables, chosen, pairs_of(5))
    for row in range(0, len(tables), 97):
        alone = fit_many(tables[row], chosen[row], pairs_of(5))
        for field in fields(Fits):
            one, other = getattr(many, field.name)[row], getattr(alone, field.name)[0]
            assert one == pytest.approx(other, rel=1e-10, abs=1e-10, nan_ok=True), field.name


@pytest.mark.parametrize("times", [0.0, 0.5, 1.0, 2.0, 1e3, -1e3])
def test_a_start_changes_no_fit(times: float) -> None:
    """Neither at zero, from where a whole step would be far too long, nor where means are beyond all numbers."""
    histories = PUBLISHED["netherlands_2010_2015_5"].read()
    fits = fit_many(histories.counts, everything(10), pairs_of(5))
    start = np.where(np.isfinite(fits.coefficients), fits.coefficients, 0.0) * times
    started = fit_many(histories.counts, everything(10), pairs_of(5), start=start)
    assert (started.exists == fits.exists).all()
    assert (started.converged == fits.converged).all()
    assert started.hidden == pytest.approx(fits.hidden, rel=1e-10, nan_ok=True)


@pytest.mark.parametrize(
    ("counts", "chosen", "interactions"),
    [
        ([1] * 6, [], []),
        ([1] * 7, [True], []),
        ([1] * 7, [True, True], [3, 3]),
        ([1] * 7, [True], [1]),
        ([1] * 7, [True], [9]),
        ([1] * 7, [True, True, False, True], [3, 5, 6, 7]),
        ([1] * 7, [True], [7]),
        ([[1] * 7] * 2, [[True]] * 3, [3]),
        ([-1] * 7, [], []),
        ([float("nan")] * 7, [], []),
    ],
)
def test_what_is_no_model_is_refused(counts: list[float], chosen: list[bool], interactions: list[int]) -> None:
    with pytest.raises(BadModel):
        fit_many(counts, chosen, interactions)


def test_a_start_of_another_shape_is_refused() -> None:
    with pytest.raises(BadModel):
        fit_many([1] * 7, [True], [3], start=[0.0] * 4)
