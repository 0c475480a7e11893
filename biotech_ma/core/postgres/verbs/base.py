"""The shape of a verb."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from biotech_ma.core.postgres.present import Display

type Options = dict[str, Any]


def nothing(parser: ArgumentParser) -> None:
    """Take no arguments."""


def force(parser: ArgumentParser) -> None:
    """Take --force."""
    parser.add_argument("--force", action="store_true", help="do not ask")


@dataclass(frozen=True)
class Verb:
    """One verb: its line in the help, its examples, its arguments, and what it does."""

    name: str
    summary: str
    examples: tuple[str, ...]
    run: Callable[[Display, Options], None]
    arguments: Callable[[ArgumentParser], None] = nothing
