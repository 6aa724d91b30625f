"""Capture histories: totals of published tables, lists left out and lists merged."""

import random
from collections.abc import Sequence

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


def in_another_order(table: Histories, chance: random.Random) -> Histories:
    """The same people; the lists under other bits, with the names that they have."""
    order = chance.sample(range(len(table.lists)), len(table.lists))
    cells = (sum(1 << order[bit] for bit in range(len(order)) if cell >> bit & 1) for cell in range(1, 2 ** len(order)))
    names = [table.lists[order.index(bit)] for bit in range(len(order))]
    return Histories.of(names, zip(cells, table.counts.tolist(), strict=True))


def placed(table: Histories, model: Sequence[str]) -> list[int]:
    """Interactions by the places of their lists: those of lists that the counts cannot tell apart are the same."""
    return [table.placed(table.mask(*one.split(":"))) for one in model]


def by_places(table: Histories) -> list[tuple[int, int]]:
    return sorted((table.placed(cell), count) for cell, count in enumerate(table.counts.tolist(), start=1))


@given(tables() | tables(most=1), st.randoms())
def test_places_follow_from_the_counts_alone(table: Histories, chance: random.Random) -> None:
    """A table and the same one in another order, both by their places, are one table."""
    other = in_another_order(table, chance)
    assert sorted(table.places) == list(range(len(table.lists)))
    assert by_places(other) == by_places(table)


# Nobody; everybody alike; a ring, of which no two lists can change places but all can move on by one; pairs.
@pytest.mark.parametrize(
    "people", [{}, {4095: 7}, {3 << at: 1 for at in range(11)} | {2049: 1}, {3 << at: 1 for at in range(0, 12, 2)}]
)
def test_places_of_many_lists_that_look_alike(people: dict[int, int]) -> None:
    table = Histories.of("ABCDEFGHIJKL", people)
    assert by_places(in_another_order(table, random.Random(1))) == by_places(table)


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


def test_a_merged_list_has_a_name_of_its_own() -> None:
    table = Histories.of(("A", "B", "A+B"), {1: 4, 2: 5, 4: 6, 7: 7})
    assert table.merged("A", "B").lists == ("A+B+", "A+B")
    assert table.merged("A", "A+B").lists == ("A+A+B", "B")
    assert table.merged("A").lists == table.lists


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
