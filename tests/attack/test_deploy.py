"""What is shipped to be installed: the proxies, the socket between, the unit. Attacked as it stands in `deploy/`."""

import asyncio
import base64
import contextlib
import os
import re
import sqlite3
import ssl
import struct
import subprocess
import urllib.parse
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest

from actors import Counsellor, Line, Visitor
from attack.crowd import CANARIES, Client, Crowd, hits
from attack.deployed import CHAT, DESK, PARTNER, Deployed, deployed, names_lead_here
from luwte.plumbing.pages import EVERYWHERE

CHATS = 100


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """One installation with each proxy, for all of these tests."""
    yield from deployed(tmp_path_factory.mktemp("deployed") / "it", request.param)


def run(place: Deployed, work: Any) -> None:
    """Run *work* where the installation's names lead here."""

    async def story() -> None:
        async with asyncio.timeout(100), names_lead_here():
            await work()

    asyncio.run(story())


async def raw(place: Deployed, data: bytes, *, name: str = CHAT, source: str | None = None, tls: bool = True) -> bytes:
    """Everything that comes back for these bytes over TLS; half of it, when the other side breaks off."""
    local = {"local_addr": (source, 0)} if source else {}
    secure = {"ssl": place.tls, "server_hostname": name} if tls else {}
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port, **local, **secure)  # type: ignore[arg-type]
    answer = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        async with asyncio.timeout(20):
            writer.write(data)
            while more := await reader.read(65_536):
                answer += more
    writer.transport.abort()
    return answer


def status(answer: bytes) -> bytes:
    """The code of the first answer; nothing when there was none."""
    return answer.split(b" ", 2)[1] if answer.startswith(b"HTTP/1.1 ") else b""


# nothing of anybody, anywhere


def test_a_hundred_chats_leave_no_address_and_no_browser(place: Deployed) -> None:
    """A-9, A-10, A-16: from a hundred addresses with a hundred browsers, with every kind of error, the server killed and
    a worker of the proxy, too: nothing in any file of any component, and nothing printed.
    """
    crowd = Crowd()
    seen: dict[str, bytes] = {}
    found: set[int] = set()

    async def story() -> None:
        held = asyncio.ensure_future(_a_poll_that_is_held(place, crowd))
        await _chats(place, crowd)
        found.update(await _errors(place, crowd))
        seen.update({f"running/{name}": data for name, data in place.files().items()})
        await held
        found.update(await _killed(place, crowd))
        place.start_server()
        visitor = crowd.visitors[0]
        assert (await visitor.resumes(0))["last"] >= crowd.acked[visitor.conv]
        visitor.line.close()

    run(place, story)
    seen.update(place.files())
    assert len(crowd.visitors) == CHATS
    assert len(set(crowd.addresses)) == len(set(crowd.agents)) > CHATS
    assert found >= {200, 400, 401, 404, 405, 413, 429, 500, 503}, found
    assert any(b"Noor" in data for data in seen.values()), "this way of looking finds what is there"
    assert hits(seen, crowd.words) == []


async def _chats(place: Deployed, crowd: Crowd) -> None:
    house = place.house
    desks = [await crowd.desk_of(house, index) for index in range(3)]

    async def works(desk: Counsellor, numbers: range) -> None:
        for n in numbers:
            visitor = await crowd.talks(house, desk, n, 6)
            if n >= 10:
                visitor.line.close()

    await asyncio.gather(*(works(desk, range(k, CHATS, 3)) for k, desk in enumerate(desks)))


async def _a_poll_that_is_held(place: Deployed, crowd: Crowd) -> None:
    """A whole request of twenty seconds gets its answer through the proxy, and the connection goes on."""
    dressed = crowd.dressed(Client(place.house))
    async with dressed.http() as http:
        headers = {"Origin": place.origin(), "Content-Type": "application/octet-stream"}

        async def ask(to: str, **said: Any) -> Any:
            answer = await http.post(to, content=msgspec.msgpack.encode(said), headers=headers)
            assert answer.status_code == 200, answer.text
            return msgspec.msgpack.decode(answer.content)

        id = (await ask("/poll/open", path="/socket/2"))["id"]
        assert len((await ask("/poll", id=id, first=1, frames=[], heard=0))["frames"]) == 1
        assert (await ask("/poll", id=id, first=1, frames=[], heard=1))["frames"] == []


async def _errors(place: Deployed, crowd: Crowd) -> set[int]:
    """Every error that proxy and server know, with a canary wherever something is said."""
    house, canary = place.house, CANARIES[0]
    client, quoted = crowd.dressed(Client(house)), urllib.parse.quote(CANARIES[0])
    b64 = base64.b64encode(canary.encode()).decode()
    json_ = {"Content-Type": "application/json"}
    async with (
        client.http() as http,
        client.http(place.origin(DESK)) as desk,
        client.http(place.origin(PARTNER)) as third,
    ):
        answers = [
            await http.get("/healthz"),
            await http.get(f"/{quoted}?x={quoted}"),
            await http.get(f"/l/{quoted}/status"),
            await http.put("/", content=canary.encode()),
            await http.request("TRACE", "/"),
            await http.get("/", headers={"Cookie": f"a={quoted}", "Accept-Language": quoted}),
            await http.get("/" + "x" * 20_000),
            await http.get("/", headers={"X-Long": quoted * 400}),
            await http.post(
                "/poll", content=canary.encode() * 6_000, headers={"Content-Type": "application/octet-stream"}
            ),
            await http.get("/", headers={"Origin": f"http://{quoted}"}),
            await third.get(f"/{quoted}"),
            await desk.post("/desk/salt", content=canary.encode(), headers=json_),
            await desk.post("/desk/salt", content=canary.encode() * 2_000, headers=json_),
            await desk.post("/desk/salt", json={"name": canary, canary: canary}),
            await desk.post("/desk/sign-out", headers={"Authorization": f"Bearer {b64}"}),
        ]
        for n in range(14):
            answers.append(await desk.post("/desk/sign-in", json={"name": "Noor", "proof": b64}))
            answers.append(await desk.post("/desk/sign-in", json={"name": f"{canary} {n}", "proof": b64}))
        sam = crowd.dressed(house.counsellor(1))
        assert (await sam.signs_in()).status_code == 200
        # A row that no program wrote: whoever reads it stumbles.
        with closing(sqlite3.connect(place.data / "main.db", timeout=10)) as db, db:
            db.execute("UPDATE session SET began = 'not a minute' WHERE rowid = (SELECT max(rowid) FROM session)")
        bearer = {"Authorization": f"Bearer {base64.b64encode(sam.token).decode()}"}
        answers.append(await desk.post("/desk/unlock", json={"proof": b64}, headers=bearer))
    await _errors_on_sockets(place, crowd, client)
    codes = {answer.status_code for answer in answers}
    return codes | await _errors_below_http(place, client.source, client.agent)


