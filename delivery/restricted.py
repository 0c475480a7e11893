"""The restricted list where something leaves the desk: who the readers are, and which reports and deliveries tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import BooleanField, Exists, F, Func, Model, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast, Coalesce, Lower

from biotech_ma.core import closed
from biotech_ma.core.closed import Reader
from companies.choices import RestrictionAct
from companies.models import Company, CompanyAlias, Restriction
from companies.restrictions import RestrictedList, note_all
from delivery.models import Client, Report, ReportMail, WebhookDelivery

WITHHELD = "Withheld: it is about a company on the restricted list, for which the recipient is not cleared."


class Holds(Func):
    """Whether a jsonb array holds the text."""

    template = "(%(expressions)s)"
    arg_joiner = " ? "
    output_field = BooleanField()


class IsOneOf(Func):
    """Whether the value is an element of the array; no, where there is no array."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def reader_of_client(client_id: UUID, name: str) -> Reader:
    """Return an API client as a reader: an administrator has cleared it for everything, or it is not cleared."""
    is_cleared = Exists(Client.all_objects.filter(pk=client_id, is_cleared=True))
    return Reader(f"API client {name}", is_cleared=is_cleared)


def readers_of(addresses: Iterable[str], client: Client | None = None) -> dict[str, Reader]:
    """Return each e-mail address as a reader, in one query.

    An address stands for the active users who have it, all of whom must be cleared; one that nobody at the desk has is
    cleared for nothing, unless it is the contact address of the client, and that is cleared.
    """
    wanted = list(dict.fromkeys(addresses))
    users: dict[str, set[int]] = {}
    named = get_user_model().objects.filter(is_active=True).annotate(address=Lower("email"))
    for key, address in named.filter(address__in=[each.lower() for each in wanted]).values_list("pk", "address"):
        users.setdefault(address, set()).add(key)
    own = client.contact_email if client is not None and client.is_cleared else None
    return {each: Reader(each, frozenset(users.get(each.lower(), ())), is_cleared=each == own) for each in wanted}


def is_named(included: str, company: Any = None) -> Any:
    """Return the condition that the outer row's array of tickers (else names) holds the company of the inner one."""
    return Holds(OuterRef(included), Coalesce(F("ticker"), F("name")) if company is None else company)


def naming(companies: Any) -> QuerySet[Company]:
    """Return those of the companies that an outer report names: by ticker, else name, one it ever had, or its id."""
    former = CompanyAlias.objects.filter(
        Q(Holds(OuterRef(OuterRef("companies_included")), F("alias"))), company=OuterRef("pk")
    )
    # Whoever may write a ticker must not open by it what names the one before: the history keeps both.
    was: Any = Company._meta.get_field("history").related_model
    calls = Coalesce(F("ticker"), F("name"))
    earlier = was._default_manager.filter(
        Q(Holds(OuterRef(OuterRef("companies_included")), calls))
        | Q(Holds(OuterRef(OuterRef("companies_asked")), calls)),
        pgh_obj=OuterRef("pk"),
    )
    return Company.all_objects.filter(
        Q(is_named("companies_included"))
        | Q(is_named("companies_asked"))
        | Q(is_named("companies_asked", Cast("pk", TextField())))
        | Q(Exists(former))
        | Q(Exists(earlier)),
        pk__in=companies,
    )


class MessagesOfTheList(RestrictedList):
    """Closes reports that name a company on the list, and deliveries that tell of it."""

    def about(self, model: type[Model], companies: Any) -> Q | None:
        """Return the condition that a report or delivery is about one of the companies."""
        if model is Report:
            return Q(Exists(naming(companies)))
        if model is ReportMail:
            return Q(report__in=Report.all_objects.filter(Exists(naming(companies))).values("pk"))
        if model is WebhookDelivery:
            told = Company.all_objects.filter(Q(IsOneOf(F("pk"), OuterRef("company_ids"))), pk__in=companies)
            return Q(Exists(told))
        return None

    def is_in_force(self) -> bool:
        """Return False: the list itself says when it is."""
        return False

    def changed_since(self, moment: Any, reader: Reader) -> bool:
        """Return False: the list itself says so."""
        return False

    def _note_row(self, rows: QuerySet[Any], reader: Reader, door: str, act: str) -> None:
        if rows.model not in (Report, ReportMail, WebhookDelivery):
            return
        live = Restriction.objects.closed_to(reader) if act == RestrictionAct.REFUSED else Restriction.objects.live()
        wanted = set(live.values_list("pk", flat=True))
        if wanted:
            note_all([(row, act, reader.name, door, None) for row, _ in self._with_rows(rows) if row.pk in wanted])


def is_closed(report: Report, reader: Reader) -> bool:
    """Return whether the report, as it was made, names a company that is closed to the reader."""
    found = closed.condition(Report, reader)
    return found is not None and Report.all_objects.filter(found, pk=report.pk).exists()


closed.register(MessagesOfTheList())
