"""The page: all methods, what each assumes, every defensible model, and what the numbers do not mean.

One file without a script or an address to load from; the same report gives the same bytes.
"""

from luwte.estimate.methods import METHODS
from luwte.estimate.report import Report
from luwte.estimate.results import Result
from luwte.estimate.robustness import Specification
from luwte.plumbing.markup import Child, Markup, style, tag
from luwte.report.estimate.checks import checks, coverage, strata
from luwte.report.estimate.parts import CSS, between, percent, table, wide
from luwte.report.estimate.plot import NEAR, STYLE, curve_drawing, drawn, methods_drawing

INTERVALS = {
    "wald": "Wald",
    "bca": "bootstrap (BCa)",
    "profile": "profile likelihood",
    "credible": "credible",
    "beta_binomial": "beta-binomial",
}


def page(report: Report) -> str:
    """The whole page."""
    body = tag(
        "main",
        tag("h1", "How many are there whom no list has?"),
        _lead(report),
        _warnings(report),
        _answers(report),
        _assumptions(report),
        strata(report),
        _curve(report),
        checks(report),
        coverage(report),
        _meaning(),
        _sources(report),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        tag("title", "How many are there whom no list has?"),
        "\n",
        style(CSS + STYLE),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', body), lang='en')}"


def _lead(report: Report) -> Child:
    lists = f"{len(report.lists)} lists" if len(report.lists) > 1 else "1 list"
    known = f"{report.observed:,} people are on {lists}: {', '.join(report.lists)}. "
    if report.span is None:
        return tag("p", known, "No method can say how many more there are.", class_="lead")
    low, high = (f"{value:,.0f}" for value in report.span)
    if len(report.answers) == 1:
        return tag("p", known, f"One method gives an answer: {low} in all.", class_="lead")
    if low == high:
        return tag("p", known, f"{len(report.answers)} methods give the same answer: {low} in all.", class_="lead")
    return tag(
        "p",
        known,
        f"How many there are in all, {len(report.answers)} methods answer differently: from {low} to {high}.",
        class_="lead",
    )


def _warnings(report: Report) -> Child:
    said = (*report.warnings, *report.notes)
    if not said:
        return None
    return tag(
        "div",
        tag("h2", "Please note", style="margin-top:0"),
        tag("ul", [tag("li", one) for one in said]),
        class_="warn",
    )


def _answers(report: Report) -> Child:
    rows = [(METHODS[one.method].title, one) for one in report.results]
    heads = ("Method", "#People in all", "#Interval", "Kind", "Pairs in the model", "#BIC")
    return (
        tag("h2", "What the methods say"),
        _scale(report.observed, rows) if report.answers else None,
        table("All methods", heads, [_answer(one, report) for one in report.results], class_=None),
        _reasons(report),
    )


def _scale(observed: int, rows: list[tuple[str, Result]]) -> Child:
    said = "People in all, those on the lists included. Equal steps on the scale are equal factors."
    return tag("p", said, class_="quiet"), tag("figure", methods_drawing(observed, rows), class_="methods")


def _answer(result: Result, report: Report) -> Markup:
    name = tag("th", METHODS[result.method].title, scope="row")
    if result.estimate is None:
        where = "above" if set(result.reasons) <= set(report.warnings) else "below"
        return tag("tr", name, tag("td", f"No estimate. The reasons are {where}.", colspan="5"))
    return tag(
        "tr",
        name,
        tag("td", f"{result.estimate:,.0f}", class_="figure"),
        tag("td", between(result.lower, result.upper), class_="figure"),
        tag("td", f"{percent(result.level)} {INTERVALS[result.interval]}" if result.interval else "none"),
        tag("td", ", ".join(result.model) or "\u2013"),
        tag("td", f"{result.criterion:,.2f}" if result.criterion is not None else "\u2013", class_="figure"),
    )


def _reasons(report: Report) -> Child:
    shared = report.reasons()
    if not shared:
        return None
    silent = len(report.answers) < len(report.results)
    return (
        tag("h3", "What to keep in mind" + (", and why there is no estimate" if silent else "")),
        tag(
            "dl",
            [
                (tag("dt", report.who(methods, lambda one: METHODS[one].title)), [tag("dd", why) for why in said])
                for methods, said in shared.items()
            ],
        ),
    )


def _assumptions(report: Report) -> Child:
    return (
        tag("h2", "What each method assumes"),
        tag(
            "p",
            "Methods that use lists assume all of this: the lists are about the same people, place and time; nobody "
            "comes or goes meanwhile; a person on two lists is recognised as one; and nobody on the lists is there by "
            "mistake.",
        ),
        [
            tag(
                "article",
                tag("h3", way.title),
                tag("p", way.assumes),
                tag("p", tag("strong", "Do not use it when: "), way.not_when, class_="quiet"),
            )
            for way in (METHODS[one.method] for one in report.results)
        ],
    )


def _curve(report: Report) -> Child:
    curve = report.curve
    if curve is None or not curve.specifications:
        return None
    shown = drawn(curve)
    best = min(shown, key=lambda one: one.criterion)
    near = sum(one.criterion - best.criterion <= NEAR for one in shown)
    number = len(curve.specifications)
    cut = f" The {len(shown)} that fit best are shown." if number > len(shown) else ""
    heads = ("#People in all", "#Interval", "#BIC behind the best", "#Weight", "Pairs in the model")
    return (
        tag("h2", "Every defensible model"),
        tag(
            "p",
            "A model says which pairs of lists go together, and somebody has to choose one. BIC is a mark for how well "
            f"a model fits for its size; less is better. {_choices(number)} and a BIC at most {curve.margin:g} above "
            "the best one.",
        ),
        tag(
            "p",
            "In the picture, each column is one model, from the lowest answer to the highest. The dot above is its "
            "answer, the line its interval. The bar in the middle is how much worse its BIC is: no bar is best. The "
            f"dots below are the pairs in the model. The best says {best.estimate:,.0f}. {_equals(near)}{cut}",
        ),
        tag("figure", wide("Specification curve", curve_drawing(report.observed, curve))),
        tag(
            "details",
            tag("summary", f"The same as a table of {len(shown)} models"),
            table("Every defensible model, by its answer", heads, [_model(one, best.criterion) for one in shown]),
        ),
    )


def _choices(number: int) -> str:
    return (
        f"{number:,} models can be defended: they have an answer"
        if number > 1
        else "One model can be defended: it has an answer"
    )


def _equals(near: int) -> str:
    """The best is one of them."""
    if near == 1:
        return "No other fits nearly as well."
    return f"{near} models, this one included, have a BIC within {NEAR:g} of it: the lists do not tell them apart."


def _model(one: Specification, best: float) -> Markup:
    return tag(
        "tr",
        tag("th", f"{one.estimate:,.0f}", scope="row", class_="figure"),
        tag("td", between(one.lower, one.upper), class_="figure"),
        tag("td", f"{one.criterion - best:.2f}", class_="figure"),
        tag("td", f"{100 * one.weight:.1f} %", class_="figure"),
        tag("td", ", ".join(one.model) or "none"),
    )


def _meaning() -> Child:
    return (
        tag("h2", "What the numbers mean, and what they do not"),
        tag(
            "ul",
            tag(
                "li",
                "An estimate is about people whom these lists could have found. Victims who have no chance to be on "
                "any list are in none of these numbers.",
            ),
            tag(
                "li",
                "An interval says how much chance moves the answer if the assumptions of its method hold. It does not "
                "say how likely they are to hold. The distance between the methods says more about that.",
            ),
            tag(
                "li",
                tag("strong", "All methods can agree and all be wrong. "),
                "If some people are much easier to find than others, for every list, all answers are too low, and no "
                "interval shows it. We tried it with four methods: a fifth of the people were six times as easy to "
                "find, and all four said half of the true number. So read a figure as \u201cat least about\u201d.",
            ),
            tag("li", "A model that fits well is not thereby true: very different answers can fit equally well."),
            tag("li", "\u201cNo estimate\u201d is a result: the lists do not hold enough to answer in this way."),
            tag(
                "li",
                "Two years or two countries can be compared only with the same lists, kept in the same way, and "
                "by the same method.",
            ),
        ),
    )


def _sources(report: Report) -> Child:
    sources = dict.fromkeys(source for one in report.results for source in METHODS[one.method].sources)
    return (tag("h2", "Where the methods are from"), tag("ul", [tag("li", one) for one in sorted(sources)]))
