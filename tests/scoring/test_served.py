"""What is kept ready of latest scores: the same bytes as made on reading, never stale, whoever writes the score."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from biotech_ma.core.api import reads
from scoring import served
from scoring.api.reads import SCORES
from scoring.models import MAScore, ServedScore
from tests.factories import CompanyFactory, MAScoreFactory

pytestmark = pytest.mark.django_db

LONG = ("key_drivers", "risk_factors", "metadata")
DRIVER = {"n": 1, "component": "pipeline", "feature": "lead_stage", "weight": "0.1250", "contribution": "4.0000"}
RISK = {"n": 0, "component": "gone", "feature": "its 'own' 100 %", "weight": "0.1", "contribution": "-2.0000"}
REST = {
    "detail": "none is recorded", "value": "0.0000", "median": "0.0000", "source": None, "source_url": None,
    "date": None, "imputed": False, "assumed": False, "signal_ids": [], "accessions": [],
}  # fmt: skip
WHOLE_DRIVER = {
    **REST, "component": "pipeline", "feature": "lead_stage", "label": "Stage of the lead", "weight": "0.1250",
    "contribution": "4.0000",
}  # fmt: skip
WHOLE_RISK = {
    **REST, "component": "gone", "feature": "its 'own' 100 %", "label": "its 'own' 100 %", "weight": "0.1",
    "contribution": "-2.0000",
}  # fmt: skip


@pytest.fixture
def score() -> MAScore:
    return MAScoreFactory(
        is_latest=True, key_drivers=[DRIVER], risk_factors=[RISK], metadata={"baseline": "50", "neutral": []}
    )


def answered(score: MAScore) -> bytes:
    found = reads.one(MAScore.objects.filter(pk=score.pk), [SCORES.by_name[name] for name in LONG])
    assert found is not None
    return found


def run(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def kept(score: MAScore) -> Any:
    return ServedScore.objects.filter(score=score).values_list(*LONG).first()


def test_latest_score_is_kept_whole_and_served_from_there(score: MAScore) -> None:
    expected = [WHOLE_DRIVER], [WHOLE_RISK], {"baseline": "50", "contributions": [WHOLE_RISK, WHOLE_DRIVER]}
    assert kept(score) == expected
    assert json.loads(answered(score)) == dict(zip(LONG, expected, strict=True))
    run("UPDATE served_scores SET key_drivers = '[\"from there\"]'")
    assert json.loads(answered(score))["key_drivers"] == ["from there"]


def test_kept_and_made_on_reading_are_the_same_bytes(score: MAScore) -> None:
    ready = answered(score)
    ServedScore.objects.all().delete()
    assert answered(score) == ready


@pytest.mark.parametrize("name", LONG)
def test_whoever_changes_a_latest_score_changes_what_is_kept(score: MAScore, name: str) -> None:
    value = {"by": "hand"} if name == "metadata" else [{"by": "hand"}]
    run(f"UPDATE ma_scores SET {name} = %s::jsonb", json.dumps(value))
    assert json.loads(answered(score))[name] == value
    assert (kept(score) or ())[LONG.index(name)] == value


def test_score_that_is_no_longer_the_latest_is_not_kept_and_reads_the_same(score: MAScore) -> None:
    ready = answered(score)
    MAScore.objects.filter(pk=score.pk).update(is_latest=False)
    assert kept(score) is None
    assert answered(score) == ready
    MAScore.objects.filter(pk=score.pk).update(is_latest=True)
    assert kept(score) is not None


def test_score_that_is_deleted_takes_what_is_kept_along(score: MAScore) -> None:
    score.delete()
    assert not ServedScore.objects.exists()


def test_older_scores_are_not_kept(score: MAScore) -> None:
    MAScoreFactory(company=score.company, score_date="2025-06-29")
    assert ServedScore.objects.count() == 1


def test_row_of_another_form_is_not_served(score: MAScore) -> None:
    ready = answered(score)
    run("UPDATE served_scores SET form = 'older', key_drivers = '[\"old label\"]'")
    assert answered(score) == ready


def test_migrating_brings_an_older_function_and_its_rows_to_this_form(score: MAScore) -> None:
    run("UPDATE served_scores SET form = 'older', key_drivers = '[\"old label\"]'")
    with connection.cursor() as cursor:
        cursor.execute(served.CREATE_FUNCTION.replace(served.FORM, "older"))
    served.keep_in_step()
    assert (kept(score) or ())[0] == [WHOLE_DRIVER]
    other = MAScoreFactory(company=CompanyFactory(), is_latest=True)
    assert set(ServedScore.objects.values_list("form", flat=True)) == {served.FORM}
    assert kept(other) == ([], [], {})


def test_database_without_the_function_is_left_alone() -> None:
    run("DROP FUNCTION public.serve_score() CASCADE")
    served.keep_in_step()
    MAScoreFactory(is_latest=True)
    assert not ServedScore.objects.exists()


@pytest.mark.parametrize("odd", ['["n"]', "[1, null, [[]]]", '[{"n": "x"}, {"n": null}, {"component": {}}]'])
def test_no_json_that_the_table_takes_keeps_a_score_from_being_written(odd: str) -> None:
    company = CompanyFactory()
    run(
        "INSERT INTO ma_scores (company_id, score_date, total_score, is_latest, key_drivers, risk_factors, metadata)"
        " VALUES (%s, '2025-01-01', 1, true, %s::jsonb, %s::jsonb, jsonb_build_object('neutral', %s::jsonb -> 0))",
        company.pk, odd, odd, odd,
    )  # fmt: skip
    score = MAScore.objects.get()
    ready = answered(score)
    ServedScore.objects.all().delete()
    assert answered(score) == ready
