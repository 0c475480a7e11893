"""Files of many makers become cells, and hostile ones an answer."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import openpyxl
import pytest

from biotech_ma.core.sheets import choosing
from biotech_ma.core.sheets.grid import Unreadable, address
from biotech_ma.core.sheets.read import read

TEXT = "Name{0}Zürich{0}x\r\nMünchen AG{0}1{0}2\r\n"


def book(fill, *, title="Sheet") -> bytes:
    made = openpyxl.Workbook()
    made.active.title = title
    fill(made.active)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def repacked(content: bytes, changes: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, data in changes.items():
            new.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_encoding_and_delimiter_are_found_out(delimiter, encoding):
    assert read(TEXT.format(delimiter).encode(encoding)).rows == [["Name", "Zürich", "x"], ["München AG", "1", "2"]]


def test_commas_within_values_do_not_win_over_the_delimiter():
    assert read(b"name;cap;city\nA;1,5;Basel, CH\nB;2,5;Bern, CH\n").rows[1] == ["A", "1,5", "Basel, CH"]


def test_excels_own_first_line_names_the_delimiter_and_keeps_its_row():
    grid = read(b"sep=|\na|b;c;d\n")
    assert grid.rows == [[], ["a", "b;c;d"]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"), (b" \n,,\n", "empty"), (b"a\nb\n", "one column"), (b"a,b\n\x00\x01\x02c", "neither a workbook"),
        (b"a,b\nM\xc3\xbcller,\xff\n", "UTF-8 but for a byte in line 2"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "old"),
        (b"PK\x03\x04garbage", "damaged"), (b'a,b\n"' + b"x" * 20_000 + b",1\n", "quotation mark"),
        (b"a,b\n" * 60_000, "50,000 rows"), (b"a," * 600 + b"b\n", "500 columns"), (b"a" * (21 * 1024 * 1024), "20 MB"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_as_a_whole(content, reason):
    with pytest.raises(Unreadable, match=reason):
        read(content)


def test_a_workbook_gives_values_days_and_the_reach_of_merged_cells():
    def fill(sheet):
        sheet.append(["Broker list"])
        sheet.append(["Company", "Drug", "Day"])
        sheet.append(["Acme", "A-1", dt.datetime(2026, 1, 31)])
        sheet.append([None, "A-2", 46053])
        sheet.append(["Heading", None, None])
        sheet.merge_cells("A1:C1")
        sheet.merge_cells("A3:A4")
        sheet.merge_cells("A5:C5")

    grid = read(book(fill))
    assert grid.rows[2] == ["Acme", "A-1", dt.datetime(2026, 1, 31)]
    assert grid.rows[3] == ["Acme", "A-2", 46053]
    assert "merged over A5:C5" in grid.faults[4, 0]
    assert address(4, 0) == "A5"
    assert address(0, 27) == "AB1"


def test_a_formula_without_a_stored_value_is_at_fault():
    def fill(sheet):
        sheet.append(["a", "b"])
        sheet.append(["=1+1", "x"])

    grid = read(book(fill))
    assert "formula without a stored value" in grid.faults[1, 0]


def test_a_workbook_since_1904_says_so():
    made = openpyxl.Workbook()
    made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    made.active.append(["a", 1])
    stream = io.BytesIO()
    made.save(stream)
    assert read(stream.getvalue()).serial_1904


def test_the_sheet_asked_for_is_read_and_a_hidden_one_is_not_taken_for_the_first():
    made = openpyxl.Workbook()
    made.active.title, made.active.sheet_state = "Hidden", "hidden"
    made.create_sheet("One").append(["one", 1])
    made.create_sheet("Two").append(["two", 2])
    stream = io.BytesIO()
    made.save(stream)
    assert read(stream.getvalue()).rows == [["one", 1]]
    assert read(stream.getvalue(), sheet="Two").rows == [["two", 2]]
    assert read(stream.getvalue()).sheets == ["One", "Two"]


def plain() -> bytes:
    return book(lambda sheet: sheet.append(["a", "b"]))


def test_a_bomb_is_not_unpacked():
    bomb = repacked(plain(), {"xl/worksheets/sheet1.xml": b"<x>" + b"0" * (121 * 1024 * 1024)})
    assert len(bomb) < 1024 * 1024
    with pytest.raises(Unreadable, match="unpacks to more than"):
        read(bomb)
    with pytest.raises(Unreadable, match="packed beyond"):
        read(repacked(plain(), {"xl/worksheets/sheet1.xml": b"<x>" + b"0" * (20 * 1024 * 1024)}))


def test_entities_macros_and_archives_of_other_things_are_refused():
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    with pytest.raises(Unreadable, match="entities"):
        read(repacked(plain(), {"xl/sharedStrings.xml": evil}))
    with pytest.raises(Unreadable, match="entities"):
        read(repacked(plain(), {"xl/workbook.xml": evil.decode().encode("utf-16")}))
    with pytest.raises(Unreadable, match="macros"):
        read(repacked(plain(), {"xl/vbaProject.bin": b"x"}))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("list.csv", "a,b")
    with pytest.raises(Unreadable, match="no workbook"):
        read(stream.getvalue())


def test_cells_far_out_and_merged_areas_without_end_take_no_memory(monkeypatch):
    far = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData>%s</worksheet>'
    cell = b'<row r="%d"><c r="%s%d"><v>1</v></c></row>'
    with pytest.raises(Unreadable, match="500 columns"):
        read(repacked(plain(), {"xl/worksheets/sheet1.xml": far % (cell % (1, b"XFD", 1), b"")}))
    deep = repacked(plain(), {"xl/worksheets/sheet1.xml": far % (cell % (1_048_576, b"A", 1_048_576), b"")})
    with pytest.raises(Unreadable, match="below row 50,000"):
        read(deep)
    merges = b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    wide = far % (b"".join(cell % (n, b"SA", n) for n in range(1, 300)), merges)
    with pytest.raises(Unreadable, match="unmerge"):
        read(repacked(plain(), {"xl/worksheets/sheet1.xml": wide}))
    assert choosing.MOST_MERGED == 100_000
