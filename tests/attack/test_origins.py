"""Visitors, the desk and partners at addresses of their own; an onion beside them; a proxy in front."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from actors import House, play
from attack.attackers import Raw
from attack.crowd import LIES
from luwte.conversation import web
from luwte.plumbing import pages

CHAT, DESK, PARTNER, ONION = "chat.example.org", "desk.example.org", "partner.example.org", "abc234.onion"
APART: dict[str, Any] = {
    "origins": (f"https://{CHAT}", f"https://{ONION}"),
    "desk_origins": (f"https://{DESK}",),
    "partner_origins": (f"https://{PARTNER}",),
    "onion": f"https://{ONION}",
}


def at(house: House, host: str) -> httpx.AsyncClient:
    """A browser at one of the addresses, as the proxy passes its requests on."""
    return httpx.AsyncClient(base_url=house.origin, headers={"Host": host}, timeout=20)


def test_nothing_of_one_part_is_at_the_address_of_another(tmp_path: Path) -> None:
    """D-2: pages, deeds and sockets, however the path is spelled: 404 as for what does not exist. Shared files are
    everywhere.
    """
    ours = {
        "visitor": ["/", "/l/chat", "/l/chat/status", "/l/chat/status/2", "//l//chat/", "/%6c/chat"],
        "desk": ["/desk", "/desk/", "//desk", "/%64esk", "/%2fdesk", "/desk//replies", "/desk/replies", "/desk/salt"],
    }

    async def story(house: House) -> None:
        homes = {CHAT: "visitor", ONION: "visitor", DESK: "desk", PARTNER: "partner"}
        for host, home in homes.items():
            async with at(house, host) as browser:
                absent = await browser.get("/nothing")
                for part, paths in ours.items():
                    for path in paths:
                        for method in ("GET", "HEAD", "POST", "PUT"):
                            answer = await browser.request(method, house.origin + path, json={"name": "Noor"})
                            if part == home:
                                assert answer.status_code != 403, (host, path)
                            else:
                                assert answer.status_code == 404, (host, method, path)
                                assert method == "HEAD" or answer.content == absent.content
                found = [(await browser.get(path)).status_code for part in ours for path in (ours[part][0],)]
                assert found == [200 if part == home else 404 for part in ours]
                assert (await browser.get("/healthz")).status_code == 200
                assert (await browser.get("/org.js")).status_code == 200

    play(story, tmp_path / "house", **APART)


def test_a_socket_opens_at_its_own_address_alone(tmp_path: Path) -> None:
    """C-1, C-3: of a visitor and of a desk, as WebSocket and by long-polling, from pages of each address."""

    async def story(house: House) -> None:
        for path, homes in (("/socket/2", (CHAT, ONION)), ("/l/chat/socket", (CHAT, ONION)), ("/desk/socket", (DESK,))):
            for host in (CHAT, ONION, DESK, PARTNER):
                for page in (CHAT, ONION, DESK, PARTNER):
                    fits = host in homes and page == host
                    raw = await Raw.open(house, path, Host=host, Origin=f"https://{page}")
                    assert raw.is_open == fits, (path, host, page)
                    assert fits or raw.head.startswith(b"HTTP/1.1 404")
                    raw.close()
                    async with at(house, host) as browser:
                        answer = await browser.post(
                            "/poll/open",
                            content=msgspec.msgpack.encode({"path": path}),
                            headers={"Origin": f"https://{page}", "Content-Type": "application/octet-stream"},
                        )
                    assert answer.status_code == (200 if fits else 404 if page == host else 403), (path, host, page)

    play(story, tmp_path / "house", **APART)


def test_an_onion_is_not_tied_to_the_other_address(tmp_path: Path) -> None:
    """A-15, A-2: no HSTS there, and neither names the other, but for the one header that says it on purpose."""

    async def story(house: House) -> None:
        answers: dict[str, list[httpx.Response]] = {}
        for host in (CHAT, ONION, DESK, PARTNER):
            async with at(house, host) as browser:
                files = [*pages.build()[1], "/org.js", "/release.json", "/l/chat", "/nothing", "/l/chat/status/2"]
                answers[host] = [await browser.get(path, follow_redirects=False) for path in files]
                answers[host].append(await browser.post("/desk/salt", content=b"x"))
                answers[host].append(await browser.get("/", headers={"Origin": "https://evil.example"}))
        for host, all_of_them in answers.items():
            for answer in all_of_them:
                assert ("strict-transport-security" in answer.headers) == (host != ONION)
                assert "location" not in answer.headers
                assert not {"alt-svc", "set-cookie", "etag", "last-modified", "server"} & set(answer.headers)
                told = answer.headers.pop("onion-location", None)
                path = answer.request.url.path
                is_page = host == CHAT and answer.status_code == 200 and path in ("/", "/l/chat")
                assert told == (f"https://{ONION}{path}" if is_page else None), (host, path)
                text = answer.text + repr(answer.headers.raw)
                assert not [other for other in answers if other != host and other in text], (host, path)

    play(story, tmp_path / "house", **APART)


def test_without_its_setting_nobody_is_told_of_an_onion(tmp_path: Path) -> None:
    """A-15: an onion that is meant to be found by word of mouth alone."""

    async def story(house: House) -> None:
        async with at(house, CHAT) as browser:
            answer = await browser.get("/")
            assert answer.status_code == 200
            assert ".onion" not in answer.text + repr(answer.headers.raw)

    play(story, tmp_path / "house", **{**APART, "onion": ""})


@pytest.mark.parametrize("trusted", [(), ("unix",), ("127.0.0.1",)])
def test_where_one_comes_from_is_not_ones_own_to_say(
    tmp_path: Path, trusted: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A-16: no header of a visitor moves a limit; the one of a proxy that the settings name does, and nothing else.

    Over HTTP, a WebSocket and long-polling alike.
    """
    monkeypatch.setattr(web, "STARTS", 2)
    believed = "127.0.0.1" in trusted

    async def story(house: House) -> None:
        async with httpx.AsyncClient(base_url=house.origin, timeout=20) as browser:
            codes = []
            for n in range(14):
                headers = dict.fromkeys(LIES, f"203.0.{n}.7")
                answer = await browser.post("/desk/sign-in", json={"name": "Noor", "proof": "AAAA"}, headers=headers)
                codes.append(answer.status_code)
            assert codes == [401] * 10 + [429] * 4
            for n in range(14):
                headers = {"X-Real-IP": f"203.0.{n}.7"}
                answer = await browser.post("/desk/sign-in", json={"name": "Noor", "proof": "AAAA"}, headers=headers)
                assert answer.status_code == (401 if believed else 429), n
            for bad in ("203.0.0.7, 198.51.100.1", "203.0.0.7:80", "here", ""):
                answer = await browser.post(
                    "/desk/sign-in", json={"name": "Sam", "proof": "AAAA"}, headers={"X-Real-IP": bad}
                )
                assert answer.status_code == 401
            twice = [("X-Real-IP", "203.0.113.7"), ("X-Real-IP", "203.0.114.7")]
            assert (await browser.get("/healthz", headers=twice)).status_code == 400
        for polling in (False, True):
            starts = [await _starts(house, f"198.51.{n}.7", polling) for n in range(4)]
            wanted = (
                ["started"] * 4 if believed else (["slow_down"] * 4 if polling else ["started"] * 2 + ["slow_down"] * 2)
            )
            assert starts == wanted

    play(story, tmp_path / "house", trusted_proxies=trusted)


