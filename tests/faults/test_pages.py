"""The client that people really run, in bad weather and before a server that is killed: every screen shows it all."""

import asyncio
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from actors import demo_folder
from faults.history import clock
from faults.house import run
from faults.pages import Pages, pages
from faults.proxy import a_proxy
from faults.server import Patience, a_launcher, a_server
from figures import Tell, spread
from luwte import demo
from luwte.crypto.primitives import signing_public_of

VISITS, SPELLS, SECONDS = 3, 2, 6.0


@pytest.mark.timeout(600)
def test_every_screen_shows_all_that_was_typed_once_and_in_order(tmp_path: Path, tell: Tell) -> None:
    """Visitors' and desk's real TypeScript, both behind the bad network; the server is killed in the middle of it."""

    async def story() -> None:
        folder, dice = demo_folder(tmp_path / "house"), random.Random(1)
        async with (
            a_launcher() as launcher,
            a_server(folder, launcher) as server,
            a_proxy(server.port, 1) as proxy,
            pages() as page,
        ):
            await _begin(page, folder, proxy.origin, server.origin)
            typed: dict[tuple[int, str], list[str]] = defaultdict(list)
            waited = []
            for _ in range(SPELLS):
                proxy.breaks()
                ends, kill = clock() + SECONDS, clock() + dice.uniform(1, SECONDS)
                while clock() < ends:
                    await _type(page, typed, dice)
                    await asyncio.sleep(dice.uniform(0, 0.1))
                    if clock() > kill:
                        await server.kill()
                        server.start()
                        kill = ends
                proxy.heals()
                await page("wake")
                waited.append(await _all_arrived(page, typed))
            seen = await page("look")
            assert seen["trouble"] == []
            assert set(seen["network"]) == {"fine"}
            for at, screens in enumerate(seen["screens"]):
                texts = [line["text"] for line in screens["visitor"]]
                assert not screens["fork"]
                assert [line["text"] for line in screens["desk"]] == texts
                for who in ("visitor", "desk"):
                    assert [text for text in texts if text.startswith(who)] == typed[at, who]
                assert {line["kind"] for line in screens["visitor"] + screens["desk"]} == {"text"}
            assert server.said == ""
            tell(
                f"the TypeScript client: {sum(map(len, typed.values()))} messages, {dict(proxy.met)}; "
                f"from healing until all had arrived: {spread(waited)}"
            )

    run(story())


async def _begin(page: Pages, folder: Path, sockets: str, http: str) -> None:
    organisation = demo.load(folder)
    noor = organisation.people[0]
    await page(
        "begin",
        sockets=sockets,
        http=http,
        organisation=demo.ORGANISATION,
        root=signing_public_of(organisation.root).hex(),
        line=demo.LINE,
        name=noor.name,
        passphrase=noor.passphrase,
        visits=VISITS,
    )


async def _type(page: Pages, typed: dict[tuple[int, str], list[str]], dice: random.Random) -> None:
    at, who = dice.randrange(VISITS), dice.choice(("visitor", "desk"))
    text = f"{who} {len(typed[at, who])}"
    typed[at, who].append(text)
    await page("say", at=at, text=text, **{"from": who})


async def _all_arrived(page: Pages, typed: dict[tuple[int, str], list[str]]) -> float:
    """Wait until both sides of every conversation show as many lines as were typed; how many seconds it took."""
    began, patience = clock(), Patience(90)
    while not all(_is_whole(at, one, typed) for at, one in enumerate((await page("look"))["screens"])):
        assert not patience.ends()
        await asyncio.sleep(0.05)
    return clock() - began


def _is_whole(at: int, screens: Any, typed: dict[tuple[int, str], list[str]]) -> bool:
    wanted = len(typed[at, "visitor"]) + len(typed[at, "desk"])
    return all(
        len(lines) == wanted and not any(line["delivery"] in ("sending", "retrying") for line in lines)
        for lines in (screens["visitor"], screens["desk"])
    )
