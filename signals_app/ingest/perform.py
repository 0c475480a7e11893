"""One run of a source, whichever way it is asked: from files, live, or replayed from what is kept. Always on record."""

from __future__ import annotations

from dataclasses import replace

from signals_app.ingest.base import IngestError, Outcome, Progress, Request, source
from signals_app.ingest.directory import Asked, asked, unknown
from signals_app.ingest.live import LIVE, replayed, session
from signals_app.ingest.merge.refused import queue_refusals
from signals_app.ingest.merge.settled import settle_reviews
from signals_app.runs import recorded_run

# Sources whose rows may make a company of one that the desk does not have.
CREATING = frozenset({"deals", "edgar-fsds", "edgar-submissions", "universe"})


def perform(name: str, request: Request, progress: Progress, *, is_replay: bool = False) -> Outcome:
    """Run the source and return what became of the rows. Raises IngestError where nothing was readable."""
    is_live = not request.paths and not is_replay and name in LIVE
    with recorded_run(name, request, live=is_live, replay=is_replay) as record:
        who = _whom(name, request, is_live=is_live)
        request = replace(request, companies=who.companies)
        if is_replay:
            outcome = _replay(name, request, progress)
        elif is_live:
            outcome = _live(name, request, progress)
        else:
            outcome = source(name)(request, progress)
        record.outcome = outcome
        _tell_missing(who, request, outcome)
        if not request.dry_run:
            queue_refusals(outcome.refusals)
            settle_reviews()
    return outcome


def _whom(name: str, request: Request, *, is_live: bool) -> Asked:
    """Return whom the run is asked for. Raises IngestError where the source can bring in none of them."""
    who = asked(request.companies)
    # What is fetched is asked for by CIK: no ticker that is new leads anywhere.
    possible = [new for new in who.new if name in CREATING and (new.isdigit() or not is_live)]
    if who.new and not who.known and not possible:
        how = "name a new one by its CIK" if name in CREATING else f"{name} makes no new ones"
        raise IngestError(f"{unknown(who.new)}; {how}")
    return who


def _tell_missing(who: Asked, request: Request, outcome: Outcome) -> None:
    """Note each name that no row concerned; the run was in vain where all of them are new and none is in the input."""
    without = who.without_row(request.met)
    if not without:
        return
    known_since = f" known since {request.since}" if request.since else ""
    outcome.notes.append(f"no row{known_since} concerns {', '.join(without)}")
    if strangers := [name for name in without if name in who.new]:
        outcome.notes.append(unknown(strangers))
    outcome.is_in_vain = set(without) == set(who.new) and not who.known


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
