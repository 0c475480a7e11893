"""Whom an alert about a company on the restricted list may reach: the cleared, when it goes off and when it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from biotech_ma.core.closed import NOBODY, Reader
from companies.choices import RestrictionAct
from companies.models import Company, Restriction, RestrictionClearance
from companies.restrictions import note_all
from delivery.models import Alert
from delivery.restricted import readers_of

INBOXES = "inboxes"
SLACK = "Slack"


class Told(Protocol):
    """What an alert tells: of which company, by which alert."""

    @property
    def alert(self) -> Alert: ...

    @property
    def company_id(self) -> UUID | None: ...


class Barrier:
    """Decides for some companies who may be told; what it holds back is noted in the list's log by `write_log`."""

    def __init__(self, companies: Iterable[UUID], alerts: Iterable[Alert]) -> None:
        wanted = set(companies)
        rows = Company.all_objects.filter(pk__in=wanted).values_list("pk", "merged_into") if wanted else ()
        # A row of a merged duplicate is the kept company's.
        read_as = {key: kept or key for key, kept in rows}
        live = Restriction.objects.live().filter(company_id__in=set(read_as.values())) if wanted else ()
        listed = {row.company_id: row for row in live}
        self._restrictions = {key: listed[kept] for key, kept in read_as.items() if kept in listed}
        self._cleared: dict[UUID, set[int]] = {row.pk: set() for row in listed.values()}
        self._readers: dict[UUID, dict[str, Reader]] = {}
        self._entries: list[tuple[Restriction, str, str, str, int | None]] = []
        if self._restrictions:
            clearances = RestrictionClearance.objects.filter(restriction__in=list(self._cleared))
            for restriction_id, user_id in clearances.values_list("restriction_id", "user_id"):
                self._cleared[restriction_id].add(user_id)
            for alert in {alert.pk: alert for alert in alerts}.values():
                own = [alert.client.contact_email] if alert.client and alert.client.contact_email else []
                self._readers[alert.pk] = readers_of([*alert.recipients, *own], alert.client)

    def cleared_users(self, told: Told, users: Sequence[int]) -> list[int]:
        """Return those of the users who may be told of it."""
        restriction = self._restriction(told)
        if restriction is None:
            return list(users)
        cleared = [key for key in users if key in self._cleared[restriction.pk]]
        self._note(restriction, INBOXES, told, len(users) - len(cleared))
        return cleared

    def lets_through(self, told: Told, recipient: str) -> bool:
        """Return whether the address may be told of it; Slack, whose readers nobody knows, never may."""
        restriction = self._restriction(told)
        if restriction is None:
            return True
        reader = self._readers.get(told.alert.pk, {}).get(recipient, NOBODY)
        cleared = self._cleared[restriction.pk]
        if reader.is_cleared or (reader.user_ids and reader.user_ids <= cleared):
            return True
        self._note(restriction, recipient or SLACK, told, 1)
        return False

    def sent(self, told: Told, recipient: str) -> None:
        """Note that the address was told of it."""
        restriction = self._restriction(told)
        if restriction is not None:
            self._entries.append((restriction, RestrictionAct.SENT, recipient, f"alert {told.alert.name}", None))

    def write_log(self) -> None:
        """Note in the log of the restricted list who was told, and who was not."""
        note_all(self._entries)
        self._entries = []

    def _restriction(self, told: Told) -> Restriction | None:
        return self._restrictions.get(told.company_id) if told.company_id else None

    def _note(self, restriction: Restriction, who: str, told: Told, number: int) -> None:
        if number:
            door = f"alert {told.alert.name}"
            self._entries.append((restriction, RestrictionAct.LEFT_OUT, who, door, number))


def barrier_for(told: Sequence[Told]) -> Barrier:
    """Return the barrier for what alerts are about to tell; without a restricted company it asks nothing."""
    held = [each for each in told if getattr(each, "is_restricted", False)]
    return Barrier((each.company_id for each in held if each.company_id), (each.alert for each in held))
