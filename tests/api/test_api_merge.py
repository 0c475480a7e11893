"""Merging two companies over REST, and the ledger read together: `merge/`, `unmerge/`, signals, catalysts, exports."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from biotech_ma.core.api.plans import PLANS
from biotech_ma.core.api.standing import ANSWERS
from biotech_ma.core.market_day import NEW_YORK
from companies.models import Company, CompanyMerge
from tests.api.conftest import caller
from tests.api.test_api_exports import export
from tests.api.test_api_lane import Way
from tests.factories import (
    AcquirerMatchFactory,
    CompanyFactory,
    DrugCandidateFactory,
    MAScoreFactory,
    SignalFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept() -> Company:
    return CompanyFactory(name="Acme Therapeutics", ticker="ACME", founded_year=None)


@pytest.fixture
def duplicate() -> Company:
    return CompanyFactory(name="Acme Bio", ticker="ACMB", founded_year=1999)


def ids(answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [row["id"] for row in answer.json["results"]]


def merged(writer, kept, duplicate, **more):
    return writer.post(f"companies/{kept.ticker}/merge/", {"duplicate": duplicate.ticker, **more})


@pytest.fixture
def writer():
    return caller("read", "write:companies")


def test_merge_answers_the_kept_company_and_archives_the_duplicate(writer, kept, duplicate):
    answer = merged(writer, kept, duplicate, fill=["founded_year"], reason="One registrant")
    assert answer.status == 200, answer.text
    assert (answer.json["id"], answer.json["founded_year"]) == (str(kept.pk), 1999)
    assert writer.get(f"companies/{duplicate.pk}/").status == 307
    assert CompanyMerge.objects.get().reason == "One registrant"
    history = writer.get("companies/ACME/history/").json["results"]
    assert history[0]["reason"] == "Acme Bio (ACMB) into Acme Therapeutics (ACME): One registrant"


def test_unmerge_answers_the_duplicate_which_stands_for_itself_again(writer, kept, duplicate):
    merged(writer, kept, duplicate, fill=["founded_year"])
    answer = writer.post(f"companies/{duplicate.pk}/unmerge/", {}, headers={"X-Change-Reason": "Two after all"})
    assert answer.status == 200, answer.text
    assert answer.json["id"] == str(duplicate.pk)
    assert writer.get("companies/ACME/").json["founded_year"] is None
    again = writer.post(f"companies/{duplicate.pk}/unmerge/", {})
    assert (again.status, again.headers["Content-Type"]) == (409, "application/problem+json")
    assert again.json["detail"] == "Acme Bio (ACMB) is merged into no company."


def test_restoring_a_merged_company_is_a_conflict_that_names_the_survivor(writer, kept, duplicate):
    merged(writer, kept, duplicate)
    answer = writer.post(f"companies/{duplicate.pk}/restore/", {})
    assert answer.status == 409
    assert "it is merged into Acme Therapeutics (ACME). Undo that merge instead." in answer.json["detail"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "duplicate"),
        ({"duplicate": "NOBODY"}, 400, "duplicate"),
        ({"duplicate": "ACMB", "fill": ["name"]}, 400, "fill[0]"),
        ({"duplicate": "ACMB", "fill": ["ticker"]}, 409, "fill"),
        ({"duplicate": "ACMB", "reason": "x" * 501}, 400, "reason"),
        ({"duplicate": "ACMB", "keep": True}, 400, "keep"),
        ({"duplicate": "ACME"}, 409, "duplicate"),
    ],
)
def test_what_cannot_be_merged_is_refused_with_its_field(writer, kept, duplicate, body, status, field):
    answer = writer.post("companies/ACME/merge/", body)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert not CompanyMerge.objects.exists()


def test_merging_takes_the_scope_to_write_companies(kept, duplicate):
    assert merged(caller("read"), kept, duplicate).status == 403
    assert merged(caller("read", "write:signals"), kept, duplicate).status == 403


def test_signals_of_both_are_one_company_s_in_every_list(writer, kept, duplicate):
    old = SignalFactory(company=duplicate, event_date=dt.datetime(2025, 5, 1, tzinfo=dt.UTC))
    new = SignalFactory(company=kept, event_date=dt.datetime(2025, 6, 1, tzinfo=dt.UTC))
    both = [str(new.pk), str(old.pk)]
    addresses = (
        "companies/ACME/signals/", f"companies/{kept.pk}/signals/", "signals/?company=acme",
        f"signals/?company={kept.pk}", "signals/",
    )  # fmt: skip
    merged(writer, kept, duplicate)
    for address in addresses:
        answer = writer.get(f"{address}")
        assert ids(answer) == both, address
        assert {(row["company_id"], row["ticker"]) for row in answer.json["results"]} == {(str(kept.pk), "ACME")}
    counts = writer.get("signals/counts/?company=ACME").json
    assert counts["total"] == 2
    _, _, text = export(writer, "signals.csv", company="ACME", fields="id,ticker")
    assert sorted(text.splitlines()[1:]) == sorted(f"{pk},ACME" for pk in both)
    writer.post(f"companies/{duplicate.pk}/unmerge/", {})
    assert ids(writer.get("companies/ACME/signals/")) == [str(new.pk)]
    assert ids(writer.get("companies/ACMB/signals/")) == [str(old.pk)]


def test_pages_of_a_merged_company_s_signals_follow_each_other(writer, kept, duplicate):
    made = [
        SignalFactory(company=(kept, duplicate)[day % 2], event_date=dt.datetime(2025, 5, day, tzinfo=dt.UTC))
        for day in range(1, 6)
    ]
    merged(writer, kept, duplicate)
    first = writer.get("companies/ACME/signals/?limit=3")
    rest = writer.get(first.json["next"].partition("/api/v1/")[2])
    assert ids(first) + ids(rest) == [str(each.pk) for each in reversed(made)]


def test_catalysts_of_both_are_the_kept_company_s(writer, kept, duplicate):
    day = timezone.localdate(timezone=NEW_YORK) + dt.timedelta(days=30)
    DrugCandidateFactory(company=duplicate, next_milestone="Readout", next_milestone_date=day)
    SignalFactory(company=duplicate, signal_type="pdufa_date", event_date=timezone.now() + dt.timedelta(days=20))
    merged(writer, kept, duplicate)
    rows = writer.get("catalysts/?company=ACME").json["results"]
    assert [(row["kind"], row["company_id"], row["ticker"], row["company_name"]) for row in rows] == [
        ("pdufa_date", str(kept.pk), "ACME", "Acme Therapeutics"),
        ("milestone", str(kept.pk), "ACME", "Acme Therapeutics"),
    ]


def test_pipeline_of_both_is_the_kept_company_s(writer, kept, duplicate):
    drug = DrugCandidateFactory(company=duplicate)
    merged(writer, kept, duplicate)
    assert ids(writer.get("companies/ACME/pipeline/")) == [str(drug.pk)]


def test_a_duplicate_is_no_company_of_a_past_day(writer, kept, duplicate):
    address = f"companies/?as_of={timezone.localdate(timezone=NEW_YORK)}&fields=id"
    assert len(ids(writer.get(address))) == 2
    merged(writer, kept, duplicate)
    assert ids(writer.get(address)) == [str(kept.pk)]
    address = f"companies/{duplicate.pk}/?as_of={timezone.localdate(timezone=NEW_YORK)}"
    assert writer.get(address).headers["Location"].endswith(address.replace(str(duplicate.pk), str(kept.pk)))


BELOW = ["", "signals/?limit=5&type=trial_started", "scores/", "acquirers/", "pipeline/", "history/", "figures/"]


@pytest.mark.parametrize("below", BELOW)
def test_an_address_of_a_duplicate_leads_to_the_same_of_the_kept_company(writer, kept, duplicate, below):
    tag = writer.get(f"companies/{duplicate.pk}/").headers["ETag"]
    merged(writer, kept, duplicate)
    for ref in (str(duplicate.pk), "acmb"):
        answer = writer.get(f"companies/{ref}/{below}", headers={"If-None-Match": tag})
        assert (answer.status, answer.headers["Content-Type"]) == (307, "application/problem+json"), answer.text
        assert answer.headers["Cache-Control"] == "private, no-cache"
        pointer = answer.json["merged_into"]
        address = pointer.pop("address")
        assert pointer == {"id": str(kept.pk), "ticker": "ACME", "name": "Acme Therapeutics"}
        assert answer.json["detail"] == "Acme Bio (ACMB) is merged into Acme Therapeutics (ACME)."
        assert answer.headers["Location"] == f"{address}{below}"
        followed = writer.get(answer.headers["Location"].partition("/api/v1/")[2], headers={"If-None-Match": tag})
        assert followed.status == 200
        if not below:
            assert followed.json["id"] == str(kept.pk)
    writer.post(f"companies/{duplicate.pk}/unmerge/", {})
    again = writer.get(f"companies/{duplicate.pk}/{below}")
    assert again.status == 200, "nobody may have kept the redirect: the merge is undone"


def test_whoever_writes_to_a_duplicate_is_told_where_it_went_and_nothing_is_written(writer, kept, duplicate):
    merged(writer, kept, duplicate)
    answers = [
        writer.patch(f"companies/{duplicate.pk}/", {"employee_count": 7}),
        writer.delete(f"companies/{duplicate.pk}/"),
        writer.post(f"companies/{duplicate.pk}/merge/", {"duplicate": str(kept.pk)}),
    ]
    for answer in answers:
        assert answer.status == 404
        assert "Location" not in answer.headers
        assert answer.json["merged_into"]["id"] == str(kept.pk)
    kept.refresh_from_db()
    assert (kept.employee_count, kept.deleted_at) == (None, None)
    drug = caller("write:drug-candidates").post(
        "drug-candidates/", {"company": "ACMB", "name": "X", "phase": "phase_1"}
    )
    assert drug.status == 400
    assert drug.json["errors"][0]["detail"] == (
        "Acme Bio (ACMB) is merged into Acme Therapeutics (ACME): name that one."
    )


def test_a_score_of_a_duplicate_and_its_explanation_tell_where_the_company_went(writer, kept, duplicate):
    score = MAScoreFactory(company=duplicate, is_latest=True)
    match = AcquirerMatchFactory(target_company=duplicate)
    merged(writer, kept, duplicate)
    for address in (f"scores/{score.pk}/", f"scores/{score.pk}/explanation/", f"acquirer-matches/{match.pk}/"):
        answer = writer.get(address)
        assert answer.status == 404
        # A result of the duplicate's is no result of the kept company's: there is nothing to be led to.
        assert "Location" not in answer.headers
        assert answer.json["merged_into"]["ticker"] == "ACME"


def test_a_ticker_that_a_live_company_has_taken_since_is_that_company_s(writer, kept, duplicate):
    merged(writer, kept, duplicate)
    heir = CompanyFactory(ticker="ACMB")
    assert writer.get("companies/ACMB/").json["id"] == str(heir.pk)
    assert writer.get(f"companies/{duplicate.pk}/").status == 307


def test_a_duplicate_of_an_archived_company_is_not_led_on(writer, kept, duplicate):
    merged(writer, kept, duplicate)
    assert writer.delete("companies/ACME/").status == 204
    answer = writer.get(f"companies/{duplicate.pk}/")
    assert (answer.status, answer.json["merged_into"]["id"]) == (404, str(kept.pk))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["companies/ACME/signals/?limit=5", "signals/?company=ACME", "signals/?limit=5"])
def test_an_answer_from_memory_does_not_outlive_a_merge(path):
    ANSWERS.clear()
    PLANS.clear()
    kept, duplicate = CompanyFactory(ticker="ACME"), CompanyFactory(ticker="ACMB")
    mine = SignalFactory(company=kept, event_date=dt.datetime(2025, 6, 2, tzinfo=dt.UTC))
    other = SignalFactory(company=duplicate)
    admin = caller("read", "write:companies")
    way = Way(admin.key)

    def shown():
        return {(row["id"], row["ticker"]) for row in way.rows(path)}

    for _ in range(3):
        before = shown()
    assert (str(mine.pk), "ACME") in before
    assert (str(other.pk), "ACME") not in before
    assert merged(admin, kept, duplicate).status == 200
    for _ in range(3):
        assert shown() == {(str(mine.pk), "ACME"), (str(other.pk), "ACME")}
    admin.post(f"companies/{duplicate.pk}/unmerge/", {})
    for _ in range(3):
        assert shown() == before


def test_merge_into_a_state_that_is_no_longer_there_is_refused(writer, kept, duplicate):
    tag = writer.get("companies/ACME/").headers["ETag"]
    Company.objects.filter(pk=kept.pk).update(employee_count=7)
    answer = writer.post("companies/ACME/merge/", {"duplicate": "ACMB"}, headers={"If-Match": tag})
    assert answer.status == 412
    tag = writer.get("companies/ACME/").headers["ETag"]
    assert writer.post("companies/ACME/merge/", {"duplicate": "ACMB"}, headers={"If-Match": tag}).status == 200
