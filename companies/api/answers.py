"""What the schema says of the companies' counts and sums."""

from __future__ import annotations

from rest_framework import serializers

from biotech_ma.core.api.answers import described

STATISTICS = described(
    "CompanyStatistics",
    "Counts and sums over a set of companies.",
    total=serializers.IntegerField(help_text="Companies."),
    listed=serializers.IntegerField(),
    unlisted=serializers.IntegerField(),
    by_role=serializers.DictField(child=serializers.IntegerField(), help_text="Companies of each role."),
    by_area=serializers.DictField(
        child=serializers.IntegerField(), help_text="Companies active in each area; one may be in several."
    ),
    cash_constrained=serializers.IntegerField(),
    cash_unconstrained=serializers.IntegerField(),
    cash_unknown=serializers.IntegerField(),
    market_cap_known=serializers.IntegerField(help_text="Companies whose market cap is known."),
    market_cap_total_usd=serializers.DecimalField(max_digits=28, decimal_places=2, help_text="Of those known, USD."),
    market_cap_median_usd=serializers.DecimalField(
        max_digits=28, decimal_places=3, allow_null=True, help_text="Of those known, USD; null when none is."
    ),
)
