"""What `db` shows: JSON for programs, a table on a terminal, tab-separated lines in a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any, TextIO

from django.core.management.base import CommandError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

# Control characters in data could drive the terminal: they are shown, not sent.
_VISIBLE = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_UNITS = ("B", "kB", "MB", "GB", "TB")
_KILO = 1024


class Display:
    """Writes results to stdout and everything else to stderr, in the form that the reader wants."""

    def __init__(self, stdout: TextIO, stderr: TextIO, *, as_json: bool) -> None:
        self.stdout, self.stderr, self.as_json = stdout, stderr, as_json

    def note(self, text: str) -> None:
        """Tell a person what happens; never part of the result."""
        self.stderr.write(text.rstrip("\n") + "\n")

    def document(self, payload: dict[str, Any], title: str = "") -> None:
        """Show one thing: an object, or its fields as two columns."""
        if self.as_json:
            self.json(payload)
        else:
            self.table(title, ("", ""), payload.items())

    def rows(self, name: str, found: Sequence[Any], columns: dict[str, str]) -> None:
        """Show a list of dataclasses: an object that holds all of it, or a table of some fields under headings."""
        payload = [asdict(row) for row in found]
        if self.as_json:
            self.json({name: payload})
        else:
            values = ([_worded(column, row[column]) for column in columns] for row in payload)
            self.table(name, tuple(columns.values()), values)

    def json(self, payload: Any) -> None:
        """Write one JSON document, every instant in ISO form."""
        self.stdout.write(json.dumps(payload, default=_plain, indent=2) + "\n")

    def table(self, title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write rows: framed on a terminal, tab-separated elsewhere."""
        texts = [[_text(value) for value in row] for row in rows]
        if not self.stdout.isatty():
            lines = [list(headings), *texts] if any(headings) else texts
            self.stdout.write("".join("\t".join(line) + "\n" for line in lines))
            return
        shown = title.replace("_", " ") or None
        table = Table(title=shown, title_justify="left", show_header=any(headings), box=SIMPLE_HEAD, pad_edge=False)
        for number, heading in enumerate(headings):
            numeric = bool(texts) and all(line[number][:1].isdigit() or not line[number] for line in texts)
            table.add_column(Text(heading), justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
        for line in texts:
            table.add_row(*map(Text, line))
        Console(file=self.stdout).print(table)

    def confirm(self, question: str, *, force: bool) -> None:
        """Go on when forced or when a person at a terminal types yes; raises CommandError otherwise."""
        if force:
            return
        if not sys.stdin.isatty():
            raise CommandError(f"{question} There is nobody here to ask: repeat it with --force.")
        self.stderr.write(f"{question} Type yes to go on: ")
        self.stderr.flush()
        if sys.stdin.readline().strip().lower() != "yes":
            raise CommandError("Nothing was changed.")

    @contextmanager
    def progress(self, total: int, what: str) -> Iterator[Any]:
        """Yield a function to call with a text after each of `total` steps: a bar on a terminal, else a line each."""
        if not self.stderr.isatty():
            yield self.note
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(file=self.stderr), transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda text: bar.update(task, advance=1, description=text)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return str(value).translate(_VISIBLE)


def _worded(column: str, value: Any) -> Any:
    if value is None or "bytes" not in column:
        return value
    return size(value)


def size(number: int) -> str:
    """Return bytes as people write them: 3.2 MB."""
    amount = float(number)
    for unit in _UNITS[:-1]:
        if amount < _KILO:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _KILO
    return f"{amount:.1f} {_UNITS[-1]}"
