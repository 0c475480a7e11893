"""What was made for one client is not shown to another: alerts, their history, and reports of the schedule."""

from __future__ import annotations

import datetime as dt

import pytest

from delivery.models import Alert, Client, Report
from delivery.services import record_alert_trigger
from tests.api.conftest import caller

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 6, 30)


@pytest.fixture
def world():
    """The desk's own row, the caller's, and another client's, of each kind."""
    reader, other = caller("read"), caller("read")
    owners = {"desk": None, "own": reader.client, "foreign": other.client}
    for name, client in owners.items():
        watch = Alert.objects.create(name=name, alert_type="new_signal", client=client)
        record_alert_trigger(alert=watch, cause="1", reason=name)
        Report.objects.create(title=name, report_type="weekly_watchlist", report_date=DAY, client=client)
    return reader


def names(answer, field):
    return {row[field] for row in answer.json["results"]}


@pytest.mark.parametrize(
    ("path", "field"), [("alerts/", "name"), ("alerts/history/", "alert_name"), ("reports/", "title")]
)
def test_a_client_sees_the_desks_and_its_own_and_an_administrator_everything(world, path, field):
    assert names(world.get(path), field) == {"desk", "own"}
    assert names(caller("admin").get(path), field) == {"desk", "own", "foreign"}


@pytest.mark.parametrize("tail", ["", "test/"])
def test_another_clients_alert_is_not_there(world, tail):
    assert world.get(f"alerts/{Alert.objects.get(name='own').pk}/{tail}").status == 200
    world.get(f"alerts/{Alert.objects.get(name='foreign').pk}/{tail}").is_problem(404)


@pytest.mark.parametrize("tail", ["", "download/"])
def test_another_clients_report_is_not_there(world, tail):
    world.get(f"reports/{Report.objects.get(title='foreign').pk}/{tail}").is_problem(404)


def test_nobody_but_an_administrator_makes_or_changes_alerts_of_another_client(world):
    writer, foreign = caller("write:alerts", "read"), Client.objects.exclude(alerts=None).first()
    order = {"name": "x", "alert_type": "new_signal", "client": str(foreign.pk)}
    assert writer.post("alerts/", order).fields == {"client": "does_not_exist"}
    assert writer.post("alerts/", {**order, "client": str(writer.client.pk)}).status == 201
    assert caller("admin").post("alerts/", order).status == 201
    writer.patch(f"alerts/{Alert.objects.get(name='foreign').pk}/", {"name": "mine"}).is_problem(404)
