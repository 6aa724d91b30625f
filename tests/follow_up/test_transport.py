"""A source that is busy is asked again, politely; what was recorded is replayed, and nothing else is."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from luwte.follow_up.transport import CannotImport, Http, Recording, Refused, Replaying, file_name


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.slept = 1_000_000.0, [0.0]

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)

    def http(self, largest: int = 1000) -> Http:
        return Http(pause=0.5, largest=largest, clock=self.clock, sleep=self.sleep)


@contextmanager
def answering(*answers: tuple[int, dict[str, str], bytes]) -> Iterator[tuple[str, list[str]]]:
    """A server on this machine that gives these answers in turn, and the last one again."""
    left, asked = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, headers, body = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_busy_source_is_asked_again_when_it_says_so() -> None:
    time = Time()
    date = {"Retry-After": "Mon, 12 Jan 1970 13:47:20 GMT"}
    with answering((429, {"Retry-After": "7"}, b""), (503, date, b""), (200, {}, b"page")) as (url, asked):
        assert time.http().fetch(url) == b"page"
    assert len(asked) == 3
    assert 7.0 in time.slept
    assert time.now == 1_000_000 + 40  # the date that the second answer names


def test_between_two_requests_there_is_a_pause() -> None:
    time = Time()
    with answering((200, {}, b"page")) as (url, _):
        http = time.http()
        http.fetch(url)
        http.fetch(url)
    assert time.now == 1_000_000.5


@pytest.mark.parametrize(
    ("answer", "told", "times"),
    [
        ((503, {}, b""), "it answers 503, 5 times", 5),
        ((503, {"Retry-After": "9999"}, b""), "asks to wait 9999 seconds", 1),
        (
            (400, {}, b"The node count limit of '100' has been exceeded"),
            "does not take this request: it answers 400",
            1,
        ),
        ((302, {"Location": "https://elsewhere.example/"}, b""), "it answers 302", 1),
        ((200, {}, b"x" * 1001), "more than 1,000 bytes", 1),
        ((200, {"Content-Length": "9"}, b"short"), "cannot be reached, 5 times", 5),
    ],
)
def test_what_does_not_work_is_told_in_one_line(
    answer: tuple[int, dict[str, str], bytes], told: str, times: int
) -> None:
    time = Time()
    with answering(answer) as (url, asked):
        with pytest.raises(CannotImport, match=told) as error:
            time.http().fetch(url)
        assert "\n" not in str(error.value)
    assert len(asked) == times
    assert isinstance(error.value, Refused) == (answer[0] in (302, 400))


@pytest.mark.parametrize("url", ["http://example.org/", "file:///etc/passwd", "ftp://example.org/", "x"])
def test_only_addresses_over_tls_are_asked(url: str) -> None:
    with pytest.raises(CannotImport, match="https://"):
        Time().http().fetch(url)


def test_what_was_recorded_is_replayed_however_its_address_is_spelled(tmp_path: Path) -> None:
    class Once:
        def fetch(self, url: str) -> bytes:
            return b"page"

    folder = tmp_path / "pages"
    assert Recording(Once(), folder).fetch("https://example.org/A?$top=2&$filter=a%20b") == b"page"
    assert Replaying(folder).fetch("https://example.org/A?%24filter=a+b&$top=2") == b"page"
    assert [file.name for file in folder.iterdir()] == [file_name("https://example.org/A?$filter=a b&$top=2")]
    for other in ("https://example.org/A?$top=3&$filter=a%20b", "https://example.org/B?$top=2&$filter=a%20b"):
        with pytest.raises(CannotImport, match="pages holds no recording of https://"):
            Replaying(folder).fetch(other)
