"""What is looked at, as whom, and what is a difference. No network here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from luwte.errors import CannotStart
from luwte.plumbing.pages import (
    DESK,
    MANIFEST,
    ORGANISATION,
    PAGES,
    TYPES,
    VISITOR,
    Manifest,
    Organisation,
    as_built,
    everywhere,
    headers_of,
    integrity_of,
    read_manifest,
    read_module,
    rendered,
    sha256,
)

NOWHERE = "/nothing"
"""An address that does not exist: errors are guarded, too."""

HARMLESS = {"connection", "content-encoding", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
HARMLESS |= {"vary", "via"}
"""Headers that a server or a proxy may add. Any other that we do not know could recognise a visitor, or load code."""


ONION = re.compile(r"https?://[a-z2-7]{56}\.onion(/l/[a-z0-9-]+|/)")
"""An onion that the visitor's page may point a browser to; which one it is, is in the site's settings."""

VERSION = re.compile(r"[\w.+-]{1,30}")
"""What may be repeated of what a site says of itself."""


@dataclass(frozen=True)
class Guise:
    """A kind of visitor, by what their browser says of itself."""

    name: str
    headers: dict[str, str]


def _guise(name: str, agent: str, languages: str) -> Guise:
    return Guise(name, {"User-Agent": agent, "Accept-Language": languages})


GUISES = [
    _guise(
        "a phone with Android, in Dutch",
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/142.0.0.0 Mobile Safari/537.36",
        "nl-NL,nl;q=0.9,en-US;q=0.8,en;q=0.7",
    ),
    _guise(
        "an iPhone, in English",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        " Version/26.0 Mobile/15E148 Safari/604.1",
        "en-GB,en;q=0.9",
    ),
    _guise(
        "Chrome on Windows, in Polish",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/142.0.0.0 Safari/537.36",
        "pl-PL,pl;q=0.9",
    ),
    _guise(
        "Safari on a Mac, in Arabic",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        " Version/26.0 Safari/605.1.15",
        "ar",
    ),
    _guise(
        "Firefox on Linux, in Romanian",
        "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
        "ro,en-US;q=0.7,en;q=0.3",
    ),
    _guise(
        "Tor Browser",
        "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
        "en-US,en;q=0.5",
    ),
]
"""Who comes: what is served to one of them only would be meant for one kind of person."""

AS_PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Dest": "document"}
AS_PAGE |= {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Upgrade-Insecure-Requests": "1"}
AS_PART = {"Accept": "*/*", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Answer:
    """What came back; header names in small letters, repeated ones repeated."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class Seen:
    """Everything that one guise was given, by the path that it asked for, query and all."""

    guise: Guise
    answers: dict[str, Answer]


