"""Company facts: which tag is taken, what is rejected, and the real documents against an independent reading."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals_app.figures import figures
from signals_app.ingest.base import IngestError, Outcome, ParseError, Request
from signals_app.ingest.xbrl import debt
from signals_app.ingest.xbrl.choose import Entry, amounts, is_wanted
from signals_app.ingest.xbrl.companyfacts.parse import parse
from signals_app.ingest.xbrl.companyfacts.run import run
from signals_app.models import FinancialFact, Signal
from signals_app.periods import FIELDS, Fact
from tests.factories import CompanyFactory

TODAY = dt.date(2026, 11, 23)
OWN = Path(__file__).parent.parent / "data" / "companyfacts"
DOCUMENT = OWN / "CIK0009000001.json"
M = 1_000_000


def ingest(*paths: Path, **asked: object) -> Outcome:
    return run(Request(paths=paths, **asked), lambda step: None)  # type: ignore[arg-type]


def figure(accession: str) -> dict[tuple[str, str], Decimal]:
    filing = parse(DOCUMENT.read_bytes(), DOCUMENT.name, today=TODAY).filings[accession]
    return {(found.concept, found.unit): found.value for found in amounts(filing.entries)}


def test_tags_of_one_filing_first_of_the_list_is_taken():
    first = figure("0009000001-25-000010")
    assert first["cash", "USD"] == 40 * M
    assert first["short_term_investments", "USD"] == 60 * M
    assert first["shares_outstanding", "shares"] == 35 * M
    assert first["research_and_development", "USD"] == 7 * M


def test_tag_that_was_renamed_continues_the_series():
    assert figure("0009000001-25-000020")["operating_cash_flow", "USD"] == -19 * M
    assert figure("0009000001-26-000001")["cash", "USD"] == 22 * M


def test_debts_under_overlapping_tags_are_counted_once():
    second = figure("0009000001-25-000020")
    assert second["convertible_debt", "USD"] == 30 * M
    assert second["long_term_debt", "USD"] == 12 * M
    assert second["short_term_debt", "USD"] == 3 * M


@pytest.mark.parametrize(
    ("reported", "total"),
    [
        ({"LongTermDebt": 100, "LongTermDebtCurrent": 20}, 100),
        ({"LongTermDebt": 100, "ConvertibleDebtNoncurrent": 100}, 100),
        ({"LongTermDebtNoncurrent": 80, "DebtCurrent": 25}, 105),
        ({"ShortTermBorrowings": 5, "LongTermDebtCurrent": 20, "LongTermNotesPayable": 50}, 75),
        ({"ConvertibleNotesPayable": 40}, 40),
        ({"LiabilityRelatedToSaleOfFutureRoyaltiesNoncurrent": 70, "LongTermDebtNoncurrent": 10}, 80),
        ({"LongTermDebt": 0}, 0),
        ({}, None),
    ],
)
def test_total_debt_of_reported_tags(reported, total):
    found = debt.kinds({tag: Decimal(value) for tag, value in reported.items()})
    assert (sum(value for value, _ in found.values()) if found else None) == total


def test_entries_that_cannot_be_are_rejected_with_their_reason():
    reasons = sorted(error.reason for error in parse(DOCUMENT.read_bytes(), "f", today=TODAY).rejects)
    assert len(reasons) == 4
    assert any("2109-06-30 is after the day of filing" in reason for reason in reasons)
    assert any("start 2025-07-01 is after end 2025-06-30" in reason for reason in reasons)
    assert any("assets is negative" in reason for reason in reasons)
    assert any("shares_outstanding is negative" in reason for reason in reasons)


@pytest.mark.parametrize("row", [7, None, "2025", ["2025-06-30"]])
def test_entry_that_is_no_object_is_rejected_in_words(row):
    document = {"cik": 1, "facts": {"us-gaap": {"Assets": {"units": {"USD": [row]}}}}}
    (error,) = parse(json.dumps(document).encode(), "f", today=TODAY).rejects
    assert error.reason.endswith("is no entry")


@pytest.mark.parametrize(
    "data", [b"", b"<html>busy</html>", b"[]", b'{"cik": 1}', DOCUMENT.read_bytes()[:900], b"\xff\xfe{"]
)
def test_document_of_another_kind_is_rejected_whole(data):
    with pytest.raises(ParseError):
        parse(data, "f", today=TODAY)


@given(st.integers(0, 8000), st.binary(max_size=6))
def test_mutated_document_never_crashes(at, noise):
    data = DOCUMENT.read_bytes()
    try:
        found = parse(data[:at] + noise + data[at + len(noise) :], "f", today=TODAY)
    except ParseError:
        return
    for filing in found.filings.values():
        amounts(filing.entries)


@pytest.mark.django_db
def test_ingest_twice_changes_nothing_the_second_time(tmp_path):
    company = CompanyFactory(cik="0009000001")
    first = ingest(DOCUMENT)
    second = ingest(DOCUMENT)
    assert first.read == sum((first.created, first.updated, first.unchanged, first.skipped, first.rejected))
    assert first.created > 10
    assert first.rejected == 4
    assert (second.created, second.updated, second.read) == (0, 0, first.read)
    assert Signal.objects.filter(company=company, signal_type="financial_snapshot").count() == 3
    fact = FinancialFact.objects.get(company=company, concept="cash", period_end="2025-03-31")
    assert fact.available_at.astimezone(dt.UTC) == dt.datetime(2025, 5, 8, 4, tzinfo=dt.UTC)
    assert FinancialFact.objects.get(company=company, concept="assets").unit == "EUR"


@pytest.mark.django_db
def test_company_outside_the_universe_is_skipped():
    outcome = ingest(DOCUMENT)
    assert outcome.read == outcome.skipped > 0
    assert not FinancialFact.objects.exists()


@pytest.mark.django_db
def test_zip_with_path_that_climbs_out_and_bomb_are_rejected_rest_goes_in(tmp_path):
    CompanyFactory(cik="0009000001")
    path = tmp_path / "companyfacts.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../CIK0009000009.json", "{}")
        archive.writestr("CIK0009000008.json", b" " * 40_000_000)
        archive.writestr("CIK0009000007.json", "{}")
        archive.write(DOCUMENT, DOCUMENT.name)
    outcome = ingest(path)
    reasons = {error.reason for error in outcome.rejects}
    assert "its path climbs out of the archive" in reasons
    assert any("times its size" in reason for reason in reasons)
    assert outcome.created > 10


@pytest.mark.django_db
def test_nothing_readable_is_an_error(tmp_path):
    (tmp_path / "CIK0009000001.json").write_text("<html>")
    with pytest.raises(IngestError, match="could be read"):
        ingest(tmp_path)


@pytest.mark.django_db
def test_dry_run_keeps_nothing():
    CompanyFactory(cik="0009000001")
    assert ingest(DOCUMENT, dry_run=True).created > 10
    assert not FinancialFact.objects.exists()


# Read by hand from the documents, by tag, period end and day of filing.
REAL = [
    ("0001640147", "2022-04-15", "cash", "2022-01-31", 1_085_729_000),
    ("0001640147", "2022-04-15", "short_term_investments", "2022-01-31", 2_766_364_000),
    ("0001640147", "2022-04-15", "long_term_investments", "2022-01-31", 1_256_207_000),
    ("0001640147", "2024-12-15", "cash", "2024-10-31", 2_148_928_000),
    ("0001640147", "2024-12-15", "public_float", "2023-07-31", 56_600_000_000),
    ("0001835632", "2022-04-15", "cash", "2022-01-29", 613_533_000),
    ("0001835632", "2022-06-15", "cash", "2022-01-29", 613_500_000),
    ("0001835632", "2022-04-15", "long_term_debt", "2022-01-29", 4_484_811_000),
    ("0001835632", "2022-04-15", "short_term_debt", "2022-01-29", 63_166_000),
    ("0001835632", "2024-04-15", "assets", "2024-02-03", 21_228_500_000),
]
# (CIK, day, liquid funds, trailing operating cash flow): the latter is the year, or year + to date - last to date.
REAL_FIGURES = [
    ("0001640147", "2022-04-15", 5_108_300_000, 110_179_000),
    ("0001640147", "2022-06-15", None, 110_179_000 + 184_613_000 - 21_854_000),
    ("0001640147", "2024-12-15", 2_148_928_000 + 2_008_062_000 + 892_777_000, 848_122_000 + 527_039_000 - 503_542_000),
    ("0001835632", "2022-04-15", 613_533_000, 819_368_000),
    ("0001835632", "2024-04-15", 950_800_000, 1_370_500_000),
    ("0001835632", "2024-06-15", None, 1_370_500_000 + 324_500_000 - 208_400_000),
]


@pytest.mark.django_db
def test_real_documents_give_what_a_reader_finds(shared_data):
    folder = shared_data / "edgar" / "companyfacts"
    for cik in ("0001640147", "0001835632"):
        CompanyFactory(cik=cik)
    assert ingest(folder).rejected == 0
    assert ingest(folder).created == 0
    for cik, day, concept, end, value in REAL:
        known = FinancialFact.objects.filter(company__cik=cik, concept=concept, period_end=end).known_by_day(
            dt.date.fromisoformat(day)
        )
        assert known.latest("available_at").value == value, (cik, day, concept)
    for cik, day, liquid, flow in REAL_FIGURES:
        rows = FinancialFact.objects.filter(company__cik=cik).values_list(*FIELDS)
        found = figures([Fact(*row) for row in rows], dt.date.fromisoformat(day))
        assert found.quarterly_burn is not None
        assert found.quarterly_burn.value * -4 == flow, (cik, day)
        if liquid is not None:
            assert found.liquid_funds is not None
            assert found.liquid_funds.value == liquid, (cik, day)


def test_depreciation_and_amortisation_apart_are_figures_of_their_own_and_no_total():
    start, end = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
    reported = {
        "Depreciation": 170, "AmortizationOfIntangibleAssets": 120, "AdjustmentForAmortization": 130,
        "AmortizationOfDebtDiscountPremium": 5,
    }  # fmt: skip
    found = amounts(Entry(tag, start, end, Decimal(value), "USD") for tag, value in reported.items() if is_wanted(tag))
    assert {(each.concept, each.value) for each in found} == {
        ("depreciation", 170), ("amortization_of_intangibles", 120),
    }  # fmt: skip
