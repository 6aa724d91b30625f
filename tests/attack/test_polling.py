"""Long-polling: lost, doubled, forged and endless requests; nothing is lost or doubled, and nobody else notices."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors import House, PollingLine, play
from attack.attackers import Wound, a_taken_conversation, until_pong, wait_until, what_is_stored
from luwte.plumbing import polling
from luwte.plumbing.sockets import MAX_FRAME, SILENCE

pack, unpack = msgspec.msgpack.encode, msgspec.msgpack.decode
BYTES = "application/octet-stream"

pytestmark = pytest.mark.usefixtures("by_polling")


@pytest.fixture
def by_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line of these tests is one of requests."""
    monkeypatch.setattr("actors.carrier", "long-polling")


def browser(house: House, **headers: str) -> httpx.AsyncClient:
    """Somebody who writes requests by hand."""
    given = {"Content-Type": BYTES, "Origin": house.origin, **headers}
    return httpx.AsyncClient(base_url=house.origin, headers=given, timeout=40)


async def an_id(http: httpx.AsyncClient, path: str = "/socket/2") -> bytes:
    """A connection of one's own."""
    answer = await http.post("/poll/open", content=pack({"path": path}))
    assert answer.status_code == 200
    return unpack(answer.content)["id"]


async def ask(http: httpx.AsyncClient, id: bytes, first: int = 1, frames: Any = (), heard: int = 0) -> dict[str, Any]:
    """One request that is right."""
    answer = await http.post("/poll", content=pack({"id": id, "first": first, "frames": list(frames), "heard": heard}))
    assert answer.status_code == 200, answer.text
    return unpack(answer.content)


@contextlib.asynccontextmanager
async def unharmed(house: House) -> AsyncIterator[None]:
    """Around an attack: the disk is the same afterwards, and a bystander is still heard."""
    bystander = house.visitor()
    await bystander.starts()
    before = await what_is_stored(house)
    yield
    assert await what_is_stored(house) == before
    assert (await bystander.says("still here"))["t"] == "ack"
    bystander.line.close()


def test_what_is_not_heard_is_said_again(tmp_path: Path) -> None:
    """The same request gets the same messages until their number comes back, then the next ones; none is skipped."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        await visitor.says("one")
        visitor.line.cut()
        async with browser(house) as http:
            id = await an_id(http)
            resume = pack({"t": "resume", "conv": visitor.conv, "credential": visitor.keys.credential, "after": 0})
            first = await ask(http, id)
            assert [unpack(one)["t"] for one in first["frames"]] == ["hello"]
            heard: list[bytes] = []
            while len(heard) < 3:
                answer = await ask(http, id, 1, [resume], len(heard))
                again = await ask(http, id, 1, [resume], len(heard))
                assert again["frames"][: len(answer["frames"])] == answer["frames"]
                assert (answer["first"], answer["heard"]) == (len(heard) + 1, 1)
                heard.append(answer["frames"][0])
            assert [unpack(one)["t"] for one in heard[:2]] == ["hello", "resumed"]
            assert unpack(heard[2])["t"] in ("waiting", "envelope")

    play(story, tmp_path / "house")


def test_a_message_that_comes_again_is_taken_once(tmp_path: Path) -> None:
    """A lost answer, an old request replayed, the same frames under way twice: each frame is done once, in order."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        visitor.line.cut()
        resume = pack({"t": "resume", "conv": visitor.conv, "credential": visitor.keys.credential, "after": 0})
        said = [
            resume,
            *(pack({"t": "append", "envelope": visitor.chain.sealed(visitor.seals(str(n)))}) for n in range(5)),
        ]
        async with browser(house) as http:
            id = await an_id(http)
            for upto in (1, 1, 3, 2, 6, 1, 6):
                await ask(http, id, 1, said[:upto])
            await asyncio.gather(*(ask(http, id, 1, said) for _ in range(4)))
            frames: list[dict[str, Any]] = []
            while sum(one["t"] == "ack" for one in frames) < 5:
                answer = await ask(http, id, 7, [], len(frames))
                frames += [unpack(one) for one in answer["frames"]]
            assert [one["n"] for one in frames if one["t"] == "ack"] == [1, 2, 3, 4, 5]
            assert not [one for one in frames if one["t"] == "refused"]

    play(story, tmp_path / "house")


