"""What was paid for companies of the same areas: the ledger's takeovers, the newest first."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Exists, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns
from biotech_ma.core.admin.tables import table
from companies.admin_cells import AREAS
from companies.choices import Phase
from companies.models import Company
from signals_app.deals import WHO, told_before
from signals_app.models import Signal

ROWS = 10
DEAL = "takeover_acquirer"
PHASES: dict[str, str] = dict(Phase.choices)


def precedents_section(request: HttpRequest, company: Company) -> SafeString:
    """Return the newest deals in any of the company's areas, each a link to what the ledger has of it."""
    areas = [area for area in company.therapeutic_areas if isinstance(area, str)]
    rows = precedents(areas)[:ROWS] if areas else []
    words = ", ".join(AREAS.get(area, area).lower() for area in areas[:3])
    return table(
        "Precedent deals",
        ["Announced", "Target", "Acquirer", "Stage", "Value"],
        [_row(row) for row in rows],
        note=f"in {words}{', …' if len(areas) > 3 else ''}" if words else "",  # noqa: PLR2004 - three fit the line
        url=f"{reverse('admin:signals_app_deal_changelist')}?status=all{f'&area={areas[0]}' if areas else ''}",
        empty="No deal in its areas is in the ledger. Load deals with the ingest command."
        if areas
        else "Its areas are not known. Tick them on the form, then the deals of the same areas stand here.",
        numeric=(4,),
    )


def precedents(areas: list[str]) -> Any:
    """Return the takeovers of targets in any of the areas, by the acquirer's signal, the newest first."""
    wanted = Q()
    for area in areas:
        wanted |= Q(signal_data__contains={"areas": [area]})
    rows = Signal.objects.current().of_types(DEAL).filter(wanted).annotate(**WHO)
    rows = rows.filter(~Exists(told_before())).with_company()
    return rows.defer("description", "company__search_vector", "company__metadata").recent(None)


def _row(row: Signal) -> list[Any]:
    data, buyer = row.signal_data, row.company.survivor
    url = reverse("admin:signals_app_signal_change", args=[row.pk])
    target = columns.link(url, str(data.get("target") or row.title)[:40], title=row.title)
    source = columns.outside(row.source_url) if row.source_url else ""
    stage = PHASES.get(str(data.get("stage") or ""))
    return [
        columns.market_day(row.event_date),
        columns.beside(target, source),
        columns.hover(buyer.ticker or buyer.name[:24], buyer.name),
        stage or columns.unknown("Not stated"),
        columns.money(_amount(data.get("value_usd")), note=str(data.get("value_basis") or ""), hint="Not disclosed"),
    ]


def _amount(value: object) -> Decimal | None:
    try:
        found = Decimal(str(value)) if value is not None and not isinstance(value, bool) else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None
