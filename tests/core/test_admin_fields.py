"""What is typed becomes the value that is kept, and back again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biotech_ma.core.admin import figures, widgets
from biotech_ma.core.admin.fields import JSONObjectField, KeyValueField, LinesField, MoneyField, emails, storable

NO_INLINES = {
    f"{prefix}-{part}": value
    for prefix in ("drug_candidates", "aliases", "signals", "scores")
    for part, value in (("TOTAL_FORMS", "0"), ("INITIAL_FORMS", "0"))
}
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.3bn", "1300000000"),
        ("$450 m", "450000000"),
        ("1,312,345.50", "1312345.50"),
        ("-12k", "-12000"),
        (".5bn", "500000000"),
    ],
)
def test_money_is_read_as_it_is_written(text, value):
    assert figures.parse_money(text) == Decimal(value)
    assert MoneyField(max_digits=20, decimal_places=2).clean(text) == Decimal(value)


@pytest.mark.parametrize("text", ["1,5", "1.3 billion dollars", "1e9", "0x10", "1,23,456", "NaN", "Infinity", "€5"])
def test_money_that_could_mean_two_things_is_refused(text):
    with pytest.raises(ValueError, match="write dollars"):
        figures.parse_money(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (Decimal("1312345678"), "$1.3 bn"),
        (Decimal("999999999"), "$1.0 bn"),
        (Decimal("9050093500"), "$9.1 bn"),
        (Decimal("99949999"), "$99.9 m"),
        (Decimal("99950000"), "$100 m"),
        (Decimal("134000000"), "$134 m"),
        (Decimal("-12000000"), "−$12.0 m"),
        (Decimal("999"), "$999"),
        (Decimal("0"), "$0"),
    ],
)
def test_money_is_read_at_a_glance(value, text):
    assert figures.money(value) == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@PATIENT
@given(st.dictionaries(st.text(min_size=1).filter(lambda key: key == key.strip()), json_values, max_size=5))
def test_an_object_survives_the_form_unchanged(value):
    try:
        storable(value)
    except ValidationError:
        return
    field = KeyValueField(required=False)
    assert field.clean(field.prepare_value(value)) == value
    assert not field.has_changed(value, widgets.pairs(value))


@PATIENT
@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00")), max_size=5))
def test_lines_are_stripped_and_unique(entries):
    cleaned = LinesField(required=False).clean("\n".join(entries))
    assert len(cleaned) == len(set(cleaned))
    assert all(entry == entry.strip() and entry for entry in cleaned)


def test_wrong_addresses_are_named_and_not_all_of_many():
    with pytest.raises(ValidationError, match="and 2 more"):
        emails([f"wrong{number}" for number in range(7)])


def test_an_empty_object_is_an_empty_object():
    assert JSONObjectField(required=False).clean("") == {}