def test_of_two_requests_the_newest_is_held(tmp_path: Path) -> None:
    """The one before it is let go at once, empty; what comes goes to the newest."""

    async def story(house: House) -> None:
        async with browser(house) as http:
            id = await an_id(http)
            await ask(http, id)
            older = asyncio.create_task(ask(http, id, heard=1))
            (poll,) = house.luwte.polls._polls.values()
            await wait_until(lambda: poll._newest == 2)
            newer = asyncio.create_task(ask(http, id, 1, [pack({"t": "nonsense"})], 1))
            assert (await older) == {"first": 2, "frames": [], "heard": 1}
            answer = await newer
            assert [unpack(one)["t"] for one in answer["frames"]] == ["refused"]
            # The refusal of a first frame closes; its code comes with or after the last word.
            while "code" not in answer:
                answer = await ask(http, id, 2, [], answer["first"] + len(answer["frames"]) - 1)
            assert answer["code"] == 1008

    play(story, tmp_path / "house")


def test_a_held_request_is_let_go_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing to say it is answered empty, long before a proxy would lose patience."""
    monkeypatch.setattr(polling, "HOLD", 0.1)
    assert polling.HOLD < SILENCE / 2

    async def story(house: House) -> None:
        async with browser(house) as http:
            id = await an_id(http)
            await ask(http, id)
            assert await ask(http, id, heard=1) == {"first": 2, "frames": [], "heard": 0}

    play(story, tmp_path / "house")


WRONG: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "nothing": (400, lambda id: b""),
    "garbage": (400, lambda id: bytes(range(256))),
    "JSON": (400, lambda id: b'{"id": "x"}'),
    "nil": (400, lambda id: pack(None)),
    "a list": (400, lambda id: pack([id, 1, [], 0])),
    "no id": (400, lambda id: pack({"first": 1, "frames": [], "heard": 0})),
    "half an id": (400, lambda id: pack({"id": id[:16], "first": 1, "frames": [], "heard": 0})),
    "an id as text": (400, lambda id: pack({"id": id.hex(), "first": 1, "frames": [], "heard": 0})),
    "a field too many": (400, lambda id: pack({"id": id, "first": 1, "frames": [], "heard": 0, "path": "/desk"})),
    "a number below one": (400, lambda id: pack({"id": id, "first": 0, "frames": [], "heard": 0})),
    "a number below zero": (400, lambda id: pack({"id": id, "first": 1, "frames": [], "heard": -1})),
    "a gap": (400, lambda id: pack({"id": id, "first": 3, "frames": [b"x"], "heard": 0})),
    "more heard than said": (400, lambda id: pack({"id": id, "first": 1, "frames": [], "heard": 99})),
    "beyond counting": (400, lambda id: pack({"id": id, "first": 2**63, "frames": [], "heard": 2**64 - 1})),
    "a frame that is text": (400, lambda id: pack({"id": id, "first": 1, "frames": ["ping"], "heard": 0})),
    "a frame in a frame": (400, lambda id: pack({"id": id, "first": 1, "frames": [[b"x"]], "heard": 0})),
    "too many frames": (400, lambda id: pack({"id": id, "first": 1, "frames": [b""] * 33, "heard": 0})),
    "deep": (400, lambda id: b"\x91" * 20_000),
    "a list that says it is endless": (400, lambda id: b"\xdd\xff\xff\xff\xff"),
    "one byte too many": (413, lambda id: bytes(polling.MAX_BODY + 1)),
    "somebody else's id": (404, lambda id: pack({"id": os.urandom(32), "first": 1, "frames": [], "heard": 0})),
}


def test_a_request_that_is_none_is_refused(tmp_path: Path) -> None:
    """With a code and one plain sentence as everywhere else; the connection that it names goes on."""

    async def story(house: House) -> None:
        async with unharmed(house), browser(house) as http:
            for path in ("/poll", "/poll/close"):
                id = await an_id(http)
                for name, (status, cheat) in WRONG.items():
                    answer = await http.post(path, content=cheat(id))
                    assert answer.status_code == status, name
                    assert answer.json()["says"].endswith("."), name
                    assert id.hex() not in answer.text
                assert [unpack(one)["t"] for one in (await ask(http, id))["frames"]] == ["hello"]
            for body in (
                b"",
                pack({}),
                pack({"path": 1}),
                pack({"path": "/socket", "x": 1}),
                b"\x81\xa4path\xa2\xff\xfe",
            ):
                assert (await http.post("/poll/open", content=body)).status_code == 400
            for path in ("", "/", "/desk", "/poll", "/l/absent/socket/2", "/socket/3", "http://evil.example/socket"):
                assert (await http.post("/poll/open", content=pack({"path": path}))).status_code == 404, path

    play(story, tmp_path / "house")


def test_only_our_own_pages_may_poll(tmp_path: Path) -> None:
    """Another origin, none at all, another host, another method, or a body that a form could send: refused, unread."""

    async def story(house: House) -> None:
        async with unharmed(house), browser(house) as http:
            id = await an_id(http)
            bodies = {"/poll/open": pack({"path": "/socket/2"})}
            bodies |= dict.fromkeys(("/poll", "/poll/close"), pack({"id": id, "first": 1, "frames": [], "heard": 0}))
            for path, body in bodies.items():
                for origin in (
                    "null",
                    "https://evil.example",
                    f"{house.origin}/",
                    house.origin.replace("http", "https"),
                    "",
                ):
                    answer = await http.post(path, content=body, headers={"Origin": origin})
                    assert (answer.status_code, answer.json()["code"]) == (403, "not_accepted"), origin
                request = http.build_request("POST", path, content=body)
                del request.headers["Origin"]
                assert (await http.send(request)).status_code == 403
                assert (await http.post(path, content=body, headers={"Host": "evil.example"})).status_code == 403
                for kind in (
                    "text/plain",
                    "application/x-www-form-urlencoded",
                    "multipart/form-data",
                    "application/json",
                ):
                    assert (await http.post(path, content=body, headers={"Content-Type": kind})).status_code == 400, (
                        kind
                    )
                for method in ("GET", "PUT", "DELETE", "OPTIONS"):
                    bare = httpx.AsyncClient(base_url=house.origin, headers={"Origin": house.origin})
                    assert (await bare.request(method, path)).status_code == 405, method
                    await bare.aclose()
            assert (await http.get(f"/poll?id={id.hex()}")).status_code in (400, 405)
            assert [unpack(one)["t"] for one in (await ask(http, id))["frames"]] == ["hello"]

    play(story, tmp_path / "house")


def test_answers_are_guarded_as_all_others_are(tmp_path: Path) -> None:
    """Kept by no cache, with no cookie, and with nothing that says where or what the server is."""

    async def story(house: House) -> None:
        async with browser(house) as http:
            opened = await http.post("/poll/open", content=pack({"path": "/socket/2"}))
            id = unpack(opened.content)["id"]
            asked = await http.post("/poll", content=pack({"id": id, "first": 1, "frames": [], "heard": 0}))
            closed = await http.post("/poll/close", content=pack({"id": id, "first": 1, "frames": [], "heard": 1}))
            absent = await http.post("/poll", content=pack({"id": id, "first": 1, "frames": [], "heard": 1}))
            plain = await http.get("/healthz", headers={"Content-Type": "application/json"})
            assert [one.status_code for one in (opened, asked, closed, absent)] == [200, 200, 200, 404]
            for answer in (opened, asked, closed, absent):
                assert set(answer.headers) == set(plain.headers)
                assert answer.headers["cache-control"] == "no-store"
                for name in set(plain.headers) - {"content-length", "content-type", "date"}:
                    assert answer.headers[name] == plain.headers[name]

    play(story, tmp_path / "house")


def test_a_frame_that_is_too_long_closes(tmp_path: Path) -> None:
    """1009, as on a WebSocket; what came before it in the same request is done, what came behind it is not."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        async with unharmed(house):
            visitor.line.send("ping")
            visitor.line.send_raw(bytes(MAX_FRAME + 1))
            visitor.line.send("end")
            assert await visitor.line.closing_code() == 1009

    play(story, tmp_path / "house")


