"""`manage.py db VERB`: look after the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from biotech_ma.core.management.base import DeskCommand, add_verb
from biotech_ma.core.postgres.present import Display
from biotech_ma.core.postgres.verbs import VERBS


class Command(DeskCommand):
    """Runs one verb; every failure of the database is one line on stderr and exit status 1."""

    help = "Look after the database: check it, look into it, ask it, back it up, start and stop it."
    examples = tuple(verb.examples[0] for verb in VERBS)
    # A broken database must not keep this command from telling so.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
        for verb in VERBS:
            verb.arguments(add_verb(verbs, verb.name, summary=verb.summary, examples=verb.examples))

    def handle(self, *args: Any, **options: Any) -> None:
        verb = next(verb for verb in VERBS if verb.name == options["verb"])
        verb.run(Display(self.out, self.notes, as_json=options["json"]), options)
