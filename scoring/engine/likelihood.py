"""How likely a programme is to be approved, by phase and area.

Source: BIO, Informa Pharma Intelligence and QLS Advisors, Clinical Development Success Rates and Contributing Factors
2011-2020 (2021): transitions over all indications, and likelihoods of approval from phase 1 by group.
"""

from __future__ import annotations

from decimal import Decimal

from scoring.engine.wording import indication_key

D = Decimal
SOURCE = "BIO, Informa and QLS 2021"
ALL_FROM_PHASE_1 = D("0.079")
# Of those that enter a phase, the share that moves on: phase 2 to 3, 3 to filing, filing to approval.
_P2, _P3, _FILED = D("0.289"), D("0.578"), D("0.906")
FROM_PHASE: dict[str, Decimal] = {
    "phase_1": ALL_FROM_PHASE_1,
    "phase_1_2": ALL_FROM_PHASE_1,
    "phase_2": _P2 * _P3 * _FILED,
    "phase_2_3": _P2 * _P3 * _FILED,
    "phase_3": _P3 * _FILED,
    "nda_bla": _FILED,
    "approved": D(1),
}
FROM_PHASE_1: dict[str, Decimal] = {"oncology": D("0.053"), "haematology": D("0.239"), "rare_disease": D("0.170")}
# Haematology is no area of the desk's: these words of an indication say it, outside oncology. Compared spelling.
_BLOOD = frozenset(
    {"hemophilia", "sickle", "thalassemia", "anemia", "thrombocytopenia", "hemoglobinuria", "neutropenia", "hemolytic"}
)


def group_of(area: str | None, indication: str | None) -> str | None:
    """Return the group whose likelihood is published, None for all others."""
    if area != "oncology" and _BLOOD & set(indication_key(indication or "").split()):
        return "haematology"
    return area if area in FROM_PHASE_1 else None


def likelihood_of_approval(phase: str, area: str | None, indication: str | None) -> Decimal | None:
    """Return the chance of approval, 0 to 1; None for a programme that has not entered phase 1: none is published.

    For a group only the chance from phase 1 is given. Its later phases take the same power of the overall chance that
    makes the overall chance from phase 1 the group's. [J]
    """
    overall = FROM_PHASE.get(phase)
    group = group_of(area, indication)
    if overall is None or group is None:
        return overall
    return overall ** (FROM_PHASE_1[group].ln() / ALL_FROM_PHASE_1.ln())
