"""What a file is instead of what a source sends, told by its first bytes. Pure."""

from __future__ import annotations

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
_INSTEAD = (
    (b"%PDF-", "is a PDF"),
    (b"\x89PNG", "is a picture"),
    (b"GIF8", "is a picture"),
    (b"\xff\xd8\xff", "is a picture"),
    (b"\xd0\xcf\x11\xe0", "is a document of an office program: save it as plain text"),
    (b"\x7fELF", "is a program"),
    (b"BZh", "is packed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "is packed with xz: unpack it first"),
    (b"7z\xbc\xaf", "is packed with 7z: unpack it first"),
    (ZIP, "is a zip"),
    (b"\xff\xfe", "is UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16: save it as UTF-8"),
)
_PAGES = (b"<!doctype html", b"<html")
_BEFORE_TEXT = b"\xef\xbb\xbf \r\n\t"


def what_instead(head: bytes) -> str | None:
    """Return what a file with these first bytes is, in words for a reject; None where it may be text."""
    if not head:
        return "is empty"
    for start, reason in _INSTEAD:
        if head.startswith(start):
            return reason
    return "is a web page" if head.lstrip(_BEFORE_TEXT)[:32].lower().startswith(_PAGES) else None
