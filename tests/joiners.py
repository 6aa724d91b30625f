"""People who found an organisation, join it and admit each other, with the Python twin of the browser's keys."""

import asyncio
import base64
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from actors import STORY_STUCK, STUCK, App, House, a_listener, answering
from luwte import demo, install
from luwte.app import Luwte, running
from luwte.crypto import keys, primitives
from luwte.crypto.certificate import (
    ADMIN_FOR_RECOVERY,
    ADMIN_SUBJECT,
    RECOVERY_SUBJECT,
    Certificate,
    Type,
    issue,
    parse,
)
from luwte.crypto.wrap import Purpose, WrapContext, unwrap, wrap
from luwte.plumbing.clock import Clock
from luwte.settings import Settings
from luwte.staff.invitation import code_hash, new_code

DAY = 86_400
ORGANISATION, LINE = "helpline", "chat"


def b64(data: bytes) -> str:
    """Bytes in JSON."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """Bytes from JSON."""
    return base64.b64decode(text, validate=True)


class SignedIn(Protocol):
    """Whoever has a session."""

    token: bytes

    def http(self) -> httpx.AsyncClient:
        """A client at the desk's address."""
        ...


async def post(desk: SignedIn, path: str, **body: Any) -> httpx.Response:
    """A request with the token of a desk."""
    async with desk.http() as client:
        return await client.post(path, json=body, headers={"Authorization": f"Bearer {b64(desk.token)}"})


async def people(desk: SignedIn) -> httpx.Response:
    """What a lead's desk asks."""
    async with desk.http() as client:
        return await client.get("/desk/people", headers={"Authorization": f"Bearer {b64(desk.token)}"})


async def invites(desk: SignedIn, role: str = "counsellor", instead_of: str | None = None) -> str:
    """A lead makes a code; for whose account of before, where a colleague lost everything."""
    code = new_code()
    lost = {"instead_of": instead_of} if instead_of else {}
    answer = await post(desk, "/desk/invite", role=role, code_hash=b64(code_hash(code)), **lost)
    assert answer.status_code == 200, answer.text
    return code


