"""Averaging over decomposable graphs: against the published counts, a slow twin, and what it must refuse."""

import math
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luwte.estimate import BadLevel, Histories
from luwte.estimate.decomposable import HIDDEN_FOR_EACH, BadPrior, NobodyObserved, decomposable, posterior
from luwte.estimate.evidence import Evidence
from luwte.estimate.graphs import TooManyLists, decomposable_graphs, pairs
from luwte.estimate.published import PUBLISHED


@pytest.mark.parametrize(("lists", "number"), [(1, 1), (2, 2), (3, 8), (4, 61), (5, 822), (6, 18154)])
def test_there_are_as_many_decomposable_graphs_as_everybody_counts(lists: int, number: int) -> None:
    """OEIS A058862."""
    graphs = decomposable_graphs(lists)
    assert len(graphs.edges) == len(graphs.factors) == number
    assert len(np.unique(graphs.edges, axis=0)) == number


def test_a_graph_is_decomposable_when_it_has_no_hollow_ring() -> None:
    """The slow twin: every ring of four or five has a chord."""
    masks = pairs(5)

    def ring(edges: set[int], size: int) -> bool:
        for round_ in permutations(range(5), size):
            steps = {1 << one | 1 << other for one, other in zip(round_, (*round_[1:], round_[0]), strict=True)}
            within = {1 << one | 1 << other for one, other in combinations(round_, 2)}
            if edges & within == steps:
                return True
        return False

    every = [{mask for at, mask in enumerate(masks) if number >> at & 1} for number in range(1024)]
    slow = {frozenset(edges) for edges in every if not ring(edges, 4) and not ring(edges, 5)}
    fast = {
        frozenset(mask for mask, joined in zip(masks, row, strict=True) if joined)
        for row in decomposable_graphs(5).edges
    }
    assert fast == slow


def test_a_distribution_factors_into_cliques_over_separators() -> None:
    """A chain A - B - C: P(AB) P(BC) / P(B)."""
    graphs = decomposable_graphs(3)
    (chain,) = np.flatnonzero((graphs.edges == [True, False, True]).all(axis=1))
    assert dict(enumerate(graphs.factors[chain][1:], start=1)) == {3: 1, 6: 1, 2: -1, 1: 0, 4: 0, 5: 0, 7: 0}


@pytest.mark.parametrize("lists", [1, 3, 5])
def test_of_the_factors_that_hold_some_lists_one_is_left_if_these_are_all_joined(lists: int) -> None:
    """No other factors have this property for all sets of lists (Moebius inversion)."""
    graphs = decomposable_graphs(lists)
    masks = pairs(lists)
    for some in range(1, 2**lists):
        left = graphs.factors[:, [all_ & some == some for all_ in range(2**lists)]].sum(axis=1)
        inside = [mask & some == mask for mask in masks]
        assert (left == graphs.edges[:, inside].all(axis=1)).all()


# Edges, cliques and separators of all graphs on three lists, written down by hand.
THREE = [
    ((), (1, 2, 4), ()),
    (("A:B",), (3, 4), ()),
    (("A:C",), (5, 2), ()),
    (("B:C",), (6, 1), ()),
    (("A:B", "A:C"), (3, 5), (1,)),
    (("A:B", "B:C"), (3, 6), (2,)),
    (("A:C", "B:C"), (5, 6), (4,)),
    (("A:B", "A:C", "B:C"), (7,), ()),
]


def slow_evidence(counts: list[int], most: int, cliques: tuple[int, ...], separators: tuple[int, ...]) -> list[float]:
    """People come one by one; each finds the share of those before them (Polya's urn) in every margin.

    Log evidence of 0 to *most* hidden people, who come last.
    """
    before, log, logs = [0] * 8, 0.0, []
    people = [history for history, count in enumerate(counts, start=1) for _ in range(count)]
    for cell in [*people, *[0] * most]:
        if len(logs) + sum(counts) == sum(before):
            logs.append(log)
        for margin, sign in [(one, 1) for one in cliques] + [(one, -1) for one in separators]:
            alike = sum(count for other, count in enumerate(before) if other & margin == cell & margin)
            log += sign * math.log((alike + 0.5 ** margin.bit_count()) / (sum(before) + 1))
        before[cell] += 1
    ways = [math.lgamma(sum(counts) + hidden) - math.lgamma(hidden + 1) for hidden in range(most + 1)]
    return [one + way for one, way in zip([*logs, log], ways, strict=True)]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=7, max_size=7).filter(any))
