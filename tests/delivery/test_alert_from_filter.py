"""“Alert me” from a saved filter: the same rows as the list, or a refusal that names what has no counterpart."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse

from biotech_ma.core.saved_filters import SavedFilter
from companies.models import Company, Watchlist
from delivery.admin_from_filter import NoCounterpart, draft_of
from delivery.alerts.conditions import parse
from delivery.alerts.queries import as_q
from delivery.models import Alert
from signals_app.models import Signal
from tests.factories import CompanyFactory, SignalFactory

pytestmark = pytest.mark.django_db
ADD = "admin:delivery_alert_add"
NOBODY = "01987a1d-02c4-7d18-8a7e-6c0f5b9d2e41"
COMPANY, SIGNAL, SCORE = "companies.company", "signals_app.signal", "scoring.mascore"


def log_in(name: str, role: str = "analyst") -> Browser:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def anna() -> Browser:
    return log_in("anna")


def saved(query: str, *, table: str = COMPANY, name: str = "Mine", owner: str = "anna", **fields) -> SavedFilter:
    return SavedFilter.objects.create(
        owner=User.objects.get(username=owner), table=table, name=name, query=query, **fields
    )


def drafted(table: str, query: str):
    return draft_of(table, parse_qsl(query), User(pk=0))


def instant(text):
    return dt.datetime.fromisoformat(text)


def c(field, operator, value):
    return {"field": field, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("table", "query", "kind", "condition"),
    [
        (COMPANY, "role__exact=target", "custom", c("company.role", "eq", "target")),
        (COMPANY, "role__exact=target&role__exact=acquirer", "custom", c("company.role", "in", ["target", "acquirer"])),
        (COMPANY, "role__exact=acquirer&o=2", "new_signal", c("company.role", "eq", "acquirer")),
        (COMPANY, "market_cap_usd_from=450m", "custom", c("company.market_cap_usd", "gte", 450_000_000)),
        (COMPANY, "runway_quarters_to=3.5", "custom", c("company.runway_quarters", "lte", 3.5)),
        (COMPANY, "is_cash_constrained__exact=unknown", "custom", c("company.is_cash_constrained", "known", False)),
        (COMPANY, "is_public__exact=0", "custom", c("company.is_public", "eq", False)),
        (COMPANY, "under_offer_since__isempty=1", "custom", c("company.under_offer_since", "known", False)),
        (COMPANY, "under_offer_since__isempty=0", "new_signal", c("company.under_offer_since", "known", True)),
        (COMPANY, "tag=GLP-1", "custom", c("company.tags", "contains", "GLP-1")),
        (
            COMPANY,
            "therapeutic_areas=oncology&market_cap_usd_to=2bn",
            "custom",
            {
                "and": [
                    c("company.therapeutic_areas", "contains", "oncology"),
                    c("company.market_cap_usd", "lte", 2_000_000_000),
                ]
            },
        ),
        (SCORE, "total_score_from=70", "custom", c("score.total_score", "gte", 70)),
        (SCORE, "score_date_from=2026-01-31", "custom", c("score.score_date", "gte", "2026-01-31")),
        (SIGNAL, "severity__exact=high", "new_signal", c("signal.severity", "eq", "high")),
        (SIGNAL, "source=edgar", "new_signal", c("signal.source", "eq", "edgar")),
        (SIGNAL, "signal_type__exact=fda_complete_response", "new_signal", {}),
    ],
)
def test_a_filter_becomes_the_alert_that_asks_the_same(table, query, kind, condition):
    draft = drafted(table, query)
    assert (draft.alert_type, draft.condition) == (kind, condition)
    parse(draft.condition)


@pytest.mark.parametrize(
    ("table", "query", "words"),
    [
        (COMPANY, "q=acme&role__exact=target", "“q” has no counterpart in an alert: a search finds names"),
        (COMPANY, "role__exact=target&archived=only", "“archived” has no counterpart in an alert: archived companies"),
        (COMPANY, "employee_count__gte=5", "“employee_count__gte” has no counterpart in an alert: alerts know no such"),
        (COMPANY, "market_cap_usd_from=1,5", "“market_cap_usd_from” has no counterpart in an alert: write dollars as"),
        (COMPANY, "role__exact=hero", '“role__exact” has no counterpart in an alert: "hero" is no value of'),
        (COMPANY, "is_public__exact=perhaps", "“is_public__exact” .* it is neither yes, no nor unknown"),
        (COMPANY, f"watchlist={NOBODY}", "“watchlist” .* archived, gone, or not yours to see"),
        (COMPANY, "watchlist=x", "“watchlist” .* archived, gone, or not yours to see"),
        (COMPANY, "tag=a&tag=b", "“tag” .* it is given more than once"),
        (COMPANY, "o=1.-2", "the filter” .* it narrows nothing down"),
        (SCORE, "day=all&total_score_from=70", "“day” .* ranked scores of each new day"),
        (SCORE, "score_date_to=31.1.2026", "“score_date_to” .* it is no day"),
        (SIGNAL, "ledger=superseded", "“ledger” .* not of superseded ones"),
        (SIGNAL, "signal_type__exact=gossip", "“signal_type__exact” .* there is no type of signal 'gossip'"),
        (SIGNAL, f"company__id__exact={NOBODY}", "“company__id__exact” .* archived or gone"),
    ],
)
def test_what_no_alert_can_ask_is_refused_by_the_name_of_its_parameter(table, query, words):
    with pytest.raises(NoCounterpart, match=words):
        drafted(table, query)


def test_a_company_goes_by_its_ticker_and_one_without_is_refused():
    listed, unlisted = CompanyFactory(ticker="AAA"), CompanyFactory(ticker=None, name="Quiet Bio")
    draft = drafted(SCORE, f"company__id__exact={listed.pk}")
    assert (draft.alert_type, draft.company_tickers) == ("watchlist_change", ["AAA"])
    with pytest.raises(NoCounterpart, match="Quiet Bio has no ticker"):
        drafted(SIGNAL, f"company__id__exact={unlisted.pk}")


QUERIES = [
    "role__exact=target&role__exact=excluded",
    "therapeutic_areas=oncology",
    "market_cap_usd_from=450m&market_cap_usd_to=2bn",
    "runway_quarters_from=2&runway_quarters_to=4",
    "is_cash_constrained__exact=1",
    "is_cash_constrained__exact=0",
    "is_cash_constrained__exact=unknown",
    "is_public__exact=0",
    "under_offer_since__isempty=1",
    "under_offer_since__isempty=0",
    "tag=GLP-1",
]


@pytest.mark.parametrize("query", QUERIES)
def test_the_condition_holds_of_just_the_companies_that_the_list_shows(anna, query):
    CompanyFactory(name="A", role="target", market_cap_usd=Decimal("450000000"), runway_quarters=2, tags=["GLP-1"])
    CompanyFactory(name="B", role="acquirer", market_cap_usd=Decimal("2000000000.01"), therapeutic_areas=["oncology"])
    CompanyFactory(name="C", role="excluded", is_public=False, runway_quarters=Decimal("4.01"), tags=["glp-1"])
    CompanyFactory(name="D", is_cash_constrained=True, under_offer_since=dt.date(2026, 1, 2), market_cap_usd=None)
    CompanyFactory(name="E", is_cash_constrained=False, therapeutic_areas=["oncology", "immunology"], runway_quarters=4)
    listed = anna.get(f"{reverse('admin:companies_company_changelist')}?{query}").context["cl"].result_list
    condition = as_q(parse(drafted(COMPANY, query).condition), {"company": ""})
    held = Company.objects.filter(condition)
    assert sorted(row.name for row in listed) == sorted(held.values_list("name", flat=True))
    assert 0 < held.count() < 5


@pytest.mark.parametrize(
    "query",
    [
        "severity__exact=high&severity__exact=critical",
        "source=edgar",
        "event_date_from=2025-06-02&event_date_to=2025-06-02",
    ],
)
def test_the_condition_holds_of_just_the_signals_that_the_list_shows(anna, query):
    # midnight in New York is four o'clock in UTC
    SignalFactory(title="A", severity="low", source="edgar", event_date=instant("2025-06-02T03:59Z"))
    SignalFactory(title="B", severity="high", source="fda", event_date=instant("2025-06-02T04:00Z"))
    SignalFactory(title="C", severity="critical", source="fda", event_date=instant("2025-06-03T03:59Z"))
    SignalFactory(title="D", severity="medium", source="fda", event_date=instant("2025-06-03T04:00Z"))
    listed = anna.get(f"{reverse('admin:signals_app_signal_changelist')}?{query}").context["cl"].result_list
    condition = as_q(parse(drafted(SIGNAL, query).condition), {"signal": ""})
    held = Signal.objects.filter(condition)
    assert sorted(row.title for row in listed) == sorted(held.values_list("title", flat=True))
    assert 0 < held.count() < 4


def test_alert_me_opens_the_form_filled_in_and_the_saved_alert_stands_by_itself(anna):
    mine = saved("therapeutic_areas=oncology&market_cap_usd_to=2bn", name="Small oncology")
    address = f"{reverse(ADD)}?filter={mine.pk}"
    for page in ("admin:companies_company_changelist", "admin:core_savedfilter_changelist"):
        assert f'href="{address}"' in anna.get(reverse(page)).content.decode(), page
    page = anna.get(address)
    text = page.content.decode()
    assert "It is a copy" in text
    form = page.context["adminform"].form
    assert form.initial["name"] == "Small oncology"
    shown = form["condition"].value()
    sent = {
        "name": "Small oncology", "alert_type": form.initial["alert_type"], "is_active": "on",
        "notification_channels": form.initial["notification_channels"], "condition-mode": shown.mode,
        "condition-field": [row.field for row in shown.rows],
        "condition-operator": [row.operator for row in shown.rows],
        "condition-value": [row.value for row in shown.rows], "condition-json": "", "recipients": "",
        "company_tickers": "",
    }  # fmt: skip
    assert anna.post(address, sent).status_code == 302
    alert = Alert.objects.get()
    assert alert.condition == {
        "and": [
            c("company.therapeutic_areas", "contains", "oncology"),
            c("company.market_cap_usd", "lte", 2_000_000_000),
        ]
    }
    assert (alert.alert_type, alert.notification_channels) == ("custom", ["inbox"])
    SavedFilter.objects.all().delete()
    alert.refresh_from_db()
    assert alert.is_active


def test_a_filter_of_a_watchlist_becomes_an_alert_that_refers_to_the_list(anna):
    anna_user = User.objects.get(username="anna")
    mine = Watchlist.objects.create(owner=anna_user, name="Mine")
    key = saved(f"watchlist={mine.pk}").pk
    form = anna.get(f"{reverse(ADD)}?filter={key}").context["adminform"].form
    assert (form.initial["alert_type"], form.initial["watchlist"]) == ("watchlist_change", mine.pk)


def test_a_refusal_leads_back_to_the_list_and_names_the_parameter(anna):
    mine = saved("q=acme&role__exact=target")
    answer = anna.get(f"{reverse(ADD)}?filter={mine.pk}", follow=True)
    assert answer.redirect_chain[0][0] == f"{reverse('admin:companies_company_changelist')}?q=acme&role__exact=target"
    assert "No alert can be made of the filter “Mine”: “q” has no counterpart" in answer.content.decode()


def test_nobody_makes_an_alert_of_another_s_private_filter_nor_without_the_permission(anna):
    log_in("ben")
    his = saved("role__exact=target", owner="ben")
    assert anna.get(f"{reverse(ADD)}?filter={his.pk}").status_code == 404
    for wrong in ("", "x", "-1", "9" * 30, "٣"):
        assert anna.get(reverse(ADD), {"filter": wrong}).status_code == 404, wrong
    his.is_shared = True
    his.save()
    assert anna.get(f"{reverse(ADD)}?filter={his.pk}").status_code == 200
    viewer = log_in("vera", "viewer")
    assert viewer.get(f"{reverse(ADD)}?filter={his.pk}").status_code == 403
    assert f"{reverse(ADD)}?filter" not in viewer.get(reverse("admin:companies_company_changelist")).content.decode()


def test_lists_whose_rows_no_condition_can_ask_offer_no_alert(anna):
    other = saved("phase__exact=phase_3", table="companies.drugcandidate")
    assert (
        f"{reverse(ADD)}?filter" not in anna.get(reverse("admin:companies_drugcandidate_changelist")).content.decode()
    )
    assert anna.get(f"{reverse(ADD)}?filter={other.pk}").status_code == 404
