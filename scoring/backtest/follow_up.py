"""What became of a company after a day: bought, not bought, or lost from sight. Pure.

This side looks ahead of the day by design; what is ranked never does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# An annual filer is silent for a year and up to a month of delay.
SILENT_AFTER_DAYS = 400


@dataclass(frozen=True, slots=True)
class Deal:
    """An announced takeover. `ended`: called off on that day. `is_label`: counts as a positive.

    One that is no label (the ledger knows it, the labels given do not) ends the company's follow-up.
    """

    number: int
    announced: date
    ended: date | None = None
    is_label: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a row's horizon held. `deal`: the number of the first one. `is_censored`: followed for a part of it only.

    `is_on_labels_alone`: no deal, and the ledger's filings end before the horizon does.
    """

    deal: int | None = None
    is_censored: bool = False
    is_on_labels_alone: bool = False


@dataclass(frozen=True)
class FollowUp:
    """Deals and signs of life by company.

    `seen_by`: by company, of each day that is ranked, the last filing or price known by then (None: none yet);
    `delisted_by` likewise the last delisting. `seen`: the last one of all. `ledger_ends`: the last of any company.
    """

    days: Sequence[date]
    horizon_days: int
    deals: Mapping[str, Sequence[Deal]]
    seen_by: Mapping[str, Sequence[date | None]]
    delisted_by: Mapping[str, Sequence[date | None]]
    seen: Mapping[str, date]
    delisted: Mapping[str, date]
    ledger_ends: date | None

    def is_listed(self, company: str, number: int) -> bool:
        """Return whether the company was still filing on the day of that number."""
        seen = self.seen_by[company][number] if company in self.seen_by else None
        if seen is None or (self.days[number] - seen).days > SILENT_AFTER_DAYS:
            return False
        delisted = self.delisted_by[company][number]
        return delisted is None or delisted < seen

    def is_pending(self, company: str, day: date) -> bool:
        """Return whether a deal was announced by the end of the day and not called off."""
        return any(
            deal.announced <= day and (deal.ended is None or deal.ended > day) for deal in self.deals.get(company, ())
        )

    def outcome(self, company: str, day: date) -> Outcome:
        """Return what the horizon after the day held."""
        end = day + timedelta(days=self.horizon_days)
        ahead = [deal for deal in self.deals.get(company, ()) if day < deal.announced <= end]
        labels = [deal for deal in ahead if deal.is_label]
        if labels:
            return Outcome(deal=min(labels, key=lambda deal: deal.announced).number)
        seen = self.seen.get(company)
        # Whoever was bought after the horizon was there until its end.
        is_later = any(deal.announced > end for deal in self.deals.get(company, ()))
        is_short = not is_later and (seen is None or seen < end)
        if ahead or (is_short and self.has_vanished(company)):
            return Outcome(is_censored=True)
        return Outcome(is_on_labels_alone=is_short)

    def has_vanished(self, company: str) -> bool:
        """Return whether the company stopped filing long before the ledger ends, or with its delisting."""
        seen = self.seen.get(company)
        if seen is None or self.ledger_ends is None:
            return False
        delisted = self.delisted.get(company)
        return (self.ledger_ends - seen).days > SILENT_AFTER_DAYS or (delisted is not None and delisted >= seen)