def test_it_equals_people_coming_one_by_one(counts: list[int]) -> None:
    found = posterior(Histories(("A", "B", "C"), np.array(counts)))
    most = min(60, round(HIDDEN_FOR_EACH) * sum(counts))
    slow = np.logaddexp.reduce([slow_evidence(counts, most, cliques, separators) for _, cliques, separators in THREE])
    fast = np.log(found.density[: most + 1])
    np.testing.assert_allclose(fast - fast[0], slow - slow[0], atol=1e-8)


def test_probabilities_and_limits_are_those_of_all_numbers_added_up() -> None:
    counts, most, further = [60, 75, 30, 45, 20, 24, 11], round(HIDDEN_FOR_EACH) * 265, 20000
    found = posterior(Histories(("A", "B", "C"), np.array(counts)))
    slow = np.array([slow_evidence(counts, further, cliques, separators) for _, cliques, separators in THREE])
    slow = np.exp(slow - slow.max())
    # Out there is only the graph that joins all lists; its tail falls like n^-(2 - 1/8), so much lies past the last.
    past = slow[:, most + 1 :].sum() / (1 - (further / most) ** -(1 - 1 / 8))
    assert found.beyond == pytest.approx(past / slow.sum(), rel=0.03)
    slow = slow[:, : most + 1]
    shares = {edges: share for (edges, _, _), share in zip(THREE, slow.sum(axis=1) / slow.sum(), strict=True)}
    for graph in found.graphs:
        assert graph.probability == pytest.approx(shares[graph.edges], abs=1e-4)
    below = np.cumsum(slow.sum(axis=0)) / slow.sum()
    for at in (0.025, 0.5, 0.9):
        assert found.quantile(at) == pytest.approx(sum(counts) + int(np.searchsorted(below, at)), abs=1)


PEER = {
    "uk_2013_5": (23016, 10408, 33481),
    "netherlands_2010_2015_5": (50270, 41616, 203328),
    "kosovo_1999": (12595, 9827, 16544),
}
"""Median and limits as others computed them with the same prior, from the evidence of some numbers of people only."""


@pytest.mark.parametrize(
    ("name", "numbers"), [("uk_2013_5", 1000), ("netherlands_2010_2015_5", 1000), ("kosovo_1999", 0)]
)
def test_at_the_numbers_that_others_look_at_their_figures_come_out_to_the_person(name: str, numbers: int) -> None:
    """From 1 to 30 hidden people for each observed: 1,000 of them equally far apart, or (Kosovo) every one.

    The first is what the programs of Binette and Steorts (2021) do unless they are told otherwise.
    """
    table = PUBLISHED[name].read()
    graphs = decomposable_graphs(len(table.lists))
    most = round(HIDDEN_FOR_EACH) * table.observed
    hidden = np.round(np.linspace(1, most, numbers or most))
    logs = Evidence(table, graphs).at(hidden, np.arange(len(graphs.edges)))
    below = np.exp(logs - logs.max()).sum(axis=0).cumsum()
    found = [table.observed + int(hidden[np.searchsorted(below, at * below[-1])]) for at in (0.5, 0.025, 0.975)]
    assert tuple(found) == PEER[name]


@pytest.mark.parametrize(
    ("name", "figures", "apart"),
    [
        ("uk_2013_5", (22990, 10387, 33510), True),
        ("netherlands_2010_2015_5", (50384, 41665, 203393), True),
        ("kosovo_1999", (12595, 9827, 16544), False),
    ],
)
def test_the_published_tables(name: str, figures: tuple[int, int, int], apart: bool) -> None:
    """Every number counts: off the figures of others by less than the gaps between the numbers that they look at."""
    table = PUBLISHED[name].read()
    found = decomposable(table)
    assert (found.estimate, found.lower, found.upper) == pytest.approx(figures, abs=1)
    assert figures == pytest.approx(PEER[name], abs=HIDDEN_FOR_EACH * table.observed / 999)
    assert any("far apart" in reason for reason in found.reasons) == apart


