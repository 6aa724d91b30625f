"""A server that alters what it passes on: what a bad host, or whoever sits between, could do."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PLAIN = {"Accept-Encoding": "identity"}
"""What is packed is no text to alter."""

HOP = {"connection", "content-length", "transfer-encoding", "keep-alive"}


@dataclass
class Passing:
    """One answer on its way, with the request that it is for."""

    path: str
    asked: dict[str, str]
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    count: int
    """Which request this is, from 1."""

    def header(self, name: str, value: str | None) -> None:
        """Put *value* in the place of a header, or take it away."""
        self.headers = [one for one in self.headers if one[0].lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))


Alter = Callable[[Passing], None]


@dataclass
class Altering:
    """The address of the altering server, and what it does from now on."""

    origin: str = ""
    alter: Alter = field(default=lambda passing: None)
    count: int = 0


@contextmanager
def an_altering_server(behind: str) -> Iterator[Altering]:
    """Stand in front of the house at *behind*."""
    altering, host = Altering(), behind.removeprefix("http://")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # a head and its body in one go

        def do_GET(self) -> None:
            connection = http.client.HTTPConnection(host, timeout=20)
            connection.request("GET", self.path, headers={**dict(self.headers.items()), **PLAIN, "Host": host})
            answer = connection.getresponse()
            ours = self.headers["Host"]
            headers = [(k, v.replace(host, ours)) for k, v in answer.getheaders() if k.lower() not in HOP]
            altering.count += 1
            asked = {name.lower(): value for name, value in self.headers.items()}
            passing = Passing(self.path, asked, answer.status, headers, answer.read(), altering.count)
            connection.close()
            altering.alter(passing)
            self.send_response_only(passing.status)
            for name, value in passing.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(passing.body)))
            self.end_headers()
            self.wfile.write(passing.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    altering.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield altering
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
