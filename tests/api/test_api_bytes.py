"""What PostgreSQL writes as JSON is, byte for byte, what a serializer of the same fields writes."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework import serializers

from biotech_ma.core.api import reads
from biotech_ma.core.api.resources import Column, Money, Resource, model_field
from companies.api.reads import COMPANIES, DRUG_CANDIDATES, LATEST_SCORE, PIPELINE
from companies.models import Company
from scoring.api.reads import ACQUIRER_MATCHES, SCORES
from signals_app.api.reads import SIGNALS
from tests.factories import (
    AcquirerMatchFactory,
    CompanyFactory,
    DrugCandidateFactory,
    MAScoreFactory,
    SignalFactory,
)

pytestmark = pytest.mark.django_db

TRYING = 'quote " backslash \\ slash / tab \t newline \n bell \x07 delete \x7f é ß 漢字 🧬 \u2028 <b>&amp; %s {0}'
OBJECT = {"a": 1, "b": [None, True, 1.5, -0.25, "x"], "é": {"🧬": TRYING}, "": 10**20, "long": "x" * 3000}
MOMENTS = [
    dt.datetime(2025, 6, 1, 12, tzinfo=dt.UTC),
    dt.datetime(2025, 6, 1, 12, 0, 0, 100_000, tzinfo=dt.UTC),
    dt.datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.timezone(dt.timedelta(hours=-5))),
    dt.datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC),
]


class Instant(serializers.DateTimeField):
    """ISO 8601 in UTC, with as many decimals of a second as there are."""

    def to_representation(self, value: Any) -> str:
        text = value.astimezone(dt.UTC).isoformat()
        whole, dot, rest = text.partition(".")
        return text if not dot else f"{whole}.{rest.partition('+')[0].rstrip('0')}+00:00"


class Serializer(serializers.ModelSerializer):
    """Plain fields as the API's documentation has them: money is text, other decimals are numbers."""

    serializer_field_mapping = {**serializers.ModelSerializer.serializer_field_mapping, models.DateTimeField: Instant}


def serializer_of(resource: Resource) -> type[Serializer]:
    """Return a serializer of the resource's plain fields."""
    declared: dict[str, Any] = {}
    for column in plain(resource):
        path = source(column)
        field = model_field(resource.model, path)
        options = {} if path == column.name else {"source": path.replace("__", ".")}
        if isinstance(field, models.DecimalField):
            declared[column.name] = serializers.DecimalField(
                field.max_digits, field.decimal_places, coerce_to_string=isinstance(column.source, Money), **options
            )
        elif "__" in path:
            declared[column.name] = serializers.CharField(**options)
        elif path.endswith("_id") and path != "source_id":
            declared[column.name] = serializers.UUIDField()
    meta = type("Meta", (), {"model": resource.model, "fields": [column.name for column in plain(resource)]})
    return type("Reference", (Serializer,), {**declared, "Meta": meta})


def source(column: Column) -> str:
    return column.source.path if isinstance(column.source, Money) else column.source or column.name


def plain(resource: Resource) -> list[Column]:
    return [column for column in resource.fields if isinstance(column.source, str | Money)]


def written(value: Any) -> bytes:
    """Return the value as the reference writes it: Decimals digit for digit."""
    text = f"{value:f}" if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
    return text.encode()


def served(rows: Any, column: Column) -> bytes:
    """Return the bytes of one field of the only row."""
    body = reads.one(rows, [column])
    assert body is not None
    prefix = f'{{"{column.name}":'.encode()
    assert body.startswith(prefix)
    return body.removeprefix(prefix).removesuffix(b"}")


