"""Verbs of reports: order one, make it, make it again. What an order cannot be is refused when it is given."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from procrastinate import exceptions

from biotech_ma.core import news
from biotech_ma.core.services import Refused, recorded
from delivery.choices import MailStatus, ReportFormat, ReportStatus, ReportType
from delivery.models import Client, Report, ReportMail
from delivery.reports.content import Content, content_of
from delivery.reports.mail import message_id
from delivery.reports.orders import (
    ReportRefused,
    check_format,
    check_thresholds,
    checked_companies,
    checked_period,
    default_day,
    kept_back,
    open_companies,
    order_of,
)
from delivery.reports.render import FORMS, rendered
from delivery.reports.render.document import digest, write
from delivery.reports.storage import keep

TOPIC = "reports"
MOST_RECIPIENTS = 100
MOST_IN_TITLE = 3


def order_report(
    *,
    report_type: str,
    day: dt.date | None = None,
    period_start: dt.date | None = None,
    period_end: dt.date | None = None,
    form: str = ReportFormat.HTML,
    companies: Iterable[str] = (),
    recipients: Iterable[str] = (),
    title: str = "",
    thresholds: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    slot: str | None = None,
    client: Client | None = None,
    ordered_by: Any = None,
    ordered_by_client: Client | None = None,
    is_queued: bool = True,
) -> Report:
    """Write the order and queue its making, in one transaction.

    Without a day: the last one that was scored. `client`: for whom alone it is made; `ordered_by`: the user, or the API
    client, who orders it: what is closed to one of its readers is left out. `is_queued=False`: the caller makes it.
    Raises ReportRefused for what cannot be, naming the field.
    """
    known = ReportType.values
    if report_type not in known:
        raise ReportRefused(f"a report is one of {', '.join(known)}, not {report_type!r}", field="report_type")
    if form not in ReportFormat.values:
        raise ReportRefused(f"a format is one of {', '.join(ReportFormat.values)}, not {form!r}", field="format")
    check_format(form)
    on = day or period_end or default_day()
    first, last = checked_period(report_type, on, period_start, period_end)
    asked = checked_companies(report_type, companies)
    check_thresholds(thresholds or {})
    with recorded("report ordered"):
        report = Report(
            report_type=report_type,
            report_date=on,
            period_start=first,
            period_end=last,
            title=" ".join(title.split())
            or title_of(report_type, on, [company.ticker or company.name for company in asked]),
            format=form,
            recipients=checked_recipients(recipients),
            companies_asked=[company.ticker or str(company.pk) for company in asked],
            companies_included=[company.ticker for company in asked if company.ticker],
            metadata={**(metadata or {}), **({"thresholds": dict(thresholds)} if thresholds else {})},
            slot=slot,
            client=client,
            ordered_by=ordered_by,
            ordered_by_client=ordered_by_client,
        )
        open_companies(asked, kept_back(report))
        report.save(force_insert=True)
        if is_queued:
            queue(report)
    report.refresh_from_db()
    return report


def title_of(report_type: str, day: dt.date, names: Sequence[str]) -> str:
    """Return the title of a report that was given none: type, companies while they are few, day."""
    shown = f" {', '.join(names)}" if 0 < len(names) <= MOST_IN_TITLE else ""
    return f"{ReportType(report_type).label}{shown} {day}"


def checked_recipients(addresses: Iterable[str]) -> list[str]:
    """Return the addresses without doubles. Raises ReportRefused for what is none."""
    found = list(dict.fromkeys(address.strip() for address in addresses))
    for address in found:
        try:
            validate_email(address)
        except ValidationError:
            raise ReportRefused(f"{address!r} is no e-mail address", field="recipients") from None
    if len(found) > MOST_RECIPIENTS:
        raise ReportRefused(f"at most {MOST_RECIPIENTS} recipients", field="recipients")
    return found


def queue(report: Report) -> bool:
    """Queue the making of the report in the open transaction; return False where it waits already."""
    from delivery.reports.jobs import make_report

    lock = f"report {report.pk}"
    try:
        with transaction.atomic():
            make_report.configure(lock=lock, queueing_lock=lock).defer(report=str(report.pk))
    except exceptions.AlreadyEnqueued:
        return False
    return True


def run_again(*, report: Report) -> Report:
    """Queue the report anew: the same order, the same place, and nobody is written to twice. Raises Refused."""
    try:
        check_format(report.format)
        order_of(report)
    except ReportRefused as refusal:
        raise Refused(str(refusal)) from refusal
    with recorded("report run again"):
        Report.objects.filter(pk=report.pk).update(delivery_status=ReportStatus.QUEUED, failure=None)
        # Somebody asks for it: whom the server refused may be there by now.
        ReportMail.objects.filter(report=report, status=MailStatus.REFUSED).update(status=MailStatus.PENDING)
        queue(report)
    report.refresh_from_db()
    return report


def make(report_id: UUID | str) -> Report | None:
    """Make the report, store it, mark it ready, queue its e-mails and tell of it; None where it is archived.

    Raises ReportRefused for an order that cannot be filled, StorageRefused where the storage did not take it.
    """
    report = Report.objects.filter(pk=report_id).first()
    if report is None:
        return None
    content = _content(report)
    kept = keep(file_name(report), rendered(content, report.format), FORMS[report.format].media_type)
    with recorded("report made"):
        found = Report.objects.select_for_update().filter(pk=report.pk).first()
        if found is None:
            return None
        for name in ("local_path", "s3_bucket", "s3_key", "file_size_bytes"):
            setattr(found, name, getattr(kept, name))
        frame = content.frame
        found.summary = "\n".join(frame.findings)[:20_000]
        found.key_findings = list(frame.findings)
        found.companies_included = tickers_in(content)
        found.content_sha256 = digest(content)
        found.delivery_status, found.failure = ReportStatus.READY, None
        found.save()
        _address(found)
        news.tell(TOPIC, report=str(found.pk))
    return found


def fail(report_id: UUID | str, reason: str) -> None:
    """Mark the report as failed, with the reason."""
    with recorded("report failed"):
        Report.objects.filter(pk=report_id).update(delivery_status=ReportStatus.FAILED, failure=reason[:2_000])


def file_name(report: Report) -> str:
    """Return the name under which the report is stored: type, day, subject and the start of its id's random part."""
    subject = "-".join(report.companies_asked[:3]).lower()
    parts = [report.report_type.replace("_", "-"), re.sub(r"[^a-z0-9.-]", "", subject), str(report.report_date)]
    stem = "-".join(filter(None, parts))
    return f"{report.report_type}/{report.report_date:%Y/%m}/{stem}-{str(report.pk)[-8:]}.{report.format}"


def tickers_in(content: Content) -> list[str]:
    """Return the tickers of the companies that the report names, the name of one without a ticker, in order."""
    found: dict[str, None] = {}

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if set(value) == {"ticker", "name"}:
                found[value["ticker"] or value["name"]] = None
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(json.loads(write(content)))
    return sorted(found)


def _content(report: Report) -> Content:
    """Return the content, read from one snapshot where no transaction is open: no scoring comes in between."""
    if connection.in_atomic_block:
        return content_of(order_of(report))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return content_of(order_of(report))


def _address(report: Report) -> None:
    """Write a row for each recipient that has none, and queue the sending in the open transaction."""
    if not report.recipients:
        return
    ReportMail.objects.bulk_create(
        [
            ReportMail(report=report, recipient=address, message_id=message_id(report, address))
            for address in report.recipients
        ],
        ignore_conflicts=True,
    )
    from delivery.reports.jobs import queue_mails

    queue_mails(report)
