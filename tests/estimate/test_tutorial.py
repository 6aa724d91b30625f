"""The tutorial's code runs as it stands, and its figures are what it prints."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

from luwte.estimate.published import PUBLISHED
from luwte.estimate.stepwise import main_effects, stepwise

TEXT = (Path(__file__).parents[2] / "docs" / "tutorials" / "how-many-nobody-registered.md").read_text()


REFERENCE = (Path(__file__).parents[2] / "docs" / "estimate.md").read_text()
ROWS = {
    "uk_2013_5": "UK 2013, five lists",
    "uk_2013_6": "UK 2013, six lists",
    "netherlands_2010_2015_5": "Netherlands, five lists",
    "netherlands_2010_2015_6": "Netherlands, six lists",
    "kosovo_1999": "Kosovo 1999",
}


@pytest.mark.parametrize("name", ROWS)
def test_the_figures_beside_reference_values_are_what_is_computed(name: str) -> None:
    table = PUBLISHED[name].read()
    (row,) = re.findall(
        rf"^\| {ROWS[name]} \| (.*) / (.*?) \| (.*) / (.*?) \| .* \| .* \| .* \| .* \|$", REFERENCE, re.M
    )
    for theirs, ours, method in zip(row[::2], row[1::2], (main_effects, stepwise), strict=True):
        assert float(ours) == pytest.approx(method(table, bootstrap=0).estimate, rel=1e-10)
        assert float(theirs) == pytest.approx(float(ours), rel=1e-9)


def printed() -> list[str]:
    """What each block of Python prints; women and men are halves of a published table."""
    table = PUBLISHED["kosovo_1999"].read()
    women = np.random.default_rng(1).binomial(table.counts, 0.5)
    names = {"women": table.with_counts(women), "men": table.with_counts(table.counts - women)}
    said = []
    for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", TEXT, re.MULTILINE):
        if "import" in block:
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(re.sub(r"^    ", "", block, flags=re.MULTILINE), names)
            said.append(out.getvalue())
    return said


def test_the_code_of_the_tutorial_prints_its_figures() -> None:
    graphs, dropped, refused, strata = printed()
    for line in graphs.splitlines()[-2:]:
        assert f"    {line}\n" in TEXT
    assert graphs.count("\n") == 5
    rows = re.findall(r"\('(\w+)',\) ([\d.]+)", dropped)
    assert [name for name, _ in rows] == ["LA", "NG", "PFNCA", "GO", "GP"]
    for name, figure in rows:
        assert f"| {name} | {float(figure):,.0f} |" in TEXT
    assert "verdict='no_estimate'" in refused
    (reason,) = re.findall(r"the reason: \"(.*?)\"", TEXT)
    assert reason in refused
    woman, total = map(float, strata.split())
    assert total > 1.5 * woman > 0
