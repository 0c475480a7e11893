"""How signals are written."""

from __future__ import annotations

from typing import Any

from django.db import models
from rest_framework import serializers

from biotech_ma.core.api.errors import FieldError
from companies.api.serializers import OfCompanySerializer
from signals_app import services
from signals_app.api.reads import SIGNALS
from signals_app.models import Signal


class SignalSerializer(OfCompanySerializer):
    """A signal as it is appended; severity and impact are the catalogue's for the type where not given."""

    resource = SIGNALS
    supersedes = serializers.UUIDField(
        required=False, allow_null=True, help_text="Id of the signal that this one corrects."
    )

    class Meta:
        model = Signal
        fields = (
            "company",
            "signal_type",
            "event_date",
            "available_at",
            "supersedes",
            "severity",
            "confidence",
            "title",
            "description",
            "source",
            "source_id",
            "source_url",
            "signal_data",
            "ma_impact_score",
        )

    def validate_supersedes(self, value: Any) -> Signal | None:
        """Return the signal to correct."""
        if value is None:
            return None
        known: dict[Any, Signal] | None = self.context.get("signals")
        signal = Signal.objects.of_live_companies().filter(pk=value).first() if known is None else known.get(value)
        if signal is None:
            raise serializers.ValidationError("There is no such signal.", code="does_not_exist")
        return signal

    def create(self, validated_data: dict[str, Any]) -> Signal:
        """Append the signal, or the correction of the one that it supersedes."""
        values = dict(validated_data)
        available_at = values.pop("available_at", None)
        superseded = values.pop("supersedes", None)
        if superseded is None:
            return services.record_signal(available_at=available_at, **values)
        return services.correct_signal(signal=superseded, changes=values, available_at=available_at)


class StagedSignalSerializer(SignalSerializer):
    """A signal of many: here its fields are checked, in the database its constraints, with all the others'."""

    def check_constraints(self, candidate: models.Model, sent: set[str]) -> list[FieldError]:
        """Return none yet."""
        return []
