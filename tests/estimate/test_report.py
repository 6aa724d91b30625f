"""All methods side by side: what is run, what is not, and how far it is."""

import json

import pytest
from hypothesis import given, settings

from estimate.test_histories import tables
from luwte.estimate import Histories, Method, Stratified
from luwte.estimate.methods import METHODS, Chat, Effort
from luwte.estimate.published import PUBLISHED
from luwte.estimate.report import estimate_all
from luwte.estimate.simulated import quick
from luwte.report.estimate.page import page
from luwte.report.estimate.plot import curve_drawing

KOSOVO = PUBLISHED["kosovo_1999"].read()
QUICK: tuple[Method, ...] = ("main_effects", "stepwise", "decomposable")
WALD = Effort(bootstrap=0)


def test_a_report_is_plain_values_with_every_part() -> None:
    report = estimate_all(KOSOVO, QUICK, effort=WALD)
    told = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert set(told) == {
        "observed", "lists", "methods", "warnings", "curve", "checks", "backtests", "strata",
        "people", "coverage", "notes",
    }  # fmt: skip
    assert [one["method"] for one in told["methods"]] == list(QUICK)
    assert [one["names"] for one in told["checks"][:4]] == [[name] for name in KOSOVO.lists]
    assert len(told["checks"]) == 4 + 6
    assert len(told["backtests"]) == 4
    assert report.span == (
        min(one.estimate or 0 for one in report.results),
        max(one.estimate or 0 for one in report.results),
    )


@settings(max_examples=10, deadline=None)
@given(tables())
def test_whatever_the_table_there_are_only_figures_and_reasons(table: Histories) -> None:
    """And a page, and a drawing."""
    report = estimate_all(table, (*QUICK, "bic", "bic_average"), effort=WALD)
    assert json.dumps(report.to_json(), allow_nan=False)
    for one in report.results:
        assert one.reasons or one.estimate is not None
        assert one.estimate is None or (one.lower or 0) <= one.estimate <= (one.upper or 0)
        assert one.estimate is None or one.estimate >= table.observed
    assert page(report).count("<h1>") == 1
    assert curve_drawing(table.observed, report.curve).startswith("<svg")


def test_without_a_chat_there_is_no_multiplier_and_no_method_runs_twice() -> None:
    assert "multiplier" in METHODS
    assert [one.method for one in estimate_all(KOSOVO, ["stepwise", "stepwise"], effort=WALD).results] == ["stepwise"]
    (asked,) = estimate_all(KOSOVO, ["multiplier"], effort=WALD).results
    assert asked.verdict == "no_estimate"
    chat = Effort(bootstrap=0, chat=Chat(registered=9000, said=40, asked=80))
    assert estimate_all(KOSOVO, ["multiplier"], effort=chat).results[0].estimate == 18000


