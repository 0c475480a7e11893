"""Open proposals are closed when what comes in later answers them, and open again when the source says it again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from companies.models import CompanyAlias, DrugCandidate
from signals_app.ingest.base import Outcome, Request
from signals_app.ingest.merge.reviews import Proposal, merge_reviews
from signals_app.ingest.merge.settled import settle_reviews
from signals_app.ingest.perform import perform
from signals_app.models import ReviewItem
from signals_app.review_services import accept_review, reject_review
from tests.factories import CompanyFactory, DrugCandidateFactory, SignalFactory

pytestmark = pytest.mark.django_db
TABLES = Path(__file__).parent.parent / "data" / "fda"
DAY = dt.datetime(2025, 5, 6, 12, tzinfo=dt.UTC)


def queue(company, kind, proposed, *, source="edgar", source_id="a", title="Asked", evidence="Words") -> ReviewItem:
    merge_reviews([Proposal(kind, company.pk if company else None, title, proposed, evidence, source, source_id)])
    return ReviewItem.objects.get(source=source, kind=kind, source_id=source_id)


def event(kind: str, day: str = "2025-05-06T12:00:00+00:00", **data: str) -> dict[str, object]:
    return {"signal_type": kind, "event_date": day, "available_at": day, "title": "Asked", "signal_data": data}


def ingest(name: str, *paths: Path) -> Outcome:
    return perform(name, Request(paths=paths), lambda step: None)


def state(item: ReviewItem) -> tuple[str, str]:
    item.refresh_from_db()
    return item.status, item.reason


def test_alias_accepted_for_one_source_answers_the_other():
    arden = CompanyFactory(name="Arden Testbio")
    items = [
        queue(arden, "alias", {"kind": "name", "alias": name}, source=source)
        for source, name in (("drugsfda", "OLDNAME LABS"), ("clinicaltrials", "Oldname Laboratories"))
    ]
    accept_review(item=items[0])
    assert state(items[1]) == ("settled", "The name leads to Arden Testbio now.")
    assert items[1].decided_by is None
    assert items[1].decided_at is not None


def test_settled_name_is_asked_again_when_it_leads_nowhere_again():
    arden = CompanyFactory(name="Arden Testbio")
    item = queue(arden, "alias", {"kind": "name", "alias": "OLDNAME"})
    alias = CompanyAlias.objects.create(company=arden, alias="Oldname", kind="former_name")
    assert settle_reviews() == 1
    alias.delete()
    again = queue(arden, "alias", {"kind": "name", "alias": "OLDNAME"})
    assert (again.pk, again.status, again.decided_at) == (item.pk, "open", None)


@pytest.mark.parametrize(
    ("told", "day", "drug", "status"),
    [
        ("clinical_hold", DAY + dt.timedelta(days=7), "", "settled"),
        ("clinical_hold", DAY - dt.timedelta(days=8), "", "open"),
        ("clinical_hold", DAY, "arv-1", "settled"),
        ("clinical_hold", DAY, "zzz-9", "open"),
        ("clinical_hold_lifted", DAY, "", "open"),
    ],
)
def test_event_is_answered_by_another_source_near_its_day_and_of_its_drug(told, day, drug, status):
    company = CompanyFactory()
    item = queue(company, "signal", event("clinical_hold"), evidence="A hold on ARV-1.")
    SignalFactory(company=company, signal_type=told, event_date=day, available_at=day, signal_data={"drug": drug})
    SignalFactory(company=CompanyFactory(), signal_type="clinical_hold", event_date=DAY, available_at=DAY)
    settle_reviews()
    assert state(item)[0] == status


def test_any_confirmed_readout_answers_a_suggested_one():
    company = CompanyFactory()
    item = queue(company, "signal", event("topline_positive"))
    SignalFactory(company=company, signal_type="topline_negative", event_date=DAY, available_at=DAY, source="events")
    settle_reviews()
    assert state(item) == ("settled", "events tells of it: Topline negative, 2025-05-06.")


def test_takeover_in_the_deals_file_answers_the_filing(tmp_path):
    company = CompanyFactory(name="Arden Testbio", cik="0009000001")
    item = queue(company, "signal", event("takeover_target"))
    (tmp_path / "deals.csv").write_text(
        "cik,target,acquirer,announced\n0009000001,Arden Testbio,Big Pharma,2025-05-05\n"
    )
    ingest("deals", tmp_path / "deals.csv")
    assert state(item)[0] == "settled"


def test_refused_value_is_closed_by_the_next_one_and_open_again_when_said_again(tmp_path):
    row = DrugCandidateFactory(
        phase="approved", patent_expiry=dt.date(2030, 1, 1), additional_data={"applications": ["NDA900001"]},
        field_sources={"patent_expiry": {"source": "curated"}, "additional_data": {"source": "drugsfda"}},
    )  # fmt: skip
    later = tmp_path / "patent.txt"
    later.write_text((TABLES / "patent.txt").read_text().replace("Jul 15, 2027", "Aug 15, 2027"))

    ingest("orangebook", TABLES / "patent.txt", TABLES / "exclusivity.txt")
    first = ReviewItem.objects.get()
    assert first.proposed["value"] == "2027-07-15"
    ingest("orangebook", later, TABLES / "exclusivity.txt")
    second = ReviewItem.objects.open().get()
    assert (second.proposed["value"], state(first)) == ("2027-08-15", ("settled", "orangebook says otherwise since."))
    ingest("orangebook", TABLES / "patent.txt", TABLES / "exclusivity.txt")
    assert (state(first)[0], state(second)[0]) == ("open", "settled")

    reject_review(item=first)
    ingest("orangebook", TABLES / "patent.txt", TABLES / "exclusivity.txt")
    assert not ReviewItem.objects.open().exists()
    row.refresh_from_db()
    assert row.patent_expiry == dt.date(2030, 1, 1)


def test_refused_value_is_closed_when_the_analyst_takes_it_or_lets_go():
    rows = [DrugCandidateFactory(field_sources={"phase": {"source": "curated"}}, phase="phase_1") for _ in range(2)]
    items = [
        queue(row.company, "value", {"field": "phase", "value": "phase_3", "held": "phase_1", "candidate": str(row.pk)},
              source_id=str(row.pk))
        for row in rows
    ]  # fmt: skip
    assert settle_reviews() == 0
    DrugCandidate.objects.filter(pk=rows[0].pk).update(phase="phase_3")
    DrugCandidate.objects.filter(pk=rows[1].pk).update(field_sources={"phase": {"source": "clinicaltrials"}})
    settle_reviews()
    assert state(items[0]) == ("settled", "The value stands by now.")
    assert state(items[1]) == ("settled", "No analyst's value stands against it any more.")


def test_split_is_answered_once_its_day_is_priced_without_the_jump(tmp_path):
    company = CompanyFactory(ticker="ARDN", cik="0009000001")

    def prices(*rows: str) -> None:
        path = tmp_path / "prices.csv"
        path.write_text("ticker,date,close,shares\n" + "".join(f"ARDN,{row}\n" for row in rows))
        ingest("prices", path)

    prices("2025-05-05,30,1000000", "2025-05-06,10,3000000", "2025-05-07,10,3000000")
    item = ReviewItem.objects.get()
    assert (item.kind, item.company_id, state(item)[0]) == ("split", company.pk, "open")
    prices("2025-05-07,30,1000000")
    assert state(item)[0] == "open"  # another day's price answers nothing
    prices("2025-05-06,30,1000000")
    assert state(item) == ("settled", "2025-05-06 is priced without the jump by now.")


def test_dry_run_settles_nothing():
    arden = CompanyFactory(name="Arden Testbio")
    item = queue(arden, "alias", {"kind": "name", "alias": "ARDEN TESTBIO"})
    perform("drugsfda", Request(paths=(TABLES,), dry_run=True), lambda step: None)
    assert state(item)[0] == "open"
    ingest("drugsfda", TABLES)
    assert state(item)[0] == "settled"
