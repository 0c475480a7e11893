"""Live runs: what is asked for, what is kept, what is asked again, and what becomes of trouble."""

from __future__ import annotations

import json
from types import SimpleNamespace

import psycopg
import pytest
from django.core.management.base import CommandError
from django.db import OperationalError
from procrastinate.exceptions import JobAborted

from companies.models import Company
from signals_app.ingest.base import IngestError, Request, Step
from signals_app.ingest.live import patient
from signals_app.ingest.perform import perform
from signals_app.jobs import ingest as ingest_job
from signals_app.models import IngestCursor, IngestRun, RawPayload
from tests.factories import CompanyFactory
from tests.signals_app.live_sources import ingest, kept_files, sources, stub
from tests.source_server import PAGE, reply

pytestmark = pytest.mark.django_db
__all__ = ["sources", "stub"]

TICKERS = "/files/company_tickers.json"


def facts(cik: str) -> str:
    return f"/api/xbrl/companyfacts/CIK{cik}.json"


@pytest.fixture
def two():
    return [CompanyFactory(ticker="AAA", cik="0000000001"), CompanyFactory(ticker="BBB", cik="0000000002")]


@pytest.mark.parametrize("agent", ["", "  ", "biotech desk", "desk@nowhere"])
def test_the_sec_is_not_asked_without_a_contact(settings, sources, stub, agent):
    settings.SEC_USER_AGENT = agent
    with pytest.raises(CommandError, match=r'set SEC_USER_AGENT .* such as "Example Capital jane.doe@example.com"'):
        ingest("edgar-tickers")
    assert (sources.seen, stub.given) == ([], [])
    run = IngestRun.objects.get()
    assert run.request == {"live": True}
    assert "SEC_USER_AGENT" in run.error


def test_others_are_asked_without_a_contact(settings, sources, stub):
    settings.SEC_USER_AGENT = ""
    sources.at("/media/76860/download", reply(PAGE))
    with pytest.raises(CommandError, match=r"nothing came: orangebook.zip: .* web page instead of a zip"):
        ingest("orangebook")
    assert sources.seen[0].headers["User-Agent"] == "biotech_ma"


def test_sources_of_files_alone_say_so(sources):
    with pytest.raises(CommandError, match="universe needs --from"):
        ingest("universe")
    assert IngestRun.objects.get().request == {}


def test_live_run_sets_tickers_and_the_next_one_asks_conditionally(sources, tmp_path):
    company = CompanyFactory(ticker=None, cik="0000749647", name="Imunon")
    body = json.dumps({"0": {"cik_str": 749647, "ticker": "IMNN", "title": "Imunon, Inc."}})
    sources.at(TICKERS, reply(body, ETag='"v1"', Last_Modified="Mon, 05 Jan 2026 12:00:00 GMT"))
    ingest("edgar-tickers")
    company.refresh_from_db()
    assert company.ticker == "IMNN"
    payload = RawPayload.objects.get()
    assert (payload.source, payload.name, payload.status) == ("edgar-tickers", "company_tickers.json", 200)
    assert (payload.etag, payload.size_bytes) == ('"v1"', len(body))
    assert payload.ingested_at is not None
    assert [path.read_text() for path in kept_files(tmp_path / "raw")] == [body]

    again = ingest("edgar-tickers")
    assert (again["created"], again["updated"]) == (0, 0)
    assert again["read"] == 1
    assert sources.seen[1].headers["If-None-Match"] == '"v1"'
    assert RawPayload.objects.get().fetched_at > payload.fetched_at
    assert [run.paths for run in IngestRun.objects.all()] == [[], []]


def test_what_was_read_is_not_read_again_until_it_changes(sources, stub, two, tmp_path):
    sources.at(facts("0000000001"), reply('{"v": 1}', ETag='"1"'), reply('{"v": 1}', ETag='"1"'), reply('{"v": 2}'))
    sources.at(facts("0000000002"), reply('{"w": 1}'))
    for _ in range(3):
        ingest("edgar-facts")
    assert stub.given == [
        {"CIK0000000001.json": b'{"v": 1}', "CIK0000000002.json": b'{"w": 1}'},
        {"CIK0000000001.json": b'{"v": 2}'},
    ]
    assert RawPayload.objects.count() == 3
    assert len(kept_files(tmp_path / "raw")) == 3


