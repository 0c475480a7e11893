"""Verbs of the embedded server: start, stop, status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import connection, connections

from biotech_ma.core.postgres import embedded, login
from biotech_ma.core.postgres.present import Display
from biotech_ma.core.postgres.verbs.base import Options, Verb


def _data_dir() -> Path:
    if not login.is_embedded(connection):
        raise CommandError("DATABASE_URL is set: that server is not started or stopped from here.")
    return Path(connection.settings_dict["EMBEDDED_DIR"])


def _described(data_dir: Path, server: embedded.Server | None) -> dict[str, Any]:
    return {
        "state": "running" if server else "stopped",
        "data_dir": str(data_dir),
        "pid": server.pid if server else None,
        "socket_dir": str(server.socket_dir) if server else None,
        "started_at": server.started_at if server else None,
    }


def _start(display: Display, options: Options) -> None:
    data_dir = _data_dir()
    display.document(_described(data_dir, embedded.ensure_running(data_dir)), "server")


def _stop(display: Display, options: Options) -> None:
    data_dir = _data_dir()
    connections.close_all()
    if not embedded.stop(data_dir):
        display.note("It was not running.")
    display.document(_described(data_dir, None), "server")


def _status(display: Display, options: Options) -> None:
    data_dir = _data_dir()
    display.document(_described(data_dir, embedded.running(data_dir)), "server")


VERBS = (
    Verb("start", "start the embedded server, or find it running", ("db start",), _start),
    Verb("stop", "stop the embedded server, ending every session; the next connection starts it", ("db stop",), _stop),
    Verb("status", "whether the embedded server runs; starts nothing", ("db status", "db status --json"), _status),
)
