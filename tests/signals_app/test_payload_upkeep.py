"""What is kept of the sources: counted, checked, and pruned down to what is still needed."""

from __future__ import annotations

import io
import json
import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from signals_app.models import RawPayload
from signals_app.raw_payloads import place_of
from tests.factories import CompanyFactory
from tests.signals_app.live_sources import ingest, kept_files, sources, stub
from tests.source_server import reply

pytestmark = pytest.mark.django_db
__all__ = ["sources", "stub"]
FACTS = "/api/xbrl/companyfacts/CIK0000000001.json"


def payloads(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("payloads", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def three_versions(sources, stub):
    """Versions of 8, 9 and 10 bytes, fetched 30, 20 and 10 days ago: superseded 20 and 10 days ago, and the newest."""
    CompanyFactory(cik="0000000001")
    sources.at(FACTS, *(reply(json.dumps({"v": 10**digits})) for digits in (0, 1, 2)))
    for _ in range(3):
        ingest("edgar-facts")
    for row, days in zip(RawPayload.objects.order_by("id"), (30, 20, 10), strict=True):
        RawPayload.objects.filter(pk=row.pk).update(fetched_at=ago(days))
    return list(RawPayload.objects.order_by("id"))


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def test_info_counts_what_is_superseded(three_versions) -> None:
    assert payloads("info") == {
        "sources": [
            {
                "source": "edgar-facts", "addresses": 1, "versions": 3, "bytes": 27,
                "superseded": 2, "superseded_bytes": 17,
            }
        ]
    }  # fmt: skip


@pytest.mark.parametrize(("days", "left"), [("25", [8, 9, 10]), ("15", [9, 10]), ("5", [10]), ("1", [10])])
def test_prune_deletes_what_was_superseded_that_long_ago_and_keeps_the_newest(days, left, three_versions, tmp_path):
    pruned = payloads("prune", "--older-than", days)
    assert pruned == {"versions": 3 - len(left), "files": 3 - len(left), "bytes": 27 - sum(left)}
    assert sorted(RawPayload.objects.values_list("size_bytes", flat=True)) == left
    assert sorted(path.stat().st_size for path in kept_files(tmp_path / "raw")) == left
    assert payloads("check") == {"checked": len(left), "faults": []}
    ingest("edgar-facts", "--replay")


def test_dry_run_and_other_sources_delete_nothing(three_versions, tmp_path):
    assert payloads("prune", "--older-than", "1", "--dry-run") == {"versions": 2, "files": 2, "bytes": 17}
    assert payloads("prune", "--older-than", "1", "--source", "drugsfda") == {"versions": 0, "files": 0, "bytes": 0}
    assert len(kept_files(tmp_path / "raw")) == RawPayload.objects.count() == 3


def test_version_that_no_run_has_read_stays(three_versions):
    RawPayload.objects.filter(pk=three_versions[0].pk).update(ingested_at=None)
    assert payloads("prune", "--older-than", "1")["versions"] == 1
    assert RawPayload.objects.filter(pk=three_versions[0].pk).exists()


def test_bytes_that_another_address_answered_too_stay(three_versions, tmp_path):
    first = three_versions[0]
    RawPayload.objects.create(
        source="edgar-facts", url="https://example.com/other", name="o.json", sha256=first.sha256,
        size_bytes=first.size_bytes, fetched_at=ago(40), ingested_at=ago(40),
    )  # fmt: skip
    assert payloads("prune", "--older-than", "1") == {"versions": 2, "files": 1, "bytes": 9}
    assert payloads("check")["faults"] == []


def test_files_of_a_killed_process_go_after_a_day(three_versions, tmp_path):
    folder = tmp_path / "raw" / place_of(three_versions[0].sha256).rsplit("/", 1)[0]
    for name, days in ((f".{'a' * 64}.tmp.part", 3), ("b" * 64, 0)):
        (folder / name).write_bytes(b"1234")
        moment = ago(days).timestamp()
        os.utime(folder / name, (moment, moment))
    assert payloads("prune", "--older-than", "100") == {"versions": 0, "files": 1, "bytes": 4}
    assert [path.name for path in kept_files(tmp_path / "raw") if path.stat().st_size == 4] == ["b" * 64]


def test_check_names_what_is_lost_or_damaged(three_versions, tmp_path):
    lost, damaged = (tmp_path / "raw" / place_of(row.sha256) for row in three_versions[:2])
    lost.unlink()
    damaged.write_bytes(b"{}")
    out = io.StringIO()
    with pytest.raises(CommandError, match="2 of 3 are lost or damaged"):
        call_command("payloads", "check", "--json", stdout=out)
    faults = json.loads(out.getvalue())["faults"]
    assert sorted(fault.rsplit(": ", 1)[1] for fault in faults) == [
        "the bytes are gone", "the bytes are not the ones that came",
    ]  # fmt: skip
    assert all("edgar-facts CIK0000000001.json" in fault for fault in faults)


@pytest.mark.parametrize("days", ["0", "-1", "x", "9999999"])
def test_days_that_are_none_are_refused(days):
    with pytest.raises(CommandError, match="is no number of days"):
        payloads("prune", "--older-than", days)


def test_nothing_kept_is_no_error(sources):
    assert payloads("info") == {"sources": []}
    assert payloads("prune", "--older-than", "1") == {"versions": 0, "files": 0, "bytes": 0}
