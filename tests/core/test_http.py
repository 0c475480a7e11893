"""The one HTTP client against a server that misbehaves."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from biotech_ma.core.http import (
    LONGEST_RETRY_AFTER_SECONDS,
    Body,
    Client,
    FetchError,
    MissingError,
    Validators,
    registrable_host,
    retry_after_seconds,
)
from tests.source_server import PAGE, SourceServer, cut_off, drip, hang_up, reply, running, slow

BODY = b'{"a": [1, 2, 3]}'
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with running() as found:
        yield found


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def client(tmp_path: Path, pauses: list[float]) -> Iterator[Client]:
    with Client(user_agent="Desk desk@example.com", folder=tmp_path, sleep=pauses.append) as found:
        yield found


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("sub.txt", "x" * 1000)
    return stream.getvalue()


def test_body_arrives_in_a_file_with_digest_and_validators(client, server, tmp_path):
    server.at("/a", reply(BODY, ETag='"v1"', Last_Modified="Mon, 05 Jan 2026 12:00:00 GMT"))
    answer = client.get(f"{server.url}/a", body=Body.JSON, params={"q": "a b&c"})
    assert answer.path.read_bytes() == BODY
    assert (answer.status, answer.size_bytes, answer.sha256) == (200, len(BODY), hashlib.sha256(BODY).hexdigest())
    assert answer.validators == Validators('"v1"', "Mon, 05 Jan 2026 12:00:00 GMT")
    assert server.seen[0].query == {"q": "a b&c"}
    assert server.seen[0].headers["User-Agent"] == "Desk desk@example.com"
    assert [path.name for path in tmp_path.iterdir()] == [answer.path.name]


def test_gzipped_transfer_is_unpacked(client, server):
    server.at("/a", reply(gzip.compress(BODY), Content_Encoding="gzip"))
    assert client.get(f"{server.url}/a", body=Body.JSON).path.read_bytes() == BODY


def test_unchanged_answer_has_no_body(client, server):
    server.at("/a", reply(BODY, ETag='"v1"'))
    answer = client.get(f"{server.url}/a", body=Body.JSON, validators=Validators('"v1"', "yesterday"))
    assert (answer.status, answer.path) == (304, None)
    assert server.seen[0].headers["If-Modified-Since"] == "yesterday"


def test_text_whose_gzip_is_cut_is_not_taken_for_whole(client, server):
    text = b"<SEC-DOCUMENT>" + bytes(range(32, 127)) * 200
    server.at("/a", reply(gzip.compress(text)[:-20], Content_Encoding="gzip"), reply(text))
    assert client.get(f"{server.url}/a", body=Body.TEXT).path.read_bytes() == text
    assert len(server.seen) == 2


def test_gzip_of_two_parts_is_unpacked_whole(client, server):
    server.at("/a", reply(gzip.compress(b"[1,") + gzip.compress(b"2]"), Content_Encoding="gzip"))
    assert client.get(f"{server.url}/a", body=Body.JSON).path.read_bytes() == b"[1,2]"


def test_encoding_that_was_not_asked_for_is_refused(client, server):
    server.at("/a", reply(b"x", Content_Encoding="br"))
    with pytest.raises(FetchError, match="encoded as br"):
        client.get(f"{server.url}/a", body=Body.JSON)
    assert server.seen[0].headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "misbehaviour",
    [
        reply("busy", 503), reply("oops", 500), reply("", 502), reply("", 504), reply("slow down", 429),
        cut_off(BODY, 4), hang_up, reply(b""), reply(BODY[:-1]),
        reply(gzip.compress(BODY)[:-14], Content_Encoding="gzip"),
    ],
    ids=["503", "500", "502", "504", "429", "cut off", "hang up", "empty", "cut JSON", "cut gzip"],
)  # fmt: skip
def test_passing_trouble_is_tried_again(client, server, pauses, misbehaviour):
    server.at("/a", misbehaviour, misbehaviour, reply(BODY))
    assert client.get(f"{server.url}/a", body=Body.JSON).path.read_bytes() == BODY
    assert len(server.seen) == 3
    assert 0.5 <= pauses[0] <= 1
    assert 1 <= pauses[1] <= 2


def test_lasting_trouble_is_given_up(client, server, pauses, tmp_path):
    server.at("/a", reply("busy", 503))
    with pytest.raises(FetchError, match=r"/a: answered 503; gave up after 6 attempts$") as caught:
        client.get(f"{server.url}/a?secret=x", body=Body.JSON)
    assert "secret" not in str(caught.value)
    assert (caught.value.status, len(server.seen), len(pauses)) == (503, 6, 5)
    assert list(tmp_path.iterdir()) == []


def test_retry_after_is_honoured(client, server, pauses):
    held: list[tuple[str, float]] = []
    client.hold = lambda host, seconds: held.append((host, seconds))
    server.at("/a", reply("", 429, Retry_After="7"), reply("", 503, Retry_After="300"), reply(BODY))
    client.get(f"{server.url}/a", body=Body.JSON)
    assert 7.5 <= pauses[0] <= 8
    assert LONGEST_RETRY_AFTER_SECONDS < pauses[1] <= LONGEST_RETRY_AFTER_SECONDS + 1
    assert held == [("127.0.0.1", 7), ("127.0.0.1", 300)]


def test_who_asks_for_a_long_pause_is_left_alone(client, server, pauses):
    server.at("/a", reply("", 429, Retry_After="3600"), reply(BODY))
    with pytest.raises(FetchError, match="answered 429, come back in 3,600 s"):
        client.get(f"{server.url}/a", body=Body.JSON)
    assert (len(server.seen), pauses) == (1, [])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("99999", 99999),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=400), usegmt=True), 400 * 86400),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("Mon, 05 Jan 2026 12:01:00", 0),
    ],
)
def test_retry_after_in_seconds_and_by_date(value, seconds):
    assert retry_after_seconds(value, NOW) == seconds


def test_slow_answer_is_a_clear_error(server, tmp_path):
    server.at("/a", slow(BODY, 0.5))
    with (
        Client(user_agent="x", folder=tmp_path, timeout_seconds=0.1, attempts=2, sleep=lambda seconds: None) as client,
        pytest.raises(FetchError, match="does not answer in time; gave up after 2 attempts"),
    ):
        client.get(f"{server.url}/a", body=Body.JSON)


def test_dripping_answer_ends(server, tmp_path):
    server.at("/a", drip(0.02))
    with (
        Client(user_agent="x", folder=tmp_path, longest_seconds=0.2) as client,
        pytest.raises(FetchError, match=r"still sending after 0.2 s"),
    ):
        client.get(f"{server.url}/a", body=Body.JSON)
    assert len(server.seen) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (reply(b"[" + b"1" * 5000 + b"]"), "announces 5,002 bytes, more than 1,000"),
        (reply(gzip.compress(b"[" + b"1" * 500_000 + b"]"), Content_Encoding="gzip"), "sends more than 1,000 bytes"),
    ],
)
def test_oversized_answer_is_refused(server, tmp_path, answer, message):
    server.at("/a", answer)
    with (
        Client(user_agent="x", folder=tmp_path, most_bytes=1000) as client,
        pytest.raises(FetchError, match=message),
    ):
        client.get(f"{server.url}/a", body=Body.JSON)
    assert len(server.seen) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "sent", "message"),
    [
        (Body.JSON, PAGE, "web page instead of JSON .“Undeclared Automated Tool”"),
        (Body.ZIP, PAGE, "web page instead of a zip"),
        (Body.TEXT, PAGE, "web page instead of text"),
        (Body.XML, '<?xml version="1.0"?><html>x</html>', "web page instead of XML"),
        (Body.JSON, "a,b,c", "no JSON"),
        (Body.XML, "a,b,c", "no XML"),
        (Body.ZIP, "a,b,c", "no zip"),
    ],
)
def test_something_else_is_refused_at_once(client, server, tmp_path, body, sent, message):
    server.at("/a", reply(sent))
    with pytest.raises(FetchError, match=message):
        client.get(f"{server.url}/a", body=body)
    assert len(server.seen) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (Body.ZIP, zipped()),
        (Body.XML, b"\xef\xbb\xbf<feed><entry/></feed>\n"),
        (Body.TEXT, b"<SEC-DOCUMENT>0001.txt\n<html>inside</html>"),
        (Body.JSON, b" [1]\n"),
    ],
)
def test_what_was_asked_for_is_taken(client, server, body, sent):
    server.at("/a", reply(sent))
    assert client.get(f"{server.url}/a", body=body).path.read_bytes() == sent


def test_cut_off_zip_is_tried_again(client, server):
    archive = zipped()
    server.at("/a", reply(archive[:-30]), reply(archive))
    assert client.get(f"{server.url}/a", body=Body.ZIP).path.read_bytes() == archive


@pytest.mark.parametrize(
    ("status", "kind"), [(404, MissingError), (410, MissingError), (403, FetchError), (400, FetchError)]
)
def test_refusals_are_final(client, server, status, kind):
    server.at("/a", reply(PAGE, status))
    with pytest.raises(kind, match=str(status)) as caught:
        client.get(f"{server.url}/a", body=Body.JSON)
    assert (caught.value.status, len(server.seen)) == (status, 1)


def test_redirect_to_the_same_host_is_followed(client, server):
    server.at("/a", reply("", 302, Location="/b?x=1"))
    server.at("/b", reply(BODY))
    assert client.get(f"{server.url}/a", body=Body.JSON).path.read_bytes() == BODY


@pytest.mark.parametrize("target", ["http://localhost:1/x", "https://example.org/", "file:///etc/passwd", ""])
def test_redirect_elsewhere_is_refused(client, server, target):
    server.at("/a", reply("", 302, Location=target))
    with pytest.raises(FetchError, match="redirects to"):
        client.get(f"{server.url}/a", body=Body.JSON)
    assert len(server.seen) == 1


def test_endless_redirects_end(client, server):
    server.at("/a", reply("", 301, Location="/a"))
    with pytest.raises(FetchError, match="more than 5 redirects"):
        client.get(f"{server.url}/a", body=Body.JSON)


def test_nobody_there_is_a_clear_error(tmp_path):
    with (
        Client(user_agent="x", folder=tmp_path, attempts=2, sleep=lambda seconds: None) as client,
        pytest.raises(FetchError, match=r"the connection fails .*; gave up after 2 attempts"),
    ):
        client.get("http://127.0.0.1:1/a", body=Body.JSON)


def test_every_request_asks_for_its_turn(server, tmp_path):
    hosts: list[str] = []
    server.at("/a", reply("", 503), reply("", 302, Location="/b"))
    server.at("/b", reply(BODY))
    with Client(user_agent="x", folder=tmp_path, pace=hosts.append, sleep=lambda seconds: None) as client:
        client.get(f"{server.url}/a", body=Body.JSON)
    assert hosts == ["127.0.0.1"] * 3


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.sec.gov/x", "sec.gov"),
        ("https://data.sec.gov", "sec.gov"),
        ("https://SEC.GOV./", "sec.gov"),
        ("http://127.0.0.1:8000/", "127.0.0.1"),
        ("http://[::1]/", "::1"),
        ("http://localhost/", "localhost"),
    ],
)
def test_registrable_host(url, host):
    assert registrable_host(url) == host
