"""Verbs that copy: backup and restore."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from biotech_ma.core.postgres import backup
from biotech_ma.core.postgres.present import Display
from biotech_ma.core.postgres.verbs.base import Options, Verb, force


def _backup_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", type=Path, metavar="PATH", help="default: backups/ in the data folder")
    parser.add_argument("--force", action="store_true", help="overwrite the file")


def _backup(display: Display, options: Options) -> None:
    name = f"biotech_ma-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump"
    path = options["path"] or settings.DATA_DIR / "backups" / name
    done = backup.backup(connection, path.absolute(), overwrite=options["force"])
    display.document(asdict(done), "backup")
    display.note(backup.KEY_NOTICE)


def _restore_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("path", type=Path, metavar="PATH", help="a file that db backup has made")
    force(parser)


def _restore(display: Display, options: Options) -> None:
    path = options["path"].absolute()
    backup.examine(connection, path)
    display.confirm(
        f"This replaces all of {connection.settings_dict['NAME']} by {path} and ends its sessions.",
        force=options["force"],
    )
    done = backup.restore(connection, path, display.note)
    display.document(asdict(done), "restored")
    display.note("Secrets in it were encrypted with the keys of its time: BIOTECH_MA_FIELD_KEYS must hold them.")


VERBS = (
    Verb(
        "backup",
        "write the whole database to one file (pg_dump)",
        ("db backup", "db backup before-upgrade.dump"),
        _backup,
        _backup_arguments,
    ),
    Verb(
        "restore",
        "fill a new database from a backup, then swap it in",
        ("db restore before-upgrade.dump", "db restore before-upgrade.dump --force --json"),
        _restore,
        _restore_arguments,
    ),
)
