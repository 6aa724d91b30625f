"""An organisation is made at once or not at all, and nobody comes before its root is pinned."""

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors import Line
from joiners import DAY, Empty, Organisation, b64, invites, people, play_empty, unb64
from luwte import app
from luwte.app import root_of
from luwte.crypto import primitives
from luwte.crypto.certificate import ADMIN_SUBJECT, RECOVERY_SUBJECT, Type, check_admin, check_recovery, issue
from luwte.crypto.wrap import Purpose, WrapContext, unwrap
from luwte.errors import CannotStart
from luwte.plumbing.db import ReadTx
from luwte.staff import actions as staff
from luwte.staff import joining_store

TABLES = ("team", "account", "certificate", "team_key", "recovery", "recovery_wrap", "admin_key", "applicant")
TABLES += ("recovery_admin_wrap", "succession")


def _rows(tx: ReadTx) -> dict[str, int]:
    return {table: len(tx.all(f"SELECT * FROM {table}")) for table in TABLES}


async def founded(house: Empty) -> tuple[Any, Organisation]:
    """Robin makes the organisation."""
    robin = house.founder()
    assert (await robin.looks()).json()["founds"] is True
    organisation = Organisation(house.settings.organisation, int(house.luwte.now()))
    answer = await robin.asks("/desk/found", **robin.body(), **organisation.founding(robin))
    assert (answer.status_code, answer.json()) == (200, {})
    return robin, organisation


def test_the_first_lead_makes_the_organisation(tmp_path: Path) -> None:
    """After it and the pin the lead signs in, opens the team's key and the one that admits; a code works once."""

    async def story(house: Empty) -> None:
        robin, organisation = await founded(house)
        again = await house.founder("Alex").looks()
        assert again.json()["code"] == "no_such_invitation"
        await house.pins(primitives.signing_public_of(organisation.root))
        answer = (await robin.signs_in()).json()
        assert (answer["role"], answer["demo"]) == ("lead", False)
        assert robin.keys_in(answer)["team"] == organisation.team
        shown = (await people(robin)).json()
        context = WrapContext(organisation.name, ADMIN_SUBJECT, 1, bytes(16), 0, Purpose.TEAM_ADMIN)
        assert unwrap(unb64(shown["admin_key"]["wrap"]), robin.x25519, context) == organisation.admin
        root, now = primitives.signing_public_of(organisation.root), organisation.now
        check_admin(root, unb64(shown["admin_certificate"]), organisation=organisation.name, now=now)
        check_recovery(root, unb64(shown["recovery_certificate"]), organisation=organisation.name, now=now)

    play_empty(story, tmp_path / "house")


def test_what_is_wrapped_to_the_recovery_key_opens_with_it(tmp_path: Path) -> None:
    """So that two papers bring a team back whose members lost everything."""

    async def story(house: Empty) -> None:
        _, organisation = await founded(house)
        ((began,),) = await house.luwte.db.read(lambda tx: tx.all("SELECT epoch_began FROM team"))
        assert house.luwte.minute() - began in (0, 1)  # from then on its age counts
        ((team, epoch, wrapped),) = await house.luwte.db.read(lambda tx: tx.all("SELECT * FROM recovery_wrap"))
        context = WrapContext(organisation.name, team, epoch, bytes(16), 0, Purpose.RECOVERY)
        assert unwrap(wrapped, organisation.recovery, context) == organisation.team

    play_empty(story, tmp_path / "house")


def test_no_private_key_of_the_organisation_is_in_the_folder(tmp_path: Path) -> None:
    """Root, recovery, team-admin and team: in no file of the server, whole, as hex or as base64."""

    async def story(house: Empty) -> None:
        robin, organisation = await founded(house)
        secrets = [organisation.root, organisation.recovery, organisation.admin, organisation.team]
        secrets += [robin.amk, robin.x25519, robin.ed25519, robin.stretched]
        needles = [form for one in secrets for form in (one, one.hex().encode(), b64(one).encode())]
        for file in house.settings.folder.rglob("*"):
            if file.is_file():
                data = file.read_bytes()
                assert not any(needle in data for needle in needles), file.name
                assert house.code.encode() not in data

    play_empty(story, tmp_path / "house")


def test_a_founding_that_does_not_hang_together_leaves_nothing(tmp_path: Path) -> None:
    """M-12 and the like: a part that another root, another team, other keys or nobody signed; the code still works."""

    async def story(house: Empty) -> None:
        robin = house.founder()
        await robin.looks()
        good = Organisation(house.settings.organisation, int(house.luwte.now()))
        other = Organisation(house.settings.organisation, good.now)
        elsewhere = Organisation("elsewhere", good.now, good.root, good.admin, good.recovery, good.team)
        body, foreign, strange = good.founding(robin), other.founding(robin), elsewhere.founding(robin)
        recovery = good.says(Type.RECOVERY, RECOVERY_SUBJECT, primitives.public_of(good.recovery), days=9)
        long = good.says(Type.TEAM, robin.team, primitives.public_of(good.team), days=17)
        late = Organisation(good.name, good.now - 40 * DAY, good.root, good.admin, good.recovery, good.team)
        wrong: list[dict[str, str]] = [
            {name: value} for name, value in foreign.items() if name.endswith("certificate") or name == "root"
        ]
        wrong += [{name: value} for name, value in strange.items() if name.endswith("certificate")]
        wrong += [{name: b64(bytes(79))} for name in ("team_key", "recovery_wrap", "admin_key")]
        wrong += [
            {"recovery_certificate": b64(issue(recovery, good.admin))},
            {"team_certificate": body["recovery_certificate"]},
            {"team_certificate": late.founding(robin)["team_certificate"]},
            {"team_certificate": b64(issue(long, good.admin))},
            {"certificate": b64(good.certificate(robin, not_after=good.now + 93 * DAY))},
            {"certificate": b64(good.certificate(robin, roles=("chat/counsellor",)))},
            {"certificate": b64(good.certificate(robin, keys=house.founder().public))},
        ]
        for changes in wrong:
            answer = await robin.asks("/desk/found", **robin.body(), **{**body, **changes})
            assert (answer.status_code, answer.json()["code"]) == (422, "certificate_refused"), list(changes)
        plain = await robin.asks("/desk/join", **robin.body())
        assert plain.json()["code"] == "certificate_refused"
        assert set((await house.luwte.db.read(_rows)).values()) == {0}
        assert (await robin.asks("/desk/found", **robin.body(), **body)).status_code == 200

    play_empty(story, tmp_path / "house")


