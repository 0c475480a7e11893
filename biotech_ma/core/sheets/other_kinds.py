"""Files that are no table of ours, told by their content: what each is, and what to do about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from biotech_ma.core.sheets.grid import OLD_WORKBOOK

SAVE = "open it in a spreadsheet program and save it as .xlsx"
OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
COPY = "copy its table into a spreadsheet and save that as .xlsx"
_BYTES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "This is a PDF, not a table: ask for the figures as .xlsx or .csv."),
    (b"{\\rtf", f"This is a text document (RTF): {COPY}."),
    (b"\x1f\x8b", "This is a compressed file (gzip): unpack it, and upload the file in it."),
    (b"7z\xbc\xaf\x27\x1c", "This is a compressed file (7z): unpack it, and upload the file in it."),
    (b"Rar!", "This is a compressed file (RAR): unpack it, and upload the file in it."),
    (b"BZh", "This is a compressed file (bzip2): unpack it, and upload the file in it."),
    (b"\x28\xb5\x2f\xfd", "This is a compressed file (zstd): unpack it, and upload the file in it."),
    (b"PAR1", "This is a Parquet file: save the table as CSV or XLSX."),
    (b"SQLite format 3", "This is a database (SQLite): save the table as CSV or XLSX."),
    (b"\x89PNG", "This is a picture: only tables can be read. Ask for the figures as .xlsx or .csv."),
    (b"\xff\xd8\xff", "This is a picture: only tables can be read. Ask for the figures as .xlsx or .csv."),
    (b"GIF8", "This is a picture: only tables can be read. Ask for the figures as .xlsx or .csv."),
    (b"\x09\x08\x08\x00", f"This is a workbook from before 1995 (.xls): {SAVE}."),
    (b"\x09\x08\x10\x00", f"This is a workbook from before 1995 (.xls): {SAVE}."),
    (b"\x09\x04\x06\x00", f"This is a workbook from before 1995 (.xls): {SAVE}."),
    (b"\x09\x02\x06\x00", f"This is a workbook from before 1995 (.xls): {SAVE}."),
)
_MARKUP = re.compile(r"<(?:!doctype|!--|\?xml|[a-z][\w:]*[\s>/])", re.IGNORECASE)
_JSON = re.compile(r"\{\s*[\"}]|\[\s*[\[{]")
_PASSWORD = "EncryptedPackage".encode("utf-16-le")


def refusal_of_bytes(content: bytes) -> str:
    """Return why these bytes are no table, empty where nothing says so."""
    if content.startswith(OLD_WORKBOOK):
        if _PASSWORD in content:
            return "This workbook is under a password: save it as .xlsx without one."
        return ""
    return next((words for start, words in _BYTES if content.startswith(start)), "")


def refusal_of_text(text: str) -> str:
    """Return why this text is no table, empty where nothing says so."""
    head = text[:4000].lstrip("\ufeff \t\r\n")
    if head.lower().startswith("mime-version:"):
        return f"This is a web archive under a spreadsheet's name: {SAVE}."
    if _MARKUP.match(head):
        if "urn:schemas-microsoft-com:office:spreadsheet" in head:
            return f"This is an XML spreadsheet of 2003: {SAVE}."
        if head.lower().startswith("<?xml") and "<html" not in head.lower():
            return "This is XML, not a table: save the table as CSV or XLSX."
        return f"This is a web page (HTML) under a spreadsheet's name: {SAVE}."
    if _JSON.match(head):
        return "This is JSON, not a table: save the table as CSV or XLSX."
    return ""


def refusal_of_archive(names: Collection[str], mimetype: bytes) -> str:
    """Return why an archive with these parts is no workbook, empty where it may be one."""
    small = {name.lower() for name in names}
    is_numbers = "index.zip" in small or any(name.endswith(".iwa") for name in small)
    is_sheet = mimetype.startswith(OPEN_DOCUMENT)
    found = (
        (b"opendocument" in mimetype and not is_sheet, f"This is an OpenDocument file, but no spreadsheet: {COPY}."),
        (is_numbers, "This is a Numbers document: choose File, Export To, Excel there, and upload that file."),
        ("word/document.xml" in small, f"This is a text document (Word): {COPY}."),
        ("ppt/presentation.xml" in small, f"This is a presentation: {COPY}."),
        (
            "[content_types].xml" not in small and not is_sheet,
            "This archive is no workbook: unpack it, and upload the CSV or XLSX in it.",
        ),
    )
    return next((words for is_so, words in found if is_so), "")