def full_rows() -> list[tuple[Resource, Any]]:
    """Return a row of each resource with a trying value in every field that can have one."""
    company = CompanyFactory(
        name=TRYING, market_cap_usd=Decimal("999999999999999999.99"), cash_position_usd=Decimal("0.10"),
        quarterly_burn_rate_usd=Decimal("-12.30"), total_debt_usd=0, runway_quarters=Decimal("99999999.90"),
        enterprise_value_usd=Decimal("-0.01"), therapeutic_areas=["oncology", "other"], founded_year=1999,
        market_cap_as_of=dt.date(2025, 1, 2), history_starts=dt.date(1, 1, 1), metadata=OBJECT, field_sources=OBJECT,
        headquarters_location=TRYING, employee_count=0, is_cash_constrained=False, last_data_refresh=MOMENTS[1],
    )  # fmt: skip
    drug = DrugCandidateFactory(
        company=company, name=TRYING, indication=TRYING, mechanism="", patent_expiry=dt.date(9999, 12, 31),
        patent_years_remaining=Decimal("0.00"), orphan_designation=True, phase_score=Decimal("33.3300"),
        market_potential_usd=Decimal("1.00"), additional_data=OBJECT, next_milestone=TRYING,
    )  # fmt: skip
    first = SignalFactory(company=company, event_date=MOMENTS[3])
    signal = SignalFactory(
        company=company, event_date=MOMENTS[1], available_at=MOMENTS[2], supersedes=first, confidence=Decimal("0.100"),
        title=TRYING[:500], description=TRYING, source_id="é/1", source_url="https://example.com/?a=1&b=%20",
        signal_data=OBJECT, ma_impact_score=Decimal("-10.00"),
    )  # fmt: skip
    score = MAScoreFactory(
        company=company, total_score=Decimal("0.0000"), percentile_rank=100, score_change_30d=Decimal("-0.5000"),
        pipeline_score=Decimal("12.3456"), is_latest=True,
    )  # fmt: skip
    match = AcquirerMatchFactory(
        target_company=company, acquirer_name=TRYING, synergy_rationale=TRYING, key_assets_of_interest=[TRYING],
        estimated_valuation_range_usd=OBJECT, metadata=OBJECT, geographic_fit_score=Decimal("0.1000"), match_rank=1,
    )  # fmt: skip
    return [(COMPANIES, company), (DRUG_CANDIDATES, drug), (SIGNALS, first), (SIGNALS, signal), (SCORES, score),
            (ACQUIRER_MATCHES, match)]  # fmt: skip


def bare_rows() -> list[tuple[Resource, Any]]:
    """Return a row of each resource in which everything is unknown that can be."""
    company = CompanyFactory(ticker=None, cik=None)
    return [
        (COMPANIES, company), (DRUG_CANDIDATES, DrugCandidateFactory(company=company, indication=None,
        therapeutic_area=None)), (SIGNALS, SignalFactory(company=company)), (SCORES, MAScoreFactory(company=company)),
        (ACQUIRER_MATCHES, AcquirerMatchFactory(target_company=company)),
    ]  # fmt: skip


@pytest.mark.parametrize("make", [full_rows, bare_rows])
def test_every_plain_field_is_written_as_the_serializer_writes_it(make):
    seen = set()
    for resource, made in make():
        row = resource.model._base_manager.get(pk=made.pk)
        expected = serializer_of(resource)(row).data
        for column in plain(resource):
            found = served(resource.model._base_manager.filter(pk=row.pk), column)
            assert found == written(expected[column.name]), (resource.name, column.name)
            seen.add((resource.name, found == b"null"))
    assert {name for name, is_null in seen if is_null} >= ({"Company"} if make is full_rows else {"Company", "Signal"})


def test_whole_row_is_its_fields_in_order(db):
    for resource, made in full_rows():
        rows, columns = resource.model._base_manager.filter(pk=made.pk), plain(resource)
        fields = b",".join(f'"{column.name}":'.encode() + served(rows, column) for column in columns)
        assert reads.one(rows, columns) == b"{" + fields + b"}"
        page = reads.page(rows, columns, terms=resource.terms(), limit=5)
        assert page.run().rows == reads.rows(rows, columns).run().rows == b"[{" + fields + b"}]"


def test_what_is_included_is_written_alike(db):
    company, drug, *_, score, _ = [row for _, row in full_rows()]
    score.refresh_from_db()
    drug.refresh_from_db()
    rows = Company.objects.filter(pk=company.pk)
    for name, columns, resource, row in (
        ("latest_score", LATEST_SCORE, SCORES, score), ("pipeline", PIPELINE, DRUG_CANDIDATES, drug),
    ):  # fmt: skip
        values = serializer_of(resource)(row).data
        expected = b",".join(f'"{c.name}":'.encode() + written(values[c.name]) for c in columns)
        found = served(rows, COMPANIES.by_name[name])
        assert found == (b"{%s}" if name == "latest_score" else b"[{%s}]") % expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200),
    number=st.decimals(-(10**17), 10**17, places=2),
)
def test_any_text_and_any_sum_is_written_alike(db, text, number):
    row = CompanyFactory(headquarters_location=text, quarterly_burn_rate_usd=number, metadata={text: [text]})
    rows, expected = Company.objects.filter(pk=row.pk), serializer_of(COMPANIES)(Company.objects.get(pk=row.pk)).data
    for name in ("headquarters_location", "quarterly_burn_rate_usd", "metadata"):
        assert served(rows, COMPANIES.by_name[name]) == written(expected[name])
