"""Makes `bench` importable from these tests, as its folders full of conversations are ours, too; prints figures."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from faults import figures


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured, under the dots."""
    for line in figures.lines:
        terminalreporter.write_line(line)
