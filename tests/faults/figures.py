"""What a run measured, to be printed when it is over: a promise with a figure is worth more."""

import statistics

lines: list[str] = []


def tell(text: str) -> None:
    """One line for the end of the run."""
    lines.append(text)


def spread(seconds: list[float]) -> str:
    """The middle and the worst of some durations."""
    if not seconds:
        return "not measured"
    return f"middle {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s of {len(seconds)}"
