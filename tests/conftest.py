"""What all tests share."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

from figures import Tell

# A busy machine is slow; that is no failure.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Say what was measured: one text for the end of the run, wherever the test itself ran."""
    return lambda text: record_property("told", text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured, under the dots."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if report.when == "call":
                for name, text in report.user_properties:
                    if name == "told":
                        terminalreporter.write_line(str(text))


@pytest.fixture(params=["WebSocket", "long-polling"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Play the test twice: over WebSockets, and over long-polling."""
    monkeypatch.setattr("actors.carrier", request.param)
    return str(request.param)
