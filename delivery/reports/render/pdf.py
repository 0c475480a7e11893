"""A report as PDF, from the same page. WeasyPrint is an extra, loaded where a PDF is written and nowhere else."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import Any, NoReturn

from delivery.reports.content import Content
from delivery.reports.orders import ReportRefused
from delivery.reports.render import pages

HOW = "run `uv sync --extra pdf` and install Pango (Debian: apt install libpango-1.0-0 libpangoft2-1.0-0)"


def why_not() -> str:
    """Return why this installation writes no PDF, in one line; empty where it does. Loads nothing."""
    return "" if find_spec("weasyprint") else f"PDF is not installed here: {HOW}, or take another format"


def write(content: Content) -> bytes:
    """Return the page as PDF. Raises ReportRefused where WeasyPrint or Pango is missing."""
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:
        raise ReportRefused(f"PDF is not installed here: {HOW}, or take another format", field="format") from error
    html = pages.page(content, themed=False)
    # It warns of each property of SVG that CSS does not have, and draws it all the same.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    # The identifier would be of the moment otherwise: the same content gives the same file.
    written = HTML(string=html, url_fetcher=_nothing).write_pdf(pdf_identifier=content.frame.title.encode())
    return bytes(written or b"")


def _nothing(url: str, *args: Any, **options: Any) -> NoReturn:
    """Fetch nothing: a report holds all it shows."""
    raise ValueError(f"a report fetches nothing: {url}")
