"""Resampling, jackknife and BCa limits, against the same thing done person by person."""

import math
import statistics
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from luwte.estimate import Histories
from luwte.estimate.bootstrap import BLOCK, BadBootstrap, acceleration, bca, resample, without_one
from luwte.estimate.published import PUBLISHED
from luwte.estimate.stepwise import stepwise_many

TWO = Histories(("A", "B"), np.array([60, 45, 20]))


def petersen(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Lincoln and Petersen: two independent lists."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return counts.sum(1) + counts[:, 0] * counts[:, 1] / counts[:, 2]


def person_by_person(counts: list[int]) -> float:
    """The acceleration with one table for every person who may leave."""
    values = []
    for history, count in enumerate(counts):
        for _ in range(count):
            left = [one - (at == history) for at, one in enumerate(counts)]
            values.append(sum(left) + left[0] * left[1] / left[2])
    mean = statistics.fmean(values)
    cubes = math.fsum((mean - one) ** 3 for one in values)
    return cubes / (6 * math.fsum((mean - one) ** 2 for one in values) ** 1.5)


def type_eight(values: list[float], share: float) -> float:
    """Hyndman and Fan's definition 8, as printed."""
    values = sorted(values)
    place = len(values) * share + (share + 1) / 3
    low = math.floor(place)
    below, above = values[max(low, 1) - 1], values[min(low + 1, len(values)) - 1]
    return below + (place - low) * (above - below)


def test_replicates_that_say_the_same_count_by_half_however_they_are_rounded() -> None:
    table = Histories(("A", "B"), np.array([7, 9, 4]))
    found = bca(table, stepwise_many, replicates=1000, seed=1)
    values = found.values[np.isfinite(found.values)]
    same = np.isclose(values, found.estimate, rtol=1e-9)
    assert same.sum() > 50
    below = (values[~same] < found.estimate).sum() + same.sum() / 2
    assert found.bias == pytest.approx(statistics.NormalDist().inv_cdf(below / len(values)))


@pytest.mark.parametrize(("replicates", "said"), [(20, 1), (200, 0)])
def test_limits_that_rest_on_the_outermost_replicate_say_so(replicates: int, said: int) -> None:
    found = bca(TWO, petersen, replicates=replicates)
    assert found.lower is not None
    assert sum("outermost" in one for one in found.reasons) == said


@given(st.tuples(*[st.integers(2, 40)] * 3))
def test_a_jackknife_by_history_is_one_by_person(counts: tuple[int, int, int]) -> None:
    table = np.array(counts)
    assert acceleration(petersen(without_one(table)), table) == pytest.approx(person_by_person(list(counts)), rel=1e-7)


def test_the_limits_are_those_of_the_formula() -> None:
    """Efron 1987, written out once more."""
    found = bca(TWO, petersen, replicates=400, seed=3)
    values = sorted(found.values.tolist())
    normal = statistics.NormalDist()
    below = sum(1.0 if one < found.estimate else 0.5 if one == found.estimate else 0.0 for one in values)
    bias = normal.inv_cdf(below / 400)
    speed = person_by_person([60, 45, 20])
    ends = [bias + normal.inv_cdf(tail) for tail in (0.025, 0.975)]
    shares = [normal.cdf(bias + end / (1 - speed * end)) for end in ends]

    assert found.bias == pytest.approx(bias, abs=1e-9)
    assert found.acceleration == pytest.approx(speed, rel=1e-9)
    assert [found.lower, found.upper] == pytest.approx([type_eight(values, one) for one in shares], rel=1e-9)


def test_resampled_tables_hold_as_many_people_where_people_were() -> None:
    counts = np.array([60, 0, 20, 5, 0, 15, 400])
    drawn = resample(counts, 4000, seed=1)
    assert (drawn.sum(1) == counts.sum()).all()
    assert not drawn[:, counts == 0].any()
    assert drawn.mean(0) == pytest.approx(counts, abs=4 * math.sqrt(125 / 4000) + 1)
    assert drawn.var(0) == pytest.approx(counts * (1 - counts / 500), rel=0.15)


def test_one_seed_is_one_interval_however_many_jobs_share_it() -> None:
    weights = partial(np.dot, b=np.array([1.0, 2.0, 5.0]))
    told: list[tuple[int, int]] = []
    alone = bca(TWO, weights, replicates=2 * BLOCK + 7, seed=5)
    together = bca(TWO, weights, replicates=2 * BLOCK + 7, seed=5, jobs=2, progress=lambda *at: told.append(at))
    assert together.values.tolist() == alone.values.tolist()
    assert (together.lower, together.upper) == (alone.lower, alone.upper)
    assert bca(TWO, weights, replicates=2 * BLOCK + 7, seed=6).values.tolist() != alone.values.tolist()
    assert told[-1] == (2 * BLOCK + 7, 2 * BLOCK + 7)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) == 3


