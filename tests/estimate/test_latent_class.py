"""Latent classes: the sampler against exact answers, and when there is no estimate."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import gammaln

from luwte.estimate import Histories
from luwte.estimate.latent_class import BadSampler, latent_class

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


@pytest.mark.parametrize("rungs", [1, 6])
def test_one_class_gives_the_posterior_of_independent_lists(rungs: int) -> None:
    found = latent_class(SMALL, classes=1, ladders=8, rungs=rungs, draws=4000)
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
    watch: Callable[[int, int], None] = lambda done, most: seen.append((done, most))  # noqa: E731
    settings = {"classes": 2, "ladders": 4, "rungs": 2, "draws": 2000, "most_draws": 2000, "rhat": 2, "ess": 10}
    one, two = (latent_class(SMALL, seed=7, progress=watch, **settings) for _ in range(2))
    assert one == two
    assert one != latent_class(SMALL, seed=8, **settings)
    assert seen[-1] == (2000, 2000)


@pytest.mark.parametrize(
    "settings",
    [{"level": 1.0}, {"seed": -1}, {"classes": 0}, {"shape": 0}, {"ladders": 1}, {"rungs": 0}, {"draws": 4}],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(BadSampler):
        latent_class(SMALL, **settings)
