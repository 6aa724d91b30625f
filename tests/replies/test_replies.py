"""Canned replies: kept for whose they are, never read here, and nobody writes over what they have not seen."""

import asyncio
import base64
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import Counsellor, House, play
from attack.attackers import a_team_next_door, records
from luwte.crypto.primitives import CannotOpen, Malformed
from luwte.crypto.replies import ReplyText, open_reply, own_key, seal_reply, team_key
from luwte.errors import ReplyChanged, TooManyReplies
from luwte.replies.model import MOST, next_version

SEALED = os.urandom(256 + 28)


def _bearer(desk: Counsellor) -> dict[str, str]:
    return {"Authorization": f"Bearer {base64.b64encode(desk.token).decode()}"}


async def reads(desk: Counsellor) -> dict[str, Any]:
    """All that a desk may open."""
    async with desk.http() as client:
        answer = await client.get("/desk/replies", headers=_bearer(desk))
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found


async def writes(
    desk: Counsellor, scope: str, id: bytes, version: int = 0, sealed: bytes = SEALED, **more: Any
) -> httpx.Response:
    """Keep a reply."""
    body = {"scope": scope, "id": base64.b64encode(id).decode(), "version": version}
    body |= {"sealed": base64.b64encode(sealed).decode(), **more}
    async with desk.http() as client:
        return await client.post("/desk/replies", headers=_bearer(desk), json=body)


def row(id: bytes, version: int, sealed: bytes = SEALED, epoch: int = 0) -> dict[str, Any]:
    """One reply as it travels."""
    sealed_text = base64.b64encode(sealed).decode()
    return {"id": base64.b64encode(id).decode(), "version": version, "sealed": sealed_text, "epoch": epoch}


async def three_desks(house: House) -> tuple[Counsellor, Counsellor, Counsellor]:
    """Noor and Sam of one team, Kim of another."""
    noor, sam, kim = house.counsellor(0), house.counsellor(1), await a_team_next_door(house)
    for desk in (noor, sam, kim):
        await desk.skips_sign_in()
    return noor, sam, kim


def test_own_ones_are_ones_own_and_shared_ones_the_teams(tmp_path: Path) -> None:
    """A colleague sees the shared ones, another team nothing; the same id elsewhere is another reply."""

    async def story(house: House) -> None:
        noor, sam, kim = await three_desks(house)
        id = os.urandom(16)
        assert (await writes(noor, "own", id)).json() == {"version": 1}
        assert (await writes(noor, "team", id)).json() == {"version": 1}
        assert (await writes(kim, "team", id)).json() == {"version": 1}
        assert (await writes(noor, "team", id, 1)).json() == {"version": 2}
        assert await reads(noor) == {"own": [row(id, 1)], "team": [row(id, 2)]}
        assert await reads(sam) == {"own": [], "team": [row(id, 2)]}
        assert await reads(kim) == {"own": [], "team": [row(id, 1)]}
        assert (await writes(sam, "team", id, 2, b"")).json() == {"version": 0}
        assert (await reads(noor))["team"] == []
        assert (await reads(kim))["team"] == [row(id, 1)]

    play(story, tmp_path / "house")


def test_of_twenty_who_write_at_once_one_is_kept_and_the_others_are_told(tmp_path: Path) -> None:
    """Also for who writes over a removed one; each has its record."""

    async def story(house: House) -> None:
        noor, sam, _ = await three_desks(house)
        id = os.urandom(16)
        for version in (0, 1, 2):
            boxes = [os.urandom(284) for _ in range(20)]
            answers = await asyncio.gather(
                *(writes(desk, "team", id, version, box) for desk, box in zip([noor, sam] * 10, boxes, strict=True))
            )
            (won,) = [at for at, answer in enumerate(answers) if answer.status_code == 200]
            assert {answer.json()["code"] for answer in answers if answer.status_code != 200} == {"reply_changed"}
            assert (await reads(noor))["team"] == [row(id, version + 1, boxes[won])]
        await writes(noor, "team", id, 3, b"")
        assert (await writes(sam, "team", id, 3)).json()["code"] == "reply_changed"
        found = [(one.reason, one.result) for one in await records(house) if one.action == "replies.change"]
        assert found.count(("team", "done")) == 4
        assert found.count(("team", "reply_changed")) == 3 * 19 + 1

    play(story, tmp_path / "house")


def test_only_what_a_browser_seals_is_kept_and_not_too_much_of_it(tmp_path: Path) -> None:
    """Another size, id, scope, version, a surplus field, no token: refused, and nothing is stored."""

    async def story(house: House) -> None:
        noor, _, _ = await three_desks(house)
        id = os.urandom(16)
        for bad in (
            await writes(noor, "own", id, sealed=os.urandom(283)),
            await writes(noor, "own", id, sealed=os.urandom(8192 + 28)),
            await writes(noor, "own", os.urandom(15)),
            await writes(noor, "everybody", id),
            await writes(noor, "own", id, -1),
            await writes(noor, "own", id, owner="account/somebody"),
        ):
            assert (bad.status_code, bad.json()["code"]) == (400, "malformed")
        stranger = house.counsellor(1)
        stranger.token = os.urandom(32)
        assert (await writes(stranger, "own", id)).status_code == 401
        assert await reads(noor) == {"own": [], "team": []}

    play(story, tmp_path / "house")


def test_there_is_room_for_so_many_and_a_change_needs_none() -> None:
    """The rule by itself."""
    assert next_version(0, 0, MOST - 1) == 1
    assert next_version(7, 7, MOST) == 8
    with pytest.raises(TooManyReplies):
        next_version(0, 0, MOST)
    for stored, replaces in ((3, 2), (2, 3), (0, 1), (1, 0)):
        with pytest.raises(ReplyChanged):
            next_version(stored, replaces, 0)


WORDS = st.text(max_size=200)


@given(language=st.sampled_from(["nl", "en"]), name=WORDS, text=WORDS, version=st.integers(1, 2**53 - 1))
def test_a_reply_opens_in_its_place_and_nowhere_else(language: str, name: str, text: str, version: int) -> None:
    """Not under another key, owner, id or version; and it weighs what many others weigh."""
    try:
        reply = ReplyText(language, name.encode().decode(), text)
    except UnicodeEncodeError:
        return
    key, id = own_key(os.urandom(32)), os.urandom(16)
    box = seal_reply(key, "a", id, version, reply)
    assert open_reply(key, "a", id, version, box) == reply
    assert len(box) - 28 in (256, 512, 1024, 2048, 4096)
    for other in (
        (own_key(os.urandom(32)), "a", id, version),
        (key, "b", id, version),
        (key, "a", os.urandom(16), version),
        (key, "a", id, version + 1),
    ):
        with pytest.raises(CannotOpen):
            open_reply(*other, box)


def test_keys_differ_by_team_and_epoch_and_too_long_is_refused() -> None:
    """No two labels meet."""
    private = os.urandom(32)
    made = {team_key(private, team, epoch) for team in ("a", "b") for epoch in (1, 2, 11)} | {own_key(private)}
    assert len(made) == 7
    with pytest.raises(Malformed):
        seal_reply(os.urandom(32), "a", bytes(16), 1, ReplyText("nl", "", "x" * 4096))
