"""`luwte watch`: whatever a server could change for one visitor is seen; what is as it was built is the same."""

import asyncio
import contextlib
import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import httpx
import msgspec
import pytest
from altering import Alter, Passing, an_altering_server

from actors import House, play
from luwte.cli import main
from luwte.plumbing.pages import (
    EVERYWHERE,
    MANIFEST,
    ORGANISATION,
    PAGES,
    Manifest,
    as_built,
    build,
    headers_of,
    integrity_of,
    module,
    read_module,
    rendered,
    sha256,
)
from luwte.watch import actions
from luwte.watch.model import GUISES, Answer, Report, Seen, compare, place

SCRIPT = re.compile(rb'<script type="module"[^>]* src="([^"]+)"')


def walked(origin: str, release: Manifest) -> list[Seen]:
    """What everybody is really given."""
    return [actions.visit(origin, guise, release, Report(origin, release.version)) for guise in GUISES]


def altered(seen: list[Seen], alter: Alter) -> list[Seen]:
    """The same after *alter* had its hands on every answer."""
    count, done = 0, []
    for one in seen:
        answers = {}
        for asked, answer in one.answers.items():
            count += 1
            request = {name.lower(): value for name, value in one.guise.headers.items()}
            passing = Passing(asked, request, answer.status, list(answer.headers), answer.body, count)
            alter(passing)
            headers = [(name.lower(), value) for name, value in passing.headers]
            answers[asked] = Answer(passing.status, headers, passing.body)
        done.append(Seen(one.guise, answers))
    return done


def verdict(seen: list[Seen], release: Manifest, origin: str) -> tuple[bool | None, set[str], set[str]]:
    """The same or not, at which files it differs, and who saw it."""
    report = Report(origin, release.version)
    compare(seen, release, report)
    found = report.differences
    return report.same, {place(path) for path, _ in found}, {name for names in found.values() for name in names}


def one_byte(passing: Passing) -> None:
    """Change the last letter or digit."""
    body = bytearray(passing.body)
    at = max(i for i, byte in enumerate(body) if chr(byte).isalnum())
    body[at] ^= 1
    passing.body = bytes(body)


def only(condition: bool, deed: Alter, passing: Passing) -> None:
    """Alter some."""
    if condition:
        deed(passing)


def is_page(passing: Passing) -> bool:
    """The visitor's, query or not."""
    return passing.path.partition("?")[0] == "/"


def test_every_changed_byte_is_seen_whoever_it_is_for(tmp_path: Path) -> None:
    """Each file with one byte changed; the page for one browser, one language, one query, one request of many."""

    async def story(house: House) -> None:
        release = actions.release(None)
        real = await asyncio.to_thread(walked, house.origin, release)
        report = Report(house.origin, release.version)
        compare(real, release, report)
        assert report.told()["same"] is True, report
        pinned = report.served
        assert pinned is not None
        assert set(pinned.files) == {*release.files, ORGANISATION}
        for manifest in (release, pinned):
            assert verdict(real, manifest, house.origin) == (True, set(), set())
            for path in [*manifest.files, MANIFEST]:
                changed = altered(real, lambda p, path=path: only(p.path == path, one_byte, p))
                same, where, whose = verdict(changed, manifest, house.origin)
                assert (same, path in where) == (False, True), path
                assert len(whose) == len(GUISES)
        good = [answer.status == 200 for one in real for answer in one.answers.values()]
        whims: dict[str, Callable[[Passing], bool]] = {
            "one browser": lambda p: is_page(p) and "iPhone" in p.asked["user-agent"],
            "one language": lambda p: is_page(p) and p.asked["accept-language"].startswith("nl"),
            "with a query only": lambda p: is_page(p) and "?" in p.path,
            "without a query only": lambda p: is_page(p) and "?" not in p.path,
            "a line's own page": lambda p: p.path == "/l/chat",
        }
        for n in range(0, len(good), 11):
            if good[n]:
                whims[f"one visitor, at request {n}"] = lambda p, n=n: p.count == n + 1
        for name, whim in whims.items():
            same, where, whose = verdict(
                altered(real, lambda p, w=whim: only(w(p), one_byte, p)), release, house.origin
            )
            assert same is False, name
            assert name != "one browser" or whose >= {"an iPhone, in English"}

    play(story, tmp_path / "house")


