"""What hangs on a watchlist: told before it is archived, by the apps that make something of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from companies.models import Company, Watchlist

type Uses = Callable[[Watchlist], list[str]]
_uses: list[Uses] = []


def also_used(uses: Uses) -> None:
    """Have this say what uses a watchlist, one line each: for the apps above, from their `ready()`."""
    _uses.append(uses)


def uses_of(watchlist: Watchlist) -> list[str]:
    """Return what uses the watchlist, one line each."""
    return [line for uses in _uses for line in uses(watchlist)]


def number_on(watchlists: Iterable[Watchlist], companies: Sequence[Company]) -> Counter[UUID]:
    """Return how many of the companies are on each of the watchlists, by its id. One query."""
    rows = Watchlist.companies.through.objects.filter(
        watchlist__in=[row.pk for row in watchlists], company__in=[company.pk for company in companies]
    )
    return Counter(rows.values_list("watchlist_id", flat=True))


def put_on(watchlist: Watchlist, companies: Sequence[Company]) -> int:
    """Put the companies on the watchlist; return how many of them were not on it before."""
    held = set(watchlist.companies.filter(pk__in=[company.pk for company in companies]).values_list("pk", flat=True))
    new = [company for company in companies if company.pk not in held]
    watchlist.companies.add(*new)
    return len(new)


def take_off(watchlist: Watchlist, companies: Sequence[Company]) -> int:
    """Take the companies off the watchlist; return how many of them were on it."""
    return int(
        Watchlist.companies.through.objects.filter(
            watchlist_id=watchlist.pk, company_id__in=[company.pk for company in companies]
        ).delete()[0]
    )


def companies_on(watchlists: Iterable[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Return the companies of each of these watchlists, none of an archived one. One query, none without watchlists."""
    wanted = set(watchlists)
    found: dict[UUID, set[UUID]] = {key: set() for key in wanted}
    if wanted:
        rows = Watchlist.companies.through.objects.filter(
            watchlist__in=wanted, watchlist__deleted_at__isnull=True
        ).values_list("watchlist_id", "company_id")
        for watchlist, company in rows:
            found[watchlist].add(company)
    return {key: frozenset(companies) for key, companies in found.items()}


def refs_on(watchlists: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return the live companies of each of these watchlists by ticker, by id where there is none. Two queries."""
    listed = companies_on(watchlists)
    held = Company.objects.filter(pk__in=frozenset().union(*listed.values())).order_by("ticker", "id")
    refs = {key: ticker or str(key) for key, ticker in held.values_list("pk", "ticker")}
    return {key: [ref for company, ref in refs.items() if company in companies] for key, companies in listed.items()}
