"""What corporate and ownership events add to the insider component: worked out by hand from impact and half-life."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from scoring.engine.components import CORPORATE_EVENTS
from scoring.engine.inputs import CompanyInputs, Evidence, Points
from scoring.inputs import Window
from scoring.insider import WEIGHED, Read, points
from scoring.states import Event
from signals_app.models import Signal
from tests.scoring.universe import DAY, company, moment, signal

NOT_READ = Read()


def event(kind: str, days_ago: int, key: str = "a") -> Event:
    day = DAY - dt.timedelta(days=days_ago)
    return Event(f"{key}{days_ago}", kind, day, {}, Evidence("edgar", None, day, (f"{key}{days_ago}",)))


def of(*events: Event, read: Read = NOT_READ, went_public: dt.date | None = None) -> dict[str, Points]:
    return points(sorted(events, key=lambda each: each.day), DAY, read, went_public=went_public)


def test_engine_s_features_are_the_catalogue_s_types_with_an_impact() -> None:
    assert set(WEIGHED) == set(CORPORATE_EVENTS)


@pytest.mark.parametrize(
    ("kind", "days_ago", "expected"),
    [
        ("strategic_review", 0, "30"),
        ("strategic_review", 180, "15"),
        ("strategic_review", 360, "7.5"),
        ("activist_stake", 365, "10"),
        ("insider_buying_cluster", 60, "8.4852813742"),  # 12 / sqrt 2
        ("partnership_ended", 180, "-4"),
        ("atm_program", 45, "-2.8284271247"),  # -4 / sqrt 2
        ("executive_departure", 240, "0.75"),
        ("restructuring", 180, "-2.5"),
    ],
)
def test_event_counts_half_after_each_half_life(kind: str, days_ago: int, expected: str) -> None:
    assert round(of(event(kind, days_ago))[kind].points, 10) == Decimal(expected)


def test_events_of_a_type_add_up_but_one_a_type_within_30_days() -> None:
    found = of(event("partnership", 400), event("partnership", 375), event("partnership", 365), event("partnership", 0))
    # at 400 days; not 375 (25 later) but 365 (35 later); at 0: 8 (2^(-400/365) + 1/2 + 1) = 8 (0.467847 + 1.5)
    assert round(found["partnership"].points, 6) == Decimal("15.742778")
    assert found["partnership"].evidence.signal_ids == ("a400", "a365", "a0")


def test_stakes_within_60_days_of_the_first_offering_are_left_out() -> None:
    went_public = DAY - dt.timedelta(days=100)
    assert "activist_stake" not in of(event("activist_stake", 40), went_public=went_public)
    assert of(event("activist_stake", 39), went_public=went_public)["activist_stake"].points > 0
    assert of(event("activist_stake", 101), went_public=went_public)["activist_stake"].points > 0


def test_absence_is_known_only_where_the_source_was_read() -> None:
    assert of() == {}
    read = of(read=Read(filings=DAY - dt.timedelta(days=199), ownership=DAY - dt.timedelta(days=400)))
    assert set(read) == set(CORPORATE_EVENTS) - {"insider_buying_cluster"}
    assert {found.points for found in read.values()} == {0}
    assert set(of(read=Read(ownership=DAY - dt.timedelta(days=399)))) == {"insider_buying_cluster"}
    assert of(read=Read(filings=DAY - dt.timedelta(days=200))) == {}


def inputs_of(target: object, day: dt.date = DAY) -> CompanyInputs:
    [found] = Window.load(day, day).on(day)
    return found


def filed(of: object, form: str, day: str, kind: str = "sec_filing") -> Signal:
    return Signal.objects.create(
        company=of, signal_type=kind, title=f"{form} filed", source="edgar", source_id=f"{form}:{day}",
        signal_data={"form": form}, event_date=moment(day), available_at=moment(day),
    )  # fmt: skip


@pytest.mark.django_db
def test_stake_after_the_first_prospectus_is_left_out_unless_reports_came_before() -> None:
    target = company("IPO")
    filed(target, "424B4", "2026-03-01", "financing")
    signal(target, "activist_stake", "2026-03-20")
    assert inputs_of(target).corporate["activist_stake"].words.startswith("none in what was filed")
    filed(target, "10-Q", "2025-11-10")
    assert inputs_of(target).corporate["activist_stake"].points > 10


@pytest.mark.django_db
def test_figures_alone_do_not_vouch_for_absence() -> None:
    target = company("FACT")
    filed(target, "10-Q", "2026-05-10", "financial_snapshot")
    assert inputs_of(target).corporate == {}
    filed(target, "4", "2026-05-20", "insider_transaction")
    assert set(inputs_of(target).corporate) == {"insider_buying_cluster"}
    filed(target, "8-K", "2026-05-21", "other_event")
    assert set(inputs_of(target).corporate) == set(CORPORATE_EVENTS)
    # what was read later vouches for no earlier day
    assert inputs_of(target, dt.date(2026, 5, 19)).corporate == {}
