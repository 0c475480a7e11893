"""Versions of the weights: a draft is previewed, published, and then stands, in the database too."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from biotech_ma.core.services import Refused
from scoring.jobs import days_without
from scoring.models import COMPONENTS, MAScore, ScoreVersion, ScoreWeight
from scoring.services import score_universe
from scoring.weights import check_weights, discard_draft, draft_from, preview, publish_version
from tests.scoring.universe import DAY, candidate, company, draft_version, research

pytestmark = pytest.mark.django_db

EARLIER = DAY - dt.timedelta(days=30)
EVEN = dict.fromkeys(COMPONENTS, Decimal("0.1")) | {"pipeline": Decimal("0.5")}


@pytest.fixture
def scored() -> tuple[str, str]:
    """Two targets: LATE leads by its pipeline, RICH by what it spends on research."""
    late, rich = company("LATE"), company("RICH")
    candidate(late, "phase_3")
    candidate(rich, "phase_1")
    research(late, 3_200_000)
    research(rich, 310_000_000)
    score_universe(day=EARLIER)
    score_universe(day=DAY)
    return "LATE", "RICH"


def first() -> ScoreVersion:
    return ScoreVersion.objects.get(version="1")


def weights_of_draft(version: ScoreVersion) -> dict[str, Decimal]:
    return dict(ScoreWeight.objects.filter(score_version=version).values_list("component", "weight"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pipeline": Decimal("0.4")}, "sum to 0.9, not to 1: 0.1 is missing"),
        ({"pipeline": Decimal("0.6")}, "sum to 1.1, not to 1: 0.1 is too much"),
        ({"pipeline": Decimal("0.7"), "patent": Decimal("-0.1")}, "between 0 and 1: patent"),
    ],
)
def test_weights_that_cannot_be_are_refused_in_words(change, words):
    with pytest.raises(ValidationError, match=words):
        check_weights({**EVEN, **change})


def test_weights_that_leave_a_component_out_are_refused():
    with pytest.raises(ValidationError, match="No weight is given for patent"):
        check_weights({name: weight for name, weight in EVEN.items() if name != "patent"})


def test_a_draft_copies_weights_and_reasons_under_the_next_number():
    draft = draft_from(version=first(), reason="more insiders")
    again = draft_from(version=draft)
    assert (draft.version, draft.status, draft.note, again.version) == ("2", "draft", "more insiders", "3")
    assert weights_of_draft(draft) == weights_of_draft(first())
    assert sum(weights_of_draft(again).values()) == 1
    assert ScoreWeight.objects.get(score_version=draft, component="patent").reason.startswith("Judgement")


def test_a_preview_says_who_moves_and_by_how_much_and_writes_nothing(scored):
    draft = draft_version("9", financial="1")
    before = list(MAScore.objects.order_by("id").values())
    seen = preview(version=draft)
    assert (seen.day, seen.version, seen.against) == (DAY, "9", "1")
    moves = {move.company.ticker: move for move in seen.moves}
    assert [move.company.ticker for move in seen.moves] == ["RICH", "LATE"]
    # Now LATE leads by its pipeline. By financial alone RICH has nearly all: 0.5 x 100 for a cap of $2.5bn, and 0.5 x
    # 100 (log10 310e6 - 6.5) / 2 = 99.6 / 2 for its research.
    assert (moves["LATE"].rank_before, moves["LATE"].rank_after, moves["LATE"].places) == (1, 2, -1)
    assert (moves["RICH"].rank_before, moves["RICH"].rank_after, moves["RICH"].places) == (2, 1, 1)
    assert moves["RICH"].total_after > Decimal("99")
    assert moves["RICH"].points == moves["RICH"].total_after - moves["RICH"].total_before > 0
    assert seen.largest(1) == [max(seen.moves, key=lambda move: abs(move.points))]
    assert (seen.entering, seen.leaving) == ((), ())
    assert list(MAScore.objects.order_by("id").values()) == before


def test_a_preview_asks_the_database_nothing_twice(scored):
    draft = draft_version("9", financial="1")
    with CaptureQueriesContext(connection) as asked:
        preview(version=draft)
    # A cursor's name is its own; what it is declared for is the question.
    questions = [query["sql"].split(" CURSOR FOR ")[-1] for query in asked]
    assert any('FROM "financial_facts"' in question for question in questions)
    assert len(questions) == len(set(questions))


def test_a_published_draft_is_the_latest_at_once_and_its_history_is_queued(scored):
    draft = draft_version("9", financial="1")
    assert publish_version(version=draft, reason="tried on June") == DAY
    latest = {row.company.ticker: row for row in MAScore.objects.latest().select_related("company")}
    assert {row.score_version for row in latest.values()} == {"9"}
    assert latest["RICH"].total_score > latest["LATE"].total_score
    # the former scores stand beside them
    assert MAScore.objects.filter(score_version="1").count() == 4
    assert days_without("9") == [EARLIER]
    job = ProcrastinateJob.objects.get(task_name="scoring.jobs.score_history")
    assert job.args == {"version": "9"}


def test_the_history_job_scores_the_days_that_are_missing(scored, transactional_db):
    from scoring.jobs import score_history

    class Going:
        def should_abort(self) -> bool:
            return False

    publish_version(version=draft_version("9", financial="1"))
    score_history.func(Going(), version="9")
    assert days_without("9") == []
    assert MAScore.objects.filter(score_version="9", score_date=EARLIER).count() == 2
    assert set(MAScore.objects.latest().values_list("score_date", flat=True)) == {DAY}


def test_publishing_twice_or_faulty_weights_is_refused_and_writes_nothing(scored):
    faulty = draft_version("8", financial="1")
    ScoreWeight.objects.filter(score_version=faulty, component="financial").update(weight="0.9")
    with pytest.raises(ValidationError, match=r"0\.1 is missing"):
        publish_version(version=faulty)
    with pytest.raises(Refused, match="never changes"):
        publish_version(version=first())
    assert set(MAScore.objects.values_list("score_version", flat=True)) == {"1"}


def test_a_draft_can_be_discarded_and_a_published_version_cannot(scored):
    draft = draft_version("9", financial="1")
    score_universe(day=DAY, version="9")
    discard_draft(version=draft)
    assert not ScoreVersion.objects.filter(version="9").exists()
    assert not MAScore.objects.filter(score_version="9").exists()
    with pytest.raises(Refused, match="never changes"):
        discard_draft(version=first())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE score_weights SET weight = 0.5 WHERE component = 'patent'",
        "DELETE FROM score_weights WHERE component = 'patent'",
        "UPDATE score_versions SET status = 'draft'",
        "UPDATE score_versions SET version = '1b'",
        "DELETE FROM score_versions",
    ],
)
def test_the_database_keeps_a_published_version_as_it_is(statement):
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_refuses_to_publish_weights_that_do_not_sum_to_one():
    draft = draft_version("9", financial="1")
    ScoreWeight.objects.filter(score_version=draft, component="financial").update(weight="0.9")
    ScoreVersion.objects.filter(pk=draft.pk).update(status="published", published_at=dt.datetime.now(dt.UTC))
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="sum to one"):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    transaction.set_rollback(True)


@pytest.fixture
def lead() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("lead", password="x"))
    return browser


def address(version: ScoreVersion, name: str) -> str:
    """The page of a version, or the address of one of its buttons."""
    page = reverse("admin:scoring_scoreversion_change", args=[version.pk])
    return page if name == "change" else f"{page.removesuffix('change/')}{name}/"


def form_of(version: ScoreVersion, **weights: str) -> dict[str, str]:
    rows = list(ScoreWeight.objects.filter(score_version=version))
    form = {"version": version.version, "note": "", "weights-TOTAL_FORMS": str(len(rows))}
    form |= {"weights-INITIAL_FORMS": str(len(rows)), "weights-MIN_NUM_FORMS": "0", "weights-MAX_NUM_FORMS": "0"}
    for number, row in enumerate(rows):
        form[f"weights-{number}-id"] = str(row.pk)
        form[f"weights-{number}-score_version"] = str(version.pk)
        form[f"weights-{number}-weight"] = weights.get(row.component, str(row.weight))
        form[f"weights-{number}-reason"] = row.reason
    return form


def test_in_the_admin_a_draft_is_edited_previewed_and_published(lead, scored):
    lead.post(address(first(), "draft"), {"confirmed": "yes", "reason": "less pipeline"})
    draft = ScoreVersion.objects.get(version="2")
    refused = lead.post(address(draft, "change"), form_of(draft, pipeline="0.4"))
    assert "The weights sum to 1.1, not to 1" in refused.content.decode()
    assert lead.post(address(draft, "change"), form_of(draft, pipeline="0.1", financial="0.4")).status_code == 302
    assert weights_of_draft(draft)["pipeline"] == Decimal("0.1")
    seen = lead.get(address(draft, "preview")).content.decode()
    assert "RICH Bio" in seen
    assert f"On {DAY}, against version 1" in seen
    lead.post(address(draft, "publish"), {"confirmed": "yes", "reason": "agreed"})
    assert ScoreVersion.objects.get(version="2").status == "published"
    assert lead.post(address(draft, "change"), form_of(draft, pipeline="0.2", financial="0.3")).status_code == 403
    assert weights_of_draft(draft)["pipeline"] == Decimal("0.1")


def test_in_the_admin_a_draft_is_discarded_after_asking(lead, scored):
    draft = draft_version("2", financial="1")
    assert "go for good" in lead.post(address(draft, "discard")).content.decode()
    lead.post(address(draft, "discard"), {"confirmed": "yes", "reason": ""})
    assert not ScoreVersion.objects.filter(version="2").exists()


@pytest.mark.parametrize("name", ["draft", "preview", "publish", "discard"])
def test_whoever_may_only_look_drafts_and_publishes_nothing(name, scored):
    viewer = User.objects.create_user("viewer", password="x", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_scoreversion"))
    browser = Browser()
    browser.force_login(viewer)
    draft = draft_version("2", financial="1")
    assert browser.post(address(draft, name), {"confirmed": "yes", "reason": ""}).status_code == 403
    assert ScoreVersion.objects.get(version="2").status == "draft"
    assert ScoreVersion.objects.count() == 2
