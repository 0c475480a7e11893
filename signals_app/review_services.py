"""Deciding what a source proposed: accepting writes it, rejecting keeps it as said and done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from copy import copy
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from biotech_ma.core.services import Refused, locked, recorded
from companies.choices import AliasKind
from companies.models import Company, CompanyAlias, DrugCandidate
from companies.services import tell_of_edit
from signals_app.curated import append_edited_figures, follow_edits
from signals_app.ingest.merge.authority import CURATED
from signals_app.ingest.merge.market_caps import keep_market_caps
from signals_app.ingest.merge.settled import settle_reviews
from signals_app.ingest.sponsors import Sponsors
from signals_app.models import ReviewItem
from signals_app.review_models import CANDIDATE_VALUES, COMPANY_VALUES, ReviewKind, ReviewStatus
from signals_app.services import record_signal

# What a proposed signal may say of itself; company, source and source id are the item's.
SIGNAL_TEXTS = ("signal_type", "title", "description", "severity")


def accept_review(
    *,
    item: ReviewItem,
    by: AbstractBaseUser | None = None,
    reason: str = "",
    company: Company | None = None,
    changes: Mapping[str, Any] | None = None,
) -> ReviewItem:
    """Write what the item proposes, with the analyst's changes to it, and close the item and those it settles.

    `company` says whom it concerns where the source did not. Raises Refused for an item decided before, one without
    a company or a signal that is in the ledger already, ValueError for an unknown signal type, ValidationError for a
    wrong value.
    """
    accepted = _accept(item, by=by, reason=reason, company=company, changes=changes or {})
    settle_reviews()
    return accepted


def decide_reviews(
    *, items: Iterable[ReviewItem], accept: bool, by: AbstractBaseUser | None = None, reason: str = ""
) -> tuple[int, list[str]]:
    """Accept or reject each item by itself; return how many were decided, and why the others were not."""
    decided, refused = 0, []
    for item in items:
        try:
            if accept:
                _accept(item, by=by, reason=reason)
            else:
                reject_review(item=item, by=by, reason=reason)
            decided += 1
        except (Refused, ValueError, ValidationError, IntegrityError) as error:
            refused.append(f"{item}: {words_of(error)}")
    if accept:
        settle_reviews()
    return decided, refused


def words_of(error: Exception) -> str:
    """Return a refusal in one line, for whoever decided."""
    if isinstance(error, IntegrityError):
        return "another change came first. Look at it again."
    return "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)


def _accept(
    item: ReviewItem,
    *,
    by: AbstractBaseUser | None,
    reason: str,
    company: Company | None = None,
    changes: Mapping[str, Any] | None = None,
) -> ReviewItem:
    with recorded("accept proposal", reason=reason):
        current = _open(item)
        current.company = company or current.company
        if current.company is None:
            raise Refused("Say which company it concerns.", field="company")
        current.company = current.company.survivor
        current.proposed = {**current.proposed, **(changes or {})}
        _WRITERS[ReviewKind(current.kind)](current, current.company)
        return _close(item, current, ReviewStatus.ACCEPTED, by, reason)


def reject_review(*, item: ReviewItem, by: AbstractBaseUser | None = None, reason: str = "") -> ReviewItem:
    """Close the item without writing what it proposes; the source will not propose it again.

    Raises Refused for an item decided before.
    """
    with recorded("reject proposal", reason=reason):
        return _close(item, _open(item), ReviewStatus.REJECTED, by, reason)


def _open(item: ReviewItem) -> ReviewItem:
    current = locked(item)
    if current.status != ReviewStatus.OPEN:
        raise Refused(f"That proposal was {current.status} already.", field="status")
    return current


def _close(
    item: ReviewItem, current: ReviewItem, status: ReviewStatus, by: AbstractBaseUser | None, reason: str
) -> ReviewItem:
    current.status, current.decided_by, current.decided_at = status, by, timezone.now()  # type: ignore[assignment]
    current.reason = reason
    current.save(update_fields=["company", "proposed", "status", "decided_by", "decided_at", "reason"])
    for name in ("company", "proposed", "status", "decided_by", "decided_at", "reason"):
        setattr(item, name, getattr(current, name))
    return current


def _write_signal(item: ReviewItem, company: Company) -> None:
    said = item.proposed
    fields: dict[str, Any] = {name: said[name] for name in SIGNAL_TEXTS if said.get(name)}
    fields.setdefault("title", item.title)
    record_signal(
        company=company,
        event_date=_instant(said, "event_date"),
        available_at=_instant(said, "available_at"),
        source=item.source,
        source_id=f"{item.source_id}:confirmed",
        source_url=item.source_url,
        signal_data={**said.get("signal_data", {}), "evidence": item.evidence},
        **fields,
    )


def _write_alias(item: ReviewItem, company: Company) -> None:
    said = item.proposed
    if company.is_archived:
        raise Refused(f"{company} is archived; restore it first.", field="company")
    others = [other.name for other in Sponsors.load().named(str(said.get("alias", ""))) if other.pk != company.pk]
    if others:
        raise Refused(f"{said['alias']} is a name of {' and '.join(others)}; one that leads to two leads to neither.")
    alias = CompanyAlias(
        company=company,
        kind=said.get("kind") or AliasKind.NAME,
        alias=said.get("alias", ""),
        valid_from=parse_date(said.get("valid_from") or ""),
        valid_to=parse_date(said.get("valid_to") or ""),
        source=item.source,
    )
    alias.full_clean(validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            alias.save()
    except IntegrityError:
        raise Refused(f"{company} has the alias {alias.alias} already.", field="alias") from None


def _write_market_cap(item: ReviewItem, company: Company) -> None:
    """Take the market cap over as the source's, not as curated: the next price may replace it."""
    said = item.proposed
    row = locked(company)
    day = parse_date(said.get("market_cap_as_of") or "")
    if day is None or said.get("market_cap_usd") is None:
        raise ValidationError({"proposed": "A market cap needs an amount and a day."})
    if row.market_cap_as_of is None or row.market_cap_as_of <= day:
        keep_market_caps([row])
        before = copy(row)
        row.market_cap_usd, row.market_cap_as_of = Decimal(str(said["market_cap_usd"])), day
        note = {"source": item.source, "as_of": day.isoformat(), "id": item.source_id}
        row.field_sources = {**row.field_sources, "market_cap_usd": note, "market_cap_as_of": note}
        followed = follow_edits([(before, row)])
        row.save(update_fields=["market_cap_usd", "market_cap_as_of", "field_sources", *followed])
        keep_market_caps([row])
        tell_of_edit(Company, ["market_cap_usd"])


