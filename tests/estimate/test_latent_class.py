"""Latent classes: the sampler against exact answers, and when there is no estimate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import gammaln

from estimate.test_histories import tables
from luwte.estimate import Histories
from luwte.estimate.latent_class import BadSampler, latent_class
from luwte.estimate.published import PUBLISHED

SMALL = Histories(("A", "B", "C"), np.array([30, 25, 9, 20, 6, 5, 2]))


def exact_one_class(histories: Histories, most: int) -> NDArray[np.float64]:
    """p(N) of independent lists with uniform capture probabilities, for N from the observed number on."""
    total = np.arange(histories.observed, histories.observed + most, dtype=float)
    log = gammaln(total + 1) - gammaln(total - histories.observed + 1) - np.log(total)
    for bit in range(len(histories.lists)):
        inside = histories.within(1 << bit)
        log += gammaln(inside + 1) + gammaln(total - inside + 1) - gammaln(total + 2)
    chance = np.exp(log - log.max())
    return chance / chance.sum()


@pytest.mark.parametrize("rungs", [1, 3])
def test_one_class_gives_the_posterior_of_independent_lists(rungs: int) -> None:
    found = latent_class(SMALL, classes=1, ladders=16, rungs=rungs, draws=1500)
    below = np.cumsum(exact_one_class(SMALL, 20_000))
    lower, middle, upper = (SMALL.observed + int(np.searchsorted(below, at)) for at in (0.025, 0.5, 0.975))
    assert found.estimate == pytest.approx(middle, rel=0.02)
    assert found.lower == pytest.approx(lower, rel=0.02)
    assert found.upper == pytest.approx(upper, rel=0.03)


DEGENERATE = {
    "nobody at all": ((0, 0, 0, 0, 0, 0, 0), "Nobody"),
    "one list with people": ((9, 0, 0, 0, 0, 0, 0), "Fewer than three lists"),
    "two lists with people": ((9, 9, 5, 0, 0, 0, 0), "Fewer than three lists"),
    "nobody in two lists": ((90, 80, 0, 70, 0, 0, 0), "No two lists share"),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_a_table_that_says_nothing_gives_no_estimate_and_the_reason(name: str) -> None:
    counts, reason = DEGENERATE[name]
    found = latent_class(Histories(("A", "B", "C"), np.array(counts)))
    assert (found.verdict, found.estimate, found.lower, found.upper) == ("no_estimate", None, None, None)
    assert reason in found.reasons[0]


def test_the_same_seed_gives_the_same_answer_and_progress_ends_at_its_end() -> None:
    seen: list[tuple[int, int]] = []

    def watch(done: int, most: int) -> None:
        seen.append((done, most))

    light = {"classes": 2, "ladders": 4, "rungs": 2, "draws": 300, "most_draws": 300, "rhat": 2, "ess": 10}
    one, two = (latent_class(SMALL, seed=7, progress=watch, **light) for _ in range(2))
    assert one == two
    assert one != latent_class(SMALL, seed=8, **light)
    assert seen[-1] == (300, 300)


QUICK = {"ladders": 4, "rungs": 4, "draws": 400, "most_draws": 400, "rhat": 1.1, "ess": 50}


def test_lists_in_another_order_give_the_same_answer() -> None:
    """Up to the error of sampling, though ladders thin the table in another way."""
    moved = {0: 1, 1: 2, 2: 0}
    turned = Histories.of(
        ("C", "A", "B"),
        {
            sum(1 << moved[bit] for bit in moved if history >> bit & 1): count
            for history, count in enumerate(SMALL.counts.tolist(), start=1)
        },
    )
    light = {"ladders": 8, "rungs": 3, "draws": 800, "most_draws": 800, "rhat": 1.1, "ess": 100}
    one, two = latent_class(SMALL, **light), latent_class(turned, **light)
    assert turned.within(turned.mask("A", "B")) == SMALL.within(SMALL.mask("A", "B"))
    assert two.estimate == pytest.approx(one.estimate, rel=0.05)
    assert two.upper == pytest.approx(one.upper, rel=0.15)


def test_chains_that_stay_in_their_first_explanation_are_refused() -> None:
    """Without its ladder each chain on the British lists settles on its own number, from 5,000 to 30,000."""
    uk = PUBLISHED["uk_2013_5"].read()
    found = latent_class(uk, rungs=1, draws=300, most_draws=600)
    assert (found.verdict, found.estimate) == ("no_estimate", None)
    assert "did not agree" in found.reasons[0]


def test_chains_that_never_move_are_refused() -> None:
    """Nearly everybody is in all of three lists and nobody hidden in any draw, which is no measure of anything."""
    found = latent_class(Histories(("A", "B", "C"), np.array([0, 0, 1, 0, 1, 1, 90_000])), classes=1, **QUICK)
    assert found.verdict == "no_estimate"
    assert "stood still" in found.reasons[0]


def test_nearly_a_thousand_million_people_give_no_number_that_looks_fine() -> None:
    uk = PUBLISHED["uk_2013_5"].read()
    found = latent_class(uk.with_counts(uk.counts * 360_000), **QUICK)
    assert (found.verdict, found.lower, found.upper) == ("no_estimate", None, None)


def test_one_person_in_two_lists_among_thousands_leaves_any_size_open() -> None:
    found = latent_class(Histories(("A", "B", "C"), np.array([1000, 1000, 1, 1000, 0, 0, 0])), **QUICK)
    assert found.verdict == "no_estimate"
    assert any("any size" in reason for reason in found.reasons)


def test_more_draws_are_taken_until_the_chains_agree_and_no_more() -> None:
    asked: list[int] = []
    latent_class(SMALL, ladders=4, rungs=2, draws=50, most_draws=1600, rhat=1.2, ess=100,
                 progress=lambda done, _: asked.append(done))  # fmt: skip
    turns = sorted(set(asked))
    assert 50 <= turns[-2] < 1550
    assert turns[-1] == 1600


def test_chains_that_will_not_agree_in_time_are_given_up() -> None:
    """Without its ladder no number of draws that anybody waits for is enough for the British lists."""
    asked: list[int] = []
    uk = PUBLISHED["uk_2013_5"].read()
    found = latent_class(uk, rungs=1, draws=100, most_draws=3200, progress=lambda done, _: asked.append(done))
    assert "did not agree" in found.reasons[0]
    assert max(done for done in asked if done < 3200) < 1600
    assert asked[-1] == 3200


def test_a_remark_says_when_no_class_was_left_over() -> None:
    full = latent_class(SMALL, classes=2, shape=20, rate=1, **QUICK)
    spare = latent_class(SMALL, classes=10, shape=0.25, rate=10, **QUICK)
    assert "All 2 classes were in use" in full.reasons[0]
    assert spare.reasons == ()


def test_twelve_lists_are_no_trouble() -> None:
    rng = np.random.default_rng(1)
    seen = rng.random((20_000, 12)) < 0.05
    histories = seen @ (1 << np.arange(12))
    counts = np.bincount(histories, minlength=4096)[1:]
    found = latent_class(Histories(tuple("ABCDEFGHIJKL"), counts), **QUICK)
    assert found.verdict == "ok"
    assert found.lower < 20_000 < found.upper


@given(tables(), st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_a_result_is_whole_or_empty(table: Histories, seed: int) -> None:
    """Limits around the estimate and nobody observed lost; or no figure at all, and a reason."""
    found = latent_class(table, seed=seed, ladders=2, rungs=2, draws=40, most_draws=40, rhat=2, ess=5)
    if found.verdict == "ok":
        assert table.observed <= found.lower <= found.estimate <= found.upper
        assert found.interval == "credible"
    else:
        assert (found.estimate, found.lower, found.upper, found.interval) == (None,) * 4
        assert all(reason.endswith(".") for reason in found.reasons)
        assert found.reasons


@pytest.mark.parametrize(
    "wrong",
    [{"seed": -1}, {"classes": 0}, {"shape": 0}, {"ladders": 1}, {"rungs": 0}, {"draws": 4}],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadSampler):
        latent_class(SMALL, **wrong)
