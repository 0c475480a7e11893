"""A list that is exported, changed and imported says what was changed, and nothing else."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser

from companies.models import Company, DrugCandidate
from signals_app.imports.columns import Layout
from signals_app.imports.plan import Options
from signals_app.imports.services import apply_import, map_columns, take_file
from signals_app.models import SheetImport, Signal
from signals_app.services import correct_signal
from tests.factories import CompanyFactory, DrugCandidateFactory, SignalFactory
from tests.imports.test_imports import faults, owner  # noqa: F401 - the analyst's fixture

pytestmark = pytest.mark.django_db
LISTS = {"companies": "companies/company", "candidates": "companies/drugcandidate", "events": "signals_app/signal"}


@pytest.fixture
def desk() -> None:
    company = CompanyFactory(
        cik="0000000007", ticker="TRUE", name="-Odd, Inc. Bio", market_cap_usd=Decimal("1312345678.50"),
        market_cap_as_of=dt.date(2026, 1, 31), cash_position_usd=Decimal(5000), quarterly_burn_rate_usd=Decimal(-7),
        therapeutic_areas=["oncology", "rare_disease"], headquarters_location="+1 Straße", is_public=True,
    )  # fmt: skip
    DrugCandidateFactory(
        company=company, name="AB-1", indication="Gout", phase="phase_2_3", patent_expiry=dt.date(2031, 2, 3)
    )
    SignalFactory(
        company=company, signal_type="hiring", title="Two  spaces\nand a line", source="edgar", source_id="x-1",
        event_date=dt.datetime(2026, 2, 1, 2, tzinfo=dt.UTC), description="@home",
    )  # fmt: skip


def exported(kind: str, form: str, owner: User) -> bytes:  # noqa: F811
    browser = Browser()
    browser.force_login(owner)
    response = browser.get(f"/admin/{LISTS[kind]}/export/", {"export": form})
    return b"".join(response.streaming_content)


def checked(kind: str, content: bytes, owner: User, **options: Any) -> SheetImport:  # noqa: F811
    taken = take_file(kind=kind, name="list", content=content, owner=owner)
    map_columns(taken, layout=Layout.from_json(taken.layout), options=Options(**options))
    return taken


def edited(content: bytes, **values: str) -> bytes:
    lines = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    lines[0] |= values
    stream = io.StringIO()
    writer = csv.DictWriter(stream, lines[0])
    writer.writeheader()
    writer.writerows(lines)
    return stream.getvalue().encode()


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", ["companies", "candidates", "events"])
def test_an_export_that_nobody_has_changed_changes_nothing(kind, form, owner):  # noqa: F811
    taken = checked(kind, exported(kind, form, owner), owner)
    assert faults(taken) == []
    assert (taken.counts["same"], sum(taken.counts.values())) == (1, 1)


@pytest.mark.usefixtures("desk")
def test_what_was_changed_in_an_export_is_changed(owner):  # noqa: F811
    content = exported("companies", "csv", owner)
    apply_import(checked("companies", edited(content, employee_count="12"), owner), reason="x")
    assert Company.objects.get().employee_count == 12
    content = exported("candidates", "csv", owner)
    apply_import(checked("candidates", edited(content, phase="Phase 3"), owner), reason="x")
    assert DrugCandidate.objects.get().phase == "phase_3"


@pytest.mark.usefixtures("desk")
def test_a_changed_event_is_a_correction_and_a_foreign_one_stays_out(owner):  # noqa: F811
    content = exported("events", "csv", owner)
    changed = edited(content, event_date="2026-02-03", severity="high")
    broker = checked("events", changed, owner, source="Broker")
    assert "a source does not correct it" in faults(broker)[0][1]
    taken = checked("events", changed, owner)
    [row] = taken.rows.all()
    assert (row.fate, row.changes) == ("change", [["Day", "2026-01-31", "2026-02-03"], ["Severity", "low", "high"]])
    apply_import(taken, reason="the wrong day")
    old, new = Signal.objects.order_by("id")
    assert (new.supersedes_id, new.severity, new.title) == (old.pk, "high", old.title)
    assert new.event_date == dt.datetime(2026, 2, 3, 5, tzinfo=dt.UTC)
    assert "has been corrected since" in faults(checked("events", changed, owner))[0][1]


def test_an_event_that_another_source_has_told_is_not_told_again(owner):  # noqa: F811
    company = CompanyFactory(ticker="AAA", name="Alpha")
    signal = SignalFactory(
        company=company, signal_type="hiring", title="Hires", source="edgar",
        event_date=dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC),
    )  # fmt: skip
    text = b"id,ticker,type,date,headline\n1,AAA,hiring,2026-01-31,Hires\n"
    taken = checked("events", text, owner)
    assert taken.counts["same"] == 1
    assert taken.rows.get().notes == ["A2: '1' says nothing", "Is in the ledger already, told by edgar"]
    correct_signal(signal=signal, changes={"title": "Hires a chief"})
    assert checked("events", text, owner).counts["create"] == 1
