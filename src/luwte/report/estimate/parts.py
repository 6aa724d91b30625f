"""What every part of the page is made of: its style, tables that scroll, and how figures are written."""

from luwte.estimate.results import Result
from luwte.plumbing.markup import Child, Markup, joined, tag

CSS = """\
:root {
  color-scheme: light dark;
  --bg: #f3f0e8; --surface: #fffdf8; --text: #25302c; --muted: #56605a; --line: #d9d3c4;
  --accent: #28614f; --danger-soft: #f7e9cf; --focus: #3a3d98;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #181a17; --surface: #21241f; --text: #ebe8df; --muted: #aab1a9; --line: #3b3f37;
    --accent: #8cc9b2; --danger-soft: #382a14; --focus: #b3b8ff;
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
.warn { padding: 0.75rem 1rem; border-radius: 12px; background: var(--danger-soft); }
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
    --bg: #fff; --surface: #fff; --text: #000; --muted: #333; --line: #bbb; --accent: #28614f; --danger-soft: #fff;
  }
  .warn { border: 1px solid #000; }
  .wide { overflow: visible; }
  figure .wide svg, .wide table { min-inline-size: 0; }
  figure, tr { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""


def wide(name: str, *children: Child) -> Markup:
    """What may be wider than a phone scrolls by itself, for a keyboard too."""
    return tag("div", joined(children), class_="wide", role="region", aria_label=name, tabindex="0")


def table(caption: str, heads: tuple[str, ...], rows: list[Markup], class_: str | None = "narrow") -> Markup:
    """A table in a region of its own; # stands before the names of columns of figures."""
    cells = [tag("th", one.lstrip("#"), scope="col", class_="figure" if one[0] == "#" else None) for one in heads]
    head = tag("thead", tag("tr", cells))
    return wide(caption, tag("table", tag("caption", caption), head, tag("tbody", rows), class_=class_))


def between(lower: float | None, upper: float | None) -> str:
    """Both ends of an interval."""
    return "none" if lower is None or upper is None else f"{lower:,.0f} \u2013 {upper:,.0f}"


def percent(level: float) -> str:
    """A level, in words."""
    return f"{100 * level:g} %"


def cells(result: Result) -> Child:
    """Figure and interval, in two cells."""
    if result.estimate is None:
        return tag("td", "no estimate", class_="figure"), tag("td", "none", class_="figure")
    return (
        tag("td", f"{result.estimate:,.0f}", class_="figure"),
        tag("td", between(result.lower, result.upper), class_="figure"),
    )
