"""Strata: merging them loses nobody."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.estimate import BadHistories, Histories
from luwte.estimate.strata import Stratified


@st.composite
def stratified(draw: st.DrawFn) -> Stratified:
    """Up to six strata of two covariates over two to four lists."""
    lists = draw(st.integers(2, 4))
    keys = draw(st.sets(st.tuples(st.sampled_from("12"), st.sampled_from("fmx")), min_size=1))
    counts = st.lists(st.integers(0, 30), min_size=2**lists - 1, max_size=2**lists - 1)
    return Stratified(
        ("year", "sex"), {key: Histories(tuple("ABCD"[:lists]), np.array(draw(counts))) for key in sorted(keys)}
    )


@given(stratified())
def test_strata_together_are_the_whole(data: Stratified) -> None:
    assert data.whole().observed == data.observed
    assert data.by().whole().counts.tolist() == data.whole().counts.tolist()
    assert set(data.by().tables) == {()}


@given(stratified())
def test_merging_step_by_step_is_merging_at_once(data: Stratified) -> None:
    once, twice = data.by("sex"), data.by("sex", "year").by("sex")
    assert set(once.tables) == set(twice.tables) == {(sex,) for _, sex in data.tables}
    for (sex,), table in once.tables.items():
        by_hand = sum(one.counts for key, one in data.tables.items() if key[1] == sex)
        assert table.counts.tolist() == twice.tables[sex,].counts.tolist() == by_hand.tolist()


AB = Histories(("A", "B"), np.array([1, 2, 3]))


@pytest.mark.parametrize(
    ("covariates", "strata"),
    [
        (("sex",), {}),
        (("sex", "sex"), {("f", "f"): AB}),
        ((" ",), {("f",): AB}),
        (("sex",), {("f", "2020"): AB}),
        (("sex",), {("f",): AB, ("m",): Histories(("B", "A"), np.array([1, 2, 3]))}),
    ],
)
def test_what_is_no_strata_is_refused(covariates: tuple[str, ...], strata: dict[tuple[str, ...], Histories]) -> None:
    with pytest.raises(BadHistories):
        Stratified(covariates, strata)


def test_a_covariate_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadHistories):
        Stratified(("sex",), {("f",): AB}).by("age")
