"""The figures of companies on a past day, derived from the ledger as it stood by then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from companies.past import end_of
from companies.services import is_curated
from signals_app.concepts import CONCEPTS, MARKET_CAP
from signals_app.figures import figures
from signals_app.known_facts import known_facts
from signals_app.periods import Fact
from signals_app.refresh import FIGURES, ledger_day, settled


def figures_of_a_day(*, day: dt.date, versions: Sequence[Any]) -> dict[UUID, dict[str, Any]]:
    """Return by company its figures and their sources as of the day, from its recorded version and the ledger.

    A figure that an analyst had set by then stays. A market cap of the row counts unless it was entered later, and
    where the ledger has no newer one. Beyond the ledger's last day its figures stand, as in the companies' rows, with
    what analysts said by the day.
    """
    asked, day = day, min(day, ledger_day())
    companies = [version.pgh_obj_id for version in versions]
    facts = known_facts(day, companies, (*CONCEPTS, MARKET_CAP), said_until=asked)
    return {version.pgh_obj_id: _figures(day, version, facts[version.pgh_obj_id]) for version in versions}


def _figures(day: dt.date, version: Any, facts: list[Fact]) -> dict[str, Any]:
    was_recorded = version.pgh_created_at < end_of(day)
    notes = dict(version.field_sources)
    own, own_day = _own_cap(day, version, was_recorded=was_recorded), version.market_cap_as_of
    if own is not None and own_day is not None and own_day <= day:
        # The newer of the two counts: an older price of the ledger would hide the row's own.
        facts = [fact for fact in facts if fact.concept != MARKET_CAP or fact.period_end >= own_day]
    derived = figures(facts, day, market_cap_usd=own, market_cap_as_of=own_day, history_starts=version.history_starts)
    is_cap = not derived.market_cap_is_float
    values: dict[str, Any] = {
        "market_cap_usd": derived.market_cap_usd if is_cap else None,
        "market_cap_as_of": derived.market_cap_as_of if is_cap else None,
    }
    own_notes = notes if was_recorded else {name: note for name, note in notes.items() if not is_curated(notes, name)}
    derived_values, derived_notes = settled({name: getattr(version, name) for name in FIGURES}, own_notes, derived)
    return values | derived_values | {"field_sources": notes | derived_notes}


def _own_cap(day: dt.date, version: Any, *, was_recorded: bool) -> Decimal | None:
    """Return the market cap of the row; None where an analyst entered it after the day."""
    notes = version.field_sources
    entered = notes["market_cap_usd"].get("as_of", "") if is_curated(notes, "market_cap_usd") else ""
    is_later = not was_recorded and entered > day.isoformat()
    cap: Decimal | None = version.market_cap_usd
    return None if is_later else cap
