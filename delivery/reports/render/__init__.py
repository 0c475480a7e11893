"""A report's content as a file: HTML, PDF, JSON, CSV or a workbook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from delivery.choices import ReportFormat
from delivery.reports.content import Content
from delivery.reports.render import document, pages, pdf, sheets


@dataclass(frozen=True, slots=True)
class Form:
    """A format: its media type and what writes it."""

    media_type: str
    write: Callable[[Content], bytes]


FORMS: Mapping[str, Form] = {
    ReportFormat.HTML: Form("text/html; charset=utf-8", lambda content: pages.page(content).encode()),
    ReportFormat.PDF: Form("application/pdf", pdf.write),
    ReportFormat.JSON: Form("application/json", document.write),
    ReportFormat.CSV: Form("text/csv; charset=utf-8", sheets.write_csv),
    ReportFormat.XLSX: Form("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", sheets.write_xlsx),
}


def rendered(content: Content, form: str) -> bytes:
    """Return the report in the format. Raises ReportRefused for PDF where it cannot be written."""
    return FORMS[form].write(content)
