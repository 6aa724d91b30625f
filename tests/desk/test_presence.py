"""No counsellor is offered a ghost: over real sockets, with a clock that the test turns, and over restarts."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import STORY_STUCK, STUCK, Counsellor, House, Line, Visitor, a_house, play
from attack.attackers import Wound, answers, refused, until_pong, wait_until
from luwte.conversation import actions as conversations
from luwte.conversation.presence import KEPT
from luwte.desk.register import GONE
from luwte.plumbing import db
from luwte.plumbing.sockets import SILENCE, SWEEP, TRY_LATER


def pages(house: House, conv: bytes) -> int:
    """How many open pages the server knows of."""
    seen = house.luwte.around.visitors._seen.get(conv)
    return len(seen.pages) if seen else 0


async def loses(house: House, visitor: Visitor) -> None:
    """The train enters the tunnel, and the server has noticed."""
    before = pages(house, visitor.conv)
    visitor.line.cut()
    await wait_until(lambda: pages(house, visitor.conv) < before)


async def standing(house: House) -> tuple[list[bytes], list[bytes]]:
    """Who is here and who is away, in their order."""
    board = house.luwte.boards.of("chat")
    await board.look()
    here = [row.conversation.id for row in board.rows if row.here]
    return here, [row.conversation.id for row in board.rows if not row.here]


async def turns(house: House, clock: Wound, seconds: float, *lines: Line) -> None:
    """Time goes by, and the server looks; these lines say something meanwhile."""
    clock.ahead += seconds
    for line in lines:
        await until_pong(line)
    await house.luwte.departures.look()


def test_silence_is_noticed_within_a_minute() -> None:
    """The bound is made of the two that the sweeper has."""
    assert SILENCE + SWEEP <= 60


def test_a_page_out_of_sight_keeps_its_place_and_is_not_given(tmp_path: Path) -> None:
    """The desk sees it away, a Take is refused as such, Next passes over it; in sight again it is where it was."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, first, second = house.counsellor(), house.visitor(), house.visitor()
        await noor.opens_desk()
        await first.starts()
        await turns(house, clock, 120, first.line, noor.line)
        await second.starts()
        first.line.send("away", away=True)
        await until_pong(first.line)
        assert await standing(house) == ([second.conv], [first.conv])
        while [row["conv"] for row in (await noor.line.hear("standing"))["away"]] != [first.conv]:
            pass
        assert [row["conv"] for row in (await noor.line.hear("queue"))["waiting"]] == [second.conv]
        assert (await refused(noor.line, "take", conv=first.conv))["code"] == "visitor_away"
        await turns(house, clock, KEPT - 1, first.line, second.line, noor.line)
        first.line.send("away", away=False)
        await until_pong(first.line)
        assert await standing(house) == ([first.conv, second.conv], [])
        (given,) = await answers(noor.line, "next")
        assert given["conv"] == first.conv

    play(story, tmp_path / "house", clock)


def test_after_ten_minutes_away_it_is_gone_and_may_wait_anew(tmp_path: Path) -> None:
    """The row leaves, the desk hears that the visitor has left; coming back is never refused, with a new place."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, first, second = house.counsellor(), house.visitor(), house.visitor()
        await noor.opens_desk()
        await first.starts()
        await turns(house, clock, 120, first.line, noor.line)
        await second.starts()
        await loses(house, first)
        await standing(house)
        while not (await noor.line.hear("standing"))["away"]:
            pass
        await turns(house, clock, KEPT + 1, second.line, noor.line)
        left = await noor.line.hear("presence")
        assert (left["conv"], left["state"]) == (first.conv, "gone")
        assert await standing(house) == ([second.conv], [])
        assert (await refused(noor.line, "take", conv=first.conv))["code"] == "visitor_away"
        clock.ahead += 60
        await until_pong(second.line)
        assert (await first.resumes())["t"] == "resumed"
        while await standing(house) != ([second.conv, first.conv], []):
            await asyncio.sleep(0.01)
        assert (await first.line.hear("waiting"))["place"] == 2

    play(story, tmp_path / "house", clock)


@pytest.mark.parametrize("way", ["goodbye", "step out"])
def test_a_goodbye_is_heard_at_once(tmp_path: Path, way: str) -> None:
    """A page that is closed, or "Step out": the row goes, the desk hears why; within ten minutes the place is kept."""

    async def story(house: House) -> None:
        noor, visitor, other = house.counsellor(), house.visitor(), house.visitor()
        await noor.opens_desk()
        await visitor.starts()
        await other.starts()
        await standing(house)
        while len((await noor.line.hear("queue"))["waiting"]) < 2:
            pass
        if way == "goodbye":
            visitor.line.says_goodbye()
        else:
            visitor.line.send("end")
        left = await noor.line.hear("presence")
        assert (left["conv"], left["state"]) == (visitor.conv, "gone")
        assert await standing(house) == ([other.conv], [])
        if way == "goodbye":
            await visitor.resumes()
            while await standing(house) != ([visitor.conv, other.conv], []):
                await asyncio.sleep(0.01)

    play(story, tmp_path / "house")


def test_a_counsellor_in_a_talk_sees_whether_the_visitor_is_there(tmp_path: Path) -> None:
    """Out of sight, back, lost, back, gone; a desk that comes back is told what is so now."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await visitor.starts()
        await noor.takes(visitor.conv)

        async def told() -> Any:
            return (await noor.line.hear("presence"))["state"]

        visitor.line.send("away", away=True)
        assert await told() == "away"
        visitor.line.send("away", away=False)
        assert await told() == "here"
        await loses(house, visitor)
        assert await told() == "away"
        await visitor.resumes()
        assert await told() == "here"
        await loses(house, visitor)
        assert await told() == "away"
        await turns(house, clock, KEPT + 1, noor.line)
        assert await told() == "gone"
        noor.line.cut()
        await noor.opens_desk()
        await noor.line.hear("taken")
        assert await told() == "gone"
        await visitor.resumes()
        assert await told() == "here"

    play(story, tmp_path / "house", clock)