@dataclass
class Joiner:
    """Somebody with a code. What their browser makes is made anew for each, but for Argon2id's half second."""

    origin: str
    organisation: str
    name: str
    code: str
    source: str | None = None
    passphrase: str = "one two three four five six seven"
    account: str = ""
    team: str = ""
    role: str = ""
    token: bytes = b""
    app: App = field(default_factory=App)
    clock: Clock = time.time
    spent: int = 0
    amk: bytes = field(default_factory=lambda: os.urandom(32))
    x25519: bytes = field(default_factory=lambda: os.urandom(32))
    ed25519: bytes = field(default_factory=lambda: os.urandom(32))
    half: bytes = field(default_factory=lambda: os.urandom(32))
    salt: bytes = field(default_factory=lambda: os.urandom(16))
    stretched: bytes = field(default_factory=lambda: os.urandom(32))

    @property
    def public(self) -> tuple[bytes, bytes]:
        """Ed25519, X25519."""
        return primitives.signing_public_of(self.ed25519), primitives.public_of(self.x25519)

    async def asks(self, path: str, **body: Any) -> httpx.Response:
        """One request, from their own address where they have one."""
        transport = httpx.AsyncHTTPTransport(local_address=self.source)
        async with httpx.AsyncClient(base_url=self.origin, transport=transport, timeout=30) as client:
            return await client.post(path, json=body)

    async def looks(self) -> httpx.Response:
        """What the code is for."""
        answer = await self.asks("/desk/invitation", code=self.code)
        if answer.status_code == 200:
            said = answer.json()
            self.account, self.team, self.role = said["account"], said["team"], said["role"]
        return answer

    async def asks_salt(self) -> bytes:
        """The one that the name has for ever."""
        self.salt = unb64((await self.asks("/desk/salt", name=self.name)).json()["salt"])
        return self.salt

    def body(self) -> dict[str, Any]:
        """What joining sends."""
        kek = keys.kek(self.stretched, self.half)
        return {
            "code": self.code,
            "name": self.name,
            "salt": b64(self.salt),
            "proof": b64(keys.login_proof(self.stretched)),
            "server_half": b64(self.half),
            "sealed_amk": b64(keys.seal_amk(kek, self.account, self.amk)),
            "sealed_x25519": b64(keys.seal_staff_key(self.amk, self.account, "x25519", self.x25519)),
            "sealed_ed25519": b64(keys.seal_staff_key(self.amk, self.account, "ed25519", self.ed25519)),
            "ed25519": b64(self.public[0]),
            "x25519": b64(self.public[1]),
            "factor": {
                "secret": b64(self.app.secret),
                "code": self.app.code(self.clock()),
                "recovery": [b64(one) for one in self.app.recovery],
            },
        }

    async def joins(self, **changes: Any) -> httpx.Response:
        """Look, make keys, join."""
        await self.looks()
        await self.asks_salt()
        return await self.asks("/desk/join", **{**self.body(), **changes})

    async def signs_in(self) -> httpx.Response:
        """With the proof that was made at joining, and a code from paper: that of the app was used at joining."""
        proof, code = b64(keys.login_proof(self.stretched)), self.app.paper(self.spent)
        answer = await self.asks("/desk/sign-in", name=self.name, proof=proof, code=code)
        if answer.status_code == 200:
            self.spent += 1
            self.token = unb64(answer.json()["token"])
        return answer

    async def signs_in_early(self) -> httpx.Response:
        """Of who waits after they lost everything: all is right, and there is no session."""
        proof, code = b64(keys.login_proof(self.stretched)), self.app.paper(self.spent)
        answer = await self.asks("/desk/sign-in", name=self.name, proof=proof, code=code)
        self.spent += answer.status_code == 200
        return answer

    def http(self) -> httpx.AsyncClient:
        """A client at the desk's address."""
        return httpx.AsyncClient(base_url=self.origin, timeout=30)

    def keys_in(self, answer: dict[str, Any]) -> dict[str, bytes]:
        """What somebody opens who has the passphrase and the server's answer."""
        amk = keys.open_amk(
            keys.kek(self.stretched, unb64(answer["server_half"])), self.account, unb64(answer["sealed_amk"])
        )
        private = keys.open_staff_key(amk, self.account, "x25519", unb64(answer["sealed_x25519"]))
        signing = keys.open_staff_key(amk, self.account, "ed25519", unb64(answer["sealed_ed25519"]))
        (wrapped,) = answer["team_keys"]
        context = WrapContext(self.organisation, self.team, wrapped["epoch"], bytes(16), 0, Purpose.MEMBER)
        return {"x25519": private, "ed25519": signing, "team": unwrap(unb64(wrapped["wrap"]), private, context)}