def test_blocks_are_drawn_apart() -> None:
    counts = np.array([60, 45, 20])
    assert resample(counts, 5, 1, 0).tolist() != resample(counts, 5, 1, 1).tolist()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.5, 0.9))
def test_a_higher_level_is_a_wider_interval(seed: int, level: float) -> None:
    narrow = bca(TWO, petersen, replicates=200, seed=seed, level=level)
    wide = bca(TWO, petersen, replicates=200, seed=seed, level=0.95)
    assert narrow.lower is not None
    assert wide.lower is not None
    assert wide.lower <= narrow.lower <= narrow.upper <= wide.upper


def test_replicates_without_a_value_are_counted_and_said() -> None:
    """With four people in both lists one table in fifty has nobody there."""
    few = Histories(("A", "B"), np.array([60, 45, 4]))
    found = bca(few, petersen, replicates=2000)
    assert found.missing == np.count_nonzero(~np.isfinite(found.values)) > 0
    assert found.lower is not None
    assert str(found.missing) in found.reasons[0]
    strict = bca(few, petersen, replicates=2000, most_missing=0.0)
    assert (strict.lower, strict.upper) == (None, None)
    assert "too many" in strict.reasons[0]


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ([60, 45, 0], "no estimate of the table itself"),
        ([0, 0, 0], "no estimate of the table itself"),
        ([2, 2, 1], "too many"),
    ],
)
def test_where_there_is_no_figure_there_is_no_interval(counts: list[int], why: str) -> None:
    found = bca(Histories(("A", "B"), np.array(counts)), petersen, replicates=200)
    assert (found.lower, found.upper) == (None, None)
    assert why in found.reasons[0]


def test_an_estimate_that_hangs_on_one_person_has_no_interval() -> None:
    one = Histories(("A", "B"), np.array([60, 45, 1]))
    assert "one person less" in bca(one, petersen, replicates=200, most_missing=0.9).reasons[0]


def test_replicates_all_on_one_side_have_no_interval() -> None:
    def jumpy(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.where(np.abs(counts - [60, 45, 20]).sum(1) <= 1, 1.0, 2.0) + counts[:, 0] * 1e-9

    assert "one side" in bca(TWO, jumpy, replicates=100).reasons[0]


def test_what_never_moves_has_itself_as_interval() -> None:
    found = bca(TWO, lambda counts: np.full(len(counts), 7.0), replicates=100)
    assert (found.lower, found.upper, found.bias, found.acceleration) == (7, 7, 0, 0)


@pytest.mark.parametrize("wrong", [{"replicates": 1}, {"seed": -1}, {"jobs": 0}])
def test_settings_that_are_none_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadBootstrap):
        bca(TWO, petersen, **wrong)


def test_stepwise_on_the_uk_moves_as_published() -> None:
    """Within three standard deviations of the published run of 1,000 and ours of 1,000; theirs from 20 seeds."""
    found = bca(PUBLISHED["uk_2013_5"].read(), stepwise_many, replicates=1000)
    assert found.values.mean() == pytest.approx(13385, abs=3 * 114 * math.sqrt(2))
    assert np.median(found.values) == pytest.approx(11975, abs=3 * 61 * math.sqrt(2))
    assert found.missing == 0