@dataclass
class Report:
    """What a look brought. `same` is None when nobody can tell."""

    origin: str
    version: str
    files: int = 0
    differences: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Path and what is wrong there -> as whom it was seen."""
    untold: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """The same for what could not be judged."""
    served: Manifest | None = None
    """What is there, when all is well; the organisation included."""

    def note(self, into: dict[tuple[str, str], list[str]], path: str, what: str, guise: Guise) -> None:
        """Add a line to what differs, or to what cannot be told."""
        names = into.setdefault((path, what), [])
        if guise.name not in names:
            names.append(guise.name)

    @property
    def same(self) -> bool | None:
        """Whether the site is the release."""
        return False if self.differences else None if self.untold else True

    def told(self) -> dict[str, object]:
        """For a machine to read."""
        return {
            "same": self.same,
            "origin": self.origin,
            "version": self.version,
            "files": self.files,
            "differences": [_listed(one) for one in self.differences.items()],
            "untold": [_listed(one) for one in self.untold.items()],
        }


def _listed(one: tuple[tuple[str, str], list[str]]) -> dict[str, object]:
    (path, what), guises = one
    return {"path": path, "what": what, "seen_by": guises}


def place(asked: str) -> str:
    """The file that a path stands for: without its query, and a line's page for the visitor's."""
    path = asked.partition("?")[0]
    return VISITOR if path.startswith("/l/") else path


def headers_for(asked: str) -> dict[str, str]:
    """What a browser says besides, when it asks for a page or for a part of one."""
    return AS_PAGE if place(asked) in PAGES or asked == NOWHERE else AS_PART


def paths(manifest: Manifest) -> list[str]:
    """What to ask for: each file plainly and once more with a query, and what is not there."""
    files = sorted({*manifest.files, ORGANISATION, MANIFEST})
    return [*files, *(f"{path}?{n}" for n, path in enumerate(files)), NOWHERE]


def line_of(organisation: Organisation) -> str:
    """The page of the default line has an address of its own, too."""
    return f"/l/{organisation.get('line')}"


def compare(seen: Sequence[Seen], manifest: Manifest, report: Report) -> None:
    """Put into *report* what differs from the release, and what differs between one visitor and the first."""
    for one in seen:
        for path, what in judge(one, manifest, report.origin):
            report.note(report.differences, path, what, one.guise)
        for asked, answer in one.answers.items():
            if answer.body != seen[0].answers.get(asked, answer).body:
                report.note(report.differences, place(asked), "is not the same for everybody", one.guise)
    if report.same:
        report.served = read_manifest(seen[0].answers[MANIFEST].body)
        report.files = len(report.served.files)


def judge(seen: Seen, manifest: Manifest, origin: str) -> Iterator[tuple[str, str]]:
    """Each difference between what somebody was given and the release: where, and what.

    What was not answered is not judged, nor a page that can only be judged together with it.
    """
    given = _Given(seen, manifest)
    if given.organisation is None and ORGANISATION in given.bodies:
        yield ORGANISATION, "holds something else than the organisation"
    for asked, answer in seen.answers.items():
        path = place(asked)
        if asked == NOWHERE:
            yield from ((asked, what) for what in _judge_error(answer, origin))
            continue
        if path in given.elsewhere:
            yield from ((asked, what) for what in _judge_error(answer, origin))
            continue
        if answer.status != 200:
            yield asked, f"answers {answer.status} instead of 200"
            continue
        yield from ((asked, what) for what in _judge_headers(path, answer, origin))
        if answer.body != given.bodies.get(path, answer.body):
            yield asked, "is not the same with a query, or at another of its addresses"
        if path == MANIFEST:
            if (wrong := given.told_wrong(answer.body)) is not None:
                yield asked, wrong
        elif not given.is_listed(path, answer.body):
            yield asked, "is not the file of the release"


class _Given:
    """What one guise was given, by file."""

    def __init__(self, seen: Seen, manifest: Manifest) -> None:
        self.manifest = manifest
        self.bodies = {asked: answer.body for asked, answer in seen.answers.items() if place(asked) == asked != NOWHERE}
        self.is_whole = {*manifest.files, ORGANISATION, MANIFEST} <= set(self.bodies)
        organisation = read_module(self.bodies.get(ORGANISATION, b""))
        self.organisation = organisation if organisation is not None and "exitUrl" in organisation else None
        self.elsewhere = self._elsewhere()
        """The pages that have another address: this one does not list them, and must not know of them."""

    def _elsewhere(self) -> set[str]:
        if ORGANISATION in self.manifest.files:  # the list of this very installation: all of it must be here
            return set()
        try:
            listed = set(read_manifest(self.bodies.get(MANIFEST, b"")).files)
        except CannotStart:
            return set()
        return set(PAGES) - listed if listed & {VISITOR, DESK} else set()

    @cached_property
    def _integrity(self) -> dict[str, str]:
        return integrity_of({path: self.bodies[path] for path in {*self.manifest.files, ORGANISATION} - set(PAGES)})

    def is_listed(self, path: str, body: bytes) -> bool:
        """Whether the manifest has this file; or this page, as it was built, when only an organisation came to it."""
        listed = self.manifest.files.get(path)
        if listed == sha256(body):
            return True
        if path == ORGANISATION:  # a build does not know it; an installation's manifest does
            return listed is None
        return path in PAGES and (not self.is_whole or self._is_rendered(listed, body))

    def _is_rendered(self, listed: str | None, body: bytes) -> bool:
        if self.organisation is None:
            return False
        try:
            built = as_built(body.decode(), self.organisation)
            again = rendered(built, self.organisation, self._integrity)
        except (UnicodeDecodeError, KeyError):
            return False
        return listed == sha256(built.encode()) and again == body

    def told_wrong(self, text: bytes) -> str | None:
        """What is wrong with the site's own list of what it serves."""
        try:
            told = read_manifest(text)
        except CannotStart:
            return "is no list of files"
        if told.version != self.manifest.version:
            return f"says that it is release {told.version if VERSION.fullmatch(told.version) else '?'}"
        served = {path: sha256(body) for path, body in self.bodies.items() if path not in (MANIFEST, *self.elsewhere)}
        return "does not list what is served" if self.is_whole and told.files != served else None


def _judge_headers(path: str, answer: Answer, origin: str) -> Iterator[str]:
    wanted = everywhere(origin) | headers_of(path, answer.body, origin)
    wanted["Content-Type"] = TYPES["html" if path in PAGES else path.rpartition(".")[2]]
    yield from _compare_headers(wanted, answer, ONION if path == VISITOR else None)


def _judge_error(answer: Answer, origin: str) -> Iterator[str]:
    if answer.status != 404:
        yield f"answers {answer.status} instead of 404"
    if not re.fullmatch(rb'\{"code":"[a-z_]+","says":"[^"<]+"\}', answer.body):
        yield "is another error than ours"
    yield from _compare_headers(everywhere(origin) | {"Content-Type": "application/json"}, answer)


def _compare_headers(wanted: Mapping[str, str], answer: Answer, onion: re.Pattern[str] | None = None) -> Iterator[str]:
    for name, value in wanted.items():
        given = [one for key, one in answer.headers if key == name.lower()]
        if name == "Content-Type":  # text has a charset, and a browser may add its own idea of one
            given = [one.removesuffix("; charset=utf-8") for one in given]
        if given != [value]:
            yield f"has {'no' if not given else 'another'} {name}"
    known = {name.lower() for name in wanted} | HARMLESS
    others = {
        key for key, value in answer.headers if not (onion and key == "onion-location" and onion.fullmatch(value))
    }
    for key in sorted(others - known):
        yield f"has a header that is not ours: {key}"
