"""What ownership and corporate events add to the insider component on a day: impact x 2^(-age / half-life), by type.

Pure. Impacts and half-lives are the catalogue's. Purchases in an offering, holders of a tenth who are no officers, and
joint filers are sorted out before: only clusters of purchases weigh anything, and signals_app.ingest.edgar.ownership
says what makes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from scoring.engine.inputs import Evidence, Points
from scoring.states import Event
from signals_app.catalogue import CATALOGUE, SignalKind

WEIGHED: dict[str, SignalKind] = {
    name: kind for name, kind in CATALOGUE.items() if kind.feeds == "insider" and kind.impact and kind.half_life_days
}
CLUSTER, ACTIVIST = "insider_buying_cluster", "activist_stake"
ONE_A_TYPE_WITHIN = timedelta(days=30)
# Who held more than 5 % before the offering has to file within days of it: that is no campaign.
AFTER_AN_IPO = timedelta(days=60)
# Absence is known only as far as the source was read. Registrants file a periodic report at least every 200 days, and
# insiders are granted shares or options at least once a year.
FILINGS_READ_WITHIN = timedelta(days=200)
OWNERSHIP_READ_WITHIN = timedelta(days=400)
EDGAR = "edgar"
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Read:
    """The last day by which the company's filings, and its insiders' forms, stand in the ledger; None = not read."""

    filings: date | None = None
    ownership: date | None = None

    def covers(self, kind: str, day: date) -> date | None:
        """Return the day of the last record if it is fresh enough that an event of the type would be there, too."""
        last, within = (
            (self.ownership, OWNERSHIP_READ_WITHIN) if kind == CLUSTER else (self.filings, FILINGS_READ_WITHIN)
        )
        return last if last is not None and day - last < within else None


def points(events: Sequence[Event], day: date, read: Read, *, went_public: date | None = None) -> dict[str, Points]:
    """Return the points of each type that had an event by the day, or surely had none; others are absent.

    `events` are in the order in which they happened. Source: the catalogue of signals; half-lives in days.
    """
    found: dict[str, Points] = {}
    by_type: Mapping[str, list[Event]] = {name: [] for name in WEIGHED}
    for event in _without_ipo_holders(events, went_public):
        if event.type in by_type:
            by_type[event.type].append(event)
    for name, of_type in by_type.items():
        counted = list(_one_a_month(of_type))
        if counted:
            found[name] = _sum(counted, WEIGHED[name], day)
        elif last := read.covers(name, day):
            found[name] = Points(Decimal(0), f"none in what was filed by {last}", Evidence(EDGAR, None, last))
    return found


def _without_ipo_holders(events: Iterable[Event], went_public: date | None) -> Iterator[Event]:
    for event in events:
        is_of_ipo = (
            event.type == ACTIVIST
            and went_public is not None
            and went_public <= event.day <= went_public + AFTER_AN_IPO
        )
        if not is_of_ipo:
            yield event


def _one_a_month(events: Iterable[Event]) -> Iterator[Event]:
    """Yield the first event, and each that came at least 30 days after the last one that counted."""
    last: date | None = None
    for event in events:
        if last is None or event.day - last >= ONE_A_TYPE_WITHIN:
            last = event.day
            yield event


def _sum(counted: Sequence[Event], kind: SignalKind, day: date) -> Points:
    half_life = Decimal(kind.half_life_days or 1)
    total = sum(
        (kind.impact * Decimal(2) ** (Decimal((event.day - day).days) / half_life) for event in counted), Decimal(0)
    )
    newest = counted[-MOST_NAMED:][::-1]
    words = ", ".join(f"{kind.impact:+f} on {event.day}" for event in newest)
    more = f" and {len(counted) - MOST_NAMED} before" if len(counted) > MOST_NAMED else ""
    last = newest[0].evidence
    ids = tuple(event.signal_id for event in counted)
    return Points(
        total, f"{words}{more}; half-life {kind.half_life_days} days", Evidence(last.source, last.url, last.day, ids)
    )
