"""The dated events the starter data set keeps: original FDA approvals and posted results of the kept drugs' trials."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from companies.sponsors import names_company
from companies.starter.build.protection import Original
from companies.starter.pipeline import Candidate

COLUMNS = (
    "company",
    "signal_type",
    "event_date",
    "available_at",
    "severity",
    "title",
    "source",
    "source_id",
    "source_url",
    "signal_data",
)
FDA_URL = "https://www.accessdata.fda.gov/scripts/cder/daf/index.cfm?event=overview.process&ApplNo="
TRIAL_URL = "https://clinicaltrials.gov/study/"


def approvals(
    decisions: Iterable[Mapping[str, str]],
    entries: Sequence[Candidate],
    originals: Mapping[str, Original],
    names: Mapping[str, str],
) -> Iterator[tuple[str, ...]]:
    """Yield one `fda_approval` an original application, from the decisions or, for older ones, Drugs@FDA.

    A drug that another company had approved, and that was bought later, is no approval of the buyer's.
    """
    bought = {(entry.ticker, application) for entry in entries if entry.owned_from for application in entry.evidence}
    seen: set[str] = set()
    for row in decisions:
        original = row["submission_class"] == "ORIG" and row["outcome"] == "APPROVED"
        if (row["ticker"], row["application_number"]) in bought:
            continue
        if original and row["ticker"] in names and names_company(row["sponsor"], names[row["ticker"]]):
            seen.add(row["application_number"])
            yield _approval(row["ticker"], row["application_number"], row["drug"], row["decision_date"], row["sponsor"])
    for entry in entries:
        for application in entry.evidence:
            if application in originals and application not in seen and (entry.ticker, application) not in bought:
                seen.add(application)
                found = originals[application]
                yield _approval(entry.ticker, application, entry.brands[0], found.approved.isoformat(), found.sponsor)


def _approval(ticker: str, application: str, drug: str, day: str, sponsor: str) -> tuple[str, ...]:
    data = {"application_number": application, "drug": drug, "submission_class": "ORIG", "sponsor": sponsor}
    return (
        ticker,
        "fda_approval",
        day,
        day,
        "critical",
        f"FDA approves {drug} ({application})",
        "drugsfda",
        f"{application}:ORIG:{day}",
        f"{FDA_URL}{application[3:]}",
        json.dumps(data, sort_keys=True),
    )


def posted_results(
    results: Iterable[Mapping[str, str]], entries: Sequence[Candidate], ciks: Mapping[str, str]
) -> Iterator[tuple[str, ...]]:
    """Yield one `trial_results_posted` a trial of a kept drug and company. Posted results are not a readout."""
    own = {(entry.ticker, trial.nct_id): entry for entry in entries for trial in entry.trials}
    for row in results:
        entry = own.get((row["ticker"], row["nct_id"]))
        if entry is not None:
            nct_id, day = row["nct_id"], row["results_first_posted"]
            source_id = f"{nct_id}:results:{day}:{ciks[entry.ticker]}"
            data = {"nct_id": nct_id, "phase": row["phase"], "drug": entry.name, "indication": entry.indication.name}
            yield (
                row["ticker"],
                "trial_results_posted",
                day,
                day,
                "medium",
                f"Results of {nct_id} posted ({entry.name})",
                "clinicaltrials",
                source_id,
                f"{TRIAL_URL}{nct_id}",
                json.dumps(data, sort_keys=True),
            )
