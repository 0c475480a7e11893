"""Writes the names and tickers under which sources know a company; what leads there already is not written again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from companies.models import Company, CompanyAlias
from signals_app.ingest.merge.authority import CURATED

LONGEST_ALIAS = 255
_NO_LETTER = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class AliasRecord:
    """Another name of a company, and the first and last day on which it led there (None = open)."""

    company_id: UUID
    kind: str
    alias: str
    valid_from: date | None = None
    valid_to: date | None = None


def merge_aliases(records: Iterable[AliasRecord], *, source: str) -> set[UUID]:
    """Add the aliases that are new by company, kind and letters; return the companies whose aliases changed.

    A period that was open is closed by a source that knows its days, unless an analyst wrote the alias.
    """
    pending = {
        (record.company_id, str(record.kind), letters(record.alias)): record
        for record in records
        if letters(record.alias) and len(record.alias) <= LONGEST_ALIAS
    }
    ids = {record.company_id for record in pending.values()}
    rows = CompanyAlias.objects.filter(company_id__in=ids)
    held = {(row.company_id, row.kind, row.normalized): row for row in rows.order_by("-id")}
    names = {(pk, letters(name)) for pk, name in Company.all_objects.filter(pk__in=ids).values_list("pk", "name")}
    new: list[CompanyAlias] = []
    changed: list[CompanyAlias] = []
    for key, record in pending.items():
        row = held.get(key)
        if row is not None:
            if row.source != CURATED and _closes(row, record):
                changed.append(row)
        elif (key[0], key[2]) not in names:
            new.append(
                CompanyAlias(
                    company_id=record.company_id, kind=record.kind, alias=record.alias,
                    valid_from=record.valid_from, valid_to=record.valid_to, source=source,
                )
            )  # fmt: skip
    CompanyAlias.objects.bulk_create(new)
    CompanyAlias.objects.bulk_update(changed, ["valid_from", "valid_to"])
    return {row.company_id for row in (*new, *changed)}


def _closes(row: CompanyAlias, record: AliasRecord) -> bool:
    """Fill in the days that the row lacks, and return whether there were any."""
    before = row.valid_from, row.valid_to
    first, last = row.valid_from or record.valid_from, row.valid_to or record.valid_to
    if first is None or last is None or first <= last:
        row.valid_from, row.valid_to = first, last
    return before != (row.valid_from, row.valid_to)


def letters(name: str) -> str:
    """Return the letters and digits in capitals: what the database keeps beside an alias, and look-ups compare."""
    return _NO_LETTER.sub("", name).upper()
