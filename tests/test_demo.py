"""A demonstration that is left running."""

import asyncio
from pathlib import Path

import pytest

from actors import STUCK, House, play
from attack.attackers import DAY, Wound
from luwte import cli, demo
from luwte.crypto import primitives
from luwte.crypto.certificate import Type, check_chain

BROKEN = "CREATE TRIGGER broken BEFORE UPDATE ON team BEGIN SELECT RAISE(ABORT, 'not now'); END"


def test_a_demonstration_runs_for_months(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every five days somebody starts, is taken and talks, under certificates that hold; also after one bad day."""
    monkeypatch.setattr(cli, "LOOK_EVERY", 0.01)
    clock = Wound()

    async def an_ordinary_day(house: House) -> tuple[bytes, bytes]:
        visitor, noor = house.visitor(), house.counsellor()
        visitor.clock = clock
        assert (await visitor.starts())["t"] == "started"
        welcome = await noor.opens_desk()
        admin, team, own = welcome["certificates"]
        root = primitives.signing_public_of(house.organisation.root)
        for certificate, type in ((team, Type.TEAM), (own, Type.STAFF)):
            check_chain(root, admin, certificate, organisation=demo.ORGANISATION, type=type, now=int(clock()))
        await noor.takes(visitor.conv)
        await visitor.line.hear("claimed")
        assert (await noor.says(visitor.conv, "good day"))["t"] == "ack"
        assert await visitor.reads() == "good day"
        await noor.signs_out()
        return team, own

    async def a_look(house: House) -> None:
        before = house.luwte.teams
        async with asyncio.timeout(STUCK):
            while house.luwte.teams is before:
                await asyncio.sleep(0.01)

    async def story(house: House) -> None:
        renewing = asyncio.create_task(cli.keep_renewing(house.luwte, house.organisation))
        teams, own = [], []
        for day in range(0, 100, 5):
            clock.ahead = day * DAY
            if day == 50:
                await house.luwte.db.write(lambda tx: tx.execute(BROKEN))
                await asyncio.sleep(0.2)
                await house.luwte.db.write(lambda tx: tx.execute("DROP TRIGGER broken"))
            await a_look(house)
            await a_look(house)  # the first one may have begun before the clock moved
            today = await an_ordinary_day(house)
            teams.append(today[0])
            own.append(today[1])
        renewing.cancel()
        assert len(set(teams)) == 10
        assert len(set(own)) == 3

    play(story, tmp_path / "house", clock)
