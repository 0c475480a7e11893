"""A drug's trials on a day, from the versions of the registry's records that the ledger keeps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models.fields.json import KeyTextTransform

from biotech_ma.core.market_day import NEW_YORK, end_of
from companies.identity import Identities
from companies.starter.trials import PHASES, STATUSES, Trial, furthest
from scoring.engine.inputs import Evidence
from scoring.inputs.signals import of
from signals_app.ingest.clinicaltrials.history import SOURCE, TRIAL
from signals_app.ingest.clinicaltrials.versions import NOT_STARTED, PIVOTAL, RUNNING, State


@dataclass(frozen=True, slots=True)
class Study:
    """One version of a study as the ledger has it, and when it stood there unsuperseded: from, until."""

    nct_id: str
    state: State
    since: datetime
    until: datetime | None
    evidence: Evidence

    @property
    def public_from(self) -> date:
        """Return the day on which it was first posted, as far as that is known."""
        seen = self.since.astimezone(NEW_YORK).date()
        return min(self.state.first_posted or seen, seen)


# By the origin of the candidate: drug and indication in lower case, as the sources know them.
Studies = Mapping[str, Sequence[Study]]


def studies(
    days: tuple[date, date], company_ids: Collection[UUID] | None, same: Identities
) -> dict[UUID, dict[str, list[Study]]]:
    """Return, by company and origin of the candidate, the versions of studies that count on a day of the range."""
    first, last = days
    rows = of(same.ids_or_all(company_ids)).filter(source=SOURCE, signal_data__has_key=TRIAL)
    rows = rows.annotate(nct_id=KeyTextTransform("nct_id", "signal_data"))
    newest = (
        rows.known_by_day(first)
        .order_by("company_id", "nct_id", "-available_at", "-id")
        .distinct("company_id", "nct_id")
    )
    since = rows.filter(available_at__gte=end_of(first), available_at__lt=end_of(last))
    columns = "company_id", "nct_id", "id", "available_at", "until", "source_url", "signal_data"
    found: dict[UUID, dict[str, list[Study]]] = defaultdict(lambda: defaultdict(list))
    parts = [newest, since] if last > first else [newest]
    for company_id, nct_id, *values in chain.from_iterable(
        part.values_list(*columns).iterator(chunk_size=5000) for part in parts
    ):
        study, data = _study(nct_id, *values), values[-1]
        if study is not None:
            for origin in _origins(data):
                found[same.of(company_id)][origin].append(study)
    return found


def _study(
    nct_id: str | None, key: UUID, since: datetime, until: datetime | None, url: str | None, data: dict[str, Any]
) -> Study | None:
    """Return the version of a study; None where the record is not one that the registry could have made."""
    state = State.from_json(data.get(TRIAL))
    if state is None or not nct_id or state.phase not in PHASES or state.status not in STATUSES | NOT_STARTED:
        return None
    seen = since.astimezone(NEW_YORK).date()
    return Study(nct_id, state, since, until, Evidence(f"{SOURCE}: {nct_id}", url, seen, (str(key),)))


def _origins(data: dict[str, Any]) -> Iterator[str]:
    named = data.get("candidates")
    for candidate in named if isinstance(named, list) else ():
        origin = candidate.get("origin") if isinstance(candidate, dict) else None
        if isinstance(origin, str):
            yield origin


@dataclass(frozen=True, slots=True)
class Registered:
    """What the registry said of a drug in an indication on a day. `phase` is None where no study has one."""

    phase: str | None
    status: str
    public_from: date
    next_completion: date | None
    evidence: Evidence
    completion_evidence: Evidence


def registered(versions: Iterable[Study], day: date) -> Registered | None:
    """Return what was registered by the day; None where the ledger knew none of the drug's studies then."""
    cutoff = end_of(day)
    newest: dict[str, Study] = {}
    public: list[date] = []
    for study in versions:
        if study.since < cutoff and (study.until is None or study.until >= cutoff):
            public.append(study.public_from)
            held = newest.get(study.nct_id)
            if held is None or (held.since, held.evidence.signal_ids) < (study.since, study.evidence.signal_ids):
                newest[study.nct_id] = study
    if not newest:
        return None
    known = [newest[nct_id] for nct_id in sorted(newest)]
    found = furthest([Trial(study.nct_id, study.state.phase, study.state.status) for study in known])
    phase, status = found or (None, "unknown")
    lead = next((study for study in known if PHASES[study.state.phase] == phase), known[0])
    ahead = min(_ahead(known, day), key=lambda pair: (pair[0], pair[1].nct_id), default=(None, lead))
    return Registered(phase, status, min(public), ahead[0], lead.evidence, ahead[1].evidence)


def _ahead(known: Iterable[Study], day: date) -> Iterator[tuple[date, Study]]:
    """Yield the estimated primary completions from the day on of phase 2 and 3 studies that run or will."""
    for study in known:
        due = study.state.primary_completion
        is_on = study.state.status in RUNNING | NOT_STARTED
        if due is not None and not due.is_actual and due.day >= day and study.state.phase in PIVOTAL and is_on:
            yield due.day, study
