"""What every command of the project shares: examples in its help, plain streams, one clear line for every failure."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from functools import partial
from typing import Any, NoReturn, TextIO, cast

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter, SystemCheckError
from django.db import DatabaseError

from biotech_ma.core.actors import acting
from biotech_ma.core.postgres.login import one_line

_EXAMPLES = "examples:"
# Failures whose text is for the operator. Anything else is a fault of the program and shows its traceback.
_TOLD = (CommandError, DatabaseError, OSError, KeyboardInterrupt)


class DeskCommand(BaseCommand):
    """A command that ends with exit status 0, or with 1 and one line on stderr; `--traceback` shows the rest.

    `examples` are command lines without `uv run manage.py`, each perhaps with a remark after two spaces or more.
    `refusals` are the exceptions, beside CommandError, whose text is that line.
    """

    examples: tuple[str, ...] = ()
    refusals: tuple[type[Exception], ...] = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs = {"epilog": _epilog(self.examples), "formatter_class": HelpFormatter} | kwargs
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        _explain_in_one_line(parser)
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command. Raises CommandError, or ends the process when that was started for it."""
        try:
            with acting(command=self.__module__.rpartition(".")[2]):
                output: str | None = super().execute(*args, **options)
            self.out.flush()
        except BrokenPipeError:
            # Whoever read the output has seen enough. What is still buffered must not fail once more at the exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except SystemCheckError:
            raise
        except BaseException as error:
            if options.get("traceback") or not isinstance(error, (*_TOLD, *self.refusals)):
                raise
            self._end(error)
        return output

    def _end(self, error: BaseException) -> NoReturn:
        status = getattr(error, "returncode", 1)
        if vars(self).get("_called_from_command_line"):
            self.notes.write(f"manage.py {self.__module__.rpartition('.')[2]}: {_line_of(error)}\n")
            sys.exit(status)
        raise CommandError(_line_of(error), returncode=status) from error

    @property
    def out(self) -> TextIO:
        """Return stdout as it is, without Django's wrapper."""
        return cast(TextIO, vars(self.stdout)["_out"])

    @property
    def notes(self) -> TextIO:
        """Return stderr as it is: Django's wrapper paints all of it red."""
        return cast(TextIO, vars(self.stderr)["_out"])


class HelpFormatter(DjangoHelpFormatter):
    """Django's order of the options; the examples keep their lines."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith(_EXAMPLES) else super()._fill_text(text, width, indent)


def add_verb(verbs: Any, name: str, *, summary: str, examples: Iterable[str]) -> ArgumentParser:
    """Return the parser of a new verb, which takes --json, among `verbs` (what `add_subparsers` gave)."""
    parser: ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=_epilog(examples),
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    _explain_in_one_line(parser)
    return parser


def _epilog(examples: Iterable[str]) -> str:
    lines = "\n".join(f"  uv run manage.py {example}" for example in examples)
    return f"{_EXAMPLES}\n{lines}" if lines else ""


def _explain_in_one_line(parser: ArgumentParser) -> None:
    """Make a wrong argument one line and exit status 1, like every other error."""
    # mypy takes an instance's own method for an assignment to the class.
    vars(parser)["error"] = partial(_refuse, parser)


def _refuse(parser: ArgumentParser, message: str) -> NoReturn:
    if getattr(parser, "called_from_command_line", True):
        parser.exit(1, f"{parser.prog}: {' '.join(message.split())} (--help tells more)\n")
    raise CommandError(f"{parser.prog}: {message}")


def _line_of(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, DatabaseError) and not isinstance(error, CommandError):
        return one_line(error)
    text = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    return " ".join(text.split()) or type(error).__name__
