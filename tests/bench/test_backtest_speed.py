"""How long a back-test of ten years takes on a generated universe of a thousand companies. None of it is real."""

from __future__ import annotations

import json
import time

import pytest
from django.core.management import call_command

from tests.scoring.backtest_universe import generate

pytestmark = [pytest.mark.bench, pytest.mark.django_db]

COMPANIES, QUARTERS, MOST_SECONDS = 1000, 40, 300


def test_forty_quarters_of_a_thousand_generated_companies_in_time(tmp_path, capsys, record_property):
    # Two quarters of filings before the first day, five for the follow-up of the last.
    generated = generate(companies=COMPANIES, quarters=QUARTERS + 7, deals=300)
    labels = tmp_path / "labels.csv"
    labels.write_text(generated.labels())
    first, last = generated.days[1], generated.days[QUARTERS]
    started = time.perf_counter()
    call_command("backtest", "--from", str(first), "--to", str(last), "--labels", str(labels), "--json")
    took = time.perf_counter() - started
    found = json.loads(capsys.readouterr().out)
    assert found["snapshots"] == QUARTERS
    record_property(
        f"generated: {QUARTERS} quarters x {COMPANIES:,} companies",
        f"{took:.0f} s, {found['observations']:,} observations, {found['positives']} deals",
    )
    assert took < MOST_SECONDS
