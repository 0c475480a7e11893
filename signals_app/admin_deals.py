"""The deal desk: what is pending with its terms and spread, and what was paid before, with premium quartiles."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse

from biotech_ma.core.admin import ReadOnlyAdmin, column, columns
from biotech_ma.core.admin.filters import MarketDayRangeFilter
from biotech_ma.core.market_day import NEW_YORK
from companies.identity import read_as_field
from signals_app.admin_deal_cells import percent, spread_words, term_day
from signals_app.admin_deal_filters import (
    ALL,
    PHASES,
    AreaFilter,
    SizeFilter,
    StageFilter,
    StatusFilter,
    YearFilter,
    opens,
)  # fmt: skip
from signals_app.admin_deal_pages import ADD, DealPages
from signals_app.deal_figures import premiums_of, spread_of
from signals_app.deal_terms import (
    ANTITRUST,
    MILESTONES,
    PENDING,
    RUMOURED,
    STATUSES,
    TERMS,
    consideration,
    contingent_words,
)  # fmt: skip
from signals_app.deals import Deal, targets_of

TONES = {PENDING: "amber", "completed": "green", "terminated": "red", RUMOURED: "blue"}


@admin.register(Deal)
class DealAdmin(DealPages, ReadOnlyAdmin):
    """Deals: pending ones first asked for, precedents by area, stage, size and year."""

    list_display: Any = [
        "announced", "target_cell", "acquirer_cell", "status_cell", "value_cell", "premium_cell",
        "premium_30_cell", "spread_cell",
        "yearly_cell", "close", "outside", "antitrust_cell", "mix_cell", "contingent_cell", "structure_cell",
        "stage_cell",
    ]  # fmt: skip
    list_display_links: Any = None
    list_select_related: Any = ["company__merged_into"]
    list_filter: Any = [
        StatusFilter, AreaFilter, StageFilter, SizeFilter, YearFilter, ("event_date", MarketDayRangeFilter),
    ]  # fmt: skip
    search_fields: Any = ["title"]
    search_help_text = "Words of the announcement: target or acquirer"
    ordering: Any = ["-event_date", "-id"]
    list_before_template: Any = "admin/deals/premiums.html"
    everything = f"?status={ALL}"
    empty_hint = "Add a deal or a rumour above, or load deals with the ingest command."

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the deals as they are known now."""
        ordering = self.get_ordering(request)
        rows = Deal.deals.followed().defer("description", "company__search_vector", "company__metadata")
        return rows.order_by(*ordering)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list, with the quartiles and the tabs above it."""
        changes = super().get_changelist_instance(request)
        changes.result_list = self.completed(list(changes.result_list))
        changes.premiums = premiums_of(changes.queryset, is_long=getattr(changes.paginator, "is_bounded", False))
        changes.new_url = reverse("admin:signals_app_deal_new") if request.user.has_perm(ADD) else ""
        changes.tabs = self._tabs(request)
        # It opens on what is pending: none of that is not none at all.
        changes.has_active_filters = changes.has_active_filters or opens(request)
        return changes

    def completed(self, rows: list[Any]) -> list[Any]:
        """Return the deals with their spreads, the targets fetched in one query."""
        today = dt.datetime.now(tz=NEW_YORK).date()
        targets = targets_of(rows)
        for row in rows:
            row.found_target, row.today = targets.get(row.pk), today
            row.spread = spread_of(row, row.value, row.found_target, today)
        return rows

    def _tabs(self, request: HttpRequest) -> list[tuple[str, str, bool]]:
        """Return the states as tabs, each with what else is asked: its name, its address, whether it is shown."""
        asked = request.GET.copy()
        chosen = PENDING if opens(request) else asked.get("status", "")
        asked.pop("p", None)
        tabs = []
        for status in (*STATUSES, ALL):
            asked["status"] = status
            is_chosen = chosen == status or (status == ALL and chosen not in STATUSES)
            tabs.append((status.capitalize(), f"?{asked.urlencode()}", is_chosen))
        return tabs

    def whole(self, rows: Any) -> tuple[list[str], Any]:
        """Return the deals as a table, with the terms in columns of their own."""
        named = ["event_date", "whose_name", "whose_ticker", "signal_type", "title", "value", "premium", "premium_30"]
        named += [
            f"signal_data__{name}" for name in ("target", "acquirer", *TERMS, MILESTONES) if name not in {"value_usd"}
        ]
        heads = [name.replace("signal_data__", "").replace("whose_", "company_") for name in named]
        whose = {"whose_name": read_as_field("name"), "whose_ticker": read_as_field("ticker")}
        return heads, rows.annotate(**whose).values_list(*named)

    @column("Announced", order="event_date", data=TruncDate("event_date", tzinfo=NEW_YORK))
    def announced(self, deal: Deal) -> str:
        """Return the market's day."""
        return columns.market_day(deal.event_date)

    @column("Target", data=lambda deal: deal.target)
    def target_cell(self, deal: Deal) -> str:
        """Return the target, which leads to the deal's terms."""
        return columns.link(reverse("admin:signals_app_deal_terms", args=[deal.pk]), deal.target[:40], title=deal.title)

    @column("Acquirer", data=lambda deal: deal.acquirer)
    def acquirer_cell(self, deal: Deal) -> str:
        """Return who buys."""
        return columns.cut(deal.acquirer) if deal.acquirer else columns.unknown("Not named")

    @column("Status", data=lambda deal: deal.status)
    def status_cell(self, deal: Deal) -> str:
        """Return how it stands."""
        return columns.badge(deal.status, TONES.get(deal.status, "grey"))

    @column("Value", order="value", numeric=True, figure="usd")
    def value_cell(self, deal: Any) -> str:
        """Return the value and what it is of."""
        return columns.money(deal.value, note=deal.term("value_basis"), hint="Not disclosed")

    @column("Premium", order="premium", numeric=True, figure="share")
    def premium_cell(self, deal: Any) -> str:
        """Return the premium over the last close."""
        return percent(deal.premium, hint="Nobody has told it")

    @column("Over 30 days", order="premium_30", numeric=True, figure="share")
    def premium_30_cell(self, deal: Any) -> str:
        """Return the premium over the average of the 30 days before."""
        return percent(deal.premium_30, hint="Nobody has told it")

    @column("Spread", numeric=True, data=lambda deal: deal.spread and deal.spread.gross)
    def spread_cell(self, deal: Any) -> str:
        """Return what is left between market and offer, and of which day."""
        return spread_words(deal.spread)

    @column("A year", numeric=True, data=lambda deal: deal.spread and deal.spread.annualised)
    def yearly_cell(self, deal: Any) -> str:
        """Return the spread for a year, simple interest to the expected close."""
        note = f"to the expected close on {deal.spread.closes_on}" if deal.spread else ""
        hint = "Needs a spread and an expected close ahead"
        return percent(deal.spread.annualised if deal.spread else None, hint=hint, note=note)

    @column("Expected close", data=lambda deal: deal.day("expected_close"))
    def close(self, deal: Any) -> str:
        """Return when it is to close; red once that has passed."""
        return term_day(deal, "expected_close", deal.today)

    @column("Outside date", data=lambda deal: deal.day("outside_date"))
    def outside(self, deal: Any) -> str:
        """Return from when either side may walk away; red once that has passed."""
        return term_day(deal, "outside_date", deal.today)

    @column("Antitrust", data=lambda deal: ANTITRUST.get(deal.term("antitrust")))
    def antitrust_cell(self, deal: Deal) -> str:
        """Return how the authorities stand."""
        return ANTITRUST.get(deal.term("antitrust")) or columns.unknown("Not known")

    @column("Contingent", data=lambda deal: contingent_words(deal.signal_data))
    def contingent_cell(self, deal: Deal) -> str:
        """Return what is paid later, if something happens."""
        words = contingent_words(deal.signal_data)
        return columns.cut(words) if words else columns.unknown("None known")

    @column("For a share", data=lambda deal: consideration(deal.signal_data))
    def mix_cell(self, deal: Deal) -> str:
        """Return cash and shares that are paid for one of the target's."""
        words = consideration(deal.signal_data)
        return columns.cut(words) if words else columns.unknown("Not known")

    @column("Structure", data=lambda deal: deal.term("structure"))
    def structure_cell(self, deal: Deal) -> str:
        """Return how it is done."""
        return columns.cut(deal.term("structure")) if deal.term("structure") else columns.unknown("Not stated")

    @column("Stage", data=lambda deal: PHASES.get(deal.term("stage")))
    def stage_cell(self, deal: Deal) -> str:
        """Return how far the target's lead had come."""
        return PHASES.get(deal.term("stage")) or columns.unknown("Not stated")
