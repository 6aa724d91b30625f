"""The multiplier: its interval against a slow twin, what dependence does to it, and when it says nothing."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, gammaln

from luwte.estimate.errors import BadAnswers, BadLevel
from luwte.estimate.multiplier import _at_most, dependence_surface, multiplier


def slowly_at_most(people: int, registered: int, a: float, b: float) -> float:
    """The beta negative binomial, one number of hidden people after the other."""
    hidden = np.arange(people - registered + 1)
    ways = gammaln(registered + hidden) - gammaln(hidden + 1) - gammaln(registered)
    return float(np.exp(ways + betaln(a + registered, b + hidden) - betaln(a, b)).sum())


@given(
    registered=st.integers(1, 300),
    said=st.integers(0, 60),
    others=st.integers(0, 60),
    hidden=st.integers(0, 3000),
    prior=st.sampled_from([0.5, 1.0]),
)
def test_the_integral_is_the_sum_over_hidden_people(
    registered: int, said: int, others: int, hidden: int, prior: float
) -> None:
    a, b = said + prior, others + prior
    exact = slowly_at_most(registered + hidden, registered, a, b)
    assert _at_most(registered + hidden, registered, a, b) == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("prior", ["jeffreys", "uniform"])
def test_each_tail_outside_of_the_interval_is_at_most_what_it_promises(prior: Literal["jeffreys", "uniform"]) -> None:
    result = multiplier(120, 9, 60, level=0.9, prior=prior)
    assert result.estimate == 800
    assert result.lower is not None
    assert result.upper is not None
    start = {"jeffreys": 0.5, "uniform": 1.0}[prior]
    a, b = 9 + start, 51 + start
    for end, share in ((int(result.lower), 0.05), (int(result.upper), 0.95)):
        assert slowly_at_most(end - 1, 120, a, b) < share <= slowly_at_most(end, 120, a, b)


@settings(max_examples=15)
@given(registered=st.integers(1, 5000), said=st.integers(5, 200), others=st.integers(0, 2000))
def test_the_interval_holds_the_estimate_and_nobody_registered_is_lost(registered: int, said: int, others: int) -> None:
    result = multiplier(registered, said, said + others, least_asked=1)
    assert result.estimate is not None
    assert result.lower is not None
    assert result.upper is not None
    assert registered <= result.lower <= result.estimate + 1
    assert result.estimate <= result.upper + 1
    wider = multiplier(registered, said, said + others, least_asked=1, level=0.99)
    assert wider.lower is not None
    assert wider.upper is not None
    assert wider.lower <= result.lower
    assert wider.upper >= result.upper


def test_the_interval_keeps_its_promise() -> None:
    """Of 250 towns of 3,000 people each, 95 % are in their interval; 4 points are three standard errors."""
    chance = np.random.default_rng(1)
    registered, said = chance.binomial(3000, 0.3, 250), chance.binomial(150, 0.3, 250)
    held = [
        _at_most(3000, m, x + 0.5, 150.5 - x) >= 0.025 and _at_most(2999, m, x + 0.5, 150.5 - x) < 0.975
        for m, x in zip(registered.tolist(), said.tolist(), strict=True)
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.04)


@pytest.mark.parametrize(
    ("registered", "said", "asked", "why"),
    [
        (0, 5, 50, "Nobody is registered"),
        (100, 0, 50, "Nobody who was asked"),
        (100, 10, 12, "Only 12"),
        (100, 4, 200, "Only 4"),
        (100, 0, 0, "Nobody who was asked"),
    ],
)
def test_too_little_gives_no_estimate_and_says_why(registered: int, said: int, asked: int, why: str) -> None:
    result = multiplier(registered, said, asked)
    assert (result.verdict, result.estimate, result.lower, result.upper) == ("no_estimate", None, None, None)
    assert result.reasons[0].startswith(why)


@pytest.mark.parametrize(
    ("registered", "said", "asked"),
    [(-1, 5, 50), (100, 51, 50), (100, 5.0, 50), (True, 5, 50), (10**9, 5, 50), (100, -1, 50)],
)
def test_answers_that_cannot_be_are_refused(registered: int, said: int, asked: int) -> None:
    with pytest.raises(BadAnswers) as refusal:
        multiplier(registered, said, asked)
    assert refusal.value.code == "bad_answers"


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, float("nan")])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    with pytest.raises(BadLevel):
        multiplier(100, 10, 50, level=level)


def test_huge_counts_keep_their_interval_near_the_theory() -> None:
    """With a register of 900 million only the share is uncertain: the interval is that of 1 / p."""
    result = multiplier(9 * 10**8, 10**6, 10**7)
    assert result.estimate == 9 * 10**9
    assert result.lower == pytest.approx(9 * 10**9 * (1 - 1.96 * np.sqrt(0.9 / 10**6)), rel=1e-5)
    assert result.upper == pytest.approx(9 * 10**9 * (1 + 1.96 * np.sqrt(0.9 / 10**6)), rel=1e-5)


@given(
    ratio=st.floats(0.1, 10),
    missed=st.floats(0, 0.4),
    false=st.floats(0, 0.05),
    share=st.floats(0.2, 0.9),
)
def test_the_surface_finds_the_truth_when_the_bias_is_known(
    ratio: float, missed: float, false: float, share: float
) -> None:
    """A town of 10^9 people, a share of them registered, who chat and answer with a bias: forwards, then backwards."""
    asked = 10**11
    registered = round(10**9 * share)
    among = ratio * share / (ratio * share + 1 - share)
    said = round(asked * (among * (1 - missed) + (1 - among) * false))
    surface = dependence_surface(registered, said, asked, ratios=[ratio], missed=[missed], false=[false])
    assert surface.estimates[0, 0, 0] == pytest.approx(10**9, rel=1e-6)


def test_without_bias_the_surface_is_the_multiplier() -> None:
    surface = dependence_surface(1000, 40, 200)
    at = surface.ratios.index(1.0), surface.missed.index(0.0), surface.false.index(0.0)
    assert surface.estimates[at] == multiplier(1000, 40, 200).estimate == 5000
    assert surface.estimates.shape == (len(surface.ratios), len(surface.missed), len(surface.false))


def test_the_surface_is_empty_where_such_answers_cannot_be() -> None:
    """All yes answers may be wrong ones; or more said yes than can be registered."""
    surface = dependence_surface(1000, 4, 200, missed=[0.0, 0.4], false=[0.01, 0.02, 0.05])
    assert np.isfinite(surface.estimates[:, :, 0]).all()
    assert np.isnan(surface.estimates[:, :, 1:]).all()
    assert np.isnan(dependence_surface(1000, 190, 200, missed=[0.3], false=[0.0]).estimates).all()
    assert surface.to_json()["estimates"][0][0][1] is None


@pytest.mark.parametrize(
    "axes",
    [{"ratios": [0.0]}, {"ratios": []}, {"missed": [1.0]}, {"false": [-0.1]}, {"ratios": [float("nan")]}],
)
def test_a_grid_that_cannot_be_is_refused(axes: dict[str, list[float]]) -> None:
    with pytest.raises(BadAnswers):
        dependence_surface(1000, 40, 200, **axes)
