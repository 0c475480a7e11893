"""The readers of files and tables: what is packed is unpacked, what is wrong is named, the rows around it are read."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals_app.ingest.base import ParseError
from signals_app.ingest.delimited import LONGEST_LINE_BYTES, Row, Table
from signals_app.ingest.files import Document, documents


def document(folder: Path, data: bytes, name: str = "t.csv") -> Document:
    path = folder / name
    path.write_bytes(data)
    (found,) = documents([path], lambda name: True)
    assert isinstance(found, Document)
    return found


def table(found: Document) -> Table:
    return Table(found, ",", needed=("a",), quoted=True, utf8=True)


def test_faulty_lines_are_reported_and_the_others_read(tmp_path: Path) -> None:
    raw = b'a,b\n1,2\n1\nx\x00,2\n\xff,2\n"open,2\n"q,""x",2\n' + b"y" * (LONGEST_LINE_BYTES + 5) + b"\n3,4"
    found = list(table(document(tmp_path, raw)).rows())
    assert [(row.line, *row.values.values()) for row in found if isinstance(row, Row)] == [
        (2, "1", "2"),
        (7, 'q,"x', "2"),
        (9, "3", "4"),
    ]
    reasons = {row.line: row.reason for row in found if isinstance(row, ParseError)}
    assert reasons.pop(6).startswith("is no delimited row")
    assert reasons == {
        3: "has 1 columns, expected 2",
        4: "contains a NUL byte",
        5: "is not UTF-8: save the file as UTF-8",
        8: f"longer than {LONGEST_LINE_BYTES} bytes",
    }


def test_tables_of_the_agencies_may_be_latin_1(tmp_path: Path) -> None:
    (row,) = Table(document(tmp_path, b"a~b\nZ\xfcrich~2\n"), "~", needed=("a", "b")).rows()
    assert isinstance(row, Row)
    assert row["a"] == "Zürich"


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv"])
def test_gzipped_file_is_read_whatever_its_name(tmp_path: Path, name: str) -> None:
    (row,) = table(document(tmp_path, gzip.compress(b"a,b\n1,2\n"), name)).rows()
    assert isinstance(row, Row)
    assert row.values == {"a": "1", "b": "2"}


def test_gzipped_member_of_a_zip_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("x/t.csv.gz", gzip.compress(b"a,b\n1,2\n"))
        archive.writestr("__MACOSX/x/._t.csv.gz", b"\x00\x05")
    read = [table(found).columns() for found in documents([tmp_path], lambda name: True) if isinstance(found, Document)]
    assert read == [("a", "b")]


def test_gzip_that_ends_early_gives_its_rows_and_one_fault(tmp_path: Path) -> None:
    packed = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * 7919) for n in range(20_000)))
    found = list(table(document(tmp_path, packed[: len(packed) // 2], "t.csv.gz")).rows())
    assert isinstance(found[0], Row)
    assert isinstance(found[-1], ParseError)
    assert found[-1].line is None
    assert sum(isinstance(row, ParseError) for row in found) == 1


def test_gzip_bomb_is_stopped_as_a_table_and_as_a_document(tmp_path: Path) -> None:
    bomb = document(tmp_path, gzip.compress(b"a,b\n" + b"0,0\n" * 5_000_000), "bomb.csv.gz")
    *_, last = table(bomb).rows()
    assert isinstance(last, ParseError)
    assert last.reason == "unpacks to more than 200 times its size"
    with pytest.raises(ParseError, match="unpacks to more than 200 times its size"):
        bomb.read()


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_another_exception(raw: bytes) -> None:
    found = Document("x.csv", "x.csv", len(raw), lambda: io.BytesIO(raw))
    try:
        rows = list(table(found).rows())
    except ParseError as error:
        rows = [error]
    assert all(isinstance(row, Row | ParseError) for row in rows)


def test_header_with_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert table(document(tmp_path, b"\xef\xbb\xbfa, b\r\n1,2\r\n")).columns() == ("a", "b")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16: save it as UTF-8"),
        (b"\xff\xd8\xff\xe0", "is a picture"),
        (b"a\xff,b\n", "is not UTF-8"),
        (b"", "is empty"),
        (b"c,d\n", "lacks a"),
    ],
)
def test_header_that_is_none_is_refused_with_its_reason(tmp_path: Path, raw: bytes, reason: str) -> None:
    with pytest.raises(ParseError, match=rf"t\.csv.*{reason}"):
        table(document(tmp_path, raw)).columns()


def test_missing_path_is_one_fault(tmp_path: Path) -> None:
    (found,) = documents([tmp_path / "none"], lambda name: True)
    assert isinstance(found, ParseError)
    assert found.reason == "no such file or folder"
