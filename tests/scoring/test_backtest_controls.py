"""The controls of the back-test: each holds as things are, and fails where what it watches over is broken."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from scoring.backtest import improvements, probes
from scoring.backtest.controls import generated_inputs
from scoring.backtest.improvements import lowered
from scoring.backtest.observe import standings
from scoring.backtest.probes import probe
from scoring.engine import components, features
from scoring.engine.inputs import CompanyInputs
from scoring.inputs import universe_inputs
from signals_app.models import FinancialFact, Signal
from tests.scoring.universe import company, research

DAY = dt.date(2010, 6, 30)
WEIGHTS = {
    "pipeline": Decimal("0.30"),
    "patent": Decimal("0.10"),
    "financial": Decimal("0.20"),
    "insider": Decimal("0.10"),
    "strategic_fit": Decimal("0.20"),
    "regulatory": Decimal("0.10"),
}


def test_no_better_input_lowers_its_component_on_generated_companies():
    tried, failed = lowered(generated_inputs(DAY), WEIGHTS)
    assert failed == []
    changed = {change.component for inputs in generated_inputs(DAY) for change in improvements.improvements(inputs)}
    assert changed == set(WEIGHTS)
    assert tried >= 3 * len(WEIGHTS)


@pytest.mark.parametrize(
    ("feature", "component"),
    [
        (("financial", "research_spending"), "financial"),
        (("pipeline", "lead_stage"), "pipeline"),
        (("patent", "protected_years"), "patent"),
        (("regulatory", "orphan"), "regulatory"),
        (("strategic_fit", "best_acquirers"), "strategic_fit"),
    ],
)
def test_feature_turned_upside_down_is_caught(monkeypatch, feature, component):
    right = features.READERS[feature]

    def upside_down(inputs: CompanyInputs) -> features.Reading:
        found = right(inputs)
        return found if found.value is None else replace(found, value=components.HUNDRED - found.value)

    monkeypatch.setitem(features.READERS, feature, upside_down)
    assert lowered(generated_inputs(DAY), WEIGHTS)[1] == [component]


def test_company_of_which_nothing_is_known_stands_at_the_baseline():
    known = generated_inputs(DAY)
    found = standings([*known, CompanyInputs("blank", DAY)], WEIGHTS)
    blank = found.pop("blank")
    assert not blank.is_sufficient
    assert all(standing.is_sufficient for standing in found.values())
    # the middle of three: the second company's size and stage
    middle = found["generated-phase_2"]
    assert blank.baselines[1] == middle.baselines[1] == 60
    assert min(s.total for s in found.values()) < blank.total < max(s.total for s in found.values())


def test_where_nothing_is_known_of_anybody_all_stand_equal():
    found = standings([CompanyInputs("one", DAY), CompanyInputs("two", DAY)], WEIGHTS)
    assert found["one"] == found["two"]
    assert found["one"].total == 50


def filed(ticker: str) -> None:
    research(company(ticker, as_of="2010-06-01"), 50_000_000, end="2010-03-31", known="2010-05-10", accession=ticker)


@pytest.mark.django_db
def test_probe_leaves_nothing_behind():
    filed("A")
    before = Signal.objects.count(), FinancialFact.objects.count(), universe_inputs(DAY)
    found = probe(DAY)
    assert (found.companies, found.is_generated) == (1, False)
    assert found.future_changes_nothing
    assert found.acquired_leaves
    assert (Signal.objects.count(), FinancialFact.objects.count(), universe_inputs(DAY)) == before


@pytest.mark.django_db
def test_door_that_reads_the_day_after_is_caught(monkeypatch):
    filed("A")
    monkeypatch.setattr(probes, "universe_inputs", lambda day: universe_inputs(day + dt.timedelta(days=1)))
    assert not probe(DAY).future_changes_nothing


@pytest.mark.django_db
def test_acquired_company_that_stays_is_caught(monkeypatch):
    filed("A")
    monkeypatch.setattr(probes, "_announce", lambda *_: None)
    assert not probe(DAY).acquired_leaves