def test_a_desk_with_an_address_of_its_own_is_not_missed(tmp_path: Path) -> None:
    """Such a site neither lists its desk nor serves it; one that drops what it listed before is found out."""
    apart: dict[str, Any] = {"desk_origins": ("https://desk.example.org",), "onion": f"http://{'a' * 56}.onion"}

    async def story(house: House) -> None:
        release = actions.release(None)
        real = await asyncio.to_thread(walked, house.origin, release)
        assert {one.answers["/desk"].status for one in real} == {404}
        assert verdict(real, release, house.origin) == (True, set(), set())
        report = Report(house.origin, release.version)
        compare(real, release, report)
        assert report.served is not None
        assert "/desk" not in report.served.files
        whole = Manifest(release.version, {**report.served.files, "/desk": release.files["/desk"]})
        assert verdict(real, whole, house.origin)[:2] == (False, {"/desk", MANIFEST})

        def desk(passing: Passing) -> None:
            passing.status = 200

        for bad in (
            desk,
            weaker("Onion-Location", "https://example.org/"),
            weaker("Onion-Location", f"http://{'b' * 56}.onion/x"),
        ):
            page = "/desk" if bad is desk else "/"
            changed = altered(real, lambda p, bad=bad, page=page: only(p.path == page, bad, p))
            assert verdict(changed, release, house.origin)[:2] == (False, {page}), bad

    play(story, tmp_path / "house", **apart)


def weaker(name: str, value: str | None) -> Alter:
    """A header changed or taken away on every answer."""
    return lambda passing: passing.header(name, value)


def in_policy(old: str, new: str) -> Alter:
    """A word of the page's policy changed."""

    def alter(passing: Passing) -> None:
        policy = dict(passing.headers)["content-security-policy"]
        if passing.path == "/":
            assert old in policy
            passing.header("Content-Security-Policy", policy.replace(old, new))

    return alter


def with_a_script(passing: Passing) -> None:
    """A script of its own, pinned as neatly as the others."""
    if passing.path == "/":
        passing.body = SCRIPT.sub(
            lambda m: b'<script type="module" src="/assets/more.js"></script>' + m[0], passing.body
        )


def another_organisation(passing: Passing) -> None:
    """Another root, in a module that is as neat as the right one."""
    if passing.path.partition("?")[0] == ORGANISATION:
        organisation = read_module(passing.body)
        assert organisation is not None
        passing.body = module({**organisation, "root": "00" * 32})


def with_another_root(seen: list[Seen], origin: str) -> list[Seen]:
    """The same with everything that hangs on it done right: the pins, the pages, the policies, the list."""
    release, bodies = build()
    answers = altered(seen, another_organisation)[0].answers
    bodies = {**bodies, ORGANISATION: answers[ORGANISATION].body}
    organisation = read_module(bodies[ORGANISATION])
    assert organisation is not None
    integrity = integrity_of({path: body for path, body in bodies.items() if path not in PAGES})
    bodies |= {path: rendered(bodies[path].decode(), organisation, integrity) for path in PAGES}
    listed = {path: sha256(body) for path, body in bodies.items()}
    bodies[MANIFEST] = msgspec.json.encode(Manifest(release.version, listed))

    def alter(passing: Passing) -> None:
        if (path := place(passing.path)) in bodies:
            passing.body = bodies[path]
            for name, value in headers_of(path, passing.body, origin).items():
                passing.header(name, value)

    return altered(seen, alter)


