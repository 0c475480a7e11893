"""From the tags of one filing to the desk's figures: one value a concept, period and unit. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from signals_app.ingest.xbrl import debt
from signals_app.ingest.xbrl.tags import IS_FLOW, NOT_NEGATIVE, RANKED, SHARES

CURRENCY = re.compile(r"[A-Z]{3}")
SHARE_UNIT = "shares"
# `MarketableSecurities` is the whole of them: beside a non-current part it is no current one.
WHOLE_OF_SECURITIES = "MarketableSecurities"
EARLIEST_YEAR = 1900
BEYOND_ANY_COMPANY = Decimal(10) ** 18
# Counts in millions reported as if in ones are the commonest slip of scale.
MOST_SHARES = Decimal(10) ** 12
FOUR_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Entry:
    """A figure as a filing tags it: `start` is None for a balance; amounts in `unit`, not in thousands."""

    tag: str
    start: date | None
    end: date
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure of ours, with the tags behind it."""

    concept: str
    start: date | None
    end: date
    value: Decimal
    unit: str
    tags: tuple[str, ...]


def is_wanted(tag: str) -> bool:
    """Return whether a tag says anything that the desk keeps."""
    return tag in RANKED or debt.is_debt(tag)


def has_unit_of(tag: str, unit: str) -> bool:
    """Return whether the unit is one that the tag can have: shares, or a currency's code."""
    concept = RANKED[tag][0] if tag in RANKED else ""
    return unit == SHARE_UNIT if concept in SHARES else CURRENCY.fullmatch(unit) is not None


def fault(entry: Entry, *, latest_end: date) -> str | None:
    """Return why an entry cannot be taken; None where it can. `latest_end`: the filing's day and what is tolerated."""
    return _fault_of_period(entry, latest_end) or _fault_of_value(entry)


def _fault_of_period(entry: Entry, latest_end: date) -> str | None:
    if entry.start is not None and entry.start > entry.end:
        return f"start {entry.start} is after end {entry.end}"
    if entry.end > latest_end:
        return f"end {entry.end} is after the day of filing"
    if min(entry.end, entry.start or entry.end).year < EARLIEST_YEAR:
        return f"the period {entry.start or entry.end} is before {EARLIEST_YEAR}"
    if (entry.tag in IS_FLOW) != (entry.start is not None):
        return "a balance has no first day, a flow has one"
    return None


def _fault_of_value(entry: Entry) -> str | None:
    if not entry.value.is_finite() or abs(entry.value) >= BEYOND_ANY_COMPANY:
        return f"value {entry.value:.6g} is no amount of a company"
    concept = RANKED[entry.tag][0] if entry.tag in RANKED else ""
    if concept in SHARES and entry.value >= MOST_SHARES:
        return f"value {entry.value:.6g} is no number of shares of a company"
    if entry.value < 0 and (concept in NOT_NEGATIVE or not concept):
        return f"value {entry.value} of {concept or 'debt'} is negative"
    return None


def amounts(entries: Iterable[Entry]) -> list[Amount]:
    """Return the figures of one filing: the tag of highest precedence, share classes and parts of a debt summed."""
    ranked: dict[tuple[str, date | None, date, str], tuple[int, Entry]] = {}
    classes: dict[tuple[date, str], list[Entry]] = {}
    debts: dict[tuple[date, str], dict[str, Decimal]] = {}
    for entry in entries:
        concept, rank = RANKED.get(entry.tag, ("", 0))
        if not concept:
            debts.setdefault((entry.end, entry.unit), {}).setdefault(entry.tag, entry.value)
        elif concept in SHARES:
            classes.setdefault((entry.end, entry.tag), []).append(entry)
        else:
            key = concept, entry.start, entry.end, entry.unit
            if key not in ranked or rank < ranked[key][0]:
                ranked[key] = rank, entry
    return [
        *_chosen({key: entry for key, (_, entry) in ranked.items()}),
        *(_all_classes(of_a_day) for of_a_day in classes.values()),
        *(
            Amount(kind, None, end, value, unit, tags)
            for (end, unit), reported in debts.items() for kind, (value, tags) in debt.kinds(reported).items()
        ),
    ]  # fmt: skip


def _chosen(found: dict[tuple[str, date | None, date, str], Entry]) -> Iterable[Amount]:
    for (concept, start, end, unit), entry in found.items():
        whole = entry.tag == WHOLE_OF_SECURITIES and ("long_term_investments", None, end, unit) in found
        if not whole:
            yield Amount(concept, start, end, entry.value, unit, (entry.tag,))


def _all_classes(entries: list[Entry]) -> Amount:
    """Return the shares of all classes on the cover page: the same number twice is one class stated twice."""
    first = entries[0]
    total = sum({entry.value for entry in entries}, Decimal(0))
    return Amount(RANKED[first.tag][0], None, first.end, total, first.unit, (first.tag,))


def exact(value: Decimal) -> Decimal:
    """Return the value with at most four decimals, as the ledger keeps it."""
    return value.quantize(FOUR_PLACES)
