"""Many people with addresses and browsers of their own, what they say, and where it must not be found."""

# ruff: noqa: RUF001  (these are words of people in many scripts)
import asyncio
import base64
import contextlib
import json
import os
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from actors import STUCK, Counsellor, Site, Visitor

CANARIES = [
    "Twenty small yellow birds 4711",
    "My stepfather has the door key",
    "Ik durf niet naar huis vannacht",
    "Ze hebben mijn paspoort afgepakt",
    "Μου πήραν το διαβατήριο χθες",
    "Δεν μπορώ να γυρίσω σπίτι",
    "Он забрал мой телефон вчера",
    "Я боюсь идти домой одна",
    "لا أستطيع العودة إلى البيت",
    "أخذوا جواز سفري أمس",
    "אני מפחדת לחזור הביתה",
    "הם לקחו לי את הדרכון",
    "मुझे घर जाने से डर लगता है",
    "ช่วยด้วย ฉันกลัวเขามาก",
    "나는 집에 갈 수 없어요 지금",
    "我不敢回家他拿走了护照",
    "家に帰るのが怖いです助けて",
    "ወደ ቤት መሄድ እፈራለሁ",
    "მეშინია სახლში დაბრუნების",
    "🐦🔑 4711 🐦🔑 0815 🐦🔑",
]
AGENT = "Luwte-Canary-Browser"
"""Part of every User-Agent here, with a number of its own behind it."""


def spellings(text: str) -> set[bytes]:
    """How a text could lie on a disk."""
    plain = text.encode()
    return {
        plain,
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        urllib.parse.quote(text).encode(),
        json.dumps(text)[1:-1].encode(),
        repr(plain)[2:-1].encode(),
        plain.hex().encode(),
        *(base64.b64encode(plain[shift:])[:-4] for shift in range(3)),
    }


LIES = (
    "X-Forwarded-For",
    "Forwarded",
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "Fastly-Client-IP",
    "X-Originating-IP",
    "X-Remote-IP",
    "X-Remote-Addr",
    "X-ProxyUser-IP",
    "Client-IP",
    "Via",
)
"""Headers by which somebody says where a request comes from."""


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file but the demonstration's own keys and passphrases."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] != "demo"
    }


def hits(seen: dict[str, bytes], words: set[bytes]) -> list[tuple[str, bytes]]:
    """Where one of these words is found."""
    return [(name, word) for name, data in seen.items() for word in words if word in data]


class Crowd:
    """Visitors and desks, each from an address and with a browser of their own."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.agents: list[str] = []
        self.visitors: list[Visitor] = []
        self.acked: dict[bytes, int] = {}

    def dressed(self, one: Any) -> Any:
        """Give *one* an address and a browser that nobody else has."""
        number = len(self.addresses) + 17
        one.source, one.agent = f"127.0.1.{number}", f"{AGENT}-{number}/{os.urandom(4).hex()}"
        self.addresses.append(one.source)
        self.agents.append(one.agent)
        return one

    async def says_much(self, visitor: Visitor, times: int) -> None:
        """Canaries, one after the other, each acknowledged."""
        for n in range(times):
            answer = await visitor.says(f"{CANARIES[(len(self.acked) + n) % len(CANARIES)]} ({n})")
            assert answer["t"] == "ack", answer
            self.acked[visitor.conv] = max(self.acked.get(visitor.conv, 0), answer["n"])

    async def writes_until(self, end: Callable[[], Any], each: int) -> None:
        """Four visitors write *each* so many messages; in the middle of it *end* comes over the server."""

        async def writes(visitor: Visitor) -> None:
            with contextlib.suppress(ConnectionError):
                await self.says_much(visitor, each)

        writing = [asyncio.ensure_future(writes(visitor)) for visitor in self.visitors[:4]]
        before = sum(self.acked.values())
        async with asyncio.timeout(STUCK):
            while sum(self.acked.values()) < before + 8:
                await asyncio.sleep(0.002)
        end()
        await asyncio.gather(*writing)

    async def talks(self, house: Site, desk: Counsellor, n: int, each: int) -> Visitor:
        """One conversation of about *each* messages: an opening, a Take, a note, and both sides talk."""
        visitor = self.dressed(house.visitor())
        self.visitors.append(visitor)
        assert (await visitor.starts())["t"] == "started"
        await self.says_much(visitor, min(5, each // 2))
        assert (await desk.takes(visitor.conv))["t"] == "taken"
        await visitor.line.hear("claimed")
        visitor.generation = 1
        assert (await desk.notes(visitor.conv, CANARIES[n % len(CANARIES)]))["t"] == "ack"
        for k in range(each // 2 - 1):
            await self.says_much(visitor, 1)
            answer = await desk.says(visitor.conv, f"{CANARIES[(n + k) % len(CANARIES)]}!")
            assert answer["t"] == "ack"
            self.acked[visitor.conv] = answer["n"]
        return visitor

    @property
    def words(self) -> set[bytes]:
        """All that must be nowhere: what was said, and who said it from where with what, in every spelling."""
        texts = [*CANARIES, AGENT, *self.agents]
        words = {spelling for text in texts for spelling in spellings(text)}
        return words | {address.encode() for address in self.addresses} | {b"127.0.1."}

    async def desk_of(self, house: Site, index: int) -> Counsellor:
        """A desk, signed in with its passphrase."""
        desk: Counsellor = self.dressed(house.counsellor(index))
        assert (await desk.signs_in()).status_code == 200
        await desk.opens_desk()
        return desk


class Client:
    """Somebody who uses HTTP only."""

    source: str
    agent: str

    def __init__(self, house: Site) -> None:
        self.house = house

    def http(self, origin: str | None = None) -> httpx.AsyncClient:
        """A browser of their own, that says of itself whatever browsers and proxies say."""
        transport = httpx.AsyncHTTPTransport(local_address=self.source, verify=self.house.tls or True)
        headers = {"User-Agent": self.agent, "X-Forwarded-For": self.source, "Referer": f"http://{self.source}/"}
        headers |= dict.fromkeys(LIES, self.source)
        return httpx.AsyncClient(base_url=origin or self.house.origin, transport=transport, headers=headers, timeout=30)
