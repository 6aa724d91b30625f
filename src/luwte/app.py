"""Where the parts meet: settings -> database, relay, key store -> sockets and pages."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from litestar import Litestar, Request, Response, get
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from luwte import settings as settings_module
from luwte.audit import notary
from luwte.audit.notary import Notary
from luwte.conversation import phrase_web
from luwte.conversation.around import Surroundings
from luwte.conversation.departures import Departures
from luwte.conversation.erasing import Erasures
from luwte.conversation.frames import PROTOCOL
from luwte.conversation.presence import Visitors
from luwte.conversation.web import VisitorSocket
from luwte.desk import actions as desk_actions
from luwte.desk import glass, hand_over, house_web, removal, returning, rewrap_web
from luwte.desk.board import Boards
from luwte.desk.on_shift import OnShift
from luwte.desk.register import Desks, Watch
from luwte.desk.web import DeskSocket
from luwte.errors import (
    CannotStart,
    Failed,
    MalformedFrame,
    MethodNotAllowed,
    NotAccepted,
    NotFound,
    Refusal,
    TooLarge,
)
from luwte.housekeeping import Housekeeping
from luwte.line import web as line_web
from luwte.line.lines import Lines
from luwte.plumbing import clock as clocks
from luwte.plumbing import keystore, ledger, pages, polling
from luwte.plumbing.clock import Clock
from luwte.plumbing.db import Db
from luwte.plumbing.files import only_one
from luwte.plumbing.http import is_ambiguous, protocol, refusal_body
from luwte.plumbing.keystore import KeyStore
from luwte.plumbing.ledger import Ledger
from luwte.plumbing.limits import Limits
from luwte.plumbing.log import notice, trouble
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.migrate import migrate
from luwte.plumbing.pages import Client, everywhere
from luwte.plumbing.polling import Polls
from luwte.plumbing.proxies import Proxies
from luwte.plumbing.relay import Relay
from luwte.plumbing.sockets import Handler, Socket, Sockets
from luwte.replies import web as replies_web
from luwte.review import web as review_web
from luwte.settings import DEMONSTRATION, DESK, PARTNER, VISITOR, Settings, host_of, is_onion
from luwte.staff import actions as staff
from luwte.staff import joining_web, own_web, people_web, recovery
from luwte.staff import web as staff_web
from luwte.staff.invitation import Admission
from luwte.staff.model import Team, session_topic
from luwte.staff.people import Pinned

LARGEST_BODY = 16_384
JSON = b"application/json"
TODAY = f"/{PROTOCOL}"
"""The end of the paths of today's sockets; a path without it speaks the protocol before."""
SHARED = ("healthz", "org.js", "release.json", "assets", "poll")
"""What every part's pages need, and what says itself where it leads."""
PIN_PAUSE = 1.0
"""Seconds between looks whether `root.pub` was written."""
DEFAULT_SECRETS = {bytes(32), b"\xff" * 32}


