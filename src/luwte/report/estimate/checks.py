"""The parts of the page that ask again: in groups, with other lists, with a known answer, in drawn tables."""

from luwte.estimate.methods import METHODS
from luwte.estimate.report import Report
from luwte.estimate.results import Result
from luwte.estimate.robustness import Backtest, Check
from luwte.estimate.simulated import Simulated
from luwte.estimate.strata import StratifiedResult
from luwte.plumbing.markup import Child, Markup, tag
from luwte.report.estimate.parts import cells, table


def strata(report: Report) -> Child:
    """Every method, group by group."""
    if not report.strata:
        return None
    return (
        tag("h2", f"By {_by(report.strata[0])}"),
        tag(
            "p",
            "Every group is estimated by itself, and the groups are added. Everybody must be in one group only, and in "
            "the same one on every list. A group without an answer leaves the sum without one.",
        ),
        [
            table(
                f"{METHODS[one.total.method].title}, by {_by(one)}",
                ("Group", "#On the lists", "#People in all", "#Interval"),
                [_group(" / ".join(key), report.people[key], result) for key, result in one.strata.items()]
                + [_group("Together", report.observed, one.total)],
            )
            for one in report.strata
        ],
        _reasons_by_group(report),
    )


def _reasons_by_group(report: Report) -> Child:
    """Once, by the group and the methods that say it."""
    who: dict[tuple[str, str], list[str]] = {}
    for one in report.strata:
        for name, result in [*((" / ".join(key), found) for key, found in one.strata.items()), ("Together", one.total)]:
            for said in result.reasons:
                who.setdefault((name, said), []).append(METHODS[result.method].title)
    if not who:
        return None
    groups: dict[str, list[Markup]] = {}
    for (name, said), methods in who.items():
        groups.setdefault(name, []).append(tag("dd", tag("span", f"{', '.join(methods)}: ", class_="quiet"), said))
    return (
        tag("h3", "What to keep in mind about the groups"),
        tag("dl", [(tag("dt", name), said) for name, said in groups.items()]),
    )


def _by(one: StratifiedResult) -> str:
    return " and ".join(one.covariates)


def _group(name: str, people: int, result: Result) -> Markup:
    return tag("tr", tag("th", name, scope="row"), tag("td", f"{people:,}", class_="figure"), cells(result))


def checks(report: Report) -> Child:
    """Stepwise with other lists, and asked for a number that is known."""
    if not report.checks:
        return None
    heads = ("What was done", "#People on the lists", "#People in all", "#Interval")
    return (
        tag("h2", "What if a list were not there?"),
        tag(
            "p",
            "The stepwise method, again: without each list, and with each two lists taken as one. Where one list moves "
            "the answer far, the answer is about that list and how people come into it.",
        ),
        table("Stepwise with other lists", heads, [_check(one) for one in report.checks]),
        _backtest(report),
    )


def _check(one: Check) -> Markup:
    done = f"Without {one.names[0]}" if one.change == "dropped" else f"{' and '.join(one.names)} as one"
    return tag("tr", tag("th", done, scope="row"), tag("td", f"{one.observed:,}", class_="figure"), cells(one.result))


def _backtest(report: Report) -> Child:
    if not report.backtests:
        return None
    heads = ("List", "#People it has", "#The others say", "#Interval", "Is the true number within?")
    return (
        tag("h2", "A test with a known answer"),
        tag(
            "p",
            "Take the people of one list for all there are, and let the other lists guess how many they are. Here the "
            "true number is known. A method that fails in this test deserves less trust.",
        ),
        table("Stepwise, asked how large a list is", heads, [_known(one) for one in report.backtests]),
    )


def _known(one: Backtest) -> Markup:
    return tag(
        "tr",
        tag("th", one.register, scope="row"),
        tag("td", f"{one.people:,}", class_="figure"),
        cells(one.result),
        tag("td", {True: "yes", False: "no", None: "no interval"}[one.held]),
    )


def coverage(report: Report) -> Child:
    """How often intervals hold a truth, in drawn tables."""
    if not report.coverage:
        return None
    heads = ("Method", "#Intervals that hold the truth", "#No interval", "#Middle answer / truth", "#Upper / lower end")
    truths = dict.fromkeys((one.truth, one.model, one.coverage.people) for one in report.coverage)
    return (
        tag("h2", "What are the intervals worth?"),
        tag(
            "p",
            f"Let the model of one method be the truth. Draw {report.coverage[0].coverage.replicates:,} tables from "
            f"it, and run every method on each. Of 100 intervals, {100 * report.results[0].level:g} should hold the "
            "truth. With few tables, chance moves this share. Nobody knows the truth for the real table; where a "
            "method fails here, believe its interval less.",
        ),
        [
            table(
                f"If \u201c{METHODS[truth].title}\u201d were right: {people:,} people, "
                f"{'pairs ' + ', '.join(model) if model else 'independent lists'}",
                heads,
                [_simulated(one) for one in report.coverage if one.truth == truth],
            )
            for truth, model, people in truths
        ],
    )


def _simulated(one: Simulated) -> Markup:
    found = one.coverage
    known = found.answered > 0
    figures = (
        f"{found.held:,} of {found.answered:,}" + (f" ({100 * found.share:.0f} %)" if known else ""),
        f"{found.replicates - found.answered:,}",
        f"{found.ratio:.2f}" if known else "\u2013",
        f"{found.width:.1f}" if known else "\u2013",
    )
    name = tag("th", METHODS[one.method].title, scope="row")
    return tag("tr", name, [tag("td", cell, class_="figure") for cell in figures])
