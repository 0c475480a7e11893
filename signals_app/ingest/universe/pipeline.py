"""From trial arms to candidates: analysts' decisions where a company was reviewed, cautious rules where it was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from companies.models import Company
from companies.starter import curated, rows
from companies.starter.pipeline import Candidate, reviewed
from companies.starter.trials import Trial
from signals_app.ingest.merge.candidates import CandidateRecord
from signals_app.ingest.universe import own_drugs
from signals_app.ingest.universe.parse import ProgramRow


class Pipeline:
    """Gathers arms into one candidate a drug and indication; `left_out` counts the arms of no own drug."""

    def __init__(self) -> None:
        self.left_out = 0
        self._found: dict[tuple[str, str, str], Candidate] = {}
        self._arms: Counter[tuple[str, str, str]] = Counter()
        self._companies: dict[str, Company] = {}

    def add(self, row: ProgramRow, company: Company) -> None:
        """Take one arm in."""
        own = _own(row)
        if own is None:
            self.left_out += 1
            return
        drug, indication = own
        key = row.ticker, drug, indication.name
        entry = self._found.setdefault(key, Candidate(row.ticker, drug, indication))
        entry.trials.append(Trial(row.nct_id, row.phase, row.status))
        self._arms[key] += 1
        self._companies[row.ticker] = company

    def records(self) -> Iterable[CandidateRecord]:
        """Yield the candidates that have a phase; the arms of the others join `left_out`."""
        named = self._approve()
        for (ticker, drug, indication), entry in self._found.items():
            if indication and entry.phase_and_status is not None:
                named.add((ticker, drug))
        for key, entry in sorted(self._found.items()):
            found = entry.phase_and_status
            if found is None or (not key[2] and key[:2] in named):
                self.left_out += self._arms[key]
                continue
            nct_ids = sorted({trial.nct_id for trial in entry.trials})
            additional: dict[str, object] = {"nct_ids": nct_ids, "status": found[1], **_approval(entry)}
            yield CandidateRecord(
                company_id=self._companies[entry.ticker].pk,
                ticker=entry.ticker,
                name=entry.name,
                indication=entry.indication.name or None,
                phase=found[0],
                therapeutic_area=entry.indication.area or None,
                additional=additional,
                identifiers={"phase": " ".join(nct_ids[:10])},
                rows=self._arms[key],
            )

    def _approve(self) -> set[tuple[str, str]]:
        """Mark the drugs that FDA approved for the indication, and return all that it approved for any."""
        approved: set[tuple[str, str]] = set()
        for row in rows(curated.CURATION / "approvals.csv"):
            approved.add((row["company"], row["drug"]))
            entry = self._found.get((row["company"], row["drug"], row["indication"]))
            if entry is not None:
                entry.brands.append(row["brand"])
                entry.evidence.extend(row["evidence"].split())
        return approved


def _approval(entry: Candidate) -> dict[str, object]:
    """Return brands and application numbers of an approved product: what its approvals in the ledger are found by."""
    numbers = [item for item in dict.fromkeys(entry.evidence) if item[:3] in ("NDA", "BLA")]
    found = {"brands": list(dict.fromkeys(entry.brands)), "applications": numbers}
    return {name: values for name, values in found.items() if values}


def _own(row: ProgramRow) -> tuple[str, curated.Indication] | None:
    if curated.is_reviewed(row.ticker):
        return reviewed(row.ticker, row.drug, row.indication)
    drug = own_drugs.own_drug(row.drug)
    return (drug, curated.indication(row.indication)) if drug else None
