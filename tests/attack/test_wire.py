"""Bad input on the wire gets a refusal with a code and a plain sentence, or a close; it changes nothing, and the
other connections go on.
"""

import asyncio
import contextlib
import hashlib
import os
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors import Counsellor, House, Line, Visitor, a_house, play
from attack.attackers import (
    Raw,
    Wound,
    a_taken_conversation,
    a_team_next_door,
    answers,
    bent,
    how_many,
    refused,
    until_next_pong,
    until_pong,
    wait_until,
    what_is_stored,
)
from luwte.conversation import web
from luwte.crypto import certificate, keys, primitives
from luwte.crypto.envelope import MAX_COUNT, MAX_ENVELOPE
from luwte.plumbing.sockets import MAX_FRAME, SILENCE

CODES = {
    "malformed",
    "unknown_version",
    "not_accepted",
    "no_such_conversation",
    "conversation_exists",
    "generation",
    "out_of_order",
    "duplicate",
    "too_large",
    "already_taken",
    "conversation_ended",
    "team_secret_exists",
    "wrong_order",
    "busy",
    "slow_down",
    "signed_out",
    "sign_in_refused",
    "failed",
}
"""docs/protocol.md section 5.5."""

pack = msgspec.msgpack.encode


@contextlib.asynccontextmanager
async def unharmed(house: House) -> AsyncIterator[None]:
    """Around an attack: the disk is the same afterwards, and a bystander who was there before is still heard."""
    bystander = house.visitor()
    await bystander.starts()
    before = await what_is_stored(house)
    yield
    assert await what_is_stored(house) == before
    assert (await bystander.says("still here"))["t"] == "ack"
    bystander.line.close()


async def answer_to(line: Line, data: bytes) -> dict[str, Any]:
    """The refusal of raw bytes."""
    line.send_raw(data)
    (frame,) = await until_pong(line)
    assert frame["t"] == "refused"
    assert frame["code"] in CODES
    assert frame["says"].endswith(".")
    return frame


# frames


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"\xc1",
    "garbage": bytes(range(256)),
    "nil": pack(None),
    "a list": pack(["t", "ping"]),
    "cut short": pack({"t": "append", "envelope": bytes(300)})[:-1],
    "two frames in one": pack({"t": "ping"}) * 2,
    "no name": pack({}),
    "a name that is a number": pack({"t": 1}),
    "an unknown name": pack({"t": "subscribe", "convs": ["*"]}),
    "a frame of the server": pack({"t": "ack", "msg_id": bytes(16), "n": 1, "minute": 1}),
    "a field too many": pack({"t": "ping", "debug": True}),
    "a field too few": pack({"t": "append"}),
    "text for bytes": pack({"t": "append", "envelope": "text"}),
    "a map for bytes": pack({"t": "append", "envelope": {"$gt": ""}}),
    "a float": pack({"t": "read", "n": 1.5}),
    "a truth value": pack({"t": "read", "n": True}),
    "below zero": pack({"t": "read", "n": -1}),
    "beyond counting": pack({"t": "delivered", "n": MAX_COUNT + 1}),
    "64 bits": pack({"t": "read", "n": 2**64 - 1}),
    "the name twice": b"\x82\xa1t\xa4ping\xa1t\xa3end",
    "a field twice, one unknown": b"\x83\xa1t\xa4read\xa1n\x01\xa1m\x01",
    "a name that is not UTF-8": b"\x81\xa1t\xa2\xff\xfe",
    "a key that is not UTF-8": b"\x82\xa1t\xa4ping\xa2\xff\xfe\x01",
    "deep": b"\x91" * 20_000,
    "deep inside": b"\x81\xa1x" + b"\x91" * 20_000,
    "a list that says it is endless": b"\x81\xa1t\xdd\xff\xff\xff\xff",
    "bytes that say they are endless": b"\x82\xa1t\xa6append\xa8envelope\xc6\xff\xff\xff\xff",
    "an extension type": b"\x81\xa1t\xc7\x04\x01abcd",
    "a timestamp": b"\x82\xa1t\xa4read\xa1n\xd6\xff\x00\x00\x00\x00",
    "no envelope": pack({"t": "append", "envelope": b""}),
    "an envelope of zeros": pack({"t": "append", "envelope": bytes(466)}),
}