ALTERATIONS: dict[str, Alter] = {
    **{f"no {name}": weaker(name, None) for name in EVERYWHERE},
    "caches": weaker("Cache-Control", "public, max-age=60"),
    "a cookie": weaker("Set-Cookie", "id=1"),
    "an ETag": weaker("ETag", '"4711"'),
    "another service": weaker("Alt-Svc", 'h3=":443"'),
    "a preload": weaker("Link", "</assets/x.js>; rel=modulepreload"),
    "a report": weaker("Content-Security-Policy-Report-Only", "report-uri /x"),
    "no Integrity-Policy": lambda p: only(p.path == "/", weaker("Integrity-Policy", None), p),
    "inline scripts": in_policy("script-src 'self'", "script-src 'self' 'unsafe-inline'"),
    "eval": in_policy("script-src 'self'", "script-src 'self' 'unsafe-eval'"),
    "WebAssembly": in_policy("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"),
    "another place to talk to": in_policy("connect-src 'self'", "connect-src 'self' wss://evil.example"),
    "frames": in_policy("frame-ancestors 'none'", "frame-ancestors *"),
    "no trusted types": in_policy("require-trusted-types-for 'script'; ", ""),
    "a second policy": lambda p: p.headers.append(("Content-Security-Policy", "default-src *")),
    "another type": lambda p: only(p.path.endswith(".js"), weaker("Content-Type", "text/html"), p),
    "an added script": with_a_script,
    "code in the organisation": lambda p: only(
        p.path == ORGANISATION, lambda q: setattr(q, "body", q.body + b"fetch('/x');\n"), p
    ),
    "gone": lambda p: only(p.path == "/more", lambda q: setattr(q, "status", 404), p),
    "elsewhere": lambda p: only(p.path == "/", lambda q: (setattr(q, "status", 302), weaker("Location", "/l/x")(q)), p),
    "no list": lambda p: only(p.path == MANIFEST, lambda q: setattr(q, "body", b"{}"), p),
    "another release": lambda p: only(
        p.path == MANIFEST, lambda q: setattr(q, "body", q.body.replace(b'"version": "', b'"version": "9')), p
    ),
    "an error with code": lambda p: only(p.status == 404, lambda q: setattr(q, "body", b"<script>1</script>"), p),
}


def test_weakened_headers_added_scripts_and_other_code_are_seen(tmp_path: Path) -> None:
    """One alteration after the other; all but one kind of visitor are spared, and it is still seen."""

    async def story(house: House) -> None:
        release, origin = actions.release(None), house.origin
        real = await asyncio.to_thread(walked, origin, release)
        for name, alter in ALTERATIONS.items():
            changed = altered(real, lambda p, a=alter: only("Firefox/144" in p.asked["user-agent"], a, p))
            same, where, whose = verdict(changed, release, origin)
            assert same is False, name
            assert where, name
            assert whose == {"Firefox on Linux, in Romanian"}, name
        # Everything that hangs on another root done right: only who knows the organisation sees it.
        report = Report(origin, release.version)
        compare(real, release, report)
        assert report.served is not None
        foreign = with_another_root(real, origin)
        assert verdict(foreign, release, origin)[0] is True
        assert verdict(foreign, report.served, origin)[0] is False

    play(story, tmp_path / "house")


def test_what_cannot_be_told_is_no_all_clear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Busy, cut off, packed strangely: neither the same nor different; but a difference seen besides is one."""
    monkeypatch.setattr(actions, "GUISES", GUISES[:2])

    async def story(house: House) -> None:
        await asyncio.to_thread(look_at, house.origin)

    def look_at(origin: str) -> None:
        release = actions.release(None)
        with an_altering_server(origin) as altering:

            def packed(passing: Passing) -> None:
                passing.body = gzip.compress(passing.body, 1)
                passing.header("Content-Encoding", "gzip")

            def bomb(passing: Passing) -> None:
                passing.body = gzip.compress(b" " * (actions.LARGEST + 2), 1)
                passing.header("Content-Encoding", "gzip")

            def in_brotli(passing: Passing) -> None:
                passing.body = brotli.compress(passing.body, quality=1)
                passing.header("Content-Encoding", "br")

            def bomb_in_brotli(passing: Passing) -> None:
                passing.body = brotli.compress(b" " * (actions.LARGEST + 2), quality=1)
                passing.header("Content-Encoding", "br")

            def busy(passing: Passing) -> None:
                if passing.path.endswith(".css"):
                    passing.status, passing.body = 503, b"busy"

            def both(passing: Passing) -> None:
                busy(passing)
                only(passing.path == ORGANISATION, lambda p: setattr(p, "body", p.body + b"1"), passing)

            for alter, same in (
                (packed, True),
                (busy, None),
                (bomb, None),
                (weaker("Content-Encoding", "br"), None),
                (weaker("Content-Encoding", "zstd"), None),
                (in_brotli, True),
                (bomb_in_brotli, None),
                (both, False),
                (lambda p: only(is_page(p) and "iPhone" in p.asked["user-agent"], one_byte, p), False),
            ):
                altering.alter = alter
                assert actions.look(altering.origin, release).same is same, alter
        assert actions.look(altering.origin, release).same is None

    play(story, tmp_path / "house")


def told(*arguments: str) -> tuple[int, str, str]:
    """Run the command to its end; its code and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as end:
        main(["watch", *arguments])
    return int(end.value.code or 0), out.getvalue(), err.getvalue()


