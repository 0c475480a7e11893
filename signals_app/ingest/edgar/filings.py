"""From a filing to what it says about a company: signals, or proposals where the form alone does not settle it. Pure.

It is known from the filing's acceptance on, or from its day where only that is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from biotech_ma.core.market_day import start_of
from companies.choices import Role
from signals_app.ingest.edgar.forms import (
    EIGHT_K,
    EXHIBITS_ONLY,
    ITEMS,
    MERGER_HINTS,
    MERGER_SHARES,
    MERGER_VOTES,
    NEW_LISTINGS,
    NOT_PUBLIC_WHEN_FILED,
    OFFERS,
    WITHDRAWALS_FROM_EXCHANGE,
    Form,
    Part,
    type_of_form,
    type_of_item,
)

ARCHIVE = "https://www.sec.gov/Archives/edgar/data/"
# A vote on one's own purchase follows the registration of the shares that pay for it within this time.
SHARES_REGISTERED_WITHIN = timedelta(days=270)
LISTED_ANEW_WITHIN = timedelta(days=30)
# An event reported later than this is a slip in the report's date.
LONGEST_REPORTING_DELAY = timedelta(days=370)
# The parts of who files about another company.
OF_ANOTHER = (Part.FILED_BY, Part.FILER, Part.OWNER)
TENDER_OFFERS = frozenset({"SC TO-T", "SC 14D1"})


@dataclass(frozen=True, slots=True)
class Filing:
    """One filing of a company. `accepted` has its zone; `items` are an 8-K's; `part` is the company's part in it."""

    file: str
    line: int | None
    cik: str
    accession: str
    form: Form
    filed: date
    accepted: datetime
    report_date: date | None = None
    items: tuple[str, ...] = ()
    part: Part = Part.UNKNOWN
    document: str = ""

    @property
    def url(self) -> str:
        """The filing's index page."""
        folder = self.accession.replace("-", "")
        return f"{ARCHIVE}{int(self.cik)}/{folder}/{self.accession}-index.htm"

    @property
    def name(self) -> str:
        """The form as titles name it."""
        return f"{self.form.base}/A" if self.form.is_amendment else self.form.base


@dataclass(frozen=True, slots=True)
class Event:
    """What a filing says: a signal; with `doubt`, a proposal that says why it is not sure."""

    signal_type: str
    key: str
    event_date: datetime
    available_at: datetime
    title: str
    data: dict[str, Any] = field(hash=False)
    doubt: str = ""


@dataclass(frozen=True)
class History:
    """The days of a company's other filings on which the meaning of one depends."""

    shares_registered: tuple[datetime, ...] = ()
    listed_anew: tuple[datetime, ...] = ()

    @classmethod
    def of(cls, filings: Iterable[Filing]) -> History:
        """Gather the days from a company's filings."""
        shares, listings = [], []
        for filing in filings:
            if filing.form.base in MERGER_SHARES:
                shares.append(filing.accepted)
            elif filing.form.base in NEW_LISTINGS:
                listings.append(filing.accepted)
        return cls(tuple(shares), tuple(listings))

    def pays_with_shares(self, moment: datetime) -> bool:
        """Whether the company had lately registered shares for a merger."""
        return any(moment - SHARES_REGISTERED_WITHIN <= day <= moment for day in self.shares_registered)

    def moves_listing(self, moment: datetime) -> bool:
        """Whether the company had just been listed on another exchange."""
        return any(moment - LISTED_ANEW_WITHIN <= day <= moment for day in self.listed_anew)


def is_public(filing: Filing) -> bool:
    """Return whether the public could read the filing when it was accepted. Letters and drafts come out later."""
    return filing.form.base not in NOT_PUBLIC_WHEN_FILED


def events(filing: Filing, history: History, role: str) -> list[Event]:
    """Return what a public filing says about the company, whose role (target, acquirer, …) helps to read it."""
    if filing.form.base in EIGHT_K and not filing.form.is_amendment and filing.items:
        return _items(filing)
    signal_type, doubt = _meaning(filing, history, role)
    title = f"{filing.name}: {_WORDS[signal_type]}" if signal_type in _WORDS else f"{filing.name} filed"
    key = filing.name if signal_type == "sec_filing" else signal_type
    return [_event(filing, signal_type, key, filing.accepted, title, doubt=doubt)]