@pytest.mark.usefixtures("both_ways")
def test_a_frame_that_is_none_is_refused_as_malformed(tmp_path: Path) -> None:
    """To a visitor and to a desk alike; the connection goes on, since a newer client may say something new."""

    async def story(house: House) -> None:
        visitor, noor = house.visitor(), house.counsellor()
        await visitor.starts()
        await noor.opens_desk()
        async with unharmed(house):
            for name, data in MALFORMED.items():
                assert (await answer_to(visitor.line, data))["code"] == "malformed", name
                assert (await answer_to(noor.line, data))["code"] == "malformed", name
        assert (await visitor.says("and on it goes"))["n"] == 1

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_a_desk_asks_for_ids_one_by_one(tmp_path: Path) -> None:
    """C-3: no wildcards, no ids of another length, at most thirty, no own reasons, no wraps of another size."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        await until_pong(noor.line)
        async with unharmed(house):
            for name, values in (
                ("openings", {"convs": "*"}),
                ("openings", {"convs": [b"*"]}),
                ("openings", {"convs": [b"", visitor.conv]}),
                ("openings", {"convs": [visitor.conv + b"\0"]}),
                ("openings", {"convs": [os.urandom(16) for _ in range(31)]}),
                ("openings", {"convs": [visitor.conv], "after": []}),
                ("openings", {"convs": [visitor.conv], "after": [0, 0]}),
                ("openings", {"convs": [visitor.conv], "after": 0}),
                ("openings", {"convs": [visitor.conv], "after": [-1]}),
                ("openings", {"convs": [visitor.conv], "after": [MAX_COUNT + 1]}),
                ("take", {"conv": [visitor.conv]}),
                ("take", {"conv": visitor.conv[:15]}),
                ("follow", {"conv": b"%", "shared": 0, "notes": 0}),
                ("follow", {"conv": visitor.conv, "shared": -1, "notes": 0}),
                ("follow", {"conv": visitor.conv, "shared": 0, "notes": 2**63}),
                ("end", {"conv": visitor.conv, "reason": "because"}),
                ("end", {"conv": visitor.conv, "reason": "completed", "by": "visitor"}),
                ("append", {"envelope": noor.seals(visitor.conv, "x"), "wrap": b""}),
                ("append", {"envelope": noor.seals(visitor.conv, "x"), "wrap": bytes(79)}),
            ):
                assert (await refused(noor.line, name, **values))["code"] == "malformed", (name, values)
            heard = await refused(noor.line, "append", envelope=noor.seals(visitor.conv, "x"), wrap=bytes(80))
            assert heard["code"] == "wrong_order"

    play(story, tmp_path / "house")


# envelopes


Cheat = Callable[[bytes], bytes]
BAD_ENVELOPES: dict[str, tuple[str, Cheat]] = {
    "another magic": ("malformed", lambda e: bent(e, 0, b"XX")),
    "version 2": ("unknown_version", lambda e: bent(e, 2, b"\x02")),
    "version 0": ("unknown_version", lambda e: bent(e, 2, b"\x00")),
    "suite 2": ("unknown_version", lambda e: bent(e, 3, b"\x02")),
    "class 0": ("not_accepted", lambda e: bent(e, 4, b"\x00")),
    "class 4, consent": ("not_accepted", lambda e: bent(e, 4, b"\x04")),
    "class 5, rotation": ("not_accepted", lambda e: bent(e, 4, b"\x05")),
    "class 255": ("not_accepted", lambda e: bent(e, 4, b"\xff")),
    "direction 0": ("not_accepted", lambda e: bent(e, 5, b"\x00")),
    "direction 4, partner": ("not_accepted", lambda e: bent(e, 5, b"\x04")),
    "direction 255": ("not_accepted", lambda e: bent(e, 5, b"\xff")),
    "another conversation": ("no_such_conversation", lambda e: bent(e, 6, os.urandom(16))),
    "generation 2": ("generation", lambda e: bent(e, 22, b"\0\0\0\x02")),
    "the last generation": ("generation", lambda e: bent(e, 22, b"\xff\xff\xff\xff")),
    "seq 0": ("out_of_order", lambda e: bent(e, 34, bytes(8))),
    "a gap in seq": ("out_of_order", lambda e: bent(e, 34, (9).to_bytes(8, "big"))),
    "seq beyond counting": ("malformed", lambda e: bent(e, 34, b"\xff" * 8)),
    "seen_seq beyond counting": ("malformed", lambda e: bent(e, 90, b"\xff" * 8)),
    "another prev": ("out_of_order", lambda e: bent(e, 58, os.urandom(32))),
    "a new sender in the middle of a chain": ("out_of_order", lambda e: bent(e, 26, os.urandom(8))),
    "one byte short": ("malformed", lambda e: e[:-1]),
    "one byte more": ("malformed", lambda e: e + b"\0"),
    "header only": ("malformed", lambda e: e[:162]),
    "longer than the largest": ("too_large", lambda e: e + bytes(MAX_ENVELOPE + 1 - len(e))),
    "as long as the largest, and not one": ("malformed", lambda e: bytes(MAX_ENVELOPE)),
}


@pytest.mark.usefixtures("both_ways")
def test_an_envelope_that_is_none_is_refused(tmp_path: Path) -> None:
    """C-12: from a visitor and from the counsellor who has the conversation; what they had said stays as it was."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        await until_pong(noor.line)
        async with unharmed(house):
            for name, (code, cheat) in BAD_ENVELOPES.items():
                for line, good in ((visitor.line, visitor.seals("x")), (noor.line, noor.seals(visitor.conv, "x"))):
                    heard = await refused(line, "append", envelope=cheat(good))
                    assert heard["code"] == code, name
        assert (await visitor.says("and on it goes"))["n"] == 4

    play(story, tmp_path / "house")


