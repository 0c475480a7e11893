"""Verbs of the deal desk: add a deal or a rumour, correct its terms, end it or take that back. All append rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from biotech_ma.core.market_day import NEW_YORK, start_of
from biotech_ma.core.services import Refused, recorded
from companies.identity import read_as
from companies.models import Company
from signals_app.deal_terms import MILESTONES, RUMOURED, TERMINATED, Milestone, as_number
from signals_app.deals import NEAR, RUMOUR, Deal
from signals_app.models import Signal
from signals_app.offers import OFFER, OFFER_ENDED
from signals_app.services import correct_signal, record_signal

MOST_OF_A_TITLE = 500


def add_deal(
    *,
    company: Company,
    acquirer: str,
    announced: dt.date,
    is_rumour: bool,
    terms: Mapping[str, str],
    milestones: Iterable[Milestone] = (),
    source_url: str = "",
    reason: str = "",
) -> Signal:
    """Append a deal that no source has: an announced one takes the target out of the ranking, a rumour does not.

    The desk knows it from now on. Raises Refused for an archived target and where it has that deal already.
    """
    target = company.survivor
    kind = RUMOUR if is_rumour else OFFER
    near = (start_of(announced) - NEAR, start_of(announced) + NEAR)
    known: Any = Deal.deals.followed()
    same = known.filter(whose=target.pk, signal_type=kind, event_date__range=near).first()
    if same is not None:
        raise Refused(
            f"The desk has that deal already, of {same.event_date.astimezone(NEW_YORK):%Y-%m-%d}: correct it."
        )
    data: dict[str, Any] = {"acquirer": acquirer, **{name: text for name, text in terms.items() if text}}
    data |= {"rumour": True, "status": RUMOURED} if is_rumour else {}
    paid = [each.to_json() for each in milestones]
    saved = record_signal(
        company=target,
        signal_type=kind,
        event_date=start_of(announced),
        title=_title(acquirer, target, is_rumour=is_rumour),
        source_url=source_url or None,
        signal_data={**data, **({MILESTONES: paid} if paid else {})},
        reason=reason,
    )
    if terms.get("status") == TERMINATED and not is_rumour:
        _call_off(saved, _ended_on(terms), reason)
    return saved


def edit_terms(
    *,
    deal: Deal,
    terms: Mapping[str, str],
    milestones: Iterable[Milestone] | None = None,
    announced: dt.date | None = None,
    source_url: str | None = None,
    reason: str = "",
) -> Signal:
    """Append a row that supersedes the deal's, with these terms; an empty one takes its term away.

    What is called off ends in the ledger, too, so that the target is ranked again; what stands after all is under offer
    again. A rumour that is announced becomes a takeover. None for milestones, day and address leaves them as they are.
    Raises Refused where nothing changes or somebody corrected the row before.
    """
    with recorded("correct deal", reason=reason):
        signal = Signal.objects.select_related("company__merged_into").get(pk=deal.pk)
        was, wanted = deal.status, terms.get("status") or deal.status
        changes: dict[str, Any] = {"signal_data": _data(deal, signal, terms, milestones)}
        if source_url is not None and source_url != (signal.source_url or ""):
            changes["source_url"] = source_url or None
        if announced is not None and announced != signal.event_date.astimezone(NEW_YORK).date():
            changes["event_date"] = start_of(announced)
        if deal.is_rumour and wanted not in {RUMOURED, TERMINATED}:
            changes["signal_type"] = OFFER
            changes["title"] = _title(deal.acquirer, signal.company.survivor, is_rumour=False)
            changes["signal_data"].pop("rumour", None)
        saved = correct_signal(signal=signal, changes=changes, reason=reason)
        if saved.signal_type == OFFER and wanted != was:
            if wanted == TERMINATED:
                _call_off(saved, _ended_on(terms), reason)
            elif was == TERMINATED:
                _stands_after_all(saved, reason)
    return saved


def _data(
    deal: Deal, signal: Signal, terms: Mapping[str, str], milestones: Iterable[Milestone] | None
) -> dict[str, Any]:
    data = dict(signal.signal_data)
    for name, text in terms.items():
        if name == "value_usd" and text and as_number(text) == getattr(deal, "value", None):
            continue  # as the source has it, in whatever unit
        if text:
            data[name] = text
        else:
            data.pop(name, None)
            if name == "value_usd":
                data.pop("value_usd_m", None)
    if milestones is not None:
        paid = [each.to_json() for each in milestones]
        data.pop(MILESTONES, None)
        data |= {MILESTONES: paid} if paid else {}
    if "status" not in signal.signal_data and data.get("status") == deal.status:
        data.pop("status", None)
    return data


def _call_off(saved: Signal, day: dt.date, reason: str) -> None:
    """Append the end of an announced takeover: from then on its target is under offer no longer."""
    data = {name: saved.signal_data[name] for name in ("deal", "acquirer") if saved.signal_data.get(name)}
    target = saved.company.survivor
    words = f"{data['acquirer']}'s acquisition" if data.get("acquirer") else "The acquisition"
    record_signal(
        company=target,
        signal_type=OFFER_ENDED,
        event_date=max(start_of(day), saved.event_date),
        title=f"{words} of {target.name} is terminated"[:MOST_OF_A_TITLE],
        signal_data=data,
        reason=reason,
    )


def _stands_after_all(saved: Signal, reason: str) -> None:
    """Take back the ends of a takeover that stands: each is superseded by what says so."""
    ends = Signal.objects.current().annotate(whose=read_as())
    for end in ends.filter(
        signal_type=OFFER_ENDED, whose=saved.company.survivor.pk, event_date__gte=saved.event_date
    ).order_by("id"):
        changes = {
            "signal_type": OFFER,
            "event_date": saved.event_date,
            "title": f"The acquisition of {saved.company.survivor.name} is not terminated"[:MOST_OF_A_TITLE],
            "signal_data": {**end.signal_data, "stands": True},
        }
        correct_signal(signal=end, changes=changes, reason=reason)


def _ended_on(terms: Mapping[str, str]) -> dt.date:
    text = terms.get("ended_on") or ""
    return dt.date.fromisoformat(text) if text else timezone.localdate(timezone=NEW_YORK)


def _title(acquirer: str, target: Company, *, is_rumour: bool) -> str:
    if is_rumour:
        return f"{acquirer or 'A buyer'} is said to want {target.name}"[:MOST_OF_A_TITLE]
    return f"{acquirer or 'A buyer'} to acquire {target.name}"[:MOST_OF_A_TITLE]
