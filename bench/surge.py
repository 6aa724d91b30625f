"""A surge, simulated: the real rules over the real database, with a clock that only this turns.

Visitors arrive at several times the pace of an ordinary evening; most of those who give up say nothing; two
counsellors leave. Whoever writes of danger is marked by staff who read the list, and every seat that comes free asks
for the next. Nothing of the server is imitated: presence, departures, board, turns and the log are those that serve.

    python -m bench.surge
"""

import asyncio
import os
import random
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from luwte.conversation import actions as conversations
from luwte.conversation.around import Surroundings
from luwte.conversation.departures import Departures, leave_at_once
from luwte.conversation.erasing import Erasures
from luwte.conversation.model import StartRequest
from luwte.conversation.presence import Visitors
from luwte.desk import actions as desk
from luwte.desk import turns
from luwte.desk.board import Board
from luwte.desk.model import HEAD_START, URGENT_IN_A_ROW
from luwte.errors import NobodyWaits
from luwte.plumbing import ledger
from luwte.plumbing.db import Db
from luwte.plumbing.keystore import KeyStore
from luwte.plumbing.ledger import Ledger
from luwte.plumbing.limits import Limits
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.migrate import migrate
from luwte.plumbing.relay import Relay
from luwte.staff import actions as staff
from luwte.staff import store as staff_store
from luwte.staff.model import Account, Session, Team, token_hash
from luwte.staff.roles import COUNSELLOR

MINUTE = 60.0
TICK = 10.0
"""Seconds between two looks of the simulation: no hand is quicker."""

EVENING = 60 / (8 * 60)
"""Arrivals a minute on an ordinary evening: 60 visitors in 8 hours."""

TALK = 40 * MINUTE
"""Seconds that a conversation lasts, on average."""

CHATS = 3
"""Conversations that one counsellor has at once."""

URGENT, SOON = 0.15, 0.10
"""Shares of the openings that staff mark."""

SILENT = 0.7
"""Share of those who give up who say nothing."""

PATIENCE = (20 * MINUTE, 90 * MINUTE)
"""Average seconds after which the others, and those in danger, give up."""

WITHIN = 5 * MINUTE
"""Seconds in which somebody in danger should be picked up."""

READS = 30.0
"""Seconds until a member of staff has read a new opening in the list and marked it."""

NOTICED = 60.0
"""Seconds until a line that only broke is noticed: the worst case."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is simulated."""

    times: int
    counsellors: int
    hours: float = 6
    leave_at: float = 2.0
    seed: int = 7

    @property
    def is_enough(self) -> bool:
        """Whether capacity allows: a seat comes free often enough even after two have left.

        When a seat comes free at random, 94 % of waits are below 2.8 times the average gap; and one turn in four
        belongs to the others. So capacity allows when five minutes hold three gaps between turns for those in danger,
        and when there are more such turns than people in danger.
        """
        gap = TALK / ((self.counsellors - 2) * CHATS) * (URGENT_IN_A_ROW + 1) / URGENT_IN_A_ROW
        arrivals = self.times * EVENING * URGENT / MINUTE
        return gap * 3 <= WITHIN and arrivals * gap < 1


@dataclass(slots=True)
class Person:
    """One visitor, as the simulation knows them."""

    conv: bytes
    arrived: float
    priority: str
    gives_up: float
    ahead: int = 0
    gone: float | None = None
    noticed: float | None = None
    taken: float | None = None