class Luwte:
    """One running process."""

    def __init__(
        self, settings: Settings, around: Surroundings, server_secret: bytes, notary: Notary, is_demo: bool
    ) -> None:
        self.settings, self.around = settings, around
        self.db, self.keys, self.limits = around.db, around.keys, around.limits
        self.server_secret, self.notary, self.is_demo = server_secret, notary, is_demo
        self.guesses = Limits(around.clock, forgets=False)
        self.joining = asyncio.Lock()
        self._reloading = asyncio.Lock()
        self._seen_pin = _written(settings.folder)
        self.root = root_of(settings.folder, is_demo=is_demo)
        self.teams: dict[str, Team] = {}
        self.desks = Desks(around.clock)
        self.on_shift = OnShift(around.relay, settings.desk_limit)
        self.watch = Watch(around, self.desks)
        self.departures = Departures(around)
        self.lines = Lines(around.db, around.relay, around.clock, settings.folder)
        self.housekeeping = Housekeeping(
            settings, around.db, around.keys, around.erasures, lambda: self.lines.plan, around.clock
        )
        self.boards = Boards(around, self.lines, [])
        self._parts = settings.parts
        self.proxies = Proxies(settings.trusted_proxies)
        self.sockets = Sockets(self._route, self.is_own_origin, self.proxies, around.clock, around.metrics)
        self.polls = Polls(self.sockets)
        self.client = self._client(self.root)

    def _client(self, root: bytes) -> Client:
        return Client(self._organisation(root), self.settings.all_origins, self.is_served, is_open=bool(root))

    @property
    def is_pinned(self) -> bool:
        """Whether a root is pinned. Before one is there is nothing to trust: no chat, no desk but its door."""
        return bool(self.root)

    async def watch_pin(self) -> None:
        """Notice that `root.pub` was written, and look at everything again: a root is pinned, another one follows it,
        or something came back from paper. What stands in the way is said once, until something else does.
        """
        seen, said = self._seen_pin, ""
        while True:
            await asyncio.sleep(PIN_PAUSE)
            what = ""
            try:
                now = _written(self.settings.folder)  # first: what is written meanwhile is looked at next
                root = root_of(self.settings.folder, is_demo=self.is_demo)
                if root and now != seen:
                    await self._open(root)
                    seen = now
            except Exception as error:
                what = repr(error)
                if what != said:
                    trouble("pin", error)
            said = what

    async def _open(self, root: bytes) -> None:
        before = self.root
        # Made before the database follows: nobody is to be told of a root that our pages do not have yet.
        client = self._client(root)
        await self.follow_pin(root)
        self.root, self.client = root, client
        await self.reload_teams()
        for slug in self.teams:  # open desks come back to a welcome that says the same as we do now
            self.around.relay.wake(staff.epoch_topic(slug))
        if before != root:
            notice(
                "another root is pinned: open pages do not believe it"
                if before
                else "a root is pinned: visitors may come"
            )

    async def follow_pin(self, root: bytes) -> None:
        """Put in force what a main key signed that took over: the file decides, the database follows."""
        await self.db.write(recovery.follow, Pinned(root, self.settings.organisation), self.minute())

    def minute(self) -> int:
        """Now, as fine as is stored."""
        return self.around.minute()

    def now(self) -> float:
        """Now, in Unix seconds."""
        return self.around.clock()

    async def reload_teams(self) -> None:
        """Read teams and certificates again: at start, and when they were renewed. What was read last stays."""
        async with self._reloading:
            await self._reload_teams()

    async def _reload_teams(self) -> None:
        teams = await self.db.read(staff.teams) if self.is_pinned else []
        if {team.slug for team in teams} != set(self.teams):
            self.boards.close()
            self.boards = Boards(self.around, self.lines, [team.slug for team in teams])
            await self.lines.serve([team.slug for team in teams])
        began = [team.slug for team in teams if team.slug in self.teams and self.teams[team.slug].epoch != team.epoch]
        self.teams = {team.slug: team for team in teams}
        self.around.certificates.update(await self.db.read(staff.certificates))
        for slug in began:
            self.around.relay.wake(staff.epoch_topic(slug))

    async def sign_out(self, token: bytes) -> None:
        """End a session and close its sockets; what its account had waits again, unless it has another desk open."""
        session = await self.db.write(
            desk_actions.sign_out, token, self.minute(), self.around.shred_key, self.desks.is_elsewhere
        )
        if not self.desks.is_elsewhere(session.account.id, session.token_hash):
            await self.db.write(hand_over.left, session.account.id)
            await self.db.write(glass.close_all, session.account, self.minute(), self.around.shred_key)
        self.desks.forget(session.token_hash)
        self.around.relay.wake(session_topic(session.token_hash))

    async def admit(self, token: bytes, id: str, admission: Admission) -> None:
        """Admit somebody; with whoever lost everything their account of before is removed."""
        pinned, half = Pinned(self.root, self.settings.organisation), self.keys.of(keystore.STAFF)
        values = (id, admission, pinned, int(self.now()), half, self.around.shred_key)
        left = await self.db.write(returning.admit, token, *values)
        await self._left(left.ids, left.sessions)
        await self.reload_teams()

    async def remove(self, token: bytes, id: str) -> None:
        """Remove a colleague of the lead whose session this is, and close whatever they have open."""
        await self._left([id], await self.db.write(removal.remove, token, id, self.minute(), self.around.shred_key))

    async def _left(self, ids: list[str], ended: list[bytes]) -> None:
        for session in ended:
            self.desks.forget(session)
            self.around.relay.wake(session_topic(session))
        await asyncio.get_running_loop().run_in_executor(None, removal.erase_halves, self.keys, ids)

    def is_own_origin(self, origin: str, host: str) -> bool:
        """Whether a request comes from one of our own pages, at the address it was sent to."""
        return origin in self.settings.all_origins and host_of(origin) == host

    def is_own_host(self, host: str) -> bool:
        """Whether *host* is one of the addresses under which we are known."""
        return host in self._parts

    def is_served(self, path: str, host: str) -> bool:
        """Whether what lies at *path* may be seen at *host*: the desk is nothing that a visitor's address knows of."""
        part = part_of(path)
        return part is None or part in self._parts.get(host, ())

    def status(self, line: str) -> dict[str, object]:
        """What a visitor may know before they start."""
        if line not in self.teams:
            raise NotFound
        expected = self.boards.of(line).for_a_newcomer()
        is_open = self.lines.status(line).open
        return {"open": is_open, "place": expected.place, "low": expected.low, "high": expected.high}

    def prospect(self, line: str) -> dict[str, object]:
        """The same with what browsers of the first protocol cannot read: until when, how sure, and where else."""
        known = self.status(line)
        return known | line_web.prospect(self.lines, line, self.minute(), known["low"], known["high"])

    def _route(self, path: str, host: str) -> Handler | None:
        if not self.is_pinned or not self.is_served(path, host):
            return None
        protocol = PROTOCOL if path.endswith(TODAY) else PROTOCOL - 1
        place = path.removesuffix(TODAY)
        if place == "/desk/socket":
            return self._desk(protocol)
        line = self.settings.line if place == "/socket" else line_in(place, "/socket")
        return self._visitor(line, protocol) if line in self.teams else None

    def _desk(self, protocol: int) -> Handler:
        async def serve_desk(socket: Socket) -> None:
            await DeskSocket(
                self.around, self.boards, self.desks, self.on_shift, lambda: self.teams, socket, protocol
            ).serve()

        return serve_desk

    def _visitor(self, line: str, protocol: int) -> Handler:
        async def serve(socket: Socket) -> None:
            await VisitorSocket(self.around, self.boards, lambda: self.teams[line], socket, protocol).serve()

        return serve

    def _organisation(self, root: bytes) -> dict[str, object]:
        settings = self.settings
        return {
            "organisation": settings.organisation,
            "name": settings.name,
            "root": root.hex(),
            "line": settings.line,
            "lineName": settings.line_name,
            "exitUrl": settings.exit_url,
            "retentionDays": settings.retention_days,
            "retentionOf": dict(settings.retention_of),
            "demo": self.is_demo,
        }


