"""The scores and matches of merged companies: what stands under either counts for the one that was kept.

ACADIA of the worked example (test_worked_example.py has its sheet), entered twice by half: the second row has the
research spending, the approval of trofinetide and that drug. Read together they are the sheet's ACADIA, to the last
digit: total 86.0403, confidence 0.7870. By itself the first row has

lead_stage    pimavanserin is approved: 100
breadth       pimavanserin, remlifanserin and pimavanserin in schizophrenia: 3, so 100 (1 - e^-1) = 63.2121
"""

from __future__ import annotations

import datetime as dt

import pytest

from companies.merging import merge, undo_merge
from companies.models import Company, DrugCandidate
from scoring.inputs import inputs
from scoring.inputs.window import Window
from scoring.matching.parties import parties
from scoring.models import MAScore
from scoring.record import contributions_of
from scoring.services import score_universe
from tests.scoring.universe import DAY, candidate, company, research, signal, trial

pytestmark = pytest.mark.django_db


@pytest.fixture
def halves() -> tuple[Company, Company]:
    acadia = company("ACAD", cik="0001070494", cap=4_400_000_000, as_of="2026-06-30")
    approved = {"additional_data": {"status": "approved", "approved_on": "2016-04-29"}}
    candidate(acadia, "approved", name="pimavanserin", indication="Parkinson's disease psychosis",
              patent_expiry="2038-08-27", **approved)  # fmt: skip
    candidate(acadia, "phase_3", name="remlifanserin", additional_data={"status": "active"})
    candidate(acadia, "phase_2", name="pimavanserin", indication="Schizophrenia",
              additional_data={"status": "completed"})  # fmt: skip
    candidate(acadia, "discontinued", name="pimavanserin", indication="Insomnia", additional_data={"status": "ended"})
    other = company("ACDP", cik="0009999999", cap=None)
    candidate(other, "approved", name="trofinetide", indication="Rett syndrome", patent_expiry="2040-08-03",
              orphan_designation=True,
              additional_data={"status": "approved", "brands": ["DAYBUE"], "applications": ["NDA217026"]})  # fmt: skip
    candidate(other, "phase_2", name="Remlifanserin", indication="obesity", additional_data={"status": "active"})
    signal(other, "fda_approval", "2023-03-10", drug="DAYBUE", application_number="NDA217026")
    research(other, 328_802_000, end="2025-12-31", known="2026-02-26", form="10-K", accession="0001193125-26-072519")
    puma = company("PBYI", cik="0001401667", cap=320_000_000, as_of="2026-06-30")
    candidate(puma, "approved", name="neratinib", indication="Breast cancer", patent_expiry="2031-07-18",
              additional_data={"status": "approved", "approved_on": "2017-07-17"})  # fmt: skip
    candidate(puma, "phase_2", name="alisertib", indication="Breast cancer", additional_data={"status": "active"})
    candidate(puma, "phase_1", name="neratinib", indication="Solid tumors", additional_data={"status": "active"})
    return acadia, other


def scores() -> dict[str, MAScore]:
    score_universe(day=DAY)
    return {row.company.ticker or "": row for row in MAScore.objects.filter(score_date=DAY).select_related("company")}


def breadth(row: MAScore) -> str:
    return next(part["value"] for part in contributions_of(row) or [] if part["feature"] == "breadth")


def test_both_halves_make_the_score_of_the_sheet_also_of_a_past_day(halves):
    assert breadth(scores()["ACAD"]) == "63.2121"
    made = merge(kept=halves[0], duplicate=halves[1])
    found = scores()
    assert sorted(found) == ["ACAD", "PBYI"]
    assert (str(found["ACAD"].total_score), str(found["ACAD"].confidence)) == ("86.0403", "0.7870")
    assert (str(found["PBYI"].total_score), str(found["PBYI"].confidence)) == ("63.0643", "0.6283")
    undo_merge(merge=made)
    found = scores()
    assert sorted(found) == ["ACAD", "ACDP", "PBYI"]
    assert breadth(found["ACAD"]) == "63.2121"


def test_a_merge_rewrites_no_score_that_stands(halves):
    before = {name: row.total_score for name, row in scores().items()}
    merge(kept=halves[0], duplicate=halves[1])
    standing = MAScore.objects.filter(score_date=DAY).select_related("company")
    assert {row.company.ticker: row.total_score for row in standing} == before


def test_a_drug_of_both_counts_once_on_days_before_the_merge_too(halves):
    merge(kept=halves[0], duplicate=halves[1])
    found = inputs(halves[0], DAY)
    assert found is not None
    named = [item.name for item in found.programmes if item.name.casefold() == "remlifanserin"]
    assert named == ["remlifanserin"]
    assert DrugCandidate.objects.filter(name__iexact="remlifanserin").count() == 1


def test_offer_for_a_duplicate_takes_the_kept_company_off_the_ranking(halves):
    kept, duplicate = halves
    signal(duplicate, "takeover_target", "2026-06-01")
    assert inputs(kept, DAY) is not None
    made = merge(kept=kept, duplicate=duplicate)
    assert inputs(kept, DAY) is None
    assert Company.objects.get(pk=kept.pk).under_offer_since == dt.date(2026, 6, 1)
    undo_merge(merge=made)
    assert Company.objects.get(pk=kept.pk).under_offer_since is None
    assert Company.objects.get(pk=duplicate.pk).under_offer_since == dt.date(2026, 6, 1)


def test_trials_and_filings_read_of_both_are_the_kept_company_s(halves):
    kept, duplicate = halves
    study = trial(duplicate, "NCT00000001", "2026-05-01", drug="remlifanserin")
    filed = signal(duplicate, "sec_filing", "2026-06-02")
    type(filed).objects.bulk_create(
        [type(filed)(company=duplicate, signal_type="sec_filing", event_date=filed.event_date, title="10-Q",
                     available_at=filed.available_at, source="edgar", source_id="1")]
    )  # fmt: skip
    merge(kept=kept, duplicate=duplicate)
    window = Window.load(DAY, DAY, company_ids=[kept.pk])
    assert list(window.studies) == [kept.pk]
    [version] = window.studies[kept.pk]["remlifanserin|obesity"]
    assert version.evidence.signal_ids == (str(study.pk),)
    assert window.readings[kept.pk].filings == (dt.date(2026, 6, 2),)


def test_matching_sees_one_company_with_the_regions_and_funds_of_both(halves):
    kept, duplicate = halves
    signal(duplicate, "fda_approval", "2024-01-01", drug="X", application_number="NDA000001")
    merge(kept=kept, duplicate=duplicate)
    found = {target.ticker: target for target in parties(DAY).targets}
    assert sorted(filter(None, found)) == ["ACAD", "PBYI"]
    assert "US" in found["ACAD"].regions
