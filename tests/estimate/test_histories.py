"""Capture histories: totals of published tables, lists left out and lists merged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.estimate import BadHistories, Histories
from luwte.estimate.published import PUBLISHED


@st.composite
def tables(draw: st.DrawFn, most: int = 30) -> Histories:
    """A table of two to five lists."""
    lists = draw(st.integers(2, 5))
    counts = draw(st.lists(st.integers(0, most), min_size=2**lists - 1, max_size=2**lists - 1))
    return Histories(tuple("ABCDE"[:lists]), np.array(counts))


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_tables_have_the_published_totals(name: str) -> None:
    published = PUBLISHED[name]
    assert published.read().observed == published.observed


def test_merging_two_lists_of_the_uk_gives_its_table_of_five() -> None:
    merged = PUBLISHED["uk_2013_6"].read().merged("PF", "NCA")
    five = PUBLISHED["uk_2013_5"].read()
    assert merged.lists == ("LA", "NG", "PF+NCA", "GO", "GP")
    assert merged.counts.tolist() == five.counts.tolist()


def test_merging_two_lists_of_the_netherlands_gives_its_table_of_five() -> None:
    six, five = PUBLISHED["netherlands_2010_2015_6"].read(), PUBLISHED["netherlands_2010_2015_5"].read()
    assert six.merged("I", "O").counts.tolist() == five.counts.tolist()


@given(tables())
def test_merging_loses_nobody_and_leaving_out_loses_who_was_only_there(table: Histories) -> None:
    first, second = table.lists[:2]
    assert table.merged(first, second).observed == table.observed
    assert table.without(first).observed == table.observed - table.counts[0]
    assert table.merged(first, second).within(1) == table.within(1) + table.within(2) - table.within(3)


@given(tables())
def test_an_overlap_counts_everybody_in_both(table: Histories) -> None:
    both = [count for row, count in zip(table.members, table.counts, strict=True) if row[0] and row[1]]
    assert table.within(table.mask(*table.lists[:2])) == sum(both)


@pytest.mark.parametrize(
    ("lists", "counts"),
    [
        ((), []),
        (("A", "A"), [1, 1, 1]),
        (("A", " "), [1, 1, 1]),
        (("A", "B"), [1, 1]),
        (("A", "B"), [1, -1, 1]),
        (("A", "B"), [1, 0.5, 1]),
        (("A", "B"), [1, float("nan"), 1]),
        (("A", "B"), [1, 1e15, 1]),
    ],
)
def test_what_is_no_table_is_refused(lists: tuple[str, ...], counts: list[float]) -> None:
    with pytest.raises(BadHistories):
        Histories(lists, np.array(counts))
