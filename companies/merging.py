"""The verbs that make two companies one, and two again (docs/adr/0034).

The ledger stays as it is: rows of the duplicate stand under its id and are read as the other's. What analysts curate
moves: the duplicate's drug candidates, and names that lead to it. Everything that was changed is noted in the merge,
so that undoing it takes exactly that back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Protocol
from uuid import UUID

import pghistory
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from biotech_ma.core.history_entries import note_in_history
from biotech_ma.core.services import Outcome, Refused, constraint_message, recorded
from companies.choices import AliasKind
from companies.models import Company, CompanyAlias, CompanyMerge, DrugCandidate, Restriction, Watchlist
from companies.restrictions import stay_closed
from companies.services import refuse_taken_keys

SOURCE = "merge"
# What the kept company can take over where it has nothing itself. Figures are derived from the ledger, which is read
# together anyway.
FILLABLE = (
    "ticker", "cik", "market_cap_usd", "therapeutic_areas", "tags", "founded_year", "employee_count",
    "headquarters_location", "history_starts",
)  # fmt: skip
# Goes with the other.
ALONG = {"market_cap_usd": ("market_cap_as_of",)}
# Lists are added to.
LISTS = frozenset({"therapeutic_areas", "tags"})
MOST_OF_A_REASON = 500

# The duplicates below a company by the merges that stand, however many lie between.
_BELOW = """
WITH RECURSIVE below (id) AS (
    SELECT duplicate_id FROM company_merges WHERE kept_id = %(top)s AND undone_at IS NULL
    UNION
    SELECT m.duplicate_id FROM company_merges AS m JOIN below ON m.kept_id = below.id WHERE m.undone_at IS NULL
)
UPDATE companies SET merged_into_id = %(top)s WHERE id IN (SELECT id FROM below)
"""


class Merged(Protocol):
    """Brings in line what is derived from the ledger, in the transaction of a merge or of its undoing."""

    def __call__(self, *, company_ids: Collection[UUID]) -> object: ...


_following: list[Merged] = []


def when_merged(follow: Merged) -> None:
    """Have what is derived follow every merge and every undoing: for the apps above, from their `ready()`."""
    _following.append(follow)


def fillable(kept: Company, duplicate: Company) -> list[str]:
    """Return the fields that the kept company could take over: those that it lacks and the duplicate has."""
    return [name for name in FILLABLE if _addition(kept, duplicate, name)]


def merge(
    *,
    kept: Company,
    duplicate: Company,
    fill: Collection[str] = (),
    by: Any = None,
    reason: str = "",
) -> CompanyMerge:
    """Merge a live company into another one, and return the merge.

    `fill` names fields that the kept company lacks and takes over. The duplicate is archived; its names, tickers and
    CIK lead to the kept company from now on. Raises Refused, naming the field, for an archived or merged company and
    for one that is merged with itself; ValidationError for a field that cannot be taken over or a reason too long.
    """
    if len(reason) > MOST_OF_A_REASON:
        raise ValidationError({"reason": f"At most {MOST_OF_A_REASON} characters."})
    told = _told(duplicate, "into", kept, reason)
    with recorded("merge", reason=told):
        kept, duplicate = _locked(kept, duplicate)
        _refuse_merge(kept, duplicate)
        wanted = _wanted(kept, duplicate, fill)
        # Archived before anything else, so that its ticker and its CIK are free to be taken over.
        _archive(duplicate, kept)
        moved, twins = _move_candidates(duplicate, kept)
        changes = {
            "fields": _fill(kept, duplicate, wanted),
            "candidates": moved,
            "twins": twins,
            "aliases": _lead_to(kept, duplicate),
            "watchlists": _watch(kept, duplicate),
        }
        made: CompanyMerge = CompanyMerge.objects.create(
            kept=kept, duplicate=duplicate, by=by, reason=reason, changes=changes
        )
        _follow(kept, duplicate, "merge", told)
    return made


def undo_merge(*, merge: CompanyMerge, by: Any = None, reason: str = "") -> Outcome:
    """Make two companies of one again: what the merge changed is taken back, what was changed since stays.

    While the kept company is on the restricted list both are afterwards: what was closed stays closed. Twice is no
    error. Raises Refused while the kept company is merged into a third, and where a live company has taken
    the duplicate's ticker or CIK meanwhile.
    """
    told = _told(merge.duplicate, "out of", merge.kept, reason)
    with recorded("undo merge", reason=told):
        kept, duplicate = _locked(merge.kept, merge.duplicate)
        current = CompanyMerge.objects.select_for_update(of=("self",)).get(pk=merge.pk)
        if current.undone_at is not None:
            return Outcome(changed=False, message=f"The merge of {duplicate} into {kept} was undone already.")
        if kept.merged_into is not None:
            raise Refused(f"{kept} is merged into {kept.merged_into} itself: undo that merge first.", field="duplicate")
        _empty(kept, current.changes["fields"])
        refuse_taken_keys(duplicate)
        _move_back(kept, duplicate, current.changes)
        _restore(duplicate)
        with connection.cursor() as cursor:
            cursor.execute(_BELOW, {"top": duplicate.pk})
        CompanyAlias.objects.filter(pk__in=current.changes["aliases"], company=kept).delete()
        Watchlist.companies.through.objects.filter(
            watchlist_id__in=current.changes["watchlists"], company_id=kept.pk
        ).delete()
        CompanyMerge.objects.filter(pk=current.pk).update(undone_at=Now(), undone_by=by)
        is_closed = stay_closed(kept=kept, beside=duplicate, by=by)
        _follow(kept, duplicate, "undo merge", told)
    words = f"{duplicate} stands for itself again, beside {kept}."
    return Outcome(changed=True, message=f"{words} Both are on the restricted list." if is_closed else words)


def _told(duplicate: Company, how: str, kept: Company, reason: str) -> str:
    """Return what both histories say: who was merged into whom, and why."""
    return f"{duplicate} {how} {kept}" + (f": {reason}" if reason else "")


def _locked(kept: Company, duplicate: Company) -> tuple[Company, Company]:
    """Return both as they stand, locked in one order: two merges of the same companies wait, and never in a circle."""
    rows = Company.all_objects.select_for_update(of=("self",)).filter(pk__in=[kept.pk, duplicate.pk]).order_by("pk")
    found = {row.pk: row for row in rows}
    for company in (kept, duplicate):
        if company.pk not in found:
            raise Refused(f"{company} does not exist any more.")
    return found[kept.pk], found[duplicate.pk]


def _refuse_merge(kept: Company, duplicate: Company) -> None:
    if kept.pk == duplicate.pk:
        raise Refused(f"{kept} cannot be merged with itself.", field="duplicate")
    if duplicate.merged_into is not None:
        raise Refused(f"{duplicate} is merged into {duplicate.merged_into} already.", field="duplicate")
    if kept.merged_into is not None:
        raise Refused(f"{kept} is merged into {kept.merged_into}: merge into that one.", field="company")
    if Restriction.objects.live().filter(company=duplicate).exists():
        raise Refused(
            f"{duplicate} is on the restricted list: put {kept} on it and take {duplicate} off, then merge.",
            field="duplicate",
        )
    for company, name in ((kept, "company"), (duplicate, "duplicate")):
        if company.is_archived:
            raise Refused(f"{company} is archived; restore it first.", field=name)


def _archive(duplicate: Company, kept: Company) -> None:
    """Archive the duplicate as one that is read as the kept company; so are those that were read as the duplicate."""
    Company.all_objects.filter(pk=duplicate.pk).update(merged_into=kept, deleted_at=Now())
    Company.all_objects.filter(merged_into=duplicate).update(merged_into=kept)
    duplicate.refresh_from_db(fields=["deleted_at"])


def _wanted(kept: Company, duplicate: Company, fill: Collection[str]) -> list[str]:
    possible = fillable(kept, duplicate)
    for name in fill:
        if name not in FILLABLE:
            raise ValidationError({"fill": f"{name} cannot be taken over. One of: {', '.join(FILLABLE)}."})
        if name not in possible:
            raise Refused(f"{kept} has its own {name}, or {duplicate} has none.", field="fill")
    return [name for name in possible if name in fill]


def _addition(kept: Company, duplicate: Company, name: str) -> Any:
    """Return what the duplicate could give to the field, None (or an empty list) for nothing."""
    own, other = getattr(kept, name), getattr(duplicate, name)
    if name in LISTS:
        return [item for item in other if item not in own]
    return other if own in (None, "") else None


def _fill(kept: Company, duplicate: Company, names: Iterable[str]) -> dict[str, Any]:
    """Give the kept company the duplicate's values, each with the note on its source; return what was before."""
    notes = dict(kept.field_sources)
    filled: dict[str, Any] = {}
    for name in [part for leader in names for part in (leader, *ALONG.get(leader, ()))]:
        own = getattr(kept, name)
        value = [*own, *_addition(kept, duplicate, name)] if name in LISTS else getattr(duplicate, name)
        setattr(kept, name, value)
        filled[name] = {"before": _plain(own), "after": _plain(value), "note": notes.pop(name, None)}
        if note := duplicate.field_sources.get(name):
            notes[name] = note
    if filled:
        kept.field_sources = notes
        _save(kept, filled)
    return filled


