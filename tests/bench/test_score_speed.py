"""How long a generated universe takes to score: by size, day by day and in a window, with a short and a long history.

The companies are made up and say nothing of real ones. Seconds depend on the machine; the ratios say more.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from biotech_ma.core.market_day import start_of
from companies.models import Company, DrugCandidate
from scoring.history import days_between, score_days
from scoring.models import AcquirerMatch, MAScore
from scoring.services import score_universe
from signals_app.models import FinancialFact, Signal

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

type Note = Callable[[str, object], None]

SMALL, LARGE = 500, 5_000
PROGRAMMES, VERSIONS, QUARTERS, MATCHES = 4, 6, 8, 10
DAY = dt.date(2026, 6, 30)
HISTORY_DAYS = 60
PHASES = ("phase_1", "phase_2", "phase_2", "phase_3")
STARTER = {"source": "starter"}


def generate(number: int) -> None:
    """Make a universe of so many companies: programmes with studies, figures of two years, caps, events, matches."""
    companies = Company.objects.bulk_create(
        Company(
            ticker=f"G{place}", cik=f"{place:010d}", name=f"Generated {place}", market_cap_usd=10**8 + place * 10**6,
            market_cap_as_of=DAY - dt.timedelta(days=30), field_sources={"market_cap_usd": STARTER},
        )
        for place in range(number)
    )  # fmt: skip
    DrugCandidate.objects.bulk_create(_programmes(companies), batch_size=5_000)
    Signal.objects.bulk_create(_signals(companies), batch_size=5_000)
    FinancialFact.objects.bulk_create(_facts(companies), batch_size=5_000)
    AcquirerMatch.objects.bulk_create(
        (
            AcquirerMatch(
                target_company=company, acquirer_name=f"Buyer {place}", match_date=DAY - dt.timedelta(days=5),
                strategic_fit_score=Decimal(place),
            )
            for company in companies
            for place in range(MATCHES)
        ),
        batch_size=5_000,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _programmes(companies: list[Company]) -> Iterator[DrugCandidate]:
    for company in companies:
        for place in range(PROGRAMMES):
            yield DrugCandidate(
                company=company, name=f"G-{place}", indication="Obesity", phase=PHASES[place],
                patent_expiry=dt.date(2034 + place, 1, 1), field_sources={"phase": STARTER, "patent_expiry": STARTER},
                additional_data={"status": "active"},
            )  # fmt: skip


def _signals(companies: list[Company]) -> Iterator[Signal]:
    for company in companies:
        for place in range(PROGRAMMES):
            for version in range(VERSIONS):
                yield _version(company, place, DAY - dt.timedelta(days=40 * version + place))
        for weeks in range(40):
            moment = start_of(DAY - dt.timedelta(weeks=weeks))
            yield Signal(
                company=company, signal_type="activist_stake" if weeks == 30 else "sec_filing", title="filed",
                source="edgar", source_id=f"{company.cik}:{weeks}", signal_data={"form": "8-K"}, event_date=moment,
                available_at=moment,
            )  # fmt: skip


def _version(company: Company, place: int, day: dt.date) -> Signal:
    nct_id = f"NCT{int(company.cik or 0) * 10 + place:08d}"
    due = {"date": str(day + dt.timedelta(days=200)), "precision": "day", "type": "estimated"}
    state = {"version": str(day), "phase": "PHASE2", "status": "RECRUITING", "first_posted": "2024-01-01"}
    return Signal(
        company=company, signal_type="trial_updated", title=f"{nct_id} updated", source="clinicaltrials",
        source_id=f"{nct_id}:{day}", event_date=start_of(day), available_at=start_of(day),
        signal_data={
            "nct_id": nct_id, "trial": {**state, "primary_completion": due},
            "candidates": [{"drug": f"G-{place}", "indication": "Obesity", "origin": f"g-{place}|obesity"}],
        },
    )  # fmt: skip


def _facts(companies: list[Company]) -> Iterator[FinancialFact]:
    for company in companies:
        for quarter in range(QUARTERS):
            end = DAY - dt.timedelta(days=91 * quarter + 45)
            yield FinancialFact(
                company=company, concept="research_and_development", period_start=end - dt.timedelta(days=90),
                period_end=end, value=Decimal(10**7 + quarter), unit="USD", form="10-Q", source="edgar",
                accession=f"{company.cik}-{quarter}", available_at=start_of(end + dt.timedelta(days=40)),
            )  # fmt: skip


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


@pytest.fixture
def note(record_property: Note) -> Note:
    return record_property


def test_day_of_a_generated_universe_by_its_size(note: Note) -> None:
    took, statements = {}, {}
    for number in (SMALL, LARGE):
        Company.all_objects.all().delete()
        generate(number)
        with CaptureQueriesContext(connection) as queries:
            took[number] = seconds(lambda: score_universe(day=DAY))
        statements[number] = len(queries)
        assert MAScore.objects.filter(score_date=DAY).count() == number
        note(f"one day, {number:,} generated companies", f"{took[number]:.1f} s, {statements[number]} statements")
    each = (took[LARGE] / LARGE) / (took[SMALL] / SMALL)
    note(f"cost of a company among {LARGE:,} to one among {SMALL:,}", f"{each:.2f}")
    assert statements[SMALL] == statements[LARGE]


def test_days_in_a_window_to_days_one_by_one(note: Note) -> None:
    generate(SMALL)
    days = days_between(DAY - dt.timedelta(days=HISTORY_DAYS - 1), DAY)
    alone = seconds(lambda: [score_universe(day=day) for day in days])
    MAScore.objects.all().delete()
    together = seconds(lambda: score_days(days))
    note(f"{HISTORY_DAYS} days x {SMALL} companies", f"one by one {alone:.1f} s, in a window {together:.1f} s")
    note("in a window to one by one", f"{together / alone:.2f}")
    refresh = MAScore.objects.all().refresh_latest
    long = seconds(lambda: refresh("1"))
    MAScore.objects.filter(score_date__lt=days[-2]).delete()
    short = seconds(lambda: refresh("1"))
    note(f"latest flags with {HISTORY_DAYS} days of history to two days", f"{long / short:.1f}")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT avg(pg_column_size(key_drivers) + pg_column_size(risk_factors) + pg_column_size(metadata))::int,"
            " avg(length(key_drivers::text || risk_factors::text || metadata::text))::int FROM ma_scores"
        )
        stored, text = cursor.fetchone()
    note("JSON of a score", f"{text:,} bytes of text, {stored:,} stored")
