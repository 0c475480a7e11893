"""What was made for one client is not shown to another: alerts, their history, and reports of the schedule."""

from __future__ import annotations

import datetime as dt

import pytest

from delivery.models import Alert, Client, Report, Webhook, WebhookDelivery
from delivery.services import create_webhook, record_alert_trigger
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


@pytest.fixture
def hooks():
    """A webhook of the desk, of the caller and of another client, each with a delivery; the caller may write them."""
    owner, other = caller("read", "write:webhooks"), caller("read", "write:webhooks")
    for name, client in {"desk": None, "own": owner.client, "foreign": other.client}.items():
        hook, _ = create_webhook(name=name, url=f"https://example.com/{name}?token=s3cret&x=1", client=client)
        WebhookDelivery.objects.create(webhook=hook, event_type="ping", body=b"{}")
    return owner


def hook_of(name: str) -> Webhook:
    return Webhook.all_objects.get(name=name)


def exported(asks, form: str) -> str:
    answer = asks.http.get(f"/api/v1/exports/webhooks.{form}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def test_a_client_sees_its_own_webhooks_and_an_administrator_everybodys(hooks):
    assert names(hooks.get("webhooks/"), "name") == {"own"}
    assert names(caller("read").get("webhooks/"), "name") == set()
    assert names(caller("admin").get("webhooks/"), "name") == {"desk", "own", "foreign"}
    assert exported(hooks, "jsonl").count("\n") == 1


@pytest.mark.parametrize("name", ["desk", "foreign"])
def test_what_is_not_the_callers_is_not_there_whatever_is_asked_of_it(hooks, name):
    hook = hook_of(name)
    delivery = hook.deliveries.get()
    for tail in ("", "deliveries/"):
        hooks.get(f"webhooks/{hook.pk}/{tail}").is_problem(404)
    for tail in ("ping/", "rotate-secret/", "restore/"):
        hooks.post(f"webhooks/{hook.pk}/{tail}").is_problem(404)
    hooks.post(f"webhooks/{hook.pk}/replay/", {"since": "2020-01-01T00:00:00Z"}).is_problem(404)
    hooks.get(f"webhooks/deliveries/{delivery.pk}/", include="body").is_problem(404)
    hooks.post(f"webhooks/deliveries/{delivery.pk}/replay/").is_problem(404)
    hooks.patch(f"webhooks/{hook.pk}/", {"name": "mine"}).is_problem(404)
    hooks.delete(f"webhooks/{hook.pk}/").is_problem(404)
    own = hook_of("own")
    assert hooks.get(f"webhooks/deliveries/{own.deliveries.get().pk}/", include="body").json["body"] == "{}"
    assert hooks.get(f"webhooks/{own.pk}/deliveries/").status == 200


def test_a_new_webhook_is_the_callers_and_only_an_administrator_makes_one_anybody_elses(hooks):
    order = {"name": "x", "url": "https://example.com/in"}
    made = hooks.post("webhooks/", order)
    assert made.json["client_id"] == str(hooks.client.pk)
    other = hook_of("foreign").client
    assert hooks.post("webhooks/", {**order, "client": str(other.pk)}).fields == {"client": "does_not_exist"}
    assert hooks.post("webhooks/", {**order, "client": None}).fields == {"client": "invalid"}
    assert hooks.patch(f"webhooks/{made.json['id']}/", {"client": None}).fields == {"client": "invalid"}
    admin = caller("admin")
    assert admin.post("webhooks/", order).json["client_id"] is None
    assert admin.post("webhooks/", {**order, "client": str(other.pk)}).json["client_id"] == str(other.pk)


def test_lists_and_exports_leave_out_the_values_of_an_addresss_parameters(hooks):
    [row] = hooks.get("webhooks/").json["results"]
    assert row["url"] == "https://example.com/own?token=***&x=***"
    for form in ("csv", "jsonl"):
        assert "s3cret" not in exported(hooks, form), form
    whole = hooks.get(f"webhooks/{hook_of('own').pk}/")
    assert whole.json["url"] == "https://example.com/own?token=s3cret&x=1"
    kept = hooks.patch(f"webhooks/{hook_of('own').pk}/", {"name": "own"}, headers={"If-Match": whole.headers["ETag"]})
    assert kept.status == 200
    copied = hooks.put(f"webhooks/{hook_of('own').pk}/", row)
    assert copied.fields == {"url": "invalid"}
    assert hook_of("own").url == "https://example.com/own?token=s3cret&x=1"
