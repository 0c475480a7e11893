"""One rule for formulas: what Python escapes SQL does, and nothing else."""

from __future__ import annotations

import pytest
from django.db import connection

from biotech_ma.core.sheets.formulas import escaped, escaped_sql
from biotech_ma.core.sheets.read import read
from biotech_ma.core.sheets.values import words
from biotech_ma.core.sheets.write import csv_lines

STARTS = ["=", "+", "-", "@", "|", "%", "\t", "\r", "\n", "＝", "＋", "－", "＠"]
SPACES = [" ", "\t", "\n", "\x0b", "\x0c", "\x85", "\xa0", "\u2003", "\u2028", "\u3000", "\ufeff"]
FORMULAS = [f"{start}SUM(A1)" for start in STARTS] + [f"{space}=1+1" for space in SPACES] + ["-2+3", "+"]
TEXTS = ["", "A=1", "100%", "'=1", "-5", "+12.50", "\u200b=1", "a;b", "a\n- b", "x; -5", "Ünïcode 生物", " plain", "_x"]


@pytest.mark.parametrize(
    ("text", "is_formula"), [*((each, True) for each in FORMULAS), *((each, False) for each in TEXTS)]
)
@pytest.mark.django_db
def test_python_and_sql_escape_the_same_texts(text, is_formula):
    expected = f"'{text}" if is_formula else text
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {escaped_sql('cell')} FROM (SELECT %s::text AS cell) AS line", [text])
        assert (escaped(text), cursor.fetchone()[0]) == (expected, expected)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"), ("a\n =1", "a\n '=1"), ("a; @SUM(1)", "a; '@SUM(1)"),
        ("a;b;+cmd|x", "a;b;'+cmd|x"), ("a\t＝1", "a\t'＝1"), ("=1;=2", "'=1;'=2"),
        ("-1\n=1", "'-1\n'=1"), (";=1", ";'=1"),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_a_file_of_commas_begins_no_formula_where_others_split_it(text, kept):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {escaped_sql('cell')} FROM (SELECT %s::text AS cell) AS line", [text])
        assert (escaped(text), cursor.fetchone()[0]) == (kept, kept)
    # A program of a country that separates by semicolons: it knows no quotation marks but those that begin a cell.
    lines = b"".join(csv_lines(["a", "b"], [["Acme", text]])).decode()
    cells = [cell for line in lines.splitlines()[1:] for part in line.split("\t") for cell in part.split(";")]
    assert not any(cell.lstrip().startswith(("=", "@", "＝", "+cmd")) for cell in cells)


def test_what_was_kept_from_being_a_formula_is_read_as_it_was():
    content = b"".join(csv_lines(["a", "b"], [["Acme", "talks; @home\n=rumour"]]))
    assert words(read(content).rows[1][1], 100) == "talks; @home =rumour"
