"""Reports in the admin: order one, see how it stands, look at it, download it, run it again."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from biotech_ma.core.admin import ArchiveAdmin, PanelInline, column, columns
from biotech_ma.core.admin.confirm import Question, asked
from biotech_ma.core.admin.filters import DayRangeFilter
from biotech_ma.core.admin.forms import DeskForm
from biotech_ma.core.admin.tables import table
from biotech_ma.core.services import Refused
from companies.models import Watchlist
from companies.watchlists import refs_on
from delivery.admin_fields import RECIPIENTS, TICKERS
from delivery.admin_watchlists import WatchlistField
from delivery.choices import MailStatus, ReportStatus
from delivery.models import Report, ReportMail
from delivery.reports.download import served
from delivery.reports.orders import ReportRefused, check_format, checked_companies, checked_period
from delivery.reports.services import order_report, run_again
from delivery.reports.storage import DOWNLOAD_SECONDS, StorageRefused, link

STATUS_TONES = {
    ReportStatus.QUEUED: "grey",
    ReportStatus.READY: "blue",
    ReportStatus.SENT: "green",
    ReportStatus.FAILED: "red",
}
MAIL_TONES = {
    MailStatus.PENDING: "grey",
    MailStatus.SENT: "green",
    MailStatus.FAILED: "amber",
    MailStatus.REFUSED: "red",
}
AGAIN = "The same order is made anew and takes the place of the file. Nobody who has it is written to again."
KILO = 1024


def size(value: int | None) -> str:
    """Return a file size in kB or MB."""
    if value is None:
        return columns.unknown("No file")
    text = f"{value / KILO:,.0f} kB" if value < KILO * KILO else f"{value / KILO / KILO:,.1f} MB"
    return columns.hover(text, f"{value:,} bytes")


class ReportForm(DeskForm):
    """An order, refused at once where it cannot be filled. A watchlist stands for its companies of the moment."""

    watchlist = forms.ModelChoiceField(Watchlist.objects.none(), required=False, widget=UnfoldAdminSelectWidget())

    def clean(self) -> dict[str, Any]:
        """Return the values. What the services would refuse is said beside its field."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("watchlist"):
            self._take_companies(values)
        kind, day = values.get("report_type"), values.get("report_date")
        if not kind or self.errors:
            return values
        try:
            if "format" in values:
                check_format(values["format"])
            if "companies_asked" in values:
                checked_companies(kind, values["companies_asked"])
            if day:
                checked_period(kind, day, values.get("period_start"), values.get("period_end"))
        except ReportRefused as refusal:
            name = "companies_asked" if refusal.field == "companies_included" else refusal.field
            self.add_error(name if name in self.fields else None, ValidationError(str(refusal)))
        return values

    def _take_companies(self, values: dict[str, Any]) -> None:
        if values.get("companies_asked"):
            self.add_error("watchlist", "Name companies or choose a watchlist, not both.")
            return
        values["companies_asked"] = refs_on([values["watchlist"].pk])[values["watchlist"].pk]
        if not values["companies_asked"]:
            self.add_error("watchlist", "No live company is on this watchlist.")


class MailPanel(PanelInline):
    """Whom the report reached by e-mail."""

    model = ReportMail
    verbose_name_plural = "e-mails"

    def panel(self, request: HttpRequest, obj: Any) -> SafeString:
        """Return the recipients, each with how its e-mail stands."""
        rows = [
            [
                mail.recipient,
                columns.badge(mail.get_status_display(), MAIL_TONES[MailStatus(mail.status)]),
                columns.ago(mail.sent_at, hint="Not sent"),
                columns.number(mail.attempts, 0),
                columns.cut(mail.error) if mail.error else columns.unknown("None"),
            ]
            for mail in obj.mails.order_by("recipient")
        ]
        headers = ["Recipient", "State", "Sent", "Attempts", "Error"]
        return table("E-mails", headers, rows, numeric=(3,), empty="It is sent to nobody.")


