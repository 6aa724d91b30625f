"""How an answer of a public source is fetched, recorded and replayed. What is in it is read elsewhere."""

import email.utils
import hashlib
import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from luwte import __version__
from luwte.errors import CannotStart
from luwte.plumbing.clock import Clock, system
from luwte.plumbing.files import write_whole

PATIENCE = 60.0
"""Seconds without a byte until an answer counts as lost."""

WHOLE = 300.0
"""Seconds that one answer may take in all."""

LARGEST = 64 * 1024 * 1024
PAUSE = 0.5
"""Seconds between the end of one request and the next: we are guests."""

TRIES = 5
LONGEST_WAIT = 120.0
"""Seconds that a source may ask us to wait before we rather stop and say so."""

AGAIN = frozenset({429, 500, 502, 503, 504})


class CannotImport(CannotStart):
    """A source did not give what it should; the text is one plain line. What was stored before stays stored."""


class Refused(CannotImport):
    """The source does not take this very request: asking again would not help."""


class Transport(Protocol):
    """Gives what is at an address."""

    def fetch(self, url: str) -> bytes:
        """The bytes at *url*. Raises `CannotImport`."""
        ...


class Http:
    """Over the network: certificates are verified, redirects not followed, an answer is bounded in size and time."""

    def __init__(
        self,
        *,
        context: ssl.SSLContext | None = None,
        pause: float = PAUSE,
        largest: int = LARGEST,
        clock: Clock = system,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        secure = urllib.request.HTTPSHandler(context=context or ssl.create_default_context())
        self._opener = urllib.request.build_opener(secure, _NoRedirect)
        self._pause, self._largest, self._clock, self._sleep = pause, largest, clock, sleep
        self._free_at = 0.0

    def fetch(self, url: str) -> bytes:
        """The bytes at *url*, asked for again when the source is busy or the line is lost. Raises `CannotImport`."""
        host = _host(url)
        wait = 1.0
        for left in reversed(range(TRIES)):
            self._sleep(max(0.0, self._free_at - self._clock()))
            try:
                return self._once(url)
            except urllib.error.HTTPError as error:
                with error:
                    why, asked = f"it answers {error.code}", _retry_after(error.headers, self._clock())
                if error.code not in AGAIN:
                    raise Refused(f"{host} does not take this request: {why}.") from None
            except (OSError, http.client.HTTPException) as error:
                if isinstance(getattr(error, "reason", error), ssl.SSLCertVerificationError):
                    raise CannotImport(f"{host} shows a certificate that cannot be verified.") from None
                why, asked = "it cannot be reached", None
            finally:
                self._free_at = self._clock() + self._pause
            pause = wait if asked is None else asked
            if pause > LONGEST_WAIT:
                raise CannotImport(f"{host} asks to wait {pause:.0f} seconds. Please try again later.")
            if left:
                self._sleep(pause)
            wait *= 2
        raise CannotImport(f"{host} does not answer: {why}, {TRIES} times. Please try again later.")

    def _once(self, url: str) -> bytes:
        headers = {"Accept": "application/json", "User-Agent": f"luwte-follow-up/{__version__}"}
        until = self._clock() + WHOLE
        parts: list[bytes] = []
        size = 0
        with self._opener.open(urllib.request.Request(url, headers=headers), timeout=PATIENCE) as answer:  # noqa: S310 _host looked at the scheme
            while part := answer.read1(1 << 16):
                parts.append(part)
                size += len(part)
                if size > self._largest:
                    raise CannotImport(f"{_host(url)} gives more than {self._largest:,} bytes at once.")
                if self._clock() > until:
                    raise TimeoutError
            if answer.length:
                raise http.client.IncompleteRead(b"")
        return b"".join(parts)


class Recording:
    """Another transport, whose answers are kept in a folder."""

    def __init__(self, transport: Transport, folder: Path) -> None:
        self._transport, self._folder = transport, folder

    def fetch(self, url: str) -> bytes:
        """What the other transport gives, and it is on disk. Raises `CannotImport`."""
        answer = self._transport.fetch(url)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._folder / file_name(url), answer)
        return answer


class Replaying:
    """What was recorded, and nothing else; no network."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, url: str) -> bytes:
        """What was recorded of *url*. Raises `CannotImport` when nothing was."""
        try:
            return (self._folder / file_name(url)).read_bytes()
        except FileNotFoundError:
            raise CannotImport(f"{self._folder.name} holds no recording of {url}") from None


def file_name(url: str) -> str:
    """The name of a recording: the same for every spelling of the same request."""
    parts = urlsplit(url)
    query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)), quote_via=quote)
    same = urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
    return hashlib.sha256(f"GET {same}".encode()).hexdigest() + ".json"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A source that has moved is said so, and not followed to where somebody sends us."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


def _host(url: str) -> str:
    """The host of an address that may be asked: over TLS, or on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")):
        raise CannotImport("Only addresses that begin with https:// are asked.")
    return parts.hostname or ""


def _retry_after(headers: Message, now: float) -> float | None:
    """Seconds that the source asks to wait, which it says in seconds or as a date."""
    said = str(headers.get("Retry-After", "")).strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - now)
    except (ValueError, OverflowError):
        return None
