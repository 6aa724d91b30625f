"""The drawings: what is where, and a picture that would be without words."""

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.estimate.published import PUBLISHED
from luwte.estimate.results import Result, no_estimate
from luwte.estimate.robustness import Specification, SpecificationCurve, specification_curve
from luwte.report.estimate.plot import MOST_DRAWN, CannotDraw, curve_drawing, methods_drawing, png_file, svg_file

SVG = "{http://www.w3.org/2000/svg}"
UK = PUBLISHED["uk_2013_5"].read()


def numbers(drawing: str) -> list[float]:
    """All coordinates."""
    return [float(one) for one in re.findall(r' (?:c?[xy][12]?|r|width|height)="([^"]*)"', drawing)]


def width_and_height(drawing: str) -> tuple[float, float]:
    left, top, width, height = map(float, ElementTree.fromstring(drawing).attrib["viewBox"].split())
    return left + width, top + height


def test_higher_answers_stand_higher_and_every_pair_has_its_row() -> None:
    curve = specification_curve(UK)
    root = ElementTree.fromstring(curve_drawing(UK.observed, curve))
    lines = [one for one in root.iter(f"{SVG}line") if "range" in one.attrib["class"]]
    assert len(lines) == len(curve.specifications)
    xs = [float(one.attrib["x1"]) for one in lines]
    assert xs == sorted(xs)
    dots = [one for one in root.iter(f"{SVG}circle") if "mark" in one.attrib["class"]]
    inside = sum(len(one.model) for one in curve.specifications)
    assert len(dots) == 2 + len(curve.specifications) + inside
    estimates = {float(one.attrib["cx"]): float(one.attrib["cy"]) for one in dots[2:] if float(one.attrib["cy"]) < 252}
    heights = [estimates[x] for x in xs]
    assert heights == sorted(heights, reverse=True)
    words = {one.text for one in root.iter(f"{SVG}text")}
    assert {name for one in curve.specifications for name in one.model} <= words


def test_more_models_than_can_be_seen_leave_the_best() -> None:
    many = [
        Specification(model=("A:B",), estimate=100.0 + at, lower=90.0, upper=900.0, criterion=float(at), weight=0.001)
        for at in range(MOST_DRAWN + 50)
    ]
    drawing = curve_drawing(50, SpecificationCurve(specifications=tuple(many), order=2, margin=1000.0))
    root = ElementTree.fromstring(drawing)
    assert sum("range" in one.attrib["class"] for one in root.iter(f"{SVG}line")) == MOST_DRAWN
    assert f"{MOST_DRAWN} models, from 100 to 299." in drawing


people = st.floats(1, 1e12)


@given(observed=st.integers(0, 10**12), answers=st.lists(st.none() | st.tuples(people, people, people), max_size=7))
def test_whatever_the_methods_say_stays_on_the_sheet(
    observed: int, answers: list[tuple[float, float, float] | None]
) -> None:
    results = [
        no_estimate("bic", "Why not.")
        if one is None
        else Result(method="bic", lower=min(one), estimate=sorted(one)[1], upper=max(one))
        for one in answers
    ]
    drawing = methods_drawing(observed, [("Best BIC", one) for one in results])
    wide, high = width_and_height(drawing)
    assert all(math.isfinite(one) and one >= -8 for one in numbers(drawing))
    root = ElementTree.fromstring(drawing)
    for one in root.iter():
        assert all(float(one.attrib[at]) <= wide for at in ("x", "cx", "x1", "x2") if at in one.attrib)
        assert all(float(one.attrib[at]) <= high for at in ("y", "cy", "y1", "y2") if at in one.attrib)
    assert drawing.count("no estimate") == 2 * answers.count(None)


def test_a_picture_without_words_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine without a font the renderer leaves all text out and says nothing."""
    drawing = curve_drawing(UK.observed, None)
    assert png_file(drawing).startswith(b"\x89PNG")
    monkeypatch.setattr("resvg_py.svg_to_bytes", lambda **_: b"\x89PNG the same pixels")
    with pytest.raises(CannotDraw, match="font"):
        png_file(drawing)
    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    with pytest.raises(CannotDraw, match=re.escape("luwte[estimate]")):
        png_file(drawing)


def test_a_drawing_in_a_file_brings_its_own_colours_and_is_xml() -> None:
    root = ElementTree.fromstring(svg_file(curve_drawing(UK.observed, specification_curve(UK))))
    assert root.tag == f"{SVG}svg"
    style = root.find(f"{SVG}style")
    assert style is not None
    assert "prefers-color-scheme: dark" in (style.text or "")
