"""What acquirers of the starter data set did: announced takeovers, and what binds targets to them."""

from __future__ import annotations

import calendar
import csv
import json
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from companies import starter
from companies.choices import Phase, TherapeuticArea
from companies.models import Company
from signals_app.ingest.names import in_any_order, normalised
from signals_app.ingest.starter import load_starter
from signals_app.models import Signal

ROLES = {row["company"]: row["role"] for row in starter.rows(starter.COMPANIES)}
NAMES = {row["company"]: row["name"] for row in starter.rows(starter.COMPANIES)}
SIGNALS = [row | {"data": json.loads(row["signal_data"])} for row in starter.rows(starter.SIGNALS)]
DEALS = [row for row in SIGNALS if row["signal_type"] == "takeover_acquirer"]
TIES = [row for row in SIGNALS if row["signal_type"] in ("partnership", "partnership_ended", "passive_stake")]
KINDS = {"licence", "collaboration", "option", "right_of_first_negotiation"}


def test_there_are_deals_and_ties_enough_each_with_its_source_and_day() -> None:
    assert len(DEALS) == 242
    assert len(TIES) == 132
    assert all(row["data"]["cited"] and row["available_at"] == row["event_date"] for row in (*DEALS, *TIES))
    assert max(Counter((row["source"], row["source_id"]) for row in SIGNALS).values()) == 1


@pytest.mark.parametrize("row", DEALS, ids=lambda row: row["source_id"])
def test_deal_has_the_ledgers_shape(row: dict) -> None:  # type: ignore[type-arg]
    data = row["data"]
    assert ROLES[row["company"]] == "acquirer"
    assert data["target"]
    assert data["target_cik"] is None or re.fullmatch(r"[0-9]{10}", data["target_cik"])
    assert data["value_usd"] is None or Decimal(data["value_usd"]) >= 10_000_000
    assert data["value_basis"] or data["value_usd"] is None
    assert data["areas"]
    assert set(data["areas"]) <= set(TherapeuticArea.values)
    assert data["stage"] is None or data["stage"] in Phase.values
    assert data["status"] in ("completed", "pending", "terminated")


@pytest.mark.parametrize(
    ("company", "target", "day", "value", "status"),
    [
        ("AMGN", "Horizon Therapeutics plc", "2022-12-12", "27800000000", "completed"),
        ("PFE", "Seagen Inc.", "2023-03-13", "43000000000", "completed"),
        ("roche", "GENENTECH INC", "2008-07-21", "100074300000", "completed"),
        ("ew-healthcare", "TherapeuticsMD, Inc.", "2022-05-31", "88500000", "terminated"),
        ("NVS", "MorphoSys AG", "2024-02-05", None, "completed"),
    ],
)
def test_known_deal_stands_as_announced(company: str, target: str, day: str, value: str | None, status: str) -> None:
    found = [row for row in DEALS if (row["company"], row["data"]["target"]) == (company, target)]
    assert [(row["event_date"], row["data"]["value_usd"], row["data"]["status"]) for row in found] == [
        (day, value, status)
    ]


def test_every_deal_of_an_acquirer_in_the_file_is_there_once(shared_data: Path) -> None:
    led = {in_any_order(normalised(name)): company for company, name in NAMES.items() if ROLES[company] == "acquirer"}
    for alias in starter.rows(starter.ALIASES):
        if not alias["valid_from"]:
            led[in_any_order(normalised(alias["alias"]))] = alias["company"]
    with (shared_data / "deals" / "acquisitions_2006_2022.csv").open(encoding="utf-8", newline="") as lines:
        expected = Counter(
            (led[name], row["cik"].zfill(10), row["announced"])
            for row in csv.DictReader(lines)
            if (name := in_any_order(normalised(row["acquirer"]))) in led
        )
    assert len(expected) > 80
    assert expected == Counter(
        (row["company"], row["data"]["target_cik"], row["event_date"]) for row in DEALS if row["source"] == "deals"
    )


def test_no_target_of_the_ranking_was_bought_and_none_was_bought_twice() -> None:
    ciks = {row["cik"] for row in starter.rows(starter.COMPANIES) if row["role"] == "target"}
    assert not ciks & {row["data"]["target_cik"] for row in DEALS}
    bought = Counter(
        in_any_order(normalised(row["data"]["target"])) for row in DEALS if row["data"]["status"] == "completed"
    )
    assert [name for name, count in bought.items() if count > 1] == []


@pytest.mark.parametrize("row", TIES, ids=lambda row: row["source_id"])
def test_tie_binds_a_target_to_an_acquirer(row: dict) -> None:  # type: ignore[type-arg]
    party = "holder" if row["signal_type"] == "passive_stake" else "partner"
    data, day = row["data"], date.fromisoformat(row["event_date"])
    assert ROLES[row["company"]] == "target"
    assert data[party] in {NAMES[company] for company, role in ROLES.items() if role == "acquirer"}
    assert party == "holder" or data["kind"] in KINDS
    # A day that is not certain is the last of its period.
    is_last = day.day == calendar.monthrange(day.year, day.month)[1]
    assert {
        "day": True,
        "month": is_last,
        "quarter": is_last and day.month % 3 == 0,
        "year": (day.month, day.day) == (12, 31),
    }[data["precision"]]
    assert row["event_date"][:4] in data["cited"]


@pytest.mark.django_db
def test_deals_and_ties_are_in_the_ledger_from_their_own_days_on() -> None:
    load_starter()
    amgen = Company.objects.get(ticker="AMGN")
    deals = Signal.objects.filter(company=amgen, signal_type="takeover_acquirer")
    horizon = deals.get(signal_data__target="Horizon Therapeutics plc")
    assert horizon in deals.known_by_day(date(2022, 12, 12))
    assert horizon not in deals.known_by_day(date(2022, 12, 11))
    sangamo = Signal.objects.filter(company__ticker="SGMO", signal_data__partner="Pfizer Inc.")
    kinds = list(sangamo.known_by_day(date(2024, 12, 29)).values_list("signal_type", flat=True))
    assert kinds == ["partnership"]
    assert sangamo.known_by_day(date(2024, 12, 30)).count() == 2
    stake = Signal.objects.get(company__ticker="RCUS", signal_type="passive_stake")
    assert stake.signal_data["holder_cik"] == Company.objects.get(ticker="GILD").cik
    assert not Company.objects.filter(under_offer_since__isnull=False).exists()
