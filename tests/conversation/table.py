"""A table to play at: the real database, relay and follower; visitors and counsellors who write and read."""

import asyncio
import os
import random
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from luwte.conversation import actions
from luwte.conversation.follow import Follower
from luwte.conversation.model import THE_VISITOR, Stored, Writer
from luwte.crypto import envelope, keys
from luwte.crypto.envelope import MESSAGE, ROTATION, SHARED_LOG, TEAM, VISITOR, Header
from luwte.crypto.primitives import sha256
from luwte.errors import NoSuchConversation, OutOfOrder, Refusal, WrongGeneration
from luwte.plumbing.db import Db
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.migrate import migrate
from luwte.plumbing.relay import Relay

NOOR = Writer("noor", b"c" * 16)


class Pipe:
    """A reader's line: what arrives is kept; it can be full."""

    def __init__(self) -> None:
        self.clogged = False
        self.closed = False

    def close(self, code: int) -> None:
        """The server hung up: never in these plays."""
        self.closed = True


class Reader:
    """Somebody who reads the shared log, and whose line may break or be full."""

    def __init__(self, table: "Table", connection: int) -> None:
        self.table, self.connection = table, connection
        self.read: list[tuple[int, bytes]] = []
        self.room = 1_000_000
        self.connect()

    def connect(self) -> None:
        """Come back on a new line, after what was read."""
        self.pipe = Pipe()
        table = self.table
        self.follower = Follower(
            db=table.db,
            relay=table.relay,
            shred_key=lambda _: table.key,
            socket=self.pipe,  # type: ignore[arg-type]
            conversation=table.conv,
            log=SHARED_LOG,
            after=self.read[-1][0] if self.read else 0,
            connection=self.connection,
            deliver=self.take,
        )

    def take(self, stored: Stored) -> None:
        """One envelope arrives."""
        self.read.append((stored.n, stored.envelope))
        self.room -= 1
        if self.room <= 0:
            self.pipe.clogged = True

    def drain(self) -> None:
        """The line takes more again."""
        self.room = 1_000_000
        self.pipe.clogged = False
        self.follower.pump()

    def hang_up(self) -> None:
        """Gone."""
        self.follower.stop()


class Chain:
    """One page life of a writer."""

    def __init__(self, writer: Writer, conv: bytes) -> None:
        self.writer, self.conv = writer, conv
        self.sender, self.seq, self.prev = os.urandom(8), 0, bytes(32)

    def next(self, generation: int, klass: int = MESSAGE) -> tuple[Header, bytes]:
        """The next envelope: a true header, and bytes that nobody here can open."""
        self.seq += 1
        direction = VISITOR if self.writer is THE_VISITOR else TEAM
        header = Header(
            klass,
            direction,
            self.conv,
            generation,
            self.sender,
            self.seq,
            os.urandom(16),
            self.prev,
            0,
            bytes(32),
            os.urandom(32),
        )
        data = envelope.pack(header) + os.urandom(32 + 256 + 16)
        self.prev = sha256(data)
        return header, data


