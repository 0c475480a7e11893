"""`report TYPE`: a file or stdout, or stored and sent; what cannot be is one line."""

from __future__ import annotations

import io
import json

import pytest
from django.core import mail as outbox
from django.core.management import CommandError, call_command

from delivery.models import Report
from tests.delivery.reports.test_report_making import on_disk

pytestmark = pytest.mark.django_db
__all__ = ["on_disk"]


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("report", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_report_of_the_last_scored_day_goes_to_stdout(desk):
    found = json.loads(run("weekly_watchlist", "--format", "json"))
    assert (found["frame"]["day"], found["listed"][0]["who"]["ticker"]) == ("2025-06-30", "AAA")
    assert not Report.objects.exists()


def test_format_follows_the_files_ending(desk, tmp_path):
    path = tmp_path / "aaa.xlsx"
    assert run("deep_dive", "--company", "aaa", "--out", str(path)) == ""
    assert path.read_bytes().startswith(b"PK")
    assert run("alert").startswith("<!doctype html>")


def test_day_can_be_named(desk):
    found = json.loads(run("daily_digest", "--as-of", "2025-06-25", "--format", "json"))
    assert [each["title"] for each in found["news"]] == ["FDA approves <AB-1>"]


def test_stored_report_is_listed_and_sent(desk, on_disk):
    said = run("weekly_watchlist", "--store", "--to", "jane@example.com").split(maxsplit=1)
    report = Report.objects.get()
    assert said == [str(report.pk), f"{report.local_path}\n"]
    assert report.delivery_status == "sent"
    assert [message.to for message in outbox.outbox] == [["jane@example.com"]]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["gossip"], "invalid choice"),
        (["deep_dive"], "of one company"),
        (["deep_dive", "--company", "AAB"], "near: AAA"),
        (["weekly_watchlist", "--as-of", "yesterday"], "is not a day"),
        (["weekly_watchlist", "--as-of", "2999-01-01"], "future"),
        (["weekly_watchlist", "--out", "/nonexistent/x.html"], "No such file"),
        (["weekly_watchlist", "--to", "jane@example.com"], "add --store"),
        (["weekly_watchlist", "--store", "--to", "nobody"], "no e-mail address"),
    ],
)
def test_what_cannot_be_is_one_line(desk, arguments, word):
    with pytest.raises(CommandError, match=word) as refusal:
        run(*arguments)
    assert "\n" not in str(refusal.value)
    assert not Report.objects.exists()


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        call_command("report", "--help")
    assert "report deep_dive --company AXSM --format pdf --out axsm.pdf" in capsys.readouterr().out
