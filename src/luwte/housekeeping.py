"""What has to be done now and then, without anybody asking: what is due is erased; copies, invitations, keys get old.

And what the operator asks from outside: `luwte erase`, `luwte purge` and `luwte invite` leave a request in the folder
of a running server, because nobody else may write there. Whoever can write into the folder could do worse.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from luwte.conversation import actions as conversations
from luwte.conversation.erasing import OPERATOR, RETENTION, Erasures
from luwte.conversation.retention import purge
from luwte.errors import CannotStart
from luwte.line import hours
from luwte.line.hours import Plan
from luwte.plumbing import clock as clocks
from luwte.plumbing import files, keystore, ledger
from luwte.plumbing.clock import Clock, minute
from luwte.plumbing.db import Db, WriteTx
from luwte.plumbing.keystore import KeyStore
from luwte.plumbing.ledger import Ledger
from luwte.plumbing.log import trouble
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.migrate import forget_old_copies, migrate
from luwte.plumbing.relay import Relay
from luwte.replies import actions as replies
from luwte.settings import Settings
from luwte.staff import actions as staff
from luwte.staff import joining, people

LOOK_EVERY = 600.0
"""Seconds between two looks for what is due: it is gone within ten minutes of its time."""

REQUEST, ANSWER = "request", "answer"
ASK_EVERY = 1.0
ANSWER_WITHIN = 300.0


class Request(msgspec.Struct, frozen=True):
    """What the operator wants: a conversation erased, another first invitation; without either, all that is due."""

    conversation: bytes | None = None
    reason: str = ""
    invitation: bytes = b""
    """The hash of the code of a first invitation."""


class Answer(msgspec.Struct, frozen=True):
    """How many conversations were erased; and whether what was asked for was there, or could be done."""

    erased: int
    known: bool = True


class Housekeeping:
    """The housekeeping of one folder."""

    def __init__(
        self,
        settings: Settings,
        db: Db,
        keys: KeyStore,
        erasures: Erasures,
        plan: Callable[[], Plan],
        clock: Clock,
    ) -> None:
        self._settings, self._db, self._keys = settings, db, keys
        self._erasures, self._plan, self._clock = erasures, plan, clock
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin: at once, as it may be long ago."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._look_for_ever()), loop.create_task(self._listen_for_ever())]

    def stop(self) -> None:
        """Do no more."""
        for task in self._tasks:
            task.cancel()

    async def look(self) -> int:
        """Do all that is due; how many conversations were erased."""
        await asyncio.to_thread(forget_old_copies, self._settings.folder / "main.db", self._clock())
        for id in await self._db.write(people.tidy, minute(self._clock())):
            # After the commit; what a crash leaves is erased at the next start.
            await asyncio.to_thread(self._keys.erase, keystore.STAFF, bytes.fromhex(id))
        erased = 0
        for team in await self._db.read(staff.teams):
            days, zone = self._settings.keeps(team.slug), self._plan().of(team.slug).zone
            erased += await purge(self._db, self._erasures, team.slug, days, zone, lambda: minute(self._clock()))
        if await self._db.write(forget_keys, minute(self._clock())):
            await self._erasures.clean()
        return erased

    async def do(self, request: Request) -> Answer:
        """What the operator asks for."""
        if request.invitation:
            values = (self._settings.line, request.invitation, minute(self._clock()))
            return Answer(0, known=await self._db.write(joining.invite_founder, *values))
        id = request.conversation
        if id is None:
            return Answer(await self.look())
        if not self._erasures.knows(id):
            return Answer(0, known=False)
        was_gone = id in self._erasures
        await self._erasures.erase(id, OPERATOR, request.reason)
        return Answer(0 if was_gone else 1)

    async def _look_for_ever(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:
                trouble("housekeeping", error)
            await asyncio.sleep(LOOK_EVERY)

    async def _listen_for_ever(self) -> None:
        path = self._settings.folder / REQUEST
        while True:
            await asyncio.sleep(ASK_EVERY)
            try:
                if request := await asyncio.to_thread(_read, path):
                    await asyncio.to_thread(_write, path, await self.do(request))
            except Exception as error:
                trouble("request", error)


def forget_keys(tx: WriteTx, now: int) -> bool:
    """Delete the keys of each team that open nothing any more; whether there were any."""
    found = False
    for team in staff.teams(tx):
        still = [
            one
            for one in (conversations.oldest_epoch(tx, team.slug), replies.oldest_epoch(tx, team.slug))
            if one is not None
        ]
        found |= people.forget_keys(tx, team, min(still, default=team.epoch), RETENTION, now)
    return found


def _read(path: Path) -> Request | None:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=Request)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError:  # ours are there whole or not at all, so it is nobody's
        path.unlink()
        return None


def _write(path: Path, answer: Answer) -> None:
    # The answer first: whoever finds the request gone finds the answer.
    files.write_whole(path.with_name(ANSWER), msgspec.msgpack.encode(answer))
    path.unlink()


def ask(settings: Settings, request: Request) -> Answer:
    """Have it done: by the server that runs on the folder, or, when none does, right here. Raises `CannotStart`."""
    try:
        with files.only_one(settings.folder):
            return asyncio.run(_do_alone(settings, request))
    except files.Held:
        return _ask_server(settings.folder, request)


async def _do_alone(settings: Settings, request: Request) -> Answer:
    async with at_rest(settings.folder) as (db, keys, erasures, _):
        plan = hours.read(settings.folder)
        housekeeping = Housekeeping(settings, db, keys, erasures, lambda: plan, clocks.system)
        return await housekeeping.do(request)


@asynccontextmanager
async def at_rest(folder: Path) -> AsyncIterator[tuple[Db, KeyStore, Erasures, int]]:
    """The database, the key store and the erasures of a folder that no server runs on.

    What the ledger names and is still there is erased first; how many conversations that were.
    """
    migrate(folder / "main.db")
    keys, erased = KeyStore(folder / "keys"), Ledger(folder / ledger.FILE)
    db = Db(folder / "main.db", Relay(), Metrics())
    try:
        erasures = Erasures(db, keys, erased, clocks.system)
        again = await erasures.finish()
        await erasures.clean()
        yield db, keys, erasures, again
    finally:
        await db.close()
        keys.close()
        erased.close()


def _ask_server(folder: Path, request: Request) -> Answer:
    path, answer = folder / REQUEST, folder / ANSWER
    if path.exists():
        raise CannotStart("The server has another request to do. Try again in a minute.")
    answer.unlink(missing_ok=True)
    files.write_whole(path, msgspec.msgpack.encode(request))
    end = time.monotonic() + ANSWER_WITHIN
    while path.exists():
        if time.monotonic() > end:
            raise CannotStart("The server has not done it yet. It goes on trying: ask again later.")
        time.sleep(0.1)
    done = msgspec.msgpack.decode(answer.read_bytes(), type=Answer)
    answer.unlink()
    return done
