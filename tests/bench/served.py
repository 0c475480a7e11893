"""Servers for the speed command: the project as deployed and what it is compared with, each on loopback."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "bench"
START_SECONDS = 60
GRANIAN = ("--interface", "wsgi", "--workers", "1", "--blocking-threads", "4", "--log-level", "warning")


@dataclass(frozen=True)
class Server:
    """A running server: its port, and the process that was started."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def worker_megabytes(self) -> float:
        """Return the resident memory of the largest process of the server: its worker."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return max(_megabytes(int(pid)) for pid in [self.pid, *children])

    def peak_megabytes(self) -> float:
        """Return the most that this process has ever held."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return max(_megabytes(int(pid), "VmHWM") for pid in [self.pid, *children])


def _megabytes(pid: int, what: str = "VmRSS") -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(what))


@contextmanager
def project(database_url: str) -> Iterator[Server]:
    """Yield the project, one worker of four threads, with authentication and throttling as ever."""
    command = [sys.executable, "-m", "granian", *GRANIAN]
    with _running(command, "biotech_ma.wsgi:application", ROOT, {"DATABASE_URL": database_url}) as server:
        yield server


@contextmanager
def compared(database_url: str, peer_python: str | None) -> Iterator[dict[str, Server]]:
    """Yield the limit and, where its packages are, the peer."""
    environment = {"DATABASE_URL": database_url, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(SHARED)}
    with ExitStack() as stack:
        command = [sys.executable, "-m", "granian", *GRANIAN]
        found = {"limit": stack.enter_context(_running(command, "limit_wsgi:app", SHARED, environment))}
        if peer_python:
            # asyncpg takes the folder of the socket alone.
            address = {**environment, "DATABASE_URL": database_url.replace("&port=5432", "")}
            command = [peer_python, "-m", "uvicorn", "--workers", "1", "--no-access-log", "--log-level", "warning"]
            found["peer"] = stack.enter_context(_running(command, "peer_fastapi:app", SHARED, address))
        yield found


@contextmanager
def _running(command: list[str], application: str, folder: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), application],
        cwd=folder, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        started = time.monotonic()
        while not _answers(port):
            if process.poll() is not None or time.monotonic() - started > START_SECONDS:
                raise SystemExit(f"{application} does not start: {' '.join(command)}")
            time.sleep(0.2)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asked:
            asked.request("GET", "/livez")
            asked.getresponse().read()
            return True
    except OSError:
        return False
