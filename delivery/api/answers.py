"""What the schema says of trials of alerts, usage, new keys and secrets, and what is queued."""

from __future__ import annotations

from rest_framework import serializers

from biotech_ma.core.api.answers import described

TRIGGER = described(
    "TrialTrigger",
    "Once that the alert would have gone off.",
    at=serializers.DateTimeField(),
    company_id=serializers.UUIDField(),
    ticker=serializers.CharField(allow_null=True),
    signal_id=serializers.UUIDField(allow_null=True),
    score_id=serializers.UUIDField(allow_null=True),
    cause=serializers.CharField(),
    reason=serializers.CharField(),
    details=serializers.DictField(),
)
TRIAL = described(
    "AlertTrial",
    "What an alert would have told over a period.",
    since=serializers.DateField(),
    until=serializers.DateField(),
    count=serializers.IntegerField(help_text="All times that it would have gone off."),
    methodology=serializers.CharField(),
    triggers=TRIGGER(many=True),
)
DAY = described(
    "UsageDay",
    "The calls of a day.",
    day=serializers.DateField(help_text="UTC."),
    requests=serializers.IntegerField(),
)
USAGE = described("ClientUsage", "The calls of each of the last ninety days that had any.", days=DAY(many=True))
NEW_KEY = described(
    "NewKey",
    "A client's new key.",
    id=serializers.UUIDField(),
    key_prefix=serializers.CharField(),
    api_key=serializers.CharField(help_text="Shown in this answer only."),
)
NEW_SECRET = described(
    "NewSecret",
    "A webhook's new secret.",
    id=serializers.UUIDField(),
    secret=serializers.CharField(help_text="Shown in this answer only."),
)
QUEUED = described("Replayed", "How many deliveries are sent again.", queued=serializers.IntegerField())
