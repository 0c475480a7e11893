"""Reports over REST: creating one queues it, and its file is downloaded once it is ready."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request

from biotech_ma.core import closed
from biotech_ma.core.api import query
from biotech_ma.core.api.endpoints import Endpoint
from biotech_ma.core.api.errors import Problem
from biotech_ma.core.api.fields import DayField, StrictCharField, TextListField, TickersField
from biotech_ma.core.api.serializers import CheckedModelSerializer
from biotech_ma.core.api.views import not_found
from biotech_ma.core.api.writes import EditMixin, refusals
from delivery.api.auth import Caller
from delivery.api.filters import ReportFilterSet
from delivery.api.ownership import shown
from delivery.api.reads import REPORTS
from delivery.choices import ReportType
from delivery.models import Client, Report
from delivery.reports.download import served
from delivery.reports.orders import ReportRefused, checked_companies, default_day
from delivery.reports.render import FORMS
from delivery.reports.schedule import live
from delivery.reports.services import checked_recipients, order_report, run_again, title_of
from delivery.reports.storage import DOWNLOAD_SECONDS, StorageRefused, link

# These are of a list of companies; a client's watchlist stands in where none is named.
OF_A_WATCHLIST = {ReportType.DAILY_DIGEST, ReportType.WEEKLY_WATCHLIST}


class EmailsField(TextListField):
    """A JSON array of e-mail addresses."""

    child = serializers.EmailField(max_length=254)


class ReportSerializer(CheckedModelSerializer):
    """A report as it is ordered. It is queued; what it says and where it lies comes from the making."""

    resource = REPORTS
    report_date = DayField(required=False, help_text="The day it reports on; the last scored day when left out.")
    title = serializers.CharField(required=False, max_length=500, help_text="Made from type and day when left out.")
    recipients = EmailsField(required=False, help_text="E-mail addresses to which it is sent.")
    company = StrictCharField(
        required=False, write_only=True, max_length=64, help_text="Id or ticker: what a deep dive is of."
    )
    companies_included = TickersField(
        required=False, help_text="Tickers to report on; the report chooses when left out."
    )

    class Meta:
        model = Report
        fields = (
            "report_type",
            "report_date",
            "period_start",
            "period_end",
            "title",
            "format",
            "recipients",
            "company",
            "companies_included",
            "metadata",
        )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values, with the companies that the one field or the other names."""
        one = attrs.pop("company", None)
        named = [*([one] if one else []), *attrs.get("companies_included", ())]
        if self.instance is None:
            attrs.setdefault("report_date", attrs.get("period_end") or default_day())
        if one is not None or "companies_included" in attrs:
            kind = attrs.get("report_type", getattr(self.instance, "report_type", ""))
            with _as_errors("company" if one else "companies_included"):
                found = checked_companies(kind, named)
            attrs["companies_included"] = [company.ticker for company in found if company.ticker]
        if self.instance is None:
            names = attrs.get("companies_included", ())
            attrs.setdefault("title", title_of(attrs["report_type"], attrs["report_date"], names))
        return super().validate(attrs)

    def create(self, validated_data: dict[str, Any]) -> Report:
        """Queue the report; a client's watchlist and thresholds stand in where the order names none."""
        values = dict(validated_data)
        client = _client_of(self.context["request"])
        companies = values.get("companies_included") or []
        if not companies and client and values["report_type"] in OF_A_WATCHLIST:
            companies = live(client.watchlist_tickers)
        with _as_errors():
            return order_report(
                report_type=values["report_type"],
                day=values.get("report_date"),
                period_start=values.get("period_start"),
                period_end=values.get("period_end"),
                form=values.get("format", "html"),
                companies=companies,
                recipients=values.get("recipients", ()),
                title=values.get("title", ""),
                thresholds=client.custom_thresholds if client else None,
                metadata=values.get("metadata"),
                ordered_by_client=client,
            )

    def update(self, instance: Report, validated_data: dict[str, Any]) -> Report:
        """Change the order; it is made anew when it is run again."""
        if "companies_included" in validated_data:
            validated_data["companies_asked"] = validated_data["companies_included"]
        if "recipients" in validated_data:
            with _as_errors():
                validated_data["recipients"] = checked_recipients(validated_data["recipients"])
        updated: Report = super().update(instance, validated_data)
        return updated


class ReportViewSet(EditMixin):
    """Reports. Creating one queues it."""

    scope = "reports"
    file_actions = frozenset({"export", "download"})
    resource = REPORTS
    filterset_class = ReportFilterSet
    serializer_class = ReportSerializer

    def rows(self) -> QuerySet[Any]:
        """Return the live reports that the caller may see."""
        return closed.narrowed(shown(super().rows(), self.request), closed.caller_of(self.request.auth))

    def archived_row(self, ref: str) -> Model:
        """Return the report, archived or not, that the caller may see; 404 when there is none."""
        reader = closed.caller_of(self.request.auth)
        row = closed.narrowed(Report.all_objects.filter(pk=ref), reader).first()
        if row is None:
            raise not_found()
        return row

    def describe(self) -> dict[str, Endpoint]:
        """Return what each action takes and gives."""
        return super().describe() | {
            "download": Endpoint("file", types=tuple(form.media_type.partition(";")[0] for form in FORMS.values())),
            "rerun": Endpoint("row", REPORTS, shaped=False),
        }

    @action(detail=True)
    def download(self, request: Request, ref: str) -> HttpResponse:
        """Give the file: from disk itself, from a bucket by a redirect to a signed link of five minutes."""
        query.allow_only(request.query_params, ())
        report = self.row(ref).first()
        if report is None:
            raise not_found()
        if report.file_size_bytes is None:
            why = f"It failed: {report.failure}" if report.failure else "It is queued; ask again in a moment."
            raise Problem(status.HTTP_409_CONFLICT, f"The report has no file yet. {why}")
        closed.opened(report, closed.caller_of(request.auth), f"file of {report.title}")
        try:
            url = link(report, seconds=DOWNLOAD_SECONDS)
            return HttpResponseRedirect(url) if url else served(report)
        except StorageRefused as error:
            raise Problem(status.HTTP_409_CONFLICT, f"{str(error)[:1].upper()}{str(error)[1:]}.") from error

    @action(detail=True, methods=["post"])
    def rerun(self, request: Request, ref: str) -> HttpResponse:
        """Queue a report anew: after a failure, or to make it again; nobody is written to twice."""
        query.allow_only(request.query_params, ())
        with transaction.atomic(), refusals():
            row = self.locked_row(request, ref)
            if isinstance(row, Report):
                run_again(report=row)
        return self.answer_one(request, self.row(ref), tuple(self.resource.select()))


@contextmanager
def _as_errors(field: str = "") -> Iterator[None]:
    """Turn a refused order into the error of the field that it names."""
    try:
        yield
    except ReportRefused as refusal:
        detail = serializers.ErrorDetail(str(refusal), code="invalid")
        raise serializers.ValidationError({field or refusal.field or "non_field_errors": [detail]}) from refusal


def _client_of(request: Request) -> Client | None:
    caller = request.auth
    return Client.objects.filter(pk=caller.id).first() if isinstance(caller, Caller) else None
