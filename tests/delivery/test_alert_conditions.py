"""The condition language: what it refuses, where, in which words; and which rows each comparison holds of."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.alerts.conditions import ConditionError, comparisons, parse
from delivery.alerts.fields import FIELDS, OPERATORS
from delivery.alerts.queries import as_q
from scoring.models import MAScore
from tests.factories import CompanyFactory, MAScoreFactory, SignalFactory

ROOTS = {"company": "company__", "score": ""}


def c(field: Any, operator: Any, value: Any) -> dict[str, Any]:
    """Return a comparison."""
    return {"field": field, "operator": operator, "value": value}


def nested(levels: int) -> dict[str, Any]:
    condition: dict[str, Any] = c("score.total_score", "gte", 70)
    for _ in range(levels - 1):
        condition = {"not": condition}
    return condition


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ([], "A condition is a JSON object"),
        ("total_score > 70", "A condition is a JSON object"),
        (c("score.totl_score", "gte", 1), 'field: Unknown field "score.totl_score"; near: score.total_score'),
        (c("qqqqqq", "gte", 1), "one of: company.ticker"),
        (c("confidence", "gte", 1), "could be score.confidence or signal.confidence"),
        (c(7, "gte", 1), "field: The name of a field is text"),
        (c("total_score", "gte", "70"),
         'value: score.total_score is a number and cannot be compared with the text "70"; write 70'),
        (c("total_score", "gte", "high"), 'cannot be compared with the text "high".'),
        (c("total_score", "gte", True), "cannot be compared with true or false"),
        (c("total_score", "gte", None), 'ask "known" for what is unknown'),
        (c("total_score", "gte", float("nan")), "A number is finite"),
        (c("total_score", "gte", 10**30), "between"),
        (c("employee_count", "gt", 1.5), "is a whole number"),
        (c("employee_count", "gt", 2**31), "is a whole number"),
        (c("total_score", "resembles", 1),
         'operator: Unknown operator "resembles": score.total_score is a number and takes: eq'),
        (c("company.name", "gt", "A"), "company.name is text and takes: eq"),
        (c("company.name", "eq", 7), "company.name is text and cannot be compared with a number"),
        (c("company.name", "eq", "a\x00"), "NUL"),
        (c("company.name", "eq", "x" * 501), "1 to 500"),
        (c("severity", "gte", "hihg"), '"hihg" is no value of signal.severity; one of: high'),
        (c("is_public", "eq", "yes"), "is true or false, not the text"),
        (c("score_date", "gt", "2026-02-30"), "write it as YYYY-MM-DD"),
        (c("score_date", "gt", "9999-12-31"), "from 1900-01-01 to 2200-12-31"),
        (c("company.ticker", "in", "ACAD"), "takes a list"),
        (c("company.ticker", "in", []), "takes a list"),
        (c("company.ticker", "in", ["A"] * 101), "At most 100 values"),
        (c("company.ticker", "known", "yes"), "takes true or false"),
        ({"field": "total_score", "operator": "gte"}, '"value" is missing'),
        ({"operator": "gte", "value": 1}, '"field" is missing'),
        ({"field": "total_score", "value": 1}, '"operator" is missing'),
        ({"field": "total_score", "operator": "gte", "op": "gte", "value": 1}, "write one of them"),
        ({"field": "total_score", "operator": "gte", "value": 1, "weight": 2}, 'found "weight"'),
        ({"and": []}, "and: Expected a list of at least one condition"),
        ({"and": {}}, "and: Expected a list"),
        ({"and": [{}]}, 'and[0]: A comparison has field, operator and value; "field" is missing.'),
        ({"and": [7]}, "and[0]: Expected a comparison"),
        ({"not": []}, "not: Expected a comparison"),
        ({"and": [nested(1)], "or": [nested(1)]}, '"and" stands alone'),
        ({"or": [nested(1), {"not": c("x", "eq", 1)}]}, "or[1].not.field: Unknown field"),
        (nested(9), "Nested too deeply: at most 8 levels."),
        ({"and": [nested(1)] * 101}, "At most 100 conditions"),
        ({"and": [{"or": [nested(1)] * 60}, {"or": [nested(1)] * 60}]}, "At most 100 comparisons (this has 120)"),
    ],
)  # fmt: skip
def test_a_wrong_condition_is_refused_with_its_place(condition, words):
    with pytest.raises(ConditionError) as refused:
        parse(condition)
    assert words in str(refused.value)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(["field", "and"]),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["and", "or", "not", "field", "operator", "op", "value", "x"]), inner),
                    max_leaves=20))  # fmt: skip
def test_any_json_is_read_or_refused(value):
    try:
        list(comparisons(parse(value)))
    except ConditionError:
        return


def test_names_may_be_short_or_of_the_latest_score_and_operators_may_be_signs():
    full = parse(c("score.total_score", "gte", 70))
    assert parse({"field": "total_score", "op": ">=", "value": 70}) == full
    assert parse(c("latest_score.total_score", "GTE", 70.0)) == full
    assert parse(nested(8))


@pytest.fixture
def scores(db) -> None:
    """Three companies: one with all, one with little known, one of another kind."""
    full = CompanyFactory(
        ticker="FULL", name="Full 50% Bio", market_cap_usd=Decimal("1500000000"), therapeutic_areas=["oncology"],
        employee_count=40, is_cash_constrained=True, under_offer_since=dt.date(2026, 3, 1), role="target",
    )  # fmt: skip
    bare = CompanyFactory(ticker="BARE", name="Bare", market_cap_usd=None)
    other = CompanyFactory(ticker="OTHR", name="Other", market_cap_usd=Decimal("9000000000"), role="acquirer",
                           therapeutic_areas=["metabolic", "other"], is_cash_constrained=False)  # fmt: skip
    MAScoreFactory(company=full, total_score=72, score_change_30d=Decimal("-6.5"))
    MAScoreFactory(company=bare, total_score=50)
    MAScoreFactory(company=other, total_score=30, score_change_30d=Decimal("1"))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({}, "BARE FULL OTHR"),
        (c("total_score", "gte", 72), "FULL"),
        (c("total_score", "gt", 72), ""),
        (c("total_score", "lte", 50), "BARE OTHR"),
        (c("total_score", "lt", 50), "OTHR"),
        (c("total_score", "eq", 50), "BARE"),
        (c("total_score", "ne", 50), "FULL OTHR"),
        # unknown: no comparison holds, so each `not` does
        (c("market_cap_usd", "lt", 2e9), "FULL"),
        (c("market_cap_usd", "ne", 1), "FULL OTHR"),
        ({"not": c("market_cap_usd", "lt", 2e9)}, "BARE OTHR"),
        ({"not": c("market_cap_usd", "ne", 1)}, "BARE"),
        (c("market_cap_usd", "known", False), "BARE"),
        ({"field": "market_cap_usd", "operator": "known"}, "FULL OTHR"),
        (c("score_change_30d", "lt", -5), "FULL"),
        (c("employee_count", "lte", 40), "FULL"),
        (c("is_cash_constrained", "eq", False), "OTHR"),
        (c("is_cash_constrained", "ne", False), "FULL"),
        (c("company.role", "not_in", ["acquirer", "excluded"]), "BARE FULL"),
        (c("therapeutic_areas", "contains", "oncology"), "FULL"),
        (c("therapeutic_areas", "in", ["oncology", "other"]), "FULL OTHR"),
        (c("therapeutic_areas", "not_in", ["oncology", "other"]), "BARE"),
        (c("company.name", "contains", "50%"), "FULL"),
        (c("company.name", "contains", "%"), "FULL"),
        (c("company.ticker", "in", ["full", "OTHR"]), "FULL OTHR"),
        (c("company.name", "starts_with", "ba"), "BARE"),
        (c("under_offer_since", "gte", "2026-03-01"), "FULL"),
        ({"and": [c("total_score", "gte", 40), {"field": "market_cap_usd", "operator": "known"}]}, "FULL"),
        ({"or": [c("total_score", "gte", 70), c("total_score", "lt", 40)]}, "FULL OTHR"),
        ({"not": {"or": [c("total_score", "gte", 70), c("total_score", "lt", 40)]}}, "BARE"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("scores")
def test_a_condition_holds_of_these_companies(condition, holds):
    found = MAScore.objects.filter(as_q(parse(condition), ROOTS)).values_list("company__ticker", flat=True)
    assert sorted(found) == holds.split()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [
        ("gte", "high", "critical high"),
        ("gt", "critical", ""),
        ("lt", "medium", "low"),
        ("lte", "medium", "low medium"),
    ],
)
def test_severities_are_in_rising_order(operator, value, holds):
    company = CompanyFactory()
    signals = {word: SignalFactory(company=company, severity=word) for word in ("low", "medium", "high", "critical")}
    condition = parse(c("signal.severity", operator, value))
    rows = type(signals["low"]).objects.filter(as_q(condition, {"signal": ""}))
    assert sorted(rows.values_list("severity", flat=True)) == holds.split()


@pytest.mark.django_db
@pytest.mark.parametrize(("operator", "count"), [("eq", 1), ("ne", 2), ("gt", 1), ("gte", 2), ("lt", 1), ("lte", 2)])
def test_a_day_of_a_signal_is_new_yorks(operator, count):
    company = CompanyFactory()
    # Four in the morning of the 2nd in UTC is the evening of the 1st in New York, until 04:00 in summer.
    for moment in ("2026-06-01T03:59", "2026-06-02T03:59", "2026-06-02T04:00"):
        SignalFactory(company=company, event_date=dt.datetime.fromisoformat(moment + "+00:00"))
    condition = parse(c("event_date", operator, "2026-06-01"))
    assert type(SignalFactory.build(company=company)).objects.filter(as_q(condition, {"signal": ""})).count() == count


@pytest.mark.django_db
def test_every_field_takes_every_operator_of_its_kind():
    score = MAScoreFactory()
    SignalFactory(company=score.company)
    roots = {"company": "company__", "score": "company__scores__", "signal": "company__signals__"}
    values: dict[str, Any] = {"a number": 1, "a whole number": 1, "text": "a", "true or false": True}
    for field in FIELDS:
        value = field.choices[0] if field.choices else values.get(field.kind, "2026-01-01")
        for operator in OPERATORS[field.kind]:
            given_value = [value] if operator in ("in", "not_in") else True if operator == "known" else value
            node = parse(c(field.name, operator, given_value))
            MAScore.objects.filter(as_q(node, roots)).count()
