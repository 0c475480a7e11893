"""pg_dump and pg_restore: which of them fits the server, and running one with one line for an error."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.conninfo import make_conninfo

from biotech_ma.core.postgres import login, programs


def program(name: str, connection: BaseDatabaseWrapper) -> Path:
    """Return the program that fits this server: the bundled one, or one on PATH that is no older than the server.

    Another server than the embedded one may want TLS, which the bundled programs lack: there PATH goes first.
    """
    if login.is_embedded(connection):
        return programs.bundled(name)
    found = shutil.which(name)
    server_major = connection.pg_version // 10_000  # type: ignore[attr-defined]
    if found is not None and _major(Path(found)) >= server_major:
        return Path(found)
    if connection.settings_dict["OPTIONS"].get("sslmode") in ("require", "verify-ca", "verify-full"):
        raise CommandError(f"{name} {server_major} or later is needed on PATH: the bundled one has no TLS.")
    return programs.bundled(name)


def _major(path: Path) -> int:
    done = subprocess.run([path, "--version"], check=False, capture_output=True, text=True, timeout=30)
    found = re.search(r"\) (\d+)", done.stdout)
    return int(found.group(1)) if found else 0


def run(path: Path, parameters: dict[str, Any], arguments: Sequence[str | Path]) -> str:
    """Run a client program against a server and return its output; raises CommandError with its last line.

    The password travels in the environment, where other users cannot read it, and not among the arguments.
    """
    password = parameters.get("password")
    named = {name: value for name, value in parameters.items() if name not in ("password", "client_encoding")}
    command = [path, *arguments] + ([f"--dbname={make_conninfo(**named)}"] if named else [])
    environment = programs.environment() | ({"PGPASSWORD": str(password)} if password else {})
    try:
        done = subprocess.run(
            [os.fspath(part) for part in command],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
        )
    except OSError as error:
        raise CommandError(f"{path} cannot be run: {error.strerror}.") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        telling = [line for line in lines if "error:" in line] or lines or ["it gave no reason"]
        raise CommandError(f"{path.name} failed: {telling[0].removeprefix(path.name + ': ')}")
    return done.stdout
