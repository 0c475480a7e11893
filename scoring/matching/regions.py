"""Where companies run trials and hold approvals, as of a day, in regions: US, EU (Europe), JP, CN, other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from django.db.models import F, Func, TextField

from biotech_ma.core.market_day import NEW_YORK
from companies.identity import Identities
from scoring.engine.inputs import Evidence
from signals_app.models import Signal

APPROVAL = "fda_approval"
# The European Union and those that follow its regulator's lead or stand beside it, as the registry names them.
_EUROPE = """
Austria|Belgium|Bulgaria|Croatia|Cyprus|Czechia|Czech Republic|Denmark|Estonia|Finland|France|Germany|Greece|Hungary|
Ireland|Italy|Latvia|Lithuania|Luxembourg|Malta|Netherlands|Poland|Portugal|Romania|Slovakia|Slovenia|Spain|Sweden|
United Kingdom|Switzerland|Norway|Iceland|Liechtenstein|EU|
AT|BE|BG|HR|CY|CZ|DK|EE|FI|FR|DE|GR|HU|IE|IT|LV|LT|LU|MT|NL|PL|PT|RO|SK|SI|ES|SE|GB|UK|CH|NO|IS|LI
"""
REGIONS: dict[str, str] = {
    **dict.fromkeys((name.strip().casefold() for name in _EUROPE.split("|")), "EU"),
    **dict.fromkeys(("united states", "puerto rico", "us", "usa", "pr"), "US"),
    **dict.fromkeys(("japan", "jp"), "JP"),
    **dict.fromkeys(("china", "hong kong", "cn", "hk"), "CN"),
}
OTHER = "other"


def region_of(country: str) -> str:
    """Return the region of a country, by its name in the registry or its ISO code."""
    return REGIONS.get(country.strip().casefold(), OTHER)


def regions_of(day: date, ids: Collection[UUID], same: Identities) -> Mapping[UUID, Mapping[str, Evidence]]:
    """Return by company the regions known by the end of the day, each with its first evidence, in two queries.

    Trials: the countries of the studies' versions in the ledger. Approvals: those of the FDA, in the United States.
    """
    found: dict[UUID, dict[str, Evidence]] = defaultdict(dict)
    known = Signal.objects.known_by_day(day).filter(company_id__in=same.ids_of(ids))
    approvals = known.filter(signal_type=APPROVAL).order_by("company_id", "event_date", "available_at", "id")
    columns = "company_id", "source", "source_url", "event_date", "id"
    for company_id, source, url, moment, key in approvals.distinct("company_id").values_list(*columns):
        found[same.of(company_id)]["US"] = Evidence(source, url, moment.astimezone(NEW_YORK).date(), (str(key),))
    # Signals' data are free: what is no list of countries is none.
    listed = Func(F("signal_data__trial__countries"), function="jsonb_typeof", output_field=TextField())
    trials = (
        known.alias(listed=listed)
        .filter(listed="array")
        .annotate(
            country=Func(
                F("signal_data__trial__countries"),
                function="jsonb_array_elements_text",
                output_field=TextField(),
                set_returning=True,
            )
        )
    )
    ordered = trials.order_by("company_id", "country", "available_at", "id").distinct("company_id", "country")
    columns = "company_id", "source", "source_url", "available_at", "id"
    for company_id, source, url, moment, key, country in ordered.values_list(*columns, "country"):
        proof = Evidence(source, url, moment.astimezone(NEW_YORK).date(), (str(key),))
        found[same.of(company_id)].setdefault(region_of(str(country)), proof)
    return found
