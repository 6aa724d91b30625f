"""The server is killed again and again while 200 conversations go on: what it acknowledged is there, once, in order."""

import subprocess
from pathlib import Path

import pytest

from faults.house import run
from faults.killing import Outcome, killed
from faults.server import LUWTE, a_launcher
from figures import Tell

CONVERSATIONS, KILLS, MESSAGES = 200, 200, 10_000


@pytest.mark.timeout(900)
def test_two_hundred_kills_lose_nothing(tmp_path: Path, tell: Tell) -> None:
    """Not one acknowledged message is lost, doubled or out of order; what somebody read is there; no number is missing.

    Also when it is killed while it starts, and while it stops.
    """

    async def story() -> Outcome:
        async with a_launcher() as launcher:
            folder = tmp_path / "house"
            return await killed(folder, launcher, conversations=CONVERSATIONS, kills=KILLS, messages=MESSAGES, seed=1)

    outcome = run(story())
    tell(f"kill -9: {outcome}")
    assert not outcome.findings, str(outcome.findings)
    assert not outcome.integrity
    assert outcome.history.acknowledged >= MESSAGES
    # Being killed is nothing to complain about.
    assert outcome.complaints == ""
    doctor = subprocess.run([LUWTE, "doctor", "--dir", tmp_path / "house"], capture_output=True, text=True, timeout=60)
    assert "audit" not in doctor.stdout
    assert "read" not in doctor.stdout