def test_same_bytes_are_stored_once(sources, stub, two, tmp_path):
    for cik in ("0000000001", "0000000002"):
        sources.at(facts(cik), reply('{"v": 1}'))
    ingest("edgar-facts")
    assert RawPayload.objects.count() == 2
    assert len(kept_files(tmp_path / "raw")) == 1


def test_what_a_failed_run_fetched_is_read_by_the_next(sources, stub, two):
    sources.at(facts("0000000001"), reply('{"v": 1}', ETag='"1"'))
    stub.failing.append(RuntimeError("killed"))
    with pytest.raises(RuntimeError):
        ingest("edgar-facts")
    assert RawPayload.objects.get().ingested_at is None
    ingest("edgar-facts")
    assert stub.names() == [["CIK0000000001.json"]] * 2
    assert [run.error for run in IngestRun.objects.order_by("id")] == ["killed", ""]


@pytest.mark.parametrize("error", [psycopg.OperationalError, OperationalError])
def test_server_that_goes_away_is_one_line(sources, stub, two, error):
    sources.at(facts("0000000001"), reply('{"v": 1}'))
    stub.failing.append(error("server closed the connection\n\tunexpectedly"))
    with pytest.raises(
        CommandError, match=r"^what was not complete is undone: server closed the connection unexpectedly$"
    ):
        ingest("edgar-facts")


def test_lost_and_short_bytes_are_fetched_again(sources, stub, two, tmp_path):
    sources.at(facts("0000000001"), reply('{"v": 1}', ETag='"1"'))
    ingest("edgar-facts")
    (kept,) = kept_files(tmp_path / "raw")
    kept.write_bytes(b"{")
    ingest("edgar-facts", "--company", "AAA")
    assert kept.read_bytes() == b'{"v": 1}'
    assert "If-None-Match" not in sources.seen[-1].headers
    kept.unlink()
    ingest("edgar-facts", "--company", "AAA")
    assert kept.read_bytes() == b'{"v": 1}'


def test_missing_documents_are_no_fault(sources, stub, two):
    sources.at(facts("0000000002"), reply('{"w": 1}'))
    assert ingest("edgar-facts")["rejects"] == []
    assert stub.names() == [["CIK0000000002.json"]]


def test_one_failing_address_is_a_reject(sources, stub, two):
    sources.at(facts("0000000001"), reply(PAGE))
    sources.at(facts("0000000002"), reply('{"w": 1}'))
    (reject,) = ingest("edgar-facts")["rejects"]
    assert reject["file"] == "CIK0000000001.json"
    assert "web page instead of JSON" in reject["reason"]
    assert stub.names() == [["CIK0000000002.json"]]
    assert IngestRun.objects.get().rejects == [reject]


def test_a_source_that_refuses_is_left_alone(sources, stub, two):
    sources.at(facts("0000000001"), reply(PAGE, 403))
    with pytest.raises(CommandError, match=r"goes on failing: .*403"):
        ingest("edgar-facts")
    assert len(sources.seen) == 1
    assert "403" in IngestRun.objects.get().error


def test_a_source_that_is_down_is_left_alone(sources, stub):
    for number in range(1, 9):
        CompanyFactory(cik=f"{number:010}")
        sources.at(facts(f"{number:010}"), reply(PAGE))
    with pytest.raises(CommandError, match="goes on failing"):
        ingest("edgar-facts")
    assert len(sources.seen) == 3


def test_what_came_before_a_source_went_down_is_read(sources, stub):
    for number in range(1, 9):
        CompanyFactory(cik=f"{number:010}")
        sources.at(facts(f"{number:010}"), reply('{"v": 1}') if number == 1 else reply(PAGE, 403))
    rejects = ingest("edgar-facts")["rejects"]
    assert stub.names() == [["CIK0000000001.json"]]
    assert [reject["file"] for reject in rejects] == ["CIK0000000002.json", "edgar-facts"]
    assert "goes on failing" in rejects[1]["reason"]
    assert "is left out" in rejects[1]["reason"]
    assert len(sources.seen) == 2
    # Not complete: the source does not count as fresh, and the next run asks for the rest.
    assert not IngestCursor.objects.filter(key="complete live run").exists()
    assert RawPayload.objects.get().ingested_at is not None


