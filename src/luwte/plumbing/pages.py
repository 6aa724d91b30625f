"""The built client: files in memory, pages with their import map, and the headers that keep a page to itself."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

import msgspec

from luwte.errors import CannotStart
from luwte.plumbing.packing import CannotUnpack, unpack
from luwte.settings import host_of, is_onion

TYPES = {
    "html": "text/html",
    "js": "text/javascript",
    "css": "text/css",
    "svg": "image/svg+xml",
    "json": "application/json",
}

VISITOR, HIDE, DESK = "/", "/more", "/desk"
PAGES = {VISITOR: "index.html", HIDE: "more.html", DESK: "desk.html"}
"""Where each page is served. An address in somebody's history must not tell what it was."""

ORGANISATION = "/org.js"
MANIFEST = "/release.json"

PACKED = ".br"
"""What the build calls the same file in brotli (RFC 7932), beside it."""

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
"""What our pages must not do, ask for, or learn of a device. A browser skips what it does not know."""

EVERYWHERE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in OFF.split()),
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
"""Headers of every answer, errors too; a page brings its own Content-Security-Policy."""

TLS_ONLY = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
"""Besides, where TLS is what protects the address."""

WASM = " 'wasm-unsafe-eval'"
"""The desk stretches passphrases with Argon2id; a visitor's page compiles nothing."""

Organisation = Mapping[str, object]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The files of a release: SHA-256 in hex, by the path under which each is served.

    Of the build, pages are listed as they were built and `/org.js` is missing; of an installation, everything is listed
    as it is served.
    """

    version: str
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class File:
    """Something to serve."""

    body: bytes
    type: str
    headers: dict[str, str]
    status: int = 200
    packed: bytes | None = None
    """The body in brotli, where the build made that."""

    def told(self, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
        """The body as whoever sent this header may have it, with its headers."""
        if self.packed is None or "br" not in (coding.strip() for coding in accept_encoding.split(",")):
            return self.body, self.headers
        return self.packed, self.headers | {"Content-Encoding": "br"}


class Client:
    """All files of the browser's side, ready to be served."""

    def __init__(
        self,
        organisation: Organisation,
        origins: Sequence[str],
        is_served: Callable[[str, str], bool],
        *,
        is_open: bool = True,
    ) -> None:
        """Load the build and pin it to *organisation*; it is served at *origins*, and each page knows of its own alone.

        *is_served*: whether what lies at this path may be seen at this host. *is_open*: False while visitors cannot
        come; then their pages have words and telephone numbers, no script, and the status 503.

        Raises `CannotStart` when there is no build, or one whose files are not those that were built.
        """
        release, built = build()
        bodies = {path: body for path, body in built.items() if path not in PAGES}
        bodies[ORGANISATION] = module(organisation)
        integrity, smaller = integrity_of(bodies), packed()
        for path in PAGES:
            page = built[path].decode() if is_open or path == DESK else without_scripts(built[path].decode())
            bodies[path] = rendered(page, organisation, integrity)
        self._files = {
            host_of(origin): _at(
                origin,
                release.version,
                {path: body for path, body in bodies.items() if is_served(path, host_of(origin))},
                smaller,
                is_open=is_open,
            )
            for origin in origins
        }

    def file(self, path: str, host: str) -> File | None:
        """What is served at *path* of *host*, one of our own."""
        return self._files[host].get(path)


