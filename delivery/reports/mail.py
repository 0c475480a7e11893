"""Reports by e-mail: plain text with the gist, and the report attached or, from a bucket, linked.

At least once: a row a recipient is marked sent right after the server took the message. A worker that dies in between
sends it again, under the same Message-ID.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from email.utils import parseaddr
from pathlib import PurePosixPath
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone

from biotech_ma.core import closed
from biotech_ma.core.mail import is_refused_for_good, words_of
from biotech_ma.core.services import recorded
from biotech_ma.core.storage_url import LINK_SECONDS
from companies.models import Restriction
from delivery.choices import MailStatus, ReportStatus
from delivery.models import Report, ReportMail
from delivery.reports.content.parts import METHOD
from delivery.reports.render import FORMS
from delivery.reports.storage import link, read
from delivery.restricted import WITHHELD, is_closed, readers_of
from scoring.engine.total import METHODOLOGY

MEDIA = {name: form.media_type.partition(";")[0] for name, form in FORMS.items()}


MADE_ANEW = f"{WITHHELD} Run the report again: it is then made without the company."


class MailFailed(Exception):
    """Some recipients were not reached: how many, and why."""


def message_id(report: Report, recipient: str) -> str:
    """Return the Message-ID of the report to the recipient: the same on each attempt."""
    mark = hashlib.sha256(f"{report.pk} {recipient}".encode()).hexdigest()[:24]
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<report.{mark}@{domain}>"


def send(report: Report) -> int:
    """Send the report to those recipients whom it has not reached; return how many it went to.

    Whom the server refuses for good is not tried again: the report has failed for them, with the reason, and has gone
    to the others. Raises MailFailed where one was not reached who may be later, after all others were tried;
    StorageRefused where the file is gone.
    """
    waiting = list(report.mails.exclude(status__in=(MailStatus.SENT, MailStatus.REFUSED)).order_by("recipient"))
    withheld = _withheld(report, waiting)
    waiting = [mail for mail in waiting if mail.pk not in withheld]
    reached = _send(report, waiting) if waiting else 0
    refused = list(report.mails.filter(status=MailStatus.REFUSED).order_by("recipient"))
    why = [f"{len(withheld)} not sent. {MADE_ANEW}"] if withheld else []
    why += [_refusals(refused)] if refused else []
    has_gone = report.mails.filter(status=MailStatus.SENT).exists() or not why
    with recorded("report sent"):
        Report.objects.filter(pk=report.pk).update(
            delivery_status=ReportStatus.FAILED if why else ReportStatus.SENT,
            failure=" ".join(why)[:2_000] or None,
            **({"sent_at": Now()} if has_gone and not withheld else {}),
        )
    return reached


def _withheld(report: Report, waiting: list[ReportMail]) -> set[UUID]:
    """Return the e-mails whose recipient may not have the report at this moment, marked with the reason.

    It was made for those who were cleared; a company may have come onto the restricted list since.
    """
    if not waiting or not Restriction.objects.live().exists():
        return set()
    readers = readers_of([mail.recipient for mail in waiting], report.client)
    held = {mail.pk for mail in waiting if is_closed(report, readers[mail.recipient])}
    ReportMail.objects.filter(pk__in=held).update(status=MailStatus.FAILED, error=WITHHELD)
    for mail in waiting:
        rows = Report.all_objects.filter(pk=report.pk)
        closed.let_out(rows, readers[mail.recipient], f"e-mail of {report.title}")
    return held


def _refusals(refused: list[ReportMail]) -> str:
    told = "; ".join(f"{mail.recipient}: {mail.error}" for mail in refused)
    return f"Refused for good, and not tried again. {told}"


def _send(report: Report, waiting: list[ReportMail]) -> int:
    """Try each once; return how many were reached. Raises MailFailed where one may be reached later."""
    text, attached = _parts(report)
    states: list[MailStatus] = []
    for mail in waiting:
        message = EmailMessage(
            subject=_one_line(report.title), body=text, to=[mail.recipient], headers={"Message-ID": mail.message_id}
        )
        if attached:
            message.attach(*attached)
        states.append(_tried(mail, message))
    failed = [mail for mail, state in zip(waiting, states, strict=True) if state == MailStatus.FAILED]
    if failed:
        raise MailFailed(f"{len(failed)} of {len(waiting)} e-mails were not sent: {failed[0].error}")
    return states.count(MailStatus.SENT)


def _tried(mail: ReportMail, message: EmailMessage) -> MailStatus:
    """Try once and note how it went: sent, failed for now, or refused for good."""
    rows = ReportMail.objects.filter(pk=mail.pk)
    try:
        message.send()
    except (OSError, ValueError) as error:
        # What SMTP refuses is an OSError, too.
        mail.error = _one_line(words_of(error))
        status = MailStatus.REFUSED if is_refused_for_good(error) else MailStatus.FAILED
        rows.update(status=status, attempts=F("attempts") + 1, error=mail.error)
        return status
    rows.update(status=MailStatus.SENT, attempts=F("attempts") + 1, error="", sent_at=Now())
    return MailStatus.SENT


def _parts(report: Report) -> tuple[str, tuple[str, bytes, str] | None]:
    """Return the text, and the file where it is attached."""
    url = link(report, seconds=LINK_SECONDS)
    name = PurePosixPath(report.s3_key or report.local_path or "").name
    until = timezone.now() + dt.timedelta(seconds=LINK_SECONDS)
    context = {
        "report": report, "link": url, "link_until": f"{until:%Y-%m-%d %H:%M} UTC", "attached": name,
        "methodology": METHODOLOGY, "method": METHOD,
    }  # fmt: skip
    text = render_to_string("reports/mail.txt", context).strip() + "\n"
    return text, None if url else (name, read(report), MEDIA[report.format])


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]
