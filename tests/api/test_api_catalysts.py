"""Coming events, from candidates and from signals, in one list."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from biotech_ma.core.services import archive
from signals_app.market_day import NEW_YORK
from tests.api.test_api_reads import walk
from tests.factories import DrugCandidateFactory, SignalFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def coming(universe):
    """One event of each origin on three days, and two that are not coming."""
    today = timezone.localdate(timezone=NEW_YORK)
    universe.days = [today + dt.timedelta(days=n) for n in (10, 20, 30)]
    soon, later, last = universe.days
    DrugCandidateFactory(
        company=universe.alpha,
        name="AB-9",
        therapeutic_area="oncology",
        next_milestone="Phase 3 readout",
        next_milestone_date=later,
        patent_expiry=last,
    )
    SignalFactory(
        company=universe.beta,
        signal_type="pdufa_date",
        title="PDUFA date of BP-1",
        event_date=dt.datetime.combine(soon, dt.time(16), tzinfo=dt.UTC),
    )
    DrugCandidateFactory(company=universe.alpha, next_milestone_date=today - dt.timedelta(days=1))
    DrugCandidateFactory(company=universe.alpha, patent_expiry=today + dt.timedelta(days=900))
    return universe


def test_coming_events_of_every_origin_soonest_first(reader, coming):
    rows = reader.rows("catalysts/")
    assert [(row["date"], row["kind"], row["ticker"]) for row in rows] == [
        (coming.days[0].isoformat(), "pdufa_date", "BETA"),
        (coming.days[1].isoformat(), "milestone", "ALPH"),
        (coming.days[2].isoformat(), "patent_expiry", "ALPH"),
    ]
    assert rows[1]["title"] == "Phase 3 readout"
    assert reader.get(f"{rows[1]['resource']}/{rows[1]['id']}/").json["name"] == rows[1]["drug"] == "AB-9"
    assert walk(reader, "catalysts/", limit=1) == rows
    assert walk(reader, "catalysts/", limit=2) == rows


@pytest.mark.parametrize(
    ("params", "kinds"),
    [
        ({"company": "beta"}, ["pdufa_date"]),
        ({"kind": "milestone,pdufa_date"}, ["pdufa_date", "milestone"]),
        ({"therapeutic_area": "oncology"}, ["milestone", "patent_expiry"]),
        ({"therapeutic_area": "metabolic", "kind": "pdufa_date"}, []),
        ({"since": "2020-01-01", "until": "2020-12-31"}, []),
        ({"since": "9999-12-01"}, []),
    ],
)
def test_catalyst_filters(reader, coming, params, kinds):
    assert [row["kind"] for row in reader.rows("catalysts/", **params)] == kinds


def test_archived_company_has_no_catalysts(reader, coming):
    archive(row=coming.alpha)
    assert [row["ticker"] for row in reader.rows("catalysts/")] == ["BETA"]
