"""What becomes known later changes no earlier score: everything that can be added is, and the bytes stay the same.

Each kind of thing is added as well to what is known by the day, and then does change the bytes: so the first half tests
something.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company, DrugCandidate
from companies.services import archive_company, restore_company
from scoring.models import AcquirerMatch
from signals_app.models import FinancialFact, Signal
from tests.factories import AcquirerMatchFactory, CompanyFactory, DrugCandidateFactory
from tests.scoring.universe import DAY, candidate, company, moment, research, signal, trial

pytestmark = pytest.mark.django_db

BY, LATER = "2026-06-20", "2026-07-20"


@pytest.fixture
def universe() -> None:
    """Five targets: one of each stage, with figures, caps, studies, events and matches known by the day."""
    for number, phase in enumerate(("phase_1", "phase_2", "phase_3", "approved", "phase_2")):
        target = company(f"T{number}", cap=(number + 1) * 400_000_000)
        candidate(
            target, phase, name=f"TB-{number}", indication="Obesity", patent_expiry=f"203{number}-01-01",
            orphan_designation=True if number == 3 else None,
        )  # fmt: skip
        research(target, (number + 1) * 20_000_000)
        signal(target, "designation_orphan", "2025-01-01")
        AcquirerMatchFactory(target_company=target, match_date="2026-06-10", strategic_fit_score=Decimal(number))
    trial(of("T1"), "NCT00000001", "2026-02-01", drug="TB-1", phase="PHASE2", first_posted="2024-01-01")
    signal(of("T2"), "activist_stake", "2026-03-01")


def of(ticker: str) -> Company:
    return Company.all_objects.get(name=f"{ticker} Bio")


def drug(name: str) -> DrugCandidate:
    return DrugCandidate.all_objects.get(name=name)


def scored(capsys: pytest.CaptureFixture[str], day: dt.date = DAY) -> str:
    capsys.readouterr()
    call_command("score", "--as-of", str(day), "--json")
    return capsys.readouterr().out


def figure(day: str) -> None:
    research(of("T0"), 250_000_000, known=day, accession="0000000001-restated")


def quarter(day: str) -> None:
    research(of("T0"), 250_000_000, end="2026-06-15", known=day)


def version_of_a_study(day: str) -> None:
    trial(of("T1"), "NCT00000001", day, drug="TB-1", phase="PHASE3", first_posted="2024-01-01")


def first_version_of_a_study(day: str) -> None:
    trial(of("T0"), "NCT00000002", day, drug="TB-0", phase="PHASE3", first_posted=day)


def new_drug_of_an_old_study(day: str) -> None:
    """As the registry's source does: a row of its own, from a study registered long before its version was posted."""
    state = {"version": day, "first_posted": "2024-01-01", "phase": "PHASE3", "status": "RECRUITING"}
    candidate(
        of("T0"), "phase_3", name="TB-8", indication="Obesity",
        field_sources={"phase": {"source": "clinicaltrials", "id": "NCT00000003"}},
        additional_data={"origin": "tb-8|obesity", "status": "active", "trials": {"NCT00000003": state}},
    )  # fmt: skip
    trial(of("T0"), "NCT00000003", day, drug="TB-8", phase="PHASE3", first_posted="2024-01-01")


def approval(day: str) -> None:
    candidate(of("T4"), "nda_bla", name="TB-9", field_sources={"phase": {"source": "starter"}})
    signal(of("T4"), "fda_approval", day, drug="TB-9")


def approval_of_an_approved_drug(day: str) -> None:
    signal(of("T3"), "fda_approval", day, drug="TB-3")


def price(day: str) -> None:
    FinancialFact.objects.create(
        company=of("T0"), concept="market_cap", period_end=day, value=Decimal(3_000_000_000), unit="USD", form="price",
        source="prices", available_at=moment(day, 16),
    )  # fmt: skip


def deal(day: str) -> None:
    signal(of("T3"), "takeover_target", day)


def hold(day: str) -> None:
    signal(of("T2"), "clinical_hold", day, drug="TB-2")


def correction(day: str) -> None:
    wrong = Signal.objects.get(company=of("T0"), signal_type="designation_orphan")
    Signal.objects.create(
        company=of("T0"), signal_type="other", title="no orphan drug", supersedes=wrong, source="test",
        event_date=moment(day), available_at=moment(day),
    )  # fmt: skip


def corporate_event(day: str) -> None:
    signal(of("T0"), "strategic_review", day)


def filing(day: str) -> None:
    Signal.objects.create(
        company=of("T0"), signal_type="sec_filing", title="10-Q filed", source="edgar", signal_data={"form": "10-Q"},
        event_date=moment(day), available_at=moment(day),
    )  # fmt: skip


def match(day: str) -> None:
    AcquirerMatchFactory(target_company=of("T0"), match_date=day, strategic_fit_score=Decimal(9))


