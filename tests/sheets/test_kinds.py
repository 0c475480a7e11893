"""Workbooks of every kind say the same of the same table, and hostile ones get an answer."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlrd

from biotech_ma.core.sheets.formats import fault_of_format, is_span
from biotech_ma.core.sheets.grid import Grid, Unreadable
from biotech_ma.core.sheets.read import read
from biotech_ma.core.sheets.values import error_in
from tests.sheets import binary
from tests.sheets.test_reading import repacked

OLD = Path(__file__).parent / "data" / "kinds.xls"
HEADINGS = ["Ticker", "Market cap", "Day", "Public", "Share", "Price", "Area"]
SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style")
)
CALC = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'


def open_document(tables: str, styles: str = "", **parts: bytes) -> bytes:
    """Return a document of these tables; parts have `__` for a slash and `_` for a point."""
    xml = (
        f"<office:document-content {NAMES} {CALC}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("mimetype", SPREADSHEET)
        made.writestr("content.xml", xml)
        for name, data in parts.items():
            made.writestr(name.replace("__", "/").replace("_", "."), data)
    return stream.getvalue()


def words(*values: str) -> str:
    return "".join(
        f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>' for value in values
    )


def figure(value: float, kind: str = "float", more: str = "") -> str:
    return f'<table:table-cell office:value-type="{kind}" office:value="{value}" {more}/>'


def table(*rows: str, name: str = "Main", style: str = "shown") -> str:
    inner = "".join(
        row if row.startswith("<table:table-row ") else f"<table:table-row>{row}</table:table-row>" for row in rows
    )
    return f'<table:table table:name="{name}" table:style-name="{style}">{inner}</table:table>'


def as_xlsx() -> bytes:
    made = openpyxl.Workbook()
    made.active.title, made.active.sheet_state = "Secret", "hidden"
    sheet = made.create_sheet("Main")
    sheet.append(HEADINGS)
    sheet.append(["AAA", 1234.5, dt.date(2026, 1, 31), True, 0.25, 12, "oncology"])
    sheet.append(["BBB", -2, dt.time(12), False, "#DIV/0!", 3])
    sheet.append(["Heading"])
    sheet["E2"].number_format, sheet["F2"].number_format = "0%", "#,##0 [$€-407]"
    sheet.merge_cells("G2:G3")
    sheet.merge_cells("A4:C4")
    sheet.row_dimensions[3].hidden = sheet.column_dimensions["F"].hidden = True
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def as_xlsb() -> bytes:
    sheet = binary.sheet(
        [
            HEADINGS,
            ["AAA", 1234.5, (46053, binary.DAY), True, (0.25, binary.PERCENT), (12, binary.EUROS), "oncology"],
            ["BBB", -2, (0.5, binary.DAY), False, "#DIV/0!", 3, None],
            ["Heading"],
        ],
        hidden_rows=[2],
        hidden_columns=[5],
        merged=[(1, 6, 2, 6), (3, 0, 3, 2)],
    )
    return binary.workbook({"Secret": binary.sheet([["h", 1]]), "Main": sheet}, hidden=["Secret"])


def as_ods() -> bytes:
    merged = 'table:number-rows-spanned="{}" table:number-columns-spanned="{}"'
    rows = [
        words(*HEADINGS),
        words("AAA")
        + figure(1234.5)
        + '<table:table-cell office:value-type="date" office:date-value="2026-01-31"/>'
        + '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>'
        + figure(0.25, "percentage")
        + figure(12, "currency", 'office:currency="EUR"')
        + words("oncology").replace("<table:table-cell", f"<table:table-cell {merged.format(2, 1)}"),
        '<table:table-row table:visibility="collapse">'
        + words("BBB")
        + figure(-2, "currency", 'office:currency="USD"')
        + '<table:table-cell office:value-type="time" office:time-value="PT12H00M00S"/>'
        + '<table:table-cell office:value-type="boolean" office:boolean-value="false"/>'
        + '<table:table-cell table:formula="of:=1/0" office:value-type="string" calcext:value-type="error"><text:p>'
        + "#DIV/0!</text:p></table:table-cell>"
        + figure(3)
        + '<table:covered-table-cell/><table:table-cell table:number-columns-repeated="16377"/></table:table-row>',
        words("Heading").replace("<table:table-cell", f"<table:table-cell {merged.format(1, 3)}")
        + '<table:covered-table-cell table:number-columns-repeated="2"/>',
        '<table:table-row table:number-rows-repeated="1048572">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>',
    ]
    columns = '<table:table-column table:number-columns-repeated="5"/><table:table-column table:visibility="collapse"/>'
    styles = '<style:style style:name="gone"><style:table-properties table:display="false"/></style:style>'
    shown = table(*rows).replace("<table:table-row>", columns + "<table:table-row>", 1)
    return open_document(table(words("h", "i"), name="Secret", style="gone") + shown, styles)


@pytest.mark.parametrize("made", [as_xlsx, as_xlsb, as_ods, OLD.read_bytes], ids=["xlsx", "xlsb", "ods", "xls"])
def test_workbooks_of_every_kind_say_the_same_of_the_same_table(made):
    found = read(made())
    day = found.rows[1][2]
    assert (found.sheet, found.sheets) == ("Main", ["Main"])
    assert found.rows[0] == HEADINGS
    assert found.rows[1] == ["AAA", 1234.5, day, True, 0.25, 12, "oncology"]
    assert (day.year, day.month, day.day) == (2026, 1, 31)
    assert found.rows[2][:2] + found.rows[2][3:] == ["BBB", -2, False, "#DIV/0!", 3, "oncology"]
    assert found.rows[3][0] == "Heading"
    assert len(found.rows) == 4
    assert sorted(found.faults) == [(1, 4), (1, 5), (2, 2), (3, 0), (3, 1), (3, 2)]
    assert "percentage" in found.faults[1, 4]
    assert "not in US dollars" in found.faults[1, 5]
    assert "span of time" in found.faults[2, 2]
    assert "merged over A4:C4" in found.faults[3, 0]
    assert (found.hidden_rows, found.hidden_columns) == ({2}, {5})


def test_errors_and_truths_of_an_open_document_are_what_they_are_shown_as():
    # as LibreOffice converts them from a workbook
    error = (
        '<table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error">'
        "<text:p>Err:509</text:p></table:table-cell>"
    )
    truth = (
        '<table:table-cell table:formula="of:=TRUE()" office:value-type="float" office:value="1">'
        "<text:p>TRUE</text:p></table:table-cell>"
    )
    found = read(open_document(table(error + truth + figure(1))))
    assert found.rows == [["Err:509", True, 1]]
    assert found.rows[0][1] is True
    assert "holds the error Err:509" in error_in("Err:509")


def test_text_of_an_open_document_is_what_it_shows():
    cell = (
        '<table:table-cell office:value-type="string"><office:annotation><text:p>note</text:p></office:annotation>'
        '<text:p>Acme<text:s text:c="2"/><text:span>Bio</text:span>, Inc.</text:p><text:p>Basel</text:p>'
        "</table:table-cell>"
    )
    found = read(open_document(table(cell + '<table:table-cell table:formula="of:=1+1"/>' + words("x"))))
    assert found.rows == [["Acme  Bio, Inc.\nBasel", None, "x"]]
    assert "without a stored value" in found.faults[0, 1]
    # A program that calculates stores every result; of an empty text it stores none.
    meta = b"<x><meta:generator>LibreOffice/24.2</meta:generator></x>"
    assert not read(
        open_document(table('<table:table-cell table:formula="of:=&quot;&quot;"/>' + words("x")), meta_xml=meta)
    ).faults


def test_repeated_cells_are_counted_before_they_are_made():
    many = '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
    with pytest.raises(Unreadable, match="500 columns"):
        read(open_document(table(many)))
    row = '<table:table-row table:number-rows-repeated="1048576">' + figure(1) + "</table:table-row>"
    with pytest.raises(Unreadable, match="50,000 rows"):
        read(open_document(table(row)))
    wide = '<table:table-cell table:number-columns-repeated="400" office:value-type="float" office:value="1"/>'
    with pytest.raises(Unreadable, match="2,000,000 cells"):
        read(open_document(table(f'<table:table-row table:number-rows-repeated="20000">{wide}</table:table-row>')))
    rows = read(
        open_document(table(words("a", "b"), '<table:table-row table:number-rows-repeated="3"/>', words("c", "d")))
    ).rows
    assert rows == [["a", "b"], [], [], [], ["c", "d"]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (open_document("<broken"), "damaged"),
        (open_document(table(words("a", "b")), Basic__Standard__script_xml=b"x"), "macros"),
        (repacked(open_document(""), {"META-INF/manifest.xml": b"<manifest:encryption-data/>"}), "password"),
        (repacked(open_document(""), {"mimetype": b"application/vnd.oasis.opendocument.text"}), "no spreadsheet"),
        (repacked(open_document(""), {"content.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"}), "entities"),
        (open_document(""), "no sheet"),
        (open_document(table('<table:table-cell office:value-type="float" office:value="one"/>')), "damaged"),
    ],
)
def test_an_open_document_that_is_none_of_ours_says_what_to_do(content, reason):
    with pytest.raises(Unreadable, match=reason):
        read(content)


def far(row: int, column: int) -> bytes:
    inner = binary.record(0, struct.pack("<IIHBBBI", row, 0, 300, 0, 0, 0, 0)) + binary.cell(column, 1)
    extent = binary.record(148, bytes(16))
    return binary.record(129) + extent + binary.record(145) + inner + binary.record(146) + binary.record(130)


@pytest.mark.parametrize(
    ("sheet", "reason"),
    [
        # laid out cell by cell, these would take all memory
        (far(1_048_575, 0), "50,000 rows"), (far(0, 16_383), "500 columns"), (far(49_999, 499), "2,000,000 cells"),
        (b"\x81\x01\xff\xff\xff\x7f", "damaged"), (binary.sheet([["a", "b"]])[:40], "damaged"), (b"", "damaged"),
    ],
)  # fmt: skip
def test_a_binary_workbook_with_cells_far_out_or_records_cut_short_is_refused(sheet, reason):
    with pytest.raises(Unreadable, match=reason):
        read(binary.workbook({"Main": sheet}))


def test_a_binary_workbook_that_names_a_part_twice_or_from_elsewhere_is_refused():
    content = binary.workbook({"Main": binary.sheet([["a", "b"]])})
    relations = zipfile.ZipFile(io.BytesIO(content)).read("xl/_rels/workbook.bin.rels")
    for changed in (relations.replace(b"rId99", b"rId1"), relations.replace(b'"worksheets', b'"../xl/worksheets')):
        with pytest.raises(Unreadable, match="names its parts"):
            read(repacked(content, {"xl/_rels/workbook.bin.rels": changed}))
    assert read(binary.workbook({"Main": binary.sheet([["a", 1]])}, since_1904=True)).serial_1904


@pytest.mark.parametrize(
    ("error", "reason"),
    [("Workbook is encrypted", "password"), ("Can't find workbook in OLE2", "another old document")],
)
def test_what_the_library_says_of_an_old_file_becomes_what_to_do(error, reason, monkeypatch):
    def refuse(**options: Any) -> None:
        raise xlrd.XLRDError(error)

    monkeypatch.setattr(xlrd, "open_workbook", refuse)
    with pytest.raises(Unreadable, match=reason):
        read(OLD.read_bytes())


def test_an_old_workbook_that_is_cut_short_or_carries_macros_is_refused():
    content = OLD.read_bytes()
    with pytest.raises(Unreadable, match=r"damaged|another old document"):
        read(content[:3000])
    with pytest.raises(Unreadable, match="macros"):
        read(content + "_VBA_PROJECT_CUR".encode("utf-16-le"))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("0.0%", "percentage"), ('#,##0" %"', ""), ("#,##0 [$€-407]", "€"), ("[$CHF] #,##0", "CHF"), ('"£"#,##0', "£"),
        ("[$zł-415]#", "zł"), ("[$-409]mmm yy", ""), ("[$$-409]#,##0", ""), ('_("$"* #,##0_)', ""), ("[$C$-1]#", "C$"),
        ("General", ""), ('#,##0 "EUR"', "EUR"), ("[$US$] 0", ""),
    ],
)  # fmt: skip
def test_a_format_says_what_a_bare_number_does_not(code, words):
    fault = fault_of_format(code)
    assert (words in fault) if words else not fault
    assert is_span("[h]:mm")
    assert not is_span('hh:mm "[h]"')


def test_a_number_in_a_format_without_meaning_of_its_own_stands():
    made = openpyxl.Workbook()
    made.active.append(["a", 12])
    made.active["B1"].number_format = '"$"#,##0.00'
    stream = io.BytesIO()
    made.save(stream)
    found: Grid = read(stream.getvalue())
    assert not found.faults
