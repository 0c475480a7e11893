"""`manage.py db VERB`: look after the database."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from functools import partial
from typing import Any, NoReturn, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from biotech_ma.core.postgres import login
from biotech_ma.core.postgres.present import Display
from biotech_ma.core.postgres.verbs import VERBS


def _explain_in_one_line(parser: ArgumentParser) -> None:
    """Make a wrong argument one line and exit status 1, like every other error of the command."""
    # mypy takes an instance's own method for an assignment to the class.
    vars(parser)["error"] = partial(_refuse, parser)


def _refuse(parser: ArgumentParser, message: str) -> NoReturn:
    if getattr(parser, "called_from_command_line", True):
        parser.exit(1, f"{parser.prog}: {message} (--help tells more)\n")
    raise CommandError(f"{parser.prog}: {message}")


class Command(BaseCommand):
    """Runs one verb; every failure of the database is one line on stderr and exit status 1."""

    help = "Look after the database: check it, look into it, ask it, back it up, start and stop it."
    # A broken database must not keep this command from telling so.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
        _explain_in_one_line(parser)
        for verb in VERBS:
            examples = "\n".join(f"  uv run manage.py {example}" for example in verb.examples)
            sub = verbs.add_parser(
                verb.name,
                help=verb.summary,
                description=f"{verb.summary[0].upper()}{verb.summary[1:]}.",
                epilog=f"examples:\n{examples}",
                formatter_class=RawDescriptionHelpFormatter,
            )
            sub.add_argument("--json", action="store_true", help="one JSON document on stdout")
            verb.arguments(sub)
            _explain_in_one_line(sub)

    def handle(self, *args: Any, **options: Any) -> None:
        verb = next(verb for verb in VERBS if verb.name == options["verb"])
        # The plain streams: Django's wrapper paints all of stderr red.
        stdout, stderr = (cast(TextIO, vars(stream)["_out"]) for stream in (self.stdout, self.stderr))
        display = Display(stdout, stderr, as_json=options["json"])
        try:
            verb.run(display, options)
        except CommandError:
            raise
        except DatabaseError as error:
            raise CommandError(login.one_line(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted.", returncode=1) from None
