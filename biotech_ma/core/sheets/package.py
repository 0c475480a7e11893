"""The archive of a workbook, looked at before anything in it is parsed: nothing is unpacked beyond bounds."""

from __future__ import annotations

import io
import re
import zipfile
from enum import StrEnum

from biotech_ma.core.sheets.grid import Unreadable
from biotech_ma.core.sheets.other_kinds import OPEN_DOCUMENT, SAVE, refusal_of_archive

MOST_UNPACKED_BYTES = 120 * 1024 * 1024
MOST_PARTS = 2000
MOST_RATIO = 200
SMALL_BYTES = 1024 * 1024
BLOCK_BYTES = 1024 * 1024
OVERLAP_BYTES = 64
_ENTITY = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
# An encoding in which the pattern above would not be seen.
_ENCODING = re.compile(rb"<\?xml[^>]*encoding=[\"']([^\"']+)[\"']", re.IGNORECASE)
_SEEN_THROUGH = frozenset(
    {b"utf-8", b"utf8", b"us-ascii", b"ascii", b"utf-16", b"utf-16le", b"utf-16be", b"iso-8859-1"}
)
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml"


class Package(StrEnum):
    """What an archive holds, as far as its parts tell."""

    OPEN_XML = "xlsx"
    BINARY = "xlsb"
    OPEN_DOCUMENT = "ods"


def package_of(content: bytes) -> Package:
    """Return what kind of workbook an archive is; one that cannot be opened is for its reader to refuse."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if "mimetype" in names:
                with archive.open("mimetype") as stream:
                    if stream.read(len(OPEN_DOCUMENT)) == OPEN_DOCUMENT:
                        return Package.OPEN_DOCUMENT
            return Package.BINARY if "xl/workbook.bin" in names else Package.OPEN_XML
    except Exception:  # a damaged archive raises whatever its bytes lead to
        return Package.OPEN_XML


def check_package(archive: zipfile.ZipFile) -> None:
    """Raise Unreadable for an archive that is no workbook, too large, or holds what no spreadsheet program writes."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED_BYTES:
        raise Unreadable(f"The workbook unpacks to more than {MOST_UNPACKED_BYTES // 1024 // 1024} MB. Split it.")
    for part in parts:
        if part.flag_bits & 1:
            raise Unreadable("The archive is under a password: save the workbook as .xlsx without one.")
        if part.file_size > SMALL_BYTES and part.file_size > MOST_RATIO * max(1, part.compress_size):
            raise Unreadable("The workbook is packed beyond what a spreadsheet program does: save it again.")
    names = {part.filename for part in parts}
    mimetype = archive.open("mimetype").read(len(OPEN_DOCUMENT)) if "mimetype" in names else b""
    if refusal := refusal_of_archive(names, mimetype):
        raise Unreadable(refusal)
    for part in parts:
        if part.filename.lower().endswith("vbaproject.bin"):
            raise Unreadable("The workbook carries macros: save it as .xlsx without them.")
        _check_part(archive, part)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Look through a whole part, whatever its name: declarations may stand behind any amount of blanks."""
    before = b""
    with archive.open(part) as stream:
        while block := stream.read(BLOCK_BYTES):
            if not before:
                _check_head(block)
            # Without the zeros UTF-16 reads as ASCII.
            seen = (before + block).replace(b"\x00", b"") if b"\x00" in block else before + block
            if b"<!" in seen and _ENTITY.search(seen):
                raise Unreadable("The workbook defines XML entities, which no spreadsheet program writes.")
            before = seen[-OVERLAP_BYTES:]


def _check_head(block: bytes) -> None:
    head = block[:4096].replace(b"\x00", b"")
    named = _ENCODING.search(head)
    if named and named[1].lower() not in _SEEN_THROUGH:
        raise Unreadable(f"The workbook is in an encoding that no spreadsheet program writes: {SAVE}.")
    if _STRICT in head:
        raise Unreadable("This is a Strict Open XML workbook: save it as an ordinary Excel workbook (.xlsx).")
