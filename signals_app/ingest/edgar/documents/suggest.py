"""What a submission's texts suggest about its filer: events, sure or with the doubt and the sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from biotech_ma.core.market_day import start_of
from companies.choices import Role
from signals_app.catalogue import CATALOGUE
from signals_app.ingest.edgar.documents import merger, phrases, text
from signals_app.ingest.edgar.filings import LONGEST_REPORTING_DELAY, Event, Filing
from signals_app.ingest.edgar.forms import EIGHT_K, REPORTS
from signals_app.ingest.edgar.full_text import Exhibit, FullText, Party

READ = EIGHT_K | REPORTS | {"6-K"}
AGREEMENT = "EX-2"
RELEASE = "EX-99"
# A report tells old stories; only what it says of its own future is news.
FROM_REPORTS = frozenset({"going_concern"})
# What is due lies ahead, but not further than this.
FURTHEST_DUE = timedelta(days=3 * 366)


def suggested(whole: FullText, party: Party, filing: Filing, role: str) -> Iterator[tuple[Event, str]]:
    """Yield each event that the texts suggest with the sentence that says so; an event without doubt is sure.

    Of a company whose role is not target, no takeover is sure.
    """
    base = filing.form.base
    main = [block for exhibit in whole.exhibits if _is_main(exhibit, base) for block in text.paragraphs(exhibit.text)]
    if base in REPORTS:
        yield from _from_sentences(filing, list(text.sentences(main)), FROM_REPORTS)
        return
    if base not in READ:
        return
    releases = [
        block
        for exhibit in whole.exhibits
        if exhibit.type.startswith(RELEASE)
        for block in text.news(text.paragraphs(exhibit.text))
    ]
    parts = text.items(main) if base in EIGHT_K else {"": main}
    told = list(text.sentences([block for part in parts.values() for block in part]))
    news = [*told, *text.sentences(releases)]
    yield from _agreement(whole, party, filing, parts, role)
    yield from _from_sentences(filing, news, None)


def _is_main(exhibit: Exhibit, base: str) -> bool:
    return exhibit.type.removesuffix("/A") == base


def _agreement(
    whole: FullText, party: Party, filing: Filing, parts: dict[str, list[str]], role: str
) -> Iterator[tuple[Event, str]]:
    """Yield what an 8-K says of a merger agreement: concluded (1.01), or ended (1.02)."""
    if "1.01" in parts:
        attached = any(exhibit.type.startswith(AGREEMENT) for exhibit in whole.exhibits)
        introduction = list(text.sentences(parts["1.01"]))
        reading = merger.read(introduction, party.name, has_merger_exhibit=attached)
        if reading is not None:
            data: dict[str, Any] = {"exhibits": [exhibit.type for exhibit in whole.exhibits]}
            if reading.price_usd is not None:
                data["price_per_share_usd"] = str(reading.price_usd)
            data["contingent_payment"] = reading.has_contingent_payment
            if reading.acquirer:
                data["acquirer"] = reading.acquirer
            may_buy = "" if role == Role.TARGET else f"the company is kept as {role}: it may be the buyer"
            doubt = reading.doubt or may_buy
            event = _event(filing, reading.signal_type, reading.sentence, doubt, data)
            yield replace(event, title=_title(reading.signal_type, reading.headline)), reading.sentence
    if "1.02" in parts:
        ended = merger.terminated(text.sentences(parts["1.02"]))
        if ended:
            yield _event(filing, "takeover_terminated", ended, "a merger agreement has ended: whose?", {}), ended


def _from_sentences(filing: Filing, found: list[str], only: frozenset[str] | None) -> Iterator[tuple[Event, str]]:
    for suggestion in phrases.suggestions(found, only):
        if suggestion.day is not None and not _is_due(suggestion.day, filing):
            continue
        event = _event(filing, suggestion.signal_type, suggestion.sentence, "suggested by the words", {})
        if suggestion.day is not None:
            key = f"{suggestion.signal_type}:{suggestion.day}"
            event = replace(event, key=key, event_date=start_of(suggestion.day))
        yield event, suggestion.sentence


def _is_due(day: date, filing: Filing) -> bool:
    return filing.filed <= day <= filing.filed + FURTHEST_DUE


def _event(filing: Filing, signal_type: str, sentence: str, doubt: str, more: dict[str, Any]) -> Event:
    happened = start_of(filing.report_date) if filing.report_date else filing.accepted
    if not filing.accepted - LONGEST_REPORTING_DELAY <= happened <= filing.accepted:
        happened = filing.accepted
    data = {"accession": filing.accession, "form": filing.name, "sentence": sentence[:2000], **more}
    if doubt:
        data["doubt"] = doubt
    return Event(signal_type, signal_type, happened, filing.accepted, _title(signal_type, sentence), data, doubt)


def _title(signal_type: str, words: str) -> str:
    return f"{CATALOGUE[signal_type].label}: {words}"[:500]
