"""Financial Statement Data Sets: totals only, Eastern acceptance, companies created; the real quarter by hand."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import zipfile
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companies.models import Company, CompanyAlias
from signals_app.ingest.base import IngestError, Outcome, ParseError, Request
from signals_app.ingest.delimited import Row, Table
from signals_app.ingest.files import Document
from signals_app.ingest.xbrl.fsds.parse import NUM_COLUMNS, SUB_COLUMNS, entry, first_day, month_end, submission
from signals_app.ingest.xbrl.fsds.run import run
from signals_app.models import FinancialFact, Signal
from tests.factories import CompanyFactory

OWN = Path(__file__).parent.parent / "data" / "fsds"
EASTERN = ZoneInfo("America/New_York")
CIK = "0009000002"


def ingest(*paths: Path, **asked: object) -> Outcome:
    return run(Request(paths=paths, **asked), lambda step: None)  # type: ignore[arg-type]


def value(cik: str, concept: str, end: str, start: str | None = None) -> Decimal:
    return FinancialFact.objects.get(
        company__cik=cik, concept=concept, period_end=end, period_start=start, accession__isnull=False
    ).value


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2010-03-31", "2010-03-31"),
        ("2010-05-01", "2010-04-30"),
        ("2010-01-15", "2009-12-31"),
        ("2012-02-16", "2012-02-29"),
    ],
)
def test_day_is_rounded_to_the_nearest_months_end(day, end):
    assert month_end(dt.date.fromisoformat(day)) == dt.date.fromisoformat(end)


@pytest.mark.parametrize(
    ("end", "quarters", "start"),
    [
        ("2010-03-31", 1, "2010-01-01"),
        ("2010-03-31", 4, "2009-04-01"),
        ("2012-02-29", 2, "2011-09-01"),
        ("2009-12-31", 3, "2009-04-01"),
    ],
)
def test_period_counts_quarters_back_from_its_end(end, quarters, start):
    assert first_day(dt.date.fromisoformat(end), quarters) == dt.date.fromisoformat(start)


@pytest.mark.django_db
def test_own_quarter_takes_totals_and_creates_the_company():
    outcome = ingest(OWN)
    assert outcome.read == sum((outcome.created, outcome.updated, outcome.unchanged, outcome.skipped, outcome.rejected))
    company = Company.objects.get()
    assert (company.cik, company.name, company.role) == (CIK, "BRACKEN TESTBIO INC", "target")
    assert company.field_sources["role"]["note"] == "SIC 2836; not reviewed"
    assert CompanyAlias.objects.get().alias == "OLD BRACKEN CORP"
    assert value(CIK, "cash", "2010-03-31") == 12_000_000
    assert value(CIK, "operating_cash_flow", "2010-03-31", "2009-10-01") == -4_000_000
    assert value(CIK, "royalty_liability", "2010-03-31") == 7_000_000
    assert value(CIK, "shares_outstanding", "2010-04-30") == 4_500_000
    assert not FinancialFact.objects.filter(concept="assets").exists()


@pytest.mark.django_db
def test_figures_are_known_from_acceptance_in_eastern_time():
    ingest(OWN)
    snapshot = Signal.objects.get(signal_type="financial_snapshot")
    assert snapshot.available_at.astimezone(EASTERN) == dt.datetime(2010, 5, 7, 16, 31, tzinfo=EASTERN)
    assert snapshot.source_id == f"0009000002-10-000001:{CIK}:financial_snapshot"
    assert set(FinancialFact.objects.values_list("available_at", flat=True)) == {snapshot.available_at}


@pytest.mark.django_db
def test_faulty_rows_are_rejected_with_line_and_reason():
    found = {(error.file, error.line): error.reason for error in ingest(OWN).rejects}
    assert "is in the future" in found["sub.txt", 4]
    assert "is no accession number" in found["sub.txt", 5]
    assert "is after the day of filing" in found["num.txt", 11]
    assert "has 3 columns, expected 10" in found["num.txt", 13]
    assert len(found) == 4


@pytest.mark.django_db
def test_second_run_and_zip_of_the_same_change_nothing(tmp_path):
    first = ingest(OWN)
    path = tmp_path / "2010q2.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("sub.txt", "num.txt", "README.md"):
            archive.write(OWN / name, name)
    again = ingest(path)
    assert (again.created, again.updated, again.read) == (0, 0, first.read)


@pytest.mark.django_db
def test_company_that_is_there_keeps_its_name_and_role():
    CompanyFactory(cik=CIK, name="Bracken Therapeutics", role="excluded")
    ingest(OWN)
    company = Company.objects.get()
    assert (company.name, company.role) == ("Bracken Therapeutics", "excluded")
    assert set(CompanyAlias.objects.values_list("alias", flat=True)) == {"BRACKEN TESTBIO INC", "OLD BRACKEN CORP"}


@pytest.mark.django_db
def test_old_layout_without_segments_is_read(tmp_path):
    shutil.copy(OWN / "sub.txt", tmp_path)
    head = "adsh\ttag\tversion\tcoreg\tddate\tqtrs\tuom\tvalue\tfootnote\n"
    row = "0009000002-10-000001\tAssets\tus-gaap/2009\t\t20100331\t0\tUSD\t77\tCaf\xe9\n"
    (tmp_path / "num.txt").write_bytes((head + row).encode("latin-1"))
    ingest(tmp_path)
    assert value(CIK, "assets", "2010-03-31") == 77


@pytest.mark.django_db
def test_classes_of_equally_many_shares_are_all_counted(tmp_path):
    shutil.copy(OWN / "sub.txt", tmp_path)
    head = "adsh\ttag\tversion\tddate\tqtrs\tuom\tsegments\tcoreg\tvalue\tfootnote\n"
    row = "0009000002-10-000001\tEntityCommonStockSharesOutstanding\tdei/2009\t20100331\t0\tshares\t{}\t\t{}\t\n"
    rows = [row.format(f"ClassOfStock=CommonClass{name};", shares) for name, shares in (("A", 7), ("B", 7), ("C", 5))]
    (tmp_path / "num.txt").write_text(head + "".join(rows))
    outcome = ingest(tmp_path)
    assert value(CIK, "shares_outstanding", "2010-03-31") == 19
    assert outcome.read == sum((outcome.created, outcome.unchanged, outcome.skipped, outcome.rejected))


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"", b"<html></html>", b"adsh\tname\nx\ty\n", b"\xff\xfea\x00d\x00"])
def test_file_of_another_kind_is_an_error(tmp_path, content):
    (tmp_path / "sub.txt").write_bytes(content)
    with pytest.raises(IngestError):
        ingest(tmp_path)


@given(st.integers(0, 2500), st.binary(max_size=5))
def test_mutated_tables_give_rows_or_parse_errors(at, noise):
    for name, needed in (("sub.txt", SUB_COLUMNS), ("num.txt", NUM_COLUMNS)):
        data = (OWN / name).read_bytes()
        data = data[:at] + noise + data[at + len(noise) :]
        try:
            for row in Table(_document(data), "\t", needed=needed).rows():
                if isinstance(row, Row):
                    _try(row, is_sub=name == "sub.txt")
        except ParseError:
            pass


def _try(row: Row, *, is_sub: bool) -> None:
    try:
        if is_sub:
            submission(row, today=dt.date(2026, 11, 23))
        else:
            entry(row, filed=dt.date(2010, 5, 4))
    except ParseError:
        pass


def _document(data: bytes) -> Document:
    return Document("f", "f", len(data), lambda: io.BytesIO(data))


# Read with awk from num.txt: rows of the filing with empty segments and coreg.
REAL = [
    ("0000882095", "cash", "2010-03-31", None, 936_880_000),
    ("0000882095", "short_term_investments", "2010-03-31", None, 715_308_000),
    ("0000882095", "long_term_investments", "2010-03-31", None, 2_967_727_000),
    ("0000882095", "assets", "2010-03-31", None, 10_695_998_000),
    ("0000882095", "operating_cash_flow", "2010-03-31", "2010-01-01", 670_569_000),
    ("0000882095", "research_and_development", "2010-03-31", "2010-01-01", 218_664_000),
    ("0000882095", "revenue", "2010-03-31", "2010-01-01", 2_085_853_000),
    ("0000882095", "convertible_debt", "2010-03-31", None, 1_170_099_000),
    ("0000882095", "short_term_debt", "2010-03-31", None, 7_088_000),
    ("0000882095", "depreciation", "2010-03-31", "2010-01-01", 17_478_000),
    ("0000882095", "amortization_of_intangibles", "2010-03-31", "2010-01-01", 42_628_000),
    ("0000318154", "cash", "2010-03-31", None, 2_266_000_000),
    ("0000318154", "short_term_investments", "2010-03-31", None, 11_851_000_000),
    # The current part stands under Amgen's own tag OtherConvertibleDebtCurrent.
    ("0000318154", "convertible_debt", "2010-03-31", None, 2_201_000_000 + 2_378_000_000),
    ("0000318154", "long_term_debt", "2010-03-31", None, 7_085_000_000),
    ("0000318154", "operating_cash_flow", "2009-03-31", "2009-01-01", 859_000_000),
]


@pytest.mark.django_db
def test_real_quarter_gives_what_awk_finds(shared_data):
    outcome = ingest(shared_data / "edgar" / "fsds" / "2010q2.zip")
    # 501 + 22 rows in sub.txt, 136,044 in num.txt; 20 registrants behind 22 filings of the biopharma codes.
    assert Company.objects.count() == 20
    assert outcome.rejected == 0
    for cik, concept, end, start, expected in REAL:
        assert value(cik, concept, end, start) == expected, (cik, concept, end)
    again = ingest(shared_data / "edgar" / "fsds" / "2010q2.zip")
    assert (again.created, again.updated, again.read) == (0, 0, outcome.read)
    late = Signal.objects.get(source_id__startswith="0001104659-10-033097")
    assert late.available_at.astimezone(EASTERN) == dt.datetime(2010, 6, 9, 11, 10, tzinfo=EASTERN)
