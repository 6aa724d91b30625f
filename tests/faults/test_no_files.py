"""J-8: somebody takes every file that the server may open. Who talks goes on; who comes later is let in afterwards."""

import asyncio
import os
import resource
import socket
from contextlib import ExitStack
from pathlib import Path

from faults.house import Crowd, doorstep, run, seeded
from faults.people import Manners
from faults.server import Server, a_launcher, a_server, until
from faults.test_disk import TOLD, refusals

SPARE = 24
"""Files that are left when somebody begins to take them."""


def test_no_more_files(tmp_path: Path) -> None:
    """J-8: connections that nobody can serve do not stop the talk, and the server says nothing of whoever made them."""

    async def play() -> None:
        people = seeded(tmp_path / "house", 12)
        async with a_launcher() as launcher, a_server(tmp_path / "house", launcher) as server:
            crowd = Crowd(people, doorstep(server), Manners(pause=0.1))
            crowd.comes()
            await until(lambda: len(crowd.history.acks) > 200)
            known, before = list(crowd.everybody), len(crowd.history.acks)
            lines = [person.line for person in known]
            _, most = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (_files(server) + SPARE, most))
            with ExitStack() as held:
                for _ in range(3 * SPARE):
                    one = held.enter_context(socket.socket())
                    one.setblocking(False)
                    await asyncio.get_running_loop().sock_connect(one, ("127.0.0.1", server.port))
                newcomer = crowd.newcomer()
                tried = len(crowd.history.lines) + 3
                await until(lambda: len(crowd.history.acks) > before + 400 and len(crowd.history.lines) > tried)
                assert not newcomer.is_started
            assert await crowd.falls_silent()
            assert newcomer.is_started
            assert [person.line for person in known] == lines
            assert set(refusals(crowd)) <= TOLD | {"generation"}
            await crowd.leaves()
            findings = await crowd.judged(server)
            assert not findings, str(findings)
            assert "127.0.0.1" not in server.said
            assert "Traceback" not in server.said

    run(play())


def _files(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.pid}/fd"))