def _written(folder: Path) -> tuple[int, int] | None:
    """Which writing of `root.pub` lies there; None for none."""
    try:
        found = (folder / "root.pub").stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def part_of(path: str) -> str | None:
    """Whose *path* is, however many slashes it has; None for what all of them share."""
    first = path.strip("/").partition("/")[0]
    if first in SHARED:
        return None
    return first if first in (DESK, PARTNER) else VISITOR


def line_in(path: str, end: str) -> str:
    """The line in `/l/<line><end>`; an empty text for another path."""
    if path.startswith("/l/") and path.endswith(end):
        return path[3 : len(path) - len(end)]
    return ""


def root_of(folder: Path, *, is_demo: bool) -> bytes:
    """The organisation's root key as it was pinned, empty when none is; a demonstration's serves nobody else."""
    path = folder / "root.pub"
    try:
        text = path.read_text().strip()
        if text.startswith(DEMONSTRATION) and not is_demo:
            raise CannotStart("The pinned root is a demonstration's: its keys were made on the server.")
        root = bytes.fromhex(text.removeprefix(DEMONSTRATION))
    except FileNotFoundError:
        return b""
    except (OSError, ValueError):
        raise CannotStart("root.pub cannot be read.") from None
    if len(root) != 32:
        raise CannotStart("root.pub is not an Ed25519 public key.")
    return root


