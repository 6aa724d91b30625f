"""What an answer over HTTP carries, and what a request may try."""

import asyncio
import base64
import contextlib
import gzip
import hashlib
import json
import re
import socket
from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors import STUCK, House, play
from attack.attackers import a_taken_conversation, records, return_to_list, until_pong

OFF = """
    accelerometer attribution-reporting autoplay battery bluetooth browsing-topics camera captured-surface-control
    ch-device-memory ch-downlink ch-dpr ch-ect ch-prefers-color-scheme ch-prefers-reduced-motion
    ch-prefers-reduced-transparency ch-rtt ch-save-data ch-ua ch-ua-arch ch-ua-bitness ch-ua-form-factors
    ch-ua-full-version ch-ua-full-version-list ch-ua-high-entropy-values ch-ua-mobile ch-ua-model ch-ua-platform
    ch-ua-platform-version ch-ua-wow64 ch-viewport-height ch-viewport-width ch-width clipboard-read clipboard-write
    compute-pressure cross-origin-isolated deferred-fetch deferred-fetch-minimal digital-credentials-create
    digital-credentials-get display-capture encrypted-media fullscreen gamepad geolocation gyroscope hid
    identity-credentials-get idle-detection interest-cohort keyboard-map language-detector language-model local-fonts
    magnetometer media-playback-while-not-visible microphone midi on-device-speech-recognition otp-credentials payment
    picture-in-picture private-state-token-issuance private-state-token-redemption publickey-credentials-create
    publickey-credentials-get screen-wake-lock serial speaker-selection storage-access summarizer sync-xhr translator
    unload usb web-share window-management xr-spatial-tracking
"""
OTHERS = ", ".join(f"{feature}=()" for feature in OFF.split())
EVERYWHERE = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "permissions-policy": OTHERS,
}
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE = (
    "default-src 'none'; script-src 'self' 'sha256-{hash}'{wasm}; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'{sockets}; form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
ALLOWED = {*EVERYWHERE, "content-security-policy", "integrity-policy", "content-type", "content-length", "date"}
JSON = {"Content-Type": "application/json"}


def client(house: House) -> httpx.AsyncClient:
    """A browser without anything of its own."""
    return httpx.AsyncClient(base_url=house.origin, timeout=20)


async def raw(house: House, request: bytes) -> bytes:
    """Everything that comes back for these bytes."""
    host, _, port = house.origin.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    writer.write_eof()
    async with asyncio.timeout(STUCK):
        answer = await reader.read()
    writer.close()
    return answer


async def to_the_end(house: House, *parts: bytes) -> bytes:
    """What comes back for bytes that come one after the other, until the server hangs up. We never do."""
    host, _, port = house.origin.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    async def speaks() -> None:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.02)

    speaking, answer = asyncio.create_task(speaks()), b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(STUCK):
            while more := await reader.read(65_536):
                answer += more
    speaking.cancel()
    writer.transport.abort()
    return answer


def import_map(page: str) -> str:
    """The text of the page's import map."""
    (found,) = re.findall(r'<script type="importmap">(.*?)</script>', page, re.DOTALL)
    return found


def integrity_of(body: bytes) -> str:
    """What a browser compares."""
    return "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()


def test_each_page_keeps_to_itself(tmp_path: Path) -> None:
    """The headers of every page, word for word; no others: nothing to recognise a visitor by comes along."""

    async def story(house: House) -> None:
        async with client(house) as browser:
            for path, wasm in (("/", ""), ("/l/chat", ""), ("/more", ""), ("/desk", " 'wasm-unsafe-eval'")):
                page = await browser.get(path)
                digest = base64.b64encode(hashlib.sha256(import_map(page.text).encode()).digest()).decode()
                assert {name: page.headers[name] for name in EVERYWHERE} == EVERYWHERE
                sockets = f" ws{house.origin.removeprefix('http')}"
                assert page.headers["content-security-policy"] == PAGE.format(hash=digest, wasm=wasm, sockets=sockets)
                assert page.headers["integrity-policy"] == "blocked-destinations=(script)"
                assert page.headers["content-type"] == "text/html; charset=utf-8"
                assert set(page.headers) <= ALLOWED

    play(story, tmp_path / "house")


