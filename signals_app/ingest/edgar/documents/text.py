"""From a document's bytes to paragraphs, items and sentences. Pure.

HTML and plain text; a paragraph is one line. Source: Form 8-K's items stand at the beginning of a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

_HIDDEN = frozenset({"script", "style", "head", "title", "ix:header"})
_BLOCKS = frozenset(
    {"p", "div", "br", "tr", "table", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "title", "page"}
)
_ITEM = re.compile(r"^\W*item\s+(\d{1,2}\.\d{2})\b\W*", re.IGNORECASE)
_END_OF_ITEMS = re.compile(r"^\W*signatures?\W*$", re.IGNORECASE)
_BREAK = re.compile(r"(?<=[.!?])[\"”’)]*\s+(?=[\"“(]?[A-Z0-9$])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Inc|Corp|Ltd|Co|Cos|No|Nos|Dr|Mr|Ms|Mrs|vs|Jr|Sr|St|Sec|Art|approx|e\.g|i\.e|U\.S|N\.V|S\.A|L\.P|Ph\.D|M\.D"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
    r"|\b[A-Z])\.$"
)
# What a release says from here on is no news: what the company is, and what the lawyers add.
_NO_NEWS = re.compile(
    r"^\W*(?:about\s+\S|forward[- ]looking|cautionary|safe harbor|special note regarding|additional information and)",
    re.IGNORECASE,
)
LONGEST_HEADING = 160
# What is longer is a table that has lost its cells.
LONGEST_SENTENCE = 3000


class _Reader(HTMLParser):
    """Collects the visible text; a block begins a new line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            # Heads are often left open.
            self.hidden = 0
        if tag in _HIDDEN:
            self.hidden += 1
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN and self.hidden:
            self.hidden -= 1
        if tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "td":
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            # A line end in HTML is a blank; only blocks break lines.
            self.parts.append(re.sub(r"\s+", " ", data))


def paragraphs(data: bytes) -> list[str]:
    """Return the paragraphs of a document, HTML or plain text, trimmed, none empty."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    text = text.replace("\x00", "")
    if re.search(r"<(?:html|body|p|div|font|table)\b", text[:5000], re.IGNORECASE):
        reader = _Reader()
        reader.feed(text)
        reader.close()
        blocks = "".join(reader.parts).split("\n")
    else:
        blocks = _plain_blocks(text)
    return [found for found in (" ".join(block.split()) for block in blocks) if found]


def _plain_blocks(text: str) -> list[str]:
    """Return blocks between empty lines; an item begins one wherever it stands."""
    marked = re.sub(r"(?im)^(?=\s*item\s+\d{1,2}\.\d{2})", "\n\n", text.replace("\r\n", "\n"))
    return re.split(r"\n\s*\n", marked)


def items(blocks: list[str]) -> dict[str, list[str]]:
    """Return the paragraphs of each item of an 8-K, by its number; what stands before the first item is under ''.

    Nothing counts that follows the signatures.
    """
    found: dict[str, list[str]] = {"": []}
    here = ""
    for block in blocks:
        start = _ITEM.match(block)
        if start is not None:
            here = start[1]
            rest = block[start.end() :]
            found.setdefault(here, []).extend([rest] if rest else [])
        elif here and _END_OF_ITEMS.match(block):
            break
        else:
            found[here].append(block)
    return found


def news(blocks: list[str]) -> list[str]:
    """Return the paragraphs of a release up to the first heading after which nothing is news."""
    for number, block in enumerate(blocks):
        if number and len(block) <= LONGEST_HEADING and _NO_NEWS.match(block):
            return blocks[:number]
    return blocks


def sentences(blocks: list[str]) -> Iterator[str]:
    """Yield the sentences of paragraphs; an abbreviation's dot ends none."""
    for block in blocks:
        pending = ""
        for part in _BREAK.split(block):
            pending = f"{pending} {part}".strip()
            if not _ABBREVIATION.search(pending):
                yield pending[:LONGEST_SENTENCE]
                pending = ""
        if pending:
            yield pending[:LONGEST_SENTENCE]
