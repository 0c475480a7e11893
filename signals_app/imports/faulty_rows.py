"""The refused rows of an import as a workbook, with what is wrong beside each: to mend, and to import again."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Sequence
from typing import Any

from biotech_ma.core.sheets.grid import MOST_CHARACTERS, letter
from biotech_ma.core.sheets.write import CONTROL, write_cell
from signals_app.import_models import SheetImport
from signals_app.imports.columns import WRONG, Layout
from signals_app.imports.plan import Fate

NARROW, WIDE = 16, 70
_ADDRESS = re.compile(r"([A-Z]+)[0-9]+")


def as_kept(cells: Sequence[Any]) -> list[Any]:
    """Return a row's cells as they are kept until somebody asks for them: days as ISO text, no sign that JSON lacks."""
    return [_as_kept(value) for value in cells]


def _as_kept(value: Any) -> Any:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return CONTROL.sub("", value)[:MOST_CHARACTERS] if isinstance(value, str) else value


def workbook_of(taken: SheetImport) -> bytes:
    """Return the workbook: the headings, one column more, and the refused rows with their faulty cells marked."""
    # Here, for a web process that writes none goes without.
    import xlsxwriter

    layout = Layout.from_json(taken.layout)
    headings = [column.heading for column in layout.columns if column.heading != WRONG]
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    sheet = book.add_worksheet("Rows to mend")
    bold, marked = book.add_format({"bold": True, "bottom": 1}), book.add_format({"bg_color": "#FFC7CE"})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(0, len(headings) - 1), NARROW)
    sheet.set_column(len(headings), len(headings), WIDE)
    for place, heading in enumerate((*headings, WRONG)):
        write_cell(sheet, 0, place, heading, bold)
    refused = taken.rows.filter(fate=Fate.REFUSED).order_by("row")
    for number, row in enumerate(refused.iterator(chunk_size=1000), 1):
        faulty = {found[1] for cell, _ in row.faults if (found := _ADDRESS.fullmatch(cell))}
        for place, value in enumerate(row.cells[: len(headings)]):
            is_faulty = letter(place) in faulty
            if value is not None or is_faulty:
                write_cell(sheet, number, place, "" if value is None else value, marked if is_faulty else None)
        told = "; ".join(f"{cell}: {reason}" for cell, reason in row.faults)
        write_cell(sheet, number, len(headings), told, None)
    book.close()
    return stream.getvalue()
