"""Whether a model has a maximum: what is published, and all small tables by brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from luwte.estimate import Histories
from luwte.estimate.errors import BadModel
from luwte.estimate.existence import check, design

ARTIFICIAL = Histories.of("ABC", {0b001: 40, 0b010: 30, 0b100: 20, 0b011: 6})
"""Chan, Silverman and Vincent (2021), JASA 116:1297-1306, table 2: A and B overlap, C overlaps with neither."""
AB, AC, BC = 0b011, 0b101, 0b110


@pytest.mark.parametrize(
    ("interactions", "code", "missing"),
    [
        ([AB, AC, BC], "not_identifiable", (AC, BC)),
        ([AB], "no_mle", ()),
        ([AC, BC], "fine", (AC, BC)),
        ([], "fine", ()),
    ],
)
def test_the_artificial_table(interactions: list[int], code: str, missing: tuple[int, ...]) -> None:
    found = check(ARTIFICIAL, interactions)
    assert (found.code, found.at_minus_infinity) == (code, missing)


@pytest.mark.parametrize(
    "interactions", [pairs for size in range(4) for pairs in itertools.combinations([AB, AC, BC], size)]
)
def test_every_table_of_three_lists_by_every_direction(interactions: tuple[int, ...]) -> None:
    """All patterns of empty cells against all directions with small whole slopes: is there one that only gains?"""
    masks = np.array([0, 1, 2, 4, *interactions])
    holds = design(masks, 7)
    directions = np.array(list(itertools.product(range(-2, 3), repeat=len(masks))))
    slopes = directions @ holds.T
    codes = set()
    for pattern in range(1, 128):
        filled = pattern >> np.arange(7) & 1 == 1
        infinite = (holds & filled[:, None]).sum(axis=0) == 0
        left = (holds & infinite).sum(axis=1) == 0
        rank = np.linalg.matrix_rank(holds[left][:, ~infinite])
        along = slopes[(directions[:, infinite] == 0).all(axis=1)]
        gains = (
            (along[:, left] <= 0).all(axis=1) & (along[:, filled] == 0).all(axis=1) & (along[:, left] < 0).any(axis=1)
        )
        expected = "not_identifiable" if rank < (~infinite).sum() else "no_mle" if gains.any() else "fine"
        codes.add(expected)
        assert check(Histories(("A", "B", "C"), filled.astype(int)), interactions).code == expected
    assert codes == {"fine", "no_mle", "not_identifiable"}


@given(st.integers(4, 5), st.data())
@settings(max_examples=60)
def test_existence_is_a_positive_table_with_the_same_margins(lists: int, data: st.DataObject) -> None:
    """The theorem as it is printed: the largest least cell of any table with the observed margins is positive."""
    pairs = [1 << one | 1 << other for one, other in itertools.combinations(range(lists), 2)]
    counts = np.array(data.draw(st.lists(st.sampled_from([0, 0, 1, 2]), min_size=2**lists - 1, max_size=2**lists - 1)))
    interactions = sorted(data.draw(st.sets(st.sampled_from(pairs))))
    histories = Histories(tuple("ABCDE"[:lists]), counts)
    found = check(histories, interactions)
    masks = np.array([0, *(1 << bit for bit in range(lists)), *interactions])
    holds = design(masks, len(counts))
    infinite = np.isin(masks, found.at_minus_infinity)
    left = (holds & infinite).sum(axis=1) == 0
    margins = holds[left][:, ~infinite].T.astype(float)
    least = linprog(
        [*np.zeros(left.sum()), -1.0],
        A_ub=np.hstack([-np.eye(left.sum()), np.ones((left.sum(), 1))]),
        b_ub=np.zeros(left.sum()),
        A_eq=np.hstack([margins, np.zeros((len(margins), 1))]),
        b_eq=margins @ counts[left],
        bounds=(0, None),
    )
    positive = bool(counts.any()) and -least.fun > 1e-7
    assert (found.code == "no_mle") <= (not positive)
    assert (found.code == "fine") <= positive


@pytest.mark.parametrize("interactions", [[1], [0], [8], [AB, AB], [-1]])
def test_what_is_no_interaction_is_refused(interactions: list[int]) -> None:
    with pytest.raises(BadModel):
        check(ARTIFICIAL, interactions)
