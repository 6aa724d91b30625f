"""What a run measured, in words: a promise with a figure is worth more."""

import statistics
from collections.abc import Callable

Tell = Callable[[str], None]
"""Says one text for the end of the run: the fixture `tell`."""


def spread(seconds: list[float]) -> str:
    """The middle and the worst of some durations."""
    if not seconds:
        return "not measured"
    return f"middle {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s of {len(seconds)}"