@admin.register(Report)
class ReportAdmin(ArchiveAdmin):
    """Reports of a period, where they lie and whom they reached."""

    form = ReportForm
    hides_closed = True
    shapes: ClassVar[dict[str, Any]] = {
        "recipients": RECIPIENTS,
        "companies_asked": TICKERS,
        "companies_included": TICKERS,
    }
    list_display: Any = ["title", "report_type", "day", "format", "status", "file", "recipients_cell", "sent"]
    list_filter: Any = [
        ("report_type", ChoicesDropdownFilter),
        ("delivery_status", ChoicesDropdownFilter),
        ("format", ChoicesDropdownFilter),
        ("report_date", DayRangeFilter),
    ]
    search_fields: Any = ["title"]
    ordering: Any = ["-report_date", "-id"]
    date_hierarchy = "report_date"
    empty_hint = "Add one, run the report command, or let the schedule do it."
    inlines: Any = [MailPanel]
    actions_detail: Any = ["view_report", "download_report", "run_report_again", *ArchiveAdmin.actions_detail]
    readonly_fields: Any = [
        "delivery_status", "sent_at", "failure", "summary", "included", "findings", "content_sha256", "slot",
        "local_path", "s3_bucket", "s3_key", "file_size_bytes",
    ]  # fmt: skip
    order_fields: ClassVar[list[Any]] = [
        ("report_type", "format"), ("report_date", "title"), ("period_start", "period_end"), "companies_asked",
        "recipients",
    ]  # fmt: skip
    fieldsets: Any = [
        (None, {"fields": order_fields}),
        ("Delivery", {"fields": [("delivery_status", "sent_at"), "failure"]}),
        ("Content", {"fields": ["findings", "included"]}),
        (
            "File",
            {
                "fields": [
                    ("local_path", "file_size_bytes"), ("s3_bucket", "s3_key"), ("content_sha256", "slot"), "metadata"
                ],
                "classes": ["collapse"],
            },
        ),
    ]  # fmt: skip
    add_fieldsets: Any = [(None, {"fields": [*order_fields[:-1], "watchlist", order_fields[-1]]})]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the order alone for a new one."""
        return self.fieldsets if obj is not None else self.add_fieldsets

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form; the title of a new one may be left to the report."""
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None:
            for name in ("title", "report_date"):
                field: forms.Field | None = form.base_fields.get(name)
                if field is not None:
                    field.required = False
            form.base_fields["report_date"].help_text = "The day it reports on; empty: the last one that was scored."
            form.base_fields["title"].help_text = "Empty: made from type and day."
            form.base_fields["watchlist"] = WatchlistField(
                user=request.user, required=False, widget=UnfoldAdminSelectWidget(), empty_label="None",
                help_text="The companies on it today, instead of naming them. For a report each week add it on the "
                "watchlist's page.",
            )  # fmt: skip
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Queue a new report; save the changed order of an old one. Raises Refused."""
        if change:
            super().save_model(request, obj, form, change)
            return
        values = form.cleaned_data
        try:
            made = order_report(
                report_type=values["report_type"],
                day=values.get("report_date"),
                period_start=values.get("period_start"),
                period_end=values.get("period_end"),
                form=values["format"],
                companies=values.get("companies_asked") or (),
                recipients=values.get("recipients") or (),
                title=values.get("title") or "",
                ordered_by=request.user,
            )
        except ReportRefused as refusal:
            raise Refused(str(refusal)) from refusal
        obj.__dict__.update({field.attname: getattr(made, field.attname) for field in made._meta.concrete_fields})
        obj._state.adding = False
        messages.info(request, "The report is queued; a worker makes it.")

    @action(description="View", permissions=["view"], url_path="look", icon="visibility")  # type: ignore[untyped-decorator]
    def view_report(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the file in the browser."""
        return self._file(request, object_id, inline=True)

    @action(description="Download", permissions=["view"], url_path="download", icon="download")  # type: ignore[untyped-decorator]
    def download_report(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the file."""
        return self._file(request, object_id, inline=False)

    @action(description="Run again", permissions=["change"], url_path="again", icon="refresh")  # type: ignore[untyped-decorator]
    def run_report_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then queue the report anew."""
        report = self._report(request, object_id)
        question = Question(f"Run {report} again?", AGAIN, "Run again", wants_reason=False)
        page = asked(self, request, question, [report])
        if page is not None:
            return page
        try:
            run_again(report=report)
            messages.success(request, "The report is queued again; a worker makes it.")
        except Refused as refusal:
            messages.error(request, refusal.message)
        return self._back(report)

    def _file(self, request: HttpRequest, object_id: str, *, inline: bool) -> HttpResponse:
        report = self._report(request, object_id)
        if report.file_size_bytes is None:
            messages.error(request, report.failure or "The report is not made yet. Is a worker running?")
            return self._back(report)
        self.note_opened(request, report, f"file of {report.title}")
        try:
            url = link(report, seconds=DOWNLOAD_SECONDS)
            return HttpResponseRedirect(url) if url else served(report, inline=inline)
        except StorageRefused as error:
            messages.error(request, str(error))
            return self._back(report)

    def _report(self, request: HttpRequest, object_id: str) -> Report:
        found: Report | None = self.get_object(request, object_id)
        if found is None:
            raise Http404("There is no such report.")
        return found

    def _back(self, report: Report) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:delivery_report_change", args=[report.pk]))

    @column("Day", order="report_date")
    def day(self, report: Report) -> str:
        """Return the day it reports on."""
        return columns.day(report.report_date)

    @column("Status", order="delivery_status")
    def status(self, report: Report) -> str:
        """Return how far it has come, the reason of a failure on hover."""
        tone = STATUS_TONES[ReportStatus(report.delivery_status)]
        return columns.badge(report.get_delivery_status_display(), tone, title=report.failure or "")

    @column("File", order="file_size_bytes", numeric=True, data={"File, bytes": "file_size_bytes"})
    def file(self, report: Report) -> str:
        """Return the size of the file."""
        return size(report.file_size_bytes)

    @column("Recipients", numeric=True, data="recipients")
    def recipients_cell(self, report: Report) -> str:
        """Return how many recipients, who on hover."""
        return (
            columns.hover(str(len(report.recipients)), ", ".join(report.recipients))
            if report.recipients
            else columns.unknown("Nobody")
        )

    @column("Sent", order="sent_at")
    def sent(self, report: Report) -> str:
        """Return when it went out."""
        return columns.ago(report.sent_at, hint="Not sent")

    @column("Findings")
    def findings(self, report: Report) -> str:
        """Return what it found."""
        return columns.bullets(report.key_findings, empty="Not made yet")

    @column("Companies in it")
    def included(self, report: Report) -> str:
        """Return the companies that it names."""
        return columns.chips(report.companies_included, most=12)
