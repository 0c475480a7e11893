"""What a million rows cost a web process as a file: its memory must not grow with them. Generated rows."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.db import connection

from tests.api.conftest import caller

pytestmark = [pytest.mark.bench, pytest.mark.django_db]

ROWS, MOST_GROWTH_MB = 1_000_000, 16
FILL = """
INSERT INTO companies (name, ticker, cik) SELECT 'Company ' || n, 'T' || n, lpad(n::text, 10, '0')
FROM generate_series(1, 1000) AS n;
INSERT INTO signals (company_id, signal_type, event_date, available_at, severity, title, source, source_id, signal_data)
SELECT c.ids[1 + n %% 1000], 'partnership', '2020-01-01'::timestamptz + n * interval '1 minute',
       '2020-01-01'::timestamptz + n * interval '1 minute', 'medium', 'Signal ' || n, 'bench', n::text,
       jsonb_build_object('n', n)
FROM generate_series(1, %(rows)s) AS n, (SELECT array_agg(id) AS ids FROM companies) AS c;
ANALYZE;
"""


def resident_mb() -> float:
    """Return the process's resident memory in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_million_rows_in_constant_memory(record_property, form):
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"rows": ROWS})
    desk = caller("read")
    desk.http.get(f"/api/v1/exports/companies.{form}").getvalue()
    before, most, size, started = resident_mb(), 0.0, 0, time.perf_counter()
    response = desk.http.get(f"/api/v1/exports/signals.{form}")
    lines = 0
    for place, block in enumerate(response.streaming_content):
        size += len(block)
        lines += block.count(b"\n")
        if place % 100 == 0:
            most = max(most, resident_mb() - before)
    seconds = time.perf_counter() - started
    assert lines == ROWS + (form == "csv")
    assert most < MOST_GROWTH_MB
    record_property(
        f"export of {ROWS:,} signals as {form}", f"{size / 2**20:.0f} MB in {seconds:.1f} s, {most:.1f} MB more memory"
    )
