"""`manage.py client`: API keys, shown once."""

from __future__ import annotations

import datetime as dt
import json
from argparse import ArgumentTypeError
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date

from biotech_ma.core.management.base import DeskCommand, add_verb
from biotech_ma.core.services import Refused
from delivery.choices import Scope
from delivery.models import Client
from delivery.services import issue_client, revoke_client, rotate_client_key
from delivery.services.clients import LONGEST_OVERLAP

MOST_DIGITS = 6


def _day(text: str) -> dt.date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise ArgumentTypeError(f"{text!r} is no day: YYYY-MM-DD")
    return day


def _rate(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 2**31 - 1:
        raise ArgumentTypeError(f"{text!r} is no number of requests an hour, from 1")
    return int(text)


def _hours(text: str) -> dt.timedelta:
    overlap = dt.timedelta(hours=int(text)) if text.isdecimal() and len(text) < MOST_DIGITS else None
    if overlap is None or overlap > LONGEST_OVERLAP:
        raise ArgumentTypeError(f"{text!r} is no number of hours from 0 to {LONGEST_OVERLAP // dt.timedelta(hours=1)}")
    return overlap


class Command(DeskCommand):
    """Creates, lists, rotates and revokes the API's clients."""

    help = "Creates, lists, rotates and revokes API keys. A key is shown once; the database keeps its digest only."
    examples = (
        'client create "Fund X" --scope read       a key that may read everything but clients',
        "client list                               who has a key, and when it was last used",
        'client rotate "Fund X"                    a new key in place of a lost one',
        'client rotate "Fund X" --overlap 24       a new key, and a day to bring it in',
        'client revoke "Fund X"                    shut the key out at once',
    )
    refusals = (Refused, ValidationError)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
        create = add_verb(
            verbs,
            "create",
            summary="make a client, and print its key once",
            examples=(
                'client create "Fund X"',
                'client create "Desk" --scope read --scope write:signals --rate 10000 --expires 2027-12-31',
            ),
        )
        create.add_argument("name", metavar="NAME", help="who holds the key")
        create.add_argument("--scope", action="append", choices=Scope.values, metavar="S", help=", ".join(Scope.values))
        create.add_argument("--rate", type=_rate, metavar="N", help="requests an hour; 10,000 when left out")
        create.add_argument("--expires", type=_day, metavar="DAY", help="last day on which the key works (UTC)")
        both = ("client list", "client list --json")
        add_verb(verbs, "list", summary="list the clients, without their keys", examples=both)
        for name, summary in (
            ("rotate", "print a new key; the old one is dead at once, or after --overlap"),
            ("revoke", "shut a key out at once"),
        ):
            ways = (f'client {name} "Fund X"', f"client {name} 1a2b3c4d")
            verb = add_verb(verbs, name, summary=summary, examples=ways)
            verb.add_argument("client", metavar="CLIENT", help="id, key prefix or name")
            if name == "rotate":
                hours = "for so many hours the old key works on, at most 720; none when left out"
                verb.add_argument("--overlap", type=_hours, default=dt.timedelta(0), metavar="HOURS", help=hours)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the verb."""
        getattr(self, f"_{options['verb']}")(options)

    def _create(self, options: dict[str, Any]) -> None:
        day = options["expires"]
        if not options["name"].strip():
            raise CommandError("a client needs a name")
        # The key works to the end of its last day.
        expires = dt.datetime.combine(day, dt.time.max, tzinfo=dt.UTC) if day else None
        if expires and expires < timezone.now():
            raise CommandError(f"{day} has passed: the key would never work; name a later day, or leave --expires out")
        client, key = issue_client(
            client_name=options["name"],
            scopes=options["scope"] or [Scope.READ],
            rate_limit_per_hour=options["rate"],
            expires_at=expires,
        )
        self._show_key(client, key, as_json=options["json"])

    def _rotate(self, options: dict[str, Any]) -> None:
        client = _find(options["client"])
        self._show_key(client, rotate_client_key(client=client, overlap=options["overlap"]), as_json=options["json"])

    def _revoke(self, options: dict[str, Any]) -> None:
        client = _find(options["client"])
        outcome = revoke_client(client=client)
        body = {"id": str(client.pk), "client_name": client.client_name, "changed": outcome.changed}
        self.stdout.write(json.dumps(body) if options["json"] else outcome.message)

    def _list(self, options: dict[str, Any]) -> None:
        clients = [_summary(client) for client in Client.objects.order_by("client_name", "id")]
        if options["json"]:
            self.stdout.write(json.dumps(clients))
            return
        for client in clients:
            state = "active" if client["is_active"] else "revoked"
            scopes, last = ", ".join(client["scopes"]), client["last_access"] or "never"
            self.stdout.write(
                f"{client['key_prefix']}  {client['client_name']}  {state}  {scopes}  "
                f"{client['rate_limit_per_hour']}/h  expires {client['expires_at'] or 'never'}  last call {last}"
            )
        if not clients:
            self.stderr.write("No clients yet: manage.py client create NAME")

    def _show_key(self, client: Client, key: str, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({**_summary(client), "api_key": key}))
            return
        self.stdout.write(key)
        self.stderr.write(
            f"{client.client_name}: keep the key, it is not shown again. Scopes: {', '.join(client.scopes)}."
        )


def _summary(client: Client) -> dict[str, Any]:
    return {
        "id": str(client.pk),
        "client_name": client.client_name,
        "key_prefix": client.key_prefix,
        "scopes": client.scopes,
        "is_active": client.is_active,
        "rate_limit_per_hour": client.rate_limit_per_hour,
        "expires_at": client.expires_at.isoformat() if client.expires_at else None,
        "last_access": client.last_access.isoformat() if client.last_access else None,
    }


def _find(ref: str) -> Client:
    """Return the one live client of this id, key prefix or name. Raises CommandError for none and for several."""
    found = [c for c in Client.objects.order_by("pk") if ref in (str(c.pk), c.key_prefix, c.client_name)]
    if not found:
        raise CommandError(f"no client has the id, key prefix or name {ref!r}; see `client list`")
    if len(found) > 1:
        raise CommandError(f"{len(found)} clients are called {ref!r}: name one by its key prefix")
    client: Client = found[0]
    return client
