"""Verbs that write companies and drug candidates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import Any, Protocol

from django.db import connection
from django.utils import timezone

from biotech_ma.core import news
from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.services import Outcome, Refused, locked, recorded, register, stamp, unstamp
from companies.models import Company, DrugCandidate

# Remaining years are shown with two decimals in five digits: a far-off date must not fail the whole statement.
MOST_YEARS = Decimal("999.99")

PATENT_YEARS = """
UPDATE drug_candidates AS d SET patent_years_remaining = fresh.years
FROM (
    SELECT id, CASE WHEN patent_expiry IS NOT NULL THEN
        least(%(most)s, greatest(0, round((patent_expiry - %(day)s::date) / 365.25, 2))) END AS years
    FROM drug_candidates
) AS fresh
WHERE d.id = fresh.id AND d.patent_years_remaining IS DISTINCT FROM fresh.years
"""


# The source that outranks all others.
CURATED = "curated"
# The topic of the news that somebody has changed what scores are made of.
EDITS = "edits"
# What is derived from a company's other figures, unless an analyst sets it.
FOLLOWING = ("runway_quarters", "is_cash_constrained", "enterprise_value_usd")


class Edited(Protocol):
    """Takes note of what an analyst changed in a company's row, in the transaction of the change."""

    def __call__(self, *, before: Company, after: Company) -> object: ...


class Follows(Protocol):
    """Lets what is derived from edited figures follow in the state after, and returns the columns that it may set."""

    def __call__(self, edits: Sequence[tuple[Company, Company]]) -> list[str]: ...


_noting: list[Edited] = []
_following: list[Follows] = []


def when_edited(note: Edited, *, follow: Follows) -> None:
    """Have every edit of a company noted, and figures derived with it: for the apps above, from their `ready()`."""
    _noting.append(note)
    _following.append(follow)


def follow_edit(*, before: Company, after: Company) -> list[str]:
    """Let what rests on the edited figures follow in `after`, before it is written; return the columns to write, too.

    What an analyst set does not follow: `after.field_sources` says which that is. One that was emptied does again.
    """
    return [name for follow in _following for name in follow([(before, after)])]


def note_edit(*, before: Company, after: Company) -> None:
    """Tell those who keep the companies' past what an analyst changed; call it within the transaction."""
    for note in _noting:
        note(before=before, after=after)


def tell_of_edit(model: type[Company | DrugCandidate], changed: Iterable[str]) -> None:
    """Tell that people changed what scores are made of; nothing where they did not. Call it within the transaction."""
    fields = model.score_fields.intersection(changed)
    if fields:
        news.tell(EDITS, fields=" ".join(sorted(fields)))


def curated_notes(row: Any, changed: Iterable[str]) -> dict[str, Any]:
    """Return the row's `field_sources` with a note on each changed field that it is an analyst's from today on."""
    note = {"source": CURATED, "as_of": timezone.localdate(timezone=NEW_YORK).isoformat()}
    return {**row.field_sources, **{name: copy(note) for name in changed}}


def is_curated(notes: Mapping[str, Any], name: str) -> bool:
    """Return whether these notes of a row say that an analyst set the field."""
    note = notes.get(name)
    return isinstance(note, dict) and note.get("source") == CURATED


def change_company(*, before: Company, after: Company, changed: list[str], origins: Mapping[str, Any]) -> None:
    """Write what an analyst changed in a company: curated, and in the ledger, too."""
    after.field_sources = {**curated_notes(before, changed), **origins}
    followed = follow_edit(before=before, after=after)
    after.save(update_fields=[*changed, *followed, "field_sources"])
    note_edit(before=before, after=after)
    tell_of_edit(Company, changed)


def change_candidate(
    *, before: DrugCandidate, after: DrugCandidate, changed: list[str], origins: Mapping[str, Any]
) -> None:
    """Write what an analyst changed in a candidate: curated."""
    after.field_sources = {**curated_notes(before, changed), **origins}
    after.save(update_fields=[*changed, "field_sources"])
    tell_of_edit(DrugCandidate, changed)


def archive_company(*, row: Company, reason: str = "") -> Outcome:
    """Archive a company and its live candidates with it, all of one stamp: what restoring brings back together.

    Leaderboards, matches and searches leave it out from then on, for they ask whether the company is live.
    """
    with recorded("archive", reason=reason):
        company = locked(row)
        if company.is_archived:
            row.deleted_at = company.deleted_at
            return Outcome(changed=False, message=f"{company} was archived already.")
        row.deleted_at = stamp(company)
        number = DrugCandidate.objects.filter(company=company).update(deleted_at=row.deleted_at)
    return Outcome(changed=True, message=f"{company} is archived{_with_candidates(number)}.", with_it=number)


def restore_company(*, row: Company, reason: str = "") -> Outcome:
    """Restore a company and the candidates that were archived with it; those archived before stay so.

    Raises Refused, naming the other company, where a live one has taken the ticker or the CIK meanwhile, and where the
    company is merged into another one.
    """
    with recorded("restore", reason=reason):
        company = locked(row)
        if not company.is_archived:
            row.deleted_at = None
            return Outcome(changed=False, message=f"{company} is not archived.")
        if company.merged_into is not None:
            raise Refused(
                f"{company} stays archived: it is merged into {company.merged_into}. Undo that merge instead.",
                field="company",
            )
        refuse_taken_keys(company)
        try:
            unstamp(company)
        except Refused:
            # Taken between the check and the update: the same refusal in the same words.
            refuse_taken_keys(company)
            raise
        number = DrugCandidate.all_objects.filter(company=company, deleted_at=company.deleted_at).update(
            deleted_at=None
        )
        row.deleted_at = None
    return Outcome(changed=True, message=f"{company} is restored{_with_candidates(number)}.", with_it=number)


def restore_candidate(*, row: DrugCandidate, reason: str = "") -> Outcome:
    """Restore a candidate. Raises Refused while its company is archived."""
    with recorded("restore", reason=reason):
        # The company first, as archiving does: two orders would wait for each other.
        company = locked(row.company)
        candidate = locked(row)
        if not candidate.is_archived:
            row.deleted_at = None
            return Outcome(changed=False, message=f"{candidate} is not archived.")
        if company.is_archived:
            raise Refused(f"{candidate} stays archived: its company {company} is. Restore that first.", field="company")
        unstamp(candidate)
        row.deleted_at = None
    return Outcome(changed=True, message=f"{candidate} is restored.")


def refresh_patent_years(*, day: dt.date) -> int:
    """Set the remaining patent years of every candidate as of the day, in one statement.

    Years of 365.25 days; 0 once expired, NULL where the expiry is unknown. Returns how many rows changed.
    """
    with recorded("refresh patent years"), connection.cursor() as cursor:
        cursor.execute(PATENT_YEARS, {"day": day, "most": MOST_YEARS})
        changed: int = cursor.rowcount
    return changed


def refuse_taken_keys(company: Company) -> None:
    """Raise Refused, naming the other company, where a live one has the ticker or the CIK of an archived one."""
    for field, label in (("ticker", "ticker"), ("cik", "CIK")):
        value = getattr(company, field)
        other = Company.objects.filter(**{field: value}).first() if value else None
        if other is not None:
            raise Refused(
                f"{company} stays archived: the live company {other.name} has its {label} {value} now. "
                f"Archive that one or change its {label} first.",
                field=field,
            )


def _with_candidates(number: int) -> str:
    return f" with {number} drug candidate{'' if number == 1 else 's'}" if number else ""


register(Company, archive=archive_company, restore=restore_company, change=change_company)
register(DrugCandidate, restore=restore_candidate, change=change_candidate)