def _empty(kept: Company, filled: dict[str, Any]) -> None:
    """Take back what the merge filled in, where nobody has changed it since."""
    notes = dict(kept.field_sources)
    taken = [name for name, change in filled.items() if _plain(getattr(kept, name)) == change["after"]]
    for name in taken:
        field: Any = Company._meta.get_field(name)
        setattr(kept, name, field.to_python(filled[name]["before"]))
        notes.pop(name, None)
        if note := filled[name]["note"]:
            notes[name] = note
    if taken:
        kept.field_sources = notes
        _save(kept, taken)


def _save(kept: Company, names: Iterable[str]) -> None:
    """Write the fields. Nothing goes into the ledger: what is taken over is no new word on a figure."""
    try:
        with transaction.atomic():
            kept.save(update_fields=[*names, "field_sources"])
    except IntegrityError as error:
        raise Refused(constraint_message(Company, error)) from error


def _plain(value: Any) -> Any:
    """Return a field's value as JSON keeps it."""
    return value if value is None or isinstance(value, str | int | list) else str(value)


def _move_candidates(duplicate: Company, kept: Company) -> tuple[list[str], list[str]]:
    """Give the duplicate's candidates to the kept company; archive those that it has itself. Return the ids of both."""
    same = {row.pk for row in same_drugs(duplicate, kept)}
    twins = [row.pk for row in DrugCandidate.objects.filter(pk__in=same).order_by("id")]
    moved = list(
        DrugCandidate.all_objects.filter(company=duplicate)
        .exclude(pk__in=same)
        .order_by("id")
        .values_list("pk", flat=True)
    )
    DrugCandidate.all_objects.filter(pk__in=moved).update(company=kept)
    DrugCandidate.all_objects.filter(pk__in=twins).update(deleted_at=duplicate.deleted_at)
    return [str(key) for key in moved], [str(key) for key in twins]


