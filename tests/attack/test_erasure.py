"""Erased means erased: no byte of it in any file, and no backup, key or ledger of another day brings it back."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from actors import Counsellor, House, Visitor, play


def forms(secret: bytes) -> list[bytes]:
    """How some bytes may stand in a file: as they are, in hexadecimal digits, and in base64 from any byte on."""
    found = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    for shift in range(3):
        digits = base64.b64encode(bytes(shift) + secret)
        whole = digits[4 if shift else 0 : (len(secret) + shift) // 3 * 4]
        found += [whole, whole.replace(b"+", b"-").replace(b"/", b"_")]
    return found


class Traces:
    """What may be nowhere once a conversation is erased."""

    def __init__(self, house: House, visitor: Visitor) -> None:
        self.folder = house.folder
        key = house.luwte.around.shred_key(visitor.conv)
        assert key is not None
        start = visitor.start_frame
        self.needles = [visitor.conv, key, visitor.chain.sender, start["ve"], start["vg"], start["sig"]]
        self.needles += start["wraps"]
        self.locked: list[bytes] = []

    def sent(self, envelope: bytes) -> None:
        """An envelope went to the server: itself, its id, and its hash are traces."""
        self.needles += [envelope, envelope[42:58], envelope[162:194]]

    async def on_disk(self, house: House, conv: bytes) -> None:
        """What of it lies on the disk now."""
        self.needles += await house.luwte.db.read(_rows, conv)

    def found(self, *others: Path) -> list[tuple[str, str]]:
        """Files in which something of it stands."""
        files = [path for path in [*self.folder.rglob("*"), *others] if path.is_file()]
        contents = {path.name: path.read_bytes() for path in files}
        wanted = {form for needle in self.needles for form in forms(needle)}
        assert len(self.needles) > 10
        return [(name, form.hex()[:40]) for name, data in contents.items() for form in wanted if form in data]


def _rows(tx: Any, conv: bytes) -> list[bytes]:
    (key,) = tx.one("SELECT key FROM conversation WHERE id = ?", conv)
    found: list[bytes] = []
    for row in tx.all("SELECT msg_id, sender, hash, locked FROM envelope WHERE conversation = ?", key):
        found += row
    for row in tx.all("SELECT locked FROM wrap WHERE conversation = ?", key):
        found += row
    found += tx.one("SELECT start_hash, credential_hash FROM conversation WHERE key = ?", key)
    return found


async def a_talk(house: House, noor: Counsellor, messages: int = 3) -> tuple[Visitor, Traces]:
    """A conversation between two people, with a team note."""
    visitor = house.visitor()
    assert (await visitor.starts())["t"] == "started"
    traces = Traces(house, visitor)
    await visitor.says("opening")
    await noor.takes(visitor.conv)
    await visitor.line.hear("claimed")
    visitor.generation = 1
    await noor.notes(visitor.conv, "a note")
    for n in range(messages):
        await visitor.says(f"message {n}")
        await noor.says(visitor.conv, f"answer {n}")
    for line in (visitor.line, noor.line):
        for data in line.sent:
            at = data.find(b"LW\x01\x01")
            if at >= 0 and data[at + 6 : at + 22] == visitor.conv:
                traces.sent(data[at:])
    await traces.on_disk(house, visitor.conv)
    return visitor, traces


@pytest.mark.usefixtures("both_ways")
def test_h1_h7_a_visitor_erases_while_both_talk(tmp_path: Path) -> None:
    """Without staff: at once, everywhere; the desk is told, and nothing more is taken from anybody."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.opens_desk()
        others = [await a_talk(house, noor) for _ in range(3)]
        visitor, traces = await a_talk(house, noor)
        assert traces.found(), "this way of looking finds what is there"
        assert await visitor.erases() == {"t": "erased", "conv": visitor.conv}
        assert traces.found() == []
        assert (await noor.line.hear("ended"))["conv"] == visitor.conv
        assert (await noor.line.hear("erased"))["conv"] == visitor.conv
        assert (await visitor.line.hear("erased"))["conv"] == visitor.conv
        assert (await noor.says(visitor.conv, "are you there?"))["code"] == "no_such_conversation"
        assert (await visitor.resumes())["code"] == "no_such_conversation"
        assert (await visitor.erases())["t"] == "erased", "asked again, the answer is the same"
        for other, _ in others:
            assert (await other.says("still here"))["t"] == "ack"
        await asyncio.sleep(0)
        assert traces.found() == []

    play(story, tmp_path / "house")
