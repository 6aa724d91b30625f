"""The page: all methods, what each assumes, every defensible model, and what the numbers do not mean.

One file without a script or an address to load from; the same report gives the same bytes.
"""

from luwte.estimate.markup import Child, Markup, joined, style, tag
from luwte.estimate.methods import METHODS
from luwte.estimate.plot import NEAR, STYLE, curve_drawing, drawn, methods_drawing
from luwte.estimate.report import Report
from luwte.estimate.results import Result
from luwte.estimate.robustness import Backtest, Check, Specification
from luwte.estimate.strata import StratifiedResult

INTERVALS = {
    "wald": "Wald",
    "bca": "bootstrap (BCa)",
    "profile": "profile likelihood",
    "credible": "credible",
    "beta_binomial": "beta-binomial",
}
CSS = """\
:root {
  color-scheme: light dark;
  --bg: #f3f0e8; --surface: #fffdf8; --text: #25302c; --muted: #56605a; --line: #d9d3c4;
  --accent: #28614f; --warn: #f7e9cf; --focus: #3a3d98;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #181a17; --surface: #21241f; --text: #ebe8df; --muted: #aab1a9; --line: #3b3f37;
    --accent: #8cc9b2; --warn: #382a14; --focus: #b3b8ff;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html {
  background: var(--bg); color: var(--text);
  font: 1.0625rem / 1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif;
  -webkit-text-size-adjust: 100%; text-size-adjust: 100%;
}
body { margin: 0; }
main { max-inline-size: 62rem; margin: 0 auto; padding: 0.5rem 1rem 4rem; overflow-wrap: anywhere; }
h1 { margin: 1.5rem 0 0.75rem; font-size: 1.75rem; line-height: 1.2; text-wrap: balance; }
h2 { margin: 2.75rem 0 0.5rem; font-size: 1.375rem; line-height: 1.2; }
h3 { margin: 1.5rem 0 0.25rem; font-size: 1.0625rem; line-height: 1.3; }
p, ul, figure, dl { margin: 0 0 0.75rem; }
main > p, main > ul, dl, article { max-inline-size: 44rem; }
ul { padding-inline-start: 1.25rem; }
li { margin-block-end: 0.375rem; }
dt { font-weight: 600; }
dd { margin: 0 0 0.5rem; }
.lead { font-size: 1.25rem; line-height: 1.4; }
.quiet { color: var(--muted); }
.warn { padding: 0.75rem 1rem; border-radius: 12px; background: var(--warn); }
.warn > :last-child { margin-block-end: 0; }
figure { padding: 0.5rem; border: 1px solid var(--line); border-radius: 12px; background: var(--surface); }
figure.methods { max-inline-size: 34rem; }
figure svg { display: block; inline-size: 100%; block-size: auto; }
.wide { overflow-x: auto; overflow-wrap: normal; }
.wide + .wide { margin-block-start: 1.75rem; }
.wide table { min-inline-size: 52rem; }
.wide tbody th { font-weight: 600; white-space: nowrap; }
.wide:focus-visible, summary:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
figure .wide svg { min-inline-size: 40rem; }
table { inline-size: 100%; border-collapse: collapse; }
caption { padding-block-end: 0.5rem; font-weight: 600; text-align: start; }
th, td { padding: 0.5rem 1rem 0.5rem 0; border-block-end: 1px solid var(--line); vertical-align: top; }
th, td { text-align: start; }
thead th { font-size: 0.9375rem; }
.figure { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.figure, th.figure { text-align: end; }
.wide table.narrow { inline-size: auto; min-inline-size: 0; }
.narrow th, .narrow td { padding-inline-end: 1.5rem; }
thead .figure { white-space: normal; }
@media (max-width: 30rem) {
  .narrow { font-size: 0.9375rem; }
  .narrow th, .narrow td { padding-inline-end: 0.75rem; }
}
summary { min-block-size: 44px; padding-block: 0.625rem; color: var(--accent); font-weight: 600; cursor: pointer; }
@media print {
  :root {
    color-scheme: light;
    --bg: #fff; --surface: #fff; --text: #000; --muted: #333; --line: #bbb; --accent: #28614f; --warn: #fff;
  }
  .warn { border: 1px solid #000; }
  .wide { overflow: visible; }
  figure .wide svg, .wide table { min-inline-size: 0; }
  figure, tr { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""


def page(report: Report) -> str:
    """The whole page."""
    body = tag(
        "main",
        tag("h1", "How many are there whom no list has?"),
        _lead(report),
        _warnings(report),
        _answers(report),
        _assumptions(report),
        _strata(report),
        _curve(report),
        _checks(report),
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
    return tag(
        "p",
        known,
        f"How many there are in all, {len(report.answers)} methods answer differently: from {low} to {high}.",
        class_="lead",
    )


def _warnings(report: Report) -> Child:
    if not report.warnings:
        return None
    return tag(
        "div",
        tag("h2", "Please note", style="margin-top:0"),
        tag("ul", [tag("li", one) for one in report.warnings]),
        class_="warn",
    )


def _answers(report: Report) -> Child:
    rows = [(METHODS[one.method].title, one) for one in report.results]
    heads = ("Method", "#People in all", "#Interval", "Kind", "Pairs in the model", "#BIC")
    return (
        tag("h2", "What the methods say"),
        tag(
            "p",
            "People in all, those on the lists included. Equal steps on the scale are equal factors.",
            class_="quiet",
        ),
        tag("figure", methods_drawing(report.observed, rows), class_="methods"),
        _table("All methods", heads, [_answer(one) for one in report.results], class_=None),
        _reasons(report),
    )


def _answer(result: Result) -> Markup:
    name = tag("th", METHODS[result.method].title, scope="row")
    if result.estimate is None:
        return tag("tr", name, tag("td", "No estimate. The reasons are below.", colspan="5"))
    return tag(
        "tr",
        name,
        tag("td", f"{result.estimate:,.0f}", class_="figure"),
        tag("td", _between(result.lower, result.upper), class_="figure"),
        tag("td", f"{_percent(result.level)} {INTERVALS[result.interval]}" if result.interval else "none"),
        tag("td", ", ".join(result.model) or "\u2013"),
        tag("td", f"{result.criterion:,.2f}" if result.criterion is not None else "\u2013", class_="figure"),
    )


def _reasons(report: Report) -> Child:
    shared = report.reasons()
    if not shared:
        return None
    return (
        tag("h3", "What to keep in mind, and why there is no estimate"),
        tag(
            "dl",
            [
                (tag("dt", ", ".join(METHODS[one].title for one in methods)), [tag("dd", why) for why in said])
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


def _strata(report: Report) -> Child:
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
            _table(
                f"{METHODS[one.total.method].title}, by {_by(one)}",
                ("Group", "#People in all", "#Interval"),
                [_group(" / ".join(key), result) for key, result in one.strata.items()]
                + [_group("Together", one.total)],
            )
            for one in report.strata
        ],
    )


def _by(one: StratifiedResult) -> str:
    return " and ".join(one.covariates)


def _group(name: str, result: Result) -> Markup:
    return tag("tr", tag("th", name, scope="row"), _cells(result))


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
            "Somebody has to choose which pairs of lists go together. "
            f"{number:,} choices can be defended: they have an answer, and a BIC at most {curve.margin:g} behind "
            "the best one\u2019s. Here they are, from the lowest answer to the highest. The best says "
            f"{best.estimate:,.0f}; {near} are within {NEAR:g} of it, no difference to speak of.{cut}",
        ),
        tag("figure", _wide("Specification curve", curve_drawing(report.observed, curve))),
        tag(
            "details",
            tag("summary", f"The same as a table of {len(shown)} models"),
            _table("Every defensible model, by its answer", heads, [_model(one, best.criterion) for one in shown]),
        ),
    )


def _model(one: Specification, best: float) -> Markup:
    return tag(
        "tr",
        tag("th", f"{one.estimate:,.0f}", scope="row", class_="figure"),
        tag("td", _between(one.lower, one.upper), class_="figure"),
        tag("td", f"{one.criterion - best:.2f}", class_="figure"),
        tag("td", f"{100 * one.weight:.1f} %", class_="figure"),
        tag("td", ", ".join(one.model) or "none"),
    )


def _checks(report: Report) -> Child:
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
        _table("Stepwise with other lists", heads, [_check(one) for one in report.checks]),
        _backtest(report),
    )


def _check(one: Check) -> Markup:
    done = f"Without {one.names[0]}" if one.change == "dropped" else f"{' and '.join(one.names)} as one"
    return tag("tr", tag("th", done, scope="row"), tag("td", f"{one.observed:,}", class_="figure"), _cells(one.result))


def _cells(result: Result) -> Child:
    if result.estimate is None:
        return tag("td", "no estimate", class_="figure"), tag("td", "none", class_="figure")
    return (
        tag("td", f"{result.estimate:,.0f}", class_="figure"),
        tag("td", _between(result.lower, result.upper), class_="figure"),
    )


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
        _table("Stepwise, asked how large a list is", heads, [_known(one) for one in report.backtests]),
    )


def _known(one: Backtest) -> Markup:
    return tag(
        "tr",
        tag("th", one.register, scope="row"),
        tag("td", f"{one.people:,}", class_="figure"),
        _cells(one.result),
        tag("td", {True: "yes", False: "no", None: "no interval"}[one.held]),
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


def _wide(name: str, *children: Child) -> Markup:
    """What may be wider than a phone scrolls by itself, for a keyboard too."""
    return tag("div", joined(children), class_="wide", role="region", aria_label=name, tabindex="0")


def _table(caption: str, heads: tuple[str, ...], rows: list[Markup], class_: str | None = "narrow") -> Markup:
    """A table in a region of its own; # stands before the names of columns of figures."""
    cells = [tag("th", one.lstrip("#"), scope="col", class_="figure" if one[0] == "#" else None) for one in heads]
    head = tag("thead", tag("tr", cells))
    return _wide(caption, tag("table", tag("caption", caption), head, tag("tbody", rows), class_=class_))


def _between(lower: float | None, upper: float | None) -> str:
    return "none" if lower is None or upper is None else f"{lower:,.0f} \u2013 {upper:,.0f}"


def _percent(level: float) -> str:
    return f"{100 * level:g} %"