def test_every_script_is_pinned(tmp_path: Path) -> None:
    """Each script of a page, and each module that it may load later, has the hash of what is served; none is inline."""

    async def story(house: House) -> None:
        async with client(house) as browser:
            for path in ("/", "/more", "/desk"):
                page = (await browser.get(path)).text
                pinned = json.loads(import_map(page))["integrity"]
                assert "/org.js" in pinned
                for address, integrity in pinned.items():
                    script = await browser.get(address)
                    assert integrity == integrity_of(script.content)
                    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
                scripts = re.findall(r"<script\b[^>]*>", page)
                assert scripts[0] == '<script type="importmap">'
                for tag in scripts[1:]:
                    (address,) = re.findall(r' src="([^"]+)"', tag)
                    assert f'integrity="{pinned[address]}"' in tag
                assert re.findall(r"<script\b[^>]*>\s*[^<\s]", page.replace(import_map(page), "", 1)) == []
                outside = [link for link in re.findall(r'(?:src|href)="([^"]+)"', page) if not link.startswith("/")]
                assert [
                    link for link in outside if not link.startswith(("https:", "tel:", "sms:", "about:", "#"))
                ] == []
                assert re.findall(r'(?:src|rel="stylesheet"[^>]*href)="https?:', page) == []
                assert re.findall(r"\son[a-z]+=", page) == []

    play(story, tmp_path / "house")


def test_every_answer_is_guarded_errors_too(tmp_path: Path) -> None:
    """Nosniff, no-store, no cookie, no version: on answers of every status, whatever was asked."""

    async def story(house: House) -> None:
        async with client(house) as browser:
            answers = [
                await browser.get("/healthz"),
                await browser.get("/l/chat/status"),
                await browser.get("/org.js"),
                await browser.get("/release.json"),
                await browser.get("/nothing"),
                await browser.put("/"),
                await browser.options("/"),
                await browser.get("/healthz", headers={"Host": "evil.example"}),
                await browser.get("/healthz", headers={"Origin": "https://evil.example"}),
                await browser.post("/desk/salt", content=b"x", headers=JSON),
                await browser.post("/desk/salt", content=b"x" * 17_000, headers=JSON),
                await browser.post("/desk/salt", content=b"x", headers={"Content-Type": "text/plain"}),
                await browser.post("/desk/sign-in", json={"name": "Noor", "proof": "AAAA"}),
                await browser.post("/desk/sign-out"),
            ]
            statuses = [200, 200, 200, 200, 404, 405, 405, 403, 403, 400, 413, 400, 401, 401]
            assert [answer.status_code for answer in answers] == statuses
            for answer in answers:
                assert {name: answer.headers[name] for name in EVERYWHERE} == EVERYWHERE
                assert answer.headers["content-security-policy"] == NOTHING
                assert set(answer.headers) <= ALLOWED
                if answer.is_error:
                    assert set(answer.json()) == {"code", "says"}
                    assert answer.headers["content-type"] == "application/json"

    play(story, tmp_path / "house")


