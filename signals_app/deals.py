"""Announced acquisitions as the desk follows them: the ledger's takeover signals with their terms, each deal once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Subquery, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Now

from companies.identity import read_as
from companies.models import Company
from signals_app.deal_terms import PENDING, RUMOURED, TERMINATED, Milestone, as_day, as_number, milestones_of, text_of
from signals_app.models import Signal
from signals_app.offers import IS_DEAL, OFFER, OFFER_ENDED

BOUGHT = "takeover_acquirer"
# A rumour takes nobody out of the ranking: it is an event of the market that says so in its particulars.
RUMOUR = "market"
NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"
MILLION = 1_000_000
# Two sources date one announcement at most so far apart.
NEAR = dt.timedelta(days=7)


def _number(name: str) -> Case:
    """Return a number of the signal's data; NULL for whatever is none."""
    text = KT(f"signal_data__{name}")
    field = models.DecimalField(max_digits=24, decimal_places=6)
    return Case(When(**{f"{name}_text__regex": NUMBER}, then=Cast(text, field)), output_field=field)


# Whose row it is, and the target as an acquirer's row names it: what the questions below ask of the outer row.
WHO = {"whose": read_as(), "target_cik": KT("signal_data__target_cik")}


def told_of_the_target() -> models.QuerySet[Signal]:
    """Return the offers in the target's own rows that are the outer acquirer's deal.

    The row may stand under a duplicate of the target, and the CIK may be a duplicate's: both are read as one company.
    """
    cik = OuterRef(OuterRef(OuterRef("target_cik")))
    duplicate = Company.all_objects.filter(cik=cik, merged_into__isnull=False).order_by("-deleted_at")
    target = Coalesce(
        Subquery(Company.objects.filter(cik=cik).order_by().values("pk")[:1]),
        Subquery(duplicate.values("merged_into")[:1]),
    )
    return Signal.objects.filter(_near(), signal_type=OFFER, company__in=_same(target))


def told_before() -> models.QuerySet[Signal]:
    """Return the rows of the outer row's acquirer, or of a duplicate of it, that stand for it in the same deal.

    A row that somebody corrected stands before others, and then the one that was written first. Without the target's
    CIK nothing says that two rows are of one deal.
    """
    superseded = Signal.objects.filter(supersedes=OuterRef("pk"), available_at__lte=Now())
    is_corrected, outer_is = Q(supersedes__isnull=False), OuterRef("supersedes")
    rows = Signal.objects.annotate(
        cik=KT("signal_data__target_cik"), outer_corrected=Cast(outer_is, models.UUIDField(null=True))
    ).filter(_near(), signal_type=BOUGHT, company__in=_same(OuterRef(OuterRef("whose"))), cik=OuterRef("target_cik"))
    earlier = Q(id__lt=OuterRef("id"))
    stands = (is_corrected & (Q(outer_corrected__isnull=True) | earlier)) | (
        ~is_corrected & Q(outer_corrected__isnull=True) & earlier
    )
    return rows.filter(stands, ~Exists(superseded), available_at__lte=Now()).exclude(
        signal_data__contains={"stands": True}
    )


def _near() -> Q:
    return Q(event_date__range=(OuterRef("event_date") - NEAR, OuterRef("event_date") + NEAR))


def _same(own: Any) -> Any:
    """Return the ids under which a company's rows stand."""
    return Company.all_objects.filter(Q(pk=own) | Q(merged_into=own)).order_by().values("pk")


class DealQuerySet(models.QuerySet["Deal"]):
    """Questions about deals."""

    def followed(self) -> DealQuerySet:
        """Return each deal once, as it is known now: the target's signal, else the acquirer's.

        Annotates `value` (USD), `premium` and `premium_30` (shares of the last close and of the average of 30 days),
        NULL where not known, and `is_ended`. Rumours are among them.
        """
        newer = Signal.objects.filter(supersedes=OuterRef("pk"), available_at__lte=Now())
        known = self.filter(~Exists(newer), available_at__lte=Now()).exclude(signal_data__contains={"stands": True})
        ended = (
            Signal.objects.current()
            .annotate(whose=read_as())
            .filter(signal_type=OFFER_ENDED, whose=OuterRef("whose"), event_date__gte=OuterRef("event_date"))
        )
        rows = known.filter(IS_DEAL).annotate(
            **WHO,
            value_usd_text=KT("signal_data__value_usd"),
            value_usd_m_text=KT("signal_data__value_usd_m"),
            premium_last_close_text=KT("signal_data__premium_last_close"),
            premium_30_day_text=KT("signal_data__premium_30_day"),
        )
        # Without the target's CIK neither can be found, and neither is looked for.
        alone = Q(target_cik__isnull=True) | ~Exists(told_of_the_target()) & ~Exists(told_before())
        return rows.filter(~Q(signal_type=BOUGHT) | alone).annotate(
            is_ended=Case(When(signal_type=OFFER, then=Exists(ended)), default=Value(False)),
            value=Coalesce(_number("value_usd"), _number("value_usd_m") * MILLION),
            premium=_number("premium_last_close"),
            premium_30=_number("premium_30_day"),
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
        return text_of(self.signal_data, name)

    @property
    def is_rumour(self) -> bool:
        """True for a deal that nobody has announced."""
        return self.signal_type == RUMOUR

    @property
    def target(self) -> str:
        """The company that is bought."""
        return self.term("target") or self.title if self.signal_type == BOUGHT else self.company.survivor.name

    @property
    def acquirer(self) -> str:
        """The company that buys; empty where nobody is named."""
        return self.company.survivor.name if self.signal_type == BOUGHT else self.term("acquirer")

    @property
    def status(self) -> str:
        """pending, completed, terminated or rumoured; pending where nothing is said."""
        if getattr(self, "is_ended", False):
            return TERMINATED
        return self.term("status") or (RUMOURED if self.is_rumour else PENDING)

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        """The contingent payments."""
        return milestones_of(self.signal_data)

    def day(self, name: str) -> dt.date | None:
        """Return a day of the terms."""
        return as_day(self.term(name))

    def amount(self, name: str) -> Decimal | None:
        """Return a number of the terms."""
        return as_number(self.term(name) or None)


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
    return {**found, **{deal.pk: deal.company.survivor for deal in deals if deal.signal_type != BOUGHT}}
