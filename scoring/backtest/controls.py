"""The controls of a back-test: what must hold whatever the ranking is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from scoring.backtest.generated import binormal_panel
from scoring.backtest.improvements import lowered
from scoring.backtest.measures import Estimate, auroc_of, draws_of
from scoring.backtest.panel import Panel
from scoring.backtest.probes import Probed, probe
from scoring.backtest.shuffled import shuffled_auroc
from scoring.engine.inputs import Amount, CompanyInputs, Evidence, Fit, Points, Programme, State
from scoring.inputs import universe_inputs

PLANTED_AUROC = 0.70
CHANCE = 0.5
GENERATED = "generated"


@dataclass(frozen=True, slots=True)
class Control:
    """One control: whether it holds, on what it was tried (`universe` says so where that is generated), its figures."""

    holds: bool
    universe: str
    says: str
    auroc: Estimate | None = None
    p_value: float | None = None


def run_controls(
    panel: Panel | None, *, day: date, universe: Sequence[CompanyInputs], weights: Mapping[str, Decimal]
) -> dict[str, Control]:
    """Return the controls by name. Without a panel (too few deals) labels are shuffled on a generated universe.

    `universe`: the companies of the day; generated ones stand in where there are none.
    """
    probed = probe(day)
    return {
        "shuffled_labels": _shuffled(panel),
        "planted_signal": _planted(),
        "future_fact": _future_fact(probed),
        "better_input": _better_input(universe, day, weights),
        "acquired_leaves": _acquired(probed),
    }


def _shuffled(panel: Panel | None) -> Control:
    """Hand the labels to other companies: the AUROC lies at 0.5. Says how often chance does as well as the score."""
    rows = panel if panel is not None else binormal_panel(auroc=PLANTED_AUROC)
    where = "the companies and days ranked" if panel is not None else _generated_name(rows)
    found, aurocs = shuffled_auroc(rows)
    actual = auroc_of(rows, rows.score, draws_of(len(rows.companies), draws=1)).value
    p_value = None
    if actual is not None and aurocs.size:
        p_value = float((1 + (aurocs >= actual).sum()) / (1 + aurocs.size))
    holds = found.low is not None and found.high is not None and found.low <= CHANCE <= found.high
    return Control(holds, where, "labels handed to other companies find nothing", found, p_value)


def _planted() -> Control:
    """Plant a signal of known strength in a generated universe: the measures find it again."""
    panel = binormal_panel(auroc=PLANTED_AUROC)
    found = auroc_of(panel, panel.score, draws_of(len(panel.companies)))
    holds = found.low is not None and found.high is not None and found.low <= PLANTED_AUROC <= found.high
    return Control(
        holds, _generated_name(panel), f"a planted AUROC of {PLANTED_AUROC:.2f} lies within the interval", found
    )


def _generated_name(panel: Panel) -> str:
    what = f"{panel.company_count} companies, {panel.deals} deals, true AUROC {PLANTED_AUROC:.2f}"
    return f"{GENERATED}: {what}"


def _future_fact(probed: Probed) -> Control:
    says = "figures, prices, events and takeovers that became known after the day change nothing on it"
    return Control(probed.future_changes_nothing, _where(probed), says)


def _acquired(probed: Probed) -> Control:
    return Control(probed.acquired_leaves, _where(probed), "a company leaves the ranking on the day of its takeover")


def _where(probed: Probed) -> str:
    if probed.is_generated:
        return f"{GENERATED}: {probed.companies} companies on {probed.day}"
    return f"{probed.companies} companies on {probed.day}"


def _better_input(universe: Sequence[CompanyInputs], day: date, weights: Mapping[str, Decimal]) -> Control:
    tried, failed = lowered(universe, weights)
    where = f"{tried} inputs made better on {day}"
    if not tried:
        tried, failed = lowered(generated_inputs(day), weights)
        where = f"{GENERATED}: {tried} inputs made better"
    says = f"lowered by a better input: {', '.join(failed)}" if failed else "no better input lowers its component"
    return Control(bool(tried) and not failed, where, says)


def generated_inputs(day: date) -> list[CompanyInputs]:
    """Return a few generated companies at different stages, each with every input known."""
    evidence = Evidence(GENERATED)
    return [
        CompanyInputs(
            key=f"{GENERATED}-{phase}",
            day=day,
            programmes=(
                Programme(
                    "generated",
                    None,
                    phase,
                    protected_until=day.replace(year=day.year + 8, day=1),
                    orphan=False,
                    fast_track=False,
                    breakthrough=False,
                    next_completion=day.replace(year=day.year + 1, day=1),
                    known_from=day,
                ),
            ),
            market_cap=Amount(Decimal(cap), evidence),
            research_spending=Amount(Decimal(cap) / 10, evidence),
            corporate={"activist_stake": Points(Decimal(4), GENERATED, evidence)},
            fit=Fit(Decimal(6), GENERATED, evidence),
            states={state: State(True, evidence)},
        )
        for phase, cap, state in (
            ("phase_1", 200_000_000, "clinical_hold"),
            ("phase_2", 900_000_000, "complete_response"),
            ("phase_3", 9_000_000_000, "fast_track"),
        )
    ]


def control_universe(day: date) -> list[CompanyInputs]:
    """Return what the better-input control works on: companies of the day with a programme or a figure."""
    known = [inputs for inputs in universe_inputs(day) if inputs.programmes or inputs.research_spending]
    return sorted(known, key=lambda inputs: (-len(inputs.programmes), inputs.key))
