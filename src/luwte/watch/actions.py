"""Going to a site as its visitors do, and looking at what each of them is given."""

import http.client
import ssl
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import urlsplit

from luwte.errors import CannotStart
from luwte.plumbing.packing import CODINGS, CannotUnpack, unpack
from luwte.plumbing.pages import ORGANISATION, Manifest, build, read_manifest, read_module
from luwte.watch.model import GUISES, Answer, Guise, Report, Seen, compare, headers_for, line_of, paths

PATIENCE = 20.0
"""Seconds for one answer."""

LARGEST = 4 << 20
"""Bytes of one file; ours are far smaller."""

BUSY = {429, 500, 502, 503, 504}
"""Statuses of a site that cannot answer now: no difference, and no proof either."""


class CannotTell(Exception):
    """No answer that could be judged; the text says why."""


def release(text: bytes | None) -> Manifest:
    """The manifest to compare with: the one given, or that of this installation's own build. Raises `CannotStart`."""
    return build()[0] if text is None else read_manifest(text)


def origin_of(url: str) -> str:
    """The site that *url* is on. Raises `CannotStart` for what is no address of a site."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1 or parts.path not in ("", "/"):
        raise CannotStart("This is no address of a site. Give it as in https://chat.example.org")
    return f"{parts.scheme}://{parts.netloc}"


def look(origin: str, manifest: Manifest) -> Report:
    """Ask for everything as everybody, and compare."""
    report = Report(origin, manifest.version)
    seen = []
    for guise in GUISES:
        try:
            seen.append(visit(origin, guise, manifest, report))
        except CannotTell as error:
            report.note(report.untold, origin, str(error), guise)
        except (OSError, http.client.HTTPException):
            report.note(report.untold, origin, "cannot be reached", guise)
    compare(seen, manifest, report)
    return report


def visit(origin: str, guise: Guise, manifest: Manifest, report: Report) -> Seen:
    """One kind of visitor asks for everything. What the site is too busy to answer goes into *report*."""
    answers = {}
    with closing(_connection(origin)) as connection:
        asked = paths(manifest)
        for path in asked:
            answer = _ask(connection, path, guise.headers | headers_for(path))
            if answer.status in BUSY:
                report.note(report.untold, path, f"answers {answer.status}", guise)
                continue
            answers[path] = answer
            if path == ORGANISATION and (organisation := read_module(answer.body)) is not None:
                asked.append(line_of(organisation))
    return Seen(guise, answers)


def _connection(origin: str) -> http.client.HTTPConnection:
    parts = urlsplit(origin)
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
    return http.client.HTTPSConnection(parts.netloc, timeout=PATIENCE, context=ssl.create_default_context())


def _ask(connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str]) -> Answer:
    connection.putrequest("GET", path, skip_accept_encoding=True)
    for name, value in {**headers, "Accept-Encoding": CODINGS}.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise CannotTell(f"{path} is larger than anything of ours")
    given = [(name.lower(), value) for name, value in response.getheaders()]
    try:
        plain = unpack(body, dict(given).get("content-encoding", "identity"), LARGEST)
    except CannotUnpack as error:
        raise CannotTell(f"{path} is {error}") from None
    return Answer(response.status, given, plain)
