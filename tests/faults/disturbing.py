"""Put bad weather between people and the server for some spells, and see how soon all is well after each."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from faults.history import Findings, History
from faults.house import Crowd, doorstep, seeded
from faults.people import Manners
from faults.proxy import a_proxy
from faults.server import Launcher, a_server
from figures import spread

MANNERS = Manners(pause=0.6, ping=1, patience=3)
"""They notice silence sooner than a browser, which pings every 20 s and gives up after 45, so that a test is short."""

HEALED = 60.0
"""Seconds in which all must be well: generous, as machines are shared. The aim is ten; the figure is told."""


@dataclass
class Outcome:
    """What came of it."""

    findings: Findings
    history: History
    met: Counter[str] = field(default_factory=Counter)
    to_well: list[float] = field(default_factory=list)
    """Seconds from the end of each spell until everything was acknowledged and read by the other side."""
    held_back: list[int] = field(default_factory=list)
    """Texts that were not acknowledged when each spell ended."""
    complaints: str = ""

    def __str__(self) -> str:
        met = ", ".join(f"{count} {name}" for name, count in sorted(self.met.items()))
        return (
            f"{self.history.acknowledged} messages over {sum(self.met.values())} connections ({met}); "
            f"not as promised: {self.findings}\n"
            f"  from healing until all had arrived: {spread(self.to_well)}, with {self.held_back} texts held back"
        )


async def disturbed(
    folder: Path, launcher: Launcher, *, conversations: int, spells: int, seconds: float, seed: int
) -> Outcome:
    """Some *spells* of bad weather of so many *seconds* each, while everybody talks."""
    people = seeded(folder, conversations)
    async with a_server(folder, launcher) as server, a_proxy(server.port, seed) as proxy:
        crowd = Crowd(people, doorstep(server, proxy.origin), MANNERS)
        outcome = Outcome(Findings(), crowd.history, proxy.met)
        crowd.comes()
        try:
            for _ in range(spells):
                crowd.talks()
                proxy.breaks()
                crowd.newcomer()
                await asyncio.sleep(seconds)
                crowd.hushes()
                proxy.heals()
                outcome.held_back.append(crowd.waits)
                outcome.to_well.append(await crowd.settles(HEALED))
        finally:
            await crowd.leaves()
        outcome.findings, outcome.complaints = await crowd.judged(server), server.said
    return outcome
