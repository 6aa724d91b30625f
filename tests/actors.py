"""People who use a real server over real sockets, with the Python twin of the browser's cryptography."""

import asyncio
import base64
import hmac
import json
import os
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvicorn
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from luwte import demo
from luwte.app import Luwte, running, serving
from luwte.crypto import certificate, envelope, keys, phrase, primitives, rotation
from luwte.crypto.envelope import MESSAGE, NOTE, ROTATION, SHARED_LOG, TEAM, TEAM_LOG, VISITOR, Header
from luwte.crypto.wrap import Purpose, WrapContext, unwrap, wrap
from luwte.plumbing.clock import Clock
from luwte.plumbing.http import let_go_of_the_deaf
from luwte.settings import Settings
from luwte.staff import second_factor

WEBSOCKET, POLLING = "WebSocket", "long-polling"
carrier = WEBSOCKET
"""What carries the lines of this test; the fixture `both_ways` changes it."""

STUCK = 60.0
"""Seconds after which what must come has not come because something hangs, however much else the machine does."""
STORY_STUCK = 200.0
"""The same for a whole story."""

_template: dict[str, Path] = {}


def demo_folder(folder: Path) -> Path:
    """A demonstration folder with accounts; stretched passphrases are made once per test run."""
    if (folder / "main.db").exists():  # the same house, started again
        return folder
    if "it" not in _template:
        made = folder.parent / f"template-{os.getpid()}"
        _make_template(made)
        _template["it"] = made
    if not (folder / "main.db").exists():  # a house that opens again is as it was left
        shutil.copytree(_template["it"], folder, dirs_exist_ok=True)
    return folder


def _make_template(folder: Path) -> None:
    import threading

    def make() -> None:
        async def work() -> None:
            settings = demo.prepare(folder, 1)
            async with running(settings, is_demo=True) as luwte:
                await demo.admit_all(luwte.db, luwte.keys, demo.load(folder), int(time.time()))

        asyncio.run(work())

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()