def test_a_refused_place_tells_the_right_one(tmp_path: Path) -> None:
    """With `generation` and `out_of_order` come seq, prev and g, and with those the client goes on."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        await visitor.says("one")
        expected = {"seq": 2, "prev": visitor.chain.prev, "g": 0}
        for changes in ({"seq": 1}, {"seq": 3}, {"prev": bytes(32)}, {"generation": 1}):
            heard = await refused(visitor.line, "append", envelope=visitor.seals("x", **changes))
            assert {name: heard[name] for name in expected} == expected
            assert heard["code"] == ("generation" if "generation" in changes else "out_of_order")
            assert len(heard["msg_id"]) == 16
        assert (await visitor.says("two"))["n"] == 2

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_generations_follow_the_first_take_and_never_go_back(tmp_path: Path) -> None:
    """0 before it, 1 after it, also when the conversation waits again; staff write in 1 and notes in 0 only."""

    async def story(house: House) -> None:
        visitor, noor = house.visitor(), house.counsellor()
        await noor.opens_desk()
        await visitor.starts()
        assert (await refused(visitor.line, "append", envelope=visitor.seals("x", generation=1)))["g"] == 0
        await visitor.says("an opening")
        await noor.takes(visitor.conv)
        await visitor.line.hear("claimed")
        assert (await refused(visitor.line, "append", envelope=visitor.seals("x", generation=0)))["g"] == 1
        for g in (0, 2):
            heard = await refused(noor.line, "append", envelope=noor.seals(visitor.conv, "x", generation=g))
            assert (heard["code"], heard["g"]) == ("generation", 1)
        await noor.signs_out()
        await visitor.line.hear("waiting")
        assert (await refused(visitor.line, "append", envelope=visitor.seals("x", generation=0)))["g"] == 1
        visitor.generation = 1
        assert (await visitor.says("somebody there?"))["t"] == "ack"

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_the_same_bytes_get_the_same_answer_for_ever(tmp_path: Path) -> None:
    """C-12: on this connection, on another one, after a Take, after the end; the message is in the log once."""

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await visitor.starts()
        data = visitor.chain.sealed(visitor.seals("once"))
        visitor.line.send("append", envelope=data)
        first = await visitor.line.hear("ack")

        async def again() -> list[dict[str, Any]]:
            return await answers(visitor.line, "append", envelope=data)

        assert await again() == [first]
        await visitor.says("more")
        assert await again() == [first]
        await visitor.resumes(2)
        assert await again() == [first]
        await noor.takes(visitor.conv)
        await visitor.line.hear("claimed")
        assert await again() == [first]
        mine = noor.seals(visitor.conv, "mine")
        noor.chains[visitor.conv, 1].sealed(mine)
        noor.line.send("append", envelope=mine)
        ack = await noor.line.hear("ack")
        visitor.line.send("end")
        await visitor.line.hear("ended")
        await noor.line.hear("ended")
        assert await again() == [first]
        assert await answers(noor.line, "append", envelope=mine) == [ack]
        assert (await how_many(house, visitor.conv))[1] == 3

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_a_message_id_is_used_once(tmp_path: Path) -> None:
    """C-12: the same id for other bytes is a duplicate, wherever in the chain it comes, and whoever sends it."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        await until_pong(noor.line)
        used = visitor.seals("x").__getitem__(slice(42, 58))
        await visitor.says("first")
        data = visitor.chain.sealed(visitor.seals("x", msg_id=used))
        visitor.line.send("append", envelope=data)
        await visitor.line.hear("ack")
        async with unharmed(house):
            for changes in ({}, {"seq": 1}, {"seq": 99}, {"sender": os.urandom(8), "seq": 1, "prev": bytes(32)}):
                other = visitor.seals("other bytes", msg_id=used, **changes)
                assert (await refused(visitor.line, "append", envelope=other))["code"] == "duplicate"
            flipped = bent(data, len(data) - 1, bytes([data[-1] ^ 1]))
            assert (await refused(visitor.line, "append", envelope=flipped))["code"] == "duplicate"
            theirs = noor.seals(visitor.conv, "x", msg_id=used)
            assert (await refused(noor.line, "append", envelope=theirs))["code"] == "duplicate"

    play(story, tmp_path / "house")


# first frames


async def _greeted(house: House, path: str = "/socket/2") -> Line:
    line = await Line.open(house.origin.replace("http", "ws") + path, house.origin)
    if not path.startswith("/desk"):
        await line.hear("hello")
    return line


Change = Callable[[Visitor, dict[str, Any]], dict[str, Any]]


def _signed(visitor: Visitor, frame: dict[str, Any]) -> dict[str, Any]:
    """The frame signed anew by the visitor, so that nothing but the change itself is wrong."""
    values = [frame[name] for name in ("line", "ve", "vg", "credential", "team_cert", "wraps")]
    values[3] = primitives.sha256(values[3])
    try:
        message = keys.start_signature_bytes(*values)
    except primitives.Malformed:
        return frame
    return {**frame, "sig": primitives.sign(visitor.keys.vg_seed, message)}


LOW_ORDER = [
    bytes(32),
    (1).to_bytes(32, "little"),
    (primitives.FIELD_PRIME - 1).to_bytes(32, "little"),
    (primitives.FIELD_PRIME + 9).to_bytes(32, "little"),
    *(point.to_bytes(32, "little") for point in primitives._LOW_ORDER_U if point > 1),
]
SMALL_SIGNING_KEYS = [(1).to_bytes(32, "little"), bytes(32), (primitives.FIELD_PRIME - 1).to_bytes(32, "little")]
"""With these a signature that fits any message can be made: R = the same point, s = 0."""

