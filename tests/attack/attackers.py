"""What an attacker brings: a team next door, a socket written by hand, and an eye on what the disk holds."""

import asyncio
import base64
import hashlib
import os
import socket
import time
from collections.abc import Callable
from typing import Any

import msgspec

from actors import STUCK, Counsellor, House, Line, Visitor
from luwte import demo
from luwte.audit import store as audit_store
from luwte.audit.model import Record
from luwte.conversation import actions as conversations
from luwte.conversation.model import LOGS
from luwte.crypto import primitives
from luwte.crypto.certificate import Certificate, Type, cert_id, issue
from luwte.crypto.wrap import Purpose, WrapContext, wrap
from luwte.plumbing import keystore
from luwte.plumbing.db import ReadTx
from luwte.staff import actions as staff
from luwte.staff.model import Account, Team, TeamKey
from luwte.staff.roles import COUNSELLOR

NEXT_DOOR = "next-door"
DAY = 86_400

SIGNS = (
    "hello",
    "queue",
    "waiting",
    "claimed",
    "cert",
    "envelope",
    "typing",
    "read",
    "delivered",
    "taken",
    "lost",
    "standing",
    "presence",
)
SIGNS += ("shift", "asked", "offered", "offer_over", "muted")
SIGNS += ("line", "alarms", "company", "picture", "messages", "for_later", "broken", "returning")
"""Frames that may come at any moment and answer nothing."""


class Wound:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """Now."""
        return time.time() + self.ahead


async def a_team_next_door(house: House) -> Counsellor:
    """A second team in the same organisation, with a line of its own and one counsellor."""
    now = int(time.time())
    organisation, existing = house.organisation, house.luwte.teams[demo.LINE]
    private = os.urandom(32)
    team = issue(
        Certificate(
            Type.TEAM, demo.ORGANISATION, NEXT_DOOR, (primitives.public_of(private),), (), 1, now, now + 14 * DAY
        ),
        organisation.admin,
    )
    person = demo.Person(
        os.urandom(16).hex(), "Kim", COUNSELLOR, "no passphrase", os.urandom(32), os.urandom(32), os.urandom(32)
    )
    public = (primitives.signing_public_of(person.ed25519), primitives.public_of(person.x25519))
    role = (f"{NEXT_DOOR}/{COUNSELLOR}",)
    signed = issue(
        Certificate(Type.STAFF, demo.ORGANISATION, person.id, public, role, 1, now, now + 90 * DAY), organisation.admin
    )
    account = Account(
        person.id,
        person.name,
        NEXT_DOOR,
        COUNSELLOR,
        os.urandom(16),
        os.urandom(32),
        os.urandom(60),
        os.urandom(60),
        os.urandom(60),
        signed,
        cert_id(signed),
        False,
    )
    context = WrapContext(demo.ORGANISATION, NEXT_DOOR, 1, bytes(16), 0, Purpose.MEMBER)
    key = TeamKey(NEXT_DOOR, 1, wrap(private, primitives.public_of(person.x25519), context))
    luwte = house.luwte
    await asyncio.to_thread(luwte.keys.put, keystore.STAFF, bytes.fromhex(person.id), os.urandom(32))
    await luwte.db.write(staff.put_team, Team(NEXT_DOOR, "Next door", 1, existing.admin_certificate, team))
    await luwte.db.write(staff.admit, account, [key])
    await luwte.reload_teams()
    return Counsellor(house, person, NEXT_DOOR, private)


async def return_to_list(house: House, conv: bytes) -> None:
    """Take a conversation from whoever has it, as the end of a shift does."""
    found = await house.luwte.db.read(conversations.find, conv)
    await house.luwte.db.write(conversations.unseat, found, house.luwte.minute())


def _everything(tx: ReadTx) -> str:
    digest = hashlib.sha256()
    for table in ("conversation", "envelope", "wrap", "phrase", "companion", "alarm", "line"):
        for row in tx.all(f"SELECT * FROM {table} ORDER BY 1, 2, 3"):
            digest.update(repr(row).encode())
    return digest.hexdigest()


async def what_is_stored(house: House) -> str:
    """A fingerprint of every conversation on the disk."""
    return await house.luwte.db.read(_everything)


def _counts(tx: ReadTx, conv: bytes) -> dict[int, int]:
    conversation = conversations.find(tx, conv)
    return {log: conversations.last(tx, conversation, log) for log in LOGS}


async def how_many(house: House, conv: bytes) -> dict[int, int]:
    """How many envelopes each log of a conversation has."""
    return await house.luwte.db.read(_counts, conv)


async def records(house: House) -> list[Record]:
    """The audit log, with all that was told to somebody before this."""
    await house.luwte.db.write(lambda _: None)
    return [record for record, _ in await house.luwte.db.read(lambda tx: list(audit_store.everything(tx)))]


async def answers(line: Line, t: str, /, **values: Any) -> list[dict[str, Any]]:
    """Everything that answers one frame, up to the pong of a ping that follows it; signs are passed over."""
    line.send(t, **values)
    return await until_pong(line)