@dataclass
class App:
    """An app on somebody's phone that makes one-time codes, and the recovery codes that were printed with it."""

    secret: bytes = field(default_factory=lambda: os.urandom(second_factor.SECRET_BYTES))
    recovery: tuple[bytes, ...] = field(
        default_factory=lambda: tuple(os.urandom(second_factor.RECOVERY_BYTES) for _ in range(10))
    )

    taken: int = 0

    def code(self, now: float) -> str:
        """What it shows at *now*."""
        digest = hmac.digest(self.secret, (int(now) // 30).to_bytes(8), "sha1")
        at = digest[19] & 15
        return f"{(int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF) % 1_000_000:06}"

    def next_paper(self) -> str:
        """A recovery code that was not taken from the drawer yet."""
        self.taken += 1
        return self.paper(self.taken - 1)

    def paper(self, which: int = 0) -> str:
        """A recovery code as it is printed."""
        return second_factor.recovery_text(self.recovery[which])

    def enrolment(self, now: float) -> second_factor.Enrolment:
        """What its owner's browser would send."""
        return second_factor.Enrolment(self.secret, self.code(now), self.recovery)


@dataclass
class Site:
    """An installation as the people who use it reach it."""

    settings: Settings
    organisation: demo.Organisation
    origin: str
    desk: str | None = None
    """Where the desk is, if it is elsewhere."""
    tls: ssl.SSLContext | None = None
    """Whose certificates count, where there are any."""
    apps: dict[str, App] = field(default_factory=dict)
    """Of accounts that have a second factor from the beginning, by their id."""

    @property
    def desk_origin(self) -> str:
        """Where desks find it."""
        return self.desk or self.origin

    @property
    def folder(self) -> Path:
        """Where it keeps everything."""
        return self.settings.folder

    def visitor(self) -> "Visitor":
        """Somebody with a phone."""
        return Visitor(self)

    def counsellor(self, index: int = 0) -> "Counsellor":
        """A member of staff at a desk."""
        return Counsellor(self, self.organisation.people[index])


async def three_at_desks(house: Site) -> tuple["Counsellor", "Counsellor", "Counsellor"]:
    """Noor, Sam, and Robin who leads."""
    noor, sam, robin = (house.counsellor(n) for n in range(3))
    for desk in (noor, sam, robin):
        await desk.opens_desk()
    return noor, sam, robin


@dataclass
class House(Site):
    """One that runs inside the test."""

    luwte: Luwte = field(kw_only=True)


@asynccontextmanager
async def a_house(
    folder: Path, clock: Clock = time.time, desk_limit: int = 1_000, **others: Any
) -> AsyncIterator[House]:
    """A server on a free port of this machine, in the loop of the test; on a folder that was used it starts again.

    Its desks may hold more than real ones; *others* are settings that differ from a demonstration's. Where the test
    turns the clock, nobody looks who is gone unless the test says so: a look between its turning the clock and the
    next sign of life would find everybody silent.
    """
    if not (folder / "main.db").exists():
        demo_folder(folder)
    listener = a_listener()
    port = listener.getsockname()[1]
    settings = replace(demo.prepare(folder, port), desk_limit=desk_limit, **others)
    organisation = demo.load(folder)
    async with running(settings, is_demo=True, clock=clock) as luwte:
        await demo.admit_all(luwte.db, luwte.keys, organisation, int(clock()))
        await luwte.reload_teams()
        if clock is not time.time:
            assert luwte.sockets._sweeper is not None
            luwte.sockets._sweeper.cancel()
            luwte.watch.stop()
            luwte.departures.stop()
        async with answering(luwte, listener):
            yield House(settings, organisation, f"http://127.0.0.1:{port}", luwte=luwte)


def a_listener() -> socket.socket:
    """A free port of this machine."""
    # Named as TCP, or asyncio leaves Nagle's algorithm on and each answer over HTTP waits 40 ms.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    let_go_of_the_deaf(listener)
    return listener


@asynccontextmanager
async def answering(luwte: Luwte, listener: socket.socket) -> AsyncIterator[None]:
    """Answer requests for as long as this lasts."""
    server = uvicorn.Server(serving(luwte))
    task = asyncio.create_task(server._serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        await luwte.sockets.stop()
        server.should_exit = True
        await task


class _Ear(WSListener):
    def __init__(self) -> None:
        self.frames: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.code: int | None = None
        self.everything: list[dict[str, Any]] = []

    def hears(self, data: bytes) -> None:
        """A frame arrives."""
        self.everything.append(msgspec.msgpack.decode(data))
        self.frames.put_nowait(self.everything[-1])

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.BINARY:
            self.hears(frame.get_payload_as_bytes())
        elif frame.msg_type is WSMsgType.CLOSE:
            payload = frame.get_payload_as_bytes()
            self.code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else None
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.frames.put_nowait(None)


class Line:
    """One WebSocket, with frames as dictionaries."""

    def __init__(self, transport: WSTransport, ear: _Ear) -> None:
        self._transport, self._ear = transport, ear
        self.sent: list[bytes] = []

    @classmethod
    async def open(
        cls,
        url: str,
        origin: str | None,
        source: str | None = None,
        agent: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> "Line":
        """Connect, from address *source* and as browser *agent* where given; raises when the server will not."""
        if carrier == POLLING:
            return await PollingLine.begin(url, origin, source, agent, tls)
        named = {"Origin": origin, "User-Agent": agent}
        headers = {name: value for name, value in named.items() if value is not None}
        local = {"local_addr": (source, 0)} if source is not None else {}
        transport, ear = await ws_connect(_Ear, url, ssl_context=tls, extra_headers=headers, **local)
        assert isinstance(ear, _Ear)
        return cls(transport, ear)

    def send(self, t: str, **values: Any) -> None:
        """Send one frame."""
        self.send_raw(msgspec.msgpack.encode({"t": t, **values}))

    def send_raw(self, data: bytes) -> None:
        """Send any bytes."""
        self.sent.append(data)
        self._transport.send(WSMsgType.BINARY, data)

    async def hear(self, *kinds: str, within: float = STUCK) -> dict[str, Any]:
        """The next frame of one of these kinds; others are passed over. A closed line is an error."""
        async with asyncio.timeout(within):
            while True:
                frame = await self._ear.frames.get()
                if frame is None:
                    raise ConnectionError(f"closed with {self._ear.code}")
                if not kinds or frame["t"] in kinds:
                    return frame

    @property
    def everything(self) -> list[dict[str, Any]]:
        """All that was heard so far."""
        return self._ear.everything

    async def closing_code(self, within: float = STUCK) -> int | None:
        """Wait until the server hangs up; its code."""
        async with asyncio.timeout(within):
            while await self._ear.frames.get() is not None:
                pass
        return self._ear.code

    def cut(self) -> None:
        """The train enters the tunnel."""
        self._transport.disconnect(graceful=False)

    def close(self) -> None:
        """Hang up."""
        self._transport.disconnect()

    def says_goodbye(self) -> None:
        """Close as a page does that is left."""
        self._transport.send_close(WSCloseCode.OK)
        self._transport.disconnect()


class PollingLine(Line):
    """The same by long-polling: one request is held, and whatever is said lets it go."""

    def __init__(self, http: httpx.AsyncClient, id: bytes) -> None:
        self._http, self.id = http, id
        self._ear = _Ear()
        self.sent: list[bytes] = []
        self.unheard: list[bytes] = []
        self.first, self.heard = 1, 0
        self._said = asyncio.Event()
        self._asking = asyncio.create_task(self._ask_for_ever())

    @classmethod
    async def begin(
        cls,
        url: str,
        origin: str | None,
        source: str | None,
        agent: str | None,
        tls: ssl.SSLContext | None = None,
    ) -> "PollingLine":
        """Open a connection to the path of a WebSocket; raises when the server will not."""
        scheme, _, place = url.partition("://")
        base, _, path = place.partition("/")
        headers = {"Content-Type": "application/octet-stream", "Origin": origin, "User-Agent": agent}
        http = httpx.AsyncClient(
            base_url=f"{scheme.replace('ws', 'http')}://{base}",
            headers={name: value for name, value in headers.items() if value is not None},
            transport=httpx.AsyncHTTPTransport(local_address=source, verify=tls or True),
            timeout=60,
        )
        answer = await http.post("/poll/open", content=msgspec.msgpack.encode({"path": f"/{path}"}))
        if answer.status_code != 200:
            raise ConnectionError(answer.text)
        return cls(http, msgspec.msgpack.decode(answer.content)["id"])

    def send_raw(self, data: bytes) -> None:
        """Send any bytes."""
        self.sent.append(data)
        self.unheard.append(data)
        self._said.set()

    def ask(self) -> dict[str, Any]:
        """The next request: what is unheard, as far as it fits."""
        frames, size = [], 0
        for frame in self.unheard[:32]:
            size += len(frame) + 8
            if frames and size > 48_000:
                break
            frames.append(frame)
        more = {"more": True} if len(frames) < len(self.unheard) else {}
        return {"id": self.id, "first": self.first, "frames": frames, "heard": self.heard, **more}

    def take(self, answer: dict[str, Any]) -> None:
        """Hear an answer; what was heard before is passed over."""
        gone = max(0, answer["heard"] + 1 - self.first)
        self.first += gone
        del self.unheard[:gone]
        for n, frame in enumerate(answer["frames"], answer["first"]):
            if n == self.heard + 1:
                self.heard = n
                self._ear.hears(frame)
        if "code" in answer and self._ear.code is None:
            self._ear.code = answer["code"]
            self._ear.frames.put_nowait(None)

    async def request(self, path: str = "/poll") -> httpx.Response:
        """Ask once."""
        return await self._http.post(path, content=msgspec.msgpack.encode(self.ask()))

    async def _ask_for_ever(self) -> None:
        held: set[asyncio.Task[httpx.Response]] = set()
        said = asyncio.create_task(self._said.wait())
        try:
            while self._ear.code is None:
                if not held or (self._said.is_set() and len(held) < 2):
                    self._said.clear()
                    held.add(asyncio.create_task(self.request()))
                if said.done():
                    said = asyncio.create_task(self._said.wait())
                done, _ = await asyncio.wait({*held, said}, return_when=asyncio.FIRST_COMPLETED)
                for one in done & held:
                    held.discard(one)
                    answer = one.result()
                    if answer.status_code != 200:
                        self._ear.frames.put_nowait(None)
                        return
                    self.take(msgspec.msgpack.decode(answer.content))
                    if self.unheard:
                        self._said.set()
        except httpx.TransportError:
            self._ear.frames.put_nowait(None)
        finally:
            for one in (*held, said):
                one.cancel()

    def cut(self) -> None:
        """The train enters the tunnel: nothing is said any more, not even goodbye."""
        self._asking.cancel()

    def close(self) -> None:
        """Hang up."""
        self._asking.cancel()
        asyncio.create_task(self.request("/poll/close"))


@dataclass
class Chain:
    """The sending side of one log: what the next envelope must carry."""

    conv: bytes
    log: int
    sender: bytes = field(default_factory=lambda: os.urandom(8))
    seq: int = 0
    prev: bytes = bytes(32)

    def next(self, klass: int, direction: int, generation: int) -> Header:
        """The header of the next envelope, and the chain moved on by `sealed`."""
        head = envelope.head_zero(self.conv, self.log)
        return Header(
            klass, direction, self.conv, generation, self.sender, self.seq + 1, os.urandom(16), self.prev, 0, head
        )

    def sealed(self, data: bytes) -> bytes:
        """Remember the envelope that goes out."""
        self.seq += 1
        self.prev = primitives.sha256(data)
        return data


class Visitor:
    """A visitor's browser."""

    path = "/socket/2"

    def __init__(self, house: Site) -> None:
        self.house = house
        self.vs = os.urandom(32)
        self.secrets = [os.urandom(32), os.urandom(32)]
        self.keys = keys.visitor_keys(self.vs)
        self.chain = Chain(self.keys.conv, SHARED_LOG)
        self.generation = 0
        self.page: bytes | None = None
        self.line: Line
        self.source: str | None = None
        self.agent: str | None = None
        self.clock: Clock = time.time
        self.team_cert = b""
        self.start_frame: dict[str, Any] = {}

    @property
    def conv(self) -> bytes:
        """The conversation's id."""
        return self.keys.conv

    async def connects(self, path: str | None = None) -> dict[str, Any]:
        """Open a line and hear hello."""
        url = self.house.origin.replace("http", "ws") + (path or self.path)
        self.line = await Line.open(url, self.house.origin, self.source, self.agent, self.house.tls)
        hello = await self.line.hear("hello")
        self.team_cert = hello["certificates"][1]
        return hello

    async def starts(self, **more: Any) -> dict[str, Any]:
        """Start a conversation."""
        hello = await self.connects()
        self.start_frame = self.makes_start(hello) | more
        self.line.send("start", **self.start_frame)
        return await self.line.hear("started", "refused")

    def makes_start(self, hello: dict[str, Any]) -> dict[str, Any]:
        """The start frame for this line."""
        admin, team = hello["certificates"]
        organisation, line = hello["organisation"], hello["line"]
        root = primitives.signing_public_of(self.house.organisation.root)
        signed = certificate.check_chain(
            root,
            admin,
            team,
            organisation=organisation,
            type=certificate.Type.TEAM,
            now=int(self.clock()),
            subject=line,
        )
        tk, epoch = signed.certificate.keys[0], signed.certificate.epoch
        wraps = []
        for g, secret in enumerate(self.secrets):
            for public, purpose in ((tk, Purpose.TEAM), (self.keys.ve_public, Purpose.VISITOR)):
                wraps.append(wrap(secret, public, WrapContext(organisation, line, epoch, self.conv, g, purpose)))
        team_cert = certificate.cert_id(team)
        return {
            "line": line,
            "ve": self.keys.ve_public,
            "vg": self.keys.vg_public,
            "credential": self.keys.credential,
            "team_cert": team_cert,
            "wraps": wraps,
            "sig": keys.sign_start(line, self.keys, team_cert, wraps),
            "rotates": True,
        }

    async def resumes(self, after: int = 0, **more: Any) -> dict[str, Any]:
        """Come back on a new line."""
        await self.connects()
        page = {"page": self.page} if self.page is not None else {}
        self.line.send("resume", conv=self.conv, credential=self.keys.credential, after=after, **page, **more)
        return await self.line.hear("resumed", "refused")

    async def keeps_a_phrase(self, entropy: bytes | None = None) -> bytes:
        """Get a return phrase; what it stands for."""
        entropy = entropy or os.urandom(phrase.ENTROPY_BYTES)
        visit = phrase.Visit(self.vs, (self.secrets[0], self.secrets[1]))
        box = phrase.seal(entropy, demo.ORGANISATION, visit)
        hashed = primitives.sha256(phrase.locator(entropy))
        self.line.send("keep_phrase", locator_hash=hashed, box=box)
        assert await self.line.hear("phrase", "refused") == {"t": "phrase", "locator_hash": hashed}
        return entropy

    async def comes_back(self, entropy: bytes) -> dict[str, Any]:
        """On another device, with the phrase: look it up, open what is found, go on from here."""
        answer = await look_up(self.house, phrase.locator(entropy))
        visit = phrase.open_box(entropy, demo.ORGANISATION, base64.b64decode(answer.json()["box"]))
        self.vs, self.secrets, self.keys = visit.vs, list(visit.secrets), keys.visitor_keys(visit.vs)
        self.chain, self.page = Chain(self.keys.conv, SHARED_LOG), os.urandom(16)
        return await self.resumes(locator=phrase.locator(entropy))

    async def erases(self, **changes: bytes) -> dict[str, Any]:
        """Have the conversation erased, on a new line; the first line stays as it is. The server's last word."""
        url = self.house.origin.replace("http", "ws") + self.path
        line = await Line.open(url, self.house.origin, self.source, self.agent)
        await line.hear("hello")
        asked = {"ve": self.keys.ve_public, "vg": self.keys.vg_public, "sig": keys.sign_erase(self.keys)}
        line.send("erase", **{**asked, **changes})
        try:
            return await line.hear("erased", "refused")
        finally:
            line.close()

    def seals(self, text: str, **changes: Any) -> bytes:
        """The next envelope, with header fields changed where a test wants to cheat."""
        header = self.chain.next(MESSAGE, VISITOR, self.generation)._replace(**changes)
        return envelope.seal(self.secrets[self.generation], header, envelope.content(text))

    async def says(self, text: str) -> dict[str, Any]:
        """Send one message and wait for the answer."""
        data = self.chain.sealed(self.seals(text))
        self.line.send("append", envelope=data)
        return await self.line.hear("ack", "refused")

    async def reads(self) -> str:
        """The next message of a counsellor, opened; what turns to another secret before it is followed."""
        while True:
            data = (await self.line.hear("envelope"))["envelope"]
            if envelope.parse(data).klass != ROTATION:
                return self.opens(data)
            self.turns(data)

    def turns(self, data: bytes) -> None:
        """Go on under the secret that a rotation record brings."""
        header = envelope.parse(data)
        record = rotation.read(envelope.open_envelope(self.secrets[header.generation], data)[80:], SHARED_LOG)
        place = (self.conv, record.generation)
        context = WrapContext(demo.ORGANISATION, self.start_frame["line"], record.epoch, *place, Purpose.VISITOR)
        secret = unwrap(record.wrap, self.keys.ve_private, context)
        assert rotation.commitment(secret, self.conv, SHARED_LOG, *record[:2]) == record.commitment
        self.secrets[record.generation :] = [secret]
        self.generation = record.generation

    def opens(self, data: bytes) -> str:
        """What an envelope says, whoever wrote it."""
        header = envelope.parse(data)
        body = envelope.open_envelope(self.secrets[header.generation], data)
        return envelope.read_content(body[80:] if header.direction == TEAM else body)


async def look_up(house: Site, locator: bytes, line: str = demo.LINE) -> httpx.Response:
    """Ask what is kept under a locator."""
    async with httpx.AsyncClient(base_url=house.origin, timeout=30) as client:
        return await client.post(f"/l/{line}/phrase", json={"locator": base64.b64encode(locator).decode()})


class Counsellor:
    """A counsellor's desk; *team* is the private key of the team of *line*, the demonstration's when not given."""

    path = "/desk/socket/2"

    def __init__(self, house: Site, person: demo.Person, line: str = demo.LINE, team: bytes | None = None) -> None:
        self.house, self.person = house, person
        self.slug, self.team = line, team or house.organisation.team
        self.token = b""
        self.line: Line
        self.source: str | None = None
        self.agent: str | None = None
        self.cert = b""
        self.chains: dict[tuple[bytes, int], Chain] = {}
        self.secrets: dict[tuple[bytes, int, int], bytes] = {}
        self.epoch = 1
        self.ve: dict[bytes, bytes] = {}

    async def signs_in(self, passphrase: str | None = None, code: str | None = None) -> httpx.Response:
        """Salt, stretch, proof; with *code*, or a recovery code where the account has had an app from the start."""
        if code is None and self.person.id in self.house.apps:
            code = self.house.apps[self.person.id].next_paper()
        async with self.http() as client:
            salt = (await client.post("/desk/salt", json={"name": self.person.name})).json()["salt"]
            stretched = await asyncio.to_thread(
                primitives.stretch, passphrase or self.person.passphrase, base64.b64decode(salt)
            )
            proof = base64.b64encode(keys.login_proof(stretched)).decode()
            shown = {"name": self.person.name, "proof": proof} | ({} if code is None else {"code": code})
            answer = await client.post("/desk/sign-in", json=shown)
        if answer.status_code == 200:
            self.token = base64.b64decode(answer.json()["token"])
        return answer

    async def skips_sign_in(self) -> None:
        """Begin a session without the half second of Argon2id, for tests about something else."""
        from luwte.staff import store
        from luwte.staff.model import token_hash

        self.token = os.urandom(32)
        minute = self.house.luwte.minute()
        await self.house.luwte.db.write(store.begin_session, token_hash(self.token), self.person.id, minute)

    async def gets_a_second_factor(self, now: float) -> App:
        """Have an app for one-time codes, without the desk's own way of setting it up; its code of *now* is used up."""
        app, luwte = App(), self.house.luwte
        await luwte.db.write(second_factor.enrol, self.person.id, app.enrolment(now), luwte.server_secret, now)
        return app

    async def opens_desk(self) -> dict[str, Any]:
        """Sign on with the token."""
        if not self.token:
            await self.skips_sign_in()
        origin = self.house.desk_origin
        url = origin.replace("http", "ws") + self.path
        self.line = await Line.open(url, origin, self.source, self.agent, self.house.tls)
        self.line.send("sign_on", token=self.token)
        welcome = await self.line.hear("welcome")
        self.cert = welcome["certificates"][2]
        return welcome

    async def signs_out(self) -> httpx.Response:
        """Leave."""
        bearer = base64.b64encode(self.token).decode()
        async with self.http() as client:
            return await client.post("/desk/sign-out", headers={"Authorization": f"Bearer {bearer}"})

    def http(self) -> httpx.AsyncClient:
        """An HTTP client at the server's address."""
        headers = {"User-Agent": self.agent} if self.agent is not None else None
        transport = httpx.AsyncHTTPTransport(local_address=self.source, verify=self.house.tls or True)
        origin = self.house.desk_origin
        return httpx.AsyncClient(base_url=origin, transport=transport, headers=headers, timeout=30)

    async def takes(self, conv: bytes) -> dict[str, Any]:
        """Press Take; on success follow both logs."""
        self.line.send("take", conv=conv)
        frame = await self.line.hear("taken", "refused")
        if frame["t"] == "taken":
            self.gets(frame)
        return frame

    def gets(self, taken: dict[str, Any], shared: int = 0, notes: int = 0) -> None:
        """Open the wraps of a conversation and follow it."""
        conv = taken["conv"]
        self.ve[conv] = taken["start"]["ve"]
        for one in taken["wraps"]:
            self.secrets[conv, one["log"], one["g"]] = self.unwraps(conv, one)
        self.line.send("follow", conv=conv, shared=shared, notes=notes)

    def unwraps(self, conv: bytes, one: dict[str, Any]) -> bytes:
        """The secret in a wrap for the team."""
        purpose = Purpose.TEAM if one["log"] == SHARED_LOG else Purpose.TEAM_LOG
        context = WrapContext(demo.ORGANISATION, self.slug, one["epoch"], conv, one["g"], purpose)
        return unwrap(one["wrap"], self.team, context)

    def seals(self, conv: bytes, text: str, **changes: Any) -> bytes:
        """The next signed envelope of the shared log."""
        return self._seal(conv, SHARED_LOG, TEAM, self.generation(conv, SHARED_LOG), text, changes)

    def generation(self, conv: bytes, log: int) -> int:
        """The newest secret that this desk has."""
        return max([1 if log == SHARED_LOG else 0, *(place[2] for place in self.secrets if place[:2] == (conv, log))])

    def makes_rotation(self, conv: bytes, log: int = SHARED_LOG, **changes: Any) -> tuple[bytes, dict[str, Any]]:
        """The next secret of a log and the frame that brings it; fields are changed where a test wants to cheat."""
        g = self.generation(conv, log)
        record, secret = {"generation": g + 1, "epoch": self.epoch} | changes.pop("record", {}), os.urandom(32)
        team = changes.pop("team", primitives.public_of(self.team))
        place = WrapContext(demo.ORGANISATION, self.slug, record["epoch"], conv, record["generation"], Purpose.TEAM)
        to_team = wrap(secret, team, replace(place, purpose=Purpose.TEAM if log == SHARED_LOG else Purpose.TEAM_LOG))
        shared = log == SHARED_LOG
        to_visitor = wrap(secret, self.ve[conv], replace(place, purpose=Purpose.VISITOR)) if shared else b""
        named = rotation.commitment(secret, conv, log, record["generation"], record["epoch"])
        content = rotation.content(rotation.Rotation(**{"commitment": named, "wrap": to_visitor} | record))
        header = Chain(conv, log).next(ROTATION, TEAM if shared else NOTE, g)._replace(**changes.pop("header", {}))
        signer = changes.pop("signer", (certificate.cert_id(self.cert), self.person.ed25519))
        data = envelope.seal_signed(self.secrets[conv, log, g], header, *signer, content)
        return secret, {"envelope": data, "wrap": to_team, "epoch": record["epoch"]} | changes

    async def rotates(self, conv: bytes, log: int = SHARED_LOG, **changes: Any) -> dict[str, Any]:
        """Turn a log to a new secret, and go on under that where it was taken."""
        g = self.generation(conv, log)
        secret, frame = self.makes_rotation(conv, log, **changes)
        self.line.send("append", **frame)
        answer = await self.line.hear("ack", "refused")
        if answer["t"] == "ack":
            self.secrets[conv, log, g + 1] = secret
        return answer

    def _seal(self, conv: bytes, log: int, direction: int, g: int, text: str, changes: dict[str, Any]) -> bytes:
        chain = self.chains.setdefault((conv, log), Chain(conv, log))
        header = chain.next(MESSAGE, direction, g)._replace(**changes)
        cert_id = certificate.cert_id(self.cert)
        secret = self.secrets.get((conv, log, g), bytes(32))
        return envelope.seal_signed(secret, header, cert_id, self.person.ed25519, envelope.content(text))

    async def says(self, conv: bytes, text: str) -> dict[str, Any]:
        """Send one message and wait for the answer."""
        data = self.seals(conv, text)
        self.chains[conv, SHARED_LOG].sealed(data)
        self.line.send("append", envelope=data)
        return await self.line.hear("ack", "refused")

    async def notes(self, conv: bytes, text: str) -> dict[str, Any]:
        """Write a team note, making the team secret when there is none."""
        values: dict[str, Any] = {}
        if (conv, TEAM_LOG, 0) not in self.secrets:
            secret = self.secrets[conv, TEAM_LOG, 0] = os.urandom(32)
            context = WrapContext(demo.ORGANISATION, self.slug, self.epoch, conv, 0, Purpose.TEAM_LOG)
            values["wrap"] = wrap(secret, primitives.public_of(self.team), context)
            values["epoch"] = self.epoch
        data = self._seal(conv, TEAM_LOG, NOTE, self.generation(conv, TEAM_LOG), text, {})
        self.chains[conv, TEAM_LOG].sealed(data)
        self.line.send("append", envelope=data, **values)
        return await self.line.hear("ack", "refused")

    async def reads(self, conv: bytes) -> str:
        """The next message in this conversation, opened."""
        while True:
            frame = await self.line.hear("envelope", "wrap")
            if frame["t"] == "wrap":
                self.secrets[frame["conv"], frame["log"], frame["g"]] = self.unwraps(frame["conv"], frame)
            elif frame["conv"] == conv and envelope.parse(frame["envelope"]).klass != ROTATION:
                return self.opens(frame)

    def opens(self, frame: dict[str, Any]) -> str:
        """What an envelope says."""
        header = envelope.parse(frame["envelope"])
        secret = self.secrets[header.conv, frame["log"], header.generation]
        body = envelope.open_envelope(secret, frame["envelope"])
        return envelope.read_content(body if header.direction == VISITOR else body[80:])


def play(
    work: Callable[[House], Any], folder: Path, clock: Clock = time.time, desk_limit: int = 1_000, **others: Any
) -> None:
    """Run *work* against a house of its own."""

    async def run() -> None:
        async with asyncio.timeout(STORY_STUCK):
            async with a_house(folder, clock, desk_limit, **others) as house:
                await work(house)

    asyncio.run(run())


def read_json(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text())
