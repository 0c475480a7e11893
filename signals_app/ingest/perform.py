"""One run of a source, whichever way it is asked: from files, live, or replayed from what is kept. Always on record."""

from __future__ import annotations

from dataclasses import replace

from signals_app.ingest.base import IngestError, Outcome, Progress, Request, source
from signals_app.ingest.directory import meant
from signals_app.ingest.live import LIVE, replayed, session
from signals_app.ingest.merge.refused import queue_refusals
from signals_app.ingest.merge.settled import settle_reviews
from signals_app.runs import recorded_run


def perform(name: str, request: Request, progress: Progress, *, is_replay: bool = False) -> Outcome:
    """Run the source and return what became of the rows. Raises IngestError where nothing was readable."""
    is_live = not request.paths and not is_replay and name in LIVE
    with recorded_run(name, request, live=is_live, replay=is_replay) as record:
        request = replace(request, companies=meant(request.companies))
        if is_replay:
            outcome = _replay(name, request, progress)
        elif is_live:
            outcome = _live(name, request, progress)
        else:
            outcome = source(name)(request, progress)
        record.outcome = outcome
        if not request.dry_run:
            queue_refusals(outcome.refusals)
            settle_reviews()
    return outcome


def _live(name: str, request: Request, progress: Progress) -> Outcome:
    with session(name, request, progress) as fetched:
        outcome = Outcome(name)
        if fetched.paths:
            outcome = source(name)(replace(request, paths=tuple(fetched.paths)), progress)
        for failure in (*fetched.failures, *fetched.missing):
            outcome.reject(failure, counted=False)
        fetched.close_well()
        outcome.is_cut_short = fetched.is_cut_short
    return outcome


def _replay(name: str, request: Request, progress: Progress) -> Outcome:
    if request.paths:
        raise IngestError("--replay reads what is kept: leave --from out")
    with replayed(name, progress) as paths:
        return source(name)(replace(request, paths=paths), progress)
