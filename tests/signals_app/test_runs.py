"""Every run is on record, also the one that failed, and what it left unfinished is told."""

from __future__ import annotations

import pytest
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction

from companies.models import Company
from signals_app.ingest.base import Outcome, ParseError, Request
from signals_app.models import IngestRun
from signals_app.runs import recorded_run
from tests.factories import CompanyFactory
from tests.signals_app.live_sources import ingest


@pytest.mark.django_db
def test_run_from_files_is_on_record(tmp_path):
    path = tmp_path / "companies.csv"
    path.write_text(
        "ticker,cik,name,market_cap_usd_approx,market_cap_as_of\nAAA,1,Acme,5,2026-01-05\nBBB,x,Bad,5,2026-01-05\n"
    )
    found = ingest("universe", "--from", str(path), "--since", "2020-01-01", "--company", "aaa", "--company", "bbb")
    run = IngestRun.objects.get()
    assert (run.source, run.paths, run.error) == ("universe", ["companies.csv"], "")
    assert run.request == {"since": "2020-01-01", "companies": ["AAA", "BBB"]}
    assert run.counts == {name: found[name] for name in run.counts}
    assert set(run.counts) == {"read", "created", "updated", "unchanged", "skipped", "rejected"}
    assert run.rejects == found["rejects"]
    assert len(run.rejects) == 1
    assert run.finished_at >= run.started_at


@pytest.mark.django_db
def test_run_that_found_nothing_is_on_record(tmp_path):
    with pytest.raises(CommandError):
        ingest("universe", "--from", str(tmp_path / "nowhere"))
    run = IngestRun.objects.get()
    assert "no such file or folder" in run.error
    assert run.counts == {}
    assert run.finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_failed_run_is_on_record_though_its_work_is_rolled_back():
    def fail() -> None:
        with recorded_run("edgar-facts", Request(paths=())), transaction.atomic():
            CompanyFactory()
            raise RuntimeError("x" * 5000 + "\x00")

    with pytest.raises(RuntimeError):
        fail()
    assert IngestRun.objects.get().error == "x" * 2000
    assert not Company.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_run_whose_connection_broke_is_on_record():
    def break_off() -> None:
        with recorded_run("edgar-facts", Request(paths=())), connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DatabaseError):
        break_off()
    run = IngestRun.objects.get()
    assert run.error
    assert run.finished_at is not None


@pytest.mark.django_db
def test_words_of_a_faulty_file_fit_into_the_record():
    with recorded_run("edgar-facts", Request(paths=())) as record:
        record.outcome = Outcome("edgar-facts")
        record.outcome.reject(ParseError("a\x00b", 3, "lone \ud800 surrogate"))
    assert IngestRun.objects.get().rejects == [{"file": "a\ufffdb", "line": 3, "reason": "lone ? surrogate"}]


@pytest.mark.django_db
def test_run_that_is_under_way_has_no_end():
    with recorded_run("edgar-facts", Request(paths=(), dry_run=True), live=True):
        run = IngestRun.objects.get()
        assert (run.finished_at, run.request) == (None, {"live": True, "dry_run": True})
