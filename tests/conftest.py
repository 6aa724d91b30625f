"""What all tests share."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# A busy machine is slow; that is no failure.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(params=["WebSocket", "long-polling"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Play the test twice: over WebSockets, and over long-polling."""
    monkeypatch.setattr("actors.carrier", request.param)
    return str(request.param)
