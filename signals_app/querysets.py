"""Questions about the ledger, in the analyst's words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Now

from biotech_ma.core.market_day import end_of, start_of
from biotech_ma.core.vocabulary import known
from companies.querysets import CompanyRef, same_company_q, stands_q
from signals_app.catalogue import CATALOGUE, SEVERITY_ORDER, at_least

# A row of this type that says so in its particulars takes back the one that it supersedes. The type is asked first: of
# few rows are the particulars read.
NO_EVENT, WITHDRAWN = "other", "withdrawn"
IS_WITHDRAWN = Q(signal_type=NO_EVENT) & Q(signal_data__contains={WITHDRAWN: True})

if TYPE_CHECKING:
    from signals_app.models import FinancialFact, Signal  # noqa: F401  (named in quotes below)


def _aware(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a timestamp needs a time zone: {moment.isoformat()}")
    return moment


class SignalQuerySet(models.QuerySet["Signal"]):
    """Questions about signals."""

    def of_company(self, ref: CompanyRef) -> Self:
        """Return the signals of the company of this id or live ticker, those of its duplicates with them."""
        return self.filter(same_company_q(ref))

    def of_live_companies(self) -> Self:
        """Return the signals whose company is not archived, or was merged into one that is not."""
        return self.filter(stands_q())

    def of_types(self, *types: str) -> Self:
        """Return the signals of any of these types. Raises ValueError for a type that the catalogue lacks."""
        return self.filter(signal_type__in=known(types, CATALOGUE, noun="signal type"))

    def at_least(self, severity: str) -> Self:
        """Return the signals of this severity or above. Raises ValueError for an unknown one: it is not "low"."""
        return self.filter(severity__in=at_least(severity))

    def between(self, since: dt.datetime | dt.date | None, until: dt.datetime | dt.date | None) -> Self:
        """Return the signals whose event lies in the period, both ends included (None = open).

        A day is the market's, from midnight to midnight. Raises ValueError for a timestamp without a zone.
        """
        rows = self
        if isinstance(since, dt.datetime):
            rows = rows.filter(event_date__gte=_aware(since))
        elif since is not None:
            rows = rows.filter(event_date__gte=start_of(since))
        if isinstance(until, dt.datetime):
            return rows.filter(event_date__lte=_aware(until))
        return rows if until is None else rows.filter(event_date__lt=end_of(until))

    def recent(self, limit: int | None = 50, *, days: int | None = None) -> Self:
        """Return the newest signals across companies, at most `limit`, of the last `days` where given.

        Events still to come (a PDUFA date) are not recent. The slice is the last step: filter before it.
        """
        rows = self.filter(event_date__lte=Now()).order_by("-event_date", "-id")
        if days is not None:
            rows = rows.filter(event_date__gte=Now() - dt.timedelta(days=days))
        return rows if limit is None else rows[:limit]

    def _known(self, **available: Any) -> Self:
        newer = self.model._base_manager.filter(supersedes=OuterRef("pk"), **available)
        return self.filter(~Exists(newer), ~IS_WITHDRAWN, **available)

    def withdrawn(self) -> Self:
        """Return the rows that say that what they supersede does not stand; they tell of no event of their own."""
        return self.filter(IS_WITHDRAWN)

    def current(self) -> Self:
        """Return what is known now and stands: available rows that no available row supersedes, none withdrawn."""
        return self._known(available_at__lte=Now())

    def as_of(self, moment: dt.datetime) -> Self:
        """Return what was known at the moment: later rows are unseen, and corrections by then have replaced theirs.

        Raises ValueError for a timestamp without a zone.
        """
        return self._known(available_at__lte=_aware(moment))

    def known_by_day(self, day: dt.date) -> Self:
        """Return what was known by the end of the day in the market's time zone."""
        return self._known(available_at__lt=end_of(day))

    def containing(self, data: Mapping[str, Any]) -> Self:
        """Return the signals whose particulars contain these (jsonb containment)."""
        return self.filter(signal_data__contains=dict(data))

    def with_company(self) -> Self:
        """Load the company in the same query, and the one as which it is read."""
        return self.select_related("company__merged_into")

    def counts_by_type(self) -> dict[str, int]:
        """Return how many of these signals each type has, the most frequent first."""
        rows = self.order_by().values("signal_type").annotate(number=Count("pk")).order_by("-number", "signal_type")
        return dict(rows.values_list("signal_type", "number"))

    def counts_by_severity(self) -> dict[str, int]:
        """Return how many of these signals each severity has, in rising order, none included."""
        found = dict(self.order_by().values_list("severity").annotate(number=Count("pk")))
        return {severity: found.get(severity, 0) for severity in SEVERITY_ORDER}


class FinancialFactQuerySet(models.QuerySet["FinancialFact"]):
    """Questions about financial facts."""

    def of_company(self, ref: CompanyRef) -> Self:
        """Return the facts of the company of this id or live ticker, those of its duplicates with them."""
        return self.filter(same_company_q(ref))

    def of_concepts(self, *concepts: str) -> Self:
        """Return the facts of these concepts: cash, research_and_development, …"""
        return self.filter(concept__in=concepts)

    def known_by_day(self, day: dt.date) -> Self:
        """Return the facts that were public by the end of the day in the market's time zone."""
        return self.filter(available_at__lt=end_of(day))
