"""A surge on the real rules and the real disk with a turned clock: danger in time, no ghosts, nobody passed over."""

import asyncio

import pytest
from bench.surge import Scene, simulate, table

SCENES = [Scene(3, 5, hours=3, leave_at=1), Scene(9, 5, hours=3, leave_at=1), Scene(9, 14, hours=3, leave_at=1)]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: f"{scene.times}x, {scene.counsellors} counsellors")
def test_a_surge(scene: Scene) -> None:
    """Three and nine times an evening, seven in ten leave silently, two counsellors go home in the middle of it.

    Where capacity allows (`Scene.is_enough`) 94 % of those in danger are picked up within five minutes; where it does
    not, all but a few of those for whom a seat came free in time. After three in danger one of the others has a turn,
    in their own order: that is what "nobody starves" means here, and it is checked at every single take.
    """
    outcome = asyncio.run(simulate(scene))
    print(table([outcome]))
    assert len(outcome.people) > 20 * scene.times
    assert outcome.ghosts == 0
    assert outcome.unfair == 0
    assert outcome.within_when_a_seat_came_free >= 0.94
    if scene.is_enough:
        assert outcome.within >= 0.94
    assert any(person.priority == "urgent" and person.taken for person in outcome.people)
    assert any(person.priority == "normal" and person.taken for person in outcome.people)


def test_one_of_these_scenes_has_the_capacity_and_one_has_not() -> None:
    """Otherwise the promise above would be empty."""
    assert [scene.is_enough for scene in SCENES] == [False, False, True]
