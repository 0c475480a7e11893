"""Who changed what lately, over all tables: people, keys, jobs and SQL, and nothing that the reader may not see."""

from __future__ import annotations

import contextlib
import datetime as dt
from decimal import Decimal
from typing import Any

import pghistory
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from biotech_ma.core import services
from biotech_ma.core.actors import acting
from biotech_ma.core.admin import changes as admin_changes
from biotech_ma.core.memberships import TrackedUser
from biotech_ma.core.saved_filters import SavedFilter
from biotech_ma.core.second_factor import note
from companies.models import Company, CompanyNote, Watchlist
from companies.restrictions import put_on
from signals_app.services import record_signal
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/core/change/"


def signed_in(name: str, role: str) -> Browser:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def lead() -> Browser:
    return signed_in("lena", "lead")


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna")


def change(by: User | None, row: Any, reason: str, **values: Any) -> None:
    with pghistory.context(**({"user": by.pk} if by else {})):
        services.change(row=row, values=values, reason=reason)


def sql(statement: str, *values: Any) -> None:
    """Run SQL as a transaction of its own does that knows of no action: the test's has its settings still."""
    with connection.cursor() as cursor:
        for name in ("context_id", "bare_context"):
            cursor.execute(f"SELECT set_config('pghistory.{name}', '', true)")
        cursor.execute(statement, values)


def listed(browser: Browser, query: str = "") -> list[Any]:
    return list(browser.get(LIST + query).context["cl"].result_list)


def told(row: Any) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    return [(each.name, each.what, [(c.name, c.old, c.new) for c in each.changes]) for each in row.touched.rows]


def test_people_keys_and_sql_are_told_from_what_to_what_and_programs_where_they_are_asked_for(lead, anna):
    company = CompanyFactory(name="Acme", founded_year=1990)
    change(anna, company, "Register", founded_year=1999)
    sql("UPDATE companies SET name = 'By SQL' WHERE id = %s", company.pk)
    with acting(job="ingest"):
        services.change(row=company, values={"employee_count": 7})
    [by_sql] = [row for row in listed(lead, "?who=sql") if any(each.name == "By SQL" for each in row.touched.rows)]
    assert by_sql.who.startswith("SQL as ")
    assert told(by_sql) == [("By SQL", "changed", [("name", "Acme", "By SQL")])]
    [first] = listed(lead, "?who=people")
    assert (first.who, first.metadata["reason"]) == ("anna", "Register")
    assert told(first) == [("Acme", "changed", [("founded_year", "1990", "1999")])]
    assert [row.who for row in listed(lead, "?who=programs")] == ["job ingest"]
    assert [row.who for row in listed(lead, f"?who={anna.pk}")] == ["anna"]
    assert len(listed(lead, "?who=all")) == len(listed(lead)) + 1
    # no user has a number of so many digits, and Python refuses to read it
    assert len(listed(lead, f"?who={'9' * 5000}")) == len(listed(lead))
    page = lead.get(reverse("admin:core_change_change", args=[first.pk])).content.decode()
    assert reverse("admin:companies_company_history", args=[company.pk]) in page


def test_one_transaction_of_sql_is_one_change_and_one_that_is_taken_back_is_none(lead):
    company = CompanyFactory(name="Acme")
    before = {row.pk for row in listed(lead)}
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        sql("UPDATE companies SET name = 'taken back' WHERE id = %s", company.pk)
        raise ZeroDivisionError
    sql("UPDATE companies SET name = 'B' WHERE id = %s; UPDATE companies SET founded_year = 1990", company.pk)
    [made] = [row for row in listed(lead) if row.pk not in before]
    assert made.touched.number == 2


def test_what_is_written_into_the_ledger_is_told_with_its_reason_and_a_search_finds_it(lead, anna, monkeypatch):
    company = CompanyFactory()
    with pghistory.context(user=anna.pk):
        record_signal(
            company=company, signal_type="market", title="Heard in Basel", event_date=timezone.now(),
            reason="BioEurope",
        )  # fmt: skip
    [row] = listed(lead, "?q=bioeurope")
    assert told(row) == [("Heard in Basel", "written", [])]
    for most in (admin_changes.MOST_RARE, 0):  # as of a table that seldom changes, and as of one that often does
        monkeypatch.setattr(admin_changes, "MOST_RARE", most)
        assert [each.pk for each in listed(lead, "?what=signals_app.signal")] == [row.pk]
        assert row.pk not in {each.pk for each in listed(lead, "?what=companies.company")}
    assert listed(lead, "?q=nothing+of+it") == []
    day = (timezone.localdate() + dt.timedelta(days=2)).isoformat()
    assert listed(lead, f"?created_at_from={day}") == []


