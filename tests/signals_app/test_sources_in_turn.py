"""Sources that speak of the same rows come to rest: none takes back what another said, however often they run."""

from __future__ import annotations

from pathlib import Path

import pytest

from signals_app.ingest.base import Outcome, Request
from signals_app.ingest.clinicaltrials.run import run as clinicaltrials
from signals_app.ingest.fda.drugsfda.run import run as drugsfda
from signals_app.ingest.fda.orangebook.run import run as orangebook
from signals_app.ingest.merge.candidates import CandidateRecord, merge_candidates
from signals_app.ingest.universe.run import run as universe
from tests.factories import CompanyFactory, DrugCandidateFactory

FDA = Path(__file__).parent.parent / "data" / "fda"
REVIEWED = frozenset({"UTHR", "SNY", "APLS"})


def approvals() -> Outcome:
    return drugsfda(Request((FDA,)), lambda step: None)


@pytest.mark.django_db
def test_sources_that_know_different_applications_of_a_drug_add_up():
    company = CompanyFactory(name="Arden Testbio")

    def pipeline() -> Outcome:
        outcome = Outcome("universe")
        known = {"applications": ["NDA900007", "NDA900003"], "brands": ["ARDENTA"], "status": "approved"}
        record = CandidateRecord(company.pk, "TSTA", "ardenib", "Gout", "approved", None, additional=known)
        merge_candidates([record], source="universe", outcome=outcome)
        return outcome

    assert pipeline().created == 1
    approvals()
    candidate = company.drug_candidates.get()
    assert candidate.additional_data["applications"] == ["NDA900007", "NDA900003", "NDA900001"]
    assert candidate.additional_data["approved_on"] == "2018-06-28"
    before = candidate.updated_at
    again = [pipeline(), approvals(), pipeline()]
    assert [(outcome.created, outcome.updated) for outcome in again] == [(0, 0)] * 3
    candidate.refresh_from_db()
    assert candidate.updated_at == before


@pytest.mark.django_db
def test_approval_of_one_product_is_not_dated_to_another_of_the_same_ingredient():
    company = CompanyFactory(name="Arden Testbio")
    eye = DrugCandidateFactory(
        company=company, name="ardenib", indication="Uveitis", phase="approved",
        additional_data={"applications": ["NDA900077"], "brands": ["OCUARD"], "approved_on": "2024-05-02"},
    )  # fmt: skip
    gout = DrugCandidateFactory(
        company=company, name="ardenib", indication="Gout", phase="approved", additional_data={"brands": ["Ardenta"]},
        field_sources={"additional_data": {"source": "universe"}},
    )  # fmt: skip
    approvals()
    eye.refresh_from_db()
    gout.refresh_from_db()
    assert eye.additional_data["applications"] == ["NDA900077"]
    assert eye.additional_data["approved_on"] == "2024-05-02"
    assert gout.additional_data["applications"] == ["NDA900001"]


@pytest.mark.django_db
def test_real_sources_come_to_rest_after_one_round(shared_data):
    def cycle() -> list[tuple[int, int]]:
        runs = [
            (universe, "universe"), (clinicaltrials, "clinicaltrials"), (drugsfda, "fda/drugsfda"),
            (orangebook, "fda/orangebook"), (universe, "universe"),
        ]  # fmt: skip
        found = [run(Request((shared_data / path,), companies=REVIEWED), lambda step: None) for run, path in runs]
        return [(outcome.created, outcome.updated) for outcome in found]

    cycle()
    assert cycle() == [(0, 0)] * 5
