"""The drawings: every method with its interval, and the specification curve of every defensible model.

SVG whose text is text, with a name and a description; the table beneath holds the same for everybody. A PNG is made
from the same SVG, so there is one drawing. It takes its letters from the fonts of the machine: its bytes may differ
from one machine to another, those of the SVG never do.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from luwte.errors import CannotStart
from luwte.estimate.results import Result
from luwte.estimate.robustness import Specification, SpecificationCurve
from luwte.plumbing.markup import Child, Markup, joined, style, tag

STYLE = """\
svg text { font-family: system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", Arial, sans-serif; }
svg text { font-size: 13px; font-weight: 400; fill: #25302c; }
svg .quiet { fill: #56605a; }
svg .over { stroke: #fffdf8; stroke-width: 5; stroke-linejoin: round; paint-order: stroke; }
svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
svg .grid { stroke: #d9d3c4; stroke-width: 1; }
svg .observed { stroke: #7d796d; stroke-width: 1.5; stroke-dasharray: 4 3; }
svg .range { stroke: #28614f; stroke-width: 2; }
svg .mark { fill: #28614f; }
svg .range.far { stroke: #7d796d; stroke-width: 1.5; }
svg .mark.far { fill: #7d796d; }
@media (prefers-color-scheme: dark) {
  svg text { fill: #ebe8df; }
  svg .quiet { fill: #aab1a9; }
  svg .over { stroke: #21241f; }
  svg .grid { stroke: #3b3f37; }
  svg .observed { stroke: #868e83; }
  svg .range { stroke: #8cc9b2; }
  svg .mark { fill: #8cc9b2; }
  svg .range.far { stroke: #868e83; }
  svg .mark.far { fill: #868e83; }
}
@media print {
  svg text, svg .quiet { fill: #000; }
  svg .over { stroke: #fff; }
  svg .grid { stroke: #bbb; }
  svg .observed { stroke: #555; }
  svg .range { stroke: #28614f; }
  svg .mark { fill: #28614f; }
  svg .range.far { stroke: #777; }
  svg .mark.far { fill: #777; }
}
"""
"""Colours as in the chat; concrete ones, because not everything that draws SVG knows custom properties."""
GROUND = "svg { background: #fffdf8; }\n@media (prefers-color-scheme: dark) { svg { background: #21241f; } }\n"
"""Of a drawing that is a file of its own."""
PAD = 8

WIDE, GUTTER, RIGHT = 720, 150, 4
HIGH, BELOW, ROW = 220, 60, 16
NARROW, EACH = 328, 46
MOST_DRAWN = 200
"""More models than these are a grey smear: the drawing keeps the best by BIC, the words say so."""
NEAR = 2.0
"""BIC this close to the best is "not worth more than a bare mention" (Raftery 1995, Sociological Methodology 25)."""


class CannotDraw(CannotStart):
    """A drawing cannot be made here."""


@dataclass(frozen=True)
class _Scale:
    """Equal steps are equal factors: estimates that differ tenfold stay apart, and so do small ones."""

    low: float
    high: float
    start: float
    length: float

    @classmethod
    def over(cls, values: Iterable[float | None], start: float, length: float) -> "_Scale":
        known = [value for value in values if value is not None and value > 0 and math.isfinite(value)] or [1.0]
        return cls(min(known) / 1.1, max(known) * 1.1, start, length)

    def at(self, value: float) -> float:
        held = min(max(value, self.low), self.high)
        return self.start + self.length * math.log(held / self.low) / math.log(self.high / self.low)

    def ticks(self, most: int) -> list[int]:
        found: list[int] = []
        for steps in ((1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
            found = [
                step * 10**power
                for power in range(int(math.log10(self.high)) + 2)
                for step in steps
                if self.low <= step * 10**power <= self.high
            ]
            if len(found) <= most:
                break
        return found[:: max(1, math.ceil(len(found) / most))]


def methods_drawing(observed: int, rows: Sequence[tuple[str, Result]]) -> Markup:
    """Every method as a point with its interval, on one scale that begins at the people observed."""
    limits = [value for _, one in rows for value in (one.estimate, one.lower, one.upper)]
    scale = _Scale.over([observed, *limits], 8, NARROW - 16)
    foot = 24 + EACH * len(rows)
    lines: list[Child] = []
    for tick in scale.ticks(5):
        x = scale.at(tick)
        lines += [_line(x, x, 16, foot, "grid"), _text(f"{tick:,}", x, foot + 16, "quiet middle")]
    if observed:
        x = scale.at(observed)
        lines += [_line(x, x, 16, foot, "observed"), _text(f"on the lists: {observed:,}", x - 4, 11, "quiet")]
    for number, (title, one) in enumerate(rows):
        top = 36 + EACH * number
        lines += [_text(title, 0, top, "over"), _text(_figure(one), NARROW, top, "over end")]
        if one.lower is not None and one.upper is not None:
            lines.append(_line(scale.at(one.lower), scale.at(one.upper), top + 13, top + 13, "range"))
        if one.estimate is not None:
            lines.append(tag("circle", cx=scale.at(one.estimate), cy=top + 13.0, r=5.0, class_="mark"))
    said = "; ".join(f"{title}: {_figure(one)}" for title, one in rows)
    return _svg(
        "methods",
        "All methods on one scale",
        f"{observed:,} people are on the lists. {said}.",
        NARROW,
        foot + 24,
        lines,
    )


def _figure(result: Result) -> str:
    return "no estimate" if result.estimate is None else f"{result.estimate:,.0f}"


def curve_drawing(observed: int, curve: SpecificationCurve | None) -> Markup:
    """The specification curve: every model's estimate in order, how far its BIC is behind, and what is in it."""
    shown = drawn(curve)
    if not shown:
        none = "There is no curve: no model can be defended, or there are too many lists to try them all."
        return _svg("curve", "Specification curve", none, WIDE, 40, [_text(none, 0, 20, "")])
    ranked = sorted(shown, key=lambda one: (one.criterion, one.model))
    best = ranked[0]
    scale = _Scale.over([observed, *(v for one in shown for v in (one.estimate, one.lower, one.upper))], 0, HIGH)
    inside = list(dict.fromkeys(name for one in ranked for name in one.model))
    step = (WIDE - GUTTER - RIGHT) / len(shown)
    size = max(0.8, min(4.0, step * 0.4))
    bottom = 32 + HIGH
    foot = bottom + 30 + BELOW
    rows = {name: foot + 28 + ROW * (number + 1) for number, name in enumerate(inside)}
    most = max(1.0, max(one.criterion for one in shown) - best.criterion)
    lines: list[Child] = [
        _text("People in all", 0, 12, ""),
        _dot(GUTTER + 6, 8, 4, ""),
        _text(f"BIC within {NEAR:g} of the best", GUTTER + 16, 12, "quiet"),
        _dot(GUTTER + 196, 8, 4, " far"),
        _text("further behind", GUTTER + 206, 12, "quiet"),
        _line(GUTTER + 320, GUTTER + 346, 8, 8, "observed"),
        _text(f"on the lists: {observed:,}", GUTTER + 354, 12, "quiet"),
    ]
    for tick in scale.ticks(7):
        y = bottom - scale.at(tick)
        lines += [_line(GUTTER, WIDE - RIGHT, y, y, "grid"), _text(f"{tick:,}", GUTTER - 8, y + 4, "quiet end")]
    if observed:
        y = bottom - scale.at(observed)
        lines.append(_line(GUTTER, WIDE - RIGHT, y, y, "observed"))
    lines += [
        _text("BIC behind the best", 0, foot - BELOW + 12, ""),
        _text(f"at most {most:,.1f}", 0, foot - BELOW + 30, "quiet"),
        _line(GUTTER, WIDE - RIGHT, foot, foot, "grid"),
        _text("Pairs in the model", 0, foot + 24, "") if inside else None,
    ]
    for name, y in rows.items():
        lines += [_line(GUTTER, WIDE - RIGHT, y - 4, y - 4, "grid"), _text(_cut(name), GUTTER - 8, y, "quiet end")]
    for number, one in enumerate(shown):
        x = GUTTER + step * (number + 0.5)
        behind = one.criterion - best.criterion
        far = "" if behind <= NEAR else " far"
        tall = BELOW * behind / most
        lines += [
            _line(x, x, bottom - scale.at(one.upper), bottom - scale.at(one.lower), f"range{far}"),
            _dot(x, bottom - scale.at(one.estimate), size, far),
            tag("rect", x=x - size, y=foot - tall, width=2 * size, height=tall, class_=f"mark{far}"),
            [_dot(x, rows[name] - 4, size, far) for name in one.model],
        ]
    said = (
        f"{len(shown)} models, from {shown[0].estimate:,.0f} to {shown[-1].estimate:,.0f}. The one with the best BIC "
        f"says {best.estimate:,.0f}. The BIC of {sum(one.criterion - best.criterion <= NEAR for one in shown)} is "
        f"within {NEAR:g} of it."
    )
    return _svg("curve", "Specification curve", said, WIDE, foot + 36 + ROW * (len(inside) + 1), lines)


def drawn(curve: SpecificationCurve | None) -> list[Specification]:
    """The models that are shown, by estimate: all of them, or the best where there are too many."""
    ranked = sorted(curve.specifications if curve else (), key=lambda one: (one.criterion, one.model))
    return sorted(ranked[:MOST_DRAWN], key=lambda one: (one.estimate, one.model))


def svg_file(drawing: Markup) -> bytes:
    """A drawing as a file of its own."""
    start, rest = drawing.split(">", 1)
    return f"{start}>{style(STYLE + GROUND)}{rest}".encode()


def png_file(drawing: Markup) -> bytes:
    """The same drawing as pixels, twice as large, on white.

    Raises
    ------
    CannotDraw
        The renderer is not installed, or this machine has no font: then every word would be missing.

    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise CannotDraw("A PNG needs a renderer. Run: pip install 'luwte[estimate]', or choose .svg") from None

    def pixels(svg: str) -> bytes:
        return svg_to_bytes(svg_string=svg, zoom=2, background="#ffffff")

    probe = _svg("probe", "", "", 20, 20, [])
    if pixels(svg_file(probe).decode()) == pixels(
        svg_file(_svg("probe", "", "", 20, 20, [_text("n", 2, 15, "")])).decode()
    ):
        raise CannotDraw("A PNG needs a font on this machine, and there is none. Install one, or choose .svg.")
    return pixels(svg_file(drawing).decode())


def _svg(name: str, title: str, described: str, width: float, height: float, lines: Iterable[Child]) -> Markup:
    return tag(
        "svg",
        tag("title", title, id=f"{name}-title"),
        tag("desc", described, id=f"{name}-desc"),
        joined(lines),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"{-PAD} {-PAD} {width + 2 * PAD} {height + 2 * PAD:.0f}",
        aria_labelledby=f"{name}-title {name}-desc",
        role="img",
    )


def _dot(x: float, y: float, size: float, far: str) -> Markup:
    return tag("circle", cx=x, cy=y, r=size, class_=f"mark{far}")


def _line(x1: float, x2: float, y1: float, y2: float, kind: str) -> Markup:
    return tag("line", x1=x1, x2=x2, y1=y1, y2=y2, class_=kind)


def _text(said: str, x: float, y: float, kind: str) -> Markup:
    return tag("text", said, x=x, y=y, class_=kind or None)


def _cut(name: str) -> str:
    return name if len(name) <= 20 else name[:19] + "…"
