"""The embedded server's settings: what fits this machine, where its socket lies, who may connect."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from biotech_ma.core.postgres.errors import EmbeddedServerError
from biotech_ma.core.postgres.programs import Account

FILE = "biotech_ma.conf"
MEGABYTE = 1024 * 1024
# An AF_UNIX address holds 108 bytes on Linux and 104 on macOS, its NUL included.
SOCKET_PATH_LIMIT = 103
SOCKET_NAME = ".s.PGSQL.5432"


def label(data_dir: Path) -> str:
    """Return the cluster name of a data directory, which marks all its processes in the process list."""
    return "biotech_ma-" + hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]


def socket_dir(data_dir: Path, account: Account) -> Path:
    """Return a private folder for the socket: the data directory itself, or a short one where its path cannot serve."""
    # libpq takes a comma for the end of a host.
    if len(os.fsencode(data_dir / SOCKET_NAME)) <= SOCKET_PATH_LIMIT and "," not in os.fspath(data_dir):
        return data_dir
    for base in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 (a private folder is made there, and checked)
        folder = Path(base).absolute() / label(data_dir)
        if len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
            return _private(folder, account)
    raise EmbeddedServerError(
        f"The path {data_dir} is too long for a socket: set BIOTECH_MA_DATA_DIR to a shorter one."
    )


def _private(folder: Path, account: Account) -> Path:
    try:
        folder.mkdir(mode=0o700)
        if account.is_other:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        pass
    found = folder.lstat()
    # lstat: a link planted by somebody else is theirs, not ours.
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != account.uid or found.st_mode & 0o077:
        raise EmbeddedServerError(f"{folder} is not a private folder of {account.name}: remove it and try again.")
    return folder


def configure(data_dir: Path, account: Account, sockets: Path) -> None:
    """Write the settings that fit this machine; an operator's ALTER SYSTEM overrules each.

    Names, too, who may connect: the server's own user and root, as any role.
    """
    memory = memory_bytes()
    settings = {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": '"' + os.fspath(sockets).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
        "cluster_name": label(data_dir),
        # A pool takes up to 30 a process: four web processes, the worker and the operator fit.
        "max_connections": "200",
        "shared_buffers": f"{_clamp(memory // 8, 32 * MEGABYTE, 1024 * MEGABYTE) // MEGABYTE}MB",
        "effective_cache_size": f"{max(memory // 2, 64 * MEGABYTE) // MEGABYTE}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{_clamp(memory // 32, 16 * MEGABYTE, 256 * MEGABYTE) // MEGABYTE}MB",
        "dynamic_shared_memory_type": "posix" if _roomy_shared_memory() else "mmap",
        "random_page_cost": "1.1",
        "max_wal_size": "2GB",
        "jit": "off",
        # A client that was killed frees its locks within seconds, even in the middle of a long statement.
        "client_connection_check_interval": "5s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # One file a weekday, each overwritten after a week.
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "postgresql-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        # Statements that fail carry values, of secrets and of ten-megabyte requests; whoever sent one is told why.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
    quoted = {name: value.replace("\\", "\\\\").replace("'", "''") for name, value in settings.items()}
    heading = "# Written at every start of the embedded server. To change a setting, use ALTER SYSTEM.\n"
    _write(data_dir / FILE, heading + "".join(f"{name} = '{value}'\n" for name, value in quoted.items()), account)
    names = sorted({"root", account.name})
    _write(data_dir / "pg_ident.conf", "".join(f'operator "{name}" all\n' for name in names), account)


def _write(path: Path, text: str, account: Account) -> None:
    path.write_text(text, encoding="utf-8")
    if account.is_other:
        os.chown(path, account.uid, account.gid)


def memory_bytes() -> int:
    """Return the memory this process may use: the machine's, or its container's limit where that is lower."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
    except (OSError, ValueError):
        return total
    return min(total, limit)


def _roomy_shared_memory() -> bool:
    # Containers come with 64 MB of /dev/shm, which one parallel query can fill.
    try:
        shm = os.statvfs("/dev/shm")  # noqa: S108 (only measured)
    except OSError:
        return False
    return shm.f_bavail * shm.f_frsize >= 512 * MEGABYTE


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))