def _write_value(item: ReviewItem, company: Company) -> None:
    """Set the field of the company, or of its candidate: as the source's if it refused the source, else as curated."""
    said = item.proposed
    name = str(said.get("field", ""))
    candidate = said.get("candidate")
    if name not in (CANDIDATE_VALUES if candidate else COMPANY_VALUES):
        raise ValidationError({"proposed": f"{name or 'Nothing'} is no field that a proposal may set."})
    row: Any = locked(DrugCandidate(pk=candidate) if candidate else company)
    if row.is_archived:
        raise Refused(f"{row} is archived; restore it first.", field="company")
    before = copy(row)
    note = said.get("provenance") or {"source": CURATED, "id": f"{item.source}:{item.source_id}"}
    values = {name: said.get("value"), **(said.get("with") or {})}
    for field, value in values.items():
        setattr(row, field, row._meta.get_field(field).to_python(value))
    row.field_sources = {**row.field_sources, **dict.fromkeys(values, note)}
    followed = [] if candidate else follow_edits([(before, row)])
    row.full_clean()
    row.save(update_fields=[*values, "field_sources", *followed])
    if not candidate:
        append_edited_figures(before=before, after=row)
    tell_of_edit(type(row), values)


_WRITERS = {
    ReviewKind.SIGNAL: _write_signal,
    ReviewKind.ALIAS: _write_alias,
    ReviewKind.SPLIT: _write_market_cap,
    ReviewKind.VALUE: _write_value,
}


def _instant(said: Mapping[str, Any], name: str) -> dt.datetime:
    value = said.get(name)
    moment = value if isinstance(value, dt.datetime) else parse_datetime(str(value or ""))
    if moment is None:
        raise ValidationError({name: "Say when, with the time zone."})
    return moment
