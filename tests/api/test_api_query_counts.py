"""How many statements each endpoint takes: a committed number, whatever the number of rows."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from biotech_ma.core.services import recorded
from companies.models import Company
from tests.api.test_api_writes import CREATIONS
from tests.factories import AcquirerMatchFactory, CompanyFactory, DrugCandidateFactory, MAScoreFactory, SignalFactory

pytestmark = pytest.mark.django_db

FILE = Path(__file__).parent.parent / "query_counts.json"
COUNTS: dict[str, int] = json.loads(FILE.read_text()) if FILE.exists() else {}
READS = [
    "companies/",
    "companies/?include=pipeline,latest_score&count=true",
    "companies/?search=alpha",
    "companies/ALPH/",
    "companies/ALPH/?include=pipeline,latest_score",
    "companies/ALPH/pipeline/",
    "companies/ALPH/signals/?min_severity=high",
    "companies/ALPH/scores/",
    "companies/ALPH/acquirers/",
    "companies/ALPH/history/",
    "companies/statistics/",
    "companies/cash-constrained/",
    "drug-candidates/",
    "drug-candidates/{drug}/",
    "signals/",
    "signals/?company=ALPH&count=true&data__form=SC 13D",
    "signals/{signal}/",
    "signals/counts/",
    "catalysts/",
    "scores/",
    "scores/{score}/",
    "scores/top/",
    "scores/top/?as_of=2025-06-30&area=oncology",
    "acquirer-matches/",
    "acquirer-matches/{match}/",
    "reports/",
    "reports/{report}/",
    "alerts/",
    "alerts/history/",
    "webhooks/",
    "webhooks/{webhook}/",
    "webhooks/{webhook}/deliveries/",
    "clients/",
    "clients/me/",
]


# What the history puts before each statement of a change, on the same trip.
TOLD = re.compile(
    r"SELECT set_config\('pghistory\.context_id', .*?, true\), set_config\('pghistory.*?', true\); ", re.S
)
CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


def asked(queries):
    """Return the statements without transaction control, with or without the history's words before it."""
    statements = [TOLD.sub("", query["sql"], count=1) for query in queries]
    return [sql for sql in statements if not sql.startswith(CONTROL)]


def measured(call):
    """Return the number of statements of a call, transaction control left out."""
    with CaptureQueriesContext(connection) as context:
        answer = call()
    assert answer.status < 300, answer.text
    return len(asked(context.captured_queries))


def test_savepoints_of_a_change_do_not_count_and_its_statements_do():
    with CaptureQueriesContext(connection) as context, recorded("count", reason="it's; true); done"):
        note = CompanyFactory(name="One")
        with transaction.atomic():
            Company.objects.filter(pk=note.pk).update(name="Two")
    assert any("set_config" in query["sql"] and "SAVEPOINT" in query["sql"] for query in context.captured_queries)
    kinds = [sql.split()[0] for sql in asked(context.captured_queries)]
    assert kinds.count("UPDATE") == 1
    assert set(kinds) == {"INSERT", "UPDATE"}


def compare(name, number):
    """Compare with the committed count; `UPDATE_QUERY_COUNTS=1` writes it instead."""
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        COUNTS[name] = number
        FILE.write_text(json.dumps(dict(sorted(COUNTS.items())), indent=1) + "\n")
    assert number <= COUNTS[name], f"{name} takes {number} statements, {COUNTS[name]} are committed"


@pytest.mark.parametrize("path", READS)
def test_reads_take_the_committed_number_of_statements(admin, universe, path):
    path = path.format(**{name: row.pk for name, row in vars(universe).items()})
    template = next(p for p in READS if p.format(**{n: r.pk for n, r in vars(universe).items()}) == path)
    admin.get("clients/me/")
    few = measured(lambda: admin.get(f"/api/v1/{path}"))
    for number in range(5):
        DrugCandidateFactory(company=universe.alpha)
        SignalFactory(company=universe.alpha, severity="high", signal_data={"form": "SC 13D"})
        MAScoreFactory(company=universe.gamma, score_date=f"2025-01-0{number + 1}")
        AcquirerMatchFactory(target_company=universe.alpha)
    many = measured(lambda: admin.get(f"/api/v1/{path}"))
    assert many == few
    compare(f"GET {template}", many)


@pytest.mark.parametrize("resource", sorted(CREATIONS))
def test_writes_take_the_committed_number_of_statements(admin, universe, resource):
    admin.get("clients/me/")
    compare(f"POST {resource}/", measured(lambda: admin.post(f"{resource}/", CREATIONS[resource])))


def test_edits_take_the_committed_number_of_statements(admin, universe):
    admin.get("clients/me/")
    compare("PATCH companies/ALPH/", measured(lambda: admin.patch("companies/ALPH/", {"employee_count": 7})))
    compare("DELETE companies/ALPH/", measured(lambda: admin.delete("companies/ALPH/")))
    compare("POST companies/ALPH/restore/", measured(lambda: admin.post("companies/ALPH/restore/")))
