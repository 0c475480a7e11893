"""What a pasted text means in a box of a list: read as imports and the row's form read it, or refused with a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django import forms

from biotech_ma.core.admin.fields import ChoiceListField, LinesField, MoneyField
from biotech_ma.core.admin.list_paste import KEYS, MOST_CELLS, read_column
from companies.models import DrugCandidate
from tests.core.test_list_edit import ALERTS, COMPANIES, DRUGS, drug, signed_in

PHASES = [("", "---"), ("phase_1", "Phase 1"), ("phase_2", "Phase 2"), ("unknown", "Unknown")]
CHOICE, MANY = forms.ChoiceField(choices=PHASES), ChoiceListField(choices=PHASES[1:], required=False)
DAY, TICK = forms.DateField(required=False), forms.BooleanField(required=False)
OPEN, MONEY = forms.NullBooleanField(), MoneyField(max_digits=20, decimal_places=2, required=False)
FIGURE = forms.DecimalField(required=False, max_value=10_000, decimal_places=2, max_digits=12)
WHOLE, TEXT = forms.IntegerField(required=False), forms.CharField(required=False, max_length=12)
LINES = LinesField(required=False)


@pytest.mark.parametrize(
    ("field", "text", "values"),
    [
        (CHOICE, "Phase 2", ["phase_2"]), (CHOICE, "phase_2", ["phase_2"]), (CHOICE, " PHASE 2 ", ["phase_2"]),
        (CHOICE, "phase-1", ["phase_1"]), (CHOICE, "Unknown", ["unknown"]),
        (MANY, "Phase 2; phase 1", ["phase_2", "phase_1"]), (MANY, "Phase 1, Phase 1", ["phase_1"]), (MANY, "", []),
        (MANY, "N/A", []),
        (DAY, "31 Mar 2031", ["2031-03-31"]), (DAY, "46053", ["2026-01-31"]), (DAY, "Q3 2031", ["2031-09-30"]),
        (DAY, "—", []), (DAY, "", []),
        (TICK, "TRUE", ["on"]), (TICK, "yes", ["on"]), (TICK, "x", ["on"]), (TICK, "FALSE", []), (TICK, "", []),
        (OPEN, "x", ["true"]), (OPEN, "Nein", ["false"]), (OPEN, "", ["unknown"]), (OPEN, "n/a", ["unknown"]),
        (MONEY, "1.3bn", ["1,300,000,000"]), (MONEY, "(152.0)", ["-152"]), (MONEY, "$450m", ["450,000,000"]),
        (MONEY, "N/A", []), (FIGURE, "1,300", ["1300"]), (FIGURE, "(152.0)", ["-152"]), (FIGURE, "82.5", ["82.5"]),
        (FIGURE, "82,5", ["82.5"]), (WHOLE, "1,300", ["1300"]), (WHOLE, "1.5k", ["1500"]), (WHOLE, "n.m.", []),
        (TEXT, " two\twords ", ["two words"]), (TEXT, "N/A", []), (LINES, "a; b", ["a\nb"]), (LINES, "a, b", ["a\nb"]),
        (LINES, "a, b\nc", ["a, b\nc"]),
    ],
)  # fmt: skip
def test_a_text_is_taken_as_the_desk_writes_it(field, text, values):
    assert read_column(field, [text]) == [{"values": values}]


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        (CHOICE, "Phase 3", "'Phase 3' is none of Phase 1, Phase 2, Unknown."), (CHOICE, "", "This field is required."),
        (MANY, "Phase 1; Phase 9", "'Phase 9' is none of Phase 1, Phase 2, Unknown."),
        (DAY, "01/02/2031", "'01/02/2031' may be 2031-01-02 or 2031-02-01: write 2026-01-31 or 31 Jan 2026."),
        (DAY, "2031", "'2031' is no day: write 2026-01-31."), (TICK, "maybe", "'maybe' is neither yes nor no."),
        (TICK, "n/a", "'n/a' is neither yes nor no."),
        (MONEY, "1.234", "'1.234' may be 1234 or 1.234: write it plainly."),
        (MONEY, "€5m", "'€5m' is not in US dollars: convert it."), (MONEY, "12%", "'12%' is a percentage."),
        (FIGURE, "20,000", "Ensure this value is less than or equal to 10000."),
        (FIGURE, "1.2E+3", "'1.2E+3' is shortened to powers of ten, and digits may be lost: write it out."),
        (WHOLE, "1.5", "'1.5' is no whole number."), (TEXT, "=A1+1", "'=A1+1' is a formula: write its value."),
        (TEXT, "a" * 13, "'aaaaaaaaaaaaa' has 13 characters, of which 12 can be kept."),
        (TEXT, "#REF!", "Holds the error #REF!: mend it in the spreadsheet, or empty the cell."),
        (TEXT, "a\x00b", "'a\\x00b' holds signs that are no text."),
    ],
)  # fmt: skip
def test_what_could_be_another_value_is_refused_in_words(field, text, reason):
    assert read_column(field, [text]) == [{"refused": reason}]


def test_a_column_proves_which_sign_stands_before_its_decimals():
    assert read_column(MONEY, ["1.234,5", "1.234"]) == [{"values": ["1234.5"]}, {"values": ["1,234"]}]


def asked(browser: Any, block: Any, address: str = DRUGS) -> Any:
    body = block if isinstance(block, str) else json.dumps(block)
    return browser.post(address.replace("?", "pasted/?"), body, content_type="application/json")


@pytest.mark.django_db
def test_a_list_reads_a_block_for_the_boxes_that_it_has_and_writes_nothing():
    anna = signed_in("anna")
    row = drug()
    answer = asked(anna, {"phase": ["Phase 2", "Phase 9"], "patent_expiry": ["31 Jan 2040"]})
    assert answer.json()["read"]["phase"][0] == {"values": ["phase_2"]}
    assert answer.json()["read"]["phase"][1]["refused"].startswith("'Phase 9' is none of Discovery, Preclinical")
    assert answer.json()["read"]["patent_expiry"] == [{"values": ["2040-01-31"]}]
    assert DrugCandidate.objects.get(pk=row.pk).phase == "phase_1"
    assert asked(anna, {"role": ["Target"]}, COMPANIES).json()["read"] == {"role": [{"values": ["target"]}]}
    read = asked(anna, {"threshold_value": ["70.5"], "is_active": ["TRUE"], "notification_channels": ["Inbox"]}, ALERTS)
    assert read.json()["read"] == {
        "threshold_value": [{"values": ["70.5"]}], "is_active": [{"values": ["on"]}],
        "notification_channels": [{"values": ["inbox"]}],
    }  # fmt: skip
    page = anna.get(DRUGS).content.decode()
    assert 'data-paste="/admin/companies/drugcandidate/pasted/?_edit=1"' in page
    assert all(what in page for what, _ in KEYS)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "block",
    ["", "[", "[]", '"x"', "[" * 100_000, {"name": ["x"]}, {"phase": "x"}, {"phase": [1]}, {"phase": [["x"]]},
     {"phase": [""] * (MOST_CELLS + 1)}],
)  # fmt: skip
def test_what_is_no_block_of_the_list_is_refused(block):
    answer = asked(signed_in("anna"), block)
    assert answer.status_code == 400
    assert answer.json()["detail"]


@pytest.mark.django_db
def test_whoever_only_reads_has_nothing_read_for_him():
    assert asked(signed_in("vera", "view_drugcandidate"), {"phase": ["x"]}).status_code == 403
    assert signed_in("anna").get("/admin/companies/drugcandidate/pasted/").status_code == 405
