"""Studies: own drugs, phases, versions and what they change, sponsors; the real studies by hand."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companies.models import CompanyAlias, DrugCandidate
from signals_app.ingest.base import IngestError, Outcome, ParseError, Request
from signals_app.ingest.clinicaltrials.areas import area_of
from signals_app.ingest.clinicaltrials.own import clean_name, own_drugs
from signals_app.ingest.clinicaltrials.parse import Study, parse
from signals_app.ingest.clinicaltrials.run import run
from signals_app.ingest.names import normalised
from signals_app.ingest.sponsors import Sponsors
from signals_app.models import ReviewItem, Signal
from tests.factories import CompanyFactory, DrugCandidateFactory

OWN = Path(__file__).parent.parent / "data" / "clinicaltrials"
TODAY = dt.date(2026, 11, 23)
FIRST, SECOND, THIRD = (OWN / f"NCT90000001_{number}.json" for number in (1, 2, 3))


def ingest(*paths: Path, **asked: object) -> Outcome:
    return run(Request(paths=paths, **asked), lambda step: None)  # type: ignore[arg-type]


def study(path: Path, **changes: object) -> Study:
    document = json.loads(path.read_bytes())
    document["protocolSection"]["designModule"].update(changes)
    (found,) = parse(json.dumps(document).encode(), path.name, today=TODAY)
    assert isinstance(found, Study), found
    return found


@pytest.fixture
def arden():
    return CompanyFactory(name="Arden Testbio, Inc.", cik="0009000001")


@pytest.mark.parametrize(
    ("phases", "phase"),
    [([], ""), (["NA"], "NA"), (["EARLY_PHASE1"], "EARLY_PHASE1"), (["PHASE2", "PHASE1"], "PHASE1|PHASE2")],
)
def test_phases_of_the_registry(phases, phase):
    assert study(FIRST, phases=phases).phase == phase


def test_month_is_its_last_day_and_known_as_a_month():
    found = study(SECOND)
    assert found.primary_completion is not None
    assert (found.primary_completion.day, found.primary_completion.by_month) == (dt.date(2027, 3, 31), True)


def test_own_drug_is_neither_background_nor_placebo():
    assert own_drugs(study(FIRST), None) == ["ARD-7"]
    assert own_drugs(study(FIRST, studyType="OBSERVATIONAL"), None) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ARD-7 20 mg", "ARD-7"),
        ("Ardenib (ARD-9) Oral Tablet", "Ardenib"),
        ("ardomab 1.5 mg/kg", "ardomab"),
        ("5 mg", ""),
    ],
)
def test_name_is_cleaned_of_dose_and_form(text, name):
    assert clean_name(text) == name


@pytest.mark.parametrize(
    ("mesh", "area"),
    [
        ([9369, 8171, 12140], "oncology"), ([1249, 6967, 7154], "respiratory"), ([3876, 12871, 30342], "dermatology"),
        ([30342, 8659], "rare_disease"), ([9422], "neurology"), ([9765, 9750], "metabolic"), ([5128], "ophthalmology"),
        ([1], None), ([], None),
    ],
)  # fmt: skip
def test_area_of_mesh_headings(mesh, area):
    assert area_of(mesh) == area


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACADIA PHARMS INC", "ACADIA Pharmaceuticals Inc."), ("UNITED THERAP", "United Therapeutics Corporation"),
        ("BEONE MEDICINES USA", "BeOne Medicines Ltd."), ("ALK-Abelló A/S", "ALK Abello AS"),
    ],
)  # fmt: skip
def test_names_that_are_the_same_name(one, other):
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(("one", "other"), [("Co-Diagnostics, Inc.", "Diagnostics Ltd"), ("AB Science", "Science Inc")])
def test_legal_form_in_front_is_part_of_the_name(one, other):
    assert normalised(one) != normalised(other)


@pytest.mark.django_db
def test_sponsor_is_matched_exactly_by_alias_or_asked_about():
    arden, other = CompanyFactory(name="Arden Testbio, Inc."), CompanyFactory(name="Bayfell Therapeutics")
    CompanyAlias.objects.create(company=other, alias="Old Bayfell Corp", kind="former_name")
    sponsors = Sponsors.load()
    assert sponsors.match("ARDEN TESTBIO").company == arden
    assert sponsors.match("Old Bayfell").company == other
    assert sponsors.match("Bayfell Biosciences").alike == (other,)
    assert sponsors.match("Bayer Healthcare") == sponsors.match("Nobody")


@pytest.mark.django_db
def test_study_becomes_a_candidate(arden):
    outcome = ingest(SECOND)
    row = DrugCandidate.objects.get()
    assert (row.company, row.name, row.indication, row.phase) == (arden, "ARD-7", "Obesity", "phase_2")
    assert (row.therapeutic_area, row.next_milestone_date) == ("metabolic", dt.date(2027, 3, 31))
    trial = row.additional_data["trials"]["NCT90000001"]
    assert (trial["status"], trial["enrolment"]) == ("RECRUITING", 240)
    assert trial["primary_completion"]["precision"] == "month"
    assert (outcome.read, outcome.created) == (1, 1)


@pytest.mark.django_db
def test_versions_say_what_changed_known_from_their_posting(arden):
    for path in (FIRST, SECOND, THIRD):
        ingest(path)
    rows = {row.source_id: row for row in Signal.objects.filter(company=arden)}
    assert set(rows) == {
        "NCT90000001:2025-02-03:trial_updated", "NCT90000001:2025-04-10:trial_started",
        "NCT90000001:2025-04-10:trial_date_moved", "NCT90000001:2025-04-10:trial_phase_up",
        "NCT90000001:2026-01-15:trial_terminated",
        "NCT90000001:results:2026-01-15:0009000001",
    }  # fmt: skip
    started, stopped = rows["NCT90000001:2025-04-10:trial_started"], rows["NCT90000001:2026-01-15:trial_terminated"]
    assert (started.event_date.date(), started.available_at.date()) == (dt.date(2025, 3, 31), dt.date(2025, 4, 10))
    assert stopped.signal_data["why_stopped"] == "Lack of efficacy"
    moved = rows["NCT90000001:2025-04-10:trial_date_moved"].signal_data
    assert (moved["from"], moved["to"]) == ("2026-11-30", "2027-03-31")
    assert DrugCandidate.objects.get().phase == "discontinued"


@pytest.mark.django_db
def test_milestone_goes_with_the_trial_that_set_it_and_an_analysts_stays(arden):
    ingest(SECOND)
    row = DrugCandidate.objects.get()
    assert (row.next_milestone, row.next_milestone_date) == ("Primary completion of NCT90000001", dt.date(2027, 3, 31))
    ingest(THIRD)
    row.refresh_from_db()
    assert (row.next_milestone, row.next_milestone_date) == (None, None)


@pytest.mark.django_db
def test_analysts_milestone_stays_when_the_trial_ends(arden):
    ingest(SECOND)
    note = {**DrugCandidate.objects.get().field_sources, "next_milestone_date": {"source": "curated"}}
    DrugCandidate.objects.update(next_milestone_date=dt.date(2028, 1, 1), field_sources=note)
    ingest(THIRD)
    row = DrugCandidate.objects.get()
    assert (row.next_milestone, row.next_milestone_date) == (None, dt.date(2028, 1, 1))


@pytest.mark.django_db
def test_list_of_studies_as_the_site_downloads_it_is_read(arden, tmp_path):
    studies = [json.loads(path.read_bytes()) for path in (FIRST, SECOND)]
    (tmp_path / "ctg-studies.json").write_text(json.dumps([*studies, 5]))
    outcome = ingest(tmp_path / "ctg-studies.json")
    assert (outcome.read, outcome.rejected) == (3, 1)
    assert DrugCandidate.objects.get().phase == "phase_2"


@pytest.mark.django_db
def test_all_versions_at_once_say_the_same_and_a_second_run_nothing(arden):
    first = ingest(THIRD, SECOND, FIRST)
    ids = set(Signal.objects.values_list("source_id", flat=True))
    assert len(ids) == 6
    again = ingest(OWN)
    assert (again.created, again.updated) == (0, 0)
    assert set(Signal.objects.values_list("source_id", flat=True)) == ids
    assert first.read == 3


@pytest.mark.django_db
def test_older_version_after_a_newer_one_changes_nothing(arden):
    ingest(THIRD)
    outcome = ingest(FIRST)
    assert (outcome.created, outcome.updated, outcome.skipped) == (0, 0, 1)
    assert DrugCandidate.objects.get().phase == "discontinued"


@pytest.mark.django_db
def test_phase_that_rests_on_other_evidence_is_not_taken_back(arden):
    source = {"phase": {"source": "starter"}, "additional_data": {"source": "starter"}}
    further = DrugCandidateFactory(
        company=arden, name="ARD-7", phase="phase_3", additional_data={"nct_ids": ["NCT1"]}, field_sources=source
    )
    ingest(SECOND)
    further.refresh_from_db()
    assert further.phase == "phase_3"
    assert further.additional_data["nct_ids"] == ["NCT1", "NCT90000001"]


@pytest.mark.django_db
def test_stranger_is_skipped_faulty_study_rejected(arden):
    outcome = ingest(OWN)
    assert (outcome.skipped, outcome.rejected) == (1, 1)
    assert "'NCT9' is no NCT id" in outcome.rejects[0].reason
    assert not ReviewItem.objects.exists()


@pytest.mark.django_db
def test_update_posted_in_the_future_is_rejected(arden, tmp_path):
    text = THIRD.read_text().replace('"2026-01-15"', '"2126-01-15"')
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(IngestError, match="is in the future"):
        ingest(tmp_path)


def test_what_stands_among_studies_and_is_none_is_named():
    faults = parse(b'{"studies": [7, null, [1]]}', "f", today=TODAY)
    assert [str(fault) for fault in faults] == [
        "f: study 1: '7' is no study", "f: study 2: 'None' is no study", "f: study 3: '[1]' is no study",
    ]  # fmt: skip


@given(st.integers(0, 3000), st.binary(max_size=6))
def test_mutated_study_never_crashes(at, noise):
    data = THIRD.read_bytes()
    try:
        found = parse(data[:at] + noise + data[at + len(noise) :], "f", today=TODAY)
    except ParseError:
        return
    for one in found:
        if isinstance(one, Study):
            own_drugs(one, None)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists))
def test_anything_in_a_module_is_a_study_or_a_fault(value):
    document = json.loads(THIRD.read_bytes())
    for module in list(document["protocolSection"]):
        changed = json.loads(json.dumps(document))
        changed["protocolSection"][module] = value
        parse(json.dumps(changed).encode(), "f", today=TODAY)


@pytest.mark.django_db
def test_real_studies_give_what_jq_finds(shared_data):
    names = ["Xencor, Inc.", "Arcus Biosciences, Inc.", "BioMarin Pharmaceutical Inc.", "Amgen Inc.", "BioNTech SE",
             "Regeneron Pharmaceuticals, Inc.", "Coherus Oncology, Inc."]  # fmt: skip
    for name in names:
        CompanyFactory(name=name)
    folder = shared_data / "clinicaltrials"
    outcome = ingest(folder)
    assert (outcome.read, outcome.rejected) == (306, 0)
    again = ingest(folder)
    assert (again.created, again.updated, again.read) == (0, 0, 306)
    trials = {
        nct_id: (row.company.name, row.name, row.phase, state["status"], state["version"])
        for row in DrugCandidate.objects.select_related("company")
        for nct_id, state in row.additional_data["trials"].items()
    }
    assert trials["NCT02148744"] == ("Xencor, Inc.", "XmAb7195", "phase_1", "COMPLETED", "2017-01-24")
    assert trials["NCT00925054"][3:] == ("COMPLETED", "2019-02-26")
    assert trials["NCT06892548"][2:] == ("phase_1_2", "RECRUITING", "2026-02-11")
    assert trials["NCT06131398"][1:] == ("AMG 355", "phase_1", "ACTIVE_NOT_RECRUITING", "2025-12-22")
    posted = Signal.objects.get(signal_type="trial_results_posted", signal_data__nct_id="NCT00925054")
    assert posted.available_at.date() == dt.date(2019, 2, 26)
    done = Signal.objects.get(signal_type="trial_completed", signal_data__nct_id="NCT02148744")
    assert (done.event_date.date(), done.available_at.date()) == (dt.date(2015, 9, 21), dt.date(2017, 1, 24))
    row = DrugCandidate.objects.get(company__name="BioNTech SE", name="BNT327")
    assert row.next_milestone_date == dt.date(2027, 8, 31)
