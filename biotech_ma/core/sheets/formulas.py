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

_FORMULA, _NUMBER = re.compile(FORMULA), re.compile(NUMBER.removesuffix("$") + r"\Z")


def escaped(text: str) -> str:
    """Return the text, with an apostrophe before what could be a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text


def escaped_sql(name: str) -> str:
    """Return the SQL expression that does the same with a column of text; `name` is quoted already."""
    return f"CASE WHEN {name} ~ '{FORMULA}' AND {name} !~ '{NUMBER}' THEN '''' || {name} ELSE {name} END"
