"""Proposals that are unsure for one company stands in two rows: whom they may mean, and settling them by a merge."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, Value
from django.utils import timezone

from biotech_ma.core.services import locked, recorded
from companies.choices import AliasKind
from companies.duplicates import also_paired
from companies.models import Company, CompanyAlias, CompanyMerge
from companies.name_keys import NameKey
from signals_app.ingest.merge.settled import settle_reviews
from signals_app.ingest.sponsors import Sponsors
from signals_app.review_models import ReviewItem, ReviewKind, ReviewStatus

NAMES = (AliasKind.NAME, AliasKind.FORMER_NAME, AliasKind.MERGED)
IDENTITY = ("name", "ticker", "cik")
CIK_DIGITS = 10
# In what was proposed: the merge that settled it.
BY_MERGE = "settled_by_merge"

# A source gives one company the CIK or the ticker that another one has here.
also_paired(
    """
    SELECT r.company_id, holder.id, r.title
    FROM review_items AS r
    JOIN companies AS own ON own.id = r.company_id AND own.deleted_at IS NULL
    JOIN companies AS holder ON holder.deleted_at IS NULL AND holder.id <> own.id AND (
        r.proposed->>'field' = 'ticker' AND holder.ticker = upper(btrim(r.proposed->>'value'))
        OR r.proposed->>'field' = 'cik' AND holder.cik = lpad(btrim(r.proposed->>'value'), 10, '0'))
    WHERE r.status = 'open' AND r.kind = 'value' AND NOT r.proposed ? 'candidate'
    """
)


def meant_by(item: ReviewItem) -> list[Company]:
    """Return the live companies that the proposal may mean, its own first: more than one may be one in several rows."""
    found = [item.company.survivor] if item.company else []
    said = item.proposed
    if item.kind == ReviewKind.ALIAS and said.get("alias"):
        name = str(said["alias"])
        found += _called(name)
        if len({company.pk for company in found}) <= 1:
            found += Sponsors.load().match(name).alike
    elif item.kind == ReviewKind.VALUE and said.get("field") in IDENTITY and not said.get("candidate"):
        found += _holders(str(said["field"]), str(said.get("value") or ""))
    return list({company.pk: company for company in found if not company.is_archived}.values())


def _called(name: str) -> list[Company]:
    key = NameKey(Value(name[:255].replace("\x00", "")))
    aliases = CompanyAlias.objects.filter(name_key=key, kind__in=NAMES).values("company_id")
    return list(Company.objects.filter(Q(name_key=key) | Q(pk__in=aliases)).exclude(name_key="").order_by("id"))


def _holders(field: str, value: str) -> list[Company]:
    if field == "name":
        return _called(value)
    text = value.strip().upper()
    asked = {field: text.zfill(CIK_DIGITS) if field == "cik" else text}
    return list(Company.objects.filter(**asked))


def settle_by_merge(*, item: ReviewItem, merge: CompanyMerge, by: Any = None) -> bool:
    """Close an open proposal that a merge has answered, and what else it settles; return whether this one was open.

    It opens again when the merge is undone.
    """
    with recorded("settle proposal by merge", reason=merge.reason):
        current = locked(item)
        was_open = bool(current.status == ReviewStatus.OPEN)
        if was_open:
            current.status, current.decided_by, current.decided_at = ReviewStatus.SETTLED, by, timezone.now()
            current.reason = f"{merge.duplicate} is merged into {merge.kept}."
            current.proposed = {**current.proposed, BY_MERGE: str(merge.pk)}
            current.save(update_fields=["status", "decided_by", "decided_at", "reason", "proposed"])
        settle_reviews()
    return was_open


def reopen_undone() -> int:
    """Open the proposals again that merges had settled which are undone by now; return how many."""
    settled = list(ReviewItem.objects.filter(status=ReviewStatus.SETTLED, proposed__has_key=BY_MERGE))
    standing = {
        str(key)
        for key in CompanyMerge.objects.filter(
            pk__in=[item.proposed[BY_MERGE] for item in settled], undone_at__isnull=True
        ).values_list("pk", flat=True)
    } if settled else set()  # fmt: skip
    again = [item for item in settled if item.proposed[BY_MERGE] not in standing]
    for item in again:
        item.status, item.decided_by, item.decided_at, item.reason = ReviewStatus.OPEN, None, None, ""
        item.proposed = {name: value for name, value in item.proposed.items() if name != BY_MERGE}
    ReviewItem.objects.bulk_update(again, ["status", "decided_by", "decided_at", "reason", "proposed"])
    return len(again)
