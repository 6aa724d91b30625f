"""What is shipped to be installed: the proxies, the socket between, the unit. Attacked as it stands in `deploy/`."""

import asyncio
import base64
import contextlib
import json
import os
import re
import shutil
import socket
import sqlite3
import ssl
import struct
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from actors import STORY_STUCK, Counsellor, Line, Visitor
from attack.crowd import CANARIES, LIES, Client, Crowd, hits
from attack.deployed import CHAT, DEPLOY, DESK, ONION, PARTNER, Deployed, deployed, names_lead_here
from luwte.plumbing.http import PATIENCE
from luwte.plumbing.pages import EVERYWHERE
from luwte.plumbing.polling import HOLD, MAX_BODY
from luwte.plumbing.sockets import SILENCE, SWEEP

CHATS = 100


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """One installation with each proxy, for all of these tests."""
    yield from deployed(tmp_path_factory.mktemp("deployed") / "it", request.param)


@pytest.fixture
def place(installation: Deployed) -> Deployed:
    """With its server running."""
    if not installation.runs("luwte"):
        installation.start_server()
    return installation


@pytest.fixture
def unserved(installation: Deployed) -> Deployed:
    """With nobody behind the proxy."""
    if installation.runs("luwte"):
        assert installation.stop("luwte") == 0
    return installation


def run(work: Any) -> None:
    """Run *work* where the installation's names lead here."""

    async def story() -> None:
        async with asyncio.timeout(STORY_STUCK), names_lead_here():
            await work()

    asyncio.run(story())