_WORDS = {
    "takeover_target": "offer for the company or vote on its sale",
    "takeover_acquirer": "offer for another company",
    "activist_stake": "stake of more than 5 %, with intentions",
    "passive_stake": "stake of more than 5 %, passive",
    "shelf_registration": "shelf registration",
    "financing": "prospectus of an offering",
    "delisting": "end of a listing or registration",
}


def _items(filing: Filing) -> list[Event]:
    """Return an event for each item; the exhibits are one only where nothing else is reported."""
    telling = [item for item in filing.items if item not in EXHIBITS_ONLY] or list(filing.items)
    happened = start_of(filing.report_date) if filing.report_date else filing.accepted
    if not filing.accepted - LONGEST_REPORTING_DELAY <= happened <= filing.accepted:
        happened = filing.accepted
    return [
        _event(
            filing,
            type_of_item(item, filing.items),
            item,
            happened,
            f"{filing.name} {item}: {ITEMS.get(item, 'unknown item')}",
            item=item,
        )
        for item in telling
    ]


def _meaning(filing: Filing, history: History, role: str) -> tuple[str, str]:
    """Return the signal type and, where it is not sure, why. An amendment announces nothing new."""
    base, part = filing.form.base, filing.part
    if filing.form.is_amendment:
        return "sec_filing", ""
    if base in OFFERS | MERGER_VOTES | MERGER_HINTS:
        return _takeover(filing, history, role)
    if base == "SC 13D":
        return _stake(part, role)
    of_another = base == "SC 13G" and part in OF_ANOTHER
    moved = base in WITHDRAWALS_FROM_EXCHANGE and history.moves_listing(filing.accepted)
    return "sec_filing" if of_another or moved else type_of_form(filing.form), ""


def _takeover(filing: Filing, history: History, role: str) -> tuple[str, str]:
    base = filing.form.base
    if base in OFFERS:
        return _offer(base, filing.part)
    if base in MERGER_VOTES:
        return _vote(filing, history, role)
    return "takeover_target", f"a {base} only suggests a takeover"


def _offer(base: str, part: Part) -> tuple[str, str]:
    if part is Part.SUBJECT:
        return "takeover_target", ""
    if part in OF_ANOTHER:
        return ("takeover_acquirer", "") if base in TENDER_OFFERS else ("sec_filing", "")
    return "takeover_target", "the list does not say whether the company is the subject of the offer or makes it"


def _vote(filing: Filing, history: History, role: str) -> tuple[str, str]:
    if role != Role.TARGET:
        return "takeover_target", f"the company is kept as {role}: its shareholders may vote on a purchase"
    if history.pays_with_shares(filing.accepted):
        return "takeover_target", "the company registered shares for a merger: it may be the buyer, or the shell"
    return "takeover_target", ""


def _stake(part: Part, role: str) -> tuple[str, str]:
    if part is Part.SUBJECT:
        return "activist_stake", ""
    if part in OF_ANOTHER or role != Role.TARGET:
        return "sec_filing", ""
    return "activist_stake", "the list does not say whether the company is the subject of the stake or holds it"


def _event(
    filing: Filing, signal_type: str, key: str, happened: datetime, title: str, *, doubt: str = "", item: str = ""
) -> Event:
    data: dict[str, Any] = {"accession": filing.accession, "form": filing.name, "filed": filing.filed.isoformat()}
    if filing.report_date:
        data["report_date"] = filing.report_date.isoformat()
    if filing.items:
        data["items"] = list(filing.items)
    if item:
        data["item"] = item
    if filing.part is not Part.UNKNOWN:
        data["part"] = str(filing.part)
    if filing.document:
        data["document"] = filing.document
    return Event(signal_type, key, happened, filing.accepted, title, data, doubt)