def test_a_desk_that_signs_out_has_its_browser_forget(tmp_path: Path) -> None:
    """What was kept goes, but for cookies: those of the whole domain would go with them."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.skips_sign_in()
        answer = await noor.signs_out()
        assert answer.status_code == 200
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert {name: answer.headers[name] for name in EVERYWHERE} == EVERYWHERE
        assert set(answer.headers) <= {*ALLOWED, "clear-site-data"}

    play(story, tmp_path / "house")


def test_a_head_has_the_headers_of_its_page_and_no_body(tmp_path: Path) -> None:
    """Whoever only asks whether it is there learns what GET would tell, errors too; a deed is not there to be read."""

    async def story(house: House) -> None:
        async with client(house) as browser:
            script = next(iter(json.loads(import_map((await browser.get("/")).text))["integrity"]))
            for path in (
                "/",
                "/l/chat",
                "/more",
                "/desk",
                "/healthz",
                "/org.js",
                "/release.json",
                script,
                "/nothing",
                "/l/x",
            ):
                whole, head = await browser.get(path), await browser.head(path)
                whole.headers.pop("date"), head.headers.pop("date")
                assert (head.status_code, head.headers, head.content) == (whole.status_code, whole.headers, b""), path
            assert (await browser.head("/desk/salt")).status_code == 405
            assert (await browser.head("/", headers={"Host": "evil.example"})).status_code == 403
            assert (await browser.head("/", headers={"Origin": "https://evil.example"})).status_code == 403
        request = f"HEAD / HTTP/1.1\r\nHost: {house.origin[7:]}\r\nConnection: close\r\n\r\n"
        assert (await raw(house, request.encode())).endswith(b"\r\n\r\n")

    play(story, tmp_path / "house")


def test_it_answers_to_its_own_name_and_its_own_pages_only(tmp_path: Path) -> None:
    """D-8, D-14: a foreign Host or Origin, and twenty look-alikes, get 403 and no permission for another site."""

    async def story(house: House) -> None:
        port = house.origin.rpartition(":")[2]
        hosts = ["evil.example", "127.0.0.1", f"127.0.0.1:{int(port) - 1}", f"127.0.0.1:{port}.evil.example", ""]
        hosts += [f"evil.example:{port}", f"127.0.0.2:{port}", f"user@127.0.0.1:{port}", f"127.0.0.1:{port}, evil"]
        origins = ["null", "https://evil.example", f"https://127.0.0.1:{port}", "http://127.0.0.1"]
        origins += [f"http://127.0.0.1:{port}.evil.example", f"http://evil.example:{port}", f"{house.origin}/"]
        origins += [f"{house.origin}@evil.example", "file://", "*", f"http://localhost:{port}", house.origin.upper()]
        async with client(house) as browser:
            for host in hosts:
                for method, path in (("GET", "/"), ("POST", "/desk/salt")):
                    answer = await browser.request(method, path, headers={"Host": host})
                    assert (answer.status_code, answer.json()["code"]) == (403, "not_accepted"), host
            for origin in origins:
                for method, path in (("GET", "/healthz"), ("POST", "/desk/salt"), ("POST", "/desk/sign-out")):
                    answer = await browser.request(method, path, headers={"Origin": origin})
                    assert answer.status_code == 403, origin
                    assert not [name for name in answer.headers if name.startswith("access-control")]
            answer = await browser.get("/healthz", headers={"Origin": house.origin})
            assert answer.status_code == 200
            assert not [name for name in answer.headers if name.startswith("access-control")]
        for request in (b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"):
            assert (await raw(house, request)).split(b"\r\n")[0].split()[1] in (b"400", b"403")
        absolute = b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n"
        assert (await raw(house, absolute)).startswith(b"HTTP/1.1 403")

    play(story, tmp_path / "house")


def test_no_path_leads_out_of_the_house(tmp_path: Path) -> None:
    """D-9, D-10: dots, encoded slashes, NUL, CR and LF, back-slashes, spellings: 404, and nothing of it comes back."""

    async def story(house: House) -> None:
        paths = [
            "/assets/../../main.db",
            "/assets/..%2f..%2fmain.db",
            "/assets/%2e%2e/%2e%2e/main.db",
            "/assets/..%5c..%5cmain.db",
            "/assets/....//....//main.db",
            "/assets/%252e%252e%252fmain.db",
            "/assets/%c0%ae%c0%ae/main.db",
            "/assets//etc/passwd",
            "/assets/%00",
            "/assets/x%00.js",
            "/org.js%00",
            "/org.js/x",
            "/l/chat%00",
            "/l/chat%0d%0aSet-Cookie:%20a=b",
            "/l/chat%0d%0aSet-Cookie:%20a=b/status",
            "/%0d%0aLocation:%20https://evil.example",
            "/l/%2e%2e/status",
            "/desk;x",
            "/DESK",
            "/l/chat\u0336/status",
        ]
        async with client(house) as browser:
            for path in paths:
                answer = await browser.get(path)
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
                assert "set-cookie" not in answer.headers
                assert "location" not in answer.headers
            # An encoded slash is a slash: it leads where the plain address leads, and nowhere else.
            assert (await browser.get("/l/chat%2fstatus")).json() == (await browser.get("/l/chat/status")).json()
            assert (await browser.get("/desk%2fsalt")).status_code == 405
        for line in (b"GET /\0 HTTP/1.1", b"GET /a\rb HTTP/1.1", b"GET / HTTP/1.1\r\nX: a\0b", b"\0\0\0\0"):
            answer = await raw(house, line + b"\r\nHost: " + house.origin[7:].encode() + b"\r\n\r\n")
            assert answer == b"" or answer.split()[1] in (b"400", b"404"), line
            assert b"Traceback" not in answer

    play(story, tmp_path / "house")


BODIES: dict[str, tuple[int, bytes]] = {
    "nothing": (400, b""),
    "null": (400, b"null"),
    "a list": (400, b'["name"]'),
    "not a number": (400, b'{"name": NaN}'),
    "a number": (400, b'{"name": 1}'),
    "endless": (400, b'{"name": 1e999}'),
    "a field too many": (400, b'{"name": "a", "role": "lead"}'),
    "a prototype": (400, b'{"name": "a", "__proto__": {"role": "lead"}}'),
    "an operator": (400, b'{"name": {"$ne": ""}}'),
    "an empty name": (400, b'{"name": ""}'),
    "a long name": (400, b'{"name": "%s"}' % (b"a" * 101)),
    "half a character": (400, b'{"name": "\\ud800aaaaaaaa"}'),
    "not UTF-8": (400, b'{"name": "\xff"}'),
    "a byte order mark": (400, b'\xef\xbb\xbf{"name": "a"}'),
    "UTF-16": (400, '{"name": "a"}'.encode("utf-16")),
    "a comment": (400, b'{"name": "a"} // x'),
    "two": (400, b'{"name": "a"}{"name": "b"}'),
    "deep lists": (400, b"[" * 16_000),
    "deep maps": (400, b'{"name":' * 2_000),
    "gzip": (400, gzip.compress(b'{"name": "a"}')),
    "a bomb": (400, gzip.compress(b" " * 5_000_000 + b'{"name": "a"}')),
    "one byte too many": (413, b'{"name": "a"}' + b" " * (16_385 - 13)),
    "a name with NUL": (200, b'{"name": "Noor\\u0000"}'),
    "SQL": (200, b'{"name": "\' OR 1=1 --"}'),
    "a name twice": (200, b'{"name": "a", "name": "b"}'),
}


def test_a_body_is_what_it_should_be_or_refused(tmp_path: Path) -> None:
    """D-4, D-5, D-11: never a failure; only UTF-8 JSON with exactly the fields that are known; no compressed body is
    unpacked.
    """

    async def story(house: House) -> None:
        async with client(house) as browser:
            for name, (status, body) in BODIES.items():
                answer = await browser.post("/desk/salt", content=body, headers=JSON)
                assert answer.status_code == status, name
                assert answer.json().get("code") == {400: "malformed", 413: "too_large", 200: None}[status]
            packed = {**JSON, "Content-Encoding": "gzip"}
            answer = await browser.post("/desk/salt", content=gzip.compress(b'{"name": "a"}'), headers=packed)
            assert answer.status_code == 400

    play(story, tmp_path / "house")


def test_a_name_said_twice_is_the_last_one(tmp_path: Path) -> None:
    """D-5: one parser reads a body, once: a first name cannot be checked while a second one is used."""

    async def story(house: House) -> None:
        async with client(house) as browser:

            async def salt(body: bytes) -> str:
                return (await browser.post("/desk/salt", content=body, headers=JSON)).json()["salt"]

            twice = await salt(b'{"name": "Noor", "name": "nobody"}')
            assert twice == await salt(b'{"name": "nobody"}') != await salt(b'{"name": "Noor"}')
            answer = await browser.post("/desk/salt?name=Noor", content=b'{"name": "nobody"}', headers=JSON)
            assert answer.json()["salt"] == twice

    play(story, tmp_path / "house")


def test_only_json_is_taken_for_json(tmp_path: Path) -> None:
    """D-5: what a form of another site could send without asking is refused before it is read."""

    async def story(house: House) -> None:
        async with client(house) as browser:
            for kind in (
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "text/json",
            ):
                answer = await browser.post("/desk/salt", content=b'{"name": "a"}', headers={"Content-Type": kind})
                assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), kind
            for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
                answer = await browser.post("/desk/salt", content=b'{"name": "a"}', headers={"Content-Type": kind})
                assert answer.status_code == 200, kind

    play(story, tmp_path / "house")


def test_a_body_without_an_end_is_cut(tmp_path: Path) -> None:
    """In chunks, past the limit: 413 before all of it is here."""

    async def story(house: House) -> None:
        sent = 0

        async def endless() -> None:
            nonlocal sent
            for _ in range(2_000):
                sent += 1
                yield b" " * 4_096

        async with client(house) as browser:
            answer = await browser.post("/desk/salt", content=endless(), headers=JSON)
            assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    play(story, tmp_path / "house")


def test_headers_that_change_the_method_the_address_or_the_source_do_nothing(tmp_path: Path) -> None:
    """D-6, D-12, D-15: overrides, forwarded addresses and hosts, ranges and conditions are not read."""

    async def story(house: House) -> None:
        async with client(house) as browser:
            plain = await browser.get("/healthz")
            for header in (
                {"X-HTTP-Method-Override": "DELETE"},
                {"X-HTTP-Method": "POST"},
                {"X-Method-Override": "PUT"},
                {"X-Original-URL": "/desk"},
                {"X-Rewrite-URL": "/desk"},
                {"X-Forwarded-Host": "evil.example"},
                {"X-Forwarded-Proto": "https"},
                {"Forwarded": "for=203.0.113.7;host=evil.example"},
                {"Range": "bytes=0-1"},
                {"If-None-Match": "*"},
                {"If-Modified-Since": "Tue, 24 Nov 2099 00:00:00 GMT"},
                {"Accept-Encoding": "gzip, br"},
                {"Accept": "text/html"},
                {"Cookie": "a=b"},
            ):
                answer = await browser.get("/healthz", headers=header)
                assert (answer.status_code, answer.content) == (200, plain.content), header
                assert set(answer.headers) == set(plain.headers)
            tries = []
            for n in range(14):
                headers = {
                    "X-Forwarded-For": f"203.0.{n}.7",
                    "Forwarded": f"for=203.0.{n}.1",
                    "X-Real-IP": f"1.{n}.1.1",
                }
                answer = await browser.post("/desk/sign-in", json={"name": "Noor", "proof": "AAAA"}, headers=headers)
                tries.append(answer.status_code)
            assert tries == [401] * 10 + [429] * 4

    play(story, tmp_path / "house")


def test_requests_cannot_be_smuggled(tmp_path: Path) -> None:
    """D-7: two lengths, a length and chunks, bent chunk sizes and folded headers: one answer at most, an error."""

    async def story(house: House) -> None:
        host = f"Host: {house.origin[7:]}\r\nContent-Type: application/json\r\n"
        hidden = f"GET /org.js HTTP/1.1\r\n{host}\r\n"
        for headers in (
            f"Content-Length: 2\r\nContent-Length: {2 + len(hidden)}\r\n",
            "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 0x10\r\n",
            "Content-Length: 2, 2\r\n",
            "Transfer-Encoding: xchunked\r\n",
        ):
            request = f"POST /desk/salt HTTP/1.1\r\n{host}{headers}\r\n{{}}{hidden}"
            answer = await raw(house, request.encode())
            assert b"export const org" not in answer, headers
            assert answer == b"" or answer.split()[1] == b"400", headers
        # Whoever believed the chunks would take the rest for a request; whoever believed the length, for a body.
        chunked = "0\r\n\r\n" + hidden
        for coding in ("chunked", "identity, chunked", "chunked\r\nTransfer-Encoding: identity", "xchunked, chunked"):
            headers = f"Content-Length: {len(chunked)}\r\nTransfer-Encoding: {coding}\r\n"
            answer = await raw(house, f"POST /desk/salt HTTP/1.1\r\n{host}{headers}\r\n{chunked}".encode())
            assert b"export const org" not in answer, headers
            assert answer == b"" or answer.split()[1] == b"400", headers
        bent = f"POST /desk/salt HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\nZZ\r\n{{}}\r\n0\r\n\r\n{hidden}"
        answer = await raw(house, bent.encode())
        assert b"export const org" not in answer

    play(story, tmp_path / "house")


def test_who_never_finishes_a_request_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """J-7: nothing, half a head, a drop at a time, half a body, empty lines after an answer: the connection ends.

    Those who talk meanwhile are not cut, and what was finished in time is answered.
    """
    monkeypatch.setattr("luwte.plumbing.http.PATIENCE", 0.3)

    async def story(house: House) -> None:
        visitor = house.visitor()
        await visitor.starts()
        host = f"Host: {house.origin[7:]}\r\nContent-Type: application/json\r\n".encode()
        half = b"POST /desk/salt HTTP/1.1\r\n" + host + b'Content-Length: 500\r\n\r\n{"name": '
        drops = [b"GET /healthz HTTP/1.1\r\n", *(b"X-%d: x\r\n" % n for n in range(200))]
        chunks = [b"POST /desk/salt HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n"]
        chunks += [b"1\r\n \r\n" for _ in range(200)]
        for parts in ([], [b"GET / HT"], [b"GET / HTTP/1.1\r\n" + host], drops, [half], chunks, [b"\r\n"] * 200):
            assert await to_the_end(house, *parts) == b"", parts[:1]
        whole = b"GET /healthz HTTP/1.1\r\n" + host + b"\r\n"
        assert (await to_the_end(house, whole, *[b"\r\n"] * 200)).count(b"HTTP/1.1 200") == 1
        assert (await to_the_end(house, whole, whole, b"GET")).count(b"HTTP/1.1 200") == 2
        assert (await visitor.says("still here"))["t"] == "ack"

    play(story, tmp_path / "house")


def test_a_head_without_an_end_is_cut(tmp_path: Path) -> None:
    """Headers that go on and on, or one that never ends, are refused before much of them is kept."""

    async def story(house: House) -> None:
        line = b"GET / HTTP/1.1\r\nHost: " + house.origin[7:].encode() + b"\r\n"
        for part in (b"X: " + b"x" * 4_000 + b"\r\n", b"x" * 4_000):
            answer = await to_the_end(house, line, *[part] * 5)
            assert answer.startswith(b"HTTP/1.1 413"), answer
        fits = b"X: " + b"x" * 4_000 + b"\r\n"
        assert (await raw(house, line + fits * 3 + b"\r\n")).startswith(b"HTTP/1.1 200")

    play(story, tmp_path / "house")


def test_what_is_no_request_gets_the_same_guarded_answer(tmp_path: Path) -> None:
    """D-16: a code and a plain sentence, under all the headers, for bytes that never became a request."""

    async def story(house: House) -> None:
        host = b"\r\nHost: " + house.origin[7:].encode() + b"\r\n\r\n"
        for line in (b"hello", b"GET / HTTP/9.9", b"GET /\xff\xfe HTTP/1.1", b"GET / HTTP/1.1\r\nbad header"):
            head, _, body = (await raw(house, line + host)).partition(b"\r\n\r\n")
            status, *lines = head.decode().split("\r\n")
            headers = dict(one.lower().split(": ", 1) for one in lines)
            assert status.startswith("HTTP/1.1 400"), line
            assert json.loads(body)["code"] == "malformed"
            assert {name: headers[name] for name in EVERYWHERE} == EVERYWHERE
            assert headers["content-security-policy"] == NOTHING
            assert set(headers) <= {*ALLOWED, "connection"}

    play(story, tmp_path / "house")


def test_a_thousand_requests_at_once_are_not_kept(tmp_path: Path) -> None:
    """Who asks on and on without waiting for an answer is cut off; a few at a time are answered in their order."""

    async def story(house: House) -> None:
        host = b"Host: " + house.origin[7:].encode() + b"\r\n\r\n"
        one, other = b"GET /healthz HTTP/1.1\r\n" + host, b"GET /nothing HTTP/1.1\r\n" + host
        last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        answer = await to_the_end(house, one + other + last)
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"404", b"200"]
        assert await to_the_end(house, one * 1_000) == b""
        assert (await raw(house, one)).startswith(b"HTTP/1.1 200")

    play(story, tmp_path / "house")


def test_a_header_that_decides_is_there_once(tmp_path: Path) -> None:
    """D-7, D-8: two hosts, origins or content types: whoever stands in front of us might go by the other one."""

    async def story(house: House) -> None:
        host, json_ = f"Host: {house.origin[7:]}", "Content-Type: application/json"
        get, post = "GET /healthz HTTP/1.1", "POST /desk/salt HTTP/1.1\r\nContent-Length: 12"
        upgrade = "GET /socket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"
        upgrade += "\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
        for lines in (
            (get, host, "Host: evil.example"),
            (get, "Host: evil.example", host),
            (get, host, host),
            (get, host, f"Origin: {house.origin}", "Origin: http://evil.example"),
            (get, host, "Origin: http://evil.example", f"Origin: {house.origin}"),
            (post, host, "Content-Type: text/plain", json_),
            (upgrade, host, "Host: evil.example", f"Origin: {house.origin}"),
            (upgrade, host, f"Origin: {house.origin}", "Origin: http://evil.example"),
            (upgrade, host, "Origin: http://evil.example", f"Origin: {house.origin}"),
        ):
            answer = await raw(house, ("\r\n".join([*lines, "Connection: close"]) + '\r\n\r\n{"name": "a"}').encode())
            assert answer.startswith(b"HTTP/1.1 400"), lines
            assert b'"malformed"' in answer

    play(story, tmp_path / "house")


def test_an_error_of_ours_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """D-16: something breaks inside: 500 with a plain sentence; no type, place or value of it, there or in a header."""

    async def story(house: House) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("secret canary 4711 in /srv/luwte.py")

        monkeypatch.setattr("luwte.staff.actions.salt", broken)
        async with client(house) as browser:
            answer = await browser.post("/desk/salt", json={"name": "Noor"})
            assert answer.status_code == 500
            assert answer.json()["code"] == "failed"
            assert not re.search(r"canary|4711|RuntimeError|Traceback|\.py|luwte", answer.text + str(answer.headers))
            assert {name: answer.headers[name] for name in EVERYWHERE} == EVERYWHERE
            assert (await browser.get("/healthz")).status_code == 200
        assert await records(house) == []

    play(story, tmp_path / "house")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(["name", "proof", "scope", "id", "version", "sealed", "role", "x"])
BODIES_OF_CHANCE = st.lists(st.dictionaries(FIELDS, VALUES, max_size=5) | VALUES, min_size=20, max_size=40)


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(bodies=BODIES_OF_CHANCE)
def test_no_body_is_a_failure(tmp_path_factory: pytest.TempPathFactory, bodies: list[object]) -> None:
    """D-1, D-4: whatever JSON is sent to whichever deed, by a stranger or by a desk: an answer that the table knows."""

    async def story(house: House) -> None:
        noor = house.counsellor()
        await noor.skips_sign_in()
        bearer = {"Authorization": f"Bearer {base64.b64encode(noor.token).decode()}"}
        async with client(house) as browser:
            for body in bodies:
                for path in ("/desk/salt", "/desk/sign-in", "/desk/unlock", "/desk/replies"):
                    for headers in (JSON, JSON | bearer):
                        answer = await browser.post(path, content=json.dumps(body).encode(), headers=headers)
                        assert answer.status_code in (200, 400, 401, 413, 429), (path, body)
                        assert set(answer.headers) <= ALLOWED
                        if answer.is_error:
                            assert set(answer.json()) == {"code", "says"}

    play(story, tmp_path_factory.mktemp("chance") / "house")


def test_nothing_has_a_number_that_can_be_guessed(tmp_path: Path) -> None:
    """D-3: tokens, polls and conversations have 128 bits of chance at least, and the next one follows from none."""

    async def story(house: House) -> None:
        tokens, polls, conversations = [], [], []
        noor = house.counsellor()
        async with client(house) as browser:
            for _ in range(3):
                assert (await noor.signs_in()).status_code == 200
                tokens.append(noor.token)
            for _ in range(40):
                said = msgspec.msgpack.encode({"path": "/socket"})
                headers = {"Content-Type": "application/octet-stream", "Origin": house.origin}
                answer = await browser.post("/poll/open", content=said, headers=headers)
                polls.append(msgspec.msgpack.decode(answer.content)["id"])
        for _ in range(20):
            visitor = house.visitor()
            await visitor.starts()
            conversations.append(visitor.conv)
            visitor.line.close()
        for ids, size in ((tokens, 32), (polls, 32), (conversations, 16)):
            assert {len(id) for id in ids} == {size}
            assert len(set(ids)) == len({id[:4] for id in ids}) == len({id[-4:] for id in ids}) == len(ids)

    play(story, tmp_path / "house")


def test_no_answer_leads_elsewhere(tmp_path: Path) -> None:
    """D-13: no address, no parameter and no header makes an answer that sends a browser on."""

    async def story(house: House) -> None:
        evil = "https://evil.example"
        async with client(house) as browser:
            for path in ("/", "/desk", "/l/chat", "/nothing", "/healthz", "/desk/salt", "/desk/sign-out"):
                for tail in ("", f"?next={evil}", f"?url=//{evil[8:]}", f"?return_to={evil}%0d%0aLocation:{evil}", "/"):
                    for method in ("GET", "POST"):
                        answer = await browser.request(method, path + tail, headers={"Referer": evil})
                        assert not 300 <= answer.status_code < 400
                        assert not {"location", "refresh", "content-location", "link"} & set(answer.headers)
                        assert "evil.example" not in answer.text
            for line in (
                f"GET //{evil[8:]} HTTP/1.1",
                f"GET /\\{evil[8:]} HTTP/1.1",
                f"GET /%5c%5c{evil[8:]} HTTP/1.1",
            ):
                answer = await raw(house, f"{line}\r\nHost: {house.origin[7:]}\r\n\r\n".encode())
                assert answer.split()[1] in (b"400", b"404")

    play(story, tmp_path / "house")


def test_the_server_calls_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """D-18: a conversation with addresses wherever something is said opens no connection; nor could the code."""

    async def story(house: House) -> None:
        called: list[object] = []
        server = asyncio.get_running_loop()
        names = ("http://169.254.169.254/latest/", "http://[::1]:1/", "file:///etc/passwd", "gopher://127.0.0.1:25/x")
        noor = house.counsellor()
        await noor.opens_desk()
        visitor = await a_taken_conversation(house, noor)
        async with client(house) as browser:
            await browser.get("/healthz")
            monkeypatch.setattr(socket.socket, "connect", lambda _, where: called.append(where))
            monkeypatch.setattr(socket, "getaddrinfo", lambda *where, **_: called.append(where))
            monkeypatch.setattr(server, "create_connection", lambda *_, **where: called.append(where))
            monkeypatch.setattr(server, "sock_connect", lambda _, where: called.append(where))
            for name in names:
                assert (await visitor.says(name))["t"] == "ack"
                assert (await noor.says(visitor.conv, name))["t"] == "ack"
                assert (await browser.post("/desk/salt", json={"name": name})).status_code == 200
                assert (await browser.get("/l/chat/status", params={"url": name})).status_code == 200
        assert called == []

    play(story, tmp_path / "house")
    means = r"^\s*(?:import|from) (?:httpx|requests|aiohttp|urllib\.request|http\.client|ftplib|smtplib|telnetlib)\b"
    source = Path(__file__).parents[2] / "src" / "luwte"
    callers = [file for file in source.rglob("*.py") if re.search(means, file.read_text(), re.MULTILINE)]
    # `luwte watch` and `luwte follow-up` run elsewhere, and nothing of the server knows them (the import contract).
    assert sorted(str(file.relative_to(source)) for file in callers) == ["follow_up/transport.py", "watch/actions.py"]


def test_a_list_holds_no_content(tmp_path: Path) -> None:
    """D-19: what a desk hears of conversations that it has not asked for, in every state: no envelope and no wrap."""

    async def story(house: House) -> None:
        noor, sam = house.counsellor(0), house.counsellor(1)
        await noor.opens_desk()
        said = []
        for state in ("waiting", "taken", "ended", "waiting again"):
            visitor = house.visitor()
            await visitor.starts()
            said += [visitor.chain.sealed(visitor.seals(f"canary in {state}")), *visitor.start_frame["wraps"]]
            visitor.line.send("append", envelope=said[-5])
            assert (await visitor.line.hear("ack", "refused"))["t"] == "ack"
            if state != "waiting":
                assert (await noor.takes(visitor.conv))["t"] == "taken"
            if state == "ended":
                noor.line.send("end", conv=visitor.conv, reason="completed")
                await noor.line.hear("ended")
            if state == "waiting again":
                await return_to_list(house, visitor.conv)
        await sam.opens_desk()
        await until_pong(sam.line)
        heard = msgspec.msgpack.encode(sam.line.everything)
        assert any(frame["t"] == "queue" for frame in sam.line.everything)
        assert len(said) == 4 * 5
        assert not [piece for piece in said if piece[-40:] in heard or piece[:40] in heard]
        assert not {"envelope", "opening", "wrap", "taken"} & {frame["t"] for frame in sam.line.everything}

    play(story, tmp_path / "house")
