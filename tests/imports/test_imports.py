"""An analyst's file: columns guessed, every change shown, written by the rules of every other source."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from biotech_ma.core.admin.history import steps_of
from biotech_ma.core.services import Refused
from biotech_ma.core.sheets.values import DayOrder
from companies.models import Company, CompanyAlias, DrugCandidate
from signals_app.imports.columns import Layout
from signals_app.imports.plan import Options
from signals_app.imports.services import apply_import, map_columns, take_file
from signals_app.models import FinancialFact, ReviewItem, SheetImport, Signal
from signals_app.review_services import accept_review
from tests.factories import CompanyFactory, DrugCandidateFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("analyst", password="x")


def checked(text: str, owner: User, *, kind: str = "companies", **options: Any) -> SheetImport:
    taken = take_file(kind=kind, name="list.csv", content=text.encode(), owner=owner)
    map_columns(taken, layout=Layout.from_json(taken.layout), options=Options(**options))
    return taken


def rows(taken: SheetImport) -> list[tuple[str, str]]:
    return list(taken.rows.values_list("label", "fate"))


def faults(taken: SheetImport) -> list[tuple[str, str]]:
    return [tuple(fault) for found in taken.rows.values_list("faults", flat=True) for fault in found]


def test_columns_are_guessed_by_name_and_the_heading_states_the_unit(owner):
    headings = "Company Name;BBG Ticker;Mkt Cap ($m);Cash (USD bn);Comment"
    text = f"Broker list of 5 May\n\n{headings}\nAcme;ACME US Equity;1.250,5;0,2;x\n"
    taken = take_file(kind="companies", name="list.csv", content=text.encode("cp1252"), owner=owner)
    assert taken.layout["heading_row"] == 2
    assert [(c["target"], c["scale"]) for c in taken.layout["columns"]] == [
        ("name", "1"), ("ticker", "1"), ("market_cap_usd", "millions"), ("cash_position_usd", "billions"), ("", "1"),
    ]  # fmt: skip
    map_columns(taken, layout=Layout.from_json(taken.layout), options=Options(as_of=dt.date(2026, 5, 5)))
    assert rows(taken) == [("Acme (ACME)", "create")]
    apply_import(taken, reason="broker list")
    acme = Company.objects.get(ticker="ACME")
    assert (acme.market_cap_usd, acme.cash_position_usd) == (Decimal("1250500000"), Decimal("200000000"))
    assert acme.market_cap_as_of == dt.date(2026, 5, 5)


def test_a_dry_run_shows_old_and_new_and_writes_nothing(owner):
    company = CompanyFactory(ticker="XNCR", name="Xencor, Inc.", cash_position_usd=Decimal("100000000"))
    taken = checked("ticker,name,cash\nXNCR,Xencor Inc,$450m\n", owner)
    [row] = taken.rows.all()
    assert (row.row, row.fate) == (2, "change")
    assert row.changes == [["Liquid funds, USD", "100,000,000.00", "450,000,000.00"]]
    company.refresh_from_db()
    assert company.cash_position_usd == Decimal("100000000")
    assert company.name == "Xencor, Inc."


def test_the_desks_own_figures_are_curated_in_the_ledger_and_in_the_history_with_the_reason(owner):
    company = CompanyFactory(
        ticker="XNCR",
        name="Xencor",
        cash_position_usd=Decimal("100000000"),
        field_sources={"cash_position_usd": {"source": "edgar", "id": "1"}},
    )
    taken = checked("ticker,cash\nXNCR,1.3bn\n", owner)
    apply_import(taken, reason="after the call")
    company.refresh_from_db()
    note = company.field_sources["cash_position_usd"]
    assert (note["source"], note["id"]) == ("curated", "list.csv B2")
    [fact] = FinancialFact.objects.filter(company=company, form="curated")
    assert (fact.concept, fact.value) == ("liquid_funds", Decimal("1300000000"))
    step = steps_of(company)[0]
    assert (step.reason, step.who) == ("after the call", "analyst")
    assert ("liquid funds, USD", "$100 m", "$1.3 bn") in [(each.label, each.old, each.new) for each in step.changes]


def test_a_sources_word_does_not_overwrite_an_analysts_and_waits_for_review(owner):
    company = CompanyFactory(
        ticker="XNCR",
        name="Xencor",
        headquarters_location="Pasadena",
        employee_count=None,
        field_sources={"headquarters_location": {"source": "curated"}},
    )
    taken = checked("ticker,hq,employees,cash\nXNCR,Monrovia,250,50m\n", owner, source="Broker")
    apply_import(taken, reason="broker list")
    company.refresh_from_db()
    assert company.headquarters_location == "Pasadena"
    assert company.employee_count == 250
    assert company.field_sources["employee_count"]["source"] == "Broker"
    # A filing's figure would take the broker's away: it waits for an analyst instead.
    assert company.cash_position_usd is None
    waiting = {item.proposed["field"]: item for item in ReviewItem.objects.open()}
    assert set(waiting) == {"headquarters_location", "cash_position_usd"}
    accept_review(item=waiting["cash_position_usd"], by=owner)
    company.refresh_from_db()
    assert company.cash_position_usd == Decimal("50000000")


def test_identity_rules(owner):
    CompanyFactory(cik="0000000001", ticker="AAA", name="Alpha Bio")
    CompanyFactory(cik="0000000002", ticker="BBB", name="Beta Pharma Inc")
    gone = CompanyFactory(cik="0000000003", ticker="CCC", name="Gamma")
    Company.objects.filter(pk=gone.pk).archive()
    beta = Company.objects.get(ticker="BBB")
    CompanyAlias.objects.create(company=beta, alias="Betagenix", kind="former_name")
    text = (
        "cik,ticker,name,founded year\n"
        "1,,Whatever Inc,2001\n"  # the CIK decides
        ",,Betagenix Corp.,2002\n"  # a former name
        ",AAA,Zeta Oncology,2003\n"  # the ticker is another's
        "3,,Gamma,2004\n"  # archived
        "4,BBB,Delta,2005\n"  # a CIK of its own, another's ticker
        ",,,2006\n"
        ",BBB,,2007\n"  # the same company twice
        ",EEE,Epsilon,2008\n"
    )
    taken = checked(text, owner)
    assert [fate for _, fate in rows(taken)] == [
        "change", "change", "refused", "refused", "refused", "refused", "refused", "create",
    ]  # fmt: skip
    assert [cell for cell, _ in faults(taken)] == ["B4", "A5", "B6", "A7", "A8"]
    assert "belongs to Alpha Bio" in faults(taken)[0][1]
    assert "is archived" in faults(taken)[1][1]
    assert "as row 3 is" in faults(taken)[4][1]


def test_all_or_nothing_unless_rows_go_in_by_themselves(owner):
    CompanyFactory(ticker="AAA", name="Alpha", founded_year=None)
    text = "ticker,founded,cap\nAAA,2001,5m\nBBB,2001,about 5\n"
    taken = checked(text, owner)
    assert faults(taken) == [("C3", "Market cap, USD: 'about 5' is no number: write 1312345678, 450m or 1.3bn")]
    with pytest.raises(Refused, match="Some rows have faults"):
        apply_import(taken, reason="x")
    assert Company.objects.get(ticker="AAA").founded_year is None
    taken = checked(text, owner, by_row=True)
    apply_import(taken, reason="x")
    assert Company.objects.get(ticker="AAA").founded_year == 2001
    assert taken.counts == {"create": 0, "change": 1, "same": 0, "refused": 1}


def test_every_wrong_cell_is_named_and_a_placeholder_told(owner):
    text = (
        (
            "ticker\tcap\tpriced\tlisted\trole\tfounded\tareas\thq\n"
            "AAA\t€5m\t01/02/2026\tmaybe\tgod\t1200\toncology; magic\t=cmd|' /C calc'!A0\n"
            "BBB\tn.m.\t-\tN/A\tn/a\t–\tTBD\t\n"
        )
        .replace("priced", "price date")
        .replace("areas", "area")
    )
    taken = checked(text, owner, adds=True)
    assert [cell for cell, _ in faults(taken)] == ["B2", "C2", "D2", "E2", "F2", "G2", "H2", "row 3"]
    notes = list(taken.rows.values_list("notes", flat=True))[1]
    assert notes[0] == "B3: 'n.m.' says nothing"
    assert len(notes) == 6


def test_two_hundred_columns_and_a_value_beyond_them(owner):
    header = ",".join(["ticker", "name", *(f"x{n}" for n in range(198))])
    taken = checked(f"{header}\nAAA,Alpha{',1' * 198}\nBBB,Beta{',1' * 198},lost\n", owner)
    assert faults(taken) == [("GS3", "stands beyond the last heading: a delimiter may be in a value")]


def test_an_older_market_cap_does_not_replace_a_newer_one_and_says_so(owner):
    CompanyFactory(ticker="AAA", name="Alpha", market_cap_usd=Decimal("10000000"), market_cap_as_of=dt.date(2026, 5, 5))
    taken = checked("ticker,cap,as of\nAAA,20m,2026-05-04\n", owner)
    [row] = taken.rows.all()
    assert row.fate == "same"
    assert row.notes == ["Market cap of 2026-05-04 stays out: the desk has one of 2026-05-05"]


def test_what_a_market_cap_was_before_stays_in_the_ledger(owner):
    company = CompanyFactory(
        ticker="AAA",
        name="Alpha",
        market_cap_usd=Decimal("10000000"),
        market_cap_as_of=dt.date(2026, 5, 5),
        field_sources={"market_cap_usd": {"source": "prices", "as_of": "2026-05-05"}},
    )
    apply_import(checked("ticker,cap,as of\nAAA,20m,2026-05-06\n", owner, source="Broker"), reason="x")
    facts = FinancialFact.objects.filter(company=company, concept="market_cap").order_by("period_end")
    assert [(fact.period_end.day, int(fact.value), fact.source) for fact in facts] == [
        (5, 10_000_000, "prices"), (6, 20_000_000, "Broker"),
    ]  # fmt: skip


def test_what_is_applied_is_what_was_shown_or_nothing(owner):
    company = CompanyFactory(ticker="AAA", name="Alpha", founded_year=1999)
    taken = checked("ticker,founded\nAAA,2001\n", owner)
    Company.objects.filter(pk=company.pk).update(founded_year=2000)
    apply_import(taken, reason="x")
    taken.refresh_from_db()
    assert taken.state == "checked"
    assert "have changed since" in taken.error
    assert taken.rows.get().changes == [["Founded year", "2000", "2001"]]
    company.refresh_from_db()
    assert company.founded_year == 2000
    apply_import(taken, reason="x")
    company.refresh_from_db()
    assert company.founded_year == 2001


def test_applying_twice_does_it_once_and_asks_for_a_reason(owner):
    CompanyFactory(ticker="AAA", name="Alpha", cash_position_usd=None)
    taken = checked("ticker,cash\nAAA,5m\n", owner)
    with pytest.raises(Refused, match="Say why"):
        apply_import(taken, reason="  ")
    apply_import(taken, reason="x")
    with pytest.raises(Refused, match="applied already"):
        apply_import(taken, reason="x")
    assert FinancialFact.objects.count() == 1
    assert taken.content is None


def test_a_file_imported_again_changes_nothing(owner):
    text = "ticker,name,cash,cap,as of,areas\nAAA,Alpha,5m,6m,2026-01-31,oncology\n".replace("areas", "area")
    apply_import(checked(text, owner), reason="x")
    assert rows(checked(text, owner)) == [("Alpha (AAA)", "same")]


def test_the_mapping_of_the_last_file_with_the_same_headings_is_remembered(owner):
    CompanyFactory(ticker="AAA", name="Alpha")
    text = "ticker,quux\nAAA,5m\n"
    taken = take_file(kind="companies", name="a.csv", content=text.encode(), owner=owner)
    kept = taken.layout
    kept["columns"][1]["target"] = "cash_position_usd"
    map_columns(taken, layout=Layout.from_json(kept), options=Options(source="Broker", day_order=DayOrder.DAY_FIRST))
    again = take_file(kind="companies", name="b.csv", content=text.encode(), owner=owner)
    assert again.layout["columns"][1]["target"] == "cash_position_usd"
    assert (again.options["source"], again.options["day_order"]) == ("Broker", "day first")


def test_a_mapping_without_a_key_or_with_a_field_twice_is_refused(owner):
    taken = take_file(kind="candidates", name="a.csv", content=b"x,y\n1,2\n", owner=owner)
    layout = taken.layout
    with pytest.raises(Refused, match=r"which company.*Choose the column for Drug"):
        map_columns(taken, layout=Layout.from_json(layout), options=Options())
    for column in layout["columns"]:
        column["target"] = "ticker"
    with pytest.raises(Refused, match="Ticker is filled by two columns"):
        map_columns(taken, layout=Layout.from_json(layout), options=Options())


def test_candidates_are_found_by_drug_and_indication_and_phases_by_any_name(owner):
    company = CompanyFactory(ticker="AAA", name="Alpha")
    drug = DrugCandidateFactory(company=company, name="AB-101", indication="Obesity", phase="phase_1")
    DrugCandidateFactory(company=company, name="AB-102", indication="Gout")
    DrugCandidateFactory(company=company, name="AB-102", indication="Lupus")
    text = (
        "Ticker,Asset,Indication,Stage,Catalyst,Timing,LOE\n"
        "AAA,AB101,,Ph2b,Readout,Q3 2027,46053\n"
        "AAA,AB-102,,Phase III,,,\n"
        "AAA,AB-103,Asthma,BLA,,,\n"
        "ZZZ,Q-1,Flu,1,,,\n"
    )
    taken = checked(text, owner, kind="candidates", by_row=True)
    assert [fate for _, fate in rows(taken)] == ["change", "refused", "create", "refused"]
    assert [cell for cell, _ in faults(taken)] == ["C3", "row 5"]
    apply_import(taken, reason="pipeline update")
    drug.refresh_from_db()
    assert (drug.phase, drug.next_milestone_date, drug.patent_expiry) == (
        "phase_2", dt.date(2027, 9, 30), dt.date(2026, 1, 31),
    )  # fmt: skip
    assert drug.field_sources["phase"]["source"] == "curated"
    new = DrugCandidate.objects.get(name="AB-103")
    assert (new.phase, new.additional_data["origin"]) == ("nda_bla", "ab-103|asthma")


def test_events_go_into_the_ledger_once(owner):
    CompanyFactory(ticker="AAA", name="Alpha")
    text = "ticker,type,date,headline,url\nAAA,Trial started,2026-01-31,Began,https://example.org/x\nAAA,nonsense,2026-01-31,y,\nAAA,hiring,,z,ftp://x\n"
    taken = checked(text, owner, kind="events", by_row=True)
    assert [fate for _, fate in rows(taken)] == ["create", "refused", "refused"]
    apply_import(taken, reason="news")
    [signal] = Signal.objects.all()
    assert (signal.signal_type, signal.title, signal.source) == ("trial_started", "Began", "analyst")
    assert signal.event_date == dt.datetime(2026, 1, 31, 5, tzinfo=dt.UTC)
    again = checked(text, owner, kind="events", by_row=True)
    assert [fate for _, fate in rows(again)] == ["same", "refused", "refused"]


def test_many_rows_take_as_many_queries_as_few(owner):
    for number in range(12):
        CompanyFactory(ticker=f"Q{number}", name=f"Company {number}", cash_position_usd=None)

    def queries(first: int, last: int) -> int:
        lines = "".join(
            f"Q{number},{number + 1}m,{number + 2}m,2026-01-31,R{number}\n" for number in range(first, last)
        )
        taken = checked(f"ticker,cash,cap,as of,name\n{lines}".replace(",name", ",x"), owner)
        with CaptureQueriesContext(connection) as captured:
            apply_import(taken, reason="x")
        return len(captured)

    queries(0, 1)  # the first one queues today's scores
    assert queries(1, 3) == queries(3, 12)
