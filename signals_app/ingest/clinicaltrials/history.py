"""The versions of studies that the ledger holds: what was known of a study on which day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from companies.identity import Identities
from signals_app.ingest.clinicaltrials.versions import State
from signals_app.models import Signal

SOURCE = "clinicaltrials"
# The key under which a signal's data hold the state of its study.
TRIAL = "trial"

Study = tuple[UUID, str]


@dataclass
class History:
    """The last state of each study of some companies, by company and NCT id, and the days of all its versions."""

    last: dict[Study, State] = field(default_factory=dict)
    versions: dict[Study, set[date | None]] = field(default_factory=dict)

    @classmethod
    def load(cls, company_ids: Collection[UUID]) -> History:
        """Read the versions of the companies' studies, those of their duplicates with them."""
        history, same = cls(), Identities.load()
        rows = Signal.objects.filter(company_id__in=same.ids_of(company_ids), source=SOURCE, signal_data__has_key=TRIAL)
        columns = "company_id", "signal_data__nct_id", f"signal_data__{TRIAL}"
        for company_id, nct_id, data in rows.order_by().values_list(*columns).iterator(chunk_size=5000):
            state = State.from_json(data)
            if state is not None:
                history.add(same.of(company_id), str(nct_id), state)
        return history

    def add(self, company_id: UUID, nct_id: str, state: State) -> None:
        """Take note of a version that the ledger holds, or will: one without its day it never does."""
        self.versions.setdefault((company_id, nct_id), set()).add(state.version)
        self.see(company_id, nct_id, state)

    def see(self, company_id: UUID, nct_id: str, state: State) -> None:
        """Take note of a version as the last one seen, if it is."""
        held = self.last.get((company_id, nct_id))
        if held is None or held.is_before(state):
            self.last[company_id, nct_id] = state

    def holds(self, company_id: UUID, nct_id: str, version: date | None) -> bool:
        """Return whether the ledger holds that version."""
        return version in self.versions.get((company_id, nct_id), ())