def test_job_of_a_source_that_went_down_is_tried_again(sources, stub, two):
    sources.at(facts("0000000001"), reply('{"v": 1}'))
    sources.at(facts("0000000002"), reply(PAGE, 403))
    context = SimpleNamespace(should_abort=lambda: False)
    with pytest.raises(IngestError, match="went down on the way"):
        ingest_job(context, "edgar-facts")
    assert stub.names() == [["CIK0000000001.json"]]


def test_long_pause_ends_when_the_run_is_told_to():
    told: list[str] = []

    def stop(step: str) -> None:
        told.append(step)
        raise JobAborted

    with pytest.raises(JobAborted):
        patient(stop)(30)
    assert told == ["waiting for 30 s, as the source asks"]


def test_steps_tell_how_many_companies_are_done(sources, stub, two):
    sources.at(facts("0000000001"), reply('{"v": 1}'))
    steps: list[str] = []
    perform("edgar-facts", Request(()), steps.append)
    assert [(str(step), step.done, step.total) for step in steps if isinstance(step, Step)] == [
        ("fetching CIK0000000001.json", 0, 2), ("fetching CIK0000000002.json", 1, 2),
    ]  # fmt: skip


def test_nothing_new_is_a_good_run(sources, stub, two):
    assert ingest("edgar-facts")["read"] == 0
    assert stub.given == []
    assert IngestRun.objects.get().error == ""


def test_a_part_of_the_companies_is_asked_for_and_moves_nothing(sources, stub, two):
    sources.at(facts("0000000001"), reply('{"v": 1}'))
    newcomer = "/submissions/CIK0000000009.json"
    sources.at(newcomer, reply('{"v": 9}'))
    ingest("edgar-facts", "--company", "aaa")
    with pytest.raises(CommandError, match="no row concerns 0000000009"):  # the stub reads none
        ingest("edgar-submissions", "--company", "9")
    assert [seen.path for seen in sources.seen] == [facts("0000000001"), newcomer]
    assert not RawPayload.objects.filter(ingested_at__isnull=False).exists()
    assert not IngestCursor.objects.exists()
    with pytest.raises(CommandError, match="NOPE is no company of the desk"):
        ingest("edgar-facts", "--company", "NOPE")


def test_a_dry_run_moves_nothing(sources, stub, two):
    sources.at(facts("0000000001"), reply('{"v": 1}'))
    ingest("edgar-facts", "--dry-run")
    assert RawPayload.objects.get().ingested_at is None
    assert not IngestCursor.objects.exists()
    assert IngestRun.objects.get().request == {"live": True, "dry_run": True}


def test_without_companies_there_is_nobody_to_ask_about(sources):
    assert not Company.objects.exists()
    with pytest.raises(CommandError, match="no company with a CIK in the universe"):
        ingest("edgar-facts")


def test_replay_reads_every_version_and_asks_nobody(sources, stub, two):
    sources.at(facts("0000000001"), reply('{"v": 1}'), reply('{"v": 2}'))
    ingest("edgar-facts")
    ingest("edgar-facts")
    asked, before = len(sources.seen), len(stub.given)
    assert ingest("edgar-facts", "--replay")["created"] == 2
    assert len(sources.seen) == asked
    assert len(stub.given) == before + 1
    assert IngestRun.objects.first().request == {"replay": True}


def test_replay_says_what_is_missing(sources, stub, two, tmp_path):
    with pytest.raises(CommandError, match="nothing of edgar-facts is kept"):
        ingest("edgar-facts", "--replay")
    sources.at(facts("0000000001"), reply('{"v": 1}'))
    ingest("edgar-facts")
    (kept,) = kept_files(tmp_path / "raw")
    kept.write_bytes(b'{"v": 7}')
    with pytest.raises(CommandError, match="not the ones that came"):
        ingest("edgar-facts", "--replay")
    with pytest.raises(CommandError, match="leave --from out"):
        ingest("edgar-facts", "--replay", "--from", str(tmp_path))