class Table:
    """One conversation that was taken, with readers and writers."""

    def __init__(self, db: Db, relay: Relay) -> None:
        self.db, self.relay = db, relay
        self.key, self.vs = os.urandom(32), os.urandom(32)
        self.conv = b""
        self.said: list[tuple[int, bytes]] = []
        self.generation = 1
        self.unsaid: list[int] = []
        self.talking: list[asyncio.Task[None]] = []
        self.readers: list[Reader] = []
        self.writers: list[Chain] = []

    async def set(self) -> None:
        """Start a conversation, let Noor take it, seat two readers and two writers."""
        self.conv = await self.db.write(self._create)
        self.readers = [Reader(self, 101), Reader(self, 102)]
        self.writers = [Chain(THE_VISITOR, self.conv), Chain(NOOR, self.conv)]

    def _create(self, tx: Any) -> bytes:
        visitor = keys.visitor_keys(self.vs)
        request = actions.StartRequest(
            "chat",
            visitor.ve_public,
            visitor.vg_public,
            visitor.credential,
            bytes(16),
            tuple(os.urandom(80) for _ in range(4)),
            bytes(64),
        )
        conversation = actions.start(
            tx, actions.seal_start(request, self.key, 1), team_cert=bytes(16), minute=1, rotates=True
        )
        assert actions.seat(tx, conversation, "noor")
        return conversation.id

    async def say(self, who: int) -> None:
        """Write one message and wait until it is on disk."""
        await self._append(who)

    async def blurt(self, who: int) -> None:
        """Write one message and do not wait."""
        self.talking.append(asyncio.create_task(self._append(who)))
        await asyncio.sleep(0)

    async def turn(self, who: int) -> None:
        """Two desks of Noor's turn to the next secret at once; one of them does, and the visitor talks meanwhile."""
        await self.blurt(0)
        before = self.generation
        desks = [asyncio.create_task(self._turn(before)) for _ in range(1 + who)]
        await self.blurt(0)
        answers = await asyncio.gather(*desks)
        assert answers.count("turned") <= 1
        assert set(answers) <= {"turned", "generation"}
        await self.settle_writers()

    async def sign_out(self, who: int) -> None:
        """Noor leaves in the middle of it and takes it again."""
        await self.db.write(self._unseat)
        await self.settle_writers()
        assert await self.db.write(self._seat)

    async def say_twice(self, who: int) -> None:
        """The acknowledgement is lost; the same bytes come again, and take no second place."""
        await self.settle_writers()
        header, data = self.writers[who].next(self.generation)
        sealed = actions.seal(header, data, self.key)
        first = await self._write(sealed, self.writers[who].writer)
        again = await self._write(sealed, self.writers[who].writer)
        assert first == again
        self.said.append((first.n, data))

    async def reload(self, who: int) -> None:
        """A new page life: a new sender id."""
        await self.settle_writers()
        self.writers[who] = Chain(self.writers[who].writer, self.conv)

    async def breathe(self, who: int) -> None:
        """Let the others go on for a moment."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def reconnect(self, who: int) -> None:
        """The line breaks and comes back."""
        self.readers[who].hang_up()
        self.readers[who].connect()

    async def clog(self, who: int) -> None:
        """The line can take one more, then it is full."""
        self.readers[who].room = 1

    async def drain(self, who: int) -> None:
        """It takes more again."""
        self.readers[who].drain()

    async def settle_writers(self) -> None:
        """Everything that was blurted out is on disk, or is known not to be: who it is tries again later."""
        await asyncio.gather(*self.talking)
        self.talking.clear()
        for who in {*self.unsaid}:
            # What is behind a refused one was refused, too: it goes on where the server stands, here on a new chain.
            self.writers[who] = Chain(self.writers[who].writer, self.conv)

    async def say_again(self) -> None:
        """What the secrets moved on over is said under the present one."""
        await self.settle_writers()
        unsaid, self.unsaid = self.unsaid, []
        for who in unsaid:
            await self._append(who)
        assert not self.unsaid

    async def settle(self) -> None:
        """Everything is said and everybody has had the time to read it."""
        await self.say_again()
        for reader in self.readers:
            reader.room = 1_000_000
            if reader.pipe.clogged:
                reader.drain()
        for _ in range(200):
            if all(len(reader.read) >= len(self.said) for reader in self.readers):
                break
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.002)

    async def _append(self, who: int) -> None:
        chain = self.writers[who]
        header, data = chain.next(self.generation)
        try:
            ack = await self._write(actions.seal(header, data, self.key), chain.writer)
        except (WrongGeneration, OutOfOrder, NoSuchConversation):
            self.unsaid.append(who)
        else:
            self.said.append((ack.n, data))

    async def _turn(self, before: int) -> str:
        header, data = Chain(NOOR, self.conv).next(before, ROTATION)
        sealed = actions.seal(header, data, self.key, os.urandom(80), 1)
        try:
            ack = await self._write(sealed, NOOR)
        except Refusal as refusal:
            return refusal.code
        assert await self._write(sealed, NOOR) == ack
        self.generation = max(self.generation, before + 1)
        self.said.append((ack.n, data))
        return "turned"

    def _unseat(self, tx: Any) -> None:
        actions.unseat(tx, actions.find(tx, self.conv), 1)

    def _seat(self, tx: Any) -> bool:
        return actions.seat(tx, actions.find(tx, self.conv), "noor")

    def _secrets(self, tx: Any) -> tuple[int, list[int]]:
        conversation = actions.find(tx, self.conv)
        return conversation.generation, [wrap.generation for wrap in actions.team_wraps(tx, conversation)]

    async def _write(self, sealed: actions.Sealed, writer: Writer) -> actions.Ack:
        return await self.db.write(actions.append, sealed, writer, 1, 0)


@asynccontextmanager
async def a_table() -> AsyncIterator[Table]:
    """A table in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "main.db"
        migrate(path)
        relay = Relay()
        db = Db(path, relay, Metrics())
        try:
            table = Table(db, relay)
            await table.set()
            yield table
        finally:
            for reader in table.readers:
                reader.hang_up()
            await db.close()


Step = tuple[str, int]
DEEDS = ("say", "blurt", "blurt", "say_twice", "reload", "breathe", "reconnect", "clog", "drain", "turn", "sign_out")


def play(steps: list[Step]) -> None:
    """Play *steps*; afterwards everybody has read what was said: all of it, once, in order."""

    async def run() -> None:
        async with asyncio.timeout(20), a_table() as table:
            for deed, who in steps:
                await getattr(table, deed)(who)
            await table.settle()
            said = sorted(table.said)
            assert [n for n, _ in said] == list(range(1, len(said) + 1))
            for reader in table.readers:
                assert reader.read == said
                assert not reader.pipe.closed
            # Each secret follows the one before, was made once, and nothing is under one that is over.
            generations = [(envelope.parse(data).generation, envelope.parse(data).klass) for _, data in said]
            at = 1
            for generation, klass in generations:
                assert generation == at
                at += klass == ROTATION
            assert await table.db.read(table._secrets) == (at, list(range(at + 1)))

    asyncio.run(run())


def fails(times: int, prepare: Callable[[], None] = lambda: None) -> bool:
    """Whether any of *times* random plays goes wrong."""
    dice = random.Random(7)
    for _ in range(times):
        steps = [(dice.choice(DEEDS), dice.randrange(2)) for _ in range(30)]
        try:
            play(steps)
        except (AssertionError, TimeoutError, Refusal):
            return True
    return False
