"""One way in to archiving and restoring: each model's own way is found without anybody importing it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

from biotech_ma.core.services import Refused, archive, restore
from delivery.models import Report
from tests.concurrency import together

pytestmark = pytest.mark.django_db


def report() -> Report:
    return Report.objects.create(report_type="alert", report_date="2025-06-30", title="x")


def test_company_services_are_registered_without_an_import():
    """In a process of its own: here the tests have imported them already."""
    program = (
        "import django; django.setup(); "
        "from biotech_ma.core import services; from companies.models import Company, DrugCandidate; "
        "print(services._archivers[Company].__name__, services._restorers[Company].__name__, "
        "services._restorers[DrugCandidate].__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "biotech_ma.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["archive_company", "restore_company", "restore_candidate"]


def test_plain_row_is_archived_and_restored_with_its_reason_in_history():
    row = report()
    assert archive(row=row, reason="old").message == "x is archived."
    assert row.is_archived
    assert restore(row=row).message == "x is restored."
    assert not row.is_archived
    told = [event.pgh_context.metadata for event in row.history.order_by("pgh_id")]
    # what no verb tells of is its session's
    assert [set(metadata) for metadata in told[:1]] == [{"session"}]
    assert told[1:] == [{"action": "archive", "reason": "old"}, {"action": "restore"}]


def test_restored_row_of_a_taken_key_is_refused_by_the_plain_way_too():
    from biotech_ma.core.services import restore_row
    from companies.models import Company

    old = Company.objects.create(name="Old", ticker="ACME")
    archive(row=old)
    Company.objects.create(name="New", ticker="ACME")
    with pytest.raises(Refused, match="companies_live_ticker_uniq"):
        restore_row(row=old)


@pytest.mark.django_db(transaction=True)
def test_archive_and_restore_at_once_leave_a_row_that_is_one_of_the_two():
    row = report()
    outcomes = together(*[lambda: archive(row=row), lambda: restore(row=row)] * 3)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    changes = sum(outcome.changed for outcome in outcomes)
    assert Report.all_objects.get().is_archived == (changes % 2 == 1)
