"""`/metrics` in Prometheus text, read from the database: the same numbers from every worker."""

from __future__ import annotations

import ipaddress

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from rest_framework.exceptions import AuthenticationFailed

from biotech_ma.core.api.errors import Problem, problem_response
from delivery.api.auth import CHALLENGE, call_with, key_of

# One statement, cheap at any size: counts of large tables are the planner's estimates.
METRICS = """
SELECT 'biotech_ma_companies', 'Live companies.', '', (SELECT count(*) FROM companies WHERE deleted_at IS NULL)
UNION ALL SELECT 'biotech_ma_rows_estimated', 'Rows of a table, as the planner estimates them.',
       'table="' || relname || '"', greatest(reltuples, 0)::bigint
  FROM pg_class WHERE relname = ANY(%s) AND relkind = 'r'
UNION ALL SELECT 'biotech_ma_scores_age_days', 'Days since the newest score''s day.', '',
       (SELECT current_date - max(score_date) FROM ma_scores WHERE is_latest)
UNION ALL SELECT 'biotech_ma_webhook_deliveries_pending', 'Deliveries that are still to be made.', '',
       (SELECT count(*) FROM webhook_deliveries WHERE status = 'pending')
UNION ALL SELECT 'biotech_ma_reports_queued', 'Reports that wait to be rendered.', '',
       (SELECT count(*) FROM reports WHERE delivery_status = 'queued' AND deleted_at IS NULL)
UNION ALL SELECT 'biotech_ma_api_requests_hour', 'API requests in the running hour.', '',
       (SELECT coalesce(sum(requests), 0) FROM client_usage WHERE hour = date_trunc('hour', now(), 'UTC'))
UNION ALL SELECT 'biotech_ma_database_connections', 'Sessions on this database.', '',
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())
UNION ALL SELECT 'biotech_ma_database_bytes', 'Size of the database.', '', pg_database_size(current_database())
"""
TABLES = ["drug_candidates", "signals", "financial_facts", "ma_scores", "acquirer_matches"]
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the metrics to a key of any scope, or to a caller on this machine that no proxy speaks for."""
    try:
        key = key_of(request.headers.get("Authorization"), request.headers.get("X-API-Key"))
    except Problem as problem:
        return problem_response(problem.status_code, str(problem.detail))
    except AuthenticationFailed as error:
        return _refused(str(error))
    if not (call_with(key) if key is not None else _is_local(request)):
        return _refused("Metrics want a key: `Authorization: Bearer KEY`.")
    with connection.cursor() as cursor:
        cursor.execute(METRICS, [TABLES])
        rows = cursor.fetchall()
    return HttpResponse(
        "".join(_lines(rows)),
        content_type="text/plain; version=0.0.4; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


def _lines(rows: list[tuple[str, str, str, int | None]]) -> list[str]:
    lines = []
    for place, (name, text, labels, value) in enumerate(rows):
        if value is None:
            continue
        if not place or rows[place - 1][0] != name:
            lines += [f"# HELP {name} {text}\n", f"# TYPE {name} gauge\n"]
        lines.append(f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n")
    return lines


def _refused(detail: str) -> HttpResponse:
    return problem_response(401, detail, headers={"WWW-Authenticate": CHALLENGE})


def _is_local(request: HttpRequest) -> bool:
    if any(header in request.headers for header in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
