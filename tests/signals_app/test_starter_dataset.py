"""The starter data set: what ships, that every row has its source, and that loading it gives way to everything else."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from companies import starter
from companies.choices import Phase, Role, TherapeuticArea
from companies.models import Company, DrugCandidate
from companies.services import archive_company
from companies.starter import build, curated
from companies.starter.build.__main__ import main
from companies.starter.trials import Trial, furthest
from signals_app.ingest.starter import load_starter
from signals_app.models import FinancialFact, Signal
from signals_app.refresh import ledger_day, refresh_company_figures

COMPANIES = list(starter.rows(starter.COMPANIES))
CANDIDATES = list(starter.rows(starter.CANDIDATES))
SIGNALS = list(starter.rows(starter.SIGNALS))
FACTS = list(starter.rows(starter.FACTS))


def test_data_set_is_large_enough_and_under_two_megabytes() -> None:
    assert len(COMPANIES) >= 150
    assert len(CANDIDATES) >= 400
    files = [path for path in Path(starter.FOLDER).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 2_000_000


def test_every_row_has_its_source() -> None:
    assert all(row["source"] and row["role_reason"] for row in COMPANIES)
    assert all(row["cik"] or row["buyer_kind"] for row in COMPANIES)
    assert all(row["source"] for row in CANDIDATES)
    assert all(row["source"] and row["source_id"] for row in SIGNALS)
    # What rests on a press release has no address here, and names the release instead.
    assert all(row["source_url"] or '"cited"' in row["signal_data"] for row in SIGNALS)
    assert all(row["accession"] and row["filed"] and row["form"] for row in FACTS)


def test_designations_and_expiries_stand_only_beside_their_citation() -> None:
    for row in CANDIDATES:
        assert bool(row["patent_expiry"]) == row["patent_source"].startswith("orangebook:")
        assert bool(row["orphan_designation"]) == row["orphan_source"].startswith("orangebook:")
        assert not row["approved_on"] or row["applications"]


@pytest.mark.parametrize(
    ("ticker", "role"),
    [
        ("AMGN", "acquirer"),
        ("SNY", "acquirer"),
        ("GILD", "acquirer"),
        ("VRTX", "acquirer"),
        ("TEVA", "acquirer"),
        ("CRL", "excluded"),
        ("AVTR", "excluded"),
        ("RPRX", "excluded"),
        ("ILMN", "excluded"),
        ("TECH", "excluded"),
        ("VKTX", "target"),
        ("MDGL", "target"),
        ("SRPT", "target"),
    ],
)
def test_role_is_curated(ticker: str, role: str) -> None:
    assert next(row["role"] for row in COMPANIES if row["ticker"] == ticker) == role


def test_no_company_of_twenty_billion_is_a_target() -> None:
    assert [
        row["ticker"]
        for row in COMPANIES
        if row["role"] == Role.TARGET and row["market_cap_usd"] and int(row["market_cap_usd"]) >= 20_000_000_000
    ] == []
    assert Counter(row["role"] for row in COMPANIES)["target"] >= 100


def test_vocabularies_are_ours() -> None:
    assert {row["phase"] for row in CANDIDATES} <= set(Phase.values)
    assert {row["therapeutic_area"] for row in CANDIDATES} <= {*TherapeuticArea.values, ""}
    assert {area for row in COMPANIES for area in row["therapeutic_areas"].split()} <= set(TherapeuticArea.values)


def test_one_row_a_drug_and_indication_and_none_of_an_excluded_company() -> None:
    keys = Counter((row["company"], row["name"].lower(), row["indication"].lower()) for row in CANDIDATES)
    assert [key for key, count in keys.items() if count > 1] == []
    excluded = {row["company"] for row in COMPANIES if row["role"] == Role.EXCLUDED}
    assert not excluded & {row["company"] for row in CANDIDATES}


@pytest.mark.parametrize(
    ("ticker", "word"),
    [
        ("AARD", "Low Dose"),
        ("ACRV", "Gemcitabine"),
        ("ALVO", "Humira"),
        ("ARVN", "Midazolam"),
        ("CELC", "Neratinib"),
        ("EXEL", "rosiglitazone"),
        ("IBRX", "Bevacizumab"),
        ("GH", ""),
        ("ABSI", ""),
    ],
)
def test_comparators_noise_and_strangers_are_not_there(ticker: str, word: str) -> None:
    names = [row["name"] for row in CANDIDATES if row["company"] == ticker]
    assert not [name for name in names if word.lower() in name.lower()]


@pytest.mark.parametrize(
    ("ticker", "name", "indication", "phase"),
    [
        ("ACAD", "pimavanserin", "Parkinson's disease psychosis", "approved"),
        ("MDGL", "resmetirom", "Metabolic dysfunction-associated steatohepatitis (NASH)", "approved"),
        ("VKTX", "VK2735", "Obesity", "phase_3"),
        ("AARD", "ARD-501", "Autism spectrum disorder", "phase_2"),
        ("VERA", "atacicept", "IgA nephropathy", "phase_3"),
    ],
)
def test_known_programme_stands_as_an_analyst_keeps_it(ticker: str, name: str, indication: str, phase: str) -> None:
    found = [
        row["phase"]
        for row in CANDIDATES
        if (row["company"], row["name"], row["indication"]) == (ticker, name, indication)
    ]
    assert found == [phase]


def test_approvals_are_originals_of_the_company_itself() -> None:
    approvals = [row for row in SIGNALS if row["signal_type"] == "fda_approval"]
    assert len(approvals) >= 60
    assert all('"submission_class": "ORIG"' in row["signal_data"] for row in approvals)
    assert not [row for row in SIGNALS if row["company"] == "VRDN" and "BAYER" in row["signal_data"]]


def test_nothing_is_from_after_the_data_sets_own_day() -> None:
    last = starter.STARTER_AS_OF.isoformat()
    assert all(row["filed"] <= last for row in FACTS)
    assert all(row["available_at"] <= last for row in SIGNALS)
    assert all(row["market_cap_as_of"] <= last for row in COMPANIES)


def test_companies_of_uncertain_currency_have_no_unit() -> None:
    ciks = {row["ticker"]: row["cik"] for row in COMPANIES}
    units = {(row["cik"], row["unit"]) for row in FACTS if row["concept"] == "cash"}
    assert {unit for cik, unit in units if cik == ciks["ABVX"]} == {""}
    assert {unit for cik, unit in units if cik == ciks["SNY"]} == {""}
    assert {unit for cik, unit in units if cik == ciks["MDGL"]} == {"USD"}


@pytest.mark.parametrize(
    ("trials", "expected"),
    [
        ([("PHASE1", "COMPLETED"), ("PHASE2", "RECRUITING")], ("phase_2", "active")),
        ([("PHASE2", "COMPLETED"), ("PHASE3", "TERMINATED")], ("phase_2", "completed")),
        ([("PHASE3", "TERMINATED"), ("PHASE2", "WITHDRAWN")], ("discontinued", "ended")),
        ([("PHASE3", "TERMINATED"), ("NA", "AVAILABLE")], ("phase_3", "active")),
        ([("PHASE2", "TERMINATED"), ("NA", "NO_LONGER_AVAILABLE")], ("discontinued", "ended")),
        ([("PHASE1", "UNKNOWN")], ("phase_1", "unknown")),
        ([("PHASE2", "UNKNOWN"), ("PHASE1", "COMPLETED")], ("phase_1", "completed")),
        ([("EARLY_PHASE1", "RECRUITING")], ("phase_1", "active")),
        ([("PHASE4", "COMPLETED")], ("approved", "approved")),
        ([("NA", "APPROVED_FOR_MARKETING")], ("approved", "approved")),
        ([("NA", "COMPLETED")], None),
    ],
)
def test_trials_add_up_to_a_phase(trials: list[tuple[str, str]], expected: tuple[str, str] | None) -> None:
    assert furthest([Trial("NCT90000001", phase, status) for phase, status in trials]) == expected


def test_curated_tables_use_known_words() -> None:
    assert {decision.role for decision in curated.companies().values()} <= set(Role.values)
    rules = list(starter.rows(curated.CURATION / "indications.csv"))
    assert all(bool(rule["indication"]) == bool(rule["area"]) for rule in rules)
    assert {rule["area"] for rule in rules} <= {*TherapeuticArea.values, ""}


def test_builder_gives_the_same_bytes_again(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert build.__doc__
    shipped = {
        name: getattr(starter, name).read_bytes() for name in ("COMPANIES", "ALIASES", "CANDIDATES", "SIGNALS", "FACTS")
    }
    for name in shipped:
        monkeypatch.setattr(starter, name, tmp_path / getattr(starter, name).name)
    monkeypatch.setattr(starter, "SHIPPED", tuple(getattr(starter, name) for name in shipped))
    assert main(["--from", str(shared_data)]) == 0
    assert {name: getattr(starter, name).read_bytes() for name in shipped} == shipped


@pytest.mark.django_db
def test_loading_twice_changes_nothing_the_second_time() -> None:
    first = load_starter()
    assert (first.created, first.rejected) == (len(COMPANIES) + len(CANDIDATES) + len(SIGNALS) + len(FACTS), 0)
    assert Company.objects.count() == len(COMPANIES)
    assert DrugCandidate.objects.count() == len(CANDIDATES)
    assert FinancialFact.objects.filter(source="starter").count() == len(FACTS)
    second = load_starter()
    assert (second.created, second.updated, second.skipped) == (0, 0, 0)
    assert Signal.objects.exclude(signal_type="financial_snapshot").count() == len(SIGNALS)


@pytest.mark.django_db
def test_loading_gives_way_to_other_sources_and_to_archiving() -> None:
    load_starter()
    company = Company.objects.get(ticker="VKTX")
    company.market_cap_usd = Decimal(1)
    company.field_sources = {**company.field_sources, "market_cap_usd": {"source": "prices"}}
    company.save()
    archive_company(row=Company.objects.get(ticker="AARD"))
    load_starter()
    assert Company.objects.get(ticker="VKTX").market_cap_usd == 1
    assert not Company.objects.filter(ticker="AARD").exists()


# Worked out by hand from the filings' figures (thousands of dollars), as of the data set's own day:
# AARD 47,051 + 62,976; 54,172 / 4; 110,027 / 13,543.  BMEA 55,812 of 58,572 in assets; 70,371 / 4.
# SRPT 801,282 + 138,368; 205,479 / 4; cap 2,200,000 + debt 828,974 - 939,650.  SIGA earned 43,471.453.
# VKTX: cash of 165,810 is 23 % of assets of 715,729, and no securities figure: incomplete.  ABVX files 20-F.
BY_HAND = {
    "AARD": ("110027000", "13543000", "8.12", False, None, None),
    "BMEA": ("55812000", "17592750", "3.17", True, None, None),
    "SRPT": ("939650000", "51369750", "18.29", False, "828974000", "2089324000"),
    "SIGA": ("154966414", "-10867863.25", None, False, None, None),
    "VKTX": (None, "69671250", None, None, None, None),
    "ABVX": (None, None, None, None, None, None),
}


@pytest.mark.django_db
def test_figures_agree_with_those_worked_out_by_hand() -> None:
    load_starter()
    assert ledger_day() == starter.STARTER_AS_OF
    for ticker, (liquid, burn, runway, constrained, debt, value) in BY_HAND.items():
        company = Company.objects.get(ticker=ticker)
        found = [
            company.cash_position_usd,
            company.quarterly_burn_rate_usd,
            company.runway_quarters,
            company.total_debt_usd,
            company.enterprise_value_usd,
        ]
        expected = [None if text is None else Decimal(text) for text in (liquid, burn, runway, debt, value)]
        assert (ticker, found) == (ticker, expected)
        assert company.is_cash_constrained is constrained


@pytest.mark.django_db
def test_figures_of_an_earlier_day_use_only_what_was_filed_by_then() -> None:
    load_starter()
    # SRPT on 2025-09-30: 510,598 + 289,541; year to June = -205,787 - 322,100 + 227,134 = -300,753; / 4.
    refresh_company_figures(day=date(2025, 9, 30))
    company = Company.objects.get(ticker="SRPT")
    assert company.cash_position_usd == Decimal("800139000")
    assert company.quarterly_burn_rate_usd == Decimal("75188250")
    assert company.runway_quarters == Decimal("10.64")


@pytest.mark.django_db
def test_figures_go_stale_after_two_hundred_days() -> None:
    load_starter()
    refresh_company_figures(day=date(2025, 12, 31) + timedelta(days=201))
    company = Company.objects.get(ticker="SRPT")
    assert company.cash_position_usd is company.quarterly_burn_rate_usd is company.runway_quarters is None
    assert company.field_sources["cash_position_usd"]["note"] == "stale"
