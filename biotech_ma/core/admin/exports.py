"""Exports of lists: all rows that the filters leave, as CSV or workbook, each on record before it leaves.

With `columns=shown` the file has the user's columns of the list, under its headings; without it every column of the
table.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.core.files.base import File
from django.core.files.storage import storages
from django.db import models
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.urls import path, resolve, reverse
from django.utils import timezone

from biotech_ma.core import closed
from biotech_ma.core.admin.column_data import CHUNK_ROWS, file_columns, lines
from biotech_ma.core.api.exports import LEFT_OUT
from biotech_ma.core.list_exports import KEPT_DAYS, ListExport
from biotech_ma.core.postgres.reader import is_secret
from biotech_ma.core.sheets.write import MOST_ROWS_OF_A_SHEET, TooManyRows, csv_lines, write_workbook
from biotech_ma.core.templatetags.desk_menu import in_the_menu

FORMS = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
MOST_AT_ONCE = 20_000
FORM, COLUMNS, SHOWN = "export", "columns", "shown"
ASIDE = frozenset({FORM, COLUMNS, "p", "all", "e", "_edit", "_figures"})
# Of a row that another leads to: what tells which one it is.
TELLING = ("name", "ticker", "title")


class ExportRefused(Exception):
    """The export cannot be made, in words for the page."""


def columns_of(model: type[models.Model]) -> list[tuple[str, str]]:
    """Return heading and lookup of every column of the table that holds no secret; of a foreign key what names it."""
    found: list[tuple[str, str]] = []
    for field in model._meta.concrete_fields:
        if is_secret(field) or isinstance(field, models.BinaryField) or field.name in {"search_vector", "name_key"}:
            continue
        if not isinstance(field, models.ForeignKey):
            found.append((field.name, field.name))
            continue
        found.append((field.attname, field.attname))
        related: Any = field.related_model
        for name in TELLING:
            try:
                related._meta.get_field(name)
            except FieldDoesNotExist:
                continue
            heading = name if field.name == "company" and name == "ticker" else f"{field.name}_{name}"
            found.append(("company" if heading == "company_name" else heading, f"{field.name}__{name}"))
    return found


@dataclass(frozen=True)
class Exported:
    """What an export gives: the headings, the rows as the list asks for them, and the lines of the file."""

    headings: list[str]
    rows: Any
    lines: Iterator[Sequence[Any]]


class ExportMixin:
    """Gives a list its exports."""

    model: type[models.Model]
    opts: Any
    admin_site: Any
    exports = True

    def get_urls(self) -> list[Any]:
        """Add the address of the export."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [
            path("export/", self.admin_site.admin_view(self.export_view), name=name),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def exported(self, request: HttpRequest, names: Sequence[str] | None) -> Exported:
        """Return all rows that the list's filters and search leave, in its order, with these columns of the list.

        Without names they have every column of the table.
        """
        rows = self.filtered(request)
        if names is None:
            headings, whole = self.whole(rows)
            return Exported(headings, rows, _chunked(whole))
        known = self.every_column()  # type: ignore[attr-defined]
        wanted = file_columns(self, [name for name in names if name in known])
        return Exported([column.heading for column in wanted], rows, lines(self, rows, wanted))

    def whole(self, rows: Any) -> tuple[list[str], Any]:
        """Return the headings and the values of every column of the table."""
        named = columns_of(self.model)
        return [heading for heading, _ in named], rows.values_list(*(lookup for _, lookup in named))

    def completed(self, rows: list[Any]) -> list[Any]:
        """Return the rows of a page or of a part of a file with what their columns need besides, asked for at once."""
        return rows

    def filtered(self, request: HttpRequest) -> Any:
        """Return the rows that the list's filters and search leave, in its order, without those that are closed."""
        changes: Any = self.get_changelist_instance(request)  # type: ignore[attr-defined]
        # Of a list that hides closed rows none are here, nor counted: a number would answer searches in them.
        rows = changes.get_queryset(request)
        request.desk_let_out = rows  # type: ignore[attr-defined]
        return closed.narrowed(rows, closed.reader_of(request.user))

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Give the filtered rows as a file; a long one is made by a worker."""
        if not self.exports or not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        form, columns = request.GET.get(FORM, ""), request.GET.get(COLUMNS)
        if form not in FORMS or columns not in (None, SHOWN):
            raise Http404(f"Exports are csv or xlsx, with columns={SHOWN} or without it.")
        names = self.chosen(request) if columns else None  # type: ignore[attr-defined]
        try:
            found = self.exported(_without_form(request), names)
        except IncorrectLookupParameters:
            raise Http404("One of the filters holds a value that cannot be.") from None
        door = f"export of {in_the_menu(self.opts)} as {form.upper()}"
        number, left_out = _counted(found.rows, form), _let_out(request, door)
        if form == "xlsx" and number >= MOST_ROWS_OF_A_SHEET:
            messages.error(request, f"A workbook has room for {MOST_ROWS_OF_A_SHEET - 1:,} rows: take CSV.")
            return HttpResponseRedirect("../")
        record = ListExport(
            owner=request.user,  # type: ignore[misc]
            model=f"{self.opts.app_label}.{self.opts.model_name}",
            query=_query(request),
            columns=names,
            headings=found.headings,
            form=form,
            row_count=number,
            rows_left_out=left_out,
        )
        if number > MOST_AT_ONCE:
            return self._queued(request, record)
        record.save(force_insert=True)
        name = f"{self.opts.model_name}-{timezone.localdate():%Y-%m-%d}.{form}"
        response = _file(form, name, found.headings, found.lines)
        if left_out:
            response[LEFT_OUT] = str(left_out)
        return response

    def _queued(self, request: HttpRequest, record: ListExport) -> HttpResponse:
        from biotech_ma.core.jobs import make_list_export

        record.state = "queued"
        if record.form == "csv":
            record.row_count = None  # there may be more than were counted
        record.save(force_insert=True)
        make_list_export.defer(export_id=str(record.pk))
        number = f"over {MOST_AT_ONCE:,}" if record.row_count is None else f"{record.row_count:,}"
        messages.info(request, f"A worker makes the file of {number} rows. It will be here.")
        return HttpResponseRedirect(reverse("admin:core_listexport_changelist"))


def _counted(rows: Any, form: str) -> int:
    """Return how many rows there are, as far as it matters: whether a worker's, and whether a workbook has room."""
    most = MOST_ROWS_OF_A_SHEET if form == "xlsx" else MOST_AT_ONCE + 1
    return int(rows.order_by()[:most].count())