def same_drugs(duplicate: Company, kept: Company) -> list[DrugCandidate]:
    """Return the duplicate's candidates, archived ones too, of drugs and indications that the kept company has live."""
    own = {_drug(row) for row in DrugCandidate.objects.filter(company=kept)}
    return [row for row in DrugCandidate.all_objects.filter(company=duplicate).order_by("id") if _drug(row) in own]


def _drug(candidate: DrugCandidate) -> tuple[str, str]:
    """Return what tells a company's drugs apart: the name and the indication, in any case."""
    return candidate.name.casefold(), (candidate.indication or "").casefold()


def _move_back(kept: Company, duplicate: Company, changes: dict[str, Any]) -> None:
    """Return the candidates that are still the kept company's, and restore those that were archived as its twins."""
    DrugCandidate.all_objects.filter(pk__in=changes["candidates"], company=kept).update(company=duplicate)
    DrugCandidate.all_objects.filter(
        pk__in=changes["twins"], company=duplicate, deleted_at=duplicate.deleted_at
    ).update(deleted_at=None)


def _lead_to(kept: Company, duplicate: Company) -> list[str]:
    """Let the duplicate's names and tickers lead to the kept company, and return the ids of the aliases."""
    said = [(AliasKind.MERGED, duplicate.name, None, None)]
    if duplicate.ticker and duplicate.ticker != kept.ticker:
        said.append((AliasKind.FORMER_TICKER, duplicate.ticker, None, None))
    rows = CompanyAlias.objects.filter(company=duplicate).order_by("id")
    said += rows.values_list("kind", "alias", "valid_from", "valid_to")  # type: ignore[arg-type]
    held = set(CompanyAlias.objects.filter(company=kept).values_list("kind", "alias", "valid_from"))
    new: dict[tuple[Any, ...], CompanyAlias] = {}
    for kind, alias, first, last in said:
        if (kind, alias, first) not in held:
            made = CompanyAlias(company=kept, kind=kind, alias=alias, valid_from=first, valid_to=last, source=SOURCE)
            new.setdefault((kind, alias, first), made)
    return [str(row.pk) for row in CompanyAlias.objects.bulk_create(new.values())]


def _watch(kept: Company, duplicate: Company) -> list[str]:
    """Put the kept company on the watchlists that the duplicate is on, and return the lists that are new to it."""
    rows: Any = Watchlist.companies.through.objects
    held = rows.filter(company_id=kept.pk).values("watchlist_id")
    lists = list(
        rows.filter(company_id=duplicate.pk).exclude(watchlist_id__in=held).values_list("watchlist_id", flat=True)
    )
    rows.bulk_create([rows.model(watchlist_id=key, company_id=kept.pk) for key in lists], ignore_conflicts=True)
    return [str(key) for key in lists]


def _restore(duplicate: Company) -> None:
    try:
        with transaction.atomic():
            Company.all_objects.filter(pk=duplicate.pk).update(merged_into=None, deleted_at=None)
    except IntegrityError as error:
        # Taken between the check and the update: the same refusal in the same words.
        refuse_taken_keys(duplicate)
        raise Refused(constraint_message(Company, error)) from error


def _follow(kept: Company, duplicate: Company, action: str, told: str) -> None:
    """Let what is derived follow, and tell the kept company's history, too, where nothing of its row changed."""
    for follow in _following:
        follow(company_ids=[kept.pk, duplicate.pk])
    # The last word on the transaction is what was done, not what followed from it.
    with pghistory.context(action=action, reason=told):
        note_in_history(kept)
