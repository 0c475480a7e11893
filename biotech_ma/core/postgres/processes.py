"""The operating system's processes: which of them belong to a data directory, and seeing them end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from biotech_ma.core.postgres import configuration
from biotech_ma.core.postgres.errors import EmbeddedServerError

_PROC = Path("/proc")
_POLL_SECONDS = 0.02


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not yet collected by its parent does not."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return not _PROC.joinpath("self").exists() and _answers(pid)
    # "pid (name) state ...": the name may hold spaces and parentheses itself.
    return stat.rpartition(b")")[2].split()[0] not in (b"Z", b"X")


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_postmaster(pid: int, data_dir: Path) -> bool:
    """Whether this live process is the server of this data directory, and no other that took over its number."""
    if not _PROC.joinpath("self").exists():
        return _answers(pid)
    argv = _argv(pid)
    return argv[1:2] == [b"-D"] and _same(argv[2], data_dir)


def of_cluster(data_dir: Path) -> list[int]:
    """Return the ids of all processes of this data directory's server, the orphans of a killed one included."""
    mark = configuration.label(data_dir).encode()
    found = []
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        if entry.name.isdigit():
            pid = int(entry.name)
            argv = _argv(pid)
            # A backend shows "postgres: <cluster name>: <what it does>" in place of its arguments.
            if argv and (argv[0].startswith(b"postgres: " + mark) or is_postmaster(pid, data_dir)):
                found.append(pid)
    return found


def mentioning(path: Path) -> list[int]:
    """Return the ids of all processes that have this path, or one below it, among their arguments."""
    sought = os.fsencode(path)
    entries = [entry.name for entry in _PROC.iterdir() if entry.name.isdigit()] if _PROC.is_dir() else []
    return [pid for pid in map(int, entries) if pid != os.getpid() and any(sought in part for part in _argv(pid))]


def _argv(pid: int) -> list[bytes]:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _same(argument: bytes, data_dir: Path) -> bool:
    return argument == os.fsencode(data_dir) or os.path.realpath(argument) == os.fsencode(os.path.realpath(data_dir))


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Return whether `done` came true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def end(pids: list[int], signals: tuple[tuple[signal.Signals, float], ...]) -> None:
    """End these processes, with each signal in turn and its seconds of patience; EmbeddedServerError if one stays."""
    for number, seconds in signals:
        for pid in filter(is_alive, pids):
            _send(pid, number)
        if wait_until(lambda: not any(map(is_alive, pids)), seconds):
            return
    left = ", ".join(str(pid) for pid in pids if is_alive(pid))
    raise EmbeddedServerError(f"PostgreSQL's process {left} does not end: end it by hand and try again.")


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError:
        raise EmbeddedServerError(f"PostgreSQL's process {pid} belongs to another user: stop it as them.") from None