async def until_pong(line: Line) -> list[dict[str, Any]]:
    """What the server has to say to all that was sent so far."""
    line.send("ping")
    return await until_next_pong(line)


async def until_next_pong(line: Line) -> list[dict[str, Any]]:
    """What the server says before the answer to a ping that was sent."""
    heard = []
    while (frame := await line.hear())["t"] != "pong":
        if frame["t"] not in SIGNS:
            heard.append(frame)
    return heard


async def refused(line: Line, t: str, /, **values: Any) -> dict[str, Any]:
    """The one refusal that answers a frame."""
    (frame,) = await answers(line, t, **values)
    assert frame["t"] == "refused", frame
    assert len(frame["says"]) > 10
    assert frame["says"].endswith(".")
    return frame


async def a_taken_conversation(house: House, desk: Counsellor) -> Visitor:
    """A visitor who talks with *desk*, each having said something."""
    visitor = house.visitor()
    assert (await visitor.starts())["t"] == "started"
    assert (await visitor.says("an opening"))["t"] == "ack"
    taken = await desk.takes(visitor.conv)
    assert taken["t"] == "taken", taken
    await visitor.line.hear("claimed")
    visitor.generation = 1
    assert (await visitor.says("from the visitor"))["t"] == "ack"
    assert (await desk.says(visitor.conv, "from the desk"))["t"] == "ack"
    return visitor


class Raw:
    """A WebSocket written byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self.reader, self.writer, self.head = reader, writer, head

    @classmethod
    async def open(
        cls, house: House, path: str = "/socket", receive: int | None = None, **headers: str | None
    ) -> "Raw":
        """Send an upgrade request; the answer's head is in `head`. A header set to None is left out."""
        address = house.origin.removeprefix("http://")
        given: dict[str, str | None] = {
            "Host": address,
            "Origin": house.origin,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        }
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{name}: {value}" for name, value in given.items() if value is not None]
        host, _, port = address.partition(":")
        limit = receive or 2**16
        ours = socket.socket(proto=socket.IPPROTO_TCP)
        ours.setblocking(False)
        if receive:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        await asyncio.get_running_loop().sock_connect(ours, (host, int(port)))
        reader, writer = await asyncio.open_connection(sock=ours, limit=limit)
        writer.write("\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode("latin-1"))
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            head = error.partial
        return cls(reader, writer, head)

    @property
    def is_open(self) -> bool:
        """Whether the server switched to WebSocket."""
        return self.head.startswith(b"HTTP/1.1 101")

    def send(self, payload: bytes, *, opcode: int = 2, fin: bool = True, rsv: int = 0, mask: bool = True) -> None:
        """Send one WebSocket frame, right or wrong."""
        self.writer.write(self.wire(payload, opcode=opcode, fin=fin, rsv=rsv, mask=mask))

    @staticmethod
    def wire(payload: bytes, *, opcode: int = 2, fin: bool = True, rsv: int = 0, mask: bool = True) -> bytes:
        """The bytes of one WebSocket frame."""
        first = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
        size = len(payload)
        bit = 0x80 if mask else 0
        if size < 126:
            length = bytes([bit | size])
        elif size < 65536:
            length = bytes([bit | 126]) + size.to_bytes(2, "big")
        else:
            length = bytes([bit | 127]) + size.to_bytes(8, "big")
        return first + length + (bytes(4) if mask else b"") + payload

    def send_in_parts(self, part: bytes, times: int, opcode: int = 0) -> None:
        """Send a first part of a message and more parts, the last as unfinished as the first."""
        for n in range(times):
            self.send(part, opcode=opcode if n else 2, fin=False)

    def frame(self, t: str, **values: Any) -> None:
        """Send one frame of the protocol."""
        self.send(msgspec.msgpack.encode({"t": t, **values}))

    async def hear(self) -> tuple[int, bytes]:
        """The next WebSocket frame: opcode and payload. Raises `IncompleteReadError` at the end."""
        head = await self.reader.readexactly(2)
        size = head[1] & 0x7F
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await self.reader.readexactly(8), "big")
        return head[0] & 0x0F, await self.reader.readexactly(size)

    async def closing_code(self, within: float = STUCK) -> int | None:
        """Wait until the server hangs up; its code, or None when it said none."""
        async with asyncio.timeout(within):
            code = None
            try:
                while True:
                    opcode, payload = await self.hear()
                    if opcode == 8:
                        code = int.from_bytes(payload[:2], "big")
            except (asyncio.IncompleteReadError, ConnectionError):
                return code

    def close(self) -> None:
        """Hang up."""
        self.writer.close()


def bent(data: bytes, at: int, new: bytes) -> bytes:
    """*data* with other bytes at one place."""
    return data[:at] + new + data[at + len(new) :]


async def wait_until(true: Callable[[], bool]) -> None:
    """Give the loop time until something that no frame tells is so."""
    async with asyncio.timeout(STUCK):
        while not true():
            await asyncio.sleep(0.005)
