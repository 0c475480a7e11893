"""Verbs that write the ledger. Nothing here changes a row: a correction is a new one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import UniqueConstraint
from django.utils import timezone

from biotech_ma.core.news import tell
from biotech_ma.core.services import Refused, locked, recorded, violated_constraint
from biotech_ma.core.vocabulary import known
from companies.models import Company
from signals_app.catalogue import CATALOGUE
from signals_app.entries import note_entries
from signals_app.models import Signal
from signals_app.offers import OFFER_TYPES, refresh_offers
from signals_app.querysets import WITHDRAWN

MOST_IMPACT = Decimal(10)
ANALYST = "analyst"
# The topic of the news that signals were written.
SIGNALS = "signals"
# What a correction may change; whatever else it has, it takes from the row that it supersedes.
CORRECTABLE = (
    "company",
    "signal_type",
    "event_date",
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
# A correction has an author and an identifier of its own.
NOT_COPIED = ("source", "source_id")


def default_impact(signal_type: str) -> Decimal:
    """Return the catalogue's impact of the type, cut to the ledger's range of −10 to +10."""
    return max(-MOST_IMPACT, min(MOST_IMPACT, CATALOGUE[signal_type].impact))


def record_signal(
    *,
    company: Company,
    signal_type: str,
    event_date: dt.datetime,
    title: str,
    available_at: dt.datetime | None = None,
    severity: str | None = None,
    ma_impact_score: Decimal | None = None,
    reason: str = "",
    **fields: Any,
) -> Signal:
    """Append a signal; severity and impact are the catalogue's for the type where not given.

    Without `available_at` the public knows from now on. Raises ValueError for an unknown type, Refused for an archived
    company or a source id that is there already, ValidationError (with the field) for anything else that is wrong.
    """
    known([signal_type], CATALOGUE, noun="signal type")
    signal = Signal(
        company=company,
        signal_type=signal_type,
        event_date=event_date,
        title=title,
        severity=CATALOGUE[signal_type].severity if severity is None else severity,
        ma_impact_score=default_impact(signal_type) if ma_impact_score is None else ma_impact_score,
        **fields,
    )
    with recorded("record signal", reason=reason):
        return _append(signal, available_at)


def correct_signal(
    *, signal: Signal, changes: Mapping[str, Any], available_at: dt.datetime | None = None, reason: str = ""
) -> Signal:
    """Append a row that supersedes the signal: its fields with these changes. The old row stays, hidden from then on.

    The correction is the analyst's unless the changes name a source. It becomes known now, or with the corrected row
    if that is still to come. Raises Refused where the signal was corrected before or nothing changes, ValueError for
    a field that is not the signal's, ValidationError for a wrong value.
    """
    known(changes, CORRECTABLE, noun="field of a signal")
    with recorded("correct signal", reason=reason):
        # Locked, so that two corrections of one row queue up and the second sees the first.
        old = locked(signal)
        correction, moment = correction_of(old, changes, available_at, now=timezone.now())
        if newer := Signal.objects.filter(supersedes=old).first():
            raise Refused(
                f"That signal has been corrected already, by {newer.pk}; correct that one.", field="supersedes"
            )
        return _append(correction, moment)


def correction_of(
    old: Signal, changes: Mapping[str, Any], available_at: dt.datetime | None, *, now: dt.datetime
) -> tuple[Signal, dt.datetime | None]:
    """Return the unsaved row that corrects the old one, and from when it is known (None: from now on).

    Raises Refused where nothing changes, ValidationError where it would be known before the old one.
    """
    if all(getattr(old, name) == value for name, value in changes.items()):
        raise Refused("The correction changes nothing.")
    if available_at is None:
        moment = old.available_at if old.available_at > now else None
    elif _aware(available_at, "available_at") < old.available_at:
        raise ValidationError({"available_at": "A correction is not known before what it corrects."})
    else:
        moment = available_at
    copied = {name: getattr(old, name) for name in CORRECTABLE if name not in NOT_COPIED}
    # What is corrected of a duplicate is said of the company as which it is read.
    copied["company"] = old.company.survivor
    # Whoever corrects a withdrawn event says that it stands after all.
    copied["signal_data"] = {key: value for key, value in old.signal_data.items() if key != WITHDRAWN}
    return Signal(**{"source": ANALYST, **copied, **changes}, supersedes=old), moment


def _append(signal: Signal, available_at: dt.datetime | None) -> Signal:
    _aware(signal.event_date, "event_date")
    if available_at is not None:
        signal.available_at = _aware(available_at, "available_at")
    if signal.company.is_archived:
        raise Refused(f"{signal.company} is archived; restore it first.", field="company")
    # The constraints are the database's to check, in one round trip and without a race.
    signal.full_clean(validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            signal.save(force_insert=True)
            note_entries(signals=[signal.pk])
            tell(SIGNALS)
            if {signal.signal_type, signal.supersedes.signal_type if signal.supersedes else ""} & set(OFFER_TYPES):
                refresh_offers([signal.company_id])
    except IntegrityError as error:
        raise _refusal(error) from None
    return signal


def _refusal(error: IntegrityError) -> Exception:
    name = violated_constraint(error)
    for constraint in Signal._meta.constraints:
        if constraint.name == name:
            words = str(constraint.get_violation_error_message())
            if isinstance(constraint, UniqueConstraint):
                return Refused(words, field=constraint.fields[-1])
            return ValidationError(words, code="range")
    return error


def _aware(moment: dt.datetime, field: str) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValidationError({field: "A timestamp needs a time zone."})
    return moment
