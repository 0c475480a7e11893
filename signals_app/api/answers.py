"""What the schema says of counts of signals and of a company's figures."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from biotech_ma.core.api.answers import described
from signals_app.day_figures import AMOUNTS

COUNTS = described(
    "SignalCounts",
    "How many signals the filters name.",
    total=serializers.IntegerField(),
    by_type=serializers.DictField(child=serializers.IntegerField(), help_text="Of each type that has any."),
    by_severity=serializers.DictField(child=serializers.IntegerField(), help_text="Of each severity that has any."),
)
FIGURE: Any = described(
    "Figure",
    "A figure of a period, with the filings that it is from.",
    value=serializers.CharField(help_text="Decimal text."),
    period_start=serializers.DateField(allow_null=True, help_text="null for a balance."),
    period_end=serializers.DateField(),
    available_at=serializers.DateTimeField(help_text="When the last of its filings was public."),
    accessions=serializers.ListField(child=serializers.CharField()),
    sources=serializers.ListField(child=serializers.CharField()),
)
FINANCING: Any = described(
    "Financing",
    "Money that was raised since.",
    day=serializers.DateField(),
    title=serializers.CharField(),
    usd=serializers.CharField(allow_null=True, help_text="Decimal text; null where the amount is not known."),
    source_url=serializers.CharField(allow_null=True, allow_blank=True),
)
PRO_FORMA: Any = described(
    "ProForma",
    "Liquid funds with what was raised since their period's end.",
    raised_usd=serializers.CharField(help_text="Decimal text."),
    liquid_funds_pro_forma_usd=serializers.CharField(help_text="Decimal text."),
    financings=FINANCING(many=True),
)
FIGURES = described(
    "CompanyFigures",
    "A company's figures as they were known by the end of a day; what is unknown has its reason in `unknown`.",
    company_id=serializers.UUIDField(),
    ticker=serializers.CharField(allow_null=True),
    as_of=serializers.DateField(),
    **{name: FIGURE(allow_null=True) for name in AMOUNTS},
    liquidity_complete=serializers.BooleanField(),
    runway_quarters=serializers.CharField(allow_null=True, help_text="Decimal text."),
    is_cash_constrained=serializers.BooleanField(allow_null=True),
    market_cap_usd=serializers.CharField(allow_null=True, help_text="Decimal text."),
    market_cap_as_of=serializers.DateField(allow_null=True),
    market_cap_is_float=serializers.BooleanField(),
    enterprise_value_usd=serializers.CharField(allow_null=True, help_text="Decimal text."),
    pro_forma=PRO_FORMA(allow_null=True),
    unknown=serializers.DictField(child=serializers.CharField()),
)
