"""The universe files' rows: what is taken, and what is refused with which words."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals_app.ingest.base import ParseError
from signals_app.ingest.universe import own_drugs, parse
from signals_app.ingest.universe.cells import RowReader

TODAY = date(2026, 6, 30)
COMPANY = {
    "ticker": "tsta",
    "cik": "9000001",
    "name": " Testbio ",
    "market_cap_usd_approx": "330000000",
    "market_cap_as_of": "2026-05",
}
FACT = {
    "ticker": "TSTA",
    "cik": "0009000001",
    "concept": "cash",
    "start": "",
    "end": "2025-12-31",
    "value": "61641000",
    "filed": "2026-03-10",
    "form": "10-K",
    "accession": "0009000001-26-000001",
}
PROGRAM = {
    "ticker": "TSTA",
    "nct_id": "NCT90000001",
    "drug": "TBA-101",
    "molecule_type": "",
    "mechanism": "",
    "indication": "Obesity",
    "phase": "PHASE2",
    "status": "RECRUITING",
}
DECISION = {
    "ticker": "TSTA",
    "application_number": "NDA900001",
    "drug": "X",
    "submission_type": "NDA",
    "submission_class": "ORIG",
    "review": "priority",
    "decision_date": "2024-03-14",
    "outcome": "APPROVED",
    "sponsor": "TESTBIO",
}
RESULT = {"ticker": "TSTA", "nct_id": "NCT90000001", "phase": "phase2", "results_first_posted": "2025-01-22"}
ROWS = {"companies": COMPANY, "facts": FACT, "programs": PROGRAM, "results": RESULT, "decisions": DECISION}


def read(kind: str, **changes: str) -> object:
    values = {**ROWS[kind], **changes}
    return parse.KINDS[kind][1](RowReader("file.csv", 7, values, TODAY))


def test_company_row_is_brought_into_our_form() -> None:
    assert read("companies") == parse.CompanyRow(
        7, "TSTA", "0009000001", "Testbio", Decimal(330000000), date(2026, 5, 31)
    )


def test_market_cap_of_the_current_month_counts_from_today_at_the_latest() -> None:
    row = parse.company(RowReader("f", 2, {**COMPANY, "market_cap_as_of": "2026-06"}, date(2026, 6, 11)))
    assert row.market_cap_as_of == date(2026, 6, 11)


def test_company_without_market_cap_has_none_rather_than_zero() -> None:
    row = read("companies", market_cap_usd_approx="", market_cap_as_of="2026-05")
    assert (row.market_cap_usd, row.market_cap_as_of) == (None, None)


def test_fact_row_keeps_the_day_of_filing() -> None:
    assert read("facts", start="2025-01-01", concept="operating_cash_flow", value="-5.25") == parse.FactRow(
        7,
        "TSTA",
        "0009000001",
        "operating_cash_flow",
        date(2025, 1, 1),
        date(2025, 12, 31),
        Decimal("-5.25"),
        date(2026, 3, 10),
        "10-K",
        "0009000001-26-000001",
    )


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        ("companies", {"cik": "12345678901"}, "cik"),
        ("companies", {"cik": "0"}, "cik"),
        ("companies", {"cik": "٣٣"}, "cik"),
        ("companies", {"ticker": ""}, "ticker"),
        ("companies", {"ticker": "A B"}, "ticker"),
        ("companies", {"name": "  "}, "name is empty"),
        ("companies", {"name": "x" * 256}, "256 characters"),
        ("companies", {"market_cap_usd_approx": "-1"}, "negative"),
        ("companies", {"market_cap_usd_approx": "NaN"}, "no number"),
        ("companies", {"market_cap_usd_approx": "1e9"}, "no number"),
        ("companies", {"market_cap_as_of": "2027-01"}, "future"),
        ("companies", {"market_cap_as_of": "soon"}, "no day"),
        ("facts", {"value": "1,000"}, "no number"),
        ("facts", {"value": "Infinity"}, "no number"),
        ("facts", {"value": "9" * 19}, "no number"),
        ("facts", {"concept": "shares_outstanding", "value": "-1"}, "negative"),
        ("facts", {"concept": "cash", "value": "-1"}, "negative"),
        ("facts", {"filed": "2026-07-01"}, "future"),
        ("facts", {"filed": "2026-03-10T00:00:00"}, "no day"),
        ("facts", {"filed": "2026-02-30"}, "no day"),
        ("facts", {"end": "2026-03-11"}, "after the day of filing"),
        ("facts", {"start": "2026-01-01"}, "after end"),
        ("facts", {"end": "0204-12-31"}, "before 1900"),
        ("facts", {"accession": "26-1"}, "accession"),
        ("facts", {"concept": "Cash; drop table"}, "concept"),
        ("facts", {"form": ""}, "form is empty"),
        ("programs", {"phase": "PHASE5"}, "phase 'PHASE5' is unknown"),
        ("programs", {"status": "DONE"}, "status"),
        ("programs", {"nct_id": "NCT1"}, "nct_id"),
        ("programs", {"drug": ""}, "drug is empty"),
        ("results", {"results_first_posted": "2026-07-01"}, "future"),
        ("decisions", {"outcome": "MAYBE"}, "outcome"),
        ("decisions", {"submission_class": "NDA"}, "submission_class"),
        ("decisions", {"application_number": "900001"}, "application_number"),
    ],
)
def test_faulty_row_is_refused_with_file_line_and_reason(kind: str, changes: dict[str, str], words: str) -> None:
    with pytest.raises(ParseError) as refusal:
        read(kind, **changes)
    assert (refusal.value.file, refusal.value.line) == ("file.csv", 7)
    assert words in refusal.value.reason


@given(st.sampled_from(sorted(ROWS)), st.data())
def test_any_text_is_either_read_or_refused(kind: str, data: st.DataObject) -> None:
    column = data.draw(st.sampled_from(sorted(ROWS[kind])))
    text = data.draw(st.text(max_size=30))
    with contextlib.suppress(ParseError):
        assert read(kind, **{column: text}).line == 7


def test_file_is_recognised_by_its_columns() -> None:
    for kind, (columns, _) in parse.KINDS.items():
        assert parse.kind_of((*reversed(columns), "further")) == kind
    assert parse.kind_of(("ticker", "cik")) is None


@pytest.mark.parametrize(
    ("arm", "drug"),
    [
        ("Low Dose ARD-501", "ARD-501"),
        ("BMS-986278", "BMS-986278"),
        ("TBA 101 50 mg tablet", "TBA-101"),
        ("zanidatamab", "zanidatamab"),
        ("Placebo for ARD-501", None),
        ("Pembrolizumab", None),
        ("cisplatin", None),
        ("Questionnaire Administration", None),
        ("COVID-19 vaccine", None),
        ("HER2 testing", None),
        ("Exercise", None),
        ("Blood sample", None),
        ("", None),
    ],
)
def test_rules_take_development_codes_and_leave_out_comparators(arm: str, drug: str | None) -> None:
    assert own_drugs.own_drug(arm) == drug
