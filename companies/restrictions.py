"""The restricted list: verbs that write it, its log, and what it closes at the doors of core (docs/adr/0033)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from biotech_ma.core import closed
from biotech_ma.core.closed import Reader
from biotech_ma.core.services import Outcome, Refused, constraint_message, locked
from companies.choices import RestrictionAct
from companies.models import Company, Restriction, RestrictionClearance, RestrictionLog

MOST_OF_A_DOOR, MOST_OF_A_NAME = 200, 254
WHY_CLOSED = (
    "This company is on the restricted list: its notes, exports, alerts and reports are closed to you. "
    "Whoever keeps the list can clear you."
)


def put_on(*, company: Company, reason: str, cleared: Iterable[Any] = (), by: Any = None) -> Restriction:
    """Put a live company on the list, at once, and clear these users. Raises Refused where it is on it already."""
    with transaction.atomic():
        current = locked(company)
        if current.is_archived:
            raise Refused(f"{current} is archived. Restore it first.", field="company")
        made = Restriction(company=current, reason=reason.strip(), put_on_by=by)
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError as error:
            raise Refused(constraint_message(Restriction, error), field="company") from error
        note(made, RestrictionAct.PUT_ON, _name(by))
        set_cleared(restriction=made, users=cleared, by=by)
    made.refresh_from_db()
    return made


def stay_closed(*, kept: Company, beside: Company, by: Any = None) -> bool:
    """Put a company that was read as another one on the list where that one is, with its reason and its cleared.

    Return whether it is on the list. Who parts two companies must not open what is closed to him.
    """
    current = Restriction.objects.live().filter(company=kept).first()
    if current is None:
        return False
    put_on(company=beside, reason=current.reason, cleared=current.cleared.all(), by=by)
    return True


def take_off(*, restriction: Restriction, reason: str, by: Any = None) -> Outcome:
    """Take the company off the list. Twice changes nothing and says so. Raises Refused without a reason."""
    if not reason.strip():
        raise Refused("Say why it is taken off.", field="reason")
    with transaction.atomic():
        current = locked(restriction)
        if current.until is not None:
            return Outcome(changed=False, message=f"{current} was taken off the list already.")
        Restriction.objects.filter(pk=current.pk).update(
            until=Now(), taken_off_by=by, taken_off_reason=reason.strip()[:500]
        )
        note(current, RestrictionAct.TAKEN_OFF, _name(by))
    return Outcome(changed=True, message=f"{current} is off the restricted list.")


def set_cleared(*, restriction: Restriction, users: Iterable[Any], by: Any = None) -> None:
    """Let exactly these users be cleared; the log names who was added, who was removed, and by whom."""
    wanted = {user.pk: user for user in users}
    with transaction.atomic():
        current = locked(restriction)
        if current.until is not None:
            raise Refused(f"{current} is off the list: there is nothing to be cleared for.")
        held = {row.user_id: row for row in current.clearances.select_related("user")}
        RestrictionClearance.objects.bulk_create(
            [RestrictionClearance(restriction=current, user=user) for key, user in wanted.items() if key not in held]
        )
        RestrictionClearance.objects.filter(restriction=current, user__in=set(held) - set(wanted)).delete()
        for key in wanted.keys() - held.keys():
            note(current, RestrictionAct.CLEARED, _name(wanted[key]), f"by {_name(by)}")
        for key in held.keys() - wanted.keys():
            note(current, RestrictionAct.UNCLEARED, _name(held[key].user), f"by {_name(by)}")


def _name(user: Any) -> str:
    return str(user.get_username()) if user is not None else "a program"


def note(restriction: Restriction, act: str, who: str, door: str = "", rows: int | None = None) -> None:
    """Write one entry of the log."""
    note_all([(restriction, act, who, door, rows)])


def note_all(entries: Sequence[tuple[Restriction, str, str, str, int | None]]) -> None:
    """Write these entries of the log, in one statement."""
    RestrictionLog.objects.bulk_create(
        [
            RestrictionLog(
                restriction=restriction, act=act, who=who[:MOST_OF_A_NAME] or "nobody", door=door[:MOST_OF_A_DOOR],
                rows=rows,
            )
            for restriction, act, who, door, rows in entries
        ]
    )  # fmt: skip


def closed_ids(reader: Reader) -> models.QuerySet[Any]:
    """Return the ids of the companies that are closed to the reader, their merged duplicates' too, as a subquery."""
    listed = Restriction.objects.closed_to(reader).values("company_id")
    duplicates = Company.all_objects.order_by().filter(merged_into__in=listed)
    return listed.order_by().union(duplicates.values("pk"), all=True)


def closed_to_any(readers: Iterable[Reader]) -> dict[UUID, Restriction]:
    """Return by company the restrictions that close it to at least one of the readers, with the companies.

    One query where nothing is on the list.
    """
    found: dict[UUID, Restriction] = {}
    if not Restriction.objects.live().exists():
        return found
    for reader in readers:
        for row in Restriction.objects.closed_to(reader).select_related("company").order_by("company__name", "id"):
            for key in row.company.same_ids:
                found.setdefault(key, row)
    return found


