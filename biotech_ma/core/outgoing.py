"""Calls to addresses that users gave: webhooks, Slack. Checked, bounded in time and size, never redirected.

No proxy of the environment is used, for it would connect to what was not checked. Certificates are checked against the
name, which also goes into SNI and Host.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore2

from biotech_ma.core.addresses import AddressError, check_url, checked, literal_address

TIMEOUT_SECONDS = 15.0
MOST_BYTES = 64 * 1024
KEEPALIVE_SECONDS = 5.0
REDIRECTS = range(300, 400)


class CallError(Exception):
    """No whole answer came, or it was one that counts for nothing; one line that says why."""

    def __init__(self, message: str, reply: Reply | None = None) -> None:
        super().__init__(message)
        self.reply = reply


@dataclass(frozen=True)
class Reply:
    """What an address answered: the status, the headers by their lower-case names, the body up to the cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """True for 2xx."""
        return self.status // 100 == 2  # noqa: PLR2004


async def _addresses_of(host: str, port: int) -> list[str]:
    literal = literal_address(host)
    if literal is not None:
        return checked([str(literal)])
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return checked([str(entry[4][0]) for entry in found])


class _Checked(httpcore2.AnyIOBackend):
    """Resolves a name once, and connects to an address that has been checked."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failure: Exception = AddressError("The name leads to no address.")
        for address in await _addresses_of(host, port):
            try:
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


def new_pool(*, most_connections: int) -> httpcore2.AsyncConnectionPool:
    """Return a pool of connections to checked addresses; use it in one event loop, and close it there."""
    return httpcore2.AsyncConnectionPool(
        network_backend=_Checked(),
        ssl_context=ssl.create_default_context(),
        max_connections=most_connections,
        keepalive_expiry=KEEPALIVE_SECONDS,
    )


async def post(
    pool: httpcore2.AsyncConnectionPool,
    url: str,
    *,
    content: bytes,
    headers: Mapping[str, str],
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Reply:
    """Return the answer to a POST of these bytes, whatever its status, within the time, resolving included.

    Raises CallError for an address that may not be called, for no answer in time, and for a redirect or an answer above
    64 KiB, with what came of it.
    """
    try:
        async with asyncio.timeout(min(timeout_seconds, TIMEOUT_SECONDS)):
            return await _post(pool, url, content, headers)
    except AddressError as error:
        raise CallError(str(error)) from error
    except TimeoutError as error:
        raise CallError(f"No whole answer within {min(timeout_seconds, TIMEOUT_SECONDS):g} s.") from error
    except socket.gaierror as error:
        raise CallError(f"The name cannot be resolved ({error.strerror or error}).") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise CallError(f"The connection fails ({words}).") from error


async def _post(pool: httpcore2.AsyncConnectionPool, url: str, content: bytes, headers: Mapping[str, str]) -> Reply:
    target = check_url(url)
    address = httpcore2.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
    async with pool.stream("POST", address, headers=list(headers.items()), content=content) as response:
        names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        body = bytearray()
        async for chunk in response.aiter_stream():
            body += chunk[: MOST_BYTES + 1 - len(body)]
            if len(body) > MOST_BYTES:
                # Leaving closes the connection: nobody reads the rest.
                raise CallError(
                    f"The answer is larger than {MOST_BYTES // 1024} KiB.",
                    Reply(response.status, names, bytes(body[:MOST_BYTES])),
                )
    reply = Reply(response.status, names, bytes(body))
    if reply.status in REDIRECTS:
        raise CallError(f"Redirects ({reply.status}) are not followed; enter the address where it leads.", reply)
    return reply


def post_once(
    url: str,
    *,
    content: bytes,
    headers: Mapping[str, str],
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Reply:
    """Do one `post` on a connection of its own, from code that is not asynchronous; raises as it does."""

    async def call() -> Reply:
        async with new_pool(most_connections=1) as pool:
            return await post(pool, url, content=content, headers=headers, timeout_seconds=timeout_seconds)

    return asyncio.run(call())


__all__ = ["MOST_BYTES", "TIMEOUT_SECONDS", "CallError", "Reply", "new_pool", "post", "post_once"]