def test_who_falls_silent_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty seconds without a request: the place is free, and nothing of the connection is kept."""
    monkeypatch.setattr(polling, "LINGER", 0.05)
    clock = Wound()

    async def story(house: House) -> None:
        visitor, noor = house.visitor(), house.counsellor()
        await visitor.starts()
        await noor.opens_desk()
        noor.line.cut()
        clock.ahead = SILENCE - 10
        assert await until_pong(visitor.line) == []
        assert len(house.luwte.sockets) == 2
        clock.ahead = SILENCE + 1
        house.luwte.sockets.look()
        assert len(house.luwte.sockets) == 1
        assert await until_pong(visitor.line) == []
        visitor.line.cut()
        clock.ahead += SILENCE + 1
        house.luwte.sockets.look()
        await wait_until(lambda: len(house.luwte.sockets) == len(house.luwte.polls) == 0)

    play(story, tmp_path / "house", clock)


def test_who_hangs_up_is_gone_at_once(tmp_path: Path) -> None:
    """A page that leaves says so, and a colleague may take what its desk had without waiting for silence."""

    async def story(house: House) -> None:
        noor, visitor = house.counsellor(), house.visitor()
        await noor.opens_desk()
        await visitor.starts()
        noor.line.close()
        await wait_until(lambda: len(house.luwte.sockets) == len(house.luwte.polls) == 1)

    play(story, tmp_path / "house")


def test_who_does_not_read_costs_a_bounded_memory(tmp_path: Path) -> None:
    """What is not heard stays in the log, not in memory; once they ask, all of it comes, in order."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        visitor.line.close()
        async with browser(house) as http:
            id = await an_id(http)
            poll = house.luwte.polls._polls[id]
            resume = pack({"t": "resume", "conv": visitor.conv, "credential": visitor.keys.credential, "after": 3})
            await ask(http, id, 1, [resume])
            wanted = 60
            for _ in range(wanted):
                assert (await noor.says(visitor.conv, "x" * 16_000))["t"] == "ack"
            assert poll.clogged
            assert poll._weight < polling.FULL + MAX_FRAME
            numbers: list[int] = []
            heard = 0
            while len(numbers) < wanted:
                answer = await ask(http, id, 2, [], heard)
                assert sum(map(len, answer["frames"])) < polling.FULL + MAX_FRAME
                heard = answer["first"] + len(answer["frames"]) - 1
                numbers += [f["n"] for f in map(unpack, answer["frames"]) if f["t"] == "envelope"]
            assert numbers == list(range(4, wanted + 4))

    play(story, tmp_path / "house")


