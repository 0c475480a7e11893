"""Announced acquisitions as the desk follows them: the ledger's takeover signals with their terms, each deal once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Now

from companies.identity import read_as
from companies.models import Company
from signals_app.models import Signal
from signals_app.offers import OFFER, OFFER_ENDED
from signals_app.services import correct_signal

BOUGHT = "takeover_acquirer"
NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"
MILLION = 1_000_000
# Two sources date one announcement at most so far apart.
NEAR = dt.timedelta(days=7)
DAYS_A_YEAR = 365
PENDING = "pending"
STATUSES = (PENDING, "completed", "terminated")
ANTITRUST = {
    "not_filed": "Not filed yet",
    "waiting": "Waiting period",
    "second_request": "Second request",
    "cleared": "Cleared",
    "challenged": "Challenged",
    "not_required": "Not required",
}
# What the desk adds to a deal, by correcting its row.
TERMS = (
    "status", "price_per_share", "value_usd", "premium_last_close", "structure", "contingent", "expected_close",
    "outside_date", "antitrust", "stage",
)  # fmt: skip


def _number(name: str) -> Case:
    """Return a number of the signal's data; NULL for whatever is none."""
    text = KT(f"signal_data__{name}")
    field = models.DecimalField(max_digits=24, decimal_places=6)
    return Case(When(**{f"{name}_text__regex": NUMBER}, then=Cast(text, field)), output_field=field)


class DealQuerySet(models.QuerySet["Deal"]):
    """Questions about deals."""

    def followed(self) -> DealQuerySet:
        """Return each deal once, as it is known now: the target's signal, else the acquirer's.

        Annotates `value` (USD) and `premium` (share of the last close), NULL where not known, and `is_ended`.
        """
        newer = Signal.objects.filter(supersedes=OuterRef("pk"), available_at__lte=Now())
        known = self.filter(~Exists(newer), available_at__lte=Now()).exclude(signal_data__contains={"stands": True})
        ended = (
            Signal.objects.current()
            .annotate(whose=read_as())
            .filter(signal_type=OFFER_ENDED, whose=OuterRef("whose"), event_date__gte=OuterRef("event_date"))
        )
        of_target = Signal.objects.filter(
            signal_type=OFFER,
            company__cik=OuterRef("target_cik"),
            event_date__range=(OuterRef("event_date") - NEAR, OuterRef("event_date") + NEAR),
        )
        rows = known.filter(Q(signal_type=OFFER) | Q(signal_type=BOUGHT)).annotate(
            whose=read_as(),
            target_cik=KT("signal_data__target_cik"),
            value_usd_text=KT("signal_data__value_usd"),
            value_usd_m_text=KT("signal_data__value_usd_m"),
            premium_last_close_text=KT("signal_data__premium_last_close"),
        )
        return rows.filter(Q(signal_type=OFFER) | ~Exists(of_target)).annotate(
            is_ended=Case(When(signal_type=OFFER, then=Exists(ended)), default=Value(False)),
            value=Coalesce(_number("value_usd"), _number("value_usd_m") * MILLION),
            premium=_number("premium_last_close"),
        )


class Deal(Signal):
    """One announced acquisition: a takeover signal under the name that the desk has for it."""

    deals = DealQuerySet.as_manager()

    class Meta:
        proxy = True
        verbose_name = "deal"
        ordering = ["-event_date", "-id"]

    def term(self, name: str) -> str:
        """Return a term as text, empty where it is not known."""
        found = self.signal_data.get(name)
        return str(found).strip() if found is not None and not isinstance(found, dict | list) else ""

    @property
    def target(self) -> str:
        """The company that is bought."""
        return self.company.survivor.name if self.signal_type == OFFER else self.term("target") or self.title

    @property
    def acquirer(self) -> str:
        """The company that buys."""
        return self.term("acquirer") if self.signal_type == OFFER else self.company.survivor.name

    @property
    def status(self) -> str:
        """pending, completed or terminated; pending where nothing is said."""
        if getattr(self, "is_ended", False):
            return "terminated"
        return self.term("status") or PENDING

    def day(self, name: str) -> dt.date | None:
        """Return a day of the terms."""
        try:
            return dt.date.fromisoformat(self.term(name))
        except ValueError:
            return None

    def amount(self, name: str) -> Decimal | None:
        """Return a number of the terms."""
        try:
            found = Decimal(self.term(name))
        except InvalidOperation:
            return None
        return found if found.is_finite() else None


