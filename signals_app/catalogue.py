"""The signal catalogue: every type with its default severity, impact, half-life and the component it feeds.

Impacts and half-lives are judgement, not fitted; the scoring documentation says so beside each figure.
A type that is not in this table is refused, here and by the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import models


class Severity(models.TextChoices):
    """How much a signal matters, in rising order."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


SEVERITY_ORDER: tuple[str, ...] = tuple(Severity.values)


def at_least(minimum: str) -> list[str]:
    """Return the severities from `minimum` upwards.

    Raises ValueError for a word that is no severity: an unknown one is an error, not "low".
    """
    if minimum not in SEVERITY_ORDER:
        raise ValueError(f"unknown severity {minimum!r}; one of: {', '.join(SEVERITY_ORDER)}")
    return list(SEVERITY_ORDER[SEVERITY_ORDER.index(minimum) :])


@dataclass(frozen=True)
class SignalKind:
    """One type: its label, defaults and the component of the score that it feeds (None: alerts only)."""

    identifier: str
    label: str
    severity: str
    impact: Decimal = Decimal(0)
    half_life_days: int | None = None
    feeds: str | None = None


def _kind(
    identifier: str,
    label: str,
    severity: str,
    impact: int = 0,
    half_life_days: int | None = None,
    feeds: str | None = None,
) -> SignalKind:
    return SignalKind(identifier, label, severity, Decimal(impact), half_life_days, feeds)


_KINDS: tuple[SignalKind, ...] = (
    _kind("takeover_target", "Takeover target", "critical", feeds="label"),
    _kind("takeover_terminated", "Takeover terminated", "critical", feeds="label"),
    _kind("takeover_acquirer", "Takeover: acquirer", "medium"),
    _kind("asset_sale", "Asset sale", "medium"),
    _kind("reverse_merger", "Reverse merger", "medium"),
    _kind("acquisition_completed", "Acquisition completed", "medium"),
    _kind("change_of_control", "Change of control", "critical"),
    _kind("delisting", "Delisting", "critical"),
    _kind("material_agreement", "Material agreement", "low"),
    _kind("agreement_terminated", "Agreement terminated", "low"),
    _kind("officer_change", "Officer change", "low"),
    _kind("partnership", "Partnership", "medium", 8, 365, "insider"),
    _kind("partnership_ended", "Partnership ended", "high", -8, 180, "insider"),
    _kind("executive_departure", "Executive departure", "medium", 3, 120, "insider"),
    _kind("restructuring", "Restructuring", "medium", -5, 180, "insider"),
    _kind("other_event", "Other event", "low"),
    _kind("sec_filing", "SEC filing", "low"),
    _kind("market", "Market", "low"),
    _kind("hiring", "Hiring", "low"),
    _kind("other", "Other", "low"),
    _kind("strategic_review", "Strategic review", "critical", 30, 180, "insider"),
    _kind("activist_stake", "Activist stake (13D)", "high", 20, 365, "insider"),
    _kind("passive_stake", "Passive stake (13G)", "low", feeds="insider"),
    _kind("insider_transaction", "Insider transaction", "low", feeds="insider"),
    _kind("insider_buying_cluster", "Insider buying cluster", "high", 12, 120, "insider"),
    _kind("shelf_registration", "Shelf registration", "low", feeds="insider"),
    _kind("atm_program", "At-the-market programme", "medium", -4, 90, "insider"),
    _kind("financing", "Financing", "medium", feeds="insider"),
    _kind("going_concern", "Going concern", "high", feeds="insider"),
    _kind("topline_positive", "Topline positive", "critical"),
    _kind("topline_mixed", "Topline mixed", "critical"),
    _kind("topline_negative", "Topline negative", "critical"),
    _kind("trial_started", "Trial started", "low", feeds="pipeline"),
    _kind("trial_updated", "Trial updated", "low", feeds="pipeline"),
    _kind("trial_phase_up", "Trial phase up", "medium", feeds="pipeline"),
    _kind("trial_completed", "Trial completed", "medium", feeds="pipeline"),
    _kind("trial_results_posted", "Trial results posted", "medium", feeds="pipeline"),
    _kind("trial_date_moved", "Trial date moved", "low", feeds="pipeline"),
    _kind("trial_terminated", "Trial terminated", "high", feeds="pipeline"),
    _kind("trial_suspended", "Trial suspended", "high", feeds="pipeline"),
    _kind("trial_withdrawn", "Trial withdrawn", "high", feeds="pipeline"),
    _kind("fda_approval", "FDA approval", "critical", feeds="regulatory"),
    _kind("fda_supplement", "FDA supplement", "low", feeds="regulatory"),
    _kind("fda_tentative_approval", "FDA tentative approval", "low", feeds="regulatory"),
    _kind("fda_complete_response", "FDA complete response", "critical", feeds="regulatory"),
    _kind("clinical_hold", "Clinical hold", "critical", feeds="regulatory"),
    _kind("clinical_hold_lifted", "Clinical hold lifted", "critical", feeds="regulatory"),
    _kind("designation_breakthrough", "Breakthrough designation", "high", feeds="regulatory"),
    _kind("designation_rmat", "RMAT designation", "high", feeds="regulatory"),
    _kind("designation_orphan", "Orphan designation", "medium", feeds="regulatory"),
    _kind("designation_fast_track", "Fast-track designation", "medium", feeds="regulatory"),
    _kind("advisory_committee", "Advisory committee", "high", feeds="pipeline"),
    _kind("pdufa_date", "PDUFA date", "high", feeds="pipeline"),
    _kind("primary_completion", "Primary completion", "medium", feeds="pipeline"),
    _kind("patent_expiry", "Patent expiry", "medium", feeds="patent"),
    _kind("financial_snapshot", "Financial snapshot", "low", feeds="financial"),
)

CATALOGUE: dict[str, SignalKind] = {kind.identifier: kind for kind in _KINDS}

SignalType: type[models.TextChoices] = models.TextChoices(  # type: ignore[call-overload]
    "SignalType", [(k.identifier.upper(), (k.identifier, k.label)) for k in _KINDS]
)
