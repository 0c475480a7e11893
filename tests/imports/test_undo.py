"""An import is taken back where nobody has changed it since; a running one is cancelled; refused rows come back."""

from __future__ import annotations

import io
from contextlib import nullcontext
from decimal import Decimal

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from biotech_ma.core.admin.history import steps_of
from biotech_ma.core.services import Refused, change
from companies.models import Company, CompanyNote, DrugCandidate
from signals_app.admin_versions import signal_versions
from signals_app.imports import services, working, writing
from signals_app.imports.columns import Layout
from signals_app.imports.faulty_rows import workbook_of
from signals_app.imports.jobs import work_on_import
from signals_app.imports.plan import Options
from signals_app.imports.services import apply_import, cancel, map_columns, take_file, undo_import
from signals_app.imports.undo import plan_undo
from signals_app.models import FinancialFact, ReviewItem, SheetImport, Signal
from signals_app.services import correct_signal
from tests.factories import CompanyFactory, DrugCandidateFactory, SignalFactory
from tests.imports.test_imports import checked, owner, rows  # noqa: F401 - the analyst's fixture

pytestmark = pytest.mark.django_db
EDGAR = {"source": "edgar", "id": "0001-26-000001", "as_of": "2026-03-31"}


def test_what_nobody_has_changed_since_goes_back_and_the_rest_says_why_it_stays(owner):  # noqa: F811
    alpha = CompanyFactory(
        ticker="AAA", name="Alpha", cash_position_usd=Decimal(100_000_000), headquarters_location="Basel",
        employee_count=None, field_sources={"cash_position_usd": EDGAR, "headquarters_location": {"source": "edgar"}},
    )  # fmt: skip
    text = "ticker,name,cash,hq,employees\nAAA,,450m,Boston,12\nBBB,Beta,5m,,\nCCC,Gamma,6m,,\n"
    taken = checked(text, owner)
    apply_import(taken, reason="the list of May")
    gamma = Company.objects.get(ticker="CCC")
    CompanyNote.objects.create(company=gamma, text="met them", author=owner)
    alpha.refresh_from_db()
    change(row=alpha, values={"headquarters_location": "Cambridge"}, reason="moved")

    boss = User.objects.create_superuser("boss")
    with pytest.raises(Refused, match="Say why"):
        undo_import(taken, by=boss, reason=" ")
    undo_import(taken, by=boss, reason="the wrong list")
    assert (taken.state, taken.counts["back"], taken.counts["stay"]) == ("undone", 2, 2)
    alpha.refresh_from_db()
    assert (alpha.cash_position_usd, alpha.headquarters_location) == (Decimal(100_000_000), "Cambridge")
    assert alpha.employee_count is None
    assert alpha.field_sources["cash_position_usd"] == EDGAR
    assert "employee_count" not in alpha.field_sources
    assert alpha.field_sources["headquarters_location"]["source"] == "curated"
    facts = FinancialFact.objects.filter(company=alpha, concept="liquid_funds").order_by("id")
    assert [int(fact.value) for fact in facts] == [450_000_000, 100_000_000]
    assert list(Company.objects.values_list("ticker", flat=True).order_by("ticker")) == ["AAA", "CCC"]
    told = {row.label: row.notes for row in taken.rows.all()}
    assert told["Alpha (AAA)"] == ["Taken back", "Headquarters stays Cambridge: changed since"]
    assert told["Beta (BBB)"] == ["Archived again"]
    assert told["Gamma (CCC)"] == ["stays: it has notes"]
    step = steps_of(alpha)[0]
    assert (step.reason, step.who) == ("the wrong list", "boss")
    with pytest.raises(Refused, match="Only an import that is applied"):
        undo_import(taken, by=boss, reason="again")


def test_a_mended_file_adds_anew_what_undoing_has_archived(owner):  # noqa: F811
    text = "cik,ticker,name,cash\n7,BBB,Beta,5m\n"
    taken = checked(text, owner)
    apply_import(taken, reason="x")
    undo_import(taken, by=owner, reason="thousands, not millions")
    again = checked(text.replace("5m", "5k"), owner)
    assert rows(again) == [("Beta (BBB)", "create")]
    apply_import(again, reason="x")
    assert Company.objects.get(cik="0000000007").cash_position_usd == 5000


def test_a_market_cap_goes_back_with_its_day_or_not_at_all(owner):  # noqa: F811
    company = CompanyFactory(ticker="AAA", name="Alpha", market_cap_usd=None)
    taken = checked("ticker,cap,as of\nAAA,20m,2026-05-06\n", owner)
    apply_import(taken, reason="x")
    company.refresh_from_db()
    change(row=company, values={"market_cap_usd": Decimal(30_000_000)})
    [undone] = plan_undo(taken)
    assert undone.values == {}
    assert [note.split(" stays ")[0] for note in undone.stays] == ["Market cap, USD", "Market cap as of"]


