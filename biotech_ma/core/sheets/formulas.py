"""What a spreadsheet would take for a formula, and the apostrophe that makes it text: one rule for Python and SQL.

Source: OWASP, "CSV Injection"; full-width signs and the space of every script included.
"""

from __future__ import annotations

import re

# Both in the words that regular expressions of Python and of PostgreSQL have in common, so that neither depends on a
# locale: space is named sign by sign. The per cent sign (25) stands for a parameter in SQL.
_SPACE = r"[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
FORMULA = rf"^({_SPACE}*[=+@|\u0025＝＋－＠-]|[\t\r\n])"
# A plain number is none, whatever its sign.
NUMBER = r"^[+-]?[0-9]+([.][0-9]+)?$"
# Where another country's list separator, or a line's end, would begin a cell within a quoted text: a program that
# splits at semicolons sees no quotation marks in a file of commas. After a sign, which begins many a line, only calls.
WITHIN = (
    rf"((?:;|[^{_SPACE[1:-1]}] {{0,3}}[\t\n\r]){_SPACE}{{0,200}})"
    r"([=@＝＠]|[+＋－-](?=[^;\t\n\r]*[|!(]))"
)
_WITHIN, _KEPT_WITHIN = re.compile(WITHIN), re.compile(rf"([;\t\n\r]{_SPACE}{{0,200}})'(?=[=@＝＠+＋－-])")
_FORMULA, _NUMBER = re.compile(FORMULA), re.compile(NUMBER.removesuffix("$") + r"\Z")


def escaped(text: str) -> str:
    """Return the text, with an apostrophe before what could be a formula, at its beginning or where it may be split."""
    text = _WITHIN.sub(r"\1'\2", text)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text


def unescaped_within(text: str) -> str:
    """Return a text without the apostrophes that `escaped` puts where it may be split."""
    return _KEPT_WITHIN.sub(r"\1", text)


def escaped_sql(name: str) -> str:
    """Return the SQL expression that does the same with a column of text; `name` is quoted already."""
    within = rf"regexp_replace({name}, '{WITHIN}', '\1''\2', 'g')"
    return f"CASE WHEN {name} ~ '{FORMULA}' AND {name} !~ '{NUMBER}' THEN '''' || {within} ELSE {within} END"
