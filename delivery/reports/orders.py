"""What a report was asked for, checked at the time of entry: type, day, period, companies, thresholds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from biotech_ma.core.closed import NOBODY, Reader, reader_of
from companies.identity import read_refs
from companies.models import Company, Restriction
from companies.restrictions import closed_to_any
from delivery.choices import ReportFormat, ReportType
from delivery.models import Report
from delivery.restricted import reader_of_client, readers_of
from scoring.models import MAScore
from scoring.querysets import version_in_force
from scoring.services import ScoringError, find_company, market_today

DEFAULT_MOVE = Decimal(1)
WEEK_DAYS = 7
EARLIEST = dt.date(1990, 1, 1)
LONGEST_PERIOD = dt.timedelta(days=366)


class ReportRefused(ValueError):
    """The order cannot be filled as it stands, in words that say what to do; `field` names the culprit."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Order:
    """One report to make. Without companies the report chooses; `move` is the change of a score worth naming."""

    report_type: str
    day: dt.date
    period_start: dt.date
    period_end: dt.date
    companies: tuple[Company, ...] = ()
    move: Decimal = DEFAULT_MOVE
    min_score: Decimal | None = None
    missing: tuple[str, ...] = field(default=())
    # Companies on the restricted list for which not everybody is cleared whom the report goes to.
    # With the duplicates that are read as one of them, which the number does not count.
    left_out: frozenset[UUID] = frozenset()
    number_left_out: int = 0


def default_day() -> dt.date:
    """Return the last day that was scored by today; today where none was."""
    today = market_today()
    days = MAScore.objects.filter(score_version=version_in_force(), score_date__lte=today)
    return days.order_by("-score_date").values_list("score_date", flat=True).first() or today


def checked_period(
    report_type: str, day: dt.date, start: dt.date | None, end: dt.date | None
) -> tuple[dt.date, dt.date]:
    """Return the period of a report: a day for the digest, else the week that ends on the day. Raises ReportRefused."""
    if not EARLIEST <= day <= market_today():
        raise ReportRefused(
            f"{day} is no day to report on: from {EARLIEST} to today, {market_today()}", field="report_date"
        )
    days = 1 if report_type == ReportType.DAILY_DIGEST else WEEK_DAYS
    last = end or day
    first = start or last - dt.timedelta(days=days - 1)
    if not first <= last <= day:
        raise ReportRefused("a period starts before it ends, and ends by the report's day", field="period_start")
    if last - first > LONGEST_PERIOD:
        raise ReportRefused("a period is a year at most", field="period_start")
    return first, last


def checked_companies(report_type: str, tickers: Iterable[str]) -> tuple[Company, ...]:
    """Return the live companies asked for. Raises ReportRefused, naming near tickers, or what the type wants."""
    found = []
    for ticker in tickers:
        try:
            found.append(find_company(ticker))
        except ScoringError as error:
            raise ReportRefused(str(error), field="companies_included") from error
    found = list({company.pk: company for company in found}.values())
    if report_type == ReportType.DEEP_DIVE and len(found) != 1:
        raise ReportRefused("a deep dive is of one company: name it by its ticker", field="companies_included")
    return tuple(found)


def check_format(name: str) -> None:
    """Raise ReportRefused where this installation cannot write the format."""
    from delivery.reports.render.pdf import why_not

    if name == ReportFormat.PDF and (reason := why_not()):
        raise ReportRefused(reason, field="format")


def check_thresholds(given: Mapping[str, Any]) -> tuple[Decimal, Decimal | None]:
    """Return the change worth naming and the least score to show, from a client's own thresholds.

    `score_change` and `min_score` count; what else stands there is not the reports'. Raises ReportRefused.
    """
    move = _number(given, "score_change", is_signed=True)
    return (DEFAULT_MOVE if move is None else move), _number(given, "min_score")


def _number(given: Mapping[str, Any], name: str, *, is_signed: bool = False) -> Decimal | None:
    """Return the number, None where it is not given; of one for which alerts take a sign as a direction, the size."""
    value = given.get(name)
    if value is None:
        return None
    try:
        number = abs(Decimal(str(value))) if is_signed else Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or not 0 <= number <= 100:  # noqa: PLR2004 - a score's range
        raise ReportRefused(f"{name} is a number from 0 to 100, not {value!r}", field="metadata")
    return number


def order_of(report: Report) -> Order:
    """Return what a report was asked for. A company archived since is named in `missing`, not an error.

    One that was merged since is reported on as the company that was kept. Raises ReportRefused where nothing is left.
    """
    # A company without a ticker was noted by its id.
    asked = list(report.companies_asked)
    held = read_refs(asked)
    missing = tuple(ticker for ticker in asked if ticker not in held)
    companies = tuple({held[ticker].pk: held[ticker] for ticker in asked if ticker in held}.values())
    left_out = kept_back(report)
    companies = open_companies(companies, left_out)
    if report.report_type == ReportType.DEEP_DIVE and not companies:
        named = ", ".join(missing) or "no company"
        raise ReportRefused(f"no live company has the ticker {named}: restore it, or order another report")
    move, least = check_thresholds(report.metadata.get("thresholds") or {})
    first, last = checked_period(report.report_type, report.report_date, report.period_start, report.period_end)
    order = Order(report.report_type, report.report_date, first, last, companies, move, least, missing)
    return _without(order, left_out)


def _without(order: Order, left_out: Mapping[UUID, Restriction]) -> Order:
    number = len({restriction.pk for restriction in left_out.values()})
    return replace(order, left_out=frozenset(left_out), number_left_out=number)


def audience_of(report: Report) -> list[Reader]:
    """Return everybody whom the report is for: its recipients, and who ordered it. Nobody in particular is nobody."""
    readers = list(readers_of(report.recipients, report.client).values())
    if report.ordered_by is not None:
        readers.append(reader_of(report.ordered_by))
    if report.ordered_by_client is not None:
        readers.append(reader_of_client(report.ordered_by_client.pk, report.ordered_by_client.client_name))
    return readers or [NOBODY]


def kept_back(report: Report) -> dict[UUID, Restriction]:
    """Return the restrictions, by company, for which somebody whom the report is for is not cleared.

    One query where the restricted list is empty.
    """
    return closed_to_any(audience_of(report)) if Restriction.objects.live().exists() else {}


def for_nobody(order: Order) -> Order:
    """Return the order as it is made for a reader whom nobody knows, such as a shell. Raises ReportRefused."""
    left_out = closed_to_any([NOBODY])
    return _without(replace(order, companies=open_companies(order.companies, left_out)), left_out)


def open_companies(companies: Sequence[Company], left_out: Mapping[UUID, Restriction]) -> tuple[Company, ...]:
    """Return those of the companies asked for that the report may tell of. Raises ReportRefused where none is left."""
    kept = tuple(company for company in companies if company.pk not in left_out)
    if companies and not kept:
        named = ", ".join(company.ticker or company.name for company in companies)
        raise ReportRefused(
            f"{named}: on the restricted list, and not everybody whom the report goes to is cleared. "
            "Have them cleared, or order it for yourself alone",
            field="companies_included",
        )
    return kept
