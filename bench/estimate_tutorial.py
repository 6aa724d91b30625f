"""`python -m bench.estimate_tutorial FOLDER`: the figures of the tutorial on hidden people, and its pictures."""

import sys
from pathlib import Path

from luwte.estimate.methods import METHODS
from luwte.estimate.published import PUBLISHED
from luwte.estimate.report import estimate_all
from luwte.estimate.results import Result
from luwte.report.estimate.plot import methods_drawing, svg_file

TABLES = ("uk_2013_5", "netherlands_2010_2015_5")


def told(result: Result) -> str:
    """A result in a few words."""
    if result.estimate is None or result.lower is None or result.upper is None:
        return "no estimate"
    return f"{result.estimate:,.0f} ({result.lower:,.0f} - {result.upper:,.0f})"


def main() -> None:
    """Write the pictures and say the figures."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        report = estimate_all(PUBLISHED[name].read())
        rows = [(METHODS[one.method].title, one) for one in report.results]
        (folder / f"all-methods-{name}.svg").write_bytes(svg_file(methods_drawing(report.observed, rows)))
        print(PUBLISHED[name].title, f"{report.observed:,}")
        for result in report.results:
            print(f"  {result.method}: {told(result)}", *result.reasons, sep="\n    ")


if __name__ == "__main__":
    main()
