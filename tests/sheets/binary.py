"""A binary workbook (.xlsb) of a few cells, written record by record as [MS-XLSB] has them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable
from typing import Any

PERCENT, DAY, EUROS = 1, 2, 3
ERRORS = {"#DIV/0!": 7, "#REF!": 23, "#N/A": 42}
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def record(kind: int, data: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(data)
    length = b""
    while size >= 0x80:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return head + length + bytes([size]) + data


def text(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode("utf-16-le")


def cell(column: int, value: Any, style: int = 0) -> bytes:
    head = struct.pack("<II", column, style)
    match value:
        case bool():
            return record(4, head + bytes([value]))
        case str() if value in ERRORS:
            return record(3, head + bytes([ERRORS[value]]))
        case str():
            return record(6, head + text(value))
        case None:
            return record(1, head)
    return record(5, head + struct.pack("<d", value))


def sheet(
    rows: Iterable[Iterable[Any]],
    *,
    hidden_rows: Iterable[int] = (),
    hidden_columns: Iterable[int] = (),
    merged: Iterable[tuple[int, int, int, int]] = (),
) -> bytes:
    """A value may be a pair of itself and the number of its format; areas are top, left, bottom, right."""
    rows = [list(values) for values in rows]
    extent = struct.pack("<IIII", 0, max(0, len(rows) - 1), 0, max(map(len, rows), default=1) - 1)
    made = record(129) + record(148, extent)
    made += b"".join(record(60, struct.pack("<IIIIH", at, at, 2048, 0, 1)) for at in hidden_columns)
    made += record(145)
    for number, values in enumerate(rows):
        flags = 0x10 if number in hidden_rows else 0
        made += record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, flags, 0, 0))
        for column, value in enumerate(values):
            made += cell(column, *value) if isinstance(value, tuple) else cell(column, value)
    made += record(146)
    areas = [struct.pack("<IIII", top, bottom, left, right) for top, left, bottom, right in merged]
    if areas:
        made += record(177, struct.pack("<I", len(areas))) + b"".join(record(176, each) for each in areas) + record(178)
    return made + record(130)


def workbook(sheets: dict[str, bytes], *, hidden: Iterable[str] = (), since_1904: bool = False) -> bytes:
    names = list(sheets)
    book = record(131) + record(153, struct.pack("<II", int(since_1904), 0) + text("")) + record(143)
    for place, name in enumerate(names, 1):
        book += record(156, struct.pack("<II", int(name in hidden), place) + text(f"rId{place}") + text(name))
    book += record(144) + record(132)
    forms = b"".join(
        record(47, struct.pack("<HHHHHBBHH", 0, number, 0, 0, 0, 0, 0, 0, 1)) for number in (0, 9, 14, 164)
    )
    styles = (
        record(278) + record(615, struct.pack("<I", 1)) + record(44, struct.pack("<H", 164) + text("#,##0 [$€-407]"))
    )
    styles += record(616) + record(617, struct.pack("<I", 4)) + forms + record(618) + record(279)
    relations = "".join(
        f'<Relationship Id="rId{place}" Type="{_RELATION}/worksheet" Target="worksheets/sheet{place}.bin"/>'
        for place in range(1, len(names) + 1)
    )
    relations += f'<Relationship Id="rId99" Type="{_RELATION}/styles" Target="styles.bin"/>'
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{place}.bin" ContentType="application/vnd.ms-excel.worksheet"/>'
        for place in range(1, len(names) + 1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.bin" '
        f'ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>{kinds}<Override '
        'PartName="/xl/styles.bin" ContentType="application/vnd.ms-excel.styles"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_RELATION}/officeDocument" Target="xl/workbook.bin"/></Relationships>',
        "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>',
        "xl/workbook.bin": book,
        "xl/styles.bin": styles,
        **{f"xl/worksheets/sheet{place}.bin": sheets[name] for place, name in enumerate(names, 1)},
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return stream.getvalue()