def test_a_conversation_that_goes_back_to_the_list_offers_no_ghost(tmp_path: Path) -> None:
    """The visitor has left during the talk; then the desk is gone, too: nobody is offered an empty chair."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await visitor.starts()
        await noor.takes(visitor.conv)
        visitor.line.says_goodbye()
        await noor.line.hear("presence")
        await noor.signs_out()
        assert await standing(house) == ([], [])
        await visitor.resumes()
        while await standing(house) != ([visitor.conv], []):
            await asyncio.sleep(0.01)

    play(story, tmp_path / "house", clock)


def test_a_restart_offers_no_ghosts(tmp_path: Path) -> None:
    """Whoever had left stays left; whoever waited is away until coming back, with the place, or gone in ten minutes."""
    clock = Wound()

    async def run() -> None:
        async with a_house(tmp_path / "house", clock) as house:
            gone, back, lost = house.visitor(), house.visitor(), house.visitor()
            for visitor in (gone, back, lost):
                await visitor.starts()
            gone.line.says_goodbye()
            await wait_until(lambda: pages(house, gone.conv) == 0)
            assert (await standing(house))[0] == [back.conv, lost.conv]
        async with a_house(tmp_path / "house", clock) as house:
            assert await standing(house) == ([], [back.conv, lost.conv])
            back.house = house
            await back.resumes()
            assert await standing(house) == ([back.conv], [lost.conv])
            await turns(house, clock, KEPT + 1, back.line)
            assert await standing(house) == ([back.conv], [])

    asyncio.run(run())


def test_a_clock_that_is_put_back_makes_no_ghosts(tmp_path: Path) -> None:
    """A dead line is found out, and an empty desk, in the time that it takes on every other day."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await visitor.starts()
        await noor.takes(visitor.conv)
        noor.line.cut()
        await wait_until(lambda: house.luwte.desks.away(noor.person.id) > 0)
        clock.ahead -= 86_400
        house.luwte.sockets.look()
        await house.luwte.watch.look()
        clock.ahead += GONE + 1
        house.luwte.sockets.look()
        await wait_until(lambda: pages(house, visitor.conv) == 0)
        await house.luwte.watch.look()
        assert (await house.luwte.db.read(conversations.find, visitor.conv)).holder is None

    play(story, tmp_path / "house", clock)