@dataclass
class Organisation:
    """What the first lead's browser makes, and forgets."""

    name: str
    now: int
    root: bytes = field(default_factory=lambda: os.urandom(32))
    admin: bytes = field(default_factory=lambda: os.urandom(32))
    recovery: bytes = field(default_factory=lambda: os.urandom(32))
    team: bytes = field(default_factory=lambda: os.urandom(32))

    def says(self, type: Type, subject: str, *public: bytes, days: int, roles: tuple[str, ...] = ()) -> Certificate:
        """A certificate that begins now."""
        return Certificate(type, self.name, subject, public, roles, 1, self.now, self.now + days * DAY)

    def founding(self, lead: Joiner) -> dict[str, str]:
        """What founding sends besides."""
        admin = self.says(Type.TEAM_ADMIN, ADMIN_SUBJECT, primitives.signing_public_of(self.admin), days=365)
        recovery = self.says(Type.RECOVERY, RECOVERY_SUBJECT, primitives.public_of(self.recovery), days=3650)
        team = self.says(Type.TEAM, lead.team, primitives.public_of(self.team), days=14)

        def wrapped(secret: bytes, to: bytes, of: str, purpose: Purpose) -> str:
            return b64(wrap(secret, to, WrapContext(self.name, of, 1, bytes(16), 0, purpose)))

        own = lead.public[1]
        return {
            "root": b64(primitives.signing_public_of(self.root)),
            "admin_certificate": b64(issue(admin, self.root)),
            "recovery_certificate": b64(issue(recovery, self.root)),
            "team_certificate": b64(issue(team, self.admin)),
            "certificate": b64(self.certificate(lead)),
            "team_key": wrapped(self.team, own, lead.team, Purpose.MEMBER),
            "recovery_wrap": wrapped(self.team, primitives.public_of(self.recovery), lead.team, Purpose.RECOVERY),
            "admin_key": wrapped(self.admin, own, ADMIN_SUBJECT, Purpose.TEAM_ADMIN),
            "admin_recovery_wrap": wrapped(
                self.admin, primitives.public_of(self.recovery), ADMIN_FOR_RECOVERY, Purpose.RECOVERY
            ),
        }

    def certificate(self, who: Joiner, **changes: Any) -> bytes:
        """A staff certificate."""
        said = self.says(Type.STAFF, who.account, *who.public, days=90, roles=(f"{who.team}/{who.role}",))
        return issue(
            Certificate(**{name: changes.get(name, getattr(said, name)) for name in said.__slots__}), self.admin
        )

    def admission(self, who: Joiner, **changes: Any) -> dict[str, Any]:
        """What admitting sends."""
        own = who.public[1]

        def wrapped(secret: bytes, of: str, purpose: Purpose) -> str:
            return b64(wrap(secret, own, WrapContext(self.name, of, 1, bytes(16), 0, purpose)))

        body: dict[str, Any] = {"id": who.account, "certificate": b64(self.certificate(who)), "team_keys": []}
        if who.role in ("counsellor", "lead"):
            body["team_keys"] = [{"epoch": 1, "wrap": wrapped(self.team, who.team, Purpose.MEMBER)}]
        if who.role == "lead":
            body["admin_key"] = wrapped(self.admin, ADMIN_SUBJECT, Purpose.TEAM_ADMIN)
        return {**body, **changes}


def of_the_demonstration(house: House) -> Organisation:
    """The keys of a demonstration, which lie on this machine."""
    own = house.organisation
    return Organisation(demo.ORGANISATION, int(time.time()), own.root, own.admin, team=own.team)


def joiner(house: House, code: str, name: str = "Kim", source: str | None = None) -> Joiner:
    """Somebody with a code for a demonstration's team."""
    return Joiner(house.origin, demo.ORGANISATION, name, code, source, clock=house.luwte.now)


@dataclass
class Empty:
    """An installation in which nobody is yet, and its first code."""

    luwte: Luwte
    settings: Settings
    origin: str
    desk: str
    code: str

    def founder(self, name: str = "Robin") -> Joiner:
        """Whoever has the first code."""
        return Joiner(self.desk, ORGANISATION, name, self.code, clock=self.luwte.now)

    async def pins(self, root: bytes) -> None:
        """As `luwte pin` does; then wait until the server noticed."""
        install.pin(self.settings, root)
        async with asyncio.timeout(STUCK):
            while not self.luwte.is_pinned or not self.luwte.teams:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def an_empty_house(folder: Path, clock: Clock = time.time) -> AsyncIterator[Empty]:
    """What `luwte init` makes, served on this machine."""
    listener = a_listener()
    port = listener.getsockname()[1]
    settings = Settings(
        folder=folder,
        organisation=ORGANISATION,
        name="Helpline",
        line=LINE,
        line_name="Chat",
        origins=(f"http://127.0.0.1:{port}",),
        listen=f"127.0.0.1:{port}",
        exit_url="https://weather.example.org/",
        retention_days=30,
        desk_origins=(f"http://localhost:{port}",),
    )
    code = await asyncio.to_thread(install.make, settings, int(clock()) // 60)
    async with running(settings, is_demo=False, clock=clock) as luwte, answering(luwte, listener):
        yield Empty(luwte, settings, settings.origins[0], settings.desk_origins[0], code)


def play_empty(work: Callable[[Empty], Any], folder: Path, clock: Clock = time.time) -> None:
    """Run *work* in an installation of its own."""

    async def run() -> None:
        async with asyncio.timeout(STORY_STUCK), an_empty_house(folder, clock) as house:
            await work(house)

    asyncio.run(run())


def certificate_in(raw: str) -> Certificate:
    """What a certificate in JSON says."""
    return parse(unb64(raw)).certificate