@pytest.mark.parametrize("lists", [1, 2, 4])
def test_a_table_that_is_refused_is_not_computed(lists: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate, not a comment: no method sees a table that nothing can be estimated from."""

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("luwte.estimate.report.specification_curve", never)
    monkeypatch.setattr("luwte.estimate.report.drop_one", never)
    alone = Histories.of("ABCD"[:lists], {1 << bit: 50 for bit in range(lists)})
    report = estimate_all(alone, effort=Effort(bootstrap=1000))
    assert {one.verdict for one in report.results} == {"no_estimate"}
    assert (report.curve, report.checks, report.backtests, report.span) == (None, (), (), None)
    assert report.warnings


def test_progress_only_grows_and_comes_to_its_end() -> None:
    told: list[tuple[int, int]] = []
    names: list[str] = []

    def progress(done: int, of: int, name: str) -> None:
        told.append((done, of))
        names.append(name)

    data = Stratified(("year",), {("2019",): KOSOVO, ("2020",): KOSOVO, ("2021",): KOSOVO})
    effort = Effort(bootstrap=20)
    estimate_all(data, QUICK, effort=effort, progress=progress)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {of for _, of in told} == {1000 * (3 + 3 * 4 + 1)}
    assert told[-1][0] == told[-1][1]
    assert list(dict.fromkeys(names))[2:6] == [
        "Averaged graphs", "Independent lists, 2019", "Independent lists, 2020", "Independent lists, 2021"
    ]  # fmt: skip
    assert names[-1] == "checks"


def test_every_stratum_is_judged_by_its_own_table() -> None:
    thin = Histories.of(KOSOVO.lists, {1: 30, 2: 30, 4: 30, 8: 30, 3: 2})
    report = estimate_all(Stratified(("year",), {("2019",): KOSOVO, ("2020",): thin}), QUICK, effort=WALD)
    shown = page(report)
    assert f'<td class="figure">{thin.observed:,}</td>' in shown
    assert "Only 2 people are in two lists or more" in shown
    for one in report.strata:
        assert one.strata["2019",].verdict == "ok"
        assert one.strata["2020",].verdict == "no_estimate"
        assert one.total.verdict == "no_estimate"
        assert "2020" in " ".join(one.total.reasons)


def test_what_several_methods_say_is_kept_once() -> None:
    report = estimate_all(PUBLISHED["uk_2013_5"].read(), QUICK, effort=WALD)
    said = [one for sentences in report.reasons().values() for one in sentences]
    assert len(said) == len(set(said))
    assert any(methods == QUICK for methods in report.reasons())
    assert set(said) == {one for result in report.results for one in result.reasons} - set(report.warnings)


def test_what_all_methods_say_is_said_of_all() -> None:
    report = estimate_all(PUBLISHED["uk_2013_5"].read(), QUICK, effort=WALD)
    assert report.who(QUICK, str) == "All methods that use the lists"
    assert report.who(QUICK[:2], str) == "main_effects, stepwise"
    assert estimate_all(KOSOVO, QUICK[:1], effort=WALD).who(QUICK[:1], str) == "main_effects"


def test_the_page_says_that_all_can_agree_and_be_wrong_and_where_reasons_are() -> None:
    thin = Histories.of("AB", {1: 50, 2: 70})
    shown = page(estimate_all(thin, QUICK, effort=WALD))
    assert "All methods can agree and all be wrong." in shown
    assert shown.count("The reasons are above.") == len(QUICK)
    assert "<svg" not in shown
    one = page(estimate_all(KOSOVO, ("stepwise", "bic"), effort=WALD))
    assert "2 methods give the same answer: 14,342 in all." in one


def test_a_check_of_a_thin_table_has_no_figure() -> None:
    """The people of one British list are too few for the others to say how many they are."""
    report = estimate_all(PUBLISHED["uk_2013_5"].read(), ["stepwise"], effort=WALD)
    assert {one.result.verdict for one in report.backtests} == {"no_estimate"}


def test_tables_are_drawn_from_every_model_once_and_never_for_chains() -> None:
    """Stepwise and best BIC agree about Kosovo."""
    chat = Chat(registered=9000, said=40, asked=80)
    asked: tuple[Method, ...] = ("stepwise", "bic", "multiplier")
    drawn = estimate_all(KOSOVO, asked, effort=Effort(bootstrap=0, coverage=3, chat=chat)).coverage
    assert [(one.truth, one.method) for one in drawn] == [("stepwise", "stepwise"), ("stepwise", "bic")]
    assert [one.coverage.replicates for one in drawn] == [3, 3]
    assert not quick("latent_class")
    assert "were right: 14,342 people" in page(
        estimate_all(KOSOVO, ["stepwise"], effort=Effort(bootstrap=0, coverage=2))
    )


def test_methods_that_disagree_are_told_together_and_those_that_agree_are_not() -> None:
    pair: tuple[Method, ...] = ("stepwise", "bic")
    (warning,) = estimate_all(PUBLISHED["uk_2013_5"].read(), pair, effort=WALD).warnings
    assert warning.startswith("The highest answer is 2 times the lowest.")
    assert estimate_all(KOSOVO, pair, effort=WALD).warnings == ()


def test_tables_are_drawn_from_more_people_than_anybody_could_list() -> None:
    table = Histories.of(("A", "B"), {1: 25_000_000, 2: 25_000_000, 3: 100_000})
    report = estimate_all(table, ["main_effects"], effort=Effort(bootstrap=0, coverage=2))
    assert [one.coverage.people for one in report.coverage] == [pytest.approx(6.3e9, rel=0.01)]