def test_an_end_of_the_prior_that_matters_is_said_and_one_that_makes_the_limit_is_refused() -> None:
    table = PUBLISHED["netherlands_2010_2015_5"].read()
    beyond = posterior(table).beyond
    assert beyond == pytest.approx(0.0084, abs=0.0001)
    said = (
        "This method allows at most 30 hidden people for each person on the lists. Without that limit it would say "
        "that there are more with a probability of 0.8%."
    )
    assert said in decomposable(table).reasons
    assert decomposable(table, level=1 - 2 * beyond * 1.01).estimate
    assert decomposable(table, level=1 - 2 * beyond * 0.99).reasons == (said,)
    endless = decomposable(table, most_hidden=math.inf)
    assert (endless.estimate, endless.lower, endless.upper) == pytest.approx((50460, 41681, 210285), abs=10)
    assert not any("allows" in reason for reason in endless.reasons)


@pytest.mark.parametrize(("alone", "two", "three"), [(980, 10, 0), (9_801, 99, 1), (98_010, 990, 10)])
def test_far_more_people_than_are_allowed_are_refused_for_that_and_not_for_thin_overlaps(
    alone: int, two: int, three: int
) -> None:
    """A hundredth of all people are on each of three independent lists: 33 are hidden for each on a list."""
    table = Histories.of("ABC", {1: alone, 2: alone, 4: alone, 3: two, 5: two, 6: two, 7: three})
    people = 100 * (alone + 2 * two + three)
    found = decomposable(table)
    assert (found.verdict, found.estimate) == ("no_estimate", None)
    assert found.reasons[0].startswith("This method allows at most 30 hidden people for each person on the lists.")
    endless = decomposable(table, most_hidden=math.inf)
    assert endless.estimate == pytest.approx(people, rel=1 / math.sqrt(two))
    assert (endless.lower or 0) < people < (endless.upper or 0)


def test_a_posterior_far_beyond_the_priors_end_is_still_a_posterior() -> None:
    """10^8 people, of whom a five-hundredth is on each of four lists: below the end next to nothing is left."""
    people = [(198_802, 398, 0, 0)[history.bit_count() - 1] for history in range(1, 16)]
    found = posterior(Histories(tuple("ABCD"), np.array(people)))
    assert found.beyond == pytest.approx(1)
    assert np.isfinite(found.density).all()
    assert found.observed <= found.quantile(0.01) <= found.quantile(0.99) <= (HIDDEN_FOR_EACH + 1) * found.observed
    assert sum(graph.probability for graph in found.graphs) == pytest.approx(1)


def test_a_posterior_says_its_graphs_and_peaks() -> None:
    found = posterior(PUBLISHED["uk_2013_5"].read())
    low, high = (mode for mode in found.modes if mode.probability > 0.01)
    assert (low.people, high.people) == (pytest.approx(11800, rel=0.01), pytest.approx(24850, rel=0.01))
    assert low.probability + high.probability == pytest.approx(1, abs=1e-4)
    best = found.graphs[0]
    assert set(best.edges) == {"LA:NG", "LA:PFNCA", "NG:PFNCA", "NG:GP", "PFNCA:GO"}
    assert best.probability == pytest.approx(0.443, abs=0.001)
    assert 0.999 <= sum(graph.probability for graph in found.graphs) <= 1
    assert [graph.probability for graph in found.graphs] == sorted((g.probability for g in found.graphs), reverse=True)