BAD_STARTS: dict[str, tuple[str, Change]] = {
    "a wrong signature": ("not_accepted", lambda v, f: {**f, "sig": bytes(64)}),
    "a signature of another key": (
        "not_accepted",
        lambda v, f: {**f, "sig": primitives.sign(os.urandom(32), b"")},
    ),
    "another credential under the same signature": ("not_accepted", lambda v, f: {**f, "credential": os.urandom(32)}),
    "other wraps under the same signature": (
        "not_accepted",
        lambda v, f: {**f, "wraps": [os.urandom(80), *f["wraps"][1:]]},
    ),
    "wraps in another order": ("not_accepted", lambda v, f: {**f, "wraps": f["wraps"][::-1]}),
    "a key of somebody else": ("not_accepted", lambda v, f: {**f, "ve": keys.visitor_keys(os.urandom(32)).ve_public}),
    "another line": ("not_accepted", lambda v, f: _signed(v, {**f, "line": "next-door"})),
    "no line": ("not_accepted", lambda v, f: _signed(v, {**f, "line": ""})),
    "another team certificate": ("not_accepted", lambda v, f: _signed(v, {**f, "team_cert": os.urandom(16)})),
    "half a team certificate id": ("malformed", lambda v, f: {**f, "team_cert": f["team_cert"][:8]}),
    "a short credential": ("malformed", lambda v, f: {**f, "credential": f["credential"][:31]}),
    "a long credential": ("malformed", lambda v, f: {**f, "credential": bytes(33)}),
    "no credential": ("malformed", lambda v, f: {**f, "credential": b""}),
    "three wraps": ("malformed", lambda v, f: {**f, "wraps": f["wraps"][:3]}),
    "five wraps": ("malformed", lambda v, f: {**f, "wraps": [*f["wraps"], bytes(80)]}),
    "a short wrap": ("malformed", lambda v, f: {**f, "wraps": [bytes(79), *f["wraps"][1:]]}),
    "a team secret among the wraps": ("malformed", lambda v, f: {**f, "notes": bytes(80)}),
    "a short signature": ("malformed", lambda v, f: {**f, "sig": f["sig"][:63]}),
    "a short key": ("malformed", lambda v, f: {**f, "ve": f["ve"][:31]}),
    "an id of one's own choice": ("malformed", lambda v, f: {**f, "conv": os.urandom(16)}),
}
BAD_STARTS |= {
    f"a low-order or odd X25519 key, {n}": ("not_accepted", lambda v, f, low=low: _signed(v, {**f, "ve": low}))
    for n, low in enumerate(LOW_ORDER)
}
BAD_STARTS |= {
    f"a small Ed25519 key, {n}": ("not_accepted", lambda v, f, low=low: {**f, "vg": low, "sig": low + bytes(32)})
    for n, low in enumerate(SMALL_SIGNING_KEYS)
}


@pytest.mark.usefixtures("both_ways")
def test_a_start_that_does_not_check_creates_nothing(tmp_path: Path) -> None:
    """Each is refused with a code, closes with 1008, and leaves no conversation and no key."""

    async def story(house: House) -> None:
        async with unharmed(house):
            there = (house.folder / "keys").read_bytes()
            for name, (code, change) in BAD_STARTS.items():
                visitor = house.visitor()
                frame = visitor.makes_start(await visitor.connects())
                visitor.line.send("start", **change(visitor, frame))
                heard = await visitor.line.hear("refused", "started")
                assert heard.get("code") == code, name
                assert await visitor.line.closing_code() == 1008, name
            assert (house.folder / "keys").read_bytes() == there

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_the_same_start_again_is_the_same_conversation(tmp_path: Path) -> None:
    """Identical bytes get the same answer; the same keys with other bytes are refused, and the first stays."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        assert await visitor.starts() == {"t": "started", "conv": visitor.conv}
        await visitor.says("an opening")
        async with unharmed(house):
            visitor.line = await _greeted(house)
            visitor.line.send("start", **visitor.start_frame)
            assert await visitor.line.hear("started") == {"t": "started", "conv": visitor.conv}
            assert await visitor.reads() == "an opening"
            thief = await _greeted(house)
            changed = {**visitor.start_frame, "credential": os.urandom(32)}
            thief.send("start", **_signed(visitor, changed))
            assert (await thief.hear("refused"))["code"] == "conversation_exists"
            assert await thief.closing_code() == 1008
        assert (await visitor.resumes())["t"] == "resumed"

    play(story, tmp_path / "house")


def test_a_start_for_another_line_is_not_taken_here(tmp_path: Path) -> None:
    """A whole and signed start for one team does not open a conversation on the line of another."""

    async def story(house: House) -> None:
        await a_team_next_door(house)
        visitor = house.visitor()
        frame = visitor.makes_start(await visitor.connects("/l/next-door/socket/2"))
        line = await _greeted(house)
        line.send("start", **frame)
        assert (await line.hear("refused"))["code"] == "not_accepted"
        visitor.line.send("start", **frame)
        assert (await visitor.line.hear("started"))["conv"] == visitor.conv

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_resume_needs_the_credential(tmp_path: Path) -> None:
    """C-2: a wrong, short, empty or foreign credential is as good as no conversation; the server says no more."""

    async def story(house: House) -> None:
        visitor, other = house.visitor(), house.visitor()
        await visitor.starts()
        await other.starts()
        tries = [os.urandom(32), b"", bytes(32), visitor.keys.credential[:31], other.keys.credential]
        tries.append(hashlib.sha256(visitor.keys.credential).digest())
        async with unharmed(house):
            heard = []
            for credential in tries:
                line = await _greeted(house)
                line.send("resume", conv=visitor.conv, credential=credential, after=0)
                heard.append((await line.hear("refused"), await line.closing_code()))
            line = await _greeted(house)
            line.send("resume", conv=os.urandom(16), credential=bytes(32), after=0)
            heard.append((await line.hear("refused"), await line.closing_code()))
            assert all(one == heard[0] for one in heard)
            assert (heard[0][0]["code"], heard[0][1]) == ("no_such_conversation", 1008)
            for after in (-1, MAX_COUNT + 1, 2**63, 2**64 - 1):
                line = await _greeted(house)
                line.send("resume", conv=visitor.conv, credential=visitor.keys.credential, after=after)
                assert (await line.hear("refused"))["code"] == "malformed"

    play(story, tmp_path / "house")


def test_resume_beyond_the_end_gets_nothing_and_harms_nobody(tmp_path: Path) -> None:
    """A number that the log has not reached yet is waited for; a live message still arrives in its place."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        resumed = await visitor.resumes(MAX_COUNT)
        assert resumed["last"] == 3
        assert await until_pong(visitor.line) == []
        assert (await visitor.says("x"))["n"] == 4

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_before_the_first_frame_nothing_else_counts(tmp_path: Path) -> None:
    """Frames in the wrong order: 4400 for what does not authenticate, `wrong_order` for a second first frame."""

    async def story(house: House) -> None:
        visitor, noor = house.visitor(), house.counsellor()
        await visitor.starts()
        await noor.opens_desk()
        async with unharmed(house):
            for frame in ({"t": "ping"}, {"t": "append", "envelope": visitor.seals("x")}, {"t": "end"}):
                line = await _greeted(house)
                line.send_raw(pack(frame))
                assert await line.closing_code() == 4400
            for data in (pack({"t": "ping"}), pack({"t": "take", "conv": visitor.conv}), *MALFORMED.values()):
                line = await _greeted(house, "/desk/socket/2")
                line.send_raw(data)
                assert await line.closing_code() == 4400
            for data in [bad for name, bad in MALFORMED.items() if "envelope" not in name]:
                line = await _greeted(house)
                line.send_raw(data)
                assert (await line.hear("refused"))["code"] == "malformed"
                assert await line.closing_code() == 1008
            for again in ("start", "resume"):
                values = visitor.start_frame
                if again == "resume":
                    values = {"conv": visitor.conv, "credential": visitor.keys.credential, "after": 0}
                assert [one["code"] for one in await answers(visitor.line, again, **values)] == ["wrong_order"]
            assert (await refused(noor.line, "sign_on", token=noor.token))["code"] == "wrong_order"

    play(story, tmp_path / "house")


