"""Pairs of lists that depend on each other, however surely, and lists that are copies."""

import numpy as np
import pytest
from scipy.stats import poisson

from luwte.estimate import Histories
from luwte.estimate.dependence import copies, evidence, pairs_of, unexplained
from luwte.estimate.loglinear import fit


def test_pairs_are_each_there_once() -> None:
    assert pairs_of(1) == []
    assert pairs_of(3) == [0b011, 0b101, 0b110]


@pytest.mark.parametrize(("seen", "expected"), [(0, 5.0), (3, 12.5), (30, 12.5), (0, 300.0), (10**9, 10**9 + 10**5)])
def test_evidence_is_the_smaller_tail(seen: int, expected: float) -> None:
    tails = poisson.logcdf(seen, expected), poisson.logsf(seen - 1, expected)
    assert evidence(np.array([[0.0, 0, seen]]), np.array([[0.0, 0, expected]]), [3]) == pytest.approx(min(tails))


@pytest.mark.parametrize(("seen", "expected"), [(10**6, 5e5), (10**6, 4e5), (10**4, 3e5), (0, 800.0)])
def test_evidence_beyond_the_smallest_number_still_tells_the_worse_of_two(seen: int, expected: float) -> None:
    """Far out a tail is hardly more than its first term."""
    assert min(poisson.cdf(seen, expected), poisson.sf(seen - 1, expected)) == 0
    found = evidence(np.array([[0.0, 0, seen]]), np.array([[0.0, 0, expected]]), [3])
    assert found == pytest.approx(poisson.logpmf(seen, expected), rel=1e-3)


@pytest.mark.parametrize(("seen", "expected"), [(900, 2600.0), (3, 750.0), (2600, 900.0), (10**6, 955_000.0)])
def test_evidence_beyond_the_smallest_number_is_the_sum_of_the_tail(seen: int, expected: float) -> None:
    people = np.arange(seen, seen + 200_000) if seen > expected else np.arange(seen + 1)
    tail = np.logaddexp.reduce(poisson.logpmf(people, expected))
    assert tail < np.log(1e-300)
    found = evidence(np.array([[0.0, 0, seen]]), np.array([[0.0, 0, expected]]), [3])
    assert found == pytest.approx(tail, abs=0.01)


def test_what_is_not_below_the_threshold_is_no_evidence() -> None:
    counts, means = np.array([[0.0, 0, 3]]), np.array([[0.0, 0, 8.0]])
    chance = poisson.cdf(3, 8.0)
    assert evidence(counts, means, [3], chance * 0.99).item() == 0
    assert evidence(counts, means, [3], chance * 1.01).item() == pytest.approx(np.log(chance))


def test_dependent_pairs_are_named() -> None:
    histories = Histories.of("ABC", {1: 100, 2: 100, 4: 100, 3: 60, 5: 10, 6: 10, 7: 5})
    assert unexplained(histories, fit(histories, []).means)[0] == 0b011


@pytest.mark.parametrize(
    ("people", "says"),
    [
        ({3: 100, 4: 200, 7: 30}, "The lists A and B hold the same people"),
        ({1: 50, 4: 60, 3: 40, 7: 20, 5: 10}, "Everybody in the list B is in A"),
        ({2: 50, 4: 60, 3: 40, 7: 20, 6: 10}, "Everybody in the list A is in B"),
    ],
)
def test_copies_are_told(people: dict[int, int], says: str) -> None:
    (said,) = copies(Histories.of("ABC", people))
    assert said.startswith(says)


@pytest.mark.parametrize("people", [{1: 1000, 2: 800, 3: 100, 5: 2}, {1: 90, 2: 80, 4: 70, 3: 30, 5: 20, 6: 20, 7: 10}])
def test_what_chance_explains_is_no_copy(people: dict[int, int]) -> None:
    assert copies(Histories.of("ABC", people)) == []
