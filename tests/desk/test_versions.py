"""A browser of the version before this one goes on, and hears nothing that it does not know."""

import os
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from actors import Counsellor, House, Line, Visitor, play
from attack.attackers import answers, return_to_list
from luwte.conversation.frames import Frame
from luwte.conversation.versions import speaking
from luwte.crypto.envelope import NOTE, TEAM_LOG

NIL = type(None)
ENVELOPE = {"n": int, "minute": int, "envelope": bytes}
START = {
    "line": str,
    "ve": bytes,
    "vg": bytes,
    "credential_hash": bytes,
    "team_cert": bytes,
    "wraps": [bytes],
    "sig": bytes,
}
REFUSED = {"code": str, "says": str, "msg_id?": bytes, "seq?": int, "prev?": bytes, "g?": int}

# What protocol 1 says a client may hear, frozen: a client of that version refuses a frame with one field more or less.
A_VISITOR_HEARS: dict[str, Any] = {
    "hello": {"protocol": int, "organisation": str, "line": str, "minute": int, "certificates": [bytes]},
    "started": {"conv": bytes},
    "resumed": {"conv": bytes, "last": int, "wraps": [{"g": int, "wrap": bytes}]},
    "ack": {"msg_id": bytes, "n": int, "minute": int},
    "ended": {"by": str},
    "pong": {},
    "waiting": {"place": int, "low": (int, NIL), "high": (int, NIL)},
    "claimed": {"times": int},
    "envelope": {"log": int, **ENVELOPE},
    "cert": {"certificate": bytes},
    "delivered": {"n": int},
    "read": {"n": int},
    "typing": {},
    "refused": REFUSED,
}
A_DESK_HEARS: dict[str, Any] = {
    "welcome": {
        "protocol": int,
        "organisation": str,
        "team": str,
        "account": str,
        "minute": int,
        "certificates": [bytes],
    },
    "queue": {
        "waiting": [{"conv": bytes, "number": int, "since": int, "last": int, "again": bool}],
        "more": int,
    },
    "opening": {"conv": bytes, "wrap": bytes, "epoch": int, "envelopes": [ENVELOPE]},
    "taken": {
        "conv": bytes,
        "number": int,
        "since": int,
        "times": int,
        "last": int,
        "note_last": int,
        "wraps": [{"log": int, "g": int, "epoch": int, "wrap": bytes}],
        "start": START,
    },
    "envelope": {"conv": bytes, "log": int, **ENVELOPE},
    "cert": {"certificate": bytes},
    "ack": {"conv": bytes, "log": int, "msg_id": bytes, "n": int, "minute": int},
    "ended": {"conv": bytes, "by": str},
    "lost": {"conv": bytes},
    "delivered": {"conv": bytes, "n": int},
    "read": {"conv": bytes, "n": int},
    "typing": {"conv": bytes},
    "pong": {},
    "wrap": {"conv": bytes, "log": int, "g": int, "epoch": int, "wrap": bytes},
    "refused": {**REFUSED, "conv?": bytes},
}


def fits(shape: Any, value: Any) -> bool:
    """Whether a value is exactly what a client of protocol 1 takes."""
    if isinstance(shape, dict):
        known = {name.rstrip("?") for name in shape}
        needed = {name for name in shape if not name.endswith("?")}
        return (
            isinstance(value, dict)
            and needed <= set(value) <= known
            and all(fits(shape.get(name, shape.get(f"{name}?")), one) for name, one in value.items())
        )
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(shape[0], one) for one in value)
    return type(value) in (shape if isinstance(shape, tuple) else (shape,))


def misfits(heard: list[dict[str, Any]], table: dict[str, Any]) -> list[dict[str, Any]]:
    """What a client of protocol 1 would not understand."""
    return [
        frame
        for frame in heard
        if frame["t"] not in table or not fits(table[frame["t"]], {k: v for k, v in frame.items() if k != "t"})
    ]


class OldVisitor(Visitor):
    """A page that was opened before the upgrade."""

    path = "/socket"


class OldCounsellor(Counsellor):
    """A desk that was opened before the upgrade."""

    path = "/desk/socket"


