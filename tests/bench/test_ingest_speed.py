"""How fast the ledger takes rows, beside raw COPY in the same run, and how long whole sources take."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from statistics import median

import pytest
from django.db import connection, transaction

from companies.models import Company
from signals_app.catalogue import CATALOGUE
from signals_app.ingest.merge.ledger import SNAPSHOT, FactRecord, SignalRecord, merge_facts, merge_signals
from signals_app.models import FinancialFact, Signal
from tests.factories import CompanyFactory
from tests.processes import python

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

SIGNALS = 100_000
FACTS = 200_000
FACTS_A_FILING = 25
COMPANIES = 200
ROUNDS = 5
LEAST_RATIO = 0.7
FSDS_SECONDS, FSDS_MEGABYTES = 60, 300
STUDIES_SECONDS = 10
START = dt.datetime(2015, 1, 1, 21, 30, tzinfo=dt.UTC)

COPY_SIGNALS = """
COPY signals (company_id, signal_type, event_date, available_at, severity, title, source, source_id, source_url,
              signal_data, ma_impact_score) FROM STDIN
"""
COPY_FACTS = """
COPY financial_facts (company_id, signal_id, concept, period_start, period_end, value, unit, form, accession,
                      available_at, source) FROM STDIN
"""


@pytest.fixture
def companies() -> list[Company]:
    return [CompanyFactory(cik=f"{number:010d}") for number in range(1, COMPANIES + 1)]


def filings(companies: list[Company], count: int) -> Iterator[tuple[Company, str, dt.datetime]]:
    """Yield so many filings, a company's in turn, each with its accession number and moment."""
    for number in range(count):
        company = companies[number % len(companies)]
        yield company, f"{number:010d}-20-{number % 1_000_000:06d}", START + dt.timedelta(minutes=37 * number)


def signals(companies: list[Company]) -> Iterator[SignalRecord]:
    for company, accession, moment in filings(companies, SIGNALS):
        yield SignalRecord(
            company_id=company.pk, signal_type="other_event", event_date=moment, available_at=moment,
            title=f"8-K: other events of {company.name}", source="edgar", source_id=f"{accession}:{company.cik}:8.01",
            source_url=f"https://www.sec.gov/Archives/edgar/data/{company.cik}/{accession}/",
            signal_data={"form": "8-K", "items": ["8.01", "9.01"], "accession": accession},
        )  # fmt: skip


def facts(companies: list[Company]) -> Iterator[FactRecord]:
    for company, accession, moment in filings(companies, FACTS // FACTS_A_FILING):
        for number in range(FACTS_A_FILING):
            end = moment.date() - dt.timedelta(days=40)
            yield FactRecord(
                company_id=company.pk, cik=company.cik, concept=f"concept_of_a_filing_{number}",
                period_start=end - dt.timedelta(days=90) if number % 2 else None, period_end=end,
                value=Decimal(1_000_000 + number), unit="USD", form="10-Q", accession=accession,
                filed=moment.date(), available_at=moment,
            )  # fmt: skip


def raw_signals(records: Iterable[SignalRecord]) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY_SIGNALS) as copy:
        for record in records:
            kind = CATALOGUE[record.signal_type]
            copy.write_row((
                record.company_id, record.signal_type, record.event_date, record.available_at, kind.severity,
                record.title, record.source, record.source_id, record.source_url, json.dumps(record.signal_data), 0,
            ))  # fmt: skip


def raw_facts(records: Iterable[FactRecord], snapshots: dict[str, int]) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY_FACTS) as copy:
        for record in records:
            copy.write_row((
                record.company_id, snapshots[record.accession], record.concept, record.period_start, record.period_end,
                record.value, record.unit, record.form, record.accession, record.available_at, "edgar",
            ))  # fmt: skip


def seconds(work: Callable[[], object]) -> float:
    """Return how long the work takes in a transaction of its own."""
    started = time.perf_counter()
    with transaction.atomic():
        work()
    return time.perf_counter() - started


def emptied(*tables: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


def report(record_property: Callable[[str, object], None], what: str, raw: list[float], merged: list[float]) -> float:
    """Note rows a second as a ratio; the best rounds are compared too, which a busy machine disturbs least."""
    ratio, best = median(raw) / median(merged), min(raw) / min(merged)
    record_property(what, f"{ratio:.2f} of raw COPY's rows a second (median of {len(raw)}; best rounds {best:.2f})")
    return ratio


def test_signals_go_in_at_most_of_the_speed_of_raw_copy(companies, record_property):
    """Both take rows that are there already: making them up is neither's work."""
    raw, merged = [], []
    records = list(signals(companies))
    for _ in range(ROUNDS):
        emptied("signals")
        raw.append(seconds(lambda: raw_signals(records)))
        assert Signal.objects.count() == SIGNALS
        emptied("signals")
        merged.append(seconds(lambda: merge_signals(records)))
        assert Signal.objects.count() == SIGNALS
    assert report(record_property, f"{SIGNALS:,} signals", raw, merged) >= LEAST_RATIO


def test_facts_go_in_at_most_of_the_speed_of_raw_copy(companies, record_property):
    """The filings of both are on record already, as they are after the filings' own source has run."""
    raw, merged = [], []
    records = list(facts(companies))
    with transaction.atomic():
        merge_facts(records, source="edgar")
    found = Signal.objects.filter(signal_type=SNAPSHOT).values_list("signal_data__accession", "pk")
    snapshots: dict[str, int] = dict(found)
    for _ in range(ROUNDS):
        emptied("financial_facts")
        raw.append(seconds(lambda: raw_facts(records, snapshots)))
        assert FinancialFact.objects.count() == FACTS
        emptied("financial_facts")
        merged.append(seconds(lambda: merge_facts(records, source="edgar")))
        assert FinancialFact.objects.count() == FACTS
    assert report(record_property, f"{FACTS:,} facts", raw, merged) >= LEAST_RATIO


MEASURED = """
import time
from django.core.management import call_command
{before}
started = time.perf_counter()
call_command("ingest", {source!r}, "--from", {path!r})
took = time.perf_counter() - started
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(f"measured {{took}} {{int(peak) / 1024}}")
"""


# The sponsors of the studies.
UNIVERSE_FIRST = 'call_command("ingest", "universe", "--from", {path!r})'


def measured(source: str, path: Path, before: str = "") -> tuple[float, float, str]:
    """Return the seconds and the peak megabytes of an ingest in a process of its own, and what it says it did."""
    with python(MEASURED.format(source=source, path=str(path), before=before)) as process:
        output, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    *_, said, result = output.splitlines()
    took, peak = result.split()[1:]
    return float(took), float(peak), said


def test_quarter_of_the_data_sets_in_time_and_memory(shared_data, record_property):
    took, peak, said = measured("edgar-fsds", shared_data / "edgar" / "fsds" / "2010q2.zip")
    record_property("Data Sets 2010q2", f"{took:.1f} s, {peak:.0f} MB at most; {said}")
    assert FinancialFact.objects.exists()
    assert took < FSDS_SECONDS
    assert peak < FSDS_MEGABYTES


def test_studies_in_time(shared_data, record_property):
    took, peak, said = measured(
        "clinicaltrials", shared_data / "clinicaltrials", UNIVERSE_FIRST.format(path=str(shared_data / "universe"))
    )
    record_property("296 studies", f"{took:.1f} s, {peak:.0f} MB at most; {said}")
    assert Signal.objects.filter(source="clinicaltrials").exists()
    assert took < STUDIES_SECONDS
