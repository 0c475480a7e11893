"""Which addresses may be called, in every notation; and that a call goes to the address that was looked at."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from biotech_ma.core.addresses import AddressError, check_address, check_url, checked, networks
from biotech_ma.core.outgoing import MOST_BYTES, CallError, Reply, post_once

LOOPBACK = override_settings(WEBHOOK_ALLOW=networks(["127.0.0.0/8"]))
ASKED_SECONDS = 10


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16", "198.18.0.1", "192.0.2.1", "203.0.113.9",
        "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "100::1", "3fff::1",
        "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::8.8.8.8", "2002:7f00:1::", "2002:c0a8:101::1", "2001:0:7f00:1::1", "fe80::1%1",
    ],
)  # fmt: skip
def test_no_address_that_is_not_public_is_called(address):
    with pytest.raises(AddressError, match="not a public address"):
        checked([address])


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_called(address):
    assert checked([address]) == [address]


def test_a_name_with_a_public_and_a_private_address_is_refused():
    with pytest.raises(AddressError, match=r"10\.0\.0\.1"):
        checked(["8.8.8.8", "10.0.0.1"])


def test_allowed_networks_are_called_and_no_others():
    with override_settings(WEBHOOK_ALLOW=networks(["127.0.0.0/8", " fd00::/8 "])):
        for address in ("127.0.0.1", "::ffff:127.0.0.1", "fd00::5"):
            check_address(ipaddress.ip_address(address))
        for address in ("10.0.0.1", "::1", "fe80::1"):
            with pytest.raises(AddressError):
                check_address(ipaddress.ip_address(address))


def test_allowed_networks_that_are_none_stop_the_start():
    with pytest.raises(ImproperlyConfigured, match="BIOTECH_MA_WEBHOOK_ALLOW"):
        networks(["127.0.0.1/8"])


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.com/", "Only http and https"),
        ("file:///etc/passwd", "Only http and https"),
        ("javascript:alert(1)", "Only http and https"),
        ("https:example.com", "no host"),
        ("https:///x", "no host"),
        ("https://", "no host"),
        ("https://user:word@example.com/", "user name"),
        ("https://user@example.com/", "user name"),
        ("https://@example.com/", "user name"),
        ("https://example.com:0/", "port"),
        ("https://example.com:99999/", "port"),
        ("https://example.com:x/", "no address"),
        ("https://exa mple.com/", "no spaces"),
        ("https://example.com/\r\nX-Other: 1", "no spaces"),
        ("https://example.com\\@10.0.0.1/", "backslashes"),
        ("https://example.com/" + "x" * 2000, "2,000 characters"),
        ("http://127.0.0.1/", "not a public"),
        ("http://2130706433/", "not a public"),
        ("http://0x7f000001/", "not a public"),
        ("http://0177.0.0.1/", "no address"),
        ("http://0x7f.1/", "not a public"),
        ("http://127.1/", "not a public"),
        ("http://127.0.0.1./", "not a public"),
        ("http://0/", "not a public"),
        ("http://[::1]/", "not a public"),
        ("http://[::ffff:127.0.0.1]:80/", "not a public"),
        ("http://[fe80::1]/", "not a public"),
        ("http://169.254.169.254/latest/meta-data/", "not a public"),
        ("http://localhost/", "within a machine"),
        ("http://LOCALHOST./", "within a machine"),
        ("http://a.localhost/", "within a machine"),
        ("http://metadata.google.internal/", "within a machine"),
        ("http://１２７.0.0.1/", "no address"),
    ],
)
def test_what_can_be_known_is_refused_at_entry(url, words):
    with pytest.raises(AddressError, match=words):
        check_url(url)


@pytest.mark.parametrize(
    "url", ["https://example.com", "http://example.com:8080/a?b=c", "https://8.8.8.8/", "https://bücher.example/x@y"]
)
def test_other_addresses_are_taken(url):
    assert check_url(url).host


# --- calls ---


@contextmanager
def listening(talk: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Yield the port of a server that has one talk with each caller."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                caller, _ = server.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(ASKED_SECONDS)
                try:
                    if context is None:
                        talk(caller)
                    else:
                        with context.wrap_socket(caller, server_side=True) as secure:
                            talk(secure)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(ASKED_SECONDS)


def answering(answer: bytes, seen: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    def talk(caller: socket.socket) -> None:
        asked = b""
        while not asked.endswith(b"{}"):
            asked += caller.recv(65536)
        if seen is not None:
            seen.append(asked)
        caller.sendall(answer)

    return talk


def send(url: str, **options) -> Reply:
    return post_once(url, content=b"{}", headers={"content-type": "application/json"}, **options)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@LOOPBACK
def test_the_bytes_arrive_and_the_answer_comes_back():
    seen: list[bytes] = []
    with listening(answering(OK, seen)) as port:
        reply = send(f"http://127.0.0.1:{port}/a/b?c=d")
    assert (reply.status, reply.body, reply.is_success) == (200, b"ok", True)
    assert seen[0].startswith(b"POST /a/b?c=d HTTP/1.1\r\n")
    assert f"host: 127.0.0.1:{port}\r\n".encode() in seen[0].lower()


def test_a_name_that_leads_inside_is_not_connected_to(monkeypatch):
    resolved: list[str] = []

    def resolve(host: str, port: int, *args, **options):
        resolved.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    seen: list[bytes] = []
    with listening(answering(OK, seen)) as port, pytest.raises(CallError, match=r"127\.0\.0\.1 is not a public"):
        send(f"http://rebind.example:{port}/")
    assert resolved == ["rebind.example"]
    assert seen == []


@LOOPBACK
def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind(monkeypatch):
    answers = iter(["127.0.0.1", "10.0.0.1"])

    def resolve(host: str, port: int, *args, **options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with listening(answering(OK)) as port:
        assert send(f"http://rebind.example:{port}/").status == 200
    assert next(answers) == "10.0.0.1"


@LOOPBACK
def test_no_proxy_of_the_environment_is_used(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with listening(answering(OK)) as port:
        assert send(f"http://127.0.0.1:{port}/").status == 200


@LOOPBACK
def test_a_redirect_is_not_followed_and_says_so():
    seen: list[bytes] = []
    moved = b"HTTP/1.1 307 Moved\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
    with listening(answering(moved, seen)) as port, pytest.raises(CallError, match="307"):
        send(f"http://127.0.0.1:{port}/")
    assert len(seen) == 1


@LOOPBACK
def test_an_answer_without_end_is_read_up_to_the_cap():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    with listening(answering(head + chunk * 64)) as port, pytest.raises(CallError, match="64 KiB") as refused:
        send(f"http://127.0.0.1:{port}/")
    assert len(refused.value.reply.body) == MOST_BYTES


@LOOPBACK
def test_an_answer_byte_by_byte_ends_with_the_time_for_the_whole():
    done = threading.Event()

    def drip(caller: socket.socket) -> None:
        caller.recv(65536)
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not done.wait(0.05):
            caller.sendall(b"x")

    with listening(drip) as port:
        with pytest.raises(CallError, match=r"within 0\.5 s"):
            send(f"http://127.0.0.1:{port}/", timeout_seconds=0.5)
        done.set()


@LOOPBACK
def test_nobody_there_is_one_line():
    with listening(answering(OK)) as port:
        pass
    with pytest.raises(CallError, match="connection fails"):
        send(f"http://127.0.0.1:{port}/")


@LOOPBACK
@pytest.mark.parametrize(
    "answer", [b"", b"no http at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
)
def test_half_an_answer_is_none(answer):
    with listening(answering(answer)) as port, pytest.raises(CallError, match="connection fails"):
        send(f"http://127.0.0.1:{port}/")


def certificate(folder: Path, name: str) -> Path:
    """Write a certificate of the name with its key, and return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@LOOPBACK
@pytest.mark.parametrize(("asked", "holds"), [("hooks.example", True), ("other.example", False)])
def test_over_tls_the_name_is_in_sni_and_host_and_its_certificate_is_checked(monkeypatch, tmp_path, asked, holds):
    path = certificate(tmp_path, "hooks.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    names: list[str | None] = []
    context.sni_callback = lambda connection, name, of: names.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *a, **k: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))],
    )
    seen: list[bytes] = []
    with listening(answering(OK, seen), context) as port:
        if holds:
            assert send(f"https://{asked}:{port}/").status == 200
            assert f"host: {asked}:{port}\r\n".encode() in seen[0].lower()
        else:
            with pytest.raises(CallError, match=r"certificate|connection fails"):
                send(f"https://{asked}:{port}/")
            assert seen == []
    assert names == [asked]


def test_a_name_that_nobody_knows_is_one_line(monkeypatch):
    def resolve(*args, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(CallError, match="cannot be resolved"):
        send("https://nobody.example/")
