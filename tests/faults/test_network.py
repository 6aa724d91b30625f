"""A bad network: whatever it does, all that was typed arrives once and in order soon after it is well again."""

from pathlib import Path

import pytest

from faults.disturbing import Outcome, disturbed
from faults.house import run
from faults.proxy import KINDS
from faults.server import a_launcher
from figures import Tell

CONVERSATIONS, SPELLS, SECONDS = 32, 3, 6.0


@pytest.mark.timeout(600)
def test_all_that_was_typed_arrives_once_after_bad_weather(tmp_path: Path, tell: Tell) -> None:
    """Cut inside a frame, late by two seconds, half open, deaf one way or both, 256 kbit/s: for both sides at once."""

    async def story() -> Outcome:
        async with a_launcher() as launcher:
            folder = tmp_path / "house"
            return await disturbed(
                folder, launcher, conversations=CONVERSATIONS, spells=SPELLS, seconds=SECONDS, seed=1
            )

    outcome = run(story())
    tell(f"network: {outcome}")
    assert not outcome.findings, str(outcome.findings)
    assert outcome.met.keys() >= KINDS.keys()
    assert max(outcome.held_back) > 0
    assert outcome.complaints == ""