def _at(
    origin: str, version: str, bodies: dict[str, bytes], smaller: Mapping[str, bytes], *, is_open: bool
) -> dict[str, File]:
    """The files of one origin, with the list of them."""
    manifest = Manifest(version, {path: sha256(bodies[path]) for path in sorted(bodies)})
    listed = bodies | {MANIFEST: msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"}
    files = {path: _file(path, body, origin, smaller.get(path)) for path, body in listed.items()}
    closed = () if is_open else (VISITOR, HIDE)
    return {path: replace(file, status=503) if path in closed else file for path, file in files.items()}


def build() -> tuple[Manifest, dict[str, bytes]]:
    """The list and the files of this installation's own build. Raises `CannotStart` when they do not fit each other."""
    folder = files("luwte") / "client"
    if not (folder / "release.json").is_file():
        raise CannotStart("The browser's files are not built. Run: make setup")
    release = read_manifest((folder / "release.json").read_bytes())
    names = [*PAGES.values(), *(f"assets/{entry.name}" for entry in (folder / "assets").iterdir())]
    bodies = {
        name: (folder / name).read_bytes() for name in names if (folder / name).is_file() and not name.endswith(PACKED)
    }
    served = {path: bodies[name] for path, name in PAGES.items() if name in bodies}
    served |= {f"/{name}": body for name, body in bodies.items() if name.startswith("assets/")}
    if release.files != {path: sha256(body) for path, body in served.items()} or not _fit(packed(), served):
        raise CannotStart("The browser's files are not the ones that were built. Run: make clean setup")
    return release, served


def _fit(smaller: Mapping[str, bytes], bodies: Mapping[str, bytes]) -> bool:
    """Whether what is packed is the same."""
    try:
        return all(unpack(body, "br", len(bodies[path])) == bodies[path] for path, body in smaller.items())
    except (KeyError, CannotUnpack):
        return False


def packed() -> dict[str, bytes]:
    """Files of this installation's own build in brotli, by the path under which each is served."""
    entries = (files("luwte") / "client" / "assets").iterdir()
    return {
        f"/assets/{entry.name.removesuffix(PACKED)}": entry.read_bytes()
        for entry in entries
        if entry.name.endswith(PACKED)
    }


def read_manifest(text: bytes) -> Manifest:
    """Parse a manifest. Raises `CannotStart`."""
    try:
        return msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise CannotStart("This is no manifest of a release.") from None


def sha256(body: bytes) -> str:
    """As a manifest has it."""
    return hashlib.sha256(body).hexdigest()


def module(organisation: Organisation) -> bytes:
    """`/org.js`: the organisation that an installation is pinned to."""
    # Escaped so that no name can end the script or start a comment.
    text = json.dumps(organisation, ensure_ascii=True).replace("<", "\\u003c")
    return f"export const org = Object.freeze({text});\n".encode()


def read_module(body: bytes) -> Organisation | None:
    """The organisation in `/org.js`; None when there is anything else in it, such as code."""
    found = re.fullmatch(rb"export const org = Object\.freeze\((.*)\);\n", body)
    try:
        organisation = json.loads(found[1]) if found else None
    except ValueError:
        return None
    return organisation if isinstance(organisation, dict) and module(organisation) == body else None


def integrity_of(bodies: Mapping[str, bytes]) -> dict[str, str]:
    """What a browser compares each script with."""
    return {
        path: "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()
        for path, body in sorted(bodies.items())
        if path.endswith(".js")
    }


def rendered(built: str, organisation: Organisation, integrity: Mapping[str, str]) -> bytes:
    """A page as it is served: with the hash of every script, and the way out of this organisation."""
    exit_url = html.escape(str(organisation["exitUrl"]))
    text = built.replace('href="about:blank"', f'href="{exit_url}"')
    import_map = json.dumps({"integrity": dict(integrity)}, separators=(",", ":"))
    text = text.replace("<head>", f'<head><script type="importmap">{import_map}</script>', 1)
    return re.sub(
        r'(<script type="module"[^>]*? src="([^"]+)")', lambda m: f'{m[1]} integrity="{integrity[m[2]]}"', text
    ).encode()


def without_scripts(page: str) -> str:
    """What somebody without JavaScript sees of a page, for everybody."""
    text = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    text = re.sub(r'<link rel="modulepreload"[^>]*>', "", text)
    return re.sub(r"</?noscript>", "", text)


def as_built(page: str, organisation: Organisation) -> str:
    """The way back from `rendered`. The caller sees by hash, and by rendering it again, whether there was one."""
    exit_url = html.escape(str(organisation["exitUrl"]))
    text = page.replace(f'href="{exit_url}"', 'href="about:blank"')
    text = re.sub(r'<script type="importmap">.*?</script>', "", text, count=1, flags=re.DOTALL)
    return re.sub(r'(<script type="module"[^>]*?) integrity="[^"]*"', r"\1", text)


def headers_of(path: str, body: bytes, origin: str) -> dict[str, str]:
    """The headers, besides `EVERYWHERE`, with which *body* is served at *path* of *origin*."""
    if path not in PAGES:
        return {}
    found = re.search(rb'<script type="importmap">(.*?)</script>', body, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(found[1] if found else b"").digest()).decode()
    # Not every browser counts ws: as 'self'.
    socket = f"ws{origin.removeprefix('http')}"
    policy = (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'{WASM if path == DESK else ''}; style-src 'self';"
        f" img-src 'self'; font-src 'self'; connect-src 'self' {socket}; form-action 'none'; base-uri 'none';"
        " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return {"Content-Security-Policy": policy, "Integrity-Policy": "blocked-destinations=(script)"}


def everywhere(origin: str) -> dict[str, str]:
    """The headers of every answer at *origin*. An onion is its own protection, and must not promise TLS."""
    return EVERYWHERE | (TLS_ONLY if origin.startswith("https:") and not is_onion(host_of(origin)) else {})


def _file(path: str, body: bytes, origin: str, packed: bytes | None) -> File:
    kind = TYPES.get("html" if path in PAGES else path.rpartition(".")[2])
    if kind is None:
        raise CannotStart(f"The build holds a file of an unknown kind: {path}")
    return File(body, kind, headers_of(path, body, origin), packed=packed)
