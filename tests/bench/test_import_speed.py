"""How long ten thousand companies take from a file, and what their history costs beside the same import without."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import User
from django.db import connection

from companies.models import Company
from signals_app.imports import services
from signals_app.imports.columns import Layout
from signals_app.imports.plan import Options

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

COMPANIES = 10_000
MOST_SECONDS = 30
MOST_RATIO = 2.5
HEADINGS = "cik,ticker,name,market cap ($m),price date,cash ($m),burn ($m),debt ($m),area,founded,employees,hq\n"
HISTORY = ("companies", "drug_candidates")


def lines(offset: int) -> bytes:
    rows = (
        f"{number},X{number},Company {number},{number + offset},2026-01-31,{number + offset},5,1,oncology,2001,"
        f"{number % 900},Boston\n"
        for number in range(1, COMPANIES + 1)
    )
    return (HEADINGS + "".join(rows)).encode()


def imported(offset: int, owner: User) -> tuple[float, float]:
    """Return how many seconds the file took in all, and how many of them the writing."""
    started = time.perf_counter()
    taken = services.take_file(kind="companies", name="list.csv", content=lines(offset), owner=owner)
    services.map_columns(taken, layout=Layout.from_json(taken.layout), options=Options())
    services.check(taken)
    taken.refresh_from_db()
    writing = time.perf_counter()
    services.apply_import(taken, reason="bench")
    services.write_import(taken)
    ended = time.perf_counter()
    taken.refresh_from_db()
    assert taken.state == "applied", taken.error
    return ended - started, ended - writing


def test_ten_thousand_companies_take_under_half_a_minute_and_history_under_two_and_a_half_times():
    owner = User.objects.create_superuser("analyst")
    created, writing = imported(0, owner)
    changed, rewriting = imported(1, owner)
    with connection.cursor() as cursor:
        for table in HISTORY:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            _, bare_rewriting = imported(2, owner)
            Company.all_objects.all()._raw_delete("default")
            _, bare_writing = imported(3, owner)
        finally:
            for table in HISTORY:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    print(f"\n{COMPANIES:,} companies: new in {created:.1f} s, changed in {changed:.1f} s")
    new, old = writing / bare_writing, rewriting / bare_rewriting
    print(f"writing with history takes {new:.2f} times (new) and {old:.2f} times (changed) as long as without")
    assert max(new, old) <= MOST_RATIO
    assert max(created, changed) < MOST_SECONDS
