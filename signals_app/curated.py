"""Appends to the ledger what an analyst says of a company's figures: a fact of form `curated`, known from now on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from biotech_ma.core import news
from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.services import Refused, locked, recorded
from companies.models import Company
from companies.querysets import same_company_q
from companies.services import EDITS, is_curated
from signals_app.concepts import CONCEPTS, LIQUID_FUNDS, MARKET_CAP, PUBLIC_FLOAT, QUARTERLY_BURN, TOTAL_DEBT
from signals_app.dependents import RESTS_ON, VALUE, dependents
from signals_app.entries import note_entries
from signals_app.figures import CompanyFigures, figures
from signals_app.ingest.merge.market_caps import keep_market_caps
from signals_app.known_facts import known_facts
from signals_app.models import FinancialFact
from signals_app.periods import CURATED_FORM, FIELDS, USD, Fact, precedence
from signals_app.refresh import FIGURES, ledger_day, refresh_company_figures
from signals_app.services import ANALYST

_STAGE = """
DROP TABLE IF EXISTS stage_edited;
CREATE TEMPORARY TABLE stage_edited (company_id uuid, concept text, period_end date, value numeric) ON COMMIT DROP
"""
# Who wrote a figure and why is noted beside it.
_LOAD = """
WITH told AS (
    INSERT INTO financial_facts (company_id, concept, period_end, value, unit, form, source)
    SELECT company_id, concept, period_end, value, %(unit)s, %(form)s, %(source)s FROM stage_edited
    RETURNING id
)
INSERT INTO ledger_entries (fact_id) SELECT id FROM told
"""
# The columns that an analyst edits, and what the ledger calls the figure.
EDITED = {
    "cash_position_usd": LIQUID_FUNDS,
    "quarterly_burn_rate_usd": QUARTERLY_BURN,
    "total_debt_usd": TOTAL_DEBT,
    "market_cap_usd": MARKET_CAP,
}


def append_edited_figures(*, before: Company, after: Company) -> list[FinancialFact]:
    """Append one fact for each figure that differs between the company's two states, and return them.

    A figure is of the period that it corrects, or of today where nothing fresh is reported; a market cap of its day.
    A figure that was emptied appends nothing: the ledger cannot say "unknown".
    """
    return append_all_edited_figures([(before, after)])


def append_all_edited_figures(edits: Sequence[tuple[Company, Company]]) -> list[FinancialFact]:
    """Append the facts of many companies' edits, each a state before and one after, in as many queries as for one."""
    appended = [
        FinancialFact(
            company=after,
            concept=concept,
            period_end=period_end,
            value=value,
            unit=USD,
            form=CURATED_FORM,
            source=ANALYST,
        )
        for after, concept, period_end, value in _figures_said(edits)
    ]
    if not appended:
        return []
    with transaction.atomic():
        _keep_former_caps(edits)
        FinancialFact.objects.bulk_create(appended)
        note_entries(facts=[fact.pk for fact in appended])
    return appended


def load_edited_figures(edits: Sequence[tuple[Company, Company]]) -> int:
    """Append the facts of many companies' edits without a row of the ORM for each, and return how many they are.

    Call it within the transaction of the edits.
    """
    said = _figures_said(edits)
    if not said:
        return 0
    _keep_former_caps(edits)
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy("COPY stage_edited (company_id, concept, period_end, value) FROM STDIN") as copy:
            for after, concept, period_end, value in said:
                copy.write_row((after.pk, concept, period_end, value))
        cursor.execute(_LOAD, {"unit": USD, "form": CURATED_FORM, "source": ANALYST})
    return len(said)


def _figures_said(edits: Sequence[tuple[Company, Company]]) -> list[tuple[Company, str, dt.date, Any]]:
    """Return company, concept, end of the period and value of each figure that an edit says."""
    said = {after.pk: found for before, after in edits if (found := _said(before, after))}
    changed = [after for _, after in edits if after.pk in said]
    periods = _periods(changed) if changed else {}
    return [
        (after, concept, periods[after.pk][concept], value)
        for after in changed
        for concept, value in said[after.pk].items()
    ]


def _keep_former_caps(edits: Sequence[tuple[Company, Company]]) -> None:
    keep_market_caps(before for before, after in edits if MARKET_CAP in _said(before, after))


