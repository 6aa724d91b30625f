"""The power fails at 500 moments: every disk that may be left opens, and holds what was acknowledged."""

import asyncio
import os
import random
import shutil
import signal
from pathlib import Path

import pytest

from faults.cutting import Outcome, Recording, cut, is_whole, recorded
from faults.house import Crowd, doorstep, judge, run, seeded
from faults.killing import integrity
from faults.people import Manners
from faults.server import a_launcher, a_server
from figures import Tell

MOMENTS, MESSAGES, FOLDS = 500, 2_000, 3


async def _recorded_and_cut(folder: Path, messages: int, moments: int, **disk: int) -> tuple[Recording, Outcome]:
    async with a_launcher() as launcher:
        recording = await recorded(folder / "house", launcher, messages, **disk)
        return recording, await cut(recording, launcher, folder / "disks", moments, seed=1)


@pytest.mark.timeout(900)
def test_no_power_cut_loses_what_was_acknowledged(tmp_path: Path, tell: Tell) -> None:
    """Whatever part of what was not synced is there, in whatever order: it opens, is sound, and nothing is missing."""
    recording, outcome = run(_recorded_and_cut(tmp_path, MESSAGES, MOMENTS, folds=FOLDS))
    tell(f"power cut: {outcome}")
    assert outcome.broken == []
    assert is_whole(recording)
    # The log was folded into the database, and begun again, more than once: also in the middle of that.
    assert outcome.checkpoints >= FOLDS
    assert outcome.tally["with something not synced"] > MOMENTS / 4


@pytest.mark.timeout(600)
def test_no_power_cut_after_failed_syncs_does(tmp_path: Path, tell: Tell) -> None:
    """After a failed sync the system forgets what it could not write; a later success says nothing of that."""
    recording, outcome = run(_recorded_and_cut(tmp_path, MESSAGES // 4, MOMENTS // 5, failing=True))
    tell(f"power cut, some syncs fail: {outcome}")
    assert outcome.broken == []
    assert is_whole(recording)


@pytest.mark.timeout(600)
def test_a_disk_that_lies_is_found_out(tmp_path: Path) -> None:
    """The check itself: where a sync does nothing, acknowledged messages are missing, and it says so."""
    _, outcome = run(_recorded_and_cut(tmp_path, 200, 20, lies=True))
    assert any("acknowledged" in broken for broken in outcome.broken)


@pytest.mark.timeout(600)
def test_a_copy_of_a_standing_moment_opens(tmp_path: Path) -> None:
    """What a snapshot of the whole machine holds: taken at 25 moments while the process stands still for a blink."""

    async def story() -> None:
        folder, dice = tmp_path / "house", random.Random(1)
        people = seeded(folder, 16)
        async with a_launcher() as launcher, a_server(folder, launcher) as server:
            crowd = Crowd(people, doorstep(server), Manners(pause=0.1))
            crowd.comes()
            copies = []
            for n in range(25):
                await asyncio.sleep(dice.uniform(0.05, 0.2))
                os.kill(server.pid, signal.SIGSTOP)
                copies.append((_copy(folder, tmp_path / f"copy-{n}"), crowd.history.until(float("inf"))))
                os.kill(server.pid, signal.SIGCONT)
            await crowd.leaves()
            for copy, known in copies:
                async with a_server(copy, launcher) as again:
                    findings = await judge(again.origin, crowd.visitors, crowd.desks, known, drained=False)
                    assert not findings, str(findings)
                assert not integrity(copy)

    run(story())


def _copy(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("*-shm", "lock"))
    return to