async def _starts(house: House, told: str, polling: bool) -> str:
    """Start a conversation over a connection that says it is from *told*."""
    visitor = house.visitor()
    lies = {name.replace("-", "_"): told for name in LIES} | {"X_Real_IP": told}
    if not polling:
        raw = await Raw.open(house, **lies)
        hello = msgspec.msgpack.decode((await raw.hear())[1])
        raw.frame("start", **visitor.makes_start(hello))
        heard = msgspec.msgpack.decode((await raw.hear())[1])
        raw.close()
        return str(heard.get("code", heard["t"]))
    headers = {name.replace("_", "-"): value for name, value in lies.items()}
    headers |= {"Origin": house.origin, "Content-Type": "application/octet-stream"}
    async with httpx.AsyncClient(base_url=house.origin, headers=headers, timeout=20) as browser:

        async def ask(to: str, /, **values: Any) -> dict[str, Any]:
            answer = await browser.post(to, content=msgspec.msgpack.encode(values))
            decoded: dict[str, Any] = msgspec.msgpack.decode(answer.content)
            return decoded

        id = (await ask("/poll/open", path="/socket"))["id"]
        hello = msgspec.msgpack.decode((await ask("/poll", id=id, first=1, frames=[], heard=0))["frames"][0])
        frame = msgspec.msgpack.encode({"t": "start", **visitor.makes_start(hello)})
        heard = await ask("/poll", id=id, first=1, frames=[frame], heard=1)
        answer = msgspec.msgpack.decode(heard["frames"][0])
        return str(answer.get("code", answer["t"]))
