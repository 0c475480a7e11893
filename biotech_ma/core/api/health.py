"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

# Name of a check -> "ok", or what is wrong.
_further: dict[str, Callable[[], str]] = {}


def also_ready(name: str, check: Callable[[], str]) -> None:
    """Make readiness depend on a check of an app, too. Called from the app's `ready()`."""
    _further[name] = check


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as the process answers at all."""
    return _uncached(JsonResponse({"status": "ok"}))


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers, every migration is applied and each app is content, else 503 with why."""
    checks = {"database": "ok", "migrations": "ok"}
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        checks = {"database": "does not answer", "migrations": "unknown"}
    else:
        if missing:
            checks["migrations"] = f"{missing} not applied: run manage.py migrate"
        else:
            checks |= {name: check() for name, check in _further.items()}
    ready = set(checks.values()) == {"ok"}
    body = {"status": "ok" if ready else "not ready", "checks": checks}
    return _uncached(JsonResponse(body, status=200 if ready else 503))


def _uncached(response: JsonResponse) -> JsonResponse:
    response["Cache-Control"] = "no-store"
    return response
