"""The frame of a run: one transaction, one ingest at a time, and an error where nothing could be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO

from django.db import transaction

from biotech_ma.core.services import recorded
from signals_app.ingest.base import Outcome, ParseError, Progress, Request
from signals_app.ingest.files import Document, conclude, documents, need_paths
from signals_app.ingest.merge.ledger import Written
from signals_app.ingest.merge.turn import take_turn
from signals_app.ingest.progress import Meter


def readable(
    source: str, request: Request, outcome: Outcome, progress: Progress, wanted: Callable[[str], bool]
) -> Iterator[Document]:
    """Yield the files to read; those that cannot be opened are rejects. Raises IngestError where none was named."""
    need_paths(source, request.paths, "the file, folder or zip to read")
    for found in watched(request.paths, outcome, progress, wanted):
        if isinstance(found, ParseError):
            # A source that goes through the files twice meets the same fault twice.
            if all(str(found) != str(known) for known in outcome.rejects):
                outcome.reject(found)
        else:
            yield found


def watched(
    paths: Iterable[Path], outcome: Outcome, progress: Progress, wanted: Callable[[str], bool]
) -> Iterator[Document | ParseError]:
    """Yield what `documents` does; how far each has been read is told to `progress`, as a part of all that is read."""
    expect(paths, outcome, wanted)
    for found in documents(paths, wanted):
        if isinstance(found, ParseError):
            yield found
        else:
            progress(outcome.meter.step(found.name))
            yield replace(found, packed=partial(_counted, found, outcome.meter, progress))


def expect(paths: Iterable[Path], outcome: Outcome, wanted: Callable[[str], bool]) -> None:
    """Count the files behind the paths among those that the run will read."""
    for found in documents(paths, wanted):
        if isinstance(found, Document):
            outcome.meter.expect(found.name, found.size_bytes)


def _counted(document: Document, meter: Meter, progress: Progress) -> IO[bytes]:
    return meter.counted(document.name, document.packed(), progress)


@contextmanager
def one_run(source: str, request: Request) -> Iterator[Outcome]:
    """Give the outcome to fill; all of the run is kept, or nothing.

    Raises IngestError where no row was readable. A dry run is rolled back.
    """
    outcome = Outcome(source)
    with recorded(f"ingest {source}"):
        take_turn()
        yield outcome
        conclude(outcome)
        if request.dry_run:
            transaction.set_rollback(True)


def count(outcome: Outcome, *written: Written) -> None:
    """Count what was written as created and unchanged."""
    for part in written:
        outcome.count("created", part.created)
        outcome.count("unchanged", part.unchanged)
