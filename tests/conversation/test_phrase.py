"""A visitor goes on from another device; and leaves a message that is answered later."""

import base64
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from actors import House, Visitor, look_up, play
from attack.attackers import (
    NEXT_DOOR,
    Wound,
    a_team_next_door,
    answers,
    refused,
    return_to_list,
    until_pong,
    wait_until,
)
from luwte import demo
from luwte.conversation.model import PRIORITIES, Conversation
from luwte.conversation.presence import KEPT
from luwte.crypto import phrase
from luwte.crypto.primitives import CannotOpen, sha256
from luwte.desk.model import A_DAY, Row, triage
from luwte.staff.roles import LEAD


async def read_back(visitor: Visitor, count: int) -> list[str]:
    """The whole conversation as it comes again."""
    return [await visitor.reads() for _ in range(count)]


def test_from_another_device_into_the_same_thread(tmp_path: Path) -> None:
    """All that was said is there, also what was written meanwhile; and the talk goes on, with one device at a time."""

    async def story(house: House) -> None:
        noor, phone = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await phone.starts()
        entropy = await phone.keeps_a_phrase()
        await phone.says("an opening")
        await noor.takes(phone.conv)
        phone.generation = 1
        await phone.says("I must go")
        phone.line.close()
        await noor.line.hear("presence")
        assert (await noor.says(phone.conv, "come back when you can"))["t"] == "ack"

        library = house.visitor()
        back = await library.comes_back(entropy)
        assert (library.conv, back["t"], back["last"]) == (phone.conv, "resumed", 3)
        assert await library.line.hear("phrase") == {
            "t": "phrase",
            "locator_hash": sha256(phrase.locator(entropy)),
        }
        assert await read_back(library, 3) == ["an opening", "I must go", "come back when you can"]
        library.generation = 1
        assert (await library.says("here I am"))["t"] == "ack"
        while await noor.reads(phone.conv) != "here I am":
            pass

        # The device that was left does not take it back: it is told, and stays out, however often it tries.
        for _ in range(2):
            assert (await phone.resumes(3))["code"] == "elsewhere"
        assert (await library.says("still here"))["t"] == "ack"
        # Whoever reconnects on the device that goes on is let in again.
        library.line.close()
        assert (await library.resumes(3))["t"] == "resumed"

    play(story, tmp_path / "house")


def test_of_two_devices_the_later_one_goes_on_and_the_other_is_told(tmp_path: Path) -> None:
    """At once, and over a restart of the server."""

    async def story(house: House) -> None:
        phone, library, friend = (house.visitor() for _ in range(3))
        await phone.starts()
        entropy = await phone.keeps_a_phrase()
        await library.comes_back(entropy)
        assert (await phone.line.hear("refused"))["code"] == "elsewhere"
        assert await phone.line.closing_code() == 1008
        await friend.comes_back(entropy)
        assert (await library.line.hear("refused"))["code"] == "elsewhere"
        assert (await library.resumes())["code"] == "elsewhere"
        pages[:] = [phone, library, friend]

    async def again(house: House) -> None:
        for page, answer in zip(pages, ("refused", "refused", "resumed"), strict=True):
            page.house = house
            assert (await page.resumes())["t"] == answer

    pages: list[Visitor] = []
    play(story, tmp_path / "house")
    play(again, tmp_path / "house")