@dataclass(slots=True)
class Outcome:
    """The figures of one scene."""

    scene: Scene
    people: list[Person] = field(default_factory=list)
    ghosts: int = 0
    unnoticed: int = 0
    unfair: int = 0
    turns: list[float] = field(default_factory=list)
    end: float = 0.0

    def a_seat_came_free_for(self, one: Person) -> bool:
        """Whether as many turns came in their five minutes as those before them, and the others, could use."""
        first = one.ahead + 1
        needed = first + -(-first // URGENT_IN_A_ROW)
        return sum(1 for at in self.turns if one.arrived + READS < at <= one.arrived + WITHIN) >= needed

    @property
    def urgent(self) -> list[Person]:
        """Those in danger whose five minutes are over and who had not given up in them."""
        return [
            one
            for one in self.people
            if one.priority == "urgent"
            and one.arrived + WITHIN <= self.end
            and (one.taken is not None or one.gives_up >= one.arrived + WITHIN)
        ]

    @property
    def within(self) -> float:
        """The share of them that was picked up in time."""
        good = [one for one in self.urgent if one.taken is not None and one.taken - one.arrived <= WITHIN]
        return len(good) / max(1, len(self.urgent))

    @property
    def within_when_a_seat_came_free(self) -> float:
        """The same of those for whom a seat came free in time, after all who were before them in danger had one."""
        asked = [one for one in self.urgent if self.a_seat_came_free_for(one)]
        good = [one for one in asked if one.taken is not None and one.taken - one.arrived <= WITHIN]
        return len(good) / max(1, len(asked))

    def waited(self, *priorities: str) -> list[float]:
        """Minutes that those who stayed waited, or wait still."""
        stayed = [one for one in self.people if one.priority in priorities and (one.taken or one.gone is None)]
        return sorted(((one.taken or self.end) - one.arrived) / MINUTE for one in stayed)


class Hall:
    """The real parts, as one process holds them, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.now = 1_800_000_000.0
        migrate(folder / "main.db")
        relay, metrics = Relay(), Metrics()
        self.db = Db(folder / "main.db", relay, metrics)
        self.keys, self.ledger = KeyStore(folder / "keys"), Ledger(folder / ledger.FILE)
        self.around = Surroundings(
            "org",
            self.db,
            relay,
            self.keys,
            Limits(self.clock),
            self.clock,
            metrics,
            {},
            self.key,
            Visitors(self.clock),
            Erasures(self.db, self.keys, self.ledger, self.clock),
        )
        self.board = Board(self.around, "chat")
        self.departures = Departures(self.around)
        self.sessions: list[Session] = []

    def clock(self) -> float:
        """Now, as everybody in here knows it."""
        return self.now

    def key(self, conversation: bytes) -> bytes:
        """A shred key: nothing is sealed in this simulation."""
        return bytes(32)

    async def hire(self, counsellors: int) -> None:
        """Accounts with a session each."""
        await self.db.write(staff.put_team, Team("chat", "Chat", 1, b"", b"team"))
        for n in range(counsellors):
            empty = (b"",) * 5
            account = Account(f"{n:032x}", f"C{n}", "chat", COUNSELLOR, *empty, b"%d" % n, b"%016d" % n, False)
            token = os.urandom(32)
            await self.db.write(staff.admit, account, [])
            await self.db.write(staff_store.begin_session, token_hash(token), account.id, self.around.minute())
            self.sessions.append(await self.db.read(staff.session, token, self.around.minute()))

    async def close(self) -> None:
        """The end."""
        self.board.close()
        await self.db.close()
        self.keys.close()
        self.ledger.close()


@asynccontextmanager
async def a_hall() -> AsyncIterator[Hall]:
    """A database in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        hall = Hall(Path(folder))
        try:
            yield hall
        finally:
            await hall.close()


class Surge:
    """One scene, tick by tick."""

    def __init__(self, hall: Hall, scene: Scene) -> None:
        self.hall, self.scene = hall, scene
        self.dice = random.Random(scene.seed)
        self.outcome = Outcome(scene)
        self.began = hall.now
        self.next_arrival = self.began
        self.here: dict[bytes, Person] = {}
        self.unread: list[Person] = []
        self.fading: list[Person] = []
        self.talks: dict[bytes, tuple[int, float]] = {}
        self.staff = list(range(scene.counsellors))
        self.in_a_row = 0

    async def run(self) -> Outcome:
        """Until the hours are over."""
        hall = self.hall
        await hall.hire(self.scene.counsellors)
        end = self.began + self.scene.hours * 60 * MINUTE
        while hall.now < end:
            hall.now += TICK
            await self._arrive()
            await self._read_openings()
            await self._give_up()
            await hall.departures.look()
            await self._finish()
            if len(self.staff) == self.scene.counsellors and hall.now - self.began > self.scene.leave_at * 60 * MINUTE:
                await self._two_leave()
            await self._help()
        self.outcome.end = hall.now
        return self.outcome

    async def _arrive(self) -> None:
        while self.next_arrival <= self.hall.now:
            chance = self.dice.random()
            priority = "urgent" if chance < URGENT else "soon" if chance < URGENT + SOON else "normal"
            patience = self.dice.expovariate(1 / PATIENCE[priority == "urgent"])
            request = _request()
            start = conversations.seal_start(request, bytes(32), 1)
            minute = self.hall.around.minute()
            found = await self.hall.db.write(conversations.start, start, team_cert=request.team_cert, minute=minute)
            self.hall.around.visitors.opened(found.id, 1)
            one = Person(found.id, self.hall.now, priority, self.hall.now + patience)
            one.ahead = sum(1 for other in self.here.values() if other.priority == "urgent")
            self.outcome.people.append(one)
            self.here[one.conv] = one
            self.unread.append(one)
            self.next_arrival += self.dice.expovariate(self.scene.times * EVENING) * MINUTE

    async def _read_openings(self) -> None:
        for one in [one for one in self.unread if one.arrived + READS <= self.hall.now]:
            self.unread.remove(one)
            if one.priority != "normal" and one.conv in self.here:
                session, minute = self.hall.sessions[self.staff[0]], self.hall.around.minute()
                await self.hall.db.write(
                    turns.prioritise, session, one.conv, one.priority, minute, self.hall.around.shred_key
                )

    async def _give_up(self) -> None:
        visitors, now = self.hall.around.visitors, self.hall.now
        for one in [one for one in self.here.values() if one.gone is None and one.gives_up <= now]:
            one.gone, way = now, self.dice.random()
            if way >= SILENT:
                one.noticed = now
                visitors.closed(one.conv, 1, farewell=True)
                leave_at_once(self.hall.around, one.conv)
            elif way >= SILENT / 2:
                one.noticed = now
                visitors.looks(one.conv, 1, in_sight=False)
            else:
                one.noticed = now + self.dice.uniform(0, NOTICED)
                self.fading.append(one)
        for one in [one for one in self.fading if one.noticed is not None and one.noticed <= now]:
            self.fading.remove(one)
            visitors.closed(one.conv, 1, farewell=False)
        self.here = {conv: one for conv, one in self.here.items() if one.noticed is None or one.noticed > now}

    async def _finish(self) -> None:
        for conv in [conv for conv, (_, until) in self.talks.items() if until <= self.hall.now]:
            counsellor, _ = self.talks.pop(conv)
            session, minute = self.hall.sessions[counsellor], self.hall.around.minute()
            await self.hall.db.write(desk.end, session, conv, "completed", minute, self.hall.around.shred_key)

    async def _two_leave(self) -> None:
        for counsellor in self.staff[-2:]:
            self.staff.remove(counsellor)
            account, minute = self.hall.sessions[counsellor].account.id, self.hall.around.minute()
            await self.hall.db.write(desk.return_all, account, minute, self.hall.around.shred_key, reason="desk_gone")
            for conv in [conv for conv, (who, _) in self.talks.items() if who == counsellor]:
                del self.talks[conv]

    async def _help(self) -> None:
        hall = self.hall
        await hall.board.look()
        for counsellor in self.staff:
            while sum(1 for who, _ in self.talks.values() if who == counsellor) < CHATS:
                visitors, in_a_row = hall.around.visitors, hall.board.urgent_in_a_row
                try:
                    given = await hall.db.write(
                        turns.take_next,
                        hall.sessions[counsellor],
                        CHATS,
                        in_a_row,
                        visitors.is_here,
                        hall.around.minute(),
                        hall.around.shred_key,
                    )
                except NobodyWaits:
                    return
                hall.board.taken(given)
                self._helped(given.id, counsellor, again=given.times > 0)
                await hall.board.look()

    def _helped(self, conv: bytes, counsellor: int, *, again: bool) -> None:
        now, outcome = self.hall.now, self.outcome
        lasts = self.dice.uniform(TALK / 2, TALK * 3 / 2)
        if not again:
            one = next(person for person in outcome.people if person.conv == conv)
            outcome.ghosts += one.noticed is not None and one.noticed <= now
            if one.gone is not None:
                outcome.unnoticed += 1
                lasts = 2 * MINUTE
            self._judge(one)
            self.here.pop(conv, None)
            one.taken = now
            outcome.turns.append(now)
        self.talks[conv] = (counsellor, now + lasts)

    def _judge(self, one: Person) -> None:
        """Nobody is passed over: the others in their order, and after three in danger at least one of them."""
        marked = {person.conv: "normal" if person in self.unread else person.priority for person in self.here.values()}
        others = [person for person in self.here.values() if marked[person.conv] != "urgent"]
        if marked.get(one.conv) != "urgent":
            self.in_a_row = 0
            first = min(_as_if(person, marked[person.conv]) for person in others)
            self.outcome.unfair += _as_if(one, marked[one.conv]) > first
        elif others:
            self.in_a_row += 1
            self.outcome.unfair += self.in_a_row > URGENT_IN_A_ROW


def _as_if(one: Person, priority: str) -> int:
    return int(one.arrived // MINUTE) - HEAD_START[priority]


def _request() -> StartRequest:
    parts = [os.urandom(32) for _ in range(3)]
    return StartRequest("chat", *parts, bytes(16), tuple(bytes(80) for _ in range(4)), bytes(64))


async def simulate(scene: Scene) -> Outcome:
    """Play one scene to its end."""
    async with a_hall() as hall:
        return await Surge(hall, scene).run()


SCENES = (Scene(1, 5), Scene(3, 5), Scene(3, 14), Scene(9, 5), Scene(9, 10), Scene(9, 14), Scene(9, 18))


def table(outcomes: Iterable[Outcome]) -> str:
    """The figures, one scene a row."""
    head = (
        "arrivals | counsellors | capacity allows | came | taken | danger in 5 min | ... when a seat came free"
        " | ghosts | gone unnoticed < 60 s | passed over | danger: longest | others: median, longest (min)"
    )
    rows = [head, "-" * len(head)]
    for one in outcomes:
        scene, taken = one.scene, sum(1 for person in one.people if person.taken is not None)
        danger, others = one.waited("urgent"), one.waited("soon", "normal")
        rows.append(
            f"{scene.times}x | {scene.counsellors}, then {scene.counsellors - 2} | {'yes' if scene.is_enough else 'no'}"
            f" | {len(one.people)} | {taken} | {one.within:.0%} | {one.within_when_a_seat_came_free:.0%}"
            f" | {one.ghosts} | {one.unnoticed} | {one.unfair} | {max(danger, default=0):.0f}"
            f" | {others[len(others) // 2]:.0f}, {max(others):.0f}"
        )
    return "\n".join(rows)


async def _all() -> list[Outcome]:
    return [await simulate(scene) for scene in SCENES]


if __name__ == "__main__":
    print(table(asyncio.run(_all())))
