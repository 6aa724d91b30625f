"""Whose turn it is: danger first, nobody for ever, and of two who ask for the next each gets another."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from actors import House, play
from attack.attackers import answers, records, refused, until_pong
from luwte.conversation import actions as conversations
from luwte.conversation.model import PRIORITIES, Conversation
from luwte.desk.model import HEAD_START, URGENT_IN_A_ROW, Row, triage


def one(key: int, since: int, priority: str, times: int, here: bool) -> Row:
    """One who waits."""
    return Row(
        Conversation(key, bytes([key]) * 16, "chat", key, 1, since, since, times, None, None, None, priority), 0, here
    )


ROWS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(PRIORITIES), st.integers(0, 1), st.booleans()), max_size=14
).map(lambda all: [one(key, *values) for key, values in enumerate(all)])


def slow(rows: list[Row], in_a_row: int) -> list[Row]:
    """One turn after the other, each time looking at everybody who is left."""
    left, order = list(rows), []
    while left:
        again = [row for row in left if row.again]
        urgent = [row for row in left if not row.again and row.conversation.priority == "urgent"]
        others = [row for row in left if row not in again and row not in urgent]
        if again:
            chosen = min(again, key=lambda row: (row.conversation.waiting_since, row.conversation.key))
        elif urgent and (not others or in_a_row < URGENT_IN_A_ROW):
            chosen = min(urgent, key=lambda row: (row.conversation.waiting_since, row.conversation.key))
            in_a_row += 1
        else:
            chosen = min(others, key=as_if)
            in_a_row = 0
        left.remove(chosen)
        order.append(chosen)
    return order


def as_if(row: Row) -> tuple[int, int]:
    """Since when one of the others waits, with a head start for who is short on time."""
    conversation = row.conversation
    return conversation.waiting_since - (15 if conversation.priority == "soon" else 0), conversation.key


@given(rows=ROWS, in_a_row=st.integers(0, 5))
def test_the_order_is_what_one_turn_after_the_other_gives(rows: list[Row], in_a_row: int) -> None:
    """Who is here before who is away, and within each: lost, danger with turns for the others, then the wait."""
    here, away = [row for row in rows if row.here], [row for row in rows if not row.here]
    assert triage(rows, in_a_row) == slow(here, in_a_row) + slow(away, in_a_row)


@given(rows=ROWS, danger=st.lists(st.integers(0, 3), min_size=80, max_size=80))
def test_nobody_waits_for_ever_however_many_in_danger_keep_coming(rows: list[Row], danger: list[int]) -> None:
    """Between two takes up to three new ones in danger arrive. The n-th of the others is helped within 4n takes."""
    waiting = [row for row in rows if row.here and not row.again]
    place = {row: n for n, row in enumerate((row for row in triage(waiting) if not row.urgent), 1)}
    in_a_row, key, now = 0, 1000, 61
    for take, coming in enumerate(danger, 1):
        for _ in range(coming):
            key += 1
            waiting.append(_newcomer(key, now))
        if not waiting:
            continue
        first = triage(waiting, in_a_row)[0]
        waiting.remove(first)
        in_a_row = in_a_row + 1 if first.urgent else 0
        assert take <= (URGENT_IN_A_ROW + 1) * place.get(first, take)
    assert not [row for row in waiting if row in place]


def _newcomer(key: int, now: int) -> Row:
    id = key.to_bytes(16, "big")
    return Row(Conversation(key, id, "chat", key, 1, now, now, 0, None, None, None, "urgent"), 0)


def test_who_waits_a_quarter_of_an_hour_longer_goes_before_who_is_short_on_time() -> None:
    """And not a minute earlier."""
    soon, patient, later = one(1, 30, "soon", 0, True), one(2, 14, "normal", 0, True), one(3, 16, "normal", 0, True)
    assert [row.conversation.key for row in triage([soon, patient, later])] == [2, 1, 3]
    assert HEAD_START["soon"] == 15


async def _arrives(house: House, opening: str) -> bytes:
    visitor = house.visitor()
    await visitor.starts()
    await visitor.says(opening)
    return visitor.conv


def test_two_desks_that_ask_for_the_next_get_one_each(tmp_path: Path) -> None:
    """At the same moment, again and again: nobody is given twice, the order is kept, and at the end nobody is left."""

    async def story(house: House) -> None:
        desks = [house.counsellor(0), house.counsellor(1)]
        for desk in desks:
            await desk.opens_desk()
        waiting = [await _arrives(house, f"number {n}") for n in range(9)]
        given: list[bytes] = []
        for _ in range(5):
            for desk in desks:
                desk.line.send("next")
            heard = [await desk.line.hear("given", "refused") for desk in desks]
            given += [frame["conv"] for frame in heard if frame["t"] == "given"]
        assert sorted(given) == sorted(waiting)
        for first, second in pairwise(range(0, 9, 2)):
            assert set(given[first:second]) == set(waiting[first:second])
        assert (await refused(desks[0].line, "next"))["code"] == "nobody_waits"

    play(story, tmp_path / "house")


def test_danger_that_somebody_read_goes_first_and_is_on_record(tmp_path: Path) -> None:
    """A desk marks the third; both see the mark and the order; next gives that one. A made-up class is refused."""

    async def story(house: House) -> None:
        noor, sam = house.counsellor(0), house.counsellor(1)
        await noor.opens_desk()
        await sam.opens_desk()
        waiting = [await _arrives(house, f"number {n}") for n in range(3)]
        assert (await refused(noor.line, "triage", conv=waiting[2], priority="asap"))["code"] == "malformed"
        assert await answers(noor.line, "triage", conv=waiting[2], priority="urgent") == []
        await answers(noor.line, "triage", conv=waiting[1], priority="soon")
        marks = [{"conv": waiting[2], "priority": "urgent"}, {"conv": waiting[1], "priority": "soon"}]
        while (await sam.line.hear("standing"))["marks"] != marks:
            pass
        queue = await sam.line.hear("queue")
        assert [row["conv"] for row in queue["waiting"]] == [waiting[2], waiting[1], waiting[0]]
        (given,) = await answers(sam.line, "next")
        assert given["conv"] == waiting[2]
        deeds = [(one.action, one.reason, one.result) for one in await records(house) if one.object]
        assert ("conversation.triage", "urgent", "done") in deeds
        assert ("conversation.take", "next", "done") in deeds

    play(story, tmp_path / "house")


def test_two_desks_race_to_reclaim_and_exactly_one_has_it(tmp_path: Path) -> None:
    """The first desk was gone for 90 s; both press Take, or one of them Next: one has it, the other is told."""
    ahead = [0.0]

    async def story(house: House) -> None:
        noor, sam = house.counsellor(0), house.counsellor(1)
        await sam.opens_desk()
        await noor.opens_desk()
        visitor = house.visitor()
        await visitor.starts()
        await noor.takes(visitor.conv)
        first = noor
        for turn in range(1, 7):
            first.line.cut()
            while house.luwte.desks.away(first.person.id) == 0:
                await asyncio.sleep(0.01)
            ahead[0] += 91
            for line in (visitor.line, noor.line if first is sam else sam.line):
                await until_pong(line)
            await house.luwte.watch.look()
            assert (await visitor.line.hear("waiting"))["place"] == 1
            await first.opens_desk()
            for desk in (noor, sam):
                desk.line.send("take" if turn % 2 else "next", **({"conv": visitor.conv} if turn % 2 else {}))
            wanted = ("taken", "refused")
            heard = [await desk.line.hear(*wanted) for desk in (noor, sam)]
            assert sorted(frame["t"] for frame in heard) == ["refused", "taken"]
            lost = next(frame for frame in heard if frame["t"] == "refused")
            assert lost["code"] == ("already_taken" if turn % 2 else "nobody_waits")
            taken = next(frame for frame in heard if frame["t"] == "taken")
            assert taken["times"] == turn + 1
            first = (noor, sam)[heard.index(taken)]
            found = await house.luwte.db.read(conversations.find, visitor.conv)
            assert found.holder == first.person.id

    play(story, tmp_path / "house", lambda: time.time() + ahead[0])