def test_one_phrase_at_a_time_and_none_when_it_is_made_invalid(tmp_path: Path) -> None:
    """A new one makes the old one invalid; the same one twice is one; ending it ends it, also after the talk."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        first = await visitor.keeps_a_phrase()
        assert await visitor.keeps_a_phrase(first) == first
        second = await visitor.keeps_a_phrase()
        assert await is_found(house, second)
        assert not await is_found(house, first)
        visitor.line.send("end")
        await visitor.line.hear("ended")
        assert await is_found(house, second)
        for _ in range(2):
            visitor.line.send("end_phrase")
            assert await visitor.line.hear("phrase") == {"t": "phrase", "locator_hash": b""}
        assert not await is_found(house, second)

    play(story, tmp_path / "house")


async def is_found(house: House, entropy: bytes, line: str = demo.LINE) -> bool:
    """Whether this phrase opens what the server answers."""
    answer = await look_up(house, phrase.locator(entropy), line)
    try:
        phrase.open_box(entropy, demo.ORGANISATION, base64.b64decode(answer.json()["box"]))
    except CannotOpen:
        return False
    return True


def test_who_left_and_comes_back_waits_and_who_ended_reads(tmp_path: Path) -> None:
    """Not ended: in the queue again, at the old place or anew. Ended: all of it, and that it has ended."""
    clock = Wound()

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        phone, library = house.visitor(), house.visitor()
        await phone.starts()
        entropy = await phone.keeps_a_phrase()
        await phone.says("an opening")
        while (await noor.line.hear("queue"))["waiting"] == []:
            pass
        phone.line.says_goodbye()
        assert (await noor.line.hear("presence"))["state"] == "gone"
        for _ in range(24):
            clock.ahead += KEPT / 20
            await until_pong(noor.line)
        await library.comes_back(entropy)
        assert (await library.line.hear("waiting"))["place"] == 1
        await noor.takes(phone.conv)
        await noor.says(phone.conv, "an answer")
        library.line.close()
        noor.line.send("end", conv=phone.conv, reason="completed")
        await noor.line.hear("ended")
        assert (await library.comes_back(entropy))["t"] == "resumed"
        assert await read_back(library, 2) == ["an opening", "an answer"]
        await wait_until(lambda: {"t": "ended", "by": "team"} in library.line.everything)

    play(story, tmp_path / "house", clock)


# messages that are left for later


async def close_the_line(house: House) -> None:
    """A lead closes it by hand."""
    lead = next(person for person in house.organisation.people if person.role == LEAD)
    desk = house.counsellor(house.organisation.people.index(lead))
    await desk.opens_desk()
    desk.line.send("close_line")
    while (await desk.line.hear("line"))["open"]:
        pass
    desk.line.close()


def test_a_message_is_left_taken_answered_and_read(tmp_path: Path) -> None:
    """On a closed line; nobody is there, and nobody is called gone: it waits, is taken, answered, ended, read."""
    clock = Wound()

    async def story(house: House) -> None:
        await close_the_line(house)
        visitor, noor = house.visitor(), house.counsellor()
        assert (await visitor.starts())["code"] == "closed"
        visitor = house.visitor()
        assert (await visitor.starts(for_later=True))["t"] == "started"
        assert await visitor.line.hear() == {"t": "for_later"}
        entropy = await visitor.keeps_a_phrase()
        await visitor.says("I cannot sleep")
        assert not any(frame["t"] in ("waiting", "line") for frame in visitor.line.everything)
        visitor.line.says_goodbye()
        await wait_until(lambda: not house.luwte.around.visitors.is_here(visitor.conv))
        clock.ahead += KEPT * 100
        await house.luwte.departures.look()

        await noor.opens_desk()
        assert (await noor.line.hear("messages"))["convs"] == [visitor.conv]
        assert [row["conv"] for row in (await noor.line.hear("queue"))["waiting"]] == [visitor.conv]
        (opening,) = await answers(noor.line, "openings", convs=[visitor.conv])
        assert len(opening["envelopes"]) == 1
        assert (await noor.takes(visitor.conv))["t"] == "taken"
        assert await noor.reads(visitor.conv) == "I cannot sleep"
        await noor.says(visitor.conv, "good that you wrote")
        noor.line.send("end", conv=visitor.conv, reason="completed")
        await noor.line.hear("ended")

        library = house.visitor()
        await library.comes_back(entropy)
        assert await read_back(library, 2) == ["I cannot sleep", "good that you wrote"]
        await wait_until(lambda: {"t": "ended", "by": "team"} in library.line.everything)

    play(story, tmp_path / "house", clock)


def test_whoever_left_a_message_and_is_there_waits_like_everybody(tmp_path: Path) -> None:
    """With an open line: a place in the queue while the page is there; gone again, the message stays."""

    async def story(house: House) -> None:
        visitor, noor = house.visitor(), house.counsellor()
        await noor.opens_desk()
        await visitor.starts(for_later=True)
        assert (await visitor.line.hear("waiting"))["place"] == 1
        entropy = await visitor.keeps_a_phrase()
        visitor.line.close()
        assert (await noor.line.hear("messages"))["convs"] == [visitor.conv]
        await visitor.comes_back(entropy)
        assert (await noor.line.hear("messages"))["convs"] == []
        assert (await visitor.line.hear("waiting"))["place"] == 1
        noor.line.send("take", conv=visitor.conv)
        assert [(await noor.line.hear("messages", "taken"))["t"] for _ in range(2)] == ["messages", "taken"]
        await visitor.line.hear("claimed")
        # The desk is gone: it returns to the list, and its visitor hears both.
        await return_to_list(house, visitor.conv)
        assert (await visitor.line.hear("for_later", "waiting"))["t"] == "for_later"

    play(story, tmp_path / "house")


def test_next_gives_who_is_there_before_a_message_and_then_the_message(tmp_path: Path) -> None:
    """Also when the message came first; and taking one leaves the place of the others as it is."""

    async def story(house: House) -> None:
        noor, message, live = house.counsellor(), house.visitor(), house.visitor()
        await message.starts(for_later=True)
        message.line.close()
        await wait_until(lambda: not house.luwte.around.visitors.is_here(message.conv))
        await live.starts()
        await noor.opens_desk()
        for expected in (live, message):
            noor.line.send("next")
            assert (await noor.line.hear("given", "refused"))["conv"] == expected.conv
            await noor.line.hear("taken")
        assert (await refused(noor.line, "next"))["code"] == "nobody_waits"
        assert len(house.luwte.boards.of("chat")._takes) == 1  # nobody who waits moves up by a message

    play(story, tmp_path / "house")


def test_messages_fill_no_queue_and_queues_keep_no_message_out(tmp_path: Path) -> None:
    """A newcomer's place and wait are of those who are there; a lead's picture too."""

    async def story(house: House) -> None:
        for _ in range(3):
            message = house.visitor()
            await message.starts(for_later=True)
            message.line.close()
        board = house.luwte.boards.of("chat")
        await wait_until(lambda: house.luwte.boards.messages("chat") == 3)
        assert (house.luwte.boards.length("chat"), board.for_a_newcomer().place) == (0, 1)
        live = house.visitor()
        await live.starts()
        assert (await live.line.hear("waiting"))["place"] == 1
        await wait_until(lambda: board.for_a_newcomer().place == 2)

    play(story, tmp_path / "house")


def row(key: int, since: int, priority: str, times: int, here: bool, for_later: bool) -> Row:
    """One who waits."""
    id = bytes([key]) * 16
    return Row(
        Conversation(
            key, id, "chat", key, 1, since, since, times, None, None, None, priority, for_later=int(for_later)
        ),
        0,
        here,
    )


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3 * A_DAY), st.sampled_from(PRIORITIES), st.integers(0, 1), st.booleans(), st.booleans()
        ),
        max_size=12,
    )
)
def test_a_message_goes_after_who_is_there_until_it_has_grown_old(
    values: list[tuple[int, str, int, bool, bool]],
) -> None:
    """Of two of one kind a message goes first only when it is more than a day older; the away come last of all."""
    order = triage([row(key, *value) for key, value in enumerate(values)])
    assert [one.ready for one in order] == sorted((one.ready for one in order), reverse=True)
    for at, message in enumerate(order):
        if not message.is_message:
            continue
        for later in order[at + 1 :]:
            same = later.conversation.priority == message.conversation.priority
            if same and later.here and not later.again:
                assert message.conversation.waiting_since + A_DAY <= later.conversation.waiting_since
    old = row(99, -2 * A_DAY, "normal", 0, False, True)
    waiting = [one for one in order if one.here and not one.again and not one.marked]
    if waiting:
        assert triage([*waiting, old])[0] == old


def test_what_is_kept_on_one_line_is_found_on_that_line_only(tmp_path: Path) -> None:
    """Another line answers as it does to any locator; one that is none is not there."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        entropy = await visitor.keeps_a_phrase()
        await a_team_next_door(house)
        assert await is_found(house, entropy)
        assert not await is_found(house, entropy, NEXT_DOOR)
        assert (await look_up(house, phrase.locator(entropy), "nowhere")).status_code == 404

    play(story, tmp_path / "house")