def test_candidates_go_back_and_a_sources_proposals_are_closed(owner):  # noqa: F811
    company = CompanyFactory(ticker="AAA", name="Alpha", cash_position_usd=None)
    drug = DrugCandidateFactory(
        company=company, name="AB-101", phase="phase_1", field_sources={"phase": {"source": "edgar"}}
    )
    taken = checked("ticker,drug,phase\nAAA,AB-101,Ph2\nAAA,AB-102,Ph1\n", owner, kind="candidates")
    apply_import(taken, reason="x")
    undo_import(taken, by=owner, reason="x")
    drug.refresh_from_db()
    assert drug.phase == "phase_1"
    assert not DrugCandidate.objects.filter(name="AB-102").exists()
    again = checked("ticker,drug,phase\nAAA,AB-102,Ph2\n", owner, kind="candidates")
    apply_import(again, reason="x")
    assert DrugCandidate.objects.get(name="AB-102").phase == "phase_2"
    broker = checked("ticker,cash\nAAA,5m\n", owner, source="Broker")
    apply_import(broker, reason="x")
    assert ReviewItem.objects.open().count() == 1
    undo_import(broker, by=owner, reason="x")
    assert not ReviewItem.objects.open().exists()
    # Said again, it is open again.
    apply_import(checked("ticker,cash,hq\nAAA,5m,Boston\n", owner, source="Broker"), reason="x")
    assert ReviewItem.objects.open().count() == 1


@pytest.mark.parametrize("step", ["check", "apply"])
def test_a_step_that_is_cancelled_while_it_runs_leaves_nothing(owner, step, monkeypatch):  # noqa: F811
    monkeypatch.setattr(services, "MOST_AT_ONCE", 1)
    text = "ticker,name\nAAA,Alpha\nBBB,Beta\n"
    taken = take_file(kind="companies", name="a.csv", content=text.encode(), owner=owner)
    map_columns(taken, layout=Layout.from_json(taken.layout), options=Options())
    if step == "apply":
        work_on_import.func(import_id=str(taken.pk), step="check")
        taken.refresh_from_db()
        apply_import(taken, reason="x")
    # The worker has begun; somebody cancels before it ends.
    begun = SheetImport.objects.get(pk=taken.pk)
    cancel(SheetImport.objects.get(pk=taken.pk))
    services.STEPS[step](begun)
    taken.refresh_from_db()
    assert taken.state == {"check": "mapping", "apply": "checked"}[step]
    assert "was cancelled" in taken.error
    assert taken.rows.count() == {"check": 0, "apply": 2}[step]
    assert not Company.objects.exists()
    with pytest.raises(Refused, match="nothing to cancel"):
        cancel(taken)
    # Begun anew it is another turn, which the one that was cancelled does not end.
    map_columns(taken, layout=Layout.from_json(taken.layout), options=Options())
    services.STEPS[step](begun)
    taken.refresh_from_db()
    assert (taken.state, taken.rows.count()) == ("checking", {"check": 0, "apply": 2}[step])


def test_refused_rows_come_back_as_a_workbook_that_is_mended_and_imported_as_before(owner):  # noqa: F811
    text = "ticker,firm,worth\nAAA,Alpha,5m\nBBB,Beta,about 5\nCCC,'=Gamma,\n"
    taken = take_file(kind="companies", name="list.csv", content=text.encode(), owner=owner)
    layout = taken.layout
    layout["columns"][1]["target"], layout["columns"][2]["target"] = "name", "cash_position_usd"
    map_columns(taken, layout=Layout.from_json(layout), options=Options(source="Broker", by_row=True))
    apply_import(taken, reason="x")
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_of(taken))).active
    lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert lines[0] == ["ticker", "firm", "worth", "What is wrong"]
    assert lines[1][:3] == ["BBB", "Beta", "about 5"]
    assert lines[1][3].startswith("C3: Liquid funds, USD: 'about 5' is no number")
    assert lines[2][:2] == ["CCC", "'=Gamma"]
    assert [sheet.cell(2, place).fill.fgColor.rgb for place in (2, 3)] == ["00000000", "FFFFC7CE"]
    sheet["C2"], sheet["B3"] = "7m", "Gamma"
    mended = io.BytesIO()
    sheet.parent.save(mended)
    again = take_file(kind="companies", name="mended.xlsx", content=mended.getvalue(), owner=owner)
    assert [column["target"] for column in again.layout["columns"]] == ["ticker", "name", "cash_position_usd", ""]
    assert again.options["source"] == "Broker"
    map_columns(again, layout=Layout.from_json(again.layout), options=Options())
    assert [fate for _, fate in rows(again)] == ["create", "create"]