class Stuck:
    """A connection that cannot even be closed."""

    heard = 0.0

    def close(self, code: int) -> None:
        """Fail."""
        raise OSError


def test_who_says_nothing_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """C-11: a connection without a first frame is closed, and so is one that falls silent; both make room."""
    clock = Wound()

    async def story(house: House) -> None:
        with monkeypatch.context() as hurry:
            hurry.setattr("luwte.conversation.web.FIRST_FRAME", 0.05)
            hurry.setattr("luwte.desk.web.FIRST_FRAME", 0.05)
            for path in ("/socket", "/socket/2", "/desk/socket", "/desk/socket/2"):
                line = await _greeted(house, path)
                assert await line.closing_code() == 4400
        visitor, noor = house.visitor(), house.counsellor()
        await visitor.starts()
        await noor.opens_desk()
        clock.ahead = SILENCE - 10
        assert await until_pong(visitor.line) == []
        clock.ahead = SILENCE + 1
        house.luwte.sockets.look()
        assert await noor.line.closing_code() == 4408
        assert await until_pong(visitor.line) == []
        clock.ahead += SILENCE + 1
        house.luwte.sockets.look()
        assert await visitor.line.closing_code() == 4408
        await wait_until(lambda: len(house.luwte.sockets) == 0)
        # By itself, and also when one of them cannot even be closed.
        visitors = [house.visitor() for _ in range(3)]
        for one in visitors:
            await one.starts()
        clock.ahead += SILENCE + 1
        stuck: Any = [Stuck() for _ in range(9)]
        house.luwte.sockets._open.update(stuck)
        monkeypatch.setattr("luwte.plumbing.sockets.SWEEP", 0.02)
        house.luwte.sockets.start()
        for one in visitors:
            assert await one.line.closing_code() == 4408
        house.luwte.sockets._open.difference_update(stuck)

    play(story, tmp_path / "house", clock)


# the handshake


def test_only_our_own_pages_may_open_a_socket(tmp_path: Path) -> None:
    """C-1: foreign, null, missing and look-alike origins, other ports and schemes, hosts that do not fit: no socket."""

    async def story(house: House) -> None:
        port = house.origin.rpartition(":")[2]
        foreign = [
            None,
            "",
            "null",
            "https://evil.example",
            f"https://127.0.0.1:{port}",
            "http://127.0.0.1",
            f"http://127.0.0.1:{int(port) - 1}",
            f"http://127.0.0.1:{port}.evil.example",
            f"http://evil.example:{port}",
            f"http://127.0.0.1:{port}/",
            f"http://127.0.0.1:{port}@evil.example",
            f"http://user@127.0.0.1:{port}",
            f"HTTP://127.0.0.1:{port}",
            f"http://127.0.0.1:{port} http://evil.example",
            f"http://127.0.0.2:{port}",
            f"http://[::1]:{port}",
            f"http://localhost:{port}",  # ours, but not the address that this request was sent to
            f"ws://127.0.0.1:{port}",
            "file://",
            "chrome-extension://abcdefgh",
        ]
        for path in ("/socket", "/l/chat/socket/2", "/desk/socket/2"):
            for origin in foreign:
                raw = await Raw.open(house, path, Origin=origin)
                assert not raw.is_open, origin
                raw.close()
            for host in (None, "evil.example", f"localhost:{port}", "127.0.0.1"):
                raw = await Raw.open(house, path, Host=host)
                assert not raw.is_open, host
                raw.close()
            raw = await Raw.open(house, path)
            assert raw.is_open
            raw.close()

    play(story, tmp_path / "house")


def test_a_socket_is_nowhere_else_and_says_no_more_than_it_must(tmp_path: Path) -> None:
    """C-8, C-10: no compression, no protocol, no token of the address comes back; other addresses have no socket."""

    async def story(house: House) -> None:
        raw = await Raw.open(
            house,
            Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits, x-webkit-deflate-frame",
            Sec_WebSocket_Protocol="bearer.c2VjcmV0, chat",
        )
        assert raw.is_open
        head = raw.head.lower()
        for word in (
            b"extensions",
            b"deflate",
            b"websocket-protocol",
            b"c2vjcmv0",
            b"server:",
            b"set-cookie",
            b"alt-svc",
        ):
            assert word not in head
        raw.send(b"\x81\xa1t\xa4ping", rsv=4)
        assert await raw.closing_code() == 1002
        for path in (
            "/desk/socket?token=abc",
            "/socket/",
            "/socket/1",
            "/socket/3",
            "/socket/2/",
            "/socket/2/2",
            "/socket/02",
            "/l/chat/2/socket",
            "/desk/2/socket",
            "//socket",
            "/socket?x",
            "/socket#x",
            "/SOCKET",
            "/l/absent/socket",
            "/l//socket",
            "/l/socket",
            "/l/chat/../next/socket",
            "/l/chat%2fsocket",
            "/healthz",
            "/desk",
            "/",
        ):
            raw = await Raw.open(house, path)
            assert raw.head.startswith(b"HTTP/1.1 404"), path
            said = (raw.head + await raw.reader.read()).replace(b"private-state-token", b"")  # a feature, turned off
            assert b"token" not in said
            raw.close()

    play(story, tmp_path / "house")