async def _errors_on_sockets(place: Deployed, crowd: Crowd, client: Any) -> None:
    house, canary = place.house, CANARIES[1].encode()
    for origin, path in ((place.origin(), "/socket"), (place.origin(DESK), "/desk/socket")):
        url = origin.replace("http", "ws") + path
        for data in (canary, b"\x81\xa1t\xd9\x20" + canary[:32], b"\x82\xa1t\xa4ping\xa4" + canary[:4] + b"\x01"):
            line = await Line.open(url, origin, client.source, client.agent, house.tls)
            line.send_raw(data)
            await line.closing_code()
        for wrong in ("https://evil.example", place.origin(PARTNER)):
            with pytest.raises(Exception, match="404"):
                await Line.open(url, wrong, client.source, client.agent, house.tls)
    flood: Visitor = crowd.dressed(house.visitor())
    await flood.starts()
    for _ in range(200):
        flood.line.send("append", envelope=b"LW" + canary)
    flood.line.cut()


async def _errors_below_http(place: Deployed, source: str, agent: str) -> set[int]:
    """No request, no TLS, a name that is none of ours, an end in the middle."""
    said = f"User-Agent: {agent}\r\nX-Forwarded-For: {source}\r\n"
    host, codes = f"Host: {CHAT}:{place.port}\r\n", set()
    for request in (
        f"{agent}\r\n\r\n",
        f"GET / HTTP/9.9\r\n{host}{said}\r\n",
        f"GET / HTTP/1.1\r\n{said}\r\n",
        f"GET / HTTP/1.1\r\n{host}Host: {agent}\r\n{said}\r\n",
        f"GET / HTTP/1.1\r\n{host}{said}bad header {agent}\r\n\r\n",
        f"CONNECT {agent}:443 HTTP/1.1\r\n{host}{said}\r\n",
        f"POST /desk/salt HTTP/1.1\r\n{host}{said}Content-Length: x{agent}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {agent}\r\n{said}Connection: close\r\n\r\n",
    ):
        answer = await raw(place, request.encode(), source=source)
        codes.add(int(status(answer) or 0))
        assert not re.search(agent.encode() + b"|" + source.encode(), answer)
    await raw(place, f"GET / HTTP/1.1\r\n{host}{said}\r\n".encode(), source=source, tls=False)
    await raw(place, b"\x16\x03\x01\xff\xff" + agent.encode() * 20, source=source, tls=False)
    for name in (agent.replace("/", "-"), "evil.example"):
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            await raw(place, b"x", name=name, source=source)
    # Cut by a reset: while the hands are shaken, in a head, in a body, in a WebSocket.
    hello = b"\x16\x03\x01\x00\x10"
    half = f"POST /poll HTTP/1.1\r\n{host}{said}Content-Length: 5000\r\n\r\nhalf".encode()
    for secure, part in ((False, hello), (True, b"GET / HT"), (True, half)):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1",
            place.port,
            local_addr=(source, 0),
            **({"ssl": place.tls, "server_hostname": CHAT} if secure else {}),  # type: ignore[arg-type]
        )
        writer.write(part)
        await writer.drain()
        writer.get_extra_info("socket").setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER: a reset
        writer.transport.abort()
        del reader
    return codes - {0}


async def _killed(place: Deployed, crowd: Crowd) -> set[int]:
    """The server dies while visitors write, and is away; then a worker of the proxy dies, too."""

    async def writes(visitor: Visitor) -> None:
        with contextlib.suppress(ConnectionError):
            await crowd.says_much(visitor, 400)

    writing = [asyncio.ensure_future(writes(visitor)) for visitor in crowd.visitors[:4]]
    before = sum(crowd.acked.values())
    async with asyncio.timeout(10):
        while sum(crowd.acked.values()) < before + 8:
            await asyncio.sleep(0.002)
    place.kill("luwte")
    await asyncio.gather(*writing)
    client, codes = crowd.dressed(Client(place.house)), set()
    async with client.http() as http:
        for path in ("/", "/l/chat/status", "/socket"):
            away = await http.get(path)
            codes.add(away.status_code)
            assert "112" in away.text
            assert {name: away.headers[name] for name in EVERYWHERE} == EVERYWHERE
    with pytest.raises(Exception, match=r"50\d"):
        await Line.open(place.origin().replace("http", "ws") + "/socket", place.origin(), client.source, tls=place.tls)
    if place.proxy == "nginx":
        children = subprocess.run(
            ["pgrep", "-P", str(place.processes["nginx"].pid)], capture_output=True, text=True, check=True
        )
        os.kill(int(children.stdout.split()[0]), 11)
    return codes
