"""The one HTTP client for public sources: polite, patient, and of bounded appetite.

Bodies go to files, never into memory. What may pass is tried again; what will not is one clear line.
"""

from __future__ import annotations

import email.utils
import hashlib
import ipaddress
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2
import tenacity

from biotech_ma.core.http_bodies import Body, CutOffError, WrongKindError, check_body, unpacked

TIMEOUT_SECONDS = 30.0
# A server that sends a byte now and then stays within every timeout.
LONGEST_DOWNLOAD_SECONDS = 1800.0
MOST_BYTES = 2 * 1024**3
ATTEMPTS = 6
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
# Whoever asks for more is not waited for: the next run comes back.
LONGEST_RETRY_AFTER_SECONDS = 300.0
MOST_REDIRECTS = 5
PASSING = frozenset({429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
OK, NOT_MODIFIED, NOT_FOUND = 200, 304, frozenset({404, 410})
FORBIDDEN = 403


class FetchError(Exception):
    """The address did not answer with what was asked for; one line that names it. `status` is 0 for no answer."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class MissingError(FetchError):
    """There is nothing at that address."""


class _PassingError(FetchError):
    """Another attempt may succeed, no sooner than `after_seconds` from now."""

    def __init__(self, message: str, *, status: int = 0, after_seconds: float = 0.0) -> None:
        super().__init__(message, status=status)
        self.after_seconds = after_seconds


@dataclass(frozen=True)
class Validators:
    """What the server said of the version that is kept, to ask whether there is a newer one."""

    etag: str = ""
    last_modified: str = ""

    def headers(self) -> dict[str, str]:
        """Return the headers of a conditional request."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Answer:
    """A body in a file, or the news that the kept version still stands (`path` is then None)."""

    url: str
    status: int
    fetched_at: datetime
    validators: Validators
    path: Path | None = None
    sha256: str = ""
    size_bytes: int = 0


@dataclass
class Client:
    """Fetches from public sources under a declared name.

    `pace` is called with the registrable host before every request and returns when it may start; `hold` with the host
    and the seconds for which it wants to be left alone, by whomever.
    """

    user_agent: str
    folder: Path
    pace: Callable[[str], None] = lambda host: None
    hold: Callable[[str, float], None] = lambda host, seconds: None
    timeout_seconds: float = TIMEOUT_SECONDS
    longest_seconds: float = LONGEST_DOWNLOAD_SECONDS
    most_bytes: int = MOST_BYTES
    attempts: int = ATTEMPTS
    sleep: Callable[[float], None] = time.sleep
    _session: httpx2.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._session = httpx2.Client(
            headers={"User-Agent": self.user_agent, "Accept-Encoding": "gzip"},
            timeout=self.timeout_seconds,
            follow_redirects=False,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def get(
        self, url: str, *, body: Body, params: Mapping[str, str] | None = None, validators: Validators | None = None
    ) -> Answer:
        """Return the answer to a GET, its body in a new file in `folder`.

        Raises MissingError where nothing is there, FetchError for a page instead of data, a body that is too large,
        a redirect that leads elsewhere, and for an address that goes on failing.
        """
        full = self.address(url, params)
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.attempts),
            retry=tenacity.retry_if_exception_type(_PassingError),
            wait=_pause,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            answer: Answer = retrying(self._attempt, full, body, validators or Validators())
        except _PassingError as error:
            raise FetchError(f"{error}; gave up after {self.attempts} attempts", status=error.status) from error
        return answer

    def address(self, url: str, params: Mapping[str, str] | None = None) -> str:
        """Return the address with the parameters in its query."""
        return str(httpx2.URL(url).copy_merge_params(dict(params))) if params else url

    def _attempt(self, url: str, body: Body, validators: Validators) -> Answer:
        address = url
        for _ in range(MOST_REDIRECTS + 1):
            self.pace(registrable_host(address))
            try:
                with self._session.stream("GET", address, headers=validators.headers()) as response:
                    if response.status_code not in REDIRECTS:
                        return self._answer(url, response, body)
                    address = _next_address(address, response.headers.get("location", ""))
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                raise _PassingError(f"{_bare(url)}: {_plainly(error)}") from error
            except httpx2.InvalidURL as error:
                raise FetchError(f"{_bare(url)}: leads to an address that is none") from error
        raise FetchError(f"{_bare(url)}: more than {MOST_REDIRECTS} redirects")

    def _answer(self, url: str, response: httpx2.Response, body: Body) -> Answer:
        status = response.status_code
        if status == NOT_MODIFIED:
            return Answer(url, status, datetime.now(UTC), _validators(response))
        if status in PASSING:
            pause = retry_after_seconds(response.headers.get("retry-after", ""), datetime.now(UTC))
            if pause > LONGEST_RETRY_AFTER_SECONDS:
                raise FetchError(f"{_bare(url)}: answered {status}, come back in {pause:,.0f} s", status=status)
            if pause:
                self.hold(registrable_host(url), pause)
            raise _PassingError(f"{_bare(url)}: answered {status}", status=status, after_seconds=pause)
        if status in NOT_FOUND:
            raise MissingError(f"{_bare(url)}: answered {status}, nothing is there", status=status)
        if status == FORBIDDEN:
            raise FetchError(f"{_bare(url)}: answered 403, access is refused to {self.user_agent!r}", status=status)
        if status != OK:
            raise FetchError(f"{_bare(url)}: answered {status}", status=status)
        try:
            path, sha256, size = self._save(url, response, body)
        except CutOffError as error:
            raise _PassingError(f"{_bare(url)}: {error}") from error
        except WrongKindError as error:
            raise FetchError(f"{_bare(url)}: {error}", status=status) from error
        return Answer(url, status, datetime.now(UTC), _validators(response), path, sha256, size)

    def _save(self, url: str, response: httpx2.Response, body: Body) -> tuple[Path, str, int]:
        """Stream the body into a file and check it; return it with its digest and its size, unpacked."""
        announced = response.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self.most_bytes:
            raise FetchError(f"{_bare(url)}: announces {int(announced):,} bytes, more than {self.most_bytes:,}")
        ends, digest, size = time.monotonic() + self.longest_seconds, hashlib.sha256(), 0
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".part", delete=False) as file:
            path = Path(file.name)
            try:
                # Raw and as they come: filling up chunks would wait for ever, and httpx takes half a gzip for a whole.
                for chunk in unpacked(response.iter_raw(), response.headers.get("content-encoding", "")):
                    size += len(chunk)
                    if size > self.most_bytes:
                        raise FetchError(f"{_bare(url)}: sends more than {self.most_bytes:,} bytes")
                    if time.monotonic() > ends:
                        raise FetchError(f"{_bare(url)}: still sending after {self.longest_seconds:g} s")
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                check_body(path, body)
            except BaseException:
                path.unlink()
                raise
        return path, digest.hexdigest(), size


def registrable_host(url: str) -> str:
    """Return the part of a host that one party registers: its last two labels, or the whole of an address in numbers.

    Enough for the agencies' domains; a host under a suffix of two labels (`co.uk`) counts as its neighbours' too.
    """
    host = (urlsplit(url).hostname or "").lower().rstrip(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ".".join(host.split(".")[-2:])


def retry_after_seconds(value: str, now: datetime) -> float:
    """Return the pause that a Retry-After header asks for, in seconds or by date; 0 for none."""
    text = value.strip()
    if text.isdigit():
        seconds = float(text)
    else:
        try:
            seconds = (email.utils.parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return max(seconds, 0.0)


def _pause(state: tenacity.RetryCallState) -> float:
    """Return the pause before the next attempt: what the server asks for, or longer and longer, both with jitter."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after_seconds if isinstance(error, _PassingError) else 0.0
    longest = min(FIRST_PAUSE_SECONDS * 2 ** (state.attempt_number - 1), LONGEST_PAUSE_SECONDS)
    jitter = random.uniform(0.5, 1.0)  # noqa: S311
    return asked + jitter * FIRST_PAUSE_SECONDS if asked else longest * jitter


def _next_address(address: str, location: str) -> str:
    """Return where a redirect leads. Raises FetchError for another registrable host or a step down to plain HTTP."""
    target = urljoin(address, location)
    here, there = urlsplit(address), urlsplit(target)
    if not location or there.scheme not in ("http", "https"):
        raise FetchError(f"{_bare(address)}: redirects to no address")
    if registrable_host(target) != registrable_host(address) or (here.scheme, there.scheme) == ("https", "http"):
        raise FetchError(f"{_bare(address)}: redirects to {there.scheme}://{there.netloc}, which is not followed")
    return target


def _validators(response: httpx2.Response) -> Validators:
    return Validators(response.headers.get("etag", ""), response.headers.get("last-modified", ""))


def _bare(url: str) -> str:
    """Return the address without its query, for messages."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def _plainly(error: Exception) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return "does not answer in time"
    text = " ".join(str(error).split())
    return f"the connection fails ({text or type(error).__name__})"


__all__ = [
    "Answer",
    "Body",
    "Client",
    "FetchError",
    "MissingError",
    "Validators",
    "registrable_host",
    "retry_after_seconds",
]
