"""The encoding of a text file: said by its first bytes, or found out by which one makes words of its letters. Pure."""

from __future__ import annotations

import codecs
import re

from biotech_ma.core.sheets.grid import Unreadable

# Name as the page shows it -> codec. In the order in which one is believed where several make words.
GUESSED = {
    "Windows-1252": "cp1252",
    "Latin-9": "iso8859_15",
    "Mac OS Roman": "mac_roman",
    "DOS (850)": "cp850",
    "Windows-1250": "cp1250",
}
CHOICES = {"UTF-8": "utf-8-sig", **GUESSED, "UTF-16": "utf-16"}
MOST_ODD_WORDS = 8
LOOKED_AT_BYTES = 200_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
LAST_LETTER = "\u024f"
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
_ODD_WORD = re.compile(r"[\w’'.\-]*[^\x00-\x7f][\w’'.\-]*")
# What may stand within a word, or after one, although it is no letter.
_WITHIN = frozenset("’‘-–·­®™ªº")


def decoded(content: bytes, encoding: str = "") -> tuple[str, str, bool]:
    """Return the text, the name of its encoding, and whether the file itself says which one that is.

    `encoding` is a name of CHOICES that somebody chose. Raises Unreadable for bytes that are no text.
    """
    text, name, is_sure = _decoded(content, encoding)
    if "\x00" in text:
        raise Unreadable("The file is neither a workbook (.xlsx) nor text: save it as CSV or XLSX.")
    return text, name, is_sure


def _decoded(content: bytes, encoding: str) -> tuple[str, str, bool]:
    for mark, codec, name in _MARKS:
        if content.startswith(mark):
            return _strictly(content, codec, name), name, True
    if encoding in CHOICES:
        return _strictly(content, CHOICES[encoding], encoding), encoding, False
    head = content[:1000]
    if head and head.count(0) > len(head) // 4:
        codec = "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
        return _strictly(content, codec, "UTF-16"), "UTF-16", True
    try:
        return content.decode(), "UTF-8", True
    except UnicodeDecodeError as error:
        sequences = _SEQUENCE.findall(content)
        if len(sequences) >= len(_HIGH.findall(content)) - sum(map(len, sequences)):
            line = len(re.findall(rb"\r\n|\r|\n", content[: error.start])) + 1
            raise Unreadable(
                f"The file is UTF-8 but for a byte in line {line:,}: save it as UTF-8 throughout."
            ) from None
    name = guessed_encoding(content)
    return _strictly(content, GUESSED[name], name), name, False


def _strictly(content: bytes, codec: str, name: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        raise Unreadable(f"The file is not {name} throughout (byte {error.start:,}): save it as UTF-8.") from None


def guessed_encoding(content: bytes) -> str:
    """Return the name of the one-byte encoding in which the fewest letters stand where no word has one."""
    # Whole lines with such letters, so that a long file costs no more than a short one.
    lines = [line for line in re.split(rb"[\r\n]+", content) if _HIGH.search(line)]
    sample = b"\n".join(lines)[:LOOKED_AT_BYTES]
    faults = {}
    for name, codec in GUESSED.items():
        try:
            faults[name] = _misplaced(sample.decode(codec))
        except UnicodeDecodeError:
            continue
    if b"\n" not in content and b"\r" in content and faults["Mac OS Roman"] <= min(faults.values()):
        return "Mac OS Roman"
    return min(faults, key=lambda name: faults[name])


def _misplaced(text: str) -> int:
    """Return how many signs beyond ASCII stand where words of Latin script have none."""
    return sum(
        _is_misplaced(text[place - 1 : place], sign, text[place + 1 : place + 2])
        for place, sign in enumerate(text)
        if sign > "\x7f"
    )


def _is_misplaced(before: str, sign: str, after: str) -> bool:
    if sign.isalpha():
        # McÉ is rare, SociŽtŽ is another encoding's Société; beyond these letters are Greek ones and ligatures.
        return (sign.isupper() and before.islower()) or sign > LAST_LETTER
    if "\x80" <= sign <= "\x9f" or sign in "¤¦¨¸":
        return True
    return sign not in _WITHIN and (before.isalpha() and after.isalpha())


def odd_words(text: str) -> list[str]:
    """Return the first words with letters beyond ASCII, for somebody to see whether they are right."""
    found: dict[str, None] = {}
    for match in _ODD_WORD.finditer(text):
        found[match[0][:40]] = None
        if len(found) == MOST_ODD_WORDS:
            break
    return list(found)
