"""A source's run that only notes which files it was given, and does what a test says."""

from __future__ import annotations

from signals_app.ingest.base import Outcome, Progress, Request

given: list[dict[str, bytes]] = []
failing: list[Exception] = []


def run(request: Request, progress: Progress) -> Outcome:
    given.append({path.name: path.read_bytes() for path in request.paths})
    progress("reading")
    if failing:
        raise failing.pop()
    outcome = Outcome("stub")
    outcome.count("created", len(request.paths))
    return outcome


def names() -> list[list[str]]:
    return [sorted(files) for files in given]


def reset() -> None:
    given.clear()
    failing.clear()
