"""Pre-funded warrants: counted where a filing says how many are outstanding, shown apart, in no other figure."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from biotech_ma.core.market_day import NEW_YORK
from signals_app.figures import figures
from signals_app.ingest.base import Request
from signals_app.ingest.xbrl.fsds.run import run
from signals_app.knowledge import Unknown
from signals_app.models import FinancialFact
from signals_app.periods import Fact
from tests.factories import CompanyFactory

ACCESSION = "0009000002-26-000001"
OUTSTANDING = "ClassOfWarrantOrRightOutstanding"
PLAIN, SERIES_A, SERIES_B = (f"ClassOfWarrantOrRight={kind};" for kind in (
    "PreFundedWarrants", "SeriesAPrefundedWarrants", "SeriesBPrefundedWarrants"
))  # fmt: skip


def load(folder: Path, *rows: tuple[str, str, str, str]) -> None:
    head = "adsh\tcik\tname\tsic\tform\tfiled\taccepted\tformer\tchanged"
    one = f"{ACCESSION}\t9000002\tBRACKEN TESTBIO INC\t2836\t10-Q\t20260512\t2026-05-12 16:31:00.0\t\t"
    (folder / "sub.txt").write_text(f"{head}\n{one}\n")
    lines = ["adsh\ttag\tversion\tddate\tqtrs\tuom\tsegments\tcoreg\tvalue"]
    for tag, segments, unit, value in rows:
        version = ACCESSION if "Prefunded" in tag else "us-gaap/2025"
        lines.append(f"{ACCESSION}\t{tag}\t{version}\t20260331\t0\t{unit}\t{segments}\t\t{value}")
    (folder / "num.txt").write_text("\n".join(lines) + "\n")
    run(Request((folder,)), lambda step: None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "shares"),
    [
        ([(OUTSTANDING, PLAIN, "shares", "5200000")], [5_200_000]),
        # the series where the kind has no total, the total where it has one
        ([(OUTSTANDING, SERIES_A, "shares", "300"), (OUTSTANDING, SERIES_B, "shares", "300")], [600]),
        ([(OUTSTANDING, SERIES_A, "shares", "300"), (OUTSTANDING, PLAIN, "shares", "700")], [700]),
        ([("NumberOfPrefundedWarrantsOutstanding", "", "shares", "41")], [41]),
        # all warrants, ordinary ones, their value, a part of the kind, what was called at the issue
        ([(OUTSTANDING, "", "shares", "9")], []),
        ([(OUTSTANDING, "ClassOfWarrantOrRight=SeriesAWarrants;", "shares", "9")], []),
        ([(OUTSTANDING, PLAIN, "USD", "9")], []),
        ([(OUTSTANDING, f"{PLAIN}SubsidiarySaleOfStock=PrivatePlacement;", "shares", "9")], []),
        ([("ClassOfWarrantOrRightNumberOfSecuritiesCalledByWarrantsOrRights", PLAIN, "shares", "9")], []),
    ],
)
def test_number_outstanding_is_taken_and_no_other(tmp_path, rows, shares):
    load(tmp_path, *rows)
    found = FinancialFact.objects.filter(concept="prefunded_warrants")
    assert [int(fact.value) for fact in found] == shares
    assert {fact.unit for fact in found} <= {"shares"}
    assert not FinancialFact.objects.exclude(concept="prefunded_warrants").exists()


def fact(end: str, value: int, known: str, concept: str = "prefunded_warrants", unit: str = "shares") -> Fact:
    available = dt.datetime.fromisoformat(known).replace(tzinfo=NEW_YORK)
    return Fact(concept, None, dt.date.fromisoformat(end), Decimal(value), unit, "10-Q", known, available, "edgar")


def test_newest_number_known_by_the_day_is_apart_from_the_market_cap():
    facts = [
        fact("2025-12-31", 100, "2026-03-10"),
        fact("2026-03-31", 70, "2026-05-12"),
        fact("2026-05-29", 900, "2026-05-29", "market_cap", "USD"),
    ]
    found = figures(facts, dt.date(2026, 5, 29))
    assert found.prefunded_warrants is not None
    assert (found.prefunded_warrants.value, found.prefunded_warrants.accessions) == (70, ("2026-05-12",))
    assert found.market_cap_usd == 900
    before = figures(facts, dt.date(2026, 5, 11)).prefunded_warrants
    assert before is not None
    assert before.value == 100
    late = figures(facts, dt.date(2026, 12, 1))
    assert (late.prefunded_warrants, late.unknown["prefunded_warrants"]) == (None, Unknown.STALE)


@pytest.mark.django_db
def test_company_page_shows_what_no_column_holds():
    company = CompanyFactory(ticker="TSTA", cik="0009000002", market_cap_usd=None, market_cap_as_of=None)
    User.objects.create_superuser("desk", password="x")
    browser = Browser()
    browser.force_login(User.objects.get())
    page = reverse("admin:companies_company_view", args=[company.pk])
    assert "Pre-funded warrants" not in browser.get(page).content.decode()
    for concept, start, value, unit in (
        ("prefunded_warrants", None, 5_200_000, "shares"),
        ("public_float", None, 80_000_000, "USD"),
        ("operating_cash_flow", dt.date(2026, 1, 1), -9_000_000, "USD"),
    ):
        FinancialFact.objects.create(
            company=company, concept=concept, period_start=start, period_end=dt.date(2026, 3, 31), value=value,
            unit=unit, form="10-Q", accession=ACCESSION, source="edgar",
            available_at=dt.datetime(2026, 5, 12, tzinfo=NEW_YORK),
        )  # fmt: skip
    answer = browser.get(page)
    filing = f"https://www.sec.gov/Archives/edgar/data/9000002/000900000226000001/{ACCESSION}-index.htm"
    links = {fact.label: fact.links for fact in answer.context["facts"]}
    for label in ("Burn, last quarter", "Public float", "Pre-funded warrants"):
        assert links[label] == ((f"Filing {ACCESSION}", filing),)
    shown = answer.content.decode()
    assert "shares, as of 2026-03-31; not in the market cap" in shown
    assert "of 2026-03-31; stands in for a market cap" in shown
    assert "the quarter to 2026-03-31" in shown
