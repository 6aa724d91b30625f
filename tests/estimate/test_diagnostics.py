"""Chains that agree are believed; chains that stand still, stand apart, spread otherwise or drift are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import lfilter

from luwte.estimate.diagnostics import diagnose


def independent(chains: int = 4, draws: int = 2000, seed: int = 1) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal((chains, draws))


def autoregressive(share: float, chains: int = 4, draws: int = 20_000, seed: int = 1) -> NDArray[np.float64]:
    """x_t = share * x_(t-1) + noise, from its own distribution on; worth (1 - share) / (1 + share) of its draws."""
    noise = independent(chains, draws, seed)
    noise[:, 0] /= np.sqrt(1 - share**2)
    return lfilter([1.0], [1.0, -share], noise, axis=1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_independent_draws_are_worth_about_their_number(seed: int) -> None:
    seen = diagnose(independent(seed=seed))
    assert seen.rhat == pytest.approx(1, abs=0.003)
    assert seen.bulk == pytest.approx(8000, rel=0.1)
    assert seen.tail == pytest.approx(8000, rel=0.15)
    assert seen.agrees(rhat=1.01, ess=400)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, -0.3])
def test_draws_that_follow_each_other_are_worth_what_theory_says(share: float) -> None:
    seen = diagnose(autoregressive(share))
    assert seen.bulk == pytest.approx(80_000 * (1 - share) / (1 + share), rel=0.1)
    assert seen.rhat < 1.01


def test_a_mean_that_wanders_slowly_is_not_believed() -> None:
    """2,000 draws are worth one or two: no number of chains may hide it."""
    assert not diagnose(autoregressive(0.999, draws=2000)).agrees(rhat=1.01, ess=400)


def test_a_chain_elsewhere_is_seen() -> None:
    draws = independent()
    draws[0] += 1
    assert diagnose(draws).rhat > 1.05


def test_a_chain_of_another_spread_is_seen_though_its_middle_agrees() -> None:
    draws = independent()
    draws[0] *= 3
    assert diagnose(draws).rhat > 1.05


def test_a_drift_is_seen_even_when_all_chains_share_it() -> None:
    assert diagnose(independent() + np.linspace(0, 2, 2000)).rhat > 1.05


def test_a_tail_without_a_variance_is_no_excuse_and_no_alarm() -> None:
    draws = np.random.default_rng(1).standard_cauchy((4, 2000))
    assert diagnose(draws).agrees(rhat=1.01, ess=400)
    draws[0] += 2
    assert diagnose(draws).rhat > 1.05


@pytest.mark.parametrize("stuck", [[0], [0, 1], [0, 1, 2, 3]])
def test_a_chain_that_stands_still_makes_all_worthless(stuck: list[int]) -> None:
    draws = independent()
    draws[stuck] = 0.5
    seen = diagnose(draws)
    assert seen.rhat == np.inf
    assert (seen.bulk, seen.tail) == (0, 0)


def test_what_is_no_number_is_never_believed() -> None:
    draws = independent()
    draws[2, 7] = np.inf
    assert not diagnose(draws).agrees(rhat=1.01, ess=400)


@given(st.integers(0, 1000), st.floats(0.0, 0.9))
def test_only_ranks_count(seed: int, share: float) -> None:
    """People and the logarithm of people are judged alike."""
    draws = autoregressive(share, draws=100, seed=seed)
    plain, curved = diagnose(draws), diagnose(np.exp(draws))
    assert curved.bulk == pytest.approx(plain.bulk)
    assert curved.tail == pytest.approx(plain.tail, rel=0.2)


@pytest.mark.parametrize("shape", [(4, 3), (8,), (2, 4, 4)])
def test_too_few_draws_and_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least four draws"):
        diagnose(np.zeros(shape))