def test_whoever_comes_back_when_nothing_can_be_written_is_not_sent_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """1008 would tell the page never to come again; it is asked to come later, and has its place then."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        visitor.line.says_goodbye()
        while await standing(house) != ([], []):
            await asyncio.sleep(0.01)
        with monkeypatch.context() as full:
            full.setattr(db, "WAITING", 0)
            assert (await visitor.resumes())["t"] == "resumed"
            assert await visitor.line.closing_code() == TRY_LATER
        assert not caplog.records
        await visitor.resumes()
        while await standing(house) != ([visitor.conv], []):
            await asyncio.sleep(0.01)

    play(story, tmp_path / "house")


def test_a_page_that_comes_back_out_of_sight_is_no_sign_of_life(tmp_path: Path) -> None:
    """Browsers reconnect behind the screen: the ten minutes go on, and nobody is offered in between."""
    clock = Wound()

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await visitor.starts()
        visitor.line.send("away", away=True)
        await until_pong(visitor.line)
        assert (await refused(noor.line, "next"))["code"] == "nobody_waits"
        await turns(house, clock, 400, visitor.line, noor.line)
        await loses(house, visitor)
        await visitor.connects()
        visitor.line.send("resume", conv=visitor.conv, credential=visitor.keys.credential, after=0, away=True)
        await visitor.line.hear("resumed")
        assert await standing(house) == ([], [visitor.conv])
        assert (await refused(noor.line, "next"))["code"] == "nobody_waits"
        await turns(house, clock, 201, visitor.line)
        assert await standing(house) == ([], [])

    play(story, tmp_path / "house", clock)


# At random


class Person:
    """A visitor, and what a careful onlooker knows of them."""

    def __init__(self, visitor: Visitor, now: float) -> None:
        self.visitor = visitor
        self.sight: list[bool] = [True]
        self.lines = [visitor.line]
        self.last_in_sight = self.since = now
        self.farewell = False
        self.taken = False

    @property
    def here(self) -> bool:
        """Whether a page is in sight."""
        return any(self.sight)


class Stage:
    """A house, three people, two desks; each deed is done and heard before the next, but for those that race."""

    def __init__(self, house: House, clock: Wound) -> None:
        self.house, self.clock = house, clock
        self.people: list[Person] = []
        self.desks: list[Counsellor] = []
        self.gone: set[bytes] = set()

    async def begins(self, house: House) -> None:
        """The doors open; on a restart everybody has lost the line."""
        self.house = house
        self.desks = [house.counsellor(0), house.counsellor(1)]
        for desk in self.desks:
            await desk.opens_desk()
        for person in self.people:
            person.visitor.house = house
            person.sight, person.lines, person.farewell = [], [], False
            person.last_in_sight = max(self.clock(), person.last_in_sight)

    async def arrive(self, _: int) -> None:
        """Somebody new."""
        if len(self.people) < 3:
            visitor = self.house.visitor()
            await visitor.starts()
            await until_pong(visitor.line)
            self.people.append(Person(visitor, self.clock()))

    async def _looks(self, who: int, in_sight: bool) -> None:
        if who >= len(self.people) or not self.people[who].lines:
            return
        person = self.people[who]
        await self._before(person)
        person.sight[0] = in_sight
        person.lines[0].send("away", away=not in_sight)
        await until_pong(person.lines[0])
        await self._after(person)

    async def hide(self, who: int) -> None:
        """Another tab comes to the front."""
        await self._looks(who, False)

    async def show(self, who: int) -> None:
        """And back."""
        await self._looks(who, True)

    async def _opens(self, who: int, away: bool) -> None:
        if who >= len(self.people) or len(self.people[who].lines) > 1:
            return
        person = self.people[who]
        await self._before(person)
        visitor = person.visitor
        await visitor.connects()
        visitor.line.send("resume", conv=visitor.conv, credential=visitor.keys.credential, after=0, away=away)
        await visitor.line.hear("resumed")
        await until_pong(visitor.line)
        person.lines.append(visitor.line)
        person.sight.append(not away)
        person.farewell = False
        await self._after(person)

    async def back(self, who: int) -> None:
        """A page of this visitor connects; it may be a second one."""
        await self._opens(who, away=False)

    async def back_behind(self, who: int) -> None:
        """A page connects that nobody sees."""
        await self._opens(who, away=True)

    async def _closes(self, who: int, farewell: bool) -> None:
        if who >= len(self.people) or not self.people[who].lines:
            return
        person = self.people[who]
        await self._before(person)
        before = pages(self.house, person.visitor.conv)
        line = person.lines.pop()
        person.sight.pop()
        if farewell:
            line.says_goodbye()
        else:
            line.cut()
        await wait_until(lambda: pages(self.house, person.visitor.conv) < before)
        person.farewell = farewell and not person.lines
        await self._after(person)

    async def lose(self, who: int) -> None:
        """The newest line breaks."""
        await self._closes(who, farewell=False)

    async def goodbye(self, who: int) -> None:
        """The newest page says goodbye."""
        await self._closes(who, farewell=True)

    async def wait(self, minutes: int) -> None:
        """Time goes by."""
        for person in self.people:
            await self._before(person)
        self.clock.ahead += (30, 240, 661)[minutes]
        for line in [line for person in self.people for line in person.lines] + [desk.line for desk in self.desks]:
            await until_pong(line)
        for person in self.people:
            await self._before(person)
        await self.house.luwte.departures.look()

    async def race(self, who: int) -> None:
        """One desk takes somebody, the other asks for the next, and that somebody hides: all at once."""
        here = {person.visitor.conv for person in self.people if person.here}
        if who < len(self.people):
            self.desks[0].line.send("take", conv=self.people[who].visitor.conv)
            if self.people[who].lines:
                self.people[who].lines[0].send("away", away=True)
        self.desks[1].line.send("next")
        for desk in self.desks:
            await until_pong(desk.line)
        if who < len(self.people) and self.people[who].lines:
            person = self.people[who]
            await self._before(person)
            person.sight[0] = False
            await until_pong(person.lines[0])
        for person in self.people:
            found = await self.house.luwte.db.read(conversations.find, person.visitor.conv)
            if found.holder is not None and not person.taken:
                assert person.visitor.conv in here, "a ghost was given"
                person.taken = True

    async def ask(self, _: int) -> None:
        """A desk asks for the next."""
        await self.race(len(self.people))

    async def _before(self, person: Person) -> None:
        if person.here:
            person.last_in_sight = max(person.last_in_sight, self.clock())

    async def _after(self, person: Person) -> None:
        """Whoever was gone and is back: with the old place for ten minutes, and then anew."""
        conv = person.visitor.conv
        if person.here and conv in self.gone:
            self.gone.discard(conv)
            if int(self.clock() // 60) - int(person.last_in_sight // 60) > KEPT / 60:
                person.since = self.clock()
            await self._settles(conv, left=False)
        elif person.farewell and not person.lines:
            self.gone.add(conv)
            await self._settles(conv, left=True)

    async def _settles(self, conv: bytes, *, left: bool) -> None:
        async with asyncio.timeout(STUCK):
            while ((await self.house.luwte.db.read(conversations.find, conv)).left is not None) != left:
                await asyncio.sleep(0.005)

    async def is_as_it_should_be(self) -> None:
        """The list is what the onlooker knows, in the order of their waits."""
        now = self.clock()
        for person in self.people:
            await self._before(person)
            if not person.here and now - person.last_in_sight >= KEPT:
                self.gone.add(person.visitor.conv)
        await self.house.luwte.departures.look()
        waiting = [one for one in self.people if not one.taken and one.visitor.conv not in self.gone]
        waiting.sort(key=lambda one: int(one.since // 60))
        expected = (
            [one.visitor.conv for one in waiting if one.here],
            [one.visitor.conv for one in waiting if not one.here],
        )
        got = await standing(self.house)
        assert tuple(map(sorted, got)) == tuple(map(sorted, expected))
        minutes = {one.visitor.conv: int(one.since // 60) for one in self.people}
        for rows in got:
            assert [minutes[id] for id in rows] == sorted(minutes[id] for id in rows)


DEEDS = ["arrive", "hide", "show", "back", "back", "back_behind", "lose", "goodbye", "wait", "race", "ask"]
STEPS = st.lists(
    st.one_of(st.tuples(st.sampled_from(DEEDS), st.integers(0, 2)), st.just(("restart", 0))), min_size=4, max_size=24
)


@given(steps=STEPS)
@settings(max_examples=15, deadline=None)
def test_nobody_is_given_a_ghost_and_nobody_loses_a_place(steps: list[tuple[str, int]]) -> None:
    """Pages hide, break, double, say goodbye and come back, desks race, time goes by, the server starts again."""

    async def run(folder: Path) -> None:
        clock = Wound()
        stage: Stage | None = None
        lives = _lives(steps)
        async with asyncio.timeout(STORY_STUCK):
            for life in lives:
                async with a_house(folder / "house", clock) as house:
                    stage = stage or Stage(house, clock)
                    await stage.begins(house)
                    if not stage.people:
                        await stage.arrive(0)
                        await stage.arrive(0)
                    for deed, which in life:
                        work: Callable[[int], Awaitable[None]] = getattr(stage, deed)
                        await work(which)
                        await stage.is_as_it_should_be()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


def _lives(steps: list[tuple[str, int]]) -> list[list[tuple[str, int]]]:
    """The steps between one start of the server and the next."""
    lives: list[list[tuple[str, int]]] = [[]]
    for step in steps:
        if step[0] == "restart":
            lives.append([])
        else:
            lives[-1].append(step)
    return lives[:3]


def test_the_clock_of_these_tests_goes_on() -> None:
    """A wound clock is ahead of the real one by what it was wound."""
    clock = Wound()
    clock.ahead = 100
    assert clock() >= time.time() + 99
