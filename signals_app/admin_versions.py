"""A row of the ledger with all that it superseded and all that superseded it: when, who, why, and what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from biotech_ma.core.admin import columns, figures
from biotech_ma.core.admin.history import about, in_words, users_of
from biotech_ma.core.admin.reasons import Why, why_of
from biotech_ma.core.admin.tables import table
from biotech_ma.core.changes import Told, also_told
from biotech_ma.core.market_day import NEW_YORK
from companies.querysets import same_company_q
from signals_app.entry_models import LedgerEntry
from signals_app.models import FinancialFact, Signal
from signals_app.periods import CURATED_FORM, FIELDS, Fact, precedence
from signals_app.querysets import NO_EVENT, WITHDRAWN
from signals_app.services import ANALYST, CORRECTABLE

MOST_VERSIONS = 100
also_told(lambda: Told(LedgerEntry, Signal, row="signal", is_history=False))
also_told(lambda: Told(LedgerEntry, FinancialFact, row="fact", is_history=False))
COMPARED = tuple(name for name in CORRECTABLE if name not in {"source", "source_id"})
_CHAIN = """
WITH RECURSIVE older AS (
    SELECT id, supersedes_id, 0 AS place FROM signals WHERE id = %(id)s
    UNION ALL SELECT s.id, s.supersedes_id, o.place - 1 FROM signals AS s JOIN older AS o ON s.id = o.supersedes_id
), newer AS (
    SELECT id, 0 AS place FROM signals WHERE id = %(id)s
    UNION ALL SELECT s.id, n.place + 1 FROM signals AS s JOIN newer AS n ON s.supersedes_id = n.id
)
SELECT id FROM (SELECT id, place FROM older UNION SELECT id, place FROM newer) AS chain ORDER BY place
"""


def chain_of(key: UUID) -> list[UUID]:
    """Return the keys of a signal's versions, the oldest first: what it superseded, itself, what superseded it."""
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN, {"id": key})
        return [row[0] for row in cursor.fetchall()]


def newest_of(signal: Signal) -> Signal | None:
    """Return the last row that superseded a signal, also over several steps; None where none did."""
    last = chain_of(signal.pk)[-1]
    return None if last == signal.pk else Signal.objects.with_company().get(pk=last)


def whys_of(*, signals: Collection[Any] = (), facts: Collection[Any] = ()) -> dict[UUID, Why]:
    """Return who wrote these signals, or figures, by hand, when and why, by their keys; two queries at most."""
    kind, keys = ("signal", signals) if signals else ("fact", facts)
    if not keys:
        return {}
    rows = list(LedgerEntry.objects.filter(**{f"{kind}__in": keys}).select_related("pgh_context"))
    users = users_of(map(about, rows))
    return {getattr(row, f"{kind}_id"): why_of(row, users, at=row.created_at) for row in rows}


def signal_versions(signal: Signal) -> SafeString:
    """Return a signal's versions as a table, the newest first, each with what it changed in the one before."""
    keys = chain_of(signal.pk)
    found = Signal.objects.select_related("company").in_bulk(keys[-MOST_VERSIONS:])
    rows = [found[key] for key in keys if key in found]
    whys = whys_of(signals=keys)
    cells = [
        [
            _known(row, reverse("admin:signals_app_signal_change", args=[row.pk]), is_here=row.pk == signal.pk),
            _state(row, rows),
            *_who_and_why(whys.get(row.pk), row.source),
            columns.lines(_differences(before, row)) if before else columns.unknown("The first of them"),
        ]
        for before, row in pairwise([None, *rows])
        if row is not None
    ]
    return table("Versions", ["Known since", "State", "By", "Why", "What it changed"], cells[::-1])


def _state(row: Signal, rows: list[Signal]) -> SafeString:
    if row is not rows[-1]:
        return columns.badge("superseded", "grey")
    if row.available_at > timezone.now():
        return columns.badge("to come", "blue")
    if row.signal_type == NO_EVENT and row.signal_data.get(WITHDRAWN):
        return columns.badge("withdrawn", "red")
    return columns.badge("in force", "green")


def _differences(before: Signal, after: Signal) -> Iterator[str]:
    for name in COMPARED:
        field: Any = Signal._meta.get_field(name)
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            texts = in_words(field, old, new)
            yield f"{field.verbose_name}: {texts[0]} → {texts[1]}"


def fact_versions(fact: FinancialFact) -> SafeString:
    """Return what the ledger has of a figure and period, the newest first: reported, restated, corrected by whom."""
    same: Any = FinancialFact.objects.filter(
        same_company_q(fact.company.survivor),
        concept=fact.concept,
        period_start=fact.period_start,
        period_end=fact.period_end,
        unit=fact.unit,
    ).order_by("-available_at", "-id")
    rows = list(same[:MOST_VERSIONS])
    today = timezone.localdate(timezone=NEW_YORK)
    known = {row.pk: Fact(*values) for row, values in zip(rows, same.values_list(*FIELDS)[:MOST_VERSIONS], strict=True)}
    public = [key for key, each in known.items() if each.available_at.astimezone(NEW_YORK).date() <= today]
    standing = max(public, key=lambda key: precedence(known[key]), default=None)
    whys = whys_of(facts=list(known))
    cells = [
        [
            _known(row, reverse("admin:signals_app_financialfact_change", args=[row.pk]), is_here=row.pk == fact.pk),
            columns.badge("in force", "green") if row.pk == standing else columns.badge("superseded", "grey"),
            *_who_and_why(whys.get(row.pk), " ".join(filter(None, (row.source, row.accession)))),
            figures.exact_money(row.value) if row.unit == "USD" else figures.plain(row.value.normalize()),
            row.form or columns.unknown("Not said"),
        ]
        for row in rows
    ]
    note = "an analyst's value stands over every reported one" if any(r.form == CURATED_FORM for r in rows) else ""
    return table(
        "Versions", ["Known since", "State", "By", "Why", "Value", "Form"], cells, note=note, numeric=(4,)
    )  # fmt: skip


def _known(row: Any, url: str, *, is_here: bool) -> SafeString:
    """Return since when a version is known, a link to it unless it is the page's own."""
    text = figures.moment(row.available_at)
    return format_html("<b>{}</b>", text) if is_here else columns.link(url, text)


def _who_and_why(why: Why | None, source: str) -> tuple[Any, Any]:
    if why is None:
        is_analysts = source.startswith(ANALYST)
        return source, columns.unknown("The company's history says who and why" if is_analysts else "A source says so")
    return why.who, f"“{why.reason}”" if why.reason else columns.unknown("No reason was given")
