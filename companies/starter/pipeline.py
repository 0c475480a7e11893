"""From registered trial arms and approvals to a pipeline as an analyst keeps it: one row a drug and indication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from companies.starter import curated
from companies.starter.curated import Indication
from companies.starter.trials import Trial, furthest


@dataclass
class Candidate:
    """One drug in one indication, with what is known about it and where that comes from.

    `later`: the indication was added to the label by a later supplement. `owned_from`: the day from which the drug is
    the company's, where another had it approved.
    """

    ticker: str
    name: str
    indication: Indication
    trials: list[Trial] = field(default_factory=list)
    brands: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    orphan: bool = False
    later: bool = False
    owned_from: str = ""

    @property
    def phase_and_status(self) -> tuple[str, str] | None:
        """Return the furthest phase and its status; None when no trial has a phase and nothing is approved."""
        if self.brands:
            return "approved", "approved"
        return furthest(self.trials)


def candidates(programs: Iterable[Mapping[str, str]], approvals: Iterable[Mapping[str, str]]) -> list[Candidate]:
    """Return the curated candidates, sorted; drugs seen in healthy people only are kept without an indication."""
    found: dict[tuple[str, str, str], Candidate] = {}
    for row in programs:
        own = reviewed(row["ticker"], row["drug"], row["indication"])
        if own is not None:
            drug, named = own
            found.setdefault((row["ticker"], drug, named.name), Candidate(row["ticker"], drug, named)).trials.append(
                Trial(row["nct_id"], row["phase"], row["status"])
            )
    for row in approvals:
        labelled = Indication(row["indication"], row["area"])
        key = row["company"], row["drug"], labelled.name
        entry = found.setdefault(key, Candidate(row["company"], row["drug"], labelled))
        entry.brands.append(row["brand"])
        entry.evidence.extend(row["evidence"].split())
        entry.orphan = entry.orphan or row["orphan"] == "yes"
        entry.later = entry.later or row["later"] == "yes"
        entry.owned_from = max(entry.owned_from, row["owned_from"])
    return _worth_keeping(found)


def reviewed(ticker: str, arm: str, condition: str) -> tuple[str, Indication] | None:
    """Return the own drug and the indication behind a trial arm of a reviewed company; None when it is left out."""
    drug = curated.own_drug(ticker, arm)
    named = curated.corrected(ticker, drug, curated.indication(condition)) if drug else None
    return (drug, named) if drug and named is not None else None


def _worth_keeping(found: Mapping[tuple[str, str, str], Candidate]) -> list[Candidate]:
    phased = {key: entry for key, entry in found.items() if entry.phase_and_status is not None}
    with_indication = {(ticker, drug) for ticker, drug, indication in phased if indication}
    return [phased[key] for key in sorted(phased) if key[2] or key[:2] not in with_indication]