def test_a_bad_handshake_is_refused_like_any_request(tmp_path: Path) -> None:
    """Under all the headers, with a code and a sentence of ours; nothing that was sent comes back in it."""

    async def story(house: House) -> None:
        for code, changes in (
            ("malformed", {"Sec_WebSocket_Version": "canary"}),
            ("malformed", {"Sec_WebSocket_Version": None}),
            ("malformed", {"Sec_WebSocket_Key": "canary"}),
            ("malformed", {"Sec_WebSocket_Key": None}),
            ("not_found", {"Origin": "http://canary.example"}),
            ("not_found", {"Host": "canary.example"}),
        ):
            raw = await Raw.open(house, **changes)
            body = await raw.reader.read()
            assert msgspec.json.decode(body)["code"] == code, changes
            assert b"x-content-type-options: nosniff" in raw.head
            assert b"canary" not in raw.head + body
        raw = await Raw.open(house, "/canary/socket")
        assert b"canary" not in raw.head + await raw.reader.read()
        assert b"x-content-type-options: nosniff" in raw.head
        assert len(house.luwte.sockets) == 0

    play(story, tmp_path / "house")


# WebSocket frames


BROKEN: dict[str, tuple[int, Callable[[Raw], None]]] = {
    "a text frame": (1008, lambda raw: raw.send(b'{"t":"ping"}', opcode=1)),
    "a text frame that is not UTF-8": (1008, lambda raw: raw.send(b"\xff\xfe", opcode=1)),
    "an unmasked frame": (1002, lambda raw: raw.send(pack({"t": "ping"}), mask=False)),
    "a reserved bit": (1002, lambda raw: raw.send(pack({"t": "ping"}), rsv=1)),
    "the bit of compression": (1002, lambda raw: raw.send(pack({"t": "ping"}), rsv=4)),
    "a reserved opcode": (1002, lambda raw: raw.send(b"", opcode=3)),
    "a reserved control opcode": (1002, lambda raw: raw.send(b"", opcode=11)),
    "a ping in parts": (1002, lambda raw: raw.send(b"", opcode=9, fin=False)),
    "a long ping": (1002, lambda raw: raw.send(bytes(126), opcode=9)),
    "a part of nothing": (1002, lambda raw: raw.send(pack({"t": "ping"}), opcode=0)),
    "a new message inside another": (
        1002,
        lambda raw: raw.send_in_parts(b"\x81", 2, opcode=2),
    ),
    "a frame that says it is endless": (1002, lambda raw: raw.writer.write(b"\x82\xff" + b"\xff" * 8 + bytes(4))),
    "a frame that says it is 16 MB": (1009, lambda raw: raw.writer.write(b"\x82\xff" + (2**24).to_bytes(8, "big"))),
    "a frame one byte too long": (1009, lambda raw: raw.send(bytes(MAX_FRAME + 1))),
    "many small parts": (
        1009,
        lambda raw: raw.send_in_parts(bytes(1000), 40),
    ),
    "a wrong closing code": (1002, lambda raw: raw.send((999).to_bytes(2, "big"), opcode=8)),
}


def test_a_broken_websocket_is_closed(tmp_path: Path) -> None:
    """C-5, C-9: before and after it said who it is; only that connection, with the code that fits."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        async with unharmed(house):
            for name, (code, attack) in BROKEN.items():
                for known in (False, True):
                    raw = await Raw.open(house)
                    if known:
                        raw.frame("resume", conv=visitor.conv, credential=visitor.keys.credential, after=0)
                    attack(raw)
                    assert await raw.closing_code() == code, (name, known)
                    raw.close()
        await wait_until(lambda: len(house.luwte.sockets) == 1)

    play(story, tmp_path / "house")


def test_a_message_in_parts_is_one_message(tmp_path: Path) -> None:
    """Fragmenting is allowed by the standard: the parts are put together, up to the largest frame."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        raw = await Raw.open(house)
        raw.frame("resume", conv=visitor.conv, credential=visitor.keys.credential, after=0)
        data = pack({"t": "append", "envelope": visitor.seals("in parts")})
        raw.send(data[:1], fin=False)
        raw.send(data[1:200], opcode=0, fin=False)
        raw.send(b"alive?", opcode=9)
        raw.send(data[200:], opcode=0)
        heard = []
        while not heard or heard[-1].get("t") != "ack":
            opcode, payload = await raw.hear()
            heard.append(msgspec.msgpack.decode(payload) if opcode == 2 else {"pong": payload})
        assert {"pong": b"alive?"} in heard
        assert heard[-1]["n"] == 1

    play(story, tmp_path / "house")


