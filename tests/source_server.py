"""A server on this machine that stands in for the sources: serves what it is given, misbehaves on demand, counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Answer = Callable[[BaseHTTPRequestHandler], None]


def reply(body: bytes | str = b"", status: int = 200, **headers: str) -> Answer:
    """Answer like this; underscores in header names stand for hyphens. A matching If-None-Match gets a 304."""
    data = body.encode() if isinstance(body, str) else body

    def answer(request: BaseHTTPRequestHandler) -> None:
        etag = headers.get("ETag")
        unchanged = etag is not None and request.headers.get("If-None-Match") == etag
        request.send_response(304 if unchanged else status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", "0" if unchanged else str(len(data)))
        request.end_headers()
        if not unchanged:
            request.wfile.write(data)

    return answer


def cut_off(body: bytes, sent: int) -> Answer:
    """Announce the body, send its beginning, hang up."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[:sent])
        request.close_connection = True

    return answer


def slow(body: bytes, seconds: float) -> Answer:
    """Wait before answering."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        reply(body)(request)

    return answer


def drip(seconds: float) -> Answer:
    """Send a byte now and then, without end."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.close_connection = True
        try:
            while True:
                request.wfile.write(b"[")
                request.wfile.flush()
                time.sleep(seconds)
        except OSError:
            pass

    return answer


def hang_up(request: BaseHTTPRequestHandler) -> None:
    """Close the connection without an answer."""
    request.close_connection = True


PAGE = "<!DOCTYPE html><html><head><title>Undeclared Automated Tool</title></head><body>No.</body></html>"


@dataclass
class Seen:
    """One request that came."""

    at: float
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class SourceServer:
    """Answers by path, one answer after the other, the last one again and again; 404 for the rest."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def asked(self, path: str | None = None) -> list[Seen]:
        return [one for one in self.seen if path is None or one.path == path]

    def take(self, path: str) -> Answer:
        with self.lock:
            waiting = self.answers.get(path)
            if not waiting:
                return reply("nothing here", 404)
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]


@contextmanager
def running() -> Iterator[SourceServer]:
    server = SourceServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            server.seen.append(Seen(time.monotonic(), parts.path, query, dict(self.headers)))
            server.take(parts.path)(self)

        def log_message(self, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: object) -> None:
            pass

    with Quiet(("127.0.0.1", 0), Handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join(5)