def no_number(day: str) -> None:
    """Write what the ORM refuses, and the database's number type holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO financial_facts (company_id, concept, period_end, value, unit, form, source, available_at)"
            " VALUES (%s, 'market_cap', %s, 'NaN', 'USD', 'price', 'prices', %s)",
            [of("T0").pk, day, moment(day, 16)],
        )


DATED: list[Callable[[str], None]] = [
    figure, quarter, version_of_a_study, first_version_of_a_study, new_drug_of_an_old_study,
    approval_of_an_approved_drug, price, deal, hold, correction, corporate_event, filing, match,
]  # fmt: skip


@pytest.mark.usefixtures("universe")
@pytest.mark.parametrize("add", [*DATED, no_number], ids=lambda add: add.__name__)
def test_what_is_known_later_changes_no_byte(add: Callable[[str], None], capsys: pytest.CaptureFixture[str]) -> None:
    before = scored(capsys)
    add(LATER)
    assert scored(capsys) == before


@pytest.mark.usefixtures("universe")
@pytest.mark.parametrize("add", DATED, ids=lambda add: add.__name__)
def test_the_same_known_by_the_day_does_change_them(
    add: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    before = scored(capsys)
    add(BY)
    assert scored(capsys) != before


def today_of_an_analyst(row: Any, **changes: Any) -> None:
    """Change a row as the admin and the API do."""
    note = {"source": "curated", "as_of": timezone.localdate(timezone=NEW_YORK).isoformat()}
    for name, value in changes.items():
        setattr(row, name, value)
        row.field_sources = {**row.field_sources, name: note}
    row.save()


def of_today(**fields: Any) -> dict[str, Any]:
    note = {"source": "curated", "as_of": timezone.localdate(timezone=NEW_YORK).isoformat()}
    return {**fields, "field_sources": dict.fromkeys(fields, note)}


def new_company() -> None:
    added = CompanyFactory(ticker="NEW", **of_today(name="New Bio", market_cap_usd=Decimal(10**9)))
    DrugCandidateFactory(company=added, **of_today(name="N-1", phase="phase_3"))


EDITS: dict[str, Callable[[], object]] = {
    "phase": lambda: today_of_an_analyst(drug("TB-0"), phase="phase_3"),
    "discontinued": lambda: today_of_an_analyst(drug("TB-2"), phase="discontinued"),
    "patent": lambda: today_of_an_analyst(drug("TB-2"), patent_expiry=dt.date(2042, 1, 1)),
    "designation": lambda: today_of_an_analyst(drug("TB-2"), breakthrough_therapy=True),
    "milestone": lambda: today_of_an_analyst(drug("TB-2"), next_milestone_date=dt.date(2027, 1, 1)),
    "market_cap": lambda: today_of_an_analyst(of("T0"), market_cap_usd=Decimal(2_500_000_000)),
    "history_starts": lambda: today_of_an_analyst(of("T0"), history_starts=dt.date(2026, 11, 1)),
    "ticker": lambda: today_of_an_analyst(of("T0"), ticker="ZZZ"),
    "role": lambda: today_of_an_analyst(of("T0"), role="acquirer"),
    "archived_company": lambda: archive_company(row=of("T3")),
    "archived_candidate": lambda: DrugCandidate.objects.filter(name="TB-3").archive(),
    "deleted_candidate": lambda: DrugCandidate.objects.filter(name="TB-3").delete(),
    "new_candidate": lambda: DrugCandidateFactory(company=of("T0"), **of_today(name="N-1", phase="phase_3")),
    "new_candidate_without_a_note": lambda: DrugCandidateFactory(company=of("T0"), phase="phase_3"),
    "new_company": new_company,
}


@pytest.mark.usefixtures("universe")
@pytest.mark.parametrize("name", EDITS)
def test_what_an_analyst_does_later_changes_no_byte(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = scored(capsys)
    EDITS[name]()
    assert scored(capsys) == before


@pytest.mark.usefixtures("universe")
@pytest.mark.parametrize("name", EDITS)
def test_what_an_analyst_does_counts_on_its_own_day(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    today = timezone.localdate(timezone=NEW_YORK)
    for number in range(5):
        research(of(f"T{number}"), 50_000_000 + number, end=str(today - dt.timedelta(days=60)), known=str(today))
    before = scored(capsys, today)
    EDITS[name]()
    assert scored(capsys, today) != before


@pytest.mark.usefixtures("universe")
def test_all_of_it_together_changes_no_byte(capsys: pytest.CaptureFixture[str]) -> None:
    before = scored(capsys)
    for add in (*DATED, no_number, approval):
        add(LATER) if add is not approval else signal(of("T4"), "fda_approval", LATER, drug="TB-4")
    archive_company(row=of("T1"))
    restore_company(row=of("T1"))
    for edit in EDITS.values():
        edit()
    assert scored(capsys) == before
    assert AcquirerMatch.objects.filter(match_date__gt=DAY).exists()


@pytest.mark.usefixtures("universe")
def test_approval_by_the_day_makes_a_filed_drug_an_approved_one(capsys: pytest.CaptureFixture[str]) -> None:
    approval(LATER)
    before = scored(capsys)
    signal(of("T4"), "fda_approval", BY, drug="TB-9")
    assert scored(capsys) != before


@pytest.mark.usefixtures("universe")
def test_figure_that_is_not_a_number_counts_as_none(capsys: pytest.CaptureFixture[str]) -> None:
    before = scored(capsys)
    no_number(BY)
    found = json.loads(scored(capsys))
    assert len(found["scores"]) == len(json.loads(before)["scores"])