def test_groups_permissions_and_members_of_watchlists_are_told_whoever_writes_them(anna):
    boss = signed_in("boss", "administrator")
    anna.groups.add(Group.objects.get(name="analyst"))
    sql("UPDATE auth_user SET is_superuser = true WHERE username = 'anna'")
    sql("DELETE FROM auth_user_groups WHERE user_id = %s", anna.pk)
    note(anna, by=anna, words="Second factor turned on.")
    steps = boss.get(reverse("admin:auth_user_history", args=[anna.pk])).context["steps"]
    shown = [(each.old, each.new) for step in steps for each in step.changes if each.label == "group"]
    assert sorted(shown) == [("", "+ analyst"), ("− analyst", "")]
    assert next((c.old, c.new) for step in steps for c in step.changes if c.name == "is_superuser") == ("no", "yes")
    assert any(step.reason == "Second factor turned on." for step in steps)
    assert "password" not in {field.name for field in TrackedUser._meta.get_field("history").related_model._meta.fields}
    shared = Watchlist.objects.create(owner=anna, name="Ours", is_shared=True)
    shared.companies.add(CompanyFactory(name="Acme", ticker="ACM"))
    steps = boss.get(reverse("admin:companies_watchlist_history", args=[shared.pk])).context["steps"]
    assert [each.new for step in steps for each in step.changes if each.label == "company"] == ["+ Acme (ACM)"]


def test_private_filters_and_lists_of_others_and_tables_without_permission_are_not_told(lead, anna):
    SavedFilter.objects.create(owner=anna, table="companies.company", name="Project Falcon", query="")
    Watchlist.objects.create(owner=anna, name="Falcon targets").companies.add(CompanyFactory(name="Acme"))
    anna.groups.add(Group.objects.get(name="analyst"))
    text = lead.get(LIST + "?who=all").content.decode()
    assert "Falcon" not in text
    assert "+ analyst" not in text
    assert "Saved filters" in text
    SavedFilter.objects.update(is_shared=True)
    assert "Project Falcon" in lead.get(LIST + "?who=all").content.decode()


def test_a_note_on_a_restricted_company_is_told_to_the_cleared_alone_its_reason_included(lead, anna):
    company = CompanyFactory(name="Acme")
    kept = CompanyNote.objects.create(company=company, text="Project Falcon")
    change(anna, kept, "Falcon moves", text="Project Falcon, signed")
    assert "Falcon moves" in lead.get(LIST).content.decode()
    restriction = put_on(company=company, reason="inside")
    for query in ("", "?who=all", "?q=falcon", "?what=companies.companynote"):
        text = lead.get(LIST + query).content.decode()
        assert "Falcon moves" not in text, query
        assert "Project" not in text, query
    change_id = kept.history.order_by("-pgh_id").first().pgh_context_id
    assert lead.get(reverse("admin:core_change_change", args=[change_id]), follow=True).status_code in {200, 404}
    assert "Falcon" not in lead.get(reverse("admin:core_change_change", args=[change_id]), follow=True).content.decode()
    restriction.cleared.add(User.objects.get(username="lena"))
    assert "Falcon moves" in lead.get(LIST).content.decode()


def test_the_list_takes_as_many_queries_for_many_changes_as_for_few(lead, anna):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert lead.get(LIST).status_code == 200
        return len(captured)

    company = CompanyFactory()
    change(anna, company, "x", founded_year=1990)
    queries()
    few = queries()
    for year in range(1991, 2011):
        change(anna, company, "x", founded_year=year)
    assert queries() == few


def test_the_history_of_a_row_is_found_by_person_field_and_day_page_by_page(lead, anna):
    company = CompanyFactory(name="Acme", cash_position_usd=Decimal(1))
    ben = User.objects.create_user("ben")
    for number in range(205):
        Company.objects.filter(pk=company.pk).update(founded_year=1800 + number)
    change(ben, company, "his", employee_count=9)
    change(anna, company, "hers", cash_position_usd=Decimal(2))
    address = reverse("admin:companies_company_history", args=[company.pk])

    def asked(query: str = "") -> Any:
        return lead.get(address + query).context

    first = asked()
    assert len(first["steps"]) == 200
    rest = asked(first["earlier"])
    assert (len(rest["steps"]), rest["earlier"]) == (8, "")
    numbers = [step.number for page in (first, rest) for step in page["steps"]]
    assert numbers == sorted(set(numbers), reverse=True)
    assert [step.reason for step in asked("?who=BEN")["steps"]] == ["his"]
    of_field = [(c.old, c.new) for step in asked("?field=employee_count")["steps"] for c in step.changes]
    assert of_field[:1] == [("—", "9")]
    assert len(asked("?field=founded_year")["steps"]) == 200
    later = (timezone.localdate() + dt.timedelta(days=1)).isoformat()
    assert asked(f"?from={later}")["steps"] == []
    assert len(asked("?from=nonsense&before=x&field=nope")["steps"]) == 200
    # one of the oldest is taken back as well as the newest
    oldest = rest["steps"][-2].number
    revert = reverse("admin:companies_company_revert", args=[company.pk, oldest]) + "?field=founded_year"
    assert lead.post(revert, {"confirmed": "yes", "reason": "as it was"}).status_code == 302
