"""One rule for formulas: what Python escapes SQL does, and nothing else."""

from __future__ import annotations

import pytest
from django.db import connection

from biotech_ma.core.sheets.formulas import escaped, escaped_sql

STARTS = ["=", "+", "-", "@", "|", "%", "\t", "\r", "\n", "＝", "＋", "－", "＠"]
SPACES = [" ", "\t", "\n", "\x0b", "\x0c", "\x85", "\xa0", "\u2003", "\u2028", "\u3000", "\ufeff"]
FORMULAS = [f"{start}SUM(A1)" for start in STARTS] + [f"{space}=1+1" for space in SPACES] + ["-2+3", "-1\n=1", "+"]
TEXTS = ["", "A=1", "100%", "'=1", "-5", "+12.50", "a\n=1", "\u200b=1", "Ünïcode 生物", " plain", "_x"]


@pytest.mark.parametrize(
    ("text", "is_formula"), [*((each, True) for each in FORMULAS), *((each, False) for each in TEXTS)]
)
@pytest.mark.django_db
def test_python_and_sql_escape_the_same_texts(text, is_formula):
    expected = f"'{text}" if is_formula else text
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {escaped_sql('cell')} FROM (SELECT %s::text AS cell) AS line", [text])
        assert (escaped(text), cursor.fetchone()[0]) == (expected, expected)
