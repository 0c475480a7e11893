"""`manage.py second_factor`: who signs in with a code, and the way back in for whoever has lost it."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser

from biotech_ma.core.management.base import DeskCommand, add_verb
from biotech_ma.core.second_factor import SecondFactor, turn_off


class Command(DeskCommand):
    """Lists the users with a second factor, and takes one away."""

    help = "Lists who signs in with a second factor, and resets it for whoever has lost the device and the codes."
    examples = (
        "second_factor list                                    who has one, and since when",
        'second_factor reset anna --reason "lost her phone"    anna signs in with her password alone',
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
        both = ("second_factor list", "second_factor list --json")
        add_verb(verbs, "list", summary="list the users with a second factor", examples=both)
        reset = add_verb(
            verbs,
            "reset",
            summary="take a user's second factor and recovery codes away",
            examples=("second_factor reset anna", 'second_factor reset anna --reason "lost her phone"'),
        )
        reset.add_argument("user", metavar="NAME", help="the user's name")
        reset.add_argument("--reason", default="", metavar="TEXT", help="kept in the user's history")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the verb."""
        getattr(self, f"_{options['verb']}")(options)

    def _list(self, options: dict[str, Any]) -> None:
        rows = SecondFactor.objects.filter(confirmed_at__isnull=False).select_related("user")
        found = [
            (row.user.get_username(), row.confirmed_at.isoformat() if row.confirmed_at else "")
            for row in rows.order_by("user__username")
        ]
        if options["json"]:
            self.stdout.write(json.dumps([{"user": name, "since": since} for name, since in found]))
            return
        for name, since in found:
            self.stdout.write(f"{name}  since {since}")
        if not found:
            self.notes.write("Nobody has a second factor.\n")

    def _reset(self, options: dict[str, Any]) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"no user is called {options['user']!r}")
        reason = options["reason"].strip()[:500]
        words = "Second factor reset on the command line" + (f": {reason}" if reason else ".")
        gone = turn_off(user, by=user, words=words)
        body = {"user": user.get_username(), "changed": gone}
        text = f"{user} signs in with the password alone." if gone else f"{user} had no second factor."
        self.stdout.write(json.dumps(body) if options["json"] else text)
