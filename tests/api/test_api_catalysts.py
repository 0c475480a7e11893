"""Coming events, from candidates and from signals, in one list."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from icalendar import Calendar

from biotech_ma.core.market_day import NEW_YORK
from biotech_ma.core.services import archive
from companies.models import DrugCandidate
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


def calendar(who, path="catalysts.ics", headers=None, **params):
    """Return the text of a calendar and its events."""
    response = who.http.get(f"/api/v1/{path}", params, headers=headers)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    text = response.getvalue()
    return text, Calendar.from_ical(text).events


def test_calendar_has_an_all_day_event_for_each_row(reader, coming):
    text, events = calendar(reader)
    rows = reader.rows("catalysts/")
    assert [event["DTSTART"].dt.isoformat() for event in events] == [row["date"] for row in rows]
    assert all(event["DTEND"].dt - event["DTSTART"].dt == dt.timedelta(days=1) for event in events)
    assert events[1]["SUMMARY"] == "ALPH: AB-9: Phase 3 readout"
    assert events[1]["DESCRIPTION"] == "Alpha Bio\nAB-9\noncology\nmilestone"
    assert events[1]["URL"] == f"http://testserver/api/v1/drug-candidates/{rows[1]['id']}/"
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    assert b"\n" not in text.replace(b"\r\n", b"")
    assert text.startswith(b"BEGIN:VCALENDAR\r\n")
    assert text.endswith(b"END:VCALENDAR\r\n")


def test_event_keeps_its_uid_and_stamp_until_its_row_changes_and_its_uid_then(reader, coming):
    first, again = calendar(reader)[0], calendar(reader)[0]
    assert first == again
    before = calendar(reader, kind="milestone")[1][0]
    moved = DrugCandidate.objects.get(name="AB-9")
    stamp = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
    moved.next_milestone_date += dt.timedelta(days=7)
    moved.save()
    after = calendar(reader, kind="milestone")[1][0]
    assert after["UID"] == before["UID"]
    assert after["DTSTART"].dt - before["DTSTART"].dt == dt.timedelta(days=7)
    assert before["DTSTAMP"].dt <= after["DTSTAMP"].dt < stamp
    uids = [event["UID"] for event in calendar(reader)[1]]
    assert len(set(uids)) == len(uids) == 3


def test_calendar_takes_the_filters_of_the_list_alone(reader, coming):
    assert len(calendar(reader, kind="milestone,patent_expiry")[1]) == 2
    assert calendar(reader, kind="pdufa_date", therapeutic_area="oncology")[1] == []
    for wrong in ("limit=1", "fields=date", "kind=party", "colour=red"):
        reader.get(f"catalysts.ics?{wrong}").is_problem(400)


def test_calendar_is_given_to_whom_prefers_it(reader, coming):
    text, _ = calendar(reader, "catalysts/", headers={"Accept": "text/calendar"})
    assert text == calendar(reader)[0]
    assert reader.get("catalysts/", headers={"Accept": "application/json, text/calendar;q=0.5"}).json["results"]
    assert "Accept" in reader.get("catalysts/").headers["Vary"]
    assert reader.get("catalysts/.ics?kind=milestone").headers["Location"] == "/api/v1/catalysts.ics?kind=milestone"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("a, b; c\\d", "a, b; c\\d"),
        ("one\ntwo", "one\ntwo"),
        ("one\r\nEND:VEVENT\r\nBEGIN:VEVENT", "one \nEND:VEVENT \nBEGIN:VEVENT"),
        ("\x07bell\x0bup", " bell up"),
        ("生" * 100, "生" * 100),
    ],
)
def test_text_of_any_kind_is_escaped_and_folded(reader, universe, title, shown):
    DrugCandidateFactory(company=universe.alpha, name="X", next_milestone=title, next_milestone_date="2999-01-01")
    text, events = calendar(reader, since="2998-12-31", until="2999-12-31")
    assert events[0]["SUMMARY"] == f"ALPH: X: {shown}"
    assert text.split(b"\r\n").count(b"BEGIN:VEVENT") == 1
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))


def test_last_day_of_the_calendar_is_an_event(reader, universe):
    DrugCandidateFactory(company=universe.alpha, name="X", patent_expiry="9999-12-30")
    events = calendar(reader, since="9999-01-01", until="9999-12-31")[1]
    assert [event["DTSTART"].dt for event in events] == [dt.date(9999, 12, 30)]


def test_count_is_of_all_that_is_coming(reader, coming):
    answer = reader.get("catalysts/", limit=1, count="true").json
    assert (len(answer["results"]), answer["count"]) == (1, 3)
    assert "count" not in reader.get("catalysts/").json
