"""What docs/alerts.md shows is what the program takes and answers."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from delivery.alerts.conditions import ConditionError, parse
from delivery.alerts.fields import BY_COLUMN, BY_NAME, FIELDS
from delivery.alerts.sending import DELAYS
from delivery.alerts.trial import trial_of
from delivery.models import Alert
from tests.core.servers import ROOT
from tests.delivery.test_alert_scores import alert, day
from tests.factories import MAScoreFactory

TEXT = (ROOT / "docs" / "alerts.md").read_text()
BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]
CONDITIONS = [block for block in BLOCKS if "triggers" not in block]
ANSWERS = re.findall(r"^\| `(\{.*?\})` \| `(.*?)` \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
@pytest.mark.django_db
def test_each_condition_shown_can_be_entered_and_tried(condition):
    shown = Alert(name="From the documentation", alert_type="custom", condition=condition)
    shown.full_clean()
    MAScoreFactory(is_latest=True)
    trial_of(shown)


@pytest.mark.parametrize(("condition", "answer"), ANSWERS)
def test_each_refusal_shown_is_given(condition, answer):
    with pytest.raises(ConditionError) as refused:
        parse(json.loads(condition))
    assert str(refused.value).rstrip(".") == answer.rstrip(".")


def test_the_documentation_shows_something():
    assert (len(CONDITIONS), len(ANSWERS)) == (3, 3)


def test_every_field_is_in_the_table_and_every_name_there_is_one():
    table = TEXT.partition("| fields |")[2].partition("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines()[2:]]
    named, owner = set(), ""
    for name in re.findall(r"`([a-z_0-9.]+)`", " ".join(cells)):
        owner = name.partition(".")[0] if "." in name else owner
        full = name if "." in name else f"{owner}.{name}"
        assert full in BY_NAME, full
        named.add(full)
    assert named == {field.name for field in FIELDS}
    assert BY_COLUMN


@pytest.mark.django_db
@pytest.mark.parametrize(("totals", "times"), [(("70", "69", "71"), 1), (("70", "67.9", "70"), 2)])
def test_the_hysteresis_is_as_the_example_says(totals, times):
    day(0, AAA=60)
    alert(alert_type="score_threshold", threshold_value=70, hysteresis_points=2)
    assert sum(day(number, AAA=Decimal(total)) for number, total in enumerate(totals, start=1)) == times


def test_the_attempts_are_as_the_documentation_says():
    assert "after 1, 5, 30 minutes, 2, 5 and 10 hours" in TEXT
    assert [delay.total_seconds() / 60 for delay in DELAYS] == [1, 5, 30, 120, 300, 600]
