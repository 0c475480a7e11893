"""Files as brokers, vendors and attackers make them: read rightly, or refused in words that say what to do."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from biotech_ma.core.sheets import grid
from biotech_ma.core.sheets.days import day
from biotech_ma.core.sheets.grid import Unreadable
from biotech_ma.core.sheets.read import read
from biotech_ma.core.sheets.values import NumberStyle, error_in, number, words, yes_or_no
from tests.sheets.test_reading import plain, repacked

ZURICH = "Name;City\r\nZürich Bio;Genève\r\nSociété X;Köln\r\n"


def written(fill: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    made = xlsxwriter.Workbook(stream, {"in_memory": True, **options})
    fill(made, made.add_worksheet())
    made.close()
    return stream.getvalue()


def archive(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, data in parts.items():
            made.writestr(name.replace("__", "/"), data)
    return stream.getvalue()


DECLARED = b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"
TYPES = {"[Content_Types].xml": b"<x/>"}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7\n1 0 obj", "PDF"), (b"\xef\xbb\xbf <table border=1><tr><td>a</td>", "web page"),
        ("<html><body>".encode("utf-16"), "web page"), (b"MIME-Version: 1.0\nX: y", "web archive"),
        (b'<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "2003"),
        (b"<?xml version='1.0'?><list/>", "XML, not a table"), (b'[{"a": 1, "b": 2}]', "JSON"),
        (b"\x1f\x8b\x08\x00\x00", "gzip"), (OLE, "old"), (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (archive(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "OpenDocument"),
        (archive(Index__Document_iwa=b"x").replace(b"Document_iwa", b"Document.iwa"), "Numbers"),
        (archive(xl__workbook_bin=b"x", **TYPES).replace(b"workbook_bin", b"workbook.bin"), "binary workbook"),
        (archive(word__document_xml=b"x", **TYPES).replace(b"document_xml", b"document.xml"), "Word"),
        (b"|||\n|||\n", "empty"), ("a,b\x00\n1,2\n".encode("utf-16"), "neither a workbook"),
        (b'a,b\n"x,1\ny,2\n', "Line 2 .*quotation mark"), (b'a,b\n1,2\n"x" y,1\n', "Line 3 .*quotation mark"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_says_what_it_is_and_what_to_do(content, words):
    with pytest.raises(Unreadable, match=words):
        read(content)


@pytest.mark.parametrize(
    ("part", "data", "words"),
    [
        # behind any amount of blanks, and in a part of any name
        ("xl/sharedStrings.xml", b"<?xml version='1.0'?>" + b" " * 200_000 + DECLARED, "entities"),
        ("xl/sheet.dat", DECLARED, "entities"),
        ("xl/sharedStrings.xml", b"<?xml version='1.0' encoding='utf-7'?><x/>", "encoding"),
        ("xl/workbook.xml", b"<workbook xmlns='http://purl.oclc.org/ooxml/spreadsheetml/main'/>", "Strict"),
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row", "damaged"),
    ],
)  # fmt: skip
def test_a_workbook_with_a_part_that_no_program_writes_is_refused(part, data, words):
    with pytest.raises(Unreadable, match=words):
        read(repacked(plain(), {part: data}))


@pytest.mark.parametrize("codec", ["cp1252", "mac_roman", "iso8859_15", "cp850", "utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_letters_are_read_in_the_encoding_that_makes_words_of_them(codec, end):
    found = read(ZURICH.replace("\r\n", end).encode(codec))
    assert found.rows[1:] == [["Zürich Bio", "Genève"], ["Société X", "Köln"]]
    # Who looks at the columns is shown them where the file does not say its encoding itself.
    assert ("Zürich" in found.odd_words) is not codec.startswith("utf")


def test_somebody_who_knows_the_encoding_says_so():
    content = "Name;City\nŁódź;x\nKöln;y\n".encode("cp1250")
    assert read(content, encoding="Windows-1250").rows[1][0] == "Łódź"
    assert read("a;b\n5 €;x\n".encode("iso8859_15")).rows[1][0] == "5 €"


def test_quotation_marks_that_join_two_rows_are_at_fault_and_a_line_break_within_a_value_is_not():
    found = read(b'name,ticker,cap\n"Acme,A,5\nBeta",B,6\n"Gam\nma",C,7\n')
    assert list(found.faults) == [(1, 0)]
    assert "quotation mark" in found.faults[1, 0]
    assert found.rows[2] == ["Gam\nma", "C", "7"]


def test_first_lines_that_name_a_delimiter_and_values_kept_as_text():
    assert read(b"sep=;\ra;b\r1;2\r").rows == [[], ["a", "b"], ["1", "2"]]
    assert read(b'cik^name\n="0000123"^A, B\n').rows[1] == ["0000123", "A, B"]


def test_formulas_that_were_never_calculated_are_told_from_those_with_a_result():
    def fill(book, sheet):
        sheet.write_row(0, 0, ["a", "b", "c", "d"])
        sheet.write_formula(1, 0, "=1000+250")  # its maker stores 0 and asks the next program to calculate
        sheet.write_formula(1, 1, "=2*3", None, 6)
        sheet.write_formula(1, 2, '=IF(1,"","x")', None, "")
        sheet.write_row(1, 3, [0])

    content = repacked(
        written(fill),
        {"xl/worksheets/sheet1.xml": zipfile.ZipFile(io.BytesIO(written(fill))).read("xl/worksheets/sheet1.xml")
            .replace(b'r="C2"', b'r="C2" t="str"')},
    )  # fmt: skip
    found = read(content)
    assert list(found.faults) == [(1, 0)]
    assert found.rows[1] == [0, 6, None, 0]


def test_the_sheet_that_means_most_is_taken_and_what_is_hidden_is_known():
    made = openpyxl.Workbook()
    made.active.append(["Broker X", "Confidential"])
    data = made.create_sheet("Comps")
    data.append(["ticker", "name"])
    data.append(["A", "Alpha"])
    data.row_dimensions[2].hidden = True
    data.column_dimensions["B"].hidden = True
    made.create_sheet("Empty")
    stream = io.BytesIO()
    made.save(stream)
    found = read(stream.getvalue(), liking=lambda head: int("ticker" in head.rows[0]))
    assert (found.sheet, found.hidden_rows, found.hidden_columns) == ("Comps", {1}, {1})
    # Without a liking the first sheet that holds anything.
    assert read(stream.getvalue()).rows == [["Broker X", "Confidential"]]
    with pytest.raises(Unreadable, match="Empty is empty"):
        read(stream.getvalue(), sheet="Empty")


def test_cells_that_are_no_plain_values_do_not_get_through():
    def fill(sheet):
        sheet.append(["a", "b", "c"])
        sheet.append([dt.timedelta(hours=30), dt.time(3, 4), "Acme_x000D_\nBio"])

    made = openpyxl.Workbook()
    fill(made.active)
    stream = io.BytesIO()
    made.save(stream)
    found = read(stream.getvalue())
    assert "span of time" in found.faults[1, 0]
    assert (1, 1) in found.faults
    assert words(found.rows[1][2], 20) == "Acme Bio"


def test_a_workbook_that_lies_about_its_size_or_names_a_sheet_at_length_is_read():
    xml = zipfile.ZipFile(io.BytesIO(plain())).read("xl/worksheets/sheet1.xml")
    lying = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', xml)
    bare = re.sub(rb'<c r="[A-Z]+\d+"', b"<c", xml)
    for changed in (lying, bare):
        assert read(repacked(plain(), {"xl/worksheets/sheet1.xml": changed})).rows == [["a", "b"]]
    book = (
        zipfile.ZipFile(io.BytesIO(plain()))
        .read("xl/workbook.xml")
        .replace(b'name="Sheet"', b'name="' + b"T" * 400 + b'"')
    )
    assert len(read(repacked(plain(), {"xl/workbook.xml": book})).sheet) == 200


def test_more_cells_than_are_held_at_once_are_refused(monkeypatch):
    monkeypatch.setattr(grid, "MOST_CELLS", 5)
    with pytest.raises(Unreadable, match="more than 5 cells"):
        read(b"a,b\n1,2\n3,4\n")
    with pytest.raises(Unreadable, match="more than 5 cells"):
        read(written(lambda book, sheet: [sheet.write_row(row, 0, [1, 2]) for row in range(3)]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,3 Mrd", 1_300_000_000), ("1,3 Mrd.", 1_300_000_000), ("450 Mio. USD", 450_000_000),
        ("2 milliards", 2_000_000_000), ("$1,312.5m", 1_312_500_000), ("1\u2009234\u2009567", 1_234_567),
    ],
)  # fmt: skip
def test_figures_of_other_countries(text, expected):
    assert number(text) == expected


def test_where_decimals_have_a_comma_three_digits_behind_one_are_no_thousands():
    with pytest.raises(ValueError, match=r"may be 1234 or 1\.234"):
        number("1,234", style=NumberStyle.EITHER)


@pytest.mark.parametrize(
    "text",
    [
        "31. Januar 2026",
        "31 janvier 2026",
        "31 janv. 2026",
        "31 de enero de 2026",
        "31 gennaio 2026",
        "31 januari 2026",
    ],
)
def test_days_in_other_languages(text):
    assert day(text) == dt.date(2026, 1, 31)
    assert day("15 août 2026") == dt.date(2026, 8, 15)


@pytest.mark.parametrize("text", ["#REF!", "#BEZUG!", "#VALEUR!", "#ERROR!", "#N/A Requesting Data...", "Loading..."])
def test_what_a_program_left_in_a_cell_is_no_value(text):
    assert error_in(text)


def test_words_that_went_through_a_wrong_encoding_or_were_kept_from_being_a_formula():
    with pytest.raises(ValueError, match=r"wrong encoding.*München"):
        words("MÃ¼nchen", 20)
    assert words("München", 20) == "München"
    assert words("'-Boston", 20) == "-Boston"
    assert words("'Tis Bio", 20) == "'Tis Bio"
    assert words("'@home", 20) == "@home"
    with pytest.raises(ValueError, match="formula"):
        words("'=cmd|x", 20)
    assert (yes_or_no("WAHR"), yes_or_no("faux")) == (True, False)
