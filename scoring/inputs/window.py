"""What can count on a range of days, read once, and the inputs of each day made from it without the database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from biotech_ma.core.market_day import end_of
from companies.choices import Role
from companies.identity import Identities
from companies.models import Company, DrugCandidate
from scoring import evidence
from scoring.engine.inputs import Amount, CompanyInputs, Evidence, Programme
from scoring.inputs import signals
from scoring.inputs.facts import facts, within_horizon
from scoring.inputs.matches import Match, fit, matches
from scoring.inputs.programmes import COLUMNS as CANDIDATE_COLUMNS
from scoring.inputs.programmes import programmes
from scoring.inputs.trials import Study, studies
from scoring.inputs.versions import Version, in_force, versions
from scoring.insider import points
from scoring.states import Event, is_under_offer, states
from signals_app.figures import CompanyFigures, figures
from signals_app.periods import Fact

COMPANY_COLUMNS = (
    "ticker", "cik", "name", "role", "market_cap_usd", "market_cap_as_of", "history_starts", "field_sources",
    "deleted_at", "therapeutic_areas",
)  # fmt: skip


@dataclass(frozen=True)
class Window:
    """The histories and the ledger of the companies, as far as they can count between two days, both included."""

    days: tuple[date, date]
    companies: dict[UUID, list[Version]]
    candidates: dict[UUID, list[list[Version]]]
    events: dict[UUID, list[signals.Known]]
    studies: dict[UUID, dict[str, list[Study]]]
    facts: dict[UUID, list[Fact]]
    readings: dict[UUID, signals.Readings]
    went_public: dict[UUID, date]
    matches: dict[UUID, list[Match]]

    @classmethod
    def load(cls, first: date, last: date, *, company_ids: Collection[UUID] | None = None) -> Window:
        """Read what can count between two days, of these companies or of all, in a fixed number of queries.

        What stands under a duplicate that was merged is the kept company's, on every day.
        """
        days, same = (first, last), Identities.load()
        ids = same.ids_or_all(company_ids)
        events = signals.events(last, company_ids, same)
        companies = versions(Company, COMPANY_COLUMNS, days, company_ids, company="pgh_obj_id")
        return cls(
            days,
            {key: rows for key, rows in companies.items() if key not in same.kept},
            _by_company(versions(DrugCandidate, CANDIDATE_COLUMNS, days, ids, company="company_id"), same),
            events,
            studies(days, company_ids, same),
            facts(days, company_ids, same),
            signals.filings_read(days, company_ids, same),
            signals.went_public(events, same),
            matches(days, company_ids),
        )

    def on(self, day: date, *, role: str = Role.TARGET) -> Iterator[CompanyInputs]:
        """Yield the inputs of every target of the day, live then and under no offer; also of those not known yet.

        With another role, of the companies that had it then. Raises ValueError for a day outside the range.
        """
        if not self.days[0] <= day <= self.days[1]:
            raise ValueError(f"{day} lies outside {self.days[0]} to {self.days[1]}")
        cutoff = end_of(day)
        for key in sorted(self.companies):
            company = in_force(self.companies[key], day)
            if company.is_deleted or company.values["deleted_at"] or company.values["role"] != role:
                continue
            events = [known.event for known in self.events.get(key, ()) if known.holds(cutoff)]
            if not is_under_offer(events):
                yield self._inputs(key, company, events, day)

    def _inputs(self, key: UUID, company: Version, events: Sequence[Event], day: date) -> CompanyInputs:
        row, own = company.values, _own_cap(company, day)
        found = figures(
            within_horizon(self.facts.get(key, ()), day),
            day,
            market_cap_usd=own,
            market_cap_as_of=row["market_cap_as_of"],
            history_starts=row["history_starts"],
        )
        spending = found.research_spending
        return CompanyInputs(
            key=str(key),
            day=day,
            programmes=self._programmes(key, events, day),
            market_cap=_market_cap(row, own, found, day),
            market_cap_is_float=found.market_cap_is_float,
            research_spending=Amount(spending.value, evidence.of_figure(spending, row["cik"])) if spending else None,
            states=states(events),
            corporate=points(
                events,
                day,
                self.readings.get(key, signals.Readings()).by(day),
                went_public=self.went_public.get(key),
            ),
            fit=fit(self.matches.get(key, ()), day),
            why_unknown={name: str(reason) for name, reason in found.unknown.items()},
            ticker=row["ticker"],
            cik=row["cik"],
            name=row["name"],
        )

    def _programmes(self, key: UUID, events: Sequence[Event], day: date) -> tuple[Programme, ...]:
        rows = [in_force(versions, day) for versions in self.candidates.get(key, ())]
        return tuple(programmes(rows, self.studies.get(key, {}), events, day))


def _by_company(candidates: dict[UUID, list[Version]], same: Identities) -> dict[UUID, list[list[Version]]]:
    """Return the candidates' versions by the company that they belong to.

    A drug that both a company and its duplicate had is the company's own, also before the merge archived the other.
    """
    found: dict[UUID, list[list[Version]]] = {}
    own: dict[UUID, set[tuple[str, str]]] = {}
    duplicates: list[tuple[UUID, list[Version]]] = []
    for key in sorted(candidates):
        versions = candidates[key]
        owner = versions[-1].values["company_id"]
        if owner in same.kept:
            duplicates.append((same.of(owner), versions))
        else:
            found.setdefault(owner, []).append(versions)
            if versions[-1].values["deleted_at"] is None:
                own.setdefault(owner, set()).add(_drug(versions))
    for owner, versions in duplicates:
        if _drug(versions) not in own.get(owner, ()):
            found.setdefault(owner, []).append(versions)
    return found


def _drug(versions: Sequence[Version]) -> tuple[str, str]:
    last = versions[-1].values
    return last["name"].casefold(), (last["indication"] or "").casefold()


def _own_cap(company: Version, day: date) -> Any:
    """Return the market cap of the company's row; None where an analyst entered it after the day."""
    note = company.values["field_sources"].get("market_cap_usd")
    is_curated = isinstance(note, dict) and note.get("source") == evidence.CURATED
    entered = evidence.as_day(note.get("as_of")) if isinstance(note, dict) else None
    is_later = company.recorded_at >= end_of(day) and is_curated and (entered or company.recorded_on) > day
    return None if is_later else company.values["market_cap_usd"]


def _market_cap(row: dict[str, Any], own: Any, found: CompanyFigures, day: date) -> Amount | None:
    """Return the newest market cap of the day or before: the ledger's or the row's own; else the public float."""
    as_of, priced = row["market_cap_as_of"], found.market_cap
    if priced is not None and found.market_cap_is_float:
        return Amount(priced.value, evidence.of_figure(priced, row["cik"]))
    if priced is not None and found.market_cap_usd is not None:
        is_own_newer = own is not None and own.is_finite() and as_of is not None and priced.period_end < as_of <= day
        if not is_own_newer:
            return Amount(found.market_cap_usd, evidence.of_price(priced))
    elif found.market_cap_usd is None:
        return None
    source = evidence.of_field(row["field_sources"], "market_cap_usd")
    return Amount(own, Evidence(source.source, source.url, as_of))
