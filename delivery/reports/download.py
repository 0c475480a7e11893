"""A finished report from disk as an answer: never a page of this site, whatever stands in it."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.http import HttpResponse

from delivery.models import Report
from delivery.reports.render import FORMS
from delivery.reports.storage import read

# Styles and charts stand in the file; nothing in it may run, be fetched or be sent.
POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def served(report: Report, *, inline: bool = False) -> HttpResponse:
    """Return the file, to save or to look at. Raises StorageRefused where it is not there."""
    name = PurePosixPath(report.local_path or "").name
    shown = "inline" if inline else "attachment"
    return HttpResponse(
        read(report),
        content_type=FORMS[report.format].media_type,
        headers={
            "Content-Disposition": f'{shown}; filename="{name}"',
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
