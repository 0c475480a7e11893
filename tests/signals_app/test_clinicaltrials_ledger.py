"""Every version of a study stays in the ledger, so that the state of a candidate on any past day can be read there."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from companies.models import DrugCandidate
from companies.starter.trials import Trial, furthest
from signals_app.ingest.base import Outcome, Request
from signals_app.ingest.clinicaltrials.run import run
from signals_app.ingest.clinicaltrials.versions import State
from signals_app.models import Signal
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def belmont():
    return CompanyFactory(name="Belmont Testbio, Inc.", cik="0009000002")


def study(posted: str, status: str, phases: list[str], due: str, **more: Any) -> dict[str, Any]:
    """Return version `posted` of a study of BLM-1 and BLM-2 together, in two arms of their own."""
    dates = {
        "overallStatus": status, "studyFirstPostDateStruct": {"date": "2021-02-08"},
        "startDateStruct": {"date": "2021-04"}, "primaryCompletionDateStruct": {"date": due, "type": "ESTIMATED"},
        "lastUpdatePostDateStruct": {"date": posted}, **more,
    }  # fmt: skip
    arms = [{"label": name, "type": "EXPERIMENTAL"} for name in ("BLM-1", "BLM-2")]
    given = [{"type": "DRUG", "name": arm["label"], "armGroupLabels": [arm["label"]]} for arm in arms]
    return {
        "protocolSection": {
            "identificationModule": {"nctId": "NCT90000077"},
            "statusModule": dates,
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Belmont Testbio"}},
            "conditionsModule": {"conditions": ["Asthma"]},
            "designModule": {"studyType": "INTERVENTIONAL", "phases": phases, "enrollmentInfo": {"count": 90}},
            "armsInterventionsModule": {"armGroups": arms, "interventions": given},
        }
    }


PLANNED = study("2021-02-08", "NOT_YET_RECRUITING", ["PHASE2"], "2023-06")
ENROLLED = study("2021-09-01", "ACTIVE_NOT_RECRUITING", ["PHASE2"], "2023-06")
PAUSED = study("2022-01-10", "SUSPENDED", ["PHASE2"], "2023-06", whyStopped="Supply")
RESUMED = study("2022-05-20", "RECRUITING", ["PHASE1", "PHASE2"], "2024-12-15")


def ingest(folder: Path, *versions: dict[str, Any]) -> Outcome:
    for number, version in enumerate(versions):
        (folder / f"{number}.json").write_text(json.dumps(version))
    outcome = run(Request(paths=(folder,)), lambda step: None)
    for file in folder.iterdir():
        file.unlink()
    return outcome


def on(day: str) -> tuple[str, str, str | None]:
    """Return phase, status and next completion of BLM-2 on a day, from the ledger alone."""
    rows = Signal.objects.known_by_day(dt.date.fromisoformat(day)).filter(
        source="clinicaltrials", signal_data__has_key="trial",
        signal_data__candidates__contains=[{"origin": "blm-2|asthma"}],
    )  # fmt: skip
    data = max((row.signal_data["trial"] for row in rows), key=lambda trial: trial["version"])
    state = State.from_json(data)
    assert state is not None
    found = furthest([Trial("NCT90000077", state.phase, state.status)])
    assert found is not None
    return (*found, state.primary_completion.day.isoformat() if state.primary_completion else None)


def test_state_on_each_day_is_the_version_posted_last(tmp_path):
    ingest(tmp_path, PLANNED, ENROLLED, PAUSED, RESUMED)
    assert not Signal.objects.known_by_day(dt.date(2021, 2, 7)).exists()
    assert on("2021-02-08") == ("phase_2", "active", "2023-06-30")
    assert on("2022-01-09") == ("phase_2", "active", "2023-06-30")
    assert on("2022-01-10") == ("phase_2", "suspended", "2023-06-30")
    assert on("2022-05-20") == ("phase_1_2", "active", "2024-12-15")


def test_version_without_news_is_an_update_with_the_whole_state(tmp_path):
    ingest(tmp_path, PLANNED)
    (row,) = Signal.objects.all()
    assert (row.signal_type, row.severity, row.source_id) == (
        "trial_updated",
        "low",
        "NCT90000077:2021-02-08:trial_updated",
    )
    assert row.title == "NCT90000077 (BLM-1, Asthma): not yet recruiting as of 2021-02-08"
    assert row.signal_data["trial"] == {
        "version": "2021-02-08", "first_posted": "2021-02-08", "status": "NOT_YET_RECRUITING", "phase": "PHASE2",
        "start": {"date": "2021-04-30", "precision": "month", "type": "estimated"},
        "primary_completion": {"date": "2023-06-30", "precision": "month", "type": "estimated"}, "enrolment": 90,
    }  # fmt: skip
    assert row.signal_data["candidates"] == [
        {"drug": "BLM-1", "indication": "Asthma", "origin": "blm-1|asthma"},
        {"drug": "BLM-2", "indication": "Asthma", "origin": "blm-2|asthma"},
    ]
    origins = {row.additional_data["origin"] for row in DrugCandidate.objects.all()}
    assert origins == {"blm-1|asthma", "blm-2|asthma"}


def test_end_of_a_suspension_is_an_update_that_names_the_status_before(tmp_path):
    ingest(tmp_path, PAUSED)
    ingest(tmp_path, study("2022-05-20", "RECRUITING", ["PHASE2"], "2023-06"))
    row = Signal.objects.get(signal_data__trial__version="2022-05-20")
    assert (row.signal_type, row.signal_data["from_status"]) == ("trial_updated", "SUSPENDED")


def test_version_that_comes_late_is_history_and_leaves_the_candidates(tmp_path):
    ingest(tmp_path, RESUMED)
    before = list(DrugCandidate.objects.order_by("id").values())
    outcome = ingest(tmp_path, PAUSED)
    assert (outcome.created, outcome.updated, outcome.skipped) == (0, 0, 1)
    assert list(DrugCandidate.objects.order_by("id").values()) == before
    assert on("2022-01-10")[1] == "suspended"
    assert on("2022-05-20")[1] == "active"
    ingest(tmp_path, PAUSED)
    assert Signal.objects.filter(signal_data__trial__version="2022-01-10").count() == 1


def test_posted_results_tell_nothing_of_a_version_that_came_later(tmp_path):
    posted = {"resultsFirstPostDateStruct": {"date": "2023-11-02"}}
    ingest(tmp_path, study("2025-03-04", "COMPLETED", ["PHASE2"], "2023-06", **posted))
    row = Signal.objects.get(signal_type="trial_results_posted")
    assert row.available_at.date() == dt.date(2023, 11, 2)
    assert not {"trial", "status", "phase", "enrolment"} & set(row.signal_data)


def test_versions_are_compared_with_the_ledger_where_analysts_took_the_candidates_data(tmp_path):
    ingest(tmp_path, PLANNED)
    DrugCandidate.objects.update(additional_data={}, field_sources={"additional_data": {"source": "curated"}})
    ingest(tmp_path, ENROLLED)
    assert Signal.objects.get(signal_type="trial_started").signal_data["from_status"] == "NOT_YET_RECRUITING"


def test_countries_of_a_version_s_sites_are_in_the_ledger(tmp_path):
    sited = study("2021-02-08", "RECRUITING", ["PHASE2"], "2023-06")
    sited["protocolSection"]["contactsLocationsModule"] = {
        "locations": [{"country": "Japan"}, {"country": "France"}, {"city": "Nowhere"}, {"country": "Japan"}]
    }
    ingest(tmp_path, sited, PAUSED)
    rows = {row.signal_data["trial"]["version"]: row.signal_data["trial"] for row in Signal.objects.all()}
    assert rows["2021-02-08"]["countries"] == ["France", "Japan"]
    assert "countries" not in rows["2022-01-10"]