async def raw(
    place: Deployed, data: bytes, *, name: str = CHAT, source: str | None = None, tls: bool = True, patience: float = 20
) -> bytes:
    """What comes back for these bytes until the other side hangs up, or says nothing for *patience* seconds."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1",
        place.port,
        local_addr=(source, 0) if source else None,
        ssl=place.tls if tls else None,
        server_hostname=name if tls else None,
    )
    answer = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
        writer.write(data)
        while more := await asyncio.wait_for(reader.read(65_536), patience):
            answer += more
    writer.transport.abort()
    return answer


def status(answer: bytes) -> bytes:
    """The code of the first answer; nothing when there was none."""
    return answer.split(b" ", 2)[1] if answer.startswith(b"HTTP/1.1 ") else b""


# nothing of anybody, anywhere


def test_a_hundred_chats_leave_no_address_and_no_browser(place: Deployed) -> None:
    """A-9, A-10, A-16: from a hundred addresses with a hundred browsers, with every kind of error, the server killed
    and a worker of the proxy, too: nothing in any file of any component, and nothing printed.
    """
    crowd = Crowd()
    seen: dict[str, bytes] = {}
    found: set[int] = set()

    async def story() -> None:
        # Twenty seconds; Caddy's patience is the one that could end before.
        held = asyncio.ensure_future(_a_poll_that_is_held(place, crowd)) if place.proxy == "caddy" else None
        await _chats(place, crowd)
        found.update(await _errors(place, crowd))
        seen.update({f"running/{name}": data for name, data in place.files().items()})
        if held is not None:
            await held
        found.update(await _killed(place, crowd))
        place.start_server()
        visitor = crowd.visitors[0]
        assert (await visitor.resumes(0))["last"] >= crowd.acked[visitor.conv]
        visitor.line.close()

    run(story)
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
            await desk.post("/desk/salt", json={"name": canary, canary: canary}),
            await desk.post("/desk/sign-out", headers={"Authorization": f"Bearer {b64}"}),
        ]
        # Refused before all of it is there: of that a busy Caddy may hear no more than that the server hung up.
        for _ in range(20):
            answers.append(await desk.post("/desk/salt", content=canary.encode() * 2_000, headers=json_))
            if answers[-1].status_code == 413:
                break
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
            ssl=place.tls if secure else None,
            server_hostname=CHAT if secure else None,
        )
        writer.write(part)
        await writer.drain()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        del reader
    return codes - {0}


async def _killed(place: Deployed, crowd: Crowd) -> set[int]:
    """The server dies while visitors write, and is away; then a worker of the proxy dies, too."""
    await crowd.writes_until(lambda: place.kill("luwte"), each=400)
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


# what reaches the server


class Recorder:
    """In the server's place: keeps what it is sent, answers each request once, and switches to nothing."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.after: list[bytes] = []

    async def hears(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            if size := re.search(rb"(?i)\r\ncontent-length: *(\d+)", head):
                await reader.readexactly(int(size[1]))
            elif b"chunked" in head.lower():
                await reader.readuntil(b"0\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            async with asyncio.timeout(0.05):
                self.after.append(await reader.read(65_536))
        writer.close()

    def headers(self) -> list[dict[str, list[str]]]:
        """The headers of each request, by name."""
        found = []
        for head in self.heads:
            headers: dict[str, list[str]] = {}
            for line in head.decode("latin-1").split("\r\n")[1:-2]:
                name, _, value = line.partition(": ")
                headers.setdefault(name.lower(), []).append(value)
            found.append(headers)
        return found


@contextlib.asynccontextmanager
async def recording(place: Deployed) -> Any:
    """A recorder in the place of the server."""
    recorder = Recorder()
    server = await asyncio.start_unix_server(recorder.hears, str(place.socket))
    try:
        yield recorder
    finally:
        server.close()
        place.socket.unlink()


PASSED = {
    "host",
    "x-real-ip",
    "origin",
    "authorization",
    "content-type",
    "accept-encoding",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-websocket-key",
    "sec-websocket-version",
}
"""All that the server is told of a request."""

SECRETS = {"user-agent", "cookie", "referer", "dnt", "sec-gpc", "sec-ch-ua", "sec-websocket-protocol"}
SECRETS |= {"accept", "accept-language", "x-forwarded-proto", "x-forwarded-host"}
"""What tells browsers or places apart, besides the lies."""


def _says_nothing(place: Deployed, names: set[str]) -> bool:
    """Whether these headers may reach the server: nginx passes on what is listed, Caddy all but what is listed."""
    if place.proxy == "nginx":
        return names <= PASSED
    return not names & (SECRETS | {name.lower() for name in LIES})


HIDDEN = "GET /hidden-4711 HTTP/1.1\r\nHost: {host}\r\nX-Real-IP: 203.0.113.9\r\nX-Hidden: yes\r\n\r\n"


def smuggled(host: str) -> dict[str, str]:
    """Requests in which two readers could see different ends. Each has another one hidden inside."""
    hidden = HIDDEN.format(host=host)
    chunked, size = "0\r\n\r\n" + hidden, len(hidden)
    length = f"Content-Length: {len(chunked)}\r\n"
    post = f"POST /poll HTTP/1.1\r\nHost: {host}\r\n"
    get = f"GET / HTTP/1.1\r\nHost: {host}\r\n"
    upgrade = f"GET /socket HTTP/1.1\r\nHost: {host}\r\nOrigin: https://{host}\r\nConnection: Upgrade\r\n"
    key, old = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", "Sec-WebSocket-Version: 777\r\n"
    settings = "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
    return {
        "two lengths": f"{post}Content-Length: 0\r\nContent-Length: {size}\r\n\r\n{hidden}",
        "two lengths in one": f"{post}Content-Length: 0, {size}\r\n\r\n{hidden}",
        "length and chunks": f"{post}{length}Transfer-Encoding: chunked\r\n\r\n{chunked}",
        "chunks and length": f"{post}Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n{chunked}",
        "unknown coding": f"{post}Transfer-Encoding: xchunked\r\n{length}\r\n{chunked}",
        "two codings": f"{post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n{chunked}",
        "folded coding": f"{post}Transfer-Encoding:\r\n chunked\r\n{length}\r\n{chunked}",
        "space before the colon": f"{post}Transfer-Encoding : chunked\r\n{length}\r\n{chunked}",
        "underscore": f"{post}Transfer_Encoding: chunked\r\nContent_Length: 0\r\n{length}\r\n{chunked}",
        "bare line feeds": f"{post}X: y\nContent-Length: {size}\r\n\r\n{hidden}",
        "bare carriage return": f"{post}X: y\rTransfer-Encoding: chunked\r\nContent-Length: {size}\r\n\r\n{hidden}",
        "negative length": f"{post}Content-Length: -{size}\r\n\r\n{hidden}",
        "length with a sign": f"{post}Content-Length: +{size}\r\n\r\n{hidden}",
        "bent chunk": f"{post}Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n0\r\n\r\n{hidden}",
        "chunk extension": f"{post}Transfer-Encoding: chunked\r\n\r\n0;a=\n{hidden}\r\n\r\n{hidden}",
        "huge chunk": f"{post}Transfer-Encoding: chunked\r\n\r\n1000000000000000d\r\n{hidden}\r\n0\r\n\r\n",
        "a body for a GET": f"{get}Content-Length: {size}\r\n\r\n{hidden}",
        "pipelined": f"{get}\r\n{hidden}",
        "version of old": f"GET / HTTP/1.0\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}",
        "h2c": f"{get}Connection: Upgrade, HTTP2-Settings\r\n{settings}\r\n{hidden}",
        "h2c on a socket": f"{upgrade}{settings}{key}\r\n{hidden}",
        "h2 preface": f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{hidden}",
        "a socket of another version": f"{upgrade}Upgrade: websocket\r\n{old}{key}\r\n{hidden}",
        "a socket without a key": f"{upgrade}Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n{hidden}",
        "two protocols": f"{upgrade}Upgrade: websocket, h2c\r\nSec-WebSocket-Version: 13\r\n{key}\r\n{hidden}",
        "websocket by POST": f"{post}Upgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n{hidden}",
        "headers to drop": f"{get}Connection: close, X-Real-IP, Host, Origin\r\n\r\n{hidden}",
        "lines in the path": f"GET /%0d%0aX-Real-IP:%20203.0.113.9%0d%0a HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "lines in a header": f"{get}Origin: x\rX-Real-IP: 203.0.113.9\r\nSec-Fetch-Site: a\nX-Hidden: yes\r\n\r\n",
        "nothing in a header": f"{get}Origin: x\0y\r\n\r\n",
        "lies": f"{get}X-Real-IP: 203.0.113.9\r\nx-real-ip: 203.0.113.9\r\nX_Real_IP: 203.0.113.9\r\n\r\n",
    }


def test_a_request_reaches_the_server_alone_and_says_nothing_of_itself(unserved: Deployed) -> None:
    """C-15, D-7, D-10, A-16: of what is hidden in a request nothing arrives but as a request of its own, with the true
    address and with headers that are needed; nothing is ever switched to that is no WebSocket.
    """

    async def story() -> None:
        attacks = smuggled(f"{CHAT}:{unserved.port}")
        sources = {f"127.0.1.{n}": name for n, name in enumerate(attacks, 1)}
        async with recording(unserved) as recorder:
            await asyncio.gather(
                *(
                    raw(unserved, attacks[name].encode() + b"\r\n", source=at, patience=2)
                    for at, name in sources.items()
                )
            )
            assert not [after for after in recorder.after if after]
            for headers in recorder.headers():
                (source,) = headers["x-real-ip"]
                name = sources[source]
                assert _says_nothing(unserved, set(headers)), (name, headers)
                assert len(headers["host"]) == 1
                assert headers.get("upgrade", ["websocket"]) == ["websocket"], (name, headers)
                assert "content-length" not in headers or "transfer-encoding" not in headers, (name, headers)
            assert {sources[headers["x-real-ip"][0]] for headers in recorder.headers()} >= {"pipelined", "h2c", "lies"}

    run(story)


def test_a_browser_is_not_told_apart(unserved: Deployed) -> None:
    """A-9, A-18: of what a browser says of itself, and of what claims to know its address, nothing is passed on."""

    async def story() -> None:
        crowd = Crowd()
        client = crowd.dressed(Client(unserved.house))
        mine = {"Accept-Language": "nl-XX", "Cookie": "a=b", "DNT": "1", "Sec-GPC": "1", "Sec-CH-UA": "canary"}
        mine |= {"Accept-Encoding": "canary", "Sec-WebSocket-Protocol": "canary", "If-None-Match": '"canary"'}
        async with recording(unserved) as recorder:
            async with client.http() as http:
                await http.get("/", headers=mine)
                await http.post("/poll", content=b"x", headers=mine | {"Origin": unserved.origin()})
            told = recorder.headers()
            assert len(told) == 2
            assert hits({"heads": b"".join(recorder.heads).replace(client.source.encode(), b"", 2)}, crowd.words) == []
            assert [headers["x-real-ip"] for headers in told] == [[client.source]] * 2
            assert _says_nothing(unserved, set().union(*told)), told

    run(story)


def test_only_our_own_names_lead_to_the_server(unserved: Deployed) -> None:
    """D-8, D-13: another Host, an absolute address, two hosts: no answer, an error, and never a way elsewhere."""

    async def story() -> None:
        port = unserved.port
        async with recording(unserved) as recorder:
            for line, hosts in (
                ("GET / HTTP/1.1", ["evil.example"]),
                ("GET / HTTP/1.1", [f"evil.example:{port}"]),
                ("GET / HTTP/1.1", [f"{CHAT}.evil.example:{port}"]),
                ("GET / HTTP/1.1", [f"evil.example/{CHAT}"]),
                ("GET / HTTP/1.1", [f"{CHAT}:{port}", "evil.example"]),
                ("GET / HTTP/1.1", ["evil.example", f"{CHAT}:{port}"]),
                ("GET / HTTP/1.1", []),
                ("GET / HTTP/1.1", [""]),
                ("GET / HTTP/1.0", []),
                ("GET https://evil.example/ HTTP/1.1", ["evil.example"]),
                ("GET //evil.example/ HTTP/1.1", ["evil.example"]),
            ):
                request = "\r\n".join([line, *(f"Host: {host}" for host in hosts), "X-Forwarded-Host: evil.example"])
                answer = await raw(unserved, (request + "\r\nConnection: close\r\n\r\n").encode())
                assert status(answer) != b"200", (line, hosts)
                assert b"evil" not in answer
                assert b"\r\nlocation:" not in answer.lower()
            assert recorder.heads == []
            # Whoever stands in the request line is not who is asked: the server says no to the host.
            mixed = f"GET https://{CHAT}:{port}/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
            await raw(unserved, mixed.encode())
            for headers in recorder.headers():
                assert headers["host"] in ([f"{CHAT}:{port}"], ["evil.example"])

    run(story)


def test_each_circuit_of_an_onion_is_told_apart(unserved: Deployed) -> None:
    """A-15, A-16: the server hears which one it was, by the proxy's word alone."""
    _needs_nginx(unserved)

    async def story() -> None:
        async with recording(unserved) as recorder:
            for circuit in ("aabb:1", "aabb:2"):
                await by_circuit(unserved, circuit, "/", "X-Real-IP: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\n")
            told = [headers["x-real-ip"] for headers in recorder.headers()]
            assert told == [["fc00:dead:beef:4dad::aabb:1"], ["fc00:dead:beef:4dad::aabb:2"]]

    run(story)


# what is answered


def test_no_path_leads_out_of_the_house(place: Deployed) -> None:
    """D-9: dots, encoded slashes, NUL, in every spelling, at each address: an error of ours, and no file of anybody."""

    async def story() -> None:
        for name in (CHAT, DESK, PARTNER):
            for path in (
                "/../../../../etc/passwd",
                "/..%2f..%2f..%2fetc/passwd",
                "/%2e%2e/%2e%2e/etc/passwd",
                "/assets/../../main.db",
                "/assets/..%5c..%5cmain.db",
                "/assets/%252e%252e%252fmain.db",
                "/assets/%00",
                "/assets/%c0%ae%c0%ae/main.db",
                "//etc/passwd",
                "/-/malformed",
                "/-/away",
                "/luwte/sites.conf",
                "/.git/HEAD",
                "/desk/../luwte.toml",
                "*",
            ):
                head = f"GET {path} HTTP/1.1\r\nHost: {name}:{place.port}\r\nConnection: close\r\n\r\n"
                answer = await raw(place, head.encode(), name=name)
                assert status(answer) in (b"400", b"404"), (name, path, answer)
                assert _is_ours(answer), answer
                assert b"root:" not in answer

    run(story)


def test_an_error_page_tells_nothing(place: Deployed) -> None:
    """D-16, D-6: no version, no path, no word of what was asked; under the headers of all our answers."""

    async def story() -> None:
        host = f"Host: {CHAT}:{place.port}\r\nConnection: close\r\n"
        for code, request in {
            b"400": f"GET / HTTP/1.1\r\n{host}Host: canary\r\n\r\n",
            b"404": f"GET /canary HTTP/1.1\r\n{host}\r\n",
            b"405": f"TRACE / HTTP/1.1\r\n{host}X-Canary: canary\r\n\r\n",
            b"413": f"POST /poll HTTP/1.1\r\n{host}Content-Length: 200000\r\n\r\n" + "canary" * 20_000,
            b"403": f"GET / HTTP/1.1\r\n{host}Origin: https://canary.example\r\n\r\n",
        }.items():
            answer = await raw(place, request.encode(), patience=2)
            # This Caddy takes a body that is too long for one that broke off, here or, when it is slow, at the server.
            wanted = (b"400", b"503") if place.proxy == "caddy" and code == b"413" else (code,)
            assert status(answer) in wanted, (code, answer)
            assert _is_ours(answer) or _is_gos(place, answer), answer
        for garbage in (
            "canary\r\n\r\n",
            f"GET / HTTP/9.9\r\n{host}\r\n",
            f"GET /canary{'x' * 40_000} HTTP/1.1\r\n{host}\r\n",
        ):
            answer = await raw(place, garbage.encode())
            assert _is_ours(answer) or _is_gos(place, answer), answer
            assert b"canary" not in answer

    run(story)


def _is_gos(place: Deployed, answer: bytes) -> bool:
    """Whether Go's library, below Caddy, said one of its fixed words about what never became a request."""
    return place.proxy == "caddy" and bool(
        re.fullmatch(rb"(?s)HTTP/1.1 [45]\d\d [\w .:]+\r\n.{,80}\r\n\r\n[45][\w .:]+", answer)
    )


def _is_ours(answer: bytes) -> bool:
    """Whether an error has our headers, one plain sentence, and nothing of where it was made."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if lines.get(b"server", b"nginx") != b"nginx" or re.search(rb"canary|luwte|\d\.\d\d|/run/|html>", body):
        return False
    guarded = all(lines.get(name.lower().encode()) == value.lower().encode() for name, value in EVERYWHERE.items())
    return guarded and (b"112" in body or set(json.loads(body)) == {"code", "says"})


def test_no_answer_may_be_kept(place: Deployed) -> None:
    """D-15, A-2: what headers say that nobody looks at changes no answer; none has anything to be known again by."""

    async def story() -> None:
        crowd = Crowd()
        async with crowd.dressed(Client(place.house)).http() as plain:
            plain.headers = httpx.Headers({"Host": f"{CHAT}:{place.port}"})
            for path in ("/", "/org.js", "/l/chat/status", "/nothing"):
                first = await plain.get(path)
                for headers in (
                    {"X-Forwarded-Host": "evil.example"},
                    {"X-Forwarded-Scheme": "http", "X-Forwarded-Proto": "http"},
                    {"X-Original-URL": "/desk", "X-Rewrite-URL": "/desk"},
                    {"X-Host": "evil.example", "Forwarded": "host=evil.example"},
                    {"Accept-Language": "xx", "User-Agent": "evil.example", "Cookie": "a=evil"},
                    {"Range": "bytes=0-1", "If-None-Match": "*"},
                ):
                    again = await plain.get(path, headers=headers)
                    assert (again.status_code, again.content) == (first.status_code, first.content), (path, headers)
                    assert set(again.headers) == set(first.headers)
                assert first.headers["cache-control"] == "no-store"
                ours = {"set-cookie", "etag", "last-modified", "alt-svc", "location", "via", "x-powered-by", "age"}
                assert not ours & set(first.headers)

    run(story)


def test_each_part_is_found_at_its_own_address(place: Deployed) -> None:
    """D-2: through the proxy as without it; and what is large comes compressed, but nothing of a desk's answers."""

    async def story() -> None:
        crowd = Crowd()
        client = crowd.dressed(Client(place.house))
        async with (
            client.http() as chat,
            client.http(place.origin(DESK)) as desk,
            client.http(place.origin(PARTNER)) as third,
        ):
            for browser, found in ((chat, [200, 404, 404]), (desk, [404, 200, 404]), (third, [404, 404, 404])):
                paths = ("/", "/desk", "/partner")
                assert [(await browser.get(path)).status_code for path in paths] == found
                page = await browser.get("/healthz")
                assert page.headers["strict-transport-security"].startswith("max-age=63072000")
            page = await chat.get("/")
            assert page.headers["onion-location"] == f"https://{ONION}/"
            script = max(re.findall(r'src="(/assets/[^"]+)"', page.text))
            plain = (await chat.get(script, headers={"Accept-Encoding": "identity"})).content
            for asked, told in (("gzip, deflate, br", "br"), ("gzip, br;q=0", "gzip"), ("gzip", "gzip"), ("x", None)):
                answer = await chat.get(script, headers={"Accept-Encoding": asked})
                assert (answer.headers.get("content-encoding"), answer.content) == (told, plain), asked
                assert [line for line in answer.headers.get_list("vary") if line.lower() != "accept-encoding"] == []
            salt = await desk.post("/desk/salt", json={"name": "Noor" * 20})
            assert "content-encoding" not in salt.headers

    run(story)


def test_where_one_comes_from_is_the_proxys_to_say(place: Deployed) -> None:
    """A-16: whatever a browser says of its address, its limit is its connection's; another network has another."""

    async def story() -> None:
        crowd = Crowd()
        client, elsewhere = crowd.dressed(Client(place.house)), crowd.dressed(Client(place.house))
        client.source, elsewhere.source = "127.0.77.5", "127.0.78.5"
        body = {"name": "Robin", "proof": "AAAA"}
        async with client.http(place.origin(DESK)) as desk, elsewhere.http(place.origin(DESK)) as other:
            lies = [{"X-Real-IP": f"203.0.{n}.7", "X-Forwarded-For": f"198.51.{n}.7"} for n in range(14)]
            codes = [(await desk.post("/desk/sign-in", json=body, headers=lie)).status_code for lie in lies]
            assert codes == [401] * 10 + [429] * 4
            assert (await other.post("/desk/sign-in", json=body)).status_code == 401

    run(story)


# TLS


def test_what_is_not_named_gets_no_certificate(place: Deployed) -> None:
    """L-6, A-15: nor is one of ours read off from another's; old versions and old ciphers get none either; no session
    is taken up again, and nothing but HTTP/1.1 is spoken.
    """

    def shakes(name: str | None, change: Any = None) -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2", "http/1.1"])
        if change is not None:
            change(context)
        plain = socket.create_connection(("127.0.0.1", place.port), timeout=10)
        return context.wrap_socket(plain, server_hostname=name)

    def only(version: ssl.TLSVersion, ciphers: str) -> Any:
        def change(context: ssl.SSLContext) -> None:
            context.set_ciphers(ciphers)
            context.minimum_version = context.maximum_version = version

        return change

    for name in (None, "evil.example", f"{CHAT}.evil.example", "example.org"):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            shakes(name)
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            shakes(CHAT, only(version, "ALL:@SECLEVEL=0"))
    for ciphers in ("AES128-SHA256", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA"):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            shakes(CHAT, only(ssl.TLSVersion.TLSv1_2, ciphers))
    names = set()
    for name in (CHAT, DESK, PARTNER):
        with shakes(name) as secure:
            assert secure.selected_alpn_protocol() in (None, "http/1.1")
            assert secure.version() == "TLSv1.3"
            certificate = secure.getpeercert(binary_form=True)
            assert certificate is not None
            assert [other for other in (CHAT, DESK, PARTNER) if other.encode() in certificate] == [name]
            names.add(certificate)
    assert len(names) == 3
    if place.proxy == "nginx":
        with shakes(CHAT, only(ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM")) as secure:
            assert secure.session is None or (not secure.session.has_ticket and not secure.session.id)


def test_an_onion_comes_in_by_a_door_of_its_own(place: Deployed) -> None:
    """A-15: with a certificate of its own, no HSTS, and no word of another address, in any answer."""
    _needs_nginx(place)

    async def story() -> None:
        for path in ("/", "/l/chat", "/org.js", "/desk", "/nothing", "/healthz"):
            certificate, answer = await by_circuit(place, "aabb:1", path)
            assert status(answer) == (b"404" if path in ("/desk", "/nothing") else b"200")
            assert b"strict-transport-security" not in answer.lower()
            assert b"onion-location" not in answer.lower()
            assert b"example.org" not in certificate + answer
        # At the door of everybody else the same words are no greeting.
        assert status(await raw(place, greeting("aabb:1"), tls=False)) in (b"", b"400")

    run(story)


def greeting(circuit: str) -> bytes:
    """What Tor says first."""
    return f"PROXY TCP6 fc00:dead:beef:4dad::{circuit} ::1 65535 443\r\n".encode()


async def by_circuit(place: Deployed, circuit: str, path: str, more: str = "") -> tuple[bytes, bytes]:
    """The certificate and the answer of the onion to a visitor who comes by a circuit."""
    reader, writer = await asyncio.open_unix_connection(str(place.onion_socket))
    writer.write(greeting(circuit))
    await writer.start_tls(place.tls, server_hostname=ONION)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {ONION}\r\nConnection: close\r\n{more}\r\n".encode())
    answer = b""
    while piece := await reader.read(1_000_000):
        answer += piece
    writer.close()
    return certificate, answer


def _needs_nginx(place: Deployed) -> None:
    if place.proxy != "nginx":
        pytest.skip("the Caddy of Debian 12 does not read what Tor says of a circuit; docs/runbooks/deploy.md says so")


# the machine


def test_nothing_else_listens(place: Deployed) -> None:
    """L-7: the server on its socket and on no port; the proxy where it was told to."""
    ports: dict[str, set[str]] = {}
    listening = {}
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] in ("0A", "07"):
                listening[fields[9]] = f"{table} {int(fields[1].partition(':')[2], 16)}"
    for name, process in place.processes.items():
        ports[name] = set()
        for link in Path(f"/proc/{process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                inode = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(link))
                if inode and inode[1] in listening:
                    ports[name].add(listening[inode[1]])
    assert ports["luwte"] == set()
    # Caddy also opens port 80 to send browsers on, where it may.
    assert {f"tcp {place.port}"} <= ports[place.proxy] <= {f"tcp {place.port}", "tcp6 80", "tcp 80"}


def test_files_are_their_owners_alone(place: Deployed) -> None:
    """L-4, L-3: folders 0700 and files 0600, the socket also for its group; no core dump, whatever started it."""
    for path in [place.data, *place.data.rglob("*")]:
        mode = path.stat().st_mode & 0o777
        assert mode == (0o700 if path.is_dir() else 0o600), (path.name, oct(mode))
    assert place.socket.stat().st_mode & 0o777 == 0o660
    assert Path(f"{place.socket}.lock").stat().st_mode & 0o777 == 0o600
    limits = Path(f"/proc/{place.processes['luwte'].pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)


def test_a_stop_says_goodbye(place: Deployed) -> None:
    """SIGTERM: each page hears through the proxy that the server goes, the socket is gone, and the code is 0; what was
    acknowledged is there when it comes back, on the same socket.
    """

    async def story() -> None:
        visitor = place.house.visitor()
        await visitor.starts()
        n = (await visitor.says("before"))["n"]
        assert place.stop("luwte") == 0
        assert await visitor.line.closing_code() == 1001
        assert not place.socket.exists()
        place.start_server()
        assert (await visitor.resumes(0))["last"] == n
        place.kill("luwte")
        assert place.socket.exists()
        place.start_server()
        assert (await visitor.resumes(0))["last"] == n
        visitor.line.close()

    run(story)


# the files themselves


def test_the_unit_gives_nothing_away() -> None:
    """L-1, L-3: not root, nothing to write but its data, nothing new to gain, no core dump, no swap, no network."""
    unit = _unit()
    assert unit["User"] == unit["Group"] == "luwte"
    for name in (
        "NoNewPrivileges",
        "PrivateTmp",
        "PrivateDevices",
        "PrivateNetwork",
        "ProtectHome",
        "ProtectKernelModules",
        "ProtectKernelTunables",
        "ProtectKernelLogs",
        "ProtectControlGroups",
        "MemoryDenyWriteExecute",
        "RestrictNamespaces",
        "RestrictSUIDSGID",
        "LockPersonality",
    ):
        assert unit[name] == "yes", name
    assert unit["ProtectSystem"] == "strict"
    assert unit["ReadWritePaths"] == "/var/lib/luwte /run/luwte"
    assert unit["CapabilityBoundingSet"] == unit["AmbientCapabilities"] == ""
    assert (unit["LimitCORE"], unit["MemorySwapMax"], unit["UMask"]) == ("0", "0", "0077")
    assert (unit["StateDirectoryMode"], unit["RuntimeDirectoryMode"]) == ("0700", "0750")
    assert unit["RestrictAddressFamilies"] == "AF_UNIX"
    assert unit["SystemCallFilter"].startswith("@system-service ~@privileged")
    assert "--metrics-port" not in unit["ExecStart"]


def _unit() -> dict[str, str]:
    """The settings of the unit, each with all its lines."""
    found: dict[str, str] = {}
    for line in (DEPLOY / "systemd" / "luwte.service").read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name] = f"{found[name]} {value}" if name in found else value
    return found


def test_systemd_finds_little_to_say(tmp_path: Path) -> None:
    """L-2: it reads the unit without a warning, and counts its exposure as 1 at most, of 10."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze here")
    unit = tmp_path / "luwte.service"
    unit.write_text((DEPLOY / "systemd" / "luwte.service").read_text().replace("/opt/luwte/bin/luwte", "/bin/true"))
    command = [analyze, "security", "--offline=yes", "--no-pager", "--threshold=10", str(unit)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""


def test_the_server_lives_without_writable_code() -> None:
    """L-1: MemoryDenyWriteExecute, as the kernel enforces it: Argon2id, TLS's library and the loop all work."""
    program = (
        "import ctypes, sys\n"
        "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(77)\n"  # PR_SET_MDWE, since Linux 6.3
        "import asyncio, uvloop, os\n"
        "from luwte.crypto import primitives\n"
        "import luwte.cli\n"
        "primitives.stretch('a passphrase', os.urandom(16))\n"
        "uvloop.run(asyncio.sleep(0))\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    if result.returncode == 77:
        pytest.skip("this kernel cannot deny writable code")
    assert result.returncode == 0, result.stderr


def test_the_shipped_files_say_the_same() -> None:
    """D-16: the headers of the proxies' own answers are the server's; their words are, too; and the bounds fit."""
    caddy, nginx = (DEPLOY / "caddy" / "Caddyfile").read_text(), (DEPLOY / "nginx" / "headers.conf").read_text()
    assert dict(re.findall(r'^add_header (\S+) "(.*)" always;$', nginx, re.MULTILINE)) == EVERYWHERE
    block = caddy.partition("(headers) {")[2].partition("\n}")[0]
    assert dict(re.findall(r'^\t\t(\S+) "(.*)"$', block, re.MULTILINE)) == EVERYWHERE


def test_the_bounds_fit() -> None:
    """J-7: the proxies wait longer than a poll is held and than a WebSocket is silent, take what the server takes, and
    lay none of it on a disk.
    """
    caddy, nginx = ((DEPLOY / name).read_text() for name in ("caddy/Caddyfile", "nginx/nginx.conf"))
    server = (DEPLOY / "nginx" / "server.conf").read_text()

    def seconds(name: str, text: str) -> float:
        return float(re.findall(rf"^\s*{name} (\d+)s;?$", text, re.MULTILINE)[0])

    for waits in (seconds("proxy_read_timeout", server), seconds("read_body", caddy)):
        assert waits > max(HOLD, SILENCE) + SWEEP
    assert seconds("response_header_timeout", caddy) > HOLD + SWEEP
    for name in ("client_header_timeout", "client_body_timeout"):
        assert seconds(name, nginx) == PATIENCE
    assert seconds("read_header", caddy) == PATIENCE
    assert int(re.findall(r"client_max_body_size (\d+)k;", nginx)[0]) * 1024 > MAX_BODY
    assert re.findall(r"client_body_buffer_size (\d+)k;", nginx) == re.findall(r"client_max_body_size (\d+)k;", nginx)
    assert int(re.findall(r"max_size (\d+)KB", caddy)[0]) * 1000 > MAX_BODY
    assert "proxy_max_temp_file_size 0;" in server
    assert "proxy_buffering off;" in server
    for text in (nginx, server, *(path.read_text() for path in (DEPLOY / "nginx").glob("*.conf"))):
        words = r"^\s*(?:access_log (?!off;)|error_log (?!/dev/null emerg;|stderr warn;)|limit_|proxy_cache)"
        assert not re.search(words, text, re.MULTILINE)
