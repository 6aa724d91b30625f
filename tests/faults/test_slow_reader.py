"""A reader that is slower than what is written to it gets every frame whole, however long some of them are."""

import asyncio
from pathlib import Path

import msgspec

from attack.attackers import Raw
from faults.house import Crowd, doorstep, run, seeded
from faults.people import Manners
from faults.server import a_launcher, a_server
from luwte.crypto.envelope import BUCKETS

MESSAGES = 900
"""Twice what the operating system keeps for a reader that does not read."""


def test_long_and_short_messages_reach_a_slow_reader_whole(tmp_path: Path) -> None:
    """The way to them is full in the middle of a frame; what had to wait is neither mixed up nor cut."""

    async def story() -> None:
        folder = tmp_path / "house"
        people = seeded(folder, 1)
        async with a_launcher() as launcher, a_server(folder, launcher) as server:
            crowd = Crowd(people, doorstep(server), Manners(backlog=MESSAGES))
            crowd.comes()
            (visitor,), (desk,) = crowd.visitors, crowd.desks
            visitor.is_quiet = desk.is_quiet = True
            while visitor.box.log not in desk.boxes:
                await asyncio.sleep(0.01)
            for at in range(MESSAGES):
                desk.boxes[visitor.box.log].type((BUCKETS[-1], BUCKETS[-2], BUCKETS[0])[at % 3])
            assert await crowd.falls_silent()
            await crowd.leaves()
            slow = await Raw.open(crowd.door, receive=4096)  # type: ignore[arg-type]
            slow.frame("resume", conv=visitor.box.log[0], credential=visitor.credential, after=0)
            await asyncio.sleep(1)
            heard: list[int] = []
            while len(heard) < MESSAGES:
                opcode, payload = await slow.hear()
                assert opcode == 2
                frame = msgspec.msgpack.decode(payload)
                if frame["t"] == "envelope":
                    heard.append(frame["n"])
            slow.close()
            assert heard == list(range(1, MESSAGES + 1))

    run(story())