def read_secret(folder: Path) -> bytes:
    """The server's own secret. Raises `CannotStart` when it is missing or one that ships with something."""
    try:
        secret = (folder / "secret").read_bytes()
    except OSError:
        raise CannotStart("The server's secret is missing from this folder.") from None
    if len(secret) != 32 or secret in DEFAULT_SECRETS:
        raise CannotStart("The server's secret is a default one. Make 32 random bytes.")
    return secret


@asynccontextmanager
async def running(settings: Settings, *, is_demo: bool, clock: Clock = clocks.system) -> AsyncIterator[Luwte]:
    """Open the folder and everything that runs on it; close all of it in order at the end."""
    secret = read_secret(settings.folder)
    with only_one(settings.folder):
        async with _opened(settings, secret, is_demo, clock) as luwte:
            yield luwte


@asynccontextmanager
async def _opened(settings: Settings, secret: bytes, is_demo: bool, clock: Clock) -> AsyncIterator[Luwte]:
    database = settings.folder / "main.db"
    migrate(database)
    metrics, relay = Metrics(), Relay()
    keys, erased = KeyStore(settings.folder / "keys"), Ledger(settings.folder / ledger.FILE)
    db = Db(database, relay, metrics)
    try:
        around = Surroundings(
            settings.organisation,
            db,
            relay,
            keys,
            Limits(clock),
            clock,
            metrics,
            certificates={},
            shred_key=keys.of(keystore.CONVERSATION),
            visitors=Visitors(clock),
            erasures=Erasures(db, keys, erased, clock),
        )
        origin, seed = notary.origin_of(settings.organisation), notary.keep_key(settings.folder)
        luwte = Luwte(settings, around, secret, Notary(db, clock, origin, seed, lambda: erased.highest), is_demo)
        await luwte.follow_pin(luwte.root)
        await luwte.reload_teams()
        if any(keys.get(keystore.STAFF, bytes.fromhex(id)) is None for id in await db.read(staff.account_ids)):
            raise CannotStart("The key store does not fit the database. Restore both from the same backup.")
        # Of who was removed or declined just before a crash, and of who was joining.
        known = {bytes.fromhex(id) for id in await db.read(staff.with_half)}
        removal.erase_halves(keys, [id.hex() for id in keys.ids(keystore.STAFF) if id not in known])
        await around.erasures.finish()
        around.erasures.start()
        luwte.housekeeping.start()
        luwte.sockets.start()
        luwte.watch.start()
        luwte.departures.start()
        luwte.lines.start()
        luwte.notary.start()
        watching = asyncio.create_task(luwte.watch_pin())
        try:
            yield luwte
        finally:
            watching.cancel()
            luwte.watch.stop()
            luwte.departures.stop()
            luwte.lines.stop()
            luwte.housekeeping.stop()
            around.erasures.stop()
            luwte.notary.stop()
            await luwte.sockets.stop()
            luwte.boards.close()
    finally:
        await db.close()
        keys.close()
        erased.close()


# HTTP


@get("/healthz", sync_to_thread=False)
def healthz() -> dict[str, str]:
    """Whether the process answers."""
    return {"status": "ok"}