def test_there_is_one_organisation(tmp_path: Path) -> None:
    """A second founding is refused, with a colleague's code too."""

    async def story(house: Empty) -> None:
        robin, organisation = await founded(house)
        await house.pins(primitives.signing_public_of(organisation.root))

        await robin.signs_in()
        kim = house.founder("Kim")
        kim.code = await invites(robin, "lead")
        assert (await kim.looks()).json()["founds"] is False
        second = Organisation(house.settings.organisation, int(house.luwte.now()))
        answer = await kim.asks("/desk/found", **kim.body(), **second.founding(kim))
        assert answer.json()["code"] == "certificate_refused"
        assert (await house.luwte.db.read(_rows))["team"] == 1

    play_empty(story, tmp_path / "house")


@pytest.mark.parametrize("is_founded", [False, True], ids=["empty", "founded"])
def test_before_a_root_is_pinned_no_visitor_comes(tmp_path: Path, is_founded: bool) -> None:
    """Their page is words and telephone numbers with 503, no socket opens, and nobody signs on at a desk."""

    async def story(house: Empty) -> None:
        if is_founded:
            await founded(house)
        async with httpx.AsyncClient(base_url=house.origin) as client:
            for path in ("/", "/l/chat", "/more"):
                page = await client.get(path)
                assert page.status_code == 503
                assert "112" in page.text or path == "/more"
                assert '<script type="module"' not in page.text
                assert "noscript" not in page.text
                assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
                assert page.headers["cache-control"] == "no-store"
            for path in ("/l/other", "/l/chat/status", "/l/chat/status/2", "/desk"):
                assert (await client.get(path)).status_code == 404, path
            assert (await client.post("/l/chat/phrase", json={"locator": b64(os.urandom(32))})).status_code == 404
        async with httpx.AsyncClient(base_url=house.desk) as client:
            assert (await client.get("/desk")).status_code == 200
            assert '"root": ""' in (await client.get("/org.js")).text
        for origin, path in (
            (house.origin, "/socket/2"),
            (house.origin, "/l/chat/socket/2"),
            (house.desk, "/desk/socket/2"),
        ):
            with pytest.raises(Exception, match="404"):
                await Line.open(origin.replace("http", "ws") + path, origin)

    play_empty(story, tmp_path / "house")


def test_a_running_server_notices_the_pin(tmp_path: Path) -> None:
    """Within seconds visitors come, and the desk's page knows the root: no restart."""

    async def story(house: Empty) -> None:
        _, organisation = await founded(house)
        root = primitives.signing_public_of(organisation.root)
        assert await house.luwte.db.read(staff.teams) != []
        await house.pins(root)
        async with httpx.AsyncClient(base_url=house.origin) as client:
            page = await client.get("/")
            assert page.status_code == 200
            assert '<script type="module"' in page.text
            assert (await client.get("/l/chat/status")).status_code == 200
        async with httpx.AsyncClient(base_url=house.desk) as client:
            assert f'"root": "{root.hex()}"' in (await client.get("/org.js")).text
        assert await house.luwte.db.read(joining_store.recovery) != b""

    play_empty(story, tmp_path / "house")


def test_a_founding_whose_papers_would_not_open_the_team_admin_key_leaves_nothing(tmp_path: Path) -> None:
    """Its wrap has a length of its own, too."""

    async def story(house: Empty) -> None:
        robin = house.founder()
        await robin.looks()
        body = Organisation(house.settings.organisation, int(house.luwte.now())).founding(robin)
        answer = await robin.asks("/desk/found", **robin.body(), **{**body, "admin_recovery_wrap": b64(bytes(79))})
        assert (answer.status_code, answer.json()["code"]) == (422, "certificate_refused")
        assert set((await house.luwte.db.read(_rows)).values()) == {0}

    play_empty(story, tmp_path / "house")


def test_what_stands_in_the_way_of_the_pin_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what nobody expected: the server goes on looking, and says a thing once until it changes."""
    said: list[str] = []
    errors = [ValueError("one")] * 3 + [CannotStart("two")] * 2 + [None] * 2 + [CannotStart("two")]
    looks = iter(errors)

    def look(folder: Path, *, is_demo: bool) -> bytes:
        error = next(looks, True)
        if isinstance(error, Exception):
            raise error
        return root_of(folder, is_demo=is_demo) if error else b""

    async def story(house: Empty) -> None:
        monkeypatch.setattr(app, "root_of", look)
        monkeypatch.setattr(app, "PIN_PAUSE", 0.01)
        monkeypatch.setattr(app, "trouble", lambda _, error: said.append(str(error)))
        _, organisation = await founded(house)
        await house.pins(primitives.signing_public_of(organisation.root))
        assert house.luwte.is_pinned
        assert said == ["one", "two", "two"]

    play_empty(story, tmp_path / "house")
