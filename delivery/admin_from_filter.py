"""Alerts from filters of lists: what narrowed a list down, said in the language of conditions (docs/adr/0037).

Each parameter of a list's address that has a counterpart is read here; one that has none is refused by its name, for an
alert that asks less than the list did would tell of what nobody asked for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpRequest
from django.urls import reverse

from biotech_ma.core.admin import figures
from biotech_ma.core.admin.saved import Way, also_offer
from biotech_ma.core.saved_filters import SavedFilter
from companies.choices import Role
from companies.models import Company, Watchlist
from delivery.alerts.conditions import ConditionError, parse
from delivery.choices import AlertType, Channel
from signals_app.catalogue import CATALOGUE

COMPANIES, SIGNALS, SCORES = "companies.company", "signals_app.signal", "scoring.mascore"
# The order of a list and its mark of a faulty address ask nothing of a row.
NARROWS_NOTHING = frozenset({"o", "e"})
MOST_SHOWN, MOST_DIGITS = 60, 19
FROM_FILTER = "filter"
COPIED = (
    "This alert asks what the filter “{}” asks now. It is a copy: a later change of the filter does not change it. "
    "Look at the type, say whom to tell, and save."
)

type Comparison = dict[str, Any]
type Read = Callable[[list[str]], list[Comparison]]


class NoCounterpart(ValueError):
    """The filter asks for something that no condition can: which parameter, and why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"“{name[:MOST_SHOWN]}” has no counterpart in an alert: {why}")


@dataclass(slots=True)
class Draft:
    """An alert as the filter means it, still to be completed by who makes it."""

    alert_type: str = AlertType.CUSTOM
    condition: dict[str, Any] = field(default_factory=dict)
    company_tickers: list[str] = field(default_factory=list)
    signal_types: list[str] = field(default_factory=list)
    watchlist: UUID | None = None

    def initial(self) -> dict[str, Any]:
        """Return the values with which the form begins."""
        return {
            "alert_type": self.alert_type,
            "condition": self.condition,
            "company_tickers": self.company_tickers,
            "signal_types": self.signal_types,
            "watchlist": self.watchlist,
        }


def draft_of(table: str, params: Iterable[tuple[str, str]], user: Any) -> Draft:
    """Return the alert that the parameters of the list mean, taken together, for this user.

    Raises NoCounterpart, naming the parameter, for what a condition cannot ask and for a value that is none.
    """
    readers, draft = READERS[table], Draft()
    comparisons: list[Comparison] = []
    for name, values in _by_name(params).items():
        if name in NARROWS_NOTHING:
            continue
        try:
            if name == "company__id__exact":
                draft.company_tickers = [_ticker_of(value) for value in values]
            elif table == SIGNALS and name == "signal_type__exact":
                draft.signal_types = [_signal_type(value) for value in values]
            elif table == COMPANIES and name == "watchlist":
                draft.watchlist = _watchlist(_one(values), user)
            elif name in readers:
                comparisons += _checked(readers[name](values))
            else:
                raise ValueError(WHY_NOT.get(name, "alerts know no such field."))
        except ValueError as error:
            raise NoCounterpart(name, str(error)) from None
    draft.condition = {} if not comparisons else comparisons[0] if len(comparisons) == 1 else {"and": comparisons}
    draft.alert_type = _type_of(table, comparisons, draft)
    return draft


