"""Which companies an ingest is for: `--company` takes a ticker, a CIK or another name, and says what it cannot find."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from companies.models import Company, CompanyAlias
from signals_app.ingest.directory import asked
from signals_app.models import FinancialFact
from tests.signals_app.test_ingest_command import FIXTURE, ingest

pytestmark = pytest.mark.django_db


def test_company_option_takes_ticker_or_cik() -> None:
    ingest(FIXTURE, companies=["tsta"])
    assert list(Company.objects.values_list("ticker", flat=True)) == ["TSTA"]
    ingest(FIXTURE, companies=["9000002"])
    assert set(Company.objects.values_list("ticker", flat=True)) == {"TSTA", "TSTB"}
    assert not FinancialFact.objects.filter(company__ticker="TSTC").exists()


@pytest.mark.parametrize(
    ("word", "rows"),
    [
        ("OLDT", {"0009000001"}),
        ("FORMER BIO, INC.", {"0009000001"}),
        ("ALPHA TESTBIO", {"0009000001"}),
        ("0009000001", {"0009000001"}),
        # a live ticker is itself, whoever had it before
        ("TSTB", {"0009000002"}),
        # without a CIK a company's rows are told by its ticker
        ("GAMMA", {"TSTC"}),
    ],
)
def test_company_is_found_under_its_other_names(word: str, rows: set[str]) -> None:
    alpha = Company.objects.create(ticker="TSTA", cik="0009000001", name="Alpha Testbio")
    Company.objects.create(ticker="TSTB", cik="0009000002", name="Beta Testbio")
    Company.objects.create(ticker="TSTC", name="Gamma")
    for kind, alias in (("former_ticker", "OLDT"), ("former_ticker", "TSTB"), ("former_name", "Former Bio Inc")):
        CompanyAlias.objects.create(company=alpha, kind=kind, alias=alias)
    found = asked([word])
    assert (found.companies, found.new) == (rows, ())


def test_name_of_nobody_is_told_apart() -> None:
    Company.objects.create(ticker="TSTA", cik="0009000001", name="Alpha Testbio")
    found = asked(["TSTA", "UNHEARD"])
    assert (found.companies, found.new) == ({"0009000001", "UNHEARD"}, ("UNHEARD",))


def test_company_nobody_knows_is_refused_with_the_near_ones() -> None:
    Company.objects.create(ticker="TSTA", cik="0009000001", name="Alpha Testbio")
    line = r"TSTX is no company of the desk \(near: TSTA\); clinicaltrials makes no new ones"
    with pytest.raises(CommandError, match=line):
        call_command("ingest", "clinicaltrials", paths=[FIXTURE], companies=["TSTX"])


def test_one_unknown_company_among_known_ones_is_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    ingest(FIXTURE)
    call_command("ingest", "universe", paths=[FIXTURE], companies=["TSTA", "TSTX"], json=True)
    shown = capsys.readouterr()
    assert json.loads(shown.out)["unchanged"] > 0
    assert shown.err.splitlines() == [
        "no row concerns TSTX",
        "TSTX is no company of the desk (near: TSTC, TSTB, TSTA)",
    ]


def test_source_that_makes_companies_says_where_its_file_has_none_of_the_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(CommandError, match=r"no row concerns TSTX; TSTX is no company of the desk"):
        call_command("ingest", "universe", paths=[FIXTURE], companies=["TSTX"], json=True)
    assert json.loads(capsys.readouterr().out)["skipped"] > 0
    assert ingest(FIXTURE, companies=["TSTA"])["created"] > 0


def test_known_company_without_a_row_is_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    Company.objects.create(ticker="TSTZ", cik="0009000077", name="Zeta Testbio")
    call_command("ingest", "universe", paths=[FIXTURE], companies=["TSTZ"], since=date(2026, 4, 1))
    assert capsys.readouterr().err == "no row known since 2026-04-01 concerns TSTZ\n"


def test_name_that_leads_to_two_companies_asks_for_the_cik() -> None:
    for number in (1, 2):
        company = Company.objects.create(cik=f"000900000{number}", name=f"Testbio {number}")
        CompanyAlias.objects.create(company=company, kind="former_ticker", alias="OLDT")
    with pytest.raises(CommandError, match=r"OLDT may mean Testbio 1 \(CIK 0009000001\) or Testbio 2 .*: give the CIK"):
        ingest(FIXTURE, companies=["OLDT"])