def test_what_comes_after_a_refusal_to_talk_is_not_done(tmp_path: Path) -> None:
    """A frame that breaks the rules ends the connection; what was sent with it, before it or behind it, is not done."""

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await visitor.starts()
        await noor.skips_sign_in()
        before = await what_is_stored(house)
        raw = await Raw.open(house, "/desk/socket")
        raw.frame("sign_on", token=noor.token)
        await raw.hear()
        take = Raw.wire(pack({"t": "take", "conv": visitor.conv}))
        raw.writer.write(Raw.wire(b"{}", opcode=1) + take)
        assert await raw.closing_code() == 1008
        raw = await Raw.open(house, "/desk/socket")
        raw.frame("sign_on", token=noor.token)
        await raw.hear()
        raw.writer.write(Raw.wire(pack({"t": "ping"})) + Raw.wire(b"{}", opcode=1) + take)
        assert await raw.closing_code() == 1008
        raw = await Raw.open(house, "/desk/socket")
        raw.frame("sign_on", token=noor.token)
        await raw.hear()
        raw.writer.write(take + Raw.wire(b"{}", opcode=1))  # in one piece: the first is not done before the second
        assert await raw.closing_code() == 1008
        await wait_until(lambda: len(house.luwte.sockets._tasks) == 1)
        assert await what_is_stored(house) == before

    play(story, tmp_path / "house")


def test_who_does_not_read_costs_a_bounded_memory(tmp_path: Path) -> None:
    """C-7: what a slow reader misses stays in the log, not in memory; once they read, all of it comes, in order."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        visitor.line.cut()
        slow, theirs = await _deaf(house)
        slow.frame("resume", conv=visitor.conv, credential=visitor.keys.credential, after=3)
        long = "x" * 16_000
        wanted = 200
        for _ in range(wanted):
            data = noor.seals(visitor.conv, long)
            noor.chains[visitor.conv, 1].sealed(data)
            noor.line.send("append", envelope=data)
        for _ in range(wanted):
            assert (await noor.line.hear("ack", "refused"))["t"] == "ack"
        assert theirs.clogged
        assert theirs._raw.get_write_buffer_size() < 200_000
        numbers = []
        while len(numbers) < wanted:
            _, payload = await slow.hear()
            frame = msgspec.msgpack.decode(payload)
            if frame["t"] == "envelope":
                numbers.append(frame["n"])
        assert numbers == list(range(4, wanted + 4))

    play(story, tmp_path / "house")


def test_who_does_not_read_is_not_read(tmp_path: Path) -> None:
    """C-9: a flood of pings or of frames whose answers nobody takes does not pile up here: we stop reading."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        async with unharmed(house):
            flood, theirs = await _deaf(house)
            flood.frame("resume", conv=visitor.conv, credential=visitor.keys.credential, after=0)
            largest = 0
            for _ in range(400):
                for _ in range(100):
                    flood.send(bytes(125), opcode=9)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.002):
                        await flood.writer.drain()
                largest = max(largest, theirs._raw.get_write_buffer_size())
            assert theirs.clogged
            assert largest < 300_000
            flood.writer.transport.abort()

    play(story, tmp_path / "house")


async def _deaf(house: House) -> tuple[Raw, Any]:
    """A connection that reads nothing until it is asked to, and the server's side of it, with little room between."""
    raw = await Raw.open(house, receive=16_384)
    (theirs,) = await _sockets_of(house, raw)
    theirs._raw.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
    return raw, theirs


async def _sockets_of(house: House, raw: Raw) -> list[Any]:
    port = raw.writer.get_extra_info("sockname")[1]
    return [one for one in house.luwte.sockets._open if one._raw.get_extra_info("peername")[1] == port]