def test_people_are_seen_again_once_for_every_further_part() -> None:
    """The best graph of the UK joins LA, NG, PFNCA, then NG - GP and PFNCA - GO: only GP or GO can be news."""
    table = PUBLISHED["uk_2013_5"].read()
    again = 0
    for history, count in enumerate(table.counts.tolist(), start=1):
        core, gp, go = (bool(history & table.mask(*names)) for names in (("LA", "NG", "PFNCA"), ("GP",), ("GO",)))
        tied = (gp and bool(history & table.mask("NG"))) + (go and bool(history & table.mask("PFNCA")))
        again += count * (core + gp + go - tied - 1)
    assert posterior(table).graphs[0].recaptures == again


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.integers(0, 20), min_size=2**n - 1, max_size=2**n - 1)))
def test_whatever_the_counts_there_is_a_figure_with_limits_or_a_reason(counts: list[int]) -> None:
    found = decomposable(Histories(tuple("ABCD")[: len(counts).bit_length()], np.array(counts)))
    if found.verdict == "no_estimate":
        assert (found.estimate, found.lower, found.upper) == (None, None, None)
        assert found.reasons
    else:
        assert sum(counts) <= (found.lower or 0) <= (found.estimate or 0) <= (found.upper or 0) < np.inf


@pytest.mark.parametrize(
    ("lists", "counts"),
    [
        ("A", [100]),
        ("AB", [0, 0, 0]),
        ("AB", [50, 60, 0]),
        ("AB", [0, 0, 80]),
        ("ABC", [50, 60, 0, 70, 0, 0, 0]),
        ("ABCD", [50, 60, 20, *[0] * 12]),
        ("ABCDEFG", [9] * 127),
    ],
)
def test_what_cannot_be_learned_is_no_estimate(lists: str, counts: list[int]) -> None:
    found = decomposable(Histories(tuple(lists), np.array(counts)))
    assert (found.verdict, found.estimate, found.lower, found.upper) == ("no_estimate", None, None, None)
    assert found.reasons


def test_refusals_have_a_type() -> None:
    with pytest.raises(TooManyLists):
        posterior(Histories(tuple("ABCDEFG"), np.ones(127)))
    with pytest.raises(NobodyObserved):
        posterior(Histories(("A", "B"), np.zeros(3)))
    with pytest.raises(BadLevel):
        decomposable(PUBLISHED["kosovo_1999"].read(), level=1.0)
    for nothing in (0, -1, math.nan):
        with pytest.raises(BadPrior):
            decomposable(PUBLISHED["kosovo_1999"].read(), most_hidden=nothing)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_the_lists_changes_nothing(order: list[int]) -> None:
    table = PUBLISHED["kosovo_1999"].read()
    moved = Histories.of(
        [table.lists[at] for at in order],
        [
            (sum((history >> old & 1) << new for new, old in enumerate(order)), count)
            for history, count in enumerate(table.counts.tolist(), start=1)
        ],
    )
    here, there = decomposable(table), decomposable(moved)
    assert (here.estimate, here.lower, here.upper) == (there.estimate, there.lower, there.upper)


@pytest.mark.parametrize("times", [1, 1000, 10**6])
def test_many_people_are_counted_as_precisely_as_few(times: int) -> None:
    """Three independent lists with chances 0.3, 0.4 and 0.5 of 1,000 people: 210 are hidden."""
    found = decomposable(Histories(("A", "B", "C"), np.array([90, 140, 60, 210, 90, 140, 60]) * times))
    assert found.estimate is not None
    assert found.lower is not None
    assert found.upper is not None
    assert found.estimate == pytest.approx(1000 * times, rel=0.02 / math.sqrt(times))
    assert found.upper - found.lower == pytest.approx(85 * times / math.sqrt(times), rel=0.5)


def test_draws_are_those_of_the_posterior() -> None:
    found = posterior(PUBLISHED["kosovo_1999"].read())
    draws = found.draws(20000, seed=1)
    assert np.quantile(draws, [0.025, 0.5, 0.975]) == pytest.approx([9827, 12595, 16544], rel=0.02)
    assert draws.tolist() == found.draws(20000, seed=1).tolist()


def test_few_hidden_people_are_drawn_as_often_as_they_are_likely() -> None:
    found = posterior(Histories(("A", "B", "C"), np.array([3, 2, 30, 3, 20, 25, 60])))
    draws = found.draws(20_000, seed=1) - found.observed
    assert found.hidden[:5].tolist() == [0, 1, 2, 3, 4]
    assert [(draws == hidden).mean() for hidden in range(5)] == pytest.approx(found.density[:5], abs=0.015)
