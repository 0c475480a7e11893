"""How a drug's trials in one indication add up to its phase: ClinicalTrials.gov's words in, ours out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from companies.choices import PHASE_ORDER, Phase

# EARLY_PHASE1 counts as phase 1, PHASE4 as approved; NA says nothing about the phase.
PHASES: dict[str, str | None] = {
    "EARLY_PHASE1": Phase.PHASE_1.value,
    "PHASE1": Phase.PHASE_1.value,
    "PHASE1|PHASE2": Phase.PHASE_1_2.value,
    "PHASE1/PHASE2": Phase.PHASE_1_2.value,
    "PHASE2": Phase.PHASE_2.value,
    "PHASE2|PHASE3": Phase.PHASE_2_3.value,
    "PHASE2/PHASE3": Phase.PHASE_2_3.value,
    "PHASE3": Phase.PHASE_3.value,
    "PHASE4": Phase.APPROVED.value,
    "NA": None,
    "N/A": None,
    "": None,
}
ACTIVE = frozenset(
    {
        "RECRUITING",
        "ACTIVE_NOT_RECRUITING",
        "NOT_YET_RECRUITING",
        "ENROLLING_BY_INVITATION",
        "AVAILABLE",
    }
)
ENDED = frozenset({"TERMINATED", "WITHDRAWN", "NO_LONGER_AVAILABLE"})
STATUSES = (
    ACTIVE
    | ENDED
    | {
        "COMPLETED",
        "UNKNOWN",
        "SUSPENDED",
        "TEMPORARILY_NOT_AVAILABLE",
        "APPROVED_FOR_MARKETING",
    }
)
MARKETED = "APPROVED_FOR_MARKETING"


@dataclass(frozen=True)
class Trial:
    """A registered trial: its NCT id, phase and status in the registry's words."""

    nct_id: str
    phase: str
    status: str


def furthest(trials: Sequence[Trial]) -> tuple[str, str] | None:
    """Return the furthest phase and its status: active, suspended, completed, unknown, ended or approved.

    Trials that were terminated or withdrawn, and closed access, count only when no other has a phase; when there are
    no others at all, the phase is `discontinued`. Trials of unknown status count only when there are no better ones.
    None: no trial has a phase. Access after approval (`APPROVED_FOR_MARKETING`) says that the drug is on the market
    for that condition.
    """
    if any(trial.status == MARKETED for trial in trials):
        return Phase.APPROVED.value, "approved"
    phased = [(phase, trial) for trial in trials if (phase := PHASES[trial.phase]) is not None]
    if not phased:
        return None
    running = [(phase, trial) for phase, trial in phased if trial.status not in ENDED]
    if not running:
        others = {trial.status for trial in trials if trial.status not in ENDED}
        return (_highest(phased), _status(others)) if others else (Phase.DISCONTINUED.value, "ended")
    known = [(phase, trial) for phase, trial in running if trial.status != "UNKNOWN"] or running
    phase = _highest(known)
    if phase == Phase.APPROVED.value:
        return phase, "approved"
    return phase, _status({trial.status for _, trial in known})


def _highest(phased: Sequence[tuple[str, Trial]]) -> str:
    return max((phase for phase, _ in phased), key=PHASE_ORDER.__getitem__)


def _status(statuses: set[str]) -> str:
    if statuses & ACTIVE:
        return "active"
    if "SUSPENDED" in statuses:
        return "suspended"
    return "unknown" if statuses == {"UNKNOWN"} else "completed"