@pytest.mark.usefixtures("both_ways")
def test_ending_while_the_other_writes(tmp_path: Path) -> None:
    """C-14: the first wins: each message is acknowledged and in the log, or refused as too late, never half there."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        for round in range(10):
            visitor = await a_taken_conversation(house, noor)
            for _ in range(5):
                visitor.line.send("append", envelope=visitor.chain.sealed(visitor.seals("x")))
            if round % 2:
                visitor.line.send("end")
            noor.line.send("end", conv=visitor.conv, reason="completed")
            for _ in range(5):
                visitor.line.send("append", envelope=visitor.chain.sealed(visitor.seals("x")))
            heard: list[dict[str, Any]] = []
            while sum(one["t"] != "ended" for one in heard) < 10 or all(one["t"] != "ended" for one in heard):
                heard.append(await visitor.line.hear("ack", "refused", "ended"))
            acks = [one["n"] for one in heard if one["t"] == "ack"]
            assert acks == list(range(4, 4 + len(acks)))
            assert {one["code"] for one in heard if one["t"] == "refused"} <= {"conversation_ended"}
            assert (await how_many(house, visitor.conv))[1] == 3 + len(acks)
            assert [one["by"] for one in heard if one["t"] == "ended"] in (["team"], ["visitor"])
            visitor.line.close()

    play(story, tmp_path / "house")


def test_a_frame_that_passes_sixteen_megabytes_costs_nothing(tmp_path: Path) -> None:
    """C-5: a large frame is refused by its length alone, before its bytes are kept."""

    async def story(house: House) -> None:
        raw = await Raw.open(house)
        (theirs,) = await _sockets_of(house, raw)
        raw.writer.write(b"\x82\xff" + (2**24).to_bytes(8, "big") + bytes(4))
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                raw.writer.write(bytes(65536))
                await raw.writer.drain()
        assert not theirs._inbox
        assert not theirs._partial
        with contextlib.suppress(ConnectionError):
            assert await raw.closing_code() in (1009, None)
        await wait_until(lambda: len(house.luwte.sockets) == 0)

    play(story, tmp_path / "house")


# any bytes at all

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=8) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    "start resume append delivered read typing end ping sign_on openings take follow hello started envelope".split()  # noqa: SIM905
)
FIELDS = "line ve vg credential team_cert wraps sig conv after envelope n token convs shared notes wrap reason x"
FRAMES = st.builds(
    lambda t, rest: pack({"t": t, **rest}),
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(FIELDS.split()), VALUES | st.binary(min_size=16, max_size=16), max_size=5),
)
BYTES = st.binary(max_size=200)
MUTATIONS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=4)


def _mutated(data: bytes, mutations: list[tuple[int, int]]) -> bytes:
    bytes_ = bytearray(data)
    for at, flip in mutations:
        bytes_[at % len(bytes_)] ^= flip
    return bytes(bytes_)


async def _fuzz(house: House, noor: Counsellor, visitor: Visitor, junk: list[bytes], bends: list[Any]) -> None:
    """Everything at once to fresh connections, first frames and later ones; then the bystander speaks."""
    envelope = visitor.seals("x")
    valid = [
        pack({"t": "append", "envelope": envelope}),
        pack({"t": "resume", "conv": visitor.conv, "credential": visitor.keys.credential, "after": 0}),
        pack({"t": "read", "n": 1}),
        pack({"t": "follow", "conv": visitor.conv, "shared": 0, "notes": 0}),
        pack({"t": "start", **visitor.start_frame}),
        pack({"t": "append", "envelope": noor.seals(visitor.conv, "x")}),
    ]
    attack = junk + [_mutated(valid[n % len(valid)], bend) for n, bend in enumerate(bends)]
    for path in ("/socket", "/socket/2", "/desk/socket/2"):
        for data in attack[:4]:
            line = await _greeted(house, path)
            line.send_raw(data)
            with contextlib.suppress(ConnectionError):
                heard = await line.hear("refused", "started", "resumed", "welcome")
                assert heard["t"] != "welcome"
            line.close()
    # A ping among them has a pong of its own: only the last one says that all was answered.
    pings = 1 + attack.count(pack({"t": "ping"}))
    for line in (visitor.line, noor.line):
        for data in attack:
            line.send_raw(data)
        line.send("ping")
        for frame in [frame for _ in range(pings) for frame in await until_next_pong(line)]:
            assert frame["t"] in ("refused", "pong", "ack", "opening", "ended"), frame
            assert frame["t"] != "refused" or frame["code"] in CODES - {"failed"}, frame


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(junk=st.lists(BYTES | FRAMES, max_size=12), bends=st.lists(MUTATIONS, max_size=12))
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, junk: list[bytes], bends: list[Any]) -> None:
    """C-9: random bytes, random and bent frames get a refusal or a close, never a failure, and the server lives."""
    _house_of_fuzz(tmp_path_factory).run(junk, bends)


class _Fuzzed:
    """One server for all examples: what an earlier one broke the later ones notice."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner()
        self._runner.run(self._open(folder))

    async def _open(self, folder: Path) -> None:
        self._exit = contextlib.AsyncExitStack()
        self.house = await self._exit.enter_async_context(a_house(folder))
        self.noor = self.house.counsellor()
        await self.noor.opens_desk()

    def run(self, junk: list[bytes], bends: list[Any]) -> None:
        self._runner.run(self._once(junk, bends))

    async def _once(self, junk: list[bytes], bends: list[Any]) -> None:
        async with asyncio.timeout(30):
            visitor = await a_taken_conversation(self.house, self.noor)
            await until_pong(self.noor.line)
            async with unharmed_others(self.house, visitor.conv):
                await _fuzz(self.house, self.noor, visitor, junk, bends)
            visitor.line.close()

    def close(self) -> None:
        self._runner.run(self._exit.aclose())
        self._runner.close()


@contextlib.asynccontextmanager
async def unharmed_others(house: House, but: bytes) -> AsyncIterator[None]:
    """A bystander's log is the same afterwards, and they are still heard. Only bent frames may end *but* itself."""
    bystander = house.visitor()
    await bystander.starts()
    assert (await bystander.says("here"))["n"] == 1
    yield
    assert bystander.conv != but
    assert (await bystander.says("still here"))["n"] == 2
    bystander.line.close()


_fuzzed: list[_Fuzzed] = []


def _house_of_fuzz(factory: pytest.TempPathFactory) -> _Fuzzed:
    if not _fuzzed:
        _fuzzed.append(_Fuzzed(factory.mktemp("fuzz") / "house"))
    return _fuzzed[0]


@pytest.fixture(scope="module", autouse=True)
def _close_the_house_of_fuzz() -> Any:
    yield
    while _fuzzed:
        _fuzzed.pop().close()


@pytest.mark.usefixtures("both_ways")
def test_the_certificate_of_a_counsellor_comes_before_what_it_signed(tmp_path: Path) -> None:
    """Also to a visitor who comes back and reads from the disk."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        await visitor.resumes(0)
        names = []
        while names.count("envelope") < 3:
            frame = await visitor.line.hear("cert", "envelope")
            names.append(frame["t"])
            if frame["t"] == "cert":
                assert certificate.cert_id(frame["certificate"]) == certificate.cert_id(noor.cert)
        assert names == ["envelope", "envelope", "cert", "envelope"]

    play(story, tmp_path / "house")


@pytest.mark.usefixtures("both_ways")
def test_one_network_cannot_fill_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """C-6: after its share the next start from there is told to wait; one from elsewhere is not."""
    monkeypatch.setattr(web, "STARTS", 5)

    async def story(house: House) -> None:
        answers = [(await house.visitor().starts()) for _ in range(7)]
        assert [answer.get("code", answer["t"]) for answer in answers] == ["started"] * 5 + ["slow_down"] * 2
        elsewhere = house.visitor()
        elsewhere.source = "127.0.7.1"
        assert (await elsewhere.starts())["t"] == "started"

    play(story, tmp_path / "house")