def follow_edits(edits: Sequence[tuple[Company, Company]]) -> list[str]:
    """Let what rests on edited figures follow in the states after, not written yet; return the columns to write.

    Runway, scarce cash and enterprise value then change together with what was edited. One that an analyst set stays.
    As many queries for many edits as for one.
    """
    moved = [(after, names) for before, after in edits if (names := _resting(before, after))]
    if not moved:
        return []
    day = ledger_day()
    # What is being added has no key yet, and nothing in the ledger.
    valued = [after.pk for after, names in moved if VALUE in names and not after._state.adding]
    floats = known_facts(day, valued, [PUBLIC_FLOAT])
    for after, names in moved:
        capital = _capital(after, () if after._state.adding else floats[after.pk], day)
        notes = {name: note for name, note in after.field_sources.items() if name not in names}
        amounts = {name: getattr(after, name) for name in FIGURES}
        for name, (value, note) in dependents(amounts, notes, capital).items():
            if name in names:
                setattr(after, name, value)
                notes[name] = note
        after.field_sources = notes
    return [*RESTS_ON, "field_sources"]


def _resting(before: Company, after: Company) -> list[str]:
    """Return the columns to derive anew: neither an analyst's nor untouched, with all that they rest on, by the edit.

    One that was emptied is nobody's any more.
    """
    names = {*RESTS_ON, *(each for behind in RESTS_ON.values() for each in behind)}
    differing = {name for name in names if getattr(before, name) != getattr(after, name)}
    return [
        name
        for name, behind in RESTS_ON.items()
        if not differing.isdisjoint((name, *behind))
        and (getattr(after, name) is None or not is_curated(after.field_sources, name))
    ]


def _capital(company: Company, floats: Iterable[Fact], day: dt.date) -> CompanyFigures:
    """Return which market cap counts, or which float stands in; a cap is not too late for a ledger that lags behind."""
    as_of = company.market_cap_as_of
    if as_of is not None and day < as_of <= timezone.localdate(timezone=NEW_YORK):
        as_of = day
    return figures(
        floats,
        day,
        market_cap_usd=company.market_cap_usd,
        market_cap_as_of=as_of,
        history_starts=company.history_starts,
    )


def correct_fact(*, fact: FinancialFact, value: Decimal, reason: str = "") -> FinancialFact:
    """Append an analyst's value for the figure and period of a fact, which supersedes every reported one from now on.

    The company's figures follow. Raises Refused for an archived company, or where that value is in force already.
    """
    with recorded("correct figure", reason=reason):
        company = locked(fact.company.survivor)
        if company.is_archived:
            raise Refused(f"{company} is archived; restore it first.", field="company")
        today = timezone.localdate(timezone=NEW_YORK)
        same = FinancialFact.objects.known_by_day(today).filter(
            same_company_q(company),
            concept=fact.concept,
            period_start=fact.period_start,
            period_end=fact.period_end,
        )
        in_force = max((Fact(*row) for row in same.values_list(*FIELDS)), key=precedence, default=None)
        if in_force is not None and in_force.value == value and in_force.form == CURATED_FORM:
            raise Refused("That value is in force already.", field="value")
        correction = FinancialFact(
            company=company,
            concept=fact.concept,
            period_start=fact.period_start,
            period_end=fact.period_end,
            value=value,
            unit=fact.unit,
            form=CURATED_FORM,
            source=ANALYST,
        )
        correction.save(force_insert=True)
        note_entries(facts=[correction.pk])
        refresh_company_figures(day=ledger_day(), company_ids=[company.pk])
        news.tell(EDITS, fields=fact.concept)
    return correction


def _said(before: Company, after: Company) -> dict[str, Any]:
    names = [name for name in EDITED if getattr(before, name) != getattr(after, name)]
    if before.market_cap_as_of != after.market_cap_as_of and "market_cap_usd" not in names:
        names.append("market_cap_usd")
    return {EDITED[name]: getattr(after, name) for name in names if getattr(after, name) is not None}


def _periods(companies: Sequence[Company]) -> dict[UUID, dict[str, dt.date]]:
    """Return the period end of each company's figures, as the ledger has it on its day; today where none is fresh."""
    day, today = ledger_day(), timezone.localdate(timezone=NEW_YORK)
    facts = known_facts(day, [company.pk for company in companies], CONCEPTS)
    return {company.pk: _ends(company, facts[company.pk], day, today) for company in companies}


def _ends(company: Company, facts: list[Fact], day: dt.date, today: dt.date) -> dict[str, dt.date]:
    found = figures(facts, day, history_starts=company.history_starts)
    held = {LIQUID_FUNDS: found.liquid_funds, QUARTERLY_BURN: found.quarterly_burn, TOTAL_DEBT: found.total_debt}
    ends = {concept: figure.period_end if figure else today for concept, figure in held.items()}
    return {**ends, MARKET_CAP: company.market_cap_as_of or today}
