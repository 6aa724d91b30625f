"""The sampler draws from the posterior that is written down: an exact twin, and a joint distribution it must keep."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import ks_2samp

from luwte.estimate import Histories
from luwte.estimate.diagnostics import diagnose
from luwte.estimate.latent_class import tempered
from luwte.estimate.latent_sampler import Model, State, _chances, _stretch, prior, sweep

Floats = NDArray[np.float64]

FEW = Histories(("A", "B", "C"), np.array([3, 2, 1, 2, 0, 1, 1]))


def exact_two_classes(histories: Histories, most: int, shape: float = 0.25, rate: float = 0.25) -> Floats:
    """p(hidden) for 0 .. most - 1 by adding up every way to divide seen and hidden people over two classes."""
    lists = len(histories.lists)
    log_factorial = gammaln(np.arange(histories.observed + most + 2) + 1)
    # What matters of a division: how many of the first class there are, and how many of them in each list.
    ways = {(0,) * (lists + 1): 0.0}
    for history, count in enumerate(histories.counts.tolist(), start=1):
        step = np.array([1, *(history >> bit & 1 for bit in range(lists))])
        grown: dict[tuple[int, ...], float] = {}
        for division, log in ways.items():
            for first in range(count + 1):
                key = tuple((np.array(division) + first * step).tolist())
                more = log + log_factorial[count] - log_factorial[first] - log_factorial[count - first]
                grown[key] = float(np.logaddexp(grown.get(key, -np.inf), more))
        ways = grown
    divisions, log_ways = np.array(list(ways)), np.array(list(ways.values()))
    in_lists = np.array([histories.within(1 << bit) for bit in range(lists)])

    grid = np.linspace(-60, 6, 200)
    concentration = np.exp(grid)[:, None]
    log_prior = (shape * grid - rate * np.exp(grid))[:, None]

    chances = np.empty(most)
    for hidden in range(most):
        total = histories.observed + hidden
        second = np.arange(total + 1)
        # B(1 + first, a + second) / B(1, a), averaged over the concentration a.
        stick = gammaln(concentration + second) - gammaln(concentration + total + 1) + np.log(concentration) + log_prior
        log_split = np.logaddexp.reduce(stick, axis=0) + log_factorial[total - second]
        unseen = np.arange(hidden + 1)
        size = divisions[:, :1] + unseen
        log = log_ways[:, None] + log_split[total - size]
        log = log + log_factorial[hidden] - log_factorial[unseen] - log_factorial[hidden - unseen]
        for inside, all_inside in zip(divisions[:, 1:].T[:, :, None], in_lists, strict=True):
            for people, there in ((size, inside), (total - size, all_inside - inside)):
                log = log + log_factorial[there] + log_factorial[people - there] - log_factorial[people + 1]
        chances[hidden] = np.logaddexp.reduce(log, axis=None) + log_factorial[total] - log_factorial[hidden]
        chances[hidden] -= np.log(total)
    chances = np.exp(chances - chances.max())
    return chances / chances.sum()


@pytest.mark.parametrize("rungs", [1, 3])
def test_two_classes_give_the_posterior_that_counting_every_division_gives(rungs: int) -> None:
    below = np.cumsum(exact_two_classes(FEW, 40))
    rng = np.random.default_rng(1)
    model = tempered(FEW, rungs, classes=2, shape=0.25, rate=0.25)
    state = prior(rng, model, 80)
    drawn = np.empty((80, 600), dtype=np.int64)
    for turn in range(-100, 600):
        state, draw = sweep(rng, model, state, turn)
        if turn >= 0:
            drawn[:, turn] = draw.hidden[:, 0]
    for hidden in (0, 1, 2, 4, 8, 12):
        at_most = drawn <= hidden
        error = np.sqrt(below[hidden] * (1 - below[hidden]) / diagnose(at_most).bulk)
        assert error < 0.008
        assert abs(at_most.mean() - below[hidden]) < 4 * error


def joint_draws(rng: np.random.Generator, shape: float, rate: float, times: int = 3000) -> tuple[Model, State]:
    """Parameters from the prior of each rung, and for each a table that was drawn from them."""
    members = Histories(("A", "B", "C"), np.zeros(7)).members.astype(float)
    people, rungs = [20, 12, 6], np.array([1.0, 1.7, 3.0])
    empty = Model(members, np.zeros((len(rungs), 7), dtype=np.int64), rungs, classes=3, shape=shape, rate=rate)
    state = prior(rng, empty, times)
    chance = np.exp(_chances(empty, state).evidence)
    counts = rng.multinomial(np.broadcast_to(people, chance.shape[:-1]), chance / chance.sum(axis=-1, keepdims=True))
    return Model(members, counts, rungs, classes=3, shape=shape, rate=rate), state


def looked_at(model: Model, state: State) -> dict[str, Floats]:
    chances = _chances(model, state)
    return {
        "concentration": np.log(state.concentration),
        "hidden": np.logaddexp.reduce(chances.hidden, axis=-1),
        "first share": np.exp(state.weight[..., 0]),
        "last share": state.weight[..., -1],
        "first class": state.listed[..., 0, 0],
        "last class": state.missed[..., -1, -1],
        "likelihood": (chances.evidence * model.counts).sum(axis=-1),
    }


def stretches(rng: np.random.Generator, model: Model, state: State, turn: int) -> tuple[State, object]:
    """Nothing but stretches; a whole sweep would wash away what one of them does wrong."""
    return _stretch(rng, model, state)


@pytest.mark.parametrize(("shape", "rate"), [(0.25, 0.25), (2.0, 1.0)])
@pytest.mark.parametrize("step", [sweep, stretches])
def test_the_joint_distribution_of_parameters_and_table_is_kept(
    step: Callable[..., tuple[State, object]], shape: float, rate: float
) -> None:
    """Geweke's "getting it right", over 3,000 chains at once.

    p(N) ~ 1/N has no distribution to draw from, but none is needed: whatever the parameters are, adding it up over N
    leaves 1/n for the number n who are observed. So given n the parameters have their prior and the n people their
    histories one by one, and sweeps that are right keep that joint distribution, exchanges along a ladder of other
    numbers and priors included.
    """
    rng = np.random.default_rng(1)
    model, state = joint_draws(rng, shape, rate)
    for turn in range(12):
        state, _ = step(rng, model, state, turn)
    after, fresh = looked_at(model, state), looked_at(*joint_draws(rng, shape, rate))
    chances = [ks_2samp(after[name][:, rung], fresh[name][:, rung]).pvalue for name in after for rung in range(3)]
    assert min(chances) > 0.001 / len(chances)


def test_probabilities_that_vanish_in_float64_stay_numbers() -> None:
    """Twelve lists of one in 10^300: the product of a history is far below the least float there is."""
    names = tuple("ABCDEFGHIJKL")
    model = Model(Histories(names, np.ones(4095)).members.astype(float), np.ones((1, 4095), dtype=np.int64),
                  np.ones(1), 2, 0.25, 0.25)  # fmt: skip
    rare = np.full((1, 1, 2, 12), -690.0)
    state = State(np.ones((1, 1)), np.log([[[0.5, 0.5]]]), rare, np.log1p(-np.exp(rare)))
    chances = _chances(model, state)
    assert np.isfinite(chances.evidence).all()
    assert chances.of_class.sum(axis=-1) == pytest.approx(1)


def test_a_ladder_starts_with_the_whole_table_and_gets_thinner() -> None:
    model = tempered(FEW, 5, classes=2, shape=0.25, rate=0.25)
    assert model.counts[0].tolist() == FEW.counts[FEW.counts > 0].tolist()
    assert (np.diff(model.counts, axis=0) <= 0).all()
    assert (np.diff(model.scarcity) > 0).all()
