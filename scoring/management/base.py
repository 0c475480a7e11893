"""What the scoring commands share: one clear line for every error, and plain streams."""

from __future__ import annotations

import datetime as dt
from typing import Any, NoReturn, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from scoring import services


class ScoringCommand(BaseCommand):
    """A command whose failures are one line on stderr and exit status 1. Subclasses implement `run`."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # `--version` is the version of the weights here, as it is in every script that uses these commands.
        parser = super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

        def refuse(message: str) -> NoReturn:
            if getattr(parser, "called_from_command_line", True):
                parser.exit(1, f"{parser.prog}: {message} (--help tells more)\n")
            raise CommandError(message)

        # mypy takes an instance's own method for an assignment to the class.
        vars(parser)["error"] = refuse
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.run(options)
        except (services.ScoringError, ValueError) as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"the database refused: {' '.join(str(error).split())}") from error

    def run(self, options: dict[str, Any]) -> None:
        """Do the work. ScoringError becomes the one line."""
        raise NotImplementedError

    @property
    def out(self) -> TextIO:
        """Return stdout as it is, without Django's wrapper."""
        return cast(TextIO, vars(self.stdout)["_out"])

    @property
    def notes(self) -> TextIO:
        """Return stderr as it is: Django's wrapper paints it red."""
        return cast(TextIO, vars(self.stderr)["_out"])


def warn_if_stale(notes: TextIO, computed: services.ComputedDay) -> None:
    """Say that the figures are too old for the day, and which day is the data's own."""
    if not computed.is_stale:
        return
    notes.write(
        f"warning: on {computed.day} the figures of {computed.stale_targets} of {computed.reporting_targets} reporting "
        f"targets are older than 200 days and count as missing; the data's own day is {services.data_day()}: "
        f"use --as-of {services.data_day()}, or ingest newer filings\n"
    )


def day_of(text: str | None) -> dt.date:
    """Return the day asked for, without one today's in New York. Raises ScoringError."""
    return services.market_today() if text is None else services.checked_day(text)
