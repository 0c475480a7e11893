"""Bodies that stall, break off, come in chunks or never end; with a real server where the server matters."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from biotech_ma.core import bodies
from biotech_ma.core.bodies import MOST_READING, WholeBodies


def echo(environ, start_response):
    """Answer the body, as Django would read it."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


application = WholeBodies(echo)  # what granian serves below


def call(app, **environ):
    """Call a WSGI application; returns status, headers and body."""
    seen = {}

    def start_response(status, headers):
        seen.update(status=int(status.split()[0]), headers=dict(headers))

    base = {"PATH_INFO": "/api/v1/companies/", "wsgi.input": io.BytesIO()}
    body = b"".join(app(base | environ, start_response))
    return seen["status"], seen["headers"], body


class Stalled:
    """A body that does not come before the test is over."""

    def __init__(self):
        self.over = threading.Event()
        self.asked = threading.Event()

    def read(self, size):
        self.asked.set()
        self.over.wait(30)
        return b""


def test_body_of_known_length_passes_whole():
    assert call(application, CONTENT_LENGTH="5", **{"wsgi.input": io.BytesIO(b"hello")})[::2] == (200, b"hello")


def test_body_in_chunks_is_not_taken_for_none():
    stream = io.BytesIO(b"hello")
    assert call(application, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input": stream})[::2] == (200, b"hello")


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"CONTENT_LENGTH": str(bodies.MAX_BYTES + 1)}, 413),
        ({"CONTENT_LENGTH": "50"}, 400),
        ({"CONTENT_LENGTH": "-1"}, 400),
        ({"CONTENT_LENGTH": "²"}, 400),
    ],
)
def test_wrong_length_is_refused_as_a_problem_below_api_only(environ, code):
    status, headers, body = call(application, **environ)
    assert (status, headers["Content-Type"]) == (code, "application/problem+json")
    assert json.loads(body)["status"] == code
    assert call(application, PATH_INFO="/admin/login/", **environ)[1]["Content-Type"].startswith("text/plain")


def test_endless_chunks_end_at_the_limit():
    class Endless:
        given = 0

        def read(self, size):
            self.given += size
            return b" " * size

    stream = Endless()
    assert call(application, HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input": stream})[0] == 413
    assert stream.given <= bodies.MAX_BYTES + bodies.CHUNK


def test_connection_that_is_gone_is_400():
    class Gone:
        def read(self, size):
            raise OSError("reset")

    assert call(application, CONTENT_LENGTH="5", **{"wsgi.input": Gone()})[0] == 400


def test_more_bodies_than_may_wait_are_refused_and_turns_come_back():
    app = WholeBodies(echo)
    stalled = [Stalled() for _ in range(MOST_READING)]
    threads = [
        threading.Thread(target=call, args=(app,), kwargs={"CONTENT_LENGTH": "5", "wsgi.input": stream})
        for stream in stalled
    ]
    for thread in threads:
        thread.start()
    assert all(stream.asked.wait(10) for stream in stalled)
    status, headers, _ = call(app, CONTENT_LENGTH="5", **{"wsgi.input": io.BytesIO(b"hello")})
    assert (status, headers["Retry-After"]) == (503, "1")
    assert call(app)[0] == 200
    for stream in stalled:
        stream.over.set()
    for thread in threads:
        thread.join(10)
    assert call(app, CONTENT_LENGTH="5", **{"wsgi.input": io.BytesIO(b"hello")})[0] == 200


@pytest.fixture
def server():
    """A granian with four threads; its port."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = [sys.executable, "-m", "granian", "--interface", "wsgi", "--blocking-threads", "4", "--port", str(port)]
    process = subprocess.Popen(
        [*program, "tests.core.test_bodies:application"], stderr=subprocess.DEVNULL, process_group=0
    )
    try:
        for _ in range(200):
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # the server's worker too
        process.wait()


def send(port, text, *, keep=False):
    """Send bytes; return what comes back, or the open connection."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(text)
    if keep:
        return connection
    with closing(connection):
        return connection.recv(65536)


def test_server_answers_while_forty_requests_never_send_their_bodies(server):
    half = b"POST /admin/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na="
    held = [send(server, half, keep=True) for _ in range(40)]
    try:
        for _ in range(3):
            assert send(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200")
    finally:
        for connection in held:
            connection.close()
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    assert send(server, chunked).endswith(b"hello")


def test_content_type_that_django_cannot_read_is_refused_before_it():
    status, headers, body = call(application, CONTENT_TYPE="a" * 1001)
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert json.loads(body)["detail"] == "Content-Type is too long."
    assert call(application, CONTENT_TYPE="a" * 1000)[0] == 200
