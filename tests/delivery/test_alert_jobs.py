"""Workers that start together look at what is due once, and none of them fails."""

from __future__ import annotations

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from delivery.alerts.jobs import queue_all

pytestmark = pytest.mark.django_db


def test_a_look_that_waits_already_is_not_queued_again_and_stops_nobody():
    for _ in range(2):
        queue_all()
    waiting = ProcrastinateJob.objects.filter(task_name="delivery.alerts.jobs.look_at_becoming_known")
    assert waiting.count() == 1
