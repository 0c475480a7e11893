"""The database in one look: version, place, size, sessions, and what has been migrated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.backends.base.base import BaseDatabaseWrapper

from biotech_ma.core.postgres import login


@dataclass(frozen=True)
class DatabaseInfo:
    """What a database is and where it lies; sizes in bytes, ratios in percent (None before the first read)."""

    database: str
    user: str
    server: str
    version: str
    size_bytes: int
    tables: int
    migrations: int
    sessions: int
    max_connections: int
    cache_hit_percent: float | None
    deadlocks: int
    temporary_bytes: int
    encoding: str
    time_zone: str
    extensions: list[str]
    started_at: datetime
    connections: str


_INFO = """
SELECT current_database(), current_user, current_setting('server_version'), pg_database_size(current_database()),
       (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')),
       d.numbackends, current_setting('max_connections')::int,
       round(100.0 * d.blks_hit / nullif(d.blks_hit + d.blks_read, 0), 2)::float8, d.deadlocks, d.temp_bytes,
       current_setting('server_encoding'), current_setting('TimeZone'),
       (SELECT array_agg(extname::text ORDER BY extname) FROM pg_extension), pg_postmaster_start_time()
FROM pg_stat_database d WHERE d.datname = current_database()
"""


def database_info(connection: BaseDatabaseWrapper) -> DatabaseInfo:
    """Return what this database is, at the cost of a few catalog reads."""
    with connection.cursor() as cursor:
        cursor.execute(_INFO)
        name, user, version, size, tables, sessions, most, hit, deadlocks, temporary, *rest = cursor.fetchone()
        encoding, zone, extensions, started = rest
        migrations = 0
        if "django_migrations" in connection.introspection.table_names(cursor):
            cursor.execute("SELECT count(*) FROM django_migrations")
            migrations = cursor.fetchone()[0]
    return DatabaseInfo(
        database=name,
        user=user,
        server=_server(connection),
        version=version,
        size_bytes=size,
        tables=tables,
        migrations=migrations,
        sessions=sessions,
        max_connections=most,
        cache_hit_percent=hit,
        deadlocks=deadlocks,
        temporary_bytes=temporary,
        encoding=encoding,
        time_zone=zone,
        extensions=extensions or [],
        started_at=started,
        connections="pool" if connection.settings_dict["OPTIONS"].get("pool") else "persistent",
    )


def _server(connection: BaseDatabaseWrapper) -> str:
    settings = connection.settings_dict
    if login.is_embedded(connection):
        return f"embedded, in {settings['EMBEDDED_DIR']}"
    return f"{settings['HOST'] or 'local socket'}:{settings['PORT'] or 5432}"
