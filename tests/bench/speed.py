"""Measures what docs/performance.md promises, in one run, and prints it as ratios.

    BIOTECH_MA_DATA_DIR=/filled uv run python -m tests.bench.speed --peer-python PYTHON --grown /filled/ten/times

Needs a database that `tests.bench.fill` filled, wrk, and the comparison's folder beside the checkout
(../shared/bench); PYTHON is one of an environment of its own that has the peer's packages: fastapi, uvicorn,
sqlalchemy, asyncpg. `--grown` is the data directory of a database with ten times the signals and scores. What is
missing is left out, and said so. `--only reads sql depth bulk growth` measures some; `--seconds` and `--rounds` are
for the reads.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

PARTS = ("reads", "sql", "depth", "bulk", "growth")


def main() -> None:
    """Print every ratio."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--peer-python")
    options.add_argument("--grown", type=Path)
    options.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options.add_argument("--seconds", type=int, default=2)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    url = database_url(os.environ.get("BIOTECH_MA_DATA_DIR"))
    os.environ["DATABASE_URL"] = url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biotech_ma.settings")
    import django

    django.setup()
    from tests.bench import served, speed_measures

    _say(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with served.project(url) as server, key() as secret:
        if "reads" in chosen.only:
            _reads(url, server, secret, chosen)
        if "sql" in chosen.only:
            speed_measures.top_sql(url, chosen.grown and database_url(str(chosen.grown)), _say)
        if "depth" in chosen.only:
            speed_measures.depth(server, secret, _say)
        if "bulk" in chosen.only:
            speed_measures.bulk(_say)
        if "growth" in chosen.only and chosen.grown:
            grown_url = database_url(str(chosen.grown))
            with served.project(grown_url) as grown, key_in(grown_url) as grown_secret:
                speed_measures.growth((server, secret), (grown, grown_secret), url, _say)
        _say(f"memory of the web worker after the run: {server.worker_megabytes():.0f} MB")
    _say(f"load average {os.getloadavg()[0]:.1f}")


def _say(line: str) -> None:
    print(line, flush=True)


def database_url(data_dir: str | None) -> str:
    """Return the address of the database: the environment's, or that of the embedded server of the folder."""
    if data_dir is None:
        return os.environ["DATABASE_URL"]
    environment = {**os.environ, "BIOTECH_MA_DATA_DIR": data_dir}
    environment.pop("DATABASE_URL", None)
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "--verbosity", "0"], check=True, env=environment)
    status = subprocess.run([*manage, "db", "status", "--json"], check=True, env=environment, capture_output=True)
    folder = json.loads(status.stdout)["socket_dir"]
    return f"postgresql://biotech_ma@/biotech_ma?host={quote(folder, safe='/')}&port=5432"


@contextmanager
def key() -> Iterator[str]:
    """Yield a key for the run; afterwards it is revoked."""
    from delivery.services import issue_client, revoke_client

    client, secret = issue_client(client_name="speed", scopes=["read", "write:signals"], rate_limit_per_hour=10**9)
    try:
        yield secret
    finally:
        revoke_client(client=client)


@contextmanager
def key_in(url: str) -> Iterator[str]:
    """Yield a key in another database than this process works in."""
    manage, environment = [sys.executable, "manage.py", "client"], {**os.environ, "DATABASE_URL": url}
    options = ["--scope", "read", "--rate", str(10**9), "--json"]
    made = subprocess.run(
        [*manage, "create", "speed", *options], check=True, env=environment, capture_output=True
    )  # fmt: skip
    try:
        yield json.loads(made.stdout)["api_key"]
    finally:
        prefix = json.loads(made.stdout)["key_prefix"]
        subprocess.run([*manage, "revoke", prefix], check=True, env=environment, capture_output=True)


def _reads(url: str, server: object, secret: str, chosen: argparse.Namespace) -> None:
    from tests.bench import served

    if not (served.SHARED / "compare.py").exists() or shutil.which("wrk") is None:
        _say("hot reads: left out, for ../shared/bench or wrk is not here")
        return
    with served.compared(url, chosen.peer_python) as others:
        servers = [word for name, other in others.items() for word in (f"--{name}", other.url)]
        subprocess.run(
            [sys.executable, str(served.SHARED / "compare.py"), "--project", server.url, "--key", secret, *servers,
             "--seconds", str(chosen.seconds), "--rounds", str(chosen.rounds)],
            check=True, env={**os.environ, "DATABASE_URL": url, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    if not chosen.peer_python:
        _say("the peer: left out, for --peer-python was not given")


if __name__ == "__main__":
    main()