def restriction_of(company: Company) -> Restriction | None:
    """Return the restriction that is in force for the company, None without one."""
    return Restriction.objects.live().filter(company=company.survivor).first()


@cache
def paths_to_company(model: type[models.Model]) -> tuple[str, ...]:
    """Return the lookups that lead from a row to the companies that it is about; none for what is about no company.

    Foreign keys to a company; where a row has none, those of the rows that it belongs to.
    """
    own: Any = model._meta.concrete_model
    if own is Company:
        return ("pk",)
    if own in (Restriction, RestrictionClearance, RestrictionLog):
        return ()
    direct = _direct(own)
    if direct:
        return direct
    keys = [field for field in own._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    return tuple(f"{field.name}__{path}" for field in keys for path in _direct(field.related_model))


def _direct(model: Any) -> tuple[str, ...]:
    if model in (Restriction, RestrictionClearance, RestrictionLog):
        return ()
    return tuple(
        field.attname
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is Company
    )


def _about(model: type[models.Model], companies: Any) -> Q | None:
    """Return the condition that a row is about one of the companies, None for a table that is about none."""
    found: Q | None = None
    for path in paths_to_company(model):
        part = Q(**{f"{path}__in": companies})
        found = part if found is None else found | part
    return found


class RestrictedList:
    """Closes what is about a company on the list to all who are not cleared for it, and keeps the log."""

    def closed(self, model: type[models.Model], reader: Reader) -> Q | None:
        """Return the condition of the rows about companies that are closed to the reader."""
        return None if reader.is_cleared is True else self.about(model, closed_ids(reader))

    def about(self, model: type[models.Model], companies: Any) -> Q | None:
        """Return the condition that a row of the model is about one of the companies."""
        return _about(model, companies)

    def is_in_force(self) -> bool:
        """Return whether any company is on the list."""
        return Restriction.objects.live().exists()

    def let_out(self, rows: models.QuerySet[Any], reader: Reader, door: str) -> None:
        """Note for each company on the list how many of its rows were taken, or left out."""
        kept = set(Restriction.objects.closed_to(reader).values_list("pk", flat=True))
        entries: list[tuple[Restriction, str, str, str, int | None]] = []
        for row, number in self._with_rows(rows):
            act = RestrictionAct.LEFT_OUT if row.pk in kept else RestrictionAct.EXPORTED
            entries.append((row, act, reader.name, door, number))
        note_all(entries)

    def opened(self, row: models.Model, reader: Reader, door: str) -> None:
        """Note that the reader has opened a row about a company on the list."""
        self._note_row(type(row)._base_manager.filter(pk=row.pk), reader, door, RestrictionAct.OPENED)

    def refused(self, rows: models.QuerySet[Any], reader: Reader, door: str) -> None:
        """Note that the reader asked for rows about a company that is closed to it."""
        self._note_row(rows, reader, door, RestrictionAct.REFUSED)

    def _note_row(self, rows: models.QuerySet[Any], reader: Reader, door: str, act: str) -> None:
        model: Any = rows.model
        paths = paths_to_company(model)
        live = Restriction.objects.closed_to(reader) if act == RestrictionAct.REFUSED else Restriction.objects.live()
        listed = live.select_related("company") if paths else ()
        wanted = {key: row for row in listed for key in row.company.same_ids}
        if wanted:
            named = {key for keys in rows.values_list(*paths) for key in keys} & wanted.keys()
            note_all([(wanted[key], act, reader.name, door, None) for key in sorted(named)])

    def _with_rows(self, rows: models.QuerySet[Any]) -> list[tuple[Restriction, int]]:
        """Return each restriction in force with the number of the rows that are about its company, where there are."""
        found = []
        for row in Restriction.objects.live().select_related("company").order_by("pk"):
            about = self.about(rows.model, row.company.same_ids)
            number = 0 if about is None else rows.order_by().filter(about).count()
            if number:
                found.append((row, number))
        return found

    def changed_since(self, moment: Any, reader: Reader) -> bool:
        """Return whether a company was closed to the reader at this moment or later, and still is."""
        late = Q(since__gte=moment) | Q(log__act=RestrictionAct.UNCLEARED, log__created_at__gte=moment)
        return Restriction.objects.closed_to(reader).filter(late).exists()


closed.register(RestrictedList())


class ClearancesOfUsers:
    """A clearance is the user's; what is mailed goes to the address that the user has."""

    def number_of(self, user_id: int) -> int:
        """Return for how many companies on the list the user is cleared."""
        return self._of(user_id).count()

    def moved(self, user: Any, *, old: str, new: str, by: Any) -> None:
        """Note it at each company on the list that the user is cleared for, in one statement."""
        door = f"mail goes from {old or 'no address'} to {new or 'no address'}, by {_name(by)}"
        note_all([(row, RestrictionAct.CLEARED, _name(user), door, None) for row in self._of(user.pk)])

    def _of(self, user_id: int) -> models.QuerySet[Restriction]:
        return Restriction.objects.live().filter(clearances__user=user_id)


closed.register_clearances(ClearancesOfUsers())