@get("/l/{line:str}/status", sync_to_thread=False)
def status(line: FromPath[str], state: State) -> dict[str, object]:
    """What a visitor may know before they start."""
    return _luwte(state).status(line)


@get("/l/{line:str}/status/2", sync_to_thread=False)
def prospect(line: FromPath[str], state: State) -> dict[str, object]:
    """What a visitor may know before they start: also when it closes or opens, and where else somebody is."""
    return _luwte(state).prospect(line)


@get("/", sync_to_thread=False)
def visitor_page(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """The visitor's page of the default line."""
    return _visitor_page(request, state, "/")


@get("/l/{line:str}", sync_to_thread=False)
def line_page(line: FromPath[str], request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """The visitor's page of one line."""
    luwte = _luwte(state)
    if line not in (luwte.teams if luwte.is_pinned else {luwte.settings.line}):
        raise NotFound
    return _visitor_page(request, state, f"/l/{line}")


def _visitor_page(request: Request[Any, Any, Any], state: State, path: str) -> Response[bytes]:
    page, onion = _serve(request, state, pages.VISITOR), _luwte(state).settings.onion
    if onion and not is_onion(request.headers["host"]):
        page.headers["Onion-Location"] = onion + path
    return page


@get([pages.HIDE, pages.DESK, pages.ORGANISATION, pages.MANIFEST], sync_to_thread=False)
def other_file(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """How to hide a visit, the desk, the pinned organisation, the list of what is served here."""
    return _serve(request, state, request.url.path)


@get("/assets/{name:str}", sync_to_thread=False)
def asset(name: FromPath[str], request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """A file of the built client, by its exact name."""
    return _serve(request, state, f"/assets/{name}")


def _luwte(state: State) -> Luwte:
    luwte: Luwte = state.luwte
    return luwte


def _serve(request: Request[Any, Any, Any], state: State, path: str) -> Response[bytes]:
    file = _luwte(state).client.file(path, request.headers["host"])
    if file is None:
        raise NotFound
    body, headers = file.told(request.headers.get("accept-encoding", ""))
    return Response(body, status_code=file.status, media_type=file.type, headers=headers)


def serving(luwte: Luwte) -> uvicorn.Config:
    """How *luwte* is served: its pages over HTTP, its sockets beside them on the same port."""
    return uvicorn.Config(
        http(luwte),
        http=protocol(_everywhere(luwte.settings.all_origins), luwte.sockets.welcomes, luwte.proxies),
        ws=luwte.sockets.protocol(),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=15,
        backlog=4096,
    )


def http(luwte: Luwte) -> ASGIApp:
    """The HTTP side of *luwte* as an ASGI application."""

    def on_app_init(config: AppConfig) -> AppConfig:
        config.state.luwte = luwte
        return config

    app = Litestar(
        [
            healthz,
            status,
            prospect,
            visitor_page,
            line_page,
            other_file,
            asset,
            *phrase_web.handlers,
            *staff_web.handlers,
            *joining_web.handlers,
            *people_web.handlers,
            *own_web.handlers,
            *replies_web.handlers,
            *rewrap_web.handlers,
            *house_web.handlers,
            *review_web.handlers,
        ],
        on_app_init=[on_app_init],
        exception_handlers={
            Refusal: _refuse,
            HTTPException: _translate,
            # What a body raises that is not UTF-8, or too deep: the only places in a request that can.
            UnicodeDecodeError: _malformed,
            RecursionError: _malformed,
            Exception: _fail,
        },
        openapi_config=None,
        request_max_body_size=LARGEST_BODY,
        logging_config=None,
        debug=False,
    )
    return _guard(app, luwte)


def _refuse(_: Request[Any, Any, Any], refusal: Exception) -> Response[bytes]:
    assert isinstance(refusal, Refusal)
    return Response(refusal_body(refusal), status_code=refusal.status, media_type="application/json")


def _translate(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    # Litestar's own words may repeat what was sent; ours never do.
    code = error.status_code if isinstance(error, HTTPException) else 500
    known: dict[int, Callable[[], Refusal]] = {404: NotFound, 405: MethodNotAllowed, 413: TooLarge, 500: Failed}
    return _refuse(request, known.get(code, MalformedFrame)())


def _malformed(request: Request[Any, Any, Any], _: Exception) -> Response[bytes]:
    return _refuse(request, MalformedFrame())


def _fail(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    trouble("http", error)
    return _refuse(request, Failed())


def _everywhere(origins: Sequence[str]) -> list[tuple[bytes, bytes]]:
    """The headers of every answer at any of *origins*, errors too."""
    first, *others = (everywhere(origin) for origin in origins)
    return [
        (name.lower().encode(), value.encode())
        for name, value in first.items()
        if all(other.get(name) == value for other in others)
    ]


def _guard(app: ASGIApp, luwte: Luwte) -> ASGIApp:
    """Answer only at our own addresses and to our own pages, and put the headers on every answer, errors too."""
    anywhere = _everywhere(luwte.settings.all_origins)
    headers_at = {host_of(origin): _everywhere([origin]) for origin in luwte.settings.all_origins}

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        host, origin = headers.get(b"host", b"").decode("latin-1"), headers.get(b"origin", b"").decode("latin-1")
        guards = headers_at.get(host, anywhere)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in guards if pair[0] not in own)]
            await send(message)

        if is_ambiguous(scope["headers"]):
            await _refuse_raw(send_guarded, MalformedFrame())
            return
        foreign = bool(origin) and not luwte.is_own_origin(origin, host)
        if not luwte.is_own_host(host) or foreign:
            await _refuse_raw(send_guarded, NotAccepted())
            return
        if not luwte.is_served(scope["path"], host):
            await _refuse_raw(send_guarded, NotFound())
            return
        asked: Any = scope
        if scope.get("method") == "HEAD":  # answered as GET is; uvicorn, whose scope this is, leaves the body out
            asked = {**scope, "method": "GET"}
        if asked.get("method") not in ("GET", "POST"):
            await _refuse_raw(send_guarded, MethodNotAllowed())
            return
        is_poll = scope["path"] in polling.PATHS
        kind = headers.get(b"content-type", JSON).partition(b";")[0].strip().lower()
        if kind != (polling.TYPE if is_poll and scope.get("method") == "POST" else JSON):
            await _refuse_raw(send_guarded, MalformedFrame())
        elif is_poll:
            await _poll(luwte, asked, receive, send_guarded)
        else:
            await app(asked, receive, send_guarded)

    return guarded


async def _poll(luwte: Luwte, scope: Scope, receive: Receive, send: Callable[[Any], Any]) -> None:
    # Not through the framework: a request that is held costs a task and nothing else.
    try:
        await luwte.polls.serve(scope, receive, send)
    except Refusal as refusal:
        await _refuse_raw(send, refusal)
    except Exception as error:
        trouble("polling", error)
        await _refuse_raw(send, Failed())


async def _refuse_raw(send: Callable[[Any], Any], refusal: Refusal) -> None:
    body = refusal_body(refusal)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def check_for_serving(settings: Settings) -> None:
    """What must be true before real visitors come. Raises `CannotStart` with the first thing that is not."""
    if settings.socket is None and not settings_module.is_loopback(settings.host):
        raise CannotStart("Plain http is for this machine only: listen on 127.0.0.1 and put TLS in front.")
    for origin in settings.all_origins:
        if origin.startswith("http:") and not settings_module.is_loopback(urlsplit(origin).hostname or ""):
            raise CannotStart("An origin with plain http is for this machine only: use https.")
    if (settings.folder / "demo").exists():
        raise CannotStart("This folder holds a demonstration: its keys were made on the server. Use luwte demo.")
    if not settings.desk_origins:
        raise CannotStart("The desk needs an address of its own. Set 'desk_origins' in luwte.toml.")
