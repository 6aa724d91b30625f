"""The built client: files in memory, pages with their import map, and the headers that keep a page to itself."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from luwte.errors import CannotStart

TYPES = {
    "html": "text/html",
    "js": "text/javascript",
    "css": "text/css",
    "svg": "image/svg+xml",
}

EVERYWHERE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), encrypted-media=(),"
        " fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), microphone=(),"
        " midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), web-share=(),"
        " xr-spatial-tracking=()"
    ),
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
"""Headers of every answer, errors too; a page brings its own Content-Security-Policy."""


@dataclass(frozen=True, slots=True)
class File:
    """Something to serve."""

    body: bytes
    type: str
    headers: dict[str, str]


class Client:
    """All files of the browser's side, ready to be served."""

    def __init__(self, organisation: dict[str, object], origins: Sequence[str]) -> None:
        """Load the build and pin it to *organisation*; it is served at *origins*, and each page knows of its own alone.

        Raises `CannotStart` when there is no build.
        """
        folder = files("luwte") / "client"
        if not (folder / "index.html").is_file():
            raise CannotStart("The browser's files are not built. Run: make setup")
        self.assets = {f"/assets/{entry.name}": _file(entry) for entry in (folder / "assets").iterdir()}
        self.assets["/org.js"] = File(_module(organisation), TYPES["js"], {})
        integrity = {path: _sri(file.body) for path, file in self.assets.items() if path.endswith(".js")}
        exit_url = html.escape(str(organisation["exitUrl"]))
        visitor = (folder / "index.html").read_text().replace('href="about:blank"', f'href="{exit_url}"')
        desk = (folder / "desk.html").read_text()
        self._visitor: dict[str, File] = {}
        self._desk: dict[str, File] = {}
        for origin in origins:
            # Not every browser counts ws: as 'self'.
            host, socket = origin.partition("://")[2], f" ws{origin.removeprefix('http')}"
            self._visitor[host] = _page(visitor, integrity, socket, "")
            self._desk[host] = _page(desk, integrity, socket, " 'wasm-unsafe-eval'")

    def visitor(self, host: str) -> File:
        """The visitor's page, as it is at *host*."""
        return self._visitor[host]

    def desk(self, host: str) -> File:
        """The desk's page, as it is at *host*."""
        return self._desk[host]


def _file(entry: Traversable) -> File:
    kind = TYPES.get(entry.name.rpartition(".")[2])
    if kind is None:
        raise CannotStart(f"The build holds a file of an unknown kind: {entry.name}")
    return File(entry.read_bytes(), kind, {})


def _module(organisation: dict[str, object]) -> bytes:
    # Escaped so that no name can end the script or start a comment.
    text = json.dumps(organisation, ensure_ascii=True).replace("<", "\\u003c")
    return f"export const org = Object.freeze({text});\n".encode()


def _sri(body: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()


def _page(text: str, integrity: dict[str, str], socket: str, scripts: str) -> File:
    import_map = json.dumps({"integrity": dict(sorted(integrity.items()))}, separators=(",", ":"))
    text = text.replace("<head>", f'<head><script type="importmap">{import_map}</script>', 1)
    text = re.sub(
        r'(<script type="module"[^>]*? src="([^"]+)")', lambda m: f'{m[1]} integrity="{integrity[m[2]]}"', text
    )
    digest = base64.b64encode(hashlib.sha256(import_map.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'{scripts}; style-src 'self'; img-src 'self';"
        f" font-src 'self'; connect-src 'self'{socket}; form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    )
    headers = {"Content-Security-Policy": policy, "Integrity-Policy": "blocked-destinations=(script)"}
    return File(text.encode(), TYPES["html"], headers)
