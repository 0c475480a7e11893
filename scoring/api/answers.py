"""What the schema says of a score taken apart."""

from __future__ import annotations

from rest_framework import serializers

from biotech_ma.core.api.answers import described

CONTRIBUTION = described(
    "Contribution",
    "What one input adds to the score, or takes from it.",
    component=serializers.CharField(),
    feature=serializers.CharField(),
    label=serializers.CharField(),
    detail=serializers.CharField(allow_blank=True),
    weight=serializers.CharField(help_text="Decimal text."),
    value=serializers.CharField(help_text="Of 100, decimal text."),
    median=serializers.CharField(help_text="Of the day's targets, decimal text."),
    contribution=serializers.CharField(help_text="Points of the score, decimal text."),
    source=serializers.CharField(allow_blank=True, allow_null=True),
    source_url=serializers.CharField(allow_blank=True, allow_null=True),
    date=serializers.DateField(allow_null=True),
    imputed=serializers.BooleanField(help_text="Whether the median stands in for what is not known."),
    assumed=serializers.BooleanField(),
)
GAP = described(
    "MissingInput",
    "An input that is missing.",
    component=serializers.CharField(),
    feature=serializers.CharField(),
    why=serializers.CharField(),
    supply=serializers.CharField(help_text="How to supply it."),
)
MOVE = described(
    "ScoreMove",
    "What one input moved.",
    component=serializers.CharField(),
    feature=serializers.CharField(),
    label=serializers.CharField(),
    points=serializers.CharField(help_text="Decimal text."),
    why=serializers.CharField(allow_blank=True),
    before=serializers.JSONField(),
    after=serializers.JSONField(),
    source=serializers.CharField(allow_blank=True, allow_null=True),
    source_url=serializers.CharField(allow_blank=True, allow_null=True),
    date=serializers.DateField(allow_null=True),
)
SINCE = described(
    "ScoreChange",
    "What moved the score since an earlier day.",
    since=serializers.DateField(),
    points=serializers.CharField(help_text="Decimal text."),
    baseline_points=serializers.CharField(help_text="Decimal text."),
    comparable=serializers.BooleanField(),
    moved=MOVE(many=True),
)
EXPLANATION = described(
    "Explanation",
    "A score down to the source of each number: baseline and contributions add up to it exactly.",
    ticker=serializers.CharField(allow_null=True),
    name=serializers.CharField(),
    score_date=serializers.DateField(),
    score_version=serializers.CharField(),
    total_score=serializers.CharField(help_text="Decimal text."),
    baseline=serializers.CharField(help_text="Decimal text."),
    confidence=serializers.CharField(help_text="Decimal text."),
    ranked=serializers.BooleanField(),
    contributions=CONTRIBUTION(many=True),
    missing=GAP(many=True),
    unfed=serializers.ListField(child=serializers.CharField()),
    methodology=serializers.CharField(),
    changes_30d=SINCE(allow_null=True),
)
