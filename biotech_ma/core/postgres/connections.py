"""Who is connected, what they do, and whom they keep waiting."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Session:
    """One session of this database; seconds since its state changed and since its transaction began."""

    pid: int
    application: str
    user: str
    client: str | None
    state: str
    state_seconds: float | None
    transaction_seconds: float | None
    waits_for: str | None
    blocked_by: list[int]
    statement: str


@dataclass(frozen=True)
class SessionGroup:
    """How many sessions an application has in one state, and the longest transaction among them in seconds."""

    application: str
    state: str
    sessions: int
    longest_transaction_seconds: float | None


_SESSIONS = """
SELECT pid, coalesce(nullif(application_name, ''), '?'), coalesce(usename, '?'), client_addr::text,
       coalesce(state, '?'), extract(epoch FROM clock_timestamp() - state_change)::float8,
       extract(epoch FROM clock_timestamp() - xact_start)::float8,
       CASE WHEN state = 'active' THEN wait_event_type || ': ' || wait_event END, pg_blocking_pids(pid),
       left(regexp_replace(query, '\\s+', ' ', 'g'), 200)
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
ORDER BY xact_start NULLS LAST, state_change
"""


def sessions(connection: BaseDatabaseWrapper) -> list[Session]:
    """Return the database's sessions but this one, the oldest transaction first."""
    with connection.cursor() as cursor:
        cursor.execute(_SESSIONS)
        return [Session(*row) for row in cursor.fetchall()]


def grouped(found: list[Session]) -> list[SessionGroup]:
    """Return the sessions counted by application and state."""
    groups: dict[tuple[str, str], list[Session]] = {}
    for session in found:
        groups.setdefault((session.application, session.state), []).append(session)
    return [
        SessionGroup(
            application=application,
            state=state,
            sessions=len(members),
            longest_transaction_seconds=max(
                (member.transaction_seconds for member in members if member.transaction_seconds is not None),
                default=None,
            ),
        )
        for (application, state), members in sorted(groups.items())
    ]
