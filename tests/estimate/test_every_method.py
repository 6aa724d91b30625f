"""What holds for every method: who asks, in what order, of how many; and data of which nothing may be said."""

import doctest
import math
import pickle
import random
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

import luwte.estimate
from luwte.estimate import (
    METHODS,
    PUBLISHED,
    BadAnswers,
    BadHistories,
    BadLevel,
    Histories,
    Method,
    Result,
    Stratified,
    bic,
    bic_average,
    by_stratum,
    decomposable,
    gated,
    latent_class,
    main_effects,
    multiplier,
    stepwise,
)

FEW_DRAWS = {"ladders": 4, "rungs": 4, "draws": 400, "most_draws": 400, "rhat": 1.1, "ess": 50}
EXACT: dict[str, Callable[[Histories], Result]] = {
    "main_effects": partial(main_effects, bootstrap=0),
    "stepwise": partial(stepwise, bootstrap=0),
    "bic": partial(bic, bootstrap=0),
    "bic_average": partial(bic_average, bootstrap=0),
    "decomposable": decomposable,
}
"""Without anything that is drawn."""
LISTS = EXACT | {"latent_class": partial(latent_class, **FEW_DRAWS)}
"""All but the multiplier, which has no lists."""
RESAMPLED: dict[Method, Callable[..., Result]] = {
    "main_effects": main_effects,
    "stepwise": stepwise,
    "bic": bic,
    "bic_average": bic_average,
}
KOSOVO = PUBLISHED["kosovo_1999"].read()


def figures(result: Result) -> list[float | None]:
    return [result.estimate, result.lower, result.upper]


def reordered(table: Histories, order: list[int]) -> Histories:
    """The same people with lists under other bits and names, and rows in another order."""
    rows = [
        (sum((history >> old & 1) << new for new, old in enumerate(order)), count)
        for history, count in enumerate(table.counts.tolist(), start=1)
    ]
    random.Random(1).shuffle(rows)
    return Histories.of([f"list {at}" for at in order], rows)


DEGENERATE = {
    "nobody": Histories.of("ABC", {}),
    "one list": Histories.of("A", {1: 500}),
    "two lists that share nobody": Histories.of("AB", {1: 500, 2: 400}),
    "no overlap": Histories.of("ABC", {1: 50, 2: 60, 4: 70}),
    "one person": Histories.of("ABC", {7: 1}),
    "everybody in all lists": Histories.of("ABC", {7: 1000}),
    "a list that holds the people of another": Histories.of("ABC", {3: 500, 7: 200, 4: 400}),
    "a copy, and independent others": Histories.of("ABCD", {9: 90, 2: 140, 4: 210, 11: 60, 13: 90, 6: 140, 15: 60}),
    "a list made out of another": Histories.of("ABC", {2: 80, 3: 30, 4: 80, 6: 10}),
}
"""In the copy D is A again."""


@pytest.mark.parametrize("table", DEGENERATE)
@pytest.mark.parametrize("method", LISTS)
def test_where_nothing_can_be_said_nothing_is_said_and_the_reason_given(method: str, table: str) -> None:
    found = LISTS[method](DEGENERATE[table])
    assert (found.verdict, found.interval, *figures(found)) == ("no_estimate", None, None, None, None)
    assert found.reasons
    assert all(reason.endswith(".") for reason in found.reasons)


@pytest.mark.parametrize("method", LISTS)
def test_a_copied_list_is_said_in_the_same_words_by_all_and_once(method: str) -> None:
    said = "The lists A and D hold the same people; leave one out."
    table = DEGENERATE["a copy, and independent others"]
    assert LISTS[method](table).reasons == gated(table, LISTS[method](table)).reasons == (said,)


@pytest.mark.parametrize("method", LISTS)
def test_an_empty_list_is_named_and_the_gate_has_no_figure(method: str) -> None:
    table = Histories.of("ABC", {1: 50, 2: 60, 3: 20})
    alone = LISTS[method](table)
    assert alone.verdict == "no_estimate" or "Nobody is in C, so it says nothing." in alone.reasons
    assert figures(gated(table, alone)) == [None, None, None]


@pytest.mark.parametrize(
    "people",
    [
        [(1, 10), (2, 10**9), (3, 5)],
        [(1, 10**400), (2, 1)],
        [(1, -1), (2, 5), (3, 5)],
        [(1, 9), (1, -3), (2, 5), (3, 5)],
        [(1, 2.5), (2, 5), (3, 5)],
        [(1, 0.5), (1, 0.5), (2, 5), (3, 5)],
        [(1, float("nan")), (2, 5), (3, 5)],
        [(0, 4), (1, 5)],
        [(4, 4), (1, 5)],
    ],
)
def test_counts_that_cannot_be_are_no_table(people: list[tuple[int, int]]) -> None:
    with pytest.raises(BadHistories) as refused:
        Histories.of("AB", people)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("answers", [(10**9, 20, 50), (100, -2, 50), (100, 20.5, 50), (100, 60, 50)])
def test_answers_that_cannot_be_have_no_multiplier(answers: tuple[int, int, int]) -> None:
    with pytest.raises(BadAnswers):
        multiplier(*answers)


def test_a_multiplier_beyond_all_people_is_none() -> None:
    assert multiplier(9 * 10**8, 5, 10**4).reasons == ("The figure would be larger than there can be people.",)
    wide = multiplier(9 * 10**8, 5, 50)
    assert (wide.verdict, wide.interval, wide.upper) == ("ok", None, None)


