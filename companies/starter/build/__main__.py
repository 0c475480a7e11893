"""Write the starter data set anew from the public files in FOLDER. The same files give the same bytes.

FOLDER holds `universe/` (companies.csv, financial_facts.csv.gz, programs.csv.gz, trial_results_posted.csv,
fda_decisions.csv), `fda/` (drugsfda/, orangebook/) and `deals/`, as README.md describes.
"""

from __future__ import annotations

import argparse
import calendar
import csv
import gzip
import io
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from companies import starter
from companies.starter import curated
from companies.starter.build import acquirers, deals, events, facts, protection, relations
from companies.starter.pipeline import Candidate, candidates

COMPANY_COLUMNS = (
    "company",
    "ticker",
    "cik",
    "name",
    "role",
    "role_reason",
    "is_public",
    "buyer_kind",
    "headquarters",
    "headquarters_source",
    "market_cap_usd",
    "market_cap_as_of",
    "therapeutic_areas",
    "source",
)
CANDIDATE_COLUMNS = (
    "company",
    "name",
    "phase",
    "status",
    "indication",
    "therapeutic_area",
    "patent_expiry",
    "patent_source",
    "orphan_designation",
    "orphan_source",
    "approved_on",
    "later_indication",
    "owned_from",
    "brands",
    "applications",
    "nct_ids",
    "source",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the files named on the command line and write the data set beside this package."""
    parser = argparse.ArgumentParser(prog="companies.starter.build", description=__doc__)
    parser.add_argument(
        "--from", dest="folder", type=Path, required=True, help="folder with universe/, fda/ and deals/"
    )
    folder: Path = parser.parse_args(arguments).folder
    universe = folder / "universe"
    listed = list(starter.rows(universe / "companies.csv"))
    figures = list(starter.rows(universe / "financial_facts.csv.gz"))
    originals = protection.originals(folder / "fda" / "drugsfda")
    books = protection.orange_book(folder / "fda" / "orangebook")
    decisions = list(starter.rows(universe / "fda_decisions.csv"))
    approvals = list(starter.rows(curated.CURATION / "approvals.csv"))
    acquirers.check_applications(approvals, originals)
    entries = candidates(starter.rows(universe / "programs.csv.gz"), approvals)
    excluded = {ticker for ticker, decision in curated.companies().items() if decision.role == "excluded"}
    entries = [entry for entry in entries if entry.ticker not in excluded]
    approved_on = _approval_days(originals, decisions)
    names = {row["ticker"]: curated.companies()[row["ticker"]].name or row["name"] for row in listed}
    ciks = {row["ticker"]: row["cik"] for row in listed}
    companies = {row["company"]: row for row in _companies(listed, entries)}
    _write(
        starter.COMPANIES, COMPANY_COLUMNS, (tuple(row[name] for name in COMPANY_COLUMNS) for row in companies.values())
    )
    _write(starter.ALIASES, acquirers.ALIAS_COLUMNS, acquirers.aliases())
    _write(starter.CANDIDATES, CANDIDATE_COLUMNS, (_candidate(entry, books, approved_on) for entry in entries))
    results = starter.rows(universe / "trial_results_posted.csv")
    signals = [
        *events.approvals(decisions, entries, originals, names),
        *events.posted_results(results, entries, ciks),
        *deals.takeovers(folder / "deals" / "acquisitions_2006_2022.csv", companies),
        *relations.ties(companies),
    ]
    _write(starter.SIGNALS, events.COLUMNS, sorted(signals))
    kept = facts.kept(figures, since=starter.FACTS_FROM, tickers=frozenset(names))
    _write(starter.FACTS, facts.COLUMNS, kept)
    _report(entries)
    return 0


def _approval_days(
    originals: Mapping[str, protection.Original], decisions: Iterable[Mapping[str, str]]
) -> dict[str, str]:
    return {application: original.approved.isoformat() for application, original in originals.items()} | {
        row["application_number"]: row["decision_date"]
        for row in decisions
        if row["submission_class"] == "ORIG" and row["outcome"] == "APPROVED"
    }


def _companies(listed: Iterable[dict[str, str]], entries: Iterable[Candidate]) -> list[dict[str, str]]:
    areas: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        state = entry.phase_and_status
        if entry.indication.area and state and state[0] != "discontinued":
            areas[entry.ticker][entry.indication.area] += 1
    ranked = {
        company: " ".join(area for area, _ in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
        for company, found in areas.items()
    }
    found = [_listed(row, ranked.get(row["ticker"], "")) for row in listed]
    return found + list(acquirers.companies(ranked, listed=[row["company"] for row in found]))


def _listed(row: dict[str, str], areas: str) -> dict[str, str]:
    decision = curated.companies()[row["ticker"]]
    return {
        "company": row["ticker"],
        "ticker": row["ticker"],
        "cik": row["cik"],
        "name": decision.name or row["name"],
        "role": decision.role,
        "role_reason": decision.reason,
        "market_cap_usd": row["market_cap_usd_approx"],
        "market_cap_as_of": _last_day(row["market_cap_as_of"]) if row["market_cap_usd_approx"] else "",
        "therapeutic_areas": areas,
        "source": f"sec:cik:{row['cik']}",
        **acquirers.as_buyer(row["ticker"]),
    }


def _last_day(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{month}-{calendar.monthrange(year, number)[1]:02d}"


def _candidate(
    entry: Candidate, books: dict[str, list[protection.Protection]], approved_on: dict[str, str]
) -> tuple[str, ...]:
    phase, status = entry.phase_and_status or ("", "")
    applications = [item for item in dict.fromkeys(entry.evidence) if item[:3] in ("NDA", "BLA")]
    protections = [item for application in applications for item in books.get(application, ())]
    last = max(protections, key=lambda item: (item.expires, item.label), default=None)
    orphan = next((item for item in protections if entry.orphan and item.label.startswith("exclusivity ODE")), None)
    days = sorted(approved_on[application] for application in applications if application in approved_on)
    nct_ids = sorted({trial.nct_id for trial in entry.trials})
    lists = sorted(
        {f"fda:{item.lower()}:{brand}" for item in entry.evidence if item in ("CBER", "CDER") for brand in entry.brands}
    )
    return (
        entry.ticker,
        entry.name,
        phase,
        status,
        entry.indication.name,
        entry.indication.area,
        last.expires.isoformat() if last else "",
        _cite(last),
        "true" if orphan else "",
        _cite(orphan),
        days[0] if days and not entry.later else "",
        "true" if entry.later else "",
        entry.owned_from,
        " | ".join(dict.fromkeys(entry.brands)),
        " ".join(applications),
        " ".join(nct_ids),
        " | ".join([*(f"fda:{item}" for item in applications), *lists, *(f"nct:{item}" for item in nct_ids[:3])]),
    )


def _cite(item: protection.Protection | None) -> str:
    return f"orangebook:{item.application} {item.label} {item.expires}" if item else ""


def _write(path: Path, columns: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    raw = text.getvalue().encode()
    path.write_bytes(gzip.compress(raw, 9, mtime=0) if path.suffix == ".gz" else raw)


def _report(entries: Sequence[Candidate]) -> None:
    for path in starter.SHIPPED:
        sys.stdout.write(f"{path.name}: {sum(1 for _ in starter.rows(path))} rows, {path.stat().st_size} bytes\n")
    phases = Counter(entry.phase_and_status[0] for entry in entries if entry.phase_and_status)
    sys.stdout.write(f"candidates by phase: {dict(phases)}\n")


if __name__ == "__main__":
    raise SystemExit(main())