def test_the_command_says_so_and_ends_with_a_code(tmp_path: Path) -> None:
    """0 the same, 1 different, 2 cannot tell; with --every it goes on until something differs."""

    async def story(house: House) -> None:
        await asyncio.to_thread(look_at, house.origin)

    def look_at(origin: str) -> None:
        saved = tmp_path / "release.json"
        saved.write_bytes(httpx.get(f"{origin}{MANIFEST}").content)
        code, out, err = told(origin)
        assert (code, err) == (0, "")
        assert re.fullmatch(rf"{origin} serves release \S+: \d+ files, the same to everybody\.\n", out)
        with an_altering_server(origin) as altering:
            a_look = sum(len(one.answers) for one in walked(origin, actions.release(None)))
            altering.alter = lambda p: only(p.count > a_look, another_organisation, p)
            code, out, err = told(altering.origin, "--every", "1", "--json")
            assert (code, err) == (1, "")
            first, second = (json.loads(line) for line in out.splitlines())
            assert (first["same"], second["same"]) == (True, False)
            assert {one["path"] for one in second["differences"]} >= {ORGANISATION}
            code, out, _ = told(altering.origin, "--manifest", str(saved), "--once")
            assert code == 1
            assert "  /org.js is not the file of the release (everybody)\n" in out
        code, out, _ = told(altering.origin)
        assert code == 2
        assert "cannot be reached (everybody)" in out
        for wrong in ([f"{origin}/desk"], ["ftp://x"], [origin, "--manifest", __file__], [origin, "--manifest", "no"]):
            code, out, err = told(*wrong)
            assert (code, out) == (2, "")
            assert re.fullmatch(r"luwte: .+\n", err)

    play(story, tmp_path / "house")


def test_the_list_names_every_file_as_it_is_served(tmp_path: Path) -> None:
    """Whoever has `sha256sum` can check it; nothing that a page names is missing."""

    async def story(house: House) -> None:
        async with httpx.AsyncClient(base_url=house.origin) as browser:
            listed = msgspec.json.decode((await browser.get(MANIFEST)).content, type=Manifest)
            for path, digest in listed.files.items():
                assert sha256((await browser.get(path)).content) == digest, path
            for path in PAGES:
                page = (await browser.get(path)).text
                named = {one for one in re.findall(r'(?:src|href)="(/[^"]*)"', page) if one not in PAGES}
                assert named <= set(listed.files), path
            assert listed.version == build()[0].version

    play(story, tmp_path / "house")


@pytest.mark.parametrize("path", PAGES)
def test_rendering_a_page_and_back(path: str) -> None:
    """The build's page comes back letter by letter, whatever the organisation is called."""
    page = build()[1][path].decode()
    for exit_url in ("https://www.example.org/", 'https://example.org/?a=1&b="<x>'):
        organisation = {"exitUrl": exit_url}
        again = rendered(page, organisation, dict.fromkeys(re.findall(r'src="([^"]+)"', page), "sha384-x")).decode()
        assert again != page
        assert as_built(again, organisation) == page