@dataclass(frozen=True)
class Spread:
    """What is left between the market and the offer: a share of the market's price, and the same for a year."""

    gross: Decimal
    annualised: Decimal | None
    note: str


def spread_of(deal: Deal, value: Decimal | None, target: Company | None, today: dt.date) -> Spread | None:
    """Return the spread of a pending deal: equity value over the target's market cap of a day since the announcement.

    None where the value is not of the equity, or no market cap is known since. Simple interest to the expected close.
    """
    if deal.status != PENDING or value is None or target is None or not target.market_cap_usd:
        return None
    if deal.term("value_basis") not in ("", "equity") or target.market_cap_as_of is None:
        return None
    if target.market_cap_as_of < deal.event_date.date():
        return None
    gross = value / target.market_cap_usd - 1
    close = deal.day("expected_close")
    days = (close - today).days if close else 0
    yearly = gross * DAYS_A_YEAR / days if days > 0 else None
    return Spread(gross, yearly, f"equity value over the market cap of {target.market_cap_as_of}")


@dataclass(frozen=True)
class Premiums:
    """The quartiles of known premiums, of how many deals, and the targets of those whose premium nobody knows."""

    low: Decimal | None
    middle: Decimal | None
    high: Decimal | None
    known: int
    unknown: tuple[str, ...]
    unknown_count: int


MOST_NAMED = 8


def premiums_of(rows: Any) -> Premiums:
    """Return the premium quartiles of the deals (linear between neighbours), and who is missing in them."""
    found = sorted(rows.exclude(premium=None).order_by().values_list("premium", flat=True))
    missing = rows.filter(premium=None)
    named = tuple(deal.target for deal in missing.select_related("company__merged_into")[:MOST_NAMED])
    low, middle, high = (_quantile(found, Decimal(quarter) / 4) for quarter in (1, 2, 3))
    return Premiums(low, middle, high, len(found), named, missing.count())


def _quantile(ordered: list[Decimal], share: Decimal) -> Decimal | None:
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def edit_terms(*, deal: Deal, terms: Mapping[str, str], reason: str) -> Signal:
    """Append a row that supersedes the deal's, with these terms; an empty one takes its term away.

    Raises Refused where nothing changes or somebody corrected the row before.
    """
    signal = Signal.objects.get(pk=deal.pk)
    data = dict(signal.signal_data)
    for name, text in terms.items():
        if text:
            data[name] = text
        else:
            data.pop(name, None)
    return correct_signal(signal=signal, changes={"signal_data": data}, reason=reason)


def targets_of(deals: list[Deal]) -> dict[Any, Company]:
    """Return the target of each deal that the desk has as a company, by the deal's key, in one query."""
    ciks = {deal.pk: deal.term("target_cik") for deal in deals if deal.signal_type == BOUGHT}
    rows = Company.all_objects.filter(
        Q(deleted_at=None) | Q(merged_into__isnull=False), cik__in=[cik for cik in ciks.values() if cik]
    )
    # A live company with the CIK comes last, and so stands.
    ordered = rows.select_related("merged_into").order_by("deleted_at")
    by_cik = {company.cik: company.survivor for company in ordered}
    found = {pk: by_cik[cik] for pk, cik in ciks.items() if cik in by_cik}
    return {**found, **{deal.pk: deal.company.survivor for deal in deals if deal.signal_type == OFFER}}
