"""`manage.py report TYPE`: make a report now, into a file or onto stdout; or store it and send it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from biotech_ma.core.management.base import DeskCommand
from delivery.choices import ReportFormat, ReportType
from delivery.reports import mail, services
from delivery.reports.content import content_of
from delivery.reports.orders import (
    Order,
    ReportRefused,
    check_format,
    checked_companies,
    checked_period,
    default_day,
    for_nobody,
)
from delivery.reports.render import rendered
from delivery.reports.storage import StorageRefused
from scoring.services import ScoringError, checked_day

BINARY = {ReportFormat.PDF, ReportFormat.XLSX}


class Command(DeskCommand):
    """Makes one report. Without --store nothing is kept but the file."""

    help = "Make a report: " + ", ".join(ReportType.values) + "."
    examples = (
        "report weekly_watchlist --out watchlist.html         the week up to the last scored day",
        "report daily_digest --as-of 2026-06-30 --format json",
        "report deep_dive --company AXSM --format pdf --out axsm.pdf",
        "report acquirer_analysis --company PFE --format xlsx --out pfe.xlsx",
        "report alert --format csv                            what went off in a week",
        "report weekly_watchlist --store --to jane@example.com   kept in the storage, listed, and sent",
    )
    refusals = (ReportRefused, StorageRefused, ScoringError, mail.MailFailed)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("type", metavar="TYPE", choices=ReportType.values, help=", ".join(ReportType.values))
        parser.add_argument("--format", choices=ReportFormat.values, help="by the file's ending, else html")
        parser.add_argument(
            "--company", action="append", default=[], metavar="TICKER", help="ticker or id; several for a list of them"
        )
        parser.add_argument("--as-of", metavar="DAY", help="the day it reports on; the last scored one by default")
        parser.add_argument("--out", metavar="PATH", help="the file to write; stdout by default")
        parser.add_argument("--store", action="store_true", help="keep it in REPORTS_STORAGE_URL and list it")
        parser.add_argument("--to", action="append", default=[], metavar="ADDRESS", help="send it there; needs --store")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["to"] and not options["store"]:
            raise CommandError("--to sends what is kept: add --store")
        if options["store"] and options["out"]:
            raise CommandError("--store keeps it in REPORTS_STORAGE_URL, --out in a file: take one of them")
        form = options["format"] or _form_of(options["out"])
        check_format(form)
        day = None if options["as_of"] is None else checked_day(options["as_of"])
        if options["store"]:
            self._store(form, day, options)
        else:
            self._write(form, day, options)

    def _write(self, form: str, day: Any, options: dict[str, Any]) -> None:
        on = day or default_day()
        first, last = checked_period(options["type"], on, None, None)
        companies = checked_companies(options["type"], options["company"])
        body = rendered(content_of(for_nobody(Order(options["type"], on, first, last, companies))), form)
        if options["out"]:
            Path(options["out"]).write_bytes(body)
            self.notes.write(f"{options['out']}: {len(body):,} bytes\n")
        elif form in BINARY:
            if self.out.isatty():
                raise CommandError(f"{form} is nothing for a terminal: name a file with --out")
            sys.stdout.buffer.write(body)
        else:
            self.out.write(body.decode())

    def _store(self, form: str, day: Any, options: dict[str, Any]) -> None:
        report = services.order_report(
            report_type=options["type"], day=day, form=form, companies=options["company"], recipients=options["to"],
            is_queued=False,
        )  # fmt: skip
        try:
            made = services.make(report.pk)
            if made is not None and options["to"]:
                mail.send(made)
        except Exception as error:
            services.fail(report.pk, str(error))
            raise
        report.refresh_from_db()
        place = report.local_path or f"s3://{report.s3_bucket}/{report.s3_key}"
        self.out.write(f"{report.pk} {place}\n")


def _form_of(path: str | None) -> str:
    """Return the format that the file's ending names, html without one."""
    ending = Path(path).suffix.lstrip(".").lower() if path else ""
    return ending if ending in ReportFormat.values else ReportFormat.HTML
