"""`ingest universe` from end to end: what it writes, what it leaves alone, and what it says about faulty input."""

from __future__ import annotations

import gzip
import json
import shutil
import threading
import zipfile
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company, DrugCandidate
from companies.services import archive_company
from signals_app.ingest.starter import load_starter
from signals_app.ingest.universe import run as universe_run
from signals_app.models import FinancialFact, Signal

FIXTURE = Path(__file__).resolve().parent.parent / "data" / "universe"

pytestmark = pytest.mark.django_db


def ingest(*paths: Path, **options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("ingest", "universe", paths=list(paths), json=True, stdout=out, **options)
    outcome: dict[str, Any] = json.loads(out.getvalue())
    fates = ("created", "updated", "unchanged", "skipped", "rejected")
    assert outcome["read"] == sum(outcome[fate] for fate in fates)
    return outcome


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the small universe, to be spoilt by a test."""
    return Path(shutil.copytree(FIXTURE, tmp_path / "universe"))


def spoil(path: Path, *rows: str) -> None:
    path.write_text(path.read_text() + "\n".join(rows) + "\n")


def test_universe_becomes_companies_candidates_facts_and_signals() -> None:
    outcome = ingest(FIXTURE)
    assert (outcome["read"], outcome["created"], outcome["updated"], outcome["unchanged"]) == (26, 21, 0, 0)
    alpha = Company.objects.get(ticker="TSTA")
    assert (alpha.cik, alpha.name, alpha.market_cap_usd) == ("0009000001", "Testbio Alpha, Inc.", Decimal(330000000))
    assert alpha.market_cap_as_of == date(2026, 5, 31)
    assert Company.objects.get(ticker="TSTB").cik == "0009000002"
    assert Company.objects.get(ticker="TSTC").market_cap_usd is None
    assert FinancialFact.objects.count() == 10
    types = list(Signal.objects.order_by("signal_type").values_list("signal_type", flat=True))
    assert types.count("financial_snapshot") == 4
    assert types.count("trial_results_posted") == 2
    assert [kind for kind in types if kind.startswith("fda")] == [
        "fda_approval",
        "fda_supplement",
        "fda_tentative_approval",
    ]


def test_second_run_changes_nothing() -> None:
    ingest(FIXTURE)
    before = list(Company.objects.order_by("id").values()), list(DrugCandidate.objects.order_by("id").values())
    outcome = ingest(FIXTURE)
    assert (outcome["created"], outcome["updated"], outcome["unchanged"]) == (0, 0, 21)
    assert before == (
        list(Company.objects.order_by("id").values()),
        list(DrugCandidate.objects.order_by("id").values()),
    )


def test_restated_period_stands_beside_the_original_and_each_is_known_from_its_filing() -> None:
    ingest(FIXTURE)
    flows = FinancialFact.objects.filter(company__ticker="TSTA", concept="operating_cash_flow").order_by("available_at")
    assert [(fact.value, fact.form) for fact in flows] == [(-40000000, "10-K"), (-44000000, "10-K/A")]
    assert flows[0].available_at == datetime(2026, 3, 10, tzinfo=NEW_YORK)
    assert flows[0].signal.source_id != flows[1].signal.source_id
    assert flows[1].signal.signal_type == "financial_snapshot"
    assert flows[1].signal.available_at == flows[1].available_at


def test_figures_are_derived_after_the_load() -> None:
    ingest(FIXTURE)
    alpha, beta, gamma = (Company.objects.get(ticker=ticker) for ticker in ("TSTA", "TSTB", "TSTC"))
    # 60 m + 20 m; 44 m a year as restated; 80 / 11 = 7.27 quarters.
    assert (alpha.cash_position_usd, alpha.quarterly_burn_rate_usd) == (80_000_000, 11_000_000)
    assert (alpha.runway_quarters, alpha.is_cash_constrained) == (Decimal("7.27"), False)
    # 10 m of cash in 90 m of assets and no securities: incomplete.
    assert (beta.cash_position_usd, beta.runway_quarters, beta.is_cash_constrained) == (None, None, None)
    assert beta.field_sources["cash_position_usd"]["note"] == "liquidity_incomplete"
    assert beta.field_sources["cash_position_usd"]["id"] == "0009000002-26-000001"
    assert beta.quarterly_burn_rate_usd == 2_000_000
    # Filed on a 20-F: the currency is not known.
    assert gamma.cash_position_usd is gamma.quarterly_burn_rate_usd is None
    assert alpha.field_sources["cash_position_usd"] == {
        "source": "edgar",
        "id": "0009000001-26-000001",
        "as_of": "2025-12-31",
    }


def test_foreign_forms_leave_the_unit_empty() -> None:
    ingest(FIXTURE)
    units = dict(FinancialFact.objects.filter(concept="cash").values_list("company__ticker", "unit"))
    assert units == {"TSTA": "USD", "TSTB": "USD", "TSTC": None}


def test_trial_arms_become_own_drugs_at_their_furthest_phase() -> None:
    ingest(FIXTURE)
    found = DrugCandidate.objects.order_by("name").values_list("name", "indication", "phase", "therapeutic_area")
    assert list(found) == [
        ("TBA-101", "Obesity", "phase_2", "metabolic"),
        ("TBA-202", "Plaque psoriasis", "discontinued", "dermatology"),
    ]
    drug = DrugCandidate.objects.get(name="TBA-101")
    assert drug.additional_data["nct_ids"] == ["NCT90000001", "NCT90000002"]
    assert drug.mechanism is drug.orphan_designation is drug.fast_track is None
    assert Company.objects.get(ticker="TSTA").therapeutic_areas == ["metabolic"]


def test_sponsor_that_is_not_the_company_is_rejected_with_its_name() -> None:
    outcome = ingest(FIXTURE)
    assert outcome["rejects"] == [
        {"file": "fda_decisions.csv", "line": 4, "reason": "sponsor BAYER HEALTHCARE is not Testbio Beta plc"}
    ]
    assert not Signal.objects.filter(signal_data__application_number="NDA900002").exists()


def test_company_that_is_not_in_the_universe_is_skipped_without_error() -> None:
    assert ingest(FIXTURE / "companies.csv", FIXTURE / "financial_facts.csv")["skipped"] == 1
    assert not Company.objects.filter(ticker="NONE").exists()


def test_analysts_value_is_kept_and_the_refusal_listed() -> None:
    Company.objects.create(
        ticker="TSTA",
        cik="0009000001",
        name="Alpha as we call it",
        market_cap_usd=1,
        field_sources={"market_cap_usd": {"source": "curated"}, "name": {"source": "curated"}},
    )
    outcome = ingest(FIXTURE)
    company = Company.objects.get(ticker="TSTA")
    assert (company.name, company.market_cap_usd) == ("Alpha as we call it", 1)
    assert any("TSTA: market_cap_usd stays 1" in refusal for refusal in outcome["refusals"])
    assert ingest(FIXTURE)["updated"] == 0


def test_value_without_a_note_of_its_origin_counts_as_an_analysts() -> None:
    Company.objects.create(ticker="TSTA", cik="0009000001", name="Alpha", market_cap_usd=5)
    ingest(FIXTURE)
    assert Company.objects.get(ticker="TSTA").market_cap_usd == 5


def test_older_market_cap_does_not_replace_a_newer_one() -> None:
    note = {"source": "prices", "as_of": "2026-06-15"}
    Company.objects.create(
        ticker="TSTA",
        cik="0009000001",
        name="Testbio Alpha, Inc.",
        market_cap_usd=7,
        market_cap_as_of=date(2026, 6, 15),
        field_sources={"market_cap_usd": note, "market_cap_as_of": note},
    )
    ingest(FIXTURE)
    company = Company.objects.get(ticker="TSTA")
    assert (company.market_cap_usd, company.market_cap_as_of) == (7, date(2026, 6, 15))


def test_curated_figure_survives_the_refresh() -> None:
    ingest(FIXTURE)
    company = Company.objects.get(ticker="TSTA")
    company.cash_position_usd = Decimal(123)
    company.field_sources = {**company.field_sources, "cash_position_usd": {"source": "curated"}}
    company.save()
    ingest(FIXTURE)
    assert Company.objects.get(ticker="TSTA").cash_position_usd == 123


def test_candidate_that_an_analyst_renamed_is_found_again() -> None:
    ingest(FIXTURE)
    drug = DrugCandidate.objects.get(name="TBA-101")
    drug.name, drug.phase = "alphatide", "phase_3"
    drug.field_sources = {**drug.field_sources, "phase": {"source": "curated"}}
    drug.save()
    outcome = ingest(FIXTURE)
    assert outcome["created"] == 0
    assert not DrugCandidate.objects.filter(name="TBA-101").exists()
    assert DrugCandidate.objects.get(name="alphatide").phase == "phase_3"


def test_archived_company_stays_archived_and_its_rows_are_skipped() -> None:
    ingest(FIXTURE)
    archive_company(row=Company.objects.get(ticker="TSTA"))
    outcome = ingest(FIXTURE)
    assert not Company.objects.filter(ticker="TSTA").exists()
    assert Company.all_objects.filter(cik="0009000001").count() == 1
    assert outcome["created"] == 0


def test_faulty_rows_are_rejected_and_the_others_go_in(folder: Path) -> None:
    spoil(
        folder / "companies.csv",
        "TSTD,0009000004,Testbio Delta,-5,2026-05",
        "TSTA,0009000005,Twice,1,2026-05",
        "TSTE,abc,No CIK,1,2026-05",
        "too,few",
    )
    spoil(folder / "programs.csv", "TSTA,NCT90000006,TBA-303,,,Obesity,PHASE9,RECRUITING")
    spoil(
        folder / "financial_facts.csv",
        "TSTA,0009000001,cash,,2025-12-31,x,2026-03-10,10-K,0009000001-26-000001",
        "TSTA,0009000001,cash,,2025-12-31,5,2999-03-10,10-K,0009000001-26-000001",
    )
    outcome = ingest(folder)
    reasons = {(reject["file"], reject["line"]): reject["reason"] for reject in outcome["rejects"]}
    assert outcome["rejected"] == 8
    assert "negative" in reasons["companies.csv", 5]
    assert reasons["companies.csv", 6] == "duplicate ticker TSTA, first on line 2"
    assert "CIK" in reasons["companies.csv", 7]
    assert "columns" in reasons["companies.csv", 8]
    assert "unknown" in reasons["programs.csv", 8]
    assert "no number" in reasons["financial_facts.csv", 13]
    assert "future" in reasons["financial_facts.csv", 14]
    assert outcome["created"] == 21


def test_ticker_of_another_live_company_is_rejected() -> None:
    Company.objects.create(ticker="TSTA", cik="0008888888", name="Holder of the ticker")
    reasons = [reject["reason"] for reject in ingest(FIXTURE / "companies.csv")["rejects"]]
    assert reasons == ["ticker TSTA belongs to Holder of the ticker (CIK 0008888888)"]


@pytest.mark.parametrize(("name", "is_joined"), [("TESTBIO ALPHA INC", True), ("Another Holder Corp", False)])
def test_ticker_alone_joins_no_two_companies_one_of_which_has_no_cik(name: str, is_joined: bool) -> None:
    held = Company.objects.create(ticker="TSTA", name=name)
    reasons = [reject["reason"] for reject in ingest(FIXTURE / "companies.csv")["rejects"]]
    held.refresh_from_db()
    assert (held.cik is not None) == is_joined
    assert [reason.partition(":")[0] for reason in reasons] == (
        [] if is_joined else [f"ticker TSTA belongs to {name}, and Testbio Alpha, Inc. may be another company"]
    )


def test_gzip_that_ends_early_is_reported_and_what_was_readable_goes_in(folder: Path) -> None:
    head, *rows = (folder / "financial_facts.csv").read_text().splitlines()
    many = "\n".join([head, *rows, *(rows[0].replace("60000000", str(60000000 + n)) for n in range(5000))])
    packed = gzip.compress(many.encode())
    (folder / "financial_facts.csv").unlink()
    (folder / "financial_facts.csv.gz").write_bytes(packed[: len(packed) - len(packed) // 4])
    outcome = ingest(folder)
    assert {"file": "financial_facts.csv.gz", "line": None} in [
        {"file": reject["file"], "line": reject["line"]} for reject in outcome["rejects"]
    ]
    assert FinancialFact.objects.count() > 10


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a;b\n1;2\n", 1, "is not the header of a universe file"),
        ("", None, "is empty"),
        ("<html><body>Sign in</body></html>", None, "is a web page"),
        (
            "ticker,nct_id,drug,molecule_type,mechanism,indication,status\n",
            1,
            "is not the header of a universe file; for programs it lacks phase",
        ),
    ],
)
def test_file_of_another_format_is_rejected_once_and_the_others_go_in(
    folder: Path, text: str, line: int | None, reason: str
) -> None:
    (folder / "programs.csv").write_text(text)
    outcome = ingest(folder)
    assert {"file": "programs.csv", "line": line, "reason": reason} in outcome["rejects"]
    assert outcome["rejected"] == 2  # and the decision of another sponsor
    assert Company.objects.count() == 3


def test_folder_without_a_readable_file_is_an_error(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_text("a;b\n1;2\n")
    with pytest.raises(CommandError, match=r"none of the 5 rows could be read.*is not the header of a universe file"):
        ingest(folder)


def test_nothing_readable_is_an_error_of_one_line(folder: Path) -> None:
    head = (folder / "companies.csv").read_text().splitlines()[0]
    (folder / "companies.csv").write_text(f"{head}\nx,y\n")
    with pytest.raises(CommandError, match=r"none of the 1 rows could be read.*line 2") as error:
        ingest(folder / "companies.csv")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("paths", [[], [Path("/nonexistent/universe")]])
def test_missing_input_is_an_error(paths: list[Path]) -> None:
    with pytest.raises(CommandError):
        ingest(*paths)


def test_sources_that_do_not_exist_are_refused() -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("ingest", "bloomberg")


def test_dry_run_reports_and_keeps_nothing() -> None:
    assert ingest(FIXTURE, dry_run=True)["created"] == 21
    assert not Company.objects.exists()
    assert not Signal.objects.exists()


def test_crash_on_the_way_leaves_the_state_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(**_: Any) -> int:
        raise RuntimeError("power cut")

    monkeypatch.setattr(universe_run, "refresh_company_figures", crash)
    with pytest.raises(RuntimeError):
        ingest(FIXTURE)
    assert not Company.objects.exists()
    assert not FinancialFact.objects.exists()


def test_since_option_leaves_out_what_was_known_before() -> None:
    ingest(FIXTURE, since=date(2026, 4, 1))
    assert list(FinancialFact.objects.values_list("accession", flat=True)) == ["0009000001-26-000002"]
    assert not Signal.objects.exclude(signal_type="financial_snapshot").exists()


def test_zip_is_read_like_the_folder(tmp_path: Path) -> None:
    packed = tmp_path / "universe.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in FIXTURE.iterdir():
            archive.write(path, path.name)
    assert ingest(packed)["created"] == 21


def test_summary_for_people_names_the_counts(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ingest", "universe", paths=[FIXTURE])
    shown = capsys.readouterr()
    assert "26 rows read: 21 created, 0 updated" in shown.out
    assert "rejected: fda_decisions.csv, line 4" in shown.err


def test_whole_universe_loads_twice_without_change(shared_data: Path) -> None:
    if timezone.localdate() < date(2026, 7, 1):
        pytest.skip("the market caps are of June 2026")
    first = ingest(shared_data / "universe")
    assert Company.objects.count() == 223
    assert FinancialFact.objects.count() == 194_368
    assert Signal.objects.filter(signal_type="financial_snapshot").count() == 7257
    assert Signal.objects.filter(signal_type="fda_approval").count() == 60
    assert first["read"] == 200_692
    second = ingest(shared_data / "universe")
    assert (second["created"], second["updated"]) == (0, 0)
    assert second["rejected"] == first["rejected"]


@pytest.mark.django_db(transaction=True)
def test_two_ingests_at_once_take_turns() -> None:
    faults: list[BaseException] = []

    def load() -> None:
        try:
            ingest(FIXTURE)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert (Company.objects.count(), DrugCandidate.objects.count(), FinancialFact.objects.count()) == (3, 2, 10)


def test_universe_over_the_starter_data_changes_nothing_twice(shared_data: Path) -> None:
    load_starter()
    ingest(shared_data / "universe")
    expiries = DrugCandidate.objects.filter(patent_expiry__isnull=False).count()
    assert expiries >= 90
    second = ingest(shared_data / "universe")
    assert (second["created"], second["updated"]) == (0, 0)
    again = load_starter()
    assert (again.created, again.updated) == (0, 0)
    assert DrugCandidate.objects.filter(patent_expiry__isnull=False).count() == expiries