async def _a_whole_story(house: House) -> tuple[list[Line], list[Line]]:
    """Everything that protocol 1 has: start, wait, talk, notes, signs, refusals, a colleague, coming back, the end."""
    noor, sam = (OldCounsellor(house, house.organisation.people[n]) for n in (0, 1))
    await noor.opens_desk()
    await sam.opens_desk()
    visitor = OldVisitor(house)
    assert (await visitor.connects())["protocol"] == 1
    visitor.line.send("start", **visitor.makes_start(visitor.line.everything[0]))
    await visitor.line.hear("started")
    await visitor.line.hear("waiting")
    await visitor.says("an opening")
    assert [one["t"] for one in await answers(noor.line, "openings", convs=[visitor.conv])] == ["opening"]
    await noor.takes(visitor.conv)
    await visitor.line.hear("claimed")
    assert [one["code"] for one in await answers(sam.line, "take", conv=visitor.conv)] == ["already_taken"]
    assert (await answers(visitor.line, "append", envelope=visitor.seals("x")))[0]["code"] == "generation"
    visitor.generation = 1
    await visitor.says("from the visitor")
    await noor.says(visitor.conv, "from the desk")
    await visitor.line.hear("envelope")
    await noor.notes(visitor.conv, "a note")
    second = noor._seal(visitor.conv, TEAM_LOG, NOTE, 0, "x", {"sender": os.urandom(8), "seq": 1, "prev": bytes(32)})
    heard = await answers(noor.line, "append", envelope=second, wrap=os.urandom(80))
    assert [one["t"] for one in heard] == ["wrap", "refused"]
    for kind, values in (("typing", {}), ("read", {"n": 1}), ("delivered", {"n": 1})):
        noor.line.send(kind, conv=visitor.conv, **values)
        await visitor.line.hear(kind)
        visitor.line.send(kind, **values)
        await noor.line.hear(kind)
    await return_to_list(house, visitor.conv)
    await noor.line.hear("lost")
    await sam.takes(visitor.conv)
    await sam.line.hear("cert")
    await sam.says(visitor.conv, "a colleague")
    first = visitor.line
    assert (await visitor.resumes(0))["last"] == 4
    await visitor.line.hear("claimed")
    visitor.line.send("end")
    await sam.line.hear("ended")
    await visitor.line.hear("ended")
    await answers(visitor.line, "ping")
    return [first, visitor.line], [noor.line, sam.line]


def test_a_browser_of_the_version_before_is_served_as_it_was(tmp_path: Path) -> None:
    """On the paths of protocol 1 each frame has the fields of protocol 1 and no other, and no new kind comes at all."""

    async def story(house: House) -> None:
        for lines, table in zip(await _a_whole_story(house), (A_VISITOR_HEARS, A_DESK_HEARS), strict=True):
            heard = [frame for line in lines for frame in line.everything]
            assert misfits(heard, table) == []
            assert {frame["t"] for frame in heard} == set(table)
            assert {frame["protocol"] for frame in heard if "protocol" in frame} == {1}

    play(story, tmp_path / "house")


def test_old_and_new_talk_with_each_other(tmp_path: Path) -> None:
    """A visitor of before and a desk of today, and the other way round."""

    async def story(house: House) -> None:
        old_desk = OldCounsellor(house, house.organisation.people[1])
        for visitor, desk in ((OldVisitor(house), house.counsellor()), (house.visitor(), old_desk)):
            await desk.opens_desk()
            await visitor.starts()
            await visitor.says("hello")
            await desk.takes(visitor.conv)
            assert await desk.reads(visitor.conv) == "hello"
            await desk.says(visitor.conv, "good that you are here")
            # What a visitor says while the log is still being read comes back to them, too.
            while (heard := await visitor.reads()) == "hello":
                pass
            assert heard == "good that you are here"

    play(story, tmp_path / "house")


def test_each_path_says_which_protocol_it_speaks(tmp_path: Path) -> None:
    """Today's number is in the path and in the first frame; a number that nobody speaks has no socket."""

    async def story(house: House) -> None:
        visitor, noor = house.visitor(), house.counsellor()
        for path, protocol in (("/socket", 1), ("/l/chat/socket", 1), ("/socket/2", 2), ("/l/chat/socket/2", 2)):
            assert (await visitor.connects(path))["protocol"] == protocol
        assert (await noor.opens_desk())["protocol"] == 2

    play(story, tmp_path / "house")


class Part(msgspec.Struct, frozen=True):
    """A part of a frame, with a field that came later."""

    later: ClassVar[dict[str, int]] = {"why": 2}
    n: int
    why: str | None = None


class Grown(Frame, tag="grown", omit_defaults=False):
    """A known frame that has grown."""

    later: ClassVar[dict[str, int]] = {"news": 2}
    conv: bytes
    parts: list[Part]
    place: int | None = None
    news: str = "x"


class New(Frame, tag="new"):
    """A frame that protocol 1 does not know."""

    came_with: ClassVar[int] = 2


def test_what_is_new_is_kept_from_an_older_client() -> None:
    """A new frame is not said; a new field is left out, in the frame and in its parts; the rest is as it was."""
    grown = Grown(b"c", [Part(1, "because"), Part(2)], None, "y")
    old, new = speaking(1), speaking(2)
    assert old(New()) is None
    assert new(New()) is not None
    heard = msgspec.msgpack.decode(old(grown) or b"")
    assert heard == {"t": "grown", "conv": b"c", "parts": [{"n": 1}, {"n": 2}], "place": None}
    assert msgspec.msgpack.decode(new(grown) or b"")["parts"] == [{"n": 1, "why": "because"}, {"n": 2, "why": None}]


@pytest.mark.parametrize("change", [{"n": "1"}, {"more": 1}, {"n": None}], ids=str)
def test_the_frozen_client_is_as_strict_as_the_real_one(change: dict[str, Any]) -> None:
    """A surplus or ill-typed field is a misfit, and so is a frame that it does not know."""
    frame = {"t": "delivered", "n": 1}
    assert misfits([frame], A_VISITOR_HEARS) == []
    assert misfits([{**frame, **change}], A_VISITOR_HEARS) == [{**frame, **change}]
    assert misfits([{"t": "news"}], A_VISITOR_HEARS) == [{"t": "news"}]
