"""Saved filters over all lists: seen by whom they are for, with their rows as files."""

from __future__ import annotations

import csv
import io

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse

from biotech_ma.core.list_exports import ListExport
from biotech_ma.core.saved_filters import SavedFilter
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db
LIST = "admin:core_savedfilter_changelist"


def user_of(name: str, role: str = "analyst") -> tuple[User, Browser]:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    browser = Browser()
    browser.force_login(user)
    return user, browser


def saved(owner: User, name: str, query: str, *, table: str = "companies.company", shared: bool = False) -> SavedFilter:
    return SavedFilter.objects.create(owner=owner, table=table, name=name, query=query, is_shared=shared)


def names(browser: Browser, **params: str) -> list[str]:
    return [row.name for row in browser.get(reverse(LIST), params).context["cl"].result_list]


def test_each_sees_their_own_filters_and_the_shared_ones_and_nobody_else_a_private_one():
    anna, annas = user_of("anna")
    ben, bens = user_of("ben")
    boss = Browser()
    boss.force_login(User.objects.create_superuser("boss"))
    saved(anna, "Annas own", "role__exact=target")
    saved(anna, "For all", "role__exact=acquirer", shared=True)
    saved(ben, "Bens own", "role__exact=excluded")
    assert names(annas) == ["Annas own", "For all"]
    assert names(bens) == ["Bens own", "For all"]
    assert names(boss) == ["For all"]
    private = SavedFilter.objects.get(name="Annas own")
    assert bens.get(reverse("admin:core_savedfilter_change", args=[private.pk]), follow=True).redirect_chain
    assert names(bens, q="Annas") == []


def test_a_shared_filter_of_a_list_that_one_may_not_see_is_not_shown():
    admin, admins = user_of("adam", "administrator")
    _, annas = user_of("anna")
    saved(admin, "Failing hooks", "is_active__exact=0", table="delivery.webhook", shared=True)
    assert names(admins) == ["Failing hooks"]
    assert names(annas) == []


def test_a_click_gives_all_rows_of_the_filter_as_of_now_and_is_on_record():
    anna, browser = user_of("anna")
    saved(anna, "Targets", "role__exact=target&o=-1")
    for number in range(60):
        CompanyFactory(name=f"Alpha {number:02}", role="target")
    CompanyFactory(name="Buyer", role="acquirer")
    export = reverse("admin:companies_company_export")
    address = f"{export}?export=csv&columns=shown&role__exact=target&o=-1"
    link = f'href="{address.replace("&", "&amp;")}"'
    for page in (reverse(LIST), reverse("admin:companies_company_changelist")):
        assert link in browser.get(page).content.decode(), page
    answer = browser.get(address)
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row["Company"] for row in rows] == [f"Alpha {number:02}" for number in reversed(range(60))]
    [record] = ListExport.objects.all()
    assert (record.owner, record.model, record.query, record.row_count) == (
        anna, "companies.company", "role__exact=target&o=-1", 60,
    )  # fmt: skip


def test_the_list_says_in_words_what_a_filter_narrows_down():
    anna, browser = user_of("anna")
    saved(anna, "Small", "market_cap_usd_to=2bn&therapeutic_areas=oncology&o=3")
    page = browser.get(reverse(LIST)).content.decode()
    assert "market cap usd to: 2bn · therapeutic areas: oncology" in page
    assert f"{reverse('admin:companies_company_changelist')}?market_cap_usd_to=2bn" in page


def test_one_forgets_one_s_own_filters_and_no_others():
    anna, annas = user_of("anna")
    ben, _ = user_of("ben")
    mine = saved(anna, "Mine", "role__exact=target", shared=True)
    his = saved(ben, "His", "role__exact=target", shared=True)
    chosen = {"action": "forget_selected", "_selected_action": [str(mine.pk), str(his.pk)]}
    assert "1 filter is forgotten" in annas.post(reverse(LIST), chosen, follow=True).content.decode()
    assert list(SavedFilter.objects.values_list("name", flat=True)) == ["His"]
    assert "Only one" in annas.post(reverse(LIST), chosen, follow=True).content.decode()
