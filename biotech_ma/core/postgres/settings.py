"""From the environment to Django's DATABASES entry: persistent connections, or the pool, with health checks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ
import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import make_conninfo

from biotech_ma.core.postgres import pool

ENGINE = "biotech_ma.core.postgres.backend"
SCHEMES = ("postgres", "postgresql", "psql", "pgsql")
RECYCLE_SECONDS = 3600
# 20 connections are kept; up to 10 more are opened when all are busy and closed when idle for a minute.
POOL = {
    "min_size": 20,
    "max_size": 30,
    "timeout": 30,
    "max_lifetime": RECYCLE_SECONDS,
    "max_idle": 60,
    "check": pool.check,
}
# Options of Django's backend and of psycopg that libpq does not know.
_DJANGO_OPTIONS = {"assume_role", "isolation_level", "prepare_threshold", "server_side_binding"}
# PostgreSQL cuts longer names off, with a notice.
_NAME_LIMIT = 63


def database(env: environ.Env, data_dir: Path) -> dict[str, Any]:
    """Return the default database: DATABASE_URL's, or the embedded server below `data_dir`.

    DATABASE_POOL=true swaps persistent connections for a pool of 20 with 10 overflow; the options that a URL carries
    (sslmode and the like) are kept. A connection is checked before use and recycled after an hour in both modes.
    Raises ImproperlyConfigured, in one line, for a URL that is none or not PostgreSQL's.
    """
    url = env.str("DATABASE_URL", default="").strip()
    if url:
        config = from_url(url, "DATABASE_URL")
    else:
        config = {"NAME": "biotech_ma", "USER": "biotech_ma", "EMBEDDED_DIR": str(data_dir / "postgres")}
    config["ENGINE"] = ENGINE
    options = config.setdefault("OPTIONS", {})
    options.setdefault("application_name", env.str("PGAPPNAME", default="") or process_name(sys.argv))
    options.setdefault("connect_timeout", 10)
    config["CONN_HEALTH_CHECKS"] = True
    if _switch(env, "DATABASE_POOL"):
        options["pool"] = dict(POOL)
        config["CONN_MAX_AGE"] = 0
    else:
        config["CONN_MAX_AGE"] = RECYCLE_SECONDS
    return config


def _switch(env: environ.Env, variable: str) -> bool:
    value = env.str(variable, default="").strip().lower()
    if value in env.BOOLEAN_TRUE_STRINGS:
        return True
    if value in ("", "false", "off", "no", "0"):
        return False
    raise ImproperlyConfigured(f"{variable} is neither true nor false.")


def from_url(url: str, variable: str) -> dict[str, Any]:
    """Return the connection settings that a postgres:// URL names, its query string as OPTIONS.

    `variable` is what the error calls it; the URL itself, which holds a password, is never repeated.
    """
    parts = _split(url, variable)
    if parts.scheme not in SCHEMES:
        raise ImproperlyConfigured(f"{variable} begins with {parts.scheme or 'no scheme'}: only postgres:// is served.")
    try:
        config = dict(environ.Env.db_url_config(url))
    except (ValueError, TypeError, KeyError, IndexError):
        raise ImproperlyConfigured(_malformed(variable)) from None
    if not config.get("NAME"):
        raise ImproperlyConfigured(_malformed(variable))
    options = config.setdefault("OPTIONS", {})
    try:
        make_conninfo(**{name: value for name, value in options.items() if name not in _DJANGO_OPTIONS})
    except psycopg.Error as error:
        raise ImproperlyConfigured(f"{variable} carries an unknown option: {' '.join(str(error).split())}.") from None
    return config


def _split(url: str, variable: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        # Cluster URLs name several hosts, and only then is a port no number.
        if "," not in parts.netloc:
            _ = parts.port
    except ValueError:
        raise ImproperlyConfigured(_malformed(variable)) from None
    return parts


def _malformed(variable: str) -> str:
    return f"{variable} is not of the form postgres://user:password@host:5432/database."


def process_name(argv: list[str]) -> str:
    """Return the application_name that tells an operator what a session is: `biotech_ma score`, `biotech_ma web`."""
    program = Path(argv[0]).name if argv else ""
    if program == "manage.py":
        kind = next((word for word in argv[1:] if not word.startswith("-")), "")
    else:
        kind = {"granian": "web", "pytest": "test", "__main__.py": "test"}.get(program, "")
    return f"biotech_ma {kind}".strip().encode("ascii", "replace").decode("ascii")[:_NAME_LIMIT]
