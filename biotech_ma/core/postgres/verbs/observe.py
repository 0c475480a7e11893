"""Verbs that look: check, info, stats, indexes, connections."""

from __future__ import annotations

from dataclasses import asdict

from django.core.management.base import CommandError
from django.db import connection

from biotech_ma.core.postgres import connections, health, indexes, info, stats
from biotech_ma.core.postgres.present import Display, size
from biotech_ma.core.postgres.verbs.base import Options, Verb


def _check(display: Display, options: Options) -> None:
    found = health.checks(connection)
    failed = [check for check in found if not check.ok]
    if display.as_json:
        display.json({"ok": not failed, "checks": [asdict(check) for check in found]})
    else:
        rows = [(check.name, "ok" if check.ok else "FAILED", check.detail) for check in found]
        display.table("checks", ("check", "outcome", "detail"), rows)
    if failed:
        first = failed[0]
        raise CommandError(f"{len(failed)} of {len(found)} checks failed, the first: {first.name}: {first.detail}")


def _info(display: Display, options: Options) -> None:
    found = asdict(info.database_info(connection))
    if not display.as_json:
        found |= {"size_bytes": size(found["size_bytes"]), "temporary_bytes": size(found["temporary_bytes"])}
        found = {name.removesuffix("_bytes").replace("_", " "): value for name, value in found.items()}
    display.document(found, "database")


def _stats(display: Display, options: Options) -> None:
    columns = {
        "table": "table",
        "rows_estimated": "rows",
        "total_bytes": "size",
        "index_bytes": "indexes",
        "dead_percent": "dead %",
        "cache_hit_percent": "hit %",
        "last_vacuum": "vacuumed",
    }
    display.rows("tables", stats.table_stats(connection), columns)


def _indexes(display: Display, options: Options) -> None:
    columns = {
        "index": "index",
        "bytes": "size",
        "scans": "scans",
        "unique": "unique",
        "valid": "valid",
        "unused": "unused",
        "redundant_with": "redundant with",
    }
    display.rows("indexes", indexes.index_stats(connection), columns)


def _connections(display: Display, options: Options) -> None:
    found = connections.sessions(connection)
    groups = connections.grouped(found)
    if display.as_json:
        display.json(
            {"groups": [asdict(group) for group in groups], "connections": [asdict(session) for session in found]}
        )
        return
    counted = {
        "application": "application",
        "state": "state",
        "sessions": "sessions",
        "longest_transaction_seconds": "longest s",
    }
    display.rows("by_application", groups, counted)
    listed = {
        "pid": "pid",
        "application": "application",
        "state": "state",
        "transaction_seconds": "transaction s",
        "waits_for": "waits for",
        "blocked_by": "blocked by",
        "statement": "statement",
    }
    display.rows("connections", found, listed)


VERBS = (
    Verb("check", "whether all is well; exit 1 if not", ("db check", "db check --json"), _check),
    Verb("info", "version, place, size, sessions", ("db info",), _info),
    Verb("stats", "size, estimated rows, dead rows and cache hits of each table", ("db stats",), _stats),
    Verb("indexes", "size and use of each index; unused, redundant and invalid ones", ("db indexes",), _indexes),
    Verb("connections", "who is connected, doing what, blocked by whom", ("db connections",), _connections),
)