EVENTS = (
    "ticker,type,date,title\nAAA,activist stake,2026-05-06,A fund takes 9 %\nAAA,market,2026-05-07,Talk of a sale\n"
)


def test_events_are_withdrawn_from_now_on_and_what_was_known_before_stays(owner):  # noqa: F811
    company = CompanyFactory(ticker="AAA", name="Alpha")
    taken = checked(EVENTS, owner, kind="events")
    apply_import(taken, reason="the list of May")
    stake, talk = Signal.objects.filter(company=company).order_by("event_date")
    assert [row.subject for row in taken.rows.all()] == [stake.pk, talk.pk]
    before = timezone.now()
    correct_signal(signal=talk, changes={"title": "Talk of a merger"}, reason="as the paper says")

    assert [undone.stays for undone in plan_undo(taken)] == [[], ["stays: it has been corrected since"]]
    undo_import(taken, by=owner, reason="the wrong list")
    assert (taken.state, taken.counts["back"], taken.counts["stay"]) == ("undone", 1, 1)
    assert [signal.title for signal in Signal.objects.current()] == ["Talk of a merger"]
    # Of the moment before it is the stake that was known, as scores of that day counted it.
    assert stake in Signal.objects.as_of(before)
    gone = Signal.objects.withdrawn().get()
    assert (gone.supersedes, gone.title, gone.ma_impact_score) == (stake, "Withdrawn: A fund takes 9 %", 0)
    assert gone.entries.get().pgh_context.metadata["reason"] == "the wrong list"
    assert [row.notes for row in taken.rows.all()] == [["Withdrawn"], ["stays: it has been corrected since"]]
    assert "withdrawn" in signal_versions(stake)

    # The mended file adds it anew, once; taking that back and adding it again holds, too.
    for _ in range(2):
        again = checked(EVENTS.replace("Talk of a sale", "Talk of a merger"), owner, kind="events")
        assert [row.fate for row in again.rows.all()] == ["create", "same"]
        apply_import(again, reason="mended")
        assert Signal.objects.current().filter(title="A fund takes 9 %").count() == 1
        undo_import(again, by=owner, reason="again")
    # Whoever corrects what was withdrawn says that it stands after all.
    back = correct_signal(signal=gone, changes={"signal_type": "activist_stake", "title": "A fund takes 9 %"})
    assert back in Signal.objects.current()


def test_an_offer_that_is_withdrawn_is_none_and_a_correction_goes_back(owner):  # noqa: F811
    company = CompanyFactory(ticker="AAA", name="Alpha")
    offer = checked("ticker,type,date,title\nAAA,takeover target,2026-05-06,B buys A\n", owner, kind="events")
    apply_import(offer, reason="x")
    company.refresh_from_db()
    assert company.under_offer_since is not None
    undo_import(offer, by=owner, reason="it was another Alpha")
    company.refresh_from_db()
    assert company.under_offer_since is None

    signal = SignalFactory(company=company, signal_type="market", title="Talk", description="as told")
    text = f"id,ticker,type,date,title\n{signal.pk},AAA,market,{signal.event_date:%Y-%m-%d},Loud talk\n"
    taken = checked(text, owner, kind="events")
    apply_import(taken, reason="x")
    assert Signal.objects.current().get().title == "Loud talk"
    undo_import(taken, by=owner, reason="no, it was not")
    assert Signal.objects.current().get().title == "Talk"
    assert taken.rows.get().notes == ["Taken back"]


def test_each_batch_that_is_written_is_told(owner, monkeypatch):  # noqa: F811
    told = []
    monkeypatch.setattr(writing, "BATCH", 100)
    monkeypatch.setattr(working, "seen_outside", lambda taken: nullcontext(told.append))
    rows_of_250 = "".join(f"{number},T{number},Company {number},5m\n" for number in range(1, 251))
    apply_import(checked("cik,ticker,name,cash\n" + rows_of_250, owner), reason="x")
    assert told == [100, 200]
    assert Company.objects.count() == 250


@pytest.mark.django_db(transaction=True)
def test_how_far_writing_is_can_be_seen_while_nothing_of_it_can():
    taken = SheetImport.objects.create(kind="companies", file_name="x", sha256="x", size_bytes=1, made_of="x")
    with transaction.atomic(), working.seen_outside(taken) as tell:
        CompanyFactory(ticker="AAA")
        tell(700)
        # What somebody else holds is not waited for.
        SheetImport.objects.select_for_update().get(pk=taken.pk)
        tell(800)
        transaction.set_rollback(True)
    taken.refresh_from_db()
    assert (taken.rows_done, Company.objects.count()) == (700, 0)