def _by_name(params: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in params:
        found.setdefault(name, []).append(value.strip())
    return found


def _type_of(table: str, comparisons: list[Comparison], draft: Draft) -> str:
    if not (comparisons or draft.company_tickers or draft.signal_types or draft.watchlist):
        raise NoCounterpart("the filter", "it narrows nothing down; filter the list first.")
    if table == SIGNALS:
        return AlertType.NEW_SIGNAL
    if not comparisons:
        return AlertType.WATCHLIST_CHANGE
    # Scores are of targets that nobody has made an offer for: of others, new signals alone can tell.
    return AlertType.NEW_SIGNAL if any(map(_excludes_the_ranked, comparisons)) else AlertType.CUSTOM


def _excludes_the_ranked(comparison: Comparison) -> bool:
    match comparison["field"], comparison["value"]:
        case "company.role", list() as roles:
            return Role.TARGET.value not in roles
        case "company.role", role:
            return bool(role != Role.TARGET.value)
        case "company.under_offer_since", value:
            return bool(value)
    return False


def _checked(comparisons: list[Comparison]) -> list[Comparison]:
    for comparison in comparisons:
        try:
            parse(comparison)
        except ConditionError as error:
            raise ValueError(str(error).partition(": ")[2] or str(error)) from None
    return comparisons


def _ticker_of(text: str) -> str:
    try:
        company = Company.objects.filter(pk=UUID(text)).first()
    except ValueError:
        company = None
    if company is None:
        raise ValueError("the company is archived or gone.")
    if not company.ticker:
        raise ValueError(f"{company.name} has no ticker, by which alerts name companies.")
    return company.ticker


def _watchlist(text: str, user: Any) -> UUID:
    try:
        found = Watchlist.objects.seen_by(user).filter(pk=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise ValueError("the watchlist is archived, gone, or not yours to see.")
    return UUID(str(found.pk))


def _signal_type(text: str) -> str:
    if text not in CATALOGUE:
        raise ValueError(f"there is no type of signal {text[:MOST_SHOWN]!r}.")
    return text


def _one(values: list[str]) -> str:
    if len(values) > 1:
        raise ValueError("it is given more than once.")
    return values[0]


def _any_of(name: str) -> Read:
    def read(values: list[str]) -> list[Comparison]:
        if len(values) == 1:
            return [{"field": name, "operator": "eq", "value": values[0]}]
        return [{"field": name, "operator": "in", "value": values}]

    return read


def _with(name: str, operator: str) -> Read:
    return lambda values: [{"field": name, "operator": operator, "value": _one(values)}]


def _figure(name: str, operator: str) -> Read:
    def read(values: list[str]) -> list[Comparison]:
        number = figures.parse_money(_one(values))
        plain = int(number) if number == number.to_integral_value() else float(number)
        return [{"field": name, "operator": operator, "value": plain}]

    return read


def _day(name: str, operator: str) -> Read:
    def read(values: list[str]) -> list[Comparison]:
        try:
            day = models.DateField().to_python(_one(values))
        except ValidationError:
            day = None
        if not isinstance(day, dt.date):
            raise ValueError("it is no day; write it as YYYY-MM-DD.")
        return [{"field": name, "operator": operator, "value": day.isoformat()}]

    return read


def _yes_no(name: str) -> Read:
    def read(values: list[str]) -> list[Comparison]:
        value = _one(values)
        if value == "unknown":
            return [{"field": name, "operator": "known", "value": False}]
        if value not in {"0", "1"}:
            raise ValueError("it is neither yes, no nor unknown.")
        return [{"field": name, "operator": "eq", "value": value == "1"}]

    return read


def _empty(name: str) -> Read:
    def read(values: list[str]) -> list[Comparison]:
        value = _one(values)
        if value not in {"0", "1"}:
            raise ValueError("it is neither yes nor no.")
        return [{"field": name, "operator": "known", "value": value == "0"}]

    return read


def _range(parameter: str, name: str, bound: Callable[[str, str], Read]) -> dict[str, Read]:
    return {f"{parameter}_from": bound(name, "gte"), f"{parameter}_to": bound(name, "lte")}


# A parameter of the list's address to the comparisons that it means.
READERS: Mapping[str, Mapping[str, Read]] = {
    COMPANIES: {
        "role__exact": _any_of("company.role"),
        "therapeutic_areas": _with("company.therapeutic_areas", "contains"),
        **_range("market_cap_usd", "company.market_cap_usd", _figure),
        **_range("runway_quarters", "company.runway_quarters", _figure),
        "is_cash_constrained__exact": _yes_no("company.is_cash_constrained"),
        "is_public__exact": _yes_no("company.is_public"),
        "under_offer_since__isempty": _empty("company.under_offer_since"),
        "tag": _with("company.tags", "contains"),
    },
    SCORES: {
        "company__therapeutic_areas": _with("company.therapeutic_areas", "contains"),
        **_range("total_score", "score.total_score", _figure),
        **_range("company__market_cap_usd", "company.market_cap_usd", _figure),
        **_range("score_date", "score.score_date", _day),
    },
    SIGNALS: {
        "severity__exact": _any_of("signal.severity"),
        **_range("event_date", "signal.event_date", _day),
        "source": _with("signal.source", "eq"),
    },
}
WHY_NOT = {
    "q": "a search finds names, tickers and former names, which no condition does; narrow the list by its filters.",
    "archived": "archived companies set nothing off.",
    "day": "alerts look at the ranked scores of each new day, not at earlier days or unranked companies.",
    "ledger": "alerts hear of signals that have become known and stand, not of superseded ones or those to come.",
}


def filter_of(request: HttpRequest) -> SavedFilter | None:
    """Return the filter that the address names, None where it names none. Raises Http404 for one that is not seen."""
    key = request.GET.get(FROM_FILTER)
    if key is None:
        return None
    is_number = key.isascii() and key.isdecimal() and len(key) < MOST_DIGITS
    found = SavedFilter.objects.seen_by(request.user).filter(pk=int(key)).first() if is_number else None
    if found is None or found.table not in READERS:
        raise Http404("There is no such filter.")
    return found


def started(saved: SavedFilter, request: HttpRequest) -> dict[str, Any] | None:
    """Return the values with which the alert of a filter begins; None, with the reason as a message, where none can."""
    try:
        draft = draft_of(saved.table, saved.params(), request.user)
    except NoCounterpart as refusal:
        messages.error(request, f"No alert can be made of the filter “{saved.name}”: {refusal}")
        return None
    messages.info(request, COPIED.format(saved.name))
    return {"name": saved.name, "notification_channels": [Channel.INBOX.value], **draft.initial()}


def list_of(saved: SavedFilter) -> str:
    """Return the address of the list, narrowed down by the filter."""
    return f"{reverse(f'admin:{saved.table.replace(".", "_")}_changelist')}?{saved.query}"


def _alert_me(request: HttpRequest, saved: SavedFilter) -> Way | None:
    if saved.table not in READERS or not request.user.has_perm("delivery.add_alert"):
        return None
    url = f"{reverse('admin:delivery_alert_add')}?{FROM_FILTER}={saved.pk}"
    return Way("Alert me", url, f"An alert that asks what {saved.name} asks")


also_offer(_alert_me)