def test_a_history_that_is_there_twice_is_added() -> None:
    assert Histories.of("AB", [(1, 4), (3, 2), (1, 5)]).counts.tolist() == [9, 0, 2]


@pytest.mark.parametrize("method", LISTS)
@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, float("nan")])
def test_a_level_is_between_nothing_and_all(method: str, level: float) -> None:
    """Of tables without a figure as well: the result would promise it."""
    for table in (KOSOVO, DEGENERATE["nobody"]):
        with pytest.raises(BadLevel):
            LISTS[method](table, level=level)


@pytest.mark.parametrize("method", EXACT)
def test_other_names_and_another_order_of_lists_and_rows_change_nothing(method: str) -> None:
    here, there = EXACT[method](KOSOVO), EXACT[method](reordered(KOSOVO, [2, 0, 3, 1]))
    assert figures(there) == pytest.approx(figures(here), rel=1e-6)
    assert len(there.model) == len(here.model)


def test_another_order_moves_bootstrap_limits_by_chance_only() -> None:
    here = stepwise(KOSOVO, bootstrap=1000)
    there = stepwise(reordered(KOSOVO, [2, 0, 3, 1]), bootstrap=1000)
    assert figures(there) == pytest.approx(figures(here), rel=0.03)
    assert there.lower != here.lower


@pytest.mark.parametrize("method", EXACT)
def test_strata_put_together_are_the_run_of_everybody(method: str) -> None:
    first = np.random.default_rng(1).binomial(KOSOVO.counts, 0.4)
    data = Stratified(("year",), {("1",): KOSOVO.with_counts(first), ("2",): KOSOVO.with_counts(KOSOVO.counts - first)})
    whole = by_stratum(data.by(), EXACT[method])
    assert EXACT[method](data.whole()) == EXACT[method](KOSOVO) == whole.strata[()]
    assert whole.total.estimate == whole.strata[()].estimate


TEN_AND_A_THOUSAND = Histories.of("ABC", {1: 90, 2: 140, 4: 210, 3: 60, 5: 90, 6: 140, 7: 60})
"""Independent lists with chances 0.3, 0.4 and 0.5 of 1,000 people: 210 are hidden."""


@pytest.mark.parametrize("method", EXACT)
def test_a_hundred_times_the_people_are_a_hundred_times_as_many_ten_times_as_sure(method: str) -> None:
    one = EXACT[method](TEN_AND_A_THOUSAND)
    many = EXACT[method](TEN_AND_A_THOUSAND.with_counts(TEN_AND_A_THOUSAND.counts * 100))
    assert one.estimate == pytest.approx(1000, rel=0.03)
    assert many.estimate == pytest.approx(100_000, rel=0.001)
    widths = [(result.upper or 0) - (result.lower or 0) for result in (one, many)]
    assert widths[1] / widths[0] == pytest.approx(10, rel=0.25)


def test_ten_times_the_people_are_ten_times_as_many_by_latent_classes() -> None:
    """With a hundred times as many its chains do not come to an end, and it says so; an interval has its own noise."""
    one, many = (latent_class(TEN_AND_A_THOUSAND.with_counts(TEN_AND_A_THOUSAND.counts * by)) for by in (1, 10))
    assert one.estimate == pytest.approx(1000, rel=0.03)
    assert many.estimate == pytest.approx(10_000, rel=0.01)
    widths = [(result.upper or 0) - (result.lower or 0) for result in (one, many)]
    assert widths[1] / widths[0] == pytest.approx(math.sqrt(10), rel=0.25)


def test_a_hundred_times_the_register_is_a_hundred_times_the_multiplier() -> None:
    assert multiplier(100_000, 40, 200).estimate == 100 * multiplier(1000, 40, 200).estimate


class Courier:
    """Stands for other processes: whatever goes there and comes back is packed and unpacked."""

    def __init__(self, *_: object, **__: object) -> None:
        self.open = True

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        sent = pickle.dumps(function)
        return (pickle.loads(pickle.dumps(pickle.loads(sent)(pickle.loads(pickle.dumps(one))))) for one in items)

    def shutdown(self, **_: object) -> None:
        self.open = False


@pytest.mark.parametrize("name", RESAMPLED)
def test_jobs_change_no_interval_nor_that_of_a_total(name: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    """`test_bootstrap` and `test_robustness` do it with real processes, which take their time to start."""
    monkeypatch.setattr("luwte.estimate.jobs.ProcessPoolExecutor", Courier)
    method, many = RESAMPLED[name], METHODS[name].many
    told: list[tuple[int, int]] = []
    alone = method(TEN_AND_A_THOUSAND, bootstrap=150, progress=lambda *at: told.append(at))
    assert alone.interval == "bca"
    assert told == [(125, 150), (150, 150)]
    assert method(TEN_AND_A_THOUSAND, bootstrap=150, jobs=2) == alone
    data = Stratified(("year",), {("1",): TEN_AND_A_THOUSAND, ("2",): TEN_AND_A_THOUSAND})
    totals = [
        by_stratum(data, partial(method, bootstrap=0), many=many, bootstrap=150, jobs=jobs).total for jobs in (1, 2)
    ]
    assert totals[0] == totals[1]
    assert totals[0].interval == "bca"


def test_what_the_library_shows_first_is_true() -> None:
    tried = doctest.testmod(luwte.estimate)
    assert (tried.failed, tried.attempted) == (0, 3)