def test_who_sends_more_than_we_do_waits(tmp_path: Path) -> None:
    """At most 32 frames wait unread; the rest stays with the sender, and all of it is done in order."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        assert isinstance(visitor.line, PollingLine)
        poll = house.luwte.polls._polls[visitor.line.id]
        most = 0
        for _ in range(150):
            visitor.line.send("ping")
        pongs = 0
        while pongs < 150:
            assert (await visitor.line.hear("pong"))["t"] == "pong"
            pongs += 1
            most = max(most, len(poll._inbox))
        assert most <= 32

    play(story, tmp_path / "house")


def test_what_needs_no_answer_is_taken_too(tmp_path: Path) -> None:
    """More signs than fit at once, to which nothing is said: the rest comes as soon as there is room."""

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        await until_pong(visitor.line)
        for _ in range(70):
            visitor.line.send("typing")
        assert await until_pong(visitor.line) == []

    play(story, tmp_path / "house")


def test_the_last_words_come_before_the_closing_code(tmp_path: Path) -> None:
    """A connection that is closed with much to say says all of it first, and then why."""

    async def story(house: House) -> None:
        async with browser(house) as http:
            id = await an_id(http)
            poll = house.luwte.polls._polls[id]
            for n in range(5):
                poll.send(bytes([n]) * 40_000)
            poll.close(1001)
            poll.send(b"too late")
            heard: list[bytes] = []
            answer: dict[str, Any] = {}
            while "code" not in answer:
                answer = await ask(http, id, heard=len(heard))
                heard += answer["frames"]
            assert [frame[0] for frame in heard[1:]] == [0, 1, 2, 3, 4]
            assert answer["code"] == 1001

    play(story, tmp_path / "house")


def test_open_polls_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound a newcomer is told that it is busy, and those who are there go on."""
    monkeypatch.setattr(polling, "MOST", 3)

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        async with browser(house) as http:
            for _ in range(2):
                await an_id(http)
            answer = await http.post("/poll/open", content=pack({"path": "/socket/2"}))
            assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert (await visitor.says("still here"))["t"] == "ack"

    play(story, tmp_path / "house")