def _without_form(request: HttpRequest) -> HttpRequest:
    """Return the request as the list itself would get it."""
    kept = request.GET.copy()
    for name in ASIDE:
        kept.pop(name, None)
    request.GET = kept  # type: ignore[assignment]
    match = request.resolver_match
    if match is not None:
        match.url_name = str(match.url_name).replace("_export", "_changelist")
    return request


def _let_out(request: HttpRequest, door: str) -> int:
    """Note who takes the rows that `filtered` has found; return how many are closed to him."""
    return closed.let_out(request.desk_let_out, closed.reader_of(request.user), door)  # type: ignore[attr-defined]


def _query(request: HttpRequest) -> str:
    return request.GET.urlencode()


def _chunked(rows: Any) -> Iterator[Sequence[Any]]:
    yield from rows.iterator(chunk_size=CHUNK_ROWS)


def _file(form: str, name: str, headings: list[str], rows: Iterator[Sequence[Any]]) -> HttpResponseBase:
    if form == "csv":
        return StreamingHttpResponse(
            csv_lines(headings, rows),
            content_type=FORMS[form],
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )
    # The answer closes the file when it has been sent.
    written = tempfile.TemporaryFile()  # noqa: SIM115
    write_workbook(written, headings, rows)
    written.seek(0)
    return FileResponse(
        written, as_attachment=True, filename=name, content_type=FORMS[form], headers={"Cache-Control": "no-store"}
    )


def make(record: ListExport) -> None:
    """Make the file of a long export, as its owner may see the list now. Old files go. Raises ExportRefused."""
    model_admin = {
        f"{model._meta.app_label}.{model._meta.model_name}": one for model, one in admin.site._registry.items()
    }[record.model]
    app, name = record.model.split(".")
    address = reverse(f"admin:{app}_{name}_changelist")
    request = RequestFactory().get(f"{address}?{record.query}")
    if record.owner is None or not record.owner.is_active:
        raise ExportRefused("Who asked for it is gone.")
    request.user, request.resolver_match = record.owner, resolve(address)
    if not model_admin.has_view_permission(request):
        raise ExportRefused("Who asked for it may not see the list any more.")
    forget_old_files()
    began = timezone.now()
    found = model_admin.exported(request, record.columns)  # type: ignore[attr-defined]
    left_out = _let_out(request, f"file of {record.model} as {record.form}")
    with tempfile.TemporaryFile() as written:
        if record.form == "csv":
            number = -1
            for line in csv_lines(found.headings, found.lines):
                written.write(line)
                number += 1
        else:
            try:
                number = write_workbook(written, found.headings, found.lines)
            except TooManyRows as error:  # they have become more since they were counted
                raise ExportRefused(str(error)) from error
        written.seek(0)
        stored = storages["default"].save(f"exports/{record.pk}.{record.form}", File(written))
    ListExport.objects.filter(pk=record.pk).update(
        state="ready", path=stored, row_count=number, rows_left_out=left_out, made_at=began, error="",
        headings=found.headings,
    )  # fmt: skip


def forget_old_files() -> None:
    """Delete the files of exports that are older than a week; the log stays."""
    before = timezone.now() - dt.timedelta(days=KEPT_DAYS)
    for record in ListExport.objects.filter(created_at__lt=before).exclude(path=""):
        storages["default"].delete(record.path)
        ListExport.objects.filter(pk=record.pk).update(path="")


def download(record: ListExport) -> HttpResponseBase:
    """Give a file that a worker made. Raises Http404 where there is none any more, ExportRefused for an old one."""
    if not record.path or not storages["default"].exists(record.path):
        raise Http404("There is no file: files are kept for a week.")
    if record.owner and closed.changed_since(record.made_at or record.created_at, closed.reader_of(record.owner)):
        raise ExportRefused("Something was closed to you after this file was made. Take the export again.")
    name = f"{record.model.split('.')[1]}-{record.created_at:%Y-%m-%d}.{record.form}"
    return FileResponse(
        storages["default"].open(record.path, "rb"),
        as_attachment=True,
        filename=name,
        content_type=FORMS[record.form],
        headers={"Cache-Control": "no-store"},
    )