def test_a_body_that_takes_too_long_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow drips, and a body that never ends: cut, and nothing of it is kept."""

    async def story(house: House) -> None:
        async def drips() -> AsyncIterator[bytes]:
            while True:
                yield b"x"
                await asyncio.sleep(0.01)

        async with unharmed(house), browser(house) as http:
            with monkeypatch.context() as hurry:
                hurry.setattr("luwte.plumbing.http.PATIENCE", 0.1)
                with pytest.raises(httpx.TransportError):
                    await http.post("/poll", content=drips())

    play(story, tmp_path / "house")


def test_an_answer_that_nobody_takes_is_not_lost(tmp_path: Path) -> None:
    """Whoever asks and leaves before the answer hears it at the next asking."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        assert isinstance(visitor.line, PollingLine)
        await until_pong(visitor.line)
        visitor.line.cut()
        line = visitor.line
        async with browser(house) as http:
            for n in range(5):
                leaving = asyncio.create_task(http.post("/poll", content=pack(line.ask())))
                await asyncio.sleep(0.05)
                leaving.cancel()
                assert (await noor.says(visitor.conv, f"message {n}"))["t"] == "ack"
            texts: list[str] = []
            while len(texts) < 5:
                answer = await ask(http, line.id, line.first, [], line.heard)
                line.take(answer)
                texts += [visitor.opens(f["envelope"]) for f in map(unpack, answer["frames"]) if f["t"] == "envelope"]
            assert texts == [f"message {n}" for n in range(5)]

    play(story, tmp_path / "house")


JUNK = st.binary(max_size=80) | st.builds(
    pack,
    st.dictionaries(
        st.sampled_from(["id", "first", "frames", "heard", "path", "code"]),
        st.none() | st.integers(-5, 2**64 - 1) | st.binary(max_size=40) | st.lists(st.binary(max_size=8), max_size=3),
        max_size=5,
    ),
)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(junk=st.lists(st.tuples(st.sampled_from(sorted(polling.PATHS)), JUNK), min_size=10, max_size=40))
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, junk: list[tuple[str, bytes]]) -> None:
    """Any bytes to any of the three addresses get a refusal, never a failure, and the server lives."""

    async def story(house: House) -> None:
        async with browser(house) as http:
            for path, body in junk:
                answer = await http.post(path, content=body)
                assert answer.status_code in (400, 404), (path, body)
            visitor = house.visitor()
            await visitor.starts()
            assert (await visitor.says("still here"))["n"] == 1

    play(story, tmp_path_factory.mktemp("fuzz") / "house")
